//! Points in time that several processes of one machine understand.

use holdfast_conf::model::Micros;
use serde::{Deserialize, Serialize};

/// A point of CLOCK_MONOTONIC in microseconds. All processes of a machine share that clock, so a
/// point taken in one child is good in its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Monotonic(u64);

impl Monotonic {
    /// From microseconds of the clock.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds of the clock.
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// That much later, stopping at the largest value.
    #[must_use]
    pub const fn after(self, span: Micros) -> Self {
        Self(self.0.saturating_add(span.get()))
    }

    /// That much earlier, stopping at zero.
    #[must_use]
    pub const fn before(self, span: Micros) -> Self {
        Self(self.0.saturating_sub(span.get()))
    }

    /// Time passed since `earlier`; zero where `earlier` is later.
    pub const fn since(self, earlier: Self) -> Micros {
        Micros::new(self.0.saturating_sub(earlier.0))
    }
}

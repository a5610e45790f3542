//! Lengths of time, in integers only.

use super::InvalidValue;
use super::Version;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A length of time in microseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Micros(u64);

impl Micros {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// From microseconds.
    pub const fn new(micros: u64) -> Self {
        Self(micros)
    }

    /// From milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// From seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Microseconds.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// True for no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Sum, stopping at the largest value.
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Difference, stopping at zero.
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Product, stopping at the largest value.
    pub const fn times(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}

/// Seconds with as many decimals as needed: `1 s`, `0.25 s`.
impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.0.checked_div(1_000_000).unwrap_or(0);
        let rest = self.0.checked_rem(1_000_000).unwrap_or(0);
        if rest == 0 {
            return write!(f, "{secs} s");
        }
        let digits = format!("{rest:06}");
        write!(f, "{secs}.{} s", digits.trim_end_matches('0'))
    }
}

/// Advertisement interval in centiseconds: 1..=4095 in version 3 (RFC 9568 section 6.1, erratum
/// 8301), whole seconds 1..=255 in version 2 (RFC 3768 section 5.3.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct AdvertInterval(u16);

impl AdvertInterval {
    /// One second, the default of both versions.
    pub const DEFAULT: Self = Self(100);

    /// Checks the range of the version.
    pub fn new(version: Version, centis: u16) -> Result<Self, InvalidValue> {
        let valid = match version {
            Version::V2 => (100..=25_500).contains(&centis) && centis.is_multiple_of(100),
            Version::V3 => (1..=4_095).contains(&centis),
        };
        if valid {
            return Ok(Self(centis));
        }
        Err(InvalidValue::new(match version {
            Version::V2 => "advert_int of VRRPv2 must be whole seconds from 1 to 255",
            Version::V3 => "advert_int of VRRPv3 must be from 0.01 to 40.95 seconds",
        }))
    }

    /// Centiseconds.
    pub const fn centis(self) -> u16 {
        self.0
    }

    /// Whole seconds, as VRRPv2 sends them; a part of a second is cut off.
    pub fn secs(self) -> u8 {
        u8::try_from(self.0.checked_div(100).unwrap_or(1)).unwrap_or(u8::MAX)
    }

    /// As a length of time.
    pub fn micros(self) -> Micros {
        Micros(u64::from(self.0).saturating_mul(10_000))
    }
}

impl TryFrom<u16> for AdvertInterval {
    type Error = InvalidValue;

    /// Accepts what either version can have.
    fn try_from(centis: u16) -> Result<Self, InvalidValue> {
        Self::new(Version::V3, centis).or_else(|_| Self::new(Version::V2, centis))
    }
}

impl From<AdvertInterval> for u16 {
    fn from(value: AdvertInterval) -> Self {
        value.0
    }
}

impl fmt::Display for AdvertInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.micros().fmt(f)
    }
}

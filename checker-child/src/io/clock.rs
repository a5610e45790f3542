//! The one place that reads the clock.

use holdfast_ipc::time::Monotonic;
use nix::sys::time::TimeValLike;
use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// The present point of CLOCK_MONOTONIC.
pub(crate) fn now() -> Monotonic {
    // Cannot fail: the clock exists on every Linux. Zero would only make everything due.
    let micros = clock_gettime(ClockId::CLOCK_MONOTONIC)
        .map(|time| time.num_microseconds())
        .unwrap_or(0);
    Monotonic::from_micros(u64::try_from(micros).unwrap_or(0))
}

/// How long until `deadline`.
pub(crate) fn until(deadline: Monotonic) -> Duration {
    Duration::from_micros(deadline.since(now()).get())
}

//! The clocks: read here and nowhere else in this process.

use holdfast_ipc::time::Monotonic;
use nix::time::{ClockId, clock_gettime};
use std::time::{SystemTime, UNIX_EPOCH};

/// Now, on the clock that all processes of the machine share.
pub(crate) fn now() -> Monotonic {
    // It cannot fail: CLOCK_MONOTONIC is there on every Linux.
    let Ok(time) = clock_gettime(ClockId::CLOCK_MONOTONIC) else {
        return Monotonic::from_micros(0);
    };
    let secs = u64::try_from(time.tv_sec()).unwrap_or(0);
    let nanos = u64::try_from(time.tv_nsec()).unwrap_or(0);
    Monotonic::from_micros(
        secs.saturating_mul(1_000_000)
            .saturating_add(nanos.checked_div(1_000).unwrap_or(0)),
    )
}

/// Milliseconds since 1970, for people.
pub(crate) fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}

//! The one place that reads the clock, and the timer that wakes the loop.

use super::error::{Fatal, cannot};
use holdfast_ipc::time::Monotonic;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use nix::time::{ClockId as Clock, clock_gettime};
use std::os::fd::{AsFd, BorrowedFd};

const MICROS_PER_SECOND: u64 = 1_000_000;
const NANOS_PER_MICRO: i64 = 1_000;

/// CLOCK_MONOTONIC in microseconds.
pub(crate) fn now() -> Result<Monotonic, Fatal> {
    let time = clock_gettime(Clock::CLOCK_MONOTONIC).map_err(cannot("read the clock"))?;
    let seconds = u64::try_from(time.tv_sec()).unwrap_or(0);
    let micros = time.tv_nsec().checked_div(NANOS_PER_MICRO).unwrap_or(0);
    Ok(Monotonic::from_micros(
        seconds
            .saturating_mul(MICROS_PER_SECOND)
            .saturating_add(u64::try_from(micros).unwrap_or(0)),
    ))
}

/// An absolute timer: a late turn does not make the following ones late.
#[derive(Debug)]
pub(crate) struct Timer {
    fd: TimerFd,
    armed: Option<Monotonic>,
}

impl Timer {
    /// An unarmed timer.
    pub(crate) fn new() -> Result<Self, Fatal> {
        let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
        let fd = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags).map_err(cannot("make a timer"))?;
        Ok(Self { fd, armed: None })
    }

    /// Arms it for `deadline`, or disarms it. Setting it also takes back that it has fired, so
    /// nobody has to read it; a call with the deadline it has already costs nothing.
    pub(crate) fn arm(&mut self, now: Monotonic, deadline: Option<Monotonic>) -> Result<(), Fatal> {
        if deadline == self.armed && self.armed.is_none_or(|at| at > now) {
            return Ok(());
        }
        match deadline {
            Some(at) => self.fd.set(
                Expiration::OneShot(timespec(at)),
                TimerSetTimeFlags::TFD_TIMER_ABSTIME,
            ),
            None => self.fd.unset(),
        }
        .map_err(cannot("arm the timer"))?;
        self.armed = deadline;
        Ok(())
    }
}

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn timespec(at: Monotonic) -> TimeSpec {
    // Zero would disarm the timer.
    let micros = at.micros().max(1);
    let seconds = micros.checked_div(MICROS_PER_SECOND).unwrap_or(0);
    let rest = micros.checked_rem(MICROS_PER_SECOND).unwrap_or(0);
    TimeSpec::new(
        i64::try_from(seconds).unwrap_or(i64::MAX),
        i64::try_from(rest)
            .unwrap_or(0)
            .saturating_mul(NANOS_PER_MICRO),
    )
}

//! Wakes the event loop at a point of the clock: to the microsecond, and without a system call
//! where the next point is known already.

use super::clock;
use super::event_loop::watch;
use holdfast_ipc::time::Monotonic;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A timer of the kernel.
pub(super) struct Alarm {
    timer: TimerFd,
    rings: AsyncFd<OwnedFd>,
    /// When it rings, unless it has.
    set: Option<Monotonic>,
}

impl Alarm {
    /// Not set.
    pub(super) fn new() -> io::Result<Self> {
        let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        let rings = watch(timer.as_fd().try_clone_to_owned()?, Interest::READABLE)?;
        Ok(Self {
            timer,
            rings,
            set: None,
        })
    }

    /// Waits until then; without a point, for ever. Nothing is lost where the wait is broken off.
    pub(super) async fn wait(&mut self, until: Option<Monotonic>) -> io::Result<()> {
        let Some(until) = until else {
            return std::future::pending().await;
        };
        while clock::now() < until {
            // One that rings too early is for nobody, and cheaper than one that is set anew.
            if self.set.is_none_or(|set| until < set) {
                self.set(until)?;
            }
            self.rings.readable().await?.clear_ready();
            self.set = None;
        }
        Ok(())
    }

    fn set(&mut self, until: Monotonic) -> io::Result<()> {
        let point = TimeSpec::from_duration(Duration::from_micros(until.micros()));
        let flags = TimerSetTimeFlags::TFD_TIMER_ABSTIME;
        self.timer.set(Expiration::OneShot(point), flags)?;
        self.set = Some(until);
        Ok(())
    }
}

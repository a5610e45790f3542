//! Signals to the daemon, as flags and one pipe that wakes the loop.

use holdfast::signum;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What came since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrived {
    /// TERM or INT.
    pub(crate) stop: bool,
    /// HUP.
    pub(crate) reload: bool,
    /// CHLD.
    pub(crate) child: bool,
    /// USR1, USR2, or a real-time signal of `--signum`.
    pub(crate) dump: bool,
}

/// The receiving side.
#[derive(Debug)]
pub(crate) struct Signals {
    wake: UnixStream,
    stop: Arc<AtomicBool>,
    reload: Arc<AtomicBool>,
    child: Arc<AtomicBool>,
    dump: Arc<AtomicBool>,
}

impl Signals {
    /// From now on these signals are caught.
    pub(crate) fn catch() -> io::Result<Self> {
        let (wake, write) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        write.set_nonblocking(true)?;
        let signals = Self {
            wake,
            stop: Arc::default(),
            reload: Arc::default(),
            child: Arc::default(),
            dump: Arc::default(),
        };
        for (signal, flag) in [
            (SIGTERM, &signals.stop),
            (SIGINT, &signals.stop),
            (SIGHUP, &signals.reload),
            (SIGCHLD, &signals.child),
            (SIGUSR1, &signals.dump),
            (SIGUSR2, &signals.dump),
        ]
        .into_iter()
        .chain(signum::REAL_TIME.map(|signal| (signal, &signals.dump)))
        {
            // The flag is set before the pipe wakes the loop: handlers run in this order.
            signal_hook::flag::register(signal, Arc::clone(flag))?;
            signal_hook::low_level::pipe::register(signal, write.try_clone()?)?;
        }
        Ok(signals)
    }

    /// Takes what arrived.
    pub(crate) fn take(&mut self) -> Arrived {
        let mut buffer = [0; 64];
        while matches!(self.wake.read(&mut buffer), Ok(length) if length > 0) {}
        Arrived {
            stop: self.stop.swap(false, Ordering::Relaxed),
            reload: self.reload.swap(false, Ordering::Relaxed),
            child: self.child.swap(false, Ordering::Relaxed),
            dump: self.dump.swap(false, Ordering::Relaxed),
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

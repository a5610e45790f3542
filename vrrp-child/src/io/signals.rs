//! Signals, as a descriptor: there is no handler in this process.

use super::error::{Fatal, cannot};
use nix::libc;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use signal_hook::low_level::emulate_default_handler;
use std::os::fd::{AsFd, BorrowedFd};

/// End the child in order.
const STOP: Signal = Signal::SIGTERM;
/// Sent to a whole terminal or meant for the parent: the parent decides.
const IGNORED: [Signal; 5] = [
    Signal::SIGINT,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
];
/// A real fault kills the process by this signal though it is blocked, and not by the handler of the
/// standard library, which would let a sent one pass. One that was sent ends it as well.
const FAULTS: [Signal; 2] = [Signal::SIGSEGV, Signal::SIGBUS];

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Release everything and end.
    Stop,
    /// End at once by this signal.
    Die(libc::c_int),
}

/// Pending signals.
#[derive(Debug)]
pub(crate) struct Signals {
    fd: SignalFd,
}

impl Signals {
    /// Blocks all signals that are handled here.
    pub(crate) fn take() -> Result<Self, Fatal> {
        let heard: SigSet = [STOP].into_iter().chain(FAULTS).collect();
        let blocked: SigSet = heard.iter().chain(IGNORED).collect();
        blocked.thread_block().map_err(cannot("block signals"))?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let fd = SignalFd::with_flags(&heard, flags).map_err(cannot("make a signalfd"))?;
        Ok(Self { fd })
    }

    /// The next signal.
    pub(crate) fn next(&self) -> Result<Option<Wish>, Fatal> {
        let signal = self.fd.read_signal().map_err(cannot("read a signal"))?;
        Ok(signal.map(|signal| {
            let signal = signal.ssi_signo.cast_signed();
            if signal == libc::SIGTERM {
                Wish::Stop
            } else {
                Wish::Die(signal)
            }
        }))
    }
}

/// Ends the process by that signal: the parent names it in the log.
pub(crate) fn die_by(signal: libc::c_int) -> ! {
    let _ = emulate_default_handler(signal);
    std::process::abort();
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

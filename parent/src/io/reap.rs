//! Processes that ended.

use holdfast::obituary::End;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// The next process that ended, if there is one.
pub(crate) fn next() -> Option<(Pid, End)> {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, status)) => return Some((pid, End::Exited(status))),
            Ok(WaitStatus::Signaled(pid, signal, _core)) => {
                let end = End::Killed {
                    signal: signal as i32,
                    name: signal.as_str().to_owned(),
                };
                return Some((pid, end));
            }
            // Stops and goes on: only reported to those who ask for it.
            Ok(
                WaitStatus::Stopped(..)
                | WaitStatus::PtraceEvent(..)
                | WaitStatus::PtraceSyscall(_)
                | WaitStatus::Continued(_),
            ) => {}
            Ok(WaitStatus::StillAlive) | Err(_) => return None,
        }
    }
}

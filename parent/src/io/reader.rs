//! The script that reads a notify FIFO: started once, with the path as its last argument, and ended
//! with its pipe.

use super::host::check_script;
use super::lines::{self, Lines};
use super::log::Log;
use super::script::{Context, GRACE, MAX_LINES, spawn};
use holdfast::account::Account;
use holdfast::obituary::End;
use holdfast_conf::model::ShellWords;
use holdfast_ipc::time::Monotonic;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::os::fd::{AsFd, BorrowedFd};

/// A reader as it runs.
#[derive(Debug)]
pub(super) struct Reader {
    path: String,
    words: ShellWords,
    pid: Pid,
    output: Option<Lines>,
    lines: usize,
    /// It was asked to end, and is killed then.
    kill_at: Option<Monotonic>,
}

impl Reader {
    /// Starts it.
    pub(super) fn start(
        path: &str,
        words: &ShellWords,
        account: &Account,
        context: &Context<'_>,
    ) -> Result<Self, String> {
        check_script(words.program(), account, context.security)
            .map_err(|fault| fault.to_string())?;
        let (pid, output) =
            spawn(words, &[path.to_owned()], account).map_err(|error| error.to_string())?;
        Ok(Self {
            path: path.to_owned(),
            words: words.clone(),
            pid,
            output: Some(output),
            lines: 0,
            kill_at: None,
        })
    }

    pub(super) const fn pid(&self) -> Pid {
        self.pid
    }

    /// Asks it to end, and later insists.
    pub(super) fn end(&mut self, now: Monotonic) {
        let signal = match self.kill_at {
            None => Signal::SIGTERM,
            Some(at) if now >= at => Signal::SIGKILL,
            Some(_) => return,
        };
        self.kill_at = Some(now.after(GRACE));
        // The leader is not reaped yet, so the group is still ours.
        let _ = killpg(self.pid, signal);
    }

    /// Nothing of it stays behind.
    pub(super) fn kill(&self) {
        let _ = killpg(self.pid, Signal::SIGKILL);
    }

    /// When `end` is to be called again, once it was.
    pub(super) const fn kill_at(&self) -> Option<Monotonic> {
        self.kill_at
    }

    pub(super) fn read_output(&mut self, log: &mut Log) {
        for line in lines::drain(&mut self.output) {
            self.lines = self.lines.saturating_add(1);
            if self.lines <= MAX_LINES {
                log.info(&format!("FIFO {} {}: {line}", self.path, self.words));
            }
        }
    }

    /// It ended. Where nobody asked for it, that is said.
    pub(super) fn ended(&mut self, end: &End, log: &mut Log) {
        self.read_output(log);
        if self.kill_at.is_none() {
            log.warning(&format!(
                "FIFO {}: notify fifo script {} terminated: {end}. Lines wait in the FIFO; a reload \
                 starts it again",
                self.path, self.words
            ));
        }
    }

    pub(super) fn output(&self) -> Option<BorrowedFd<'_>> {
        self.output.as_ref().map(AsFd::as_fd)
    }
}

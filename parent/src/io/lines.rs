//! Reads lines from a pipe that somebody else writes: never waits, never keeps much.

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::read;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Longest line; what is beyond it makes the next line.
const MAX_LINE: usize = 1_024;
/// Bytes that are taken from one pipe before the others get their turn.
const TURN: usize = 16 * 1024;

/// The reading end of a pipe.
#[derive(Debug)]
pub(crate) struct Lines {
    pipe: OwnedFd,
    partial: Vec<u8>,
}

impl Lines {
    /// Takes the reading end. Only that end is made non-blocking: the writer notices nothing.
    pub(crate) fn new(pipe: OwnedFd) -> io::Result<Self> {
        fcntl(&pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok(Self {
            pipe,
            partial: Vec::new(),
        })
    }

    /// Whole lines that are there, and false when nothing more will come.
    pub(crate) fn read(&mut self) -> (Vec<String>, bool) {
        let mut lines = Vec::new();
        let mut buffer = [0; 4_096];
        let mut taken: usize = 0;
        while taken < TURN {
            match read(&self.pipe, &mut buffer) {
                Ok(0) => {
                    lines.extend(self.finish());
                    return (lines, false);
                }
                Ok(length) => {
                    taken = taken.saturating_add(length);
                    let bytes = buffer.get(..length).unwrap_or_default();
                    self.take(bytes, &mut lines);
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return (lines, true),
                Err(_) => return (lines, false),
            }
        }
        (lines, true)
    }

    /// The unfinished line, if there is one.
    pub(crate) fn finish(&mut self) -> Option<String> {
        let bytes = std::mem::take(&mut self.partial);
        (!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn take(&mut self, bytes: &[u8], lines: &mut Vec<String>) {
        for byte in bytes {
            if *byte == b'\n' || self.partial.len() >= MAX_LINE {
                lines.extend(self.finish());
            }
            if *byte != b'\n' {
                self.partial.push(*byte);
            }
        }
    }
}

/// The whole lines that are there; the pipe is closed behind its last one.
pub(crate) fn drain(pipe: &mut Option<Lines>) -> Vec<String> {
    let Some(open) = pipe else {
        return Vec::new();
    };
    let (lines, more) = open.read();
    if !more {
        *pipe = None;
    }
    lines
}

impl AsFd for Lines {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

//! What a script writes. It is always read, so that a script never blocks on it; one that writes
//! without end is read slowly.

use holdfast_checker::output::Tail;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use std::io::{PipeReader, PipeWriter, Read};
use std::os::fd::{AsFd, BorrowedFd};

/// Read in one go: what a pipe holds.
const PIECE: usize = 64 * 1024;
/// So much is read as fast as it comes; behind that the reader takes its time.
const FREE: u64 = 1024 * 1024;

/// The reading end.
pub(crate) struct OutputPipe {
    pipe: PipeReader,
    tail: Tail,
    total: u64,
}

/// What a look at a pipe found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing more for now.
    Dry,
    /// More than a script has to say: look again later.
    Noisy,
    /// Nobody holds the other end any more.
    Ended,
}

impl OutputPipe {
    /// Makes one, with the end for the script.
    pub(crate) fn new() -> std::io::Result<(Self, PipeWriter)> {
        let (pipe, writer) = std::io::pipe()?;
        // Only this end: the script's standard output stays an ordinary one.
        fcntl(&pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let tail = Tail::default();
        Ok((
            Self {
                pipe,
                tail,
                total: 0,
            },
            writer,
        ))
    }

    /// Reads what is there, bounded.
    pub(crate) fn read(&mut self, buffer: &mut Vec<u8>) -> Found {
        buffer.resize(PIECE, 0);
        loop {
            match self.pipe.read(buffer) {
                Ok(0) => return Found::Ended,
                Ok(length) => {
                    self.tail.push(buffer.get(..length).unwrap_or_default());
                    let length = u64::try_from(length).unwrap_or(u64::MAX);
                    self.total = self.total.saturating_add(length);
                    if self.total > FREE {
                        return Found::Noisy;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    return Found::Dry;
                }
                Err(_) => return Found::Ended,
            }
        }
    }

    /// The last line so far.
    pub(crate) fn last_line(&self) -> String {
        self.tail.last_line()
    }
}

impl AsFd for OutputPipe {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

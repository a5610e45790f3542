//! What happens to the checker.

use crate::check::engine::TalkId;
use crate::check::{FilePath, Finding};
use holdfast_ipc::message::ParentToChecker;

/// Names one run of one script; never used twice in the life of a checker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(u64);

impl RunId {
    /// From its number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one behind it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The script came to its end.
    Exited {
        /// Its exit status; 0 is success.
        status: i32,
        /// The last line that it wrote, escaped; empty where it wrote nothing.
        output: String,
    },
    /// A signal ended the script.
    Signaled {
        /// The signal's number.
        signal: i32,
        /// The last line that it wrote, escaped; empty where it wrote nothing.
        output: String,
    },
    /// The kernel does not run this file: a failed check, the operator has to act.
    NotExecutable {
        /// The kernel's reason.
        reason: String,
    },
    /// There was no process or memory to be had: says nothing about what is checked.
    NotStarted {
        /// The kernel's reason.
        reason: String,
    },
    /// Somebody else could replace the script: a failed check.
    Refused {
        /// Which component of the path is at fault, and why.
        fault: String,
    },
    /// Answer from /proc: which of the wanted processes do not run.
    Processes {
        /// Names that were not found; empty is success.
        missing: Vec<String>,
        /// The processes of other users are hidden from this user.
        restricted: bool,
    },
}

/// What happens to followed files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileEvent {
    /// A look at one was taken.
    Looked {
        /// Which.
        path: FilePath,
        /// What it gave.
        look: Look,
    },
    /// Something happened to one, or to what leads to it.
    Touched {
        /// Which.
        path: FilePath,
    },
    /// Something happened, and the kernel did not keep what.
    Lost,
}

/// What a look at a followed file gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// What is there.
    pub sight: Sight,
    /// Why changes of it are not told by the kernel.
    pub unwatched: Option<String>,
    /// Why it could not be made, where it should have been.
    pub unmade: Option<String>,
}

/// What is at the path of a followed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// A file; its first bytes.
    Content(Vec<u8>),
    /// Nothing.
    Missing,
    /// Something that cannot be read, and why.
    Unreadable(String),
}

/// What happens to the checker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The parent said something.
    Message(ParentToChecker),
    /// The parent died, or asked for the end by a signal.
    ParentGone,
    /// A run is over: its process is gone.
    Ended {
        /// Which.
        run: RunId,
        /// How.
        outcome: Outcome,
    },
    /// A conversation with a server is over.
    Finished {
        /// Which.
        talk: TalkId,
        /// What came of it.
        finding: Finding,
    },
    /// Something about followed files.
    File(FileEvent),
    /// The deadline came. Harmless when it did not.
    Due,
}

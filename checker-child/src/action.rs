//! What the checker wants done.

use crate::event::RunId;
use holdfast_ipc::config::model::ShellWords;
use holdfast_ipc::log::{Level, LogRecord};
use holdfast_ipc::message::CheckerToParent;

/// How hard a run is ended. It always goes to the whole process group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// SIGTERM: it may clean up.
    Terminate,
    /// SIGKILL.
    Kill,
}

/// One question to /proc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Whose answer it is.
    pub run: RunId,
    /// Names of which at least one process each has to run.
    pub names: Vec<String>,
}

/// What the checker wants done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Tell the parent.
    Send(CheckerToParent),
    /// Start a script in a process group of its own. Answered by `Ended`.
    Run {
        /// Its number.
        run: RunId,
        /// The command line.
        words: ShellWords,
        /// Look at the path first: nobody else may be able to replace the script.
        check_path: bool,
    },
    /// Look into /proc, once for all. Answered by one `Ended` for each.
    Probe(Vec<Probe>),
    /// Signal the process group of a run.
    Signal {
        /// Which.
        run: RunId,
        /// How hard.
        force: Force,
    },
    /// End this process with success.
    End,
    /// End this process with this error: the parent broke the rules.
    Fail(String),
}

impl Action {
    /// A line for the log.
    pub(crate) fn log(level: Level, text: impl Into<String>) -> Self {
        Self::Send(CheckerToParent::Log(LogRecord::new(level, text)))
    }
}

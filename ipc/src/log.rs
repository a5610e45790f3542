//! Log records travel one way: child to parent, which alone writes them.

use serde::{Deserialize, Serialize};

/// How much an operator should care; the order is that of syslog, most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// Something does not work; somebody has to act.
    Error,
    /// Something is odd; it works on.
    Warning,
    /// A change of role or of a verdict.
    Notice,
    /// What an operator wants to find later.
    Info,
    /// For developers; only with `-D` where it is frequent.
    Debug,
}

/// One line of the log. The text starts with its subject, as in `(VI_1) Entering MASTER STATE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRecord {
    /// Urgency.
    pub level: Level,
    /// The line, without name and pid of the process, without a line end.
    pub text: String,
}

impl LogRecord {
    /// Makes a record.
    pub fn new(level: Level, text: impl Into<String>) -> Self {
        Self {
            level,
            text: text.into(),
        }
    }
}

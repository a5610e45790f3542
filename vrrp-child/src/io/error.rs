//! What ends the child. All else goes to the engine as an event or to the parent as a log line.

use holdfast_ipc::channel::ChannelError;
use std::fmt::Write;
use std::{error, io};

/// A failure that the child does not survive; the parent starts the next one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fatal {
    /// The kernel refused something that the child cannot do without.
    #[error("cannot {what}")]
    System {
        /// What was tried.
        what: &'static str,
        /// The kernel's answer.
        #[source]
        source: io::Error,
    },
    /// The sandbox could not be built.
    #[error("cannot confine the process: {0}")]
    Confinement(String),
    /// The parent is another program, or it speaks out of turn.
    #[error("the conversation with the parent failed: {0}")]
    Conversation(String),
    /// The socket to the parent does not work.
    #[error("no connection to the parent")]
    Parent(#[from] ChannelError),
    /// The engine did not finish after `Stop`.
    #[error("the addresses could not be released within {0}")]
    StopTooLong(holdfast_ipc::config::model::Micros),
    /// The kernel did not finish with its table after `Stop`.
    #[error("the virtual servers could not all be taken out of the kernel within {0}")]
    EmptyTooLong(holdfast_ipc::config::model::Micros),
}

/// Names what was tried, for `map_err`.
pub(crate) fn cannot<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> Fatal {
    move |source| Fatal::System {
        what,
        source: source.into(),
    }
}

/// The error with its causes in one line.
pub(crate) fn describe(error: &dyn error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        // Writing to a String cannot fail.
        let _ = write!(text, ": {cause}");
        next = cause.source();
    }
    text
}

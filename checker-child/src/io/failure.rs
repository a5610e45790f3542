//! Why this process cannot go on.

use super::filter::FilterError;
use holdfast_ipc::channel::ChannelError;
use std::error::Error;

/// Why this process cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("standard input is not a socket: holdfast-checker is started by holdfast, not by hand")]
    NotStartedByParent,
    #[error("the line to the parent is broken")]
    Channel(#[from] ChannelError),
    #[error("{0}")]
    Protocol(String),
    #[error("{what}")]
    System {
        what: &'static str,
        source: std::io::Error,
    },
    #[error("cannot drop capabilities")]
    Capabilities(#[from] caps::errors::CapsError),
    #[error("cannot install the seccomp filter")]
    Filter(#[from] FilterError),
}

impl Failure {
    /// For `map_err` of calls that give an error number.
    pub(crate) fn of_errno(what: &'static str) -> impl FnOnce(nix::errno::Errno) -> Self {
        move |errno| Self::System {
            what,
            source: errno.into(),
        }
    }

    /// For `map_err` of calls that give an I/O error.
    pub(crate) fn of(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::System { what, source }
    }

    /// One line: the error and what caused it.
    pub(crate) fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        text
    }
}

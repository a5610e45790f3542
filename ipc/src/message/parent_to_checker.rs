use super::Hello;
use crate::config::{CheckerConfig, Generation};
use crate::state::Verdict;
use serde::{Deserialize, Serialize};

/// Everything that a new checker child starts with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckerStart {
    /// Number of the configuration.
    pub generation: Generation,
    /// The configuration.
    pub config: CheckerConfig,
    /// Newest verdicts of the predecessor, where there was one.
    pub verdicts: Vec<Verdict>,
}

/// Parent to checker child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParentToChecker {
    /// The prepared configuration is not wanted any more.
    Abort {
        /// Which.
        generation: Generation,
    },
    /// Switch to the prepared configuration. Answered by `Committed`; it cannot be refused.
    Commit {
        /// Which.
        generation: Generation,
    },
    /// Start. Once, after `Ready`.
    Go,
    /// Greeting. First message, answered by `Hello`.
    Hello(Hello),
    /// Heartbeat, answered by `Pong`.
    Ping {
        /// Counts up.
        sequence: u64,
    },
    /// Check a new configuration without any effect. Answered by `Prepared` or `Refused`.
    Prepare {
        /// Its number.
        generation: Generation,
        /// The configuration.
        config: CheckerConfig,
    },
    /// The first configuration. Once, after `Confined`; answered by `Ready` or `Refused`.
    Start(CheckerStart),
    /// End all runs, answer `Stopped`, end.
    Stop,
}

use super::{Carries, Hello};
use crate::balance::{CheckVerdict, CheckedServer};
use crate::config::{CheckerConfig, Generation};
use crate::opening::{NotOpened, Refusal, Request};
use crate::state::Verdict;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

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
    /// Servers of the configuration whose `Start` or `Prepare` comes behind. At most `MAX_BATCH`.
    Servers {
        /// Of which configuration.
        generation: Generation,
        /// The servers.
        servers: Vec<CheckedServer>,
    },
    /// What is known about checks: behind the `Servers` that they are about. At most `MAX_BATCH`.
    CheckVerdicts {
        /// Of which configuration.
        generation: Generation,
        /// The verdicts.
        verdicts: Vec<CheckVerdict>,
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
    /// A virtual address of a server with `ha_suspend` came to this machine or left it. Until this
    /// is said it is not here.
    Held {
        /// The address.
        address: IpAddr,
        /// It is here.
        held: bool,
    },
    /// Answer to `Open`.
    Opened {
        /// That of the `Open`.
        request: Request,
        /// The socket comes with this message; or why there is none.
        opened: Result<(), NotOpened>,
    },
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

impl Carries for ParentToChecker {
    fn carries(&self) -> bool {
        matches!(self, Self::Opened { opened: Ok(()), .. })
    }

    fn bereft(self) -> Self {
        match self {
            Self::Opened {
                request,
                opened: Ok(()),
            } => Self::Opened {
                request,
                opened: Err(NotOpened::Refused(Refusal::LOST)),
            },
            other => other,
        }
    }
}

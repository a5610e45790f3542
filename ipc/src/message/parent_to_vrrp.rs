use super::Hello;
use crate::balance::{CheckVerdict, PoolConfig, PoolStanding};
use crate::config::{Generation, VrrpConfig};
use crate::opening::{CheckSocket, Request};
use crate::state::{Checkpoint, Verdict};
use crate::time::Monotonic;
use serde::{Deserialize, Serialize};

/// What a new VRRP child does first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StartMode {
    /// First start: addresses that are present are left-overs and are removed.
    Fresh,
    /// The predecessor died: go on from the checkpoints.
    Resume,
    /// The predecessors die again and again: send priority 0 for what was MASTER, take all virtual
    /// addresses away, answer `Stopped` and end.
    Release,
}

/// Everything that a new VRRP child starts with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VrrpStart {
    /// Number of the configuration.
    pub generation: Generation,
    /// The configuration.
    pub config: VrrpConfig,
    /// What to do with it.
    pub mode: StartMode,
    /// Newest checkpoint of each instance, for `Resume` and `Release`.
    pub checkpoints: Vec<Checkpoint>,
    /// Newest verdict of each tracked script.
    pub verdicts: Vec<Verdict>,
    /// Since when the predecessor may have been silent; an instance that was silent for longer than
    /// a peer waits goes on as BACKUP.
    pub silent_since: Option<Monotonic>,
}

/// Parent to VRRP child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParentToVrrp {
    /// The prepared configuration is not wanted any more.
    Abort {
        /// Which.
        generation: Generation,
    },
    /// What checks say about their servers: behind the `Pools` that they are about. At most
    /// `MAX_BATCH`.
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
    /// Open a socket for the checker child. Answered by `Opened`.
    Open {
        /// Comes back with the answer.
        request: Request,
        /// What is opened.
        socket: CheckSocket,
    },
    /// Heartbeat, answered by `Pong`.
    Ping {
        /// Counts up.
        sequence: u64,
    },
    /// Pools of the configuration whose `Start` or `Prepare` comes behind. At most `MAX_BATCH`.
    Pools {
        /// Of which configuration.
        generation: Generation,
        /// The pools.
        pools: Vec<PoolConfig>,
    },
    /// Check a new configuration without any effect. Answered by `Prepared` or `Refused`.
    Prepare {
        /// Its number.
        generation: Generation,
        /// The configuration.
        config: VrrpConfig,
    },
    /// How a predecessor left the pools: behind the `Pools` that they are about, in front of `Start`
    /// alone. At most `MAX_BATCH`.
    Standings {
        /// Of which configuration.
        generation: Generation,
        /// One of each pool that anything was said about.
        standings: Vec<PoolStanding>,
    },
    /// The first configuration. Once, after `Confined`; answered by `Ready` or `Refused`.
    Start(VrrpStart),
    /// Send priority 0, remove the addresses, answer `Stopped`, end.
    Stop,
    /// A tracked script has a new verdict.
    Verdict {
        /// Of which configuration.
        generation: Generation,
        /// The verdict.
        verdict: Verdict,
    },
}

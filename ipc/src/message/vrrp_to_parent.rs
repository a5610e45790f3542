use super::{Carries, Confinement, Hello};
use crate::balance::PoolChange;
use crate::config::Generation;
use crate::log::LogRecord;
use crate::opening::{Refusal, Request};
use crate::state::{Checkpoint, StateChange};
use holdfast_conf::model::InstanceName;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// VRRP child to parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VrrpToParent {
    /// A virtual router changed its state.
    Changed(StateChange),
    /// What a successor has to know of one instance.
    Checkpoint(Checkpoint),
    /// Answer to `Commit`.
    Committed {
        /// Which.
        generation: Generation,
    },
    /// Sandbox is on. Once, after `Hello`, before any byte from the network.
    Confined(Confinement),
    /// Greeting, answer to `Hello`.
    Hello(Hello),
    /// A virtual address of a server with `ha_suspend` came to this machine or left it.
    Held {
        /// The address.
        address: IpAddr,
        /// It is here.
        held: bool,
    },
    /// A line for the log. Allowed in every phase.
    Log(LogRecord),
    /// Answer to `Open`.
    Opened {
        /// That of the `Open`.
        request: Request,
        /// The socket comes with this message; or what the kernel refused.
        opened: Result<(), Refusal>,
    },
    /// A real server or a quorum changed.
    PoolChanged {
        /// Of which configuration.
        generation: Generation,
        /// What happened.
        change: PoolChange,
    },
    /// Answer to `Ping`.
    Pong {
        /// That of the `Ping`.
        sequence: u64,
    },
    /// The effective priority of a virtual router changed.
    Priority {
        /// Which.
        instance: InstanceName,
        /// The new one.
        priority: u8,
    },
    /// Answer to `Prepare`.
    Prepared {
        /// Which.
        generation: Generation,
    },
    /// Answer to `Start`: sockets are open, the kernel's state is known.
    Ready {
        /// Of which configuration.
        generation: Generation,
    },
    /// Answer to `Start` or `Prepare`: it cannot be done.
    Refused {
        /// Which.
        generation: Generation,
        /// Why, for the operator.
        reason: String,
    },
    /// Answer to `Stop` and end of `Release`; the child ends behind it.
    Stopped,
}

impl Carries for VrrpToParent {
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
                opened: Err(Refusal::LOST),
            },
            other => other,
        }
    }
}

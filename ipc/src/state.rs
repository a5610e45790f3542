//! States of virtual routers and of tracked things, why they changed, and what a successor of a
//! dead child has to know.

use crate::time::Monotonic;
use holdfast_conf::model::{AdvertInterval, Family, IfName, InstanceName, Micros, ScriptName};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// State of a virtual router, in keepalived's words. RFC 9568 says Active for MASTER and
/// Initialize for INIT; FAULT is keepalived's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum VrrpState {
    /// Not started, stopped, or waiting for the first result of its scripts.
    Init,
    /// Listens to the master.
    Backup,
    /// Holds the addresses.
    Master,
    /// Cannot take part; the cause says why.
    Fault,
}

impl fmt::Display for VrrpState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Init => "INIT",
            Self::Backup => "BACKUP",
            Self::Master => "MASTER",
            Self::Fault => "FAULT",
        })
    }
}

/// Why a virtual router changed its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// The kernel refused an address.
    AddressRefused {
        /// The address.
        address: IpAddr,
        /// The kernel's reason.
        reason: String,
    },
    /// The reload changed it.
    ConfigurationChanged,
    /// The last fault is gone.
    FaultCleared,
    /// A master of equal priority has the higher address.
    HigherAddress {
        /// Its address.
        from: IpAddr,
        /// The priority of both.
        priority: u8,
        /// Our address.
        ours: IpAddr,
    },
    /// A router with higher priority sent an advert.
    HigherPriority {
        /// Its address.
        from: IpAddr,
        /// Its priority.
        theirs: u8,
        /// Our priority.
        ours: u8,
    },
    /// The interface is down or has no carrier.
    InterfaceDown {
        /// Its name.
        interface: IfName,
    },
    /// There is no such interface.
    InterfaceMissing {
        /// Its name.
        interface: IfName,
    },
    /// The master has a lower priority than we have, and we may preempt it.
    LowerPriority {
        /// Its address.
        from: IpAddr,
        /// Its priority.
        theirs: u8,
        /// Our priority.
        ours: u8,
    },
    /// The master gave up with priority 0.
    MasterReleased {
        /// Its address.
        from: IpAddr,
    },
    /// Nothing was heard of any master for the master-down interval.
    MasterSilent {
        /// Who was heard last.
        last: Option<IpAddr>,
        /// The interval that ran out.
        waited: Micros,
    },
    /// The interface has no address that adverts could come from.
    NoSourceAddress {
        /// Its name.
        interface: IfName,
        /// The family that is missing.
        family: Family,
    },
    /// The own advert was so late that another router may be master: this machine was asleep.
    OwnAdvertLate {
        /// Time since the last one.
        silent: Micros,
    },
    /// The priority is 255: the owner is master at once.
    Owner,
    /// The instance is gone from the configuration.
    Removed,
    /// Taken over from a VRRP child that died.
    Resumed,
    /// A tracked script with weight 0 fails.
    ScriptFailed {
        /// The script.
        script: ScriptName,
        /// What it said.
        detail: String,
    },
    /// A tracked script with weight 0 has not had a result yet.
    ScriptUnknown {
        /// The script.
        script: ScriptName,
    },
    /// The configured source address is not on this machine.
    SourceAddressMissing {
        /// The address.
        address: IpAddr,
    },
    /// The daemon started.
    Startup,
    /// The daemon stops.
    Stopping,
    /// A tracked interface with weight 0 is down.
    TrackedInterfaceDown {
        /// Its name.
        interface: IfName,
    },
    /// Somebody else removed a virtual address again and again.
    VirtualAddressFight {
        /// The address.
        address: IpAddr,
    },
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressRefused { address, reason } => {
                write!(f, "the kernel refused {address}: {reason}")
            }
            Self::ConfigurationChanged => f.write_str("the configuration changed"),
            Self::FaultCleared => f.write_str("the last fault is gone"),
            Self::HigherAddress {
                from,
                priority,
                ours,
            } => write!(
                f,
                "advert from {from} with the same priority {priority} and a higher address than \
                 ours, {ours}"
            ),
            Self::HigherPriority { from, theirs, ours } => {
                write!(f, "advert from {from} with priority {theirs} > {ours}")
            }
            Self::InterfaceDown { interface } => write!(f, "interface {interface} is down"),
            Self::InterfaceMissing { interface } => {
                write!(f, "interface {interface} does not exist, waiting for it")
            }
            Self::LowerPriority { from, theirs, ours } => {
                write!(f, "the master {from} has priority {theirs} < {ours}")
            }
            Self::MasterReleased { from } => {
                write!(f, "the master {from} released with priority 0")
            }
            Self::MasterSilent {
                last: Some(last),
                waited,
            } => {
                write!(f, "no advert for {waited}, the last one was from {last}")
            }
            Self::MasterSilent { last: None, waited } => {
                write!(f, "no advert for {waited}, no other router was heard")
            }
            Self::NoSourceAddress { interface, family } => {
                write!(
                    f,
                    "interface {interface} has no {family} address to send from"
                )
            }
            Self::OwnAdvertLate { silent } => write!(
                f,
                "this machine sent no advert for {silent}, another router may be MASTER"
            ),
            Self::Owner => f.write_str("priority 255, the owner is master at once"),
            Self::Removed => f.write_str("the instance is gone from the configuration"),
            Self::Resumed => f.write_str("resumed from the child that died"),
            Self::ScriptFailed { script, detail } => write!(f, "script {script} failed: {detail}"),
            Self::ScriptUnknown { script } => {
                write!(f, "waiting for the first result of script {script}")
            }
            Self::SourceAddressMissing { address } => {
                write!(f, "source address {address} is not on this machine")
            }
            Self::Startup => f.write_str("start"),
            Self::Stopping => f.write_str("the daemon stops"),
            Self::TrackedInterfaceDown { interface } => {
                write!(f, "tracked interface {interface} is down")
            }
            Self::VirtualAddressFight { address } => {
                write!(f, "something on this machine keeps removing {address}")
            }
        }
    }
}

/// One change of state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateChange {
    /// Whose.
    pub instance: InstanceName,
    /// From.
    pub from: VrrpState,
    /// To.
    pub to: VrrpState,
    /// Effective priority behind the change.
    pub priority: u8,
    /// Why.
    pub cause: Cause,
    /// When.
    pub at: Monotonic,
}

/// What the successor of a dead VRRP child needs to go on with an instance. Sent on every change
/// of it; the parent keeps the newest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Whose.
    pub instance: InstanceName,
    /// The state.
    pub state: VrrpState,
    /// Interval learned from the master in version 3.
    pub learned_interval: Option<AdvertInterval>,
    /// Upper bound of the AH sequence numbers that were or may have been used or seen. It is
    /// reserved in blocks, so that not every advert needs a checkpoint.
    pub ah_sequence: u32,
    /// Who was heard last as master, with its priority.
    pub master: Option<(IpAddr, u8)>,
}

/// Verdict over a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ScriptState {
    /// It succeeds.
    Ok,
    /// It fails.
    Failed,
}

/// Newest verdict over a script, with what it said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The script.
    pub script: ScriptName,
    /// The verdict.
    pub state: ScriptState,
    /// For the operator: `exit 2 after 12 ms, 2nd failure of 2 (fall 2): "connection refused"`.
    pub detail: String,
}

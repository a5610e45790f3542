//! Sockets of checks that need a privilege. The checker child names the check, the parent looks up
//! in its own configuration what that check may have, the VRRP child opens it, the parent binds it
//! where a source is configured, and the checker child is given the descriptor.
//!
//! Binding is the parent's part, since a port below 1024 needs CAP_NET_BIND_SERVICE: so the VRRP
//! child needs no third capability, and its Landlock rules forbid all TCP ports as before.

use holdfast_conf::model::{Family, IfName};
use serde::{Deserialize, Serialize};

/// Requests of one checker child that are not answered yet, at most: so many that a thousand checks
/// a second are opened while the VRRP child is busy for 30 ms, and few descriptors.
pub const MAX_REQUESTS: usize = 32;

/// Names a request of one process to another, counted up by who asks.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Request(u64);

impl Request {
    /// From its number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The one behind it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// What a check asks over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SocketKind {
    /// A stream.
    Tcp,
    /// Datagrams.
    Udp,
    /// Datagrams of ICMP or ICMPv6, whose identifier and checksum the kernel sets.
    Ping,
}

/// A socket that the VRRP child opens. It neither connects nor binds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckSocket {
    /// Over what.
    pub kind: SocketKind,
    /// Of which family.
    pub family: Family,
    /// `fwmark`; 0 means none.
    pub mark: u32,
    /// `bind_if`.
    pub interface: Option<IfName>,
}

/// What the kernel refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OpenStep {
    /// The socket itself.
    Socket,
    /// The socket itself, where it is one for ICMP.
    PingSocket,
    /// `fwmark`.
    Mark,
    /// `bind_if`.
    Device,
    /// `bindto`.
    Source,
    /// `bind_port`, with or without `bindto`.
    SourcePort,
}

/// Why there is no socket: says what it would say if the checker child had tried it itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What was refused.
    pub step: OpenStep,
    /// The kernel's error number.
    pub errno: i32,
}

impl Refusal {
    /// The socket was there, but a process on the way had no number left for its descriptor
    /// (EMFILE, the same on all architectures).
    pub const LOST: Self = Self {
        step: OpenStep::Socket,
        errno: 24,
    };
}

/// Why a request was not fulfilled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotOpened {
    /// The kernel refused it: the check fails.
    Refused(Refusal),
    /// Nobody asked the kernel, for this reason: says nothing about the check.
    NotTried(String),
}

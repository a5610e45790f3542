//! `bfd_instance`.

use super::{BfdName, Micros, Weight};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Who is told of a change of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BfdListeners {
    /// `vrrp`.
    Vrrp,
    /// `checker`.
    Checkers,
    /// Both, as without a word.
    Both,
}

/// `bfd_instance NAME { … }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BfdInstance {
    /// Its name.
    pub name: BfdName,
    /// The other end.
    pub neighbor: IpAddr,
    /// The own end, of the same family; the kernel chooses where it is missing.
    pub source: Option<IpAddr>,
    /// Least time between two packets that are received, 1 ms to 4294.967 s.
    pub min_rx: Micros,
    /// Least time between two packets that are sent, 1 ms to 4294.967 s.
    pub min_tx: Micros,
    /// The same while the session is not up, 1 s to 4294.967 s.
    pub idle_tx: Micros,
    /// Packets that may be missing, 1..=255.
    pub multiplier: u8,
    /// The other end begins.
    pub passive: bool,
    /// TTL or hop limit of packets that are sent, 1..=255.
    pub ttl: u8,
    /// Hops that a received packet may have made; none: not checked.
    pub max_hops: Option<u8>,
    /// RFC 5883: port 4784.
    pub multihop: bool,
    /// Default weight for those who track it.
    pub weight: Weight,
    /// Default direction for those who track it.
    pub reverse: bool,
    /// Who is told.
    pub listeners: BfdListeners,
}

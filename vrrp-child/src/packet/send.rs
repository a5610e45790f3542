//! Adverts to send.

use holdfast_ipc::config::model::{AdvertInterval, AuthKey, ChecksumForm, Version};
use std::net::IpAddr;

/// Authentication of an advert that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutgoingAuth {
    /// None.
    None,
    /// Simple password.
    Pass(AuthKey),
    /// Authentication header.
    Ah {
        /// Key.
        key: AuthKey,
        /// Sequence number.
        sequence: u32,
        /// True in a unicast instance: the TTL is covered as 0.
        unicast: bool,
    },
}

/// Everything that an advert is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing<'a> {
    /// Version.
    pub version: Version,
    /// VRID.
    pub vrid: u8,
    /// Priority, 0 to give up.
    pub priority: u8,
    /// Interval.
    pub interval: AdvertInterval,
    /// Addresses, all of one family, at most 255.
    pub addresses: &'a [IpAddr],
    /// Source; its family is that of the packet.
    pub source: IpAddr,
    /// Destination.
    pub destination: IpAddr,
    /// TTL or hop limit.
    pub hop_limit: u8,
    /// IPv4 identification, not 0 (the kernel would choose one and break the ICV).
    pub ip_id: u16,
    /// Authentication.
    pub auth: OutgoingAuth,
    /// Checksum of version 3 over IPv4.
    pub checksum: ChecksumForm,
}

/// IPv4: the whole packet with header. IPv6: the payload with its checksum.
pub fn encode(_outgoing: &Outgoing<'_>) -> Vec<u8> {
    Vec::new()
}

//! Received packets, in two steps: `open` finds the VRRP message, so that the engine can find the
//! instance; `verify` checks it against what that instance expects.

use super::Reject;
use crate::event::IfIndex;
use holdfast_ipc::config::model::{AdvertInterval, Auth, Family, Version};
use std::net::IpAddr;

/// A packet as a raw socket gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// Interface that it came in by.
    pub index: IfIndex,
    /// Its family.
    pub family: Family,
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// TTL or hop limit, where the kernel told it.
    pub hop_limit: Option<u8>,
    /// IPv4: from the IP header on. IPv6: from behind the IPv6 header on.
    pub bytes: &'a [u8],
}

/// A datagram in which the VRRP message was found. Nothing is verified yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened<'a> {
    /// The datagram.
    pub datagram: Datagram<'a>,
    /// IPv4: the IP header with options; IPv6: empty.
    pub ip_header: &'a [u8],
    /// The authentication header, where the IP protocol is 51.
    pub ah: Option<&'a [u8]>,
    /// The VRRP message with everything behind it, at least 8 bytes.
    pub message: &'a [u8],
    /// VRID of the message, not verified.
    pub vrid: u8,
}

/// Which TTL or hop limit is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HopLimitRule {
    /// 255 only (multicast).
    MustBe255,
    /// Between the bounds (unicast peer with `min_ttl`, `max_ttl`).
    Between(u8, u8),
    /// Anything (unicast).
    Any,
}

/// What an instance expects of an advert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// Its version.
    pub version: Version,
    /// Its authentication.
    pub auth: Auth,
    /// Highest AH sequence number seen or used.
    pub ah_sequence: u32,
    /// Its interval, compared in version 2.
    pub interval: AdvertInterval,
    /// TTL or hop limit.
    pub hop_limit: HopLimitRule,
    /// True where the instance is unicast (the ICV then covers a TTL of 0).
    pub unicast: bool,
    /// Strict mode.
    pub strict: bool,
}

/// Interval of an advert, in the unit of its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireInterval {
    /// Version 2.
    Seconds(u8),
    /// Version 3, 1..=4095.
    Centis(AdvertInterval),
}

/// Addresses of an advert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressList<'a> {
    family: Family,
    bytes: &'a [u8],
}

/// A verified advert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advert<'a> {
    /// VRID.
    pub vrid: u8,
    /// Priority, 0 when the master gives up.
    pub priority: u8,
    /// Interval.
    pub interval: WireInterval,
    /// Addresses.
    pub addresses: AddressList<'a>,
}

/// What `verify` gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified<'a> {
    /// The advert.
    pub advert: Advert<'a>,
    /// Its AH sequence number.
    pub ah_sequence: Option<u32>,
}

/// Finds the VRRP message.
pub fn open<'a>(_datagram: &Datagram<'a>) -> Result<Opened<'a>, Reject> {
    Err(Reject::IpHeader)
}

/// Checks it against what the instance expects.
pub fn verify<'a>(_opened: &Opened<'a>, _expected: &Expectation) -> Result<Verified<'a>, Reject> {
    Err(Reject::IpHeader)
}

impl AddressList<'_> {
    /// The addresses in their order.
    pub fn iter(&self) -> impl Iterator<Item = IpAddr> + '_ {
        let _ = (self.family, self.bytes);
        std::iter::empty()
    }
}

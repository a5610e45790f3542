//! Received packets, in two steps: `open` finds the VRRP message, so that the engine can find the
//! instance; `verify` checks it against what that instance expects.

mod ipv4;
mod message;
mod verify;

use self::ipv4::Ipv4Packet;
use self::message::Fields;
pub use self::verify::verify;
use super::layout::{PROTOCOL_AH, PROTOCOL_VRRP};
use super::{Reject, ah};
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

/// Finds the VRRP message. Source and destination in the result are those of the IP header, where
/// the bytes have one.
pub fn open<'a>(datagram: &Datagram<'a>) -> Result<Opened<'a>, Reject> {
    match (datagram.family, datagram.source, datagram.destination) {
        (Family::V4, _, _) => open_ipv4(datagram),
        (Family::V6, IpAddr::V6(_), IpAddr::V6(_)) => opened(*datagram, &[], None, datagram.bytes),
        (Family::V6, _, _) => Err(Reject::IpHeader),
    }
}

fn open_ipv4<'a>(datagram: &Datagram<'a>) -> Result<Opened<'a>, Reject> {
    let ip = Ipv4Packet::parse(datagram.bytes)?;
    let datagram = Datagram {
        source: ip.source.into(),
        destination: ip.destination.into(),
        ..*datagram
    };
    match ip.protocol {
        PROTOCOL_VRRP => opened(datagram, ip.header, None, ip.payload),
        PROTOCOL_AH => {
            let (header, message) = ah::split(ip.payload)?;
            opened(datagram, ip.header, Some(header), message)
        }
        _ => Err(Reject::IpHeader),
    }
}

fn opened<'a>(
    datagram: Datagram<'a>,
    ip_header: &'a [u8],
    ah: Option<&'a [u8]>,
    message: &'a [u8],
) -> Result<Opened<'a>, Reject> {
    let fields = Fields::parse(message)?;
    Ok(Opened {
        datagram,
        ip_header,
        ah,
        message,
        vrid: fields.vrid,
    })
}

impl<'a> AddressList<'a> {
    /// The addresses in their order.
    pub fn iter(&self) -> impl Iterator<Item = IpAddr> + use<'a> {
        let (four, six) = match self.family {
            Family::V4 => (self.bytes.as_chunks::<4>().0, [].as_slice()),
            Family::V6 => ([].as_slice(), self.bytes.as_chunks::<16>().0),
        };
        let four = four.iter().map(|octets| IpAddr::from(*octets));
        four.chain(six.iter().map(|octets| IpAddr::from(*octets)))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self.family {
            Family::V4 => self.bytes.as_chunks::<4>().0.len(),
            Family::V6 => self.bytes.as_chunks::<16>().0.len(),
        }
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// True where both have the same addresses, each as often; another order is no difference
    /// (`9568-5.2.9-01`).
    pub fn same_set(&self, other: &[IpAddr]) -> bool {
        if self.len() != other.len() {
            return false;
        }
        if self.iter().eq(other.iter().copied()) {
            return true;
        }
        let mut ours: Vec<_> = self.iter().collect();
        let mut theirs = other.to_vec();
        ours.sort_unstable();
        theirs.sort_unstable();
        ours == theirs
    }

    /// True where the first one is an IPv6 address that is not link-local.
    fn starts_beyond_the_link(&self) -> bool {
        match self.iter().next() {
            Some(IpAddr::V6(first)) => !first.is_unicast_link_local(),
            Some(IpAddr::V4(_)) | None => false,
        }
    }
}

//! Reads frames as an observer does: written from the RFCs for the tests alone, so that a fault of
//! the daemon's own decoder cannot hide itself. What is no VRRP advert, gratuitous ARP or
//! unsolicited neighbour advertisement, gives nothing.

use crate::timeline::{Advert, What};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_ARP: u16 = 0x0806;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const PROTOCOL_AH: u8 = 51;
const PROTOCOL_ICMPV6: u8 = 58;
const PROTOCOL_VRRP: u8 = 112;
const AUTHENTICATION_HEADER: usize = 24;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;

/// What an Ethernet frame says.
pub fn frame(bytes: &[u8]) -> Option<What> {
    let body = bytes.get(14..)?;
    match number(bytes, 12)? {
        ETHERTYPE_IPV4 => ipv4(body),
        ETHERTYPE_IPV6 => ipv6(body),
        ETHERTYPE_ARP => arp(body),
        _ => None,
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn mac(bytes: &[u8], at: usize) -> Option<[u8; 6]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn address4(bytes: &[u8], at: usize) -> Option<IpAddr> {
    Some(Ipv4Addr::from(*bytes.get(at..)?.first_chunk::<4>()?).into())
}

fn address6(bytes: &[u8], at: usize) -> Option<IpAddr> {
    Some(Ipv6Addr::from(*bytes.get(at..)?.first_chunk::<16>()?).into())
}

/// A gratuitous ARP names one address as sender and target.
fn arp(body: &[u8]) -> Option<What> {
    let (sender, target) = (address4(body, 14)?, address4(body, 24)?);
    (sender == target).then_some(What::Announcement {
        address: sender,
        mac: mac(body, 8)?,
    })
}

fn ipv4(body: &[u8]) -> Option<What> {
    let header = usize::from(body.first()? & 15) * 4;
    let payload = body.get(header..usize::from(number(body, 2)?))?;
    let around = Around {
        source: address4(body, 12)?,
        destination: address4(body, 16)?,
        hops: *body.get(8)?,
    };
    match *body.get(9)? {
        PROTOCOL_VRRP => around.advert(payload, None),
        PROTOCOL_AH if payload.first() == Some(&PROTOCOL_VRRP) => {
            let sequence = u32::from_be_bytes(*payload.get(8..)?.first_chunk()?);
            around.advert(payload.get(AUTHENTICATION_HEADER..)?, Some(sequence))
        }
        _ => None,
    }
}

fn ipv6(body: &[u8]) -> Option<What> {
    let payload = body.get(40..)?;
    let around = Around {
        source: address6(body, 8)?,
        destination: address6(body, 24)?,
        hops: *body.get(7)?,
    };
    match *body.get(6)? {
        PROTOCOL_VRRP => around.advert(payload, None),
        PROTOCOL_ICMPV6 => neighbour_advertisement(payload),
        _ => None,
    }
}

/// Unsolicited: the flag of an answer is not set.
fn neighbour_advertisement(payload: &[u8]) -> Option<What> {
    const SOLICITED: u8 = 0x40;
    const TARGET_LINK_LAYER: u8 = 2;
    let unsolicited = *payload.first()? == NEIGHBOUR_ADVERTISEMENT
        && payload.get(4)? & SOLICITED == 0
        && *payload.get(24)? == TARGET_LINK_LAYER;
    let address = address6(payload, 8)?;
    unsolicited.then_some(What::Announcement {
        address,
        mac: mac(payload, 26)?,
    })
}

struct Around {
    source: IpAddr,
    destination: IpAddr,
    hops: u8,
}

impl Around {
    fn advert(self, vrrp: &[u8], sequence: Option<u32>) -> Option<What> {
        let version = vrrp.first()? >> 4;
        let count = usize::from(*vrrp.get(3)?);
        let list = vrrp.get(8..)?;
        let addresses = match self.source {
            IpAddr::V4(_) => (0..count).map_while(|n| address4(list, n * 4)).collect(),
            IpAddr::V6(_) => (0..count).map_while(|n| address6(list, n * 16)).collect(),
        };
        let third = number(vrrp, 4)?;
        let (auth_type, interval) = if version == 3 {
            (0, Duration::from_millis(u64::from(third & 0x0fff) * 10))
        } else {
            (*vrrp.get(4)?, Duration::from_secs(u64::from(*vrrp.get(5)?)))
        };
        Some(What::Advert(Advert {
            source: self.source,
            destination: self.destination,
            hops: self.hops,
            version,
            vrid: *vrrp.get(1)?,
            priority: *vrrp.get(2)?,
            interval,
            auth_type,
            sequence,
            addresses,
        }))
    }
}

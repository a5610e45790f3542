//! The IPv4 header in front of a received message (RFC 791).

use crate::packet::Reject;
use crate::packet::layout::IPV4_HEADER_LEN;
use std::net::Ipv4Addr;

/// Third bit of the flags, and the fragment offset.
const MORE_FRAGMENTS_OR_OFFSET: u16 = 0x3fff;

/// An IPv4 packet, without what is behind its total length: Ethernet padding of a short frame.
pub(super) struct Ipv4Packet<'a> {
    pub(super) header: &'a [u8],
    pub(super) protocol: u8,
    pub(super) source: Ipv4Addr,
    pub(super) destination: Ipv4Addr,
    pub(super) payload: &'a [u8],
}

impl<'a> Ipv4Packet<'a> {
    /// Its checksum was checked by the kernel before a raw socket sees it.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Reject> {
        let fixed = bytes
            .first_chunk::<IPV4_HEADER_LEN>()
            .ok_or(Reject::IpHeader)?;
        let [
            version_ihl,
            _,
            len0,
            len1,
            _,
            _,
            flags,
            offset,
            _,
            protocol,
            _,
            _,
            addresses @ ..,
        ] = *fixed;
        let [s0, s1, s2, s3, d0, d1, d2, d3] = addresses;
        let header_len = usize::from(version_ihl & 0x0f).saturating_mul(4);
        // 2402-3.4.1-01: a fragment; the kernel has put them together where it could.
        let fragment = u16::from_be_bytes([flags, offset]) & MORE_FRAGMENTS_OR_OFFSET != 0;
        if version_ihl >> 4 != 4 || header_len < IPV4_HEADER_LEN || fragment {
            return Err(Reject::IpHeader);
        }
        let packet = bytes.get(..usize::from(u16::from_be_bytes([len0, len1])));
        let (header, payload) = packet
            .and_then(|packet| packet.split_at_checked(header_len))
            .ok_or(Reject::IpHeader)?;
        Ok(Self {
            header,
            protocol,
            source: Ipv4Addr::new(s0, s1, s2, s3),
            destination: Ipv4Addr::new(d0, d1, d2, d3),
            payload,
        })
    }
}

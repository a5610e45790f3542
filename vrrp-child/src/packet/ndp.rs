//! Unsolicited neighbour advertisement (RFC 4861 section 4.4, RFC 9568 section 6.4.2).

use super::checksum::Checksum;
use crate::event::MacAddress;
use std::net::Ipv6Addr;

/// ff02::1, all nodes of the link.
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ALL_NODES_MAC: [u8; 6] = [0x33, 0x33, 0, 0, 0, 1];
const ETHERTYPE_IPV6: [u8; 2] = [0x86, 0xdd];
const PROTOCOL_ICMPV6: u8 = 58;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
/// The sender forwards packets.
const ROUTER: u8 = 0x80;
/// The receiver replaces what it knows.
const OVERRIDE: u8 = 0x20;
/// Option "target link-layer address", 1 unit of 8 bytes.
const TARGET_LINK_LAYER: [u8; 2] = [2, 1];
/// Fixed part, target, option.
const MESSAGE_LEN: u8 = 32;

/// 86 bytes from the destination MAC on: to ff02::1 from the address itself, S 0, O 1, R as given
/// (`9568-6.4.1-04`).
pub fn unsolicited(mac: MacAddress, address: Ipv6Addr, router: bool) -> Vec<u8> {
    let flags = if router { ROUTER | OVERRIDE } else { OVERRIDE };
    let target = address.octets();
    let body = [
        &[flags, 0, 0, 0],
        target.as_slice(),
        &TARGET_LINK_LAYER,
        &mac.0,
    ]
    .concat();
    let sum = Checksum::pseudo_header(
        address.into(),
        ALL_NODES.into(),
        PROTOCOL_ICMPV6,
        usize::from(MESSAGE_LEN),
    )
    .with(&[NEIGHBOUR_ADVERTISEMENT, 0])
    .with(&body)
    .value();
    [
        ALL_NODES_MAC.as_slice(),
        &mac.0,
        &ETHERTYPE_IPV6,
        // Version 6, traffic class and flow label 0, hop limit 255.
        &[0x60, 0, 0, 0, 0, MESSAGE_LEN, PROTOCOL_ICMPV6, 255],
        &target,
        &ALL_NODES.octets(),
        &[NEIGHBOUR_ADVERTISEMENT, 0],
        &sum.to_be_bytes(),
        &body,
    ]
    .concat()
}

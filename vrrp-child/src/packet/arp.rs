//! Gratuitous ARP (RFC 826, RFC 9568 section 6.4.2).

use crate::event::MacAddress;
use std::net::Ipv4Addr;

const BROADCAST: [u8; 6] = [0xff; 6];
const ETHERTYPE_ARP: [u8; 2] = [0x08, 0x06];
/// Ethernet, IPv4, addresses of 6 and 4 bytes, request.
const REQUEST: [u8; 8] = [0, 1, 0x08, 0, 6, 4, 0, 1];

/// Broadcast ARP request for the own address, 42 bytes from the destination MAC on. Target hardware
/// address all ones, as keepalived sends it (`9568-6.4.1-03`).
pub fn gratuitous(mac: MacAddress, address: Ipv4Addr) -> Vec<u8> {
    let address = address.octets();
    [
        BROADCAST.as_slice(),
        &mac.0,
        &ETHERTYPE_ARP,
        &REQUEST,
        &mac.0,
        &address,
        &BROADCAST,
        &address,
    ]
    .concat()
}

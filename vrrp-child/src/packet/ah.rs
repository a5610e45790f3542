//! Authentication header with HMAC-MD5-96 as keepalived makes it (RFC 2402, 2403).

use super::Reject;
use super::layout::{IPV4_HEADER_LEN, PROTOCOL_VRRP};
use hmac::{Hmac, KeyInit, Mac};
use holdfast_ipc::config::model::AuthKey;
use md5::Md5;
use std::net::Ipv4Addr;

/// The header with its integrity check value.
pub(super) const LEN: usize = 24;
/// First 96 bits of HMAC-MD5 (`2403-2-01`).
const ICV_LEN: usize = 12;
/// The header in front of the integrity check value.
const FIXED_LEN: usize = LEN.saturating_sub(ICV_LEN);
/// Length of the header in words of 4 bytes, less 2 (RFC 2402 section 2.2).
const PAYLOAD_LENGTH: u8 = 4;

/// What the integrity check value covers beside the header itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Covered<'a> {
    /// IPv4 header with options.
    pub(super) ip_header: &'a [u8],
    /// Everything behind the authentication header.
    pub(super) message: &'a [u8],
    /// The TTL counts as 0 in unicast and as it is in multicast (`2402-3.3.3.1-01`).
    pub(super) unicast: bool,
}

/// The header in front of the integrity check value: next header, length, reserved, SPI, sequence.
pub(super) fn fixed(source: Ipv4Addr, sequence: u32) -> [u8; FIXED_LEN] {
    let [s0, s1, s2, s3] = source.octets();
    let [n0, n1, n2, n3] = sequence.to_be_bytes();
    [
        PROTOCOL_VRRP,
        PAYLOAD_LENGTH,
        0,
        0,
        s0,
        s1,
        s2,
        s3,
        n0,
        n1,
        n2,
        n3,
    ]
}

/// The integrity check value; none where it could not be computed.
pub(super) fn icv(
    key: AuthKey,
    fixed: &[u8; FIXED_LEN],
    covered: Covered<'_>,
) -> Option<[u8; ICV_LEN]> {
    let whole = mac(key, fixed, covered)?.finalize().into_bytes();
    whole.first_chunk().copied()
}

/// Cuts the header off an IPv4 payload: the header, and what is behind it.
pub(super) fn split(payload: &[u8]) -> Result<(&[u8], &[u8]), Reject> {
    let (header, message) = payload.split_at_checked(LEN).ok_or(Reject::AhMissing)?;
    match header {
        [PROTOCOL_VRRP, PAYLOAD_LENGTH, ..] => Ok((header, message)),
        _ => Err(Reject::AhMissing),
    }
}

/// Checks integrity check value, SPI and sequence number in keepalived's order and gives the
/// sequence number. The duplicate check stands behind the others (`2402-3.4.3-02`).
pub(super) fn verify(
    header: &[u8],
    key: AuthKey,
    source: Ipv4Addr,
    last_sequence: u32,
    covered: Covered<'_>,
) -> Result<u32, Reject> {
    let (fixed, icv) = header
        .split_first_chunk::<FIXED_LEN>()
        .ok_or(Reject::AhMissing)?;
    // 2402-3.4.4-01; a MAC that cannot be computed is a wrong one. Truncated to any other length
    // it would be a weaker one.
    let mac = mac(key, fixed, covered).filter(|_| icv.len() == ICV_LEN);
    mac.ok_or(Reject::AhIcv)?
        .verify_truncated_left(icv)
        .map_err(|_| Reject::AhIcv)?;
    let [_, _, _, _, s0, s1, s2, s3, n0, n1, n2, n3] = *fixed;
    if Ipv4Addr::new(s0, s1, s2, s3) != source {
        return Err(Reject::AhSpi);
    }
    let sequence = u32::from_be_bytes([n0, n1, n2, n3]);
    if sequence > last_sequence {
        Ok(sequence)
    } else {
        Err(Reject::AhReplay)
    }
}

/// HMAC-MD5 over the IPv4 header with its mutable fields as zero, this header with its value as
/// zero, and the message (RFC 2402 section 3.3.3.1).
fn mac(key: AuthKey, fixed: &[u8; FIXED_LEN], covered: Covered<'_>) -> Option<Hmac<Md5>> {
    let (ip_header, options) = covered.ip_header.split_first_chunk::<IPV4_HEADER_LEN>()?;
    let [
        version,
        _tos,
        len0,
        len1,
        id0,
        id1,
        _flags,
        _offset,
        ttl,
        protocol,
        _sum0,
        _sum1,
        addresses @ ..,
    ] = *ip_header;
    let ttl = if covered.unicast { 0 } else { ttl };
    let mut mac = Hmac::<Md5>::new_from_slice(key.bytes()).ok()?;
    mac.update(&[version, 0, len0, len1, id0, id1, 0, 0, ttl, protocol, 0, 0]);
    mac.update(&addresses);
    mac.update(options);
    mac.update(fixed);
    mac.update(&[0; ICV_LEN]);
    mac.update(covered.message);
    Some(mac)
}

//! Checks a received message against what its instance expects.

use super::message::{Fields, Parts};
use super::{Advert, Datagram, Expectation, HopLimitRule, Opened, Verified};
use crate::packet::Reject;
use crate::packet::ah::{self, Covered};
use crate::packet::checksum::Checksum;
use crate::packet::layout::{
    AUTH_TYPE_AH, AUTH_TYPE_NONE, AUTH_TYPE_PASS, PROTOCOL_VRRP, TYPE_ADVERT, VRRP_GROUP_V4,
};
use holdfast_ipc::config::model::{Auth, AuthKey, Family, Version};
use std::hint::black_box;
use std::net::IpAddr;

/// Where the TTL stands in an IPv4 header.
const TTL_AT: usize = 8;

/// Checks it against what the instance expects, in the order of RFC 9568 section 7.1 and RFC 3768
/// section 7.1. Destination, sender and VRID are the caller's.
pub fn verify<'a>(opened: &Opened<'a>, expected: &Expectation) -> Result<Verified<'a>, Reject> {
    check_hop_limit(opened, expected.hop_limit)?;
    let fields = Fields::parse(opened.message)?;
    if fields.version != expected.version.number() {
        return Err(Reject::Version(fields.version)); // 9568-7.1-03
    }
    if fields.kind != TYPE_ADVERT {
        return Err(Reject::Type(fields.kind)); // 9568-7.1-04
    }
    let family = opened.datagram.family;
    let parts = Parts::split(opened.message, expected.version, family, fields.count)?;
    if !checksum_fits(opened, parts.counted, expected) {
        return Err(Reject::Checksum); // 9568-7.1-06
    }
    let ah_sequence = check_auth(opened, &fields, parts.auth_data, expected)?;
    // 9568-7.1-09; version 2 without addresses is allowed (3768-5.3.5-01).
    if fields.count == 0 && expected.version == Version::V3 {
        return Err(Reject::CountZero);
    }
    // Behind the checks of the RFCs, which do not ask for it. Padding cannot be here: the kernel
    // and `open` cut it off at the length of the IP header.
    if !parts.surplus.is_empty() {
        return Err(Reject::Length);
    }
    let interval = fields.interval(expected)?;
    if expected.strict && parts.addresses.starts_beyond_the_link() {
        return Err(Reject::FirstAddressNotLinkLocal); // 9568-7.1-10
    }
    let (vrid, priority, addresses) = (fields.vrid, fields.priority, parts.addresses);
    Ok(Verified {
        advert: Advert {
            vrid,
            priority,
            interval,
            addresses,
        },
        ah_sequence,
    })
}

/// 9568-7.1-01, 9568-7.1-02: both the TTL in the header and what the kernel told have to fit.
fn check_hop_limit(opened: &Opened<'_>, rule: HopLimitRule) -> Result<(), Reject> {
    let in_header = opened.ip_header.get(TTL_AT).copied();
    let (low, high) = match rule {
        HopLimitRule::Any => return Ok(()),
        HopLimitRule::MustBe255 => (255, 255),
        HopLimitRule::Between(low, high) => (low, high),
    };
    let mut known = [opened.datagram.hop_limit, in_header]
        .into_iter()
        .flatten()
        .peekable();
    if known.peek().is_none() {
        return Err(Reject::HopLimit(None));
    }
    match known.find(|found| !(low..=high).contains(found)) {
        Some(found) => Err(Reject::HopLimit(Some(found))),
        None => Ok(()),
    }
}

/// `counted` ends behind the last address or the authentication data. All forms in use are
/// accepted (`9568-5.2.8-02`): the sum protects against accidents, not against attackers.
fn checksum_fits(opened: &Opened<'_>, counted: &[u8], expected: &Expectation) -> bool {
    let Datagram {
        source,
        destination,
        family,
        ..
    } = opened.datagram;
    let with_pseudo_header = |to, bytes: &[u8]| {
        Checksum::pseudo_header(source, to, PROTOCOL_VRRP, bytes.len())
            .with(bytes)
            .fits()
    };
    match (family, expected.version) {
        // An IPv6 sum covers all that the IP header counts (RFC 8200 section 8.1).
        (Family::V6, _) => with_pseudo_header(destination, opened.message),
        (Family::V4, Version::V2) => Checksum::default().with(counted).fits(),
        (Family::V4, Version::V3) => {
            with_pseudo_header(destination, counted)
                || Checksum::default().with(counted).fits()
                || expected.unicast && with_pseudo_header(VRRP_GROUP_V4.into(), counted)
        }
    }
}

/// 3768-7.1-03, 2338-7.1-02. Gives the sequence number of an authentication header.
fn check_auth(
    opened: &Opened<'_>,
    fields: &Fields,
    data: &[u8],
    expected: &Expectation,
) -> Result<Option<u32>, Reject> {
    let (found, auth) = match expected.version {
        Version::V2 => (fields.byte4, expected.auth),
        Version::V3 => (AUTH_TYPE_NONE, Auth::None),
    };
    // 3768-5.3.6-01
    if found != auth_type(auth) {
        return Err(Reject::AuthType(found));
    }
    match (auth, opened.ah) {
        // The data of type 0 is ignored (3768-5.3.6.1-02).
        (Auth::None, None) => Ok(None),
        (Auth::Pass(key), None) if equal_in_constant_time(data, key.bytes()) => Ok(None),
        (Auth::Pass(_), None) => Err(Reject::AuthPassword), // 2338-5.3.6.2-03
        (Auth::Ah(key), Some(header)) => check_ah(opened, header, key, expected).map(Some),
        // 2338-5.3.6.3-02, both ways round.
        (Auth::Ah(_), None) | (Auth::None | Auth::Pass(_), Some(_)) => Err(Reject::AhMissing),
    }
}

const fn auth_type(auth: Auth) -> u8 {
    match auth {
        Auth::None => AUTH_TYPE_NONE,
        Auth::Pass(_) => AUTH_TYPE_PASS,
        Auth::Ah(_) => AUTH_TYPE_AH,
    }
}

fn check_ah(
    opened: &Opened<'_>,
    header: &[u8],
    key: AuthKey,
    expected: &Expectation,
) -> Result<u32, Reject> {
    let IpAddr::V4(source) = opened.datagram.source else {
        return Err(Reject::AhMissing);
    };
    let covered = Covered {
        ip_header: opened.ip_header,
        message: opened.message,
        unicast: expected.unicast,
    };
    ah::verify(header, key, source, expected.ah_sequence, covered)
}

/// Takes as long for a wrong first byte as for a wrong last one (`2338-5.3.6.2-02`).
fn equal_in_constant_time(found: &[u8], wanted: &[u8; AuthKey::LEN]) -> bool {
    let Ok(found) = <&[u8; AuthKey::LEN]>::try_from(found) else {
        return false;
    };
    let pairs = found.iter().zip(wanted);
    let difference = pairs.fold(0, |sum, (one, other)| black_box(sum | (one ^ other)));
    black_box(difference) == 0
}

//! Adverts to send.

use super::ah::{self, Covered};
use super::checksum::Checksum;
use super::layout::{
    AUTH_DATA_LEN, AUTH_TYPE_AH, AUTH_TYPE_NONE, AUTH_TYPE_PASS, CHECKSUM_AT, IPV4_HEADER_LEN,
    PROTOCOL_AH, PROTOCOL_VRRP, TYPE_ADVERT, V3_MAX_CENTIS, VRRP_GROUP_V4, auth_data_len,
    message_len, v2_seconds,
};
use holdfast_ipc::config::model::{AdvertInterval, AuthKey, ChecksumForm, Family, Version};
use std::net::{IpAddr, Ipv4Addr};

const VERSION_4_IHL_5: u8 = 0x45;
/// DSCP CS6, as keepalived sends (`9568-2.5-02`).
const TOS_CS6: u8 = 0xc0;
/// Where the checksum stands in an IPv4 header.
const IPV4_CHECKSUM_AT: usize = 10;

/// Authentication of an advert that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutgoingAuth {
    /// None.
    None,
    /// Simple password.
    Pass(AuthKey),
    /// Authentication header.
    Ah {
        /// Key.
        key: AuthKey,
        /// Sequence number.
        sequence: u32,
        /// True in a unicast instance: the TTL is covered as 0.
        unicast: bool,
    },
}

/// Everything that an advert is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing<'a> {
    /// Version.
    pub version: Version,
    /// VRID.
    pub vrid: u8,
    /// Priority, 0 to give up.
    pub priority: u8,
    /// Interval.
    pub interval: AdvertInterval,
    /// Addresses, all of one family, at most 255.
    pub addresses: &'a [IpAddr],
    /// Source; its family is that of the packet.
    pub source: IpAddr,
    /// Destination.
    pub destination: IpAddr,
    /// TTL or hop limit.
    pub hop_limit: u8,
    /// IPv4 identification, not 0 (the kernel would choose one and break the ICV).
    pub ip_id: u16,
    /// Authentication.
    pub auth: OutgoingAuth,
    /// Checksum of version 3 over IPv4.
    pub checksum: ChecksumForm,
}

/// IPv4: the whole packet with header. IPv6: the payload with its checksum. Addresses of another
/// family than the source's and those behind the 255th are left out. Empty where source and
/// destination are of two families.
pub fn encode(outgoing: &Outgoing<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    encode_into(outgoing, &mut out);
    out
}

/// As `encode`, but into a buffer whose content is replaced and whose memory is used again.
pub fn encode_into(outgoing: &Outgoing<'_>, out: &mut Vec<u8>) {
    out.clear();
    match (outgoing.source, outgoing.destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            if ipv4_packet(outgoing, source, destination, out).is_none() {
                // An advert whose ICV could not be computed must not leave.
                out.clear();
            }
        }
        (IpAddr::V6(_), IpAddr::V6(_)) => message(outgoing, out),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => {}
    }
}

/// IPv4 header, authentication header where it is wanted, message. None where the ICV could not be
/// computed.
fn ipv4_packet(
    outgoing: &Outgoing<'_>,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    out: &mut Vec<u8>,
) -> Option<()> {
    let ah = match (outgoing.version, outgoing.auth) {
        (
            Version::V2,
            OutgoingAuth::Ah {
                key,
                sequence,
                unicast,
            },
        ) => Some((key, ah::fixed(source, sequence), unicast)),
        (Version::V2, OutgoingAuth::None | OutgoingAuth::Pass(_)) | (Version::V3, _) => None,
    };
    let ah_len = if ah.is_some() { ah::LEN } else { 0 };
    let start = IPV4_HEADER_LEN.saturating_add(ah_len);
    let (count, _) = listed(outgoing);
    let total = start.saturating_add(message_len(outgoing.version, Family::V4, count));
    let protocol = if ah.is_some() {
        PROTOCOL_AH
    } else {
        PROTOCOL_VRRP
    };
    let header = ipv4_header(outgoing, source, destination, protocol, total);
    out.reserve(total);
    out.extend_from_slice(&header);
    out.resize(start, 0);
    message(outgoing, out);
    if let Some((key, fixed, unicast)) = ah {
        let message = out.get(start..)?;
        let icv = ah::icv(
            key,
            &fixed,
            Covered {
                ip_header: &header,
                message,
                unicast,
            },
        )?;
        patch(out, IPV4_HEADER_LEN, fixed);
        patch(out, IPV4_HEADER_LEN.saturating_add(fixed.len()), icv);
    }
    Some(())
}

/// Without options, and without DF as keepalived sends it.
fn ipv4_header(
    outgoing: &Outgoing<'_>,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    protocol: u8,
    total: usize,
) -> [u8; IPV4_HEADER_LEN] {
    // At most 20 + 24 + 8 + 255 * 4 + 8 bytes.
    let [len0, len1] = u16::try_from(total).unwrap_or(u16::MAX).to_be_bytes();
    let [id0, id1] = outgoing.ip_id.to_be_bytes();
    let [s0, s1, s2, s3] = source.octets();
    let [d0, d1, d2, d3] = destination.octets();
    let ttl = outgoing.hop_limit;
    let mut header = [
        VERSION_4_IHL_5,
        TOS_CS6,
        len0,
        len1,
        id0,
        id1,
        0,
        0,
        ttl,
        protocol,
        0,
        0,
        s0,
        s1,
        s2,
        s3,
        d0,
        d1,
        d2,
        d3,
    ];
    let sum = Checksum::default().with(&header).value();
    patch(&mut header, IPV4_CHECKSUM_AT, sum.to_be_bytes());
    header
}

/// Appends the VRRP message.
fn message(outgoing: &Outgoing<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    let (count, addresses) = listed(outgoing);
    let [byte4, byte5] = auth_type_and_interval(outgoing);
    let version = outgoing.version.number() << 4 | TYPE_ADVERT;
    out.extend_from_slice(&[
        version,
        outgoing.vrid,
        outgoing.priority,
        count,
        byte4,
        byte5,
        0,
        0,
    ]);
    for address in addresses {
        match address {
            IpAddr::V4(address) => out.extend_from_slice(&address.octets()),
            IpAddr::V6(address) => out.extend_from_slice(&address.octets()),
        }
    }
    let family = Family::of(outgoing.source);
    if auth_data_len(outgoing.version, family) > 0 {
        out.extend_from_slice(&auth_data(outgoing.auth));
    }
    let Some(message) = out.get(start..) else {
        return;
    };
    let sum = checksum_start(outgoing, message.len())
        .with(message)
        .value();
    patch(out, start.saturating_add(CHECKSUM_AT), sum.to_be_bytes());
}

/// Bytes 4 and 5: type of authentication and seconds in version 2, four reserved zero bits
/// (`9568-5.2.6-01`) and centiseconds in version 3.
fn auth_type_and_interval(outgoing: &Outgoing<'_>) -> [u8; 2] {
    match outgoing.version {
        Version::V2 => [auth_type(outgoing), v2_seconds(outgoing.interval)],
        Version::V3 => outgoing.interval.centis().min(V3_MAX_CENTIS).to_be_bytes(),
    }
}

/// Version 2 over IPv6 has no place for the data, so there it is always 0.
fn auth_type(outgoing: &Outgoing<'_>) -> u8 {
    match (Family::of(outgoing.source), outgoing.auth) {
        (Family::V6, _) | (Family::V4, OutgoingAuth::None) => AUTH_TYPE_NONE,
        (Family::V4, OutgoingAuth::Pass(_)) => AUTH_TYPE_PASS,
        (Family::V4, OutgoingAuth::Ah { .. }) => AUTH_TYPE_AH,
    }
}

/// Zero unless there is a password (`2338-5.3.6.1-01`, `2338-5.3.6.3-03`).
fn auth_data(auth: OutgoingAuth) -> [u8; AUTH_DATA_LEN] {
    match auth {
        OutgoingAuth::Pass(key) => *key.bytes(),
        OutgoingAuth::None | OutgoingAuth::Ah { .. } => [0; AUTH_DATA_LEN],
    }
}

/// The pseudo-header, where the sum has one: never in version 2 over IPv4 (`3768-5.3.8-01`), always
/// over IPv6, as configured in version 3 over IPv4 (`9568-5.2.8-02`).
fn checksum_start(outgoing: &Outgoing<'_>, length: usize) -> Checksum {
    let pseudo = |to| Checksum::pseudo_header(outgoing.source, to, PROTOCOL_VRRP, length);
    match (
        Family::of(outgoing.source),
        outgoing.version,
        outgoing.checksum,
    ) {
        (Family::V6, _, _) | (Family::V4, Version::V3, ChecksumForm::PseudoHeader) => {
            pseudo(outgoing.destination)
        }
        (Family::V4, Version::V3, ChecksumForm::OldUnicast) => pseudo(VRRP_GROUP_V4.into()),
        (Family::V4, Version::V3, ChecksumForm::MessageOnly) | (Family::V4, Version::V2, _) => {
            Checksum::default()
        }
    }
}

/// The addresses that go into the packet, and their number.
fn listed<'a>(outgoing: &Outgoing<'a>) -> (u8, impl Iterator<Item = &'a IpAddr> + use<'a>) {
    let family = Family::of(outgoing.source);
    let fitting = outgoing
        .addresses
        .iter()
        .filter(move |address| Family::of(**address) == family);
    let fitting = fitting.take(usize::from(u8::MAX));
    let count = u8::try_from(fitting.clone().count()).unwrap_or(u8::MAX);
    (count, fitting)
}

fn patch<const N: usize>(bytes: &mut [u8], at: usize, value: [u8; N]) {
    if let Some(place) = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *place = value;
    }
}

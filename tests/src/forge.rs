//! Builds VRRP frames by hand, right ones and wrong ones: an encoder of the tests' own, so that
//! what an attacker may send is not limited by what the daemon can encode.

use std::net::Ipv4Addr;

/// The multicast group of VRRP.
pub const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
const PROTOCOL_VRRP: u8 = 112;

/// An advert over IPv4; the fields are written as they are, and what is not said is right.
#[derive(Clone, Debug)]
pub struct Forged {
    /// Source of the IP packet.
    pub source: Ipv4Addr,
    /// Destination of the IP packet.
    pub destination: Ipv4Addr,
    /// TTL.
    pub ttl: u8,
    /// Version; 2 also appends eight bytes of authentication data.
    pub version: u8,
    /// Type; 1 is an advert.
    pub kind: u8,
    /// Virtual router identifier.
    pub vrid: u8,
    /// Priority.
    pub priority: u8,
    /// Number of addresses, when it shall not be the true one.
    pub count: Option<u8>,
    /// Version 2: authentication type and seconds; version 3: centiseconds.
    pub third: [u8; 2],
    /// Addresses.
    pub addresses: Vec<Ipv4Addr>,
    /// Authentication data of version 2.
    pub password: [u8; 8],
    /// Added to the right checksum.
    pub checksum_error: u16,
    /// Bytes behind the message, inside of the IP packet.
    pub trailing: Vec<u8>,
    /// Bytes of the VRRP message that are sent, when not all.
    pub cut: Option<usize>,
}

impl Forged {
    /// An advert of version 3 in order in every way.
    pub fn v3(source: Ipv4Addr, vrid: u8, priority: u8, centiseconds: u16, vip: Ipv4Addr) -> Self {
        Self {
            source,
            destination: GROUP,
            ttl: 255,
            version: 3,
            kind: 1,
            vrid,
            priority,
            count: None,
            third: centiseconds.to_be_bytes(),
            addresses: vec![vip],
            password: [0; 8],
            checksum_error: 0,
            trailing: Vec::new(),
            cut: None,
        }
    }

    /// An advert of version 2 with an interval of one second and a password, in order in every way.
    pub fn v2(source: Ipv4Addr, vrid: u8, priority: u8, password: &str, vip: Ipv4Addr) -> Self {
        let mut data = [0; 8];
        for (place, byte) in data.iter_mut().zip(password.bytes()) {
            *place = byte;
        }
        let auth_type = u8::from(!password.is_empty());
        Self {
            version: 2,
            third: [auth_type, 1],
            password: data,
            ..Self::v3(source, vrid, priority, 0, vip)
        }
    }

    /// The whole Ethernet frame.
    pub fn frame(&self) -> Vec<u8> {
        let payload = self.payload();
        let mut frame = ethernet(self.destination);
        frame.extend(self.ip_header(payload.len()));
        frame.extend(payload);
        frame
    }

    fn payload(&self) -> Vec<u8> {
        let count = u8::try_from(self.addresses.len()).expect("few addresses");
        let mut message = vec![
            self.version << 4 | self.kind,
            self.vrid,
            self.priority,
            self.count.unwrap_or(count),
            self.third[0],
            self.third[1],
            0,
            0,
        ];
        message.extend(self.addresses.iter().flat_map(Ipv4Addr::octets));
        if self.version == 2 {
            message.extend(self.password);
        }
        let sum = self.checksum(&message).wrapping_add(self.checksum_error);
        message[6..8].copy_from_slice(&sum.to_be_bytes());
        message.truncate(self.cut.unwrap_or(message.len()));
        message.extend(&self.trailing);
        message
    }

    /// Version 3 covers a pseudo-header too, as keepalived and most others read RFC 5798.
    fn checksum(&self, message: &[u8]) -> u16 {
        let mut covered = Vec::new();
        if self.version == 3 {
            let length = u8::try_from(message.len()).expect("a short message");
            covered.extend(self.source.octets());
            covered.extend(self.destination.octets());
            covered.extend([0, PROTOCOL_VRRP, 0, length]);
        }
        covered.extend(message);
        internet_checksum(&covered)
    }

    fn ip_header(&self, payload: usize) -> Vec<u8> {
        let length = u16::try_from(payload + 20).expect("a short packet");
        let mut header = vec![0x45, 0xc0];
        header.extend(length.to_be_bytes());
        header.extend([0, 1, 0, 0, self.ttl, PROTOCOL_VRRP, 0, 0]);
        header.extend(self.source.octets());
        header.extend(self.destination.octets());
        let sum = internet_checksum(&header);
        header[10..12].copy_from_slice(&sum.to_be_bytes());
        header
    }
}

/// From a host that is no node. A unicast address is that of a node, whose link-layer address
/// follows from it.
fn ethernet(destination: Ipv4Addr) -> Vec<u8> {
    let [_, second, third, last] = destination.octets();
    let to = if destination.is_multicast() {
        [0x01, 0x00, 0x5e, second & 0x7f, third, last]
    } else {
        [0x02, 0, 0, 0, 0, 9 + last]
    };
    let mut frame = to.to_vec();
    frame.extend([0x02, 0, 0, 0, 0, 0xee, 0x08, 0x00]);
    frame
}

fn internet_checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| {
        u32::from(u16::from_be_bytes([
            pair[0],
            pair.get(1).copied().unwrap_or_default(),
        ]))
    });
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).expect("it was folded")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;

    const SOURCE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
    const VIP: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 100);

    fn hex(text: &str) -> Vec<u8> {
        text.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    /// Behind the Ethernet header, whose source differs.
    #[test]
    fn a_right_v3_advert_is_what_keepalived_sends() {
        let captured = "45c0002000010000ff701899c0000201e0000012313396010032d3a3c0000264";
        assert_eq!(
            Forged::v3(SOURCE, 51, 150, 50, VIP).frame()[14..],
            hex(captured)
        );
    }

    #[test]
    fn a_right_v2_advert_is_what_keepalived_sends() {
        let captured =
            "45c0002800010000ff701891c0000201e00000122133960101 01d8d3c00002647333637265747077";
        let captured = hex(&captured.replace(' ', ""));
        assert_eq!(
            Forged::v2(SOURCE, 51, 150, "s3cretpw", VIP).frame()[14..],
            captured
        );
    }

    #[test]
    fn the_observer_reads_what_was_forged() {
        let seen = decode::frame(&Forged::v3(SOURCE, 51, 150, 50, VIP).frame());
        let Some(crate::What::Advert(advert)) = seen else {
            panic!("an advert, not {seen:?}");
        };
        assert_eq!((advert.version, advert.vrid, advert.priority), (3, 51, 150));
        assert_eq!(advert.interval, std::time::Duration::from_millis(500));
        assert_eq!(advert.addresses, [std::net::IpAddr::from(VIP)]);
    }
}

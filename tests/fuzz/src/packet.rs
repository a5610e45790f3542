//! Received packets: two bytes say what the instance expects, the rest is the datagram (for IPv6
//! behind the two addresses).

use holdfast_ipc::config::model::{AdvertInterval, Auth, AuthKey, ChecksumForm, Family, Version};
use holdfast_vrrp::event::IfIndex;
use holdfast_vrrp::packet::checksum::Checksum;
use holdfast_vrrp::packet::{
    Datagram, Expectation, HopLimitRule, Opened, Outgoing, OutgoingAuth, Verified, encode, open,
    verify,
};
use serde_json::Value;
use std::net::IpAddr;

/// Bits of the first byte.
const VERSION_3: u8 = 0x01;
const IPV6: u8 = 0x02;
const PASS: u8 = 0x04;
const AH: u8 = 0x08;
const UNICAST: u8 = 0x10;
const STRICT: u8 = 0x20;
/// The checksum is made to fit, so that what is behind that check is reached.
const REPAIR: u8 = 0x40;
const ANY_HOP_LIMIT: u8 = 0x80;

/// Where the checksum stands in a message.
const CHECKSUM_AT: usize = 6;

struct Input {
    expectation: Expectation,
    family: Family,
    hop_limit: u8,
    source: IpAddr,
    destination: IpAddr,
    repair: bool,
    bytes: Vec<u8>,
}

impl Input {
    fn parse(input: &[u8]) -> Option<Self> {
        let ([flags, hop_limit], mut bytes) = input.split_first_chunk::<2>()?;
        let is = |flag| flags & flag != 0;
        // Those of an IPv4 datagram are in its header.
        let (mut source, mut destination) = (IpAddr::from([0; 4]), IpAddr::from([0; 4]));
        if is(IPV6) {
            let (addresses, rest) = bytes.split_first_chunk::<32>()?;
            let (from, to) = addresses.as_chunks::<16>().0.split_first()?;
            (source, destination) = (IpAddr::from(*from), IpAddr::from(*to.first()?));
            bytes = rest;
        }
        let key = AuthKey::new(b"s3cretpw");
        Some(Self {
            expectation: Expectation {
                version: if is(VERSION_3) {
                    Version::V3
                } else {
                    Version::V2
                },
                auth: match (is(PASS), is(AH)) {
                    (false, false) => Auth::None,
                    (true, false) => Auth::Pass(key),
                    (_, true) => Auth::Ah(key),
                },
                ah_sequence: 0,
                interval: AdvertInterval::DEFAULT,
                hop_limit: match is(ANY_HOP_LIMIT) {
                    true => HopLimitRule::Any,
                    false => HopLimitRule::MustBe255,
                },
                unicast: is(UNICAST),
                strict: is(STRICT),
            },
            family: if is(IPV6) { Family::V6 } else { Family::V4 },
            hop_limit: *hop_limit,
            source,
            destination,
            repair: is(REPAIR),
            bytes: bytes.to_vec(),
        })
    }

    fn datagram(&self) -> Datagram<'_> {
        Datagram {
            index: IfIndex::new(2).expect("not 0"),
            family: self.family,
            source: self.source,
            destination: self.destination,
            hop_limit: Some(self.hop_limit),
            bytes: &self.bytes,
        }
    }

    fn repair(&mut self) {
        let Ok(opened) = open(&self.datagram()) else {
            return;
        };
        let Opened {
            ip_header,
            ah,
            message,
            datagram,
            ..
        } = opened;
        let at = ip_header.len() + ah.map_or(0, <[u8]>::len);
        let mut message = message.to_vec();
        message[CHECKSUM_AT..CHECKSUM_AT + 2].fill(0);
        let sum = match datagram.family {
            Family::V6 => {
                let Datagram {
                    source,
                    destination,
                    ..
                } = datagram;
                Checksum::pseudo_header(source, destination, 112, message.len()).with(&message)
            }
            Family::V4 => {
                let count = usize::from(message[3]);
                let auth_data = match self.expectation.version {
                    Version::V2 => 8,
                    Version::V3 => 0,
                };
                let counted = message.len().min(8 + 4 * count + auth_data);
                Checksum::default().with(&message[..counted])
            }
        };
        let field = at + CHECKSUM_AT;
        self.bytes[field..field + 2].copy_from_slice(&sum.value().to_be_bytes());
    }
}

/// True where the packet is accepted. Panics where an accepted one is not the same again after it
/// was built from what it says.
pub fn run(input: &[u8]) -> bool {
    let Some(mut input) = Input::parse(input) else {
        return false;
    };
    if input.repair {
        input.repair();
    }
    let Ok(opened) = open(&input.datagram()) else {
        return false;
    };
    let Ok(verified) = verify(&opened, &input.expectation) else {
        return false;
    };
    assert_eq!(opened.vrid, verified.advert.vrid);
    let addresses: Vec<_> = verified.advert.addresses.iter().collect();
    assert_eq!(addresses.len(), verified.advert.addresses.len());
    assert!(verified.advert.addresses.same_set(&addresses));
    let bytes = rebuilt(&input, &opened, &verified, &addresses);
    let again = Datagram {
        hop_limit: Some(255),
        bytes: &bytes,
        ..opened.datagram
    };
    let again = open(&again).expect("a built packet can be opened");
    let again = verify(&again, &input.expectation).expect("a built packet is accepted");
    assert_eq!(verified, again);
    true
}

fn rebuilt(
    input: &Input,
    opened: &Opened<'_>,
    verified: &Verified<'_>,
    addresses: &[IpAddr],
) -> Vec<u8> {
    let Expectation {
        version,
        auth,
        interval,
        unicast,
        ..
    } = input.expectation;
    let interval = match verified.advert.interval {
        holdfast_vrrp::packet::WireInterval::Seconds(_) => interval,
        holdfast_vrrp::packet::WireInterval::Centis(centis) => centis,
    };
    encode(&Outgoing {
        version,
        vrid: verified.advert.vrid,
        priority: verified.advert.priority,
        interval,
        addresses,
        source: opened.datagram.source,
        destination: opened.datagram.destination,
        hop_limit: 255,
        ip_id: 1,
        auth: match auth {
            Auth::None => OutgoingAuth::None,
            Auth::Pass(key) => OutgoingAuth::Pass(key),
            Auth::Ah(key) => OutgoingAuth::Ah {
                key,
                sequence: verified.ah_sequence.unwrap_or(0),
                unicast,
            },
        },
        checksum: ChecksumForm::PseudoHeader,
    })
}

/// Inputs from the captured packets, with their names.
pub fn seeds(vectors: &Value) -> Vec<(String, Vec<u8>)> {
    let lists = ["vectors", "negative"].map(|list| vectors[list].as_array().expect("a list"));
    let all = lists.into_iter().flatten();
    all.filter_map(|vector| {
        let name = vector["name"].as_str().expect("a name");
        Some((name.to_owned(), seed(&bytes_of_hex(&vector["frame_hex"]))?))
    })
    .collect()
}

/// None where the frame is no packet with VRRP in it.
fn seed(frame: &[u8]) -> Option<Vec<u8>> {
    let (hop_limit, protocol, multicast, ip) = match frame.get(12..14)? {
        [0x08, 0x00] => (
            frame.get(22)?,
            frame.get(23)?,
            frame.get(30)? >> 4 == 14,
            14..,
        ),
        [0x86, 0xdd] => (
            frame.get(21)?,
            frame.get(20)?,
            *frame.get(38)? == 0xff,
            22..,
        ),
        _ => return None,
    };
    let mut flags = match protocol {
        51 => AH,
        112 => 0,
        _ => return None,
    };
    let message = match (ip.start, protocol) {
        (22, _) => frame.get(54..)?,
        (_, 51) => frame.get(58..)?,
        (_, _) => frame.get(34..)?,
    };
    let version_3 = message.first()? >> 4 == 3;
    if version_3 {
        flags |= VERSION_3;
    } else if *message.get(4)? == 1 {
        flags |= PASS;
    }
    if ip.start == 22 {
        flags |= IPV6;
    }
    if !multicast {
        flags |= UNICAST | ANY_HOP_LIMIT;
    }
    let mut input = vec![flags, *hop_limit];
    input.extend_from_slice(frame.get(ip)?);
    Some(input)
}

pub(crate) fn bytes_of_hex(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().expect("a text").as_bytes();
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let pairs = hex.as_chunks::<2>().0.iter();
    pairs
        .map(|[high, low]| digit(*high).zip(digit(*low)).expect("hexadecimal"))
        .map(|(high, low)| high << 4 | low)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_are_accepted_unless_they_are_made_to_be_dropped() {
        let vectors = include_str!("../../vectors/vrrp.json");
        let seeds = seeds(&serde_json::from_str(vectors).unwrap());
        let accepted = seeds.iter().filter(|(_, input)| run(input)).count();
        // Each advert but the one with another password, and 9 of the others, which are the
        // engine's to drop or fit another instance.
        assert_eq!((seeds.len(), accepted), (67, 34 + 9));
    }

    #[test]
    fn a_repaired_checksum_lets_a_packet_pass() {
        let vectors = include_str!("../../vectors/vrrp.json");
        let seeds = seeds(&serde_json::from_str(vectors).unwrap());
        let (_, input) = seeds
            .iter()
            .find(|(name, _)| name == "checksum-bad")
            .unwrap();
        assert!(!run(input));
        let mut input = input.clone();
        input[0] |= REPAIR;
        assert!(run(&input));
    }
}

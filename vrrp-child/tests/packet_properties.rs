//! What holds for every packet: it comes back as it was sent, and no damaged one passes.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

use holdfast_ipc::config::model::{AdvertInterval, Auth, AuthKey, ChecksumForm, Family, Version};
use holdfast_vrrp::event::{IfIndex, MacAddress};
use holdfast_vrrp::packet::{
    Datagram, Expectation, HopLimitRule, Outgoing, OutgoingAuth, Reject, WireInterval, arp, encode,
    encode_into, ndp, open, verify,
};
use proptest::collection::vec;
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18));
const GROUP6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12));

/// What an instance sends, with everything that it is made of.
#[derive(Clone, Debug)]
struct Sender {
    version: Version,
    family: Family,
    auth: Auth,
    sequence: u32,
    checksum: ChecksumForm,
    unicast: bool,
    vrid: u8,
    priority: u8,
    interval: AdvertInterval,
    addresses: Vec<IpAddr>,
    source: IpAddr,
    destination: IpAddr,
    hop_limit: u8,
    ip_id: u16,
}

impl Sender {
    fn outgoing(&self) -> Outgoing<'_> {
        Outgoing {
            version: self.version,
            vrid: self.vrid,
            priority: self.priority,
            interval: self.interval,
            addresses: &self.addresses,
            source: self.source,
            destination: self.destination,
            hop_limit: self.hop_limit,
            ip_id: self.ip_id,
            auth: match self.auth {
                Auth::None => OutgoingAuth::None,
                Auth::Pass(key) => OutgoingAuth::Pass(key),
                Auth::Ah(key) => OutgoingAuth::Ah {
                    key,
                    sequence: self.sequence,
                    unicast: self.unicast,
                },
            },
            checksum: self.checksum,
        }
    }

    fn expectation(&self) -> Expectation {
        Expectation {
            version: self.version,
            auth: self.auth,
            ah_sequence: self.sequence - 1,
            interval: self.interval,
            hop_limit: match self.unicast {
                true => HopLimitRule::Any,
                false => HopLimitRule::MustBe255,
            },
            unicast: self.unicast,
            strict: false,
        }
    }

    fn datagram<'a>(&self, bytes: &'a [u8]) -> Datagram<'a> {
        Datagram {
            index: IfIndex::new(2).unwrap(),
            family: self.family,
            source: self.source,
            destination: self.destination,
            hop_limit: Some(self.hop_limit),
            bytes,
        }
    }

    fn has_ah(&self) -> bool {
        matches!(self.auth, Auth::Ah(_))
    }

    /// Where the VRRP message begins.
    fn message_at(&self) -> usize {
        match (self.family, self.has_ah()) {
            (Family::V6, _) => 0,
            (Family::V4, false) => 20,
            (Family::V4, true) => 44,
        }
    }

    /// What a receiver is to read out of it.
    fn said(&self) -> Said {
        let interval = match self.version {
            Version::V2 => WireInterval::Seconds(self.interval.secs()),
            Version::V3 => WireInterval::Centis(self.interval),
        };
        let sequence = self.has_ah().then_some(self.sequence);
        let addresses = self.addresses.clone();
        (self.vrid, self.priority, interval, addresses, sequence)
    }

    fn received(&self, bytes: &[u8]) -> Result<Said, Reject> {
        received(self.datagram(bytes), &self.expectation())
    }

    /// A changed bit may turn one accepted form of the checksum into another: the sums of two forms
    /// differ by that bit alone. It takes an unlucky pair of addresses.
    fn forms_are_one_bit_apart(&self, length: usize) -> bool {
        let (IpAddr::V4(source), IpAddr::V4(destination)) = (self.source, self.destination) else {
            return false;
        };
        let halves = |address: Ipv4Addr| {
            let bits = u64::from(address.to_bits());
            (bits >> 16) + (bits & 0xffff)
        };
        let base = halves(source) + 112 + u64::try_from(length).unwrap();
        let group = Ipv4Addr::new(224, 0, 0, 18);
        let forms = [0, base + halves(destination), base + halves(group)];
        let apart = |one: u64, other: u64| (one % 65_535 + 65_535 - other % 65_535) % 65_535;
        forms.iter().any(|one| {
            let is_bit = |other: &u64| apart(*one, *other).is_power_of_two();
            forms.iter().any(is_bit)
        })
    }

    /// A changed bit in these bytes of the IPv4 header is nothing that a receiver can or need see:
    /// TOS, the DF and the reserved flag and the header's checksum, which the kernel checks; without
    /// a header that covers them the identification, and addresses that no sum covers. The engine
    /// judges the addresses.
    fn is_harmless(&self, bit: usize) -> bool {
        if self.family == Family::V6 {
            return false;
        }
        let no_pseudo_header = match (self.version, self.checksum) {
            (Version::V2, _) | (Version::V3, ChecksumForm::MessageOnly) => true,
            (Version::V3, ChecksumForm::PseudoHeader | ChecksumForm::OldUnicast) => false,
        };
        match bit / 8 {
            1 | 10 | 11 => true,
            4 | 5 => !self.has_ah(),
            6 => bit % 8 >= 6,
            8 => self.unicast,
            12..16 => !self.has_ah() && no_pseudo_header,
            16..20 => {
                let any_destination = self.unicast && self.checksum == ChecksumForm::OldUnicast;
                !self.has_ah() && (no_pseudo_header || any_destination)
            }
            _ => false,
        }
    }
}

/// VRID, priority, interval, addresses, AH sequence number.
type Said = (u8, u8, WireInterval, Vec<IpAddr>, Option<u32>);

fn received(datagram: Datagram<'_>, expected: &Expectation) -> Result<Said, Reject> {
    let opened = open(&datagram)?;
    let verified = verify(&opened, expected)?;
    let advert = verified.advert;
    Ok((
        advert.vrid,
        advert.priority,
        advert.interval,
        advert.addresses.iter().collect(),
        verified.ah_sequence,
    ))
}

fn address(family: Family) -> impl Strategy<Value = IpAddr> {
    match family {
        Family::V4 => any::<[u8; 4]>().prop_map(IpAddr::from).boxed(),
        Family::V6 => any::<[u8; 16]>().prop_map(IpAddr::from).boxed(),
    }
}

fn auth(version: Version, family: Family) -> impl Strategy<Value = Auth> {
    let key = any::<[u8; 8]>().prop_map(|bytes| AuthKey::new(&bytes));
    match (version, family) {
        (Version::V2, Family::V4) => prop_oneof![
            Just(Auth::None),
            key.clone().prop_map(Auth::Pass),
            key.prop_map(Auth::Ah),
        ]
        .boxed(),
        (Version::V2, Family::V6) | (Version::V3, _) => Just(Auth::None).boxed(),
    }
}

fn interval(version: Version) -> impl Strategy<Value = AdvertInterval> {
    let centis = match version {
        Version::V2 => (1_u16..=255).prop_map(|seconds| seconds * 100).boxed(),
        Version::V3 => (1_u16..=4_095).boxed(),
    };
    centis.prop_map(move |centis| AdvertInterval::new(version, centis).unwrap())
}

fn checksum() -> impl Strategy<Value = ChecksumForm> {
    prop_oneof![
        Just(ChecksumForm::PseudoHeader),
        Just(ChecksumForm::MessageOnly),
        Just(ChecksumForm::OldUnicast),
    ]
}

fn sender_of(version: Version, family: Family) -> impl Strategy<Value = Sender> {
    let fewest = match version {
        Version::V2 => 0,
        Version::V3 => 1,
    };
    let head = (any::<u8>(), any::<u8>(), interval(version));
    let addresses = prop_oneof![
        4 => vec(address(family), fewest..=4),
        1 => vec(address(family), fewest..=255),
    ];
    let way = (any::<bool>(), address(family), address(family));
    let ip = (any::<u8>(), any::<u16>(), 1..=u32::MAX, checksum());
    (head, addresses, way, ip, auth(version, family)).prop_map(
        move |(head, addresses, way, ip, auth)| {
            let (vrid, priority, interval) = head;
            let (unicast, source, peer) = way;
            let (ttl, ip_id, sequence, checksum) = ip;
            let group = match family {
                Family::V4 => GROUP,
                Family::V6 => GROUP6,
            };
            Sender {
                version,
                family,
                auth,
                sequence,
                checksum,
                unicast,
                vrid,
                priority,
                interval,
                addresses,
                source,
                destination: if unicast { peer } else { group },
                hop_limit: if unicast { ttl } else { 255 },
                ip_id,
            }
        },
    )
}

fn sender() -> impl Strategy<Value = Sender> {
    prop_oneof![
        3 => sender_of(Version::V2, Family::V4),
        2 => sender_of(Version::V3, Family::V4),
        1 => sender_of(Version::V2, Family::V6),
        1 => sender_of(Version::V3, Family::V6),
    ]
}

/// Writes the length of the datagram into its IPv4 header.
fn set_total_length(bytes: &mut [u8]) {
    let total = u16::try_from(bytes.len()).unwrap();
    bytes[2..4].copy_from_slice(&total.to_be_bytes());
}

fn any_expectation() -> impl Strategy<Value = Expectation> {
    let version = prop_oneof![Just(Version::V2), Just(Version::V3)];
    let rule = prop_oneof![
        Just(HopLimitRule::MustBe255),
        Just(HopLimitRule::Any),
        any::<(u8, u8)>().prop_map(|(low, high)| HopLimitRule::Between(low, high)),
    ];
    (version, rule, any::<(u32, bool, bool)>()).prop_flat_map(|(version, hop_limit, rest)| {
        let (ah_sequence, unicast, strict) = rest;
        let auth = auth(Version::V2, Family::V4);
        (auth, interval(version)).prop_map(move |(auth, interval)| Expectation {
            version,
            auth,
            ah_sequence,
            interval,
            hop_limit,
            unicast,
            strict,
        })
    })
}

/// Any bytes, half of them with a beginning that leads further into the codec.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let beginning = prop_oneof![
        Just(vec![]),
        Just(vec![0x45, 0, 0, 40, 0, 0, 0, 0, 255, 112]),
        Just(vec![0x46, 0, 0, 64, 0, 0, 0, 0, 255, 51]),
        Just(vec![0x21, 51, 100, 2, 0, 1]),
        Just(vec![0x31, 51, 100, 2, 0, 100]),
    ];
    (beginning, vec(any::<u8>(), 0..200)).prop_map(|(mut bytes, rest)| {
        bytes.extend(rest);
        bytes
    })
}

proptest! {
    // 9568-7.2-01, 9568-7.2-02
    #[test]
    fn an_advert_is_received_as_it_was_sent(sender in sender()) {
        let bytes = encode(&sender.outgoing());
        prop_assert_eq!(sender.received(&bytes), Ok(sender.said()));
    }

    // 9568-7.1-06, 2402-3.4.4-01
    #[test]
    fn no_changed_bit_passes_unless_it_is_harmless(sender in sender()) {
        let sent = encode(&sender.outgoing());
        prop_assume!(!sender.forms_are_one_bit_apart(sent.len() - sender.message_at()));
        for bit in 0..sent.len() * 8 {
            let mut bytes = sent.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let received = sender.received(&bytes);
            if sender.is_harmless(bit) {
                prop_assert_eq!(received, Ok(sender.said()), "byte {} bit {}", bit / 8, bit % 8);
            } else {
                prop_assert!(received.is_err(), "byte {} bit {}", bit / 8, bit % 8);
            }
        }
    }

    // 9568-7.1-05, 3768-7.1-01
    #[test]
    fn no_cut_packet_passes(sender in sender()) {
        let sent = encode(&sender.outgoing());
        for length in 0..sent.len() {
            let mut bytes = sent[..length].to_vec();
            let cut = match sender.family {
                Family::V4 => Reject::IpHeader,
                Family::V6 => Reject::Length,
            };
            prop_assert_eq!(sender.received(&bytes), Err(cut), "{} bytes", length);
            // Cut by somebody who also repairs the length in the IP header.
            if sender.family == Family::V4 && length >= 20 {
                set_total_length(&mut bytes);
                let cut = if length < sender.message_at() { Reject::AhMissing } else { Reject::Length };
                prop_assert_eq!(sender.received(&bytes), Err(cut), "{} bytes", length);
            }
        }
    }

    // 9568-7.1-05
    #[test]
    fn no_longer_packet_passes_but_padding_does(sender in sender(), more in vec(any::<u8>(), 1..64)) {
        let mut bytes = encode(&sender.outgoing());
        bytes.extend_from_slice(&more);
        if sender.family == Family::V4 {
            prop_assert_eq!(sender.received(&bytes), Ok(sender.said()));
            set_total_length(&mut bytes);
        }
        prop_assert!(sender.received(&bytes).is_err());
    }

    // 2403-2-01
    #[test]
    fn no_other_key_passes(sender in sender_of(Version::V2, Family::V4), other in any::<[u8; 8]>()) {
        let other = AuthKey::new(&other);
        let (auth, cause) = match sender.auth {
            Auth::None => return Ok(()),
            Auth::Pass(key) if key != other => (Auth::Pass(other), Reject::AuthPassword),
            Auth::Ah(key) if key != other => (Auth::Ah(other), Reject::AhIcv),
            Auth::Pass(_) | Auth::Ah(_) => return Ok(()),
        };
        let bytes = encode(&sender.outgoing());
        let expected = Expectation { auth, ..sender.expectation() };
        prop_assert_eq!(received(sender.datagram(&bytes), &expected), Err(cause));
    }

    // 2402-3.4.3-01
    #[test]
    fn a_sequence_number_passes_exactly_where_it_is_above(
        sender in sender_of(Version::V2, Family::V4),
        key in any::<[u8; 8]>(),
        last in any::<u32>(),
    ) {
        let sender = Sender { auth: Auth::Ah(AuthKey::new(&key)), ..sender };
        let bytes = encode(&sender.outgoing());
        let expected = Expectation { ah_sequence: last, ..sender.expectation() };
        let wanted = if sender.sequence > last { Ok(sender.said()) } else { Err(Reject::AhReplay) };
        prop_assert_eq!(received(sender.datagram(&bytes), &expected), wanted);
    }

    #[test]
    fn nothing_that_comes_in_panics(
        bytes in any_bytes(),
        expected in any_expectation(),
        six in any::<bool>(),
        hop_limit in any::<Option<u8>>(),
    ) {
        let (family, source, destination) = match six {
            false => (Family::V4, GROUP, GROUP),
            true => (Family::V6, GROUP6, GROUP6),
        };
        let index = IfIndex::new(1).unwrap();
        let datagram = Datagram { index, family, source, destination, hop_limit, bytes: &bytes };
        let _ = received(datagram, &expected);
    }

    // 9568-5.2.9-03
    #[test]
    fn whatever_is_sent_is_bounded_and_replaces_the_buffer(
        sender in sender(),
        addresses in vec(prop_oneof![address(Family::V4), address(Family::V6)], 0..600),
        destination in prop_oneof![address(Family::V4), address(Family::V6)],
        left in vec(any::<u8>(), 0..100),
    ) {
        let outgoing = Outgoing { addresses: &addresses, destination, ..sender.outgoing() };
        let bytes = encode(&outgoing);
        let fitting = addresses.iter().filter(|one| Family::of(**one) == sender.family);
        let count = fitting.count().min(255);
        let whole = sender.message_at() + 8 + count * sender.family.address_len();
        let auth_data = match (sender.version, sender.family) {
            (Version::V2, Family::V4) => 8,
            _ => 0,
        };
        let one_family = Family::of(destination) == sender.family;
        prop_assert_eq!(bytes.len(), if one_family { whole + auth_data } else { 0 });
        let mut buffer = left;
        encode_into(&outgoing, &mut buffer);
        prop_assert_eq!(buffer, bytes);
    }

    // 9568-6.4.1-03, 9568-6.4.1-04
    #[test]
    fn frames_have_one_length_and_name_the_address_and_its_mac(
        mac in any::<[u8; 6]>(),
        four in any::<[u8; 4]>(),
        six in any::<[u8; 16]>(),
        router in any::<bool>(),
    ) {
        let arp = arp::gratuitous(MacAddress(mac), four.into());
        prop_assert_eq!(arp.len(), 42);
        prop_assert_eq!((&arp[..6], &arp[6..12], &arp[22..28]), (&[0xff; 6][..], &mac[..], &mac[..]));
        prop_assert_eq!((&arp[28..32], &arp[38..]), (&four[..], &four[..]));

        let na = ndp::unsolicited(MacAddress(mac), six.into(), router);
        prop_assert_eq!(na.len(), 86);
        prop_assert_eq!((&na[22..38], &na[62..78]), (&six[..], &six[..]));
        prop_assert_eq!((&na[6..12], &na[80..]), (&mac[..], &mac[..]));
        prop_assert_eq!(na[58], if router { 0xa0 } else { 0x20 });
    }
}

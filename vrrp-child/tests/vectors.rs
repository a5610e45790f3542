//! Packets that keepalived 2.2.7 sent on a wire, and packets made from them that have to be dropped,
//! against the codec: byte for byte in both directions.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

use holdfast_ipc::config::model::{AdvertInterval, Auth, AuthKey, ChecksumForm, Family, Version};
use holdfast_vrrp::event::{IfIndex, MacAddress};
use holdfast_vrrp::packet::{
    Datagram, Expectation, HopLimitRule, Outgoing, OutgoingAuth, Reject, WireInterval, arp, encode,
    ndp, open, verify,
};
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Adverts that are sent and received exactly as captured.
const ADVERTS: [&str; 35] = [
    "v2-noauth",
    "v2-noauth-prio0-on-stop",
    "v2-pass-8chars",
    "v2-pass-3chars",
    "v2-unicast-pass",
    "v2-ah-seq1",
    "v2-ah-seq2",
    "v2-ah-prio0-on-stop",
    "v2-ah-unicast",
    "v2-ah-takeover-old-master-last",
    "v2-ah-takeover-new-master-first",
    "v2-ah-takeover-release",
    "v2-ah-takeback",
    "v2-20vips",
    "v2-no-vips",
    "v2-ipv6",
    "v3-ipv4-50cs",
    "v3-ipv4-prio0-on-stop",
    "v3-ipv4-owner255",
    "v3-ipv4-max-advert-int",
    "v3-ipv4-min-advert-int",
    "v3-ipv6",
    "v3-ipv6-prio0-on-stop",
    "v3-unicast-ipv4-peer1",
    "v3-unicast-ipv4-peer2",
    "v3-unicast-ipv4-old-checksum",
    "v3-unicast-ipv6",
    "v3-20vips-ipv4",
    "v3-20vips-ipv6",
    "v3-vmac-ipv4",
    "v2-vmac-ipv4",
    "v3-vmac-ipv6",
    "v3-vmac-xmit-base-ipv4",
    "v3-ipv4-padded-to-60",
    "v3-ipv4-checksum-without-pseudo-header",
];

const GRATUITOUS_ARPS: [&str; 3] = [
    "garp-request",
    "garp-request-vmac",
    "garp-request-vmac-xmit-base",
];

const NEIGHBOUR_ADVERTISEMENTS: [&str; 3] = ["una-link-local", "una-global", "una-vmac"];

/// With an HMAC trailer, which is neither sent nor understood.
const AUTH_HMAC: [&str; 4] = [
    "auth-hmac-v3-ipv4",
    "auth-hmac-v3-unicast-ipv4",
    "auth-hmac-v2-ipv4",
    "auth-hmac-v3-ipv6",
];

/// Sent and answered by the kernel.
const KERNEL: [&str; 5] = [
    "arp-resolve-request",
    "arp-resolve-reply",
    "arp-resolve-reply-vmac",
    "igmpv3-join",
    "igmpv3-join-vmac",
];

struct File(Value);

impl File {
    fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/vrrp.json");
        Self(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    }

    fn names(&self, list: &str) -> Vec<String> {
        let vectors = self.0[list].as_array().unwrap();
        vectors.iter().map(|vector| text(&vector["name"])).collect()
    }

    fn get(&self, list: &str, name: &str) -> Vector {
        let vectors = self.0[list].as_array().unwrap();
        let found = vectors.iter().find(|vector| vector["name"] == name);
        let mut json = found.unwrap_or_else(|| panic!("no vector {name}")).clone();
        if let Some(base) = json["base_vector"].as_str() {
            json["config"] = self.get("vectors", base).json["config"].clone();
        } else if let Some(base) = json["config"]["base_vector"].as_str() {
            let mut config = self.get("vectors", base).json["config"].clone();
            for (key, value) in json["config"].as_object().unwrap() {
                config[key] = value.clone();
            }
            json["config"] = config;
        }
        let frame = bytes(&text(&json["frame_hex"]));
        Vector { json, frame }
    }
}

struct Vector {
    json: Value,
    frame: Vec<u8>,
}

impl Vector {
    fn datagram(&self) -> Datagram<'_> {
        let index = IfIndex::new(2).unwrap();
        let frame = &self.frame;
        if frame[12..14] == [0x08, 0x00] {
            return Datagram {
                index,
                family: Family::V4,
                source: IpAddr::from(*frame[26..].first_chunk::<4>().unwrap()),
                destination: IpAddr::from(*frame[30..].first_chunk::<4>().unwrap()),
                hop_limit: Some(frame[22]),
                bytes: &frame[14..],
            };
        }
        assert_eq!(frame[12..14], [0x86, 0xdd]);
        let payload = usize::from(u16::from_be_bytes([frame[18], frame[19]]));
        Datagram {
            index,
            family: Family::V6,
            source: IpAddr::from(*frame[22..].first_chunk::<16>().unwrap()),
            destination: IpAddr::from(*frame[38..].first_chunk::<16>().unwrap()),
            hop_limit: Some(frame[21]),
            bytes: &frame[54..54 + payload],
        }
    }

    fn config(&self) -> &Value {
        &self.json["config"]
    }

    fn version(&self) -> Version {
        match self.config()["version"].as_u64() {
            Some(2) => Version::V2,
            Some(3) => Version::V3,
            other => panic!("version {other:?}"),
        }
    }

    fn interval(&self) -> AdvertInterval {
        let seconds = self.config()["advert_int_s"].to_string();
        let (whole, part) = seconds.split_once('.').unwrap_or((&seconds, ""));
        let centis = format!("{whole}{part:0<2}");
        AdvertInterval::new(self.version(), centis.parse().unwrap()).unwrap()
    }

    fn unicast(&self) -> bool {
        self.config().get("unicast_peer").is_some()
    }

    fn auth(&self) -> Auth {
        let key = || AuthKey::new(text(&self.config()["auth_pass"]).as_bytes());
        match self.config().get("auth").and_then(Value::as_str) {
            None | Some("none") => Auth::None,
            Some("PASS") => Auth::Pass(key()),
            Some("AH") => Auth::Ah(key()),
            Some(other) => panic!("auth {other}"),
        }
    }

    fn expectation(&self, ah_sequence: u32) -> Expectation {
        Expectation {
            version: self.version(),
            auth: self.auth(),
            ah_sequence,
            interval: self.interval(),
            hop_limit: match self.unicast() {
                true => HopLimitRule::Any,
                false => HopLimitRule::MustBe255,
            },
            unicast: self.unicast(),
            strict: false,
        }
    }

    fn sequence(&self) -> u32 {
        number(&self.json["decoded"]["ah"]["sequence"])
    }

    /// The configured virtual addresses.
    fn addresses(&self) -> Vec<IpAddr> {
        let vips = self.config()["vips"].as_array().unwrap();
        let address = |vip: &Value| text(vip).split('/').next().unwrap().parse().unwrap();
        vips.iter().map(address).collect()
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().as_chunks::<2>().0.iter();
    pairs
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn parsed<T: FromStr<Err: std::fmt::Debug>>(value: &Value) -> T {
    value.as_str().unwrap().parse().unwrap()
}

fn number<T: TryFrom<u64, Error: std::fmt::Debug>>(value: &Value) -> T {
    T::try_from(value.as_u64().unwrap_or_else(|| panic!("{value}"))).unwrap()
}

/// All that a received advert says: VRID, priority, interval, addresses, AH sequence number.
type Said = (u8, u8, WireInterval, Vec<IpAddr>, Option<u32>);

fn received(vector: &Vector, ah_sequence: u32) -> Result<Said, Reject> {
    let opened = open(&vector.datagram())?;
    let verified = verify(&opened, &vector.expectation(ah_sequence))?;
    assert_eq!(opened.vrid, verified.advert.vrid);
    let advert = verified.advert;
    let addresses = advert.addresses.iter().collect();
    Ok((
        advert.vrid,
        advert.priority,
        advert.interval,
        addresses,
        verified.ah_sequence,
    ))
}

fn mac(address: &Value) -> MacAddress {
    let address = text(address);
    let mut octets = address
        .split(':')
        .map(|octet| u8::from_str_radix(octet, 16).unwrap());
    MacAddress(std::array::from_fn(|_| octets.next().unwrap()))
}

#[test]
fn every_vector_of_the_file_is_handled_or_named_as_of_another_kind() {
    let known = [
        ADVERTS.as_slice(),
        &GRATUITOUS_ARPS,
        &NEIGHBOUR_ADVERTISEMENTS,
        &AUTH_HMAC,
        &KERNEL,
    ];
    let mut known = known.concat();
    let mut names = File::read().names("vectors");
    known.sort_unstable();
    names.sort_unstable();
    assert_eq!(known, names);
}

// 9568-7.1-05, 9568-7.1-06, 3768-5.1-01, 2338-5.3.6.3-01, 2403-2-01, 9568-5.2.8-02, -03
#[test]
fn every_captured_advert_is_understood() {
    let file = File::read();
    for name in ADVERTS {
        let vector = file.get("vectors", name);
        let decoded = &vector.json["decoded"]["vrrp"];
        let wanted_interval = match vector.version() {
            Version::V2 => WireInterval::Seconds(number(&decoded["adver_int_s"])),
            Version::V3 => {
                let centis = number(&decoded["max_adver_int_cs"]);
                WireInterval::Centis(AdvertInterval::new(Version::V3, centis).unwrap())
            }
        };
        let listed = decoded["addresses"].as_array().unwrap();
        let sequence = matches!(vector.auth(), Auth::Ah(_)).then(|| vector.sequence());
        let said = received(&vector, sequence.map_or(0, |sequence| sequence - 1));
        let wanted = (
            number(&decoded["vrid"]),
            number(&decoded["priority"]),
            wanted_interval,
            listed.iter().map(parsed).collect(),
            sequence,
        );
        assert_eq!(said, Ok(wanted), "{name}");
    }
}

// 9568-7.2-01, 9568-7.2-02, 9568-5.1.1.3-01, 9568-5.2.6-01, 2338-5.3.10-01, 2402-2.3-01
#[test]
fn every_captured_advert_is_built_byte_for_byte() {
    let file = File::read();
    for name in ADVERTS {
        let vector = file.get("vectors", name);
        let (ip, config) = (&vector.json["decoded"]["ip"], vector.config());
        let addresses = vector.addresses();
        let datagram = vector.datagram();
        let checksum = match (
            config.get("v3_checksum_as_v2").is_some(),
            config.get("old_unicast_checksum").is_some(),
        ) {
            (true, _) => ChecksumForm::MessageOnly,
            (false, true) => ChecksumForm::OldUnicast,
            (false, false) => ChecksumForm::PseudoHeader,
        };
        let built = encode(&Outgoing {
            version: vector.version(),
            vrid: number(&config["vrid"]),
            priority: number(&vector.json["decoded"]["vrrp"]["priority"]),
            interval: vector.interval(),
            addresses: &addresses,
            source: datagram.source,
            destination: datagram.destination,
            hop_limit: datagram.hop_limit.unwrap(),
            ip_id: ip.get("id").map_or(0, number),
            auth: match vector.auth() {
                Auth::None => OutgoingAuth::None,
                Auth::Pass(key) => OutgoingAuth::Pass(key),
                Auth::Ah(key) => OutgoingAuth::Ah {
                    key,
                    sequence: vector.sequence(),
                    unicast: vector.unicast(),
                },
            },
            checksum,
        });
        let total = ip.get("total_length").map(number::<usize>);
        let captured = datagram.bytes.get(..total.unwrap_or(datagram.bytes.len()));
        assert_eq!(Some(built.as_slice()), captured, "{name}");
    }
}

// 9568-6.4.1-03, 9568-6.4.2-09
#[test]
fn every_captured_gratuitous_arp_is_built_byte_for_byte() {
    let file = File::read();
    for name in GRATUITOUS_ARPS {
        let vector = file.get("vectors", name);
        let arp = &vector.json["decoded"]["arp"];
        let built = arp::gratuitous(mac(&arp["sha"]), parsed::<Ipv4Addr>(&arp["spa"]));
        assert_eq!(built, vector.frame, "{name}");
    }
}

// 9568-6.4.1-04, 9568-6.4.2-11
#[test]
fn every_captured_neighbour_advertisement_is_built_byte_for_byte() {
    let file = File::read();
    for name in NEIGHBOUR_ADVERTISEMENTS {
        let vector = file.get("vectors", name);
        let decoded = &vector.json["decoded"];
        let target = parsed::<Ipv6Addr>(&decoded["na"]["target"]);
        let router = number::<u8>(&decoded["na"]["R"]) == 1;
        let built = ndp::unsolicited(mac(&decoded["eth"]["src"]), target, router);
        assert_eq!(built, vector.frame, "{name}");
    }
}

#[test]
fn an_advert_with_an_hmac_trailer_is_too_long() {
    let file = File::read();
    for name in AUTH_HMAC {
        let said = received(&file.get("vectors", name), 0);
        assert_eq!(said, Err(Reject::Length), "{name}");
    }
}

/// What is to become of each packet of the second list. Those that pass are the engine's to judge
/// by VRID, source, destination, address list and length of the interval.
fn verdicts() -> Vec<(&'static str, Result<Said, Reject>)> {
    let passes = |vrid, priority, centis, address: [u8; 4]| {
        let interval = AdvertInterval::new(Version::V3, centis).unwrap();
        let interval = WireInterval::Centis(interval);
        Ok((vrid, priority, interval, vec![address.into()], None))
    };
    let vip = [192, 0, 2, 100];
    vec![
        ("ttl-254", Err(Reject::HopLimit(Some(254)))),
        ("checksum-bad", Err(Reject::Checksum)),
        ("version-2-in-v3-group", Err(Reject::Version(2))),
        ("version-4", Err(Reject::Version(4))),
        ("type-2", Err(Reject::Type(2))),
        ("other-vrid", passes(52, 150, 50, vip)),
        ("vrid-0", passes(0, 150, 50, vip)),
        ("count-too-large", Err(Reject::Length)),
        ("count-zero-v3", Err(Reject::CountZero)),
        ("truncated-vrrp-header", Err(Reject::Length)),
        ("truncated-address-list", Err(Reject::Length)),
        ("trailing-40-bytes", Err(Reject::Length)),
        ("reserved-bits-set", passes(51, 150, 50, vip)),
        ("max-advert-int-zero", Err(Reject::IntervalZero)),
        (
            "max-advert-int-4095-higher-prio",
            passes(51, 255, 4095, vip),
        ),
        ("own-source-address", passes(51, 150, 50, vip)),
        (
            "unicast-destination-in-multicast-group",
            passes(51, 150, 50, vip),
        ),
        ("auth-type-mismatch", Err(Reject::AuthType(0))),
        ("auth-wrong-password", Err(Reject::AuthPassword)),
        ("auth-type-7", Err(Reject::AuthType(7))),
        ("v2-advert-int-2-expected-1", Err(Reject::Interval(2))),
        ("ah-replay", Err(Reject::AhReplay)),
        ("ah-icv-flipped", Err(Reject::AhIcv)),
        ("ah-zero-icv", Err(Reject::AhIcv)),
        ("ip-total-length-beyond-frame", Err(Reject::IpHeader)),
        ("vip-list-mismatch", passes(51, 150, 50, [192, 0, 2, 200])),
        ("ah-spi-not-source", Err(Reject::AhIcv)),
        ("ip-options-ihl-15-short", Err(Reject::IpHeader)),
    ]
}

#[test]
fn every_packet_of_the_second_list_meets_its_verdict() {
    let file = File::read();
    let verdicts = verdicts();
    let names: Vec<_> = verdicts.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, file.names("negative"));
    for (name, wanted) in verdicts {
        // Sequence number 1 was seen, so that the replay is one.
        let said = received(&file.get("negative", name), 1);
        assert_eq!(said, wanted, "{name}");
    }
}

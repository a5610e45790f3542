//! How long it takes to build an advert of 20 addresses, and to open and verify it.

#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]

use divan::{Bencher, black_box};
use holdfast_ipc::config::model::{AdvertInterval, Auth, AuthKey, ChecksumForm, Family, Version};
use holdfast_vrrp::event::IfIndex;
use holdfast_vrrp::packet::{
    Datagram, Expectation, HopLimitRule, Outgoing, OutgoingAuth, encode, encode_into, open, verify,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const ADDRESSES: u8 = 20;

fn main() {
    divan::main();
}

/// One way of speaking VRRP.
#[derive(Clone, Copy, Debug)]
enum Kind {
    V2,
    V2Pass,
    V2Ah,
    V3Ipv4,
    V3Ipv6,
}

const KINDS: [Kind; 5] = [
    Kind::V2,
    Kind::V2Pass,
    Kind::V2Ah,
    Kind::V3Ipv4,
    Kind::V3Ipv6,
];

impl Kind {
    fn version(self) -> Version {
        match self {
            Self::V2 | Self::V2Pass | Self::V2Ah => Version::V2,
            Self::V3Ipv4 | Self::V3Ipv6 => Version::V3,
        }
    }

    fn auth(self) -> Auth {
        let key = AuthKey::new(b"s3cretpw");
        match self {
            Self::V2 | Self::V3Ipv4 | Self::V3Ipv6 => Auth::None,
            Self::V2Pass => Auth::Pass(key),
            Self::V2Ah => Auth::Ah(key),
        }
    }

    fn source_and_group(self) -> (IpAddr, IpAddr) {
        match self {
            Self::V2 | Self::V2Pass | Self::V2Ah | Self::V3Ipv4 => (
                Ipv4Addr::new(192, 0, 2, 1).into(),
                Ipv4Addr::new(224, 0, 0, 18).into(),
            ),
            Self::V3Ipv6 => (
                Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1).into(),
                Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12).into(),
            ),
        }
    }

    fn addresses(self) -> Vec<IpAddr> {
        let address = |last: u8| match self {
            Self::V2 | Self::V2Pass | Self::V2Ah | Self::V3Ipv4 => {
                IpAddr::from(Ipv4Addr::new(192, 0, 2, last))
            }
            Self::V3Ipv6 => IpAddr::from(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 1, last.into())),
        };
        (1..=ADDRESSES).map(address).collect()
    }

    fn outgoing(self, addresses: &[IpAddr]) -> Outgoing<'_> {
        let (source, destination) = self.source_and_group();
        Outgoing {
            version: self.version(),
            vrid: 51,
            priority: 150,
            interval: AdvertInterval::DEFAULT,
            addresses,
            source,
            destination,
            hop_limit: 255,
            ip_id: 1,
            auth: match self.auth() {
                Auth::None => OutgoingAuth::None,
                Auth::Pass(key) => OutgoingAuth::Pass(key),
                Auth::Ah(key) => OutgoingAuth::Ah {
                    key,
                    sequence: 1,
                    unicast: false,
                },
            },
            checksum: ChecksumForm::PseudoHeader,
        }
    }
}

#[divan::bench(args = KINDS)]
fn build(bencher: Bencher<'_, '_>, kind: Kind) {
    let addresses = kind.addresses();
    let outgoing = kind.outgoing(&addresses);
    let mut buffer = Vec::new();
    bencher.bench_local(|| encode_into(black_box(&outgoing), black_box(&mut buffer)));
}

#[divan::bench(args = KINDS)]
fn open_and_verify(bencher: Bencher<'_, '_>, kind: Kind) {
    let bytes = encode(&kind.outgoing(&kind.addresses()));
    let (source, destination) = kind.source_and_group();
    let datagram = Datagram {
        index: IfIndex::new(2).unwrap(),
        family: Family::of(source),
        source,
        destination,
        hop_limit: Some(255),
        bytes: &bytes,
    };
    let expected = Expectation {
        version: kind.version(),
        auth: kind.auth(),
        ah_sequence: 0,
        interval: AdvertInterval::DEFAULT,
        hop_limit: HopLimitRule::MustBe255,
        unicast: false,
        strict: true,
    };
    bencher.bench_local(|| {
        let opened = open(black_box(&datagram)).unwrap();
        verify(&opened, black_box(&expected))
            .unwrap()
            .advert
            .priority
    });
}

//! Sockets against the real kernel, in a namespace.

use super::poller::Poller;
use super::receivers::Receivers;
use super::support::namespace::{OURS, THEIRS, in_namespace, ip, wait_until};
use super::support::wire::{ETHERNET, Wire};
use super::transmit::Transmitter;
use holdfast_ipc::config::model::{AdvertInterval, ChecksumForm, Family, Version};
use holdfast_vrrp::action::{IpProtocol, SocketSpec, Transmit};
use holdfast_vrrp::event::{IfIndex, MacAddress};
use holdfast_vrrp::packet::{Outgoing, OutgoingAuth, arp, encode};
use nix::errno::Errno;
use nix::net::if_::if_nametoindex;
use std::net::{IpAddr, Ipv4Addr};

const PEER4: &str = "192.0.2.2";
const PEER6: &str = "fe80::2";
const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);

fn index(name: &str) -> IfIndex {
    IfIndex::new(if_nametoindex(name).unwrap()).unwrap()
}

fn group(family: Family) -> IpAddr {
    match family {
        Family::V4 => "224.0.0.18".parse().unwrap(),
        Family::V6 => "ff02::12".parse().unwrap(),
    }
}

fn spec(index: Option<IfIndex>, family: Family) -> SocketSpec {
    SocketSpec {
        index,
        family,
        protocol: IpProtocol::Vrrp,
        groups: vec![group(family)],
    }
}

fn advert(source: &str, destination: IpAddr) -> Vec<u8> {
    let source: IpAddr = source.parse().unwrap();
    encode(&Outgoing {
        version: Version::V3,
        vrid: 51,
        priority: 100,
        interval: AdvertInterval::DEFAULT,
        addresses: &[source],
        source,
        destination,
        hop_limit: 255,
        ip_id: 1,
        auth: OutgoingAuth::None,
        checksum: ChecksumForm::PseudoHeader,
    })
}

/// The advert of a peer as it comes by the cable.
fn frame(source: &str, destination: IpAddr) -> Vec<u8> {
    let payload = advert(source, destination);
    let mac = match destination {
        IpAddr::V4(_) => [1, 0, 0x5e, 0, 0, 0x12],
        IpAddr::V6(_) => [0x33, 0x33, 0, 0, 0, 0x12],
    };
    let mut frame = [mac, [2, 0, 0, 0, 0, 2]].concat();
    match (source.parse().unwrap(), destination) {
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
            frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
            frame.extend([112, 255]);
            frame.extend(from.octets());
            frame.extend(to.octets());
        }
        _ => frame.extend([0x08, 0]),
    }
    frame.extend(payload);
    frame
}

fn open(specs: Vec<SocketSpec>) -> Receivers {
    let poller = Poller::new().unwrap();
    let mut receivers = Receivers::new();
    receivers.want(specs, &poller).unwrap();
    let refused = receivers.open_missing(&poller).unwrap();
    assert!(refused.is_empty(), "{refused:?}");
    receivers
}

/// Source, destination, interface and hop limit of what a socket has.
type Heard = Vec<(String, IpAddr, IfIndex, Option<u8>, Vec<u8>)>;

/// Waits until something has come, since a cable delivers when the machine has time for it.
fn heard(receivers: &mut Receivers, token: u64) -> Heard {
    let mut all = Vec::new();
    wait_until("a packet has come", || {
        all.extend(heard_already(receivers, token));
        !all.is_empty()
    });
    all
}

fn heard_already(receivers: &mut Receivers, token: u64) -> Heard {
    let mut all = Vec::new();
    while let Some(received) = receivers.receive(token).unwrap() {
        all.extend(received.map(|datagram| {
            (
                datagram.source.to_string(),
                datagram.destination,
                datagram.index,
                datagram.hop_limit,
                datagram.bytes.to_vec(),
            )
        }));
    }
    all
}

#[test]
fn an_advert_comes_with_its_envelope() {
    in_namespace(|| {
        for (family, peer) in [(Family::V4, PEER4), (Family::V6, PEER6)] {
            let mut receivers = open(vec![spec(Some(index(OURS)), family)]);
            Wire::open().send(&frame(peer, group(family)));
            let wanted = (
                peer.to_owned(),
                group(family),
                index(OURS),
                Some(255),
                advert(peer, group(family)),
            );
            assert_eq!(heard(&mut receivers, 0), [wanted]);
        }
    });
}

#[test]
fn a_socket_hears_its_interface_only() {
    in_namespace(|| {
        for (family, peer) in [(Family::V4, PEER4), (Family::V6, PEER6)] {
            let mut other = open(vec![spec(Some(index(OURS)), family)]);
            let mut receivers = open(vec![spec(Some(index(THEIRS)), family)]);
            Wire::open().send(&frame(peer, group(family)));
            assert_eq!(heard(&mut other, 0).len(), 1);
            assert_eq!(heard_already(&mut receivers, 0), []);
        }
    });
}

#[test]
fn a_socket_hears_its_groups_only() {
    in_namespace(|| {
        for (family, peer) in [(Family::V4, PEER4), (Family::V6, PEER6)] {
            // Another program of this machine is in the group.
            let mut other = open(vec![spec(Some(index(OURS)), family)]);
            let ours = SocketSpec {
                groups: Vec::new(),
                ..spec(Some(index(OURS)), family)
            };
            let mut receivers = open(vec![ours]);
            Wire::open().send(&frame(peer, group(family)));
            assert_eq!(heard(&mut other, 0).len(), 1);
            assert_eq!(heard_already(&mut receivers, 0), []);
        }
    });
}

#[test]
fn a_group_that_is_taken_away_is_left() {
    in_namespace(|| {
        let poller = Poller::new().unwrap();
        let mut receivers = Receivers::new();
        let joined = spec(Some(index(OURS)), Family::V4);
        let left = SocketSpec {
            groups: Vec::new(),
            ..joined.clone()
        };
        for wanted in [joined, left] {
            receivers.want(vec![wanted], &poller).unwrap();
            assert!(receivers.open_missing(&poller).unwrap().is_empty());
        }
        let mut other = open(vec![spec(Some(index(OURS)), Family::V4)]);
        Wire::open().send(&frame(PEER4, group(Family::V4)));
        assert_eq!(heard(&mut other, 0).len(), 1);
        assert_eq!(heard_already(&mut receivers, 0), []);
    });
}

#[test]
fn a_socket_without_interface_leaves_to_others_what_is_theirs() {
    in_namespace(|| {
        let unbound = SocketSpec {
            groups: Vec::new(),
            ..spec(None, Family::V4)
        };
        let to_us: IpAddr = "192.0.2.1".parse().unwrap();
        let mut unicast = frame(PEER4, to_us);
        unicast.splice(..6, MAC.0);
        let mut alone = open(vec![unbound.clone()]);
        let mut both = open(vec![unbound, spec(Some(index(OURS)), Family::V4)]);
        Wire::open().send(&unicast);
        assert_eq!(heard(&mut alone, 0).len(), 1);
        assert_eq!(heard(&mut both, 1).len(), 1);
        assert_eq!(heard_already(&mut both, 0), []);
    });
}

#[test]
fn a_socket_of_a_missing_interface_is_refused_and_tried_again() {
    in_namespace(|| {
        let poller = Poller::new().unwrap();
        let mut receivers = Receivers::new();
        let missing = spec(IfIndex::new(4711), Family::V4);
        receivers.want(vec![missing], &poller).unwrap();
        assert_eq!(receivers.open_missing(&poller).unwrap().len(), 1);
        ip("link add hf9 index 4711 type veth peer name hf8");
        assert_eq!(receivers.open_missing(&poller).unwrap().len(), 0);
    });
}

#[test]
fn an_advert_goes_out_as_it_is_and_does_not_come_back() {
    in_namespace(|| {
        let transmitter = Transmitter::open().unwrap();
        let wire = Wire::open();
        for (family, source) in [(Family::V4, "192.0.2.1"), (Family::V6, "fe80::1")] {
            let mut receivers = open(vec![spec(Some(index(OURS)), family)]);
            let bytes = advert(source, group(family));
            let transmit = Transmit {
                index: Some(index(OURS)),
                source: source.parse().unwrap(),
                destination: group(family),
                hop_limit: 255,
                bytes: bytes.clone(),
            };
            assert_eq!(transmitter.send(&transmit), Ok(()));
            let sent = wire.wait_for("advert", |frame| frame.priority() == Some(100));
            let mut wanted = frame(source, group(family));
            wanted.splice(6..12, MAC.0);
            if family == Family::V6 {
                // Class 6; the flow label is the kernel's choice.
                assert_eq!(
                    sent.bytes[ETHERNET] << 4 | sent.bytes[ETHERNET + 1] >> 4,
                    0xc0
                );
                wanted.splice(
                    ETHERNET..ETHERNET + 4,
                    sent.bytes[ETHERNET..ETHERNET + 4].to_vec(),
                );
            }
            assert_eq!(sent.bytes, wanted);
            // Only what comes by the cable behind it is heard.
            let peer = if family == Family::V4 { PEER4 } else { PEER6 };
            wire.send(&frame(peer, group(family)));
            let sources: Vec<_> = heard(&mut receivers, 0)
                .into_iter()
                .map(|one| one.0)
                .collect();
            assert_eq!(sources, [peer]);
        }
    });
}

#[test]
fn a_frame_goes_out_as_it_is() {
    in_namespace(|| {
        let mut transmitter = Transmitter::open().unwrap();
        let wire = Wire::open();
        let bytes = arp::gratuitous(MAC, Ipv4Addr::new(192, 0, 2, 100));
        assert_eq!(transmitter.send_frame(index(OURS), &bytes), Ok(()));
        let sent = wire.wait_for("ARP", |frame| frame.is_garp([192, 0, 2, 100]));
        assert_eq!(sent.bytes, bytes);
    });
}

#[test]
fn sending_by_an_interface_that_is_gone_or_down_fails() {
    in_namespace(|| {
        let mut transmitter = Transmitter::open().unwrap();
        let bytes = arp::gratuitous(MAC, Ipv4Addr::new(192, 0, 2, 100));
        let ours = index(OURS);
        ip("link set hf0 down");
        assert_eq!(transmitter.send_frame(ours, &bytes), Err(Errno::ENETDOWN));
        ip("link del hf0");
        assert_eq!(transmitter.send_frame(ours, &bytes), Err(Errno::ENXIO));
        transmitter.forget(ours);
        assert_eq!(transmitter.send_frame(ours, &bytes), Err(Errno::ENODEV));
        let transmit = Transmit {
            index: Some(ours),
            source: "192.0.2.1".parse().unwrap(),
            destination: group(Family::V4),
            hop_limit: 255,
            bytes: advert("192.0.2.1", group(Family::V4)),
        };
        assert_eq!(transmitter.send(&transmit), Err(Errno::ENODEV));
    });
}

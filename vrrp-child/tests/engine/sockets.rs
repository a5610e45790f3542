//! Which sockets are asked for, and what leaves by them.

use crate::sim::bench::{Actions, Bench, Heard, fresh, heard};
use crate::sim::build::{ETH0, ETH1, config, ip, kernel, link, present, router, vip};
use holdfast_ipc::config::VrrpConfig;
use holdfast_ipc::config::model::{
    Auth, AuthKey, Family, Peer, Transport, Version, VirtualRouter, Vrid,
};
use holdfast_vrrp::action::{IpProtocol, SocketSpec};
use holdfast_vrrp::event::{Event, KernelState};

pub(crate) fn router6(priority: u8) -> VirtualRouter {
    let mut router = router(priority);
    router.family = Family::V6;
    router.transport = Transport::Multicast {
        group: ip("ff02::12"),
        source: None,
    };
    router.addresses = vec![vip("fe80::80")];
    router
}

pub(crate) fn heard6(priority: u8, from: &str) -> Heard<'static> {
    const VIPS: &[std::net::IpAddr] = &[std::net::IpAddr::V6(std::net::Ipv6Addr::new(
        0xfe80, 0, 0, 0, 0, 0, 0, 0x80,
    ))];
    Heard {
        addresses: VIPS,
        source: ip(from),
        destination: ip("ff02::12"),
        ..heard(priority, "192.0.2.2")
    }
}

/// From 192.0.2.1 to 192.0.2.2, which is checked.
pub(crate) fn unicast(priority: u8) -> VirtualRouter {
    let mut router = router(priority);
    router.transport = Transport::Unicast {
        source: Some(ip("192.0.2.1")),
        peers: vec![Peer {
            address: ip("192.0.2.2"),
            min_ttl: None,
            max_ttl: None,
        }],
        ttl: None,
        check_source: true,
    };
    router
}

pub(crate) fn unicast_heard(priority: u8) -> Heard<'static> {
    Heard {
        destination: ip("192.0.2.1"),
        ..heard(priority, "192.0.2.2")
    }
}

fn spec(index: Option<holdfast_vrrp::event::IfIndex>, groups: &[&str]) -> SocketSpec {
    SocketSpec {
        index,
        family: Family::V4,
        protocol: IpProtocol::Vrrp,
        groups: groups.iter().map(|group| ip(group)).collect(),
    }
}

fn two_links() -> KernelState {
    let mut kernel = kernel(1);
    kernel.links.push(link(ETH1, "eth1"));
    kernel.addresses.push(present(ETH1, ip("198.51.100.1"), 24));
    kernel
}

fn named(name: &str, vrid: u8, mut router: VirtualRouter) -> VirtualRouter {
    router.name = name.try_into().unwrap();
    router.vrid = Vrid::try_from(vrid).unwrap();
    router
}

fn sockets_of(routers: Vec<VirtualRouter>, kernel: KernelState) -> Vec<SocketSpec> {
    let config = VrrpConfig {
        routers,
        log_unknown_vrids: false,
        log_detail: false,
        ..VrrpConfig::default()
    };
    let mut bench = Bench::with(fresh(config), kernel);
    let actions = bench.take();
    actions.sockets()[0].to_vec()
}

#[test]
fn instances_of_one_interface_share_a_socket_with_all_their_groups() {
    let mut other_group = router(100);
    other_group.transport = Transport::Multicast {
        group: ip("224.0.0.240"),
        source: None,
    };
    let mut on_eth1 = router(100);
    on_eth1.interface = Some("eth1".try_into().unwrap());
    let routers = vec![
        named("A", 1, router(100)),
        named("B", 2, other_group),
        named("C", 3, unicast(100)),
        named("D", 4, on_eth1),
    ];
    assert_eq!(
        sockets_of(routers, two_links()),
        [
            spec(Some(ETH0), &["224.0.0.18", "224.0.0.240"]),
            spec(Some(ETH1), &["224.0.0.18"]),
        ]
    );
}

#[test]
fn unicast_without_interface_has_a_socket_of_no_interface_and_no_group() {
    let mut router = unicast(100);
    router.interface = None;
    assert_eq!(sockets_of(vec![router], kernel(1)), [spec(None, &[])]);
}

#[test]
fn an_instance_with_ah_hears_plain_adverts_as_well_so_that_it_can_complain() {
    let mut router = router(100);
    router.version = Version::V2;
    router.auth = Auth::Ah(AuthKey::new(b"secret"));
    let protocols: Vec<IpProtocol> = sockets_of(vec![router], kernel(1))
        .into_iter()
        .map(|socket| socket.protocol)
        .collect();
    assert_eq!(protocols, [IpProtocol::Vrrp, IpProtocol::Ah]);
}

#[test]
fn an_interface_that_is_recreated_gets_a_new_socket_before_anything_is_sent_by_it() {
    let mut bench = Bench::new(router(255));
    bench.event(Event::LinkGone(ETH0));
    assert_eq!(bench.take().sockets().last(), Some(&[].as_slice()));
    bench.event(Event::LinkPresent(link(ETH1, "eth0")));
    bench.event(Event::AddressPresent(present(ETH1, ip("192.0.2.1"), 24)));
    bench.pass_millis(1_010);
    let actions = bench.take();
    assert_eq!(actions.sockets(), [[spec(Some(ETH1), &["224.0.0.18"])]]);
    assert_eq!(actions.sends()[0].index, Some(ETH1));
}

#[test]
fn multicast_adverts_have_hop_limit_255_in_both_families_9568_5_1_1_3_01() {
    for (router, destination) in [(router(255), "224.0.0.18"), (router6(255), "ff02::12")] {
        let actions = Bench::new(router).take();
        let packet = actions.sends()[0];
        assert_eq!(packet.hop_limit, 255);
        assert_eq!(packet.destination, ip(destination));
        assert_eq!(packet.index, Some(ETH0));
    }
}

#[test]
fn an_ipv6_router_sends_from_its_link_local_address_9568_5_1_2_1_01() {
    let mut kernel = kernel(1);
    kernel
        .addresses
        .insert(0, present(ETH0, ip("2001:db8::1"), 64));
    let mut bench = Bench::with(fresh(config(router6(255))), kernel);
    assert_eq!(bench.take().sends()[0].source, ip("fe80::1"));
}

#[test]
fn each_unicast_peer_gets_a_copy_with_the_ttl_of_its_family_or_the_configured_one() {
    let six = || {
        let mut router = router6(255);
        router.transport = Transport::Unicast {
            source: None,
            peers: vec![Peer {
                address: ip("fe80::2"),
                min_ttl: None,
                max_ttl: None,
            }],
            ttl: None,
            check_source: true,
        };
        router
    };
    let with_ttl = |mut router: VirtualRouter| {
        if let Transport::Unicast { ttl, .. } = &mut router.transport {
            *ttl = Some(5);
        }
        router
    };
    for (router, hop_limit) in [
        (unicast(255), 255),
        (six(), 64),
        (with_ttl(unicast(255)), 5),
        (with_ttl(six()), 5),
    ] {
        let actions = Bench::new(router).take();
        assert_eq!(actions.sends()[0].hop_limit, hop_limit);
    }
}

#[test]
fn one_sequence_number_serves_a_round_of_unicast_adverts() {
    let mut router = unicast(150);
    router.version = Version::V2;
    router.auth = Auth::Ah(AuthKey::new(b"secret"));
    if let Transport::Unicast { peers, .. } = &mut router.transport {
        let third = Peer {
            address: ip("192.0.2.3"),
            ..peers[0]
        };
        peers.push(third);
    }
    let mut bench = Bench::backup(router);
    bench.pass_millis(3_500);
    let actions = bench.take();
    let numbers: Vec<&[u8]> = actions.sends().iter().map(|p| &p.bytes[28..32]).collect();
    assert_eq!(numbers, [[0, 0, 0, 1], [0, 0, 0, 1]]);
    let to: Vec<_> = actions.sends().iter().map(|p| p.destination).collect();
    assert_eq!(to, [ip("192.0.2.2"), ip("192.0.2.3")]);
}

#[test]
fn addresses_beyond_the_packet_are_held_but_not_advertised_9568_5_2_5_02() {
    let mut router = router(255);
    router.addresses = (0..4_u8)
        .flat_map(|a| (0..100_u8).map(move |b| vip(&format!("198.51.{}.{b}", 100 + a))))
        .collect();
    let mut bench = Bench::new(router.clone());
    let actions = bench.take();
    assert_eq!(actions.sends()[0].bytes[23], 255);
    assert_eq!(actions.changes().len(), 400);
    assert_eq!(actions.logged("the last 145 are not advertised"), 1);
    let mut kernel = kernel(1);
    kernel.links[0].mtu = 576;
    let actions = Bench::with(fresh(config(router)), kernel).take();
    assert_eq!(actions.sends()[0].bytes.len(), 576);
}

//! Interfaces and source addresses that come and go.

use super::sockets::{router6, unicast};
use crate::sim::bench::{Actions, Bench, fresh, heard};
use crate::sim::build::{ETH0, ETH1, config, ip, kernel, link, present, router};
use holdfast_ipc::config::model::{Family, Transport, VirtualRouter};
use holdfast_ipc::state::{Cause, VrrpState};
use holdfast_vrrp::action::{Action, AddressChange};
use holdfast_vrrp::event::{Event, KernelState, Link, PresentAddress};

fn down(running: bool, up: bool) -> Event<'static> {
    Event::LinkPresent(Link {
        up,
        running,
        ..link(ETH0, "eth0")
    })
}

fn up() -> Event<'static> {
    Event::LinkPresent(link(ETH0, "eth0"))
}

fn gone(address: &str, prefix: u8) -> Event<'static> {
    Event::AddressGone {
        index: ETH0,
        address: ip(address),
        prefix,
    }
}

#[test]
fn a_lost_carrier_is_a_fault_and_its_end_a_full_wait_as_backup() {
    let mut bench = Bench::master(router(150));
    bench.event(down(false, true));
    let actions = bench.take();
    assert_eq!(actions.priorities(), [0]);
    assert_eq!(
        actions.logs(),
        [
            "(VI_1) entering FAULT state (interface eth0 down)",
            "(VI_1) Entering FAULT STATE",
        ]
    );
    bench.event(up());
    let actions = bench.take();
    assert_eq!(actions.reports()[0].cause, Cause::FaultCleared);
    assert_eq!(actions.reports()[0].to, VrrpState::Backup);
    bench.pass_millis(3_414);
    assert_eq!(bench.state(), VrrpState::Backup);
    bench.pass_millis(1);
    assert_eq!(bench.state(), VrrpState::Master);
}

#[test]
fn nothing_is_sent_by_an_interface_that_is_switched_off() {
    let mut bench = Bench::master(router(150));
    bench.event(down(false, false));
    assert_eq!(bench.take().sends().len(), 0);
    assert_eq!(bench.state(), VrrpState::Fault);
}

#[test]
fn a_flapping_carrier_makes_no_storm_of_releases() {
    let mut bench = Bench::master(router(150));
    for _ in 0..10 {
        bench.event(down(false, true));
        bench.pass_millis(300);
        bench.event(up());
        bench.pass_millis(300);
    }
    assert_eq!(bench.take().priorities(), [0]);
}

#[test]
fn adverts_in_fault_change_nothing() {
    let mut bench = Bench::master(router(150));
    bench.event(down(false, true));
    bench.take();
    bench.hear(heard(200, "192.0.2.2"));
    bench.hear(heard(0, "192.0.2.2"));
    assert_eq!(bench.take(), []);
    assert_eq!(bench.engine.next_deadline(), None);
}

#[test]
fn dont_track_primary_stays_master_without_carrier() {
    let mut router = router(150);
    router.dont_track_primary = true;
    let mut bench = Bench::master(router);
    bench.event(down(false, true));
    assert_eq!(bench.state(), VrrpState::Master);
    bench.take();
    bench.event(up());
    // Switches forgot the port (9568-8.1.2-05).
    assert_eq!(bench.take().frames().len(), 5);
}

#[test]
fn an_interface_that_is_not_there_at_the_start_is_named_and_waited_for() {
    let mut bench = Bench::with(fresh(config(router(150))), KernelState::default());
    let actions = bench.take();
    assert_eq!(
        actions.logs(),
        [
            "(VI_1) entering FAULT state (interface eth0 does not exist, waiting for it)",
            "(VI_1) Entering FAULT STATE (init)",
        ]
    );
    bench.event(Event::LinkPresent(link(ETH0, "eth0")));
    assert_eq!(
        bench
            .take()
            .logged("still in FAULT state (no IPv4 address for interface eth0)"),
        1
    );
    bench.event(Event::AddressPresent(present(ETH0, ip("192.0.2.1"), 24)));
    assert_eq!(bench.state(), VrrpState::Backup);
}

#[test]
fn a_renamed_interface_is_left_with_priority_0_and_without_its_address() {
    let mut bench = Bench::master(router(150));
    bench.event(Event::LinkPresent(link(ETH0, "lan0")));
    let actions = bench.take();
    assert_eq!(actions.priorities(), [0]);
    assert!(matches!(
        actions.changes()[..],
        [AddressChange::Remove { index: ETH0, .. }]
    ));
    assert_eq!(bench.state(), VrrpState::Fault);
    bench.event(Event::LinkPresent(link(ETH0, "eth0")));
    assert_eq!(bench.state(), VrrpState::Backup);
}

#[test]
fn an_interface_that_was_replaced_without_a_word_is_left_and_entered_again() {
    let mut bench = Bench::master(router(150));
    let mut kernel = kernel(1);
    kernel.links = vec![link(ETH1, "eth0")];
    for address in &mut kernel.addresses {
        address.index = ETH1;
    }
    bench.event(Event::Resync(kernel));
    let states: Vec<_> = bench.take().reports().iter().map(|r| r.to).collect();
    assert_eq!(states, [VrrpState::Fault, VrrpState::Backup]);
    bench.pass_millis(3_500);
    let actions = bench.take();
    assert!(matches!(
        actions.changes()[..],
        [AddressChange::Add { index: ETH1, .. }]
    ));
}

#[test]
fn the_last_source_address_gone_is_a_fault_9568_5_1_1_1_01() {
    let mut bench = Bench::master(router(150));
    bench.event(gone("192.0.2.1", 24));
    let actions = bench.take();
    assert_eq!(actions.priorities(), [0]);
    assert_eq!(
        actions.reports()[0].cause,
        Cause::NoSourceAddress {
            interface: "eth0".try_into().unwrap(),
            family: Family::V4
        }
    );
    bench.event(Event::AddressPresent(present(ETH0, ip("192.0.2.1"), 24)));
    assert_eq!(bench.state(), VrrpState::Backup);
}

#[test]
fn a_better_address_that_appears_does_not_replace_a_good_one() {
    let mut bench = Bench::master(router(150));
    bench.event(Event::AddressPresent(present(ETH0, ip("192.0.2.0"), 24)));
    bench.event(Event::AddressPresent(present(ETH0, ip("198.51.100.9"), 24)));
    bench.pass_millis(1_000);
    assert_eq!(bench.take().sends()[0].source, ip("192.0.2.1"));
}

#[test]
fn another_address_takes_the_place_of_one_that_is_gone() {
    let mut bench = Bench::master(router(150));
    bench.event(Event::AddressPresent(present(ETH0, ip("198.51.100.9"), 24)));
    bench.event(gone("192.0.2.1", 24));
    assert_eq!(bench.state(), VrrpState::Master);
    bench.pass_millis(1_000);
    assert_eq!(bench.take().sends()[0].source, ip("198.51.100.9"));
}

#[test]
fn an_ipv6_router_waits_until_its_link_local_address_is_no_longer_tentative() {
    let mut kernel = kernel(1);
    kernel.addresses[1].tentative = true;
    let settled = PresentAddress {
        tentative: false,
        ..kernel.addresses[1].clone()
    };
    let mut bench = Bench::with(fresh(config(router6(150))), kernel);
    assert_eq!(bench.state(), VrrpState::Fault);
    bench.event(Event::AddressPresent(settled));
    assert_eq!(bench.state(), VrrpState::Backup);
}

fn with_source(mut router: VirtualRouter, text: &str, track: bool) -> VirtualRouter {
    router.track_src_ip = track;
    match &mut router.transport {
        Transport::Multicast { source, .. } | Transport::Unicast { source, .. } => {
            *source = Some(ip(text));
        }
    }
    router
}

#[test]
fn a_configured_source_that_is_absent_is_waited_for() {
    for router in [
        with_source(unicast(150), "192.0.2.9", false),
        with_source(router(150), "192.0.2.9", true),
    ] {
        let mut bench = Bench::new(router);
        assert_eq!(
            bench.take().reports()[0].cause,
            Cause::SourceAddressMissing {
                address: ip("192.0.2.9")
            }
        );
        bench.event(Event::AddressPresent(present(ETH0, ip("192.0.2.9"), 24)));
        assert_eq!(bench.state(), VrrpState::Backup);
        bench.event(gone("192.0.2.9", 24));
        assert_eq!(bench.state(), VrrpState::Fault);
    }
}

#[test]
fn mcast_src_ip_may_be_absent_for_ipv4_as_in_keepalived() {
    let mut bench = Bench::new(with_source(router(255), "192.0.2.77", false));
    assert_eq!(bench.take().sends()[0].source, ip("192.0.2.77"));
}

#[test]
fn unicast_without_interface_follows_its_source_address() {
    let mut router = unicast(255);
    router.interface = None;
    let mut bench = Bench::new(router);
    let actions = bench.take();
    assert_eq!(actions.sends()[0].index, None);
    assert!(matches!(
        actions.changes()[..],
        [AddressChange::Add { index: ETH0, .. }]
    ));
    bench.event(Event::AddressGone {
        index: ETH0,
        address: ip("192.0.2.1"),
        prefix: 24,
    });
    assert_eq!(bench.state(), VrrpState::Fault);
}

#[test]
fn unicast_to_a_global_ipv6_peer_comes_from_a_global_address() {
    let mut router = router6(255);
    router.transport = Transport::Unicast {
        source: None,
        peers: vec![holdfast_ipc::config::model::Peer {
            address: ip("2001:db8::2"),
            min_ttl: None,
            max_ttl: None,
        }],
        ttl: None,
        check_source: true,
    };
    let mut kernel = kernel(1);
    kernel.addresses.push(present(ETH0, ip("2001:db8::1"), 64));
    let mut bench = Bench::with(fresh(config(router)), kernel);
    assert_eq!(bench.take().sends()[0].source, ip("2001:db8::1"));
}

#[test]
fn a_smaller_mtu_makes_room_for_fewer_addresses() {
    let mut router = router(150);
    router.addresses = (0..200_u8)
        .map(|n| crate::sim::build::vip(&format!("198.51.100.{n}")))
        .collect();
    let mut bench = Bench::master(router);
    bench.event(Event::LinkPresent(Link {
        mtu: 576,
        ..link(ETH0, "eth0")
    }));
    assert_eq!(bench.take().logged("holds 137 addresses"), 1);
    bench.pass_millis(1_000);
    assert_eq!(bench.take().sends()[0].bytes[23], 137);
}

#[test]
fn a_resync_that_finds_everything_as_it_was_does_nothing() {
    let mut bench = Bench::master(router(150));
    let mut kernel = kernel(1);
    kernel.addresses.push(present(ETH0, ip("192.0.2.80"), 32));
    bench.event(Event::Resync(kernel));
    assert_eq!(bench.take(), [] as [Action; 0]);
}

#[test]
fn a_packet_that_cannot_leave_is_logged_and_not_each_one() {
    let mut bench = Bench::master(router(150));
    for _ in 0..100 {
        bench.event(Event::SendFailed {
            index: Some(ETH0),
            reason: "No buffer space available".to_owned(),
        });
    }
    assert_eq!(
        bench.take().logs(),
        ["cannot send on eth0: No buffer space available; peers that hear nothing will take over"]
    );
    assert_eq!(bench.state(), VrrpState::Master);
}

#[test]
fn dont_track_primary_keeps_the_source_that_went_with_the_link() {
    let mut router = router6(150);
    router.dont_track_primary = true;
    let mut bench = Bench::master(router);
    bench.event(down(false, true));
    bench.event(gone("fe80::1", 64));
    assert_eq!(bench.state(), VrrpState::Master);
    bench.pass_millis(1_000);
    assert_eq!(bench.take().sends()[0].source, ip("fe80::1"));
}

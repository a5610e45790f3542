//! Gratuitous ARP and unsolicited neighbour advertisements.

use super::sockets::router6;
use crate::sim::bench::{Actions, Bench, fresh, heard};
use crate::sim::build::{ETH0, VIP, config, ip, kernel, present, router, vip};
use holdfast_ipc::config::model::Micros;
use holdfast_vrrp::action::Action;
use holdfast_vrrp::event::{Event, MacAddress, PresentAddress};
use holdfast_vrrp::packet::{arp, ndp};
use std::net::IpAddr;

const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);

fn frame(address: &str, router: bool) -> Vec<u8> {
    match ip(address) {
        IpAddr::V4(v4) => arp::gratuitous(MAC, v4),
        IpAddr::V6(v6) => ndp::unsolicited(MAC, v6, router),
    }
}

#[test]
fn five_go_out_at_once_and_five_more_after_five_seconds_9568_6_4_2_09() {
    let mut bench = Bench::backup(router(100));
    bench.pass_millis(3_610);
    assert_eq!(bench.take().frames(), vec![frame(VIP, false); 5]);
    bench.pass_millis(4_990);
    assert_eq!(bench.take().frames().len(), 0);
    bench.pass_millis(20);
    assert_eq!(bench.take().frames(), vec![frame(VIP, false); 5]);
    bench.pass_millis(100_000);
    assert_eq!(bench.take().frames().len(), 0);
}

#[test]
fn they_wait_until_the_address_is_on_the_interface_9568_8_1_2_06() {
    let mut bench = Bench::backup(router(100));
    bench.pass_millis(3_610);
    let actions = bench.take();
    let added = actions
        .iter()
        .position(|action| matches!(action, Action::Addresses(_)));
    let told = actions
        .iter()
        .position(|action| matches!(action, Action::Frame { .. }));
    assert!(added < told && added.is_some());
}

#[test]
fn excluded_addresses_are_told_of_as_well_each_round_over_all() {
    let mut router = router(255);
    router.garp.master_repeat = 2;
    router.excluded = vec![vip("2001:db8::80")];
    let frames = [
        frame(VIP, false),
        frame("2001:db8::80", false),
        frame(VIP, false),
        frame("2001:db8::80", false),
    ];
    assert_eq!(Bench::new(router).take().frames(), frames);
}

/// Adverts that become due meanwhile go in between; the rest follows at once.
#[test]
fn of_many_128_go_out_at_once_and_none_is_lost() {
    let mut router = router(255);
    router.excluded = (1..=40)
        .map(|last| vip(&format!("203.0.113.{last}")))
        .collect();
    let mut bench = Bench::new(router);
    assert_eq!(bench.take().frames().len(), 128);
    bench.pass_millis(1);
    assert_eq!(bench.take().frames().len(), 41 * 5 - 128);
    bench.pass_millis(4_900);
    assert_eq!(bench.take().frames().len(), 0);
}

#[test]
fn the_router_flag_follows_forwarding_9568_6_4_1_04() {
    let mut kernel = kernel(1);
    kernel.forwarding6 = vec![ETH0];
    let actions = Bench::with(fresh(config(router6(255))), kernel).take();
    assert_eq!(actions.frames()[0], frame("fe80::80", true));
}

#[test]
fn nothing_is_sent_on_interfaces_without_arp_mac_or_other_hosts() {
    for change in [0, 1, 2] {
        let mut kernel = kernel(1);
        let link = &mut kernel.links[0];
        match change {
            0 => link.arp = false,
            1 => link.mac = None,
            _ => link.loopback = true,
        }
        let actions = Bench::with(fresh(config(router(255))), kernel).take();
        assert_eq!(actions.frames().len(), 0, "{change}");
        assert_eq!(actions.reports().len(), 1);
    }
}

#[test]
fn refreshes_come_at_their_interval() {
    let mut router = router(255);
    router.garp.master_delay = Micros::ZERO;
    router.garp.master_refresh = Micros::from_secs(10);
    router.garp.master_refresh_repeat = 2;
    let mut bench = Bench::new(router);
    assert_eq!(bench.take().frames().len(), 5);
    bench.pass_millis(60_500);
    assert_eq!(bench.take().frames().len(), 12);
}

#[test]
fn the_interval_between_two_of_them_is_kept() {
    let mut router = router(255);
    router.garp.master_repeat = 3;
    router.garp.master_delay = Micros::ZERO;
    router.garp.interval = Micros::from_millis(100);
    router.addresses.push(vip("192.0.2.81"));
    let mut bench = Bench::new(router);
    let mut times = Vec::new();
    for tenth in 0..20 {
        for _ in bench.take().frames() {
            times.push(tenth);
        }
        bench.pass_millis(100);
    }
    assert_eq!(times, [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_lower_advert_brings_a_burst_and_a_second_one_after_the_delay() {
    let mut router = router(150);
    router.garp.lower_prio_repeat = 2;
    router.garp.lower_prio_delay = Micros::from_secs(3);
    let mut bench = Bench::master(router);
    bench.pass_millis(10_000);
    bench.take();
    bench.hear(heard(100, "192.0.2.2"));
    assert_eq!(bench.take().frames().len(), 2);
    bench.pass_millis(3_000);
    assert_eq!(bench.take().frames().len(), 2);
}

#[test]
fn pending_bursts_end_with_the_role() {
    let mut bench = Bench::master(router(100));
    bench.hear(heard(200, "192.0.2.2"));
    bench.take();
    for _ in 0..10 {
        bench.hear(heard(200, "192.0.2.2"));
        bench.pass_millis(1_000);
    }
    assert_eq!(bench.take().frames().len(), 0);
}

#[test]
fn an_address_with_duplicate_detection_is_told_of_when_that_is_over_9568_8_2_2_07() {
    let mut router = router6(255);
    router.garp.master_delay = Micros::ZERO;
    router.addresses[0].nodad = false;
    let mut bench = Bench::new(router);
    assert_eq!(bench.take().frames().len(), 0);
    let tentative = PresentAddress {
        tentative: true,
        ..present(ETH0, ip("fe80::80"), 128)
    };
    bench.event(Event::AddressPresent(tentative.clone()));
    assert_eq!(bench.take().frames().len(), 0);
    bench.event(Event::AddressPresent(PresentAddress {
        tentative: false,
        ..tentative
    }));
    assert_eq!(bench.take().frames().len(), 5);
}

#[test]
fn with_detail_each_one_is_in_the_log_in_keepaliveds_words() {
    let mut detailed = config(router(255));
    detailed.log_detail = true;
    let actions = Bench::with(fresh(detailed), kernel(1)).take();
    assert_eq!(
        actions.logged("Sending gratuitous ARP on eth0 for 192.0.2.80"),
        5
    );
    assert_eq!(actions.logged("(VI_1) setting VIPs."), 1);
    let quiet = Bench::new(router(255)).take();
    assert_eq!(quiet.logged("gratuitous"), 0);
}

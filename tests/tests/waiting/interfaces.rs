//! Interfaces and addresses change under the daemon.

use holdfast_tests::expect::{
    HIGH, INTERVAL, LOW, SLACK, VIP, VRID, adverts_on_time, at_most, both, listening,
    master_and_backup, undisturbed, vi,
};
use holdfast_tests::lab::LONG;
use holdfast_tests::pairs::BOTH;
use holdfast_tests::timeline::Span;
use holdfast_tests::{Config, Kind, Lab, Vi, pairs, rfc};
use std::net::IpAddr;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn return_bound() -> Duration {
    rfc::master_down(3, INTERVAL, HIGH) + SECOND
}

pairs! {
    fn a_deleted_interface_is_used_again_when_it_is_made_anew(pair) {
        let lab = Lab::pair();
        let _pair = master_and_backup(&lab, pair, &vi(), VIP);
        lab.delete_interface(0);
        lab.wait_for_holder(1, VIP, LONG);
        let made = lab.recreate_interface(0);
        let back = lab.wait_for_holder(0, VIP, LONG);
        at_most("the way back", back - made, return_bound());
        lab.timeline().wait("the address to be announced", LONG, |view| {
            view.since(made).announcements(0, VIP).next()
        });
        lab.wait_for_adverts(0, VRID, 5);
        assert_eq!(lab.look(|view| view.holders(VIP)), [0]);
    }

    fn a_lost_primary_address_is_a_fault_until_it_is_back(pair) {
        let lab = Lab::pair();
        let _pair = master_and_backup(&lab, pair, &vi(), VIP);
        let lost = lab.delete_address(0, "192.0.2.1/24");
        let taken = lab.wait_for_holder(1, VIP, LONG);
        at_most("the takeover", taken - lost, rfc::master_down(3, INTERVAL, LOW) + SLACK);
        lab.node(0).ip("address add 192.0.2.1/24 dev eth0");
        let added = lab.timeline().mark(0, "the address is back");
        let back = lab.wait_for_holder(0, VIP, LONG);
        at_most("the way back", back - added, return_bound());
    }

    fn a_tracked_interface_that_is_down_costs_its_weight(pair) {
        let lab = Lab::pair();
        lab.node(0).ip("link add eth1 type veth peer name eth1p");
        lab.node(0).ip("link set eth1p up");
        lab.node(0).ip("link set eth1 up");
        let tracked = "track_interface {\n        eth1 weight -60\n    }";
        let better = vi().priority(HIGH.into()).line(tracked).alone();
        let _pair = both(&lab, pair, [&better, &vi().priority(LOW.into()).alone()], VIP);
        let since = lab.timeline().mark(0, "eth1 loses carrier");
        lab.node(0).ip("link set eth1p down");
        lab.wait_for_log(0, since, "Changing effective priority from 150 to 90");
        lab.wait_for_holder(1, VIP, LONG);
        lab.node(0).ip("link set eth1p up");
        lab.wait_for_holder(0, VIP, LONG);
    }
}

#[test]
fn a_renamed_interface_is_gone_until_the_name_is_back() {
    let lab = Lab::pair();
    let _pair = master_and_backup(&lab, BOTH, &vi(), VIP);
    let since = lab.rename_interface(0, "eth0", "lan0");
    lab.wait_for_holder(1, VIP, LONG);
    lab.wait_for_log(0, since, "eth0");
    lab.rename_interface(0, "lan0", "eth0");
    let back = lab.wait_for_holder(0, VIP, LONG);
    lab.wait_for_adverts(0, VRID, 5);
    assert!(back > since);
}

#[test]
fn an_interface_that_is_not_there_at_start_is_waited_for_by_name() {
    let lab = Lab::pair();
    lab.delete_interface(0);
    let _first = lab.start(0, Kind::Holdfast, &vi().priority(HIGH.into()).alone());
    lab.timeline()
        .wait("the interface to be named", LONG, |view| {
            view.logs(0)
                .find(|line| line.1.contains("VI_51") && line.1.contains("eth0"))
                .map(|_| ())
        });
    lab.recreate_interface(0);
    let made = lab.timeline().now();
    let master = lab.wait_for_holder(0, VIP, LONG);
    at_most("the wait", master.saturating_sub(made), return_bound());
}

#[test]
fn one_missing_interface_does_not_hold_up_another_instance() {
    let lab = Lab::pair();
    let other = Vi::new(52).interface("eth7").vip("192.0.2.101/24");
    let text = Config::new().vi(&vi()).vi(&other).text();
    let mut first = lab.start(0, Kind::Holdfast, &text);
    lab.wait_for_holder(0, VIP, LONG);
    assert!(first.is_running());
}

#[test]
fn a_deleted_virtual_address_is_restored_at_once_without_a_change_of_state() {
    let lab = Lab::pair();
    let _pair = master_and_backup(&lab, BOTH, &vi(), VIP);
    for _ in 0..3 {
        let since = lab.timeline().now();
        let gone = lab.delete_address(0, "192.0.2.100/24");
        let back = lab.wait_for_holder(0, VIP, LONG);
        at_most("the absence", back - gone, SECOND);
        lab.timeline()
            .wait("the address to be announced", LONG, |view| {
                view.since(since).announcements(0, VIP).next()
            });
        lab.wait_for_adverts(0, VRID, 6);
    }
    lab.look(|view| {
        assert_eq!(view.acquisitions(1, VIP), 0);
    });
    let within = Span {
        from: SECOND * 2,
        to: lab.timeline().now(),
    };
    adverts_on_time(&lab, within, INTERVAL);
}

#[test]
fn an_address_left_by_a_crash_is_removed_from_a_backup() {
    let lab = Lab::pair();
    lab.node(1).ip("address add 192.0.2.100/24 dev eth0");
    let _pair = {
        let first = listening(&lab, 0, Kind::Holdfast, &vi().priority(HIGH.into()).alone());
        let second = listening(&lab, 1, Kind::Holdfast, &vi().priority(LOW.into()).alone());
        [first, second]
    };
    lab.wait_for_holder(0, VIP, LONG);
    assert_eq!(lab.look(|view| view.holders(VIP)), [0]);
}

#[test]
fn options_of_an_address_are_set_as_written() {
    let lab = Lab::pair();
    let router = vi()
        .vip("192.0.2.101/25 brd 192.0.2.127 dev eth0 scope link label eth0:vip")
        .line("virtual_ipaddress_excluded {\n        2001:db8::100/64\n        198.51.100.7/32\n    }");
    let _first = lab.start(0, Kind::Holdfast, &router.alone());
    lab.wait_for_holder(0, ip("198.51.100.7"), LONG);
    lab.wait_for_holder(0, ip("2001:db8::100"), LONG);
    let shown = lab.node(0).ip("-o address show dev eth0");
    let line = |address: &str| {
        let found = shown
            .lines()
            .find(|line| line.contains(&format!(" {address}")));
        found
            .unwrap_or_else(|| panic!("{address} is not in {shown}"))
            .to_owned()
    };
    let labelled = line("192.0.2.101/25");
    assert!(
        labelled.contains("brd 192.0.2.127 scope link eth0:vip"),
        "{labelled}"
    );
    assert!(!line("192.0.2.100/24").contains("brd"), "{shown}");
    assert!(line("2001:db8::100/64").contains("nodad"), "{shown}");
    let advertised = lab.look(|view| view.adverts(0).last().unwrap().1.addresses.clone());
    assert_eq!(advertised, [VIP, ip("192.0.2.101")]);
}

/// The child's notifications overrun; it has to look at everything again.
#[test]
fn thousands_of_routes_do_not_blind_the_daemon() {
    const ROUTES: usize = 20_000;
    let lab = Lab::pair();
    let _pair = master_and_backup(&lab, BOTH, &vi(), VIP);
    let batch = lab.directory().join("routes");
    let lines = |verb: &str| -> String {
        (0..ROUTES)
            .map(|n| format!("route {verb} 198.18.{}.{}/32 dev eth0\n", n / 250, n % 250))
            .collect()
    };
    let since = lab.timeline().mark(0, "thousands of routes come and go");
    for verb in ["add", "del"] {
        std::fs::write(&batch, lines(verb)).unwrap();
        lab.node(0).ip(&format!("-batch {}", batch.display()));
    }
    undisturbed(&lab, since, INTERVAL);
    let gone = lab.delete_address(0, "192.0.2.100/24");
    let back = lab.wait_for_holder(0, VIP, LONG);
    at_most("the absence", back - gone, SECOND);
    lab.carrier_down(0);
    lab.wait_for_holder(1, VIP, LONG);
}

#[test]
fn a_flapping_carrier_ends_with_one_holder() {
    let lab = Lab::pair();
    let _pair = master_and_backup(&lab, BOTH, &vi(), VIP);
    for _ in 0..10 {
        lab.carrier_down(0);
        lab.timeline().watch(Duration::from_millis(150));
        lab.carrier_up(0);
        lab.timeline().watch(Duration::from_millis(150));
    }
    let settled = lab.wait_for_holder(0, VIP, LONG);
    lab.wait_for_adverts(0, VRID, 10);
    assert_eq!(lab.look(|view| view.holders(VIP)), [0]);
    assert!(lab.look(|view| view.since(settled).acquisitions(1, VIP)) == 0);
}

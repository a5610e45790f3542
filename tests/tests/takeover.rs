//! The master goes; the other takes over within what the RFCs allow.

use holdfast_tests::client::{Client, PACE};
use holdfast_tests::expect::{
    HIGH, INTERVAL, LOW, SLACK, VIP, VRID, at_most, is_master_down, is_skew, listening,
    master_and_backup, silence, vi,
};
use holdfast_tests::lab::{LONG, node_mac};
use holdfast_tests::timeline::Span;
use holdfast_tests::{Config, Lab, Vi, pairs, process, rfc};
use nix::sys::signal::Signal;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

pairs! {
    fn a_node_that_loses_power_is_replaced_after_the_master_down_time(pair) {
        let lab = Lab::pair();
        let [mut first, _second] = master_and_backup(&lab, pair, &vi(), VIP);
        let client = Client::ask_udp(&lab, 2, VIP);
        lab.wait_for_adverts(0, VRID, 3);
        let off = lab.power_off(0, &mut [&mut first]);
        is_master_down(silence(&lab, 0, 1, off), 3, INTERVAL, LOW);
        let taken = lab.wait_for_holder(1, VIP, LONG);
        lab.timeline().wait("a gratuitous ARP", LONG, |view| {
            view.since(taken - SLACK).announcements(1, VIP).next()
        });
        lab.wait_for_adverts(1, VRID, 3);
        let outage = client.outage(Span { from: off - INTERVAL, to: lab.timeline().now() });
        at_most("the client's outage", outage, rfc::master_down(3, INTERVAL, LOW) + SLACK + 2 * PACE);
        assert_eq!(lab.cached_mac(VIP), Some(node_mac(1)));
    }

    fn version_2_replaces_a_dead_node_after_the_master_down_time(pair) {
        let lab = Lab::pair();
        let [mut first, _second] = master_and_backup(&lab, pair, &vi().version(2), VIP);
        let off = lab.power_off(0, &mut [&mut first]);
        is_master_down(silence(&lab, 0, 1, off), 2, SECOND, LOW);
    }

    fn a_stopped_master_releases_and_is_replaced_after_the_skew_time(pair) {
        let lab = Lab::pair();
        let [mut first, _second] = master_and_backup(&lab, pair, &vi(), VIP);
        let since = first.terminate();
        is_skew(silence(&lab, 0, 1, since), 3, INTERVAL, LOW);
        lab.wait_for_holder(1, VIP, LONG);
        let (status, _) = first.wait(LONG);
        assert!(status.success(), "{status}");
        let within = Span { from: since, to: lab.timeline().now() };
        lab.look(|view| {
            let dual = view.longest_dual([0, 1], VIP, within);
            assert_eq!(dual, Duration::ZERO);
            let absence = view.longest_absence(&[0, 1], VIP, within);
            at_most("the absence", absence, rfc::skew(3, INTERVAL, LOW) + SLACK);
        });
    }

    fn a_node_whose_carrier_is_lost_gives_the_address_up(pair) {
        let lab = Lab::pair();
        let _pair = master_and_backup(&lab, pair, &vi(), VIP);
        let since = lab.carrier_down(0);
        lab.timeline().wait("the address to go", LONG, |view| {
            (!view.holds(0, VIP)).then_some(())
        });
        lab.wait_for_holder(1, VIP, LONG);
        lab.wait_for_log(0, since, "Entering FAULT STATE");
        let up = lab.carrier_up(0);
        let back = lab.wait_for_holder(0, VIP, LONG);
        at_most("the way back", back - up, rfc::master_down(3, INTERVAL, HIGH) + SLACK + INTERVAL);
    }

    fn a_node_whose_interface_is_set_down_gives_the_address_up(pair) {
        let lab = Lab::pair();
        let _pair = master_and_backup(&lab, pair, &vi(), VIP);
        let since = lab.interface_down(0);
        lab.wait_for_holder(1, VIP, LONG);
        lab.wait_for_log(0, since, "Entering FAULT STATE");
        lab.interface_up(0);
        lab.wait_for_holder(0, VIP, LONG);
        let within = Span { from: since, to: lab.timeline().now() };
        let dual = lab.look(|view| view.longest_dual([0, 1], VIP, within));
        at_most("the time with two holders", dual, INTERVAL);
    }

    fn the_better_node_takes_the_address_back_when_it_returns(pair) {
        let lab = Lab::pair();
        let better = vi().priority(HIGH.into()).alone();
        let [mut first, _second] = master_and_backup(&lab, pair, &vi(), VIP);
        lab.power_off(0, &mut [&mut first]);
        lab.wait_for_holder(1, VIP, LONG);
        lab.power_on(0);
        let since = lab.timeline().now();
        let _again = lab.start(0, pair.first, &better);
        let back = lab.wait_for_holder(0, VIP, LONG);
        at_most("the way back", back - since, rfc::master_down(3, INTERVAL, HIGH) + SECOND);
        let within = Span { from: since, to: lab.timeline().now() };
        lab.look(|view| {
            at_most("the time with two holders", view.longest_dual([0, 1], VIP, within), INTERVAL);
            at_most("the absence", view.longest_absence(&[0, 1], VIP, within), INTERVAL);
        });
    }

    fn a_parent_that_is_killed_takes_its_children_along_and_the_peer_follows_within_the_skew_time(pair) {
        let lab = Lab::pair();
        let [mut first, _second] = master_and_backup(&lab, pair, &vi(), VIP);
        let children: Vec<u32> = first.processes().split_off(1);
        assert!(!children.is_empty());
        let since = first.signal(first.pid(), Signal::SIGKILL);
        let heard = silence(&lab, 0, 1, since);
        is_skew(heard, 3, INTERVAL, LOW);
        let taken = lab.wait_for_holder(1, VIP, LONG);
        at_most("the takeover", taken - since, rfc::skew(3, INTERVAL, LOW) + SLACK);
        first.wait(LONG);
        for child in children {
            process::wait_until_gone(child, SECOND);
        }
        lab.look(|view| {
            assert!(view.since(since).adverts(0).any(|found| found.1.priority == 0));
            assert!(!view.holds(0, VIP));
        });
    }

    fn a_hundred_routers_fail_over_as_fast_as_one(pair) {
        let lab = Lab::pair();
        let interval = 2 * INTERVAL;
        let address = |number: u8| IpAddr::V4(Ipv4Addr::new(198, 51, 100, number));
        let text = |priority: u32| {
            let routers = (1..=100).map(|number| {
                let vip = format!("{}/32", address(number));
                Vi::new(number).vip(&vip).every(interval).priority(priority)
            });
            routers.fold(Config::new(), |config, router| config.vi(&router)).text()
        };
        let mut first = listening(&lab, 0, pair.first, &text(150));
        let _second = listening(&lab, 1, pair.second, &text(100));
        let held_by = |node: usize| {
            lab.timeline().wait(&format!("node {node} to hold all addresses"), LONG, |view| {
                let each = (1..=100).map(|number| {
                    view.last_acquisition(node, address(number)).filter(|_| {
                        view.holders(address(number)) == [node]
                    })
                });
                each.collect::<Option<Vec<Duration>>>()?.into_iter().max()
            })
        };
        held_by(0);
        lab.wait_for_adverts(0, 100, 3);
        let off = lab.power_off(0, &mut [&mut first]);
        let last = held_by(1);
        let machine = lab.timeline().machine_lateness(Span { from: off, to: last });
        let bound = rfc::master_down(3, interval, LOW) + 2 * SLACK + machine;
        at_most("the takeover of the last address", last - off, bound);
    }
}

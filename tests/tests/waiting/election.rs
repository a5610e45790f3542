//! Who becomes master, and stays it.

use holdfast_tests::expect::{
    HIGH, INTERVAL, LOW, SLACK, VIP, VRID, at_most, both, is_skew, lies_between, listening,
    master_and_backup, silence, vi,
};
use holdfast_tests::lab::LONG;
use holdfast_tests::timeline::Span;
use holdfast_tests::{Config, Lab, Vi, pairs, rfc};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// Long enough to see that nothing changes.
const MANY: usize = 10;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pairs! {
    /// Rows 9568-6.4.1 and 6.4.2: a router that is no owner waits for the master-down time.
    fn the_higher_priority_becomes_master_after_its_master_down_time(pair) {
        let lab = Lab::pair();
        let _pair = master_and_backup(&lab, pair, &vi(), VIP);
        let waited = lab.look(|view| {
            let began = view.log(0, "Entering BACKUP STATE").unwrap().0;
            view.adverts(0).next().unwrap().0 - began
        });
        let down = rfc::master_down(3, INTERVAL, HIGH);
        lies_between("the wait", waited, down.saturating_sub(SLACK), down + SLACK);
        lab.wait_for_adverts(0, VRID, MANY);
        assert_eq!(lab.look(|view| view.adverts(1).count()), 0);
    }

    /// Row 9568-6.4.2: a backup with preemption discards adverts of lower priority.
    fn a_better_node_that_comes_later_takes_the_address_over(pair) {
        let lab = Lab::pair();
        let _second = lab.start(1, pair.second, &vi().priority(LOW.into()).alone());
        lab.wait_for_holder(1, VIP, LONG);
        let _first = lab.start(0, pair.first, &vi().priority(HIGH.into()).alone());
        let taken = lab.wait_for_holder(0, VIP, LONG);
        let within = Span { from: taken - SECOND, to: lab.timeline().now() };
        at_most("the time with two holders",
            lab.look(|view| view.longest_dual([0, 1], VIP, within)), INTERVAL);
        lab.wait_for_adverts(0, VRID, MANY);
        assert_eq!(lab.look(|view| view.acquisitions(0, VIP)), 1);
    }

    fn with_equal_priorities_the_running_master_stays(pair) {
        let lab = Lab::pair();
        let _first = lab.start(0, pair.first, &vi().alone());
        lab.wait_for_holder(0, VIP, LONG);
        let _second = listening(&lab, 1, pair.second, &vi().alone());
        lab.wait_for_adverts(0, VRID, MANY);
        assert_eq!(lab.look(|view| view.acquisitions(1, VIP)), 0);
    }

    fn of_equal_nodes_that_start_together_one_is_master(pair) {
        let lab = Lab::pair();
        let _first = lab.start(0, pair.first, &vi().alone());
        let _second = lab.start(1, pair.second, &vi().alone());
        let begun = lab.timeline().wait("an advert", LONG, |view| {
            let first = view.adverts(0).next().map(|found| found.0);
            let second = view.adverts(1).next().map(|found| found.0);
            first.into_iter().chain(second).min()
        });
        let settled = rfc::master_down(3, INTERVAL, LOW);
        lab.timeline().watch((begun + settled).saturating_sub(lab.timeline().now()));
        let end = lab.timeline().watch(INTERVAL * 10);
        lab.look(|view| {
            assert_eq!(view.holders(VIP).len(), 1);
            let dual = view.longest_dual([0, 1], VIP, end);
            assert_eq!(dual, Duration::ZERO);
        });
    }

    fn with_nopreempt_the_better_node_waits_until_the_master_is_gone(pair) {
        let lab = Lab::pair();
        let better = vi().priority(HIGH.into()).line("nopreempt").alone();
        let second = lab.start(1, pair.second, &vi().priority(LOW.into()).alone());
        lab.wait_for_holder(1, VIP, LONG);
        let _first = listening(&lab, 0, pair.first, &better);
        lab.wait_for_adverts(1, VRID, MANY);
        assert_eq!(lab.look(|view| view.adverts(0).count()), 0);
        let since = second.terminate();
        is_skew(silence(&lab, 1, 0, since), 3, INTERVAL, HIGH);
    }

    fn preempt_delay_puts_the_takeover_off(pair) {
        let lab = Lab::pair();
        let delay = 2 * SECOND;
        let better = vi().priority(HIGH.into()).line("preempt_delay 2").alone();
        let _second = lab.start(1, pair.second, &vi().priority(LOW.into()).alone());
        lab.wait_for_holder(1, VIP, LONG);
        let begun = lab.timeline().now();
        let _first = listening(&lab, 0, pair.first, &better);
        let taken = lab.wait_for_holder(0, VIP, LONG);
        let down = rfc::master_down(3, INTERVAL, HIGH);
        lies_between("the delay", taken - begun, delay - SLACK, delay + down + INTERVAL + SLACK);
    }

    fn preempt_delay_does_not_put_off_a_takeover_from_a_dead_master(pair) {
        let lab = Lab::pair();
        let patient = vi().priority(HIGH.into()).line("preempt_delay 60").alone();
        let second = lab.start(1, pair.second, &vi().priority(LOW.into()).alone());
        lab.wait_for_holder(1, VIP, LONG);
        let _first = listening(&lab, 0, pair.first, &patient);
        lab.wait_for_adverts(1, VRID, 3);
        let since = second.terminate();
        is_skew(silence(&lab, 1, 0, since), 3, INTERVAL, HIGH);
    }

    fn two_routers_crosswise_each_have_their_own_master(pair) {
        let lab = Lab::pair();
        let other = ip("192.0.2.101");
        let routers = |first: u32, second: u32| {
            let one = vi().priority(first);
            let two = Vi::new(52).vip("192.0.2.101/24").priority(second);
            Config::new().vi(&one).vi(&two).text()
        };
        let mut first = lab.start(0, pair.first, &routers(150, 100));
        let _second = lab.start(1, pair.second, &routers(100, 150));
        lab.wait_for_holder(0, VIP, LONG);
        lab.wait_for_holder(1, other, LONG);
        lab.wait_for_adverts(0, VRID, MANY);
        lab.look(|view| {
            assert_eq!((view.holders(VIP), view.holders(other)), (vec![0], vec![1]));
        });
        lab.power_off(0, &mut [&mut first]);
        lab.wait_for_holder(1, VIP, LONG);
        assert_eq!(lab.look(|view| view.acquisitions(1, other)), 1);
    }

    fn of_three_nodes_the_second_best_follows_the_best(pair) {
        let lab = Lab::new(3);
        let mut first = listening(&lab, 0, pair.first, &vi().priority(150).alone());
        let _second = listening(&lab, 1, pair.second, &vi().priority(120).alone());
        let _third = listening(&lab, 2, pair.first, &vi().priority(100).alone());
        lab.wait_for_holder(0, VIP, LONG);
        lab.wait_for_adverts(0, VRID, 3);
        lab.power_off(0, &mut [&mut first]);
        lab.wait_for_holder(1, VIP, LONG);
        lab.wait_for_adverts(1, VRID, MANY);
        assert_eq!(lab.look(|view| view.acquisitions(2, VIP)), 0);
    }

    /// Row 9568-6.4.1: the owner of the addresses is master at once.
    fn the_owner_is_master_at_once(pair) {
        let lab = Lab::pair();
        let owner = vi().state("MASTER").priority(255).alone();
        let _second = lab.start(1, pair.second, &vi().priority(254).alone());
        lab.wait_for_holder(1, VIP, LONG);
        lab.wait_for_adverts(1, VRID, 2);
        let since = lab.timeline().now();
        let _first = lab.start(0, pair.first, &owner);
        let taken = lab.wait_for_holder(0, VIP, LONG);
        at_most("the wait of the owner", taken - since, rfc::master_down(3, INTERVAL, 254));
        lab.wait_for_adverts(0, VRID, MANY);
        assert_eq!(lab.look(|view| view.holders(VIP)), [0]);
    }

    fn the_multicast_group_and_the_source_can_be_chosen(pair) {
        let lab = Lab::pair();
        lab.node(0).ip("address add 192.0.2.11/24 dev eth0");
        let group = "vrrp_mcast_group4 224.0.0.111";
        let text = |vi: &Vi| Config::new().global(group).vi(vi).text();
        let better = vi().priority(HIGH.into()).line("mcast_src_ip 192.0.2.11");
        let texts = [text(&better), text(&vi().priority(LOW.into()))];
        let _pair = both(&lab, pair, [&texts[0], &texts[1]], VIP);
        lab.wait_for_adverts(0, VRID, MANY);
        lab.look(|view| {
            let advert = view.adverts(0).next().unwrap().1;
            assert_eq!(advert.source, ip("192.0.2.11"));
            assert_eq!(advert.destination, IpAddr::V4(Ipv4Addr::new(224, 0, 0, 111)));
            assert_eq!(view.adverts(1).count(), 0);
        });
    }

    /// Virtual routers are told apart by number and family.
    fn the_same_number_serves_both_families(pair) {
        let lab = Lab::pair();
        let address = ip("2001:db8::100");
        let text = |priority: u32| {
            let six = Vi::new(VRID).name("VI_six").vip("fe80::100/64").vip("2001:db8::100/64");
            Config::new().vi(&vi().priority(priority)).vi(&six.priority(priority)).text()
        };
        let [mut first, _second] = both(&lab, pair, [&text(150), &text(100)], VIP);
        lab.wait_for_holder(0, address, LONG);
        lab.power_off(0, &mut [&mut first]);
        lab.wait_for_holder(1, VIP, LONG);
        let taken = lab.wait_for_holder(1, address, LONG);
        lab.timeline().wait("a neighbour advertisement", LONG, |view| {
            view.since(taken - SLACK).announcements(1, address).next()
        });
    }
}

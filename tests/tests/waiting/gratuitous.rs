//! Gratuitous ARPs and unsolicited neighbour advertisements: how many, and when.

use holdfast_tests::expect::{SLACK, VIP, vi};
use holdfast_tests::lab::LONG;
use holdfast_tests::{Config, Lab, Vi, pairs};
use std::net::IpAddr;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Moments of the announcements of an address, since the first one.
fn announced(lab: &Lab, address: IpAddr, count: usize) -> Vec<Duration> {
    let what = format!("{count} announcements of {address}");
    let moments = lab.timeline().wait(&what, LONG, |view| {
        let moments: Vec<Duration> = view
            .announcements(0, address)
            .map(|found| found.0)
            .collect();
        (moments.len() >= count).then_some(moments)
    });
    moments.iter().map(|moment| *moment - moments[0]).collect()
}

/// So many come together, the next group after a pause.
#[track_caller]
fn in_groups(moments: &[Duration], size: usize, pause: Duration) {
    for (number, moment) in moments.iter().enumerate() {
        let group = u32::try_from(number / size).unwrap();
        let due = pause * group;
        let right = (due.saturating_sub(SLACK)..=due + SLACK).contains(moment);
        assert!(
            right,
            "number {number} came at {moment:?}, not at {due:?}: {moments:?}"
        );
    }
}

pairs! {
    fn five_at_once_and_five_after_the_delay(pair) {
        let lab = Lab::pair();
        let _first = lab.start(0, pair.first, &vi().line("garp_master_delay 2").alone());
        in_groups(&announced(&lab, VIP, 10), 5, 2 * SECOND);
    }

    fn number_and_refresh_can_be_set(pair) {
        let lab = Lab::pair();
        let router = vi()
            .line("garp_master_repeat 2")
            .line("garp_master_delay 0")
            .line("garp_master_refresh 1")
            .line("garp_master_refresh_repeat 2");
        let _first = lab.start(0, pair.first, &router.alone());
        in_groups(&announced(&lab, VIP, 6), 2, SECOND);
    }

    fn ipv6_addresses_are_announced_by_neighbour_advertisements(pair) {
        let lab = Lab::pair();
        let address: IpAddr = "2001:db8::100".parse().unwrap();
        let router = Vi::new(51).vip("fe80::100/64").vip("2001:db8::100/64");
        let text = Config::new().vi(&router.line("garp_master_delay 1")).text();
        let _first = lab.start(0, pair.first, &text);
        in_groups(&announced(&lab, address, 10), 5, SECOND);
    }
}

//! What most scenarios have in common: one virtual router on two nodes, who is told apart by their
//! priorities, and bounds that come from the RFCs' formulas plus a stated slack.

use crate::daemon::{Daemon, Kind};
use crate::lab::{LONG, Lab};
use crate::pairs::Pair;
use crate::timeline::Span;
use crate::{Vi, rfc};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// The virtual address of most scenarios.
pub const VIP: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 100));
/// The same as it is written in a configuration.
pub const VIP_LINE: &str = "192.0.2.100/24";
/// The virtual router of most scenarios.
pub const VRID: u8 = 51;
/// Priority of the first node.
pub const HIGH: u8 = 150;
/// Priority of the second node.
pub const LOW: u8 = 100;
/// The interval that [`Vi::new`] sets.
pub const INTERVAL: Duration = Duration::from_millis(200);
/// What a loaded machine may add to a time that an RFC gives.
pub const SLACK: Duration = Duration::from_millis(100);
/// Clocks of two processes are read at different moments.
const EARLY: Duration = Duration::from_millis(5);

/// The virtual router of most scenarios, without a priority.
pub fn vi() -> Vi {
    Vi::new(VRID).vip(VIP_LINE)
}

/// Starts a daemon and waits until it listens as a backup, so that the order of starts is known.
#[track_caller]
pub fn listening(lab: &Lab, node: usize, kind: Kind, configuration: &str) -> Daemon {
    let since = lab.timeline().now();
    let daemon = lab.start(node, kind, configuration);
    lab.wait_for_log(node, since, "Entering BACKUP STATE");
    daemon
}

/// Starts a virtual router on both nodes, waits until the first is master and the second has heard
/// a few of its adverts.
#[track_caller]
pub fn master_and_backup(lab: &Lab, pair: Pair, vi: &Vi, address: IpAddr) -> [Daemon; 2] {
    let texts = [HIGH, LOW].map(|priority| vi.clone().priority(priority.into()).alone());
    both(lab, pair, [&texts[0], &texts[1]], address)
}

/// The same with any two configurations.
#[track_caller]
pub fn both(lab: &Lab, pair: Pair, texts: [&str; 2], address: IpAddr) -> [Daemon; 2] {
    let first = listening(lab, 0, pair.first, texts[0]);
    let second = listening(lab, 1, pair.second, texts[1]);
    lab.wait_for_holder(0, address, LONG);
    lab.wait_for_adverts(0, VRID, 3);
    [first, second]
}

/// Silence between the last advert of the old master and the first one of the new.
#[track_caller]
pub fn silence(lab: &Lab, old: usize, new: usize, since: Duration) -> Duration {
    lab.timeline()
        .wait(&format!("an advert of node {new}"), LONG, |view| {
            let first = view.since(since).adverts_of(new, VRID).next()?.0;
            let last = view.until(first).adverts_of(old, VRID).last()?.0;
            Some(first - last)
        })
}

/// The silence was the master-down time of a priority.
#[track_caller]
pub fn is_master_down(silence: Duration, version: u8, interval: Duration, priority: u8) {
    let bound = rfc::master_down(version, interval, priority);
    lies_between("the silence", silence, bound, bound + SLACK);
}

/// The silence was the skew time of a priority.
#[track_caller]
pub fn is_skew(silence: Duration, version: u8, interval: Duration, priority: u8) {
    let bound = rfc::skew(version, interval, priority);
    lies_between("the silence", silence, bound, bound + SLACK);
}

/// A time lies between two bounds, both included.
#[track_caller]
pub fn lies_between(what: &str, time: Duration, from: Duration, to: Duration) {
    assert!(
        time + EARLY >= from && time <= to,
        "{what} was {time:.3?}; allowed is {from:.3?} to {to:.3?}"
    );
}

/// A time is at most this long.
#[track_caller]
pub fn at_most(what: &str, time: Duration, bound: Duration) {
    assert!(
        time <= bound,
        "{what} was {time:.3?}; allowed is {bound:.3?}"
    );
}

/// From a moment on, the master's adverts were never further apart than the interval and 50 ms, it
/// never lost the address, and nobody else got it.
#[track_caller]
pub fn undisturbed(lab: &Lab, since: Duration, interval: Duration) {
    let within = Span {
        from: since,
        to: lab.timeline().now(),
    };
    adverts_on_time(lab, within, interval);
    lab.look(|view| {
        let absence = view.longest_absence(&[0], VIP, within);
        assert_eq!(absence, Duration::ZERO, "the master lost the address");
        let taken = view.since(since).acquisitions(1, VIP);
        assert_eq!(taken, 0, "the backup took the address");
    });
}

/// Within a span, the master's adverts were never further apart than the interval and 50 ms; what
/// the machine itself was late is added.
#[track_caller]
pub fn adverts_on_time(lab: &Lab, within: Span, interval: Duration) {
    let gap = lab.look(|view| view.longest_gap(0, VRID, within));
    let machine = lab.timeline().machine_lateness(within);
    let bound = interval + Duration::from_millis(50);
    assert!(
        gap <= bound + machine,
        "the longest gap between adverts was {gap:.3?}; allowed is {bound:.3?}, \
         and the machine itself was {machine:.3?} late"
    );
}

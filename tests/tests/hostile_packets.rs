//! What a stranger on the link sends must not disturb a healthy pair: adverts stay on time, nothing
//! changes hands, and the log stays readable.

use holdfast_tests::expect::{
    HIGH, INTERVAL, LOW, VIP, VRID, at_most, both, master_and_backup, undisturbed, vi,
};
use holdfast_tests::forge::Forged;
use holdfast_tests::inject::Injection;
use holdfast_tests::lab::LONG;
use holdfast_tests::pairs::BOTH;
use holdfast_tests::{Config, Lab, Vi};
use std::net::Ipv4Addr;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// Four a second: slow enough to look like a misconfigured neighbour.
const SLOW: Duration = Duration::from_millis(250);
const STRANGER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 3);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 100);

/// An advert of version 3 that would win, if there were nothing wrong with it.
fn winning() -> Forged {
    Forged::v3(STRANGER, VRID, 200, 20, ADDRESS)
}

/// The same of version 2.
fn winning_v2() -> Forged {
    Forged::v2(STRANGER, VRID, 200, "s3cretpw", ADDRESS)
}

fn router_v2() -> Vi {
    vi().version(2).authentication("PASS", "s3cretpw")
}

/// Injects one kind of advert at a pace while the pair runs, and demands that nothing happens but
/// one line a second.
fn disturbs_nothing(router: &Vi, forged: &Forged, pace: Duration, interval: Duration) {
    let lab = Lab::pair();
    let _pair = master_and_backup(&lab, BOTH, router, VIP);
    let since = lab.timeline().mark(0, "a stranger sends");
    let injection = Injection::start(&lab, vec![forged.frame()], pace);
    lab.timeline().watch(3 * SECOND + interval);
    assert!(
        injection.sent() >= 12,
        "only {} frames were sent",
        injection.sent()
    );
    undisturbed(&lab, since, interval);
    few_lines(&lab, since);
    drop(injection);
    lab.wait_for_adverts(0, VRID, 2);
    undisturbed(&lab, since, interval);
}

/// At most one line per second and cause, on each node.
#[track_caller]
fn few_lines(lab: &Lab, since: Duration) {
    let seconds = usize::try_from((lab.timeline().now() - since).as_secs()).unwrap() + 1;
    for node in 0..2 {
        let lines = lab.look(|view| view.since(since).logs(node).count());
        assert!(
            lines <= seconds,
            "{lines} lines of node {node} in {seconds} s"
        );
    }
}

macro_rules! harmless {
    ($($name:ident: $forged:expr;)*) => { $(
        mod $name {
            use super::*;

            #[test]
            fn at_four_a_second() {
                disturbs_nothing(&vi(), &$forged, SLOW, INTERVAL);
            }

            #[test]
            fn as_a_flood() {
                disturbs_nothing(&vi(), &$forged, Duration::ZERO, INTERVAL);
            }
        }
    )* };
}

macro_rules! harmless_v2 {
    ($($name:ident: $forged:expr;)*) => { $(
        #[test]
        fn $name() {
            disturbs_nothing(&router_v2(), &$forged, SLOW, SECOND);
        }
    )* };
}

harmless! {
    a_wrong_checksum: Forged { checksum_error: 1, ..winning() };
    a_wrong_ttl: Forged { ttl: 254, ..winning() };
    a_wrong_version: Forged { version: 4, ..winning() };
    a_wrong_type: Forged { kind: 2, ..winning() };
    a_message_that_is_cut_off: Forged { cut: Some(6), ..winning() };
    a_message_with_bytes_behind_it: Forged { trailing: vec![0x41; 40], ..winning() };
    a_count_that_is_too_large: Forged { count: Some(5), ..winning() };
    a_count_of_zero: Forged { count: Some(0), addresses: vec![], ..winning() };
    an_interval_of_zero: Forged { third: [0, 0], ..winning() };
    an_unknown_virtual_router: Forged { vrid: 77, ..winning() };
    a_unicast_destination: Forged { destination: Ipv4Addr::new(192, 0, 2, 1), ..winning() };
    a_message_of_version_2: Forged::v2(STRANGER, VRID, 200, "", ADDRESS);
}

harmless_v2! {
    a_wrong_password: Forged::v2(STRANGER, VRID, 200, "guessed!", ADDRESS);
    no_password: Forged::v2(STRANGER, VRID, 200, "", ADDRESS);
    an_unknown_kind_of_authentication: Forged { third: [7, 1], ..winning_v2() };
    another_interval: Forged { third: [1, 2], ..winning_v2() };
    a_wrong_checksum_of_version_2: Forged { checksum_error: 1, ..winning_v2() };
    a_wrong_ttl_with_the_right_password: Forged { ttl: 1, ..winning_v2() };
}

/// The kernel drops these as martian unless it is told not to; the daemon has to do it itself.
#[test]
fn the_own_address_as_source_disturbs_nothing() {
    let lab = Lab::pair();
    for interface in ["all", "eth0"] {
        let path = format!("net/ipv4/conf/{interface}/accept_local");
        lab.node(0).netns().sysctl(&path, "1");
    }
    let _pair = master_and_backup(&lab, BOTH, &vi(), VIP);
    let since = lab.timeline().mark(0, "a stranger sends");
    let forged = Forged {
        source: Ipv4Addr::new(192, 0, 2, 1),
        ..winning()
    };
    let _injection = Injection::start(&lab, vec![forged.frame()], SLOW);
    lab.timeline().watch(3 * SECOND);
    undisturbed(&lab, since, INTERVAL);
}

/// Another address list is worth a line; the advert itself counts (RFC 9568 section 7.1).
#[test]
fn a_lower_priority_with_another_address_list_disturbs_nothing() {
    let lower = Forged {
        priority: 50,
        addresses: vec![STRANGER],
        ..winning()
    };
    lower_priority(&lower, SLOW);
}

#[test]
fn a_flood_of_lower_priority_is_answered_at_a_bounded_rate() {
    lower_priority(
        &Forged {
            priority: 50,
            ..winning()
        },
        Duration::from_millis(1),
    );
}

/// Row 9568-6.4.3: the master answers a lower priority; but a flood must not be multiplied.
fn lower_priority(forged: &Forged, pace: Duration) {
    const ANSWERS_PER_INTERVAL: u32 = 2;
    const ANNOUNCEMENTS_PER_SECOND: usize = 10;
    let lab = Lab::pair();
    let _pair = master_and_backup(&lab, BOTH, &vi(), VIP);
    let since = lab.timeline().mark(0, "a stranger sends");
    let _injection = Injection::start(&lab, vec![forged.frame()], pace);
    let seen = lab.timeline().watch(3 * SECOND);
    undisturbed(&lab, since, INTERVAL);
    few_lines(&lab, since);
    let (adverts, announcements) = lab.look(|view| {
        let view = view.since(since);
        (view.adverts(0).count(), view.announcements(0, VIP).count())
    });
    let intervals = u32::try_from(seen.length().as_millis() / INTERVAL.as_millis()).unwrap() + 1;
    assert!(
        adverts <= (intervals * ANSWERS_PER_INTERVAL) as usize,
        "{adverts} adverts"
    );
    assert!(
        announcements <= 4 * ANNOUNCEMENTS_PER_SECOND,
        "{announcements} announcements"
    );
}

/// All causes mixed: one line per second and cause, with a count of what was not told.
#[test]
fn a_flood_of_everything_leaves_a_readable_log_that_tells_the_count() {
    const CAUSES: usize = 5;
    let lab = Lab::pair();
    let _pair = master_and_backup(&lab, BOTH, &vi(), VIP);
    let since = lab.timeline().mark(0, "a stranger sends");
    let frames = [
        Forged {
            checksum_error: 1,
            ..winning()
        },
        Forged {
            ttl: 254,
            ..winning()
        },
        Forged {
            version: 4,
            ..winning()
        },
        Forged {
            kind: 2,
            ..winning()
        },
        Forged {
            count: Some(5),
            ..winning()
        },
    ];
    let frames = frames.iter().map(Forged::frame).collect();
    let injection = Injection::start(&lab, frames, Duration::ZERO);
    let seen = lab.timeline().watch(4 * SECOND);
    drop(injection);
    undisturbed(&lab, since, INTERVAL);
    let seconds = usize::try_from(seen.length().as_secs()).unwrap() + 1;
    for node in 0..2 {
        let lines = lab.look(|view| view.since(since).logs(node).count());
        assert!(
            (1..=seconds * CAUSES).contains(&lines),
            "{lines} lines of node {node}"
        );
    }
    lab.wait_for_log(0, since, "192.0.2.3");
}

/// A forged interval of 40.95 s may make the backup wait that long for a master that is gone; it
/// must not outlive the next real advert.
#[test]
fn a_forged_long_interval_is_forgotten_with_the_next_real_advert() {
    let lab = Lab::pair();
    let [first, _second] = master_and_backup(&lab, BOTH, &vi(), VIP);
    let long = Forged {
        third: 4095_u16.to_be_bytes(),
        priority: 140,
        ..winning()
    };
    let since = lab.timeline().mark(0, "a stranger sends");
    holdfast_tests::inject::once(&lab, long.frame());
    lab.wait_for_adverts(0, VRID, 3);
    undisturbed(&lab, since, INTERVAL);
    first.terminate();
    let taken = lab.wait_for_holder(1, VIP, LONG);
    let silent = lab.look(|view| taken - view.adverts(0).last().unwrap().0);
    at_most("the takeover", silent, INTERVAL + SECOND);
}

/// The backup hears a flood too, and has to be as good afterwards.
#[test]
fn a_backup_takes_over_in_the_middle_of_a_flood() {
    let lab = Lab::pair();
    let texts =
        [HIGH, LOW].map(|priority| Config::new().vi(&vi().priority(priority.into())).text());
    let [mut first, _second] = both(&lab, BOTH, [&texts[0], &texts[1]], VIP);
    let forged = Forged {
        checksum_error: 1,
        ..winning()
    };
    let _injection = Injection::start(&lab, vec![forged.frame()], Duration::from_micros(200));
    lab.wait_for_adverts(0, VRID, 3);
    let off = lab.power_off(0, &mut [&mut first]);
    let taken = lab.wait_for_holder(1, VIP, LONG);
    let bound = holdfast_tests::rfc::master_down(3, INTERVAL, LOW) + INTERVAL;
    at_most("the takeover", taken - off, bound);
}

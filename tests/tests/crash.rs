//! Processes of holdfast die or hang; nothing changes hands.

use holdfast_tests::client::{Client, PACE};
use holdfast_tests::expect::{
    HIGH, INTERVAL, LOW, VIP, VRID, at_most, both, master_and_backup, undisturbed, vi,
};
use holdfast_tests::lab::LONG;
use holdfast_tests::pairs::{BOTH, FIRST};
use holdfast_tests::scripts::Flag;
use holdfast_tests::timeline::Span;
use holdfast_tests::{Config, Lab, Pair, Vi, process};
use nix::sys::signal::Signal;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const TENTH: Duration = Duration::from_millis(100);

/// A VRRP child of a master dies: the address stays, and adverts go on within the interval.
fn the_child_dies(pair: Pair, router: &Vi, interval: Duration, signal: Signal) {
    let lab = Lab::pair();
    let [first, _second] = master_and_backup(&lab, pair, router, VIP);
    let client = Client::ask_udp(&lab, 2, VIP);
    lab.wait_for_adverts(0, VRID, 2);
    let child = first.vrrp_pid();
    let since = first.signal(child, signal);
    let next = first.wait_for_other_vrrp(child);
    assert_ne!(next, child);
    lab.wait_for_adverts(0, VRID, 5);
    undisturbed(&lab, since, interval);
    let within = Span {
        from: since,
        to: lab.timeline().now(),
    };
    let machine = lab.timeline().machine_lateness(within);
    at_most(
        "the client's outage",
        client.outage(within),
        3 * PACE + machine,
    );
    // The runtime's own handler of SIGSEGV ends the process with SIGABRT.
    let line = lab.wait_for_log(0, since, &format!("{child} died")).1;
    let named = line.contains(signal.as_str())
        || signal == Signal::SIGSEGV && line.contains(Signal::SIGABRT.as_str());
    assert!(named, "{line}");
    let released = lab.look(|view| view.since(since).adverts(0).any(|a| a.1.priority == 0));
    assert!(!released, "priority 0 was sent");
}

macro_rules! deaths {
    ($($name:ident: $pair:expr, $version:expr, $interval:expr, $signal:expr;)*) => { $(
        #[test]
        fn $name() {
            let router = vi().version($version).every($interval);
            the_child_dies($pair, &router, $interval, $signal);
        }
    )* };
}

deaths! {
    a_killed_child_of_version_2_is_no_failover: BOTH, 2, SECOND, Signal::SIGKILL;
    a_crashed_child_of_version_2_is_no_failover: BOTH, 2, SECOND, Signal::SIGSEGV;
    a_killed_child_of_version_3_is_no_failover: BOTH, 3, TENTH, Signal::SIGKILL;
    a_crashed_child_of_version_3_is_no_failover: BOTH, 3, TENTH, Signal::SIGSEGV;
    a_killed_child_is_no_failover_to_keepalived: FIRST, 3, TENTH, Signal::SIGKILL;
}

/// The sequence numbers of the authentication header go on, or the peer would reject them.
#[test]
fn a_killed_child_with_an_authentication_header_is_no_failover() {
    let router = vi().version(2).authentication("AH", "s3cretpw");
    the_child_dies(FIRST, &router, SECOND, Signal::SIGKILL);
}

#[test]
fn a_killed_child_of_a_backup_does_not_become_master() {
    let lab = Lab::pair();
    let [_first, second] = master_and_backup(&lab, BOTH, &vi(), VIP);
    let child = second.vrrp_pid();
    let since = second.signal(child, Signal::SIGKILL);
    second.wait_for_other_vrrp(child);
    lab.wait_for_adverts(0, VRID, 20);
    undisturbed(&lab, since, INTERVAL);
    assert_eq!(lab.look(|view| view.adverts(1).count()), 0);
}

#[test]
fn a_child_that_hangs_is_replaced_before_the_peer_takes_over() {
    let lab = Lab::pair();
    let router = vi().version(2);
    let [first, _second] = master_and_backup(&lab, BOTH, &router, VIP);
    let child = first.vrrp_pid();
    let since = first.signal(child, Signal::SIGSTOP);
    first.wait_for_other_vrrp(child);
    lab.wait_for_adverts(0, VRID, 4);
    let within = Span {
        from: since,
        to: lab.timeline().now(),
    };
    lab.look(|view| {
        assert_eq!(view.acquisitions(1, VIP), 0, "the peer took over");
        assert_eq!(view.longest_absence(&[0], VIP, within), Duration::ZERO);
        at_most(
            "the longest gap",
            view.longest_gap(0, VRID, within),
            2 * SECOND + TENTH,
        );
    });
    process::wait_until_gone(child, SECOND);
}

/// With an interval of 0.1 s the peer is faster than the heartbeat, and that is its right; but the
/// address is never held by both for longer than an interval once the hanging child is replaced.
#[test]
fn a_child_that_hangs_with_a_short_interval_leaves_no_lasting_second_master() {
    let lab = Lab::pair();
    let router = vi().every(TENTH);
    let [first, _second] = master_and_backup(&lab, BOTH, &router, VIP);
    let child = first.vrrp_pid();
    let since = first.signal(child, Signal::SIGSTOP);
    first.wait_for_other_vrrp(child);
    lab.timeline().wait("one holder", LONG, |view| {
        (view.since(since).adverts(0).count() > 0 && view.holders(VIP).len() == 1).then_some(())
    });
    let quiet = lab.timeline().watch(10 * TENTH);
    lab.look(|view| at_most("two holders", view.longest_dual([0, 1], VIP, quiet), TENTH));
}

#[test]
fn a_child_that_is_killed_eight_times_in_a_row_leaves_one_holder() {
    let lab = Lab::pair();
    let [first, _second] = master_and_backup(&lab, BOTH, &vi(), VIP);
    let since = lab.timeline().now();
    let mut child = first.vrrp_pid();
    for _ in 0..8 {
        first.signal(child, Signal::SIGKILL);
        child = first.wait_for_other_vrrp(child);
    }
    lab.timeline().wait("one node to advertise", LONG, |view| {
        let holders = view.holders(VIP);
        let node = *holders.first()?;
        let recent = view.adverts(node).last()?.0;
        (holders.len() == 1 && recent > lab.timeline().now().saturating_sub(INTERVAL)).then_some(())
    });
    let end = lab.timeline().watch(INTERVAL * 10);
    let within = Span {
        from: since,
        to: end.to,
    };
    lab.look(|view| {
        at_most(
            "two holders",
            view.longest_dual([0, 1], VIP, within),
            INTERVAL,
        );
        let absent = view.longest_absence(&[0, 1], VIP, end);
        assert_eq!(absent, Duration::ZERO);
    });
}

#[test]
fn a_killed_checker_changes_nothing_and_is_replaced() {
    the_checker_fails(Signal::SIGKILL);
}

#[test]
fn a_checker_that_hangs_changes_nothing_and_is_replaced() {
    the_checker_fails(Signal::SIGSTOP);
}

/// The last verdict stays, and the next checker judges anew.
fn the_checker_fails(signal: Signal) {
    let lab = Lab::pair();
    let flag = Flag::raise(&lab, "fit");
    let lines = ["interval 1", "weight 20"];
    let router = vi().priority(HIGH.into()).track("chk");
    let better = Config::new()
        .script("chk", &flag.command(), &lines)
        .vi(&router)
        .text();
    let other = vi().priority(LOW.into()).alone();
    let [first, _second] = both(&lab, BOTH, [&better, &other], VIP);
    lab.timeline().wait("the verdict", LONG, |view| {
        view.adverts(0)
            .find(|found| found.1.priority == HIGH + 20)
            .map(|_| ())
    });
    let checker = first.checker_pid();
    let since = first.signal(checker, signal);
    first.wait_for_other_checker(checker);
    lab.wait_for_adverts(0, VRID, 15);
    undisturbed(&lab, since, INTERVAL);
    lab.look(|view| {
        let kept = view
            .since(since)
            .adverts(0)
            .all(|found| found.1.priority == HIGH + 20);
        assert!(kept, "the priority changed");
    });
    let fails = lab.timeline().mark(0, "the check fails from now on");
    flag.set(false);
    lab.timeline()
        .wait("the new checker to notice", LONG, |view| {
            view.since(fails)
                .adverts(0)
                .find(|found| found.1.priority == HIGH)
                .map(|_| ())
        });
}

/// The data path does not depend on the parent.
#[test]
fn a_parent_that_hangs_does_not_stop_adverts() {
    let lab = Lab::pair();
    let [first, _second] = master_and_backup(&lab, BOTH, &vi(), VIP);
    let since = first.signal(first.pid(), Signal::SIGSTOP);
    lab.wait_for_adverts(0, VRID, 20);
    first.signal(first.pid(), Signal::SIGCONT);
    lab.wait_for_adverts(0, VRID, 10);
    undisturbed(&lab, since, INTERVAL);
}

#[test]
fn the_pid_files_follow_a_restart() {
    let lab = Lab::pair();
    let [first, _second] = master_and_backup(&lab, BOTH, &vi(), VIP);
    let child = first.vrrp_pid();
    first.signal(child, Signal::SIGKILL);
    let next = first.wait_for_other_vrrp(child);
    assert_eq!(
        process::executable_of(next).as_deref(),
        Some("holdfast-vrrp")
    );
    assert_eq!(process::parent_of(next), Some(first.pid()));
}

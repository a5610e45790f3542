//! SIGHUP: only the difference is carried out, and what is wrong changes nothing.

use holdfast_tests::client::{Client, PACE};
use holdfast_tests::daemon::Daemon;
use holdfast_tests::expect::{
    HIGH, INTERVAL, LOW, SLACK, VIP, VRID, at_most, both, is_skew, master_and_backup, silence,
    undisturbed, vi,
};
use holdfast_tests::lab::LONG;
use holdfast_tests::pairs::BOTH;
use holdfast_tests::timeline::Span;
use holdfast_tests::{Config, Lab, Vi, process, rfc};
use nix::sys::signal::Signal;
use std::net::IpAddr;
use std::time::Duration;

const ADDED: &str = "192.0.2.101/24";
const MANY: usize = 10;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn master() -> Vi {
    vi().priority(HIGH.into())
}

fn start(lab: &Lab) -> [Daemon; 2] {
    master_and_backup(lab, BOTH, &vi(), VIP)
}

#[test]
fn an_unchanged_configuration_changes_nothing() {
    let lab = Lab::pair();
    let [first, _second] = start(&lab);
    let before = [first.vrrp_pid(), first.pid()];
    let since = first.reload(&master().alone());
    lab.wait_for_log(0, since, "Reload complete");
    lab.wait_for_adverts(0, VRID, MANY);
    undisturbed(&lab, since, INTERVAL);
    assert_eq!([first.vrrp_pid(), first.pid()], before);
    assert_eq!(
        lab.look(|view| view.since(since).count_logs(0, "Entering")),
        0
    );
}

#[test]
fn an_added_address_comes_and_a_removed_one_goes_while_the_other_stays() {
    let lab = Lab::pair();
    let [first, _second] = start(&lab);
    let client = Client::ask_udp(&lab, 2, VIP);
    lab.wait_for_adverts(0, VRID, 2);
    let since = first.reload(&master().vip(ADDED).alone());
    lab.wait_for_holder(0, ip("192.0.2.101"), LONG);
    lab.timeline()
        .wait("both addresses in an advert", LONG, |view| {
            view.since(since)
                .adverts(0)
                .find(|found| found.1.addresses.len() == 2)
                .map(|_| ())
        });
    lab.timeline()
        .wait("the new address to be announced", LONG, |view| {
            view.since(since).announcements(0, ip("192.0.2.101")).next()
        });
    let removed = first.reload(&master().alone());
    lab.timeline().wait("the new address to go", LONG, |view| {
        (!view.holds(0, ip("192.0.2.101"))).then_some(())
    });
    lab.wait_for_log(0, removed, "Reload complete");
    lab.wait_for_adverts(0, VRID, MANY);
    undisturbed(&lab, since, INTERVAL);
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
}

#[test]
fn a_higher_priority_is_advertised_without_any_change_of_state() {
    let lab = Lab::pair();
    let [first, _second] = start(&lab);
    let since = first.reload(&vi().priority(200).alone());
    lab.timeline().wait("the new priority", LONG, |view| {
        view.since(since)
            .adverts(0)
            .find(|found| found.1.priority == 200)
            .map(|_| ())
    });
    lab.wait_for_adverts(0, VRID, MANY);
    undisturbed(&lab, since, INTERVAL);
}

#[test]
fn a_lower_priority_hands_the_address_to_the_better_node() {
    let lab = Lab::pair();
    let [first, _second] = start(&lab);
    let since = first.reload(&vi().priority(50).alone());
    lab.wait_for_holder(1, VIP, LONG);
    let within = Span {
        from: since,
        to: lab.timeline().now(),
    };
    lab.look(|view| {
        at_most(
            "the absence",
            view.longest_absence(&[0, 1], VIP, within),
            SLACK,
        );
        at_most(
            "the time with two holders",
            view.longest_dual([0, 1], VIP, within),
            INTERVAL,
        );
    });
}

#[test]
fn a_removed_instance_releases_its_address_and_the_other_stays() {
    let lab = Lab::pair();
    let other = Vi::new(52).vip(ADDED);
    let text = |priority: u8| {
        let priority = priority.into();
        Config::new()
            .vi(&vi().priority(priority))
            .vi(&other.clone().priority(priority))
            .text()
    };
    let [first, _second] = both(&lab, BOTH, [&text(HIGH), &text(LOW)], VIP);
    lab.wait_for_holder(0, ip("192.0.2.101"), LONG);
    let since = first.reload(&master().alone());
    let taken = lab.wait_for_holder(1, ip("192.0.2.101"), LONG);
    at_most(
        "the takeover",
        taken - since,
        rfc::skew(3, INTERVAL, LOW) + INTERVAL + SLACK,
    );
    lab.wait_for_adverts(0, VRID, MANY);
    undisturbed(&lab, since, INTERVAL);
    let release = lab.look(|view| {
        view.since(since)
            .adverts_of(0, 52)
            .last()
            .unwrap()
            .1
            .priority
    });
    assert_eq!(release, 0);
}

#[test]
fn an_added_instance_waits_for_its_master_down_time_and_the_other_stays() {
    let lab = Lab::pair();
    let [first, _second] = start(&lab);
    let text = Config::new()
        .vi(&master())
        .vi(&Vi::new(52).vip(ADDED))
        .text();
    let since = first.reload(&text);
    let taken = lab.wait_for_holder(0, ip("192.0.2.101"), LONG);
    assert!(taken - since >= rfc::master_down(3, INTERVAL, 100));
    undisturbed(&lab, since, INTERVAL);
}

#[test]
fn two_hundred_signals_in_four_seconds_change_nothing_and_leak_nothing() {
    let lab = Lab::pair();
    let [first, _second] = start(&lab);
    let before = first.processes();
    let files = open_files(&before);
    let since = lab.timeline().mark(0, "a storm of SIGHUP");
    for _ in 0..200 {
        process::signal(first.pid(), Signal::SIGHUP);
        lab.timeline().watch(Duration::from_millis(20));
    }
    lab.wait_for_adverts(0, VRID, MANY);
    undisturbed(&lab, since, INTERVAL);
    assert_eq!(first.processes(), before);
    assert_eq!(open_files(&before), files);
}

fn open_files(processes: &[u32]) -> Vec<usize> {
    let count = |pid: &u32| {
        std::fs::read_dir(format!("/proc/{pid}/fd"))
            .unwrap()
            .count()
    };
    processes.iter().map(count).collect()
}

#[test]
fn a_stop_right_behind_a_reload_is_clean() {
    let lab = Lab::pair();
    let [mut first, _second] = start(&lab);
    let since = first.reload(&master().vip(ADDED).alone());
    lab.timeline().watch(Duration::from_millis(10));
    first.terminate();
    is_skew(silence(&lab, 0, 1, since), 3, INTERVAL, LOW);
    let (status, _) = first.wait(Duration::from_secs(1));
    assert_eq!(status.code(), Some(0));
    lab.timeline().wait("no address to be left", LONG, |view| {
        (!view.holds(0, VIP) && !view.holds(0, ip("192.0.2.101"))).then_some(())
    });
}

/// Runs a reload that must be refused: nothing changes, the log names the file, and the next good
/// reload is taken.
fn refused(lab: &Lab, first: &Daemon, damage: impl FnOnce(&Daemon)) {
    damage(first);
    let since = first.hang_up();
    lab.timeline().wait("the file to be named", LONG, |view| {
        let lines = view.since(since);
        lines.log(0, "daemon.conf").map(|_| ())
    });
    lab.wait_for_adverts(0, VRID, MANY);
    undisturbed(lab, since, INTERVAL);
    first.reload(&vi().priority(160).alone());
    lab.timeline()
        .wait("the good configuration to be taken", LONG, |view| {
            view.since(since)
                .adverts(0)
                .find(|found| found.1.priority == 160)
                .map(|_| ())
        });
    lab.wait_for_adverts(0, VRID, MANY);
    undisturbed(lab, since, INTERVAL);
}

macro_rules! refuses {
    ($($name:ident: $damage:expr;)*) => { $(
        #[test]
        fn $name() {
            let lab = Lab::pair();
            let [first, _second] = start(&lab);
            refused(&lab, &first, $damage);
        }
    )* };
}

refuses! {
    a_missing_brace_is_refused: |daemon| {
        daemon.write(master().alone().trim_end().trim_end_matches('}'));
    };
    an_unknown_word_is_refused: |daemon| {
        daemon.write(&master().line("prority 100").alone());
    };
    a_virtual_router_number_of_zero_is_refused: |daemon| {
        daemon.write(&with("virtual_router_id 51", "virtual_router_id 0"));
    };
    a_virtual_router_number_of_300_is_refused: |daemon| {
        daemon.write(&with("virtual_router_id 51", "virtual_router_id 300"));
    };
    a_priority_of_300_is_refused: |daemon| {
        daemon.write(&with("priority 150", "priority 300"));
    };
    a_virtual_router_number_used_twice_is_refused: |daemon| {
        let twin = Vi::new(VRID).name("VI_twin").vip(ADDED);
        daemon.write(&Config::new().vi(&master()).vi(&twin).text());
    };
    a_missing_file_is_refused: |daemon| {
        std::fs::remove_file(daemon.configuration()).unwrap();
    };
    an_empty_file_is_refused: |daemon| daemon.write("");
    a_missing_interface_is_refused: |daemon| {
        daemon.write(&with("interface eth0", "interface eth9"));
    };
    a_bad_address_is_refused: |daemon| {
        daemon.write(&with("192.0.2.100/24", "192.0.2.300/24"));
    };
    a_quote_without_end_is_refused: |daemon| {
        daemon.write(&master().line("notify_master \"/bin/true").alone());
    };
    binary_junk_is_refused: |daemon| {
        let junk: Vec<u8> = (0..=u8::MAX).cycle().take(65_536).collect();
        daemon.write_bytes(&junk);
    };
}

fn with(good: &str, bad: &str) -> String {
    let text = master().alone();
    assert!(text.contains(good), "{good} is not in {text}");
    text.replace(good, bad)
}

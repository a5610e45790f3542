//! The log as an operator reads it: a real rsyslog that writes a messages file.

use holdfast_tests::expect::{HIGH, INTERVAL, LOW, VIP, VRID, undisturbed, vi};
use holdfast_tests::forge::Forged;
use holdfast_tests::inject::Injection;
use holdfast_tests::lab::LONG;
use holdfast_tests::syslog::Rsyslog;
use holdfast_tests::{Daemon, Kind, Lab};
use std::net::Ipv4Addr;
use std::time::Duration;

fn start(lab: &Lab, rsyslog: &Rsyslog, more: &[&str]) -> Daemon {
    let socket = rsyslog.socket().display().to_string();
    let mut options = vec!["--syslog-socket", &socket];
    options.extend(more);
    let text = vi().priority(HIGH.into()).alone();
    lab.start_with(0, Kind::Holdfast, &text, &options)
}

fn prepare(lab: &Lab) -> Rsyslog {
    Rsyslog::prepare(&lab.directory().join("rsyslog"))
}

#[test]
fn the_key_phrases_of_keepalived_are_found_under_our_names() {
    let lab = Lab::pair();
    let mut rsyslog = prepare(&lab);
    rsyslog.start();
    let mut daemon = start(&lab, &rsyslog, &[]);
    for phrase in [
        "Entering BACKUP STATE",
        "Startup complete",
        "Entering MASTER STATE",
    ] {
        rsyslog.wait_for(phrase);
    }
    let line = rsyslog.wait_for("(VI_51) Entering MASTER STATE");
    assert!(
        line.contains(&format!("holdfast_vrrp[{}]: ", daemon.vrrp_pid())),
        "{line}"
    );
    let line = rsyslog.wait_for("Startup complete");
    assert!(
        line.contains(&format!("holdfast[{}]: ", daemon.pid())),
        "{line}"
    );
    rsyslog.wait_for("Sending gratuitous ARP on eth0 for 192.0.2.100");
    daemon.reload(&vi().priority(LOW.into()).alone());
    rsyslog.wait_for("Reload complete");
    daemon.terminate();
    daemon.wait(LONG);
    rsyslog.wait_for("Stopped");
}

#[test]
fn in_compatibility_the_names_are_those_of_keepalived() {
    let lab = Lab::pair();
    let mut rsyslog = prepare(&lab);
    rsyslog.start();
    let daemon = start(&lab, &rsyslog, &["--compat"]);
    let line = rsyslog.wait_for("(VI_51) Entering MASTER STATE");
    assert!(
        line.contains(&format!("Keepalived_vrrp[{}]: ", daemon.vrrp_pid())),
        "{line}"
    );
    let line = rsyslog.wait_for("Startup complete");
    assert!(line.contains("Keepalived"), "{line}");
}

#[test]
fn a_restart_of_rsyslog_delays_no_advert_and_what_was_lost_is_counted() {
    let lab = Lab::pair();
    let mut rsyslog = prepare(&lab);
    rsyslog.start();
    let daemon = start(&lab, &rsyslog, &[]);
    rsyslog.wait_for("Entering MASTER STATE");
    let since = lab.timeline().now();
    rsyslog.stop();
    for priority in [160, 170, 180] {
        let changed = daemon.reload(&vi().priority(priority).alone());
        lab.wait_for_log(0, changed, "Reload complete");
    }
    lab.wait_for_adverts(0, VRID, 5);
    assert!(!rsyslog.messages().contains("Reload complete"));
    rsyslog.start();
    let lost = rsyslog
        .wait_for("lost")
        .replace(|c: char| !c.is_ascii_digit(), " ");
    let count: Option<u32> = lost
        .split_whitespace()
        .last()
        .and_then(|word| word.parse().ok());
    assert!(count.is_some_and(|count| count >= 3), "{lost}");
    daemon.reload(&vi().priority(190).alone());
    rsyslog.wait_for("Reload complete");
    lab.wait_for_adverts(0, VRID, 5);
    undisturbed(&lab, since, INTERVAL);
}

#[test]
fn a_syslog_that_is_not_there_at_start_delays_nothing() {
    let lab = Lab::pair();
    let mut rsyslog = prepare(&lab);
    let daemon = start(&lab, &rsyslog, &[]);
    lab.wait_for_holder(0, VIP, LONG);
    rsyslog.start();
    rsyslog.wait_for("lost");
    daemon.reload(&vi().priority(LOW.into()).alone());
    rsyslog.wait_for("Reload complete");
}

/// A socket that nobody reads fills up; a daemon that blocks on it misses its adverts.
#[test]
fn a_syslog_that_does_not_read_delays_no_advert() {
    let lab = Lab::pair();
    let path = lab.directory().join("stuck");
    let _stuck = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    let socket = path.display().to_string();
    let text = vi().priority(HIGH.into()).alone();
    let daemon = lab.start_with(0, Kind::Holdfast, &text, &["--syslog-socket", &socket]);
    lab.wait_for_holder(0, VIP, LONG);
    let since = lab.timeline().now();
    for priority in 0..20 {
        let changed = daemon.reload(&vi().priority(150 + priority).alone());
        lab.wait_for_log(0, changed, "Reload complete");
    }
    lab.wait_for_adverts(0, VRID, 5);
    undisturbed(&lab, since, INTERVAL);
}

#[test]
fn a_flood_of_rejected_adverts_is_counted_in_the_messages_file() {
    let lab = Lab::pair();
    let mut rsyslog = prepare(&lab);
    rsyslog.start();
    let _daemon = start(&lab, &rsyslog, &[]);
    rsyslog.wait_for("Entering MASTER STATE");
    let stranger = Ipv4Addr::new(192, 0, 2, 3);
    let right = Forged::v3(stranger, VRID, 200, 20, Ipv4Addr::new(192, 0, 2, 100));
    let wrong = Forged {
        checksum_error: 1,
        ..right
    };
    let injection = Injection::start(&lab, vec![wrong.frame()], Duration::from_millis(1));
    lab.timeline().watch(Duration::from_secs(3));
    drop(injection);
    rsyslog.wait_for("192.0.2.3");
    let told = rsyslog.messages();
    let lines = told
        .lines()
        .filter(|line| line.contains("192.0.2.3"))
        .count();
    assert!((1..=5).contains(&lines), "{told}");
}

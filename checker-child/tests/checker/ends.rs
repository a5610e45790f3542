//! How runs end that do not end by themselves, and what they leave behind.

use crate::harness::{Checker, Place, children_of, config, runs, script, wait_until, written};
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::state::ScriptState::{Failed, Ok as Good};
use std::time::{Duration, Instant};

fn gone(pid: &str) {
    wait_until("a process is gone", || (!runs(pid)).then_some(()));
}

#[test]
fn a_script_that_takes_too_long_fails_at_its_timeout_and_is_gone_soon_after() {
    let place = Place::new();
    let path = place.script("hang", "echo $$ > @/pid; exec sleep 1000");
    let mut hang = script("hang", &path, 60_000);
    hang.timeout = Micros::from_millis(300);
    let started = Instant::now();
    let mut checker = Checker::running(config([hang]));
    let verdict = checker.verdict();
    assert_eq!(verdict.state, Failed);
    assert_eq!(verdict.detail, "timed out after 0.3 s");
    assert!(started.elapsed() >= Duration::from_millis(300));
    checker.log_with("VRRP_Script(hang) timed_out");
    gone(&written(&place.out("pid")));
    checker.ping();
}

#[test]
fn a_script_that_ignores_sigterm_is_gone_after_the_grace_with_its_whole_family() {
    let place = Place::new();
    let path = place.script(
        "stubborn",
        "trap '' TERM
         sh -c 'echo $$ > @/child; while :; do sleep 1000; done' &
         setsid sh -c 'echo $$ > @/session; while :; do sleep 1000; done' &
         echo $$ > @/leader; while :; do sleep 1000; done",
    );
    let mut stubborn = script("stubborn", &path, 100);
    stubborn.timeout = Micros::from_millis(1500);
    let mut checker = Checker::running(config([stubborn]));
    let family = ["leader", "child", "session"].map(|who| written(&place.out(who)));
    assert_eq!(checker.verdict().detail, "timed out after 1.5 s");
    let timed_out = Instant::now();
    checker.log_with("Track script stubborn is already running, expect idle - skipping run");
    for member in &family {
        gone(member);
    }
    assert!(timed_out.elapsed() >= Duration::from_millis(1900));
}

#[test]
fn what_outlives_a_terminated_script_in_another_session_is_killed() {
    let place = Place::new();
    let path = place.script(
        "parent",
        "setsid sh -c 'trap \"\" TERM; echo $$ > @/session; while :; do sleep 1000; done' &
         while :; do sleep 1000; done",
    );
    let mut short = script("parent", &path, 60_000);
    short.timeout = Micros::from_millis(1500);
    let mut checker = Checker::running(config([short]));
    let session = written(&place.out("session"));
    assert_eq!(checker.verdict().detail, "timed out after 1.5 s");
    gone(&session);
    wait_until("no zombie is left", || {
        children_of(checker.pid()).is_empty().then_some(())
    });
}

#[test]
fn what_a_script_leaves_running_in_its_group_ends_with_it() {
    let place = Place::new();
    let path = place.script("leaves", "sleep 1000 & echo $! > @/left");
    let mut checker = Checker::running(config([script("leaves", &path, 60_000)]));
    assert_eq!(checker.verdict().state, Good);
    gone(&written(&place.out("left")));
}

#[test]
fn a_daemon_that_a_script_started_lives_on_and_is_collected_when_it_ends() {
    let place = Place::new();
    let path = place.script(
        "starts",
        "setsid sh -c 'echo $$ > @/daemon; exec sleep 1000' & while [ ! -s @/daemon ]; do :; done",
    );
    let mut checker = Checker::running(config([script("starts", &path, 60_000)]));
    assert_eq!(checker.verdict().state, Good);
    let daemon = written(&place.out("daemon"));
    wait_until("the checker adopts it", || {
        children_of(checker.pid()).contains(&daemon).then_some(())
    });
    assert!(runs(&daemon));
    let killed = std::process::Command::new("kill").arg(&daemon).status();
    assert!(killed.unwrap().success());
    wait_until("no zombie is left", || {
        children_of(checker.pid()).is_empty().then_some(())
    });
}

#[test]
fn a_run_that_goes_on_over_its_interval_is_not_started_twice() {
    let place = Place::new();
    let path = place.script(
        "slow",
        "mkdir @/lock || exit 9; until [ -e @/go ]; do sleep 0.02; done; rmdir @/lock",
    );
    let mut checker = Checker::running(config([script("slow", &path, 20)]));
    checker.log_with("Track script slow is already running, expect idle - skipping run");
    std::fs::write(place.out("go"), "").unwrap();
    assert_eq!(checker.verdict().state, Good);
    // A second one would have found the lock.
    assert!(checker.try_next(Duration::from_millis(300)).is_err());
}

#[test]
fn a_checker_whose_parent_dies_kills_its_scripts_and_ends() {
    let place = Place::new();
    let path = place.script(
        "hang",
        "trap '' TERM; echo $$ > @/pid; while :; do sleep 1000; done",
    );
    let mut checker = Checker::running(config([script("hang", &path, 60_000)]));
    let pid = written(&place.out("pid"));
    checker.parent = None;
    assert_eq!(checker.wait(), Some(0));
    assert!(!runs(&pid));
}

#[test]
fn sigterm_means_that_the_parent_died() {
    let place = Place::new();
    let path = place.script("hang", "echo $$ > @/pid; exec sleep 1000");
    let mut checker = Checker::running(config([script("hang", &path, 60_000)]));
    let pid = written(&place.out("pid"));
    let killed = std::process::Command::new("kill")
        .arg(checker.pid().to_string())
        .status();
    assert!(killed.unwrap().success());
    assert_eq!(checker.wait(), Some(0));
    assert!(!runs(&pid));
}

#[test]
fn stop_is_answered_within_half_a_second_whatever_scripts_do() {
    let place = Place::new();
    let path = place.script(
        "hang",
        "trap '' TERM; echo $$ > @/pid; while :; do sleep 1000; done",
    );
    let mut checker = Checker::running(config([script("hang", &path, 60_000)]));
    let pid = written(&place.out("pid"));
    let asked = Instant::now();
    assert_eq!(checker.stop(), Some(0));
    assert!(
        asked.elapsed() < Duration::from_millis(700),
        "{:?}",
        asked.elapsed()
    );
    assert!(!runs(&pid));
}

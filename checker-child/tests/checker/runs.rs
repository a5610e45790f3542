//! A real checker runs real scripts; the test plays its parent.

use crate::harness::{Checker, Place, config, runs, script, wait_until, written};
use holdfast_ipc::config::Generation;
use holdfast_ipc::config::model::{Micros, ScriptAction};
use holdfast_ipc::message::{CheckerToParent, ParentToChecker};
use holdfast_ipc::state::ScriptState::{Failed, Ok as Good};
use std::fs;
use std::time::{Duration, Instant};

#[test]
fn a_script_that_succeeds_and_then_fails_turns_its_verdict() {
    let place = Place::new();
    let path = place.script(
        "check",
        "test -e @/good || { echo connection refused; exit 2; }",
    );
    fs::write(place.out("good"), "").unwrap();
    let mut checker = Checker::running(config([script("chk", &path, 50)]));
    let verdict = checker.verdict();
    assert_eq!(verdict.state, Good);
    assert!(verdict.detail.starts_with("exit 0 after "), "{verdict:?}");
    fs::remove_file(place.out("good")).unwrap();
    let verdict = checker.verdict();
    assert_eq!(verdict.state, Failed);
    assert!(verdict.detail.starts_with("exit 2 after "), "{verdict:?}");
    assert!(
        verdict.detail.ends_with(" ms: \"connection refused\""),
        "{verdict:?}"
    );
    checker.log_with("VRRP_Script(chk) succeeded");
    checker.log_with("Script `chk` now returning 2");
    checker.log_with("VRRP_Script(chk) failed (exited with status 2)");
    assert_eq!(checker.stop(), Some(0));
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
    let pid = written(&place.out("pid"));
    wait_until("the script is gone", || (!runs(&pid)).then_some(()));
    checker.ping();
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

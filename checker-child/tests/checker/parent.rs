//! What passes between the checker and its parent.

use crate::harness::{Checker, PATIENCE, Place, config, name, script, wait_until};
use holdfast_ipc::Channel;
use holdfast_ipc::channel::socket_pair;
use holdfast_ipc::config::{CheckerConfig, Generation};
use holdfast_ipc::message::{CheckerToParent, Hello, ParentToChecker, Role};
use holdfast_ipc::state::ScriptState::{Failed, Ok as Good};
use holdfast_ipc::state::Verdict;
use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

fn reload(checker: &mut Checker, config: CheckerConfig) {
    let generation = Generation::new(2);
    checker.send(&ParentToChecker::Prepare { generation, config });
    assert_eq!(checker.next(), CheckerToParent::Prepared { generation });
    checker.send(&ParentToChecker::Commit { generation });
    assert_eq!(checker.next(), CheckerToParent::Committed { generation });
}

#[test]
fn a_reload_keeps_what_is_unchanged_and_starts_what_is_new() {
    let place = Place::new();
    let old = place.script("old", "echo >> @/old");
    let new = place.script("new", "exit 4");
    let mut checker = Checker::running(config([script("old", &old, 60_000)]));
    assert_eq!(checker.verdict().state, Good);
    reload(
        &mut checker,
        config([script("new", &new, 60_000), script("old", &old, 60_000)]),
    );
    let CheckerToParent::Verdict {
        generation,
        verdict,
    } = checker.next()
    else {
        panic!("no verdict");
    };
    assert_eq!(
        (generation, verdict.script, verdict.state),
        (Generation::new(2), name("new"), Failed)
    );
    // It is not due before a minute is over, and the reload did not start it again.
    assert_eq!(fs::read_to_string(place.out("old")).unwrap(), "\n");
}

#[test]
fn a_script_with_another_command_is_judged_anew() {
    let place = Place::new();
    let first = place.script("first", "exit 0");
    let second = place.script("second", "exit 5");
    let mut checker = Checker::running(config([script("chk", &first, 60_000)]));
    assert_eq!(checker.verdict().state, Good);
    reload(&mut checker, config([script("chk", &second, 60_000)]));
    assert!(checker.verdict().detail.starts_with("exit 5 after "));
}

#[test]
fn a_refused_configuration_leaves_the_running_one() {
    let place = Place::new();
    let path = place.script("check", "test ! -e @/bad");
    let mut checker = Checker::running(config([script("chk", &path, 50)]));
    assert_eq!(checker.verdict().state, Good);
    let twice = config([script("chk", &path, 50), script("chk", &path, 50)]);
    let generation = Generation::new(2);
    checker.send(&ParentToChecker::Prepare {
        generation,
        config: twice,
    });
    let reason = "two scripts are named `chk`".to_owned();
    assert_eq!(
        checker.next(),
        CheckerToParent::Refused { generation, reason }
    );
    fs::write(place.out("bad"), "").unwrap();
    assert_eq!(checker.verdict().state, Failed);
}

#[test]
fn a_successor_goes_on_from_the_verdicts_of_the_one_that_died() {
    let place = Place::new();
    let path = place.script("check", "test ! -e @/bad");
    let mut known = script("chk", &path, 30);
    (known.rise, known.fall) = (2, 2);
    let mut first = Checker::running(config([known.clone()]));
    let handed_over = first.verdict();
    assert_eq!(handed_over.state, Good);
    first.process.kill().unwrap();
    first.process.wait().unwrap();
    let mut second = Checker::running_with(config([known]), vec![handed_over]);
    // Nothing is told while it stays as it was.
    assert!(second.try_next(Duration::from_millis(300)).is_err());
    fs::write(place.out("bad"), "").unwrap();
    let verdict = second.verdict();
    assert_eq!(verdict.state, Failed);
    assert!(
        verdict.detail.ends_with(", 2nd failure of 2 (fall 2)"),
        "{verdict:?}"
    );
}

#[test]
fn a_verdict_of_a_script_that_is_gone_is_forgotten() {
    let place = Place::new();
    let path = place.script("check", "exit 0");
    let stale = Verdict {
        script: name("stale"),
        state: Failed,
        detail: "exit 1".to_owned(),
    };
    let mut checker = Checker::running_with(config([script("chk", &path, 60_000)]), vec![stale]);
    assert_eq!(checker.verdict().script, name("chk"));
}

#[test]
fn a_parent_that_does_not_read_for_a_while_misses_no_verdict() {
    let place = Place::new();
    let path = place.script(
        "check",
        "echo >> @/count; [ $(($(wc -l < @/count) % 2)) = 0 ]",
    );
    let mut checker = Checker::running(config([script("chk", &path, 10)]));
    wait_until("a hundred runs", || {
        let count = fs::read_to_string(place.out("count")).unwrap_or_default();
        (count.len() >= 100).then_some(())
    });
    let mut expected = Failed;
    for _ in 0..100 {
        assert_eq!(checker.verdict().state, expected);
        expected = if expected == Good { Failed } else { Good };
    }
}

/// Starts a checker whose parent says this first; gives what it complains about.
fn complaint_about(first: &ParentToChecker) -> (Option<i32>, String) {
    let (ours, theirs) = socket_pair().unwrap();
    let mut process = Command::new(env!("CARGO_BIN_EXE_holdfast-checker"))
        .stdin(Stdio::from(theirs))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut parent: Channel<ParentToChecker, CheckerToParent> = Channel::new(ours, 1 << 20);
    parent.send(first).unwrap();
    ended(&mut process)
}

fn ended(process: &mut std::process::Child) -> (Option<i32>, String) {
    let status = wait_until("the checker ends", || process.try_wait().unwrap());
    let mut text = String::new();
    process
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    (status.code(), text)
}

#[test]
fn a_parent_of_another_version_is_refused_with_both_versions() {
    let mut hello = Hello::of(Role::Parent);
    hello.version = "0.0.9".to_owned();
    let (code, text) = complaint_about(&ParentToChecker::Hello(hello));
    assert_eq!(code, Some(1));
    assert!(text.contains("found parent 0.0.9"), "{text}");
}

#[test]
fn a_first_message_that_is_no_greeting_ends_the_checker() {
    let (code, text) = complaint_about(&ParentToChecker::Go);
    assert_eq!(
        (code, text.as_str()),
        (Some(1), "the first message was not Hello\n")
    );
}

#[test]
fn started_by_hand_it_says_who_starts_it() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_holdfast-checker"))
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    assert_eq!(
        ended(&mut process),
        (
            Some(1),
            "standard input is not a socket: holdfast-checker is started by holdfast, not by \
             hand\n"
                .to_owned()
        )
    );
}

#[test]
fn garbage_on_the_socket_ends_the_checker_with_an_error() {
    let (ours, theirs) = socket_pair().unwrap();
    let mut process = Command::new(env!("CARGO_BIN_EXE_holdfast-checker"))
        .stdin(Stdio::from(theirs))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    nix::unistd::write(&ours, b"\0\xff\xff\xff\xff").unwrap();
    let (code, text) = ended(&mut process);
    assert_eq!(code, Some(1));
    assert!(
        text.starts_with("the line to the parent is broken: "),
        "{text}"
    );
    drop(ours);
}

#[test]
fn a_parent_that_breaks_the_protocol_later_is_told_how() {
    let mut checker = Checker::running(config([]));
    checker.send(&ParentToChecker::Go);
    let mut process = std::mem::replace(&mut checker.process, sleeping());
    assert_eq!(
        ended(&mut process),
        (
            Some(1),
            "the parent broke the protocol: Go without Start, or twice\n".to_owned()
        )
    );
    assert!(checker.try_next(PATIENCE).is_err());
}

/// Something for the harness to kill.
fn sleeping() -> std::process::Child {
    Command::new("sleep").arg("1000").spawn().unwrap()
}

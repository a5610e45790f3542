//! Deaths, hangs and lies of children.

use crate::confinement::with_notify;
use crate::stage::{Daemon, Stage, is_alive, wait_for};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::time::{Duration, Instant};

pub(crate) fn end(pid: Option<i32>, signal: Signal) {
    kill(Pid::from_raw(pid.unwrap()), signal).unwrap();
}

/// Starts a daemon whose VRRP child is MASTER.
#[track_caller]
fn master(stage: &Stage, words: &str) -> Daemon {
    stage.part("vrrp", &format!("master {words}"));
    stage.start_up()
}

pub(crate) fn a_dead_child_goes_on_from_its_last_checkpoint() {
    let stage = Stage::new();
    let daemon = master(&stage, "");
    stage.wait_told("vrrp", "Go", 1);
    end(stage.pid("r.pid"), Signal::SIGABRT);
    let line = daemon.wait_log("died: signal 6 (SIGABRT). Restarted as ", 1);
    assert!(
        line.ends_with("ms, 1 instance resumed as MASTER, no address moved"),
        "{line}"
    );
    let start = &stage.told("vrrp")[4];
    assert!(start.contains("mode: Resume"), "{start}");
    assert!(
        start
            .contains("checkpoints: [Checkpoint { instance: InstanceName(\"VI_1\"), state: Master"),
        "{start}"
    );
    assert!(start.contains("silent_since: Some("), "{start}");
    assert_eq!(
        stage.told_words("vrrp"),
        ["Hello", "Start", "Go", "Hello", "Start", "Go"]
    );
}

pub(crate) fn a_child_that_hangs_is_killed_and_its_silence_is_handed_over() {
    let stage = Stage::new();
    let daemon = master(&stage, "");
    let pid = stage.pid("r.pid");
    end(pid, Signal::SIGSTOP);
    let line = daemon.wait_log("it gave no sign of life for 1 s, so it was killed", 1);
    assert!(
        line.contains(&format!("vrrp child {} died", pid.unwrap())),
        "{line}"
    );
    stage.wait_told("vrrp", "Go", 2);
    let start = stage.told("vrrp")[4].clone();
    let (_, behind) = start.split_once("silent_since: Some(Monotonic(").unwrap();
    let since: u64 = behind.split(')').next().unwrap().parse().unwrap();
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).unwrap();
    let now = u64::try_from(now.tv_sec()).unwrap() * 1_000_000;
    let silent = now.saturating_sub(since) / 1_000_000;
    assert!(silent <= 5, "{silent} s");
}

pub(crate) fn a_checker_that_is_silent_for_two_seconds_is_left_alone() {
    let stage = Stage::new();
    let daemon = master(&stage, "");
    let pid = stage.pid("c.pid");
    end(pid, Signal::SIGSTOP);
    let begun = Instant::now();
    let long = Duration::from_secs(2);
    wait_for("two seconds", || (begun.elapsed() >= long).then_some(()));
    end(pid, Signal::SIGCONT);
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    assert_eq!(daemon.lines("sign of life"), [""; 0]);
    assert_eq!(stage.pid("c.pid"), pid);
}

pub(crate) fn many_deaths_release_the_addresses_and_tell_the_scripts() {
    let stage = Stage::new();
    stage.script("notify.sh", "echo \"$3\" >> STAGE/news");
    stage.configure(&with_notify("notify \"SCRIPTS/notify.sh\""));
    let daemon = master(&stage, "die-go");
    let line = daemon.wait_log("It died too often: the addresses are released", 1);
    assert!(line.contains("vrrp child"), "{line}");
    daemon.wait_log(
        "no address is held now; the VRRP child is started again in",
        1,
    );
    let modes: Vec<String> = stage
        .told("vrrp")
        .iter()
        .filter_map(|message| message.split_once("mode: "))
        .map(|(_, rest)| rest.split(',').next().unwrap().to_owned())
        .collect();
    let mut expected = vec!["Fresh"];
    expected.extend(["Resume"; 9]);
    expected.push("Release");
    assert_eq!(modes, expected);
    wait_for("the news", || {
        (stage.read("news") == "BACKUP\nMASTER\nFAULT\n").then_some(())
    });
}

pub(crate) fn a_refused_release_is_tried_again_and_is_no_release() {
    let stage = Stage::new();
    let daemon = master(&stage, "die-go refuse-release");
    daemon.wait_log("the addresses could not be released", 1);
    assert_eq!(daemon.lines("no address is held now"), [""; 0]);
    let reason = "it cannot release the addresses: played refusal";
    assert!(!daemon.lines(reason).is_empty());
    // A stop tries once more.
    stage.part("vrrp", "");
    let told = stage.told("vrrp").len();
    assert_eq!(daemon.stop().0, Some(0));
    let start = &stage.told("vrrp")[told + 1];
    assert!(start.contains("mode: Release"), "{start}");
    assert!(start.contains("InstanceName(\"VI_1\")"), "{start}");
}

pub(crate) fn nonsense_of_any_kind_ends_the_child_that_talks_it() {
    for (part, told) in [
        ("garbage-ping", "cannot decode a message of 8 bytes"),
        ("framing-ping", "broken framing: unknown first byte"),
        ("empty-ping", "cannot decode a message of 0 bytes"),
    ] {
        let stage = Stage::new();
        stage.part("vrrp", part);
        let daemon = stage.start(&[]);
        daemon.wait_log(told, 1);
        stage.part("vrrp", "");
        let line = daemon.wait_log("so it was killed. Restarted as", 1);
        assert!(line.contains("vrrp child"), "{line}");
        let checkers = daemon.lines("Starting Healthcheck child process").len();
        assert_eq!(checkers, 1, "the other child is left alone");
        assert_eq!(daemon.stop().0, Some(0));
    }
}

pub(crate) fn a_panic_is_logged_under_the_child_s_name_in_one_line() {
    let stage = Stage::new();
    stage.part("checker", "panic-ping");
    let daemon = stage.start_up();
    let line = daemon.wait_log("thread panicked", 1);
    assert!(line.contains(" holdfast_checker["), "{line}");
    assert!(
        line.ends_with("thread panicked\\u{1b}[31m at ping"),
        "{line}"
    );
    stage.part("checker", "");
    daemon.wait_log("died: exit status 101. Restarted as", 1);
}

pub(crate) fn verdicts_go_to_the_vrrp_child_and_to_the_next_checker() {
    let stage = Stage::new();
    stage.part("checker", "verdict");
    let daemon = stage.start_up();
    stage.wait_told("vrrp", "Verdict { generation: Generation(1), verdict: Verdict { script: ScriptName(\"chk\"), state: Ok", 1);
    end(stage.pid("c.pid"), Signal::SIGKILL);
    daemon.wait_log("checker child of", 1);
    stage.wait_told(
        "checker",
        "verdicts: [Verdict { script: ScriptName(\"chk\"), state: Ok",
        1,
    );
    // A new VRRP child is told as well, with its start.
    end(stage.pid("r.pid"), Signal::SIGKILL);
    stage.wait_told(
        "vrrp",
        "verdicts: [Verdict { script: ScriptName(\"chk\"), state: Ok",
        1,
    );
}

pub(crate) fn a_verdict_over_a_foreign_script_ends_the_checker() {
    let stage = Stage::new();
    stage.part("checker", "foreign-verdict");
    let daemon = stage.start(&[]);
    daemon.wait_log(
        "it gave a verdict over other, which is none of its scripts, so it was killed",
        1,
    );
    assert!(
        !stage
            .told("vrrp")
            .iter()
            .any(|message| message.contains("other"))
    );
    assert_eq!(daemon.lines("Starting VRRP child process").len(), 1);
}

pub(crate) fn a_checkpoint_of_a_foreign_instance_ends_the_vrrp_child() {
    let stage = Stage::new();
    stage.part("vrrp", "foreign-instance");
    let daemon = stage.start(&[]);
    let told = "it spoke of (VI_\\u{202e}9), which is none of its instances, so it was killed";
    daemon.wait_log(told, 1);
}

pub(crate) fn a_checker_that_dies_again_and_again_is_left_alone_for_a_while() {
    let stage = Stage::new();
    stage.part("checker", "exit-go");
    let daemon = stage.start(&[]);
    daemon.wait_log("died: exit status 7. It is started again in 5 s", 1);
    // VRRP works on without it.
    daemon.wait_log("Startup complete", 1);
    assert_eq!(daemon.lines("Starting VRRP child process").len(), 1);
    assert_eq!(daemon.lines("released"), [""; 0]);
}

pub(crate) fn foreign_instances_and_long_messages_end_the_vrrp_child() {
    for (part, told) in [
        (
            "foreign-checkpoint",
            "it spoke of (VI_9), which is none of its instances, so it was killed",
        ),
        ("long-log", "broken framing: a message is too long"),
    ] {
        let stage = Stage::new();
        stage.part("vrrp", part);
        let daemon = stage.start(&[]);
        daemon.wait_log(told, 1);
        assert_eq!(daemon.lines("long long"), [""; 0]);
        assert!(!stage.told("vrrp").iter().any(|told| told.contains("VI_9")));
    }
}

pub(crate) fn a_child_that_ignores_the_stop_is_killed_and_its_addresses_released() {
    let stage = Stage::new();
    let daemon = master(&stage, "hang-stop");
    let pid = stage.pid("r.pid").unwrap();
    let (status, took) = daemon.stop();
    assert_eq!(status, Some(0));
    assert!(took.as_millis() < 1_000, "{took:?}");
    assert!(!is_alive(pid));
    let words = stage.told_words("vrrp");
    assert_eq!(
        words,
        ["Hello", "Start", "Go", "Stop", "Hello", "Start", "Go"]
    );
    assert!(stage.told("vrrp")[5].contains("mode: Release"));
}

pub(crate) fn a_child_that_was_told_to_end_is_replaced_by_one_that_holds_nothing() {
    let stage = Stage::new();
    let daemon = master(&stage, "");
    stage.part("vrrp", "stopped-ping");
    daemon.wait_log("was ended by a signal", 1);
    stage.part("vrrp", "");
    let line = daemon.wait_log("died: exit status 0. Restarted as", 1);
    assert!(line.ends_with(" ms"), "{line}");
    assert_eq!(daemon.lines("which it may not"), [""; 0]);
    assert!(stage.told("vrrp")[4].contains("checkpoints: []"));
}

pub(crate) fn a_signal_to_all_of_them_starts_no_successor() {
    let stage = Stage::new();
    let mut daemon = master(&stage, "");
    stage.wait_told("vrrp", "Go", 1);
    // The parent sleeps while its child ends, and wakes up with both.
    daemon.signal(Signal::SIGSTOP);
    let child = stage.pid("r.pid").unwrap();
    end(Some(child), Signal::SIGKILL);
    wait_for("its end", || (!is_alive(child)).then_some(()));
    daemon.signal(Signal::SIGTERM);
    daemon.signal(Signal::SIGCONT);
    daemon.wait_log("Stopping", 1);
    daemon.wait_log("another one is started for it", 1);
    assert_eq!(daemon.lines("Restarted as"), [""; 0]);
    assert_eq!(daemon.wait().code(), Some(0));
    let modes = stage
        .told("vrrp")
        .iter()
        .filter(|told| told.contains("mode: Resume"))
        .count();
    assert_eq!(modes, 0);
}

pub(crate) fn a_parent_that_dies_leaves_nobody_behind() {
    let stage = Stage::new();
    stage.script("slow.sh", "echo $$ > STAGE/slow; exec sleep 1000");
    stage.configure(&with_notify("notify_master \"SCRIPTS/slow.sh\""));
    let daemon = master(&stage, "");
    let script = wait_for("the script", || {
        stage.read("slow").trim().parse::<i32>().ok()
    });
    let all = [
        stage.pid("r.pid").unwrap(),
        stage.pid("c.pid").unwrap(),
        script,
    ];
    daemon.signal(Signal::SIGKILL);
    for pid in all {
        wait_for("the process to end", || (!is_alive(pid)).then_some(()));
    }
}

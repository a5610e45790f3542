//! Notify scripts: what keepalived passes them, in an order that holds, as the right user, bounded.

use holdfast_tests::expect::{HIGH, VIP, vi};
use holdfast_tests::lab::LONG;
use holdfast_tests::scripts::{open_folder, script};
use holdfast_tests::{Daemon, Kind, Lab, Vi, process};
use std::fs;
use std::path::Path;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// A script that writes down its first word, its arguments behind the configured one, and more.
fn recorder(lab: &Lab, folder: &Path, more: &str) -> String {
    let body = format!("echo \"$@\" >> {}/calls\n{more}", folder.display());
    script(lab, "record.sh", &body).display().to_string()
}

fn with_all_scripts(path: &str, user: &str) -> Vi {
    let line = |word: &str, argument: &str| format!("{word} \"{path} {argument}\" {user}");
    vi().priority(HIGH.into())
        .line(&line("notify_master", "master"))
        .line(&line("notify_backup", "backup"))
        .line(&line("notify_fault", "fault"))
        .line(&line("notify_stop", "stop"))
        .line(&line("notify", "any"))
}

fn calls(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("calls")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Waits until a call was made so many times, and gives all calls.
#[track_caller]
fn wait_for_call(folder: &Path, call: &str, times: usize) -> Vec<String> {
    process::poll(LONG, &format!("call {times} of {call:?}"), || {
        let calls = calls(folder);
        (calls.iter().filter(|made| *made == call).count() >= times).then_some(calls)
    })
}

/// BACKUP, MASTER, FAULT, BACKUP, MASTER, STOP as one daemon tells it.
fn story_of(kind: Kind) -> Vec<String> {
    let lab = Lab::pair();
    let folder = open_folder(&lab, "out");
    let path = recorder(&lab, &folder, "");
    let mut daemon = lab.start(0, kind, &with_all_scripts(&path, "root").alone());
    wait_for_call(&folder, "any INSTANCE VI_51 MASTER 150", 1);
    lab.carrier_down(0);
    wait_for_call(&folder, "any INSTANCE VI_51 FAULT 150", 1);
    lab.carrier_up(0);
    wait_for_call(&folder, "any INSTANCE VI_51 MASTER 150", 2);
    daemon.terminate();
    daemon.wait(LONG);
    wait_for_call(&folder, "stop", 1);
    wait_for_call(&folder, "any INSTANCE VI_51 STOP 150", 1)
}

#[test]
fn every_state_is_told_once_in_order_with_the_arguments_of_keepalived() {
    let expected = [
        "backup",
        "any INSTANCE VI_51 BACKUP 150",
        "master",
        "any INSTANCE VI_51 MASTER 150",
        "fault",
        "any INSTANCE VI_51 FAULT 150",
        "backup",
        "any INSTANCE VI_51 BACKUP 150",
        "master",
        "any INSTANCE VI_51 MASTER 150",
        "stop",
        "any INSTANCE VI_51 STOP 150",
    ];
    assert_eq!(story_of(Kind::Holdfast), expected);
}

/// The reference runs them at the same time, so only their set is compared.
#[test]
fn keepalived_tells_the_same() {
    let sorted = |mut calls: Vec<String>| {
        calls.sort();
        calls
    };
    assert_eq!(
        sorted(story_of(Kind::Keepalived)),
        sorted(story_of(Kind::Holdfast))
    );
}

#[test]
fn a_slow_script_does_not_let_a_later_one_pass() {
    let lab = Lab::pair();
    let folder = open_folder(&lab, "out");
    let path = recorder(
        &lab,
        &folder,
        "/bin/sleep 0.5\necho \"end $1\" >> ${0%/*}/out/calls",
    );
    let daemon = lab.start(0, Kind::Holdfast, &with_all_scripts(&path, "root").alone());
    lab.wait_for_holder(0, VIP, LONG);
    let calls = wait_for_call(&folder, "end any", 1);
    let first: Vec<&str> = calls.iter().take(2).map(String::as_str).collect();
    assert_eq!(first, ["backup", "end backup"]);
    drop(daemon);
}

#[test]
fn a_script_runs_as_its_user_with_a_clean_environment_and_nothing_inherited() {
    let lab = Lab::new(1);
    let folder = open_folder(&lab, "out");
    let out = folder.display();
    let body = format!(
        "/usr/bin/env > {out}/env\n/bin/cat /proc/self/status > {out}/status\n\
         /bin/ls -l /proc/$$/fd > {out}/files\n/bin/ps -o sid= -p $$ > {out}/session\n\
         echo $$ > {out}/pid\nid > {out}/id\ntouch {out}/done"
    );
    let path = script(&lab, "who.sh", &body).display().to_string();
    let text = vi()
        .line(&format!("notify_backup \"{path}\" nobody"))
        .alone();
    let daemon = lab.start(0, Kind::Holdfast, &text);
    process::poll(LONG, "the script to run", || {
        folder.join("done").exists().then_some(())
    });
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let status = read("status");
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace()
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(field("Uid:"), ["65534"; 4]);
    assert_eq!(field("CapEff:"), ["0000000000000000"]);
    let environment = read("env");
    let names: Vec<&str> = environment
        .lines()
        .filter_map(|line| line.split('=').next())
        .collect();
    for name in names {
        assert!(
            ["PATH", "PWD", "SHLVL", "_", "OLDPWD"].contains(&name),
            "{environment}"
        );
    }
    assert_eq!(
        read("session").trim(),
        read("pid").trim(),
        "no session of its own"
    );
    assert!(!read("files").contains("socket:"), "{}", read("files"));
    assert!(!read("id").contains("(root)"), "{}", read("id"));
    drop(daemon);
}

#[test]
fn the_output_of_a_script_is_logged_but_not_without_end() {
    let lab = Lab::new(1);
    let path = script(
        &lab,
        "loud.sh",
        "echo a telling line\nexec /usr/bin/yes endless",
    )
    .display()
    .to_string();
    let text = vi()
        .line(&format!("notify_backup \"{path}\" nobody"))
        .alone();
    let mut daemon = lab.start(0, Kind::Holdfast, &text);
    lab.wait_for_log(0, Duration::ZERO, "a telling line");
    lab.wait_for_holder(0, VIP, LONG);
    lab.wait_for_adverts(0, 51, 10);
    let lines = lab.look(|view| view.count_logs(0, "endless"));
    assert!(lines <= 100, "{lines} lines");
    daemon.terminate();
    let (status, took) = daemon.wait(LONG);
    assert!(
        status.success() && took <= SECOND + SECOND / 10,
        "{status} {took:?}"
    );
}

#[test]
fn a_script_that_hangs_does_not_hold_up_the_stop_and_does_not_stay() {
    let lab = Lab::new(1);
    let folder = open_folder(&lab, "out");
    let body = format!(
        "trap '' TERM\n/bin/sleep 300 &\necho $$ $! > {}/pids\nwait",
        folder.display()
    );
    let path = script(&lab, "hang.sh", &body).display().to_string();
    let text = vi()
        .line(&format!("notify_backup \"{path}\" nobody"))
        .alone();
    let mut daemon: Daemon = lab.start(0, Kind::Holdfast, &text);
    lab.wait_for_holder(0, VIP, LONG);
    let pids = fs::read_to_string(folder.join("pids")).unwrap();
    daemon.terminate();
    let (status, took) = daemon.wait(LONG);
    assert!(
        status.success() && took <= SECOND + SECOND / 10,
        "{status} {took:?}"
    );
    for pid in pids.split_whitespace() {
        process::wait_until_gone(pid.parse().unwrap(), SECOND);
    }
}

/// The limit is a minute, which is what this test takes.
#[test]
fn a_script_that_hangs_is_ended_after_a_minute_and_the_next_one_runs() {
    let lab = Lab::new(1);
    let folder = open_folder(&lab, "out");
    let hang = script(&lab, "hang.sh", "exec /bin/sleep 300")
        .display()
        .to_string();
    let path = recorder(&lab, &folder, "");
    let text = vi()
        .line(&format!("notify_backup \"{hang}\" nobody"))
        .line(&format!("notify_master \"{path} master\" nobody"))
        .alone();
    let _daemon = lab.start(0, Kind::Holdfast, &text);
    lab.wait_for_holder(0, VIP, LONG);
    assert_eq!(calls(&folder), [""; 0]);
    process::poll(70 * SECOND, "the next script", || {
        (calls(&folder) == ["master"]).then_some(())
    });
    let told = lab.look(|view| view.log(0, "hang.sh").map(|line| line.1.to_owned()));
    assert!(told.is_some());
}

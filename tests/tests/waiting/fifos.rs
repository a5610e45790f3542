//! Notify FIFOs: the same lines as keepalived's, byte for byte, to the same reader.

use holdfast_tests::expect::{HIGH, vi};
use holdfast_tests::lab::LONG;
use holdfast_tests::scripts::{Flag, open_folder, script};
use holdfast_tests::{Config, Kind, Lab, process};
use std::fs;
use std::path::Path;

fn lines(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("lines")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[track_caller]
fn wait_for_line(folder: &Path, line: &str, times: usize) {
    process::poll(LONG, &format!("line {times} of {line:?}"), || {
        let lines = lines(folder);
        (lines.iter().filter(|read| *read == line).count() >= times).then_some(())
    });
}

/// Copies each line as it comes. The signal at the stop does not keep it from the last one.
fn reader(lab: &Lab, folder: &Path) -> String {
    let out = folder.display();
    let body = format!(
        "trap : TERM\nexec < \"$2\"\necho $1 $(id -u) > {out}/start\n\
         while :; do\n\
         read -r line || continue\n\
         echo \"$line\" >> {out}/lines\n\
         case $line in *STOP*) exit ;; esac\n\
         done"
    );
    script(lab, "reader.sh", &body).display().to_string()
}

/// BACKUP, MASTER, FAULT, BACKUP, MASTER, STOP as one daemon writes it.
fn story_of(kind: Kind) -> Vec<String> {
    let lab = Lab::pair();
    let folder = open_folder(&lab, "out");
    let pipe = lab.directory().join("pipe");
    let path = reader(&lab, &folder);
    let text = Config::new()
        .global(&format!("notify_fifo {}", pipe.display()))
        .global(&format!("notify_fifo_script \"{path} word\" root"))
        .vi(&vi().priority(HIGH.into()))
        .text();
    let mut daemon = lab.start(0, kind, &text);
    wait_for_line(&folder, "INSTANCE \"VI_51\" MASTER 150", 1);
    lab.carrier_down(0);
    wait_for_line(&folder, "INSTANCE \"VI_51\" FAULT 150", 1);
    lab.carrier_up(0);
    wait_for_line(&folder, "INSTANCE \"VI_51\" MASTER 150", 2);
    daemon.terminate();
    daemon.wait(LONG);
    wait_for_line(&folder, "INSTANCE \"VI_51\" STOP 150", 1);
    assert_eq!(
        fs::read_to_string(folder.join("start")).unwrap(),
        "word 0\n"
    );
    lines(&folder)
}

#[test]
fn a_fifo_gets_keepalived_s_lines_in_the_same_order() {
    let expected = ["BACKUP", "MASTER", "FAULT", "BACKUP", "MASTER", "STOP"]
        .map(|state| format!("INSTANCE \"VI_51\" {state} 150"));
    assert_eq!(story_of(Kind::Holdfast), expected);
    assert_eq!(story_of(Kind::Keepalived), expected);
}

/// A script that is followed with a weight loses, regains and loses its points as one daemon tells it.
fn priorities_of(kind: Kind) -> Vec<String> {
    let lab = Lab::pair();
    let folder = open_folder(&lab, "out");
    let pipe = lab.directory().join("pipe");
    let path = reader(&lab, &folder);
    let flag = Flag::raise(&lab, "flag");
    flag.set(false);
    let text = Config::new()
        .global(&format!("vrrp_notify_fifo {}", pipe.display()))
        .global(&format!("vrrp_notify_fifo_script \"{path} word\" root"))
        .global("vrrp_notify_priority_changes")
        .global("script_user root")
        .script("chk", &flag.command(), &["interval 1", "weight 10"])
        .vi(&vi().priority(HIGH.into()).track("chk"))
        .text();
    let mut daemon = lab.start(0, kind, &text);
    wait_for_line(&folder, "INSTANCE \"VI_51\" MASTER 150", 1);
    flag.set(true);
    wait_for_line(&folder, "INSTANCE \"VI_51\" MASTER_PRIORITY 160", 1);
    lab.carrier_down(0);
    wait_for_line(&folder, "INSTANCE \"VI_51\" FAULT 160", 1);
    flag.set(false);
    wait_for_line(&folder, "INSTANCE \"VI_51\" BACKUP_PRIORITY 150", 1);
    daemon.terminate();
    daemon.wait(LONG);
    wait_for_line(&folder, "INSTANCE \"VI_51\" STOP 150", 1);
    lines(&folder)
}

#[test]
fn changes_of_the_priority_are_written_like_keepalived_s_where_that_is_asked_for() {
    let expected = [
        "BACKUP 150",
        "MASTER 150",
        "MASTER_PRIORITY 160",
        "FAULT 160",
        "BACKUP_PRIORITY 150",
        "STOP 150",
    ]
    .map(|told| format!("INSTANCE \"VI_51\" {told}"));
    assert_eq!(priorities_of(Kind::Holdfast), expected);
    assert_eq!(priorities_of(Kind::Keepalived), expected);
}

//! Notify FIFOs: the same lines as keepalived's, byte for byte, to the same reader.

use holdfast_tests::expect::{HIGH, vi};
use holdfast_tests::lab::LONG;
use holdfast_tests::scripts::{open_folder, script};
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

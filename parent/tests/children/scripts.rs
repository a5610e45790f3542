//! Scripts that the parent starts, and those that it refuses to.

use crate::confinement::with_notify;
use crate::stage::{CONFIG, Stage, wait_for};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

pub(crate) fn news_are_told_once_in_order_and_a_successor_repeats_none() {
    let stage = Stage::new();
    stage.script("notify.sh", "echo \"$*\" >> STAGE/news");
    let lines = ["backup", "master", "stop"]
        .map(|word| format!("notify_{word} \"SCRIPTS/notify.sh {word}\""))
        .join("\n    ");
    let any = "notify \"SCRIPTS/notify.sh any\"";
    stage.configure(&with_notify(&format!("{lines}\n    {any}")));
    stage.part("vrrp", "master");
    let daemon = stage.start_up();
    wait_for("MASTER", || {
        stage
            .read("news")
            .contains("any INSTANCE VI_1 MASTER 150")
            .then_some(())
    });
    kill(Pid::from_raw(stage.pid("r.pid").unwrap()), Signal::SIGKILL).unwrap();
    daemon.wait_log("1 instance resumed as MASTER, no address moved", 1);
    assert_eq!(daemon.stop().0, Some(0));
    let expected = [
        "backup",
        "any INSTANCE VI_1 BACKUP 150",
        "master",
        "any INSTANCE VI_1 MASTER 150",
        "stop",
        "any INSTANCE VI_1 STOP 150",
    ];
    assert_eq!(stage.read("news").lines().collect::<Vec<_>>(), expected);
}

pub(crate) fn stop_scripts_that_have_no_time_are_named_at_the_end() {
    let stage = Stage::new();
    // The news before it run too long; the one of the stop is never begun.
    stage.script("slow.sh", "exec sleep 1000");
    stage.configure(&with_notify("notify \"SCRIPTS/slow.sh\""));
    stage.part("vrrp", "master");
    let daemon = stage.start_up();
    // Behind a reload all that the child said before is heard.
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    daemon.signal(Signal::SIGTERM);
    daemon.wait_log("for MASTER is left out: the daemon stops", 1);
    daemon.wait_log("for STOP was never begun", 1);
    // One that is too slow itself is cut.
    let stage = Stage::new();
    stage.script("slow.sh", "exec sleep 1000");
    stage.configure(&with_notify("notify_stop \"SCRIPTS/slow.sh\""));
    stage.part("vrrp", "master");
    let daemon = stage.start_up();
    // Behind a reload all that the child said before is heard.
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    daemon.signal(Signal::SIGTERM);
    daemon.wait_log("for STOP is cut off", 1);
}

pub(crate) fn a_stop_script_that_takes_longer_than_a_second_is_waited_for() {
    let stage = Stage::new();
    stage.script("slow.sh", "sleep 1.5; echo \"$1\" >> STAGE/news");
    stage.configure(&with_notify("notify_stop \"SCRIPTS/slow.sh told\""));
    stage.part("vrrp", "master");
    let daemon = stage.start_up();
    // Behind a reload all that the child said before is heard.
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    assert_eq!(daemon.stop().0, Some(0));
    assert_eq!(stage.read("news"), "told\n");
}

pub(crate) fn an_insecure_script_is_not_run_and_counts_as_failed() {
    let stage = Stage::new();
    let path = stage.script("check.sh", "touch STAGE/ran");
    fs::set_permissions(&path, Permissions::from_mode(0o777)).unwrap();
    stage.configure(&CONFIG.replace("/bin/true", "SCRIPTS/check.sh"));
    let daemon = stage.start_up();
    let line = daemon.wait_log("script chk is not run and counts as failed: ", 1);
    assert!(
        line.contains("check.sh can be written by everybody; `chmod o-w "),
        "{line}"
    );
    assert_eq!(stage.told("checker"), [""; 0], "it had no other script");
    let start = &stage.told("vrrp")[1];
    assert!(
        start.contains("state: Failed, detail: \"not run: "),
        "{start}"
    );
    drop(daemon);
}

pub(crate) fn a_script_that_becomes_insecure_is_not_run_any_more() {
    let stage = Stage::new();
    let path = stage.script("notify.sh", "echo \"$3\" >> STAGE/news");
    stage.configure(&with_notify("notify \"SCRIPTS/notify.sh\""));
    stage.part("vrrp", "master");
    let daemon = stage.start_up();
    wait_for("MASTER", || {
        stage.read("news").contains("MASTER").then_some(())
    });
    fs::set_permissions(&path, Permissions::from_mode(0o757)).unwrap();
    daemon.signal(Signal::SIGTERM);
    let line = daemon.wait_log("cannot run script", 1);
    assert!(line.contains("for STOP: "), "{line}");
    assert!(line.contains("can be written by everybody"), "{line}");
    assert!(!stage.read("news").contains("STOP"));
}

pub(crate) fn a_check_script_of_an_unknown_user_is_run_by_nobody_else() {
    let stage = Stage::new();
    stage.configure(&CONFIG.replace("interval 1\n", "interval 1\n    user hf-nobody\n"));
    let daemon = stage.start_up();
    daemon.wait_log("there is no user hf-nobody on this host", 1);
    assert_eq!(stage.told("checker"), [""; 0]);
}

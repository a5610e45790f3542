//! The start: what is said to whom, what is refused, what is left behind.

use crate::stage::{CONFIG, Stage, is_alive, wait_for};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

pub(crate) fn children_are_greeted_confined_configured_and_started_in_this_order() {
    let stage = Stage::new();
    let daemon = stage.start_up();
    // All verdicts are passed on once more behind the start, and there is none yet.
    assert_eq!(stage.told_words("vrrp"), ["Hello", "Start", "Go"]);
    assert_eq!(stage.told_words("checker"), ["Hello", "Start", "Go"]);
    let start = &stage.told("vrrp")[1];
    assert!(
        start.contains("mode: Fresh, checkpoints: [], verdicts: []"),
        "{start}"
    );
    assert!(
        !start.contains("/bin/true"),
        "the command is not for the VRRP child"
    );
    let start = &stage.told("checker")[1];
    assert!(start.contains("program: \"/bin/true\""), "{start}");
    assert!(
        !start.contains("192.0.2.100"),
        "the address is not for the checker"
    );
    assert_eq!(daemon.lines("Starting VRRP child process, pid=").len(), 1);
    assert_eq!(
        daemon
            .lines("Starting Healthcheck child process, pid=")
            .len(),
        1
    );
    assert_eq!(
        daemon
            .lines("confined: seccomp filter on, Landlock played")
            .len(),
        2
    );
    let (status, took) = daemon.stop();
    assert_eq!(status, Some(0));
    assert!(took.as_millis() < 1_000, "{took:?}");
    assert_eq!(stage.told_words("vrrp"), ["Hello", "Start", "Go", "Stop"]);
    assert_eq!(
        stage.told_words("checker"),
        ["Hello", "Start", "Go", "Stop"]
    );
}

pub(crate) fn a_child_that_refuses_the_configuration_ends_the_start_with_its_reason() {
    let stage = Stage::new();
    stage.part("vrrp", "refuse-start");
    let mut daemon = stage.start(&[]);
    assert_eq!(daemon.wait().code(), Some(2));
    let line = "cannot start: the VRRP child cannot start: played refusal";
    assert_eq!(daemon.lines(line).len(), 1);
}

pub(crate) fn a_child_of_another_version_ends_the_start() {
    let stage = Stage::new();
    stage.part("vrrp", "old-hello");
    let mut daemon = stage.start(&[]);
    assert_eq!(daemon.wait().code(), Some(1));
    let line = daemon.wait_log("found vrrp 0.0.0 with protocol", 1);
    assert!(
        line.contains("are all holdfast executables of one installation?"),
        "{line}"
    );
}

pub(crate) fn children_that_die_again_and_again_end_the_start() {
    let stage = Stage::new();
    stage.part("vrrp", "exit-start");
    let mut daemon = stage.start(&[]);
    assert_eq!(daemon.wait().code(), Some(1));
    assert!(!daemon.lines("died: exit status 7").is_empty());
    let line = "cannot start: the VRRP child dies again and again; the lines above say why";
    assert_eq!(daemon.lines(line).len(), 1);
    for file in ["p.pid", "r.pid", "c.pid"] {
        assert!(!stage.path(file).exists(), "{file} stays behind");
    }
}

pub(crate) fn without_scripts_there_is_no_checker_and_no_pid_file_of_one() {
    let stage = Stage::new();
    let (_, instance) = CONFIG.split_once("}\n").unwrap();
    stage.configure(
        &instance
            .replace("chk", "")
            .replace("track_script {", "track_interface {"),
    );
    let daemon = stage.start_up();
    assert_eq!(stage.told("checker"), [""; 0]);
    assert!(!stage.path("c.pid").exists());
    drop(daemon);
}

pub(crate) fn the_background_process_waits_until_the_daemon_is_up() {
    let stage = Stage::new();
    let status = stage.command(&[]).stderr(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(0));
    let pid = stage.pid("p.pid").unwrap();
    let _end = EndOf(pid);
    // It is up. That the child wrote its last word down may take a moment longer.
    stage.wait_told("vrrp", "Go", 1);
    assert_eq!(stage.told_words("vrrp"), ["Hello", "Start", "Go"]);
    let session = nix::unistd::getsid(Some(Pid::from_raw(pid))).unwrap();
    assert_eq!(session.as_raw(), pid, "it has left the terminal's session");
    for fd in 0..=2 {
        let target = fs::read_link(format!("/proc/{pid}/fd/{fd}")).unwrap();
        assert_eq!(target.to_str(), Some("/dev/null"));
    }
    kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
    wait_for("the daemon to end", || (!is_alive(pid)).then_some(()));
}

/// Ends a daemon that is nobody's child, whatever becomes of the test.
struct EndOf(i32);

impl Drop for EndOf {
    fn drop(&mut self) {
        if is_alive(self.0) {
            let _ = kill(Pid::from_raw(self.0), Signal::SIGKILL);
        }
    }
}

pub(crate) fn errors_of_the_start_reach_the_terminal_from_the_background() {
    let stage = Stage::new();
    stage.configure("vrrp_instance VI_1 {\n    priority 300\n}\n");
    let output = stage.command(&[]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("300"), "{text}");
    stage.configure(CONFIG);
    stage.part("vrrp", "refuse-start");
    let output = stage.command(&[]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    let line = "holdfast: cannot start: the VRRP child cannot start: played refusal";
    assert!(text.lines().any(|told| told == line), "{text}");
    assert!(!stage.path("p.pid").exists());
}

pub(crate) fn a_second_daemon_is_refused_and_names_the_first() {
    let stage = Stage::new();
    let daemon = stage.start_up();
    let first = stage.pid("p.pid").unwrap();
    let output = stage.command(&["-n"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    let begin = format!("holdfast: already running as process {first}: ");
    assert!(text.starts_with(&begin), "{text}");
    assert_eq!(stage.told_words("vrrp"), ["Hello", "Start", "Go"]);
    assert_eq!(stage.pid("p.pid"), Some(first));
    drop(daemon);
}

pub(crate) fn pid_files_follow_the_children_and_go_with_the_daemon() {
    let stage = Stage::new();
    let daemon = stage.start_up();
    for (file, line) in [
        ("r.pid", "Starting VRRP child process, pid="),
        ("c.pid", "Starting Healthcheck child process, pid="),
    ] {
        let old = stage.pid(file).unwrap();
        assert!(daemon.wait_log(line, 1).contains(&format!("pid={old}")));
        kill(Pid::from_raw(old), Signal::SIGKILL).unwrap();
        let new = wait_for(file, || stage.pid(file).filter(|new| *new != old));
        assert!(daemon.wait_log(line, 2).contains(&format!("pid={new}")));
    }
    daemon.wait_log("Restarted as", 2);
    assert_eq!(daemon.stop().0, Some(0));
    for file in ["p.pid", "r.pid", "c.pid"] {
        assert!(!stage.path(file).exists(), "{file} stays behind");
    }
}

pub(crate) fn the_dump_shows_the_configuration_without_its_password() {
    let stage = Stage::new();
    let secret =
        "    authentication {\n        auth_type PASS\n        auth_pass s3cretpw\n    }\n";
    stage.configure(&CONFIG.replace(
        "    priority 150\n",
        &format!("    version 2\n    priority 150\n{secret}"),
    ));
    let daemon = stage.start(&["-d"]);
    daemon.wait_log("Startup complete", 1);
    assert!(!daemon.lines("priority 150").is_empty());
    assert!(!daemon.lines("auth_pass").is_empty());
    assert_eq!(daemon.lines("s3cretpw"), [""; 0]);
    assert_eq!(
        daemon
            .lines("can be read by everybody and there is a password in it")
            .len(),
        1
    );
}

pub(crate) fn compatible_names_are_used_when_asked_for() {
    let stage = Stage::new();
    let daemon = stage.start(&["--compat"]);
    daemon.wait_log("Startup complete", 1);
    for begin in [
        " Keepalived[",
        " Keepalived_vrrp[",
        " Keepalived_healthcheckers[",
    ] {
        daemon.wait_log(begin, 1);
    }
    assert_eq!(daemon.lines("Starting Keepalived v").len(), 1);
}

pub(crate) fn the_log_file_holds_every_line_and_is_reopened_by_a_reload() {
    let stage = Stage::new();
    let file = stage.path("log");
    let daemon = stage.start(&[&format!("-g{}", file.display())]);
    daemon.wait_log("Startup complete", 1);
    let written = fs::read_to_string(&file).unwrap();
    assert_eq!(written.lines().collect::<Vec<_>>(), daemon.log());
    fs::rename(&file, stage.path("log.1")).unwrap();
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    assert!(
        fs::read_to_string(&file)
            .unwrap()
            .contains("Reload complete")
    );
}

pub(crate) fn a_relative_log_file_is_reopened_where_it_was() {
    let stage = Stage::new();
    let daemon = stage.start_in_folder(&["-gown.log"]);
    daemon.wait_log("Startup complete", 1);
    fs::rename(stage.path("own.log"), stage.path("own.log.1")).unwrap();
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    // The line goes to the console first.
    wait_for("the line in the file", || {
        let text = fs::read_to_string(stage.path("own.log")).ok()?;
        text.contains("Reload complete").then_some(())
    });
}

pub(crate) fn a_configuration_that_others_can_write_is_refused() {
    let stage = Stage::new();
    let conf = stage.path("holdfast.conf");
    fs::set_permissions(&conf, Permissions::from_mode(0o666)).unwrap();
    let output = stage.command(&["-n"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let path = conf.display();
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        format!(
            "holdfast: {path} decides what root runs, but it can be written by everybody; `chmod \
             o-w {path}`\n"
        )
    );
    // Refused by a reload as well, and taken when it is closed.
    fs::set_permissions(&conf, Permissions::from_mode(0o600)).unwrap();
    let daemon = stage.start_up();
    fs::set_permissions(&conf, Permissions::from_mode(0o602)).unwrap();
    daemon.signal(Signal::SIGHUP);
    let line = daemon.wait_log("Reload refused", 1);
    assert!(line.contains("can be written by everybody"), "{line}");
    // Without script security it is a warning.
    stage.configure(&format!(
        "global_defs {{\n    enable_script_security false\n}}\n{CONFIG}"
    ));
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
}

pub(crate) fn without_the_right_to_kill_there_is_no_start() {
    let stage = Stage::new();
    let daemon = stage.command(&["-n"]);
    let output = Command::new("setpriv")
        .args(["--inh-caps=-kill", "--bounding-set=-kill", "--"])
        .arg(daemon.get_program())
        .args(daemon.get_args())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("CAP_KILL is missing"), "{text}");
}

pub(crate) fn dumps_are_told_to_be_missing() {
    let stage = Stage::new();
    let daemon = stage.start_up();
    daemon.signal(Signal::SIGUSR1);
    daemon.wait_log(
        "(dumps of the state) are not carried out by this version",
        1,
    );
    // JSON and STATS_CLEAR: uncaught they would end the daemon.
    for signal in [36, 63] {
        let pid = stage.pid("p.pid").unwrap();
        let command = format!("kill -{signal} {pid}");
        let sent = Command::new("sh").args(["-c", &command]).status().unwrap();
        assert!(sent.success());
    }
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    assert_eq!(daemon.lines("dumps of the state").len(), 1);
    assert_eq!(daemon.stop().0, Some(0));
}

//! What each process of the running daemon may do, read from `/proc` (design section 1).

use holdfast_tests::expect::{VIP, vi};
use holdfast_tests::lab::LONG;
use holdfast_tests::scripts::Flag;
use holdfast_tests::{Config, Daemon, Kind, Lab, process};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use nix::unistd::User;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

const NONE: u64 = 0;
/// CHOWN, DAC_READ_SEARCH, KILL, SETGID, SETUID, SETPCAP, NET_BIND_SERVICE, NET_ADMIN, NET_RAW,
/// SYS_NICE.
const PARENT: u64 =
    1 | 1 << 2 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 12 | 1 << 13 | 1 << 23;
/// NET_ADMIN and NET_RAW.
const VRRP: u64 = 1 << 12 | 1 << 13;

/// Starts a daemon with both children: a check keeps the checker busy.
fn start(lab: &Lab) -> (Daemon, Flag) {
    let flag = Flag::raise(lab, "fit");
    let text = Config::new()
        .script("chk", &flag.command(), &["interval 1"])
        .vi(&vi().track("chk"))
        .text();
    let daemon = lab.start(0, Kind::Holdfast, &text);
    lab.wait_for_holder(0, VIP, LONG);
    (daemon, flag)
}

struct Held {
    effective: u64,
    permitted: u64,
    bounding: u64,
    inheritable: u64,
    ambient: u64,
}

fn held(status: &BTreeMap<String, String>) -> Held {
    let set = |name: &str| u64::from_str_radix(&status[name], 16).unwrap();
    Held {
        effective: set("CapEff"),
        permitted: set("CapPrm"),
        bounding: set("CapBnd"),
        inheritable: set("CapInh"),
        ambient: set("CapAmb"),
    }
}

/// The user that a child runs as: its own where the package made it, or else `nobody`.
fn uid_of(user: &str) -> u32 {
    let own = User::from_name(user).unwrap();
    own.or_else(|| User::from_name("nobody").unwrap())
        .unwrap()
        .uid
        .as_raw()
}

#[track_caller]
fn runs_as(status: &BTreeMap<String, String>, uid: u32) {
    for name in ["Uid", "Gid"] {
        let ids: Vec<&str> = status[name].split_whitespace().collect();
        assert!(
            ids.windows(2).all(|pair| pair[0] == pair[1]),
            "{name}: {ids:?}"
        );
    }
    assert_eq!(
        status["Uid"].split_whitespace().next(),
        Some(uid.to_string().as_str())
    );
    assert_ne!(status["Gid"].split_whitespace().next(), Some("0"));
    assert_eq!(status["Groups"], "");
}

#[track_caller]
fn is_confined(status: &BTreeMap<String, String>) {
    assert_eq!(status["NoNewPrivs"], "1");
    assert_eq!(status["Seccomp"], "2");
}

/// Files below `/proc/PID` of a process that cannot be dumped belong to root.
#[track_caller]
fn cannot_be_dumped(pid: u32) {
    let owner = fs::metadata(format!("/proc/{pid}/environ")).unwrap().uid();
    assert_eq!(
        owner, 0,
        "process {pid} can be dumped or traced by its user"
    );
}

#[test]
fn the_vrrp_child_holds_two_capabilities_and_no_way_to_more() {
    let lab = Lab::new(1);
    let (daemon, _flag) = start(&lab);
    is_vrrp(daemon.vrrp_pid());
}

/// The loop, and the thread that programs the load balancer: each is confined for itself.
#[track_caller]
fn is_vrrp(pid: u32) {
    let threads = threads(pid);
    assert_eq!(threads.len(), 2);
    for thread in threads {
        let status = process::status(thread);
        let held = held(&status);
        assert_eq!((held.effective, held.permitted), (VRRP, VRRP));
        assert_eq!(
            (held.bounding, held.inheritable, held.ambient),
            (NONE, NONE, NONE)
        );
        runs_as(&status, uid_of("holdfast"));
        is_confined(&status);
    }
    cannot_be_dumped(pid);
}

fn threads(pid: u32) -> Vec<u32> {
    let entries = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name());
    names
        .map(|name| name.to_string_lossy().parse().unwrap())
        .collect()
}

#[test]
fn a_replaced_vrrp_child_is_as_confined_as_the_first() {
    let lab = Lab::new(1);
    let (daemon, _flag) = start(&lab);
    let first = daemon.vrrp_pid();
    daemon.signal(first, Signal::SIGKILL);
    let next = daemon.wait_for_other_vrrp(first);
    lab.wait_for_adverts(0, 51, 3);
    is_vrrp(next);
}

#[test]
fn the_checker_child_holds_no_capability() {
    let lab = Lab::new(1);
    let (daemon, _flag) = start(&lab);
    let pid = daemon.checker_pid();
    let status = process::status(pid);
    let held = held(&status);
    assert_eq!((held.effective, held.permitted), (NONE, NONE));
    assert_eq!(
        (held.bounding, held.inheritable, held.ambient),
        (NONE, NONE, NONE)
    );
    runs_as(&status, uid_of("holdfast-check"));
    is_confined(&status);
    cannot_be_dumped(pid);
}

#[test]
fn the_parent_keeps_nine_capabilities_and_is_filtered_too() {
    let lab = Lab::new(1);
    let (daemon, _flag) = start(&lab);
    let status = process::status(daemon.pid());
    let held = held(&status);
    assert_eq!(
        (held.effective, held.permitted, held.bounding),
        (PARENT, PARENT, PARENT)
    );
    assert_eq!((held.inheritable, held.ambient), (NONE, NONE));
    is_confined(&status);
}

#[test]
fn a_script_with_a_user_of_its_own_runs_below_a_checker_of_that_user() {
    let lab = Lab::new(1);
    let flag = Flag::raise(&lab, "fit");
    let other = User::from_name("daemon")
        .unwrap()
        .expect("every system has the user daemon");
    let text = Config::new()
        .script("chk", &flag.command(), &["interval 1"])
        .script("own", &flag.command(), &["interval 1", "user daemon"])
        .vi(&vi().track("chk").track("own"))
        .text();
    let daemon = lab.start(0, Kind::Holdfast, &text);
    lab.wait_for_holder(0, VIP, LONG);
    let users: Vec<u32> = daemon
        .processes()
        .into_iter()
        .filter(|pid| process::executable_of(*pid).as_deref() == Some("holdfast-checker"))
        .map(|pid| {
            process::status(pid)["Uid"]
                .split_whitespace()
                .next()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    assert_eq!(users.len(), 2, "{users:?}");
    assert!(users.contains(&other.uid.as_raw()), "{users:?}");
    assert!(users.contains(&uid_of("holdfast-check")), "{users:?}");
}

#[test]
fn the_children_know_nothing_of_the_callers_environment_but_a_fixed_path() {
    let lab = Lab::new(1);
    let (daemon, _flag) = start(&lab);
    for pid in [daemon.vrrp_pid(), daemon.checker_pid()] {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap();
        let text = String::from_utf8_lossy(&environment).into_owned();
        let names: Vec<&str> = text
            .split_terminator('\0')
            .filter_map(|word| word.split('=').next())
            .collect();
        assert!(names.is_empty() || names == ["PATH"], "{text}");
        assert!(
            !text.contains("cargo") && !text.contains("target"),
            "{text}"
        );
    }
}

#[test]
fn a_password_is_in_no_log_and_in_no_command_line() {
    let lab = Lab::new(1);
    let text = vi().version(2).authentication("PASS", "s3cretpw").alone();
    let daemon = lab.start_with(0, Kind::Holdfast, &text, &["-d"]);
    lab.wait_for_holder(0, VIP, LONG);
    for pid in daemon.processes() {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap();
        assert!(!String::from_utf8_lossy(&line).contains("s3cretpw"));
    }
    assert!(lab.look(|view| view.logs(0).all(|line| !line.1.contains("s3cretpw"))));
}

#[test]
fn the_children_say_how_far_they_are_confined() {
    let lab = Lab::new(1);
    let (_daemon, _flag) = start(&lab);
    let (_, line) = lab.wait_for_log(0, Duration::ZERO, "holdfast_vrrp");
    assert!(
        line.contains("seccomp") && line.contains("Landlock"),
        "{line}"
    );
}

/// It needs a socket for each interface, family and protocol, and a deaf one is a second master.
#[test]
fn the_vrrp_child_may_open_as_many_files_as_the_daemon_was_allowed() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 700, hard).unwrap();
    let lab = Lab::new(1);
    let (daemon, _flag) = start(&lab);
    let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.vrrp_pid())).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let words: Vec<&str> = line.unwrap().split_whitespace().collect();
    assert_eq!(words[3..5], [hard.to_string(), hard.to_string()]);
}

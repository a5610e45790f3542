//! Start, stop, pid files, and the configuration test.

use holdfast_tests::expect::{
    HIGH, INTERVAL, LOW, VIP, at_most, is_skew, master_and_backup, silence, undisturbed, vi,
};
use holdfast_tests::lab::LONG;
use holdfast_tests::pairs::BOTH;
use holdfast_tests::scripts::{Flag, NOBODY};
use holdfast_tests::{Config, Kind, Lab, binaries, process, shell};
use nix::sys::signal::Signal;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn stops_cleanly(signal: Signal) {
    let lab = Lab::pair();
    let flag = Flag::raise(&lab, "fit");
    let router = vi().priority(HIGH.into()).track("chk");
    let text = Config::new()
        .script("chk", &flag.command(), &["interval 1"])
        .vi(&router)
        .text();
    let mut first = lab.start(0, Kind::Holdfast, &text);
    lab.wait_for_holder(0, VIP, LONG);
    let processes = first.processes();
    assert!(processes.len() >= 3, "{processes:?}");
    let since = first.signal(first.pid(), signal);
    let (status, took) = first.wait(LONG);
    assert_eq!(status.code(), Some(0));
    at_most("the stop", took, SECOND);
    for pid in processes {
        process::wait_until_gone(pid, SECOND / 10);
    }
    assert_eq!(first.pid_files(), [""; 0]);
    lab.look(|view| {
        assert_eq!(view.since(since).adverts(0).last().unwrap().1.priority, 0);
        assert!(!view.holds(0, VIP));
    });
    lab.wait_for_log(0, since, "Stopped");
}

#[test]
fn sigterm_ends_everything_within_a_second() {
    stops_cleanly(Signal::SIGTERM);
}

#[test]
fn sigint_ends_everything_within_a_second() {
    stops_cleanly(Signal::SIGINT);
}

#[test]
fn a_backup_that_stops_sends_nothing() {
    let lab = Lab::pair();
    let [_first, mut second] = master_and_backup(&lab, BOTH, &vi(), VIP);
    let since = second.terminate();
    second.wait(SECOND);
    undisturbed(&lab, since, INTERVAL);
    assert_eq!(lab.look(|view| view.adverts(1).count()), 0);
}

/// Arguments that name the same files as a running daemon's.
fn same_files(home: &Path) -> Vec<String> {
    [
        ("-p", "parent.pid"),
        ("-r", "vrrp.pid"),
        ("-c", "checkers.pid"),
    ]
    .into_iter()
    .flat_map(|(flag, file)| [flag.to_owned(), home.join(file).display().to_string()])
    .collect()
}

#[test]
fn a_second_daemon_with_the_same_pid_file_refuses_to_start() {
    let lab = Lab::pair();
    let [first, _second] = master_and_backup(&lab, BOTH, &vi(), VIP);
    let since = lab.timeline().now();
    let arguments = same_files(first.home());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let text = vi().priority(HIGH.into()).alone();
    let mut other = lab.start_with(0, Kind::Holdfast, &text, &arguments);
    let (status, _) = other.wait(LONG);
    assert!(!status.success());
    lab.wait_for_log(0, since, &first.pid().to_string());
    lab.wait_for_adverts(0, 51, 5);
    undisturbed(&lab, since, INTERVAL);
    assert_eq!(
        process::read_pid_file(&first.home().join("parent.pid")),
        Some(first.pid())
    );
}

#[test]
fn a_pid_file_that_is_a_link_is_not_followed() {
    let lab = Lab::new(1);
    let victim = lab.directory().join("victim");
    fs::write(&victim, "precious").unwrap();
    let link = lab.directory().join("link.pid");
    symlink(&victim, &link).unwrap();
    let path = link.display().to_string();
    let mut daemon = lab.start_with(0, Kind::Holdfast, &vi().alone(), &["-p", &path]);
    let (status, _) = daemon.wait(LONG);
    assert!(!status.success());
    assert_eq!(fs::read_to_string(victim).unwrap(), "precious");
    lab.wait_for_log(0, Duration::ZERO, "link.pid");
}

#[test]
fn a_stale_pid_file_is_no_obstacle() {
    let lab = Lab::new(1);
    let path = lab.directory().join("stale.pid");
    fs::write(&path, "999999\n").unwrap();
    let text = path.display().to_string();
    let daemon = lab.start_with(0, Kind::Holdfast, &vi().alone(), &["-p", &text]);
    lab.wait_for_holder(0, VIP, LONG);
    assert_eq!(process::read_pid_file(&path), Some(daemon.pid()));
}

#[test]
fn a_broken_configuration_at_start_touches_nothing_and_names_the_place() {
    let lab = Lab::new(1);
    lab.node(0).ip("address add 192.0.2.100/24 dev eth0");
    let text = vi()
        .alone()
        .replace("virtual_router_id 51", "virtual_router_id 300");
    let line = text.lines().position(|line| line.contains("300")).unwrap() + 1;
    let mut daemon = lab.start(0, Kind::Holdfast, &text);
    let (status, _) = daemon.wait(LONG);
    assert!(!status.success());
    lab.wait_for_log(0, Duration::ZERO, &format!("daemon.conf:{line}:"));
    lab.look(|view| {
        assert!(view.holds(0, VIP), "the address was touched");
        assert_eq!(view.adverts(0).count(), 0);
    });
    assert_eq!(daemon.pid_files(), [""; 0]);
}

#[test]
fn without_n_it_goes_to_the_background_when_it_runs() {
    let lab = Lab::new(1);
    let home = lab.directory().join("background");
    fs::create_dir(&home).unwrap();
    fs::write(home.join("daemon.conf"), vi().alone()).unwrap();
    let mut command = Command::new(binaries::holdfast("holdfast"));
    command
        .arg("-f")
        .arg(home.join("daemon.conf"))
        .args(same_files(&home));
    command.arg("--syslog-socket").arg(home.join("syslog"));
    let mut starter = lab.node(0).netns().spawn(command).unwrap();
    let status = process::poll(LONG, "the starter to end", || starter.try_wait().unwrap());
    assert!(status.success());
    lab.wait_for_holder(0, VIP, LONG);
    let pid = process::read_pid_file(&home.join("parent.pid")).unwrap();
    process::signal(pid, Signal::SIGTERM);
    process::wait_until_gone(pid, SECOND + SECOND / 10);
    assert!(!home.join("parent.pid").exists());
}

/// `holdfast -t` as a user who may do nothing.
fn test_as_nobody(lab: &Lab, text: &str) -> Output {
    let program = lab.directory().join("holdfast");
    // Not with a copy of our own: a process that another test starts at this moment would inherit
    // the open file, and the kernel runs no program that somebody may still write to.
    let built = binaries::holdfast("holdfast").display().to_string();
    shell::run("cp", &[&built, &program.display().to_string()]);
    let path = lab.directory().join("daemon.conf");
    fs::write(&path, text).unwrap();
    let mut command = Command::new(program);
    command
        .args(["-t", "-f"])
        .arg(path)
        .uid(NOBODY)
        .gid(NOBODY)
        .current_dir("/");
    lab.node(0).netns().run(move || command.output().unwrap())
}

#[test]
fn the_configuration_test_needs_no_privilege_and_tells_the_place_the_line_and_what_is_allowed() {
    let lab = Lab::new(1);
    let good = test_as_nobody(&lab, &vi().alone());
    assert_eq!(
        good.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&good.stderr)
    );
    let text = vi()
        .line("prority 90")
        .alone()
        .replace("virtual_router_id 51", "virtual_router_id 300");
    let bad = test_as_nobody(&lab, &text);
    assert_eq!(bad.status.code(), Some(5));
    let told = String::from_utf8_lossy(&bad.stderr).into_owned();
    for (number, line) in text.lines().enumerate() {
        if line.contains("300") || line.contains("prority") {
            let place = format!("daemon.conf:{}:", number + 1);
            assert!(
                told.contains(&place) && told.contains(line.trim()),
                "{told}"
            );
        }
    }
    assert!(
        told.contains("^") && told.contains("255") && told.contains("priority"),
        "{told}"
    );
}

#[test]
fn the_configuration_test_tells_facts_of_this_host_apart() {
    let lab = Lab::new(1);
    let output = test_as_nobody(&lab, &vi().interface("ens33").alone());
    let told = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    assert!(
        told.lines()
            .any(|line| line.contains("host") && line.contains("ens33")),
        "{told}"
    );
}

#[test]
fn without_ipvs_in_the_kernel_one_line_says_what_to_load_and_vrrp_goes_on() {
    let lab = Lab::new(1);
    let server = "virtual_server 192.0.2.100 80 {\n    lb_algo rr\n    lb_kind DR\n    \
                  protocol TCP\n    real_server 192.0.2.7 80 {\n        weight 1\n        \
                  TCP_CHECK {\n            connect_timeout 3\n        }\n    }\n}";
    let text = Config::new().vi(&vi()).block(server).text();
    let _daemon = lab.start(0, Kind::Holdfast, &text);
    lab.wait_for_holder(0, VIP, LONG);
    let lines = lab.look(|view| view.count_logs(0, "load the module with `modprobe ip_vs`"));
    // The virtual machine tests what comes where the kernel has it.
    let has_ipvs = Path::new("/proc/net/ip_vs").exists();
    assert_eq!(lines, usize::from(!has_ipvs));
}

#[test]
fn a_stopped_node_that_starts_again_takes_its_address_back() {
    let lab = Lab::pair();
    let [mut first, _second] = master_and_backup(&lab, BOTH, &vi(), VIP);
    let since = first.terminate();
    is_skew(silence(&lab, 0, 1, since), 3, INTERVAL, LOW);
    first.wait(LONG);
    let _again = lab.start(0, Kind::Holdfast, &vi().priority(HIGH.into()).alone());
    lab.wait_for_holder(0, VIP, LONG);
}

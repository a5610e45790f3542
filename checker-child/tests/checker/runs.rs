//! What a run says, and what a script finds when it runs.

use crate::harness::{Checker, NOBODY, Place, action, config, script};
use holdfast_ipc::config::CheckerConfig;
use holdfast_ipc::config::model::{Micros, ScriptAction, ShellWords, TlsFiles};
use holdfast_ipc::state::ScriptState::{Failed, Ok as Good};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

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
fn a_script_that_dies_by_a_signal_fails_with_its_name() {
    let place = Place::new();
    let path = place.script("dies", "kill -SEGV $$");
    let mut checker = Checker::running(config([script("dies", &path, 60_000)]));
    let verdict = checker.verdict();
    assert_eq!(verdict.state, Failed);
    assert!(
        verdict.detail.starts_with("signal 11 (SIGSEGV) after "),
        "{verdict:?}"
    );
    checker.log_with("VRRP_Script(dies) failed (due to signal 11)");
}

/// nix knows no real-time signals; such a death must not keep others from being collected.
#[test]
fn a_script_that_dies_by_a_real_time_signal_is_collected_as_well() {
    let place = Place::new();
    let path = place.script("dies", "kill -34 $$");
    let orphan = place.script(
        "orphan",
        "sh -c 'sh -c \"kill -35 \\$\\$\" &' & wait; exit 3",
    );
    let scripts = [script("dies", &path, 40), script("orphan", &orphan, 40)];
    let mut checker = Checker::running(config(scripts));
    let (dies, orphan) = (checker.verdict(), checker.verdict());
    assert!(dies.detail.starts_with("signal 34 after "), "{dies:?}");
    assert!(orphan.detail.starts_with("exit 3 after "), "{orphan:?}");
}

#[test]
fn what_cannot_be_run_is_a_failed_check_that_says_why() {
    let place = Place::new();
    let rows = [
        (
            place.0.join("missing"),
            "cannot be run: {}: No such file or directory",
        ),
        (
            place.file("text", "exit 0\n"),
            "cannot be run: {}: it is no program and its first line does not begin with `#!`",
        ),
        (
            place.file("windows", "#!/bin/sh\r\nexit 0\r\n"),
            "cannot be run: {}: the interpreter in its first line does not exist (does the line \
             end with a carriage return?)",
        ),
        (place.0.clone(), "cannot be run: {}: Permission denied"),
    ];
    for (path, detail) in rows {
        let mut checker = Checker::running(config([script("chk", &path, 60_000)]));
        let verdict = checker.verdict();
        assert_eq!(verdict.state, Failed);
        assert_eq!(verdict.detail, detail.replace("{}", path.to_str().unwrap()));
    }
}

#[test]
fn a_script_finds_a_clean_environment_and_nothing_of_the_checker() {
    let place = Place::new();
    // `exec` at the end, since a shell blocks signals for a moment when it starts a program.
    let path = place.script(
        "look",
        "cat /proc/$$/environ > @/environ; pwd > @/pwd; ls -l /proc/$$/fd > @/fds
         readlink /proc/$$/fd/0 > @/stdin; readlink /proc/$$/fd/2 > @/output
         cut -d' ' -f5 /proc/$$/stat > @/group; echo $$ > @/pid; cat > @/read
         exec grep -E '^Sig(Blk|Ign)' /proc/self/status > @/signals",
    );
    let mut checker = Checker::running(config([script("look", &path, 60_000)]));
    let verdict = checker.verdict();
    assert_eq!(verdict.state, Good, "{verdict:?}");
    let read = |name: &str| fs::read_to_string(place.out(name)).unwrap();
    assert_eq!(
        read("environ"),
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\0"
    );
    assert_eq!(read("pwd"), "/\n");
    // The shell's own copies have other numbers; but all are of these three.
    let output = read("output");
    let own = place.0.to_str().unwrap();
    for descriptor in read("fds")
        .lines()
        .filter_map(|line| line.split(" -> ").nth(1))
    {
        let known = descriptor == "/dev/null" || descriptor == output.trim_end();
        assert!(known || descriptor.starts_with(own), "{descriptor}");
    }
    assert_eq!(read("stdin"), "/dev/null\n");
    assert_eq!(read("read"), "");
    assert_eq!(read("group"), read("pid"));
    let signals = read("signals");
    assert!(signals.contains("SigBlk:\t0000000000000000"), "{signals}");
    // SIGPIPE, which Rust ignores for itself; what else is ignored comes from whoever runs tests.
    let ignored = signals
        .split("SigIgn:\t")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap();
    assert_eq!(u64::from_str_radix(ignored, 16).unwrap() & (1 << 12), 0);
}

#[test]
fn arguments_reach_the_script_as_they_are() {
    let place = Place::new();
    let path = place.script("args", "printf '[%s]' \"$@\" > @/args");
    let words = [path.to_str().unwrap(), "-t 5", "", "$HOME;ls", "ä"];
    let words = ShellWords::try_from(words.map(str::to_owned).to_vec()).unwrap();
    let script = action("args", ScriptAction::Run(words), 60_000);
    let mut checker = Checker::running(config([script]));
    assert_eq!(checker.verdict().state, Good);
    assert_eq!(
        fs::read_to_string(place.out("args")).unwrap(),
        "[-t 5][][$HOME;ls][ä]"
    );
}

#[test]
fn the_last_line_of_standard_error_is_shown_without_its_control_characters() {
    let place = Place::new();
    let path = place.script(
        "says",
        "echo first; printf 'bad \\033[31mred\\n\\n' >&2; exit 1",
    );
    let mut checker = Checker::running(config([script("says", &path, 60_000)]));
    let verdict = checker.verdict();
    assert!(
        verdict.detail.ends_with(": \"bad \\u{1b}[31mred\""),
        "{verdict:?}"
    );
}

#[test]
fn a_script_that_writes_megabytes_is_read_to_its_end() {
    let place = Place::new();
    let path = place.script(
        "much",
        "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo done",
    );
    let mut checker = Checker::running(config([script("much", &path, 60_000)]));
    let verdict = checker.verdict();
    assert_eq!(verdict.state, Good, "{verdict:?}");
    assert!(verdict.detail.ends_with(": \"done\""), "{verdict:?}");
}

#[test]
fn endless_output_neither_blocks_the_checker_nor_takes_its_time() {
    let place = Place::new();
    let path = place.script("yes", "exec yes endless");
    let mut endless = script("yes", &path, 60_000);
    endless.timeout = Micros::from_millis(1500);
    let mut checker = Checker::running(config([endless]));
    for _ in 0..50 {
        checker.ping();
    }
    let verdict = checker.verdict();
    assert_eq!(verdict.detail, "timed out after 1.5 s");
    // A megabyte at once and then 64 KiB in 10 ms: far below the gigabytes that `yes` could write.
    let io = fs::read_to_string(format!("/proc/{}/io", checker.pid())).unwrap();
    let read: u64 = io
        .lines()
        .find_map(|line| line.strip_prefix("rchar: "))
        .unwrap()
        .parse()
        .unwrap();
    assert!(read < 30_000_000, "{read}");
}

#[test]
fn a_script_that_was_closed_to_others_is_run_and_one_that_was_opened_is_refused() {
    let place = Place::new();
    let path = place.script("check", "exit 0");
    let secure = CheckerConfig {
        scripts: vec![script("chk", &path, 50)],
        script_security: true,
        servers: 0,
        tls: TlsFiles::default(),
    };
    let mut checker = Checker::running(secure);
    assert_eq!(checker.verdict().state, Good);
    let open = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    open(0o777);
    let verdict = checker.verdict();
    assert_eq!(verdict.state, Failed);
    let shown = path.display();
    assert_eq!(
        verdict.detail,
        format!("refused: {shown} can be written by everybody; `chmod o-w {shown}`")
    );
    checker.log_with(&format!(
        "Script `chk` is not run: {shown} can be written by everybody"
    ));
    open(0o755);
    assert_eq!(checker.verdict().state, Good);
}

#[test]
fn a_directory_that_others_can_write_is_named_also_behind_a_link() {
    let place = Place::new();
    let path = place.0.join("link");
    fs::write(place.out("script"), "#!/bin/sh\n").unwrap();
    std::os::unix::fs::symlink(place.out("script"), &path).unwrap();
    let secure = CheckerConfig {
        scripts: vec![script("chk", &path, 60_000)],
        script_security: true,
        servers: 0,
        tls: TlsFiles::default(),
    };
    let mut checker = Checker::running(secure);
    let directory = place.0.join("out");
    let directory = directory.display();
    assert_eq!(
        checker.verdict().detail,
        format!("refused: {directory} can be written by everybody; `chmod o-w {directory}`")
    );
}

#[test]
fn processes_are_found_in_proc_without_starting_one() {
    let place = Place::new();
    let program = place.0.join("hf-test-service");
    let copied = Command::new("cp").arg("/bin/sleep").arg(&program).status();
    assert!(copied.unwrap().success());
    let find = |names: &[&str]| {
        ScriptAction::ProcessExists(names.iter().map(|&name| name.to_owned()).collect())
    };
    let mut service = Command::new(&program)
        .arg("1000")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let scripts = [
        action("long", find(&["hf-test-service"]), 50),
        action("two", find(&["hf-test-service", "hf-nowhere"]), 60_000),
        action("path", find(&[program.to_str().unwrap()]), 60_000),
    ];
    let mut checker = Checker::running(config(scripts));
    let details = [checker.verdict(), checker.verdict(), checker.verdict()]
        .map(|verdict| (verdict.script.to_string(), verdict.state, verdict.detail));
    let expected = [
        ("long", Good, "\"hf-test-service\" runs".to_owned()),
        ("two", Failed, "no process named \"hf-nowhere\"".to_owned()),
        (
            "path",
            Good,
            format!("{:?} runs", program.to_str().unwrap()),
        ),
    ]
    .map(|(name, state, detail)| (name.to_owned(), state, detail));
    assert_eq!(details, expected);
    checker.log_with("Script `long`: whether \"hf-test-service\" runs is answered from /proc");
    // Killed, but not collected yet: a zombie does no service.
    service.kill().unwrap();
    let verdict = checker.verdict();
    assert_eq!(verdict.detail, "no process named \"hf-test-service\"");
    service.wait().unwrap();
}

#[test]
fn a_user_who_may_not_have_more_processes_fails_no_check() {
    let place = Place::new();
    let path = place.script("check", "exit 0");
    let mut checker = Checker::start_as(61_234, &[], &["prlimit", "--nproc=1:"]);
    checker.go(config([script("chk", &path, 50)]), Vec::new());
    let line = checker.log_with("Script `chk` could not be started");
    assert_eq!(
        line.text,
        "Script `chk` could not be started (Resource temporarily unavailable); its verdict stays, \
         next try in 0.05 s"
    );
    let pid = checker.pid().to_string();
    let lifted = Command::new("setpriv")
        .args(["--reuid=61234", "--regid=61234", "--clear-groups"])
        .args(["prlimit", "--nproc=100:", "--pid", &pid])
        .status();
    assert!(lifted.unwrap().success());
    assert_eq!(checker.verdict().state, Good);
}

#[test]
fn a_proc_that_hides_the_processes_of_others_is_told_once() {
    let hidden = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        "mount -t proc -o hidepid=2 proc /proc && exec \"$@\"",
        "sh",
    ];
    let mut checker = Checker::start_as(NOBODY, &hidden, &[]);
    let find = |name: &str| ScriptAction::ProcessExists(vec![name.to_owned()]);
    let scripts = [
        action("other", find("hf-nowhere"), 20),
        action("own", find("holdfast-checker"), 20),
    ];
    checker.go(config(scripts), Vec::new());
    let verdicts = [checker.verdict().state, checker.verdict().state];
    assert_eq!(verdicts, [Failed, Good]);
    checker.log_with("/proc shows this user only its own processes (hidepid)");
    assert!(checker.try_next(Duration::from_millis(200)).is_err());
    let again = checker.logs.iter().find(|log| log.text.contains("hidepid"));
    assert_eq!(again, None);
}

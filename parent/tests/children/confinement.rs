//! What children and scripts are given, as they see it themselves.

use crate::stage::{CONFIG, Stage, field, wait_for};
use holdfast::seccomp::{self, Uses};
use std::fmt::Write as _;

/// What a child sees of itself before it does anything.
pub(crate) fn children_arrive_with_exactly_what_they_need() {
    let stage = Stage::new();
    let daemon = stage.start_up();
    let none = "0000000000000000";
    let two = "0000000000003000";
    for (child, user, held) in [
        ("vrrp", "holdfast", two),
        ("checker", "holdfast-check", none),
    ] {
        let status = stage.read(&format!("{child}.status"));
        let uid = uid_of(user);
        let ids = [uid.as_str(); 4].join(" ");
        assert_eq!(field(&status, "Uid"), ids);
        assert_eq!(field(&status, "Groups"), "");
        // The ambient set carries the two through the exec; the child itself clears it.
        assert_eq!(field(&status, "CapPrm"), held, "{child}");
        assert_eq!(field(&status, "CapEff"), held, "{child}");
        assert_eq!(field(&status, "CapInh"), held, "{child}");
        assert_eq!(field(&status, "CapAmb"), held, "{child}");
        assert_eq!(field(&status, "CapBnd"), none, "{child}");
        assert_eq!(field(&status, "SigBlk"), none, "{child}");
        // SIGPIPE is ignored by Rust's start code, in the child itself. The C library keeps 32 and
        // 33 for itself; nobody can reset them.
        let ignored = u64::from_str_radix(&field(&status, "SigIgn"), 16).unwrap();
        assert_eq!(ignored & !(0b11 << 31), 1 << 12, "{child}");
        assert_eq!(field(&status, "Seccomp"), "2", "{child}");
        let environment = stage.read(&format!("{child}.environ"));
        assert_eq!(
            environment,
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\0"
        );
        let files = stage.read(&format!("{child}.files"));
        let listing = files
            .lines()
            .filter(|line| !line.ends_with(" /proc/self/fd"));
        let files: Vec<&str> = listing.filter(|line| !line.contains("/proc/")).collect();
        assert_eq!(files, ["0 socket", "1 /dev/null", "2 pipe"], "{child}");
        assert_eq!(stage.read(&format!("{child}.cwd")), "/");
    }
    drop(daemon);
}

fn uid_of(user: &str) -> String {
    let find = |name| nix::unistd::User::from_name(name).unwrap();
    let user = find(user).or_else(|| find("nobody")).unwrap();
    user.uid.as_raw().to_string()
}

/// Calls that an unprivileged process could make without the filter, with arguments that do nothing
/// where the call is made after all.
const HARMLESS: [(&str, [i64; 3]); 8] = [
    ("ptrace", [0, 0, 0]),
    ("process_vm_readv", [1, 0, 0]),
    ("kcmp", [1, 1, 0]),
    ("unshare", [0, 0, 0]),
    ("personality", [0xffff_ffff, 0, 0]),
    ("name_to_handle_at", [-100, 0, 0]),
    ("io_uring_setup", [0, 0, 0]),
    ("userfaultfd", [0, 0, 0]),
];

pub(crate) fn calls_that_nobody_needs_fail_in_scripts() {
    let stage = Stage::new();
    let mut program = "import ctypes\nc = ctypes.CDLL(None, use_errno=True)\n".to_owned();
    for (name, arguments) in HARMLESS {
        let row = seccomp::rows().find(|row| row.name == name).unwrap();
        assert_eq!(row.uses, Uses::All);
        let [first, second, third] = arguments;
        writeln!(
            program,
            "c.syscall({}, ctypes.c_long({first}), {second}, {third}); print('{name}', ctypes.get_errno())",
            row.number
        )
        .unwrap();
    }
    // CLONE_NEWUSER | SIGCHLD: would make a process.
    writeln!(
        program,
        "print('clone', c.syscall({}, 0x10000011, 0, 0, 0, 0), ctypes.get_errno())",
        nix::libc::SYS_clone
    )
    .unwrap();
    writeln!(
        program,
        "c.syscall({}, 0, 0); print('clone3', ctypes.get_errno())",
        seccomp::ABSENT.0
    )
    .unwrap();
    std::fs::write(stage.path("stage/calls.py"), program).unwrap();
    stage.script(
        "calls.sh",
        "/usr/bin/python3 STAGE/calls.py > STAGE/calls.new && mv STAGE/calls.new STAGE/calls",
    );
    stage.part("vrrp", "master");
    stage.configure(&with_notify("notify_master \"SCRIPTS/calls.sh\""));
    let daemon = stage.start_up();
    let seen = wait_for("the script's answer (needs python3)", || {
        let seen = stage.read("calls");
        (!seen.is_empty()).then_some(seen)
    });
    let mut expected: Vec<String> = HARMLESS
        .iter()
        .map(|(name, _)| format!("{name} 1"))
        .collect();
    expected.push("clone -1 1".to_owned());
    expected.push(format!("clone3 {}", nix::libc::ENOSYS));
    assert_eq!(seen.lines().collect::<Vec<_>>(), expected);
    drop(daemon);
}

pub(crate) fn a_script_of_root_has_what_the_parent_kept() {
    let stage = Stage::new();
    stage.script(
        "root.sh",
        "cat /proc/self/status > STAGE/root.new && mv STAGE/root.new STAGE/root",
    );
    stage.part("vrrp", "master");
    stage.configure(&with_notify("notify_master \"SCRIPTS/root.sh\" root"));
    let daemon = stage.start_up();
    let status = wait_for("the script", || {
        let seen = stage.read("root");
        (!seen.is_empty()).then_some(seen)
    });
    assert_eq!(field(&status, "Uid"), "0 0 0 0");
    assert_eq!(field(&status, "CapEff"), "00000000008035e5");
    assert_eq!(field(&status, "CapBnd"), "00000000008035e5");
    assert_eq!(field(&status, "NoNewPrivs"), "1");
    drop(daemon);
}

pub(crate) fn what_the_starter_left_open_or_ignored_reaches_nobody() {
    let stage = Stage::new();
    stage.script(
        "look.sh",
        "cat /proc/self/status > STAGE/status; ls -l /proc/$$/fd > STAGE/files.new; \
         mv STAGE/files.new STAGE/files",
    );
    stage.part("vrrp", "master");
    stage.configure(&with_notify("notify_master \"SCRIPTS/look.sh\" root"));
    let daemon = stage.start_by("trap '' HUP INT USR1 PIPE; exec \"$0\" \"$@\" 7</etc/passwd");
    daemon.wait_log("Startup complete", 1);
    let files = wait_for("the script", || {
        let files = stage.read("files");
        (!files.is_empty()).then_some(files)
    });
    assert!(!files.contains("passwd"), "{files}");
    let ignored = u64::from_str_radix(&field(&stage.read("status"), "SigIgn"), 16).unwrap();
    assert_eq!(ignored & !(0b11 << 31), 0);
    let pid = stage.pid("p.pid").unwrap();
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let targets = open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    assert!(!targets.into_iter().any(|target| target.ends_with("passwd")));
    // And the daemon itself hears the signals that were ignored.
    daemon.signal(nix::sys::signal::Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    drop(daemon);
}

/// The usual configuration with one more line in the instance.
pub(crate) fn with_notify(line: &str) -> String {
    CONFIG.replace(
        "    priority 150\n",
        &format!("    priority 150\n    {line}\n"),
    )
}

//! What the checker has taken away from itself, shown on the real process and its scripts.

use crate::filter::{Own, install};
use crate::filter_model::forbidden_calls;
use crate::harness::{Checker, NOBODY, Place, config, script};
use holdfast_ipc::message::Confinement;
use holdfast_ipc::state::ScriptState::Ok as Good;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;

#[test]
fn the_checker_holds_no_privilege() {
    let checker = Checker::start();
    assert_eq!(
        checker.confinement,
        Confinement {
            seccomp: true,
            landlock: "not used, scripts may need any file".to_owned()
        }
    );
    let status = fs::read_to_string(format!("/proc/{}/status", checker.pid())).unwrap();
    let wanted = [
        "Uid:\t65534\t65534\t65534\t65534",
        "Gid:\t65534\t65534\t65534\t65534",
        "Groups:\t ",
        "CapInh:\t0000000000000000",
        "CapPrm:\t0000000000000000",
        "CapEff:\t0000000000000000",
        "CapBnd:\t0000000000000000",
        "CapAmb:\t0000000000000000",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
        "Threads:\t1",
    ];
    for line in wanted {
        assert!(
            status.lines().any(|other| other == line),
            "{line}\n{status}"
        );
    }
}

#[test]
fn the_checkers_memory_is_closed_to_its_own_scripts() {
    let place = Place::new();
    // A process that is not dumpable belongs to root in /proc.
    let path = place.script("spy", "! cat /proc/$PPID/environ && ! cat /proc/$PPID/mem");
    let mut checker = Checker::running(config([script("spy", &path, 60_000)]));
    let verdict = checker.verdict();
    assert_eq!(verdict.state, Good, "{verdict:?}");
    let owner = fs::metadata(format!("/proc/{}/environ", checker.pid()))
        .unwrap()
        .uid();
    assert_eq!(owner, 0);
}

#[test]
fn the_socket_to_the_parent_has_a_high_number_and_standard_input_is_empty() {
    let checker = Checker::start();
    let directory = format!("/proc/{}/fd", checker.pid());
    assert_eq!(
        fs::read_link(format!("{directory}/0")).unwrap().to_str(),
        Some("/dev/null")
    );
    for number in [200, 201] {
        let target = fs::read_link(format!("{directory}/{number}")).unwrap();
        assert!(
            target.to_string_lossy().starts_with("socket:"),
            "{target:?}"
        );
    }
}

#[test]
fn a_script_inherits_the_confinement() {
    let place = Place::new();
    let path = place.script("look", "cat /proc/self/status > @/status");
    let mut checker = Checker::running(config([script("look", &path, 60_000)]));
    assert_eq!(checker.verdict().state, Good);
    let status = fs::read_to_string(place.out("status")).unwrap();
    for line in ["NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000"] {
        assert!(status.contains(line), "{line}\n{status}");
    }
}

/// `user root` in the configuration: root's number, none of its capabilities.
#[test]
fn a_script_of_root_has_no_capability_either() {
    let place = Place::new();
    let path = place.script(
        "look",
        "cat /proc/self/status > @/status; chown 1 @/status && exit 1; exit 0",
    );
    let mut checker = Checker::start_as(0, &[], &[]);
    checker.go(config([script("look", &path, 60_000)]), Vec::new());
    let verdict = checker.verdict();
    assert_eq!(verdict.state, Good, "{verdict:?}");
    let status = fs::read_to_string(place.out("status")).unwrap();
    for line in [
        "Uid:\t0\t0\t0\t0",
        "CapEff:\t0000000000000000",
        "Seccomp:\t2",
    ] {
        assert!(status.contains(line), "{line}\n{status}");
    }
}

/// Root could do it all; so what fails here fails by the filter. (Not setuid: the C library makes
/// it for all threads, and this filter is for one.)
#[test]
fn the_filter_stops_root_as_well() {
    let confined = std::thread::spawn(|| {
        let own = Own {
            uid: nix::unistd::getuid().as_raw(),
            gid: nix::unistd::getgid().as_raw(),
        };
        assert!(install(own).unwrap());
        let name = nix::unistd::gethostname().unwrap();
        [
            nix::unistd::chroot("/"),
            nix::unistd::sethostname(name),
            nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET),
            nix::sys::socket::socket(
                nix::sys::socket::AddressFamily::Inet,
                nix::sys::socket::SockType::Raw,
                nix::sys::socket::SockFlag::empty(),
                nix::sys::socket::SockProtocol::Icmp,
            )
            .map(drop),
        ]
    });
    let denied = Err(nix::errno::Errno::EPERM);
    assert_eq!(confined.join().unwrap(), [denied, denied, denied, denied]);
}

/// Makes every forbidden call from a script, as it is: the kernel answers with the row's error.
#[test]
fn every_forbidden_call_fails_in_a_script() {
    let place = Place::new();
    let mut lines = String::new();
    let mut expected = String::new();
    for (row, call) in forbidden_calls() {
        let arguments = call
            .arguments
            .map(|argument| format!("{argument}"))
            .join(",");
        lines.push_str(&format!(
            "probe('{}', {}, [{arguments}])\n",
            row.name, row.number
        ));
        expected.push_str(&format!("{} {}\n", row.name, row.errno));
    }
    let python = format!(
        "#!/usr/bin/env python3
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
out = open('{}', 'w')
def probe(name, number, arguments):
    ctypes.set_errno(0)
    answer = libc.syscall(ctypes.c_long(number), *[ctypes.c_ulong(a) for a in arguments])
    out.write('%s %d\\n' % (name, ctypes.get_errno() if answer == -1 else 0))
{lines}out.close()
",
        place.out("answers").display()
    );
    let path = place.file("probe", &python);
    let mut checker = Checker::running(config([script("probe", &path, 60_000)]));
    let verdict = checker.verdict();
    assert_eq!(
        verdict.state, Good,
        "python3 is needed (package python3): {verdict:?}"
    );
    assert_eq!(fs::read_to_string(place.out("answers")).unwrap(), expected);
}

#[test]
fn a_script_cannot_become_somebody_else_mount_or_open_raw_sockets() {
    let place = Place::new();
    let path = place.script(
        "tries",
        "su -c true root </dev/null && exit 1
         unshare -r true && exit 2
         mount -t tmpfs none /mnt && exit 3
         ip link set lo mtu 1400 && exit 4
         ip addr add 192.0.2.77/32 dev lo && exit 5
         nsenter -t 1 -n true && exit 6
         exit 0",
    );
    let mut checker = Checker::running(config([script("tries", &path, 60_000)]));
    let verdict = checker.verdict();
    assert_eq!(verdict.state, Good, "{verdict:?}");
}

#[test]
fn what_checks_ordinarily_do_works() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let place = Place::new();
    let path = place.script(
        "ordinary",
        &format!(
            "set -e
             test \"$(printf 'a\\nb\\n' | grep -c .)\" = 2
             (cd / && ls) | sort | head -1 > @/list
             ip -o addr show lo | grep -q 127.0.0.1
             getent hosts localhost > /dev/null
             bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}'
             ss -ltn | grep -q ':{port} '
             test \"$(id -u)\" = {NOBODY}
             python3 -c 'import threading, subprocess, socket
t = threading.Thread(target=lambda: subprocess.run([\"true\"], check=True)); t.start(); t.join()
socket.create_connection((\"127.0.0.1\", {port})).close()'
             timeout 5 sleep 0.01"
        ),
    );
    let mut checker = Checker::running(config([script("ordinary", &path, 60_000)]));
    let verdict = checker.verdict();
    assert_eq!(verdict.state, Good, "{verdict:?}");
}

//! Calls that the child must not make. Each would do nothing bad here if it were allowed.

use nix::mount::{MsFlags, mount};
use nix::sys::ptrace;
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{getppid, setuid};
use socket2::{Domain, Protocol, Socket, Type};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Opens a socket, whatever becomes of it.
fn open(domain: Domain, kind: Type, protocol: i32) {
    let _ = Socket::new(domain, kind, Some(Protocol::from(protocol)));
}

/// Name and call.
pub(crate) const CALLS: &[(&str, fn())] = &[
    ("open a file for reading", || {
        drop(File::open("/etc/passwd"))
    }),
    ("make a file", || drop(File::create("/dev/null"))),
    ("list a directory", || drop(std::fs::read_dir("/"))),
    ("execute a program", || {
        drop(Command::new("/bin/true").exec())
    }),
    ("start a process", || {
        drop(Command::new("/bin/true").spawn())
    }),
    ("start a thread", || {
        drop(std::thread::Builder::new().spawn(|| {}))
    }),
    ("TCP over IPv4", || open(Domain::IPV4, Type::STREAM, 0)),
    ("TCP over IPv6", || open(Domain::IPV6, Type::STREAM, 0)),
    ("UDP", || open(Domain::IPV4, Type::DGRAM, 0)),
    ("a Unix socket", || open(Domain::UNIX, Type::STREAM, 0)),
    ("raw ICMP", || open(Domain::IPV4, Type::RAW, 1)),
    ("raw of any protocol", || open(Domain::IPV4, Type::RAW, 255)),
    ("a packet socket that hears everything", || {
        open(Domain::PACKET, Type::RAW, 0x0300);
    }),
    ("a netfilter socket", || {
        open(Domain::from(16), Type::RAW, 12)
    }),
    ("trace", || {
        let _ = ptrace::traceme();
    }),
    ("change the user", || {
        let _ = setuid(nix::unistd::getuid());
    }),
    ("mount", || {
        let none: Option<&str> = None;
        let _ = mount(none, "/nowhere", none, MsFlags::empty(), none);
    }),
    ("signal another process", || {
        let _ = kill(getppid(), None);
    }),
    ("raise a signal other than SIGABRT", || {
        let _ = nix::sys::signal::raise(Signal::SIGUSR1);
    }),
    ("write elsewhere than to the standard error", || {
        let _ = nix::unistd::write(std::io::stdout(), b"x");
    }),
    ("the name of the machine", || {
        let _ = nix::sys::utsname::uname();
    }),
    ("the limits of the process", || {
        let _ = getrlimit(Resource::RLIMIT_NOFILE);
    }),
];

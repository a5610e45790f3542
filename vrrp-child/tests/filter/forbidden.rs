//! Calls that the child must not make. Each would do nothing bad here if it were allowed.

use nix::libc;
use nix::mount::{MsFlags, mount};
use nix::sys::ptrace;
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{MsgFlags, SockaddrIn, sendmsg};
use nix::unistd::{getppid, setuid};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::fs::File;
use std::io::IoSlice;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// A socket as for a check, which may be made.
fn tcp() -> Socket {
    Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap()
}

/// The discard service of this machine.
fn nowhere() -> SockAddr {
    SockAddr::from(std::net::SocketAddr::from(([127, 0, 0, 1], 9)))
}

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
    ("TCP by the default of its type", || {
        open(Domain::IPV4, Type::STREAM, 0);
    }),
    ("UDP by the default of its type", || {
        open(Domain::IPV6, Type::DGRAM, 0);
    }),
    ("another protocol on a stream", || {
        open(Domain::IPV4, Type::STREAM, libc::IPPROTO_SCTP);
    }),
    ("connect", || {
        let _ = tcp().connect(&nowhere());
    }),
    ("connect by a first message with data", || {
        let _ = tcp().send_to_with_flags(b"x", &nowhere(), libc::MSG_FASTOPEN);
    }),
    ("connect by a first message in parts", || {
        let socket = tcp();
        let address = SockaddrIn::new(127, 0, 0, 1, 9);
        let (parts, flags) = (
            [IoSlice::new(b"x")],
            MsgFlags::from_bits_retain(libc::MSG_FASTOPEN),
        );
        let _ = sendmsg(socket.as_raw_fd(), &parts, &[], flags, Some(&address));
    }),
    ("listen", || {
        let _ = tcp().listen(1);
    }),
    ("accept", || {
        let _ = tcp().accept();
    }),
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

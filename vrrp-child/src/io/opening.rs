//! Sockets of checks that need a privilege. They are made here and given away at once: this process
//! neither connects nor binds them, and sends and reads nothing on them.

use holdfast_ipc::config::model::Family;
use holdfast_ipc::opening::{CheckSocket, OpenStep, Refusal, SocketKind};
use nix::libc;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::os::fd::OwnedFd;

/// Opens one: non-blocking, closed on exec, with the mark and on the device that the configuration
/// says.
pub(super) fn open(wanted: &CheckSocket) -> Result<OwnedFd, Refusal> {
    let (kind, protocol) = match (wanted.kind, wanted.family) {
        (SocketKind::Tcp, _) => (Type::STREAM, Protocol::TCP),
        (SocketKind::Udp, _) => (Type::DGRAM, Protocol::UDP),
        (SocketKind::Ping, Family::V4) => (Type::DGRAM, Protocol::ICMPV4),
        (SocketKind::Ping, Family::V6) => (Type::DGRAM, Protocol::ICMPV6),
    };
    let domain = match wanted.family {
        Family::V4 => Domain::IPV4,
        Family::V6 => Domain::IPV6,
    };
    let step = match wanted.kind {
        SocketKind::Ping => OpenStep::PingSocket,
        SocketKind::Tcp | SocketKind::Udp => OpenStep::Socket,
    };
    let socket = Socket::new(domain, kind.nonblocking(), Some(protocol)).map_err(refused(step))?;
    if wanted.mark != 0 {
        socket
            .set_mark(wanted.mark)
            .map_err(refused(OpenStep::Mark))?;
    }
    if let Some(interface) = &wanted.interface {
        socket
            .bind_device(Some(interface.as_str().as_bytes()))
            .map_err(refused(OpenStep::Device))?;
    }
    Ok(socket.into())
}

fn refused(step: OpenStep) -> impl Fn(io::Error) -> Refusal {
    move |error| Refusal {
        step,
        errno: error.raw_os_error().unwrap_or(libc::EIO),
    }
}

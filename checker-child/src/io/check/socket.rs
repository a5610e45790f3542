//! Sockets with the source, device and mark that a check asks for.

use super::net_error;
use holdfast_checker::check::{Channel, NetError};
use holdfast_ipc::config::model::Endpoint;
use holdfast_ipc::opening::{OpenStep, Refusal};
use nix::errno::Errno;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Begins a connection. It is there when the socket can be written to without an error.
pub(super) fn connect(socket: &Socket, endpoint: &Endpoint) -> Result<(), NetError> {
    match socket.connect(&SockAddr::from(destination(endpoint)?)) {
        Err(error) if error.raw_os_error() != Some(Errno::EINPROGRESS as i32) => {
            Err(net_error::of(&error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A socket with all that the configuration says, not connected yet. The kernel sets identifier and
/// checksum of one for ping.
pub(super) fn own(channel: &Channel<'_>, endpoint: &Endpoint) -> Result<Socket, NetError> {
    let icmp = match endpoint.address {
        IpAddr::V4(_) => Protocol::ICMPV4,
        IpAddr::V6(_) => Protocol::ICMPV6,
    };
    let (kind, protocol, step) = match channel {
        Channel::Tcp | Channel::Tls { .. } => (Type::STREAM, Protocol::TCP, OpenStep::Socket),
        Channel::Udp => (Type::DGRAM, Protocol::UDP, OpenStep::Socket),
        Channel::Ping => (Type::DGRAM, icmp, OpenStep::PingSocket),
    };
    let opened = new(endpoint, kind, protocol, step);
    opened.map_err(|refusal| told(refusal, Whose::Own))
}

/// The same from the parent.
pub(super) fn given(socket: Result<OwnedFd, Refusal>) -> Result<Socket, NetError> {
    let socket = socket.map_err(|refusal| told(refusal, Whose::Given))?;
    Ok(Socket::from(socket))
}

/// Whether this user may open a ping socket; none where that is not the question (no IPv6 here).
pub(super) fn may_ping(is_ipv6: bool) -> Option<bool> {
    let (domain, protocol) = match is_ipv6 {
        false => (Domain::IPV4, Protocol::ICMPV4),
        true => (Domain::IPV6, Protocol::ICMPV6),
    };
    match Socket::new(domain, Type::DGRAM, Some(protocol)) {
        Ok(_) => Some(true),
        Err(error) if error.raw_os_error() == Some(Errno::EACCES as i32) => Some(false),
        Err(_) => None,
    }
}

/// Where the check goes.
fn destination(endpoint: &Endpoint) -> Result<SocketAddr, NetError> {
    let mut address = SocketAddr::new(endpoint.address, endpoint.port);
    if let (SocketAddr::V6(v6), Some(interface)) = (&mut address, &endpoint.interface)
        && v6.ip().is_unicast_link_local()
    {
        let index = nix::net::if_::if_nametoindex(interface.as_str())
            .map_err(|_errno| NetError::Other(format!("there is no interface {interface}")))?;
        v6.set_scope_id(index);
    }
    Ok(address)
}

/// A connected datagram socket: errors by ICMP come back as errors of the socket.
pub(super) fn datagram(socket: Socket, endpoint: &Endpoint) -> Result<AsyncFd<Socket>, NetError> {
    let destination = SockAddr::from(destination(endpoint)?);
    socket
        .connect(&destination)
        .map_err(|error| net_error::of(&error))?;
    watch(socket).map_err(|error| net_error::of(&error))
}

#[expect(
    deprecated,
    reason = "unsound only for a type that changes or closes its descriptor meanwhile, which a \
              Socket cannot; the replacement is an unsafe call"
)]
fn watch(socket: Socket) -> io::Result<AsyncFd<Socket>> {
    let interest = Interest::READABLE | Interest::WRITABLE | Interest::ERROR;
    AsyncFd::with_interest(socket, interest)
}

fn new(
    endpoint: &Endpoint,
    kind: Type,
    protocol: Protocol,
    step: OpenStep,
) -> Result<Socket, Refusal> {
    let domain = match endpoint.address {
        IpAddr::V4(_) => Domain::IPV4,
        IpAddr::V6(_) => Domain::IPV6,
    };
    let socket = Socket::new(domain, kind.nonblocking(), Some(protocol)).map_err(refused(step))?;
    if endpoint.mark != 0 {
        socket
            .set_mark(endpoint.mark)
            .map_err(refused(OpenStep::Mark))?;
    }
    if let Some(interface) = &endpoint.interface {
        socket
            .bind_device(Some(interface.as_str().as_bytes()))
            .map_err(refused(OpenStep::Device))?;
    }
    bind(&socket, endpoint)?;
    Ok(socket)
}

fn bind(socket: &Socket, endpoint: &Endpoint) -> Result<(), Refusal> {
    let Some(own) = endpoint.own() else {
        return Ok(());
    };
    let step = match endpoint.source_port {
        Some(_) => OpenStep::SourcePort,
        None => OpenStep::Source,
    };
    if endpoint.source_port.is_some() {
        // The last check's connection may still be in TIME_WAIT with that port.
        socket.set_reuse_address(true).map_err(refused(step))?;
    }
    socket.bind(&own.into()).map_err(refused(step))
}

fn refused(step: OpenStep) -> impl Fn(io::Error) -> Refusal {
    move |error| Refusal {
        step,
        errno: error.raw_os_error().unwrap_or(Errno::EIO as i32),
    }
}

/// Who was refused.
#[derive(Clone, Copy)]
enum Whose {
    /// This process.
    Own,
    /// The processes that have the privileges.
    Given,
}

/// An error with the word of the configuration that it is about, and what helps where a privilege
/// is missing.
fn told(Refusal { step, errno }: Refusal, whose: Whose) -> NetError {
    let number = Errno::from_raw(errno);
    let is_forbidden = matches!(number, Errno::EPERM | Errno::EACCES);
    let from_port = "take a port from sysctl net.ipv4.ip_unprivileged_port_start on";
    let (word, help) = match step {
        OpenStep::PingSocket if is_forbidden => return closed(whose),
        OpenStep::Socket | OpenStep::PingSocket => {
            return net_error::of(&io::Error::from_raw_os_error(errno));
        }
        OpenStep::Mark => ("fwmark", "leave it out, or choose the way by bindto"),
        OpenStep::Device => ("bind_if", "before Linux 5.7 only bindto works"),
        OpenStep::Source => ("bindto", from_port),
        OpenStep::SourcePort => ("bind_port", from_port),
    };
    let why = number.desc();
    NetError::Other(match (is_forbidden, whose) {
        (true, Whose::Own) => {
            format!("{word}: an unprivileged process may not do this; {help}")
        }
        (true, Whose::Given) => format!("{word}: {why}, even for holdfast as a whole; {help}"),
        (false, Whose::Own | Whose::Given) => format!("{word}: {why}"),
    })
}

fn closed(whose: Whose) -> NetError {
    let user = match whose {
        Whose::Own => "this user",
        Whose::Given => "the user of the VRRP child",
    };
    NetError::Other(format!(
        "ping sockets are closed to {user}, see sysctl net.ipv4.ping_group_range"
    ))
}

/// A socket as its descriptor.
pub(super) fn into_stream(socket: Socket) -> std::net::TcpStream {
    std::net::TcpStream::from(OwnedFd::from(socket))
}

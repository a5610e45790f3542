//! Sockets with the source, device and mark that a check asks for.

use super::net_error;
use holdfast_checker::check::NetError;
use holdfast_ipc::config::model::Endpoint;
use nix::errno::Errno;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Begins a connection. It is there when the socket can be written to without an error.
pub(super) fn begin(endpoint: &Endpoint) -> Result<Socket, NetError> {
    let socket = new(endpoint, Type::STREAM, Protocol::TCP)?;
    match socket.connect(&SockAddr::from(destination(endpoint)?)) {
        Err(error) if error.raw_os_error() != Some(Errno::EINPROGRESS as i32) => {
            Err(net_error::of(&error))
        }
        Ok(()) | Err(_) => Ok(socket),
    }
}

/// A connected datagram socket: errors by ICMP come back as errors of the socket.
pub(super) fn udp(endpoint: &Endpoint) -> Result<AsyncFd<Socket>, NetError> {
    datagram(new(endpoint, Type::DGRAM, Protocol::UDP)?, endpoint)
}

/// A ping socket. The kernel sets identifier and checksum.
pub(super) fn ping(endpoint: &Endpoint) -> Result<AsyncFd<Socket>, NetError> {
    let protocol = match endpoint.address {
        IpAddr::V4(_) => Protocol::ICMPV4,
        IpAddr::V6(_) => Protocol::ICMPV6,
    };
    datagram(new(endpoint, Type::DGRAM, protocol)?, endpoint)
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

fn datagram(socket: Socket, endpoint: &Endpoint) -> Result<AsyncFd<Socket>, NetError> {
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

fn new(endpoint: &Endpoint, kind: Type, protocol: Protocol) -> Result<Socket, NetError> {
    let domain = match endpoint.address {
        IpAddr::V4(_) => Domain::IPV4,
        IpAddr::V6(_) => Domain::IPV6,
    };
    let is_ping = protocol == Protocol::ICMPV4 || protocol == Protocol::ICMPV6;
    let socket = Socket::new(domain, kind.nonblocking(), Some(protocol)).map_err(|error| {
        match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::EACCES) if is_ping => NetError::Other(
                "ping sockets are closed to this user, see sysctl net.ipv4.ping_group_range"
                    .to_owned(),
            ),
            _other => net_error::of(&error),
        }
    })?;
    if endpoint.mark != 0 {
        socket
            .set_mark(endpoint.mark)
            .map_err(told("fwmark", "leave it out, or choose the way by bindto"))?;
    }
    if let Some(interface) = &endpoint.interface {
        socket
            .bind_device(Some(interface.as_str().as_bytes()))
            .map_err(told("bind_if", "before Linux 5.7 only bindto works"))?;
    }
    bind(&socket, endpoint)?;
    Ok(socket)
}

fn bind(socket: &Socket, endpoint: &Endpoint) -> Result<(), NetError> {
    if endpoint.source.is_none() && endpoint.source_port.is_none() {
        return Ok(());
    }
    let any = match endpoint.address {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let source = SocketAddr::new(
        endpoint.source.unwrap_or(any),
        endpoint.source_port.unwrap_or(0),
    );
    if endpoint.source_port.is_some() {
        // The last check's connection may still be in TIME_WAIT with that port.
        socket
            .set_reuse_address(true)
            .map_err(told("bind_port", "leave it out"))?;
    }
    let word = match endpoint.source_port {
        Some(_) => "bind_port",
        None => "bindto",
    };
    let help = "take a port from sysctl net.ipv4.ip_unprivileged_port_start on";
    socket.bind(&source.into()).map_err(told(word, help))
}

/// An error with the word of the configuration that it is about, and what helps where a privilege
/// is missing.
fn told(word: &'static str, help: &'static str) -> impl Fn(io::Error) -> NetError {
    move |error| match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EPERM | Errno::EACCES) => NetError::Other(format!(
            "{word}: an unprivileged process may not do this; {help}"
        )),
        Some(errno) => NetError::Other(format!("{word}: {}", errno.desc())),
        None => NetError::Other(format!("{word}: {error}")),
    }
}

/// A socket as its descriptor.
pub(super) fn into_stream(socket: Socket) -> std::net::TcpStream {
    std::net::TcpStream::from(OwnedFd::from(socket))
}

//! Route netlink: one socket for requests and dumps, one for notifications, so that an answer is
//! never behind a burst of notifications.

mod address;
mod change;
mod link;
mod message;
mod notifications;
mod requests;
#[cfg(test)]
mod tests;

pub(crate) use notifications::{Notifications, Pending};
pub(crate) use requests::Requests;

use super::error::{Fatal, cannot};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use nix::sys::socket::{setsockopt, sockopt};
use std::io;

/// The kernel's own port; messages of other senders are never used.
const KERNEL: u32 = 0;

/// Largest part of a dump or batch of notifications that the kernel makes: it never builds a netlink
/// datagram above 32 KiB, and this leaves room to notice if that changes.
const RECEIVE_BUFFER: usize = 64 * 1024;

/// A route netlink socket with a receive buffer above the limit for ordinary users: 64 answers, or
/// the notifications of some thousand addresses, fit into it at once.
fn open(what: &'static str, buffer: usize) -> Result<Socket, Fatal> {
    let mut socket = Socket::new(NETLINK_ROUTE).map_err(cannot(what))?;
    socket.bind_auto().map_err(cannot(what))?;
    // Without CAP_NET_ADMIN the default stays; a loss is noticed and answered by a dump.
    let _ = setsockopt(&socket, sockopt::RcvBufForce, &buffer);
    Ok(socket)
}

/// Receives one datagram of the kernel into `buffer`. `None` when it is from somebody else.
fn receive<'a>(
    socket: &Socket,
    buffer: &'a mut [u8],
    flags: nix::libc::c_int,
) -> io::Result<Option<&'a [u8]>> {
    let mut free = &mut *buffer;
    // MSG_TRUNC makes the kernel tell the true length.
    let (length, sender): (usize, SocketAddr) =
        socket.recv_from(&mut free, flags | nix::libc::MSG_TRUNC)?;
    if sender.port_number() != KERNEL {
        return Ok(None);
    }
    match buffer.get(..length) {
        Some(bytes) => Ok(Some(bytes)),
        None => Err(io::Error::from_raw_os_error(nix::libc::ENOBUFS)),
    }
}

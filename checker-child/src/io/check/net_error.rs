//! Error numbers of sockets as the conversations understand them.

use holdfast_checker::check::NetError;
use nix::errno::Errno;
use std::io;

/// What an error of a socket means.
pub(super) fn of(error: &io::Error) -> NetError {
    let Some(number) = error.raw_os_error() else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => NetError::Reset,
            _other => NetError::Other(error.to_string()),
        };
    };
    match Errno::from_raw(number) {
        Errno::ECONNREFUSED => NetError::Refused,
        Errno::ECONNRESET | Errno::EPIPE => NetError::Reset,
        Errno::EHOSTUNREACH | Errno::EHOSTDOWN => NetError::HostUnreachable,
        Errno::ENETUNREACH | Errno::ENETDOWN => NetError::NetUnreachable,
        Errno::EMFILE | Errno::ENFILE => NetError::NoResources("file descriptors".to_owned()),
        Errno::ENOMEM | Errno::ENOBUFS => NetError::NoResources("memory".to_owned()),
        // When all are taken, UDP says EAGAIN and TCP EADDRNOTAVAIL.
        Errno::EAGAIN | Errno::EADDRNOTAVAIL => NetError::NoResources("local ports".to_owned()),
        errno => NetError::Other(errno.desc().to_owned()),
    }
}

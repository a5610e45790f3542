//! The socket to the parent.

use super::Failure;
use holdfast_ipc::Channel;
use holdfast_ipc::message::{CheckerToParent, ParentToChecker};
use nix::sys::socket::{SockType, getsockopt, sockopt};
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// Descriptors of the socket lie here: the kernel closes the highest ones first when a process
/// dies, and the parent waits for that.
const HIGH: i32 = 200;
/// Bytes that may wait for a parent that does not read. It reads within a second or is dead.
const QUEUE_LIMIT: usize = 16 * 1024 * 1024;

/// The line to the parent.
pub(crate) struct Parent {
    pub(crate) channel: Channel<CheckerToParent, ParentToChecker>,
    /// A second descriptor of the same socket, to wait on.
    pub(crate) readiness: OwnedFd,
}

/// Takes the socket that the parent handed over as standard input, and puts /dev/null there.
pub(crate) fn take_standard_input() -> Result<Parent, Failure> {
    let stdin = std::io::stdin();
    match getsockopt(&stdin, sockopt::SockType) {
        Ok(SockType::SeqPacket) => {}
        Ok(_) | Err(_) => return Err(Failure::NotStartedByParent),
    }
    let [socket, readiness] = clone_high(stdin.as_fd())?;
    let null = File::open("/dev/null").map_err(Failure::of("cannot open /dev/null"))?;
    nix::unistd::dup2_stdin(null).map_err(Failure::of_errno("cannot close standard input"))?;
    Ok(Parent {
        channel: Channel::new(socket, QUEUE_LIMIT),
        readiness,
    })
}

/// Two more descriptors of the same socket, with high numbers. The kernel gives the lowest free
/// number, so the ones below are held until both are high.
fn clone_high(fd: BorrowedFd<'_>) -> Result<[OwnedFd; 2], Failure> {
    let mut low = Vec::new();
    let mut high = Vec::new();
    loop {
        let clone = fd
            .try_clone_to_owned()
            .map_err(Failure::of("cannot duplicate the socket to the parent"))?;
        if clone.as_raw_fd() < HIGH {
            low.push(clone);
            continue;
        }
        high.push(clone);
        match <[OwnedFd; 2]>::try_from(high) {
            Ok(both) => return Ok(both),
            Err(fewer) => high = fewer,
        }
    }
}

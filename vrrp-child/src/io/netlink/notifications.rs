//! The socket that tells of changes made by anybody.

use super::change::{self, Change};
use super::message::messages;
use super::{RECEIVE_BUFFER, open, receive};
use crate::io::error::{Fatal, cannot};
use holdfast_vrrp::event::{Event, IfIndex, KernelState};
use netlink_sys::Socket;
use nix::libc;
use std::collections::{BTreeSet, VecDeque};
use std::os::fd::{AsFd, BorrowedFd};

/// Room for the notifications of about ten thousand address changes, which a router or a container
/// host makes in one go; memory is used only while they wait.
const NOTIFICATION_BUFFER: usize = 8 * 1024 * 1024;
/// Datagrams that are thrown away at most before a dump. More than fit into the buffer at once.
const DISCARD_LIMIT: usize = 100_000;

/// What waits on the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    /// Nothing more.
    Nothing,
    /// Perhaps something: the next turn goes on.
    More,
    /// Messages were lost, or IPv6 forwarding changed: the whole state has to be read again.
    Resync,
}

/// Notifications of links and addresses.
#[derive(Debug)]
pub(crate) struct Notifications {
    socket: Socket,
    buffer: Vec<u8>,
    forwarding6: BTreeSet<IfIndex>,
}

impl Notifications {
    /// Subscribes. From now on nothing is missed unnoticed.
    pub(crate) fn open() -> Result<Self, Fatal> {
        let what = "subscribe to notifications of the kernel";
        let socket = open(what, NOTIFICATION_BUFFER)?;
        for group in [
            libc::RTNLGRP_LINK,
            libc::RTNLGRP_IPV4_IFADDR,
            libc::RTNLGRP_IPV6_IFADDR,
            libc::RTNLGRP_IPV6_NETCONF,
        ] {
            socket.add_membership(group).map_err(cannot(what))?;
        }
        Ok(Self {
            socket,
            buffer: vec![0; RECEIVE_BUFFER],
            forwarding6: BTreeSet::new(),
        })
    }

    /// Remembers what a dump says of IPv6 forwarding, so that only changes of it count.
    pub(crate) fn seen(&mut self, state: &KernelState) {
        self.forwarding6 = state.forwarding6.iter().copied().collect();
    }

    /// Takes at most `limit` datagrams.
    pub(crate) fn read(
        &mut self,
        limit: usize,
        events: &mut VecDeque<Event<'static>>,
    ) -> Result<Pending, Fatal> {
        let mut changes = Vec::new();
        let pending = self.receive(limit, &mut changes)?;
        let mut resync = false;
        for change in changes {
            resync |= self.take(change, events);
        }
        Ok(if resync { Pending::Resync } else { pending })
    }

    fn receive(&mut self, limit: usize, changes: &mut Vec<Change>) -> Result<Pending, Fatal> {
        for _ in 0..limit {
            match receive(&self.socket, &mut self.buffer, libc::MSG_DONTWAIT) {
                Ok(bytes) => {
                    changes.extend(messages(bytes.unwrap_or_default()).filter_map(change::read));
                }
                Err(error) => match error.raw_os_error() {
                    Some(libc::EAGAIN) => return Ok(Pending::Nothing),
                    Some(libc::EINTR) => {}
                    Some(libc::ENOBUFS) => return Ok(Pending::Resync),
                    _ => return Err(cannot("read notifications of the kernel")(error)),
                },
            }
        }
        Ok(Pending::More)
    }

    /// Turns a change into an event; true when it calls for a dump.
    fn take(&mut self, change: Change, events: &mut VecDeque<Event<'static>>) -> bool {
        match change {
            Change::Event(event) => {
                events.push_back(event);
                false
            }
            Change::Link(described) => {
                let index = described.link.index;
                events.push_back(Event::LinkPresent(described.link));
                described
                    .forwarding6
                    .is_some_and(|on| self.forwarding_changed(index, on))
            }
            Change::LinkGone(index) => {
                self.forwarding6.remove(&index);
                events.push_back(Event::LinkGone(index));
                false
            }
            Change::Forwarding6(index, on) => self.forwarding_changed(index, on),
        }
    }

    fn forwarding_changed(&mut self, index: IfIndex, on: bool) -> bool {
        if on {
            self.forwarding6.insert(index)
        } else {
            self.forwarding6.remove(&index)
        }
    }

    /// Throws away what waits. What the dump behind it shows is newer.
    pub(crate) fn discard(&mut self) {
        for _ in 0..DISCARD_LIMIT {
            match receive(&self.socket, &mut self.buffer, libc::MSG_DONTWAIT) {
                Ok(_) => {}
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => {}
                Err(_) => return,
            }
        }
    }
}

#[cfg(test)]
impl Notifications {
    /// For a test that sends to it.
    pub(super) fn socket(&self) -> &Socket {
        &self.socket
    }
}

impl AsFd for Notifications {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

//! Watches the addresses of a node through its kernel's own notifications.

use super::{Watcher, stop_pipe, wait_for_input};
use crate::netns::Netns;
use crate::timeline::{Timeline, What};
use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::os::fd::{AsFd, OwnedFd};

const GROUP_LINK: u32 = 1;
const GROUP_IPV4_ADDRESS: u32 = 1 << 4;
const GROUP_IPV6_ADDRESS: u32 = 1 << 8;
const RECEIVE_BUFFER: i32 = 8 << 20;

/// Watches the addresses inside a namespace; they appear on the timeline under this node's number.
pub fn watch_addresses(namespace: &Netns, node: usize, timeline: Timeline) -> Watcher {
    let (stopped, stop) = stop_pipe();
    let socket = namespace.run(open);
    let thread = namespace.thread("addresses", move || {
        Addresses {
            node,
            timeline,
            held: BTreeSet::new(),
        }
        .watch(&socket, &stopped);
    });
    Watcher::new(stop, thread)
}

fn open() -> Socket {
    let mut socket = Socket::new(NETLINK_ROUTE).expect("a netlink socket can be opened");
    let groups = GROUP_LINK | GROUP_IPV4_ADDRESS | GROUP_IPV6_ADDRESS;
    socket
        .bind(&SocketAddr::new(0, groups))
        .expect("notifications can be subscribed to");
    socket
        .set_rx_buf_sz(RECEIVE_BUFFER)
        .expect("the buffer can be set");
    request_dump(&socket);
    socket
}

fn request_dump(socket: &Socket) {
    let mut request =
        NetlinkMessage::from(RouteNetlinkMessage::GetAddress(AddressMessage::default()));
    request.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.finalize();
    let mut bytes = vec![0_u8; request.buffer_len()];
    request.serialize(&mut bytes);
    socket.send(&bytes, 0).expect("the kernel takes a request");
}

struct Addresses {
    node: usize,
    timeline: Timeline,
    /// Pairs of interface and address, since two interfaces may hold the same.
    held: BTreeSet<(u32, IpAddr)>,
}

impl Addresses {
    fn watch(&mut self, socket: &Socket, stopped: &OwnedFd) {
        while wait_for_input(socket.as_fd(), stopped.as_fd()) {
            let Ok((bytes, _)) = socket.recv_from_full() else {
                continue;
            };
            self.take(&bytes);
        }
    }

    /// One datagram carries one or more messages.
    fn take(&mut self, mut bytes: &[u8]) {
        while let Ok(message) = NetlinkMessage::<RouteNetlinkMessage>::deserialize(bytes) {
            let length = usize::try_from(message.header.length).unwrap_or(usize::MAX);
            if let NetlinkPayload::InnerMessage(inner) = message.payload {
                self.apply(&inner);
            }
            let aligned = length.saturating_add(3) & !3;
            match bytes.get(aligned..) {
                Some(rest) if !rest.is_empty() && length > 0 => bytes = rest,
                _ => return,
            }
        }
    }

    fn apply(&mut self, message: &RouteNetlinkMessage) {
        match message {
            RouteNetlinkMessage::NewAddress(message) => {
                if let Some(address) = address_of(message) {
                    self.change(message.header.index, address, true);
                }
            }
            RouteNetlinkMessage::DelAddress(message) => {
                if let Some(address) = address_of(message) {
                    self.change(message.header.index, address, false);
                }
            }
            RouteNetlinkMessage::DelLink(message) => {
                let gone = message.header.index;
                let lost = self.held.iter().filter(|pair| pair.0 == gone);
                for (_, address) in lost.copied().collect::<Vec<_>>() {
                    self.change(gone, address, false);
                }
            }
            _ => {}
        }
    }

    fn change(&mut self, interface: u32, address: IpAddr, present: bool) {
        let before = self.holds(address);
        if present {
            self.held.insert((interface, address));
        } else {
            self.held.remove(&(interface, address));
        }
        if before != self.holds(address) {
            self.timeline
                .add(self.node, What::Address { address, present });
        }
    }

    fn holds(&self, address: IpAddr) -> bool {
        self.held.iter().any(|pair| pair.1 == address)
    }
}

/// The local address; the other attribute is the far end on point-to-point links.
fn address_of(message: &AddressMessage) -> Option<IpAddr> {
    let local = message
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            AddressAttribute::Local(address) => Some(*address),
            _ => None,
        });
    local.or_else(|| {
        message
            .attributes
            .iter()
            .find_map(|attribute| match attribute {
                AddressAttribute::Address(address) => Some(*address),
                _ => None,
            })
    })
}

//! A node: a namespace with one interface, `eth0`, on a port of the bridge.

use super::PREFIX;
use crate::netns::Netns;
use crate::observe::PORT_BASE;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A node of a laboratory.
#[derive(Debug)]
pub struct Node {
    index: usize,
    netns: Netns,
}

/// The primary address of a node.
pub fn node_address(index: usize) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, number(index)).into()
}

/// The global IPv6 address of a node.
pub fn node_address6(index: usize) -> IpAddr {
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(number(index))).into()
}

/// The link-layer address of a node.
pub fn node_mac(index: usize) -> String {
    format!("02:00:00:00:00:{:02x}", 9 + number(index))
}

fn number(index: usize) -> u8 {
    u8::try_from(index + 1).expect("few nodes")
}

impl Node {
    pub(super) fn create(id: &str, index: usize, bridge: &Netns) -> Self {
        let netns = Netns::create(format!("{PREFIX}{id}-n{index}"));
        let node = Self { index, netns };
        node.plug_in(bridge);
        node
    }

    /// Its namespace.
    pub fn netns(&self) -> &Netns {
        &self.netns
    }

    /// Runs `ip` on it.
    pub fn ip(&self, words: &str) -> String {
        self.netns.ip(words)
    }

    /// The name of its port on the bridge.
    pub fn port(&self) -> String {
        format!("p{}", self.index)
    }

    /// Makes `eth0` and its port, with the node's addresses, and brings both up.
    pub(super) fn plug_in(&self, bridge: &Netns) {
        let (port, mac) = (self.port(), node_mac(self.index));
        bridge.ip(&format!(
            "link add {port} index {} type veth peer name eth0 netns {} address {mac}",
            PORT_BASE + self.index,
            self.netns.name()
        ));
        bridge.ip(&format!("link set {port} master br0 up"));
        self.ip(&format!(
            "address add {}/24 dev eth0",
            node_address(self.index)
        ));
        self.ip(&format!(
            "address add {}/64 dev eth0 nodad",
            node_address6(self.index)
        ));
        self.ip("link set eth0 up");
    }
}

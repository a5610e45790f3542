//! What can go wrong: links, partitions, interfaces, whole nodes. Each fault is marked on the
//! timeline and gives its moment.

use super::{LONG, Lab};
use crate::daemon::Daemon;
use crate::timeline::What;
use std::time::Duration;

impl Lab {
    fn fault(&self, node: usize, text: &str) -> Duration {
        self.timeline.mark(node, text)
    }

    /// Takes the interface of a node down, as an operator does.
    pub fn interface_down(&self, node: usize) -> Duration {
        let at = self.fault(node, "eth0 is set down");
        self.nodes[node].ip("link set eth0 down");
        at
    }

    /// Brings the interface of a node up again, with the IPv6 address that went with it.
    pub fn interface_up(&self, node: usize) -> Duration {
        let at = self.fault(node, "eth0 is set up");
        self.nodes[node].ip("link set eth0 up");
        let address = super::node_address6(node);
        self.nodes[node]
            .netns()
            .try_ip(&format!("address add {address}/64 dev eth0 nodad"));
        at
    }

    /// Pulls the cable: the node loses carrier.
    pub fn carrier_down(&self, node: usize) -> Duration {
        let at = self.fault(node, "carrier is lost");
        self.bridge
            .ip(&format!("link set {} down", self.nodes[node].port()));
        at
    }

    /// Puts the cable back.
    pub fn carrier_up(&self, node: usize) -> Duration {
        let at = self.fault(node, "carrier is back");
        self.bridge
            .ip(&format!("link set {} up", self.nodes[node].port()));
        at
    }

    /// Deletes the interface of a node with everything on it.
    pub fn delete_interface(&self, node: usize) -> Duration {
        let at = self.fault(node, "eth0 is deleted");
        self.nodes[node].ip("link delete eth0");
        at
    }

    /// Makes the interface of a node anew, with another index.
    pub fn recreate_interface(&self, node: usize) -> Duration {
        let at = self.fault(node, "eth0 is made anew");
        self.nodes[node].plug_in(&self.bridge);
        at
    }

    /// Renames an interface; kernels allow that only while it is down.
    pub fn rename_interface(&self, node: usize, from: &str, to: &str) -> Duration {
        let at = self.fault(node, &format!("{from} is renamed to {to}"));
        self.nodes[node].ip(&format!("link set {from} down"));
        self.nodes[node].ip(&format!("link set {from} name {to}"));
        self.nodes[node].ip(&format!("link set {to} up"));
        at
    }

    /// Parts the nodes from each other; the client reaches all of them, and no carrier is lost.
    pub fn partition(&self) -> Duration {
        self.isolate("on", "the nodes are parted")
    }

    /// Ends a partition.
    pub fn heal(&self) -> Duration {
        self.isolate("off", "the nodes hear each other again")
    }

    fn isolate(&self, switch: &str, text: &str) -> Duration {
        for node in &self.nodes {
            self.bridge
                .bridge(&format!("link set dev {} isolated {switch}", node.port()));
        }
        self.fault(0, text)
    }

    /// A node loses power: it is silent at once, and nothing on it survives.
    pub fn power_off(&self, node: usize, daemons: &mut [&mut Daemon]) -> Duration {
        self.bridge
            .bridge(&format!("link set dev {} state 0", self.nodes[node].port()));
        let at = self.fault(node, "power is lost");
        for daemon in daemons {
            daemon.kill_all();
        }
        self.nodes[node].ip("link delete eth0");
        at
    }

    /// Power is back; no daemon runs yet.
    pub fn power_on(&self, node: usize) -> Duration {
        self.recreate_interface(node)
    }

    /// An address is deleted behind the daemon's back; gives the moment at which it was gone.
    pub fn delete_address(&self, node: usize, address: &str) -> Duration {
        let from = self.fault(node, &format!("{address} is deleted"));
        self.nodes[node].ip(&format!("address delete {address} dev eth0"));
        let bare = address.split('/').next().unwrap_or(address);
        self.timeline
            .wait(&format!("{address} to be gone"), LONG, |view| {
                view.since(from)
                    .events()
                    .iter()
                    .find_map(|event| match &event.what {
                        What::Address {
                            address,
                            present: false,
                        } if address.to_string() == bare => Some(event.at),
                        _ => None,
                    })
            })
    }
}

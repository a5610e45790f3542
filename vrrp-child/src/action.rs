//! What the engine wants to have done, in this order.

use crate::event::IfIndex;
use holdfast_ipc::config::model::{Family, InstanceName, VirtualAddress};
use holdfast_ipc::log::LogRecord;
use holdfast_ipc::state::{Checkpoint, StateChange};
use std::net::IpAddr;

/// Adds or removes one address of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressChange {
    /// Adds it.
    Add {
        /// To which interface.
        index: IfIndex,
        /// With all its properties.
        address: VirtualAddress,
    },
    /// Removes it.
    Remove {
        /// From which interface.
        index: IfIndex,
        /// The address with its prefix length.
        address: VirtualAddress,
    },
}

/// IP protocol of a raw socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IpProtocol {
    /// 112.
    Vrrp,
    /// 51, the authentication header in front of VRRP.
    Ah,
}

/// A raw socket that is needed. It receives what comes for its protocol on its interface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketSpec {
    /// The interface that it is bound to; none for unicast instances without interface.
    pub index: Option<IfIndex>,
    /// Address family.
    pub family: Family,
    /// Protocol that is received.
    pub protocol: IpProtocol,
    /// Multicast groups that it joins, in ascending order.
    pub groups: Vec<IpAddr>,
}

/// A packet to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// Interface that it leaves by; none lets the routing table decide.
    pub index: Option<IfIndex>,
    /// Source address, also of the socket message for IPv6.
    pub source: IpAddr,
    /// Destination.
    pub destination: IpAddr,
    /// TTL or hop limit.
    pub hop_limit: u8,
    /// IPv4: the whole packet with its header. IPv6: the payload with its checksum.
    pub bytes: Vec<u8>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Change addresses, all of them, then give `Event::AddressesDone` to the engine before
    /// anything else happens.
    Addresses(Vec<AddressChange>),
    /// Tell the parent what a successor needs.
    Checkpoint(Checkpoint),
    /// Forget the checkpoint of an instance that is gone.
    Forget(InstanceName),
    /// Send an Ethernet frame (gratuitous ARP, neighbour advertisement).
    Frame {
        /// By which interface.
        index: IfIndex,
        /// From the destination MAC on.
        bytes: Vec<u8>,
    },
    /// Write a line to the log.
    Log(LogRecord),
    /// Tell the parent of another effective priority.
    Priority {
        /// Whose.
        instance: InstanceName,
        /// The new one.
        priority: u8,
    },
    /// Tell the parent of a change of state.
    Report(StateChange),
    /// Send a packet.
    Send(Transmit),
    /// Exactly these sockets are needed from now on; keep those that are open already.
    Sockets(Vec<SocketSpec>),
    /// All is cleaned up after `Event::Stop`: the process may end.
    Stopped,
}

//! What can happen to the engine.

use crate::action::AddressChange;
use crate::packet::Datagram;
use holdfast_ipc::config::VrrpConfig;
use holdfast_ipc::config::model::IfName;
use holdfast_ipc::state::Verdict;
use std::net::IpAddr;

/// Number of a network interface in the kernel, never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IfIndex(u32);

impl IfIndex {
    /// None for 0, which the kernel uses for "no interface".
    pub const fn new(index: u32) -> Option<Self> {
        if index == 0 { None } else { Some(Self(index)) }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// A 48-bit link-layer address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MacAddress(pub [u8; 6]);

/// A network interface as the kernel reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number.
    pub index: IfIndex,
    /// Its present name.
    pub name: IfName,
    /// Administratively up (IFF_UP).
    pub up: bool,
    /// Has carrier and may carry packets (IFF_RUNNING).
    pub running: bool,
    /// Takes part in ARP (no IFF_NOARP).
    pub arp: bool,
    /// Is a loopback interface.
    pub loopback: bool,
    /// Link-layer address, where it has one of 6 bytes.
    pub mac: Option<MacAddress>,
    /// Largest packet in bytes.
    pub mtu: u32,
}

/// An address of an interface as the kernel reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentAddress {
    /// On which interface.
    pub index: IfIndex,
    /// The (local) address.
    pub address: IpAddr,
    /// Prefix length.
    pub prefix: u8,
    /// IPv6: duplicate address detection is not done yet.
    pub tentative: bool,
    /// IPv6: duplicate address detection failed.
    pub dad_failed: bool,
    /// IPv4: not the first address of its subnet (IFA_F_SECONDARY).
    pub secondary: bool,
    /// Scope, as linux/rtnetlink.h counts.
    pub scope: u8,
}

/// All that the kernel knows of interfaces and addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelState {
    /// All interfaces.
    pub links: Vec<Link>,
    /// All addresses, those of one interface in the kernel's order.
    pub addresses: Vec<PresentAddress>,
    /// Interfaces that forward IPv6 packets (for the R flag of neighbour advertisements).
    pub forwarding6: Vec<IfIndex>,
}

/// Outcome of one address change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressResult {
    /// What was tried.
    pub change: AddressChange,
    /// None when the kernel did it, or when it was so already; else the kernel's reason in words.
    pub refused: Option<String>,
}

/// One thing that happened. The caller gives the time beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A packet came.
    Advert(Datagram<'a>),
    /// The changes of one `Action::Addresses` were carried out, in its order.
    AddressesDone(Vec<AddressResult>),
    /// An address appeared or changed.
    AddressPresent(PresentAddress),
    /// An address is gone.
    AddressGone {
        /// On which interface.
        index: IfIndex,
        /// The address.
        address: IpAddr,
        /// Its prefix length.
        prefix: u8,
    },
    /// An interface appeared or changed.
    LinkPresent(Link),
    /// An interface is gone.
    LinkGone(IfIndex),
    /// The configuration that `Engine::prepare` accepted takes effect.
    Reconfigure(VrrpConfig),
    /// Messages of the kernel were lost; this is its whole state.
    Resync(KernelState),
    /// An advert or a frame could not be sent.
    SendFailed {
        /// On which interface.
        index: Option<IfIndex>,
        /// The kernel's reason in words.
        reason: String,
    },
    /// The daemon stops: priority 0, addresses away.
    Stop,
    /// The deadline has come. Harmless when it has not.
    TimerDue,
    /// A tracked script has a new verdict.
    Verdict(Verdict),
}

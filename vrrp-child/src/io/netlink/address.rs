//! Addresses: what the kernel says of one, and requests to add or remove one.

use super::message::Message;
use holdfast_ipc::config::model::{Broadcast, VirtualAddress};
use holdfast_vrrp::action::AddressChange;
use holdfast_vrrp::event::{IfIndex, PresentAddress};
use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload, Parseable,
};
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressHeaderFlags, AddressMessage, AddressProtocol,
    AddressScope, CacheInfo,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::errno::Errno;
use rtnetlink::AddressMessageBuilder;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Marks our addresses as made by keepalived (linux/rtnetlink.h RTPROT_KEEPALIVED), as it does
/// itself, so that other network managers leave them alone.
const PROTOCOL: u8 = 18;
/// Lifetime that never ends.
const FOR_EVER: u32 = u32::MAX;

/// Reads an address message.
pub(super) fn describe(message: Message<'_>) -> Option<PresentAddress> {
    let address = AddressMessage::parse(message.payload).ok()?;
    let index = IfIndex::new(address.header.index)?;
    let v4 = address.header.family == AddressFamily::Inet;
    let flags = flags(&address);
    Some(PresentAddress {
        index,
        address: local(&address)?,
        prefix: address.header.prefix_len,
        tentative: !v4 && flags.contains(AddressFlags::Tentative),
        dad_failed: !v4 && flags.contains(AddressFlags::Dadfailed),
        // The same bit means "temporary" in IPv6.
        secondary: v4 && flags.contains(AddressFlags::Secondary),
        scope: u8::from(address.header.scope),
    })
}

/// IFA_LOCAL is the own address of a point-to-point pair; IFA_ADDRESS is the peer then.
fn local(message: &AddressMessage) -> Option<IpAddr> {
    let mut address = None;
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(local) => return Some(*local),
            AddressAttribute::Address(found) => address = Some(*found),
            _ => {}
        }
    }
    address
}

/// The attribute holds all 32 flags, the header the lowest 8.
fn flags(message: &AddressMessage) -> AddressFlags {
    message
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            AddressAttribute::Flags(flags) => Some(*flags),
            _ => None,
        })
        .unwrap_or_else(|| AddressFlags::from_bits_retain(message.header.flags.bits().into()))
}

/// The bytes of a request.
pub(super) fn request(change: &AddressChange, sequence: u32) -> Vec<u8> {
    let (payload, flags) = match change {
        AddressChange::Add { index, address } => (
            RouteNetlinkMessage::NewAddress(to_add(*index, address)),
            NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
        ),
        AddressChange::Remove { index, address } => (
            RouteNetlinkMessage::DelAddress(to_remove(*index, address)),
            NLM_F_REQUEST | NLM_F_ACK,
        ),
    };
    let mut message = NetlinkMessage::from(payload);
    message.header.flags = flags;
    message.header.sequence_number = sequence;
    serialize(message)
}

/// Completes the header and writes the message.
pub(super) fn serialize(mut message: NetlinkMessage<RouteNetlinkMessage>) -> Vec<u8> {
    debug_assert!(matches!(message.payload, NetlinkPayload::InnerMessage(_)));
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// True where the kernel's refusal says that the wish is fulfilled already.
pub(super) fn is_done(change: &AddressChange, refusal: Errno) -> bool {
    match change {
        AddressChange::Add { .. } => refusal == Errno::EEXIST,
        // ENODEV: the interface is gone, and its addresses with it.
        AddressChange::Remove { .. } => {
            matches!(refusal, Errno::EADDRNOTAVAIL | Errno::ENODEV)
        }
    }
}

/// Interface, address, prefix and peer: what names an address to the kernel.
fn named(index: IfIndex, wanted: &VirtualAddress) -> AddressMessage {
    let mut message = match wanted.address {
        IpAddr::V4(address) => AddressMessageBuilder::<Ipv4Addr>::new()
            .index(index.get())
            .address(address, wanted.prefix)
            .build(),
        IpAddr::V6(address) => AddressMessageBuilder::<Ipv6Addr>::new()
            .index(index.get())
            .address(address, wanted.prefix)
            .build(),
    };
    // The builder computes a broadcast address, which keepalived sets only when it is configured.
    message
        .attributes
        .retain(|attribute| !matches!(attribute, AddressAttribute::Broadcast(_)));
    if let Some(peer) = wanted.peer {
        for attribute in &mut message.attributes {
            if let AddressAttribute::Address(address) = attribute {
                *address = peer;
            }
        }
    }
    message
}

fn to_remove(index: IfIndex, wanted: &VirtualAddress) -> AddressMessage {
    named(index, wanted)
}

fn to_add(index: IfIndex, wanted: &VirtualAddress) -> AddressMessage {
    let mut message = named(index, wanted);
    message.header.scope = AddressScope::from(wanted.scope);
    let attributes = &mut message.attributes;
    if let Broadcast::Address(broadcast) = wanted.broadcast {
        attributes.push(AddressAttribute::Broadcast(broadcast));
    }
    if let (Some(label), IpAddr::V4(_)) = (&wanted.label, wanted.address) {
        attributes.push(AddressAttribute::Label(label.clone()));
    }
    if let Some(preferred) = wanted.preferred_lft {
        let mut lifetimes = CacheInfo::default();
        lifetimes.ifa_preferred = preferred;
        lifetimes.ifa_valid = FOR_EVER;
        attributes.push(AddressAttribute::CacheInfo(lifetimes));
    }
    let flags = wanted_flags(wanted);
    if !flags.is_empty() {
        // The header has room for the lowest 8 bits only, and the kernel prefers the attribute.
        message.header.flags = AddressHeaderFlags::empty();
        attributes.push(AddressAttribute::Flags(flags));
    }
    attributes.push(AddressAttribute::Protocol(AddressProtocol::from(PROTOCOL)));
    message
}

fn wanted_flags(wanted: &VirtualAddress) -> AddressFlags {
    let v6 = wanted.address.is_ipv6();
    let mut flags = AddressFlags::empty();
    flags.set(AddressFlags::Nodad, v6 && wanted.nodad);
    flags.set(AddressFlags::Homeaddress, v6 && wanted.home);
    flags.set(AddressFlags::Managetempaddr, v6 && wanted.mngtmpaddr);
    flags.set(AddressFlags::Noprefixroute, wanted.noprefixroute);
    flags.set(AddressFlags::Mcautojoin, wanted.autojoin);
    flags
}

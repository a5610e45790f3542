//! Interfaces: what the kernel says of one.

use super::message::{Message, attributes, nested, u32_at};
use holdfast_ipc::config::model::IfName;
use holdfast_vrrp::event::{IfIndex, Link, MacAddress};
use netlink_packet_core::NlaBuffer;
use netlink_packet_route::link::LinkFlags;
use nix::libc;

/// `struct ifinfomsg`: family, padding, type, index, flags, change mask.
const HEADER: usize = 16;
const INDEX_OFFSET: usize = 4;
const FLAGS_OFFSET: usize = 8;
/// First member of the array in IFLA_INET6_CONF (linux/ipv6.h DEVCONF_FORWARDING).
const FORWARDING_OFFSET: usize = 0;
/// Attribute of an IPv6 family block that holds the settings of the interface.
const IFLA_INET6_CONF: u16 = 2;

/// An interface, and whether it forwards IPv6 where the message tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Described {
    /// The interface.
    pub(super) link: Link,
    /// Its `forwarding` setting for IPv6.
    pub(super) forwarding6: Option<bool>,
}

/// Index of the interface that a link message is about. A bridge tells of its ports under its own
/// family; such a message does not mean that the interface came or went.
pub(super) fn index(message: Message<'_>) -> Option<IfIndex> {
    let family = libc::c_int::from(*message.payload.first()?);
    (family == libc::AF_UNSPEC)
        .then(|| u32_at(message.payload, INDEX_OFFSET))
        .flatten()
        .and_then(IfIndex::new)
}

/// Reads a link message.
pub(super) fn describe(message: Message<'_>) -> Option<Described> {
    let flags = LinkFlags::from_bits_retain(u32_at(message.payload, FLAGS_OFFSET)?);
    let mut name = None;
    let mut described = Described {
        link: Link {
            index: index(message)?,
            name: IfName::try_from("?").ok()?,
            up: flags.contains(LinkFlags::Up),
            running: flags.contains(LinkFlags::Running),
            arp: !flags.contains(LinkFlags::Noarp),
            loopback: flags.contains(LinkFlags::Loopback),
            mac: None,
            mtu: 0,
        },
        forwarding6: None,
    };
    for attribute in attributes(message.payload, HEADER) {
        match attribute.kind() {
            libc::IFLA_IFNAME => name = text(attribute.value()),
            libc::IFLA_ADDRESS => described.link.mac = mac(attribute.value()),
            libc::IFLA_MTU => described.link.mtu = u32_at(attribute.value(), 0)?,
            libc::IFLA_AF_SPEC => described.forwarding6 = forwarding6(&attribute),
            _ => {}
        }
    }
    described.link.name = name?;
    Some(described)
}

fn text(value: &[u8]) -> Option<IfName> {
    let text = value.split(|byte| *byte == 0).next()?;
    IfName::try_from(std::str::from_utf8(text).ok()?).ok()
}

fn mac(value: &[u8]) -> Option<MacAddress> {
    <[u8; 6]>::try_from(value).ok().map(MacAddress)
}

fn forwarding6(families: &NlaBuffer<&[u8]>) -> Option<bool> {
    let inet6 =
        nested(families).find(|family| libc::c_int::from(family.kind()) == libc::AF_INET6)?;
    let settings = nested(&inet6).find(|setting| setting.kind() == IFLA_INET6_CONF)?;
    u32_at(settings.value(), FORWARDING_OFFSET).map(|value| value != 0)
}

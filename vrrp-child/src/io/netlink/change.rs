//! Notifications: what each message means.

use super::message::{Message, attributes, u32_at};
use super::{address, link};
use holdfast_vrrp::event::{Event, IfIndex};
use nix::libc;

/// `struct netconfmsg`: the family, padded.
const NETCONF_HEADER: usize = 4;
/// Attributes of it (linux/netconf.h).
const NETCONFA_IFINDEX: u16 = 1;
const NETCONFA_FORWARDING: u16 = 2;
/// linux/rtnetlink.h.
const RTM_NEWNETCONF: u16 = 80;

/// What a notification says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Something that the engine has an event for.
    Event(Event<'static>),
    /// An interface, with its IPv6 forwarding where it is told.
    Link(link::Described),
    /// An interface is gone.
    LinkGone(IfIndex),
    /// IPv6 forwarding of an interface was switched.
    Forwarding6(IfIndex, bool),
}

/// Reads one notification; none when it is about something else.
pub(super) fn read(message: Message<'_>) -> Option<Change> {
    match message.kind {
        libc::RTM_NEWLINK => link::describe(message).map(Change::Link),
        libc::RTM_DELLINK => link::index(message).map(Change::LinkGone),
        libc::RTM_NEWADDR => {
            address::describe(message).map(|present| Change::Event(Event::AddressPresent(present)))
        }
        libc::RTM_DELADDR => address::describe(message).map(|gone| {
            Change::Event(Event::AddressGone {
                index: gone.index,
                address: gone.address,
                prefix: gone.prefix,
            })
        }),
        RTM_NEWNETCONF => forwarding6(message),
        _ => None,
    }
}

/// The entries "all" and "default" have negative indexes; each interface is told of by itself.
fn forwarding6(message: Message<'_>) -> Option<Change> {
    if libc::c_int::from(*message.payload.first()?) != libc::AF_INET6 {
        return None;
    }
    let number = |wanted| {
        attributes(message.payload, NETCONF_HEADER)
            .find(|attribute| attribute.kind() == wanted)
            .and_then(|attribute| u32_at(attribute.value(), 0))
    };
    let index = i32::try_from(number(NETCONFA_IFINDEX)?)
        .ok()
        .and_then(|index| u32::try_from(index).ok())
        .and_then(IfIndex::new)?;
    Some(Change::Forwarding6(
        index,
        number(NETCONFA_FORWARDING)? != 0,
    ))
}

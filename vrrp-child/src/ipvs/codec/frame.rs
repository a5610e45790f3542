//! Whole netlink messages around the attributes, and the messages of an answer.

use super::attributes::Writer;
use super::number::{FAMILY, GENERIC_HEADER, VERSION};
use super::request;
use crate::ipvs::command::{Command, Query};
use netlink_packet_core::{
    Emitable, NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkMessage, NetlinkSerializable,
};
use netlink_packet_generic::ctrl::nlas::GenlCtrlAttrs;
use netlink_packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};
use netlink_packet_generic::{GenlFamily, GenlMessage};
use std::fmt;

/// Number that the kernel has given the family "IPVS".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FamilyId(u16);

impl FamilyId {
    /// From what the kernel says.
    pub const fn new(number: u16) -> Self {
        Self(number)
    }
}

/// A message of the family.
#[derive(Debug)]
struct Ipvs {
    number: u8,
    attributes: Vec<u8>,
}

impl GenlFamily for Ipvs {
    fn family_name() -> &'static str {
        FAMILY
    }

    fn command(&self) -> u8 {
        self.number
    }

    fn version(&self) -> u8 {
        VERSION
    }
}

impl Emitable for Ipvs {
    fn buffer_len(&self) -> usize {
        self.attributes.len()
    }

    fn emit(&self, buffer: &mut [u8]) {
        for (to, from) in buffer.iter_mut().zip(&self.attributes) {
            *to = *from;
        }
    }
}

/// Puts a command behind what is in `datagram`; its acknowledgement will have the same number.
pub fn command(command: &Command, family: FamilyId, sequence: u32, datagram: &mut Vec<u8>) {
    let message = message(request::command(command), family);
    write(message, NLM_F_REQUEST | NLM_F_ACK, sequence, datagram);
}

/// Puts a query behind what is in `datagram`. Only one dump can be open on a socket.
pub fn query(query: &Query, family: FamilyId, sequence: u32, datagram: &mut Vec<u8>) {
    let flags = if query.is_dump() {
        NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP
    } else {
        NLM_F_REQUEST | NLM_F_ACK
    };
    let message = message(request::query(query), family);
    write(message, flags, sequence, datagram);
}

/// Asks for the number of the family. The kernel loads the module for it where it may.
pub fn family_query(sequence: u32) -> Vec<u8> {
    let message = GenlMessage::from_payload(GenlCtrl {
        cmd: GenlCtrlCmd::GetFamily,
        nlas: vec![GenlCtrlAttrs::FamilyName(FAMILY.to_owned())],
    });
    let mut datagram = Vec::new();
    write(message, NLM_F_REQUEST | NLM_F_ACK, sequence, &mut datagram);
    datagram
}

fn message((number, attributes): (u8, Writer), family: FamilyId) -> GenlMessage<Ipvs> {
    let mut message = GenlMessage::from_payload(Ipvs {
        number,
        attributes: attributes.into_bytes(),
    });
    message.set_resolved_family_id(family.0);
    message
}

fn write<F>(message: GenlMessage<F>, flags: u16, sequence: u32, datagram: &mut Vec<u8>)
where
    F: GenlFamily + Emitable + fmt::Debug,
    GenlMessage<F>: NetlinkSerializable,
{
    let mut message = NetlinkMessage::from(message);
    message.header.flags = flags;
    message.header.sequence_number = sequence;
    message.finalize();
    let start = datagram.len();
    datagram.resize(start.saturating_add(message.buffer_len()), 0);
    if let Some(free) = datagram.get_mut(start..) {
        message.serialize(free);
    }
}

/// One message of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// `nlmsg_type`.
    pub kind: u16,
    /// `nlmsg_flags`.
    pub flags: u16,
    /// `nlmsg_seq`.
    pub sequence: u32,
    /// What is behind the header of netlink.
    pub payload: &'a [u8],
    /// The message with its header.
    pub whole: &'a [u8],
}

impl<'a> Part<'a> {
    /// The attributes behind the header of generic netlink.
    pub(super) fn attributes(&self) -> &'a [u8] {
        self.payload.get(GENERIC_HEADER..).unwrap_or_default()
    }
}

/// The messages of one datagram; what is malformed ends it.
pub fn parts(mut rest: &[u8]) -> impl Iterator<Item = Part<'_>> {
    std::iter::from_fn(move || {
        let [l0, l1, l2, l3, k0, k1, f0, f1, s0, s1, s2, s3, _, _, _, _] =
            *rest.first_chunk::<HEADER>()?;
        let length = usize::try_from(u32::from_ne_bytes([l0, l1, l2, l3])).ok()?;
        let payload = rest.get(HEADER..length)?;
        let whole = rest.get(..length)?;
        rest = rest
            .get(length.checked_next_multiple_of(ALIGNMENT)?..)
            .unwrap_or_default();
        Some(Part {
            kind: u16::from_ne_bytes([k0, k1]),
            flags: u16::from_ne_bytes([f0, f1]),
            sequence: u32::from_ne_bytes([s0, s1, s2, s3]),
            payload,
            whole,
        })
    })
}

/// `struct nlmsghdr`.
const HEADER: usize = 16;
/// Messages begin at multiples of this.
const ALIGNMENT: usize = 4;

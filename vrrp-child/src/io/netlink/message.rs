//! Netlink framing: messages in a datagram, attributes in a message.

use netlink_packet_core::{NetlinkBuffer, NlaBuffer, NlasIterator};

/// End of a dump (linux/netlink.h).
pub(super) const NLMSG_DONE: u16 = 3;
/// Acknowledgement or error.
pub(super) const NLMSG_ERROR: u16 = 2;
/// Messages begin at multiples of this.
const ALIGNMENT: usize = 4;

/// One message of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    /// `nlmsg_type`.
    pub(super) kind: u16,
    /// `nlmsg_flags`.
    pub(super) flags: u16,
    /// `nlmsg_seq`.
    pub(super) sequence: u32,
    /// What is behind the header.
    pub(super) payload: &'a [u8],
}

/// The messages of one datagram. A malformed rest is left out: the kernel does not send such.
pub(super) fn messages(mut rest: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let buffer = NetlinkBuffer::new_checked(rest).ok()?;
        let message = Message {
            kind: buffer.message_type(),
            flags: buffer.flags(),
            sequence: buffer.sequence_number(),
            payload: buffer.payload(),
        };
        let length = usize::try_from(buffer.length()).ok()?;
        rest = rest
            .get(length.next_multiple_of(ALIGNMENT)..)
            .unwrap_or_default();
        Some(message)
    })
}

/// The attributes behind the family header of `header` bytes. Unknown and malformed ones do not
/// disturb the others: an attribute of a newer kernel must not hide an interface.
pub(super) fn attributes(payload: &[u8], header: usize) -> impl Iterator<Item = NlaBuffer<&[u8]>> {
    NlasIterator::new(payload.get(header..).unwrap_or_default()).map_while(Result::ok)
}

/// Attributes nested in `attribute`.
pub(super) fn nested<'a>(
    attribute: &'a NlaBuffer<&'a [u8]>,
) -> impl Iterator<Item = NlaBuffer<&'a [u8]>> {
    attributes(attribute.value(), 0)
}

/// A number in the byte order of the machine at `offset`.
pub(super) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes
        .get(offset..)?
        .first_chunk::<4>()
        .map(|four| u32::from_ne_bytes(*four))
}

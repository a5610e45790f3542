//! Attributes: length, kind, value, padded to four bytes, in the byte order of the machine.

/// Length of a header; also what attributes are aligned to.
const HEADER: usize = 4;
/// Marks an attribute that holds attributes (linux/netlink.h `NLA_F_NESTED`).
const NESTED: u16 = 0x8000;
/// Bits of the kind; the others are flags.
const KIND: u16 = 0x3fff;

/// Attributes that are being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn u8(&mut self, kind: u16, value: u8) {
        self.put(kind, &[value]);
    }

    pub(super) fn u16(&mut self, kind: u16, value: u16) {
        self.put(kind, &value.to_ne_bytes());
    }

    pub(super) fn u32(&mut self, kind: u16, value: u32) {
        self.put(kind, &value.to_ne_bytes());
    }

    /// A port in network byte order.
    pub(super) fn port(&mut self, kind: u16, value: u16) {
        self.put(kind, &value.to_be_bytes());
    }

    /// Text with the NUL behind it that the kernel expects.
    pub(super) fn text(&mut self, kind: u16, value: &str) {
        let mut bytes = value.as_bytes().to_vec();
        bytes.push(0);
        self.put(kind, &bytes);
    }

    /// Attributes within an attribute.
    pub(super) fn nested(&mut self, kind: u16, content: &Self) {
        self.put(kind | NESTED, &content.0);
    }

    /// Everything here is far below the 64 KiB that an attribute can have.
    pub(super) fn put(&mut self, kind: u16, value: &[u8]) {
        let length = u16::try_from(HEADER.saturating_add(value.len())).unwrap_or(u16::MAX);
        self.0.extend(length.to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(HEADER), 0);
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Kind and value of each attribute. What is malformed ends the list: attributes before it stay
/// usable, and unknown ones disturb nobody.
pub(super) fn attributes(mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let [l0, l1, k0, k1] = *rest.first_chunk::<HEADER>()?;
        let length = usize::from(u16::from_ne_bytes([l0, l1]));
        let value = rest.get(HEADER..length)?;
        rest = rest
            .get(length.next_multiple_of(HEADER)..)
            .unwrap_or_default();
        Some((u16::from_ne_bytes([k0, k1]) & KIND, value))
    })
}

/// The value of the first attribute of a kind.
pub(super) fn find(bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    attributes(bytes)
        .find(|(kind, _)| *kind == wanted)
        .map(|(_, value)| value)
}

pub(super) fn to_u8(value: &[u8]) -> Option<u8> {
    value.first().copied()
}

pub(super) fn to_u16(value: &[u8]) -> Option<u16> {
    value.first_chunk().map(|two| u16::from_ne_bytes(*two))
}

pub(super) fn to_u32(value: &[u8]) -> Option<u32> {
    value.first_chunk().map(|four| u32::from_ne_bytes(*four))
}

/// A number of four or eight bytes.
pub(super) fn to_counter(value: &[u8]) -> Option<u64> {
    match value.first_chunk() {
        Some(eight) => Some(u64::from_ne_bytes(*eight)),
        None => to_u32(value).map(u64::from),
    }
}

pub(super) fn to_port(value: &[u8]) -> Option<u16> {
    value.first_chunk().map(|two| u16::from_be_bytes(*two))
}

/// Text up to the NUL.
pub(super) fn to_text(value: &[u8]) -> Option<&str> {
    let text = value.split(|byte| *byte == 0).next()?;
    std::str::from_utf8(text).ok()
}

//! Internet checksum (RFC 1071) with the pseudo-headers of IPv4 and IPv6.

use std::net::IpAddr;

/// A one's complement sum that is still being added to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checksum(u64);

impl Checksum {
    /// Adds bytes that begin at an even place; an odd one at the end counts as if a zero followed.
    #[must_use]
    pub fn with(self, bytes: &[u8]) -> Self {
        let (pairs, last) = bytes.as_chunks::<2>();
        let sum = pairs
            .iter()
            .map(|pair| u64::from(u16::from_be_bytes(*pair)))
            .chain(
                last.iter()
                    .map(|byte| u64::from(u16::from_be_bytes([*byte, 0]))),
            )
            .fold(self.0, u64::wrapping_add);
        Self(sum)
    }

    /// Adds an address.
    #[must_use]
    pub fn with_address(self, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => self.with(&address.octets()),
            IpAddr::V6(address) => self.with(&address.octets()),
        }
    }

    /// Begins with a pseudo-header. That of IPv4 and that of IPv6 (RFC 8200 section 8.1) have the
    /// same sum for the same values.
    #[must_use]
    pub fn pseudo_header(source: IpAddr, destination: IpAddr, protocol: u8, length: usize) -> Self {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        Self::default()
            .with_address(source)
            .with_address(destination)
            .with(&[0, protocol])
            .with(&length.to_be_bytes())
    }

    /// The value for the checksum field, which counted as zero.
    pub fn value(self) -> u16 {
        !self.folded()
    }

    /// True where the field was counted as it is and fits the rest.
    pub fn fits(self) -> bool {
        self.folded() == u16::MAX
    }

    fn folded(self) -> u16 {
        let mut sum = self.0;
        loop {
            match u16::try_from(sum) {
                Ok(folded) => return folded,
                Err(_) => sum = (sum & 0xffff).wrapping_add(sum >> 16),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_1071_gives_its_sum() {
        let sum = Checksum::default().with(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
        assert_eq!(sum.value(), !0xddf2);
    }

    // 9568-5.2.8-01
    #[test]
    fn an_odd_byte_at_the_end_is_the_upper_half_of_a_word() {
        let odd = Checksum::default().with(&[0x12, 0x34, 0x56]);
        let even = Checksum::default().with(&[0x12, 0x34, 0x56, 0x00]);
        assert_eq!(odd, even);
    }

    // 9568-5.2.8-01
    #[test]
    fn both_forms_of_zero_fit() {
        let ones = [0x12, 0x34, 0xed, 0xcb];
        assert_eq!(Checksum::default().with(&ones).value(), 0);
        assert!(Checksum::default().with(&ones).with(&[0, 0]).fits());
        assert!(Checksum::default().with(&ones).with(&[0xff, 0xff]).fits());
        assert!(!Checksum::default().with(&ones).with(&[0, 1]).fits());
    }

    #[test]
    fn carries_are_folded_until_none_is_left() {
        let many = vec![0xff; 200_000];
        assert_eq!(Checksum::default().with(&many).value(), 0);
        assert!(Checksum::default().with(&many).fits());
    }

    #[test]
    fn nothing_added_does_not_fit() {
        assert!(!Checksum::default().fits());
    }
}

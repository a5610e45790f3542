//! The last bytes that a server said, for the log and the status.

use std::fmt;

/// Bytes that are kept: a line of a terminal, and little enough for 50,000 checks.
const KEPT: usize = 64;

/// The newest bytes of a conversation; printed with everything escaped that is not plain ASCII.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt(Vec<u8>);

impl Excerpt {
    /// Adds what was received.
    pub(crate) fn keep(&mut self, bytes: &[u8]) {
        let newest = bytes.get(bytes.len().saturating_sub(KEPT)..).unwrap_or(&[]);
        let sum = self.0.len().saturating_add(newest.len());
        self.0.drain(..sum.saturating_sub(KEPT));
        self.0.extend_from_slice(newest);
    }

    /// True where nothing was received.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

/// Bytes that somebody else chose, as bounded printable text.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let mut excerpt = Excerpt::default();
    excerpt.keep(bytes.get(..KEPT).unwrap_or(bytes));
    excerpt.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_newest_bytes_are_shown_escaped() {
        let mut excerpt = Excerpt::default();
        excerpt.keep(&[b'x'; 100]);
        excerpt.keep(b"503\r\n\x1b[2J\0\xff\"");
        let text = format!("{}503\\r\\n\\x1b[2J\\x00\\xff\\\"", "x".repeat(52));
        assert_eq!(excerpt.to_string(), text);
    }

    proptest! {
        #[test]
        fn it_is_bounded_printable_and_does_not_depend_on_the_pieces(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 0..6),
        ) {
            let mut cut = Excerpt::default();
            pieces.iter().for_each(|piece| cut.keep(piece));
            let mut whole = Excerpt::default();
            whole.keep(&pieces.concat());
            prop_assert_eq!(&cut, &whole);
            let text = cut.to_string();
            prop_assert!(text.len() <= KEPT * 4);
            prop_assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        }
    }
}

//! What a script wrote: only its end is kept, and only one line of that is shown.

use std::fmt::Write;

/// Bytes of output that are kept: far more than a line, and little enough for thousands of scripts.
pub const KEPT: usize = 4096;
/// Characters of the last line that go into a verdict: two lines of a terminal.
const SHOWN: usize = 160;

/// The newest bytes that a script wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tail(Vec<u8>);

impl Tail {
    /// Adds what was read.
    pub fn push(&mut self, bytes: &[u8]) {
        let newest = bytes.get(bytes.len().saturating_sub(KEPT)..).unwrap_or(&[]);
        let surplus = self
            .0
            .len()
            .saturating_add(newest.len())
            .saturating_sub(KEPT);
        self.0.drain(..surplus);
        self.0.extend_from_slice(newest);
    }

    /// The last line with something in it, with control characters escaped, cut to a bounded length.
    pub fn last_line(&self) -> String {
        let line = self
            .0
            .split(|byte| matches!(byte, b'\n' | b'\r'))
            .map(<[u8]>::trim_ascii)
            .rfind(|line| !line.is_empty());
        line.map(escaped).unwrap_or_default()
    }
}

/// Printable text of bytes that somebody else chose.
fn escaped(line: &[u8]) -> String {
    let mut text = String::new();
    for (index, character) in String::from_utf8_lossy(line).chars().enumerate() {
        if index >= SHOWN {
            text.push('…');
            break;
        }
        if is_plain(character) {
            text.push(character);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\u{{{:x}}}", u32::from(character));
        }
    }
    text
}

/// False for what moves the cursor, hides text or turns its direction round.
fn is_plain(character: char) -> bool {
    !(character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line_of(output: &[u8]) -> String {
        let mut tail = Tail::default();
        tail.push(output);
        tail.last_line()
    }

    #[test]
    fn the_last_line_with_text_is_shown() {
        assert_eq!(
            line_of(b"trying\nconnection refused \n\n"),
            "connection refused"
        );
    }

    #[test]
    fn nothing_written_is_nothing_shown() {
        assert_eq!(line_of(b" \n\t\n"), "");
    }

    #[test]
    fn escape_sequences_and_direction_marks_are_harmless() {
        assert_eq!(
            line_of("\u{1b}[2Jred \u{202e}txt\u{0} \u{ff}".as_bytes()),
            "\\u{1b}[2Jred \\u{202e}txt\\u{0} ÿ"
        );
    }

    #[test]
    fn a_long_line_is_cut() {
        assert_eq!(line_of(&[b'a'; 5000]), format!("{}…", "a".repeat(SHOWN)));
    }

    proptest! {
        #[test]
        fn pieces_give_the_same_as_the_whole(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3000), 0..8),
        ) {
            let mut tail = Tail::default();
            for piece in &pieces {
                tail.push(piece);
            }
            prop_assert_eq!(tail.last_line(), line_of(&pieces.concat()));
            prop_assert!(tail.0.len() <= KEPT);
        }

        #[test]
        fn the_line_never_holds_a_control_character(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(!line_of(&bytes).chars().any(char::is_control));
        }
    }
}

//! Words and command lines with the quotation marks that they need.

use crate::model::{ShellWords, UserSpec};
use std::fmt::Write;

/// One word of a line. A word with a quotation mark inside cannot be written; the reader never
/// makes one.
pub(crate) fn plain(word: &str) -> String {
    let bare = |c: char| !c.is_whitespace() && !matches!(c, '{' | '}' | '#' | '!' | '\\' | '"');
    // At the start of a line these are no words for the reader.
    let first = ["//", "@", "$", "~", "include", "'"];
    if !word.is_empty() && word.chars().all(bare) && !first.iter().any(|s| word.starts_with(s)) {
        word.to_owned()
    } else {
        format!("\"{word}\"")
    }
}

/// User and group.
pub(super) fn user(user: &UserSpec) -> String {
    let group = match (&user.group, user.all_groups) {
        (Some(group), false) => group.clone(),
        (Some(group), true) => format!(":{group}"),
        (None, true) => ":".to_owned(),
        (None, false) => return plain(&user.user),
    };
    format!("{} {}", plain(&user.user), plain(&group))
}

/// A command line in double quotes.
pub(super) fn command(words: &ShellWords) -> String {
    let words: Vec<String> = std::iter::once(words.program())
        .chain(words.arguments().iter().map(String::as_str))
        .map(argument)
        .collect();
    format!("\"{}\"", words.join(" "))
}

/// One word of a command: bare, in single quotes where that is enough, else with escapes.
fn argument(word: &str) -> String {
    let special = |c: char| matches!(c, '\'' | '"' | '\\' | '$') || c.is_control();
    let blank = |c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}');
    if word.chars().any(special) {
        return escaped(word, |c| special(c) || blank(c));
    }
    if word.is_empty() || word.chars().any(blank) {
        return format!("'{word}'");
    }
    word.to_owned()
}

/// A pattern in double quotes.
pub(super) fn pattern(pattern: &str) -> String {
    let special = |c: char| matches!(c, '"' | '\\' | '$') || c.is_control();
    format!("\"{}\"", escaped(pattern, special))
}

/// Certain characters by the numbers of their bytes.
fn escaped(text: &str, special: impl Fn(char) -> bool) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if special(c) {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(escaped, "\\x{byte:02x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Bytes in hexadecimal; unknown digits are `X`.
pub(super) fn hex(bytes: impl IntoIterator<Item = (u8, u8)>) -> String {
    let digit = |value: u8, mask: u8| {
        if mask & 0xf == 0 {
            'X'
        } else {
            char::from_digit(u32::from(value & 0xf), 16).unwrap_or('0')
        }
    };
    bytes
        .into_iter()
        .flat_map(|(value, mask)| [digit(value >> 4, mask >> 4), digit(value, mask)])
        .collect()
}

//! What is text and what is not.

use crate::diag::{Code, Diagnostic};
use crate::source::{FileId, Span};

/// Ten times what 10,000 virtual servers with 5 real servers each need.
const MAX_FILE: usize = 64 * 1024 * 1024;

/// Longest line that is no comment. keepalived stops at 1,024 bytes.
const MAX_LINE: usize = 8_192;

/// Why a file is not read.
pub(crate) struct Fault {
    code: Code,
    text: String,
    at: usize,
    help: &'static str,
}

impl Fault {
    /// The error for it; the place is in the part of the text that was kept.
    pub(crate) fn diagnostic(self, file: FileId) -> Diagnostic {
        let whole = Span {
            file,
            start: 0,
            end: u32::MAX,
        };
        Diagnostic::error(self.code, whole.part(self.at, self.at), self.text).help(self.help)
    }
}

/// The text, or as much of it as is good, with the reason.
pub(crate) fn check(bytes: Vec<u8>) -> (String, Option<Fault>) {
    if bytes.len() > MAX_FILE {
        let text = format!("the file is larger than {MAX_FILE} bytes");
        return (String::new(), Some(fault(Code::LargeFile, text, 0)));
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return not_utf8(error),
    };
    match text.char_indices().find(|(_, c)| is_refused(*c)) {
        Some((at, c)) => control_character(text, at, c),
        None => (text, None),
    }
}

/// All control characters but those that end or separate words.
fn is_refused(c: char) -> bool {
    c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

fn fault(code: Code, text: String, at: usize) -> Fault {
    Fault {
        code,
        text,
        at,
        help: "is this the right file?",
    }
}

fn control_character(mut text: String, at: usize, c: char) -> (String, Option<Fault>) {
    let message = format!("control character 0x{:02x} at byte {at}", u32::from(c));
    text.truncate(at);
    (text, Some(fault(Code::ControlCharacter, message, at)))
}

fn not_utf8(error: std::string::FromUtf8Error) -> (String, Option<Fault>) {
    let at = error.utf8_error().valid_up_to();
    let mut bytes = error.into_bytes();
    let byte = bytes.get(at).copied().unwrap_or(0);
    bytes.truncate(at);
    let text = String::from_utf8(bytes).unwrap_or_default();
    if let Some((at, c)) = text.char_indices().find(|(_, c)| is_refused(*c)) {
        return control_character(text, at, c);
    }
    let fault = Fault {
        help: "convert it, e.g. `iconv -f latin1 -t utf8 OLD >NEW`",
        ..fault(
            Code::NotUtf8,
            format!("this is not UTF-8: byte 0x{byte:02x} at offset {at}"),
            at,
        )
    };
    (text, Some(fault))
}

/// The error for a line that is too long; comments may be as long as they like.
pub(crate) fn long_line(text: &str, line: Span) -> Option<Diagnostic> {
    if text.len() <= MAX_LINE || text.trim_start().starts_with(['#', '!']) {
        return None;
    }
    let message = format!("this line has {} bytes", text.len());
    Some(
        Diagnostic::error(Code::LongLine, line.part(0, 1), message)
            .label(format!("at most {MAX_LINE} bytes are read")),
    )
}

/// The name of a definition `$NAME=…`.
pub(crate) fn definition(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix('$')?.split_once('=')?;
    is_name(name).then_some(name)
}

/// Names in `${NAME…}` and `$NAME`, outside comments.
pub(super) fn uses(text: &str) -> impl Iterator<Item = &str> {
    let comment = text.trim_start().starts_with(['#', '!']);
    text.split('$')
        .skip(if comment { usize::MAX } else { 1 })
        .map(|rest| {
            let rest = rest.strip_prefix('{').unwrap_or(rest);
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            rest.get(..end).unwrap_or("")
        })
        .filter(|name| is_name(name))
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

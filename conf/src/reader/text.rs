//! What is text and what is not.

use crate::diag::{Code, Diagnostic};
use crate::lexer::is_blank;
use crate::source::{FileId, Span};

/// Ten times what 10,000 virtual servers with 5 real servers each need.
const MAX_FILE: usize = 64 * 1024 * 1024;

/// Longest line that is no comment, before and after definitions are put in. keepalived stops at
/// 1,024 bytes, so this takes whatever it takes.
pub(super) const MAX_LINE: usize = 8_192;

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
    match refused(&text) {
        Some((at, byte)) => control_character(text, at, byte),
        None => (text, None),
    }
}

/// The first byte that no text has, and where.
fn refused(text: &str) -> Option<(usize, u8)> {
    /// Bytes that are looked at together: a block without such a byte needs no search.
    const BLOCK: usize = 64;
    let mut blocks = text.as_bytes().chunks(BLOCK);
    let block = blocks.position(|block| {
        block
            .iter()
            .fold(false, |found, byte| found | is_refused(*byte))
    })?;
    let start = block.saturating_mul(BLOCK);
    let mut bytes = text.bytes().enumerate().skip(start);
    bytes.find(|(_, byte)| is_refused(*byte))
}

/// All control characters but those that end or separate words.
const fn is_refused(byte: u8) -> bool {
    byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | 0xb | 0xc)
}

fn fault(code: Code, text: String, at: usize) -> Fault {
    Fault {
        code,
        text,
        at,
        help: "is this the right file?",
    }
}

fn control_character(mut text: String, at: usize, byte: u8) -> (String, Option<Fault>) {
    let message = format!("control character 0x{byte:02x} at byte {at}");
    text.truncate(at);
    (text, Some(fault(Code::ControlCharacter, message, at)))
}

fn not_utf8(error: std::string::FromUtf8Error) -> (String, Option<Fault>) {
    let at = error.utf8_error().valid_up_to();
    let mut bytes = error.into_bytes();
    let byte = bytes.get(at).copied().unwrap_or(0);
    let is_utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    bytes.truncate(at);
    let text = String::from_utf8(bytes).unwrap_or_default();
    if let Some((at, byte)) = refused(&text) {
        return control_character(text, at, byte);
    }
    let fault = Fault {
        help: match is_utf16 {
            true => "convert it, e.g. `iconv -f utf16 -t utf8 OLD >NEW`",
            false => "convert it, e.g. `iconv -f latin1 -t utf8 OLD >NEW`",
        },
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

/// Reads a line from left to right as far as comments, quotation marks and what protects them go.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scan {
    /// The next byte.
    pub(super) at: usize,
    /// It is inside of a quotation.
    pub(super) quoted: bool,
}

/// A sign at which a line is not just text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// A comment starts here; nothing behind it counts.
    Comment(usize),
    /// `$`.
    Dollar(usize),
    /// `{` or `}` outside of quotation marks.
    Brace(usize),
}

impl Scan {
    /// The next sign; the scan goes on behind it.
    pub(super) fn next(&mut self, text: &str) -> Option<Sign> {
        let bytes = text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            let here = self.at;
            self.at = here.saturating_add(1);
            match byte {
                b'"' => self.quoted = !self.quoted,
                b'\\' if !self.quoted && matches!(bytes.get(self.at), Some(b'#' | b'!')) => {
                    self.at = self.at.saturating_add(1);
                }
                b'#' | b'!' if !self.quoted => return Some(Sign::Comment(here)),
                b'{' | b'}' if !self.quoted => return Some(Sign::Brace(here)),
                b'$' => return Some(Sign::Dollar(here)),
                _ => {}
            }
        }
        None
    }

    /// Goes on behind `${NAME}`, whose braces are none.
    pub(super) fn skip_use(&mut self, text: &str, dollar: usize) {
        let rest = text.get(dollar..).unwrap_or("");
        if rest.starts_with("${")
            && let Some(end) = rest.find('}')
        {
            self.at = dollar.saturating_add(end).saturating_add(1);
        }
    }
}

/// The length of a text without its comment and the blanks before that.
pub(super) fn counted(text: &str) -> usize {
    let mut scan = Scan::default();
    let end = loop {
        match scan.next(text) {
            Some(Sign::Comment(at)) => break at,
            Some(Sign::Dollar(_) | Sign::Brace(_)) => {}
            None => break text.len(),
        }
    };
    text.get(..end).unwrap_or("").trim_end().len()
}

/// The offset of the first character from `at` on that is no blank.
pub(super) fn skip_to(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or("");
    at.saturating_add(
        rest.len()
            .saturating_sub(rest.trim_start_matches(is_blank).len()),
    )
}

/// The length of a name at the start of a text; 0 where there is none.
pub(super) fn name_len(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len())
}

/// The name of a definition `$NAME=…`.
pub(crate) fn definition(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    let (name, behind) = name.split_at_checked(name_len(name))?;
    (!name.is_empty() && behind.starts_with('=')).then_some(name)
}

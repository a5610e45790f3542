//! Bytes in hexadecimal, and status codes.

use super::Context;
use crate::diag::{Code, Diagnostic, quote};
use crate::tree::Text;

/// An MD5 or a SHA-256 sum.
pub(super) fn digest(cx: &mut Context<'_>, word: &Text<'_>) -> Option<Vec<(u8, u8)>> {
    /// Bytes of either.
    const LENGTHS: [usize; 2] = [16, 32];
    let bytes = pairs(&word.text).filter(|bytes| {
        LENGTHS.contains(&bytes.len()) && bytes.iter().all(|(_, mask)| *mask == 0xff)
    });
    if bytes.is_none() {
        let text = format!("{} is not a digest", quote(&word.text));
        cx.push(
            Diagnostic::error(Code::BadPattern, word.span, text)
                .label("expected 32 hexadecimal digits of MD5, or 64 of SHA-256"),
        );
    }
    bytes
}

/// Bytes, perhaps in several words; `X` stands for any digit.
pub(super) fn hex(cx: &mut Context<'_>, words: &[Text<'_>]) -> Option<Vec<(u8, u8)>> {
    let mut bytes = Vec::new();
    for word in words {
        let Some(more) = pairs(&word.text) else {
            let text = format!("{} is not hexadecimal", quote(&word.text));
            cx.push(
                Diagnostic::error(Code::BadPattern, word.span, text)
                    .label("expected two hexadecimal digits for each byte"),
            );
            return None;
        };
        bytes.extend(more);
    }
    Some(bytes)
}

/// Value and mask of each pair of digits.
fn pairs(text: &str) -> Option<Vec<(u8, u8)>> {
    let digits: Vec<(u8, u8)> = text
        .chars()
        .map(|c| match c {
            'x' | 'X' => Some((0, 0)),
            c => Some((u8::try_from(c.to_digit(16)?).ok()?, 0xf)),
        })
        .collect::<Option<_>>()?;
    digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some((high.0 << 4 | low.0, high.1 << 4 | low.1)),
            _ => None,
        })
        .collect()
}

/// Numbers and ranges of them.
pub(super) fn status_codes(cx: &mut Context<'_>, words: &[Text<'_>]) -> Option<Vec<(u16, u16)>> {
    let mut codes = Vec::new();
    for word in words {
        let (first, last) = word
            .text
            .split_once('-')
            .unwrap_or((&word.text, &word.text));
        let code = |text: &str| {
            text.parse::<u16>()
                .ok()
                .filter(|code| (100..=599).contains(code))
        };
        match (code(first), code(last)) {
            (Some(first), Some(last)) if first <= last => codes.push((first, last)),
            _ => {
                let text = format!("{} is not a status code", quote(&word.text));
                cx.push(
                    Diagnostic::error(Code::OutOfRange, word.span, text)
                        .label("expected e.g. 200 or 200-299, within 100 to 599"),
                );
                return None;
            }
        }
    }
    Some(codes)
}

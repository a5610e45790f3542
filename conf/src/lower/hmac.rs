//! `key` of `auth_hmac`.

use super::{Context, number};
use crate::diag::{Code, Diagnostic};
use crate::model::{HmacKey, HmacSecret};
use crate::tree::{Statement, Text};

/// `ID VALUE`. No message shows the value.
pub(super) fn key(cx: &mut Context<'_>, statement: &Statement<'_>) -> Option<HmacKey> {
    let number = statement.args.first()?;
    let id = number::int(cx, "key", number, 1, 255)?;
    let Some(value) = statement.args.get(1) else {
        let text = "this key has no value";
        cx.push(
            Diagnostic::error(Code::MissingValue, number.span, text)
                .label("32 to 64 bytes, `hex:…` or `file:PATH` are expected behind this"),
        );
        return None;
    };
    Some(HmacKey {
        id: u8::try_from(id).ok()?,
        secret: secret(cx, value)?,
    })
}

fn secret(cx: &mut Context<'_>, value: &Text<'_>) -> Option<HmacSecret> {
    if let Some(path) = value.text.strip_prefix("file:") {
        if !path.starts_with('/') {
            wrong(cx, value, "the file of a key is not an absolute path");
            return None;
        }
        return Some(HmacSecret::File(path.to_owned()));
    }
    let bytes = match value.text.strip_prefix("hex:") {
        Some(digits) => {
            let bytes = hex(digits);
            if bytes.is_none() {
                wrong(
                    cx,
                    value,
                    "a key behind `hex:` needs pairs of hexadecimal digits",
                );
            }
            bytes?
        }
        None => value.text.as_bytes().to_vec(),
    };
    if !HmacSecret::LEN.contains(&bytes.len()) {
        let text = format!("a key of {} bytes: it must have 32 to 64", bytes.len());
        wrong(cx, value, &text);
        return None;
    }
    Some(HmacSecret::Bytes(bytes))
}

fn wrong(cx: &mut Context<'_>, value: &Text<'_>, text: &str) {
    cx.push(
        Diagnostic::error(Code::BadKey, value.span, text)
            .label("expected 32 to 64 bytes, as text, `hex:…` or `file:/PATH`")
            .help("`openssl rand -hex 32` makes the digits of a good key"),
    );
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [_, _] => u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok(),
            _ => None,
        })
        .collect()
}

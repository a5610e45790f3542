//! `encap`: lightweight tunnels.

use crate::diag::{Code, Diagnostic, quote};
use crate::lower::words::{self, Words};
use crate::lower::{Context, value};
use crate::model::{Encap, Family};
use crate::tree::Text;

const IP: &[&str] = &["id", "dst", "src", "tos", "ttl", "flags"];
const IP6: &[&str] = &["id", "dst", "src", "tc", "hoplimit", "flags"];

/// What stands behind `encap`.
pub(super) fn parse(cx: &mut Context<'_>, word: &Text<'_>, words: &mut Words<'_>) -> Option<Encap> {
    let kind = words.value(cx, word)?;
    match kind.text.as_ref() {
        "ip" => ip(cx, words, Family::V4, IP),
        "ip6" => ip(cx, words, Family::V6, IP6),
        "mpls" => {
            let value = words.value(cx, kind)?;
            labels(cx, value).map(Encap::Mpls)
        }
        "ila" => {
            let value = words.value(cx, kind)?;
            locator(cx, value).map(Encap::Ila)
        }
        _ => {
            let text = format!("unknown kind of tunnel {}", quote(&kind.text));
            cx.push(
                Diagnostic::error(Code::NotAChoice, kind.span, text)
                    .label("expected `ip`, `ip6`, `mpls` or `ila`"),
            );
            None
        }
    }
}

fn ip(
    cx: &mut Context<'_>,
    words: &mut Words<'_>,
    family: Family,
    options: &[&str],
) -> Option<Encap> {
    let (mut id, mut dst, mut src, mut tos, mut ttl, mut flags) =
        (None, None, None, None, None, None);
    while words.peek().is_some_and(|next| options.contains(&next)) {
        let option = words.next()?;
        let value = words.value(cx, option)?;
        match option.text.as_ref() {
            "id" => {
                id = Some(words::hex_or_decimal(
                    cx,
                    option,
                    &value.text,
                    value,
                    u64::MAX,
                )?)
            }
            "dst" => dst = Some(address(cx, value, family)?),
            "src" => src = Some(address(cx, value, family)?),
            "tos" | "tc" => {
                let number = words::hex_or_decimal(cx, option, &value.text, value, 255)?;
                tos = u8::try_from(number).ok();
            }
            "ttl" | "hoplimit" => ttl = Some(words::number_u8(cx, option, value)?),
            _ => {
                let number = words::hex_or_decimal(cx, option, &value.text, value, 65_535)?;
                flags = u16::try_from(number).ok();
            }
        }
    }
    Some(Encap::Ip {
        family,
        id,
        dst,
        src,
        tos,
        ttl,
        flags,
    })
}

fn address(cx: &mut Context<'_>, word: &Text<'_>, family: Family) -> Option<std::net::IpAddr> {
    let address = value::address(cx, word)?;
    if Family::of(address) == family {
        return Some(address);
    }
    let text = format!("{address} does not fit this tunnel");
    cx.push(
        Diagnostic::error(Code::MixedFamilies, word.span, text).label(format!("expected {family}")),
    );
    None
}

/// `16/100`.
fn labels(cx: &mut Context<'_>, word: &Text<'_>) -> Option<Vec<u32>> {
    /// A label has 20 bits (RFC 3032 section 2.1).
    const MAX: u32 = 1_048_575;
    let labels: Option<Vec<u32>> = word
        .text
        .split('/')
        .map(|label| label.parse().ok().filter(|label| *label <= MAX))
        .collect();
    if labels.is_none() {
        let text = format!("{} is no list of labels", quote(&word.text));
        cx.push(
            Diagnostic::error(Code::OutOfRange, word.span, text)
                .label(format!("expected e.g. 16/100, each up to {MAX}")),
        );
    }
    labels
}

/// Four groups of hexadecimal digits.
fn locator(cx: &mut Context<'_>, word: &Text<'_>) -> Option<[u16; 4]> {
    let groups: Option<Vec<u16>> = word
        .text
        .split(':')
        .map(|group| u16::from_str_radix(group, 16).ok())
        .collect();
    let locator = groups.and_then(|groups| <[u16; 4]>::try_from(groups).ok());
    if locator.is_none() {
        let text = format!("{} is no locator", quote(&word.text));
        cx.push(
            Diagnostic::error(Code::NotAnAddress, word.span, text)
                .label("expected the upper half of an IPv6 address, e.g. 2001:db8:0:1"),
        );
    }
    locator
}

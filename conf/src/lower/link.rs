//! `use_vmac` and `use_ipvlan`.

use super::{Context, value};
use crate::diag::{Code, Diagnostic, quote};
use crate::model::{IfName, IpvlanMode, MacAddress};
use crate::source::Span;
use crate::tree::Text;
use std::net::IpAddr;

/// What stands behind `use_vmac`.
#[derive(Clone, Debug, Default)]
pub(crate) struct VmacWords {
    pub(crate) name: Option<(IfName, Span)>,
    /// 5 or 6 bytes; the VRID completes 5.
    pub(crate) mac: Option<(Vec<u8>, Span)>,
    pub(crate) notify: bool,
    pub(crate) group: Option<String>,
}

/// What stands behind `use_ipvlan`.
#[derive(Clone, Debug, Default)]
pub(crate) struct IpvlanWords {
    pub(crate) name: Option<(IfName, Span)>,
    pub(crate) address: Option<(IpAddr, Option<u8>, Span)>,
    pub(crate) mode: Option<IpvlanMode>,
    pub(crate) group: Option<String>,
}

/// `[[name] IF] [MAC] [netlink_notify_msg] [group G]`
pub(super) fn vmac(cx: &mut Context<'_>, words: &[Text<'_>]) -> Option<Box<VmacWords>> {
    let mut read = Box::<VmacWords>::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.text.as_ref() {
            "netlink_notify_msg" => read.notify = true,
            "group" => read.group = Some(behind(cx, word, words.next())?.text.to_string()),
            "name" => {
                let name = behind(cx, word, words.next())?;
                read.name = Some(named(cx, name)?);
            }
            text if text.contains(':') => read.mac = Some((mac(cx, word)?, word.span)),
            _ if read.name.is_none() => read.name = Some(named(cx, word)?),
            _ => {
                let expected = "a hardware address, `netlink_notify_msg` or `group G`";
                super::entry::unknown_option(cx, word, expected);
                return None;
            }
        }
    }
    Some(read)
}

/// `[[name] IF] [IP] [bridge|private|vepa] [group G]`
pub(super) fn ipvlan(cx: &mut Context<'_>, words: &[Text<'_>]) -> Option<Box<IpvlanWords>> {
    let mut read = Box::<IpvlanWords>::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.text.as_ref() {
            "bridge" => read.mode = Some(IpvlanMode::Bridge),
            "private" => read.mode = Some(IpvlanMode::Private),
            "vepa" => read.mode = Some(IpvlanMode::Vepa),
            "group" => read.group = Some(behind(cx, word, words.next())?.text.to_string()),
            "name" => {
                let name = behind(cx, word, words.next())?;
                read.name = Some(named(cx, name)?);
            }
            text if is_address(text) => {
                let (address, prefix) = super::address::address_and_prefix(cx, word)?;
                read.address = Some((address, prefix, word.span));
            }
            text if read.name.is_none() && !text.contains(['/', ':']) => {
                read.name = Some(named(cx, word)?);
            }
            _ => {
                let expected = "an address, `bridge`, `private`, `vepa` or `group G`";
                super::entry::unknown_option(cx, word, expected);
                return None;
            }
        }
    }
    Some(read)
}

/// `IP` or `IP/LEN`, the length unchecked.
fn is_address(text: &str) -> bool {
    let address = text.split_once('/').map_or(text, |(address, _)| address);
    address.parse::<IpAddr>().is_ok()
}

fn named(cx: &mut Context<'_>, word: &Text<'_>) -> Option<(IfName, Span)> {
    value::interface(cx, word).map(|name| (name, word.span))
}

/// The word behind another one.
fn behind<'a, 's>(
    cx: &mut Context<'_>,
    word: &Text<'_>,
    next: Option<&'a Text<'s>>,
) -> Option<&'a Text<'s>> {
    if next.is_none() {
        super::entry::option_needs_value(cx, word);
    }
    next
}

/// 5 or 6 bytes with colons between them.
fn mac(cx: &mut Context<'_>, word: &Text<'_>) -> Option<Vec<u8>> {
    let byte = |text: &str| match text.len() {
        1 | 2 if text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            u8::from_str_radix(text, 16).ok()
        }
        _ => None,
    };
    let bytes: Option<Vec<u8>> = word.text.split(':').map(byte).collect();
    let expected = match &bytes {
        Some(bytes) if !(5..=6).contains(&bytes.len()) => "5 or 6 bytes are expected",
        Some(bytes) => match unfit(bytes) {
            Some(why) => why,
            None => return Some(bytes.clone()),
        },
        None => "expected e.g. 02:00:5e:00:01:33, or its first five bytes",
    };
    let text = format!("{} is not a hardware address", quote(&word.text));
    cx.push(Diagnostic::error(Code::BadMac, word.span, text).label(expected));
    None
}

/// Why an interface cannot have it.
fn unfit(bytes: &[u8]) -> Option<&'static str> {
    let mut whole = [0; 6];
    whole
        .iter_mut()
        .zip(bytes)
        .for_each(|(to, from)| *to = *from);
    let mac = MacAddress(whole);
    if mac.is_multicast() {
        Some("this is an address of a group")
    } else if mac.is_virtual_router() {
        Some("this is what virtual routers have without it: leave it out")
    } else {
        None
    }
}

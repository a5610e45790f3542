//! Lines of `virtual_ipaddress`, `virtual_ipaddress_excluded` and `static_ipaddress`.

use super::words::{self, Words, longest};
use super::{Context, not_carried_out, value};
use crate::diag::{Code, Diagnostic, quote};
use crate::model::{Broadcast, Family, StaticAddress, VirtualAddress};
use crate::tree::{Statement, Text};
use std::net::{IpAddr, Ipv4Addr};

const OPTIONS: &[&str] = &[
    "brd",
    "broadcast",
    "dev",
    "scope",
    "label",
    "peer",
    "home",
    "-nodad",
    "nodad",
    "mngtmpaddr",
    "noprefixroute",
    "autojoin",
    "preferred_lft",
    "no_track",
    "use_vmac",
    "track_group",
];

/// A virtual address with its options.
pub(super) fn parse(cx: &mut Context<'_>, statement: &Statement<'_>) -> Option<VirtualAddress> {
    line(cx, statement, false).map(|line| line.address)
}

/// A static address with its options.
pub(super) fn parse_static(
    cx: &mut Context<'_>,
    statement: &Statement<'_>,
) -> Option<StaticAddress> {
    line(cx, statement, true)
}

fn line(cx: &mut Context<'_>, statement: &Statement<'_>, is_static: bool) -> Option<StaticAddress> {
    let (address, prefix) = address_and_prefix(cx, &statement.head)?;
    let family = Family::of(address);
    let mut line = Line {
        family,
        written_prefix: prefix,
        broadcast: None,
        virtual_address: VirtualAddress {
            address,
            prefix: prefix.unwrap_or_else(|| longest(family)),
            peer: None,
            dev: None,
            scope: 0,
            label: None,
            broadcast: Broadcast::None,
            nodad: family == Family::V6,
            home: false,
            mngtmpaddr: false,
            noprefixroute: false,
            autojoin: false,
            preferred_lft: None,
            no_track: false,
            use_vmac: false,
        },
        lifetime_written: false,
        is_static,
        track_group: None,
    };
    let mut words = Words::args(statement);
    while let Some(word) = words.next() {
        line.option(cx, word, &mut words)?;
    }
    let track_group = line.track_group.take();
    let address = line.finish(cx, &statement.head)?;
    Some(StaticAddress {
        address,
        track_group,
    })
}

/// `ADDR` or `ADDR/LEN`.
pub(super) fn address_and_prefix(
    cx: &mut Context<'_>,
    word: &Text<'_>,
) -> Option<(IpAddr, Option<u8>)> {
    let (text, length) = match word.text.split_once('/') {
        Some((text, length)) => (text, Some(length)),
        None => (word.text.as_ref(), None),
    };
    let Ok(address) = text.parse::<IpAddr>() else {
        let diagnostic = Diagnostic::error(
            Code::NotAnAddress,
            word.span,
            format!("{} is not an IP address", quote(&word.text)),
        );
        let help = OPTIONS
            .contains(&word.text.as_ref())
            .then(|| "options stand on the line of their address".to_owned());
        cx.push(
            diagnostic
                .label("expected e.g. 192.0.2.1/24 or 2001:db8::1/64")
                .maybe_help(help),
        );
        return None;
    };
    let Some(length) = length else {
        return Some((address, None));
    };
    let longest = longest(Family::of(address));
    let good = length
        .parse::<u8>()
        .ok()
        .filter(|n| *n <= longest && length.bytes().all(|byte| byte.is_ascii_digit()));
    if good.is_none() {
        let start = text.len().saturating_add(1);
        let text = format!("{} is not a prefix length", quote(length));
        cx.push(
            Diagnostic::error(
                Code::BadPrefix,
                word.span.part(start, word.text.len()),
                text,
            )
            .label(format!("expected 0 to {longest}")),
        );
        return None;
    }
    Some((address, good))
}

/// A line while its options are read.
struct Line {
    family: Family,
    written_prefix: Option<u8>,
    /// What `brd` says; computed when the prefix is known.
    broadcast: Option<(String, crate::source::Span)>,
    virtual_address: VirtualAddress,
    lifetime_written: bool,
    is_static: bool,
    track_group: Option<String>,
}

impl Line {
    fn option<'t>(
        &mut self,
        cx: &mut Context<'_>,
        word: &Text<'_>,
        words: &mut Words<'t>,
    ) -> Option<()> {
        let line = &mut self.virtual_address;
        match word.text.as_ref() {
            "home" => line.home = v6_only(cx, self.family, word),
            "mngtmpaddr" => line.mngtmpaddr = v6_only(cx, self.family, word),
            "-nodad" => line.nodad = false,
            "nodad" => line.nodad = self.family == Family::V6,
            "noprefixroute" => line.noprefixroute = true,
            "autojoin" => line.autojoin = true,
            "no_track" => line.no_track = true,
            "use_vmac" if !self.is_static => {
                line.use_vmac = true;
                not_carried_out(cx, word, "the address stands on the interface itself");
            }
            "track_group" if self.is_static => {
                self.track_group = Some(words.value(cx, word)?.text.to_string());
            }
            "use_vmac" | "track_group" => {
                wrong_kind(cx, word, self.is_static);
                return None;
            }
            name if OPTIONS.contains(&name) => {
                let value = words.value(cx, word)?;
                self.option_with_value(cx, word, value)?;
            }
            _ => words::unknown(
                cx,
                word,
                "an option of an address, such as `dev` or `label`",
                OPTIONS,
            ),
        }
        Some(())
    }

    fn option_with_value(
        &mut self,
        cx: &mut Context<'_>,
        word: &Text<'_>,
        value: &Text<'_>,
    ) -> Option<()> {
        let line = &mut self.virtual_address;
        match word.text.as_ref() {
            "dev" => line.dev = Some(value::interface(cx, value)?),
            "peer" => line.peer = Some(peer(cx, value, self.family)?),
            "scope" if v4_only(cx, self.family, word) => line.scope = scope(cx, value)?,
            "label" if v4_only(cx, self.family, word) => line.label = Some(label(cx, value)?),
            "preferred_lft" if v6_only(cx, self.family, word) => {
                line.preferred_lft = lifetime(cx, value)?;
                self.lifetime_written = true;
            }
            "brd" | "broadcast" => {
                if self.family == Family::V6 {
                    let text = "an IPv6 address has no broadcast address";
                    cx.push(Diagnostic::error(Code::IdleOption, word.span, text));
                    return None;
                }
                self.broadcast = Some((value.text.to_string(), value.span));
            }
            _ => {}
        }
        Some(())
    }

    /// What depends on several options.
    fn finish(mut self, cx: &mut Context<'_>, head: &Text<'_>) -> Option<VirtualAddress> {
        if self.virtual_address.peer.is_some() {
            if let Some((_, span)) = self.broadcast.take() {
                let text = "an address with a peer has no broadcast address";
                cx.push(Diagnostic::warning(Code::IdleOption, span, text).label("ignored"));
            }
            let longest = longest(self.family);
            if self.written_prefix.is_some_and(|prefix| prefix != longest) {
                let text = format!("an address with a peer has the prefix length {longest}");
                cx.push(Diagnostic::warning(Code::IdleOption, head.span, text).label("ignored"));
            }
            self.virtual_address.prefix = longest;
        }
        if let Some((text, span)) = self.broadcast.take() {
            self.virtual_address.broadcast = self.broadcast(cx, &text, span)?;
        }
        // A whole address is never chosen as a source unless a lifetime says otherwise.
        if self.family == Family::V6 && self.virtual_address.prefix == 128 && !self.lifetime_written
        {
            self.virtual_address.preferred_lft = Some(0);
        }
        Some(self.virtual_address)
    }

    fn broadcast(
        &self,
        cx: &mut Context<'_>,
        text: &str,
        span: crate::source::Span,
    ) -> Option<Broadcast> {
        let IpAddr::V4(address) = self.virtual_address.address else {
            return Some(Broadcast::None);
        };
        if let Ok(address) = text.parse() {
            return Some(Broadcast::Address(address));
        }
        if text != "+" && text != "-" {
            let text = format!("{} is not a broadcast address", quote(text));
            cx.push(
                Diagnostic::error(Code::NotAnAddress, span, text)
                    .label("expected an address, `+` or `-`"),
            );
            return None;
        }
        let prefix = self.virtual_address.prefix;
        if prefix > 30 {
            let text = format!("a network of prefix length {prefix} has no broadcast address");
            cx.push(
                Diagnostic::warning(Code::IdleOption, span, text)
                    .label("ignored")
                    .help("write the prefix length of the network, e.g. 192.0.2.1/24"),
            );
            return Some(Broadcast::None);
        }
        let host_bits = u32::MAX.checked_shr(u32::from(prefix)).unwrap_or(0);
        let network = u32::from(address) & !host_bits;
        let bits = if text == "+" {
            network | host_bits
        } else {
            network
        };
        Some(Broadcast::Address(Ipv4Addr::from(bits)))
    }
}

/// An option that is for the other kind of address.
fn wrong_kind(cx: &mut Context<'_>, word: &Text<'_>, is_static: bool) {
    let (text, label) = if is_static {
        (
            "a static address has no virtual MAC address",
            "it is for virtual addresses",
        )
    } else {
        (
            "an address of an instance is tracked by that instance",
            "it is for static addresses",
        )
    };
    cx.push(Diagnostic::error(Code::IdleOption, word.span, text).label(label));
}

/// True for IPv6; says that the option is idle otherwise.
fn v6_only(cx: &mut Context<'_>, family: Family, word: &Text<'_>) -> bool {
    only(cx, family, Family::V6, word)
}

/// True for IPv4; says that the option is idle otherwise.
fn v4_only(cx: &mut Context<'_>, family: Family, word: &Text<'_>) -> bool {
    only(cx, family, Family::V4, word)
}

fn only(cx: &mut Context<'_>, family: Family, needed: Family, word: &Text<'_>) -> bool {
    if family != needed {
        let text = format!("{} is for {needed} only", quote(&word.text));
        cx.push(Diagnostic::warning(Code::IdleOption, word.span, text).label("ignored"));
    }
    family == needed
}

fn peer(cx: &mut Context<'_>, word: &Text<'_>, family: Family) -> Option<IpAddr> {
    let address = value::address(cx, word)?;
    if Family::of(address) == family {
        return Some(address);
    }
    let text = format!("{address} is not of the family of its address");
    cx.push(
        Diagnostic::error(Code::MixedFamilies, word.span, text).label(format!("expected {family}")),
    );
    None
}

fn scope(cx: &mut Context<'_>, word: &Text<'_>) -> Option<u8> {
    let scope = match word.text.as_ref() {
        "global" => Some(0),
        "site" => Some(200),
        "link" => Some(253),
        "host" => Some(254),
        "nowhere" => Some(255),
        number => number.parse().ok(),
    };
    if scope.is_none() {
        let text = format!("{} is not a scope", quote(&word.text));
        cx.push(
            Diagnostic::error(Code::NotAChoice, word.span, text)
                .label("expected global, site, link, host, nowhere, or a number up to 255"),
        );
    }
    scope
}

fn label(cx: &mut Context<'_>, word: &Text<'_>) -> Option<String> {
    /// linux/if.h IFNAMSIZ without the final zero byte.
    const MAX: usize = 15;
    if (1..=MAX).contains(&word.text.len()) {
        return Some(word.text.to_string());
    }
    let text = format!("{} is not a label", quote(&word.text));
    cx.push(
        Diagnostic::error(Code::BadName, word.span, text)
            .label(format!("expected 1 to {MAX} characters")),
    );
    None
}

/// Seconds; none means for ever.
fn lifetime(cx: &mut Context<'_>, word: &Text<'_>) -> Option<Option<u32>> {
    if word.text == "forever" {
        return Some(None);
    }
    let seconds = word.text.parse().ok();
    if seconds.is_none() {
        let text = format!("{} is not a lifetime", quote(&word.text));
        cx.push(
            Diagnostic::error(Code::NotANumber, word.span, text)
                .label("expected seconds or `forever`"),
        );
    }
    seconds.map(Some)
}

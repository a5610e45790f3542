//! What lines of options share: the words in their order, and numbers that have names.

use super::entry::option_needs_value;
use super::{Context, number};
use crate::diag::{Code, Diagnostic, quote};
use crate::model::{Family, NamedNumber, Network, Realms};
use crate::tree::{Statement, Text};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The words of a line that are not taken yet.
pub(super) struct Words<'t> {
    rest: Vec<&'t Text<'t>>,
}

impl<'t> Words<'t> {
    /// All words of a line, the first one included.
    pub(super) fn all(statement: &'t Statement<'t>) -> Self {
        let mut rest: Vec<_> = std::iter::once(&statement.head)
            .chain(&statement.args)
            .collect();
        rest.reverse();
        Self { rest }
    }

    /// The words behind the first one.
    pub(super) fn args(statement: &'t Statement<'t>) -> Self {
        Self {
            rest: statement.args.iter().rev().collect(),
        }
    }

    /// Takes the next word.
    pub(super) fn next(&mut self) -> Option<&'t Text<'t>> {
        self.rest.pop()
    }

    /// Looks at the next word.
    pub(super) fn peek(&self) -> Option<&'t str> {
        self.rest.last().map(|word| word.text.as_ref())
    }

    /// Takes the next word if it is this one.
    pub(super) fn take(&mut self, word: &str) -> bool {
        let there = self.peek() == Some(word);
        if there {
            self.rest.pop();
        }
        there
    }

    /// Takes the value of an option; says that it is missing.
    pub(super) fn value(
        &mut self,
        cx: &mut Context<'_>,
        option: &Text<'_>,
    ) -> Option<&'t Text<'t>> {
        let value = self.next();
        if value.is_none() {
            option_needs_value(cx, option);
        }
        value
    }
}

/// An option that a line does not have, with the one that was probably meant.
pub(super) fn unknown(
    cx: &mut Context<'_>,
    word: &Text<'_>,
    expected: &str,
    options: &[&'static str],
) {
    let near = cx.nearest(&word.text, options.iter().copied());
    let text = format!("unknown option {}", quote(&word.text));
    let diagnostic = cx
        .refusal(Code::UnknownOption, word.span, text)
        .label(format!("expected {expected}"))
        .maybe_help(near.map(|near| format!("did you mean `{near}`?")));
    cx.push(diagnostic);
}

/// A number, decimal or with `0x`.
pub(super) fn any_base(text: &str) -> Option<u64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            u64::from_str_radix(digits, 16).ok()
        }
        Some(_) => None,
        None if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        None => None,
    }
}

/// A number that may have `0x`, within limits.
pub(super) fn hex_or_decimal(
    cx: &mut Context<'_>,
    option: &Text<'_>,
    text: &str,
    value: &Text<'_>,
    max: u64,
) -> Option<u64> {
    let number = any_base(text).filter(|number| *number <= max);
    if number.is_none() {
        let wanted = format!("`{}` must be a number from 0 to {max}", option.text);
        cx.push(
            Diagnostic::error(Code::OutOfRange, value.span, wanted)
                .label("expected a decimal number, or `0x` and hexadecimal digits"),
        );
    }
    number
}

/// A decimal number of 32 bits.
pub(super) fn number_u32(cx: &mut Context<'_>, option: &Text<'_>, value: &Text<'_>) -> Option<u32> {
    let number = number::int(cx, &option.text, value, 0, 4_294_967_295)?;
    u32::try_from(number).ok()
}

/// A decimal number of 8 bits.
pub(super) fn number_u8(cx: &mut Context<'_>, option: &Text<'_>, value: &Text<'_>) -> Option<u8> {
    u8::try_from(number::int(cx, &option.text, value, 0, 255)?).ok()
}

/// A table of names with their numbers.
pub(super) type Names = &'static [(&'static str, u32)];

/// rt_tables.
pub(super) const TABLES: Names = &[("default", 253), ("main", 254), ("local", 255)];

/// rt_scopes.
pub(super) const SCOPES: Names = &[
    ("global", 0),
    ("site", 200),
    ("link", 253),
    ("host", 254),
    ("nowhere", 255),
];

/// rt_protos.
pub(super) const PROTOCOLS: Names = &[
    ("redirect", 1),
    ("kernel", 2),
    ("boot", 3),
    ("static", 4),
    ("gated", 8),
    ("ra", 9),
    ("mrt", 10),
    ("zebra", 11),
    ("bird", 12),
    ("dnrouted", 13),
    ("xorp", 14),
    ("ntk", 15),
    ("dhcp", 16),
    ("keepalived", 18),
    ("babel", 42),
    ("bgp", 186),
    ("isis", 187),
    ("ospf", 188),
    ("rip", 189),
    ("eigrp", 192),
];

/// Names of the field are the host's.
pub(super) const NO_NAMES: Names = &[];

/// /etc/protocols, as far as rules are made for them.
pub(super) const IP_PROTOCOLS: Names = &[
    ("icmp", 1),
    ("igmp", 2),
    ("tcp", 6),
    ("udp", 17),
    ("dccp", 33),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("ipv6-icmp", 58),
    ("ospf", 89),
    ("vrrp", 112),
    ("sctp", 132),
];

/// A number, or a name: one of the table becomes its number, another one is looked up on the host.
pub(super) fn named(
    cx: &mut Context<'_>,
    option: &Text<'_>,
    value: &Text<'_>,
    max: u32,
    names: Names,
) -> Option<NamedNumber> {
    named_text(cx, option, &value.text, value, max, names)
}

fn named_text(
    cx: &mut Context<'_>,
    option: &Text<'_>,
    text: &str,
    value: &Text<'_>,
    max: u32,
    names: Names,
) -> Option<NamedNumber> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let number = hex_or_decimal(cx, option, text, value, max.into())?;
        return Some(NamedNumber::Number(u32::try_from(number).ok()?));
    }
    if let Some((_, number)) = names.iter().find(|(name, _)| *name == text) {
        return Some(NamedNumber::Number(*number));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '+');
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain) {
        return Some(NamedNumber::Name(text.to_owned()));
    }
    let text = format!("{} is no number and no name", quote(text));
    cx.push(
        Diagnostic::error(Code::BadName, value.span, text).label(format!(
            "expected a number up to {max}, or a name that iproute2 knows"
        )),
    );
    None
}

/// `[FROM/]TO`.
pub(super) fn realms(cx: &mut Context<'_>, option: &Text<'_>, value: &Text<'_>) -> Option<Realms> {
    /// A realm has 16 bits.
    const MAX: u32 = 65_535;
    let (from, to) = match value.text.split_once('/') {
        Some((from, to)) => (Some(from), to),
        None => (None, value.text.as_ref()),
    };
    let from = match from {
        Some(from) => Some(named_text(cx, option, from, value, MAX, NO_NAMES)?),
        None => None,
    };
    let to = named_text(cx, option, to, value, MAX, NO_NAMES)?;
    Some(Realms { from, to })
}

/// Longest prefix of a family.
pub(super) const fn longest(family: Family) -> u8 {
    match family {
        Family::V4 => 32,
        Family::V6 => 128,
    }
}

/// Everything of a family.
pub(super) const fn everything(family: Family) -> Network {
    let address = match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    Network { address, prefix: 0 }
}

/// An address with the bits behind the prefix cleared.
pub(super) fn masked(network: Network) -> Network {
    let address = match network.address {
        IpAddr::V4(address) => {
            let mask = u32::MAX
                .checked_shl(32_u32.saturating_sub(network.prefix.into()))
                .unwrap_or(0);
            IpAddr::V4((u32::from(address) & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX
                .checked_shl(128_u32.saturating_sub(network.prefix.into()))
                .unwrap_or(0);
            IpAddr::V6((u128::from(address) & mask).into())
        }
    };
    Network { address, ..network }
}

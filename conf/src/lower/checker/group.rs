//! `virtual_server_group`.

use crate::diag::{Code, Diagnostic, quote};
use crate::lower::entry::{Entry, EntryKind, option_needs_value, unknown_option};
use crate::lower::route::network;
use crate::lower::words::masked;
use crate::lower::{Context, number, value};
use crate::model::{Family, GroupMember, Network};
use crate::source::Span;
use crate::tree::{Statement, Text};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU32;

/// Addresses of one entry: each is an entry of the kernel's table.
const MOST_ADDRESSES: u128 = 65_536;

/// A line of a group. A mark may leave its family to the real servers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Member {
    Addresses {
        first: IpAddr,
        last: IpAddr,
        port: u16,
    },
    Mark {
        mark: NonZeroU32,
        family: Option<Family>,
    },
}

/// Reads a line.
pub(in crate::lower) fn member(cx: &mut Context<'_>, statement: &Statement<'_>) -> Option<Member> {
    if statement.head.text == "fwmark" {
        return mark(cx, statement);
    }
    let (first, last) = addresses(cx, &statement.head)?;
    let port = match statement.args.first() {
        Some(port) => value::port(cx, port, 0)?,
        None => 0,
    };
    if let Some(extra) = statement.args.get(1) {
        unknown_option(cx, extra, "an address and a port only");
    }
    Some(Member::Addresses { first, last, port })
}

fn mark(cx: &mut Context<'_>, statement: &Statement<'_>) -> Option<Member> {
    let Some(word) = statement.args.first() else {
        option_needs_value(cx, &statement.head);
        return None;
    };
    let mark = number::int(cx, "fwmark", word, 1, 4_294_967_295)?;
    let family = match statement.args.get(1).map(|word| (word, word.text.as_ref())) {
        None => None,
        Some((_, "inet")) => Some(Family::V4),
        Some((_, "inet6")) => Some(Family::V6),
        Some((word, _)) => {
            unknown_option(cx, word, "`inet`, `inet6` or nothing");
            return None;
        }
    };
    Some(Member::Mark {
        mark: NonZeroU32::new(u32::try_from(mark).ok()?)?,
        family,
    })
}

/// `ADDR`, `ADDR-END` or `ADDR/LEN`.
fn addresses(cx: &mut Context<'_>, word: &Text<'_>) -> Option<(IpAddr, IpAddr)> {
    let range = if let Some((first, end)) = word.text.split_once('-') {
        span_of(cx, word, first, end)?
    } else if word.text.contains('/') {
        block(cx, word)?
    } else {
        let address = value::address(cx, word)?;
        (address, address)
    };
    let count = number_of(range.1).saturating_sub(number_of(range.0));
    if count >= MOST_ADDRESSES {
        let text = format!("{} names too many addresses", quote(&word.text));
        cx.push(
            Diagnostic::error(Code::OutOfRange, word.span, text)
                .label(format!("at most {MOST_ADDRESSES} on one line"))
                .because("each of them is an entry of the kernel's table"),
        );
        return None;
    }
    Some(range)
}

fn number_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// The end is the last part of an address, or a whole one.
fn span_of(
    cx: &mut Context<'_>,
    word: &Text<'_>,
    first: &str,
    end: &str,
) -> Option<(IpAddr, IpAddr)> {
    let range = first.parse::<IpAddr>().ok().and_then(|first| {
        let last = end.parse().ok().or_else(|| with_last_part(first, end))?;
        let fits = Family::of(first) == Family::of(last) && number_of(last) > number_of(first);
        fits.then_some((first, last))
    });
    if range.is_none() {
        let text = format!("{} is no range of addresses", quote(&word.text));
        cx.push(
            Diagnostic::error(Code::BadRange, word.span, text).label(
                "expected e.g. 192.0.2.10-20 or 2001:db8::10-2f, the end behind the beginning",
            ),
        );
    }
    range
}

fn with_last_part(first: IpAddr, end: &str) -> Option<IpAddr> {
    match first {
        IpAddr::V4(first) => {
            let [a, b, c, _] = first.octets();
            Some(IpAddr::from([a, b, c, end.parse().ok()?]))
        }
        IpAddr::V6(first) => {
            let mut segments = first.segments();
            *segments.last_mut()? = u16::from_str_radix(end, 16).ok()?;
            Some(IpAddr::from(segments))
        }
    }
}

fn block(cx: &mut Context<'_>, word: &Text<'_>) -> Option<(IpAddr, IpAddr)> {
    let network = network(cx, word)?;
    let clean = masked(network);
    if clean != network {
        let text = format!(
            "{} is an address in a network, not a network",
            quote(&word.text)
        );
        cx.push(
            Diagnostic::error(Code::BadPrefix, word.span, text)
                .label(format!("expected e.g. {clean}")),
        );
        return None;
    }
    Some((network.address, last_of(network)))
}

fn last_of(network: Network) -> IpAddr {
    let prefix = u32::from(network.prefix);
    match network.address {
        IpAddr::V4(address) => {
            let host = u32::MAX.checked_shr(prefix).unwrap_or(0);
            IpAddr::V4((u32::from(address) | host).into())
        }
        IpAddr::V6(address) => {
            let host = u128::MAX.checked_shr(prefix).unwrap_or(0);
            IpAddr::V6((u128::from(address) | host).into())
        }
    }
}

/// All groups, as far as they are read.
#[derive(Default)]
pub(crate) struct Groups(BTreeMap<String, Group>);

struct Group {
    span: Span,
    members: Vec<Member>,
    /// A line was wrong; that was said.
    failed: bool,
    used: bool,
}

impl Groups {
    /// Takes the block of a group.
    pub(in crate::lower) fn add(
        &mut self,
        cx: &mut Context<'_>,
        name: &str,
        span: Span,
        entries: &[Entry],
        failed: bool,
    ) {
        if let Some(first) = self.0.get(name) {
            let text = format!("`virtual_server_group` {} is there twice", quote(name));
            cx.push(
                Diagnostic::error(Code::SameName, span, text)
                    .label("second one")
                    .also(first.span, "first one"),
            );
            return;
        }
        let members = members(cx, entries);
        if members.is_empty() && !failed && !cx.said.is_incomplete() {
            let text = format!("group {} lists nothing", quote(name));
            cx.push(
                Diagnostic::error(Code::MissingWord, span, text)
                    .label("expected lines such as `192.0.2.1 80` or `fwmark 7`"),
            );
        }
        let group = Group {
            span,
            members,
            failed,
            used: false,
        };
        self.0.insert(name.to_owned(), group);
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The members of a group; says that there is no such group.
    pub(super) fn members(
        &mut self,
        cx: &mut Context<'_>,
        name: &str,
        span: Span,
        family: Option<Family>,
    ) -> Option<Vec<GroupMember>> {
        let Some(group) = self.0.get_mut(name) else {
            let near = cx.nearest(name, self.0.keys().map(String::as_str));
            let text = format!("there is no virtual_server_group {}", quote(name));
            cx.push(
                Diagnostic::error(Code::UnknownReference, span, text)
                    .label("not defined as `virtual_server_group`")
                    .maybe_help(near.map(|near| format!("did you mean `{near}`?"))),
            );
            return None;
        };
        group.used = true;
        if group.members.is_empty() {
            return None;
        }
        let family = family.unwrap_or(Family::V4);
        let members = group.members.iter().map(|member| match *member {
            Member::Addresses { first, last, port } => GroupMember::Addresses { first, last, port },
            Member::Mark { mark, family: own } => GroupMember::Mark {
                mark,
                family: own.unwrap_or(family),
            },
        });
        Some(members.collect())
    }

    /// Groups that nobody uses.
    pub(super) fn unused(&self, cx: &mut Context<'_>) {
        // What is wrong may well be the line that uses it.
        if cx.said.errors() > 0 {
            return;
        }
        for (name, group) in &self.0 {
            if !group.used && !group.failed {
                let text = format!("no virtual server uses group {}", quote(name));
                cx.push(
                    Diagnostic::warning(Code::UnusedGroup, group.span, text)
                        .label("its addresses are not served")
                        .help(format!("say `virtual_server group {name} {{ … }}`")),
                );
            }
        }
    }
}

/// The lines of a group, each once.
fn members(cx: &mut Context<'_>, entries: &[Entry]) -> Vec<Member> {
    let mut seen: BTreeMap<_, Span> = BTreeMap::new();
    let mut members = Vec::new();
    for entry in entries {
        let EntryKind::ServerMember(member) = &entry.kind else {
            continue;
        };
        let key = match *member {
            Member::Addresses { first, last, port } => (Some((first, last, port)), None),
            Member::Mark { mark, family } => (None, Some((mark, family))),
        };
        if let Some(first) = seen.insert(key, entry.span) {
            cx.push(
                Diagnostic::warning(Code::ListedTwice, entry.span, "this entry is there twice")
                    .label("ignored")
                    .also(first, "first one"),
            );
            continue;
        }
        members.push(*member);
    }
    members
}

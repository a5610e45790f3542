//! Lines of blocks that hold no words of the table: addresses, peers, trackers, recipients.

use super::statics::lines;
use super::{Context, address, checker, number, route, rule, value};
use crate::diag::{Code, Diagnostic, quote};
use crate::keyword::{Entries, Tracked};
use crate::model::{IfName, LinkDelay, Peer, Route, Rule, StaticAddress, VirtualAddress, Weight};
use crate::source::Span;
use crate::tree::{Statement, Text};

/// A line with its meaning.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// What it is about: the address or name.
    pub(crate) span: Span,
    pub(crate) kind: EntryKind,
}

/// Kinds of lines.
#[derive(Clone, Debug)]
pub(crate) enum EntryKind {
    Mail(String),
    Address(Box<VirtualAddress>),
    StaticAddress(Box<StaticAddress>),
    Route(Box<Route>),
    Rule(Box<Rule>),
    Peer(Peer),
    /// Name, weight where one is written, direction.
    Tracker(String, Option<(Weight, bool)>),
    Interface(IfName),
    LinkDelay(LinkDelay),
    ServerMember(checker::Member),
    /// An instance of a group.
    Member(String),
}

/// Reads the lines of a block.
pub(super) fn read(
    cx: &mut Context<'_>,
    kind: Entries,
    statements: &[Statement<'_>],
) -> Vec<Entry> {
    let mut entries = Vec::new();
    for statement in statements {
        if let Some(block) = &statement.block {
            cx.push(
                Diagnostic::error(
                    Code::StrayOpen,
                    block.open,
                    "there is no block in this list",
                )
                .label("is a `}` missing before this?"),
            );
            continue;
        }
        let span = statement.head.span;
        match kind {
            Entries::Mails => mails(cx, statement, &mut entries),
            Entries::Addresses => {
                entries.extend(address::parse(cx, statement).map(|address| Entry {
                    span,
                    kind: EntryKind::Address(Box::new(address)),
                }))
            }
            Entries::StaticAddresses => {
                let address = address::parse_static(cx, statement);
                entries.extend(address.map(|address| Entry {
                    span,
                    kind: EntryKind::StaticAddress(Box::new(address)),
                }));
            }
            Entries::Routes | Entries::StaticRoutes => {
                let route = route::parse(cx, statement, kind == Entries::StaticRoutes);
                entries.extend(route.map(|route| Entry {
                    span: statement.span(),
                    kind: EntryKind::Route(Box::new(route)),
                }));
            }
            Entries::Rules | Entries::StaticRules => {
                let rule = rule::parse(cx, statement, kind == Entries::StaticRules);
                entries.extend(rule.map(|rule| Entry {
                    span: statement.span(),
                    kind: EntryKind::Rule(Box::new(rule)),
                }));
            }
            Entries::Interfaces => interfaces(cx, statement, &mut entries),
            // Checked, and nothing more.
            Entries::Linkbeat => {
                lines::linkbeat(cx, statement);
            }
            Entries::LinkDelays => {
                let line = lines::link_delay(cx, statement);
                entries.extend(line.map(|line| Entry {
                    span: statement.span(),
                    kind: EntryKind::LinkDelay(line),
                }));
            }
            Entries::ServerGroup => {
                let member = checker::member(cx, statement);
                entries.extend(member.map(|member| Entry {
                    span: statement.span(),
                    kind: EntryKind::ServerMember(member),
                }));
            }
            Entries::Peers => entries.extend(peer(cx, statement).map(|peer| Entry {
                span,
                kind: EntryKind::Peer(peer),
            })),
            Entries::Trackers(tracked) => {
                entries.extend(tracker(cx, statement, tracked).map(|kind| Entry { span, kind }))
            }
            Entries::Members => members(statement, &mut entries),
        }
    }
    entries
}

/// Each word of a line is a recipient.
fn mails(cx: &mut Context<'_>, statement: &Statement<'_>, entries: &mut Vec<Entry>) {
    for word in std::iter::once(&statement.head).chain(&statement.args) {
        if word.text.contains('@') || !word.text.contains([' ', '<', '>']) {
            entries.push(Entry {
                span: word.span,
                kind: EntryKind::Mail(word.text.to_string()),
            });
        } else {
            let text = format!("{} is not a mail address", quote(&word.text));
            cx.push(
                Diagnostic::error(Code::NotAnAddress, word.span, text)
                    .label("expected e.g. root@example.com"),
            );
        }
    }
}

fn peer(cx: &mut Context<'_>, statement: &Statement<'_>) -> Option<Peer> {
    let mut peer = Peer {
        address: value::address(cx, &statement.head)?,
        min_ttl: None,
        max_ttl: None,
    };
    let mut words = statement.args.iter();
    while let Some(word) = words.next() {
        let limit = match word.text.as_ref() {
            "min_ttl" => &mut peer.min_ttl,
            "max_ttl" => &mut peer.max_ttl,
            _ => {
                unknown_option(cx, word, "`min_ttl N` or `max_ttl N`");
                return None;
            }
        };
        let number = words.next();
        let Some(number) = number else {
            option_needs_value(cx, word);
            return None;
        };
        *limit = u8::try_from(number::int(cx, &word.text, number, 0, 255)?).ok();
    }
    if let (Some(min), Some(max)) = (peer.min_ttl, peer.max_ttl)
        && min > max
    {
        let text = format!("no TTL is at least {min} and at most {max}");
        cx.push(
            Diagnostic::error(Code::OutOfRange, statement.args_span(), text)
                .label("all adverts of this peer would be dropped"),
        );
    }
    Some(peer)
}

/// Each word of a line is an interface.
fn interfaces(cx: &mut Context<'_>, statement: &Statement<'_>, entries: &mut Vec<Entry>) {
    for word in std::iter::once(&statement.head).chain(&statement.args) {
        let interface = value::interface(cx, word);
        entries.extend(interface.map(|interface| Entry {
            span: word.span,
            kind: EntryKind::Interface(interface),
        }));
    }
}

/// Each word of a line is an instance.
fn members(statement: &Statement<'_>, entries: &mut Vec<Entry>) {
    entries.extend(
        std::iter::once(&statement.head)
            .chain(&statement.args)
            .map(|word| Entry {
                span: word.span,
                kind: EntryKind::Member(word.text.to_string()),
            }),
    );
}

fn tracker(cx: &mut Context<'_>, statement: &Statement<'_>, tracked: Tracked) -> Option<EntryKind> {
    let name = statement.head.text.to_string();
    match statement.args.as_slice() {
        [] => Some(EntryKind::Tracker(name, None)),
        [word, rest @ ..] if word.text == "weight" => {
            let Some(number) = rest.first() else {
                option_needs_value(cx, word);
                return None;
            };
            if let Some(extra) = rest.get(2) {
                unknown_option(cx, extra, "nothing more");
            }
            let noreverse = tracked != Tracked::Interface;
            let weight = value::weight(cx, number, rest.get(1), tracked.max_weight(), noreverse)?;
            Some(EntryKind::Tracker(name, Some(weight)))
        }
        [word, ..] if matches!(word.text.as_ref(), "reverse" | "noreverse") => {
            let text = format!("{} without a weight", quote(&word.text));
            let diagnostic = cx
                .refusal(Code::UnknownOption, word.span, text)
                .label("`weight N` is expected before it")
                .because("keepalived reads it behind a weight only");
            cx.push(diagnostic);
            None
        }
        [word, ..] => {
            unknown_option(cx, word, "`weight N` or nothing");
            None
        }
    }
}

/// A word that a line does not have.
pub(super) fn unknown_option(cx: &mut Context<'_>, word: &Text<'_>, expected: &str) {
    let text = format!("unknown option {}", quote(&word.text));
    let diagnostic = cx
        .refusal(Code::UnknownOption, word.span, text)
        .label(format!("expected {expected}"));
    cx.push(diagnostic);
}

/// An option whose value is missing.
pub(super) fn option_needs_value(cx: &mut Context<'_>, word: &Text<'_>) {
    let text = format!("{} needs a value", quote(&word.text));
    cx.push(
        Diagnostic::error(Code::MissingValue, word.span, text)
            .label("a value is expected behind this"),
    );
}

//! Values of one line, each checked against the shape that the table gives its word.

use super::command::{self, Escapes, SplitError};
use super::settings::{ServerName, Value};
use super::{Context, number};
use crate::diag::{Code, Diagnostic, quote};
use crate::keyword::{Header, Keyword, Shape};
use crate::model::{
    ExtraGarp, Family, IfName, MailServer, ScriptCommand, ShellWords, UserSpec, Weight,
};
use crate::source::Span;
use crate::tree::{Statement, Text};
use std::net::IpAddr;

/// Reads what follows a word. Blocks are read elsewhere.
pub(super) fn parse(
    cx: &mut Context<'_>,
    row: &Keyword,
    statement: &Statement<'_>,
) -> Option<(Value, Span)> {
    let span = statement.args_span();
    let name = row.name;
    if let Some(words) = most_words(row.shape) {
        extra_words(cx, statement, words);
    }
    let first = statement.args.first();
    let value = match (row.shape, first) {
        (Shape::Flag, _) => {
            return Some((Value::Flag, statement.head.span));
        }
        (Shape::Bool, None) => return Some((Value::Bool(true), statement.head.span)),
        (Shape::Bool, Some(word)) => boolean(cx, name, word).map(Value::Bool),
        (Shape::OptInt { absent, .. }, None) => Some(Value::Int(absent)),
        (Shape::OptText | Shape::OptChoice(_), None) => Some(Value::Text(String::new())),
        (Shape::OptCommand, None) => Some(Value::OptCommand(None)),
        (Shape::Vmac, _) => super::link::vmac(cx, &statement.args).map(Value::Vmac),
        (Shape::Ipvlan, _) => super::link::ipvlan(cx, &statement.args).map(Value::Ipvlan),
        (Shape::InitFile, _) => super::tracker::init_file(cx, &statement.args).map(Value::InitFile),
        (Shape::OptAbsolutePath, None) => Some(Value::Text(String::new())),
        (Shape::Distinct(_) | Shape::IncludeCheck, None) => Some(Value::Words(Vec::new())),
        (Shape::OptHex, None) => Some(Value::Bytes(Vec::new())),
        (_, None) => {
            missing(cx, name, statement);
            None
        }
        (Shape::Int { min, max } | Shape::OptInt { min, max, .. }, Some(word)) => {
            number::int(cx, name, word, min, max).map(Value::Int)
        }
        (Shape::Time { min, max }, Some(word)) => {
            number::time(cx, name, word, min, max).map(Value::Time)
        }
        (Shape::Millis { min, max }, Some(word)) => {
            number::millis(cx, name, word, min, max).map(Value::Time)
        }
        (Shape::Choice(choices) | Shape::OptChoice(choices), Some(word)) => {
            choice(cx, name, word, choices, false).map(Value::Text)
        }
        (Shape::AnyCase(choices), Some(word)) => {
            choice(cx, name, word, choices, true).map(Value::Text)
        }
        (Shape::Text | Shape::OptText, Some(word)) => Some(Value::Text(word.text.to_string())),
        (Shape::Words, Some(_)) => Some(Value::Words(
            statement
                .args
                .iter()
                .map(|word| word.text.to_string())
                .collect(),
        )),
        (Shape::Interface, Some(word)) => interface(cx, word).map(Value::Interface),
        (Shape::Address, Some(word)) => address(cx, word).map(Value::Address),
        (Shape::Group(family), Some(word)) => group(cx, word, family).map(Value::Address),
        (Shape::Command, Some(_)) => command(cx, statement).map(Value::Command),
        (Shape::Script, Some(_)) => script(cx, statement).map(Value::Script),
        (Shape::Pattern, Some(_)) => pattern(cx, statement).map(Value::Text),
        (Shape::User, Some(user)) => {
            user_spec(cx, user, statement.args.get(1)).map(|user| Value::User(Box::new(user)))
        }
        (Shape::OptCommand, Some(_)) => {
            command(cx, statement).map(|command| Value::OptCommand(Some(command)))
        }
        (Shape::Weight(max), Some(word)) => weight(cx, word, statement.args.get(1), max, false)
            .map(|(weight, reverse)| Value::Weight(weight, reverse)),
        (Shape::ExtraGarp, Some(_)) => extra_garp(cx, name, &statement.args).map(Value::ExtraGarp),
        (Shape::HmacKey, Some(_)) => super::hmac::key(cx, statement).map(Value::HmacKey),
        (Shape::MailServer, Some(host)) => {
            mail_server(cx, host, statement.args.get(1)).map(Value::MailServer)
        }
        (Shape::Server, Some(_)) => match server(cx, Header::Server, statement)? {
            ServerName::Address(address, port) => Some(Value::Server(address, port)),
            ServerName::Mark(_) | ServerName::Group(_) => None,
        },
        (Shape::Granularity, Some(word)) => granularity(cx, word).map(Value::Int),
        (Shape::Forward, Some(_)) => super::forward::parse(cx, &statement.args).map(Value::Forward),
        (Shape::Digest, Some(word)) => super::bytes::digest(cx, word).map(Value::Bytes),
        (Shape::Hex | Shape::OptHex, Some(_)) => {
            super::bytes::hex(cx, &statement.args).map(Value::Bytes)
        }
        (Shape::StatusCodes, Some(_)) => {
            super::bytes::status_codes(cx, &statement.args).map(Value::Codes)
        }
        (
            Shape::Short(_)
            | Shape::AbsolutePath
            | Shape::OptAbsolutePath
            | Shape::Umask
            | Shape::Cpus
            | Shape::Distinct(_)
            | Shape::BufferPolicy
            | Shape::IncludeCheck
            | Shape::Fifo
            | Shape::SyncDaemon
            | Shape::LvsTimeouts
            | Shape::LongWeight(_),
            Some(first),
        ) => super::special::parse(cx, row, statement, first),
        (Shape::Any | Shape::Entries(_) | Shape::NamedEntries(_) | Shape::Block(..), Some(_)) => {
            None
        }
    };
    Some((value?, span))
}

/// How many words a shape takes; none where that depends on them.
const fn most_words(shape: Shape) -> Option<usize> {
    match shape {
        Shape::Flag => Some(0),
        Shape::Bool
        | Shape::Int { .. }
        | Shape::OptInt { .. }
        | Shape::Time { .. }
        | Shape::Millis { .. }
        | Shape::Choice(_)
        | Shape::OptChoice(_)
        | Shape::AnyCase(_)
        | Shape::Text
        | Shape::OptText
        | Shape::Interface
        | Shape::Address
        | Shape::Group(_)
        | Shape::Granularity
        | Shape::Short(_)
        | Shape::AbsolutePath
        | Shape::OptAbsolutePath
        | Shape::Umask
        | Shape::Digest => Some(1),
        Shape::User
        | Shape::Weight(_)
        | Shape::ExtraGarp
        | Shape::HmacKey
        | Shape::MailServer
        | Shape::LongWeight(_)
        | Shape::Server => Some(2),
        Shape::Fifo => Some(3),
        Shape::Words
        | Shape::Pattern
        | Shape::Command
        | Shape::OptCommand
        | Shape::Vmac
        | Shape::Ipvlan
        | Shape::InitFile
        | Shape::Script
        | Shape::Forward
        | Shape::Hex
        | Shape::OptHex
        | Shape::StatusCodes
        | Shape::Cpus
        | Shape::Distinct(_)
        | Shape::BufferPolicy
        | Shape::IncludeCheck
        | Shape::SyncDaemon
        | Shape::LvsTimeouts
        | Shape::Entries(_)
        | Shape::NamedEntries(_)
        | Shape::Block(..)
        | Shape::Any => None,
    }
}

/// Words behind the last one that counts.
pub(super) fn extra_words(cx: &mut Context<'_>, statement: &Statement<'_>, count: usize) {
    if let (Some(first), Some(last)) = (statement.args.get(count), statement.args.last()) {
        let text = format!("extra words behind {}", quote(&statement.head.text));
        cx.push(
            Diagnostic::warning(Code::ExtraWords, first.span.to(last.span), text).label("ignored"),
        );
    }
}

/// A block whose word takes no words.
pub(super) fn no_args(cx: &mut Context<'_>, row: &Keyword, statement: &Statement<'_>) {
    if !statement.args.is_empty() {
        let text = format!("`{}` takes no words before its block", row.name);
        cx.push(
            Diagnostic::error(Code::ExtraWords, statement.args_span(), text)
                .label("entries belong between the braces"),
        );
    }
}

fn missing(cx: &mut Context<'_>, name: &str, statement: &Statement<'_>) {
    let text = format!("`{name}` needs a value");
    cx.push(
        Diagnostic::error(Code::MissingValue, statement.head.span, text)
            .label("a value is expected behind this"),
    );
}

fn boolean(cx: &mut Context<'_>, name: &str, word: &Text<'_>) -> Option<bool> {
    match word.text.as_ref() {
        "on" | "true" | "yes" => Some(true),
        "off" | "false" | "no" => Some(false),
        _ => {
            let text = format!("`{name}` is on or off");
            cx.push(
                Diagnostic::error(Code::NotAChoice, word.span, text)
                    .label("expected on, true, yes, off, false, no, or nothing"),
            );
            None
        }
    }
}

/// One of a few words. A wrong case is an error of its own kind of help only.
fn choice(
    cx: &mut Context<'_>,
    name: &str,
    word: &Text<'_>,
    choices: &'static [&'static str],
    any_case: bool,
) -> Option<String> {
    let found = choices.iter().find(|choice| {
        **choice == word.text || (any_case && choice.eq_ignore_ascii_case(&word.text))
    });
    if found.is_none() {
        let near = choices
            .iter()
            .find(|choice| choice.eq_ignore_ascii_case(&word.text))
            .copied()
            .or_else(|| cx.nearest(&word.text, choices.iter().copied()));
        let text = format!("`{name}` cannot be {}", quote(&word.text));
        cx.push(
            Diagnostic::error(Code::NotAChoice, word.span, text)
                .label(format!("expected {}", list(choices)))
                .maybe_help(near.map(|near| format!("did you mean `{near}`?"))),
        );
    }
    found.map(|choice| (*choice).to_owned())
}

/// `a`, `b` or `c`.
fn list(choices: &[&str]) -> String {
    match choices {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [start @ .., last] => {
            let start: Vec<_> = start.iter().map(|word| format!("`{word}`")).collect();
            format!("{} or `{last}`", start.join(", "))
        }
    }
}

/// The name of an interface.
pub(super) fn interface(cx: &mut Context<'_>, word: &Text<'_>) -> Option<IfName> {
    let name = IfName::try_from(word.text.as_ref()).ok();
    if name.is_none() {
        let text = format!("{} is not a name of an interface", quote(&word.text));
        cx.push(
            Diagnostic::error(Code::BadName, word.span, text)
                .label("1 to 15 characters without blanks and slashes"),
        );
    }
    name
}

/// An IP address without anything behind it.
pub(super) fn address(cx: &mut Context<'_>, word: &Text<'_>) -> Option<IpAddr> {
    let address = word.text.parse().ok();
    if address.is_none() {
        let text = format!("{} is not an IP address", quote(&word.text));
        let help = word
            .text
            .contains('/')
            .then(|| "leave out the prefix length".to_owned());
        cx.push(
            Diagnostic::error(Code::NotAnAddress, word.span, text)
                .label("expected e.g. 192.0.2.1 or 2001:db8::1")
                .maybe_help(help),
        );
    }
    address
}

fn group(cx: &mut Context<'_>, word: &Text<'_>, family: Option<Family>) -> Option<IpAddr> {
    let address = address(cx, word)?;
    if address.is_multicast() && family.is_none_or(|family| family == Family::of(address)) {
        return Some(address);
    }
    let expected = match family {
        Some(Family::V4) => "an IPv4 multicast address, e.g. 224.0.0.18",
        Some(Family::V6) => "an IPv6 multicast address, e.g. ff02::12",
        None => "a multicast address, e.g. 224.0.0.18 or ff02::12",
    };
    let text = format!("{} is not a multicast address", quote(&word.text));
    cx.push(
        Diagnostic::error(Code::NotAnAddress, word.span, text)
            .label(format!("expected {expected}")),
    );
    None
}

/// A command line and as whom it is run.
fn command(cx: &mut Context<'_>, statement: &Statement<'_>) -> Option<Box<ScriptCommand>> {
    let (words, rest) = command_line(cx, statement)?;
    let mut users = rest.iter();
    let user = match users.next() {
        Some(user) => {
            unquoted_command(cx, statement, user);
            Some(user_spec(cx, user, users.next())?)
        }
        None => None,
    };
    if let Some(extra) = users.next() {
        let text = format!("extra words behind {}", quote(&statement.head.text));
        cx.push(
            Diagnostic::warning(Code::ExtraWords, extra.span, text)
                .label("ignored: only user and group follow the command")
                .help("put the whole command in double quotes"),
        );
    }
    Some(Box::new(ScriptCommand { words, user }))
}

/// `notify_master /etc/notify.sh master`: the argument would be a user.
fn unquoted_command(cx: &mut Context<'_>, statement: &Statement<'_>, user: &Text<'_>) {
    if !cx
        .sources
        .slice(statement.args_span())
        .starts_with(['"', '\''])
    {
        let text = format!(
            "{} is read as the user, not as an argument",
            quote(&user.text)
        );
        cx.push(
            Diagnostic::warning(Code::CommandNeedsQuotes, user.span, text)
                .label("the command ends before this")
                .help("put the whole command in double quotes"),
        );
    }
}

/// A command line alone.
fn script(cx: &mut Context<'_>, statement: &Statement<'_>) -> Option<Box<ShellWords>> {
    let (words, rest) = command_line(cx, statement)?;
    if let (Some(first), Some(last)) = (rest.first(), rest.last()) {
        let text = format!("extra words behind {}", quote(&statement.head.text));
        cx.push(
            Diagnostic::warning(Code::ExtraWords, first.span.to(last.span), text)
                .label("ignored, also by keepalived")
                .help("put the whole command in double quotes"),
        );
    }
    Some(Box::new(words))
}

/// The command, and the words of the line behind it.
fn command_line<'s, 't>(
    cx: &mut Context<'_>,
    statement: &'t Statement<'s>,
) -> Option<(ShellWords, &'t [Text<'s>])> {
    let span = statement.args_span();
    let raw = cx.sources.slice(span);
    if raw.starts_with(['\u{201c}', '\u{201d}', '\u{201e}']) {
        // Said when the line was split.
        return None;
    }
    let split = command::word(raw, Escapes::Kept).and_then(|(command, behind)| {
        let words = command::split(&command, Escapes::Replaced)?;
        Ok((words, raw.len().saturating_sub(behind.len())))
    });
    let (words, used) = match split {
        Ok(split) => split,
        // Said when the line was split.
        Err(SplitError::OpenQuote('"')) => return None,
        Err(error) => {
            cx.push(
                Diagnostic::error(Code::BadCommand, span, "this command line cannot be split")
                    .label(error.text()),
            );
            return None;
        }
    };
    let Ok(words) = ShellWords::try_from(words) else {
        cx.push(
            Diagnostic::error(Code::BadCommand, span, "this command line is empty")
                .label("a program is expected"),
        );
        return None;
    };
    let end = span.part(used, used).start;
    let behind = statement
        .args
        .iter()
        .position(|word| word.span.start >= end)
        .unwrap_or(statement.args.len());
    Some((words, statement.args.get(behind..).unwrap_or(&[])))
}

fn pattern(cx: &mut Context<'_>, statement: &Statement<'_>) -> Option<String> {
    let span = statement.args_span();
    match command::word(cx.sources.slice(span), Escapes::Replaced) {
        Ok((pattern, _)) => Some(pattern),
        Err(error) => {
            cx.push(
                Diagnostic::error(Code::BadPattern, span, "this pattern cannot be read")
                    .label(error.text()),
            );
            None
        }
    }
}

pub(super) fn user_spec(
    cx: &mut Context<'_>,
    user: &Text<'_>,
    group: Option<&Text<'_>>,
) -> Option<UserSpec> {
    // A colon before the group asks for the user's other groups.
    let all_groups = group.is_some_and(|group| group.text.starts_with(':'));
    let group_name = group
        .map(|group| group.text.strip_prefix(':').unwrap_or(&group.text))
        .filter(|name| !(all_groups && name.is_empty()));
    let names = [
        (user.text.as_ref(), user.span),
        (
            group_name.unwrap_or("-"),
            group.map_or(user.span, |group| group.span),
        ),
    ];
    for (name, span) in names
        .into_iter()
        .take(if group_name.is_some() { 2 } else { 1 })
    {
        if name.is_empty() || name.contains([':', '/']) || name.starts_with('-') {
            let text = format!("{} is not a name of a user or group", quote(name));
            cx.push(
                Diagnostic::error(Code::BadName, span, text).label("expected a name or number"),
            );
            return None;
        }
    }
    if let (true, Some(group)) = (all_groups, group) {
        super::not_carried_out(
            cx,
            group,
            "the script would run without the other groups of its user",
        );
    }
    Some(UserSpec {
        user: user.text.to_string(),
        group: group_name.map(str::to_owned),
        all_groups,
    })
}

/// A weight, and its direction behind it. One above the limit is read as the limit, as both take
/// the priority to its end.
pub(super) fn weight(
    cx: &mut Context<'_>,
    word: &Text<'_>,
    direction: Option<&Text<'_>>,
    max: i64,
    noreverse: bool,
) -> Option<(Weight, bool)> {
    /// The largest weight that any tracker has.
    const LARGEST: i64 = 254;
    let near = word.text.trim_start_matches('-') == "254" && max < LARGEST;
    let limit = if near { LARGEST } else { max };
    let number = number::int(cx, "weight", word, limit.saturating_neg(), limit)?;
    let used = number.clamp(max.saturating_neg(), max);
    if used != number {
        let text = format!("`weight` must be between -{max} and {max}");
        cx.push(
            Diagnostic::warning(Code::Rounded, word.span, text)
                .label(format!("{number} is read as {used}")),
        );
    }
    let weight = i16::try_from(used)
        .ok()
        .and_then(|n| Weight::try_from(n).ok())?;
    match direction.map(|word| (word, word.text.as_ref())) {
        None => Some((weight, false)),
        Some((_, "noreverse")) if noreverse => Some((weight, false)),
        Some((_, "reverse")) => Some((weight, true)),
        Some((word, text)) => {
            let expected = if noreverse {
                "expected `reverse`, `noreverse` or nothing"
            } else {
                "expected `reverse` or nothing"
            };
            let text = format!("{} is no direction of a weight", quote(text));
            cx.push(Diagnostic::error(Code::UnknownOption, word.span, text).label(expected));
            None
        }
    }
}

/// `all` and seconds.
fn extra_garp(cx: &mut Context<'_>, name: &str, words: &[Text<'_>]) -> Option<ExtraGarp> {
    /// A day.
    const LONGEST: u64 = 86_400_000_000;
    let (all, rest) = match words {
        [word, rest @ ..] if word.text == "all" => (true, rest),
        words => (false, words),
    };
    let Some(seconds) = rest.first() else {
        let word = words.first()?;
        super::entry::option_needs_value(cx, word);
        return None;
    };
    if let Some(extra) = rest.get(1) {
        super::entry::unknown_option(cx, extra, "nothing more");
    }
    let interval = number::time(cx, name, seconds, 0, LONGEST)?;
    Some(ExtraGarp { all, interval })
}

fn mail_server(
    cx: &mut Context<'_>,
    host: &Text<'_>,
    port: Option<&Text<'_>>,
) -> Option<Box<MailServer>> {
    /// Port of SMTP.
    const SMTP: u16 = 25;
    let good = host.text.parse::<IpAddr>().is_ok()
        || (!host.text.starts_with(['-', '.'])
            && host
                .text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')));
    if !good {
        let text = format!("{} is not an address or a host name", quote(&host.text));
        cx.push(Diagnostic::error(Code::NotAnAddress, host.span, text));
        return None;
    }
    let port = match port {
        Some(port) => self::port(cx, port, 1)?,
        None => SMTP,
    };
    Some(Box::new(MailServer {
        host: host.text.to_string(),
        port,
    }))
}

pub(super) fn port(cx: &mut Context<'_>, word: &Text<'_>, min: i64) -> Option<u16> {
    let port = number::int(cx, "port", word, min, 65_535)?;
    u16::try_from(port).ok()
}

/// The header of a server, or the value of `sorry_server`.
pub(super) fn server(
    cx: &mut Context<'_>,
    header: Header,
    statement: &Statement<'_>,
) -> Option<ServerName> {
    let Some(first) = statement.args.first() else {
        let text = format!("{} needs an address", quote(&statement.head.text));
        cx.push(
            Diagnostic::error(Code::MissingValue, statement.head.span, text)
                .label("an address and a port are expected behind this"),
        );
        return None;
    };
    extra_words(cx, statement, 2);
    let second = statement.args.get(1);
    match (header, first.text.as_ref()) {
        (Header::VirtualServer, "fwmark") => {
            let Some(mark) = second else {
                missing(cx, "fwmark", statement);
                return None;
            };
            let mark = number::int(cx, "fwmark", mark, 1, 4_294_967_295)?;
            let mark = u32::try_from(mark).ok().and_then(std::num::NonZeroU32::new);
            mark.map(ServerName::Mark)
        }
        (Header::VirtualServer, "group") => {
            let Some(name) = second else {
                missing(cx, "group", statement);
                return None;
            };
            Some(ServerName::Group(name.text.to_string()))
        }
        _ => {
            let address = address(cx, first)?;
            let port = match second {
                Some(port) => Some(self::port(cx, port, 0)?),
                None => None,
            };
            Some(ServerName::Address(address, port))
        }
    }
}

/// A prefix length, or a netmask as one.
fn granularity(cx: &mut Context<'_>, word: &Text<'_>) -> Option<i64> {
    let mask = word.text.parse::<std::net::Ipv4Addr>().ok().map(u32::from);
    let from_mask = mask
        .filter(|mask| {
            *mask != 0 && mask.leading_ones().saturating_add(mask.trailing_zeros()) == 32
        })
        .map(|mask| i64::from(mask.leading_ones()));
    let length = from_mask.or_else(|| word.text.parse().ok().filter(|n| (1..=128).contains(n)));
    if length.is_none() {
        let text = format!("{} is not a netmask or prefix length", quote(&word.text));
        cx.push(
            Diagnostic::error(Code::BadPrefix, word.span, text)
                .label("expected e.g. 255.255.255.0, or 1 to 128"),
        );
    }
    length
}

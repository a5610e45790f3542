//! Values that a single word has.

use super::settings::Value;
use super::value::{address, interface, user_spec};
use super::{Context, number, words};
use crate::diag::{Code, Diagnostic, quote};
use crate::keyword::{Keyword, Shape};
use crate::lower::entry::{option_needs_value, unknown_option};
use crate::model::{Fifo, IfName, LvsTimeouts};
use crate::tree::{Statement, Text};
use std::net::IpAddr;

/// What `lvs_sync_daemon` says, before the instance is known.
#[derive(Clone, Debug)]
pub(crate) struct SyncWords {
    pub(crate) interface: IfName,
    pub(crate) instance: Option<String>,
    pub(crate) id: Option<u8>,
    pub(crate) max_len: Option<u16>,
    pub(crate) port: Option<u16>,
    pub(crate) ttl: Option<u8>,
    pub(crate) group: Option<IpAddr>,
}

/// Reads a value of one of these shapes; none where the shape is another one.
pub(super) fn parse(
    cx: &mut Context<'_>,
    row: &Keyword,
    statement: &Statement<'_>,
    first: &Text<'_>,
) -> Option<Value> {
    let args = &statement.args;
    match row.shape {
        Shape::Short(most) => Some(short(cx, row.name, first, most)),
        Shape::AbsolutePath | Shape::OptAbsolutePath => path(cx, row.name, first).map(Value::Text),
        Shape::Umask => umask(cx, first),
        Shape::Cpus => cpus(cx, row.name, args),
        Shape::Distinct(most) => distinct(cx, row.name, args, most),
        Shape::BufferPolicy => buffer_policy(cx, row.name, args),
        Shape::IncludeCheck => include_check(cx, args),
        Shape::Fifo => fifo(cx, row.name, args).map(|fifo| Value::Fifo(Box::new(fifo))),
        Shape::SyncDaemon => {
            sync_daemon(cx, statement, first).map(|words| Value::SyncDaemon(Box::new(words)))
        }
        Shape::LvsTimeouts => lvs_timeouts(cx, statement).map(Value::LvsTimeouts),
        Shape::LongWeight(max) => long_weight(cx, first, args.get(1), max),
        _ => None,
    }
}

fn short(cx: &mut Context<'_>, name: &str, word: &Text<'_>, most: usize) -> Value {
    if word.text.len() > most {
        let text = format!("`{name}` has at most {most} characters");
        cx.push(
            Diagnostic::warning(Code::BadName, word.span, text).label("keepalived cuts it off"),
        );
    }
    Value::Text(word.text.to_string())
}

fn path(cx: &mut Context<'_>, name: &str, word: &Text<'_>) -> Option<String> {
    if word.text.starts_with('/') {
        return Some(word.text.to_string());
    }
    let text = format!("`{name}` needs an absolute path");
    cx.push(Diagnostic::error(Code::BadPath, word.span, text).label("expected a path from `/`"));
    None
}

/// A number in C's notation, or names of permissions.
fn umask(cx: &mut Context<'_>, word: &Text<'_>) -> Option<Value> {
    const NAMES: &[(&str, i64)] = &[
        ("IRUSR", 0o400),
        ("IWUSR", 0o200),
        ("IXUSR", 0o100),
        ("IRGRP", 0o040),
        ("IWGRP", 0o020),
        ("IXGRP", 0o010),
        ("IROTH", 0o004),
        ("IWOTH", 0o002),
        ("IXOTH", 0o001),
        ("IRWXU", 0o700),
        ("IRWXG", 0o070),
        ("IRWXO", 0o007),
    ];
    let text = word.text.as_ref();
    let named = || {
        text.split('|').try_fold(0, |mask, name| {
            let bits = NAMES.iter().find(|(known, _)| *known == name)?.1;
            Some(mask | bits)
        })
    };
    let number = match (text.strip_prefix("0x"), text.strip_prefix('0')) {
        (Some(digits), _) => i64::from_str_radix(digits, 16).ok(),
        (None, Some("")) => Some(0),
        (None, Some(digits)) => i64::from_str_radix(digits, 8).ok(),
        (None, None) => text.parse().ok(),
    };
    let mask = number
        .or_else(named)
        .filter(|mask| (0..=0o777).contains(mask));
    if mask.is_none() {
        let text = format!("{} is no umask", quote(text));
        cx.push(
            Diagnostic::error(Code::OutOfRange, word.span, text)
                .label("expected e.g. 077, 0x3f, or names such as IRWXG|IRWXO, up to 0777"),
        );
    }
    mask.map(Value::Int)
}

fn cpus(cx: &mut Context<'_>, name: &str, args: &[Text<'_>]) -> Option<Value> {
    /// CPU_SETSIZE of sched.h, less 1.
    const LAST: i64 = 1_023;
    for word in args {
        number::int(cx, name, word, 0, LAST)?;
    }
    Some(texts(args))
}

fn texts(args: &[Text<'_>]) -> Value {
    Value::Words(args.iter().map(|word| word.text.to_string()).collect())
}

fn distinct(cx: &mut Context<'_>, name: &str, args: &[Text<'_>], most: usize) -> Option<Value> {
    for (index, word) in args.iter().enumerate() {
        let before = args.iter().take(index);
        let mut same = before.filter(|before| before.text == word.text);
        if word.text.is_empty() || same.next().is_some() {
            let text = format!("the names of `{name}` must differ");
            cx.push(
                Diagnostic::error(Code::BadName, word.span, text).label("empty, or there already"),
            );
            return None;
        }
    }
    if let Some(extra) = args.get(most) {
        unknown_option(cx, extra, "nothing more");
    }
    Some(texts(args))
}

fn buffer_policy(cx: &mut Context<'_>, name: &str, args: &[Text<'_>]) -> Option<Value> {
    let is_word = |word: &Text<'_>| {
        ["MTU", "ADVERT"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(&word.text))
    };
    for word in args.iter().filter(|word| !is_word(word)) {
        if args.len() > 1 || !word.text.starts_with(|c: char| c.is_ascii_digit()) {
            let text = format!("`{name}` cannot be {}", quote(&word.text));
            cx.push(
                Diagnostic::error(Code::NotAChoice, word.span, text)
                    .label("expected `MTU`, `ADVERT`, or a number of bytes alone"),
            );
            return None;
        }
        number::int(cx, name, word, 0, 4_294_967_295)?;
    }
    Some(texts(args))
}

fn include_check(cx: &mut Context<'_>, args: &[Text<'_>]) -> Option<Value> {
    const CHECKS: &[&str] = &["read", "readable", "match", "wildcard_match", "brace_match"];
    for (index, word) in args.iter().enumerate() {
        let signed = word.text.starts_with(['+', '-']);
        let check = word.text.trim_start_matches(['+', '-']);
        if !CHECKS.contains(&check) {
            let near = cx.nearest(check, CHECKS.iter().copied());
            let text = format!("{} is no check of `include`", quote(&word.text));
            cx.push(
                Diagnostic::error(Code::NotAChoice, word.span, text)
                    .label("expected `read`, `match`, `wildcard_match` or `brace_match`")
                    .maybe_help(near.map(|near| format!("did you mean `{near}`?"))),
            );
            return None;
        }
        if index > 0 && !signed {
            let text = format!("{} needs `+` or `-`", quote(&word.text));
            cx.push(
                Diagnostic::error(Code::NotAChoice, word.span, text)
                    .label("only the first word replaces the checks that hold"),
            );
            return None;
        }
    }
    Some(texts(args))
}

fn fifo(cx: &mut Context<'_>, name: &str, args: &[Text<'_>]) -> Option<Fifo> {
    let (first, users) = args.split_first()?;
    let path = path(cx, name, first)?;
    let owner = match users.first() {
        Some(user) => Some(user_spec(cx, user, users.get(1))?),
        None => None,
    };
    Some(Fifo {
        path,
        owner,
        script: None,
    })
}

fn sync_daemon(
    cx: &mut Context<'_>,
    statement: &Statement<'_>,
    first: &Text<'_>,
) -> Option<SyncWords> {
    let mut sync = SyncWords {
        interface: interface(cx, first)?,
        instance: None,
        id: None,
        max_len: None,
        port: None,
        ttl: None,
        group: None,
    };
    let mut words = words::Words::args(statement);
    words.next();
    while let Some(word) = words.next() {
        let name = word.text.as_ref();
        if !matches!(name, "inst" | "id" | "maxlen" | "port" | "ttl" | "group") {
            if let Some(before) = &sync.instance {
                let text = format!("unknown option {}", quote(name));
                cx.push(
                    Diagnostic::error(Code::UnknownOption, word.span, text)
                        .label(format!("{} is the instance already", quote(before))),
                );
                return None;
            }
            sync.instance = Some(name.to_owned());
            continue;
        }
        let value = words.value(cx, word)?;
        let mut int = |min, max| number::int(cx, name, value, min, max);
        match name {
            "inst" => sync.instance = Some(value.text.to_string()),
            "id" => sync.id = u8::try_from(int(0, 255)?).ok(),
            "maxlen" => sync.max_len = u16::try_from(int(1, 65_507)?).ok(),
            "port" => sync.port = u16::try_from(int(1, 65_535)?).ok(),
            "ttl" => sync.ttl = u8::try_from(int(1, 255)?).ok(),
            _ => sync.group = Some(multicast(cx, value)?),
        }
    }
    Some(sync)
}

fn multicast(cx: &mut Context<'_>, value: &Text<'_>) -> Option<IpAddr> {
    let address = address(cx, value)?;
    if address.is_multicast() {
        return Some(address);
    }
    let text = format!("{address} is not a multicast address");
    cx.push(
        Diagnostic::error(Code::NotAnAddress, value.span, text).label("expected e.g. 224.0.0.81"),
    );
    None
}

fn lvs_timeouts(cx: &mut Context<'_>, statement: &Statement<'_>) -> Option<LvsTimeouts> {
    /// The kernel's limit: a month of 31 days.
    const LONGEST: i64 = 2_678_400;
    let mut timeouts = LvsTimeouts::default();
    let mut words = words::Words::args(statement);
    while let Some(word) = words.next() {
        let target = match word.text.as_ref() {
            "tcp" => &mut timeouts.tcp,
            "tcpfin" => &mut timeouts.tcp_fin,
            "udp" => &mut timeouts.udp,
            _ => {
                words::unknown(
                    cx,
                    word,
                    "`tcp N`, `tcpfin N` or `udp N`",
                    &["tcp", "tcpfin", "udp"],
                );
                return None;
            }
        };
        let Some(value) = words.next() else {
            option_needs_value(cx, word);
            return None;
        };
        *target = u32::try_from(number::int(cx, &word.text, value, 0, LONGEST)?).ok();
    }
    Some(timeouts)
}

fn long_weight(
    cx: &mut Context<'_>,
    word: &Text<'_>,
    direction: Option<&Text<'_>>,
    max: i64,
) -> Option<Value> {
    let weight = number::int(cx, "weight", word, max.saturating_neg(), max)?;
    let reverse = match direction.map(|word| (word, word.text.as_ref())) {
        None | Some((_, "noreverse")) => false,
        Some((_, "reverse")) => true,
        Some((word, _)) => {
            unknown_option(cx, word, "`reverse`, `noreverse` or nothing");
            return None;
        }
    };
    Some(Value::LongWeight(i32::try_from(weight).ok()?, reverse))
}

//! The checks of a real server.

use super::{Reference, http};
use crate::HostFact;
use crate::diag::{Code, Diagnostic, quote};
use crate::keyword::Word;
use crate::lower::settings::{Setting, Settings, Value};
use crate::lower::{Context, script};
use crate::model::{
    Check, CheckTiming, DnsType, Endpoint, FileName, Micros, Probe, ShellWords, TrackFile,
    UdpProbe, UdpReply,
};
use crate::source::Span;
use std::fmt::Display;
use std::net::IpAddr;

const DELAY_LOOP: Micros = Micros::from_secs(60);

/// Where the words of a check are looked up.
pub(super) struct Scope<'a> {
    pub(super) address: IpAddr,
    pub(super) port: u16,
    pub(super) real: &'a Settings,
    pub(super) server: &'a Settings,
    /// `real server 10.0.0.1 80`, for needs of the host.
    pub(super) subject: &'a dyn Display,
}

/// A check's block.
pub(super) struct Block<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) own: &'a Settings,
    pub(super) head: Span,
}

impl Block<'_> {
    /// The check's own value, else the real server's, else the virtual server's.
    fn time(&self, word: Word) -> Option<Micros> {
        self.own
            .time(word)
            .or_else(|| self.scope.real.time(word))
            .or_else(|| self.scope.server.time(word))
    }

    fn bool(&self, word: Word) -> Option<bool> {
        self.own
            .bool(word)
            .or_else(|| self.scope.real.bool(word))
            .or_else(|| self.scope.server.bool(word))
    }

    /// The same for a text.
    pub(super) fn text(&self, word: Word) -> Option<String> {
        self.own
            .text(word)
            .or_else(|| self.scope.real.text(word))
            .or_else(|| self.scope.server.text(word))
    }
}

/// All checks, and for each whether it says what is logged.
pub(super) fn all(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    references: &mut Vec<Reference>,
) -> (Vec<Check>, Vec<Option<bool>>) {
    // Exactly as many as there are: 50,000 lists with room for four would cost as much as the rest.
    let blocks = scope.real.list().iter();
    let count = blocks
        .filter(|setting| matches!(setting.value, Value::Block(..)))
        .count();
    let mut found = Found {
        checks: Vec::with_capacity(count),
        log_all: Vec::with_capacity(count),
    };
    for setting in scope.real.list() {
        let Value::Block(_, own) = &setting.value else {
            continue;
        };
        let mut hosts = own.all(Word::SmtpHost).peekable();
        if hosts.peek().is_none() {
            found.add(cx, scope, setting, own, references);
        }
        // Each target is a check of its own; what it does not say is in the block around it.
        let shared = hosts.peek().map(|_| own.without(Word::SmtpHost));
        for host in hosts {
            if let (Value::Block(_, inner), Some(shared)) = (&host.value, &shared) {
                found.add(cx, scope, setting, &inner.over(shared), references);
            }
        }
    }
    (found.checks, found.log_all)
}

/// The checks so far.
struct Found {
    checks: Vec<Check>,
    log_all: Vec<Option<bool>>,
}

impl Found {
    fn add(
        &mut self,
        cx: &mut Context<'_>,
        scope: &Scope<'_>,
        setting: &Setting,
        own: &Settings,
        references: &mut Vec<Reference>,
    ) {
        let block = Block {
            scope,
            own,
            head: setting.head,
        };
        let Some(probe) = probe(cx, &block, setting, references) else {
            return;
        };
        let passive = matches!(probe, Probe::File { .. } | Probe::Bfd { .. });
        self.log_all.push(if passive {
            Some(false)
        } else {
            own.bool(Word::LogAllFailures)
        });
        self.checks.push(Check {
            timing: if passive {
                passive_timing(&block)
            } else {
                timing(cx, &block, setting.word)
            },
            probe,
        });
    }
}

/// A check that is told of changes and asks nothing.
fn passive_timing(block: &Block<'_>) -> CheckTiming {
    CheckTiming {
        delay_loop: DELAY_LOOP,
        retry: 0,
        delay_before_retry: Micros::ZERO,
        warmup: Micros::ZERO,
        alpha: block.bool(Word::Alpha).unwrap_or(false),
        log_all_failures: false,
    }
}

fn probe(
    cx: &mut Context<'_>,
    block: &Block<'_>,
    setting: &Setting,
    references: &mut Vec<Reference>,
) -> Option<Probe> {
    match setting.word {
        Word::TcpCheck => Some(Probe::Tcp(connection(cx, block))),
        Word::PingCheck => Some(Probe::Ping(endpoint(cx, block))),
        Word::HttpGet => http::probe(cx, block, false).map(Probe::Http),
        Word::SslGet => http::probe(cx, block, true).map(Probe::Http),
        Word::SmtpCheck => Some(Probe::Smtp {
            endpoint: connection(cx, block),
            helo: block
                .own
                .text(Word::HeloName)
                .unwrap_or_else(|| "smtpchecker.keepalived.org".to_owned()),
        }),
        Word::UdpCheck => Some(Probe::Udp(udp(cx, block))),
        Word::DnsCheck => Some(Probe::Dns {
            endpoint: connection(cx, block),
            kind: dns_type(block.own.text(Word::DnsType).as_deref()),
            name: block
                .own
                .text(Word::DnsName)
                .unwrap_or_else(|| ".".to_owned()),
        }),
        Word::MiscCheck => misc(cx, block),
        Word::FileCheck => {
            let file = named(
                cx,
                block,
                Word::CheckedFile,
                "track_file",
                Word::FileCheck,
                references,
            )?;
            let file = FileName::try_from(file).ok()?;
            let weight = match block
                .own
                .get(Word::FileWeight)
                .map(|setting| &setting.value)
            {
                Some(Value::LongWeight(weight, reverse)) => Some((*weight, *reverse)),
                _ => None,
            };
            // What stands in the file's own block is filled in when all are read.
            let file = Box::new(TrackFile::named(file));
            Some(Probe::File { file, weight })
        }
        Word::BfdCheck => {
            let session = named(
                cx,
                block,
                Word::CheckedBfd,
                "name",
                Word::BfdCheck,
                references,
            )?;
            Some(Probe::Bfd { session })
        }
        _ => None,
    }
}

/// The block that a check names; that it exists is looked at when all are read.
fn named(
    cx: &mut Context<'_>,
    block: &Block<'_>,
    word: Word,
    written: &str,
    kind: Word,
    references: &mut Vec<Reference>,
) -> Option<String> {
    let Some(name) = block.own.text(word) else {
        if !block.own.failed(word) {
            missing(cx, block, written);
        }
        return None;
    };
    references.push(Reference {
        kind,
        name: name.clone(),
        span: block.own.span(word, block.head),
    });
    Some(name)
}

/// An endpoint of a check that needs a port.
pub(super) fn connection(cx: &mut Context<'_>, block: &Block<'_>) -> Endpoint {
    let endpoint = endpoint(cx, block);
    if endpoint.port == 0 && !block.own.failed(Word::ConnectPort) {
        cx.push(
            Diagnostic::warning(Code::NeverSucceeds, block.head, "this check has no port")
                .label("it can never succeed")
                .help("say `connect_port N` in this block"),
        );
    }
    endpoint
}

fn timing(cx: &mut Context<'_>, block: &Block<'_>, kind: Word) -> CheckTiming {
    let delay_loop = block.time(Word::DelayLoop).unwrap_or(DELAY_LOOP);
    // Times between tries and numbers of tries differ between the kinds (keywords 7.3).
    let (retry, delay) = match kind {
        Word::HttpGet | Word::SslGet => (1, Micros::from_secs(3)),
        Word::DnsCheck => (3, delay_loop),
        Word::MiscCheck => (0, Micros::from_secs(1)),
        _ => (1, Micros::from_secs(1)),
    };
    CheckTiming {
        delay_loop,
        retry: retries(cx, block).unwrap_or(retry),
        delay_before_retry: block.time(Word::DelayBeforeRetry).unwrap_or(delay),
        warmup: block.time(Word::Warmup).unwrap_or(delay_loop),
        alpha: block.bool(Word::Alpha).unwrap_or(false),
        log_all_failures: false,
    }
}

/// `retry`, or its old name, which keepalived knows in two kinds of checks only.
fn retries(cx: &mut Context<'_>, block: &Block<'_>) -> Option<u32> {
    if let Some(old) = block.own.get(Word::NbGetRetry) {
        let place = old.head;
        cx.said.once(Code::ReadAsRetry, || {
            Diagnostic::note(
                Code::ReadAsRetry,
                place,
                "`nb_get_retry` is the old name of `retry`",
            )
            .label("read as `retry`")
            .because("keepalived reads it in HTTP_GET and SSL_GET only, and ignores it elsewhere")
        });
    }
    block
        .own
        .number(Word::Retry)
        .or_else(|| block.own.number(Word::NbGetRetry))
        .or_else(|| block.scope.real.number(Word::Retry))
        .or_else(|| block.scope.server.number(Word::Retry))
}

/// Where a check connects to.
pub(super) fn endpoint(cx: &mut Context<'_>, block: &Block<'_>) -> Endpoint {
    let own = block.own;
    let address = own.address(Word::ConnectIp).unwrap_or(block.scope.address);
    let interface = own.interface(Word::BindIf);
    if let (Some(interface), Some(setting)) = (&interface, own.get(Word::BindIf)) {
        let fact = HostFact::Interface(interface.clone());
        cx.need(fact, block.scope.subject, setting.span);
    }
    let link_local = matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
    if link_local && interface.is_none() && !own.failed(Word::BindIf) {
        let text = format!("{address} is reached through one interface only");
        cx.push(
            Diagnostic::error(Code::MissingWord, block.head, text)
                .label("`bind_if` is missing in this block"),
        );
    }
    let source = own.address(Word::BindTo);
    if let Some(source) = source
        && source.is_ipv4() != address.is_ipv4()
    {
        let text = format!("{source} cannot be the source of a connection to {address}");
        let place = own.span(Word::BindTo, block.head);
        cx.push(Diagnostic::error(Code::MixedFamilies, place, text));
    }
    Endpoint {
        address,
        port: own.number(Word::ConnectPort).unwrap_or(block.scope.port),
        source,
        source_port: own.number(Word::BindPort),
        interface,
        timeout: block
            .time(Word::ConnectTimeout)
            .unwrap_or(Endpoint::TIMEOUT),
        mark: own.number(Word::Fwmark).unwrap_or(0),
    }
}

fn udp(cx: &mut Context<'_>, block: &Block<'_>) -> UdpProbe {
    let own = block.own;
    let payload = match own.get(Word::Payload) {
        Some(setting) => payload(cx, setting),
        None => Vec::new(),
    };
    let reply = match own.get(Word::RequireReply).map(|setting| &setting.value) {
        Some(Value::Bytes(pattern)) => Some(reply(cx, own, pattern)),
        _ => {
            for word in [Word::MinReplyLength, Word::MaxReplyLength] {
                super::idle(cx, own, word, "there is no `require_reply`");
            }
            None
        }
    };
    UdpProbe {
        endpoint: connection(cx, block),
        payload,
        reply,
    }
}

fn reply(cx: &mut Context<'_>, own: &Settings, pattern: &[(u8, u8)]) -> UdpReply {
    /// keepalived's longest answer unless configured.
    const MAX_REPLY: u16 = 255;
    let reply = UdpReply {
        pattern: pattern.to_vec(),
        min_len: own.number(Word::MinReplyLength).unwrap_or(0),
        max_len: own.number(Word::MaxReplyLength).unwrap_or(MAX_REPLY),
    };
    let longest = usize::from(reply.max_len);
    if reply.min_len > reply.max_len || pattern.len() > longest {
        let place = own
            .get(Word::MaxReplyLength)
            .or_else(|| own.get(Word::MinReplyLength))
            .or_else(|| own.get(Word::RequireReply));
        if let Some(setting) = place {
            let text = format!("no answer has at most {longest} bytes and is long enough");
            cx.push(
                Diagnostic::warning(Code::NeverSucceeds, setting.span, text)
                    .label("this check can never succeed"),
            );
        }
    }
    reply
}

/// What is sent has no unknown digits.
fn payload(cx: &mut Context<'_>, setting: &Setting) -> Vec<u8> {
    let Value::Bytes(bytes) = &setting.value else {
        return Vec::new();
    };
    if bytes.iter().any(|(_, mask)| *mask != 0xff) {
        let text = format!("{} cannot be sent", quote(cx.sources.slice(setting.span)));
        cx.push(
            Diagnostic::error(Code::BadPattern, setting.span, text)
                .label("`X` stands for any digit of an answer"),
        );
    }
    bytes.iter().map(|(byte, _)| *byte).collect()
}

fn dns_type(name: Option<&str>) -> DnsType {
    match name {
        Some("A") => DnsType::A,
        Some("NS") => DnsType::Ns,
        Some("CNAME") => DnsType::Cname,
        Some("MX") => DnsType::Mx,
        Some("TXT") => DnsType::Txt,
        Some("AAAA") => DnsType::Aaaa,
        Some("RRSIG") => DnsType::Rrsig,
        Some("DNSKEY") => DnsType::Dnskey,
        _ => DnsType::Soa,
    }
}

fn misc(cx: &mut Context<'_>, block: &Block<'_>) -> Option<Probe> {
    let own = block.own;
    let Some(command) = own
        .script(Word::MiscPath)
        .map(|words: Box<ShellWords>| *words)
    else {
        if !own.failed(Word::MiscPath) {
            missing(cx, block, "misc_path");
        }
        return None;
    };
    let span = own.span(Word::MiscPath, block.head);
    script::program(cx, &command, block.scope.subject, span);
    let user = script::user(cx, own, block.scope.subject);
    let timeout = own
        .number(Word::MiscTimeout)
        .filter(|secs: &u64| *secs > 0)
        .map(Micros::from_secs)
        .or_else(|| block.time(Word::DelayLoop))
        .unwrap_or(DELAY_LOOP);
    Some(Probe::Misc {
        command,
        user,
        timeout,
        dynamic: own.has(Word::MiscDynamic),
    })
}

/// A check without a word that it cannot do without.
pub(super) fn missing(cx: &mut Context<'_>, block: &Block<'_>, word: &str) {
    if cx.said.is_incomplete() {
        return;
    }
    let text = format!("this check has no `{word}`");
    cx.push(
        Diagnostic::error(Code::MissingWord, block.head, text)
            .label(format!("`{word}` is required in this block")),
    );
}

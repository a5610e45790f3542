//! `virtual_server`.

mod check;
mod http;
mod real;

use super::settings::{HeaderValue, ServerName, Settings, Value};
use super::{Context, script};
use crate::diag::{Code, Diagnostic, quote};
use crate::keyword::Word;
use crate::model::{
    Family, Forward, Persistence, Protocol, RealServer, Scheduler, SchedulerFlags, Service,
    SorryServer, VirtualServer,
};
use crate::source::Span;
use std::collections::BTreeMap;

/// keepalived's persistence where no time is written.
const PERSISTENCE_SECS: u32 = 360;

/// A virtual server whose global defaults are not filled in, since `global_defs` may follow. It is
/// made as soon as its block is read, so that a large file is never in memory as a tree.
pub(super) struct Draft {
    server: VirtualServer,
    span: Span,
    /// What stays open until the global words are known.
    smtp_alert: Option<bool>,
    real: Vec<RealUnset>,
}

/// What a real server takes from `global_defs`.
struct RealUnset {
    smtp_alert: Option<bool>,
    /// For each check.
    log_all_failures: Vec<Option<bool>>,
}

/// What a real server and its checks take from the virtual server.
struct Defaults<'a> {
    service: Service,
    settings: &'a Settings,
    forward: Forward,
}

impl Defaults<'_> {
    fn port(&self) -> u16 {
        match self.service {
            Service::Address { port, .. } => port,
            Service::Mark { .. } | Service::Group { .. } => 0,
        }
    }
}

/// Puts a virtual server together from its block.
pub(super) fn draft(
    cx: &mut Context<'_>,
    header: &HeaderValue,
    settings: &Settings,
) -> Option<Draft> {
    let subject = format!("virtual server {}", header.name);
    let protocol = protocol(cx, header, settings);
    let service = service(header, settings, protocol)?;
    let scheduler = scheduler(cx, header, settings);
    let defaults = Defaults {
        service,
        settings,
        forward: forward(cx, header, settings),
    };
    let (real_servers, real) = real::all(cx, &defaults);
    if real_servers.is_empty() {
        if !settings.failed(Word::RealServer) {
            let text = "this virtual server has no `real_server`";
            cx.push(
                Diagnostic::warning(Code::NoRealServers, header.span, text)
                    .label("it is left out, as with keepalived"),
            );
        }
        return None;
    }
    let (quorum, hysteresis) = quorum(cx, settings, &real_servers);
    Some(Draft {
        span: header.span,
        smtp_alert: settings.bool(Word::SmtpAlert),
        real,
        server: VirtualServer {
            scheduler,
            scheduler_flags: scheduler_flags(cx, settings, scheduler),
            forward: defaults.forward,
            persistence: persistence(cx, header, settings, &defaults.service),
            one_packet: one_packet(cx, settings, &defaults.service),
            ha_suspend: ha_suspend(cx, settings, &defaults.service),
            quorum,
            hysteresis,
            quorum_up: script::command(cx, settings, Word::QuorumUp, &subject),
            quorum_down: script::command(cx, settings, Word::QuorumDown, &subject),
            omega: settings.has(Word::Omega),
            smtp_alert: false,
            sorry_server: sorry_server(cx, &defaults),
            real_servers,
            service: defaults.service,
        },
    })
}

/// Fills in what `global_defs` says, and compares the servers with each other.
pub(super) fn finish(
    cx: &mut Context<'_>,
    drafts: Vec<Draft>,
    global: &Settings,
) -> Vec<VirtualServer> {
    let smtp_alert = global
        .bool(Word::SmtpAlertChecker)
        .or_else(|| global.bool(Word::SmtpAlert));
    let log_all = global.bool(Word::LogAllFailures).unwrap_or(false);
    let mut seen: BTreeMap<Service, Span> = BTreeMap::new();
    let mut servers = Vec::with_capacity(drafts.len());
    for mut draft in drafts {
        let server = &mut draft.server;
        server.smtp_alert = draft.smtp_alert.or(smtp_alert).unwrap_or(false);
        for (real, unset) in server.real_servers.iter_mut().zip(&draft.real) {
            real.smtp_alert = unset.smtp_alert.or(smtp_alert).unwrap_or(true);
            for (check, own) in real.checks.iter_mut().zip(&unset.log_all_failures) {
                check.timing.log_all_failures = own.unwrap_or(log_all);
            }
        }
        if let Some(first) = seen.insert(server.service.clone(), draft.span) {
            let text = format!("virtual server {} is there twice", server.service);
            cx.push(
                Diagnostic::error(Code::SameAddress, draft.span, text)
                    .label("second one")
                    .also(first, "first one"),
            );
        }
        servers.push(draft.server);
    }
    servers
}

fn protocol(cx: &mut Context<'_>, header: &HeaderValue, settings: &Settings) -> Protocol {
    let is_mark = matches!(header.server, Some(ServerName::Mark(_)));
    let Some(written) = settings.text(Word::Protocol) else {
        if !is_mark && !settings.failed(Word::Protocol) {
            say_default(cx, header, "protocol", "UDP");
        }
        return Protocol::Udp;
    };
    if is_mark {
        idle(
            cx,
            settings,
            Word::Protocol,
            "a firewall mark covers all protocols",
        );
    }
    match written.as_str() {
        "TCP" => Protocol::Tcp,
        "SCTP" => Protocol::Sctp,
        _ => Protocol::Udp,
    }
}

fn service(header: &HeaderValue, settings: &Settings, protocol: Protocol) -> Option<Service> {
    match header.server? {
        ServerName::Address(address, port) => Some(Service::Address {
            address,
            port: port.unwrap_or(0),
            protocol,
        }),
        ServerName::Mark(mark) => Some(Service::Mark {
            mark,
            family: match settings.text(Word::IpFamily).as_deref() {
                Some("inet6") => Family::V6,
                Some(_) => Family::V4,
                None => real::first_family(settings).unwrap_or(Family::V4),
            },
        }),
    }
}

fn scheduler(cx: &mut Context<'_>, header: &HeaderValue, settings: &Settings) -> Scheduler {
    let written = settings.text(Word::LbAlgo);
    if written.is_none() && !settings.failed(Word::LbAlgo) {
        say_default(cx, header, "lb_algo", "wlc");
    }
    written
        .and_then(|name| Scheduler::ALL.into_iter().find(|s| s.name() == name))
        .unwrap_or(Scheduler::Wlc)
}

fn forward(cx: &mut Context<'_>, header: &HeaderValue, settings: &Settings) -> Forward {
    let written = written_forward(settings, Word::LbKind);
    if written.is_none() && !settings.failed(Word::LbKind) {
        say_default(cx, header, "lb_kind", "NAT");
    }
    written.unwrap_or(Forward::Nat)
}

fn written_forward(settings: &Settings, word: Word) -> Option<Forward> {
    match settings.get(word)?.value {
        Value::Forward(forward) => Some(forward),
        _ => None,
    }
}

/// A word that keepalived misses, but goes on without.
fn say_default(cx: &mut Context<'_>, header: &HeaderValue, word: &str, value: &str) {
    let text = format!("this virtual server has no `{word}`");
    cx.push(
        Diagnostic::warning(Code::MissingWord, header.span, text)
            .label(format!("read as `{word} {value}`, as with keepalived")),
    );
}

/// A word without effect in this block.
fn idle(cx: &mut Context<'_>, settings: &Settings, word: Word, why: &str) {
    if let Some(setting) = settings.get(word) {
        let text = format!("{} has no effect", quote(cx.sources.slice(setting.head)));
        cx.push(Diagnostic::warning(Code::NoEffect, setting.head, text).label(why));
    }
}

fn scheduler_flags(
    cx: &mut Context<'_>,
    settings: &Settings,
    scheduler: Scheduler,
) -> SchedulerFlags {
    let mut has = |word, owner: Option<Scheduler>| {
        let right = owner.is_none_or(|owner| owner == scheduler);
        if !right {
            idle(cx, settings, word, "it is for another scheduler");
        }
        right && settings.has(word)
    };
    let sh = Some(Scheduler::Sh);
    let mh = Some(Scheduler::Mh);
    SchedulerFlags {
        first: has(Word::Flag1, None) | has(Word::ShFallback, sh) | has(Word::MhFallback, mh),
        second: has(Word::Flag2, None) | has(Word::ShPort, sh) | has(Word::MhPort, mh),
        third: has(Word::Flag3, None),
    }
}

fn persistence(
    cx: &mut Context<'_>,
    header: &HeaderValue,
    settings: &Settings,
    service: &Service,
) -> Option<Persistence> {
    let family = service.family().unwrap_or(Family::V6);
    let timeout: Option<u32> = settings.number(Word::PersistenceTimeout);
    let granularity: Option<u8> = settings.number(Word::PersistenceGranularity);
    let every_port = matches!(service, Service::Address { port: 0, .. });
    if timeout.is_none() && granularity.is_none() {
        if !every_port {
            idle(
                cx,
                settings,
                Word::PersistenceEngine,
                "there is no persistence",
            );
            return None;
        }
        let text = "a virtual server for every port needs persistence";
        cx.push(
            Diagnostic::warning(Code::NeedsPersistence, header.span, text)
                .label(format!("read as `persistence_timeout {PERSISTENCE_SECS}`")),
        );
    }
    let longest = if family == Family::V4 { 32 } else { 128 };
    if granularity.is_some_and(|length| length > longest) {
        let text = format!("an {family} netmask has at most {longest} bits");
        let place = settings.span(Word::PersistenceGranularity, header.span);
        cx.push(Diagnostic::error(Code::BadPrefix, place, text));
    }
    Some(Persistence {
        timeout_secs: timeout.unwrap_or(PERSISTENCE_SECS),
        granularity: granularity.unwrap_or(longest),
        engine: settings.text(Word::PersistenceEngine),
    })
}

fn one_packet(cx: &mut Context<'_>, settings: &Settings, service: &Service) -> bool {
    let possible = match service {
        Service::Address { protocol, .. } | Service::Group { protocol, .. } => {
            *protocol == Protocol::Udp
        }
        Service::Mark { .. } => true,
    };
    if !possible {
        idle(cx, settings, Word::Ops, "one-packet scheduling is for UDP");
    }
    possible && settings.has(Word::Ops)
}

fn ha_suspend(cx: &mut Context<'_>, settings: &Settings, service: &Service) -> bool {
    let possible = matches!(service, Service::Address { .. });
    if !possible {
        idle(
            cx,
            settings,
            Word::HaSuspend,
            "a firewall mark is on every host",
        );
    }
    possible && settings.has(Word::HaSuspend)
}

/// The quorum is at most the sum of the weights, the hysteresis less than the quorum.
fn quorum(cx: &mut Context<'_>, settings: &Settings, servers: &[RealServer]) -> (u32, u32) {
    let most = servers
        .iter()
        .fold(0_u32, |sum, server| sum.saturating_add(server.weight))
        .max(1);
    let mut quorum = settings.number(Word::Quorum).unwrap_or(1);
    if let Some(setting) = settings.get(Word::Quorum)
        && quorum > most
    {
        let text = format!("a quorum of {quorum} can never be reached");
        cx.push(
            Diagnostic::warning(Code::QuorumTooLarge, setting.span, text)
                .label(format!("read as {most}, the sum of all weights")),
        );
        quorum = most;
    }
    let mut hysteresis = settings.number(Word::Hysteresis).unwrap_or(0);
    if let Some(setting) = settings.get(Word::Hysteresis)
        && hysteresis >= quorum
    {
        hysteresis = quorum.saturating_sub(1);
        cx.push(
            Diagnostic::warning(
                Code::QuorumTooLarge,
                setting.span,
                "`hysteresis` must be less than the quorum",
            )
            .label(format!("read as {hysteresis}")),
        );
    }
    (quorum, hysteresis)
}

fn sorry_server(cx: &mut Context<'_>, defaults: &Defaults<'_>) -> Option<SorryServer> {
    let settings = defaults.settings;
    let Some(setting) = settings.get(Word::SorryServer) else {
        for word in [Word::SorryServerInhibit, Word::SorryServerMethod] {
            idle(cx, settings, word, "there is no `sorry_server`");
        }
        return None;
    };
    let Value::Server(address, port) = setting.value else {
        return None;
    };
    let forward = written_forward(settings, Word::SorryServerMethod).unwrap_or(defaults.forward);
    Some(SorryServer {
        address,
        port: real::port(cx, defaults, forward, port, setting.span),
        forward,
        inhibit: settings.has(Word::SorryServerInhibit),
    })
}

//! `virtual_server`.

mod check;
mod group;
mod http;
mod real;
mod regex;

use super::settings::{HeaderValue, ServerName, Settings, Value};
use super::{Context, script};
use crate::diag::{Code, Diagnostic, quote};
use crate::keyword::Word;
use crate::model::{
    Family, Forward, GroupMember, Persistence, Probe, Protocol, RealServer, Scheduler,
    SchedulerFlags, Service, SorryServer, TrackFile, VirtualServer,
};
use crate::source::Span;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};

pub(super) use group::{Groups, Member, member};

/// keepalived's persistence where no time is written.
const PERSISTENCE_SECS: u32 = 360;

/// A virtual server whose global defaults are not filled in, since `global_defs` may follow. It is
/// made as soon as its block is read, so that a large file is never in memory as a tree.
pub(super) enum Draft {
    /// Made, but for what other blocks say.
    Made(Box<Made>),
    /// Its group is not read yet.
    Waiting(Box<(HeaderValue, Settings)>),
}

/// A virtual server, and what stays open until all blocks are known.
pub(super) struct Made {
    server: VirtualServer,
    span: Span,
    smtp_alert: Option<bool>,
    real: Vec<RealUnset>,
    references: Vec<Reference>,
}

/// A block that a check names.
struct Reference {
    kind: Word,
    name: String,
    span: Span,
}

/// The blocks that checks may name.
pub(super) struct Named<'a> {
    /// Those without a mistake have their content.
    pub(super) files: BTreeMap<&'a str, Option<&'a TrackFile>>,
    pub(super) sessions: BTreeSet<&'a str>,
}

/// What a real server takes from `global_defs`.
struct RealUnset {
    smtp_alert: Option<bool>,
    /// For each check.
    log_all_failures: Vec<Option<bool>>,
}

/// Who needs something of the host; made into a text only where something is needed.
struct Subject<'a>(&'static str, &'a str);

impl Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.1)
    }
}

/// What a real server and its checks take from the virtual server.
struct Defaults<'a> {
    service: Service,
    settings: &'a Settings,
    forward: Forward,
}

impl Defaults<'_> {
    /// The port that packets come to; none where it is any, or differs within a group.
    fn port(&self) -> Option<u16> {
        match &self.service {
            Service::Address { port, .. } => Some(*port),
            Service::Mark { .. } => None,
            Service::Group { members, .. } => {
                let mut ports = members.iter().map(|member| match member {
                    GroupMember::Addresses { port, .. } => Some(*port),
                    GroupMember::Mark { .. } => None,
                });
                let first = ports.next()??;
                ports.all(|port| port == Some(first)).then_some(first)
            }
        }
    }
}

/// Puts a virtual server together from its block, if its group is known by now.
pub(super) fn draft(
    cx: &mut Context<'_>,
    header: Box<HeaderValue>,
    settings: Settings,
    groups: &mut Groups,
) -> Option<Draft> {
    match &header.server {
        Some(ServerName::Group(name)) if !groups.has(name) => {
            Some(Draft::Waiting(Box::new((*header, settings))))
        }
        _ => make(cx, &header, &settings, groups).map(|made| Draft::Made(Box::new(made))),
    }
}

fn make(
    cx: &mut Context<'_>,
    header: &HeaderValue,
    settings: &Settings,
    groups: &mut Groups,
) -> Option<Made> {
    let subject = Subject("virtual server", &header.name);
    let protocol = protocol(cx, header, settings);
    let service = service(cx, header, settings, protocol, groups)?;
    let scheduler = scheduler(cx, header, settings);
    let defaults = Defaults {
        service,
        settings,
        forward: forward(cx, header, settings),
    };
    off_is_off(cx, settings, Word::Alpha);
    off_is_off(cx, settings, Word::InhibitOnFailure);
    let mut references = Vec::new();
    let (real_servers, real) = real::all(cx, &defaults, &mut references);
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
    mixed_group(cx, header, &defaults);
    Some(Made {
        span: header.span,
        references,
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
            quorum_up: script::command(cx, settings, Word::QuorumUp, &subject).map(Box::new),
            quorum_down: script::command(cx, settings, Word::QuorumDown, &subject).map(Box::new),
            omega: settings.has(Word::Omega),
            smtp_alert: false,
            sorry_server: sorry_server(cx, &defaults),
            real_servers,
            service: defaults.service,
        },
    })
}

/// Fills in what other blocks say, and compares the servers with each other.
pub(super) fn finish(
    cx: &mut Context<'_>,
    drafts: Vec<Draft>,
    global: &Settings,
    groups: &mut Groups,
    named: &Named<'_>,
) -> Vec<VirtualServer> {
    let smtp_alert = global
        .bool(Word::SmtpAlertChecker)
        .or_else(|| global.bool(Word::SmtpAlert));
    let log_all = global.bool(Word::LogAllFailures).unwrap_or(false);
    let mut seen: BTreeMap<Service, Span> = BTreeMap::new();
    let mut servers = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let made = match draft {
            Draft::Made(made) => Some(*made),
            Draft::Waiting(waiting) => make(cx, &waiting.0, &waiting.1, groups),
        };
        let Some(mut made) = made else {
            continue;
        };
        let server = &mut made.server;
        server.smtp_alert = made.smtp_alert.or(smtp_alert).unwrap_or(false);
        for (real, unset) in server.real_servers.iter_mut().zip(&made.real) {
            real.smtp_alert = unset.smtp_alert.or(smtp_alert).unwrap_or(true);
            for (check, own) in real.checks.iter_mut().zip(&unset.log_all_failures) {
                check.timing.log_all_failures = own.unwrap_or(log_all);
                if let Probe::File { file, .. } = &mut check.probe {
                    fill_in(file, named);
                }
            }
        }
        for reference in &made.references {
            check_reference(cx, reference, named);
        }
        served_twice(cx, &made, &mut seen);
        servers.push(made.server);
    }
    groups.unused(cx);
    servers
}

fn fill_in(file: &mut TrackFile, named: &Named<'_>) {
    if let Some(Some(known)) = named.files.get(file.name.as_str()) {
        file.clone_from(known);
    }
}

/// A `track_file` or `bfd_instance` that a check names.
fn check_reference(cx: &mut Context<'_>, reference: &Reference, named: &Named<'_>) {
    let name = reference.name.as_str();
    let (kind, is_known) = match reference.kind {
        Word::BfdCheck => ("bfd_instance", named.sessions.contains(name)),
        _ => ("track_file", named.files.contains_key(name)),
    };
    if is_known {
        return;
    }
    let near = match reference.kind {
        Word::BfdCheck => cx.nearest(name, named.sessions.iter().copied()),
        _ => cx.nearest(name, named.files.keys().copied()),
    };
    let text = format!("there is no {kind} {}", quote(&reference.name));
    cx.push(
        Diagnostic::error(Code::UnknownTracker, reference.span, text)
            .label(format!("not defined as `{kind}`"))
            .maybe_help(near.map(|near| format!("did you mean `{near}`?"))),
    );
}

/// One service of the kernel's table in two virtual servers.
fn served_twice(cx: &mut Context<'_>, made: &Made, seen: &mut BTreeMap<Service, Span>) {
    let service = &made.server.service;
    let single = match service {
        Service::Address { .. } | Service::Mark { .. } => vec![service.clone()],
        Service::Group {
            protocol, members, ..
        } => members
            .iter()
            .filter_map(|member| alone(*member, *protocol))
            .collect(),
    };
    for service in single {
        match seen.entry(service) {
            Entry::Vacant(new) => {
                new.insert(made.span);
            }
            Entry::Occupied(mut known) => {
                let text = format!("virtual server {} is there twice", known.key());
                let first = known.insert(made.span);
                cx.push(
                    Diagnostic::error(Code::SameAddress, made.span, text)
                        .label("second one")
                        .also(first, "first one"),
                );
                return;
            }
        }
    }
}

/// The service that a member of a group would be alone; none for a range.
fn alone(member: GroupMember, protocol: Protocol) -> Option<Service> {
    match member {
        GroupMember::Addresses { first, last, port } => (first == last).then_some({
            Service::Address {
                address: first,
                port,
                protocol,
            }
        }),
        GroupMember::Mark { mark, family } => Some(Service::Mark { mark, family }),
    }
}

/// keepalived reads these as on, whatever follows them.
fn off_is_off(cx: &mut Context<'_>, settings: &Settings, word: Word) {
    if settings.bool(word) == Some(false)
        && let Some(setting) = settings.get(word)
    {
        let name = cx.sources.slice(setting.head).to_owned();
        super::off_is_off(cx, &name, setting.span);
    }
}

/// Only a tunnel carries one family in the other.
fn mixed_group(cx: &mut Context<'_>, header: &HeaderValue, defaults: &Defaults<'_>) {
    let mixed =
        matches!(defaults.service, Service::Group { .. }) && defaults.service.family().is_none();
    if mixed && !matches!(defaults.forward, Forward::Tunnel(_)) {
        let text = "this group holds IPv4 and IPv6";
        cx.push(
            Diagnostic::error(Code::MixedFamilies, header.span, text)
                .label("only `TUN` mixes families")
                .help("make a group and a virtual server for each family"),
        );
    }
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

fn service(
    cx: &mut Context<'_>,
    header: &HeaderValue,
    settings: &Settings,
    protocol: Protocol,
    groups: &mut Groups,
) -> Option<Service> {
    let family = || match settings.text(Word::IpFamily).as_deref() {
        Some("inet6") => Some(Family::V6),
        Some(_) => Some(Family::V4),
        None => real::first_family(settings),
    };
    match header.server.as_ref()? {
        ServerName::Address(address, port) => Some(Service::Address {
            address: *address,
            port: port.unwrap_or(0),
            protocol,
        }),
        ServerName::Mark(mark) => Some(Service::Mark {
            mark: *mark,
            family: family().unwrap_or(Family::V4),
        }),
        ServerName::Group(name) => Some(Service::Group {
            name: name.clone(),
            protocol,
            members: groups.members(cx, name, header.span, family())?,
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
    let every_port = match service {
        Service::Address { port, .. } => *port == 0,
        Service::Mark { .. } => false,
        Service::Group { members, .. } => members
            .iter()
            .any(|member| matches!(member, GroupMember::Addresses { port: 0, .. })),
    };
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
    let is_mark = |member: &GroupMember| matches!(member, GroupMember::Mark { .. });
    let possible = match service {
        Service::Address { .. } => true,
        Service::Mark { .. } => false,
        Service::Group { members, .. } => !members.iter().any(is_mark),
    };
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

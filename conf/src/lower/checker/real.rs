//! `real_server`.

use super::{Defaults, RealUnset, Reference, Subject, check, written_forward};
use crate::diag::{Code, Diagnostic};
use crate::keyword::Word;
use crate::lower::settings::{HeaderValue, ServerName, Settings, Value};
use crate::lower::{Context, script};
use crate::model::{Family, Forward, RealServer};
use crate::source::Span;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The blocks of all real servers.
fn blocks(settings: &Settings) -> impl Iterator<Item = (&HeaderValue, &Settings)> {
    settings
        .all(Word::RealServer)
        .filter_map(|setting| match &setting.value {
            Value::Block(header, settings) => Some((header.as_ref(), settings)),
            _ => None,
        })
}

/// The family of the first real server, for a firewall mark that names none.
pub(super) fn first_family(settings: &Settings) -> Option<Family> {
    blocks(settings).find_map(|(header, _)| match header.server.as_ref()? {
        ServerName::Address(address, _) => Some(Family::of(*address)),
        ServerName::Mark(_) | ServerName::Group(_) => None,
    })
}

/// All real servers, each address and port once.
pub(super) fn all(
    cx: &mut Context<'_>,
    defaults: &Defaults<'_>,
    references: &mut Vec<Reference>,
) -> (Vec<RealServer>, Vec<RealUnset>) {
    let mut seen: BTreeMap<(IpAddr, u16), Span> = BTreeMap::new();
    let count = blocks(defaults.settings).count();
    let mut servers = Vec::with_capacity(count);
    let mut unset = Vec::with_capacity(count);
    for (header, settings) in blocks(defaults.settings) {
        let Some((server, open)) = real_server(cx, defaults, header, settings, references) else {
            continue;
        };
        if let Some(first) = seen.insert((server.address, server.port), header.span) {
            let text = format!("real server {} is there twice", header.name);
            cx.push(
                Diagnostic::warning(Code::SameAddress, header.span, text)
                    .label("ignored")
                    .also(first, "first one"),
            );
            continue;
        }
        servers.push(server);
        unset.push(open);
    }
    (servers, unset)
}

fn real_server(
    cx: &mut Context<'_>,
    defaults: &Defaults<'_>,
    header: &HeaderValue,
    settings: &Settings,
    references: &mut Vec<Reference>,
) -> Option<(RealServer, RealUnset)> {
    let Some(ServerName::Address(address, port)) = header.server else {
        return None;
    };
    let forward = written_forward(settings, Word::LbKind).unwrap_or(defaults.forward);
    same_family(cx, defaults, forward, address, header.span);
    let port = self::port(cx, defaults, forward, port, header.span);
    let subject = Subject("real server", &header.name);
    let scope = check::Scope {
        address,
        port,
        real: settings,
        server: defaults.settings,
        subject: &subject,
    };
    let (checks, log_all_failures) = check::all(cx, &scope, references);
    thresholds(cx, settings);
    let weight = settings
        .number(Word::ServerWeight)
        .or_else(|| defaults.settings.number(Word::ServerWeight))
        .unwrap_or(1);
    let either = |word| settings.bool(word).or_else(|| defaults.settings.bool(word));
    let server = RealServer {
        address,
        port,
        weight,
        forward,
        upper_threshold: settings.number(Word::UpperThreshold).unwrap_or(0),
        lower_threshold: settings.number(Word::LowerThreshold).unwrap_or(0),
        inhibit_on_failure: either(Word::InhibitOnFailure).unwrap_or(false),
        notify_up: script::command(cx, settings, Word::NotifyUp, &subject).map(Box::new),
        notify_down: script::command(cx, settings, Word::NotifyDown, &subject).map(Box::new),
        smtp_alert: true,
        checks,
    };
    let unset = RealUnset {
        smtp_alert: settings.bool(Word::SmtpAlert),
        log_all_failures,
    };
    Some((server, unset))
}

/// Only a tunnel carries one family in the other.
fn same_family(
    cx: &mut Context<'_>,
    defaults: &Defaults<'_>,
    forward: Forward,
    address: IpAddr,
    span: Span,
) {
    let Some(family) = defaults.service.family() else {
        return;
    };
    if Family::of(address) != family && !matches!(forward, Forward::Tunnel(_)) {
        let text = format!("{address} does not fit a virtual server that is {family}");
        cx.push(
            Diagnostic::error(Code::MixedFamilies, span, text).label("only `TUN` mixes families"),
        );
    }
}

/// The kernel refuses a lower threshold above the upper one.
fn thresholds(cx: &mut Context<'_>, settings: &Settings) {
    let upper: u32 = settings.number(Word::UpperThreshold).unwrap_or(0);
    let lower: u32 = settings.number(Word::LowerThreshold).unwrap_or(0);
    if let Some(setting) = settings.get(Word::LowerThreshold)
        && lower > upper
        && !settings.failed(Word::UpperThreshold)
    {
        let text = "`lthreshold` must not be above `uthreshold`";
        let diagnostic = Diagnostic::error(Code::OutOfRange, setting.span, text)
            .because("the kernel refuses such a server");
        cx.push(match settings.get(Word::UpperThreshold) {
            Some(other) => diagnostic
                .label(format!("{lower} is above {upper}"))
                .also(other.span, "the upper one"),
            None => diagnostic.label("there is no `uthreshold` beside it"),
        });
    }
}

/// The port of a server. Without translation packets keep the port of the virtual server.
pub(super) fn port(
    cx: &mut Context<'_>,
    defaults: &Defaults<'_>,
    forward: Forward,
    written: Option<u16>,
    span: Span,
) -> u16 {
    match (forward, written, defaults.port()) {
        (Forward::Direct | Forward::Tunnel(_), Some(port), Some(own)) if port != own => {
            let text = format!("packets reach this server on port {own}, not {port}");
            cx.push(
                Diagnostic::warning(Code::PortDiffers, span, text)
                    .label(format!("read as port {own}"))
                    .because("DR and TUN do not translate ports")
                    .help("use `lb_kind NAT`, or the same port everywhere"),
            );
            own
        }
        (_, Some(port), _) => port,
        (_, None, own) => own.unwrap_or(0),
    }
}

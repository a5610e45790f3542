//! Addresses, routes and rules that are there whatever the state of the instances is.

mod interfaces;
pub(super) mod lines;

use super::entry::{Entry, EntryKind};
use super::settings::Settings;
use super::{Blocks, Context};
use crate::HostFact;
use crate::diag::{Code, Diagnostic};
use crate::keyword::Word;
use crate::model::{IfName, Route, Rule, StaticAddress, Statics, VrrpInstance};
use crate::source::Span;
use std::collections::BTreeMap;

/// keepalived's interface for addresses that name none.
const DEFAULT_INTERFACE: &str = "eth0";

/// All static blocks together.
pub(super) fn assemble(
    cx: &mut Context<'_>,
    blocks: &Blocks,
    instances: &[VrrpInstance],
) -> Statics {
    let root = &blocks.root;
    Statics {
        addresses: addresses(cx, root, &blocks.global),
        routes: routes(cx, root, Word::StaticRoutes, "static_routes"),
        rules: rules(cx, root, Word::StaticRules, "static_rules"),
        track_groups: interfaces::track_groups(cx, blocks),
        garp_groups: interfaces::garp_groups(cx, &blocks.garp_groups),
        link_delays: interfaces::link_delays(cx, root, instances),
        tls: interfaces::tls_files(cx, blocks.ssl.as_ref()),
    }
}

/// The routes of a list, the interfaces of each noted as needs.
pub(super) fn routes(
    cx: &mut Context<'_>,
    settings: &Settings,
    word: Word,
    subject: &str,
) -> Vec<Route> {
    let mut routes = Vec::new();
    for entry in settings.entries(word) {
        needs(cx, entry, subject);
        if let EntryKind::Route(route) = &entry.kind {
            routes.push((**route).clone());
        }
    }
    routes
}

/// The same for rules.
pub(super) fn rules(
    cx: &mut Context<'_>,
    settings: &Settings,
    word: Word,
    subject: &str,
) -> Vec<Rule> {
    let mut rules = Vec::new();
    for entry in settings.entries(word) {
        needs(cx, entry, subject);
        if let EntryKind::Rule(rule) = &entry.kind {
            rules.push((**rule).clone());
        }
    }
    rules
}

fn needs(cx: &mut Context<'_>, entry: &Entry, subject: &str) {
    let interfaces: Vec<&IfName> = match &entry.kind {
        EntryKind::Route(route) => route.interfaces().collect(),
        EntryKind::Rule(rule) => rule.interfaces().collect(),
        _ => return,
    };
    for interface in interfaces {
        cx.need(HostFact::Interface(interface.clone()), subject, entry.span);
    }
}

/// Addresses, each once on its interface.
fn addresses(cx: &mut Context<'_>, root: &Settings, global: &Settings) -> Vec<StaticAddress> {
    let default = global
        .interface(Word::DefaultInterface)
        .or_else(|| IfName::try_from(DEFAULT_INTERFACE).ok());
    let mut seen: BTreeMap<_, Span> = BTreeMap::new();
    let mut addresses = Vec::new();
    for entry in root.entries(Word::StaticIpaddress) {
        let EntryKind::StaticAddress(line) = &entry.kind else {
            continue;
        };
        let mut line = (**line).clone();
        line.address.dev = line.address.dev.or_else(|| default.clone());
        if let Some(dev) = &line.address.dev {
            let fact = HostFact::Interface(dev.clone());
            cx.need(fact, "static_ipaddress", entry.span);
        }
        let key = (line.address.dev.clone(), line.address.address);
        if let Some(first) = seen.get(&key) {
            let text = format!("{} is there twice", line.address.address);
            cx.push(
                Diagnostic::error(Code::SameAddress, entry.span, text)
                    .label("second one")
                    .also(*first, "first one"),
            );
            continue;
        }
        seen.insert(key, entry.span);
        addresses.push(line);
    }
    addresses
}

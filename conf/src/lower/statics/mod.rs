//! Addresses, routes and rules that are there whatever the state of the instances is.

use super::Context;
use super::entry::{Entry, EntryKind};
use super::settings::Settings;
use crate::HostFact;
use crate::diag::{Code, Diagnostic};
use crate::keyword::Word;
use crate::model::{IfName, StaticAddress, Statics};
use crate::source::Span;
use std::collections::BTreeMap;

/// keepalived's interface for addresses that name none.
const DEFAULT_INTERFACE: &str = "eth0";

/// All static blocks together.
pub(super) fn assemble(cx: &mut Context<'_>, root: &Settings, global: &Settings) -> Statics {
    Statics {
        addresses: addresses(cx, root, global),
        routes: lines(cx, root, Word::StaticRoutes, |kind| match kind {
            EntryKind::Route(route) => Some((**route).clone()),
            _ => None,
        }),
        rules: lines(cx, root, Word::StaticRules, |kind| match kind {
            EntryKind::Rule(rule) => Some((**rule).clone()),
            _ => None,
        }),
    }
}

/// The lines of one kind, the interfaces of each noted as needs.
fn lines<T>(
    cx: &mut Context<'_>,
    root: &Settings,
    word: Word,
    take: impl Fn(&EntryKind) -> Option<T>,
) -> Vec<T> {
    let mut taken = Vec::new();
    for entry in root.entries(word) {
        needs(cx, entry);
        taken.extend(take(&entry.kind));
    }
    taken
}

fn needs(cx: &mut Context<'_>, entry: &Entry) {
    let (subject, interfaces): (_, Vec<&IfName>) = match &entry.kind {
        EntryKind::Route(route) => ("static_routes", route.interfaces().collect()),
        EntryKind::Rule(rule) => ("static_rules", rule.interfaces().collect()),
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

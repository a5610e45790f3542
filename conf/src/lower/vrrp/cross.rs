//! Instances against each other, and scripts without instances.

use crate::diag::{Code, Diagnostic, quote};
use crate::keyword::Word;
use crate::lower::entry::EntryKind;
use crate::lower::{Blocks, Context, Named};
use crate::model::{Transport, VirtualRouter, VrrpInstance};
use crate::source::Span;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(cx: &mut Context<'_>, instances: &[(&Named, VrrpInstance)], blocks: &Blocks) {
    same_vrid(cx, instances);
    same_address(cx, instances);
    unused_scripts(cx, blocks);
}

/// True where two routers with one number hear each other's adverts as their own.
fn collide(a: &VirtualRouter, b: &VirtualRouter) -> bool {
    match (&a.transport, &b.transport) {
        (Transport::Multicast { group: a, .. }, Transport::Multicast { group: b, .. }) => a == b,
        (Transport::Unicast { .. }, _) | (_, Transport::Unicast { .. }) => true,
    }
}

fn same_vrid(cx: &mut Context<'_>, instances: &[(&Named, VrrpInstance)]) {
    let mut seen: BTreeMap<_, Vec<&(&Named, VrrpInstance)>> = BTreeMap::new();
    for entry in instances {
        let router = &entry.1.router;
        let key = (&router.interface, router.family, router.vrid);
        let others = seen.entry(key).or_default();
        let other = others.iter().find(|other| collide(&other.1.router, router));
        if let Some((first, _)) = other {
            let text = format!(
                "{} and {} both use VRID {} with {}{}",
                quote(&first.name),
                quote(&entry.0.name),
                router.vrid,
                router.family,
                router
                    .interface
                    .as_ref()
                    .map_or(String::new(), |interface| format!(" on {interface}")),
            );
            let place = |block: &Named| block.settings.span(Word::VirtualRouterId, block.span);
            cx.push(
                Diagnostic::error(Code::SameVrid, place(entry.0), text)
                    .label("used again here")
                    .also(place(first), "first set here")
                    .help("give one of them another number, on all nodes"),
            );
        }
        others.push(entry);
    }
}

/// One address in two instances: both add and remove it.
fn same_address(cx: &mut Context<'_>, instances: &[(&Named, VrrpInstance)]) {
    let mut seen: BTreeMap<_, (&str, Span)> = BTreeMap::new();
    for (block, instance) in instances {
        let router = &instance.router;
        for address in router.addresses.iter().chain(&router.excluded) {
            let interface = address.dev.as_ref().or(router.interface.as_ref());
            let key = (interface, address.address);
            match seen.get(&key) {
                Some((first, _)) if *first == block.name => {}
                Some((first, span)) => {
                    let text = format!(
                        "{} is in {} and in {}",
                        address.address,
                        quote(first),
                        quote(&block.name)
                    );
                    cx.push(
                        Diagnostic::warning(Code::SameAddress, block.span, text)
                            .label("here again")
                            .also(*span, "first here")
                            .because("the one that leaves MASTER takes it away from the other"),
                    );
                }
                None => {
                    seen.insert(key, (&block.name, block.span));
                }
            }
        }
    }
}

fn unused_scripts(cx: &mut Context<'_>, blocks: &Blocks) {
    // What is wrong may well be the line that tracks it.
    if cx.said.errors() > 0 {
        return;
    }
    let tracked: BTreeSet<&str> = blocks
        .instances
        .iter()
        .flat_map(|block| block.settings.entries(Word::TrackScript))
        .filter_map(|entry| match &entry.kind {
            EntryKind::Tracker(name, _) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    for script in &blocks.scripts {
        if !tracked.contains(script.name.as_str()) {
            let text = format!("nobody tracks script {}", quote(&script.name));
            cx.push(
                Diagnostic::warning(Code::UnusedScript, script.span, text)
                    .label("it is not run")
                    .help("name it in `track_script { … }` of an instance"),
            );
        }
    }
}

//! What concerns interfaces whoever uses them, and groups of instances.

use super::super::entry::EntryKind;
use super::super::settings::{Settings, Value};
use super::super::{Blocks, Context, Named};
use crate::HostFact;
use crate::diag::{Code, Diagnostic, quote};
use crate::keyword::Word;
use crate::model::{
    GarpGroup, IfName, InstanceName, LinkDelay, Micros, Passphrase, TlsFiles, TrackGroup,
    VirtualRouter, VrrpInstance,
};
use crate::source::Span;
use std::collections::{BTreeMap, BTreeSet};

/// All `track_group` blocks; their members exist.
pub(in super::super) fn track_groups(cx: &mut Context<'_>, blocks: &Blocks) -> Vec<TrackGroup> {
    super::super::same_names(cx, "track_group", &blocks.track_groups);
    let known: BTreeSet<&str> = blocks
        .instances
        .iter()
        .map(|block| block.name.as_str())
        .collect();
    let mut groups = Vec::new();
    for block in &blocks.track_groups {
        let members = members(cx, block, &known);
        if members.is_empty() {
            if !block.settings.failed(Word::Group) && !block.settings.has(Word::Group) {
                super::super::missing_word(cx, "track_group", "group", block);
            }
            continue;
        }
        groups.push(TrackGroup {
            name: block.name.clone(),
            members,
        });
    }
    references(cx, blocks);
    groups
}

fn members(cx: &mut Context<'_>, block: &Named, known: &BTreeSet<&str>) -> Vec<InstanceName> {
    let mut members = Vec::new();
    for entry in block.settings.entries(Word::Group) {
        let EntryKind::Member(name) = &entry.kind else {
            continue;
        };
        if !known.contains(name.as_str()) {
            let near = cx.nearest(name, known.iter().copied());
            let text = format!("there is no instance {}", quote(name));
            cx.push(
                Diagnostic::error(Code::UnknownReference, entry.span, text)
                    .label("not defined as `vrrp_instance`")
                    .maybe_help(near.map(|near| format!("did you mean `{near}`?"))),
            );
            continue;
        }
        members.extend(InstanceName::try_from(name.as_str()).ok());
    }
    members
}

/// Static lines that name a group.
fn references(cx: &mut Context<'_>, blocks: &Blocks) {
    let known: BTreeSet<&str> = blocks
        .track_groups
        .iter()
        .map(|block| block.name.as_str())
        .collect();
    for word in [Word::StaticIpaddress, Word::StaticRoutes, Word::StaticRules] {
        for entry in blocks.root.entries(word) {
            let group = match &entry.kind {
                EntryKind::StaticAddress(line) => &line.track_group,
                EntryKind::Route(route) => &route.track_group,
                EntryKind::Rule(rule) => &rule.track_group,
                _ => &None,
            };
            if let Some(group) = group
                && !known.contains(group.as_str())
            {
                let near = cx.nearest(group, known.iter().copied());
                let text = format!("there is no track_group {}", quote(group));
                cx.push(
                    Diagnostic::error(Code::UnknownReference, entry.span, text)
                        .label("this line names it")
                        .maybe_help(near.map(|near| format!("did you mean `{near}`?"))),
                );
            }
        }
    }
}

/// All `garp_group` blocks. One without a pause is left out, as with keepalived.
pub(in super::super) fn garp_groups(cx: &mut Context<'_>, blocks: &[Named]) -> Vec<GarpGroup> {
    let mut seen: BTreeMap<IfName, Span> = BTreeMap::new();
    let mut groups = Vec::new();
    for block in blocks {
        let settings = &block.settings;
        let interfaces = group_interfaces(cx, settings, &mut seen);
        let pause = |word| settings.time(word).unwrap_or(Micros::ZERO);
        let group = GarpGroup {
            interval: pause(Word::GarpInterval),
            gna_interval: pause(Word::GnaInterval),
            interfaces,
        };
        let failed = [
            Word::GarpInterval,
            Word::GnaInterval,
            Word::Interface,
            Word::Interfaces,
        ]
        .into_iter()
        .any(|word| settings.failed(word));
        let useless = if group.interfaces.is_empty() {
            Some("no interface")
        } else if group.interval.is_zero() && group.gna_interval.is_zero() {
            Some("neither `garp_interval` nor `gna_interval`")
        } else {
            None
        };
        match useless {
            None => groups.push(group),
            Some(_) if failed => {}
            Some(what) => {
                let text = format!("this `garp_group` has {what}");
                cx.push(
                    Diagnostic::warning(Code::UselessGroup, block.span, text)
                        .label("it is left out, as with keepalived"),
                );
            }
        }
    }
    groups
}

fn group_interfaces(
    cx: &mut Context<'_>,
    settings: &Settings,
    seen: &mut BTreeMap<IfName, Span>,
) -> Vec<IfName> {
    let single = settings
        .all(Word::Interface)
        .filter_map(|setting| match &setting.value {
            Value::Interface(interface) => Some((interface, setting.span)),
            _ => None,
        });
    let listed = settings
        .entries(Word::Interfaces)
        .filter_map(|entry| match &entry.kind {
            EntryKind::Interface(interface) => Some((interface, entry.span)),
            _ => None,
        });
    let mut interfaces = Vec::new();
    for (interface, span) in single.chain(listed) {
        cx.need(HostFact::Interface(interface.clone()), "garp_group", span);
        if let Some(first) = seen.insert(interface.clone(), span) {
            let text = format!("{interface} is in a `garp_group` already");
            cx.push(
                Diagnostic::error(Code::ListedTwice, span, text)
                    .label("second time")
                    .also(first, "first time"),
            );
            continue;
        }
        interfaces.push(interface.clone());
    }
    interfaces
}

/// `interface_up_down_delays`, each within what the instances on that interface bear.
pub(in super::super) fn link_delays(
    cx: &mut Context<'_>,
    root: &Settings,
    instances: &[VrrpInstance],
) -> Vec<LinkDelay> {
    let mut seen: BTreeMap<IfName, Span> = BTreeMap::new();
    let mut delays = Vec::new();
    for entry in root.entries(Word::InterfaceDelays) {
        let EntryKind::LinkDelay(line) = &entry.kind else {
            continue;
        };
        let mut line = line.clone();
        let fact = HostFact::Interface(line.interface.clone());
        cx.need(fact, "interface_up_down_delays", entry.span);
        if let Some(first) = seen.insert(line.interface.clone(), entry.span) {
            let text = format!("{} is there twice", line.interface);
            cx.push(
                Diagnostic::error(Code::ListedTwice, entry.span, text)
                    .label("second time")
                    .also(first, "first time"),
            );
            continue;
        }
        cut(cx, &mut line, entry.span, instances);
        delays.push(line);
    }
    delays
}

/// A link that is down has to be noticed before the peers take over.
fn cut(cx: &mut Context<'_>, line: &mut LinkDelay, span: Span, instances: &[VrrpInstance]) {
    let strictest = instances
        .iter()
        .map(|instance| &instance.router)
        .filter(|router| router.interface.as_ref() == Some(&line.interface))
        .min_by_key(|router| longest_down(router));
    let Some(router) = strictest else {
        return;
    };
    let longest = longest_down(router);
    if line.down > longest {
        let text = format!(
            "{} may count as up for {longest} at most after it went down",
            line.interface
        );
        cx.push(
            Diagnostic::warning(Code::DelayCut, span, text)
                .label(format!("{} is read as {longest}", line.down))
                .because(format!(
                    "{} sends every {}, and its peers take over after {} missed adverts",
                    router.name, router.advert_int, router.down_timer_adverts
                )),
        );
        line.down = longest;
    }
}

/// (down_timer_adverts - 1) x advert_int - advert_int / 256, as keepalived has it.
fn longest_down(router: &VirtualRouter) -> Micros {
    let interval = router.advert_int.micros();
    let part = Micros::new(interval.get().checked_div(256).unwrap_or(0));
    interval
        .times(u64::from(router.down_timer_adverts).saturating_sub(1))
        .minus(part)
}

/// `SSL`.
pub(in super::super) fn tls_files(cx: &mut Context<'_>, block: Option<&Named>) -> TlsFiles {
    let Some(block) = block else {
        return TlsFiles::default();
    };
    let settings = &block.settings;
    for (word, other, missing) in [
        (Word::SslKey, Word::SslCertificate, "certificate"),
        (Word::SslCertificate, Word::SslKey, "key"),
        (Word::SslPassword, Word::SslKey, "key"),
    ] {
        if let Some(setting) = settings.get(word)
            && !settings.has(other)
            && !settings.failed(other)
        {
            let text = format!("`{missing}` is missing beside this");
            cx.push(
                Diagnostic::warning(Code::MissingWord, setting.head, text)
                    .label("it is of no use alone"),
            );
        }
    }
    TlsFiles {
        password: settings.text(Word::SslPassword).map(Passphrase),
        ca: settings.text(Word::SslCa),
        certificate: settings.text(Word::SslCertificate),
        key: settings.text(Word::SslKey),
    }
}

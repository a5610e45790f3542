//! `vrrp_sync_group`.

use super::entry::EntryKind;
use super::tracking::{Known, Lists, NoWeights};
use super::{Blocks, Context, Named, script};
use crate::diag::{Code, Diagnostic, quote};
use crate::keyword::Word;
use crate::model::{GroupName, InstanceName, NotifyScripts, SyncGroup};
use crate::source::Span;
use std::collections::{BTreeMap, BTreeSet};

/// The group of each instance that is in one; the first one where it is in several.
pub(super) fn memberships(blocks: &Blocks) -> BTreeMap<&str, &Named> {
    let mut groups = BTreeMap::new();
    for group in &blocks.groups {
        for (name, _) in written(group) {
            groups.entry(name).or_insert(group);
        }
    }
    groups
}

/// The members as written.
fn written(group: &Named) -> impl Iterator<Item = (&str, Span)> {
    group
        .settings
        .entries(Word::Group)
        .filter_map(|entry| match &entry.kind {
            EntryKind::Member(name) => Some((name.as_str(), entry.span)),
            _ => None,
        })
}

/// All groups; names are unique, and no instance is in two of them.
pub(super) fn assemble(cx: &mut Context<'_>, blocks: &Blocks, known: &Known<'_>) -> Vec<SyncGroup> {
    super::same_names(cx, "vrrp_sync_group", &blocks.groups);
    let instances: BTreeSet<&str> = blocks
        .instances
        .iter()
        .map(|block| block.name.as_str())
        .collect();
    let mut taken: BTreeMap<&str, (&Named, Span)> = BTreeMap::new();
    blocks
        .groups
        .iter()
        .filter_map(|block| {
            let members = members(cx, block, &instances, &mut taken);
            group(cx, blocks, block, known, members)
        })
        .collect()
}

fn group(
    cx: &mut Context<'_>,
    blocks: &Blocks,
    block: &Named,
    known: &Known<'_>,
    members: Vec<InstanceName>,
) -> Option<SyncGroup> {
    let settings = &block.settings;
    let name = super::name(cx, GroupName::try_from(block.name.as_str()), block.span);
    let subject = format!("group {}", block.name);
    let tracking_weight = settings.has(Word::SyncTrackingWeight);
    let mut lists = Lists::read(cx, settings, known, &subject, None);
    if !tracking_weight {
        lists = lists.without_weights(cx, NoWeights::Group(block.span));
    }
    let (track_interfaces, track_scripts, trackers) = lists.finish();
    let mut command = |word| script::command(cx, settings, word, &subject);
    let notify = NotifyScripts {
        master: command(Word::NotifyMaster),
        backup: command(Word::NotifyBackup),
        fault: command(Word::NotifyFault),
        stop: command(Word::NotifyStop),
        any: command(Word::Notify),
    };
    size(cx, block, members.len());
    let global = &blocks.global;
    Some(SyncGroup {
        name: name?,
        members,
        track_interfaces,
        track_scripts,
        trackers,
        notify,
        smtp_alert: settings
            .bool(Word::SmtpAlert)
            .or_else(|| global.bool(Word::SmtpAlertVrrp))
            .or_else(|| global.bool(Word::SmtpAlert))
            .unwrap_or(false),
        notify_priority_changes: settings.bool(Word::NotifyPriorityChanges),
        tracking_weight,
    })
}

/// The members that exist and are not in a group before this one.
fn members<'a>(
    cx: &mut Context<'_>,
    block: &'a Named,
    instances: &BTreeSet<&str>,
    taken: &mut BTreeMap<&'a str, (&'a Named, Span)>,
) -> Vec<InstanceName> {
    let mut members = Vec::new();
    for (name, span) in written(block) {
        if !instances.contains(name) {
            unknown(cx, name, span, instances);
            continue;
        }
        match taken.get(name) {
            Some((other, first)) if other.name == block.name => {
                let text = format!("{} is listed twice", quote(name));
                cx.push(
                    Diagnostic::warning(Code::ListedTwice, span, text)
                        .label("ignored")
                        .also(*first, "first here"),
                );
                continue;
            }
            Some((other, first)) => {
                let text = format!(
                    "{} is in group {} and in group {}",
                    quote(name),
                    quote(&other.name),
                    quote(&block.name)
                );
                cx.push(
                    Diagnostic::error(Code::TwoGroups, span, text)
                        .label("here again")
                        .also(*first, "first here")
                        .help("put the members of both groups into one group"),
                );
                continue;
            }
            None => {
                taken.insert(name, (block, span));
            }
        }
        members.extend(InstanceName::try_from(name));
    }
    members
}

fn unknown(cx: &mut Context<'_>, name: &str, span: Span, instances: &BTreeSet<&str>) {
    if cx.said.is_incomplete() {
        return;
    }
    let near = cx.nearest(name, instances.iter().copied());
    let text = format!("there is no `vrrp_instance` {}", quote(name));
    cx.push(
        Diagnostic::error(Code::UnknownMember, span, text)
            .label("a member of this group")
            .because("keepalived leaves it out: the others would move without it")
            .maybe_help(near.map(|near| format!("did you mean {}?", quote(near)))),
    );
}

/// A group of none is a mistake, a group of one is of no use.
fn size(cx: &mut Context<'_>, block: &Named, members: usize) {
    let settings = &block.settings;
    let written = written(block).count();
    let Some(setting) = settings.get(Word::Group) else {
        if !settings.failed(Word::Group) {
            super::missing_word(cx, "vrrp_sync_group", "group", block);
        }
        return;
    };
    match (written, members) {
        (0, _) => cx.push(
            Diagnostic::error(Code::LonelyGroup, setting.head, "this group has no member")
                .label("names of instances are expected between the braces"),
        ),
        (1, 1) => cx.push(
            Diagnostic::warning(
                Code::LonelyGroup,
                setting.head,
                "this group has one member only",
            )
            .label("there is nothing that it could move together with"),
        ),
        _ => {}
    }
}

//! Sync groups: instances that change their roles together.

use super::finding::{Finding, list, some};
use super::group::Group;
use super::{Node, Part};
use crate::diag::{Code, Severity};
use std::collections::BTreeSet;

/// A sync group of a node, as positions in the list of virtual routers.
struct Together<'a> {
    node: usize,
    name: &'a str,
    members: BTreeSet<usize>,
}

/// Compares the sync groups; `parts` are those of the virtual routers, in the same order.
pub(super) fn compare(
    nodes: &[Node<'_>],
    groups: &[Group<'_>],
    parts: &mut [Part],
) -> Option<Part> {
    let all = together(nodes, groups);
    if all.is_empty() {
        return None;
    }
    let mut part = Part {
        title: "sync groups".to_owned(),
        ..Part::default()
    };
    for group in &all {
        membership(&mut part, group, &all, nodes, groups);
    }
    split(&mut part, &all, nodes, groups, parts);
    if part.findings.is_empty() {
        part.agree.push("members");
    }
    Some(part)
}

fn together<'a>(nodes: &[Node<'a>], groups: &[Group<'_>]) -> Vec<Together<'a>> {
    let mut all = Vec::new();
    for (node, loaded) in nodes.iter().enumerate() {
        let Some(config) = &loaded.loaded.config else {
            continue;
        };
        for group in &config.sync_groups {
            let names: BTreeSet<_> = group.members.iter().collect();
            let members = groups.iter().enumerate().filter(|(_, router)| {
                let own = router.members.iter().find(|member| member.index == node);
                own.is_some_and(|own| names.contains(&own.router().name))
            });
            all.push(Together {
                node,
                name: group.name.as_str(),
                members: members.map(|(at, _)| at).collect(),
            });
        }
    }
    all
}

/// Each other node that has all of these virtual routers keeps them together as well.
fn membership(
    part: &mut Part,
    group: &Together<'_>,
    all: &[Together<'_>],
    nodes: &[Node<'_>],
    groups: &[Group<'_>],
) {
    for (at, node) in nodes.iter().enumerate() {
        let has = |router: &usize| {
            let members = groups.get(*router).map(|group| &group.members);
            members.is_some_and(|members| members.iter().any(|member| member.index == at))
        };
        let here: BTreeSet<usize> = group.members.iter().copied().filter(has).collect();
        if at == group.node || here.len() < 2 {
            continue;
        }
        let same = all
            .iter()
            .any(|other| other.node == at && other.members.is_superset(&here));
        if same {
            continue;
        }
        let text = format!(
            "the sync group {} of {} keeps {} together, {} does not: there one of them can be \
             MASTER alone, and the other node lets go of all",
            group.name,
            nodes.get(group.node).map_or("", |node| node.name),
            list(&names(&here, groups)),
            node.name
        );
        part.findings
            .push(Finding::new(Code::PairSyncGroup, Severity::Warning, text));
    }
}

/// Members whose best nodes differ.
fn split(
    part: &mut Part,
    all: &[Together<'_>],
    nodes: &[Node<'_>],
    groups: &[Group<'_>],
    parts: &mut [Part],
) {
    let mut said: BTreeSet<&BTreeSet<usize>> = BTreeSet::new();
    for group in all {
        let masters: BTreeSet<&[String]> = group
            .members
            .iter()
            .filter_map(|at| Some(parts.get(*at)?.outcome.as_ref()?.masters.as_slice()))
            .collect();
        if masters.len() < 2 || !said.insert(&group.members) {
            continue;
        }
        let mut best: Vec<&str> = masters
            .iter()
            .copied()
            .flatten()
            .map(String::as_str)
            .collect();
        best.sort_unstable();
        best.dedup();
        let text = format!(
            "the sync group {} keeps {} together, but by themselves they would be MASTER on {}: a \
             member that has to let go takes the others with it; give one node the best priority \
             in all of them",
            group.name,
            list(&names(&group.members, groups)),
            some(&best)
        );
        part.findings
            .push(Finding::new(Code::PairSyncGroup, Severity::Warning, text));
        for at in &group.members {
            let outcome = parts.get_mut(*at).and_then(|part| part.outcome.as_mut());
            if let Some(outcome) = outcome {
                outcome.masters = nodes.iter().map(|node| node.name.to_owned()).collect();
                outcome.text = format!("depends on who is first (sync group {})", group.name);
            }
        }
    }
}

fn names(members: &BTreeSet<usize>, groups: &[Group<'_>]) -> Vec<String> {
    let groups = members.iter().filter_map(|at| groups.get(*at));
    groups
        .filter_map(|group| Some(group.members.first()?.router().name.to_string()))
        .collect()
}

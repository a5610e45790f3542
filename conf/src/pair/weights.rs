//! Checks that cannot move the addresses.

use super::Part;
use super::elect::{self, Elected};
use super::finding::{Finding, some};
use super::group::{Group, Member};
use super::hear::Hearing;
use crate::diag::{Code, Severity};
use crate::election;

/// What becomes of the MASTER when all its weighted checks fail.
pub(super) fn compare(part: &mut Part, group: &Group<'_>, hearing: &Hearing, elected: &Elected) {
    let [master] = elected.masters.as_slice() else {
        return;
    };
    let Some(member) = group.members.get(*master).filter(|_| elected.settled) else {
        return;
    };
    let checks = checks(member);
    let everybody_hears = (0..group.members.len())
        .all(|at| at == *master || hearing.hears(at, *master) && hearing.hears(*master, at));
    if checks.is_empty() || !everybody_hears || member.router().priority.is_owner() {
        return;
    }
    let failed = elect::candidates(group, Some(*master));
    let after = elect::go_on(&failed, hearing, &elected.masters);
    if after.masters != elected.masters {
        return;
    }
    let priorities = elect::candidates(group, None);
    let of = |list: &[elect::Candidate], at: usize| list.get(at).map_or(0, |c| c.priority);
    let (good, bad) = (of(&priorities, *master), of(&failed, *master));
    let rival = (0..group.members.len())
        .filter(|at| at != master)
        .max_by_key(|at| of(&failed, *at));
    let Some((other, theirs)) =
        rival.and_then(|at| Some((group.members.get(at)?, of(&failed, at))))
    else {
        return;
    };
    let why = why(other, bad, theirs);
    let text = format!(
        "{} cannot move the addresses: {} goes from {good} to {bad} ({}), {} has {theirs} ({}){why}",
        some(&checks),
        member.node,
        member.place(word(member)),
        other.node,
        other.place("priority"),
    );
    let finding = Finding::new(Code::PairWeight, Severity::Warning, text);
    part.findings
        .push(finding.at(member, word(member)).at(other, "priority"));
}

fn why(other: &Member<'_>, bad: u8, theirs: u8) -> String {
    if theirs > bad {
        return format!(
            ", but nopreempt ({}) keeps it from taking over from a MASTER that still sends; use \
             `weight 0`",
            other.place("nopreempt")
        );
    }
    if theirs == bad {
        return ": a BACKUP takes over from a lower priority only; use a larger weight".to_owned();
    }
    let distance = bad.saturating_sub(theirs).saturating_add(1);
    format!(": {distance} more are needed")
}

/// The list that is pointed at.
fn word(member: &Member<'_>) -> &'static str {
    let weighted = |weight: crate::model::Weight| weight.get() != 0;
    let (router, others) = (member.router(), &member.instance.trackers);
    if router.track_scripts.iter().any(|t| weighted(t.weight)) {
        "track_script"
    } else if others.processes.iter().any(|t| weighted(t.weight)) {
        "track_process"
    } else if others.bfds.iter().any(|t| weighted(t.weight)) {
        "track_bfd"
    } else {
        "track_interface"
    }
}

/// Names of what lowers the priority when it fails.
fn checks(member: &Member<'_>) -> Vec<String> {
    let router = member.router();
    let lowers = |weight, reverse| {
        election::contribution(weight, reverse, false)
            < election::contribution(weight, reverse, true)
    };
    let scripts = router
        .track_scripts
        .iter()
        .filter(|tracked| lowers(tracked.weight, tracked.reverse))
        .map(|tracked| tracked.script.to_string());
    let interfaces = router
        .track_interfaces
        .iter()
        .filter(|tracked| lowers(tracked.weight, tracked.reverse))
        .map(|tracked| tracked.interface.to_string());
    let others = &member.instance.trackers;
    let processes = others.processes.iter();
    let processes = processes
        .filter(|tracked| lowers(tracked.weight, tracked.reverse))
        .map(|tracked| tracked.name.to_string());
    let bfds = others.bfds.iter();
    let bfds = bfds
        .filter(|tracked| lowers(tracked.weight, tracked.reverse))
        .map(|tracked| tracked.name.to_string());
    scripts
        .chain(processes)
        .chain(bfds)
        .chain(interfaces)
        .collect()
}

//! What becomes of each instance. The rules are those of the VRRP child: an instance whose
//! interface, VRID, version, family, authentication or way of sending differs is released and
//! started anew; everything else changes under way.

use crate::diff;
use crate::election::{self, about};
use crate::model::{VirtualRouter, VrrpInstance};
use std::collections::BTreeMap;

/// One instance that does not stay as it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// What is done, `priority 100 → 110`.
    pub(super) what: Vec<String>,
    /// What is to be expected of its role.
    pub(super) role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Added,
    Removed,
    Restarted,
    Changed,
}

/// Whether another node may be MASTER behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing is to be expected.
    Stays,
    /// It depends on the other nodes.
    May,
    /// It changes where this node is MASTER.
    Changes,
}

pub(super) fn steps(old: &[VrrpInstance], new: &[VrrpInstance]) -> Vec<Step> {
    let mut before: BTreeMap<&str, &VrrpInstance> = old
        .iter()
        .map(|instance| (instance.router.name.as_str(), instance))
        .collect();
    let mut steps: Vec<Step> = new
        .iter()
        .filter_map(
            |instance| match before.remove(instance.router.name.as_str()) {
                None => Some(added(instance)),
                Some(old) if old == instance => None,
                Some(old) => Some(changed(old, instance)),
            },
        )
        .collect();
    let gone = old
        .iter()
        .filter(|instance| before.contains_key(instance.router.name.as_str()));
    steps.extend(gone.map(|instance| removed(&instance.router)));
    steps
}

fn added(instance: &VrrpInstance) -> Step {
    let router = &instance.router;
    let place = router
        .interface
        .as_ref()
        .map_or(String::new(), |interface| format!(" on {interface}"));
    let start = start(instance);
    Step {
        name: router.name.to_string(),
        kind: Kind::Added,
        what: vec![format!("new{place}, VRID {}: {start}", router.vrid)],
        role: Role::May,
    }
}

/// How an instance starts, and when it is MASTER at the earliest.
fn start(instance: &VrrpInstance) -> String {
    let router = &instance.router;
    if router.priority.is_owner() {
        return "priority 255: MASTER at once".to_owned();
    }
    let wait = election::down_interval(router, election::effective(instance, true));
    format!("starts as BACKUP, may be MASTER after {}", about(wait))
}

fn removed(router: &VirtualRouter) -> Step {
    Step {
        name: router.name.to_string(),
        kind: Kind::Removed,
        what: vec![format!("removed: {}", release(router))],
        role: Role::Changes,
    }
}

/// What a MASTER does when it gives up.
fn release(router: &VirtualRouter) -> String {
    let skew = about(election::longest_skew(router));
    format!(
        "if MASTER, releases {} (priority 0), a peer takes over within {skew}",
        addresses(router)
    )
}

fn addresses(router: &VirtualRouter) -> String {
    /// Further ones are only counted.
    const SHOWN: usize = 3;
    let all: Vec<String> = router
        .addresses
        .iter()
        .chain(&router.excluded)
        .map(|address| address.address.to_string())
        .collect();
    match all.get(..SHOWN) {
        Some(first) if all.len() > SHOWN => {
            let more = all.len().saturating_sub(SHOWN);
            format!("{} and {more} more", first.join(", "))
        }
        _ if all.is_empty() => "the role".to_owned(),
        _ => all.join(", "),
    }
}

fn changed(old: &VrrpInstance, new: &VrrpInstance) -> Step {
    let what = diff::instance(old, new);
    let (before, after) = (&old.router, &new.router);
    let name = after.name.to_string();
    if before.needs_restart(after) {
        let mut lines = vec![format!("restarted: {}", what.join(", "))];
        lines.push(release(before));
        lines.push(start(new));
        return Step {
            name,
            kind: Kind::Restarted,
            what: lines,
            role: Role::Changes,
        };
    }
    let (role, consequence) = match new_faults(before, after) {
        Some(faults) => (Role::May, Some(faults)),
        None => election_of(old, new),
    };
    let mut lines = what;
    lines.extend(consequence);
    Step {
        name,
        kind: Kind::Changed,
        what: lines,
        role,
    }
}

/// What takes the instance to FAULT from now on, where it is not well.
fn new_faults(old: &VirtualRouter, new: &VirtualRouter) -> Option<String> {
    let interfaces = |router: &VirtualRouter| -> Vec<String> {
        let tracked = router.track_interfaces.iter();
        let tracked = tracked.filter(|track| track.weight.get() == 0);
        tracked
            .map(|track| format!("{} is down", track.interface))
            .collect()
    };
    let scripts = |router: &VirtualRouter| -> Vec<String> {
        let tracked = router.track_scripts.iter();
        let tracked = tracked.filter(|track| track.weight.get() == 0);
        tracked
            .map(|track| format!("{} fails", track.script))
            .collect()
    };
    let before = [interfaces(old), scripts(old)].concat();
    let mut after = [interfaces(new), scripts(new)].concat();
    after.retain(|fault| !before.contains(fault));
    (!after.is_empty()).then(|| format!("FAULT while {}", after.join(" or ")))
}

/// What a change means for who is MASTER.
fn election_of(was: &VrrpInstance, will: &VrrpInstance) -> (Role, Option<String>) {
    let (old, new) = (&was.router, &will.router);
    if !old.priority.is_owner() && new.priority.is_owner() {
        return (Role::May, Some("MASTER at once if it is BACKUP".to_owned()));
    }
    let (before, after) = (
        election::effective(was, true),
        election::effective(will, true),
    );
    let preempts = old.nopreempt && !new.nopreempt;
    if after > before || preempts {
        let wait = about(election::down_interval(new, after));
        let peer = if new.nopreempt {
            return (Role::Stays, None);
        } else {
            format!("if BACKUP, takes over from a peer below {after} after {wait}")
        };
        return (Role::May, Some(peer));
    }
    if after < before {
        let text = format!("if MASTER, a peer above {after} takes over");
        return (Role::May, Some(text));
    }
    if old.advert_int != new.advert_int {
        let text = if new.version == crate::model::Version::V2 {
            "peers with another advert_int drop its adverts until they are changed as well"
        } else {
            "a BACKUP goes by the MASTER's advert_int"
        };
        return (Role::May, Some(text.to_owned()));
    }
    (Role::Stays, None)
}

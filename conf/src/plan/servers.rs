//! What becomes of each virtual server.

use crate::diff::servers::{self as server, ServerChange};
use crate::model::VirtualServer;
use std::collections::HashMap;

/// One virtual server that does not stay as it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// With so many real servers.
    Added(usize),
    Removed(usize),
    Changed(ServerChange),
}

/// A virtual server is found again by what it answers for.
pub(super) fn steps(old: &[VirtualServer], new: &[VirtualServer]) -> Vec<Step> {
    // Most servers stand where they stood: only the others are looked up.
    let same = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old, new) = (old.get(same..), new.get(same..));
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    let mut before: HashMap<_, &VirtualServer> = old.iter().map(|s| (&s.service, s)).collect();
    let mut steps = Vec::new();
    for server in new {
        let kind = match before.remove(&server.service) {
            None => Kind::Added(server.real_servers.len()),
            Some(old) if old == server => continue,
            Some(old) => Kind::Changed(ServerChange::new(old, server)),
        };
        steps.push(Step {
            name: server::name(server),
            kind,
        });
    }
    let gone = old
        .iter()
        .filter(|server| before.contains_key(&server.service));
    steps.extend(gone.map(|server| Step {
        name: server::name(server),
        kind: Kind::Removed(server.real_servers.len()),
    }));
    steps
}

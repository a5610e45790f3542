//! Virtual servers of several nodes.

use super::finding::{Finding, some};
use super::{Node, Part};
use crate::diag::{Code, Severity};
use crate::diff::servers::{self, ServerChange};
use crate::model::{Config, Service, VirtualServer};
use std::collections::HashMap;

/// Each node against the first one; none where there is nothing to balance.
pub(super) fn part(nodes: &[Node<'_>]) -> Option<Part> {
    let mut loaded = nodes.iter().filter_map(|node| {
        let config = node.loaded.config.as_ref()?;
        Some((node.name, config))
    });
    let first = loaded.next()?;
    let others: Vec<(&str, &Config)> = loaded.collect();
    let any = !first.1.virtual_servers.is_empty()
        || others
            .iter()
            .any(|(_, config)| !config.virtual_servers.is_empty());
    if !any || others.is_empty() {
        return None;
    }
    let mut part = Part {
        title: "virtual servers".to_owned(),
        ..Part::default()
    };
    for other in others {
        compare(&mut part, first, other);
    }
    if part.findings.is_empty() {
        part.agree.push("all virtual and real servers");
    }
    Some(part)
}

fn compare(part: &mut Part, first: (&str, &Config), second: (&str, &Config)) {
    let by_service = |config: &'_ Config| -> HashMap<Service, usize> {
        let all = config.virtual_servers.iter().enumerate();
        all.map(|(at, server)| (server.service.clone(), at))
            .collect()
    };
    let known = by_service(second.1);
    let mut differing = Vec::new();
    let mut only_first = Vec::new();
    for server in &first.1.virtual_servers {
        let found = known
            .get(&server.service)
            .and_then(|at| second.1.virtual_servers.get(*at));
        match found {
            None => only_first.push(servers::name(server)),
            Some(other) if other == server => {}
            Some(other) => differing.push((server, other)),
        }
    }
    let own = by_service(first.1);
    let only_second: Vec<String> = second
        .1
        .virtual_servers
        .iter()
        .filter(|server| !own.contains_key(&server.service))
        .map(servers::name)
        .collect();
    one_sided(part, first.0, second.0, &only_first);
    one_sided(part, second.0, first.0, &only_second);
    differ(part, (first.0, second.0), &differing);
}

fn one_sided(part: &mut Part, there: &str, lacking: &str, servers: &[String]) {
    if servers.is_empty() {
        return;
    }
    let text = format!(
        "only {there} has {}: while {lacking} is MASTER, nobody answers there",
        some(servers)
    );
    part.findings.push(Finding::new(
        Code::PairVirtualServers,
        Severity::Warning,
        text,
    ));
}

fn differ(part: &mut Part, nodes: (&str, &str), differing: &[(&VirtualServer, &VirtualServer)]) {
    /// Further ones are only counted.
    const SHOWN: usize = 10;
    for (server, other) in differing.iter().take(SHOWN) {
        let changes = ServerChange::new(server, other).words();
        let text = format!(
            "{} differs from {} to {}: {}: clients are served in another way after a takeover",
            servers::name(server),
            nodes.0,
            nodes.1,
            some(&changes)
        );
        part.findings.push(Finding::new(
            Code::PairVirtualServers,
            Severity::Warning,
            text,
        ));
    }
    let more = differing.len().saturating_sub(SHOWN);
    if more > 0 {
        let text = format!("{more} more virtual servers differ");
        part.findings.push(Finding::new(
            Code::PairVirtualServers,
            Severity::Warning,
            text,
        ));
    }
}

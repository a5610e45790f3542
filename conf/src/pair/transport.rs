//! Whether adverts of the nodes reach each other.

use super::Part;
use super::finding::{Finding, some, values};
use super::group::{Group, Member};
use super::hear::{self, Deaf};
use crate::diag::{Code, Severity};
use crate::model::Transport;
use std::collections::BTreeMap;
use std::net::IpAddr;

pub(super) fn compare(part: &mut Part, group: &Group<'_>) {
    if !group.same(|router| router.family) {
        return;
    }
    let before = part.findings.len();
    same_source(part, group);
    let copied = part.findings.len() > before;
    if ways(part, group) {
        peers(part, group);
        if !copied {
            strangers(part, group);
        }
        hop_limits(part, group);
    }
    if part.findings.len() == before {
        part.agree.push("transport");
    }
}

/// A file that was copied with its source address.
fn same_source(part: &mut Part, group: &Group<'_>) {
    let mut seen: BTreeMap<IpAddr, &Member<'_>> = BTreeMap::new();
    for member in &group.members {
        let Some(source) = member.source() else {
            continue;
        };
        let Some(first) = seen.insert(source, member) else {
            continue;
        };
        let text = format!(
            "{source} is the source address of {} ({}) and of {} ({}): each takes the other's \
             adverts for its own and drops them",
            first.node,
            source_place(first),
            member.node,
            source_place(member)
        );
        part.findings
            .push(Finding::new(Code::PairSameSource, Severity::Error, text));
    }
}

fn source_word(member: &Member<'_>) -> &'static str {
    match member.router().transport {
        Transport::Multicast { .. } => "mcast_src_ip",
        Transport::Unicast { .. } => "unicast_src_ip",
    }
}

fn source_place(member: &Member<'_>) -> String {
    member.place(source_word(member))
}

/// True where all send by unicast.
fn ways(part: &mut Part, group: &Group<'_>) -> bool {
    let way = |member: &Member<'_>| match &member.router().transport {
        Transport::Multicast { group, .. } => format!("multicast to {group}"),
        Transport::Unicast { .. } => "unicast".to_owned(),
    };
    let mut each = group.members.iter().map(way);
    let first = each.next();
    if each.all(|way| Some(&way) == first.as_ref()) {
        return first.is_some_and(|way| way == "unicast");
    }
    let word = if group
        .members
        .iter()
        .any(|m| matches!(m.router().transport, Transport::Unicast { .. }))
    {
        "unicast_peer"
    } else {
        "mcast_dst_ip"
    };
    let text = format!(
        "adverts travel in different ways: {}: they never arrive, each is MASTER",
        values(group, word, way)
    );
    let finding = Finding::new(Code::PairTransport, Severity::Error, text);
    part.findings.push(finding.everywhere(group, word));
    false
}

/// Nodes that are missing in the lists of others.
fn peers(part: &mut Part, group: &Group<'_>) {
    for member in &group.members {
        for other in &group.members {
            let Some(address) = other.source().filter(|_| other.index != member.index) else {
                continue;
            };
            if hear::lists(member, address) || member.source() == Some(address) {
                continue;
            }
            let deaf = hear::obstacles(other, member).contains(&Deaf::NotListed);
            let rest = if deaf {
                format!(
                    ", and {} drops those of {} (check_unicast_src)",
                    member.node, other.node
                )
            } else {
                String::new()
            };
            let text = format!(
                "{} does not list {address} in unicast_peer ({}): {} gets no adverts from {}{rest}",
                member.node,
                member.place("unicast_peer"),
                other.node,
                member.node
            );
            let finding = Finding::new(Code::PairNotAPeer, Severity::Error, text);
            part.findings.push(
                finding
                    .at(member, "unicast_peer")
                    .at(other, "unicast_src_ip"),
            );
        }
    }
}

/// Listed addresses that are no node's, if all are known.
fn strangers(part: &mut Part, group: &Group<'_>) {
    let sources: Vec<IpAddr> = group.members.iter().filter_map(Member::source).collect();
    if sources.len() < group.members.len() {
        return;
    }
    for member in &group.members {
        let Transport::Unicast { peers, .. } = &member.router().transport else {
            continue;
        };
        let unknown: Vec<String> = peers
            .iter()
            .filter(|peer| !sources.contains(&peer.address))
            .map(|peer| peer.address.to_string())
            .collect();
        let Some(first) = unknown.first() else {
            continue;
        };
        let place = member.place_of_entry("unicast_peer", first);
        let text = format!(
            "{} lists {} in unicast_peer ({place}), the unicast_src_ip of none of these nodes: \
             compare that node as well, or correct the address",
            member.node,
            some(&unknown)
        );
        let finding = Finding::new(Code::PairUnknownPeer, Severity::Warning, text);
        part.findings.push(finding.at(member, "unicast_peer"));
    }
}

fn hop_limits(part: &mut Part, group: &Group<'_>) {
    for from in &group.members {
        for to in &group.members {
            if from.index == to.index || !hear::obstacles(from, to).contains(&Deaf::HopLimit) {
                continue;
            }
            let text = format!(
                "{} sends with a smaller unicast_ttl ({}) than the min_ttl that {} wants ({}): its \
                 adverts are dropped there",
                from.node,
                from.place("unicast_ttl"),
                to.node,
                to.place("unicast_peer")
            );
            let finding = Finding::new(Code::PairHopLimit, Severity::Error, text);
            part.findings
                .push(finding.at(from, "unicast_ttl").at(to, "unicast_peer"));
        }
    }
}

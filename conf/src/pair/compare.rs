//! What differs between the instances of one virtual router, and what would come of it.

use super::elect::{self, Elected};
use super::finding::{Finding, some, values};
use super::group::{Group, Member};
use super::hear::{self, Deaf, Hearing, kind};
use super::outcome::Outcome;
use super::{Node, Part, transport, weights};
use crate::diag::{Code, Severity};
use crate::model::{Auth, InitialState, Version, VirtualAddress};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Everything about one virtual router.
pub(super) fn part(group: &Group<'_>, nodes: &[Node<'_>]) -> Part {
    let mut part = Part {
        name: group.name(),
        title: title(group),
        ..Part::default()
    };
    let candidates = elect::candidates(group, None);
    let hearing = Hearing::new(group);
    let elected = elect::start(&candidates, &hearing);
    if group.members.len() > 1 {
        identity(&mut part, group);
        interval(&mut part, group);
        authentication(&mut part, group);
        addresses(&mut part, group);
        transport::compare(&mut part, group);
        election(&mut part, group, &elected);
        weights::compare(&mut part, group, &hearing, &elected);
    }
    missing(&mut part, group, nodes);
    part.findings
        .sort_by_key(|finding| (finding.severity, finding.code));
    part.outcome = Some(Outcome::new(group, elected));
    part
}

/// `instance VI_1 / VI_1   VRID 50   both on eth0`.
fn title(group: &Group<'_>) -> String {
    let each = |of: &dyn Fn(&Member<'_>) -> String| {
        let all: BTreeSet<String> = group.members.iter().map(of).collect();
        let texts: Vec<String> = group.members.iter().map(of).collect();
        (all.len() == 1, texts)
    };
    let joined = |(same, texts): (bool, Vec<String>)| match texts.first() {
        Some(first) if same => first.clone(),
        _ => texts.join(" / "),
    };
    let number = joined(each(&|member| member.router().vrid.to_string()));
    let interfaces = each(&interface);
    let who = match group.members.len() {
        2 if interfaces.0 => "both ",
        3.. if interfaces.0 => "all ",
        _ => "",
    };
    let interfaces = joined(interfaces);
    format!(
        "instance {}   VRID {number}   {who}on {interfaces}",
        group.name()
    )
}

fn interface(member: &Member<'_>) -> String {
    member
        .router()
        .interface
        .as_ref()
        .map_or_else(|| "no interface".to_owned(), ToString::to_string)
}

/// VRID, version, family, interface.
fn identity(part: &mut Part, group: &Group<'_>) {
    if group.same(|router| router.vrid) {
        part.agree.push("VRID");
    } else {
        let vrids = values(group, "virtual_router_id", |m| m.router().vrid.to_string());
        let text = format!(
            "virtual_router_id differs: {vrids}: these are separate virtual routers that ignore \
             each other, and each becomes MASTER with the same addresses"
        );
        let finding = Finding::new(Code::PairVrid, Severity::Error, text);
        part.findings
            .push(finding.everywhere(group, "virtual_router_id"));
    }
    if !group.same(|router| router.family) {
        let families = values(group, "virtual_ipaddress", |m| {
            m.router().family.to_string()
        });
        let text = format!(
            "the address family differs: {families}: their adverts never meet, each is MASTER"
        );
        let finding = Finding::new(Code::PairFamily, Severity::Error, text);
        part.findings
            .push(finding.everywhere(group, "virtual_ipaddress"));
    } else if !group.same(|router| router.version) {
        let versions = values(group, "version", |m| {
            m.router().version.number().to_string()
        });
        let text = format!(
            "the VRRP version differs: {versions}: adverts of another version are dropped, each is \
             MASTER"
        );
        let finding = Finding::new(Code::PairVersion, Severity::Error, text);
        part.findings.push(finding.everywhere(group, "version"));
    } else {
        part.agree.push("version");
    }
    if !group.same(|router| router.interface.clone()) {
        let interfaces = values(group, "interface", interface);
        let text = format!(
            "the interface is called differently: {interfaces}: fine if both lead to one network"
        );
        let finding = Finding::new(Code::PairInterface, Severity::Note, text);
        part.findings.push(finding.everywhere(group, "interface"));
    }
}

fn interval(part: &mut Part, group: &Group<'_>) {
    if group.same(|router| router.advert_int) {
        part.agree.push("advert_int");
        return;
    }
    let intervals = values(group, "advert_int", |m| m.router().advert_int.to_string());
    let v2 = group
        .members
        .iter()
        .any(|member| member.router().version == Version::V2);
    let (severity, what) = if v2 && group.members.len() > 2 {
        (
            Severity::Error,
            "VRRPv2 nodes ignore adverts with another interval; each interval has its own MASTER",
        )
    } else if v2 {
        (
            Severity::Error,
            "VRRPv2 nodes ignore each other's adverts; BOTH would be MASTER",
        )
    } else {
        (
            Severity::Warning,
            "a VRRPv3 BACKUP goes by the MASTER's interval, so how fast a takeover is depends on \
             who is MASTER",
        )
    };
    let text = format!("advert_int differs: {intervals}: {what}");
    let finding = Finding::new(Code::PairAdvertInt, severity, text);
    part.findings.push(finding.everywhere(group, "advert_int"));
}

fn authentication(part: &mut Part, group: &Group<'_>) {
    let trailers = trailers(part, group);
    if !group.same(|router| kind(router.auth)) {
        let kinds = values(group, "auth_type", |m| {
            match m.router().auth {
                Auth::None => "none",
                Auth::Pass(_) => "PASS",
                Auth::Ah(_) => "AH",
            }
            .to_owned()
        });
        let text = format!(
            "the authentication differs: {kinds}: each drops the other's adverts, each is MASTER"
        );
        let finding = Finding::new(Code::PairAuthType, Severity::Error, text);
        part.findings.push(finding.everywhere(group, "auth_type"));
    } else if !group.same(|router| router.auth) {
        let places: Vec<String> = group.members.iter().map(|m| m.place("auth_pass")).collect();
        let text = format!(
            "the password differs ({}): each drops the other's adverts, each is MASTER; only the \
             first 8 bytes count",
            some(&places)
        );
        let finding = Finding::new(Code::PairPassword, Severity::Error, text);
        part.findings.push(finding.everywhere(group, "auth_pass"));
    } else if trailers {
        part.agree.push("authentication");
    }
}

/// True where all fit each other.
fn trailers(part: &mut Part, group: &Group<'_>) -> bool {
    let before = part.findings.len();
    for from in &group.members {
        for to in &group.members {
            let deaf = hear::obstacles(from, to);
            let (code, what) = if deaf.contains(&Deaf::Trailer) {
                (Code::PairAuthType, "auth_hmac is not the same")
            } else if deaf.contains(&Deaf::Key) {
                (
                    Code::PairPassword,
                    "the active key of auth_hmac is not the same",
                )
            } else {
                continue;
            };
            let text = format!(
                "{what} on {} ({}) and {} ({}): {} drops the adverts of {}",
                from.node,
                from.place_of_list("auth_hmac"),
                to.node,
                to.place_of_list("auth_hmac"),
                to.node,
                from.node
            );
            part.findings
                .push(Finding::new(code, Severity::Error, text));
        }
    }
    part.findings.len() == before
}

/// The advertised addresses, and those beside them.
fn addresses(part: &mut Part, group: &Group<'_>) {
    if !group.same(|router| router.family) {
        return;
    }
    let before = part.findings.len();
    let listed = |member: &Member<'_>| set(&member.router().addresses);
    let excluded = |member: &Member<'_>| set(&member.router().excluded);
    only_somewhere(part, group, "virtual_ipaddress", &listed);
    only_somewhere(part, group, "virtual_ipaddress_excluded", &excluded);
    lengths(part, group);
    if part.findings.len() == before {
        part.agree.push("virtual addresses");
    }
}

fn set(addresses: &[VirtualAddress]) -> BTreeSet<IpAddr> {
    addresses.iter().map(|address| address.address).collect()
}

fn only_somewhere(
    part: &mut Part,
    group: &Group<'_>,
    list: &str,
    of: &dyn Fn(&Member<'_>) -> BTreeSet<IpAddr>,
) {
    let all: BTreeSet<IpAddr> = group.members.iter().flat_map(of).collect();
    let mut lines = Vec::new();
    for member in &group.members {
        let own = of(member);
        let lacking: Vec<String> = all.difference(&own).map(ToString::to_string).collect();
        if !lacking.is_empty() {
            lines.push((member, lacking));
        }
    }
    for (member, lacking) in lines {
        let advertised = list == "virtual_ipaddress";
        let rest = if advertised {
            "; both log that the lists differ (keepalived before 2.3.3 drops such adverts, and both \
             are MASTER)"
        } else {
            ""
        };
        let text = format!(
            "{} does not have {} in {list} ({}): while it is MASTER, nobody holds {}{rest}",
            member.node,
            some(&lacking),
            member.place_of_list(list),
            if lacking.len() == 1 {
                "that address"
            } else {
                "those addresses"
            },
        );
        let finding = Finding::new(Code::PairAddresses, Severity::Warning, text);
        part.findings.push(finding.everywhere(group, list));
    }
}

/// One address with several prefix lengths.
fn lengths(part: &mut Part, group: &Group<'_>) {
    let list = "virtual_ipaddress";
    let Some(first) = group.members.first() else {
        return;
    };
    for address in &first.router().addresses {
        let lengths: Vec<(&Member<'_>, u8)> = group
            .members
            .iter()
            .filter_map(|member| {
                let mut others = member.router().addresses.iter();
                let same = others.find(|other| other.address == address.address)?;
                Some((member, same.prefix))
            })
            .collect();
        if lengths.iter().all(|(_, length)| *length == address.prefix) {
            continue;
        }
        let key = address.address.to_string();
        let each: Vec<String> = lengths
            .iter()
            .map(|(member, length)| format!("/{length} ({})", member.place_of_entry(list, &key)))
            .collect();
        let text = format!(
            "the prefix length of {key} differs: {}: its network is reached in another way after a \
             takeover",
            some(&each)
        );
        part.findings
            .push(Finding::new(Code::PairAddresses, Severity::Warning, text));
    }
}

/// Priorities, `state`, preemption.
fn election(part: &mut Part, group: &Group<'_>, elected: &Elected) {
    let owners = group
        .members
        .iter()
        .filter(|member| member.router().priority.is_owner())
        .count();
    if owners > 1 {
        two_owners(part, group);
    } else if owners == 0 {
        equal_priorities(part, group, elected);
    }
    two_masters(part, group);
    preemption(part, group);
}

fn two_owners(part: &mut Part, group: &Group<'_>) {
    let owners = values(group, "priority", |m| m.router().priority.to_string());
    let text = format!(
        "more than one owner: priority {owners}: each is MASTER at once when it starts and none \
         yields by its priority; only one node may have 255"
    );
    let finding = Finding::new(Code::PairTwoOwners, Severity::Error, text);
    part.findings.push(finding.everywhere(group, "priority"));
}

fn equal_priorities(part: &mut Part, group: &Group<'_>, elected: &Elected) {
    let priorities: Vec<u8> = elect::candidates(group, None)
        .iter()
        .map(|candidate| candidate.priority)
        .collect();
    let Some(best) = priorities.iter().copied().max() else {
        return;
    };
    let equals: Vec<&Member<'_>> = group
        .members
        .iter()
        .zip(&priorities)
        .filter(|(_, priority)| **priority == best)
        .map(|(member, _)| member)
        .collect();
    if equals.len() < 2 {
        return;
    }
    let places: Vec<String> = equals.iter().map(|m| m.place("priority")).collect();
    let highest = equals.iter().filter_map(|member| member.source()).max();
    let winner = match highest {
        Some(address) if !elected.tie => format!("the higher address ({address})"),
        _ => "the higher address".to_owned(),
    };
    let nopreempt = equals.iter().all(|member| member.router().nopreempt);
    let (severity, rest) = if nopreempt {
        (Severity::Note, "; with nopreempt the first MASTER stays")
    } else {
        (Severity::Warning, "")
    };
    let text = format!(
        "equal priority {best} ({}): {winner} wins every tie{rest}",
        some(&places)
    );
    let finding = Finding::new(Code::PairEqualPriority, severity, text);
    part.findings.push(finding.everywhere(group, "priority"));
}

/// `state MASTER` on several nodes.
fn two_masters(part: &mut Part, group: &Group<'_>) {
    let masters: Vec<&Member<'_>> = group
        .members
        .iter()
        .filter(|member| {
            let router = member.router();
            router.initial_state == InitialState::Master && !router.priority.is_owner()
        })
        .collect();
    if masters.len() < 2 {
        return;
    }
    let places: Vec<String> = masters.iter().map(|m| m.place("state")).collect();
    let text = format!(
        "state MASTER on several nodes ({}): harmless by itself: all listen first, and the \
         priority decides",
        some(&places)
    );
    let finding = Finding::new(Code::PairTwoMasters, Severity::Note, text);
    part.findings.push(finding.everywhere(group, "state"));
}

fn preemption(part: &mut Part, group: &Group<'_>) {
    if group.same(|router| router.nopreempt) {
        return;
    }
    let best = group.members.iter().map(|m| m.router().priority).max();
    let idle: Vec<String> = group
        .members
        .iter()
        .filter(|m| m.router().nopreempt && Some(m.router().priority) != best)
        .map(|m| m.place("nopreempt"))
        .collect();
    let on: Vec<String> = group
        .members
        .iter()
        .filter(|m| m.router().nopreempt)
        .map(|m| m.place("nopreempt"))
        .collect();
    let (severity, what) = if idle.is_empty() {
        (
            Severity::Note,
            "the best node leaves the address where it is when it comes back, the others take it \
             from nodes below them",
        )
    } else {
        (
            Severity::Warning,
            "the best node takes the address back all the same; `nopreempt` belongs on the node \
             with the highest priority, or on all",
        )
    };
    let text = format!(
        "nopreempt is not on all nodes, only at {}: {what}",
        some(&on)
    );
    let finding = Finding::new(Code::PairPreempt, severity, text);
    part.findings.push(finding.everywhere(group, "nopreempt"));
}

/// Nodes without this virtual router.
fn missing(part: &mut Part, group: &Group<'_>, nodes: &[Node<'_>]) {
    let without: Vec<&str> = nodes
        .iter()
        .enumerate()
        .filter(|(at, node)| {
            node.loaded.config.is_some() && !group.members.iter().any(|m| m.index == *at)
        })
        .map(|(_, node)| node.name)
        .collect();
    if without.is_empty() || nodes.len() < 2 {
        return;
    }
    let there: Vec<String> = group.members.iter().map(Member::start).collect();
    let what = if group.members.len() == 1 {
        "nobody takes its addresses over when that node fails"
    } else {
        "those nodes never take its addresses"
    };
    let text = format!(
        "{} has no such instance, it is only at {}: {what}",
        some(&without),
        some(&there)
    );
    part.findings
        .push(Finding::new(Code::PairOneSided, Severity::Warning, text));
}

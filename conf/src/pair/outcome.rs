//! Who holds the addresses in the end.

use super::elect::Elected;
use super::finding::{list, some};
use super::group::{Group, Member};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// How a virtual router ends up if all nodes are started like this.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Names of the nodes that are MASTER; of several candidates where a tie decides.
    pub(super) masters: Vec<String>,
    /// `web1 holds 192.0.2.1`.
    pub(super) text: String,
}

impl Outcome {
    pub(super) fn new(group: &Group<'_>, elected: Elected) -> Self {
        let masters: Vec<&Member<'_>> = elected
            .masters
            .iter()
            .filter_map(|at| group.members.get(*at))
            .collect();
        let names = |members: &[&Member<'_>]| members.iter().map(|m| m.node.to_owned()).collect();
        if !elected.settled {
            let all: Vec<&Member<'_>> = group.members.iter().collect();
            let nodes: Vec<String> = names(&all);
            return Self {
                text: format!("the role goes to and fro between {}", list(&nodes)),
                masters: nodes,
            };
        }
        if let ([_], true) = (masters.as_slice(), elected.tie) {
            return Self::tie(group);
        }
        let mut text = match masters.as_slice() {
            several @ [_, _, ..] => together(several, group.members.len()),
            alone => alone.iter().map(|m| alone_holds(m)).collect(),
        };
        text.push_str(&unheld(group, &masters));
        Self {
            masters: names(&masters),
            text,
        }
    }

    /// The address decides, and it is not in the files.
    fn tie(group: &Group<'_>) -> Self {
        let nodes: Vec<String> = group.members.iter().map(|m| m.node.to_owned()).collect();
        let held = group.members.first().map_or_else(String::new, addresses);
        Self {
            text: format!(
                "one of {} holds {held}, the higher address decides",
                list(&nodes)
            ),
            masters: nodes,
        }
    }
}

/// Several masters.
fn together(masters: &[&Member<'_>], of: usize) -> String {
    let nodes: Vec<&str> = masters.iter().map(|master| master.node).collect();
    let sets: BTreeSet<BTreeSet<IpAddr>> = masters.iter().map(|m| all(m)).collect();
    if sets.len() > 1 {
        let each: Vec<String> = masters.iter().map(|master| alone_holds(master)).collect();
        return each.join("; ");
    }
    let held = masters.first().map_or_else(String::new, |m| addresses(m));
    match nodes.len() {
        2 if of == 2 => format!("both nodes hold {held}"),
        number if number == of => format!("all {number} nodes hold {held}"),
        _ => format!("{} hold {held}", list(&nodes)),
    }
}

fn alone_holds(master: &Member<'_>) -> String {
    format!("{} holds {}", master.node, addresses(master))
}

fn all(member: &Member<'_>) -> BTreeSet<IpAddr> {
    let router = member.router();
    let addresses = router.addresses.iter().chain(&router.excluded);
    addresses.map(|address| address.address).collect()
}

fn addresses(member: &Member<'_>) -> String {
    let router = member.router();
    let addresses: Vec<String> = router
        .addresses
        .iter()
        .chain(&router.excluded)
        .map(|address| address.address.to_string())
        .collect();
    if addresses.is_empty() {
        return "the role (there is no address)".to_owned();
    }
    some(&addresses)
}

/// Addresses that only those have who are not MASTER.
fn unheld(group: &Group<'_>, masters: &[&Member<'_>]) -> String {
    let held: BTreeSet<IpAddr> = masters.iter().flat_map(|m| all(m)).collect();
    let wanted: BTreeSet<IpAddr> = group.members.iter().flat_map(all).collect();
    let rest: Vec<String> = wanted.difference(&held).map(ToString::to_string).collect();
    if rest.is_empty() {
        return String::new();
    }
    format!("; nobody holds {}", some(&rest))
}

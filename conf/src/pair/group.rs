//! Which instances of several nodes are one virtual router.

use super::Node;
use crate::Loaded;
use crate::model::{Family, IfName, Transport, VirtualRouter, Vrid, VrrpInstance};
use crate::origin::Origin;
use crate::print::plain;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// An instance of a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member<'a> {
    /// Number of the node.
    pub(super) index: usize,
    /// Name of the node.
    pub(super) node: &'a str,
    pub(super) instance: &'a VrrpInstance,
    loaded: &'a Loaded,
}

impl<'a> Member<'a> {
    pub(super) const fn router(&self) -> &'a VirtualRouter {
        &self.instance.router
    }

    /// The block of the instance, as origins name it.
    fn block(&self) -> String {
        format!("vrrp_instance {}", self.router().name)
    }

    /// Where a word of the instance is set; words of `authentication` as well.
    pub(super) fn origin(&self, word: &str) -> Option<Origin> {
        let block = self.block();
        self.loaded.origin(&block, word).or_else(|| {
            let inside = format!("{block} / authentication");
            self.loaded.origin(&inside, word)
        })
    }

    /// The place of a list, else of the instance.
    pub(super) fn place_of_list(&self, list: &str) -> String {
        match self.origin(list) {
            Some(origin) => self.show(&origin),
            None => self.start(),
        }
    }

    /// `web1:31`; the name of the node alone where it is a default.
    pub(super) fn place(&self, word: &str) -> String {
        match self.origin(word) {
            Some(origin) => self.show(&origin),
            None => self.node.to_owned(),
        }
    }

    /// The place of a line of a list, else of the list, else the node.
    pub(super) fn place_of_entry(&self, list: &str, entry: &str) -> String {
        let inside = format!("{} / {list}", self.block());
        let origin = self.loaded.origin_of_entry(&inside, entry);
        match origin {
            Some(origin) => self.show(&origin),
            None => self.place(list),
        }
    }

    /// Where the instance begins.
    pub(super) fn start(&self) -> String {
        match self.loaded.origin_of_block(&self.block()) {
            Some(origin) => self.show(&origin),
            None => self.node.to_owned(),
        }
    }

    /// `web1:31` in the node's own file, `web1 vrrp.d/a.conf:31` in one that it includes.
    fn show(&self, origin: &Origin) -> String {
        if self.loaded.report.is_main(&origin.file) {
            format!("{}:{}", self.node, origin.line)
        } else {
            format!(
                "{} {}:{}",
                self.node,
                crate::diag::escape(&origin.file),
                origin.line
            )
        }
    }

    /// The configured source of its adverts.
    pub(super) const fn source(&self) -> Option<IpAddr> {
        match self.router().transport {
            Transport::Multicast { source, .. } | Transport::Unicast { source, .. } => source,
        }
    }
}

/// One virtual router: at most one instance of each node.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) members: Vec<Member<'a>>,
}

impl Group<'_> {
    /// `VI_1 / VI_1`.
    pub(super) fn name(&self) -> String {
        let names: Vec<String> = self
            .members
            .iter()
            .map(|member| plain(member.router().name.as_str()))
            .collect();
        names.join(" / ")
    }

    /// True where all members give the same.
    pub(super) fn same<T: PartialEq>(&self, of: impl Fn(&VirtualRouter) -> T) -> bool {
        let mut values = self.members.iter().map(|member| of(member.router()));
        let first = values.next();
        values.all(|value| Some(&value) == first.as_ref())
    }
}

/// All virtual routers, in the order in which they are first named.
pub(super) fn groups<'a>(nodes: &[Node<'a>]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let Some(config) = &node.loaded.config else {
            continue;
        };
        let members = config.instances.iter().map(|instance| Member {
            index,
            node: node.name,
            instance,
            loaded: node.loaded,
        });
        join(&mut groups, members.collect());
    }
    groups
}

/// What two instances that are one virtual router have in common; [`likeness`] is 0 without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Common<'a> {
    Name(&'a str),
    Address(IpAddr),
    /// The number, on an interface of the same name.
    Number(Vrid, Family, &'a IfName),
    /// The number, and the address that one sends from and the other sends to.
    Path(Vrid, Family, IpAddr),
}

/// All that an instance may have in common with another one.
fn commons(router: &VirtualRouter) -> impl Iterator<Item = Common<'_>> {
    let (vrid, family) = (router.vrid, router.family);
    let name = std::iter::once(Common::Name(router.name.as_str()));
    let addresses = router.addresses.iter();
    let addresses = addresses.map(|address| Common::Address(address.address));
    let number = router.interface.iter();
    let number = number.map(move |interface| Common::Number(vrid, family, interface));
    let (source, peers) = match &router.transport {
        Transport::Unicast { source, peers, .. } => (*source, peers.as_slice()),
        Transport::Multicast { .. } => (None, &[][..]),
    };
    let ends = source
        .into_iter()
        .chain(peers.iter().map(|peer| peer.address));
    let ends = ends.map(move |end| Common::Path(vrid, family, end));
    name.chain(addresses).chain(number).chain(ends)
}

/// Groups that have one thing in common: more of them are no sign of anything, and looking at each
/// for each would take the square of the time.
const MAX_ALIKE: usize = 16;

/// The groups for each thing that an instance may have in common with them.
fn index<'a>(groups: &[Group<'a>]) -> BTreeMap<Common<'a>, BTreeSet<usize>> {
    let mut index: BTreeMap<_, BTreeSet<usize>> = BTreeMap::new();
    for (place, group) in groups.iter().enumerate() {
        for common in group
            .members
            .iter()
            .flat_map(|member| commons(member.router()))
        {
            let places = index.entry(common).or_default();
            if places.len() < MAX_ALIKE {
                places.insert(place);
            }
        }
    }
    index
}

/// Puts the instances of one more node to those that they fit best.
fn join<'a>(groups: &mut Vec<Group<'a>>, members: Vec<Member<'a>>) {
    let index = index(groups);
    let mut matches = Vec::new();
    for (at, member) in members.iter().enumerate() {
        let places: BTreeSet<usize> = commons(member.router())
            .filter_map(|common| index.get(&common))
            .flatten()
            .copied()
            .collect();
        for place in places {
            let others = groups
                .get(place)
                .into_iter()
                .flat_map(|group| &group.members);
            let score = others
                .map(|other| likeness(other.router(), member.router()))
                .max();
            if let Some(score) = score.filter(|score| *score > 0) {
                matches.push((std::cmp::Reverse(score), at, place));
            }
        }
    }
    matches.sort_unstable();
    let (mut placed, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for (_, at, place) in matches {
        if placed.contains(&at) || taken.contains(&place) {
            continue;
        }
        if let (Some(group), Some(member)) = (groups.get_mut(place), members.get(at)) {
            group.members.push(*member);
            placed.insert(at);
            taken.insert(place);
        }
    }
    let alone = members
        .into_iter()
        .enumerate()
        .filter(|(at, _)| !placed.contains(at));
    groups.extend(alone.map(|(_, member)| Group {
        members: vec![member],
    }));
}

/// How much speaks for two instances being one virtual router; 0 for nothing.
fn likeness(a: &VirtualRouter, b: &VirtualRouter) -> u8 {
    let number = a.vrid == b.vrid && a.family == b.family;
    let interface = a.interface.is_some() && a.interface == b.interface;
    let name = a.name == b.name;
    let addresses = a
        .addresses
        .iter()
        .any(|one| b.addresses.iter().any(|other| other.address == one.address));
    if !(name || addresses || number && (interface || are_peers(a, b))) {
        return 0;
    }
    [(number, 4), (name, 3), (addresses, 3), (interface, 1)]
        .into_iter()
        .filter(|(there, _)| *there)
        .map(|(_, points)| points)
        .sum()
}

/// One sends its adverts to the other.
fn are_peers(a: &VirtualRouter, b: &VirtualRouter) -> bool {
    let sends = |from: &Transport, to: &Transport| match (from, to) {
        (
            Transport::Unicast { peers, .. },
            Transport::Unicast {
                source: Some(to), ..
            },
        ) => peers.iter().any(|peer| peer.address == *to),
        _ => false,
    };
    sends(&a.transport, &b.transport) || sends(&b.transport, &a.transport)
}

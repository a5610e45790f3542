//! Instances against each other.

use crate::diag::{Code, Diagnostic, quote};
use crate::keyword::Word;
use crate::lower::entry::EntryKind;
use crate::lower::{Blocks, Context, Named};
use crate::model::{IfName, OwnLinkKind, Statics, Transport, VirtualRouter, VrrpInstance};
use crate::source::Span;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

pub(super) fn check(cx: &mut Context<'_>, instances: &[(&Named, VrrpInstance)]) {
    same_vrid(cx, instances);
    same_address(cx, instances);
    same_link(cx, instances);
}

/// The first routers of one number.
#[derive(Default)]
struct Firsts<'a> {
    any: Option<&'a Named>,
    unicast: Option<&'a Named>,
    /// In each multicast group.
    group: BTreeMap<IpAddr, &'a Named>,
}

impl<'a> Firsts<'a> {
    /// Adds a router. Gives one that hears its adverts as its own.
    fn add(&mut self, block: &'a Named, router: &VirtualRouter) -> Option<&'a Named> {
        let any = *self.any.get_or_insert(block);
        let other = match &router.transport {
            Transport::Multicast { group, .. } => {
                let same_group = *self.group.entry(*group).or_insert(block);
                self.unicast.unwrap_or(same_group)
            }
            Transport::Unicast { .. } => {
                self.unicast.get_or_insert(block);
                any
            }
        };
        (!std::ptr::eq(other, block)).then_some(other)
    }
}

fn same_vrid(cx: &mut Context<'_>, instances: &[(&Named, VrrpInstance)]) {
    let mut seen: BTreeMap<_, Firsts<'_>> = BTreeMap::new();
    for entry in instances {
        let router = &entry.1.router;
        let key = (&router.interface, router.family, router.vrid);
        if let Some(first) = seen.entry(key).or_default().add(entry.0, router) {
            let text = format!(
                "{} and {} both use VRID {} with {}{}",
                quote(&first.name),
                quote(&entry.0.name),
                router.vrid,
                router.family,
                router
                    .interface
                    .as_ref()
                    .map_or(String::new(), |interface| format!(" on {interface}")),
            );
            let place = |block: &Named| block.settings.span(Word::VirtualRouterId, block.span);
            cx.push(
                Diagnostic::error(Code::SameVrid, place(entry.0), text)
                    .label("used again here")
                    .also(place(first), "first set here")
                    .help("give one of them another number, on all nodes"),
            );
        }
    }
}

/// One address in two instances: both add and remove it.
fn same_address(cx: &mut Context<'_>, instances: &[(&Named, VrrpInstance)]) {
    let mut seen: BTreeMap<_, &Named> = BTreeMap::new();
    for (block, instance) in instances {
        let router = &instance.router;
        for address in router.addresses.iter().chain(&router.excluded) {
            let interface = address.dev.as_ref().or(router.interface.as_ref());
            let key = (interface, address.address);
            match seen.get(&key) {
                Some(first) if first.name == block.name => {}
                Some(_) if cx.said.is_full() => return,
                Some(first) => {
                    let text = format!(
                        "{} is in {} and in {}",
                        address.address,
                        quote(&first.name),
                        quote(&block.name)
                    );
                    cx.push(
                        Diagnostic::warning(Code::SameAddress, place(block, address.address), text)
                            .label("here again")
                            .also(place(first, address.address), "first here")
                            .because("the one that leaves MASTER takes it away from the other"),
                    );
                }
                None => {
                    seen.insert(key, block);
                }
            }
        }
    }
}

/// An address that is there in any case and moves as well.
pub(in crate::lower) fn also_static(
    cx: &mut Context<'_>,
    blocks: &Blocks,
    instances: &[VrrpInstance],
    statics: &Statics,
) {
    let fixed: BTreeSet<(Option<&IfName>, IpAddr)> = statics
        .addresses
        .iter()
        .map(|line| (line.address.dev.as_ref(), line.address.address))
        .collect();
    for instance in instances {
        let router = &instance.router;
        for address in router.addresses.iter().chain(&router.excluded) {
            let interface = address.dev.as_ref().or(router.interface.as_ref());
            if !fixed.contains(&(interface, address.address)) || cx.said.is_full() {
                continue;
            }
            let name = router.name.as_str();
            let Some(block) = blocks.instances.iter().find(|block| block.name == name) else {
                continue;
            };
            let text = format!(
                "{} is in `static_ipaddress` and in {}",
                address.address,
                quote(name)
            );
            let mut diagnostic =
                Diagnostic::warning(Code::SameAddress, place(block, address.address), text)
                    .label("it moves")
                    .because("every node would hold it, whoever is MASTER");
            if let Some(first) = static_place(blocks, address.address) {
                diagnostic = diagnostic.also(first, "it stays");
            }
            cx.push(diagnostic);
        }
    }
}

/// Where an address is written in `static_ipaddress`.
fn static_place(blocks: &Blocks, address: IpAddr) -> Option<Span> {
    blocks
        .root
        .entries(Word::StaticIpaddress)
        .find(|entry| match &entry.kind {
            EntryKind::StaticAddress(line) => line.address.address == address,
            _ => false,
        })
        .map(|entry| entry.span)
}

/// Where an address is written in an instance.
fn place(block: &Named, address: IpAddr) -> Span {
    [Word::VirtualIpaddress, Word::VirtualIpaddressExcluded]
        .into_iter()
        .flat_map(|word| block.settings.entries(word))
        .find(|entry| match &entry.kind {
            EntryKind::Address(line) => line.address == address,
            _ => false,
        })
        .map_or(block.span, |entry| entry.span)
}

/// Two instances that make an interface of one name, or one that another instance runs on.
fn same_link(cx: &mut Context<'_>, instances: &[(&Named, VrrpInstance)]) {
    let word = |instance: &VrrpInstance| match instance.link.as_ref().map(|link| link.kind) {
        Some(OwnLinkKind::Ipvlan { .. }) => Word::UseIpvlan,
        Some(OwnLinkKind::Vmac { .. }) | None => Word::UseVmac,
    };
    let mut seen: BTreeMap<&IfName, (&Named, Span)> = instances
        .iter()
        .filter_map(|(block, instance)| {
            let place = block.settings.span(Word::Interface, block.span);
            Some((instance.router.interface.as_ref()?, (*block, place)))
        })
        .collect();
    for (block, instance) in instances {
        let Some(name) = instance.link.as_ref().and_then(|link| link.name.as_ref()) else {
            continue;
        };
        let place = block.settings.span(word(instance), block.span);
        if let Some((_, first)) = seen.insert(name, (block, place)) {
            let text = format!("interface {} is made and used twice", quote(name.as_str()));
            cx.push(
                Diagnostic::error(Code::SameLink, place, text)
                    .label("made here")
                    .also(first, "the other use")
                    .help("give each instance an interface name of its own"),
            );
        }
    }
}

//! The virtual addresses of an instance, and the family that follows from them.

use super::{Basics, Scope};
use crate::HostFact;
use crate::diag::{Code, Diagnostic};
use crate::keyword::Word;
use crate::lower::Context;
use crate::lower::entry::{Entry, EntryKind};
use crate::model::{Family, Version, VirtualAddress};
use crate::source::Span;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Addresses that the count of an advert can name (RFC 9568 section 5.2.5).
const MOST_V4: usize = 255;

/// IPv6 addresses that fit an Ethernet frame of 1,500 bytes behind 40 and 8 bytes of headers.
const MOST_V6: usize = 90;

/// Family of the first virtual address, else of the peers or the source; else IPv4.
pub(super) fn family(scope: &Scope<'_>) -> Family {
    let virtual_address = scope
        .own
        .entries(Word::VirtualIpaddress)
        .find_map(|entry| Some(virtual_address(entry)?.address));
    let peer = || {
        scope
            .own
            .entries(Word::UnicastPeer)
            .find_map(|entry| match &entry.kind {
                EntryKind::Peer(peer) => Some(peer.address),
                _ => None,
            })
    };
    let source = || {
        [Word::UnicastSrcIp, Word::McastSrcIp, Word::McastDstIp]
            .into_iter()
            .find_map(|word| scope.own.address(word))
    };
    virtual_address
        .or_else(peer)
        .or_else(source)
        .map_or(Family::V4, Family::of)
}

fn virtual_address(entry: &Entry) -> Option<&VirtualAddress> {
    match &entry.kind {
        EntryKind::Address(address) => Some(address),
        _ => None,
    }
}

/// Advertised and excluded addresses.
pub(super) fn both(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    basics: Basics,
) -> (Vec<VirtualAddress>, Vec<VirtualAddress>) {
    let mut seen = BTreeMap::new();
    let mut addresses = list(cx, scope, Word::VirtualIpaddress, &mut seen);
    let mut excluded = list(cx, scope, Word::VirtualIpaddressExcluded, &mut seen);
    mixed(cx, scope, basics.family);
    if addresses.is_empty() {
        without_addresses(cx, scope, basics);
    }
    let most = match basics.family {
        Family::V4 => MOST_V4,
        Family::V6 => MOST_V6,
    };
    if addresses.len() > most {
        let text = format!(
            "an advert can carry {most} addresses, not {}",
            addresses.len()
        );
        cx.push(
            Diagnostic::warning(Code::TooManyAddresses, scope.block.span, text)
                .label("the last ones are held, but not advertised")
                .help("move some to `virtual_ipaddress_excluded` on all nodes"),
        );
        let mut rest = addresses.split_off(most);
        rest.append(&mut excluded);
        excluded = rest;
    }
    (addresses, excluded)
}

/// The addresses of one list; those that are there already are errors.
fn list(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    word: Word,
    seen: &mut BTreeMap<IpAddr, Span>,
) -> Vec<VirtualAddress> {
    let mut list = Vec::new();
    for entry in scope.own.entries(word) {
        let Some(address) = virtual_address(entry) else {
            continue;
        };
        if let Some(dev) = &address.dev {
            cx.need(HostFact::Interface(dev.clone()), &scope.subject, entry.span);
        }
        unreachable(cx, address.address, entry.span);
        if address.use_vmac {
            covered(cx, scope, address, entry.span);
        }
        match seen.get(&address.address) {
            Some(first) => {
                let text = format!("{} is there twice", address.address);
                cx.push(
                    Diagnostic::error(Code::SameAddress, entry.span, text)
                        .label("second one")
                        .also(*first, "first one")
                        .help("leave one out, on all nodes: peers compare their lists"),
                );
            }
            None => {
                seen.insert(address.address, entry.span);
                list.push(address.clone());
            }
        }
    }
    list
}

/// An address that no other host can reach; the kernel takes most of them all the same.
fn unreachable(cx: &mut Context<'_>, address: IpAddr, span: Span) {
    let kind = match address {
        _ if address.is_unspecified() => "means no host",
        _ if address.is_multicast() => "is that of a group of hosts",
        _ if address.is_loopback() => "never leaves the machine",
        IpAddr::V4(v4) if v4.is_broadcast() => "means all hosts",
        IpAddr::V4(_) | IpAddr::V6(_) => return,
    };
    cx.push(
        Diagnostic::warning(Code::NotAnAddress, span, format!("{address} {kind}"))
            .label("no other host can reach it"),
    );
}

/// `use_vmac` on an address that has a VMAC anyway.
fn covered(cx: &mut Context<'_>, scope: &Scope<'_>, address: &VirtualAddress, span: Span) {
    let own = scope.own.interface(Word::Interface);
    let elsewhere = address.dev.is_some() && address.dev != own;
    let word = if elsewhere {
        Word::UseVmacAddr
    } else {
        Word::UseVmac
    };
    if let Some(setting) = scope.own.get(word) {
        let text = format!("`use_vmac` has no effect on {}", address.address);
        cx.push(
            Diagnostic::warning(Code::IdleWord, span, text)
                .label("this address has a VMAC anyway")
                .also(setting.head, "because of this"),
        );
    }
}

/// One advert carries addresses of one family.
fn mixed(cx: &mut Context<'_>, scope: &Scope<'_>, family: Family) {
    let first = scope.own.entries(Word::VirtualIpaddress).next();
    let other = scope.own.entries(Word::VirtualIpaddress).find(|entry| {
        virtual_address(entry).is_some_and(|address| Family::of(address.address) != family)
    });
    if let (Some(first), Some(other)) = (first, other) {
        let text = "IPv4 and IPv6 addresses in one `virtual_ipaddress`";
        cx.push(
            Diagnostic::error(Code::MixedFamilies, other.span, text)
                .label("this one is of another family")
                .also(first.span, format!("the first one is {family}"))
                .help("put it into `virtual_ipaddress_excluded`, or into an instance of its own"),
        );
    }
}

fn without_addresses(cx: &mut Context<'_>, scope: &Scope<'_>, basics: Basics) {
    let meant = scope.own.has(Word::NoVirtualIpaddress) && !basics.strict;
    if meant || scope.own.failed(Word::VirtualIpaddress) || cx.said.is_incomplete() {
        return;
    }
    let text = "this instance has no virtual address";
    let span = scope.block.span;
    let needed = basics.strict || basics.version == Version::V3;
    cx.push(if needed {
        let why = if basics.strict {
            "strict mode"
        } else {
            "VRRPv3"
        };
        Diagnostic::error(Code::NoAddresses, span, text)
            .label(format!("{why} needs a `virtual_ipaddress`"))
    } else {
        Diagnostic::warning(Code::NoAddresses, span, text)
            .label("it is elected, but nothing moves")
            .help("say `no_virtual_ipaddress` if that is meant")
    });
}

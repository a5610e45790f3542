//! How adverts travel.

use super::{Basics, Scope};
use crate::diag::{Code, Diagnostic};
use crate::keyword::{self, Section, Word};
use crate::lower::Context;
use crate::lower::entry::EntryKind;
use crate::model::{Family, Peer, Transport};
use crate::source::Span;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// RFC 9568 section 5.1.1.2.
const GROUP_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18));
/// RFC 9568 section 5.1.2.2.
const GROUP_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12));

/// None where something is wrong with it.
pub(super) fn transport(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    basics: Basics,
) -> Option<Transport> {
    if !scope.own.has(Word::UnicastPeer) {
        if scope.own.failed(Word::UnicastPeer) || never_up(cx, scope) {
            return None;
        }
        idle_unicast_words(cx, scope);
        return Some(Transport::Multicast {
            group: group(cx, scope, basics.family)?,
            source: source(cx, scope, Word::McastSrcIp, basics.family)?,
        });
    }
    let peers = peers(cx, scope, basics.family)?;
    if scope.own.failed(Word::UnicastPeer) {
        return None;
    }
    if peers.is_empty() {
        if never_up(cx, scope) {
            return None;
        }
        no_peers(cx, scope);
        return Some(Transport::Multicast {
            group: group(cx, scope, basics.family)?,
            source: source(cx, scope, Word::McastSrcIp, basics.family)?,
        });
    }
    if basics.strict {
        strict_unicast(cx, scope);
    }
    idle_multicast_words(cx, scope);
    let limited = peers
        .iter()
        .any(|peer| peer.min_ttl.is_some() || peer.max_ttl.is_some());
    Some(Transport::Unicast {
        source: source(cx, scope, Word::UnicastSrcIp, basics.family)?,
        peers,
        ttl: scope.own.number(Word::UnicastTtl),
        check_source: limited
            || scope.own.has(Word::CheckUnicastSrc)
            || scope.global.has(Word::CheckUnicastSrc),
    })
}

/// Words of unicast without a list of peers.
fn idle_unicast_words(cx: &mut Context<'_>, scope: &Scope<'_>) {
    for word in [
        Word::UnicastSrcIp,
        Word::UnicastTtl,
        Word::CheckUnicastSrc,
        Word::OldUnicastChecksum,
    ] {
        if let Some(setting) = scope.own.get(word) {
            let name = keyword::name_in(Section::Instance, word);
            let text = format!("`{name}` without `unicast_peer`");
            cx.push(
                Diagnostic::warning(Code::NoPeers, setting.head, text)
                    .label("adverts are sent by multicast, as with keepalived")
                    .help("list the other nodes in `unicast_peer { … }`"),
            );
        }
    }
}

/// `unicast_fault_no_peer` without a peer: nothing but another configuration would ever end that
/// FAULT.
fn never_up(cx: &mut Context<'_>, scope: &Scope<'_>) -> bool {
    let Some(setting) = scope.own.get(Word::UnicastFaultNoPeer) else {
        return false;
    };
    let mut diagnostic = Diagnostic::error(
        Code::NoPeers,
        setting.head,
        "this instance would stay in FAULT for ever",
    )
    .label("so says this where there is no peer");
    if let Some(list) = scope.own.get(Word::UnicastPeer) {
        diagnostic = diagnostic.also(list.head, "the empty list");
    }
    cx.push(diagnostic.help("list the other nodes in `unicast_peer { … }`"));
    true
}

/// Words of multicast beside a list of peers.
fn idle_multicast_words(cx: &mut Context<'_>, scope: &Scope<'_>) {
    for (word, instead) in [
        (Word::McastSrcIp, Some("write `unicast_src_ip` for unicast")),
        (Word::McastDstIp, None),
    ] {
        let (Some(setting), Some(peers)) = (scope.own.get(word), scope.own.get(Word::UnicastPeer))
        else {
            continue;
        };
        let name = keyword::name_in(Section::Instance, word);
        let text = format!("`{name}` has no effect here");
        cx.push(
            Diagnostic::warning(Code::IdleWord, setting.head, text)
                .label("it is for multicast")
                .also(peers.head, "adverts go to these")
                .maybe_help(instead.map(str::to_owned)),
        );
    }
}

fn strict_unicast(cx: &mut Context<'_>, scope: &Scope<'_>) {
    if !scope.own.has(Word::Interface) {
        return;
    }
    let place = scope
        .own
        .get(Word::UnicastPeer)
        .map_or(scope.block.span, |s| s.head);
    let strict = scope
        .own
        .get(Word::Strict)
        .or_else(|| scope.global.get(Word::Strict));
    let mut diagnostic = Diagnostic::error(
        Code::StrictUnicast,
        place,
        "strict mode allows no unicast on an interface that has multicast",
    );
    if let Some(strict) = strict {
        diagnostic = diagnostic.also(strict.head, "strict mode is set here");
    }
    cx.push(diagnostic.help("leave out `vrrp_strict`"));
}

/// The peers, each once and of the instance's family.
fn peers(cx: &mut Context<'_>, scope: &Scope<'_>, family: Family) -> Option<Vec<Peer>> {
    let mut seen: BTreeMap<IpAddr, Span> = BTreeMap::new();
    let mut peers = Vec::new();
    let mut good = true;
    for entry in scope.own.entries(Word::UnicastPeer) {
        let EntryKind::Peer(peer) = &entry.kind else {
            continue;
        };
        if let Some(first) = seen.get(&peer.address) {
            let text = format!("peer {} is there twice", peer.address);
            cx.push(
                Diagnostic::warning(Code::ListedTwice, entry.span, text)
                    .label("ignored")
                    .also(*first, "first here"),
            );
            continue;
        }
        seen.insert(peer.address, entry.span);
        good &= same_family(cx, peer.address, family, entry.span);
        peers.push(*peer);
    }
    good.then_some(peers)
}

/// The configured source; none in the outer option is an error.
fn source(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    word: Word,
    family: Family,
) -> Option<Option<IpAddr>> {
    let Some(address) = scope.own.address(word) else {
        return Some(None);
    };
    same_family(cx, address, family, scope.span(word)).then_some(Some(address))
}

fn group(cx: &mut Context<'_>, scope: &Scope<'_>, family: Family) -> Option<IpAddr> {
    if let Some(group) = scope.own.address(Word::McastDstIp) {
        beyond_the_link(cx, group, scope.span(Word::McastDstIp))?;
        return same_family(cx, group, family, scope.span(Word::McastDstIp)).then_some(group);
    }
    Some(match family {
        Family::V4 => scope.global.address(Word::McastGroup4).unwrap_or(GROUP_V4),
        Family::V6 => scope.global.address(Word::McastGroup6).unwrap_or(GROUP_V6),
    })
}

/// An IPv6 group has to stay on the link: routers forward the others.
fn beyond_the_link(cx: &mut Context<'_>, group: IpAddr, span: Span) -> Option<()> {
    /// RFC 4291 section 2.7: link-local scope.
    const LINK_LOCAL: u16 = 2;
    match group {
        IpAddr::V6(group) if group.segments()[0] & 0xf != LINK_LOCAL => {
            let text = format!("{group} is not of link-local scope");
            cx.push(
                Diagnostic::error(Code::NotAnAddress, span, text)
                    .label("expected ff02::…, e.g. ff02::12"),
            );
            None
        }
        IpAddr::V4(_) | IpAddr::V6(_) => Some(()),
    }
}

fn same_family(cx: &mut Context<'_>, address: IpAddr, family: Family, span: Span) -> bool {
    let same = Family::of(address) == family;
    if !same {
        let text = format!("{address} does not fit this instance, which is {family}");
        cx.push(
            Diagnostic::error(Code::MixedFamilies, span, text)
                .label(format!("an {family} address is expected"))
                .because("the family of an instance is that of its first virtual address"),
        );
    }
    same
}

fn no_peers(cx: &mut Context<'_>, scope: &Scope<'_>) {
    // A line that was not read may have held them.
    if cx.said.is_incomplete() {
        return;
    }
    let list = scope.own.get(Word::UnicastPeer);
    let place = list.map_or(scope.block.span, |list| list.head);
    cx.push(
        Diagnostic::warning(Code::NoPeers, place, "there is no peer in this list")
            .label("adverts are sent by multicast, as with keepalived"),
    );
}

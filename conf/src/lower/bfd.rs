//! `bfd_instance`.

use super::{Context, Named, tracker};
use crate::diag::{Code, Diagnostic, quote};
use crate::keyword::Word;
use crate::model::{BfdInstance, BfdListeners, BfdName, Family, Micros};
use crate::source::Span;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// keepalived's interval while the session is up.
const INTERVAL: Micros = Micros::from_millis(10);

/// RFC 5880 section 6.8.3: at least one second while the session is not up.
const IDLE: Micros = Micros::from_secs(1);

/// Packets that may be missing unless configured.
const MULTIPLIER: u8 = 5;

/// All sessions; names and pairs of addresses are unique.
pub(super) fn assemble(cx: &mut Context<'_>, blocks: &[Named]) -> Vec<BfdInstance> {
    super::same_names(cx, "bfd_instance", blocks);
    let mut seen: BTreeMap<(IpAddr, Option<IpAddr>), Span> = BTreeMap::new();
    let mut sessions = Vec::new();
    for block in blocks {
        let Some(session) = session(cx, block) else {
            continue;
        };
        let place = block.settings.span(Word::NeighborIp, block.span);
        let pair = (session.neighbor, session.source);
        if let Some(first) = seen.get(&pair) {
            let text = format!("a second BFD session with {}", session.neighbor);
            cx.push(
                Diagnostic::error(Code::SameNeighbour, place, text)
                    .label("the same neighbour again")
                    .also(*first, "first session")
                    .because("two sessions between one pair of addresses cannot be told apart"),
            );
        } else {
            seen.insert(pair, place);
        }
        sessions.push(session);
    }
    sessions
}

fn session(cx: &mut Context<'_>, block: &Named) -> Option<BfdInstance> {
    let settings = &block.settings;
    let name = super::name(cx, BfdName::try_from(block.name.as_str()), block.span);
    let Some(neighbor) = settings.address(Word::NeighborIp) else {
        if !settings.failed(Word::NeighborIp) {
            super::missing_word(cx, "bfd_instance", "neighbor_ip", block);
        }
        return None;
    };
    let source = source(cx, block, neighbor)?;
    let ttl = settings.number(Word::Ttl).unwrap_or(match neighbor {
        IpAddr::V4(_) => 255,
        IpAddr::V6(_) => 64,
    });
    nobody(cx, block);
    let (weight, reverse) = tracker::weight(settings).unwrap_or_default();
    Some(BfdInstance {
        name: name?,
        neighbor,
        source,
        min_rx: interval(cx, block, Word::MinRx).unwrap_or(INTERVAL),
        min_tx: interval(cx, block, Word::MinTx).unwrap_or(INTERVAL),
        idle_tx: interval(cx, block, Word::IdleTx).unwrap_or(IDLE),
        multiplier: settings.number(Word::Multiplier).unwrap_or(MULTIPLIER),
        passive: settings.has(Word::Passive),
        ttl,
        max_hops: max_hops(cx, block, ttl),
        multihop: settings.bool(Word::Multihop).unwrap_or(false),
        weight,
        reverse,
        listeners: match (settings.has(Word::Vrrp), settings.has(Word::Checker)) {
            (true, false) => BfdListeners::Vrrp,
            (false, true) => BfdListeners::Checkers,
            (true, true) | (false, false) => BfdListeners::Both,
        },
    })
}

/// `vrrp` and `checker` together: each takes away the other in keepalived.
fn nobody(cx: &mut Context<'_>, block: &Named) {
    let settings = &block.settings;
    let (Some(vrrp), Some(checker)) = (settings.get(Word::Vrrp), settings.get(Word::Checker))
    else {
        return;
    };
    let text = format!("with keepalived nobody is told of {}", quote(&block.name));
    cx.push(
        Diagnostic::note(Code::KeepalivedDiffers, checker.head, text)
            .label("takes it away from instances; both are told here")
            .also(vrrp.head, "takes it away from real servers")
            .help("leave out both words: then both are told everywhere"),
    );
}

/// The own address; none in the outer option is an error.
fn source(cx: &mut Context<'_>, block: &Named, neighbor: IpAddr) -> Option<Option<IpAddr>> {
    let settings = &block.settings;
    if settings.failed(Word::SourceIp) {
        return None;
    }
    let Some(source) = settings.address(Word::SourceIp) else {
        return Some(None);
    };
    if Family::of(source) == Family::of(neighbor) {
        return Some(Some(source));
    }
    let text = format!("{source} cannot talk to {neighbor}");
    cx.push(
        Diagnostic::error(
            Code::MixedFamilies,
            settings.span(Word::SourceIp, block.span),
            text,
        )
        .label(format!("an {} address is expected", Family::of(neighbor)))
        .also(
            settings.span(Word::NeighborIp, block.span),
            "as the neighbour has",
        ),
    );
    None
}

/// An interval; a long one defeats the purpose.
fn interval(cx: &mut Context<'_>, block: &Named, word: Word) -> Option<Micros> {
    /// keepalived warns from here on.
    const LONG: Micros = Micros::from_secs(10);
    let setting = block.settings.get(word)?;
    let interval = block.settings.time(word)?;
    if interval > LONG {
        let text = format!("{interval} between two packets of BFD");
        cx.push(
            Diagnostic::warning(Code::SlowBfd, setting.span, text)
                .label("milliseconds are expected")
                .because("missing adverts tell of a dead path sooner than this"),
        );
    }
    Some(interval)
}

/// Hops that a packet may have made. More than the TTL allows is read as the TTL.
fn max_hops(cx: &mut Context<'_>, block: &Named, ttl: u8) -> Option<u8> {
    let settings = &block.settings;
    let hops: i64 = settings.int(Word::MaxHops).unwrap_or(0);
    let hops = u8::try_from(hops).ok()?;
    if hops > ttl {
        let text = format!(
            "{} allows more hops than a packet lives",
            quote(&block.name)
        );
        let mut diagnostic = Diagnostic::warning(
            Code::HopsAboveTtl,
            settings.span(Word::MaxHops, block.span),
            text,
        )
        .label(format!("read as {ttl}, as keepalived does"));
        if let Some(setting) = settings.get(Word::Ttl) {
            diagnostic = diagnostic.also(setting.span, "the packets' limit");
        }
        cx.push(diagnostic);
    }
    Some(hops.min(ttl))
}

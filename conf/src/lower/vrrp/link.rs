//! `use_vmac` and `use_ipvlan`: an interface of the instance's own.

use super::{Basics, Scope};
use crate::diag::{Code, Diagnostic};
use crate::keyword::Word;
use crate::lower::Context;
use crate::lower::link::{IpvlanWords, VmacWords};
use crate::lower::settings::{Setting, Value};
use crate::model::{Family, MacAddress, OwnLink, OwnLinkKind, Transport, Vrid};
use crate::source::Span;

pub(super) fn link(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    basics: Basics,
    transport: Option<&Transport>,
    vrid: Option<Vrid>,
) -> Option<OwnLink> {
    let vmac = scope.own.get(Word::UseVmac);
    let ipvlan = scope.own.get(Word::UseIpvlan);
    if let (Some(vmac), Some(ipvlan)) = (vmac, ipvlan) {
        cx.push(
            Diagnostic::error(
                Code::LinkWords,
                ipvlan.head,
                "`use_vmac` and `use_ipvlan` in one instance",
            )
            .label("one of them")
            .also(vmac.head, "the other one")
            .because("an instance has one interface of its own"),
        );
    }
    if vmac.is_none() {
        idle_base(cx, scope);
    }
    match (vmac, ipvlan) {
        (Some(setting), _) => self::vmac(cx, scope, basics, transport, vrid, setting),
        (None, Some(setting)) => self::ipvlan(cx, basics, setting),
        (None, None) => None,
    }
}

/// `vmac_xmit_base` without an interface that it could be below of.
fn idle_base(cx: &mut Context<'_>, scope: &Scope<'_>) {
    if let Some(setting) = scope.own.get(Word::VmacXmitBase)
        && !scope.own.failed(Word::UseVmac)
    {
        cx.push(
            Diagnostic::warning(
                Code::IdleWord,
                setting.head,
                "`vmac_xmit_base` has no effect here",
            )
            .label("there is no `use_vmac`")
            .because("adverts leave from the interface itself in any case"),
        );
    }
}

fn vmac(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    basics: Basics,
    transport: Option<&Transport>,
    vrid: Option<Vrid>,
    setting: &Setting,
) -> Option<OwnLink> {
    let Value::Vmac(words) = &setting.value else {
        return None;
    };
    let VmacWords {
        name,
        mac,
        notify,
        group,
    } = words.as_ref().clone();
    let mac = mac.filter(|(_, span)| !refused_by_strict(cx, basics, *span));
    Some(OwnLink {
        name: name.map(|(name, _)| name),
        kind: OwnLinkKind::Vmac {
            mac: mac.and_then(|(bytes, _)| whole(&bytes, vrid)),
            notify,
        },
        group,
        transmit_base: transmit_base(cx, scope, basics, transport, setting.head),
    })
}

fn refused_by_strict(cx: &mut Context<'_>, basics: Basics, span: Span) -> bool {
    if basics.strict {
        let text = "strict mode: the hardware address is that of the virtual router";
        cx.push(Diagnostic::warning(Code::StrictSetsValue, span, text).label("ignored"));
    }
    basics.strict
}

/// The VRID completes five bytes.
fn whole(bytes: &[u8], vrid: Option<Vrid>) -> Option<MacAddress> {
    let mut bytes = bytes.to_vec();
    if bytes.len() == 5 {
        bytes.push(vrid?.get());
    }
    <[u8; 6]>::try_from(bytes).ok().map(MacAddress)
}

/// Unicast cannot use the macvlan: its hardware address is that of both nodes.
fn transmit_base(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    basics: Basics,
    transport: Option<&Transport>,
    place: Span,
) -> bool {
    let written = scope.own.get(Word::VmacXmitBase);
    if matches!(transport, Some(Transport::Unicast { .. })) {
        if written.is_none() {
            let mut diagnostic = Diagnostic::warning(
                Code::LinkWords,
                place,
                "`use_vmac` with unicast needs `vmac_xmit_base`",
            )
            .label("read as if it were there, as with keepalived");
            if let Some(peers) = scope.own.get(Word::UnicastPeer) {
                diagnostic = diagnostic.also(peers.head, "unicast");
            }
            cx.push(diagnostic.help("write `vmac_xmit_base`"));
        }
        return true;
    }
    if let (true, Some(setting)) = (basics.strict, written) {
        let text = "strict mode: adverts leave from the VMAC whatever is written";
        cx.push(Diagnostic::warning(Code::StrictSetsValue, setting.head, text).label("ignored"));
        return false;
    }
    written.is_some()
}

fn ipvlan(cx: &mut Context<'_>, basics: Basics, setting: &Setting) -> Option<OwnLink> {
    let Value::Ipvlan(words) = &setting.value else {
        return None;
    };
    let IpvlanWords {
        name,
        address,
        mode,
        group,
    } = words.as_ref().clone();
    match address {
        None if basics.family == Family::V4 => cx.push(
            Diagnostic::error(
                Code::LinkWords,
                setting.head,
                "`use_ipvlan` without an address",
            )
            .label("an IPv4 address for that interface is expected behind this")
            .because("adverts over IPv4 need a source; keepalived stays in FAULT without one"),
        ),
        Some((address, _, span)) if Family::of(address) != basics.family => {
            let text = format!(
                "{address} does not fit this instance, which is {}",
                basics.family
            );
            cx.push(
                Diagnostic::error(Code::MixedFamilies, span, text)
                    .label(format!("an {} address is expected", basics.family)),
            );
        }
        _ => {}
    }
    Some(OwnLink {
        name: name.map(|(name, _)| name),
        kind: OwnLinkKind::Ipvlan {
            address: address.map(|(address, prefix, _)| (address, prefix)),
            mode,
        },
        group,
        transmit_base: false,
    })
}

/// An interface of one's own has the sysctl set in any case.
pub(super) fn promote_secondaries(cx: &mut Context<'_>, scope: &Scope<'_>, has_link: bool) -> bool {
    let Some(setting) = scope.own.get(Word::PromoteSecondaries) else {
        return false;
    };
    if has_link {
        cx.push(
            Diagnostic::warning(
                Code::IdleWord,
                setting.head,
                "`promote_secondaries` has no effect here",
            )
            .label("the instance's own interface has it in any case"),
        );
    }
    !has_link
}

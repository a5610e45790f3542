//! Where keepalived does something else than what is written: said, so that nobody is surprised by
//! a pair of both.

use super::Scope;
use super::election::Election;
use crate::diag::{Code, Diagnostic};
use crate::keyword::Word;
use crate::lower::Context;

pub(super) fn said(cx: &mut Context<'_>, scope: &Scope<'_>, election: &Election) {
    skip_check(cx, scope);
    owner_ignores(cx, scope, election);
    expired(cx, scope, election);
    source(cx, scope);
    routes(cx, scope);
}

/// `skip_check_adv_addr false` switches it on in keepalived.
fn skip_check(cx: &mut Context<'_>, scope: &Scope<'_>) {
    if scope.own.bool(Word::SkipCheckAdvAddr) == Some(false) {
        cx.push(
            Diagnostic::note(
                Code::KeepalivedDiffers,
                scope.span(Word::SkipCheckAdvAddr),
                "`skip_check_adv_addr` is off here and on with keepalived",
            )
            .label("keepalived switches it on whatever the value")
            .help("leave the word out: then both check the addresses"),
        );
    }
}

/// `owner_ignore_adverts` is about priority 255 only.
fn owner_ignores(cx: &mut Context<'_>, scope: &Scope<'_>, election: &Election) {
    let Some(setting) = scope.own.get(Word::OwnerIgnoreAdverts) else {
        return;
    };
    let owner = election.priority.is_owner();
    match scope.own.bool(Word::OwnerIgnoreAdverts) {
        Some(true) if !owner => cx.push(
            Diagnostic::warning(
                Code::IdleWord,
                setting.head,
                "`owner_ignore_adverts` has no effect here",
            )
            .label(format!(
                "it is for priority 255; this instance has {}",
                election.priority
            )),
        ),
        Some(false) if owner => cx.push(
            Diagnostic::note(
                Code::KeepalivedDiffers,
                setting.span,
                "`owner_ignore_adverts` is off here and on with keepalived",
            )
            .label("keepalived switches it on for priority 255 whatever the value")
            .help("leave the word out: then both are off"),
        ),
        _ => {}
    }
}

/// `timer_expired_backup` needs `nopreempt` in keepalived; holdfast always steps back.
fn expired(cx: &mut Context<'_>, scope: &Scope<'_>, election: &Election) {
    if let Some(setting) = scope.own.get(Word::TimerExpiredBackup)
        && !election.nopreempt
    {
        cx.push(
            Diagnostic::note(
                Code::KeepalivedDiffers,
                setting.head,
                "keepalived ignores this without `nopreempt`",
            )
            .label("holdfast steps back after a long delay in any case"),
        );
    }
}

/// `track_src_ip` without a source that could be tracked.
fn source(cx: &mut Context<'_>, scope: &Scope<'_>) {
    let unicast = scope.own.has(Word::UnicastPeer);
    let word = if unicast {
        Word::UnicastSrcIp
    } else {
        Word::McastSrcIp
    };
    if let Some(setting) = scope.own.get(Word::TrackSrcIp)
        && !scope.own.has(word)
        && !scope.own.failed(word)
    {
        let name = crate::keyword::name_in(crate::keyword::Section::Instance, word);
        cx.push(
            Diagnostic::warning(
                Code::IdleWord,
                setting.head,
                "`track_src_ip` has no effect here",
            )
            .label("no source address is configured")
            .help(format!("write `{name} ADDRESS`")),
        );
    }
}

/// Routes that move with nothing.
fn routes(cx: &mut Context<'_>, scope: &Scope<'_>) {
    let addresses = [Word::VirtualIpaddress, Word::VirtualIpaddressExcluded];
    if addresses
        .iter()
        .any(|word| scope.own.has(*word) || scope.own.failed(*word))
    {
        return;
    }
    for word in [Word::VirtualRoutes, Word::VirtualRules] {
        if let Some(setting) = scope.own.get(word) {
            let name = crate::keyword::name_in(crate::keyword::Section::Instance, word);
            let text = format!("`{name}` in an instance without addresses");
            cx.push(
                Diagnostic::warning(Code::RoutesAlone, setting.head, text)
                    .label("these move, and no address moves with them")
                    .because("version 3 and strict mode refuse such an instance")
                    .help("add a `virtual_ipaddress` if other hosts are to use this node"),
            );
        }
    }
}

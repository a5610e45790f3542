//! `vrrp_instance`.

use crate::diag::{Code, Diagnostic};
use crate::election;
use crate::keyword::Word;
use crate::lower::entry::EntryKind;
use crate::lower::settings::{Settings, Value};
use crate::lower::{Context, Named};
use crate::model::{Auth, AuthKey, InitialState, Micros, Priority, VirtualRouter, VrrpInstance};
use crate::source::Span;
use std::collections::HashMap;

/// An instance and what belongs to it.
pub(super) struct Scope<'a> {
    pub(super) instance: &'a VrrpInstance,
    pub(super) block: &'a Named,
    /// `vrrp_script`, by name.
    pub(super) scripts: &'a HashMap<&'a str, &'a Named>,
    pub(super) global: &'a Settings,
}

impl Scope<'_> {
    const fn router(&self) -> &VirtualRouter {
        &self.instance.router
    }

    fn span(&self, word: Word) -> Span {
        self.block.settings.span(word, self.block.span)
    }
}

pub(super) fn check(cx: &mut Context<'_>, scope: &Scope<'_>) {
    password(cx, scope);
    owner_as_backup(cx, scope);
    fast_adverts(cx, scope);
    one_lost_advert(cx, scope);
    if !scope.router().priority.is_owner() {
        small_weight(cx, scope);
        priority_cut(cx, scope);
        weights_without_preempt(cx, scope);
    }
}

/// Passwords of tutorials. Those of 8 bytes stand for all longer ones that begin like that.
const KNOWN: &[&str] = &[
    "0000", "1111", "1212", "1234", "12345", "123456", "12345678", "123qwe", "1q2w3e4r", "666666",
    "88888888", "abc123", "abcd1234", "admin", "changeme", "foobar", "haproxy", "k@l!ve1",
    "keepaliv", "letmein", "mypass", "mypasswo", "mysecret", "pass", "pass123", "passw0rd",
    "password", "qwerty", "root", "secret", "some_pas", "test", "test123", "vrrp", "vrrppass",
    "yourpass",
];

fn password(cx: &mut Context<'_>, scope: &Scope<'_>) {
    let (Auth::Pass(key) | Auth::Ah(key)) = scope.router().auth else {
        return;
    };
    let known = KNOWN
        .iter()
        .any(|password| AuthKey::new(password.as_bytes()) == key);
    let place = match scope.block.settings.get(Word::Authentication) {
        Some(setting) => match &setting.value {
            Value::Block(_, inner) => inner.span(Word::AuthPass, setting.span),
            _ => setting.span,
        },
        None => return,
    };
    if known {
        cx.said.once(Code::KnownPassword, || {
            Diagnostic::warning(
                Code::KnownPassword,
                place,
                "this password stands in many tutorials",
            )
            .label("everybody knows it")
            .because(
                "another pair on this network that was copied from there is taken for a peer where \
                 it has the same VRID",
            )
            .help("use one of your own, the same on all nodes; only 8 bytes count")
        });
    }
}

fn owner_as_backup(cx: &mut Context<'_>, scope: &Scope<'_>) {
    let wanted = scope.router().initial_state == InitialState::Backup;
    if !(scope.router().priority.is_owner() && wanted && scope.block.settings.has(Word::State)) {
        return;
    }
    cx.push(
        Diagnostic::warning(
            Code::OwnerAsBackup,
            scope.span(Word::Priority),
            "priority 255 is MASTER as soon as it starts",
        )
        .label("it does not listen first, and never yields by its priority")
        .also(scope.span(Word::State), "this does not change it")
        .help("write at most 254 where another node may be MASTER"),
    );
}

fn fast_adverts(cx: &mut Context<'_>, scope: &Scope<'_>) {
    /// A loaded or virtual machine may stand still for so long.
    const PAUSE: Micros = Micros::from_millis(200);
    let router = scope.router();
    let wait = election::down_interval(router, election::effective(scope.instance, true));
    if wait >= PAUSE || !scope.block.settings.has(Word::AdvertInt) {
        return;
    }
    let text = format!(
        "a pause of {} is taken for a failure",
        election::about(wait)
    );
    cx.push(
        Diagnostic::warning(Code::FastAdverts, scope.span(Word::AdvertInt), text)
            .label(format!(
                "{} adverts are waited for",
                router.down_timer_adverts
            ))
            .because("a loaded or virtual machine stands still that long without any fault")
            .help("`advert_int 0.1` takes over within 0.4 s"),
    );
}

fn one_lost_advert(cx: &mut Context<'_>, scope: &Scope<'_>) {
    if scope.router().down_timer_adverts != 1 {
        return;
    }
    let own = scope.block.settings.get(Word::DownTimerAdverts);
    let global = scope.global.get(Word::DownTimerAdverts);
    let Some(setting) = own.or(global) else {
        return;
    };
    let place = setting.span;
    cx.said.once(Code::OneLostAdvert, || {
        Diagnostic::warning(
            Code::OneLostAdvert,
            place,
            "one lost advert makes a second MASTER",
        )
        .label("one advert is waited for")
        .because("packets get lost without any fault; then both nodes hold the addresses until the next one")
        .help("leave it out (3), or use a smaller `advert_int`")
    });
}

/// A small weight below a high priority of the node that is to be MASTER.
fn small_weight(cx: &mut Context<'_>, scope: &Scope<'_>) {
    /// Weights of tutorials that are too small.
    const SMALL: u8 = 5;
    /// Distance to what peers have that name nothing.
    const FAR: u8 = 20;
    let router = scope.router();
    let (good, bad) = (
        election::effective(scope.instance, true),
        election::effective(scope.instance, false),
    );
    let step = good.saturating_sub(bad);
    let usual = Priority::DEFAULT.get();
    let wants_master = router.initial_state == InitialState::Master;
    let far = router.priority.get() >= usual.saturating_add(FAR);
    if !wants_master
        || !far
        || step == 0
        || step > SMALL
        || election::has_hard_tracker(scope.instance)
    {
        return;
    }
    let Some((name, place)) = weight(scope) else {
        return;
    };
    // The peer has the same checks, and they pass.
    let bonus = good.saturating_sub(router.priority.get());
    let behind = bad.saturating_sub(usual.saturating_add(bonus));
    let text = format!("this check moves the address to a peer above priority {bad} only");
    cx.push(
        Diagnostic::warning(Code::SmallWeight, place, text)
            .label(format!("{name} changes the priority by {step}"))
            .also(
                scope.span(Word::Priority),
                format!("and this node starts at {}", router.priority),
            )
            .because(format!(
                "a peer at {usual} stays {behind} behind even when the check fails"
            ))
            .help(
                "give the check a weight larger than the distance, e.g. `weight -60`; \
                 `holdfastctl check --pair A B` compares both nodes",
            ),
    );
}

/// The first weighted script, and where its weight is written.
fn weight(scope: &Scope<'_>) -> Option<(String, Span)> {
    let tracked = scope
        .router()
        .track_scripts
        .iter()
        .find(|tracked| tracked.weight.get() != 0)?;
    let name = tracked.script.as_str();
    let entry = scope
        .block
        .settings
        .entries(Word::TrackScript)
        .find_map(|entry| match &entry.kind {
            EntryKind::Tracker(script, weight) if script == name => {
                Some((entry.span, weight.is_some()))
            }
            _ => None,
        });
    let own = scope
        .scripts
        .get(name)
        .and_then(|block| block.settings.get(Word::Weight))
        .map(|setting| setting.span);
    let place = match entry {
        Some((span, true)) => span,
        other => own.or_else(|| other.map(|(span, _)| span))?,
    };
    Some((name.to_owned(), place))
}

/// Weights that lift the priority above 254 have no effect there.
fn priority_cut(cx: &mut Context<'_>, scope: &Scope<'_>) {
    /// The owner's is not for others (RFC 9568 section 5.2.4).
    const HIGHEST: i32 = 254;
    let router = scope.router();
    let sum = election::sum(scope.instance, true).saturating_add(i32::from(router.priority.get()));
    if sum <= HIGHEST {
        return;
    }
    let bad = election::effective(scope.instance, false);
    let text = format!("priority and weights make {sum}, which is cut to {HIGHEST}");
    let left = HIGHEST.saturating_sub(i32::from(bad));
    cx.push(
        Diagnostic::warning(Code::PriorityCut, scope.span(Word::Priority), text)
            .label(format!("this node starts at {}", router.priority))
            .because(format!(
                "when all checks fail, only {left} are taken off: {HIGHEST} → {bad}"
            ))
            .help("use a lower `priority` on all nodes, or weights below 0"),
    );
}

/// A BACKUP with `nopreempt` goes by every advert.
fn weights_without_preempt(cx: &mut Context<'_>, scope: &Scope<'_>) {
    let router = scope.router();
    if !router.nopreempt || election::has_hard_tracker(scope.instance) {
        return;
    }
    let Some((name, place)) = weight(scope) else {
        return;
    };
    cx.push(
        Diagnostic::warning(
            Code::WeightsWithoutPreempt,
            scope.span(Word::Nopreempt),
            "with `nopreempt` this node does not take over from a lower priority",
        )
        .label("a MASTER keeps the addresses while it sends")
        .also(
            place,
            format!("so the weight of {name} on the MASTER is in vain"),
        )
        .help(
            "use `weight 0`: a failed check is a FAULT then, and the MASTER gives the addresses up",
        ),
    );
}

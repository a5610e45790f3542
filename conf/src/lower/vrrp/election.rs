//! Who is to be MASTER, as far as this node says.

use super::{Basics, Scope};
use crate::diag::{Code, Diagnostic};
use crate::keyword::Word;
use crate::lower::Context;
use crate::model::{Auth, InitialState, Micros, Priority};

/// The words of the election, contradictions resolved as keepalived does.
pub(super) struct Election {
    pub(super) initial_state: InitialState,
    pub(super) priority: Priority,
    pub(super) nopreempt: bool,
    pub(super) preempt_delay: Micros,
}

pub(super) fn election(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    basics: Basics,
    auth: Auth,
) -> Election {
    let wants_master = scope.own.text(Word::State).map(|state| state == "MASTER");
    let priority = priority(cx, scope, wants_master == Some(true));
    let initial_state = initial_state(cx, scope, basics, auth, wants_master, priority);
    let nopreempt = nopreempt(cx, scope, initial_state, priority);
    let preempt_delay = preempt_delay(cx, scope, basics, initial_state, nopreempt);
    Election {
        initial_state,
        priority,
        nopreempt,
        preempt_delay,
    }
}

fn priority(cx: &mut Context<'_>, scope: &Scope<'_>, wants_master: bool) -> Priority {
    let written = scope
        .own
        .number::<u8>(Word::Priority)
        .and_then(|number| Priority::try_from(number).ok());
    match written {
        Some(priority) => priority,
        None if wants_master && !scope.own.failed(Word::Priority) => {
            let text = "`state MASTER` without a `priority`";
            cx.push(
                Diagnostic::warning(Code::MasterMeansOwner, scope.span(Word::State), text)
                    .label("the priority is 255, as with keepalived")
                    .because("255 is the owner of the address: it never yields to another node")
                    .help("write a `priority`, e.g. 100"),
            );
            Priority::OWNER
        }
        None => Priority::DEFAULT,
    }
}

fn initial_state(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    basics: Basics,
    auth: Auth,
    wants_master: Option<bool>,
    priority: Priority,
) -> InitialState {
    let owner = priority.is_owner();
    if basics.strict {
        // RFC 9568 section 6.4.1: only the owner starts as MASTER.
        if wants_master == Some(true) && !owner {
            starts_as_backup(
                cx,
                scope,
                "in strict mode only priority 255 starts as MASTER",
            );
        }
        return if owner {
            InitialState::Master
        } else {
            InitialState::Backup
        };
    }
    match wants_master {
        Some(true) if matches!(auth, Auth::Ah(_)) && !owner => {
            starts_as_backup(cx, scope, "with AH an instance starts as BACKUP");
            InitialState::Backup
        }
        Some(true) => InitialState::Master,
        None if owner => InitialState::Master,
        Some(false) | None => InitialState::Backup,
    }
}

fn starts_as_backup(cx: &mut Context<'_>, scope: &Scope<'_>, why: &str) {
    cx.push(
        Diagnostic::note(Code::StartsAsBackup, scope.span(Word::State), why)
            .label("read as BACKUP, as keepalived does")
            .because("the highest priority still becomes MASTER"),
    );
}

fn nopreempt(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    state: InitialState,
    priority: Priority,
) -> bool {
    let Some(setting) = scope.own.get(Word::Nopreempt) else {
        return false;
    };
    let text = "`nopreempt` has no effect";
    let diagnostic = Diagnostic::warning(Code::NopreemptCancelled, setting.span, text);
    if priority.is_owner() {
        cx.push(diagnostic.label("priority 255 always preempts"));
        return false;
    }
    if state == InitialState::Master {
        cx.push(
            diagnostic
                .label("it needs `state BACKUP`")
                .also(scope.span(Word::State), "this cancels it, as with keepalived")
                .help("say `state BACKUP` on all nodes; the priority still decides the first election"),
        );
        return false;
    }
    true
}

fn preempt_delay(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    basics: Basics,
    state: InitialState,
    nopreempt: bool,
) -> Micros {
    let Some(setting) = scope.own.get(Word::PreemptDelay) else {
        return Micros::ZERO;
    };
    let delay = scope.own.time(Word::PreemptDelay).unwrap_or(Micros::ZERO);
    if delay.is_zero() {
        return delay;
    }
    let (why, other) = if basics.strict {
        ("strict mode has no delay", None)
    } else if nopreempt {
        ("`nopreempt` never preempts", Some(Word::Nopreempt))
    } else if state == InitialState::Master {
        ("it needs `state BACKUP`", Some(Word::State))
    } else {
        return delay;
    };
    let text = "`preempt_delay` has no effect";
    let mut diagnostic =
        Diagnostic::warning(Code::PreemptDelayCancelled, setting.head, text).label(why);
    if let Some(other) = other.and_then(|word| scope.own.get(word)) {
        diagnostic = diagnostic.also(other.span, "this cancels it");
    }
    cx.push(diagnostic);
    Micros::ZERO
}

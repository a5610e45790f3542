//! Gratuitous ARP and unsolicited neighbour advertisements.

use super::{Basics, Scope};
use crate::diag::{Code, Diagnostic};
use crate::keyword::{self, Word};
use crate::lower::Context;
use crate::model::{GarpSettings, Micros};

/// keepalived's delay of the second burst.
const DELAY: Micros = Micros::from_secs(5);

/// keepalived's size of a burst.
const REPEAT: u32 = 5;

pub(super) fn garp(cx: &mut Context<'_>, scope: &Scope<'_>, basics: Basics) -> GarpSettings {
    let least = scope.global.bool(Word::MinGarp).unwrap_or(false);
    let (delay, repeat) = if least {
        (Micros::ZERO, 1)
    } else {
        (DELAY, REPEAT)
    };
    let master_delay = scope.time(Word::GarpMasterDelay).unwrap_or(delay);
    let master_repeat = at_least_one(cx, scope, Word::GarpMasterRepeat).unwrap_or(repeat);
    let (lower_prio_delay, lower_prio_repeat) = if basics.strict {
        (Micros::ZERO, 0)
    } else {
        (
            scope.time(Word::GarpLowerPrioDelay).unwrap_or(master_delay),
            scope
                .number(Word::GarpLowerPrioRepeat)
                .unwrap_or(master_repeat),
        )
    };
    let interval = |word| scope.global.time(word).unwrap_or(Micros::ZERO);
    GarpSettings {
        master_delay,
        master_repeat,
        master_refresh: scope.time(Word::GarpMasterRefresh).unwrap_or(Micros::ZERO),
        master_refresh_repeat: at_least_one(cx, scope, Word::GarpMasterRefreshRepeat).unwrap_or(1),
        lower_prio_delay,
        lower_prio_repeat,
        interval: interval(Word::GarpInterval),
        gna_interval: interval(Word::GnaInterval),
    }
}

/// A burst has at least one message.
fn at_least_one(cx: &mut Context<'_>, scope: &Scope<'_>, word: Word) -> Option<u32> {
    let number = scope.number(word)?;
    if number > 0 {
        return Some(number);
    }
    if let Some(setting) = scope.own.get(word) {
        let text = format!(
            "`{}` is at least 1",
            keyword::name_in(keyword::Section::Instance, word)
        );
        cx.push(Diagnostic::warning(Code::Rounded, setting.span, text).label("read as 1"));
    }
    Some(1)
}

//! `vrrp_script`.

use crate::diag::{Code, Diagnostic};
use crate::keyword::Word;
use crate::lower::{Context, Named};
use crate::model::{Micros, VrrpScript};

/// So long may a failure go unnoticed; more is mostly a time in milliseconds.
const LONGEST: Micros = Micros::from_secs(300);

pub(super) fn check(cx: &mut Context<'_>, script: &VrrpScript, block: &Named) {
    let wait = script.interval.times(u64::from(script.fall));
    if wait < LONGEST {
        return;
    }
    let settings = &block.settings;
    let word = if settings.has(Word::Interval) {
        Word::Interval
    } else {
        Word::Fall
    };
    let place = settings.span(word, block.span);
    let text = format!("a failure is noticed after {} only", minutes(wait));
    let mut diagnostic = Diagnostic::warning(Code::SlowVerdict, place, text);
    if word == Word::Interval {
        diagnostic = diagnostic.label("seconds between two runs");
        if let Some(fall) = settings.get(Word::Fall) {
            diagnostic = diagnostic.also(fall.span, "failures in a row that are needed");
        }
    } else {
        diagnostic = diagnostic.label("failures in a row that are needed");
    }
    cx.push(diagnostic.help("times are in seconds, `interval 0.5` is half a second"));
}

/// `33 min 20 s`.
fn minutes(time: Micros) -> String {
    let secs = time.get() / 1_000_000;
    match (secs / 60, secs % 60) {
        (minutes, 0) => format!("{minutes} min"),
        (minutes, secs) => format!("{minutes} min {secs} s"),
    }
}

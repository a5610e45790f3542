//! What an instance watches.

use super::Scope;
use crate::HostFact;
use crate::diag::{Code, Diagnostic, quote};
use crate::keyword::Word;
use crate::lower::entry::EntryKind;
use crate::lower::settings::Value;
use crate::lower::{Context, Named};
use crate::model::{IfName, Priority, ScriptName, TrackInterface, TrackScript, Weight};
use crate::source::Span;
use crate::suggest;
use std::collections::BTreeMap;

/// Name, weight and direction where they are written, and place.
type Line = (String, Option<(Weight, bool)>, Span);

/// The lines of a tracker list, each name once.
fn entries(cx: &mut Context<'_>, scope: &Scope<'_>, word: Word) -> Vec<Line> {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    let mut list = Vec::new();
    for entry in scope.own.entries(word) {
        let EntryKind::Tracker(name, weight) = &entry.kind else {
            continue;
        };
        if let Some(first) = seen.get(name.as_str()) {
            let text = format!("{} is tracked twice", quote(name));
            cx.push(
                Diagnostic::warning(Code::ListedTwice, entry.span, text)
                    .label("ignored")
                    .also(*first, "first here"),
            );
            continue;
        }
        seen.insert(name, entry.span);
        list.push((name.clone(), *weight, entry.span));
    }
    list
}

/// The scripts that exist, by name.
pub(super) struct Known<'a>(BTreeMap<&'a str, &'a Named>);

impl<'a> Known<'a> {
    pub(super) fn new(scripts: &'a [Named]) -> Self {
        Self(
            scripts
                .iter()
                .map(|script| (script.name.as_str(), script))
                .collect(),
        )
    }
}

/// `track_script`, with the weights of the scripts filled in.
pub(super) fn scripts(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    known: &Known<'_>,
) -> Vec<TrackScript> {
    let mut tracked = Vec::new();
    for (name, weight, span) in entries(cx, scope, Word::TrackScript) {
        let Some(script) = known.0.get(name.as_str()) else {
            let near = suggest::nearest(&name, known.0.keys().copied());
            let text = format!("there is no `vrrp_script` {}", quote(&name));
            cx.push(
                Diagnostic::error(Code::UnknownScript, span, text)
                    .label("tracked here")
                    .maybe_help(near.map(|near| format!("did you mean {}?", quote(near)))),
            );
            continue;
        };
        let own = match script
            .settings
            .get(Word::Weight)
            .map(|setting| &setting.value)
        {
            Some(Value::Weight(weight, reverse)) => Some((*weight, *reverse)),
            _ => None,
        };
        let (weight, reverse) = weight.or(own).unwrap_or_default();
        if let Ok(script) = ScriptName::try_from(name) {
            tracked.push(TrackScript {
                script,
                weight,
                reverse,
            });
        }
    }
    tracked
}

/// The owner of the address has priority 255 whatever happens.
pub(super) fn weights(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    priority: Priority,
    tracked: Vec<TrackScript>,
) -> Vec<TrackScript> {
    let weighted = tracked.iter().any(|script| script.weight.get() != 0);
    if priority.is_owner() && weighted {
        let text = "weights have no effect on priority 255";
        let place = scope
            .own
            .get(Word::TrackScript)
            .map_or(scope.block.span, |setting| setting.head);
        cx.push(
            Diagnostic::warning(Code::OwnerIgnoresWeights, place, text)
                .label("scripts with a weight are not tracked here"),
        );
        return tracked
            .into_iter()
            .filter(|script| script.weight.get() == 0)
            .collect();
    }
    tracked
}

/// `track_interface`. The instance's own interface is watched anyway.
pub(super) fn interfaces(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    own: Option<&Option<IfName>>,
) -> Vec<TrackInterface> {
    let mut tracked = Vec::new();
    for (name, weight, span) in entries(cx, scope, Word::TrackInterface) {
        let Some(interface) = crate::lower::name(cx, IfName::try_from(name), span) else {
            continue;
        };
        let (weight, reverse) = weight.unwrap_or_default();
        if own.is_some_and(|own| own.as_ref() == Some(&interface)) {
            let text = format!("{} is watched anyway", quote(interface.as_str()));
            cx.push(
                Diagnostic::note(Code::AlreadyTracked, span, text)
                    .label("ignored: it is the interface of this instance"),
            );
            continue;
        }
        cx.need(HostFact::Interface(interface.clone()), &scope.subject, span);
        tracked.push(TrackInterface {
            interface,
            weight,
            reverse,
        });
    }
    tracked
}

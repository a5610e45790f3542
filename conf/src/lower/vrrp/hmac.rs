//! `auth_hmac`.

use super::{Basics, Scope};
use crate::diag::{Code, Diagnostic};
use crate::keyword::Word;
use crate::lower::Context;
use crate::lower::settings::{Settings, Value};
use crate::model::{AdvertInterval, AntiReplay, AuthHmac, HmacKey, HmacMode};
use crate::source::Span;
use std::collections::BTreeMap;

pub(super) fn hmac(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    basics: Basics,
    advert_int: Option<AdvertInterval>,
) -> Option<AuthHmac> {
    let setting = scope.own.get(Word::AuthHmac)?;
    let Value::Block(_, settings) = &setting.value else {
        return None;
    };
    if let Some(other) = scope.own.get(Word::Authentication) {
        cx.push(
            Diagnostic::error(
                Code::AuthTwice,
                setting.head,
                "`authentication` and `auth_hmac` in one instance",
            )
            .label("one of them")
            .also(other.head, "the other one")
            .help("leave out `authentication`: `auth_hmac` is the stronger one"),
        );
    }
    let keys = keys(cx, settings);
    let mode = mode(cx, settings, basics);
    let anti_replay = anti_replay(cx, settings, advert_int);
    let active = active(cx, settings, &keys, setting.head);
    Some(AuthHmac {
        keys: keys.into_values().map(|(key, _)| key).collect(),
        active: active?,
        anti_replay,
        mode,
    })
}

/// The keys by their numbers.
fn keys(cx: &mut Context<'_>, settings: &Settings) -> BTreeMap<u8, (HmacKey, Span)> {
    let mut keys: BTreeMap<u8, (HmacKey, Span)> = BTreeMap::new();
    for setting in settings.all(Word::HmacKey) {
        let Value::HmacKey(key) = &setting.value else {
            continue;
        };
        if let Some((_, first)) = keys.get(&key.id) {
            let text = format!("key {} is there twice", key.id);
            cx.push(
                Diagnostic::error(Code::BadKey, setting.head, text)
                    .label("second one")
                    .also(*first, "first one")
                    .because("keepalived uses the first one"),
            );
            continue;
        }
        keys.insert(key.id, (key.clone(), setting.head));
    }
    keys
}

/// The key that signs. keepalived goes on without authentication where it is missing.
fn active(
    cx: &mut Context<'_>,
    settings: &Settings,
    keys: &BTreeMap<u8, (HmacKey, Span)>,
    place: Span,
) -> Option<u8> {
    const WHY: &str = "keepalived switches the authentication off in silence";
    if settings.failed(Word::HmacKey) || settings.failed(Word::ActiveKey) {
        return None;
    }
    let numbers: Vec<String> = keys.keys().map(ToString::to_string).collect();
    if numbers.is_empty() {
        let text = "`auth_hmac` without a `key`";
        cx.push(
            Diagnostic::error(Code::NoActiveKey, place, text)
                .label("`key ID VALUE` is expected in this block")
                .because(WHY),
        );
        return None;
    }
    let Some(setting) = settings.get(Word::ActiveKey) else {
        let text = "`auth_hmac` without an `active_key`";
        cx.push(
            Diagnostic::error(Code::NoActiveKey, place, text)
                .label("`active_key ID` is expected in this block")
                .because(WHY)
                .help(format!("write `active_key {}`", numbers.join("` or `"))),
        );
        return None;
    };
    let active: u8 = settings.number(Word::ActiveKey)?;
    if !keys.contains_key(&active) {
        let text = format!("there is no key {active}");
        cx.push(
            Diagnostic::error(Code::NoActiveKey, setting.span, text)
                .label(format!("the keys are {}", numbers.join(", ")))
                .because(WHY),
        );
        return None;
    }
    Some(active)
}

fn mode(cx: &mut Context<'_>, settings: &Settings, basics: Basics) -> HmacMode {
    let mode = match settings.text(Word::HmacMode).as_deref() {
        Some("permissive") => HmacMode::Permissive,
        Some("receive-only") => HmacMode::ReceiveOnly,
        _ => HmacMode::Enforce,
    };
    if let (true, true, Some(setting)) = (
        basics.strict,
        mode != HmacMode::Enforce,
        settings.get(Word::HmacMode),
    ) {
        let text = "strict mode allows `mode enforce` only";
        cx.push(
            Diagnostic::error(Code::StrictHmac, setting.span, text)
                .label("adverts without authentication would be accepted"),
        );
    }
    mode
}

fn anti_replay(
    cx: &mut Context<'_>,
    settings: &Settings,
    advert_int: Option<AdvertInterval>,
) -> AntiReplay {
    /// keepalived's limits of the default, in seconds.
    const LEAST: u16 = 5;
    const MOST: u16 = 300;
    let window: Option<u16> = settings.number(Word::TimeWindow);
    if settings.text(Word::AntiReplay).as_deref() == Some("monotonic") {
        if let Some(setting) = settings.get(Word::TimeWindow) {
            cx.push(
                Diagnostic::warning(
                    Code::IdleWord,
                    setting.head,
                    "`time_window` has no effect here",
                )
                .label("`anti_replay monotonic` looks at no clock"),
            );
        }
        return AntiReplay::Monotonic;
    }
    let seconds = u16::from(advert_int.unwrap_or(AdvertInterval::DEFAULT).secs());
    AntiReplay::Time(window.unwrap_or_else(|| seconds.saturating_mul(3).clamp(LEAST, MOST)))
}

//! `authentication`.

use super::{Basics, Scope};
use crate::diag::{Code, Diagnostic};
use crate::keyword::Word;
use crate::lower::Context;
use crate::lower::settings::{Settings, Value};
use crate::model::{Auth, AuthKey, Version};
use crate::source::Span;

/// What is put into adverts. Version 3 and strict mode have none.
pub(super) fn auth(cx: &mut Context<'_>, scope: &Scope<'_>, basics: Basics) -> Auth {
    let Some(setting) = scope.own.get(Word::Authentication) else {
        return Auth::None;
    };
    let Value::Block(_, settings) = &setting.value else {
        return Auth::None;
    };
    let auth = written(cx, settings, setting.head);
    if auth == Auth::None {
        return auth;
    }
    let dropped = if basics.version == Version::V3 {
        Some((Code::V3DropsAuth, "VRRPv3 has no authentication"))
    } else if basics.strict {
        Some((Code::StrictDropsAuth, "strict mode has no authentication"))
    } else {
        None
    };
    if let Some((code, text)) = dropped {
        cx.push(
            Diagnostic::warning(code, setting.head, format!("{text}: it is dropped"))
                .label("adverts are sent without it, as keepalived does")
                .help("leave out `authentication`, or what forbids it"),
        );
        return Auth::None;
    }
    if let (Auth::Pass(_), Some(pass)) = (auth, settings.get(Word::AuthType)) {
        let place = pass.span;
        cx.said.once(Code::ClearTextPassword, || {
            Diagnostic::note(
                Code::ClearTextPassword,
                place,
                "the password travels in clear text",
            )
            .because("it guards against mistakes, not against attackers (RFC 9568 section 9)")
        });
    }
    auth
}

fn written(cx: &mut Context<'_>, settings: &Settings, place: Span) -> Auth {
    let kind = settings.text(Word::AuthType);
    let Some(password) = settings.get(Word::AuthPass) else {
        if let Some(kind) = settings.get(Word::AuthType)
            && !settings.failed(Word::AuthPass)
        {
            cx.push(
                Diagnostic::error(Code::MissingWord, kind.span, "there is no password")
                    .label("`auth_pass` is missing beside this"),
            );
        }
        return Auth::None;
    };
    let Some(kind) = kind else {
        if settings.failed(Word::AuthType) {
            return Auth::None;
        }
        cx.push(
            Diagnostic::warning(Code::MissingWord, place, "`auth_pass` without `auth_type`")
                .label("there is no authentication, as with keepalived")
                .help("say `auth_type PASS` or `auth_type AH`"),
        );
        return Auth::None;
    };
    let text = settings.text(Word::AuthPass).unwrap_or_default();
    if text.len() > AuthKey::LEN {
        cx.push(
            Diagnostic::warning(
                Code::PasswordCut,
                password.span,
                format!("the password is cut to {} bytes", AuthKey::LEN),
            )
            .label(format!("this has {} bytes", text.len()))
            .because("a packet holds no more; keepalived does the same, so both nodes agree"),
        );
    }
    let key = AuthKey::new(text.as_bytes());
    match kind.as_str() {
        "AH" => Auth::Ah(key),
        _ => Auth::Pass(key),
    }
}

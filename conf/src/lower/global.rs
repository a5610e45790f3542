//! `global_defs`.

use super::Context;
use super::entry::EntryKind;
use super::settings::Settings;
use crate::HostFact;
use crate::diag::{Code, Diagnostic};
use crate::keyword::Word;
use crate::model::{Global, Lvs, Mail, Micros};

/// keepalived's time for one step of the dialogue.
const SMTP_TIMEOUT: Micros = Micros::from_secs(30);

/// What is not folded into the instances.
pub(super) fn assemble(cx: &mut Context<'_>, settings: &Settings) -> Global {
    let script_user = settings.user(Word::ScriptUser).map(|user| *user);
    if let (Some(user), Some(setting)) = (&script_user, settings.get(Word::ScriptUser)) {
        cx.need(HostFact::User(user.clone()), "script_user", setting.span);
    }
    Global {
        router_id: settings.text(Word::RouterId),
        script_user,
        script_security: settings.bool(Word::ScriptSecurity).unwrap_or(true),
        log_unknown_vrids: settings.has(Word::LogUnknownVrids),
        mail: mail(cx, settings),
        lvs: Lvs::default(),
    }
}

fn mail(cx: &mut Context<'_>, settings: &Settings) -> Option<Mail> {
    let mut to: Vec<String> = Vec::new();
    let mut first = None;
    for entry in settings.entries(Word::NotificationEmail) {
        if let EntryKind::Mail(address) = &entry.kind {
            first = first.or(Some(entry.span));
            to.push(address.clone());
        }
    }
    let place = first?;
    let server = settings.mail_server(Word::SmtpServer).map(|server| *server);
    if server.is_none() {
        cx.push(
            Diagnostic::warning(Code::NoMailServer, place, "mail goes nowhere")
                .label("there are recipients, but no `smtp_server`"),
        );
    }
    Some(Mail {
        to,
        from: settings.text(Word::NotificationEmailFrom),
        server,
        helo: settings.text(Word::SmtpHeloName),
        timeout: settings
            .time(Word::SmtpConnectTimeout)
            .unwrap_or(SMTP_TIMEOUT),
    })
}

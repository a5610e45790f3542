//! `global_defs`.

use super::entry::EntryKind;
use super::settings::{Settings, Value};
use super::{Context, script};
use crate::HostFact;
use crate::diag::{Code, Diagnostic, quote};
use crate::keyword::Word;
use crate::model::{
    Fifo, Fifos, FlushOnStop, Global, IpvsNamespace, Lvs, LvsTimeouts, Mail, Micros, ReloadFiles,
    ReloadMarker, StartStop, Surroundings, SyncDaemon, VrrpInstance,
};

/// keepalived's time for one step of the dialogue.
const SMTP_TIMEOUT: Micros = Micros::from_secs(30);

/// What is not folded into the instances.
pub(super) fn assemble(cx: &mut Context<'_>, root: &Settings, settings: &Settings) -> Global {
    if settings.bool(Word::V3ChecksumAsV2) == Some(false)
        && let Some(setting) = settings.get(Word::V3ChecksumAsV2)
    {
        super::off_is_off(cx, "v3_checksum_as_v2", setting.span);
    }
    let script_user = settings.user(Word::ScriptUser).map(|user| *user);
    if let (Some(user), Some(setting)) = (&script_user, settings.get(Word::ScriptUser)) {
        cx.need(HostFact::User(user.clone()), "script_user", setting.span);
    }
    Global {
        router_id: settings.text(Word::RouterId),
        script_user,
        script_security: settings.bool(Word::ScriptSecurity).unwrap_or(true),
        all_groups: settings.bool(Word::SupplementaryGroups).unwrap_or(false),
        log_unknown_vrids: settings.has(Word::LogUnknownVrids),
        mail: mail(cx, settings),
        lvs: lvs(settings),
        rs_init_notifies: settings.bool(Word::RsInitNotifies).unwrap_or(false),
        garp_extra: match settings
            .get(Word::GarpExtraIf)
            .map(|setting| &setting.value)
        {
            Some(Value::ExtraGarp(extra)) => Some(*extra),
            _ => None,
        },
        surroundings: surroundings(root),
        start_stop: start_stop(cx, settings),
        fifos: fifos(cx, settings),
        reload: reload(settings),
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
        no_faults: settings.has(Word::NoEmailFaults),
        no_checks: settings.bool(Word::NoCheckerEmails).unwrap_or(false),
    })
}

/// What concerns the load balancer; the sync daemon is filled in when the instances are known.
fn lvs(settings: &Settings) -> Lvs {
    Lvs {
        sync_daemon: None,
        timeouts: match settings
            .get(Word::LvsTimeouts)
            .map(|setting| &setting.value)
        {
            Some(Value::LvsTimeouts(timeouts)) => *timeouts,
            _ => LvsTimeouts::default(),
        },
        flush: settings.has(Word::LvsFlush),
        flush_on_stop: match settings.text(Word::LvsFlushOnStop).as_deref() {
            None => FlushOnStop::Orderly,
            Some("") => FlushOnStop::All,
            Some(_) => FlushOnStop::Own,
        },
    }
}

fn surroundings(root: &Settings) -> Surroundings {
    Surroundings {
        namespace: root.text(Word::NetNamespace),
        ipvs_namespace: match root.text(Word::NetNamespaceIpvs) {
            None => IpvsNamespace::Same,
            Some(name) if name.is_empty() => IpvsNamespace::Default,
            Some(name) => IpvsNamespace::Named(name),
        },
        instance: root.text(Word::InstanceName),
        use_pid_dir: root.has(Word::UsePidDir),
    }
}

fn start_stop(cx: &mut Context<'_>, settings: &Settings) -> StartStop {
    let default = StartStop::default();
    let mut command = |word, subject| script::command(cx, settings, word, subject);
    StartStop {
        startup: command(Word::StartupScript, "startup_script"),
        startup_secs: settings
            .number(Word::StartupScriptTimeout)
            .unwrap_or(default.startup_secs),
        shutdown: command(Word::ShutdownScript, "shutdown_script"),
        shutdown_secs: settings
            .number(Word::ShutdownScriptTimeout)
            .unwrap_or(default.shutdown_secs),
        delay: settings.time(Word::StartupDelay).unwrap_or(default.delay),
        after_boot: settings
            .time(Word::DelayAfterBoot)
            .unwrap_or(default.after_boot),
    }
}

fn fifos(cx: &mut Context<'_>, settings: &Settings) -> Fifos {
    let mut seen = Vec::new();
    let mut fifo = |word, script| {
        let fifo = fifo(cx, settings, word, script);
        // Two pipes at one path would mix their lines: the first one is written to, as with
        // keepalived.
        let again = fifo
            .as_ref()
            .is_some_and(|fifo: &Fifo| seen.contains(&fifo.path));
        if again && let Some(setting) = settings.get(word) {
            let text = format!(
                "{} is used by another word",
                quote(cx.sources.slice(setting.span))
            );
            cx.push(
                Diagnostic::warning(Code::SharedFifo, setting.span, text)
                    .label("ignored")
                    .because("that pipe gets these lines already"),
            );
            return None;
        }
        seen.extend(fifo.as_ref().map(|fifo| fifo.path.clone()));
        fifo
    };
    Fifos {
        all: fifo(Word::NotifyFifo, Word::NotifyFifoScript),
        vrrp: fifo(Word::VrrpNotifyFifo, Word::VrrpNotifyFifoScript),
        lvs: fifo(Word::LvsNotifyFifo, Word::LvsNotifyFifoScript),
        states_on_reload: settings.has(Word::FifoStatesOnReload),
        priority_changes: settings.bool(Word::NotifyPriorityChanges).unwrap_or(false),
    }
}

/// A pipe with its reader. A reader without a pipe has nothing to read.
fn fifo(cx: &mut Context<'_>, settings: &Settings, word: Word, script: Word) -> Option<Fifo> {
    let written = settings.get(word);
    let Some(setting) = written else {
        if let Some(script) = settings.get(script)
            && !settings.failed(word)
        {
            let text = "there is no pipe for this script to read";
            cx.push(
                Diagnostic::warning(Code::SharedFifo, script.span, text).label("it is not started"),
            );
        }
        return None;
    };
    let Value::Fifo(fifo) = &setting.value else {
        return None;
    };
    let mut fifo = (**fifo).clone();
    if let Some(owner) = &fifo.owner {
        cx.need(HostFact::User(owner.clone()), &fifo.path, setting.span);
    }
    fifo.script = script::command(cx, settings, script, &fifo.path);
    Some(fifo)
}

fn reload(settings: &Settings) -> ReloadFiles {
    ReloadFiles {
        time_file: settings.text(Word::ReloadTimeFile),
        repeat: settings.has(Word::ReloadRepeat),
        marker: settings.text(Word::ReloadFile).map(|path| {
            if path.is_empty() {
                ReloadMarker::Default
            } else {
                ReloadMarker::Path(path)
            }
        }),
    }
}

/// `lvs_sync_daemon`, once its instance is known.
pub(super) fn sync_daemon(
    cx: &mut Context<'_>,
    settings: &Settings,
    instances: &[VrrpInstance],
) -> Option<SyncDaemon> {
    let setting = settings.get(Word::LvsSyncDaemon)?;
    let Value::SyncDaemon(words) = &setting.value else {
        return None;
    };
    let fact = HostFact::Interface(words.interface.clone());
    cx.need(fact, "lvs_sync_daemon", setting.span);
    let mut id = 0;
    let mut instance = None;
    if let Some(name) = &words.instance {
        let found = instances
            .iter()
            .find(|instance| instance.router.name.as_str() == name);
        let Some(found) = found else {
            let names = instances
                .iter()
                .map(|instance| instance.router.name.as_str());
            let near = cx.nearest(name, names);
            let text = format!("there is no instance {}", quote(name));
            cx.push(
                Diagnostic::error(Code::UnknownReference, setting.span, text)
                    .label("not defined as `vrrp_instance`")
                    .maybe_help(near.map(|near| format!("did you mean `{near}`?"))),
            );
            return None;
        };
        id = found.router.vrid.get();
        instance = Some(found.router.name.clone());
    }
    Some(SyncDaemon {
        interface: words.interface.clone(),
        instance,
        id: words.id.unwrap_or(id),
        max_len: words.max_len,
        port: words.port,
        ttl: words.ttl,
        group: words.group,
    })
}

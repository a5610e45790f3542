//! What belongs to no instance and no server.

use super::word::{self, plain};
use super::{Page, Secrets, route, seconds};
use crate::model::{
    Config, Fifo, FlushOnStop, GarpGroup, Global, IpvsNamespace, LinkDelay, Lvs, Mail, Micros,
    ReloadMarker, StartStop, Statics, Surroundings, SyncDaemon, TlsFiles, TrackGroup,
};

/// Words of the outer level and of `global_defs`.
pub(super) fn all(page: &mut Page, config: &Config) {
    surroundings(page, &config.global.surroundings);
    let default = Global {
        surroundings: config.global.surroundings.clone(),
        ..Global::default()
    };
    // These two have no word in an instance: all instances have the same.
    let garp = config.instances.first().map(|first| first.router.garp);
    let interval = garp.map_or(Micros::ZERO, |garp| garp.interval);
    let gna_interval = garp.map_or(Micros::ZERO, |garp| garp.gna_interval);
    if !page.full() && config.global == default && interval.is_zero() && gna_interval.is_zero() {
        return;
    }
    let global = &config.global;
    page.block("global_defs", |page| {
        page.maybe("router_id", global.router_id.as_deref().map(plain));
        scripts(page, global);
        page.flag("log_unknown_vrids", global.log_unknown_vrids);
        page.time_differs("vrrp_garp_interval", interval, Micros::ZERO);
        page.time_differs("vrrp_gna_interval", gna_interval, Micros::ZERO);
        if let Some(extra) = global.garp_extra {
            let all = if extra.all { "all " } else { "" };
            page.set(
                "vrrp_garp_extra_if",
                format!("{all}{}", seconds(extra.interval)),
            );
        }
        if let Some(mail) = &global.mail {
            self::mail(page, mail);
        }
        start_stop(page, &global.start_stop);
        fifos(page, global);
        lvs(page, &global.lvs);
        reload(page, global);
    });
}

fn surroundings(page: &mut Page, surroundings: &Surroundings) {
    if !page.full() && *surroundings == Surroundings::default() {
        return;
    }
    page.maybe(
        "net_namespace",
        surroundings.namespace.as_deref().map(plain),
    );
    match &surroundings.ipvs_namespace {
        IpvsNamespace::Same => {}
        IpvsNamespace::Default => page.flag("net_namespace_ipvs", true),
        IpvsNamespace::Named(name) => page.set("net_namespace_ipvs", plain(name)),
    }
    page.maybe("instance", surroundings.instance.as_deref().map(plain));
    page.flag("use_pid_dir", surroundings.use_pid_dir);
    page.text.push('\n');
}

fn scripts(page: &mut Page, global: &Global) {
    page.maybe("script_user", global.script_user.as_ref().map(word::user));
    // On is the default.
    if page.full() || !global.script_security {
        page.bool("enable_script_security", global.script_security);
    }
    page.flag("set_supplementary_groups", global.all_groups);
}

fn mail(page: &mut Page, mail: &Mail) {
    page.block("notification_email", |page| {
        mail.to.iter().for_each(|to| page.line(&plain(to)));
    });
    page.maybe("notification_email_from", mail.from.as_deref().map(plain));
    if let Some(server) = &mail.server {
        page.set("smtp_server", format!("{} {}", server.host, server.port));
    }
    page.maybe("smtp_helo_name", mail.helo.as_deref().map(plain));
    page.set("smtp_connect_timeout", seconds(mail.timeout));
    page.flag("no_email_faults", mail.no_faults);
    page.flag("no_checker_emails", mail.no_checks);
}

fn start_stop(page: &mut Page, start_stop: &StartStop) {
    let default = StartStop::default();
    page.command("startup_script", start_stop.startup.as_ref());
    // Not even a dump has these where they are the default: they are not carried out.
    if start_stop.startup_secs != default.startup_secs {
        page.set("startup_script_timeout", start_stop.startup_secs);
    }
    page.command("shutdown_script", start_stop.shutdown.as_ref());
    if start_stop.shutdown_secs != default.shutdown_secs {
        page.set("shutdown_script_timeout", start_stop.shutdown_secs);
    }
    page.time_differs("vrrp_startup_delay", start_stop.delay, Micros::ZERO);
    page.time_differs("vrrp_delay_after_boot", start_stop.after_boot, Micros::ZERO);
}

fn fifos(page: &mut Page, global: &Global) {
    let fifos = &global.fifos;
    fifo(page, "notify_fifo", fifos.all.as_ref());
    fifo(page, "vrrp_notify_fifo", fifos.vrrp.as_ref());
    fifo(page, "lvs_notify_fifo", fifos.lvs.as_ref());
    page.flag("fifo_write_vrrp_states_on_reload", fifos.states_on_reload);
    page.flag("vrrp_notify_priority_changes", fifos.priority_changes);
    page.flag("rs_init_notifies", global.rs_init_notifies);
}

fn fifo(page: &mut Page, name: &str, fifo: Option<&Fifo>) {
    let Some(fifo) = fifo else {
        return;
    };
    let owner = match &fifo.owner {
        Some(owner) => format!(" {}", word::user(owner)),
        None => String::new(),
    };
    page.set(name, format!("{}{owner}", plain(&fifo.path)));
    page.command(&format!("{name}_script"), fifo.script.as_ref());
}

fn lvs(page: &mut Page, lvs: &Lvs) {
    page.maybe("lvs_sync_daemon", lvs.sync_daemon.as_ref().map(sync_daemon));
    let timeouts: Vec<String> = [
        ("tcp", lvs.timeouts.tcp),
        ("tcpfin", lvs.timeouts.tcp_fin),
        ("udp", lvs.timeouts.udp),
    ]
    .into_iter()
    .filter_map(|(word, seconds)| seconds.map(|seconds| format!("{word} {seconds}")))
    .collect();
    if !timeouts.is_empty() {
        page.set("lvs_timeouts", timeouts.join(" "));
    }
    page.flag("lvs_flush", lvs.flush);
    match lvs.flush_on_stop {
        FlushOnStop::Orderly => {}
        FlushOnStop::Own => page.set("lvs_flush_on_stop", "VS"),
        FlushOnStop::All => page.flag("lvs_flush_on_stop", true),
    }
}

fn sync_daemon(daemon: &SyncDaemon) -> String {
    let mut words = daemon.interface.to_string();
    let mut option = |word: &str, value: Option<String>| {
        if let Some(value) = value {
            words.push_str(&format!(" {word} {value}"));
        }
    };
    option(
        "inst",
        daemon.instance.as_ref().map(|name| plain(name.as_str())),
    );
    option("id", Some(daemon.id.to_string()));
    option("maxlen", daemon.max_len.map(|n| n.to_string()));
    option("port", daemon.port.map(|n| n.to_string()));
    option("ttl", daemon.ttl.map(|n| n.to_string()));
    option("group", daemon.group.map(|group| group.to_string()));
    words
}

fn reload(page: &mut Page, global: &Global) {
    let reload = &global.reload;
    page.maybe("reload_time_file", reload.time_file.as_deref().map(plain));
    page.flag("reload_repeat", reload.repeat);
    match &reload.marker {
        None => {}
        Some(ReloadMarker::Default) => page.flag("reload_file", true),
        Some(ReloadMarker::Path(path)) => page.set("reload_file", plain(path)),
    }
}

/// Blocks of the outer level.
pub(super) fn statics(page: &mut Page, statics: &Statics) {
    page.lines(
        "static_ipaddress",
        &statics.addresses,
        route::static_address,
    );
    page.lines("static_routes", &statics.routes, route::route);
    page.lines("static_rules", &statics.rules, route::rule);
    for group in &statics.track_groups {
        track_group(page, group);
    }
    for group in &statics.garp_groups {
        garp_group(page, group);
    }
    page.lines("interface_up_down_delays", &statics.link_delays, link_delay);
    if statics.tls != TlsFiles::default() {
        tls(page, &statics.tls);
    }
}

fn track_group(page: &mut Page, group: &TrackGroup) {
    page.block(&format!("track_group {}", plain(&group.name)), |page| {
        page.lines("group", &group.members, |name| plain(name.as_str()));
    });
}

fn garp_group(page: &mut Page, group: &GarpGroup) {
    page.block("garp_group", |page| {
        page.time_differs("garp_interval", group.interval, Micros::ZERO);
        page.time_differs("gna_interval", group.gna_interval, Micros::ZERO);
        page.lines("interfaces", &group.interfaces, ToString::to_string);
    });
}

fn link_delay(delay: &LinkDelay) -> String {
    format!(
        "{} {} {}",
        delay.interface,
        seconds(delay.down),
        seconds(delay.up)
    )
}

fn tls(page: &mut Page, tls: &TlsFiles) {
    let password = tls.password.as_ref().map(|password| match page.secrets {
        Secrets::Shown => plain(&password.0),
        Secrets::Hidden => "********".to_owned(),
    });
    page.block("SSL", |page| {
        page.maybe("password", password);
        page.maybe("ca", tls.ca.as_deref().map(plain));
        page.maybe("certificate", tls.certificate.as_deref().map(plain));
        page.maybe("key", tls.key.as_deref().map(plain));
    });
}

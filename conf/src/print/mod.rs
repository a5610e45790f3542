//! The canonical text of a configuration. Reading it again gives the same configuration.

mod besides;
mod checker;
mod route;
mod sync;
mod tracker;
mod vrrp;
mod word;

use crate::model::{Config, Global, Mail, Micros, ScriptCommand};
use word::{command, plain};

/// What is written where a password stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// The password; only such a text can be read again.
    Shown,
    /// Asterisks.
    Hidden,
}

/// The whole configuration. Words that have their default values are left out of VRRP instances;
/// values that come from `global_defs` stand in the instances.
pub fn print(config: &Config, secrets: Secrets) -> String {
    let mut page = Page {
        text: String::new(),
        depth: 0,
        secrets,
    };
    global(&mut page, config);
    statics(&mut page, config);
    for script in &config.scripts {
        vrrp::script(&mut page, script);
    }
    for process in &config.track_processes {
        tracker::process(&mut page, process);
    }
    for file in &config.track_files {
        tracker::file(&mut page, file);
    }
    for bfd in &config.bfd_instances {
        tracker::bfd(&mut page, bfd);
    }
    for instance in &config.instances {
        vrrp::instance(&mut page, instance);
    }
    for group in &config.sync_groups {
        sync::group(&mut page, group);
    }
    for server in &config.virtual_servers {
        checker::virtual_server(&mut page, server);
    }
    page.text
}

/// The text so far.
struct Page {
    text: String,
    depth: usize,
    secrets: Secrets,
}

impl Page {
    /// One line.
    fn line(&mut self, line: &str) {
        for _ in 0..self.depth {
            self.text.push_str("    ");
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A word alone, if it is to be there.
    fn flag(&mut self, word: &str, there: bool) {
        if there {
            self.line(word);
        }
    }

    /// A word with its value.
    fn set(&mut self, word: &str, value: impl std::fmt::Display) {
        self.line(&format!("{word} {value}"));
    }

    /// A word with its value, if it has one.
    fn maybe(&mut self, word: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.set(word, value);
        }
    }

    /// A word with a value that differs from the default.
    fn differs<T: PartialEq + std::fmt::Display>(&mut self, word: &str, value: T, default: T) {
        if value != default {
            self.set(word, value);
        }
    }

    /// The same for a length of time.
    fn time_differs(&mut self, word: &str, value: Micros, default: Micros) {
        if value != default {
            self.set(word, seconds(value));
        }
    }

    /// On or off.
    fn bool(&mut self, word: &str, value: bool) {
        self.set(word, if value { "on" } else { "off" });
    }

    /// A command with its user.
    fn command(&mut self, word: &str, value: Option<&ScriptCommand>) {
        let Some(value) = value else {
            return;
        };
        let mut line = command(&value.words);
        if let Some(user) = &value.user {
            line.push(' ');
            line.push_str(&word::user(user));
        }
        self.set(word, line);
    }

    /// A block with a line for each entry; none where there is none.
    fn lines<T>(&mut self, word: &str, entries: &[T], line: impl Fn(&T) -> String) {
        if !entries.is_empty() {
            self.block(word, |page| {
                entries.iter().for_each(|entry| page.line(&line(entry)));
            });
        }
    }

    /// A block.
    fn block(&mut self, head: &str, inside: impl FnOnce(&mut Self)) {
        self.line(&format!("{head} {{"));
        self.depth = self.depth.saturating_add(1);
        inside(self);
        self.depth = self.depth.saturating_sub(1);
        self.line("}");
        if self.depth == 0 {
            self.text.push('\n');
        }
    }
}

/// What is there whatever the instances' states are.
fn statics(page: &mut Page, config: &Config) {
    let statics = &config.statics;
    page.lines(
        "static_ipaddress",
        &statics.addresses,
        route::static_address,
    );
    page.lines("static_routes", &statics.routes, route::route);
    page.lines("static_rules", &statics.rules, route::rule);
}

/// Seconds as they are written: `1`, `0.25`.
fn seconds(time: Micros) -> String {
    time.to_string().trim_end_matches(" s").to_owned()
}

fn global(page: &mut Page, config: &Config) {
    let default = Global::default();
    // These two have no word in an instance: all instances have the same.
    let garp = config.instances.first().map(|first| first.router.garp);
    let interval = garp.map_or(Micros::ZERO, |garp| garp.interval);
    let gna_interval = garp.map_or(Micros::ZERO, |garp| garp.gna_interval);
    if config.global == default && interval.is_zero() && gna_interval.is_zero() {
        return;
    }
    let global = &config.global;
    page.block("global_defs", |page| {
        page.maybe("router_id", global.router_id.as_deref().map(plain));
        page.maybe("script_user", global.script_user.as_ref().map(word::user));
        if global.script_security != default.script_security {
            page.bool("enable_script_security", global.script_security);
        }
        page.flag("log_unknown_vrids", global.log_unknown_vrids);
        page.time_differs("vrrp_garp_interval", interval, Micros::ZERO);
        page.time_differs("vrrp_gna_interval", gna_interval, Micros::ZERO);
        if let Some(mail) = &global.mail {
            self::mail(page, mail);
        }
    });
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
}

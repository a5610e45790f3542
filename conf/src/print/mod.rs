//! The canonical text of a configuration. Reading it again gives the same configuration.

mod besides;
mod checker;
mod global;
mod route;
mod sync;
mod tracker;
mod vrrp;
mod word;

use crate::model::{Config, Micros, ScriptCommand};
use word::command;

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
    global::all(&mut page, config);
    global::statics(&mut page, &config.statics);
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
    checker::groups(&mut page, &config.virtual_servers);
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

/// Seconds as they are written: `1`, `0.25`.
fn seconds(time: Micros) -> String {
    time.to_string().trim_end_matches(" s").to_owned()
}

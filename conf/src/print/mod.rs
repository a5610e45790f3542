//! The canonical text of a configuration. Reading it again gives the same configuration.

mod besides;
mod checker;
mod global;
mod route;
mod sync;
mod tracker;
mod vrrp;
mod word;

use crate::model::{Config, Micros, RealServer, ScriptCommand, VirtualServer};
use std::collections::HashMap;
use word::command;
pub(crate) use word::plain;

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
    let mut page = Page::new(secrets);
    all(&mut page, config);
    page.text
}

/// The same with all defaults, line by line, with what each line is about.
pub(crate) fn rows(config: &Config, secrets: Secrets) -> Vec<Row> {
    let mut page = Page::new(secrets);
    page.rows = Some(Vec::new());
    all(&mut page, config);
    page.rows.unwrap_or_default()
}

fn all(page: &mut Page, config: &Config) {
    global::all(page, config);
    global::statics(page, &config.statics);
    for script in &config.scripts {
        vrrp::script(page, script);
    }
    for process in &config.track_processes {
        tracker::process(page, process);
    }
    for file in &config.track_files {
        tracker::file(page, file);
    }
    for bfd in &config.bfd_instances {
        tracker::bfd(page, bfd);
    }
    for instance in &config.instances {
        vrrp::instance(page, instance);
    }
    for group in &config.sync_groups {
        sync::group(page, group);
    }
    checker::groups(page, &config.virtual_servers);
    for server in &config.virtual_servers {
        checker::virtual_server(page, server);
    }
}

/// A virtual server without its real servers.
pub(crate) fn virtual_server_alone(server: &VirtualServer) -> String {
    let mut page = Page::new(Secrets::Hidden);
    page.without_servers = true;
    checker::virtual_server(&mut page, server);
    page.text
}

/// A real server alone.
pub(crate) fn real_server(server: &RealServer) -> String {
    let mut page = Page::new(Secrets::Hidden);
    checker::real_server(&mut page, server);
    page.text
}

/// What differs between two versions of a block, word by word: `lb_algo rr → wrr`, `ops on`.
pub(crate) fn differing_words(old: &str, new: &str) -> Vec<String> {
    if old == new {
        return Vec::new();
    }
    let lines = |text: &'_ str| -> Vec<String> {
        let inner = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && *line != "}");
        inner.map(str::to_owned).collect()
    };
    let (old, new) = (lines(old), lines(new));
    let mut kept: HashMap<&str, usize> = HashMap::new();
    for line in &old {
        let count = kept.entry(line).or_default();
        *count = count.saturating_add(1);
    }
    let mut fresh = Vec::new();
    for line in &new {
        match kept.get_mut(line.as_str()).filter(|count| **count > 0) {
            Some(count) => *count = count.saturating_sub(1),
            None => fresh.push(line.as_str()),
        }
    }
    let mut gone: Vec<&str> = old
        .iter()
        .map(String::as_str)
        .filter(|line| {
            kept.get_mut(line).is_some_and(|count| {
                let there = *count > 0;
                *count = count.saturating_sub(1);
                there
            })
        })
        .collect();
    let mut words = Vec::new();
    for line in fresh {
        let (word, value) = line.split_once(' ').unwrap_or((line, ""));
        let before = gone
            .iter()
            .position(|other| other.split(' ').next() == Some(word));
        let before = before.map(|at| gone.remove(at));
        words.push(difference(word, before, Some(value)));
    }
    for line in gone {
        let word = line.split(' ').next().unwrap_or(line);
        words.push(difference(word, Some(line), None));
    }
    words
}

fn difference(word: &str, old: Option<&str>, new: Option<&str>) -> String {
    let value = |line: &str| {
        line.split_once(' ')
            .map_or("", |(_, value)| value)
            .to_owned()
    };
    match (old.map(value).as_deref(), new) {
        (None, Some("{")) => format!("{word} added"),
        (Some("{"), None) => format!("{word} removed"),
        (None, Some("")) => format!("{word} on"),
        (Some(""), None) => format!("{word} off"),
        (old, new) => format!(
            "{word} {} → {}",
            old.unwrap_or("none"),
            new.unwrap_or("none")
        ),
    }
}

/// A line of the whole configuration, and what it is about.
#[derive(Debug)]
pub(crate) struct Row {
    /// Blocks around it.
    pub(crate) depth: usize,
    /// The line without indentation.
    pub(crate) text: String,
    pub(crate) about: About,
}

/// What a line is about.
#[derive(Debug)]
pub(crate) enum About {
    /// The beginning of a block; the text is its head without the brace.
    Open,
    /// The end of a block.
    Close,
    /// A word with its value; its name.
    Word(String),
    /// The same with the default value.
    Default(String),
    /// A word that is not there since it is off.
    Off,
    /// A line of a list.
    Entry,
}

/// The text so far.
struct Page {
    text: String,
    depth: usize,
    secrets: Secrets,
    /// Lines instead of text, where everything is to be there, defaults as well.
    rows: Option<Vec<Row>>,
    /// Real servers are left out.
    without_servers: bool,
}

impl Page {
    const fn new(secrets: Secrets) -> Self {
        Self {
            text: String::new(),
            depth: 0,
            secrets,
            rows: None,
            without_servers: false,
        }
    }

    /// True where defaults are written as well.
    const fn full(&self) -> bool {
        self.rows.is_some()
    }

    /// One line of a list.
    fn line(&mut self, line: &str) {
        self.put(line, About::Entry);
    }

    fn put(&mut self, line: &str, about: About) {
        if let Some(rows) = &mut self.rows {
            rows.push(Row {
                depth: self.depth,
                text: line.to_owned(),
                about,
            });
            return;
        }
        for _ in 0..self.depth {
            self.text.push_str("    ");
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A word alone, if it is to be there.
    fn flag(&mut self, word: &str, there: bool) {
        if there {
            self.put(word, About::Word(word.to_owned()));
        } else if self.full() {
            self.put(word, About::Off);
        }
    }

    /// A word with its value.
    fn set(&mut self, word: &str, value: impl std::fmt::Display) {
        let about = About::Word(if self.full() {
            word.to_owned()
        } else {
            String::new()
        });
        self.put(&format!("{word} {value}"), about);
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
        } else if self.full() {
            self.put(&format!("{word} {value}"), About::Default(word.to_owned()));
        }
    }

    /// The same for a length of time.
    fn time_differs(&mut self, word: &str, value: Micros, default: Micros) {
        self.differs(word, seconds(value), seconds(default));
    }

    /// A length of time where zero cannot be written.
    fn time_or_off(&mut self, word: &str, value: Micros) {
        if value.is_zero() {
            self.flag(word, false);
        } else {
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
        if self.full() {
            self.put(head, About::Open);
        } else {
            self.put(&format!("{head} {{"), About::Open);
        }
        self.depth = self.depth.saturating_add(1);
        inside(self);
        self.depth = self.depth.saturating_sub(1);
        self.put("}", About::Close);
        if self.depth == 0 && !self.full() {
            self.text.push('\n');
        }
    }
}

/// Seconds as they are written: `1`, `0.25`.
fn seconds(time: Micros) -> String {
    time.to_string().trim_end_matches(" s").to_owned()
}

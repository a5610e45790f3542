//! The plan for people and for machines.

use super::instances::{self, Role};
use super::{Plan, servers, untouched};
use crate::diag::escape;
use serde_json::{Value, json};
use std::fmt::Write;
use std::net::SocketAddr;

/// Columns of a terminal.
const WIDTH: usize = 80;

impl Plan {
    /// The plan as text.
    pub fn render(&self) -> String {
        if self.is_empty() {
            return "No change.\n".to_owned();
        }
        let mut text = String::new();
        let wide = self
            .instances
            .iter()
            .map(|step| step.name.chars().count())
            .max()
            .unwrap_or(0);
        for step in &self.instances {
            let name = escape(&step.name);
            wrapped(
                &mut text,
                &format!("{} {name:wide$}  ", sign(step.kind)),
                &words(step),
            );
        }
        for step in &self.servers {
            let (sign, words) = server_words(step);
            wrapped(
                &mut text,
                &format!("{sign} {}  ", escape(&step.name)),
                &words,
            );
        }
        for other in &self.others {
            wrapped(&mut text, "  ", other);
        }
        wrapped(&mut text, "", &self.summary());
        text
    }

    fn summary(&self) -> String {
        let names = |role: Role| -> Vec<&str> {
            let steps = self.instances.iter().filter(|step| step.role == role);
            steps.map(|step| step.name.as_str()).collect()
        };
        let (changes, may) = (names(Role::Changes), names(Role::May));
        let mut text = "No other change.".to_owned();
        if changes.is_empty() && may.is_empty() {
            text.push_str(" No role change is expected.");
        }
        if !changes.is_empty() {
            let (number, verb) = counted(changes.len());
            let _ = write!(
                text,
                " {number} {verb} expected where this node is MASTER ({}).",
                escape(&changes.join(", "))
            );
        }
        if !may.is_empty() {
            let (number, verb) = counted(may.len());
            let verb = verb.replace(" is", "").replace(" are", "");
            let _ = write!(
                text,
                " {number} {verb} possible, the peers decide ({}).",
                escape(&may.join(", "))
            );
        }
        text
    }

    /// The plan for machines.
    pub fn json(&self) -> Value {
        json!({
            "instances": self.instances.iter().map(instance_json).collect::<Vec<_>>(),
            "virtual_servers": self.servers.iter().map(server_json).collect::<Vec<_>>(),
            "others": self.others,
            "summary": self.summary(),
        })
    }
}

fn counted(number: usize) -> (usize, &'static str) {
    (
        number,
        if number == 1 {
            "role change is"
        } else {
            "role changes are"
        },
    )
}

const fn sign(kind: instances::Kind) -> char {
    match kind {
        instances::Kind::Added => '+',
        instances::Kind::Removed => '-',
        instances::Kind::Restarted => '~',
        instances::Kind::Changed => ' ',
    }
}

fn words(step: &instances::Step) -> String {
    let what = step.what.join("; ");
    match step.kind {
        instances::Kind::Changed => match step.role {
            Role::Stays => format!("keeps its role; {what}"),
            Role::May | Role::Changes => what,
        },
        instances::Kind::Added | instances::Kind::Removed | instances::Kind::Restarted => what,
    }
}

fn server_words(step: &servers::Step) -> (char, String) {
    let many = |number: usize| {
        let plural = if number == 1 { "" } else { "s" };
        format!("{number} real server{plural}")
    };
    match &step.kind {
        servers::Kind::Added(number) => ('+', format!("new, {}", many(*number))),
        servers::Kind::Removed(number) => (
            '-',
            format!("removed with {}, its connections end", many(*number)),
        ),
        servers::Kind::Changed(change) => {
            let mut words = change.words();
            words.extend(untouched(change));
            (' ', words.join("; "))
        }
    }
}

/// Breaks a text at blanks, so that it fits a terminal.
fn wrapped(out: &mut String, head: &str, text: &str) {
    /// Long names leave room for the text.
    const MOST: usize = 24;
    out.push_str(head);
    let mut column = head.chars().count();
    let indent = column.min(MOST);
    let mut first = true;
    for word in escape(text).split(' ') {
        let width = word.chars().count();
        if !first && column.saturating_add(width).saturating_add(1) > WIDTH {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if !first {
            out.push(' ');
            column = column.saturating_add(1);
        }
        out.push_str(word);
        column = column.saturating_add(width);
        first = false;
    }
    out.push('\n');
}

fn instance_json(step: &instances::Step) -> Value {
    json!({
        "name": step.name,
        "action": match step.kind {
            instances::Kind::Added => "added",
            instances::Kind::Removed => "removed",
            instances::Kind::Restarted => "restarted",
            instances::Kind::Changed => "changed",
        },
        "what": step.what,
        "role_change": match step.role {
            Role::Stays => "no",
            Role::May => "possible",
            Role::Changes => "expected where this node is MASTER",
        },
    })
}

fn server_json(step: &servers::Step) -> Value {
    let texts = |list: &[SocketAddr]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    match &step.kind {
        servers::Kind::Added(number) => {
            json!({ "name": step.name, "action": "added", "real_servers": number })
        }
        servers::Kind::Removed(number) => {
            json!({ "name": step.name, "action": "removed", "real_servers": number })
        }
        servers::Kind::Changed(change) => json!({
            "name": step.name,
            "action": "changed",
            "settings": change.settings,
            "added": texts(&change.added),
            "removed": texts(&change.removed),
            "changed": change.changed.iter().map(|(server, words)| json!({
                "server": server.to_string(),
                "what": words,
            })).collect::<Vec<_>>(),
            "untouched": change.untouched,
        }),
    }
}

//! The effective configuration: all values with their defaults, and where each comes from.

use crate::Loaded;
use crate::keyword;
use crate::origin::{Found, Origins};
use crate::print::{self, About, Row, Secrets};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Where the comments begin.
const MARGIN: usize = 40;

/// The effective configuration as text that can be read again, with passwords hidden. None where
/// the configuration has errors. Origins are shown where they were asked for.
pub fn dump(loaded: &Loaded) -> Option<String> {
    dump_with(loaded, Secrets::Hidden)
}

/// The same; only with its passwords shown it is the same configuration when it is read again.
pub fn dump_with(loaded: &Loaded, secrets: Secrets) -> Option<String> {
    let mut text = String::new();
    for line in lines(loaded, secrets)? {
        let indented = format!("{}{}", "    ".repeat(line.row.depth), shown(&line.row));
        match &line.origin {
            Some(origin) => {
                let width = indented.chars().count();
                let gap = MARGIN.saturating_sub(width).max(2);
                text.push_str(&indented);
                text.extend(std::iter::repeat_n(' ', gap));
                text.push_str("# ");
                text.push_str(origin);
            }
            None => text.push_str(&indented),
        }
        text.push('\n');
        if line.row.depth == 0 && matches!(line.row.about, About::Close) {
            text.push('\n');
        }
    }
    Some(text)
}

/// The same for machines: each value with its block, text and origin. Passwords are hidden.
pub fn dump_json(loaded: &Loaded) -> Option<Value> {
    let lines = lines(loaded, Secrets::Hidden)?;
    let values = lines.iter().filter_map(|line| {
        let (word, value) = match &line.row.about {
            About::Word(word) | About::Default(word) => {
                let value = line
                    .row
                    .text
                    .strip_prefix(word.as_str())
                    .unwrap_or("")
                    .trim();
                (word.as_str(), if value.is_empty() { "on" } else { value })
            }
            About::Off => (line.row.text.as_str(), "off"),
            About::Entry => ("", line.row.text.as_str()),
            About::Open | About::Close => return None,
        };
        Some(json!({
            "block": line.path,
            "word": word,
            "value": value,
            "origin": line.origin,
        }))
    });
    Some(Value::Array(values.collect()))
}

/// A line with its block and its origin.
struct Line {
    row: Row,
    path: String,
    origin: Option<String>,
}

fn lines(loaded: &Loaded, secrets: Secrets) -> Option<Vec<Line>> {
    let rows = print::rows(loaded.config.as_ref()?, secrets);
    let none = Origins::default();
    let mut walk = Walk {
        loaded,
        origins: loaded.origins.as_ref().unwrap_or(&none),
        path: Vec::new(),
        seen: HashMap::new(),
    };
    Some(rows.into_iter().map(|row| walk.line(row)).collect())
}

/// The way through the blocks.
struct Walk<'a> {
    loaded: &'a Loaded,
    origins: &'a Origins,
    path: Vec<String>,
    /// How often a head was there in its block.
    seen: HashMap<(String, String), usize>,
}

impl Walk<'_> {
    fn line(&mut self, row: Row) -> Line {
        if matches!(row.about, About::Close) {
            let path = self.path.pop().unwrap_or_default();
            return Line {
                row,
                path,
                origin: None,
            };
        }
        let outer = self.path.last().cloned().unwrap_or_default();
        if matches!(row.about, About::Open) {
            let path = self.open(&outer, &row.text);
            let origin = self.origins.head(&path).map(|span| self.show((span, None)));
            return Line { row, path, origin };
        }
        let found = match &row.about {
            About::Word(word) | About::Default(word) => self.origins.word(&outer, word),
            About::Off => self.origins.word(&outer, &row.text),
            About::Entry => {
                let entry = self.origins.entry(&outer, &row.text);
                let word = row.text.split(' ').next().unwrap_or("");
                entry
                    .map(|span| (span, None))
                    .or_else(|| self.origins.word(&outer, word))
            }
            About::Open | About::Close => None,
        };
        let value_of_word = matches!(row.about, About::Word(_) | About::Default(_) | About::Off);
        let origin = match found {
            Some(found) => Some(self.show(found)),
            None if self.loaded.origins.is_some() && value_of_word => Some("default".to_owned()),
            None => None,
        };
        Line {
            row,
            path: outer,
            origin,
        }
    }

    fn open(&mut self, outer: &str, head: &str) -> String {
        let number = self
            .seen
            .entry((outer.to_owned(), head.to_owned()))
            .or_default();
        *number = number.saturating_add(1);
        let bare = head.replace('"', "");
        let path = self.origins.inside(outer, &bare, *number);
        self.path.push(path.clone());
        path
    }

    /// Nothing in a comment may end it or be a definition.
    fn show(&self, (span, from): Found<'_>) -> String {
        let origin = self.loaded.report.origin(span, from).to_string();
        origin.replace('$', "?")
    }
}

fn shown(row: &Row) -> String {
    match row.about {
        About::Open => format!("{} {{", row.text),
        About::Off => format!("# {} is off", row.text),
        // A daemon that reads it would refuse the word, though it asks for nothing.
        About::Default(ref word) if keyword::is_only_checked(word) => format!("# {}", row.text),
        About::Close | About::Word(_) | About::Default(_) | About::Entry => row.text.clone(),
    }
}

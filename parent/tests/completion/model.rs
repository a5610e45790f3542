//! What there is to complete.

use holdfast::cli::HELP;
use holdfast::ctl::{COMMON, Opt, SUBCOMMANDS, Takes};

/// A program.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// Options that stand anywhere.
    pub(crate) options: Vec<Choice>,
    pub(crate) commands: Vec<Sub>,
}

/// A sub-command.
pub(crate) struct Sub {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) arguments: Arguments,
    pub(crate) options: Vec<Choice>,
}

/// What stands behind a sub-command.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arguments {
    Files,
    Codes,
    Words,
    Nothing,
}

/// An option.
#[derive(Clone)]
pub(crate) struct Choice {
    pub(crate) short: Option<char>,
    pub(crate) long: String,
    pub(crate) about: String,
    pub(crate) value: Option<Value>,
    /// The value may be left out.
    pub(crate) optional: bool,
}

/// What stands behind an option.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Value {
    File,
    Words(Vec<String>),
}

impl Choice {
    /// `-f --use-file`, as far as there are both.
    pub(crate) fn names(&self) -> Vec<String> {
        let short = self.short.map(|letter| format!("-{letter}"));
        short
            .into_iter()
            .chain([format!("--{}", self.long)])
            .collect()
    }
}

/// The daemon's options are those of its help.
pub(crate) fn daemon() -> Program {
    Program {
        name: "holdfast",
        options: entries()
            .iter()
            .filter_map(|entry| choice_of_help(entry))
            .collect(),
        commands: Vec::new(),
    }
}

/// The lines of the help, each with those that go on behind it.
fn entries() -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    for line in HELP.lines() {
        match entries.last_mut() {
            Some(entry) if line.starts_with("          ") => {
                entry.push(' ');
                entry.push_str(line.trim_start());
            }
            _ => entries.push(line.to_owned()),
        }
    }
    entries
}

/// `  -f, --use-file=FILE       configuration; …`
fn choice_of_help(line: &str) -> Option<Choice> {
    let (names, rest) = line.split_once("--")?;
    if !names.trim_matches([' ', ',']).is_empty() && !names.trim_start().starts_with('-') {
        return None;
    }
    let (word, about) = rest.split_once(' ')?;
    let end = word.find(['=', '[']).unwrap_or(word.len());
    let (long, value) = word.split_at(end);
    let about = about.trim_start();
    Some(Choice {
        short: names
            .trim_start()
            .strip_prefix('-')
            .and_then(|name| name.chars().next()),
        long: long.to_owned(),
        about: first_part(about),
        value: value_of_help(long, value.trim_matches(['[', ']', '='])),
        optional: value.starts_with('['),
    })
}

fn value_of_help(long: &str, value: &str) -> Option<Value> {
    let words =
        |text: &str, mark: char| Value::Words(text.split(mark).map(str::to_owned).collect());
    match (value, long) {
        ("", _) => None,
        ("FILE" | "PATH", _) => Some(Value::File),
        (text, _) if text.contains('|') => Some(words(text, '|')),
        (_, "signum") => Some(words(&holdfast::signum::names(), ',').trimmed()),
        (_, "log-facility") => Some(words(
            "user daemon local0 local1 local2 local3 local4 local5 local6 local7",
            ' ',
        )),
        (_, _) => Some(Value::Words(Vec::new())),
    }
}

impl Value {
    fn trimmed(self) -> Self {
        match self {
            Self::File => self,
            Self::Words(words) => {
                Self::Words(words.iter().map(|word| word.trim().to_owned()).collect())
            }
        }
    }
}

/// `holdfastctl`.
pub(crate) fn tool() -> Program {
    let named = SUBCOMMANDS.iter().map(|of| (of.name, of));
    // That command is an option as well.
    let dump = SUBCOMMANDS.iter().filter(|of| of.name == "dump");
    let named = named.chain(dump.map(|of| ("--dump", of)));
    let commands = named.map(|(name, of)| Sub {
        name,
        about: of.about,
        arguments: match of.arguments {
            "CODE..." => Arguments::Codes,
            "[BLOCK] [WORD]" => Arguments::Words,
            options if options.starts_with('-') => Arguments::Nothing,
            _ => Arguments::Files,
        },
        options: of.options.iter().map(choice).collect(),
    });
    Program {
        name: "holdfastctl",
        options: COMMON.iter().map(choice).collect(),
        commands: commands.collect(),
    }
}

fn choice(option: &Opt) -> Choice {
    Choice {
        short: option.short,
        long: option.long.to_owned(),
        about: first_part(option.about),
        value: match option.takes {
            Takes::Nothing => None,
            Takes::Text(_) => Some(Value::Words(Vec::new())),
            Takes::OneOf(words) => Some(Value::Words(
                words.iter().map(ToString::to_string).collect(),
            )),
        },
        optional: false,
    }
}

/// A description as short as a menu wants it.
fn first_part(about: &str) -> String {
    about.split(';').next().unwrap_or(about).to_owned()
}

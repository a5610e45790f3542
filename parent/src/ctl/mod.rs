//! The command line of `holdfastctl`.

mod answer;
mod genhash;
mod help;
mod table;
mod vocabulary;

use crate::words::printable;
use holdfast_conf::Code;
use holdfast_ipc::genhash::Genhash;
use lexopt::prelude::{Long, Short, Value};
use std::ffi::OsString;
use std::path::PathBuf;

pub use answer::{
    check_document, check_text, explain, list_codes, node_names, pair_document, pair_text,
    with_format,
};
pub use help::{help, help_of};
pub use table::{COMMON, Opt, SUBCOMMANDS, SubCommand, Takes};
pub use vocabulary::{words_document, words_text};

/// Exit status: nothing is wrong.
pub const FINE: u8 = 0;
/// Exit status: something has an error, cannot be read, or is not formatted.
pub const FOUND: u8 = 1;
/// Exit status: the command line cannot be understood.
pub const USAGE: u8 = 2;

/// The sub-command that is an option as well.
const DUMP: &str = "dump";

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What to do.
    pub command: Command,
    /// `--color`.
    pub colour: When,
    /// `--config-id`: none, one, or one for each file.
    pub ids: Vec<String>,
}

impl Request {
    /// The name for conditional lines in a file, counted from 0.
    pub fn id(&self, file: usize) -> Option<&String> {
        self.ids.get(file).or_else(|| self.ids.last())
    }
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Print how it is used, in general or of one sub-command, and end.
    Help(Option<&'static SubCommand>),
    /// Print the version and end.
    Version,
    /// Look for mistakes.
    Check(Check),
    /// Say what a reload would do.
    Diff {
        /// What runs.
        old: PathBuf,
        /// What would run.
        new: PathBuf,
        /// How to say it.
        format: Format,
    },
    /// Format.
    Fmt {
        /// The files, each by itself.
        files: Vec<PathBuf>,
        /// What becomes of the result.
        target: Target,
    },
    /// Print the configuration as it is understood.
    Dump {
        /// The file.
        file: PathBuf,
        /// How to say it.
        format: Format,
    },
    /// Print the digest of a page.
    Genhash(Genhash),
    /// Print the long form of codes.
    Explain(Vec<Code>),
    /// Print all codes.
    ListCodes,
    /// List words of the language.
    Words {
        /// The end of a path of blocks, or of such a path and a word; all words where it is empty.
        place: Vec<String>,
        /// How to say it.
        format: Format,
    },
}

/// What `check` does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// The files, each by itself.
    pub files: Vec<PathBuf>,
    /// `--host`: hold them against this host as well.
    pub host: bool,
    /// `--pair`: hold them against each other.
    pub pair: bool,
    /// How to say it.
    pub format: Format,
}

/// For whom the output is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// What becomes of a formatted text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// It is printed.
    #[default]
    Output,
    /// It replaces the file.
    Write,
    /// It is compared with the file.
    Compare,
}

/// When there is colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl When {
    /// Whether there is colour. `no_color` is the variable of that name, which counts where it is
    /// not empty (no-color.org).
    pub fn on(self, terminal: bool, no_color: Option<OsString>) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => terminal && no_color.is_none_or(|value| value.is_empty()),
        }
    }
}

/// A command line that cannot be understood; the text says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError {
    text: String,
    of: Option<&'static SubCommand>,
}

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = self.of;
        // The words of the command line may come from a script; a terminal must not act on them.
        let text = printable(&self.text);
        match of {
            Some(of) => write!(f, "{text}; `holdfastctl {} --help` says how", of.name),
            None => write!(f, "{text}; `holdfastctl --help` lists the commands"),
        }
    }
}

impl std::error::Error for UsageError {}

/// Reads the arguments, the program's name included.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, UsageError> {
    let mut reader = Reader::default();
    let mut parser = lexopt::Parser::from_iter(arguments);
    loop {
        let next = parser
            .next()
            .map_err(|error| reader.error(error.to_string()))?;
        let option = match next {
            None => return reader.finish(),
            Some(Long(DUMP)) if reader.of.is_none() => {
                reader.word(DUMP.into())?;
                continue;
            }
            Some(Short(letter)) => reader.option(|option| option.short == Some(letter)),
            Some(Long(word)) => reader.option(|option| option.long == word),
            Some(Value(word)) => {
                reader.word(word)?;
                continue;
            }
        };
        let Some(option) = option else {
            let text = match next {
                Some(Short(letter)) => format!("unknown option -{letter}"),
                Some(Long(word)) => format!("unknown option --{word}"),
                Some(Value(_)) | None => String::new(),
            };
            return Err(reader.error(text));
        };
        reader.take(option, &mut parser)?;
    }
}

#[derive(Default)]
struct Reader {
    of: Option<&'static SubCommand>,
    words: Vec<OsString>,
    colour: When,
    ids: Vec<String>,
    check: Check,
    target: Target,
    list: bool,
    page: genhash::Words,
    /// Help, version: the first one wins.
    answer: Option<Command>,
}

impl Reader {
    fn error(&self, text: impl Into<String>) -> UsageError {
        UsageError {
            text: text.into(),
            of: self.of,
        }
    }

    /// An option that is known here.
    fn option(&self, is: impl Fn(&Opt) -> bool) -> Option<&'static Opt> {
        let own = self.of.map_or(&[][..], |of| of.options);
        own.iter().chain(COMMON).find(|option| is(option))
    }

    /// The first word is the sub-command.
    fn word(&mut self, word: OsString) -> Result<(), UsageError> {
        if self.of.is_some() {
            self.words.push(word);
            return Ok(());
        }
        let name = word.to_string_lossy();
        self.of = sub_command(&name);
        match self.of {
            Some(_) => Ok(()),
            None => Err(self.error(format!("unknown command `{name}`"))),
        }
    }

    fn take(&mut self, option: &Opt, parser: &mut lexopt::Parser) -> Result<(), UsageError> {
        let value = match option.takes {
            Takes::Nothing => String::new(),
            Takes::Text(_) => parser
                .value()
                .map_err(|error| self.error(error.to_string()))?
                .to_string_lossy()
                .into_owned(),
            Takes::OneOf(words) => {
                let value = parser
                    .value()
                    .map_err(|error| self.error(error.to_string()))?;
                let value = value.to_string_lossy().into_owned();
                if !words.contains(&value.as_str()) {
                    let (long, words) = (option.long, words.join(", "));
                    let text = format!("--{long} cannot be `{value}`; expected {words}");
                    return Err(self.error(text));
                }
                value
            }
        };
        self.set(option.long, &value);
        Ok(())
    }

    /// Every option of the table; a test goes through all of them.
    fn set(&mut self, option: &str, value: &str) {
        match (option, value) {
            ("help", _) => {
                self.answer.get_or_insert(Command::Help(self.of));
            }
            ("version", _) => {
                self.answer.get_or_insert(Command::Version);
            }
            ("color", "always") => self.colour = When::Always,
            ("color", "never") => self.colour = When::Never,
            ("color", _) => self.colour = When::Auto,
            ("format", "json") => self.check.format = Format::Json,
            ("format", _) => self.check.format = Format::Text,
            ("config-id", id) => self.ids.push(id.to_owned()),
            ("host", _) => self.check.host = true,
            ("pair", _) => self.check.pair = true,
            ("write", _) => self.target = Target::Write,
            ("check", _) => self.target = Target::Compare,
            ("list", _) => self.list = true,
            // From here on it is that command, with its options.
            (DUMP, _) => self.of = sub_command(DUMP),
            (option, value) if genhash::OPTIONS.iter().any(|known| known.long == option) => {
                self.page.push(option, value);
            }
            (_, _) => debug_assert!(false, "--{option} is in the table and nowhere else"),
        }
    }

    fn finish(self) -> Result<Request, UsageError> {
        let colour = self.colour;
        let ids = self.ids.clone();
        if ids.len() > self.words.len().max(1) {
            return Err(self.error("there are more --config-id than files"));
        }
        let command = match (&self.answer, self.of) {
            (Some(answer), _) => answer.clone(),
            (None, None) => return Err(self.error("a command is expected")),
            (None, Some(of)) => self.command(of)?,
        };
        Ok(Request {
            command,
            colour,
            ids,
        })
    }

    fn command(self, of: &SubCommand) -> Result<Command, UsageError> {
        match of.name {
            "check" => self.check(),
            "diff" => self.diff(),
            "fmt" => Ok(Command::Fmt {
                files: self.files(1)?,
                target: self.target,
            }),
            "dump" => self.dump(),
            "words" => self.vocabulary(),
            genhash::NAME => self.genhash(),
            _ => self.explain(),
        }
    }

    fn check(self) -> Result<Command, UsageError> {
        let files = self.files(if self.check.pair { 2 } else { 1 })?;
        Ok(Command::Check(Check {
            files,
            ..self.check
        }))
    }

    fn diff(self) -> Result<Command, UsageError> {
        match self.files(2)?.as_slice() {
            [old, new] => Ok(Command::Diff {
                old: old.clone(),
                new: new.clone(),
                format: self.check.format,
            }),
            _ => Err(self.error("two files are expected, the old one and the new one")),
        }
    }

    fn dump(self) -> Result<Command, UsageError> {
        if self.target != Target::Output {
            return Err(self.error("--dump changes no file: leave out --write and --check"));
        }
        match self.files(1)?.as_slice() {
            [file] => Ok(Command::Dump {
                file: file.clone(),
                format: self.check.format,
            }),
            _ => Err(self.error("one file is expected")),
        }
    }

    fn vocabulary(self) -> Result<Command, UsageError> {
        let words: Vec<String> = self
            .words
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let place: Vec<String> = words
            .iter()
            .flat_map(|word| word.split('/').map(str::to_owned))
            .collect();
        if vocabulary::select(&place).is_empty() {
            let text = format!(
                "there is no word and no block `{}`, `holdfastctl words` lists all of them",
                words.join(" ")
            );
            return Err(self.error(text));
        }
        Ok(Command::Words {
            place,
            format: self.check.format,
        })
    }

    fn genhash(self) -> Result<Command, UsageError> {
        if let Some(word) = self.words.first() {
            let word = word.to_string_lossy();
            return Err(self.error(format!("unexpected argument `{word}`")));
        }
        let page = self.page.page();
        page.map(Command::Genhash).map_err(|text| self.error(text))
    }

    fn explain(self) -> Result<Command, UsageError> {
        if self.list {
            return match self.words.first() {
                None => Ok(Command::ListCodes),
                Some(word) => {
                    let word = word.to_string_lossy();
                    Err(self.error(format!("unexpected argument `{word}`")))
                }
            };
        }
        if self.words.is_empty() {
            return Err(self.error("a code is expected, such as HF0201"));
        }
        let codes = self
            .words
            .iter()
            .map(|word| self.code(&word.to_string_lossy()));
        Ok(Command::Explain(codes.collect::<Result<_, _>>()?))
    }

    fn code(&self, word: &str) -> Result<Code, UsageError> {
        Code::find(word).ok_or_else(|| {
            let text = format!(
                "there is no code `{word}`, `holdfastctl explain --list` shows all of them"
            );
            self.error(text)
        })
    }

    fn files(&self, least: usize) -> Result<Vec<PathBuf>, UsageError> {
        if self.words.len() < least {
            let text = match least {
                1 => "a file is expected",
                _ => "two files are expected",
            };
            return Err(self.error(text));
        }
        Ok(self.words.iter().map(PathBuf::from).collect())
    }
}

fn sub_command(name: &str) -> Option<&'static SubCommand> {
    SUBCOMMANDS.iter().find(|of| of.name == name)
}

#[cfg(test)]
mod tests;

//! The language of `keepalived.conf`: text to checked configuration, with diagnostics that teach.
//!
//! This crate knows no process and no other crate of the workspace. It reads no file, clock or
//! environment by itself: files come through the `Files` trait.

mod diag;
mod diff;
mod dump;
mod election;
mod fmt;
mod keyword;
mod lexer;
mod lower;
pub mod model;
mod origin;
mod pair;
mod plan;
mod print;
mod reader;
mod source;
mod suggest;
mod tree;

pub use diag::{Code, Report};
pub use diff::{Change, ChangeKind, Diff, diff};
pub use dump::{dump, dump_json, dump_with};
pub use fmt::{Unformatted, format};
pub use origin::Origin;
pub use pair::{Node, PairReport, pair};
pub use plan::{Plan, plan};
pub use print::{Secrets, print};

use diag::Diagnostics;
use model::{Config, IfName};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// How the reader gets at files; memory in tests, the real ones in the parent.
pub trait Files {
    /// The whole file. Refuses what is not a regular file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// What a path leads to, links followed.
    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        self.read(path).map(|_| FileKind::Regular)
    }

    /// Names that match a pattern as glob(7) says, sorted; empty when none matches.
    fn matches(&self, pattern: &str) -> io::Result<Vec<PathBuf>>;
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A file that nobody may execute.
    Regular,
    /// A file that somebody may execute; such a one is not included.
    Executable,
    /// A directory.
    Directory,
    /// A socket, a FIFO, a device.
    Other,
}

/// What becomes of a word that nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownWords {
    /// An error (the default).
    #[default]
    Refuse,
    /// A warning, and the line is ignored, as keepalived does at start.
    Ignore,
}

/// What becomes of a word that is read and checked, but not carried out by this version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NotCarriedOut {
    /// An error (the default): a daemon that leaves out a part of what it is told is dangerous.
    #[default]
    Refuse,
    /// A warning, for those who look at a configuration without running it.
    Warn,
}

/// How to read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What becomes of unknown words.
    pub unknown_words: UnknownWords,
    /// What becomes of words that this version does not carry out.
    pub not_carried_out: NotCarriedOut,
    /// The name for conditional lines (`-i`); without one, lines for some name are left out.
    pub config_id: Option<String>,
    /// `-e`: every include has to succeed.
    pub all_config: bool,
    /// What relative paths are relative to, for `${_PWD}`.
    pub working_directory: Option<PathBuf>,
    /// Variables of the environment, for `${_ENV NAME}`.
    pub environment: BTreeMap<String, String>,
    /// Where the numbers of `${_RANDOM}` start; the same seed gives the same configuration.
    pub random_seed: u64,
    /// Notes where each value was set, for `dump` and `pair`; costs time and memory.
    pub origins: bool,
}

/// A fact of this host that the configuration relies on. The text is right without it, so it is
/// told apart from errors of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostNeed {
    /// What has to be there.
    pub fact: HostFact,
    /// Who needs it, for the operator: `instance VI_1`.
    pub subject: String,
    /// Where it is written: `keepalived.conf:12:15`.
    pub place: String,
}

/// Kinds of facts of the host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostFact {
    /// A network interface exists.
    Interface(IfName),
    /// A program exists and may be executed.
    Program(String),
    /// A user (and group) exists.
    User(model::UserSpec),
}

/// Everything that reading gave.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration; none when there was an error.
    pub config: Option<Config>,
    /// Errors, warnings and notes with their places.
    pub report: Report,
    /// What the host has to have.
    pub needs: Vec<HostNeed>,
    /// Where each value was set, if that was asked for.
    origins: Option<origin::Origins>,
}

impl Loaded {
    /// Where the value of a word comes from. The block is named as it is nested, `virtual_server
    /// 192.0.2.1 80 / real_server 10.0.0.1 80 / HTTP_GET #1 / url #1`. None for a default, and where
    /// origins were not asked for.
    pub fn origin(&self, block: &str, word: &str) -> Option<Origin> {
        let (span, from) = self.origins.as_ref()?.word(block, word)?;
        Some(self.report.origin(span, from))
    }

    /// Where a block begins, or a line of a list: `vrrp_instance VI_1 / unicast_peer` and
    /// `192.0.2.2`.
    pub fn origin_of_entry(&self, block: &str, entry: &str) -> Option<Origin> {
        let span = self.origins.as_ref()?.entry(block, entry)?;
        Some(self.report.origin(span, None))
    }

    /// Where a block begins.
    pub fn origin_of_block(&self, block: &str) -> Option<Origin> {
        let span = self.origins.as_ref()?.head(block)?;
        Some(self.report.origin(span, None))
    }
}

/// Reads a configuration with everything that it includes. All errors are collected.
pub fn load(files: &dyn Files, path: &Path, options: &Options) -> Loaded {
    let mut said = Diagnostics::default();
    let (sources, lines) = reader::read(files, path, options, &mut said);
    let lowered = lower::lower(&sources, &lines, options, &mut said);
    Loaded {
        config: (said.errors() == 0).then_some(lowered.config),
        report: Report::new(sources, said),
        needs: lowered.needs,
        origins: lowered.origins,
    }
}

//! The language of `keepalived.conf`: text to checked configuration, with diagnostics that teach.
//!
//! This crate knows no process and no other crate of the workspace. It reads no file, clock or
//! environment by itself: files come through the `Files` trait.

mod diag;
mod diff;
mod fmt;
mod keyword;
mod lexer;
mod lower;
pub mod model;
mod print;
mod reader;
mod source;
mod suggest;
mod tree;

pub use diag::{Code, Report};
pub use diff::{Change, ChangeKind, Diff, diff};
pub use fmt::{Unformatted, format};
pub use print::{Secrets, print};

use diag::Diagnostics;
use model::{Config, IfName};
use std::io;
use std::path::{Path, PathBuf};

/// How the reader gets at files; memory in tests, the real ones in the parent.
pub trait Files {
    /// The whole file. Refuses what is not a regular file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Names that match a pattern as glob(7) says, sorted; empty when none matches.
    fn matches(&self, pattern: &str) -> io::Result<Vec<PathBuf>>;
}

/// What becomes of a word that nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownWords {
    /// An error (the default).
    Refuse,
    /// A warning, and the line is ignored, as keepalived does at start.
    Ignore,
}

/// How to read.
#[derive(Clone, Debug)]
pub struct Options {
    /// What becomes of unknown words.
    pub unknown_words: UnknownWords,
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
}

/// Reads a configuration with everything that it includes. All errors are collected.
pub fn load(files: &dyn Files, path: &Path, options: &Options) -> Loaded {
    let mut said = Diagnostics::default();
    let (sources, lines) = reader::read(files, path, &mut said);
    let (config, needs) = lower::lower(&sources, &lines, options, &mut said);
    Loaded {
        config: (said.errors() == 0).then_some(config),
        report: Report::new(sources, said),
        needs,
    }
}

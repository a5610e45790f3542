//! Files that are read: the main one and what is included.

use super::include::{self, Checks};
use super::rope::Rope;
use super::text::{self, counted};
use super::{Reader, Signs, normal};
use crate::diag::{Code, Diagnostic, Severity, escape, quote};
use crate::lexer::is_blank;
use crate::source::{FileId, Span};
use crate::{FileKind, UnknownWords};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Files inside files; deeper is a mistake.
const MAX_DEPTH: usize = 16;

/// All files of one configuration.
const MAX_FILES: usize = 4_096;

/// An include that is being carried out.
#[derive(Clone, Copy)]
struct Including {
    place: Span,
    checks: Checks,
}

impl Reader<'_> {
    pub(super) fn main_file(&mut self, path: &Path) {
        match self.files.read(path) {
            Ok(bytes) => {
                let file = self.file(path, bytes);
                if matches!(self.files.kind(path), Ok(FileKind::Executable)) {
                    self.main_is_executable(file);
                }
            }
            Err(error) => {
                let text = format!("{}: {error}", escape(&path.display().to_string()));
                self.said.push(Diagnostic::unplaced(
                    Severity::Error,
                    Code::Unreadable,
                    text,
                ));
                self.said.set_incomplete();
            }
        }
    }

    fn main_is_executable(&mut self, file: FileId) {
        let Some(line) = self.sources.line(file, 0) else {
            return;
        };
        self.said.push(
            Diagnostic::warning(
                Code::NotIncluded,
                line.part(0, 0),
                "this file is executable",
            )
            .because("keepalived does not start with such a file")
            .help("`chmod a-x` it"),
        );
    }

    /// Takes a file's text and all of its lines.
    fn file(&mut self, path: &Path, bytes: Vec<u8>) -> FileId {
        let name = path.display().to_string();
        let (text, fault) = text::check(bytes);
        let signs = Signs::of(&text);
        let file = self.sources.add(name, text);
        if let Some(fault) = fault {
            self.said.push(fault.diagnostic(file));
            self.said.set_incomplete();
            return file;
        }
        self.open.push(normal(path));
        self.names.push(path.to_owned());
        let checks = self.checks;
        let lines: Vec<_> = self.sources.lines(file).collect();
        self.take_lines(&lines, signs);
        self.checks = checks;
        self.names.pop();
        self.open.pop();
        file
    }

    /// `include_check` says what is checked from here to the end of this file.
    pub(super) fn include_check(&mut self, line: &Rope) {
        /// The word.
        const WORD: &str = "include_check";
        let text = line.text();
        if !text.contains("check") {
            return;
        }
        let all = text.get(..counted(text)).unwrap_or("");
        let Some(at) = all.find(WORD) else {
            return;
        };
        let before = all.get(..at).unwrap_or("").trim_end_matches(is_blank);
        let start = at.saturating_add(WORD.len());
        let rest = all.get(start..).unwrap_or("");
        let ends = rest.chars().next().is_none_or(|c| is_blank(c) || c == '}');
        if !ends || !(before.is_empty() || before.ends_with(['{', '}'])) {
            return;
        }
        let words = rest.split(['{', '}']).next().unwrap_or("");
        // What is wrong with its words is said where all words are checked.
        if let Some(checks) = self.checks.changed(words.split_whitespace()) {
            self.checks = checks;
        }
    }

    pub(super) fn include(&mut self, place: Span, include: &include::Owned) {
        let checks = match self.options.all_config {
            true => Checks::ALL,
            false => self.checks.and(include.checks),
        };
        let including = Including { place, checks };
        let directory = self.written_directory();
        let alternatives = include::alternatives(&include.pattern);
        let braces = alternatives.len() > 1;
        let mut missing = Vec::new();
        let mut found = false;
        for pattern in alternatives {
            let path = directory.join(&pattern);
            if include::has_wildcard(&pattern) {
                found |= self.matching(including, &path, &pattern);
            } else if !self.open.contains(&normal(&path)) && self.is_missing(&path) {
                missing.push(path);
            } else {
                found = true;
                self.include_file(including, &path, false);
            }
        }
        if !missing.is_empty() {
            self.missing(including, &missing, braces, found);
        }
    }

    /// The directory of the file that is being read, as the operator wrote it.
    fn written_directory(&self) -> PathBuf {
        self.names
            .last()
            .and_then(|name| name.parent())
            .map_or_else(PathBuf::new, Path::to_owned)
    }

    fn is_missing(&self, path: &Path) -> bool {
        let kind = self.files.kind(path);
        matches!(kind, Err(error) if error.kind() == ErrorKind::NotFound)
    }

    /// Includes what a pattern matches; false where it matches nothing.
    fn matching(&mut self, including: Including, path: &Path, pattern: &str) -> bool {
        match self.files.matches(&path.to_string_lossy()) {
            Ok(found) => {
                if found.is_empty() {
                    self.no_match(including, pattern);
                }
                for path in &found {
                    self.include_file(including, path, true);
                }
                !found.is_empty()
            }
            Err(error) => {
                self.unreadable(including, path, &error);
                true
            }
        }
    }

    /// Reads one included file. A directory among the matches of a pattern is passed over.
    fn include_file(&mut self, including: Including, path: &Path, matched: bool) {
        let name = path.display().to_string();
        if self.open.contains(&normal(path)) {
            let text = format!("{} includes itself", quote(&name));
            self.said.push(
                Diagnostic::error(Code::IncludeCycle, including.place, text)
                    .label("closes the circle"),
            );
            return;
        }
        if self.open.len() >= MAX_DEPTH || self.sources.count() >= MAX_FILES {
            self.said.once(Code::TooManyIncludes, || {
                let text = format!(
                    "more than {MAX_DEPTH} files inside each other or {MAX_FILES} files in all"
                );
                Diagnostic::error(Code::TooManyIncludes, including.place, text)
            });
            return;
        }
        match self.files.kind(path) {
            Ok(FileKind::Directory) => self.no_file(including, path, matched, "a directory"),
            Ok(FileKind::Other) => self.no_file(including, path, matched, "not a regular file"),
            Ok(FileKind::Executable) => self.executable(including, path, matched),
            Ok(FileKind::Regular) => match self.files.read(path) {
                Ok(bytes) => {
                    self.file(path, bytes);
                }
                Err(error) => self.unreadable(including, path, &error),
            },
            Err(error) => self.unreadable(including, path, &error),
        }
    }

    /// A violated check is an error with a status of its own; without a check keepalived goes on.
    fn refuse(&mut self, including: Including, violated: bool, code: Code, text: String) {
        self.said.set_incomplete();
        let place = including.place;
        let diagnostic = if violated {
            Diagnostic::error(Code::IncludeCheck, place, text)
                .label("this include has to succeed")
                .because("keepalived does not start like this either")
        } else if self.options.unknown_words == UnknownWords::Ignore {
            Diagnostic::warning(code, place, text).because("it is left out")
        } else {
            Diagnostic::error(code, place, text).because("keepalived would go on without it")
        };
        self.said.push(diagnostic);
    }

    fn unreadable(&mut self, including: Including, path: &Path, error: &io::Error) {
        let name = path.display().to_string();
        let text = format!("cannot read {}: {error}", quote(&name));
        self.refuse(including, including.checks.read, Code::Unreadable, text);
    }

    fn no_file(&mut self, including: Including, path: &Path, matched: bool, what: &str) {
        if matched && !including.checks.read {
            return;
        }
        let text = format!("{} is {what}", quote(&path.display().to_string()));
        self.refuse(including, including.checks.read, Code::Unreadable, text);
    }

    fn executable(&mut self, including: Including, path: &Path, matched: bool) {
        let name = path.display().to_string();
        let text = format!("{} is executable and therefore not read", quote(&name));
        if matched && !including.checks.read {
            self.said.push(
                Diagnostic::warning(Code::NotIncluded, including.place, text)
                    .because("keepalived passes over executable files as well")
                    .help("`chmod a-x` it if it belongs to the configuration"),
            );
        } else {
            self.refuse(including, including.checks.read, Code::NotIncluded, text);
        }
    }

    fn missing(&mut self, including: Including, paths: &[PathBuf], braces: bool, found: bool) {
        let names: Vec<_> = paths
            .iter()
            .map(|path| quote(&path.display().to_string()))
            .collect();
        let text = match names.as_slice() {
            [name] => format!("there is no file {name}"),
            names => format!("there are no files {}", names.join(", ")),
        };
        let checks = including.checks;
        let violated = (braces && checks.braces) || (!found && checks.exists);
        if found && !violated {
            self.said.push(
                Diagnostic::warning(Code::NoMatch, including.place, text)
                    .label("the other alternatives are read"),
            );
        } else {
            self.refuse(including, violated, Code::Unreadable, text);
        }
    }

    fn no_match(&mut self, including: Including, pattern: &str) {
        let text = format!("no file matches {}", quote(pattern));
        if including.checks.wildcard {
            self.refuse(including, true, Code::NoMatch, text);
        } else {
            self.said
                .push(Diagnostic::warning(Code::NoMatch, including.place, text));
        }
    }
}

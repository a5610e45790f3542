//! From files to lines: reads the main file and everything that it includes, and refuses what is
//! no text.

pub(crate) mod include;
pub(crate) mod text;

use crate::Files;
use crate::diag::{Code, Diagnostic, Diagnostics, Severity, escape, quote};
use crate::source::{FileId, Sources, Span};
use include::Include;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// Files inside files; deeper is a mistake.
const MAX_DEPTH: usize = 16;

/// All files of one configuration.
const MAX_FILES: usize = 4_096;

/// Names that keepalived defines itself.
const PREDEFINED: &[&str] = &["_PWD", "_INSTANCE", "_RANDOM", "_HASH", "_BANG", "_ENV"];

/// Reads everything; the lines come in the order in which they count.
pub(crate) fn read(files: &dyn Files, path: &Path, said: &mut Diagnostics) -> (Sources, Vec<Span>) {
    let mut reader = Reader {
        files,
        said,
        sources: Sources::default(),
        lines: Vec::new(),
        open: Vec::new(),
        defined: BTreeSet::new(),
    };
    reader.main_file(path);
    (reader.sources, reader.lines)
}

struct Reader<'a> {
    files: &'a dyn Files,
    said: &'a mut Diagnostics,
    sources: Sources,
    lines: Vec<Span>,
    /// Files that are being read, the innermost last.
    open: Vec<PathBuf>,
    /// Names of definitions, so that their uses are not reported as unknown words.
    defined: BTreeSet<String>,
}

impl Reader<'_> {
    fn main_file(&mut self, path: &Path) {
        match self.files.read(path) {
            Ok(bytes) => self.file(path, bytes),
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

    /// Takes a file's text and all of its lines.
    fn file(&mut self, path: &Path, bytes: Vec<u8>) {
        let name = path.display().to_string();
        let (text, fault) = text::check(bytes);
        let file = self.sources.add(name, text);
        if let Some(fault) = fault {
            self.said.push(fault.diagnostic(file));
            self.said.set_incomplete();
            return;
        }
        self.open.push(normal(path));
        let lines: Vec<_> = self.sources.lines(file).collect();
        self.take_lines(file, &lines);
        self.open.pop();
    }

    fn take_lines(&mut self, file: FileId, lines: &[Span]) {
        let mut lines = lines.iter().copied();
        while let Some(line) = lines.next() {
            let text = self.sources.slice(line);
            if let Some(diagnostic) = text::long_line(text, line) {
                self.said.push(diagnostic);
                self.said.set_incomplete();
            } else if let Some(include) = Include::parse(text) {
                let place = line.part(include.start, text.len());
                let include = include.owned();
                self.include(file, place, &include);
            } else if let Some(kind) = self.preprocessor(line) {
                self.refuse_preprocessor(line, kind);
                // The value of a definition goes on while its lines end with a backslash.
                let mut last = line;
                while self.sources.slice(last).trim_end().ends_with('\\') {
                    match lines.next() {
                        Some(next) => last = next,
                        None => return,
                    }
                }
            } else {
                self.lines.push(line);
            }
        }
    }

    /// What a line needs that comes before words, if anything.
    fn preprocessor(&mut self, line: Span) -> Option<&'static str> {
        let text = self.sources.slice(line);
        let start = text.trim_start();
        if start.starts_with('@') {
            return Some("conditional lines (`@id …`)");
        }
        if ["~SEQ", "~LST"].iter().any(|name| start.starts_with(name)) {
            return Some("generators (`~SEQ`, `~LST`)");
        }
        if let Some(name) = text::definition(start) {
            let name = name.to_owned();
            self.defined.insert(name);
            return Some("definitions (`$NAME=VALUE`)");
        }
        text::uses(text)
            .any(|name| PREDEFINED.contains(&name) || self.defined.contains(name))
            .then_some("definitions (`${NAME}`)")
    }

    fn refuse_preprocessor(&mut self, line: Span, kind: &str) {
        let text = self.sources.slice(line);
        let blanks = text.len().saturating_sub(text.trim_start().len());
        let place = line.part(blanks, text.trim_end().len());
        self.said.set_incomplete();
        self.said.once(Code::Preprocessor, || {
            let text = format!("{kind} are known to keepalived, not carried out by holdfast yet");
            Diagnostic::error(Code::Preprocessor, place, text)
                .help("write the lines out as they are meant")
        });
    }

    fn include(&mut self, file: FileId, place: Span, include: &include::Owned) {
        let including = PathBuf::from(self.sources.name(file));
        let directory = including.parent().unwrap_or_else(|| Path::new(""));
        for pattern in include::alternatives(&include.pattern) {
            let path = directory.join(&pattern);
            if !include::has_wildcard(&pattern) {
                self.include_file(place, &path, false);
                continue;
            }
            match self.files.matches(&path.to_string_lossy()) {
                Ok(found) if found.is_empty() => self.no_match(place, include, &pattern),
                Ok(found) => found
                    .iter()
                    .for_each(|path| self.include_file(place, path, true)),
                Err(error) => self.unreadable(place, &path, &error),
            }
        }
    }

    /// Reads one included file. A directory among the matches of a pattern is passed over.
    fn include_file(&mut self, place: Span, path: &Path, matched: bool) {
        let name = path.display().to_string();
        if self.open.contains(&normal(path)) {
            let text = format!("{} includes itself", quote(&name));
            self.said.push(
                Diagnostic::error(Code::IncludeCycle, place, text).label("closes the circle"),
            );
            return;
        }
        if self.open.len() >= MAX_DEPTH || self.sources.count() >= MAX_FILES {
            self.said.once(Code::TooManyIncludes, || {
                let text = format!(
                    "more than {MAX_DEPTH} files inside each other or {MAX_FILES} files in all"
                );
                Diagnostic::error(Code::TooManyIncludes, place, text)
            });
            return;
        }
        match self.files.read(path) {
            Ok(bytes) => self.file(path, bytes),
            Err(error) if matched && error.kind() == std::io::ErrorKind::IsADirectory => {}
            Err(error) => self.unreadable(place, path, &error),
        }
    }

    fn unreadable(&mut self, place: Span, path: &Path, error: &std::io::Error) {
        self.said.set_incomplete();
        let name = path.display().to_string();
        let text = format!("cannot read {}: {error}", quote(&name));
        self.said.push(
            Diagnostic::error(Code::Unreadable, place, text)
                .because("keepalived would go on without it"),
        );
    }

    fn no_match(&mut self, place: Span, include: &include::Owned, pattern: &str) {
        let text = format!("no file matches {}", quote(pattern));
        self.said.push(if include.must_match {
            Diagnostic::error(Code::NoMatch, place, text)
        } else {
            Diagnostic::warning(Code::NoMatch, place, text)
        });
    }
}

/// The path without `.` and `..`, so that a circle is seen. Links are not followed: the number of
/// files is limited anyway.
fn normal(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir if path.file_name().is_some() => {
                path.pop();
            }
            part => path.push(part),
        }
        path
    })
}

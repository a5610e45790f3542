//! From files to lines: reads the main file and everything that it includes, refuses what is no
//! text, and carries out conditions, definitions and generators.

mod budget;
mod definition;
mod expand;
mod files;
mod generator;
mod given_up;
pub(crate) mod include;
mod predefined;
mod rope;
mod substitute;
pub(crate) mod text;

use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::lexer::is_blank;
use crate::source::{Sources, Span};
use crate::{Files, Options};
use budget::{Budget, MAX_DEPTH};
use definition::Definition;
use include::Checks;
use predefined::Random;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Reads everything; the lines come in the order in which they count.
pub(crate) fn read(
    files: &dyn Files,
    path: &Path,
    options: &Options,
    said: &mut Diagnostics,
) -> (Sources, Vec<Span>) {
    let mut reader = Reader {
        files,
        options,
        said,
        sources: Sources::default(),
        lines: Vec::new(),
        open: Vec::new(),
        names: Vec::new(),
        checks: Checks::default(),
        definitions: HashMap::new(),
        budget: Budget::new(),
        random: Random::new(options.random_seed),
        depth: 0,
        rounds: 1,
    };
    reader.main_file(path);
    (reader.sources, reader.lines)
}

struct Reader<'a> {
    files: &'a dyn Files,
    options: &'a Options,
    said: &'a mut Diagnostics,
    sources: Sources,
    lines: Vec<Span>,
    /// Files that are being read, the innermost last.
    open: Vec<PathBuf>,
    /// The same as the operator wrote them.
    names: Vec<PathBuf>,
    /// What is checked of each include of this file.
    checks: Checks,
    definitions: HashMap<Arc<str>, Definition>,
    budget: Budget,
    random: Random,
    /// Lines that make lines, inside each other.
    depth: usize,
    /// Rounds of the generators that are running, all together.
    rounds: u64,
}

/// What a file has to be searched for, line by line.
#[derive(Clone, Copy, Debug)]
struct Signs {
    /// Definitions, conditions, generators.
    special: bool,
    include: bool,
}

impl Signs {
    fn of(text: &str) -> Self {
        Self {
            special: text.contains('$') || text.contains('@') || text.contains('~'),
            include: text.contains("include"),
        }
    }

    /// True for a line that may be more than words.
    fn are_in(self, line: &str) -> bool {
        let special = self.special
            && (line.contains('$')
                || line.trim_start_matches(is_blank).starts_with(['@', '~'])
                || line.contains(['{', '}']) && expand::begins_anew(line).is_some());
        special || self.include && line.contains("include")
    }
}

impl Reader<'_> {
    /// Takes all lines of a file's text.
    fn take_lines(&mut self, lines: &[Span], signs: Signs) {
        self.lines.reserve(lines.len());
        let mut lines = lines.iter().copied();
        while let Some(line) = lines.next() {
            if self.is_too_long(line) {
                continue;
            }
            if signs.are_in(self.sources.slice(line)) {
                self.expand(line, &mut lines);
            } else {
                self.lines.push(line);
            }
        }
    }

    /// True for a line that is too long, which is said.
    fn is_too_long(&mut self, line: Span) -> bool {
        let diagnostic = text::long_line(self.sources.slice(line), line);
        if let Some(diagnostic) = diagnostic {
            self.said.push(diagnostic);
            self.said.set_incomplete();
            return true;
        }
        false
    }

    fn too_deep(&mut self, place: Span) {
        self.said.once(Code::ExpandsTooFar, || {
            Diagnostic::error(Code::ExpandsTooFar, place, "this goes too deep").label(format!(
                "more than {MAX_DEPTH} definitions, conditions and generators inside each other"
            ))
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

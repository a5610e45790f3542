//! What is said about a text: errors, warnings and notes with their places.

mod code;
mod json;
mod render;

use crate::origin::Origin;
use crate::source::{Sources, Span};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;

pub use code::Code;

/// Diagnostics that are kept with their text; all further ones are only counted. Nobody repairs
/// more than this in one go, and a junk file must not fill memory and terminal.
const MAX_KEPT: usize = 100;

/// How bad it is. Errors come first when sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Severity {
    /// The configuration is refused.
    Error,
    /// Accepted, but probably not what was meant.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing that is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diagnostic {
    code: Code,
    severity: Severity,
    text: String,
    span: Option<Span>,
    label: String,
    others: Vec<(Span, String)>,
    notes: Vec<String>,
    helps: Vec<String>,
    /// Further lines to which the same applies.
    more: usize,
    /// How often the same text made the same once more.
    again: usize,
}

impl Diagnostic {
    /// The configuration is refused.
    pub(crate) fn error(code: Code, span: Span, text: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, Some(span), text.into())
    }

    /// Accepted, but probably not what was meant.
    pub(crate) fn warning(code: Code, span: Span, text: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, Some(span), text.into())
    }

    /// Good to know.
    pub(crate) fn note(code: Code, span: Span, text: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, Some(span), text.into())
    }

    /// Without a place.
    pub(crate) fn unplaced(severity: Severity, code: Code, text: impl Into<String>) -> Self {
        Self::new(severity, code, None, text.into())
    }

    /// What stands beside the underline.
    pub(crate) fn label(mut self, text: impl Into<String>) -> Self {
        self.label = text.into();
        self
    }

    /// A second place that belongs to it.
    pub(crate) fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.others.push((span, text.into()));
        self
    }

    /// Why it matters.
    pub(crate) fn because(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// What to do.
    pub(crate) fn help(mut self, text: impl Into<String>) -> Self {
        self.helps.push(text.into());
        self
    }

    /// What to do, if there is something.
    pub(crate) fn maybe_help(self, text: Option<String>) -> Self {
        match text {
            Some(text) => self.help(text),
            None => self,
        }
    }

    fn new(severity: Severity, code: Code, span: Option<Span>, text: String) -> Self {
        Self {
            code,
            severity,
            text,
            span,
            label: String::new(),
            others: Vec::new(),
            notes: Vec::new(),
            helps: Vec::new(),
            more: 0,
            again: 0,
        }
    }
}

/// Collects what is said while a configuration is read.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    kept: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
    notes: usize,
    /// Those of them that are said together with another one.
    merged: usize,
    /// Passwords; never shown.
    secrets: Vec<Span>,
    /// Stretches about which enough was said.
    doubtful: BTreeSet<Span>,
    /// An include that has to succeed did not.
    include_failed: bool,
    /// The first line that a condition left out together with a brace.
    left_out: Option<Span>,
    /// Some of the text was not read, so that words may be missing that are there.
    incomplete: bool,
}

impl Diagnostics {
    /// Marks a password, so that no excerpt shows it.
    pub(crate) fn hide(&mut self, secret: Span) {
        self.secrets.push(secret);
    }

    /// Marks a stretch about which an error was said: nothing more is said about it.
    pub(crate) fn doubt(&mut self, span: Span) {
        self.doubtful.insert(span);
    }

    /// Notes a line that a condition left out together with a brace.
    pub(crate) fn set_left_out(&mut self, line: Span) {
        self.left_out.get_or_insert(line);
    }

    /// True if there is such a line.
    pub(crate) fn left_out_a_brace(&self) -> bool {
        self.left_out.is_some()
    }

    /// Says something about braces that do not fit together.
    pub(crate) fn push_brace(&mut self, diagnostic: Diagnostic) {
        self.push(match self.left_out {
            Some(line) => diagnostic
                .also(line, "left out, with its brace")
                .because("a condition is for its line, not for the block that begins there"),
            None => diagnostic,
        });
    }

    /// True if something doubtful is in a stretch.
    fn is_doubtful(&self, span: Span) -> bool {
        let from = Span { end: 0, ..span };
        let to = Span {
            start: span.end,
            end: u32::MAX,
            ..span
        };
        self.doubtful
            .range(from..=to)
            .any(|doubtful| doubtful.end <= span.end)
    }

    /// Says something.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if !self.doubtful.is_empty() && diagnostic.span.is_some_and(|span| self.is_doubtful(span)) {
            return;
        }
        self.include_failed |= diagnostic.code == Code::IncludeCheck;
        let counter = match diagnostic.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
            Severity::Note => &mut self.notes,
        };
        *counter = counter.saturating_add(1);
        if self.kept.len() < MAX_KEPT {
            self.kept.push(diagnostic);
        }
    }

    /// Takes over what somebody else said with some of the codes, and all that must stay hidden.
    pub(crate) fn adopt(&mut self, other: Self, codes: &[Code]) {
        self.secrets.extend(other.secrets);
        for diagnostic in other.kept {
            if codes.contains(&diagnostic.code) {
                self.push(diagnostic);
            }
        }
    }

    /// Says something once for all lines to which it applies, and counts the further ones.
    pub(crate) fn once(&mut self, code: Code, make: impl FnOnce() -> Diagnostic) {
        match self.kept.iter_mut().find(|kept| kept.code == code) {
            Some(kept) => kept.more = kept.more.saturating_add(1),
            None => self.push(make()),
        }
    }

    /// Says the same thing once: the first place is shown, the further ones are counted.
    pub(crate) fn once_each(&mut self, diagnostic: Diagnostic) {
        let same = |kept: &&mut Diagnostic| {
            kept.code == diagnostic.code
                && kept.text == diagnostic.text
                && kept.notes == diagnostic.notes
        };
        match self.kept.iter_mut().find(same) {
            Some(kept) => kept.more = kept.more.saturating_add(1),
            None => self.push(diagnostic),
        }
    }

    /// Notes that some of the text was not read.
    pub(crate) fn set_incomplete(&mut self) {
        self.incomplete = true;
    }

    /// True if words may be missing that are there.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// True if further text would not be kept.
    pub(crate) fn is_full(&self) -> bool {
        self.kept.len() >= MAX_KEPT
    }

    /// How many errors there are.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }
}

/// Diagnostics with the text that they point at.
#[derive(Debug, Default)]
pub struct Report {
    // In boxes, so that a report is small enough to be moved around.
    sources: Box<Sources>,
    said: Box<Diagnostics>,
}

impl Report {
    /// Errors first, each kind in the order of the text as written.
    pub(crate) fn new(sources: Sources, mut said: Diagnostics) -> Self {
        let secrets: BTreeSet<Span> = said
            .secrets
            .iter()
            .flat_map(|secret| sources.copies(*secret).into_iter().chain([*secret]))
            .collect();
        said.secrets = secrets.into_iter().collect();
        said.kept.sort_by_key(|diagnostic| {
            let written = diagnostic.span.map(|span| sources.written(span).outer);
            (diagnostic.severity, written, diagnostic.span)
        });
        let mut report = Self {
            sources: Box::new(sources),
            said: Box::new(said),
        };
        report.merge_again();
        report
    }

    /// What is wrong in a definition or generator is wrong wherever it is used: said once.
    fn merge_again(&mut self) {
        let mut first: HashMap<_, usize> = HashMap::new();
        let mut kept: Vec<Diagnostic> = Vec::new();
        let mut here: HashMap<_, usize> = HashMap::new();
        for diagnostic in std::mem::take(&mut self.said.kept) {
            let same = (diagnostic.severity, diagnostic.code);
            let key = diagnostic.span.map(|span| {
                let written = self.sources.written(span);
                if written.line.is_none() {
                    // A generator repeats a line as it is where it finds nothing to replace.
                    return (same, written.outer, 0, diagnostic.text.clone());
                }
                // The second thing with this code in one line is something else than the first.
                let nth = here.entry((same, span)).or_default();
                *nth = nth.saturating_add(1);
                let place = written.inner.unwrap_or(written.outer);
                (same, place, *nth, String::new())
            });
            let known = key.and_then(|key| match first.entry(key) {
                Entry::Occupied(known) => Some(*known.get()),
                Entry::Vacant(new) => {
                    new.insert(kept.len());
                    None
                }
            });
            match known.and_then(|index| kept.get_mut(index)) {
                Some(known) => {
                    known.again = known.again.saturating_add(1);
                    self.said.merged = self.said.merged.saturating_add(1);
                }
                None => kept.push(diagnostic),
            }
        }
        self.said.kept = kept;
    }

    /// Number of errors.
    pub fn errors(&self) -> usize {
        self.said.errors
    }

    /// Number of warnings.
    pub fn warnings(&self) -> usize {
        self.said.warnings
    }

    /// True if an include that has to succeed did not: keepalived ends with a status of its own.
    pub fn include_check_failed(&self) -> bool {
        self.said.include_failed
    }

    /// Number of notes.
    pub fn notes(&self) -> usize {
        self.said.notes
    }

    /// All diagnostics as `-t` shows them: message, place, line, underline, expectation,
    /// suggestion. Colour only when asked for.
    pub fn render(&self, colour: bool) -> String {
        let mut text = String::new();
        for diagnostic in &self.said.kept {
            text.push_str(&render::render(diagnostic, self, colour));
            text.push_str("\n\n");
        }
        if let Some(more) = self.unsaid() {
            text.push_str(&more);
            text.push('\n');
        }
        text
    }

    /// One line that says where more is to be read; none where nothing was said.
    pub fn hint(&self) -> Option<String> {
        /// More codes than these do not fit into a line of 80 columns.
        const MAX_NAMED: usize = 4;
        let mut named: Vec<String> = Vec::new();
        for diagnostic in &self.said.kept {
            let code = diagnostic.code.to_string();
            if named.len() < MAX_NAMED && !named.contains(&code) {
                named.push(code);
            }
        }
        (!named.is_empty()).then(|| format!("`holdfastctl explain {}` says more", named.join(" ")))
    }

    /// One line for the end: how many of what, and that nothing was touched. `remarks` counts what
    /// this host lacks.
    pub fn summary(&self, name: &str, remarks: usize) -> String {
        let mut text = format!(
            "{}: {}, {}",
            escape(name),
            count(self.errors(), "error"),
            count(self.warnings(), "warning")
        );
        for (number, word, tail) in [
            (self.notes(), "note", ""),
            (remarks, "remark", " on this host"),
        ] {
            if number > 0 {
                let _ = write!(text, ", {}{tail}", count(number, word));
            }
        }
        text.push_str(". Nothing was started or changed.");
        text
    }

    /// Each diagnostic in one line, `file:line:col: error[HF0201]: text`, for the log.
    pub fn lines(&self) -> Vec<String> {
        self.said
            .kept
            .iter()
            .map(|diagnostic| self.line(diagnostic))
            .chain(self.unsaid())
            .collect()
    }

    fn line(&self, diagnostic: &Diagnostic) -> String {
        let place = diagnostic.span.map_or(String::new(), |span| {
            format!("{}: ", escape(&self.sources.show(span)))
        });
        let (severity, code) = (diagnostic.severity.name(), diagnostic.code);
        let label = match diagnostic.label.as_str() {
            "" => String::new(),
            label => format!(": {label}"),
        };
        format!("{place}{severity}[{code}]: {}{label}", diagnostic.text)
    }

    /// True for the file that reading began with.
    pub(crate) fn is_main(&self, name: &str) -> bool {
        self.sources.main().is_some_and(|main| main == name)
    }

    /// A place of these texts.
    pub(crate) fn origin(&self, span: Span, from: Option<&str>) -> Origin {
        let place = self.sources.place(span);
        Origin {
            file: self.sources.name(span.file).to_owned(),
            line: place.line,
            column: place.column,
            from: from.map(str::to_owned),
        }
    }

    /// What was counted but not kept.
    fn unsaid(&self) -> Option<String> {
        let all = self
            .errors()
            .saturating_add(self.warnings())
            .saturating_add(self.notes());
        let shown = self.said.kept.len().saturating_add(self.said.merged);
        let unsaid = all.saturating_sub(shown);
        (unsaid > 0).then(|| format!("… and {unsaid} more, not shown"))
    }
}

/// `1 error`, `2 errors`.
fn count(number: usize, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}

/// A word of the text for a message: in backquotes, of limited length, nothing that a terminal
/// would act on.
pub(crate) fn quote(word: &str) -> String {
    /// Longer words are cut; the place shows the rest.
    const MAX_CHARS: usize = 60;
    if word.is_empty() {
        return "an empty word".to_owned();
    }
    let mut short: String = word.chars().take(MAX_CHARS).collect();
    if short.len() < word.len() {
        short.push('…');
    }
    format!("`{}`", escape(&short))
}

/// Replaces what a terminal would act on or would not show.
pub(crate) fn escape(text: &str) -> String {
    text.chars()
        .map(|c| if is_hidden(c) { '\u{fffd}' } else { c })
        .collect()
}

/// Control characters, changes of direction and characters without a width.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

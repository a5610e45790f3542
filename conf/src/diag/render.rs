//! Diagnostics in the look of rustc.

use super::{Diagnostic, Report, Severity, escape, is_hidden};
use crate::source::{Sources, Span};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

/// Places further apart than this are shown as snippets of their own.
const MAX_LINES_IN_ONE: usize = 2_000;

/// Columns of the excerpt; longer lines are trimmed around the underline.
const WIDTH: usize = 120;

/// What stands beside the underline in the value of a definition.
pub(super) const INNER: &str = "this is the text in its place";

/// One diagnostic.
pub(super) fn render(diagnostic: &Diagnostic, report: &Report, colour: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level
        .primary_title(diagnostic.text.as_str())
        .id(diagnostic.code.to_string());
    let excerpts = excerpts(diagnostic, report);
    let mut group = Group::with_title(title);
    for excerpt in &excerpts {
        group = group.element(excerpt.snippet());
    }
    if diagnostic.more > 0 {
        group = group.element(Level::NOTE.message(further(diagnostic.more)));
    }
    if diagnostic.again > 0 {
        group = group.element(Level::NOTE.message(again(diagnostic.again)));
    }
    if let Some(expanded) = expanded(diagnostic, report) {
        group = group.element(Level::NOTE.message(format!("this became `{expanded}`")));
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    for help in &diagnostic.helps {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.term_width(WIDTH).render(&[group])
}

fn further(lines: usize) -> String {
    match lines {
        1 => "the same in 1 more line".to_owned(),
        lines => format!("the same in {lines} more lines"),
    }
}

fn again(times: usize) -> String {
    match times {
        1 => "the same once more, where these lines are used again".to_owned(),
        times => format!("the same {times} more times, where these lines are used again"),
    }
}

/// What a line became, where it is not what is written.
pub(super) fn expanded(diagnostic: &Diagnostic, report: &Report) -> Option<String> {
    /// The rest of a longer line is rarely of use.
    const MAX_CHARS: usize = 160;
    let line = report.sources.written(diagnostic.span?).line?;
    let text = harmless(report.sources.slice(line), line, &report.said.secrets).shown;
    let text = text.trim();
    let mut short: String = text.chars().take(MAX_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    Some(short)
}

/// Some lines of a file with what is underlined in them.
struct Excerpt {
    name: String,
    text: String,
    first_line: usize,
    marks: Vec<(AnnotationKind, std::ops::Range<usize>, String)>,
}

impl Excerpt {
    fn snippet(&self) -> Snippet<'_, Annotation<'_>> {
        Snippet::source(self.text.as_str())
            .path(self.name.as_str())
            .line_start(self.first_line)
            .annotations(self.marks.iter().map(|(kind, range, label)| {
                let mark = kind.span(range.clone());
                match label.as_str() {
                    "" => mark,
                    label => mark.label(label),
                }
            }))
    }
}

/// The underlined places, those that are near each other in one excerpt.
fn excerpts(diagnostic: &Diagnostic, report: &Report) -> Vec<Excerpt> {
    let sources = &report.sources;
    let Some(written) = diagnostic.span.map(|span| sources.written(span)) else {
        return Vec::new();
    };
    let primary = written.outer;
    let inner = written.inner.map(|inner| (inner, INNER));
    let others = diagnostic
        .others
        .iter()
        .map(|(span, label)| (sources.written(*span).outer, label.as_str()));
    let line = |span: Span| sources.line_of(span.file, span.start);
    let near = |span: &Span| {
        span.file == primary.file && line(*span).abs_diff(line(primary)) <= MAX_LINES_IN_ONE
    };
    let mut together = vec![(AnnotationKind::Primary, primary, diagnostic.label.as_str())];
    let mut apart = Vec::new();
    for (span, label) in inner.into_iter().chain(others) {
        let mark = (AnnotationKind::Context, span, label);
        if near(&span) {
            together.push(mark);
        } else {
            apart.push(mark);
        }
    }
    std::iter::once(excerpt(&together, report))
        .chain(apart.into_iter().map(|mark| excerpt(&[mark], report)))
        .collect()
}

/// The lines from the first to the last mark, all of one file.
fn excerpt(marks: &[(AnnotationKind, Span, &str)], report: &Report) -> Excerpt {
    let sources = &report.sources;
    let Some(shown) = whole_lines(marks, sources) else {
        return Excerpt {
            name: String::new(),
            text: String::new(),
            first_line: 1,
            marks: Vec::new(),
        };
    };
    let text = harmless(sources.slice(shown), shown, &report.said.secrets);
    let marks = marks
        .iter()
        .map(|(kind, span, label)| {
            let at = |offset| text.at(relative(shown, offset));
            (*kind, at(span.start)..at(span.end), escape(label))
        })
        .collect();
    Excerpt {
        name: escape(sources.name(shown.file)),
        first_line: sources.place(shown).line,
        text: text.shown,
        marks,
    }
}

/// All of the lines that the marks touch.
fn whole_lines(marks: &[(AnnotationKind, Span, &str)], sources: &Sources) -> Option<Span> {
    let file = marks.first()?.1.file;
    let lines = marks
        .iter()
        .map(|(_, span, _)| sources.line_of(file, span.start));
    let first = sources.line(file, lines.clone().min()?)?;
    let last = sources.line(file, lines.max()?)?;
    Some(first.to(last))
}

/// An offset of the file as an offset into the shown stretch.
fn relative(shown: Span, offset: u32) -> usize {
    let offset = offset
        .clamp(shown.start, shown.end)
        .saturating_sub(shown.start);
    usize::try_from(offset).unwrap_or(0)
}

/// Text that may be shown, and where its characters come from.
struct Harmless {
    shown: String,
    /// Original and shown offset of each character that changed its length.
    shifts: Vec<(usize, usize)>,
}

impl Harmless {
    /// Where an original offset lands.
    fn at(&self, offset: usize) -> usize {
        let shift = self
            .shifts
            .partition_point(|(original, _)| *original <= offset);
        let (original, shown) = shift
            .checked_sub(1)
            .and_then(|last| self.shifts.get(last))
            .copied()
            .unwrap_or((0, 0));
        shown
            .saturating_add(offset.saturating_sub(original))
            .min(self.shown.len())
    }
}

/// The text with everything replaced that is secret or that a terminal would act on.
fn harmless(text: &str, place: Span, secrets: &[Span]) -> Harmless {
    let secrets: Vec<_> = secrets
        .iter()
        .filter(|secret| {
            secret.file == place.file && secret.start < place.end && secret.end > place.start
        })
        .map(|secret| relative(place, secret.start)..relative(place, secret.end))
        .collect();
    let mut harmless = Harmless {
        shown: String::with_capacity(text.len()),
        shifts: Vec::new(),
    };
    for (at, c) in text.char_indices() {
        let secret = secrets.iter().any(|range| range.contains(&at));
        let instead = if secret { '*' } else { replacement(c) };
        harmless.shown.push(instead);
        if instead.len_utf8() != c.len_utf8() {
            let behind = at.saturating_add(c.len_utf8());
            harmless.shifts.push((behind, harmless.shown.len()));
        }
    }
    harmless
}

/// Line ends and tabs stay.
fn replacement(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\r' | '\u{b}' | '\u{c}' => ' ',
        c if is_hidden(c) => '\u{fffd}',
        c => c,
    }
}

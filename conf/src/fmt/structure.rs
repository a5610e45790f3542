//! Whether braces fit. Without that there is nothing to indent.

use super::item::{Item, Kind};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::reader::include::Include;
use crate::source::{FileId, Sources, Span};
use crate::tree::{MAX_DEPTH, Tree};

/// Says what is wrong. Where the preprocessor changes the text, braces cannot be counted, so that
/// only depth and quotation marks matter.
pub(super) fn check(sources: &Sources, file: FileId, items: &[Item], said: &mut Diagnostics) {
    let preprocessed = items.iter().any(is_preprocessed);
    let fault = fault(items, preprocessed);
    if fault.is_none() && said.errors() == 0 {
        return;
    }
    // The reader of configurations knows the words, so it knows better where a brace is missing,
    // and what is a password.
    let codes = if preprocessed || said.errors() > 0 {
        &[]
    } else {
        BRACES
    };
    said.adopt(told_by_the_reader(sources, file), codes);
    if let Some(fault) = fault.filter(|_| said.errors() == 0) {
        said.push(fault);
    }
}

/// Codes about braces.
const BRACES: &[Code] = &[
    Code::ExtraClose,
    Code::OpenBlock,
    Code::MissingOpen,
    Code::TooDeep,
    Code::StrayOpen,
];

fn is_preprocessed(item: &Item) -> bool {
    match &item.kind {
        Kind::Whole(whole) => Include::parse(&whole.text).is_none(),
        Kind::Verbatim(_) => true,
        Kind::Words(words) => words.parameter,
        Kind::Blank | Kind::Comment(_) | Kind::Trailing(_) | Kind::Open | Kind::Close => false,
    }
}

/// The first brace that does not fit.
fn fault(items: &[Item], preprocessed: bool) -> Option<Diagnostic> {
    let mut open: Vec<Span> = Vec::new();
    let mut word = false;
    for item in items {
        match item.kind {
            Kind::Open if open.len() >= MAX_DEPTH => return Some(too_deep(item.span)),
            Kind::Open if !word && !preprocessed => return Some(stray(item.span)),
            Kind::Open => open.push(item.span),
            Kind::Close if open.pop().is_none() && !preprocessed => return Some(extra(item.span)),
            _ => {}
        }
        word = match item.kind {
            Kind::Words(_) => true,
            Kind::Open | Kind::Close | Kind::Whole(_) | Kind::Verbatim(_) => false,
            Kind::Blank | Kind::Comment(_) | Kind::Trailing(_) => word,
        };
    }
    open.pop().filter(|_| !preprocessed).map(unclosed)
}

fn too_deep(brace: Span) -> Diagnostic {
    let text = format!("more than {MAX_DEPTH} blocks inside each other");
    Diagnostic::error(Code::TooDeep, brace, text)
}

fn stray(brace: Span) -> Diagnostic {
    Diagnostic::error(Code::StrayOpen, brace, "this `{` belongs to no word")
}

fn extra(brace: Span) -> Diagnostic {
    Diagnostic::error(Code::ExtraClose, brace, "this `}` closes no block")
}

fn unclosed(brace: Span) -> Diagnostic {
    Diagnostic::error(Code::OpenBlock, brace, "`}` for this `{` is missing")
}

fn told_by_the_reader(sources: &Sources, file: FileId) -> Diagnostics {
    let mut said = Diagnostics::default();
    let lines: Vec<Span> = sources
        .lines(file)
        .filter(|line| Include::parse(sources.slice(*line)).is_none())
        .collect();
    let mut tree = Tree::new(sources, &lines);
    while tree.next(&mut said).is_some() {}
    said
}

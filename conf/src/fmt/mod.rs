//! The canonical form of one file. It works on words and braces, so that a file whose values are
//! wrong can be formatted as well; it knows no keyword but `include`.

mod item;
mod layout;
mod structure;

use crate::diag::{Diagnostics, Report};
use crate::reader::text;
use crate::source::{FileId, Sources, Span};
use item::Item;

/// Why a file is not formatted.
#[derive(Debug)]
pub enum Unformatted {
    /// Its braces or quotation marks do not fit, or it is no text.
    Broken(Box<Report>),
    /// The result would mean something else. It happens where a line becomes too long.
    Unfaithful,
}

/// Formats one file. Comments and everything of the preprocessor stay; included files are not read.
pub fn format(name: &str, bytes: Vec<u8>) -> Result<String, Unformatted> {
    let mut said = Diagnostics::default();
    let (sources, items) = read(name, bytes, &mut said);
    if said.errors() > 0 {
        return Err(Unformatted::Broken(Box::new(Report::new(sources, said))));
    }
    let formatted = layout::layout(&items);
    let (_, again) = read(name, formatted.clone().into_bytes(), &mut said);
    if said.errors() > 0 || !item::same(&items, &again) {
        return Err(Unformatted::Unfaithful);
    }
    Ok(formatted)
}

/// What a file consists of. Nothing where it is no text.
fn read(name: &str, bytes: Vec<u8>, said: &mut Diagnostics) -> (Sources, Vec<Item>) {
    let mut sources = Sources::default();
    let (good, fault) = text::check(bytes);
    let file = sources.add(name.to_owned(), good);
    if let Some(fault) = fault {
        said.push(fault.diagnostic(file));
        return (sources, Vec::new());
    }
    let items = items(&sources, file, said);
    structure::check(&sources, file, &items, said);
    (sources, items)
}

fn items(sources: &Sources, file: FileId, said: &mut Diagnostics) -> Vec<Item> {
    let lines: Vec<Span> = sources.lines(file).collect();
    let mut lines = lines.into_iter();
    let mut items = Vec::new();
    while let Some(line) = lines.next() {
        let text = sources.slice(line);
        if let Some(diagnostic) = text::long_line(text, line) {
            said.push(diagnostic);
        } else if item::is_definition(text) {
            item::definition(sources, line, &mut lines, &mut items);
        } else {
            item::line(text, line, said, &mut items);
        }
    }
    items
}

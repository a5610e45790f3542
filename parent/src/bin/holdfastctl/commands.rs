//! What the sub-commands do.

use super::config::{self, Good, Outcome};
use super::examine::examine;
use holdfast::cli::ReadOptions;
use holdfast::ctl::{self, Check, FINE, FOUND, Format};
use holdfast::verdict::{Reading, Verdict};
use holdfast_conf::{Secrets, UnknownWords};
use std::path::Path;

/// Looks for mistakes in each file by itself.
pub(crate) fn check(check: &Check, colour: bool) -> (String, u8) {
    let verdicts: Vec<Verdict> = check
        .files
        .iter()
        .map(|file| examine(file, &ReadOptions::default(), check.host))
        .collect();
    let good = verdicts.iter().all(|verdict| verdict.status() == 0);
    let text = match check.format {
        Format::Json => ctl::check_document(&verdicts),
        Format::Text => ctl::check_text(&verdicts, colour),
    };
    (text, if good { FINE } else { FOUND })
}

/// Says what differs.
pub(crate) fn diff(old: &Path, new: &Path, format: Format, colour: bool) -> (String, u8) {
    let (old, new) = match (read(old), read(new)) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(wrong), _) | (_, Err(wrong)) => return refused(&wrong, format, colour),
    };
    let diff = holdfast_conf::diff(&old.config, &new.config);
    let text = match format {
        Format::Json => ctl::diff_document(&diff),
        Format::Text => ctl::diff_text(&diff),
    };
    (text, FINE)
}

/// Prints what is in effect.
pub(crate) fn dump(file: &Path, colour: bool) -> (String, u8) {
    match read(file) {
        Ok(good) => (holdfast_conf::print(&good.config, Secrets::Hidden), FINE),
        Err(wrong) => refused(&wrong, Format::Text, colour),
    }
}

/// A configuration without errors, or what is wrong with it.
fn read(path: &Path) -> Result<Box<Good>, Box<Verdict>> {
    let reading = match config::read(path, UnknownWords::Refuse, &ReadOptions::default()) {
        Outcome::Good(good) => return Ok(good),
        Outcome::Unreadable(text) => Reading::Unreadable(text),
        Outcome::Empty(text) => Reading::Empty(text),
        Outcome::Wrong(report) => Reading::Read(report),
    };
    Err(Box::new(Verdict::new(path.display().to_string(), reading)))
}

/// A file with errors has no meaning that could be shown.
fn refused(wrong: &Verdict, format: Format, colour: bool) -> (String, u8) {
    let text = match format {
        Format::Json => ctl::check_document(std::slice::from_ref(wrong)),
        Format::Text => wrong.text("holdfastctl", "", colour),
    };
    (text, FOUND)
}

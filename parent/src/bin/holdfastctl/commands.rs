//! What the sub-commands do.

use super::config::{self, Good, Outcome};
use super::examine::examine;
use super::files::HostFiles;
use holdfast::cli::ReadOptions;
use holdfast::ctl::{self, Check, FINE, FOUND, Format, Request};
use holdfast::verdict::{Reading, Verdict};
use holdfast_conf::{Loaded, Node, NotCarriedOut, Options, UnknownWords};
use std::path::Path;

/// Looks for mistakes in each file by itself, or between them.
pub(crate) fn check(check: &Check, request: &Request, colour: bool) -> (String, u8) {
    if check.pair {
        return pair(check, request, colour);
    }
    let verdicts: Vec<Verdict> = check
        .files
        .iter()
        .enumerate()
        .map(|(number, file)| examine(file, &reading(request, number), check.host))
        .collect();
    let text = match check.format {
        Format::Json => ctl::check_document(&verdicts),
        Format::Text => ctl::check_text(&verdicts, colour),
    };
    (text, status(&verdicts))
}

fn status(verdicts: &[Verdict]) -> u8 {
    match verdicts.iter().all(|verdict| verdict.status() == 0) {
        true => FINE,
        false => FOUND,
    }
}

/// Holds the files of several nodes against each other.
fn pair(check: &Check, request: &Request, colour: bool) -> (String, u8) {
    let files = check.files.iter().enumerate();
    let loaded: Vec<Loaded> = files
        .map(|(number, file)| look_at(file, &reading(request, number)))
        .collect();
    let names = ctl::node_names(&check.files, &request.ids);
    let nodes: Vec<Node<'_>> = names
        .iter()
        .zip(&loaded)
        .map(|(name, loaded)| Node { name, loaded })
        .collect();
    let report = holdfast_conf::pair(&nodes);
    let verdicts: Vec<Verdict> = check
        .files
        .iter()
        .zip(loaded)
        .map(|(file, loaded)| verdict(file, of_node(file, loaded)))
        .collect();
    let text = match check.format {
        Format::Json => ctl::pair_document(&verdicts, &report),
        Format::Text => ctl::pair_text(&verdicts, &report, colour),
    };
    let between = if report.errors() > 0 { FOUND } else { FINE };
    (text, status(&verdicts).max(between))
}

/// A node with nothing to share has a wrong file, or an include that matches nothing.
fn of_node(file: &Path, loaded: Loaded) -> Reading {
    let nothing = loaded
        .config
        .is_some_and(|config| config.instances.is_empty() && config.virtual_servers.is_empty());
    if nothing && loaded.report.errors() == 0 {
        return Reading::Empty(format!(
            "{} and what it includes define no vrrp_instance and no virtual_server",
            file.display()
        ));
    }
    Reading::Read(Box::new(loaded.report))
}

/// Says what a reload would do.
pub(crate) fn diff(
    [old_path, new_path]: [&Path; 2],
    format: Format,
    request: &Request,
    colour: bool,
) -> (String, u8) {
    let (old, new) = match (
        read(old_path, &reading(request, 0)),
        read(new_path, &reading(request, 1)),
    ) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(wrong), _) | (_, Err(wrong)) => return refused(&wrong, format, colour),
    };
    if let Err(text) = new.refuse_nothing(new_path) {
        return refused(&verdict(new_path, Reading::Empty(text)), format, colour);
    }
    let plan = holdfast_conf::plan(&old.config, &new.config);
    let text = match format {
        Format::Json => ctl::with_format("plan", plan.json()),
        Format::Text => plan.render(),
    };
    (text, FINE)
}

/// Prints what is in effect.
pub(crate) fn dump(file: &Path, format: Format, request: &Request, colour: bool) -> (String, u8) {
    let loaded = look_at(file, &reading(request, 0));
    let text = match format {
        Format::Json => {
            holdfast_conf::dump_json(&loaded).map(|values| ctl::with_format("values", values))
        }
        Format::Text => holdfast_conf::dump(&loaded),
    };
    match text {
        Some(text) => (text, FINE),
        None => refused(
            &verdict(file, Reading::Read(Box::new(loaded.report))),
            format,
            colour,
        ),
    }
}

/// Lists words of the language.
pub(crate) fn words(place: &[String], format: Format) -> String {
    match format {
        Format::Json => ctl::words_document(place),
        Format::Text => ctl::words_text(place),
    }
}

/// Reads a configuration that is only looked at, with the places of its values. It may be one for
/// keepalived, so what this version does not carry out is no error.
fn look_at(file: &Path, reading: &ReadOptions) -> Loaded {
    let options = Options {
        unknown_words: UnknownWords::Refuse,
        not_carried_out: NotCarriedOut::Warn,
        origins: true,
        ..config::options(UnknownWords::Refuse, reading)
    };
    holdfast_conf::load(&HostFiles::default(), file, &options)
}

/// How a file is read, counted from 0.
fn reading(request: &Request, file: usize) -> ReadOptions {
    ReadOptions {
        config_id: request.id(file).cloned(),
        ..ReadOptions::default()
    }
}

fn verdict(file: &Path, reading: Reading) -> Verdict {
    Verdict::new(file.display().to_string(), reading)
}

/// A configuration that a reload would take, or what is wrong with it.
fn read(path: &Path, how: &ReadOptions) -> Result<Box<Good>, Box<Verdict>> {
    let reading = match config::read(path, UnknownWords::Refuse, how) {
        Outcome::Good(good) => return Ok(good),
        Outcome::Unreadable(text) => Reading::Unreadable(text),
        Outcome::Empty(text) => Reading::Empty(text),
        Outcome::Wrong(report) => Reading::Read(Box::new(report)),
    };
    Err(Box::new(verdict(path, reading)))
}

/// A file with errors has no meaning that could be shown.
fn refused(wrong: &Verdict, format: Format, colour: bool) -> (String, u8) {
    let text = match format {
        Format::Json => ctl::check_document(std::slice::from_ref(wrong)),
        Format::Text => wrong.text("holdfastctl", "", colour),
    };
    (text, FOUND)
}

//! Options, from the tables that the programs parse.

use crate::roff::{bold, literal, text};
use holdfast::cli::{HELP, NOT_CARRIED_OUT};
use holdfast::ctl::{COMMON, Opt, SUBCOMMANDS, Takes};
use std::fmt::Write as _;

/// Where the texts of the help begin.
const COLUMN: usize = 28;

/// With a full stop, unless the end is open.
fn sentence(words: &str) -> String {
    match words.ends_with("…`") {
        true => text(words),
        false => text(&format!("{words}.")),
    }
}

/// Options of the daemon, as its help has them.
pub(crate) fn daemon() -> String {
    let mut page = String::new();
    for (names, about) in help() {
        let _ = writeln!(page, ".TP\n{}\n{}", bold(&names), sentence(&about));
    }
    page
}

/// The options of the help with their texts.
pub(crate) fn help() -> Vec<(String, String)> {
    let mut entries: Vec<(String, String)> = Vec::new();
    for line in HELP.lines() {
        let (names, about) = line.split_at_checked(COLUMN).unwrap_or((line, ""));
        match (names.trim(), entries.last_mut()) {
            ("", _) if about.is_empty() => {}
            ("", Some(entry)) => {
                entry.1.push_str(if entry.1.ends_with("stderr") {
                    "; "
                } else {
                    " "
                });
                entry.1.push_str(about.trim());
            }
            (names, _) if names.starts_with('-') => {
                entries.push((names.to_owned(), about.trim().to_owned()));
            }
            (_, _) => {}
        }
    }
    entries
}

/// Options of keepalived that refuse the start.
pub(crate) fn refused() -> String {
    let mut page = String::new();
    for (short, long, why) in NOT_CARRIED_OUT {
        let names = bold(&format!("-{short}, --{long}"));
        let _ = writeln!(page, ".TP\n{names}\n{}", sentence(why));
    }
    page
}

/// Sub-commands of `holdfastctl` with their options.
pub(crate) fn commands() -> String {
    let mut page = String::new();
    for of in SUBCOMMANDS {
        let head = format!("{} [OPTION]... {}", of.name, of.arguments);
        let _ = writeln!(
            page,
            ".SS {}\n{}",
            literal(&head),
            text(&of.more.replace('\n', " "))
        );
        options(&mut page, of.options);
    }
    page
}

/// Options of all sub-commands.
pub(crate) fn common() -> String {
    let mut page = String::new();
    options(&mut page, COMMON);
    page
}

fn options(page: &mut String, options: &[Opt]) {
    for option in options {
        let short = option.short.map(|letter| format!("-{letter}, "));
        let value = match option.takes {
            Takes::Nothing => String::new(),
            Takes::OneOf(words) => format!("={}", words.join("|")),
            Takes::Text(name) => format!("={name}"),
        };
        let names = format!("{}--{}{value}", short.unwrap_or_default(), option.long);
        let _ = writeln!(page, ".TP\n{}\n{}", bold(&names), sentence(option.about));
    }
}

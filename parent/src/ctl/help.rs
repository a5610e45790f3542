//! Text of `--help`, made from the table.

use super::table::{COMMON, Opt, SUBCOMMANDS, SubCommand, Takes};
use std::fmt::Write as _;

/// Exit statuses, in the words of the help.
const STATUSES: &str = "\
Status: 0 fine; 1 a file has errors, cannot be read, or is not formatted, or
genhash has no digest; 2 wrong usage.
";

/// How it is used.
pub fn help() -> String {
    let mut text = String::from(
        "holdfastctl: tells about configurations of holdfast and keepalived\n\n\
         Usage: holdfastctl COMMAND [OPTION]... ARGUMENT...\n\nCommands:\n",
    );
    for of in SUBCOMMANDS {
        let usage = format!("{} {}", of.name, of.arguments);
        let _ = writeln!(text, "  {usage:<21}  {}", of.about);
    }
    text.push_str("\nOptions of all commands:\n");
    options(&mut text, COMMON);
    text.push_str(
        "\n`holdfastctl COMMAND --help` shows the options of a command. It needs no\n\
         privilege, and opens nothing but the files that are named and what they\n\
         include; genhash asks the server that is named.\n",
    );
    text.push_str(STATUSES);
    text
}

/// How one sub-command is used.
pub fn help_of(of: &SubCommand) -> String {
    let (name, arguments) = (of.name, of.arguments);
    let mut text = format!(
        "holdfastctl {name}: {}\n\nUsage: holdfastctl {name} [OPTION]... {arguments}\n\n{}\n",
        of.about, of.more
    );
    options(&mut text, of.options);
    let taken = |letter| of.options.iter().any(|own| own.short == letter);
    let common: Vec<Opt> = COMMON
        .iter()
        .map(|option| Opt {
            short: option.short.filter(|letter| !taken(Some(*letter))),
            ..*option
        })
        .collect();
    options(&mut text, &common);
    text.push('\n');
    text.push_str(STATUSES);
    text
}

fn options(text: &mut String, options: &[Opt]) {
    for option in options {
        let short = match option.short {
            Some(letter) => format!("-{letter}, "),
            None => "    ".to_owned(),
        };
        let value = match option.takes {
            Takes::Nothing => String::new(),
            Takes::Text(name) => format!("={name}"),
            Takes::OneOf(words) => format!("={}", words.join("|")),
        };
        let word = format!("{}{value}", option.long);
        let _ = writeln!(text, "  {short}--{word:<24} {}", option.about);
    }
}

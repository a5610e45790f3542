//! For fish.

use super::model::{Arguments, Choice, Program, Value};
use std::fmt::Write as _;

pub(crate) fn script(program: &Program) -> String {
    let name = program.name;
    let mut text = format!("# fish completion for {name}\n\n");
    if program.commands.is_empty() {
        let _ = writeln!(text, "complete -c {name} -f");
    } else {
        let names: Vec<&str> = program.commands.iter().map(|of| of.name).collect();
        let _ = writeln!(
            text,
            "set -l commands {}\ncomplete -c {name} -n \"not __fish_seen_subcommand_from $commands\" -f",
            names.join(" ")
        );
    }
    for option in &program.options {
        line(&mut text, name, None, option);
    }
    for of in &program.commands {
        let _ = writeln!(
            text,
            "\ncomplete -c {name} -n \"not __fish_seen_subcommand_from $commands\" -a {} -d '{}'",
            of.name, of.about
        );
        for option in &of.options {
            line(&mut text, name, Some(of.name), option);
        }
        let list = match of.arguments {
            Arguments::Files | Arguments::Nothing => continue,
            Arguments::Codes => "explain --list 2>/dev/null | string replace -r \"  \" \\t",
            Arguments::Words => "words 2>/dev/null | string replace \" \" \\t",
        };
        let _ = writeln!(
            text,
            "complete -c {name} -n '__fish_seen_subcommand_from {}' -f -a '(holdfastctl {list})'",
            of.name
        );
    }
    text
}

fn line(text: &mut String, name: &str, of: Option<&str>, option: &Choice) {
    let _ = write!(text, "complete -c {name}");
    if let Some(of) = of {
        let _ = write!(text, " -n '__fish_seen_subcommand_from {of}'");
    }
    if let Some(letter) = option.short {
        let _ = write!(text, " -s {letter}");
    }
    let _ = write!(text, " -l {}", option.long);
    // Where a value may be left out, fish completes it only behind `=`.
    match (&option.value, option.optional) {
        (None, _) => {}
        (Some(Value::File), false) => text.push_str(" -r -F"),
        (Some(Value::File), true) => text.push_str(" -F"),
        (Some(Value::Words(words)), _) => {
            let _ = write!(text, " -x -a '{}'", words.join(" "));
        }
    }
    let _ = writeln!(text, " -d '{}'", option.about.replace('\'', ""));
}

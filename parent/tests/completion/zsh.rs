//! For zsh.

use super::model::{Arguments, Choice, Program, Value};
use std::fmt::Write as _;

/// The codes with their titles and the words, as the program itself lists them.
const LISTS: &str = "\
_holdfastctl_codes() {
    local -a codes=(${(f)\"$(holdfastctl explain --list 2>/dev/null | sed 's/  /:/')\"})
    _describe code codes
}

_holdfastctl_words() {
    compadd -- ${(f)\"$(holdfastctl words 2>/dev/null | cut -d' ' -f1)\"}
}

";

pub(crate) fn script(program: &Program) -> String {
    let name = program.name;
    let mut text = format!("#compdef {name}\n\n");
    if program.commands.is_empty() {
        text.push_str("_arguments -s \\\n");
        options(&mut text, "    ", &program.options);
        text.push_str("    && return 0\n");
        return text;
    }
    text.push_str(LISTS);
    let _ = writeln!(text, "local line state\n\n_arguments -C -s \\");
    options(&mut text, "    ", &program.options);
    text.push_str("    '1:command:->command' \\\n    '*::argument:->argument' && return 0\n\n");
    text.push_str("case $state in\n    command)\n        local -a commands=(\n");
    for of in &program.commands {
        let _ = writeln!(text, "            '{}:{}'", of.name, of.about);
    }
    text.push_str("        )\n        _describe command commands\n        ;;\n");
    text.push_str("    argument)\n        case $line[1] in\n");
    for of in &program.commands {
        let _ = writeln!(
            text,
            "            {})\n                _arguments -s \\",
            of.name
        );
        options(&mut text, "                    ", &of.options);
        // A letter of its own goes before one that is for all.
        let taken = |letter| of.options.iter().any(|own| own.short == letter);
        let common = program.options.iter().cloned().map(|option| Choice {
            short: option.short.filter(|letter| !taken(Some(*letter))),
            ..option
        });
        let common: Vec<Choice> = common.collect();
        options(&mut text, "                    ", &common);
        let arguments = match of.arguments {
            Arguments::Codes => "'*:code:_holdfastctl_codes'",
            Arguments::Words => "'*:word:_holdfastctl_words'",
            Arguments::Files => "'*:file:_files'",
            Arguments::Nothing => "'*: :'",
        };
        let _ = writeln!(text, "                    {arguments}\n                ;;");
    }
    text.push_str("        esac\n        ;;\nesac\n");
    text
}

fn options(text: &mut String, indent: &str, options: &[Choice]) {
    for option in options {
        let names = option.names();
        let value = match &option.value {
            None => String::new(),
            Some(Value::File) => ":file:_files".to_owned(),
            Some(Value::Words(words)) => format!(":word:({})", words.join(" ")),
        };
        // Where a value may be left out, it only stands in the same word.
        let (mark, short) = match (&option.value, option.optional) {
            (None, _) => ("", ""),
            (Some(_), false) => ("=", "+"),
            (Some(_), true) => ("=-", "-"),
        };
        let value = if option.optional {
            format!(":{value}")
        } else {
            value
        };
        let long = format!("--{}{mark}", option.long);
        let about = option.about.replace('\'', "");
        let _ = match option.short {
            Some(letter) => writeln!(
                text,
                "{indent}'({})'{{-{letter}{short},{long}}}'[{about}]{value}' \\",
                names.join(" ")
            ),
            None => writeln!(text, "{indent}'{long}[{about}]{value}' \\"),
        };
    }
}

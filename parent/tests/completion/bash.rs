//! For bash.

use super::model::{Arguments, Choice, Program, Sub, Value};
use std::fmt::Write as _;

pub(crate) fn script(program: &Program) -> String {
    let name = program.name;
    let mut text = format!(
        "# bash completion for {name}\n\n_{name}() {{\n\
         \x20   local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} equals=\n\
         \x20   if [[ $word == = ]]; then\n\
         \x20       word= equals=1\n\
         \x20   elif [[ $before == = ]]; then\n\
         \x20       before=${{COMP_WORDS[COMP_CWORD - 2]}} equals=1\n\
         \x20   fi\n\
         \x20   COMPREPLY=()\n"
    );
    let own = program.commands.iter().flat_map(|of| &of.options);
    values(&mut text, program.options.iter().chain(own));
    let common = words(&program.options);
    if program.commands.is_empty() {
        let _ = writeln!(
            text,
            "    mapfile -t COMPREPLY < <(compgen -W '{common}' -- \"$word\")"
        );
    } else {
        commands(&mut text, program, &common);
    }
    let _ = writeln!(text, "}}\n\ncomplete -F _{name} {name}");
    text
}

/// What stands behind an option.
fn values<'a>(text: &mut String, options: impl Iterator<Item = &'a Choice>) {
    text.push_str("    case $equals$before in\n");
    let mut seen = Vec::new();
    for option in options {
        let Some(value) = &option.value else { continue };
        if seen.contains(&option.long) {
            continue;
        }
        seen.push(option.long.clone());
        let mut patterns: Vec<String> = vec![format!("1--{}", option.long)];
        if !option.optional {
            patterns.extend(option.names());
        }
        let reply = match value {
            Value::File => files(),
            Value::Words(words) => {
                format!(
                    "mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$word\")",
                    words.join(" ")
                )
            }
        };
        let _ = writeln!(
            text,
            "        {})\n            {reply}\n            return\n            ;;",
            patterns.join(" | ")
        );
    }
    text.push_str("    esac\n");
}

fn files() -> String {
    "compopt -o filenames\n            mapfile -t COMPREPLY < <(compgen -f -- \"$word\")".to_owned()
}

fn commands(text: &mut String, program: &Program, common: &str) {
    let names: Vec<&str> = program.commands.iter().map(|of| of.name).collect();
    let _ = write!(
        text,
        "    local command= each\n\
         \x20   for each in \"${{COMP_WORDS[@]:1:COMP_CWORD - 1}}\"; do\n\
         \x20       case $each in\n\
         \x20           {})\n\
         \x20               command=$each\n\
         \x20               break\n\
         \x20               ;;\n\
         \x20       esac\n\
         \x20   done\n\
         \x20   local options='{common}'\n\
         \x20   case $command in\n\
         \x20       '') options+=' {}' ;;\n",
        names.join(" | "),
        names.join(" ")
    );
    for of in &program.commands {
        command(text, of);
    }
    text.push_str("    esac\n    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n");
}

fn command(text: &mut String, of: &Sub) {
    let printed = |command: &str| {
        format!("mapfile -t COMPREPLY < <(compgen -W \"$(holdfastctl {command})\" -- \"$word\")")
    };
    let arguments = match of.arguments {
        Arguments::Codes => printed("explain --list 2>/dev/null | cut -c1-6"),
        Arguments::Words => printed("words 2>/dev/null | cut -d' ' -f1"),
        Arguments::Files => files().replace("            ", "                "),
        Arguments::Nothing => "COMPREPLY=()".to_owned(),
    };
    let _ = writeln!(
        text,
        "        {})\n            options+=' {}'\n            if [[ $word != -* ]]; then\n                {arguments}\n                return\n            fi\n            ;;",
        of.name,
        words(&of.options)
    );
}

fn words(options: &[Choice]) -> String {
    let names: Vec<String> = options.iter().flat_map(Choice::names).collect();
    names.join(" ")
}

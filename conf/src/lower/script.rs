//! `vrrp_script`, and what all scripts share.

use super::settings::Settings;
use super::{Context, Named, tracker};
use crate::HostFact;
use crate::diag::{Code, Diagnostic, quote};
use crate::keyword::Word;
use crate::model::{Micros, ScriptAction, ScriptCommand, ScriptName, ShellWords, VrrpScript};
use crate::source::Span;
use std::fmt::Display;

/// Time between two runs unless configured.
const INTERVAL: Micros = Micros::from_secs(1);

/// All scripts; names are unique.
pub(super) fn assemble(cx: &mut Context<'_>, blocks: &[Named]) -> Vec<VrrpScript> {
    super::same_names(cx, "vrrp_script", blocks);
    blocks
        .iter()
        .filter_map(|block| script(cx, block))
        .collect()
}

fn script(cx: &mut Context<'_>, block: &Named) -> Option<VrrpScript> {
    let settings = &block.settings;
    let name = super::name(cx, ScriptName::try_from(block.name.as_str()), block.span)?;
    let subject = format!("script {name}");
    let Some(words) = settings.script(Word::Script) else {
        if !settings.failed(Word::Script) {
            super::missing_word(cx, "vrrp_script", "script", block);
        }
        return None;
    };
    let span = settings.span(Word::Script, block.span);
    let action = action(*words);
    if let ScriptAction::Run(words) = &action {
        program(cx, words, &subject, span);
    }
    let user = user(cx, settings, &subject);
    let interval = settings.time(Word::Interval).unwrap_or(INTERVAL);
    let (weight, reverse) = tracker::weight(settings).unwrap_or_default();
    if let Some(setting) = settings.get(Word::InitFail) {
        cx.said.once_each(
            Diagnostic::note(
                Code::KeepalivedDiffers,
                setting.head,
                "keepalived ignores `init_fail`, holdfast does not",
            )
            .label("the script counts as failed until it has succeeded"),
        );
    }
    Some(VrrpScript {
        name,
        action,
        interval,
        timeout: settings.time(Word::Timeout).unwrap_or(interval),
        rise: settings.number(Word::Rise).unwrap_or(1),
        fall: settings.number(Word::Fall).unwrap_or(1),
        weight,
        reverse,
        user,
        init_fail: settings.has(Word::InitFail),
    })
}

/// The user of a block, noted as a need.
pub(super) fn user(
    cx: &mut Context<'_>,
    settings: &Settings,
    subject: &(impl Display + ?Sized),
) -> Option<crate::model::UserSpec> {
    let setting = settings.get(Word::User)?;
    let user = settings.user(Word::User).map(|user| *user)?;
    cx.need(HostFact::User(user.clone()), subject, setting.span);
    Some(user)
}

/// A command that runs on an event, with its program and user noted as needs.
pub(super) fn command(
    cx: &mut Context<'_>,
    settings: &Settings,
    word: Word,
    subject: &(impl Display + ?Sized),
) -> Option<ScriptCommand> {
    let setting = settings.get(word)?;
    let command = *settings.command(word)?;
    command_needs(cx, &command, subject, setting.span);
    Some(command)
}

/// Notes the program and the user of a command as needs.
pub(super) fn command_needs(
    cx: &mut Context<'_>,
    command: &ScriptCommand,
    subject: &(impl Display + ?Sized),
    span: Span,
) {
    program(cx, &command.words, subject, span);
    if let Some(user) = &command.user {
        cx.need(HostFact::User(user.clone()), subject, span);
    }
}

/// Notes a program as a need; one without a path is searched.
pub(super) fn program(
    cx: &mut Context<'_>,
    words: &ShellWords,
    subject: &(impl Display + ?Sized),
    span: Span,
) {
    let name = words.program();
    cx.need(HostFact::Program(name.to_owned()), subject, span);
    if !name.starts_with('/') {
        let text = format!("{} is searched in PATH", quote(name));
        cx.push(
            Diagnostic::warning(Code::SearchedInPath, span, text)
                .label("an absolute path is expected")
                .because("a program that is found can change without this file changing"),
        );
    }
}

/// What a check does. `killall -0 NAME` and `pidof NAME` need rights over the processes of others,
/// which the checker does not have; it looks itself.
fn action(words: ShellWords) -> ScriptAction {
    match process_names(&words) {
        Some(names) => ScriptAction::ProcessExists(names),
        None => ScriptAction::Run(words),
    }
}

fn process_names(words: &ShellWords) -> Option<Vec<String>> {
    /// Where distributions have these programs.
    const DIRECTORIES: &[&str] = &[
        "",
        "/bin",
        "/sbin",
        "/usr/bin",
        "/usr/sbin",
        "/usr/local/bin",
    ];
    let (directory, program) = match words.program().rsplit_once('/') {
        Some((directory, program)) => (directory, program),
        None => ("", words.program()),
    };
    if !DIRECTORIES.contains(&directory) {
        return None;
    }
    let arguments: Vec<&str> = words.arguments().iter().map(String::as_str).collect();
    let names = match (program, arguments.as_slice()) {
        ("killall", ["-0", names @ ..] | ["-s", "0", names @ ..] | ["-q", "-0", names @ ..]) => {
            names
        }
        // `pidof A B` is content with one of them, which is another question.
        ("pidof", [name] | ["-s" | "-q", name]) => std::slice::from_ref(name),
        _ => return None,
    };
    let plain = |name: &&str| !name.is_empty() && !name.starts_with('-') && !name.contains('/');
    (!names.is_empty() && names.iter().all(plain))
        .then(|| names.iter().map(|name| (*name).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(command: &str) -> Option<Vec<String>> {
        let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        process_names(&ShellWords::try_from(words).unwrap())
    }

    #[test]
    fn questions_for_a_process_are_recognised() {
        for command in [
            "killall -0 nginx",
            "/usr/bin/killall -0 nginx",
            "pidof nginx",
            "/sbin/pidof nginx",
            "killall -s 0 nginx",
        ] {
            assert_eq!(names(command), Some(vec!["nginx".to_owned()]), "{command}");
        }
        assert_eq!(names("killall -0 a b").unwrap(), ["a", "b"]);
    }

    #[test]
    fn other_commands_are_run() {
        for command in [
            "killall nginx",
            "killall -9 nginx",
            "killall -0",
            "pidof a b",
            "/opt/killall -0 nginx",
            "killall -0 /usr/sbin/nginx",
            "pgrep nginx",
        ] {
            assert_eq!(names(command), None, "{command}");
        }
    }
}

//! Command lines of checks. Only what stands in the configuration is looked at, not the scripts that
//! it names.

use crate::diag::{Code, Diagnostic, quote};
use crate::lower::Context;
use crate::model::ShellWords;
use crate::source::Span;

/// One command with its arguments.
type Simple<'a> = Vec<&'a str>;

/// What a check should not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It starts, stops or signals something.
    Changes,
    /// It waits.
    Sleeps,
}

/// Verbs of service managers that change something.
const CHANGING: &[&str] = &[
    "start",
    "stop",
    "restart",
    "reload",
    "try-restart",
    "reload-or-restart",
    "force-reload",
    "condrestart",
    "kill",
    "enable",
    "disable",
    "mask",
    "isolate",
    "reboot",
    "poweroff",
    "halt",
];

pub(super) fn check(cx: &mut Context<'_>, words: &ShellWords, span: Span) {
    let arguments: Vec<&str> = words.arguments().iter().map(String::as_str).collect();
    if let Some(word) = shell_word(words.program(), &arguments) {
        no_shell(cx, words.program(), word, span);
    }
    let first = simple(words.program(), &arguments);
    for command in first {
        match fault(&command) {
            Some(Fault::Changes) => changes(cx, &command, span),
            Some(Fault::Sleeps) => sleeps(cx, span),
            None => {}
        }
    }
}

/// A word that only a shell understands, in a command that none reads.
fn shell_word<'a>(program: &'a str, arguments: &[&'a str]) -> Option<&'a str> {
    if program.starts_with('<') || program == "[[" {
        return Some(program);
    }
    arguments.iter().copied().find(|word| {
        matches!(
            *word,
            "|" | "||" | "&&" | "&" | ";" | "<" | ">" | ">>" | "2>" | "&>" | "2>&1"
        ) || [">/", ">>/", "1>/", "2>/", "&>/", "</"]
            .iter()
            .any(|start| word.starts_with(start))
    })
}

fn no_shell(cx: &mut Context<'_>, program: &str, word: &str, span: Span) {
    let diagnostic = if word == program {
        let text = format!("this check always fails: no shell reads {}", quote(word));
        let diagnostic = Diagnostic::warning(Code::ShellWithoutShell, span, text)
            .label("this is no program")
            .help("write a script, or `/bin/bash -c '…'` around it");
        if word.starts_with('<') {
            diagnostic.because("keepalived hands what begins with `<` to a shell")
        } else {
            diagnostic
        }
    } else {
        let text = format!(
            "no shell reads this command: {} is an argument",
            quote(word)
        );
        Diagnostic::warning(Code::ShellWithoutShell, span, text)
            .label("handed over as it stands, as with keepalived")
            .help("write a script, or `/bin/sh -c '…'` around it")
    };
    cx.push(diagnostic);
}

fn changes(cx: &mut Context<'_>, command: &Simple<'_>, span: Span) {
    let text = format!(
        "this check does not only look: it runs {}",
        quote(&command.join(" "))
    );
    cx.said.once(Code::CheckChanges, || {
        Diagnostic::warning(Code::CheckChanges, span, text)
            .label("a check is run again and again, on all nodes")
            .because(
                "checks run as an unprivileged user; where this one may do so, it acts at each \
                 failure, also while another node is MASTER",
            )
            .help(
                "let the check give its exit status only; a failed check moves the addresses by \
                 its weight, or by a FAULT with `weight 0`",
            )
    });
}

fn sleeps(cx: &mut Context<'_>, span: Span) {
    cx.said.once(Code::CheckSleeps, || {
        Diagnostic::warning(Code::CheckSleeps, span, "this check sleeps")
            .label("each result is late by that time")
            .because("the time counts against the timeout, and the next run waits")
            .help("use `interval`, `fall` and `rise` to say how patient the check is")
    });
}

/// The commands of a line; those inside of `sh -c "…"` as well.
fn simple<'a>(program: &'a str, arguments: &[&'a str]) -> Vec<Simple<'a>> {
    let all: Simple<'a> = std::iter::once(program)
        .chain(arguments.iter().copied())
        .collect();
    if !matches!(base(program), "sh" | "bash" | "dash" | "ash" | "ksh") {
        return vec![unwrapped(all)];
    }
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        if word.starts_with('-') && !word.starts_with("--") && word.ends_with('c') {
            let script = rest.next().copied().unwrap_or("");
            return script
                .split([';', '|', '&', '\n', '(', ')', '{', '}'])
                .map(|part| unwrapped(part.split_whitespace().collect()))
                .filter(|command| !command.is_empty())
                .collect();
        }
    }
    vec![all]
}

/// Without what only starts another command.
fn unwrapped(mut command: Simple<'_>) -> Simple<'_> {
    while let Some(first) = command.first() {
        let wrapper = matches!(
            base(first),
            "sudo" | "env" | "nice" | "exec" | "command" | "then" | "else" | "do" | "if" | "!"
        );
        if !wrapper {
            break;
        }
        command.remove(0);
    }
    command
}

/// The name of a program without its folder.
fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

fn fault(command: &Simple<'_>) -> Option<Fault> {
    let (program, arguments) = command.split_first()?;
    let verb = |skip: usize| {
        arguments
            .iter()
            .filter(|word| !word.starts_with('-'))
            .nth(skip)
            .copied()
            .unwrap_or("")
    };
    let changes = match base(program) {
        "systemctl" => CHANGING.contains(&verb(0)),
        "service" | "rc-service" => CHANGING.contains(&verb(1)),
        "docker" | "podman" => CHANGING.contains(&verb(0)) || verb(0) == "rm",
        "killall" | "pkill" | "kill" => !only_asks(arguments),
        "reboot" | "poweroff" | "halt" | "shutdown" | "keepalived" | "holdfast" => true,
        "ip" => arguments.iter().any(|word| {
            matches!(
                *word,
                "add" | "del" | "delete" | "flush" | "replace" | "set"
            )
        }),
        "sleep" => return Some(Fault::Sleeps),
        _ => program.starts_with("/etc/init.d/") && CHANGING.contains(&verb(0)),
    };
    changes.then_some(Fault::Changes)
}

/// Signal 0 is no signal: it asks whether the process is there. So do lists and help.
fn only_asks(arguments: &[&str]) -> bool {
    let zero = |pair: &[&str]| matches!(pair, ["-s" | "--signal" | "-n", "0"]);
    arguments
        .iter()
        .any(|word| matches!(*word, "-0" | "-s0" | "--signal=0" | "-l" | "--help" | "-V"))
        || arguments.windows(2).any(zero)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Option<Fault> {
        let words: Vec<&str> = match line.split_once(" '") {
            Some((start, rest)) => start
                .split(' ')
                .chain([rest.trim_end_matches('\'')])
                .collect(),
            None => line.split(' ').collect(),
        };
        simple(words[0], &words[1..]).iter().find_map(fault)
    }

    #[test]
    fn a_command_that_acts_is_found() {
        for line in [
            "systemctl stop keepalived",
            "/usr/bin/systemctl --no-block restart nginx",
            "service nginx start",
            "/etc/init.d/nginx restart",
            "killall nginx",
            "pkill -9 nginx",
            "sudo systemctl reload nginx",
            "/bin/sh -c 'pidof nginx || systemctl stop keepalived'",
            "bash -ec 'if ! pidof nginx; then service keepalived stop; fi'",
            "keepalived -v",
            "ip addr del 192.0.2.1/24 dev eth0",
            "docker restart web",
        ] {
            assert_eq!(found(line), Some(Fault::Changes), "{line}");
        }
    }

    #[test]
    fn a_command_that_looks_is_none() {
        for line in [
            "systemctl is-active nginx",
            "systemctl status nginx",
            "systemctl show -p ActiveState stop",
            "service nginx status",
            "killall -0 nginx",
            "pkill --signal 0 nginx",
            "kill -0 17",
            "/etc/keepalived/check_stop.sh",
            "curl -f http://127.0.0.1/stop",
            "/bin/sh -c 'systemctl is-active nginx && test -e /run/start'",
            "ip -4 addr show dev eth0",
            "grep -q keepalived /proc/mounts",
            "docker inspect web",
        ] {
            assert_eq!(found(line), None, "{line}");
        }
    }

    #[test]
    fn what_only_a_shell_understands_is_found_where_there_is_none() {
        for (line, wanted) in [
            ("</dev/tcp/127.0.0.1/80", Some("</dev/tcp/127.0.0.1/80")),
            ("ss -ltn | grep -q 6443", Some("|")),
            ("pidof nginx && exit 0", Some("&&")),
            ("curl -sf localhost >/dev/null", Some(">/dev/null")),
            ("[[ -f /run/x ]]", Some("[[")),
            ("[ -f /run/x ]", None),
            ("curl -sf http://localhost/?a=1&b=2 -o /dev/null", None),
            ("grep -E a|b /run/x", None),
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(shell_word(words[0], &words[1..]), wanted, "{line}");
        }
        let inside = ["-c", "ss -ltn | grep -q 6443"];
        assert_eq!(shell_word("/bin/sh", &inside), None);
    }

    #[test]
    fn a_command_that_waits_is_found() {
        for line in ["sleep 5", "/bin/sh -c 'sleep 2; pidof nginx'"] {
            assert_eq!(found(line), Some(Fault::Sleeps), "{line}");
        }
    }
}

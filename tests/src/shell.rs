//! Runs the few programs of the system that the laboratory needs.

use std::process::{Command, Output};

/// Runs a program to its end and gives its standard output; panics with its error text when it
/// fails or is not installed.
pub fn run(program: &str, arguments: &[&str]) -> String {
    let output = output(program, arguments);
    assert!(
        output.status.success(),
        "`{program} {}` failed ({}): {}",
        arguments.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a program whose failure does not matter (tidying up).
pub fn try_run(program: &str, arguments: &[&str]) {
    let _outcome = Command::new(program).args(arguments).output();
}

/// Runs a program to its end, whatever its status is.
pub fn output(program: &str, arguments: &[&str]) -> Output {
    match Command::new(program).args(arguments).output() {
        Ok(output) => output,
        Err(error) => panic!("cannot run `{program}`: {error}; {}", package_of(program)),
    }
}

/// `ip` with these words; the text is split at blanks.
pub fn ip(words: &str) -> String {
    run("ip", &words.split_whitespace().collect::<Vec<_>>())
}

/// Tells which package holds a program that is missing.
pub fn package_of(program: &str) -> String {
    let name = program.rsplit('/').next().unwrap_or(program);
    let package = match name {
        "ip" | "bridge" => "iproute2 (Debian) or iproute (RHEL)",
        "genhash" | "keepalived" => "keepalived",
        "killall" => "psmisc",
        "nginx" => "nginx",
        "rsyslogd" => "rsyslog",
        _ => name,
    };
    format!("it comes with the package {package}; tests/run.sh installs it")
}

//! `-t`: reads the configuration, holds it against this host, says what it found.

use super::config::{self, Good, Outcome};
use holdfast::cli::{Reading, TestOptions};
use holdfast::words::counted;
use holdfast_conf::{Report, UnknownWords};
use nix::libc::{O_CLOEXEC, O_NOFOLLOW};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

/// Exit statuses as keepalived really has them (keywords 8.3).
const UNREADABLE: u8 = 4;
const ERRORS: u8 = 5;
const INSECURE: u8 = 6;
const INCLUDE_FAILED: u8 = 6;

/// The whole test.
pub(crate) fn run(options: &TestOptions) -> ExitCode {
    let path = config::choose(options.config.as_ref());
    let colour = options.output.is_none() && std::io::stderr().is_terminal();
    let (text, status) = test(&path, &options.reading, colour);
    let written = match &options.output {
        Some(file) => create(file).and_then(|mut file| file.write_all(text.as_bytes())),
        None => std::io::stderr().write_all(text.as_bytes()),
    };
    if let Err(error) = written {
        eprintln!("holdfast: cannot write the diagnostics: {error}");
    }
    ExitCode::from(status)
}

/// No link is followed: root may test as well, with the output in a folder of everybody.
fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .custom_flags(O_NOFOLLOW | O_CLOEXEC)
        .open(path)
}

fn test(path: &Path, reading: &Reading, colour: bool) -> (String, u8) {
    // A word that nobody knows is an error here in any case: this is where it should be found.
    match config::read(path, UnknownWords::Refuse, reading) {
        Outcome::Unreadable(text) => (format!("holdfast: {text}\n"), UNREADABLE),
        Outcome::Empty(text) => (format!("holdfast: {text}\n"), ERRORS),
        Outcome::Wrong(report) => {
            let mut text = report.render(colour);
            summary(&mut text, path, &report, 0, 0);
            let failed = report.include_check_failed();
            (text, if failed { INCLUDE_FAILED } else { ERRORS })
        }
        Outcome::Good(good) => good_text(path, &good, colour),
    }
}

fn good_text(path: &Path, good: &Good, colour: bool) -> (String, u8) {
    let mut text = good.report.render(colour);
    // Whose file it is says nothing about the text: it is often tested before it is installed.
    let faults = good.file_faults();
    let mut remarks: Vec<String> = faults.writable.into_iter().chain(faults.readable).collect();
    let mut insecure = Vec::new();
    match good.examine() {
        Ok(findings) => {
            remarks.extend(findings.remarks.into_iter().map(|remark| remark.text));
            for script in findings.unusable {
                // A script that is not here may be on the machine that this is written for.
                let list = if script.insecure {
                    &mut insecure
                } else {
                    &mut remarks
                };
                list.push(script.text);
            }
        }
        Err(missing) => remarks.push(missing),
    }
    for remark in remarks.iter().chain(&insecure) {
        let _ = writeln!(text, "host: {remark}");
    }
    summary(&mut text, path, &good.report, remarks.len(), insecure.len());
    let status = if insecure.is_empty() { 0 } else { INSECURE };
    (text, status)
}

fn summary(text: &mut String, path: &Path, report: &Report, remarks: usize, insecure: usize) {
    let path = path.display();
    let mut parts = vec![
        counted(report.errors(), "error", "errors"),
        counted(report.warnings(), "warning", "warnings"),
    ];
    if remarks > 0 {
        parts.push(counted(
            remarks,
            "remark on this host",
            "remarks on this host",
        ));
    }
    if insecure > 0 {
        parts.push(counted(insecure, "insecure script", "insecure scripts"));
    }
    let parts = parts.join(", ");
    let _ = writeln!(text, "{path}: {parts}. Nothing was started or changed.");
}

//! What is printed.

use crate::verdict::{FORMAT, Verdict, document};
use crate::words::counted;
use holdfast_conf::{Code, Diff};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The long form of codes.
pub fn explain(codes: &[Code]) -> String {
    let texts: Vec<String> = codes.iter().map(|code| code.explain()).collect();
    texts.join("\n\n")
}

/// All codes, one on each line.
pub fn list_codes() -> String {
    Code::ALL
        .iter()
        .map(|code| format!("{code}  {}\n", code.title()))
        .collect()
}

/// Each file with its diagnostics; a sum where there are several.
pub fn check_text(verdicts: &[Verdict], colour: bool) -> String {
    let texts: Vec<String> = verdicts
        .iter()
        .map(|verdict| verdict.text("holdfastctl", "", colour))
        .collect();
    let mut text = texts.join("\n");
    if verdicts.len() > 1 {
        let (errors, warnings) = sum(verdicts);
        let files = verdicts.len();
        let wrong = verdicts
            .iter()
            .filter(|verdict| verdict.status() != 0)
            .count();
        let _ = writeln!(
            text,
            "\n{files} files, {wrong} of them refused: {}, {}.",
            counted(errors, "error", "errors"),
            counted(warnings, "warning", "warnings")
        );
    }
    text
}

/// The same for machines.
pub fn check_document(verdicts: &[Verdict]) -> String {
    let files: Vec<Value> = verdicts.iter().map(Verdict::json).collect();
    let (errors, warnings) = sum(verdicts);
    document(&json!({
        "format": FORMAT,
        "files": files,
        "errors": errors,
        "warnings": warnings,
    }))
}

/// Errors and warnings of all files.
fn sum(verdicts: &[Verdict]) -> (usize, usize) {
    verdicts
        .iter()
        .map(Verdict::counts)
        .fold((0, 0), |all, one| {
            (all.0.saturating_add(one.0), all.1.saturating_add(one.1))
        })
}

/// What differs, a line for each part.
pub fn diff_text(diff: &Diff) -> String {
    let lines = diff.lines();
    if lines.is_empty() {
        return "A reload would change nothing.\n".to_owned();
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The same for machines.
pub fn diff_document(diff: &Diff) -> String {
    document(&json!({ "format": FORMAT, "changes": diff.lines() }))
}

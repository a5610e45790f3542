//! The report for people and for machines.

use super::{Finding, PairReport, Part};
use crate::diag::Severity;
use crate::diag::escape;
use serde_json::{Value, json};
use std::fmt::Write;

/// Columns of a terminal.
const WIDTH: usize = 80;

/// Where the text of a finding begins.
const INDENT: usize = 12;

impl PairReport {
    /// The report as text; colour only when asked for.
    pub fn render(&self, colour: bool) -> String {
        let mut text = String::new();
        for part in &self.parts {
            self::part(&mut text, part, colour);
        }
        self.outcome(&mut text);
        text
    }

    fn outcome(&self, text: &mut String) {
        const HEAD: &str = "Outcome if started like this:";
        let outcomes: Vec<(&str, &str)> = self
            .parts
            .iter()
            .filter_map(|part| Some((part.name.as_str(), part.outcome.as_ref()?.text.as_str())))
            .collect();
        match outcomes.as_slice() {
            [] => {}
            [(_, one)] => wrapped(text, "", &format!("{HEAD} {one}."), 2),
            several => {
                let _ = writeln!(text, "{HEAD}");
                for (name, outcome) in several {
                    wrapped(text, "  ", &format!("{}: {outcome}.", escape(name)), 4);
                }
            }
        }
    }

    /// The report for machines.
    pub fn json(&self) -> Value {
        json!({
            "nodes": self.nodes,
            "errors": self.errors(),
            "warnings": self.warnings(),
            "parts": self.parts.iter().map(part_json).collect::<Vec<_>>(),
        })
    }
}

fn part(text: &mut String, part: &Part, colour: bool) {
    let _ = writeln!(text, "{}", escape(&part.title));
    for finding in &part.findings {
        let (sign, paint) = match finding.severity {
            Severity::Error => ("✗", "\x1b[1;31m"),
            Severity::Warning => ("!", "\x1b[1;33m"),
            Severity::Note => ("·", "\x1b[1m"),
        };
        let head = format!("{sign} {}", finding.code);
        let head = painted(&head, paint, colour);
        wrapped(text, &format!("  {head}  "), &escape(&finding.text), INDENT);
    }
    if !part.agree.is_empty() {
        let head = painted("✓", "\x1b[1;32m", colour);
        let verb = if part.agree.len() == 1 {
            "agrees"
        } else {
            "agree"
        };
        let verb = if part.name.is_empty() { "agree" } else { verb };
        let line = format!("{} {verb}", part.agree.join(", "));
        wrapped(text, &format!("  {head} "), &line, 4);
    }
}

fn painted(text: &str, paint: &str, colour: bool) -> String {
    if colour {
        format!("{paint}{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// Breaks a text at blanks, so that it fits a terminal. The head is as wide as the indentation, or
/// empty.
fn wrapped(out: &mut String, head: &str, text: &str, indent: usize) {
    out.push_str(head);
    let mut column = if head.is_empty() { 0 } else { indent };
    let mut first = true;
    for word in text.split(' ') {
        let width = word.chars().count();
        if !first && column.saturating_add(width).saturating_add(1) > WIDTH {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if !first {
            out.push(' ');
            column = column.saturating_add(1);
        }
        out.push_str(word);
        column = column.saturating_add(width);
        first = false;
    }
    out.push('\n');
}

fn part_json(part: &Part) -> Value {
    json!({
        "name": part.name,
        "title": part.title,
        "findings": part.findings.iter().map(finding_json).collect::<Vec<_>>(),
        "agree": part.agree,
        "outcome": part.outcome.as_ref().map(|outcome| json!({
            "masters": outcome.masters,
            "text": outcome.text,
        })),
    })
}

fn finding_json(finding: &Finding) -> Value {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let places: Vec<Value> = finding
        .places
        .iter()
        .map(|(node, origin)| {
            json!({
                "node": node,
                "file": origin.file,
                "line": origin.line,
                "column": origin.column,
            })
        })
        .collect();
    json!({
        "code": finding.code.to_string(),
        "severity": severity,
        "text": finding.text,
        "places": places,
    })
}

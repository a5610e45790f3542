//! What a test of a configuration found, for people and for machines.

use crate::words::{counted, printable};
use holdfast_conf::{Code, Report};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Version of the JSON documents; it rises when a field changes its meaning or goes.
pub const FORMAT: u32 = 1;

/// What reading gave.
#[derive(Debug)]
pub enum Reading {
    /// The file cannot be read at all; the text names it.
    Unreadable(String),
    /// There is nothing in it; the text names it.
    Empty(String),
    /// It was read.
    Read(Box<Report>),
}

/// What became of one configuration.
#[derive(Debug)]
pub struct Verdict {
    /// The file as the operator wrote it.
    pub file: String,
    /// What reading gave.
    pub reading: Reading,
    /// What this host lacks.
    pub remarks: Vec<String>,
    /// Scripts that somebody else could replace.
    pub insecure: Vec<String>,
}

impl Verdict {
    /// What reading gave, with nothing about this host.
    pub fn new(file: String, reading: Reading) -> Self {
        Self {
            file,
            reading,
            remarks: Vec::new(),
            insecure: Vec::new(),
        }
    }

    /// Exit status as keepalived really has it: 0 good, 4 unreadable, 5 errors, 6 insecure scripts
    /// or an include that has to succeed and does not.
    pub fn status(&self) -> u8 {
        match &self.reading {
            Reading::Unreadable(_) => 4,
            Reading::Empty(_) => 5,
            Reading::Read(report) if report.include_check_failed() => 6,
            Reading::Read(report) if report.errors() > 0 => 5,
            Reading::Read(_) if !self.insecure.is_empty() => 6,
            Reading::Read(_) => 0,
        }
    }

    /// Number of errors and warnings.
    pub fn counts(&self) -> (usize, usize) {
        match &self.reading {
            Reading::Unreadable(_) | Reading::Empty(_) => (1, 0),
            Reading::Read(report) => (report.errors(), report.warnings()),
        }
    }

    /// For the operator: all diagnostics, remarks, and one line that sums up and ends in `tail`.
    pub fn text(&self, program: &str, tail: &str, colour: bool) -> String {
        let report = match &self.reading {
            Reading::Unreadable(text) | Reading::Empty(text) => {
                return format!("{program}: {}\n", printable(text));
            }
            Reading::Read(report) => report,
        };
        let mut text = report.render(colour);
        for remark in self.remarks.iter().chain(&self.insecure) {
            let _ = writeln!(text, "host: {remark}");
        }
        if let Some(hint) = report.hint() {
            let _ = writeln!(text, "{hint}");
        }
        let (file, sum) = (printable(&self.file), self.sum(report));
        let _ = writeln!(text, "{file}: {sum}.{tail}");
        text
    }

    fn sum(&self, report: &Report) -> String {
        let (remarks, insecure) = (self.remarks.len(), self.insecure.len());
        let mut parts = vec![
            counted(report.errors(), "error", "errors"),
            counted(report.warnings(), "warning", "warnings"),
        ];
        for (number, one, many) in [
            (remarks, "remark on this host", "remarks on this host"),
            (insecure, "insecure script", "insecure scripts"),
        ] {
            if number > 0 {
                parts.push(counted(number, one, many));
            }
        }
        parts.join(", ")
    }

    /// For machines: one file's part of the document.
    pub fn json(&self) -> Value {
        let mut value = match &self.reading {
            Reading::Unreadable(text) => self.alone(Code::Unreadable, text),
            Reading::Empty(text) => self.alone(Code::NothingConfigured, text),
            Reading::Read(report) => report.json(),
        };
        if let Some(fields) = value.as_object_mut() {
            fields.insert("file".to_owned(), json!(self.file));
            fields.insert("remarks".to_owned(), json!(self.remarks));
            fields.insert("insecure".to_owned(), json!(self.insecure));
        }
        value
    }

    /// A report of one error that has no place.
    fn alone(&self, code: Code, text: &str) -> Value {
        json!({
            "diagnostics": [{
                "code": code.to_string(), "severity": "error", "message": text, "label": "",
                "file": self.file, "line": null, "column": null, "end_column": null,
                "notes": [], "helps": [], "related": [], "more": 0, "again": 0, "expanded": null,
            }],
            "errors": 1, "warnings": 0, "notes": 0, "not_shown": 0,
        })
    }
}

/// The document of `holdfast -t --format json`.
pub fn test_document(verdict: &Verdict) -> String {
    let mut value = verdict.json();
    if let Some(fields) = value.as_object_mut() {
        fields.insert("format".to_owned(), json!(FORMAT));
        fields.insert("status".to_owned(), json!(verdict.status()));
    }
    document(&value)
}

/// A document as it is written: indented, with a line end.
pub fn document(value: &Value) -> String {
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Verdict {
        Verdict::new("c".to_owned(), Reading::Empty("c is empty".to_owned()))
    }

    #[test]
    fn the_status_is_the_worst_of_what_was_found() {
        let read = || Reading::Read(Box::default());
        let unreadable = Reading::Unreadable(String::new());
        assert_eq!(Verdict::new(String::new(), unreadable).status(), 4);
        assert_eq!(empty().status(), 5);
        assert_eq!(Verdict::new(String::new(), read()).status(), 0);
        let insecure = Verdict {
            insecure: vec![String::new()],
            ..Verdict::new(String::new(), read())
        };
        assert_eq!(insecure.status(), 6);
    }

    #[test]
    fn a_file_without_a_report_has_the_same_fields_as_one_with_it() {
        let keys =
            |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
        let read = Verdict::new("c".to_owned(), Reading::Read(Box::default()));
        assert_eq!(keys(&empty().json()), keys(&read.json()));
        assert_eq!(
            serde_json::from_str::<Value>(&test_document(&empty())).unwrap()["status"],
            5
        );
    }
}

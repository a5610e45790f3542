//! Each code's long form: its example gives that code, its repair does not.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests assert by panicking"
)]

mod common;

use common::LOOKING;
use holdfast_conf::{Code, Files, load};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// Codes whose example is prose, with the reason.
const PROSE: &[(Code, &str)] = &[
    (
        Code::NotUtf8,
        "bytes that are no text cannot stand in a text",
    ),
    (Code::ControlCharacter, "it would act on the terminal"),
    (Code::LongLine, "8,193 bytes"),
    (Code::LargeFile, "64 MiB"),
    (Code::TooManyIncludes, "4,097 files"),
    (Code::NotIncluded, "it is about the mode of a file"),
    (Code::TooDeep, "33 nested blocks"),
    (Code::TooManyAddresses, "256 addresses"),
];

/// Codes about several nodes: no snippet shows them. `pair.rs` has a case for each.
fn is_prose(code: Code) -> bool {
    code.number() >= 501 || PROSE.iter().any(|(prose, _)| *prose == code)
}

/// Widest line: 80 columns with a little room for a reply by mail.
const WIDTH: usize = 76;

/// One file, and no other.
struct Snippet(String);

impl Files for Snippet {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match path.to_str() {
            Some("holdfast.conf") => Ok(self.0.clone().into_bytes()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn matches(&self, _pattern: &str) -> io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }
}

/// The parts behind `Example:` and `Fix:`.
fn parts(code: Code) -> (&'static str, &'static str) {
    let text = code.explanation();
    let (_, rest) = text
        .split_once("\nExample:\n")
        .unwrap_or_else(|| panic!("{code} has no line `Example:`"));
    rest.split_once("\nFix:\n")
        .unwrap_or_else(|| panic!("{code} has no line `Fix:`"))
}

/// A configuration that is indented by four blanks.
fn snippet(part: &str) -> Option<String> {
    part.lines()
        .filter(|line| !line.is_empty())
        .map(|line| Some(format!("{}\n", line.strip_prefix("    ")?)))
        .collect()
}

/// The codes that a configuration gives, and those of its errors.
fn codes(text: String) -> (BTreeSet<String>, BTreeSet<String>) {
    let loaded = load(&Snippet(text), Path::new("holdfast.conf"), &LOOKING);
    let report = loaded.report.json();
    let diagnostics = report["diagnostics"].as_array().unwrap();
    let codes = |only: &dyn Fn(&str) -> bool| {
        diagnostics
            .iter()
            .filter(|one| only(one["severity"].as_str().unwrap()))
            .map(|one| one["code"].as_str().unwrap().to_owned())
            .collect()
    };
    (codes(&|_| true), codes(&|severity| severity == "error"))
}

#[test]
fn every_example_gives_its_code_and_no_other_error() {
    for &code in Code::ALL {
        let example = snippet(parts(code).0);
        if is_prose(code) {
            assert_eq!(example, None, "{code} is listed as prose");
            continue;
        }
        let example = example.unwrap_or_else(|| panic!("{code} has prose as its example"));
        let (all, errors) = codes(example.clone());
        assert!(all.contains(&code.to_string()), "{code} {all:?}\n{example}");
        assert!(
            errors.iter().all(|error| *error == code.to_string()),
            "{code} {errors:?}\n{example}"
        );
    }
}

#[test]
fn every_repair_is_free_of_errors_and_of_the_code() {
    for &code in Code::ALL {
        let Some(repaired) = snippet(parts(code).1) else {
            assert!(is_prose(code), "{code}");
            continue;
        };
        let (all, errors) = codes(repaired.clone());
        assert!(!all.contains(&code.to_string()), "{code}\n{repaired}");
        assert_eq!(errors, BTreeSet::new(), "{code}\n{repaired}");
    }
}

#[test]
fn every_text_fits_a_terminal_and_says_something_before_its_example() {
    for &code in Code::ALL {
        let text = code.explanation();
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "{code}: {line}");
            assert_eq!(line.trim_end_matches([' ', '\t']), line, "{code}: {line}");
        }
        let (why, _) = text.split_once("\nExample:\n").unwrap();
        assert!(why.lines().count() >= 3, "{code} says too little");
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{code}");
    }
}

#[test]
fn no_text_is_without_its_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diag/explain");
    let names: BTreeSet<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let codes: BTreeSet<_> = Code::ALL
        .iter()
        .map(|code| format!("{code:?}.txt"))
        .collect();
    assert_eq!(names, codes);
}

//! One folder for each case: what is read, and what the operator is told.

#![expect(clippy::unwrap_used, reason = "tests assert by panicking")]

mod common;

use common::{Folder, LOOKING, STRICT, compare, data, told};
use holdfast_conf::{Code, Options, load};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Codes whose files are too large for the corpus; `hostile.rs` has them.
const ELSEWHERE: &[Code] = &[Code::LargeFile, Code::TooManyIncludes];

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<_> = std::fs::read_dir(data("corpus"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    cases
}

/// What the operator is told about a case.
fn answer(case: &Path) -> String {
    let files = Folder(case.to_owned());
    // Cases about words that are not carried out show what is made of them all the same.
    let looking = case.to_string_lossy().ends_with("-looking");
    let options = Options {
        config_id: Some("web1".to_owned()),
        working_directory: Some("/etc/holdfast".into()),
        environment: BTreeMap::from([("SITE".to_owned(), "east #1".to_owned())]),
        ..if looking { LOOKING } else { STRICT }
    };
    let loaded = load(&files, Path::new("in.conf"), &options);
    assert_eq!(loaded.config.is_none(), loaded.report.errors() > 0);
    told(&loaded, "in.conf")
}

#[test]
fn every_case_says_what_is_expected() {
    let mut wrong = Vec::new();
    for case in cases() {
        let text = answer(&case);
        wrong.extend(compare(&text, &case.join("expected.txt")).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_has_a_case() {
    let all: String = cases().iter().map(|case| answer(case)).collect();
    let missing: Vec<_> = Code::ALL
        .iter()
        // Codes from 501 on are about several nodes: `pair.rs` has them.
        .filter(|code| code.number() < 501)
        .filter(|code| !ELSEWHERE.contains(code) && !all.contains(&format!("[{code}]")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

//! What is printed.

use crate::verdict::{FORMAT, Verdict, document};
use crate::words::counted;
use holdfast_conf::{Code, PairReport};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

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
    document(&checked(verdicts))
}

fn checked(verdicts: &[Verdict]) -> Value {
    let files: Vec<Value> = verdicts.iter().map(Verdict::json).collect();
    let (errors, warnings) = sum(verdicts);
    json!({
        "format": FORMAT,
        "files": files,
        "errors": errors,
        "warnings": warnings,
    })
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

/// How nodes are called: by their names for conditional lines, or their files without folder and
/// ending, or all of it where that is not enough to tell them apart.
pub fn node_names(files: &[PathBuf], ids: &[String]) -> Vec<String> {
    if ids.iter().collect::<BTreeSet<_>>().len() == files.len() {
        return ids.to_owned();
    }
    let stem = |file: &PathBuf| Some(file.file_stem()?.to_string_lossy().into_owned());
    let short: Vec<String> = files.iter().filter_map(stem).collect();
    let different: BTreeSet<&String> = short.iter().collect();
    if different.len() == files.len() {
        return short;
    }
    let names = files.iter().map(|file| file.display().to_string());
    names.collect()
}

/// Files that have errors of their own, then what is between the nodes.
pub fn pair_text(verdicts: &[Verdict], pair: &PairReport, colour: bool) -> String {
    let mut text: String = verdicts
        .iter()
        .filter(|verdict| verdict.status() != 0)
        .map(|verdict| verdict.text("holdfastctl", "", colour) + "\n")
        .collect();
    text.push_str(&pair.render(colour));
    let _ = writeln!(
        text,
        "\n{} nodes: {}, {} between them.",
        verdicts.len(),
        counted(pair.errors(), "error", "errors"),
        counted(pair.warnings(), "warning", "warnings")
    );
    text
}

/// The same for machines: the document of `check` with one more field.
pub fn pair_document(verdicts: &[Verdict], pair: &PairReport) -> String {
    let mut value = checked(verdicts);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("pair".to_owned(), pair.json());
    }
    document(&value)
}

/// A document of one more field beside the number of its format.
pub fn with_format(name: &str, value: Value) -> String {
    let fields = [
        ("format".to_owned(), json!(FORMAT)),
        (name.to_owned(), value),
    ];
    document(&Value::Object(fields.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_called_by_what_tells_their_files_apart() {
        let files = |files: &[&str]| -> Vec<PathBuf> { files.iter().map(PathBuf::from).collect() };
        let names = |names: &[&str]| node_names(&files(names), &[]);
        assert_eq!(names(&["etc/web1.conf", "web2.conf"]), ["web1", "web2"]);
        let same = ["web1/keepalived.conf", "web2/keepalived.conf"];
        assert_eq!(names(&same), same);
        let ids = ["a".to_owned(), "b".to_owned()];
        assert_eq!(node_names(&files(&["c", "c"]), &ids), ids);
        assert_eq!(node_names(&files(&["x", "y"]), &ids[..1]), ["x", "y"]);
    }
}

//! Words of the language, for people and for machines.

use super::answer::with_format;
use holdfast_conf::{Treatment, WordInfo, language};
use serde_json::Value;
use std::fmt::Write as _;

/// Columns of a text, with a little room for a reply by mail.
const WIDTH: usize = 76;
const INDENT: &str = "    ";

/// The words that a place means: those whose path ends in it, and those of the blocks whose path
/// ends in it. All of them for no place.
pub(super) fn select(place: &[String]) -> Vec<WordInfo> {
    let ends = |path: &[&str]| {
        let start = path.len().checked_sub(place.len());
        start.is_some_and(|start| path.get(start..).is_some_and(|end| end == place))
    };
    let of = |word: &WordInfo| {
        let path = [&word.blocks, &[word.name][..]].concat();
        place.is_empty() || ends(&path) || ends(&word.blocks)
    };
    language().filter(of).collect()
}

/// For people: each word with all about it, or all words with what follows them.
pub fn words_text(place: &[String]) -> String {
    let words = select(place);
    if place.is_empty() {
        return words.iter().map(|word| head(word) + "\n").collect();
    }
    let entries: Vec<String> = words.iter().map(entry).collect();
    entries.join("\n")
}

/// For machines.
pub fn words_document(place: &[String]) -> String {
    let words = select(place).iter().map(WordInfo::json).collect();
    with_format("words", Value::Array(words))
}

fn head(word: &WordInfo) -> String {
    let text = format!("{} {}", word.path(), word.arguments);
    text.trim_end().to_owned()
}

fn entry(word: &WordInfo) -> String {
    let mut text = head(word) + "\n";
    wrap(&mut text, word.about);
    let facts = [
        ("Default", word.default),
        ("Since keepalived", word.since),
        ("Write instead", word.old.unwrap_or_default()),
        (of_treatment(word.treatment), word.treatment.why()),
    ];
    for (name, fact) in facts {
        if !fact.is_empty() {
            wrap(&mut text, &format!("{name}: {fact}."));
        }
    }
    if word.treatment == Treatment::Always {
        wrap(&mut text, "holdfast does so in any case.");
    }
    text
}

const fn of_treatment(treatment: Treatment) -> &'static str {
    match treatment {
        Treatment::Checked(_) => "Not carried out by this version",
        Treatment::NoEffect(_) => "Without effect",
        Treatment::CarriedOut | Treatment::Always => "",
    }
}

/// Adds a paragraph, indented.
fn wrap(text: &mut String, paragraph: &str) {
    let mut column = WIDTH;
    for word in paragraph.split(' ') {
        let next = column.saturating_add(word.len()).saturating_add(1);
        if next > WIDTH {
            let end = if column == WIDTH { "" } else { "\n" };
            let _ = write!(text, "{end}{INDENT}{word}");
            column = INDENT.len().saturating_add(word.len());
        } else {
            let _ = write!(text, " {word}");
            column = next;
        }
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(place: &[&str]) -> Vec<String> {
        let place: Vec<String> = place.iter().map(ToString::to_string).collect();
        select(&place).iter().map(WordInfo::path).collect()
    }

    #[test]
    fn a_place_is_a_word_or_a_block_or_both() {
        assert_eq!(
            paths(&["vrrp_instance", "priority"]),
            ["vrrp_instance/priority"]
        );
        assert_eq!(
            paths(&["authentication"]),
            [
                "vrrp_instance/authentication",
                "vrrp_instance/authentication/auth_type",
                "vrrp_instance/authentication/auth_pass"
            ]
        );
        assert_eq!(paths(&["nonsense"]), Vec::<String>::new());
    }

    #[test]
    fn a_paragraph_is_no_wider_than_a_terminal() {
        let mut text = String::new();
        wrap(&mut text, &"abcd ".repeat(30));
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert!(text.starts_with("    abcd abcd"), "{text}");
    }
}

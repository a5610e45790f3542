//! The words of the language and the codes of diagnostics, for `holdfast.conf(5)`.

use crate::roff::{bold, literal, text};
use holdfast_conf::{Code, Treatment, WordInfo, language};
use std::fmt::Write as _;

/// Why words change nothing that say what holdfast does anyway.
const ALWAYS: &str = "holdfast does so in any case";
/// Blocks whose words are alike, so that most of them are described once.
const CHECKS: &str = "virtual_server/real_server/";

/// All words, block by block.
pub(crate) fn words() -> String {
    let words: Vec<WordInfo> = language().collect();
    let (shared, own): (Vec<_>, Vec<_>) = words.iter().partition(|word| is_shared(word, &words));
    let mut page = String::new();
    for block in blocks(&words) {
        if block == format!("{CHECKS}MISC_CHECK") {
            shared_words(&mut page, &shared);
        }
        let inside: Vec<&WordInfo> = own.iter().copied().filter(|w| path(w) == block).collect();
        let also: Vec<&str> = shared
            .iter()
            .filter(|w| path(w) == block)
            .map(|w| w.name)
            .collect();
        heading(&mut page, &block, &words);
        for word in inside {
            entry(&mut page, word, &[]);
        }
        if !also.is_empty() {
            let names: Vec<String> = also.iter().map(|name| bold(name)).collect();
            let _ = writeln!(
                page,
                ".PP\nOf the shared words of checks:\n{}.",
                names.join(",\n")
            );
        }
    }
    page
}

fn path(word: &WordInfo) -> String {
    word.blocks.join("/")
}

/// The blocks in the order in which they come.
fn blocks(words: &[WordInfo]) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    for word in words {
        let path = path(word);
        if !blocks.contains(&path) {
            blocks.push(path);
        }
    }
    blocks
}

/// The same word with the same text in another check.
fn same(one: &WordInfo, other: &WordInfo) -> bool {
    let facts = |word: &WordInfo| {
        let texts = (word.about, word.default, word.since, word.old);
        (word.name, word.arguments.clone(), texts, word.treatment)
    };
    facts(one) == facts(other)
}

fn is_shared(word: &WordInfo, words: &[WordInfo]) -> bool {
    path(word).starts_with(CHECKS)
        && words.iter().any(|other| {
            path(other).starts_with(CHECKS) && path(other) != path(word) && same(word, other)
        })
}

fn shared_words(page: &mut String, shared: &[&WordInfo]) {
    let _ = writeln!(page, ".SS Shared words of checks");
    for (number, word) in shared.iter().enumerate() {
        if !shared.iter().take(number).any(|before| same(before, word)) {
            let with = shared.iter().filter(|other| same(other, word));
            let blocks: Vec<String> = with.map(|other| path(other).replace(CHECKS, "")).collect();
            entry(page, word, &blocks);
        }
    }
}

fn heading(page: &mut String, block: &str, words: &[WordInfo]) {
    if block.is_empty() {
        let _ = writeln!(page, ".SS The outer level");
        return;
    }
    let _ = writeln!(page, ".SS Block {}", literal(&block.replace('/', " / ")));
    let opener = words.iter().find(|word| word.path() == block).unwrap();
    let _ = writeln!(page, "{}", text(opener.about));
}

fn entry(page: &mut String, word: &WordInfo, blocks: &[String]) {
    let _ = writeln!(
        page,
        ".TP\n{} {}",
        bold(word.name),
        literal(&word.arguments)
    );
    let _ = writeln!(page, "{}", text(word.about));
    let mut facts = vec![
        ("Default", word.default.to_owned()),
        ("Since keepalived", word.since.to_owned()),
        (
            "Write instead",
            word.old.map(|old| format!("`{old}`")).unwrap_or_default(),
        ),
    ];
    match word.treatment {
        Treatment::CarriedOut => {}
        Treatment::Always => {
            let _ = writeln!(page, "holdfast does so in any case.");
        }
        Treatment::Checked(why) => facts.push(("Not carried out by this version", why.to_owned())),
        Treatment::NoEffect(why) => facts.push(("Accepted without effect", why.to_owned())),
    }
    facts.push(("In", blocks.join(", ")));
    for (name, fact) in facts {
        if !fact.is_empty() {
            let _ = writeln!(page, "{}", text(&format!("{name}: {fact}.")));
        }
    }
}

/// The table of words that change nothing, for the list of differences.
pub(crate) fn without_effect() -> String {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for word in language() {
        let reason = match word.treatment {
            Treatment::NoEffect(why) => why,
            Treatment::Always | Treatment::CarriedOut | Treatment::Checked(_) => continue,
        };
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, paths)) => paths.push(word.path()),
            None => reasons.push((reason, vec![word.path()])),
        }
    }
    let always = language().filter(|word| word.treatment == Treatment::Always);
    reasons.push((
        "holdfast does so in any case",
        always.map(|word| word.path()).collect(),
    ));
    let mut table = String::from("| Words | Why | Test |\n|---|---|---|\n");
    for (reason, paths) in reasons {
        let words = paths.join("`, `");
        let test = match reason {
            ALWAYS => "`what_is_done_in_any_case_is_accepted_without_a_word`",
            _ => "`every_word_without_effect_is_told_with_its_reason`",
        };
        let _ = writeln!(table, "| `{words}` | {reason} | {test} |");
    }
    table
}

/// All codes with their titles.
pub(crate) fn codes() -> String {
    let mut page = String::new();
    for code in Code::ALL {
        let _ = writeln!(
            page,
            ".TP\n{}\n{}.",
            bold(&code.to_string()),
            text(code.title())
        );
    }
    page
}

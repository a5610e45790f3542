//! The list of the language against a list of keepalived's words: none is missing, none is new.

#![expect(clippy::expect_used, reason = "tests assert by panicking")]

mod common;

use common::Memory;
use holdfast_conf::{Treatment, WordInfo, language};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of a position: the release that brought it, and whether the word is an old one.
type Facts = (String, bool);

/// Positions that keepalived does not have, with the reason.
const OWN: &[(&[&str], &[&str], &str)] = &[
    (
        &["verify"],
        &["SSL_GET"],
        "keepalived takes any certificate; who wants it checked has to be able to say so",
    ),
    (
        &["nb_get_retry"],
        &[
            "TCP_CHECK",
            "SMTP_CHECK",
            "SMTP_CHECK/host",
            "UDP_CHECK",
            "PING_CHECK",
            "DNS_CHECK",
            "MISC_CHECK",
        ],
        "tutorials write it in every check; keepalived ignores the line there, with status 5",
    ),
];

/// Old words that nothing has to be written instead of: what they asked for is always so.
const WITHOUT_SUCCESSOR: &[&str] = &[
    "vrrp_instance linkbeat_use_polling",
    "vrrp_instance native_ipv6",
    "vrrp_sync_group global_tracking",
];

fn own() -> BTreeSet<String> {
    let places = OWN.iter().flat_map(|(words, blocks, _)| {
        let pairs = blocks
            .iter()
            .flat_map(|b| words.iter().map(move |w| (b, w)));
        pairs.map(|(block, word)| format!("virtual_server/real_server/{block} {word}"))
    });
    places.collect()
}

fn catalogue() -> BTreeMap<String, Facts> {
    let lines = include_str!("catalogue/keywords.tsv").lines();
    let rows = lines.filter(|line| !line.starts_with('#')).map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [blocks, word, since, old] = fields.try_into().expect("four columns");
        let blocks = blocks.trim_start_matches('-');
        let since = since.trim_start_matches('-').to_owned();
        (format!("{blocks} {word}"), (since, old == "old"))
    });
    rows.collect()
}

fn position(word: &WordInfo) -> String {
    format!("{} {}", word.blocks.join("/"), word.name)
}

fn ours() -> BTreeMap<String, Facts> {
    let facts = |word: &WordInfo| (word.since.to_owned(), word.old.is_some());
    language()
        .map(|word| (position(&word), facts(&word)))
        .collect()
}

#[test]
fn the_language_has_every_position_of_the_catalogue_and_no_other() {
    let wanted: BTreeSet<String> = catalogue().into_keys().chain(own()).collect();
    let found: BTreeSet<String> = ours().into_keys().collect();
    let missing: Vec<&String> = wanted.difference(&found).collect();
    let extra: Vec<&String> = found.difference(&wanted).collect();
    assert_eq!((missing, extra), (Vec::new(), Vec::new()));
}

#[test]
fn there_are_531_positions_of_363_different_words() {
    let own = own();
    let theirs = language().filter(|word| !own.contains(&position(word)));
    let names: Vec<&str> = theirs.map(|word| word.name).collect();
    let different: BTreeSet<&&str> = names.iter().collect();
    assert_eq!((names.len(), different.len()), (531, 363));
}

#[test]
fn own_words_are_none_of_keepalived_s() {
    let catalogue = catalogue();
    let known: Vec<String> = own()
        .into_iter()
        .filter(|position| catalogue.contains_key(position))
        .collect();
    assert_eq!(known, Vec::<String>::new());
}

#[test]
fn releases_and_old_words_are_those_of_the_catalogue() {
    let ours = ours();
    let different: Vec<String> = catalogue()
        .into_iter()
        .filter_map(|(position, mut facts)| {
            let found = ours.get(&position)?;
            facts.1 &= !WITHOUT_SUCCESSOR.contains(&position.as_str());
            (*found != facts).then(|| format!("{position}: {found:?}, not {facts:?}"))
        })
        .collect();
    assert_eq!(different, Vec::<String>::new());
}

/// What is wrong with a text for people.
fn faults(text: &str) -> Vec<&'static str> {
    let rules: [(&str, bool); 5] = [
        ("a character that is not ASCII", !text.is_ascii()),
        ("a line break", text.contains(['\n', '\r', '\t'])),
        ("two blanks", text.contains("  ")),
        (
            "an open backtick",
            !text.matches('`').count().is_multiple_of(2),
        ),
        ("a blank at an end", text.trim() != text),
    ];
    let broken = rules.into_iter().filter(|(_, broken)| *broken);
    broken.map(|(rule, _)| rule).collect()
}

#[test]
fn every_word_says_what_it_does_in_whole_sentences() {
    for word in language() {
        let position = position(&word);
        assert!(!word.about.is_empty(), "{position} has no text");
        assert!(word.about.ends_with('.'), "{position}: no full stop");
        assert_eq!(faults(word.about), Vec::<&str>::new(), "{position}");
    }
}

#[test]
fn defaults_and_reasons_are_no_sentences() {
    for word in language() {
        for text in [
            word.default,
            word.treatment.why(),
            word.old.unwrap_or_default(),
        ] {
            assert!(!text.ends_with('.'), "{}: {text}", position(&word));
            assert_eq!(
                faults(text),
                Vec::<&str>::new(),
                "{}: {text}",
                position(&word)
            );
        }
    }
}

/// Something that may stand behind a word.
fn example(arguments: &str) -> &str {
    // The upper limit: a lower one of 0 often asks for nothing.
    let number = arguments
        .split_once("..")
        .and_then(|(_, rest)| rest.split(' ').next())
        .filter(|number| number.parse::<f64>().is_ok());
    match arguments {
        _ if number.is_some() => number.unwrap_or_default(),
        _ if arguments.starts_with("ADDRESS") => "192.0.2.1 80",
        _ if arguments.starts_with("TEXT") => "/a 1",
        _ if arguments.starts_with("PATH") => "/a",
        _ if arguments.starts_with("NUMBER") => "0",
        _ if arguments.starts_with("NAME") => "a",
        _ if arguments.starts_with("{ LINKBEAT-LINE") => "{\neth0\n}",
        _ if arguments.starts_with(['[', '{']) => "",
        _ => arguments.split(['|', ' ']).next().unwrap_or_default(),
    }
}

/// A configuration with this word, and what is missing left out.
fn configuration(word: &WordInfo) -> String {
    let words: Vec<WordInfo> = language().collect();
    let mut text = format!("{} {}\n", word.name, example(&word.arguments));
    let mut blocks = word.blocks.as_slice();
    while let Some((name, outer)) = blocks.split_last() {
        let opener = words.iter().find(|w| w.blocks == outer && w.name == *name);
        let head = example(&opener.expect("every block is opened by a word").arguments);
        text = format!("{name} {head} {{\n{text}}}\n");
        blocks = outer;
    }
    text
}

/// What reading says.
fn told(text: &str) -> String {
    Memory::one(text).load().report.json().to_string()
}

#[test]
fn every_word_without_effect_is_told_with_its_reason() {
    for word in language() {
        let Treatment::NoEffect(reason) = word.treatment else {
            continue;
        };
        let text = configuration(&word);
        let told = told(&text);
        assert!(
            told.contains("HF0103") && told.contains(reason),
            "{text}{told}"
        );
    }
}

#[test]
fn what_is_done_in_any_case_is_accepted_without_a_word() {
    for word in language().filter(|word| word.treatment == Treatment::Always) {
        let text = configuration(&word);
        let told = told(&text);
        for code in ["HF0101", "HF0102", "HF0103", "HF0104"] {
            assert!(!told.contains(code), "{text}{told}");
        }
    }
}

#[test]
fn every_word_that_is_not_carried_out_is_refused_with_the_consequence() {
    let mut silent: Vec<String> = Vec::new();
    for word in language() {
        let Treatment::Checked(consequence) = word.treatment else {
            continue;
        };
        let text = configuration(&word);
        let told = told(&text);
        if !told.contains("HF0102") || !told.contains(consequence) {
            silent.push(word.path());
        }
    }
    assert_eq!(silent, Vec::<String>::new());
}

//! `regex` of a page, on crate regex: linear time whatever the body is. What needs more is searched
//! for by PCRE2, within bounds, where this program is built with it.

use super::super::cause::HttpFault;
use holdfast_ipc::config::model::BodyPattern;
#[cfg(feature = "pcre")]
use holdfast_ipc::config::model::pcre::{self, Pcre};
use regex::bytes::{Regex, RegexBuilder};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Bytes of a body that are searched. They are kept until its end.
pub const WINDOW: usize = 1_048_576;
/// Bytes that a compiled pattern, and its cache, may take: some 10,000 states.
const COMPILED_LIMIT: usize = 1_048_576;
/// Brackets in brackets.
const NEST_LIMIT: u32 = 100;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(in super::super) enum Search {
    Linear(Arc<Regex>),
    #[cfg(feature = "pcre")]
    Pcre(Arc<Pcre>),
}

/// A pattern, ready to be searched for.
#[derive(Clone)]
pub(super) struct Pattern {
    search: Search,
    anchored: bool,
    /// `$` also fits before a line feed that ends the body, as in PCRE.
    dollar_before_line_feed: bool,
    min_offset: usize,
    max_offset: usize,
    pub(super) invert: bool,
}

/// Without the compiled machine.
impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.search)
    }
}

/// Patterns that were compiled before: 5,000 checks with the same one share it and its memory.
#[derive(Debug, Default)]
pub(in super::super) struct Patterns(HashMap<(String, Vec<String>), Search>);

impl Patterns {
    fn get(&mut self, source: &BodyPattern) -> Result<Search, String> {
        let key = (source.pattern.clone(), source.options.clone());
        if let Some(search) = self.0.get(&key) {
            return Ok(search.clone());
        }
        let search = match source.needs_pcre {
            false => Search::Linear(Arc::new(compile(source)?)),
            true => by_pcre(source)?,
        };
        self.0.insert(key, search.clone());
        Ok(search)
    }
}

#[cfg(feature = "pcre")]
fn by_pcre(source: &BodyPattern) -> Result<Search, String> {
    let pattern = &source.pattern;
    Pcre::new(source)
        .map(|pcre| Search::Pcre(Arc::new(pcre)))
        .map_err(|error| format!("regex {pattern:?}: {error}"))
}

#[cfg(not(feature = "pcre"))]
fn by_pcre(source: &BodyPattern) -> Result<Search, String> {
    let pattern = &source.pattern;
    Err(format!(
        "regex {pattern:?}: this checker is built without the feature `pcre`"
    ))
}

fn compile(source: &BodyPattern) -> Result<Regex, String> {
    let pattern = &source.pattern;
    let has = |name| source.has_option(name);
    RegexBuilder::new(pattern)
        // PCRE counts bytes unless it is told otherwise.
        .unicode(has("utf") || has("ucp"))
        .case_insensitive(has("caseless"))
        .multi_line(has("multiline"))
        .dot_matches_new_line(has("dotall"))
        .ignore_whitespace(has("extended"))
        .swap_greed(has("ungreedy"))
        .size_limit(COMPILED_LIMIT)
        .dfa_size_limit(COMPILED_LIMIT)
        .nest_limit(NEST_LIMIT)
        .build()
        .map_err(|error| format!("regex {pattern:?}: {error}"))
}

impl Pattern {
    pub(super) fn new(source: &BodyPattern, patterns: &mut Patterns) -> Result<Self, String> {
        let search = patterns.get(source)?;
        let has = |name| source.has_option(name);
        let offset = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        Ok(Self {
            search,
            anchored: has("anchored"),
            dollar_before_line_feed: source.pattern.contains('$')
                && !has("dollar_endonly")
                && !has("multiline"),
            min_offset: offset(source.min_offset),
            max_offset: source.max_offset.map_or(usize::MAX, offset),
            invert: source.invert,
        })
    }

    /// Bytes of a body that are searched.
    pub(super) const fn window(&self) -> usize {
        match &self.search {
            Search::Linear(_) => WINDOW,
            #[cfg(feature = "pcre")]
            Search::Pcre(_) => pcre::WINDOW,
        }
    }

    /// A match begins inside the wanted offsets.
    pub(super) fn is_in(&self, body: &[u8]) -> Result<bool, HttpFault> {
        match &self.search {
            Search::Linear(regex) => Ok(self.is_linear_in(regex, body)),
            #[cfg(feature = "pcre")]
            Search::Pcre(pcre) => {
                let found = pcre.begins_within(body, self.min_offset, self.last());
                found.map_err(|gave_up| HttpFault::GaveUp(gave_up.to_string()))
            }
        }
    }

    fn is_linear_in(&self, regex: &Regex, body: &[u8]) -> bool {
        if self.begins_in(regex, body) {
            return true;
        }
        match body.split_last() {
            Some((b'\n', rest)) if self.dollar_before_line_feed => self.begins_in(regex, rest),
            Some(_) | None => false,
        }
    }

    fn begins_in(&self, regex: &Regex, body: &[u8]) -> bool {
        if self.min_offset > body.len() {
            return false;
        }
        // The leftmost match is the one that begins first.
        regex
            .find_at(body, self.min_offset)
            .is_some_and(|found| found.start() <= self.last())
    }

    /// Where a match may begin at the latest.
    const fn last(&self) -> usize {
        if self.anchored {
            self.min_offset
        } else {
            self.max_offset
        }
    }
}

#[cfg(test)]
#[cfg(feature = "pcre")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn source(pattern: &str, options: &[&str], needs_pcre: bool) -> BodyPattern {
        BodyPattern {
            pattern: pattern.to_owned(),
            options: options.iter().map(|&option| option.to_owned()).collect(),
            invert: false,
            min_offset: 0,
            max_offset: None,
            needs_pcre,
        }
    }

    fn ready(source: &BodyPattern) -> Pattern {
        Pattern::new(source, &mut Patterns::default()).unwrap()
    }

    fn by_pcre(pattern: &str, options: &[&str], body: &str) -> Result<bool, HttpFault> {
        ready(&source(pattern, options, true)).is_in(body.as_bytes())
    }

    #[test]
    fn what_only_pcre_knows_is_searched_for() {
        for (pattern, options, body, expected) in [
            ("ok(?!ay)", &[][..], "okay ok", true),
            ("ok(?!ay)", &[], "okay okay", false),
            ("(?<=status: )up", &[], "status: up", true),
            ("(a+)-\\1$", &[], "aa-aa\n", true),
            ("(*UCP)a++b # it", &["extended", "caseless"], "xAAB", true),
            ("(?<n>a)|(?<n>b)(?=c)", &["dupnames"], "bc", true),
        ] {
            assert_eq!(by_pcre(pattern, options, body), Ok(expected), "{pattern}");
        }
    }

    #[test]
    fn offsets_and_anchors_hold_for_pcre_as_well() {
        let with = |min_offset, max_offset, options: &[&str]| {
            let source = BodyPattern {
                min_offset,
                max_offset,
                ..source("(?=b)b", options, true)
            };
            ready(&source).is_in(b"abcb").unwrap()
        };
        assert!(with(0, Some(1), &[]) && !with(0, Some(0), &[]));
        assert!(with(2, Some(3), &[]) && !with(2, Some(2), &[]) && !with(4, None, &[]));
        assert!(with(1, None, &["anchored"]) && !with(0, None, &["anchored"]));
    }

    /// Pages made for patterns that go back and try again; without the limits a search of them takes
    /// longer than anybody waits. So they take 1 to 100 ms.
    #[test]
    fn a_page_that_is_made_to_keep_the_search_busy_is_given_up() {
        let long = "a".repeat(pcre::WINDOW);
        for (pattern, gives_up) in [
            ("(a+)+(?!a)$b", true),
            ("(a|aa)+(?=b)", true),
            ("(a*)*\\1b", true),
            ("a*+[bc](?!x)", false),
            ("(?!.*error).*ok", true),
            ("(a?){30}(?=b)", true),
            ("(?s)(?=(.*))\\1x", false),
        ] {
            let found = by_pcre(pattern, &[], &long);
            let text = "it takes too many steps".to_owned();
            let expected = if gives_up {
                Err(HttpFault::GaveUp(text))
            } else {
                Ok(false)
            };
            assert_eq!(found, expected, "{pattern}");
        }
    }

    /// Pieces of patterns that both know.
    fn pattern() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[abc.]",
            Just("[^a]".to_owned()),
            Just("\\d".to_owned()),
            Just("\\w".to_owned()),
            Just("\\s".to_owned()),
            Just("\\b".to_owned()),
            Just("^".to_owned()),
            Just("$".to_owned()),
        ];
        piece.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                (inner.clone(), "[*+?]\\??").prop_map(|(inner, more)| format!("(?:{inner}){more}")),
                (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("{one}{two}")),
                (inner.clone(), inner).prop_map(|(one, two)| format!("({one}|{two})")),
            ]
        })
    }

    const OPTIONS: [&str; 6] = [
        "caseless",
        "dotall",
        "extended",
        "multiline",
        "ungreedy",
        "anchored",
    ];

    proptest! {
        #[test]
        fn both_searches_say_the_same_of_what_both_know(
            pattern in pattern(),
            options in proptest::sample::subsequence(OPTIONS.to_vec(), 0..=6),
            body in "[abcAB1 \\n\u{e9}]{0,12}",
            min_offset in 0_u64..4,
            max_offset in proptest::option::of(0_u64..8),
        ) {
            // PCRE2 does not take the end behind a last line feed for the beginning of a line.
            prop_assume!(!(options.contains(&"multiline") && body.ends_with('\n')));
            let search = |needs_pcre| {
                let source = BodyPattern {
                    min_offset,
                    max_offset,
                    ..source(&pattern, &options, needs_pcre)
                };
                ready(&source).is_in(body.as_bytes())
            };
            prop_assert_eq!(search(true), search(false));
        }
    }
}

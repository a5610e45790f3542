//! `regex` of a page, on crate regex: linear time whatever the body is.

use holdfast_ipc::config::model::BodyPattern;
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

/// A pattern, ready to be searched for.
#[derive(Clone)]
pub(super) struct Pattern {
    regex: Arc<Regex>,
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
        write!(f, "Pattern({:?})", self.regex.as_str())
    }
}

/// Patterns that were compiled before: 5,000 checks with the same one share it and its memory.
#[derive(Debug, Default)]
pub(in super::super) struct Patterns(HashMap<(String, Vec<String>), Arc<Regex>>);

impl Patterns {
    fn get(&mut self, source: &BodyPattern) -> Result<Arc<Regex>, String> {
        let key = (source.pattern.clone(), source.options.clone());
        if let Some(regex) = self.0.get(&key) {
            return Ok(Arc::clone(regex));
        }
        let regex = Arc::new(compile(source)?);
        self.0.insert(key, Arc::clone(&regex));
        Ok(regex)
    }
}

fn has(source: &BodyPattern, name: &str) -> bool {
    let mut options = source.options.iter();
    options.any(|option| option.eq_ignore_ascii_case(name))
}

fn compile(source: &BodyPattern) -> Result<Regex, String> {
    let pattern = &source.pattern;
    let has = |name| has(source, name);
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
        let regex = patterns.get(source)?;
        let has = |name| has(source, name);
        let offset = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        Ok(Self {
            regex,
            anchored: has("anchored"),
            dollar_before_line_feed: source.pattern.contains('$')
                && !has("dollar_endonly")
                && !has("multiline"),
            min_offset: offset(source.min_offset),
            max_offset: source.max_offset.map_or(usize::MAX, offset),
            invert: source.invert,
        })
    }

    /// A match begins inside the wanted offsets.
    pub(super) fn is_in(&self, body: &[u8]) -> bool {
        if self.begins_in(body) {
            return true;
        }
        match body.split_last() {
            Some((b'\n', rest)) if self.dollar_before_line_feed => self.begins_in(rest),
            Some(_) | None => false,
        }
    }

    fn begins_in(&self, body: &[u8]) -> bool {
        if self.min_offset > body.len() {
            return false;
        }
        let last = if self.anchored {
            self.min_offset
        } else {
            self.max_offset
        };
        // The leftmost match is the one that begins first.
        self.regex
            .find_at(body, self.min_offset)
            .is_some_and(|found| found.start() <= last)
    }
}

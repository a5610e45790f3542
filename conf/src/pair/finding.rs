//! What is found, and where.

use super::group::{Group, Member};
use crate::diag::{Code, Severity};
use crate::origin::Origin;
use std::fmt::Write;

/// One thing that is said about several nodes.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) code: Code,
    pub(super) severity: Severity,
    /// With the places in it.
    pub(super) text: String,
    /// The same places for machines: node and place.
    pub(super) places: Vec<(String, Origin)>,
}

impl Finding {
    pub(super) fn new(code: Code, severity: Severity, text: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            text: text.into(),
            places: Vec::new(),
        }
    }

    /// Adds a place for machines.
    pub(super) fn at(mut self, member: &Member<'_>, word: &str) -> Self {
        self.places.extend(
            member
                .origin(word)
                .map(|origin| (member.node.to_owned(), origin)),
        );
        self
    }

    /// Adds the places of a word on all nodes.
    pub(super) fn everywhere(self, group: &Group<'_>, word: &str) -> Self {
        group
            .members
            .iter()
            .fold(self, |finding, member| finding.at(member, word))
    }
}

/// `1 s (web1:31) and 2 s (web2:30)`: what each node has.
pub(super) fn values(
    group: &Group<'_>,
    word: &str,
    value: impl Fn(&Member<'_>) -> String,
) -> String {
    let each: Vec<String> = group
        .members
        .iter()
        .map(|member| format!("{} ({})", value(member), member.place(word)))
        .collect();
    list(&each)
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list<T: AsRef<str>>(parts: &[T]) -> String {
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        let before = match parts.len().saturating_sub(at) {
            _ if at == 0 => "",
            1 => " and ",
            _ => ", ",
        };
        let _ = write!(text, "{before}{}", part.as_ref());
    }
    text
}

/// The same, only the first ones.
pub(super) fn some<T: AsRef<str>>(parts: &[T]) -> String {
    /// More are not read.
    const SHOWN: usize = 4;
    match parts.get(..SHOWN) {
        Some(first) if parts.len() > SHOWN.saturating_add(1) => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            let more = parts.len().saturating_sub(SHOWN);
            format!("{} and {more} more", first.join(", "))
        }
        _ => list(parts),
    }
}

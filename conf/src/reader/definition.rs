//! Definitions: `$NAME=VALUE`, and how they are used: `${NAME}`, `$NAME`.

use super::rope::Rope;
use super::text::{name_len, skip_to};
use crate::lexer::is_blank;
use crate::source::Span;
use std::ops::Range;
use std::rc::Rc;

/// A definition that is in force.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    /// Its lines; one where the value has no line ends.
    pub(super) value: Rc<[Rope]>,
    /// Its name where it was defined.
    pub(super) place: Span,
}

/// The start of a definition, by offsets of the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Without `$`.
    pub(super) name: Range<usize>,
    /// The first character of the value.
    pub(super) value: usize,
}

/// What a line that starts with `$` is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    Definition(Head),
    /// It was meant as one.
    Wrong(Wrong),
    /// A use.
    Other,
}

/// Why a line is no definition.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Blanks around the name.
    Blank(Range<usize>),
    /// The name has a sign that no name has.
    Name(Range<usize>),
}

/// Looks at a text from a `$` on.
pub(super) fn start(text: &str, dollar: usize) -> Start {
    let from = dollar.saturating_add(1);
    let behind = |at: usize| text.get(at..).unwrap_or("");
    let length = name_len(behind(from));
    let end = from.saturating_add(length);
    if length > 0 && behind(end).starts_with('=') {
        return Start::Definition(Head {
            name: from..end,
            value: skip_to(text, end.saturating_add(1)),
        });
    }
    let odd = behind(skip_to(text, from));
    let Some(sign) = odd.find('=') else {
        return Start::Other;
    };
    let name = odd.get(..sign).unwrap_or("");
    let first = text.len().saturating_sub(odd.len());
    let range = first..first.saturating_add(name.trim_end().len());
    let bare = name.trim_end_matches(is_blank);
    if bare.is_empty() || bare.contains(|c: char| is_blank(c) || "\"'{}$,()/".contains(c)) {
        return Start::Other;
    }
    if name_len(bare) == bare.len() {
        return Start::Wrong(Wrong::Blank(range));
    }
    Start::Wrong(Wrong::Name(range))
}

/// What stands at a `$`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reference<'t> {
    /// `${NAME}` or `$NAME` with what has to follow it.
    Name {
        name: &'t str,
        length: usize,
        braced: bool,
    },
    /// `${NAME words}`.
    Call {
        name: &'t str,
        words: &'t str,
        length: usize,
    },
    /// `$NAME` with something behind it that keeps it from being one.
    Glued { name: &'t str },
    /// Just a `$`.
    None,
}

/// Looks at a text from a `$` on.
pub(super) fn reference(text: &str, quoted: bool) -> Reference<'_> {
    let inner = text.get(1..).unwrap_or("");
    if let Some(inner) = inner.strip_prefix('{') {
        return braced(inner);
    }
    let length = name_len(inner);
    let (name, behind) = inner.split_at_checked(length).unwrap_or(("", ""));
    let ends = |c: char| is_blank(c) || matches!(c, ',' | ')') || (!quoted && "#!".contains(c));
    match behind.chars().next() {
        _ if name.is_empty() => Reference::None,
        Some(c) if !ends(c) => Reference::Glued { name },
        Some(_) | None => Reference::Name {
            name,
            length: length.saturating_add(1),
            braced: false,
        },
    }
}

fn braced(inner: &str) -> Reference<'_> {
    let Some((content, _)) = inner.split_once('}') else {
        return Reference::None;
    };
    let length = content.len().saturating_add(3);
    let (name, words) = content
        .split_at_checked(name_len(content))
        .unwrap_or(("", ""));
    if name.is_empty() {
        Reference::None
    } else if words.is_empty() {
        Reference::Name {
            name,
            length,
            braced: true,
        }
    } else if words.starts_with(is_blank) {
        Reference::Call {
            name,
            words,
            length,
        }
    } else {
        Reference::None
    }
}

/// Names of things that nobody shows around.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["pass", "secret", "key", "auth"]
        .iter()
        .any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_has_no_blank_before_its_sign() {
        assert_eq!(
            start("  $A_1=  x y", 2),
            Start::Definition(Head {
                name: 3..6,
                value: 9
            })
        );
        assert_eq!(start("$X =1", 0), Start::Wrong(Wrong::Blank(1..2)));
        assert_eq!(start("$ X=1", 0), Start::Wrong(Wrong::Blank(2..3)));
        assert_eq!(start("$1=1", 0), Start::Wrong(Wrong::Name(1..2)));
        assert_eq!(start("$a-b=1", 0), Start::Wrong(Wrong::Name(1..4)));
        assert_eq!(start("$X path a=b", 0), Start::Other);
        assert_eq!(start("$X", 0), Start::Other);
    }

    #[test]
    fn a_name_without_braces_needs_an_end() {
        let name = |text, quoted| match reference(text, quoted) {
            Reference::Name { name, .. } => Some(name.to_owned()),
            Reference::Call { .. } | Reference::Glued { .. } | Reference::None => None,
        };
        for text in ["$X", "$X ", "$X,", "$X)", "$X\t", "${X}/24", "$X#c"] {
            assert_eq!(name(text, false).as_deref(), Some("X"), "{text}");
        }
        for text in [
            "$X/24", "$X:", "$X.", "$X}", "$X\"", "$", "$1", "${1}", "${X",
        ] {
            assert_eq!(name(text, false), None, "{text}");
        }
        assert_eq!(name("$X#c", true), None);
        assert_eq!(
            reference("${_RANDOM 1 5}x", false),
            Reference::Call {
                name: "_RANDOM",
                words: " 1 5",
                length: 14
            }
        );
    }
}

//! `include` and its variants, and `include_check`.

use super::text::counted;

/// Alternatives in braces of one include; more is a mistake.
const MAX_ALTERNATIVES: usize = 256;

/// What is checked of an include; a violation ends the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Checks {
    /// Files are readable and regular, and nobody may execute them.
    pub(super) read: bool,
    /// A file exists.
    pub(super) exists: bool,
    /// Wildcards match something.
    pub(super) wildcard: bool,
    /// Each alternative in braces exists.
    pub(super) braces: bool,
}

impl Checks {
    /// Everything.
    pub(super) const ALL: Self = Self {
        read: true,
        exists: true,
        wildcard: true,
        braces: true,
    };

    const READ: Self = Self {
        read: true,
        exists: false,
        wildcard: false,
        braces: false,
    };

    /// What the letter behind `include` asks for.
    fn of_letter(letter: &str) -> Option<Self> {
        Some(match letter {
            "r" => Self::READ,
            "m" => Self {
                exists: true,
                ..Self::READ
            },
            "w" => Self {
                exists: true,
                wildcard: true,
                ..Self::READ
            },
            "b" => Self {
                braces: true,
                ..Self::READ
            },
            "a" => Self::ALL,
            _ => return None,
        })
    }

    /// These and others.
    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            read: self.read || other.read,
            exists: self.exists || other.exists,
            wildcard: self.wildcard || other.wildcard,
            braces: self.braces || other.braces,
        }
    }

    /// These after `include_check` with its words, unless they are wrong.
    pub(super) fn changed<'w>(self, words: impl IntoIterator<Item = &'w str>) -> Option<Self> {
        let mut checks = self;
        let mut none = true;
        for (index, word) in words.into_iter().enumerate() {
            none = false;
            let (on, name) = match (word.strip_prefix('+'), word.strip_prefix('-')) {
                (Some(name), _) => (true, name),
                (_, Some(name)) => (false, name),
                _ if index == 0 => {
                    checks = Self::READ;
                    (true, word)
                }
                _ => return None,
            };
            match name {
                "read" | "readable" => checks.read = on,
                "match" => checks.exists = on,
                "wildcard_match" => checks.wildcard = on,
                "brace_match" => checks.braces = on,
                _ => return None,
            }
        }
        Some(if none { Self::ALL } else { checks })
    }
}

/// An include line.
pub(crate) struct Include<'a> {
    /// Offset of the pattern in the line.
    pub(super) start: usize,
    pattern: &'a str,
    checks: Checks,
}

/// The same without a borrow of the text.
pub(super) struct Owned {
    pub(super) pattern: String,
    /// What the word asks for.
    pub(super) checks: Checks,
}

impl<'a> Include<'a> {
    /// Recognises an include line.
    pub(crate) fn parse(line: &'a str) -> Option<Self> {
        let word = line.trim_start();
        let rest = word.strip_prefix("include")?;
        let letter = rest.get(..1)?;
        let (checks, rest) = match Checks::of_letter(letter) {
            Some(checks) => (checks, rest.get(1..)?),
            None => (Checks::default(), rest),
        };
        if !rest.starts_with([' ', '\t']) {
            return None;
        }
        let pattern = rest.get(..counted(rest))?.trim();
        if pattern.is_empty() {
            return None;
        }
        let blanks = rest.len().saturating_sub(rest.trim_start().len());
        Some(Self {
            start: line.len().saturating_sub(rest.len()).saturating_add(blanks),
            pattern,
            checks,
        })
    }

    pub(super) fn owned(&self) -> Owned {
        Owned {
            pattern: self.pattern.to_owned(),
            checks: self.checks,
        }
    }
}

/// True where a pattern has to be looked up.
pub(super) fn has_wildcard(pattern: &str) -> bool {
    pattern.contains(['*', '?', '['])
}

/// `a{b,c}d` as `abd` and `acd`.
pub(super) fn alternatives(pattern: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut left = vec![pattern.to_owned()];
    while let Some(pattern) = left.pop() {
        match split_braces(&pattern) {
            Some(more) if left.len().saturating_add(done.len()) < MAX_ALTERNATIVES => {
                left.extend(more.into_iter().rev());
            }
            Some(_) | None => done.push(pattern),
        }
    }
    done
}

/// Expands the last opening brace, so that inner ones come first.
fn split_braces(pattern: &str) -> Option<Vec<String>> {
    let (before, rest) = pattern.rsplit_once('{')?;
    let (choices, after) = rest.split_once('}')?;
    Some(
        choices
            .split(',')
            .map(|choice| format!("{before}{choice}{after}"))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_include_is_a_line_of_its_own() {
        let include = Include::parse("  includew conf.d/*.conf # all").unwrap();
        assert_eq!(
            (include.pattern, include.checks.wildcard),
            ("conf.d/*.conf", true)
        );
        assert_eq!(include.start, 11);
        assert!(Include::parse("include_check").is_none());
        assert!(Include::parse("include").is_none());
    }

    #[test]
    fn include_check_changes_what_is_checked() {
        let changed = |words: &[&str]| Checks::default().changed(words.iter().copied());
        assert_eq!(changed(&[]), Some(Checks::ALL));
        let matched = Checks {
            exists: true,
            ..Checks::READ
        };
        assert_eq!(changed(&["match"]), Some(matched));
        assert_eq!(changed(&["+read", "+match"]), Some(matched));
        assert_eq!(changed(&["match", "-match"]), Some(Checks::READ));
        assert_eq!(changed(&["match", "read"]), None);
        assert_eq!(changed(&["+wibble"]), None);
    }

    #[test]
    fn braces_are_expanded_from_the_inside() {
        assert_eq!(alternatives("a{b,c}d"), ["abd", "acd"]);
        assert_eq!(alternatives("{x,y{1,2}}").len(), 4);
        assert_eq!(alternatives("a{b"), ["a{b"]);
    }
}

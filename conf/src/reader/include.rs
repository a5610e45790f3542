//! `include` and its variants.

/// Alternatives in braces of one include; more is a mistake.
const MAX_ALTERNATIVES: usize = 256;

/// An include line.
pub(crate) struct Include<'a> {
    /// Offset of the pattern in the line.
    pub(super) start: usize,
    pattern: &'a str,
    must_match: bool,
}

/// The same without a borrow of the text.
pub(super) struct Owned {
    pub(super) pattern: String,
    /// Wildcards have to match something.
    pub(super) must_match: bool,
}

impl<'a> Include<'a> {
    /// Recognises an include line.
    pub(crate) fn parse(line: &'a str) -> Option<Self> {
        let word = line.trim_start();
        let rest = word.strip_prefix("include")?;
        let (must_match, rest) = match rest.get(..1)? {
            "w" | "a" => (true, rest.get(1..)?),
            "r" | "m" | "b" => (false, rest.get(1..)?),
            _ => (false, rest),
        };
        if !rest.starts_with([' ', '\t']) {
            return None;
        }
        let pattern = before_comment(rest).trim();
        if pattern.is_empty() {
            return None;
        }
        let blanks = rest.len().saturating_sub(rest.trim_start().len());
        Some(Self {
            start: line.len().saturating_sub(rest.len()).saturating_add(blanks),
            pattern,
            must_match,
        })
    }

    pub(super) fn owned(&self) -> Owned {
        Owned {
            pattern: self.pattern.to_owned(),
            must_match: self.must_match,
        }
    }
}

fn before_comment(text: &str) -> &str {
    text.split(['#', '!']).next().unwrap_or("")
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
            (include.pattern, include.must_match),
            ("conf.d/*.conf", true)
        );
        assert_eq!(include.start, 11);
        assert!(Include::parse("include_check").is_none());
        assert!(Include::parse("include").is_none());
    }

    #[test]
    fn braces_are_expanded_from_the_inside() {
        assert_eq!(alternatives("a{b,c}d"), ["abd", "acd"]);
        assert_eq!(alternatives("{x,y{1,2}}").len(), 4);
        assert_eq!(alternatives("a{b"), ["a{b"]);
    }
}

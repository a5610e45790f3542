//! File name patterns of `include`, as glob(7) describes them, and brace alternatives.

/// Splits a pattern with `{a,b}` into the patterns that it stands for, in their order.
pub fn alternatives(pattern: &str) -> Vec<String> {
    let mut whole = vec![pattern.to_owned()];
    // Each round takes one brace away, so this ends; the limit keeps `{a,b}{a,b}…` from exploding.
    while let Some(index) = whole.iter().position(|one| first_brace(one).is_some()) {
        if whole.len() > MAX_ALTERNATIVES {
            return vec![pattern.to_owned()];
        }
        let one = whole.remove(index);
        let Some((before, inside, behind)) = first_brace(&one) else {
            break;
        };
        let replaced: Vec<String> = split_alternatives(inside)
            .into_iter()
            .map(|choice| format!("{before}{choice}{behind}"))
            .collect();
        whole.splice(index..index, replaced);
    }
    whole
}

const MAX_ALTERNATIVES: usize = 1_000;

/// The text before, inside and behind the first pair of braces with a comma in it.
fn first_brace(pattern: &str) -> Option<(&str, &str, &str)> {
    let mut start = 0;
    loop {
        let open = pattern.get(start..)?.find('{')?.saturating_add(start);
        let inside_at = open.saturating_add(1);
        if let Some(length) = matching_brace(pattern.get(inside_at..)?) {
            let close = inside_at.saturating_add(length);
            let inside = pattern.get(inside_at..close)?;
            if split_alternatives(inside).len() > 1 {
                let behind = pattern.get(close.saturating_add(1)..)?;
                return Some((pattern.get(..open)?, inside, behind));
            }
        }
        start = inside_at;
    }
}

/// Where the brace closes that was opened in front of this text.
fn matching_brace(text: &str) -> Option<usize> {
    let mut depth: usize = 0;
    for (index, character) in text.char_indices() {
        match character {
            '{' => depth = depth.saturating_add(1),
            '}' if depth == 0 => return Some(index),
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn split_alternatives(inside: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut depth: usize = 0;
    let mut start = 0;
    for (index, character) in inside.char_indices() {
        match character {
            '{' => depth = depth.saturating_add(1),
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.extend(inside.get(start..index));
                start = index.saturating_add(1);
            }
            _ => {}
        }
    }
    parts.extend(inside.get(start..));
    parts
}

/// True when there is something to match in it; other names are taken as they are.
pub fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

/// Does a name, without slashes, match a pattern without slashes? A dot in front has to be written
/// out, as everywhere in glob(7).
pub fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    match_all(&pattern, &name)
}

/// Each star remembers where it could take one more character; only the last one has to.
fn match_all(pattern: &[char], name: &[char]) -> bool {
    let (mut pattern, mut name) = (pattern, name);
    let mut star: Option<(&[char], &[char])> = None;
    loop {
        if let Some(('*', rest)) = pattern.split_first() {
            pattern = rest;
            star = Some((rest, name));
            continue;
        }
        if name.is_empty() && pattern.is_empty() {
            return true;
        }
        if let Some((character, behind)) = name.split_first()
            && let Some(rest) = match_one(pattern, *character)
        {
            pattern = rest;
            name = behind;
            continue;
        }
        let Some((behind_star, from)) = star else {
            return false;
        };
        let Some((_, shorter)) = from.split_first() else {
            return false;
        };
        pattern = behind_star;
        name = shorter;
        star = Some((behind_star, shorter));
    }
}

/// The pattern behind its first element, if that one matches.
fn match_one(pattern: &[char], character: char) -> Option<&[char]> {
    let (first, rest) = pattern.split_first()?;
    match first {
        '?' => Some(rest),
        '[' => match class(rest) {
            Some((class, behind)) => class.contains(character).then_some(behind),
            None => (character == '[').then_some(rest),
        },
        '\\' => match rest.split_first() {
            Some((escaped, behind)) => (*escaped == character).then_some(behind),
            None => (character == '\\').then_some(rest),
        },
        plain => (*plain == character).then_some(rest),
    }
}

struct Class<'a> {
    negated: bool,
    members: &'a [char],
}

impl Class<'_> {
    fn contains(&self, character: char) -> bool {
        let mut members = self.members;
        let mut found = false;
        while let Some((first, rest)) = members.split_first() {
            if let [dash, last, behind @ ..] = rest
                && *dash == '-'
            {
                found |= (*first..=*last).contains(&character);
                members = behind;
            } else {
                found |= *first == character;
                members = rest;
            }
        }
        found != self.negated
    }
}

/// A bracket expression whose `[` is taken already, and what is behind it; none when it does not
/// end, for then the bracket is a plain character.
fn class(text: &[char]) -> Option<(Class<'_>, &[char])> {
    let (negated, text) = match text.split_first() {
        Some(('!' | '^', rest)) => (true, rest),
        Some(_) | None => (false, text),
    };
    // A `]` in front is a member.
    let searched = text.get(1..)?;
    let end = searched.iter().position(|character| *character == ']')?;
    let end = end.saturating_add(1);
    let members = text.get(..end)?;
    let behind = text.get(end.saturating_add(1)..)?;
    Some((Class { negated, members }, behind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matching(pattern: &str, names: &[&str]) -> Vec<String> {
        let hits = names.iter().filter(|name| matches(pattern, name));
        hits.map(|name| (*name).to_owned()).collect()
    }

    const NAMES: &[&str] = &[
        "a", "b.conf", "a.conf", ".a.conf", "ab.conf", "-", "]", "[x",
    ];

    #[test]
    fn stars_questions_and_classes_match_as_in_glob_7() {
        for (pattern, expected) in [
            (
                "*",
                &["a", "b.conf", "a.conf", "ab.conf", "-", "]", "[x"][..],
            ),
            ("*.conf", &["b.conf", "a.conf", "ab.conf"]),
            (".*", &[".a.conf"]),
            ("?.conf", &["b.conf", "a.conf"]),
            ("[ab].conf", &["b.conf", "a.conf"]),
            ("[!b].conf", &["a.conf"]),
            ("[a-c]*", &["a", "b.conf", "a.conf", "ab.conf"]),
            ("[]-]", &["-", "]"]),
            ("[x", &["[x"]),
            ("\\[x", &["[x"]),
            ("a*b*f", &["ab.conf"]),
            ("**.conf", &["b.conf", "a.conf", "ab.conf"]),
            ("a", &["a"]),
            ("", &[]),
        ] {
            assert_eq!(matching(pattern, NAMES), expected, "{pattern}");
        }
    }

    #[test]
    fn braces_stand_for_their_alternatives_in_order() {
        for (pattern, expected) in [
            ("a", &["a"][..]),
            ("{b,a}.conf", &["b.conf", "a.conf"]),
            ("x{1,2}{a,b}", &["x1a", "x1b", "x2a", "x2b"]),
            ("{a,{b,c}d}", &["a", "bd", "cd"]),
            ("{a}", &["{a}"]),
            ("{a,b", &["{a,b"]),
            ("{}{a,}", &["{}a", "{}"]),
        ] {
            assert_eq!(alternatives(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn an_explosion_of_braces_is_taken_as_a_plain_name() {
        let bomb = "{a,b}".repeat(60);
        assert_eq!(alternatives(&bomb), [bomb]);
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = "*a".repeat(200);
        assert!(!matches(&pattern, &"a".repeat(199)));
        assert!(matches(&pattern, &"a".repeat(200)));
    }

    proptest! {
        #[test]
        fn any_pattern_against_any_name_ends(pattern in ".{0,30}", name in ".{0,30}") {
            let _ = matches(&pattern, &name);
            let _ = alternatives(&pattern);
        }

        #[test]
        fn a_plain_name_matches_itself_alone(name in "[a-z0-9_][a-z0-9._-]{0,20}", other in "[a-z]{1,5}") {
            prop_assert!(matches(&name, &name));
            prop_assert_eq!(matches(&name, &other), name == other);
        }
    }
}

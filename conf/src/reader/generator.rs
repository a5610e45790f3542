//! Generators: `~SEQ(…)`, `~SEQx(…)`, `~LST(…)`.

use super::text::{name_len, skip_to};
use std::ops::Range;

/// A generator at the start of a line, by offsets of the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: Kind,
    /// What is in its brackets.
    pub(super) arguments: Range<usize>,
    /// The line that is repeated.
    pub(super) rest: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Decimal,
    Hexadecimal,
    List,
}

/// Looks at a text; `None` where it is no generator, an error where its brackets are not closed.
pub(super) fn start(text: &str, at: usize) -> Option<Result<Head, &'static str>> {
    let rest = text.get(at..)?;
    let (kind, length) = [
        ("~SEQx", Kind::Hexadecimal),
        ("~SEQ", Kind::Decimal),
        ("~LST", Kind::List),
    ]
    .into_iter()
    .find(|(name, _)| rest.starts_with(name))
    .map(|(name, kind)| (kind, name.len()))?;
    let open = skip_to(text, at.saturating_add(length));
    if !text.get(open..)?.starts_with('(') {
        return None;
    }
    let inside = open.saturating_add(1);
    let Some(length) = text.get(inside..)?.find(')') else {
        return Some(Err("its `)` is missing"));
    };
    let end = inside.saturating_add(length);
    Some(Ok(Head {
        kind,
        arguments: inside..end,
        rest: end.saturating_add(1),
    }))
}

/// `~SEQ`, read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sequence {
    pub(super) name: String,
    start: i64,
    step: i64,
    /// How many values there are.
    pub(super) count: u64,
    hexadecimal: bool,
}

impl Sequence {
    /// Reads `name, [start, [step,]] end`.
    pub(super) fn parse(text: &str, hexadecimal: bool) -> Result<Self, String> {
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        let (name, start, step, end) = match parts.as_slice() {
            [name, end] => (name, None, None, end),
            [name, start, end] => (name, Some(*start), None, end),
            [name, start, step, end] => (name, Some(*start), Some(*step), end),
            _ => return Err("a name and one to three numbers are expected".to_owned()),
        };
        let end = number(end)?;
        let start = match start {
            Some(start) => number(start)?,
            None if end < 0 => -1,
            None => 1,
        };
        let step = match step {
            Some(step) => number(step)?,
            None if end < start => -1,
            None => 1,
        };
        if hexadecimal && (start < 0 || end < 0) {
            return Err("`~SEQx` has no negative numbers".to_owned());
        }
        Ok(Self {
            name: checked_name(name)?,
            start,
            step,
            count: count(start, step, end)?,
            hexadecimal,
        })
    }

    /// The values in their order.
    pub(super) fn values(&self) -> impl Iterator<Item = String> {
        std::iter::successors(Some(self.start), |value| value.checked_add(self.step))
            .take(usize::try_from(self.count).unwrap_or(usize::MAX))
            .map(|value| match self.hexadecimal {
                true => format!("{value:x}"),
                false => value.to_string(),
            })
    }
}

fn count(start: i64, step: i64, end: i64) -> Result<u64, String> {
    let distance = i128::from(end).saturating_sub(i128::from(start));
    let step = i128::from(step);
    match distance.checked_div(step) {
        None => Err("the step is 0".to_owned()),
        Some(_) if distance.signum() == step.signum().saturating_neg() => {
            Err(format!("{step} does not lead from {start} to {end}"))
        }
        Some(steps) => Ok(u64::try_from(steps).unwrap_or(u64::MAX).saturating_add(1)),
    }
}

/// A number as C writes it: decimal, `0x…` or octal `0…`.
pub(super) fn number(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{}` is no number", crate::diag::escape(text));
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, radix) = match digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"))
    {
        Some(digits) => (digits, 16),
        None if digits.len() > 1 && digits.starts_with('0') => (digits, 8),
        None => (digits, 10),
    };
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    i64::from_str_radix(&format!("{sign}{digits}"), radix).map_err(|_| wrong())
}

fn checked_name(name: &str) -> Result<String, String> {
    if !name.is_empty() && name_len(name) == name.len() {
        return Ok(name.to_owned());
    }
    Err(format!("`{}` is no name", crate::diag::escape(name)))
}

/// `~LST`, read: names, and for each round the offsets of the values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct List {
    pub(super) names: Vec<String>,
    pub(super) rounds: Vec<Vec<Range<usize>>>,
}

impl List {
    /// Reads `name, value, …` or `{name, …}, {value, …}, …`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut groups = groups(text)?.into_iter();
        let names = groups.next().unwrap_or_default();
        let names = names
            .into_iter()
            .map(|range| checked_name(text.get(range).unwrap_or("")))
            .collect::<Result<Vec<_>, _>>()?;
        let rounds: Vec<_> = groups.collect();
        if rounds.is_empty() {
            return Err("a name and at least one value are expected".to_owned());
        }
        for round in &rounds {
            if round.len() > names.len() {
                return Err(format!("{} values for {} names", round.len(), names.len()));
            }
            for value in round {
                let value = text.get(value.clone()).unwrap_or("");
                if value.contains(char::is_whitespace) {
                    return Err(format!(
                        "`{}` has a blank inside",
                        crate::diag::escape(value)
                    ));
                }
            }
        }
        Ok(Self { names, rounds })
    }
}

/// Splits at the commas outside of braces; a group in braces is split at its own.
fn groups(text: &str) -> Result<Vec<Vec<Range<usize>>>, String> {
    let mut groups = Vec::new();
    let mut at = 0;
    loop {
        at = skip_to(text, at);
        let rest = text.get(at..).unwrap_or("");
        let end = if rest.starts_with('{') {
            let inside = at.saturating_add(1);
            let length = rest.find('}').ok_or("a `}` is missing")?;
            let close = at.saturating_add(length);
            groups.push(split(text, inside..close));
            skip_to(text, close.saturating_add(1))
        } else {
            let end = at.saturating_add(rest.find(',').unwrap_or(rest.len()));
            groups.push(vec![trim(text, at..end)]);
            end
        };
        match text.get(end..).and_then(|rest| rest.chars().next()) {
            None => return Ok(groups),
            Some(',') => at = end.saturating_add(1),
            Some(_) => return Err("a `,` is missing behind a `}`".to_owned()),
        }
    }
}

fn split(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut at = range.start;
    for part in text.get(range).unwrap_or("").split(',') {
        let end = at.saturating_add(part.len());
        parts.push(trim(text, at..end));
        at = end.saturating_add(1);
    }
    parts
}

fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let part = text.get(range.clone()).unwrap_or("");
    let start = range
        .start
        .saturating_add(part.len().saturating_sub(part.trim_start().len()));
    start..start.saturating_add(part.trim().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        Sequence::parse(text, false).unwrap().values().collect()
    }

    #[test]
    fn sequences_have_their_values() {
        assert_eq!(values("i, 3"), ["1", "2", "3"]);
        assert_eq!(values("i,-3"), ["-1", "-2", "-3"]);
        assert_eq!(values("i,0"), ["1", "0"]);
        assert_eq!(values("i, 5, 3"), ["5", "4", "3"]);
        assert_eq!(values("i, 0x10, -4, 3"), ["16", "12", "8", "4"]);
        assert_eq!(values("i, 010"), ["1", "2", "3", "4", "5", "6", "7", "8"]);
        assert_eq!(values("i, 1, 5, 3"), ["1"]);
        let hexadecimal = Sequence::parse("i, 9, 0xb", true).unwrap();
        assert_eq!(hexadecimal.values().collect::<Vec<_>>(), ["9", "a", "b"]);
    }

    #[test]
    fn wrong_sequences_say_what_is_wrong() {
        for (text, why) in [
            ("i,1,-1,3", "-1 does not lead from 1 to 3"),
            ("i,1,0,3", "the step is 0"),
            ("i,x", "`x` is no number"),
            ("1i,3", "`1i` is no name"),
            ("i", "a name and one to three numbers are expected"),
            ("i,08", "`08` is no number"),
            ("i,--1", "`--1` is no number"),
        ] {
            assert_eq!(Sequence::parse(text, false).unwrap_err(), why);
        }
        assert!(Sequence::parse("i,-3", true).is_err());
        let all = Sequence::parse("i,-9223372036854775808,9223372036854775807", false);
        assert_eq!(all.unwrap().count, u64::MAX);
    }

    fn list(text: &str) -> (Vec<String>, Vec<Vec<&str>>) {
        let list = List::parse(text).unwrap();
        let round =
            |round: &Vec<Range<usize>>| round.iter().map(|value| &text[value.clone()]).collect();
        (list.names, list.rounds.iter().map(round).collect())
    }

    #[test]
    fn lists_have_their_values() {
        assert_eq!(
            list("i, a ,b"),
            (vec!["i".to_owned()], vec![vec!["a"], vec!["b"]])
        );
        let (names, rounds) = list("{v , w}, {a,b}, { c }, d, {}");
        assert_eq!(names, ["v", "w"]);
        assert_eq!(rounds, [vec!["a", "b"], vec!["c"], vec!["d"], vec![""]]);
    }

    #[test]
    fn wrong_lists_say_what_is_wrong() {
        for (text, why) in [
            ("i", "a name and at least one value are expected"),
            ("i, a b", "`a b` has a blank inside"),
            ("i, {a,b}", "2 values for 1 names"),
            ("{i,j}, {a,b", "a `}` is missing"),
            ("{i,j} {a,b}", "a `,` is missing behind a `}`"),
            ("{i,j}, {a,b,c}", "3 values for 2 names"),
        ] {
            assert_eq!(List::parse(text).unwrap_err(), why);
        }
    }
}

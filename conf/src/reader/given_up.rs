//! What stays of a line that is given up: where its blocks begin and end, as it was written. Without
//! them everything behind it would be read in the wrong block, and be called wrong.

use super::expand::is_special;
use super::text::{Scan, Sign, skip_to};
use crate::source::Span;

/// The heads of blocks and the closing braces of a line.
pub(super) fn blocks(text: &str, line: Span) -> Vec<Span> {
    let mut found = Vec::new();
    let mut start = behind_condition(text);
    let mut scan = Scan {
        at: start,
        ..Scan::default()
    };
    while !is_special(text.get(start..).unwrap_or("")) {
        match scan.next(text) {
            Some(Sign::Brace(at)) => {
                let end = at.saturating_add(1);
                let opens = text.get(at..).is_some_and(|rest| rest.starts_with('{'));
                let from = if opens { start } else { at };
                found.push(line.part(skip_to(text, from), end));
                start = end;
            }
            Some(Sign::Dollar(at)) => scan.skip_use(text, at),
            Some(Sign::Comment(_)) | None => break,
        }
    }
    found
}

/// A line that is given up is one that counts, whatever its condition.
fn behind_condition(text: &str) -> usize {
    let start = skip_to(text, 0);
    let rest = text.get(start..).unwrap_or("");
    match rest.starts_with('@') {
        true => {
            let word = rest.split(crate::lexer::is_blank).next().unwrap_or("");
            skip_to(text, start.saturating_add(word.len()))
        }
        false => start,
    }
}

#[cfg(test)]
mod tests {
    use super::blocks;
    use crate::source::Sources;

    fn kept(text: &str) -> Vec<String> {
        let mut sources = Sources::default();
        let file = sources.add("a.conf".to_owned(), text.to_owned());
        let lines: Vec<_> = sources.lines(file).collect();
        lines
            .into_iter()
            .flat_map(|line| blocks(text, line))
            .map(|span| sources.slice(span).to_owned())
            .collect()
    }

    #[test]
    fn heads_and_closing_braces_stay() {
        assert_eq!(
            kept("} $A { b ${C} { d $E } } # {"),
            ["}", "$A {", "b ${C} {", "}", "}"]
        );
        assert_eq!(kept("@x vrrp_instance $A {"), ["vrrp_instance $A {"]);
    }

    #[test]
    fn a_definition_and_a_generator_keep_nothing() {
        assert_eq!(kept("$A=b { $A"), [""; 0]);
        assert_eq!(kept("~LST({a, b}, {1, 2}) a ${a} {"), [""; 0]);
        assert_eq!(kept("} $A=b {"), ["}"]);
    }
}

//! Small things about words.

/// A number with the right form of its noun.
pub fn counted(number: usize, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{number} {noun}")
}

/// A text that holds what others wrote, a file's name for instance, with nothing in it that a
/// terminal would act on.
pub fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::{counted, printable};

    #[test]
    fn control_characters_are_not_printed() {
        assert_eq!(printable("a\x1b[31m\nb…"), "a\u{fffd}[31m\u{fffd}b…");
    }

    #[test]
    fn one_is_singular_and_all_else_plural() {
        let texts = [0, 1, 2].map(|number| counted(number, "error", "errors"));
        assert_eq!(texts, ["0 errors", "1 error", "2 errors"]);
    }
}

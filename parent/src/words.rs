//! Small things about words.

/// A number with the right form of its noun.
pub fn counted(number: usize, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{number} {noun}")
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_singular_and_all_else_plural() {
        let texts = [0, 1, 2].map(|number| counted(number, "error", "errors"));
        assert_eq!(texts, ["0 errors", "1 error", "2 errors"]);
    }
}

//! "Did you mean".

/// The name nearest to a word, if it is near enough to be a slip of the hand.
pub(crate) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Longer words are not compared; the time grows with the square.
    const MAX_LEN: usize = 64;
    if word.len() > MAX_LEN {
        return None;
    }
    let limit: usize = match word.chars().count() {
        0..=2 => return None,
        3..=5 => 1,
        6..=9 => 2,
        _ => 3,
    };
    let word = word.to_lowercase();
    names
        .into_iter()
        .filter(|name| name.len().abs_diff(word.len()) <= limit.saturating_mul(4))
        .map(|name| (distance(&word, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Insertions, deletions, changes and swaps of neighbours.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut last = None;
    for (i, c) in a.chars().enumerate() {
        let mut next = vec![i.saturating_add(1)];
        for (j, d) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX);
            let mut best = at(&row, j).saturating_add(usize::from(c != *d));
            best = best.min(at(&row, j.saturating_add(1)).saturating_add(1));
            best = best.min(at(&next, j).saturating_add(1));
            if let Some(k) = j.checked_sub(1)
                && last == Some(*d)
                && b.get(k) == Some(&c)
            {
                best = best.min(at(&before, k).saturating_add(1));
            }
            next.push(best);
        }
        last = Some(c);
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_words_are_not() {
        let names = ["priority", "interface", "nopreempt"];
        assert_eq!(nearest("priorty", names), Some("priority"));
        assert_eq!(nearest("Interfcae", names), Some("interface"));
        assert_eq!(nearest("no_preempt", names), Some("nopreempt"));
        assert_eq!(nearest("weight", names), None);
    }

    #[test]
    fn a_swap_is_one_step() {
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}

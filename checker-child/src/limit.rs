//! Rate limit of one cause of log lines.

use holdfast_ipc::config::model::Micros;
use holdfast_ipc::time::Monotonic;

/// One line a minute and cause is enough for an operator to see that it goes on, and keeps 200
/// failing scripts from filling the log.
const WINDOW: Micros = Micros::from_secs(60);

/// Lets the first line through, then one per window with the number of those held back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RateLimit {
    open_at: Option<Monotonic>,
    held_back: u64,
}

impl RateLimit {
    /// `None`: hold the line back. Otherwise what to write behind it, which is empty or tells how
    /// many were held back.
    pub(crate) fn admit(&mut self, now: Monotonic) -> Option<String> {
        if self.open_at.is_some_and(|at| now < at) {
            self.held_back = self.held_back.saturating_add(1);
            return None;
        }
        self.open_at = Some(now.after(WINDOW));
        Some(match std::mem::take(&mut self.held_back) {
            0 => String::new(),
            count => format!(" (and {count} more since the last such line)"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Monotonic {
        Monotonic::from_micros(0).after(Micros::from_secs(secs))
    }

    #[test]
    fn the_first_line_passes_and_the_next_window_counts_what_was_held_back() {
        let mut limit = RateLimit::default();
        let lines: Vec<_> = [0, 1, 2, 59, 60, 61, 200]
            .into_iter()
            .map(|secs| limit.admit(at(secs)))
            .collect();
        assert_eq!(
            lines,
            [
                Some(String::new()),
                None,
                None,
                None,
                Some(" (and 3 more since the last such line)".to_owned()),
                None,
                Some(" (and 1 more since the last such line)".to_owned()),
            ]
        );
    }
}

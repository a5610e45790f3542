//! The table at the end.

use std::fmt::Write as _;
use std::time::Duration;

/// What a loaded machine may add to what the RFC allows: a question of the client takes up to
/// 60 ms to fail, the daemons and this program share the machine with others.
const SLACK: Duration = Duration::from_millis(300);

/// One thing that was done.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// What.
    pub(crate) done: String,
    /// Who held the address before.
    pub(crate) before: String,
    /// Who holds it now.
    pub(crate) after: String,
    /// Who should.
    pub(crate) expected: String,
    /// Longest time without an answer.
    pub(crate) outage: Duration,
    /// What the protocol allows.
    pub(crate) allowed: Duration,
    /// How that is composed.
    pub(crate) why: String,
}

impl Row {
    /// Whether the right node holds the address, soon enough.
    pub(crate) fn is_as_expected(&self) -> bool {
        self.after == self.expected && self.outage <= self.allowed + SLACK
    }
}

/// All rows, and one line that says whether all was as expected.
pub(crate) fn render(rows: &[Row]) -> String {
    let mut text = String::new();
    let _written = writeln!(
        text,
        "\n{:<36} {:>6}    {:<6} {:>9} {:>9}\n{}",
        "What was done",
        "before",
        "after",
        "no answer",
        "allowed",
        "-".repeat(78)
    );
    for row in rows {
        let verdict = if row.is_as_expected() {
            ""
        } else {
            "  <- NOT AS EXPECTED"
        };
        let _written = writeln!(
            text,
            "{:<36} {:>6} -> {:<6} {:>9} {:>9}{verdict}\n    {}",
            row.done,
            row.before,
            row.after,
            seconds(row.outage),
            seconds(row.allowed),
            row.why
        );
    }
    let wrong = rows.iter().filter(|row| !row.is_as_expected()).count();
    let _written = match wrong {
        0 => writeln!(text, "\nAll {} were as expected.", rows.len()),
        _ => writeln!(text, "\n{wrong} of {} were NOT as expected.", rows.len()),
    };
    text
}

/// Seconds with two digits.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{}.{:02} s", time.as_secs(), time.subsec_millis() / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(after: &str, outage: u64) -> Row {
        Row {
            done: "web1 loses power".to_owned(),
            before: "web1".to_owned(),
            after: after.to_owned(),
            expected: "web2".to_owned(),
            outage: Duration::from_millis(outage),
            allowed: Duration::from_millis(3650),
            why: "3 intervals and the skew time".to_owned(),
        }
    }

    #[test]
    fn a_row_is_as_expected_with_the_right_node_in_time() {
        assert!(row("web2", 3700).is_as_expected());
        assert!(!row("web2", 4000).is_as_expected());
        assert!(!row("nobody", 100).is_as_expected());
    }

    #[test]
    fn the_table_tells_what_was_not_as_expected_in_words() {
        let text = render(&[row("web2", 3650), row("web1", 3650)]);
        assert!(
            text.contains("NOT AS EXPECTED") && text.contains("1 of 2 were NOT"),
            "{text}"
        );
        assert!(text.lines().all(|line| line.len() <= 100), "{text}");
    }
}

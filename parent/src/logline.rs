//! Lines of the log: escaped, capped, counted when there are too many. What a child or the network
//! says never reaches a log in any other way.

use holdfast_ipc::config::model::Micros;
use holdfast_ipc::log::Level;
use holdfast_ipc::time::Monotonic;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Longest line in bytes. RFC 3164 says 1024 for a whole message, which is too short for a cause
/// with a script's output; all of rsyslog, journald and syslog-ng take 8 KiB.
pub const MAX_LINE: usize = 2_048;
/// End of a line that was cut.
const CUT: &str = "…";

/// Makes one line of any text: control characters and what could turn the direction of text are
/// escaped, the length is capped.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_LINE && !text.chars().any(must_escape) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len().min(MAX_LINE));
    for character in text.chars() {
        let before = line.len();
        if must_escape(character) {
            let _ = write!(line, "{}", character.escape_default());
        } else {
            line.push(character);
        }
        if line.len() > MAX_LINE.saturating_sub(CUT.len()) {
            line.truncate(before);
            line.push_str(CUT);
            break;
        }
    }
    Cow::Owned(line)
}

/// Control characters forge lines and steer terminals; so do line separators and the characters
/// that change the direction of text.
fn must_escape(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{061c}'
        )
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Lines that may come at once from one process at one level.
const BURST: u64 = 4_000;
/// Lines per second behind that.
const PER_SECOND: u64 = 200;
/// Microseconds in which one more line is allowed.
const REFILL: u64 = 1_000_000 / PER_SECOND;

/// Bounds the lines per process and level.
#[derive(Clone, Debug, Default)]
pub struct Limiter {
    buckets: BTreeMap<(&'static str, Level), Bucket>,
}

#[derive(Clone, Debug)]
struct Bucket {
    left: u64,
    filled: Monotonic,
    suppressed: u64,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// It is written; so many before it were not.
    Write {
        /// Lines that were dropped.
        suppressed: u64,
    },
    /// It is counted only.
    Suppress,
}

impl Limiter {
    /// Asks for one line.
    #[must_use]
    pub fn ask(&mut self, process: &'static str, level: Level, now: Monotonic) -> Permission {
        let bucket = self.buckets.entry((process, level)).or_insert(Bucket {
            left: BURST,
            filled: now,
            suppressed: 0,
        });
        bucket.refill(now);
        match bucket.left.checked_sub(1) {
            Some(left) => {
                bucket.left = left;
                let suppressed = std::mem::take(&mut bucket.suppressed);
                Permission::Write { suppressed }
            }
            None => {
                bucket.suppressed = bucket.suppressed.saturating_add(1);
                Permission::Suppress
            }
        }
    }

    /// Counts that nobody has been told yet, for processes that fell silent.
    pub fn settle(&mut self, now: Monotonic) -> Vec<(&'static str, Level, u64)> {
        let mut told = Vec::new();
        for ((process, level), bucket) in &mut self.buckets {
            bucket.refill(now);
            if bucket.suppressed > 0 && bucket.left > 0 {
                bucket.left = bucket.left.saturating_sub(1);
                told.push((*process, *level, std::mem::take(&mut bucket.suppressed)));
            }
        }
        told
    }

    /// True while somebody has to be told a count.
    pub fn owes(&self) -> bool {
        self.buckets.values().any(|bucket| bucket.suppressed > 0)
    }
}

impl Bucket {
    fn refill(&mut self, now: Monotonic) {
        let passed = now.since(self.filled).get();
        let lines = passed.checked_div(REFILL).unwrap_or(0);
        if lines == 0 {
            return;
        }
        self.left = self.left.saturating_add(lines).min(BURST);
        self.filled = self.filled.after(Micros::new(lines.saturating_mul(REFILL)));
    }
}

/// Date and time of day in UTC, for the console and the log file: `2026-11-18 09:12:40.123Z`.
pub fn timestamp(unix_millis: u64) -> String {
    let part = |unit: u64, modulo: u64| {
        unix_millis
            .checked_div(unit)
            .and_then(|value| value.checked_rem(modulo))
            .unwrap_or(0)
    };
    let (year, month, day) = civil(unix_millis.checked_div(86_400_000).unwrap_or(0));
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}.{:03}Z",
        part(3_600_000, 24),
        part(60_000, 60),
        part(1_000, 60),
        part(1, 1_000)
    )
}

/// Year, month and day of a number of days since 1970-01-01, in the Gregorian calendar. Counts in
/// eras of 400 years that begin on 1 March, so that the leap day is the last one.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "days are below 2^38 and every subtraction is of a smaller number by construction"
)]
const fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: u64) -> Monotonic {
        Monotonic::from_micros(millis.saturating_mul(1_000))
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        assert_eq!(
            one_line("(VI_1) Entering MASTER STATE – ü"),
            "(VI_1) Entering MASTER STATE – ü"
        );
    }

    #[test]
    fn line_ends_escapes_and_direction_marks_are_shown_and_not_obeyed() {
        assert_eq!(
            one_line("a\nb\r\t\0\x1b[31m\u{7f}\u{85}\u{2028}\u{202e}"),
            "a\\nb\\r\\t\\u{0}\\u{1b}[31m\\u{7f}\\u{85}\\u{2028}\\u{202e}"
        );
    }

    #[test]
    fn a_long_line_is_cut_visibly() {
        let line = one_line(&"x".repeat(100_000)).into_owned();
        assert_eq!(line.len(), MAX_LINE);
        assert!(line.ends_with("x…"));
    }

    proptest! {
        #[test]
        fn no_text_makes_more_than_one_short_line(text in "\\PC*|.*|(?s).{0,5000}") {
            let line = one_line(&text);
            prop_assert!(line.len() <= MAX_LINE);
            prop_assert!(!line.chars().any(char::is_control));
        }
    }

    #[test]
    fn a_burst_is_written_the_rest_is_counted_and_the_count_is_told() {
        let mut limiter = Limiter::default();
        let mut ask = |millis| limiter.ask("x", Level::Info, at(millis));
        let written = (0..5_000)
            .filter(|_| ask(0) == Permission::Write { suppressed: 0 })
            .count();
        assert_eq!(written, 4_000);
        assert_eq!(ask(4), Permission::Suppress);
        assert_eq!(ask(5), Permission::Write { suppressed: 1_001 });
        assert_eq!(ask(5), Permission::Suppress);
        assert_eq!(
            limiter.ask("x", Level::Error, at(5)),
            Permission::Write { suppressed: 0 }
        );
        assert_eq!(
            limiter.ask("y", Level::Info, at(5)),
            Permission::Write { suppressed: 0 }
        );
        assert!(limiter.owes());
        assert_eq!(limiter.settle(at(6)), []);
        assert_eq!(limiter.settle(at(10)), [("x", Level::Info, 1)]);
        assert!(!limiter.owes());
    }

    #[test]
    fn times_are_written_in_utc() {
        let known = [
            (0, "1970-01-01 00:00:00.000Z"),
            (951_827_696_789, "2000-02-29 12:34:56.789Z"),
            (951_868_800_000, "2000-03-01 00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29 23:59:59.999Z"),
            (1_767_225_599_000, "2025-12-31 23:59:59.000Z"),
            (4_107_542_400_000, "2100-03-01 00:00:00.000Z"),
        ];
        assert_eq!(
            known.map(|(millis, _)| timestamp(millis)),
            known.map(|(_, text)| text)
        );
    }
}

//! Words for operators: why a run counts as it does, how long it took, which one it was.

use crate::verdict::{Finding, Reason};
use holdfast_ipc::config::model::Micros;
use signals::name_of;
use std::fmt;

/// What a script said, for a verdict: `exit 2 after 12 ms, 2nd failure of 2 (fall 2): "…"`.
pub(crate) fn describe(finding: &Finding, place: &str) -> String {
    let mut text = finding.reason.to_string();
    if let Some(took) = finding.took {
        text.push_str(&format!(" after {}", Took(took)));
    }
    if !place.is_empty() {
        text.push_str(&format!(", {place}"));
    }
    if !finding.output.is_empty() {
        text.push_str(&format!(": \"{}\"", finding.output));
    }
    text
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(status) => write!(f, "exit {status}"),
            Self::Signal(signal) => match name_of(*signal) {
                Some(name) => write!(f, "signal {signal} ({name})"),
                None => write!(f, "signal {signal}"),
            },
            Self::TimedOut(limit) => write!(f, "timed out after {limit}"),
            Self::NotExecutable(reason) => write!(f, "cannot be run: {reason}"),
            Self::Refused(fault) => write!(f, "refused: {fault}"),
            Self::Missing(names) => write!(f, "no process named {}", Quoted(names)),
            Self::Found(names) => match names.len() {
                1 => write!(f, "{} runs", Quoted(names)),
                _ => write!(f, "{} run", Quoted(names)),
            },
        }
    }
}

/// `1st`, `2nd`, `11th`.
pub(crate) struct Ordinal(pub(crate) u32);

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tens = self.0.checked_rem(100).unwrap_or(0);
        let ending = match self.0.checked_rem(10).unwrap_or(0) {
            1 if tens != 11 => "st",
            2 if tens != 12 => "nd",
            3 if tens != 13 => "rd",
            _ => "th",
        };
        write!(f, "{}{ending}", self.0)
    }
}

/// `12 ms`, `2.5 s`.
pub(crate) struct Took(pub(crate) Micros);

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.get().checked_div(1_000).unwrap_or(0);
        match millis {
            0 => f.write_str("less than 1 ms"),
            1..10_000 => write!(f, "{millis} ms"),
            _ => {
                let tenths = millis.checked_div(100).unwrap_or(0);
                Micros::from_millis(tenths.saturating_mul(100)).fmt(f)
            }
        }
    }
}

struct Quoted<'a>(&'a [String]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{name:?}")?;
        }
        Ok(())
    }
}

/// Names of signals.
mod signals {
    /// The signals that end a process, with the numbers of all Linux architectures that we build for.
    const NAMES: [(i32, &str); 21] = [
        (1, "SIGHUP"),
        (2, "SIGINT"),
        (3, "SIGQUIT"),
        (4, "SIGILL"),
        (5, "SIGTRAP"),
        (6, "SIGABRT"),
        (7, "SIGBUS"),
        (8, "SIGFPE"),
        (9, "SIGKILL"),
        (10, "SIGUSR1"),
        (11, "SIGSEGV"),
        (12, "SIGUSR2"),
        (13, "SIGPIPE"),
        (14, "SIGALRM"),
        (15, "SIGTERM"),
        (16, "SIGSTKFLT"),
        (24, "SIGXCPU"),
        (25, "SIGXFSZ"),
        (26, "SIGVTALRM"),
        (29, "SIGIO"),
        (31, "SIGSYS"),
    ];

    pub(super) fn name_of(signal: i32) -> Option<&'static str> {
        NAMES
            .iter()
            .find(|(number, _)| *number == signal)
            .map(|(_, name)| *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(reason: Reason, millis: u64, output: &str) -> Finding {
        Finding {
            reason,
            took: Some(Micros::from_millis(millis)),
            output: output.to_owned(),
        }
    }

    #[test]
    fn a_failure_reads_as_an_operator_wants_it() {
        assert_eq!(
            describe(
                &finding(Reason::Exit(2), 12, "connection refused"),
                "2nd failure of 2 (fall 2)"
            ),
            "exit 2 after 12 ms, 2nd failure of 2 (fall 2): \"connection refused\""
        );
    }

    #[test]
    fn every_reason_has_its_words() {
        let names = || vec!["nginx".to_owned(), "a\nb".to_owned()];
        let texts = [
            Reason::Exit(0),
            Reason::Signal(11),
            Reason::Signal(34),
            Reason::TimedOut(Micros::from_millis(1500)),
            Reason::NotExecutable("No such file or directory".to_owned()),
            Reason::Refused("/tmp is writable by everybody".to_owned()),
            Reason::Missing(names()),
            Reason::Found(vec!["nginx".to_owned()]),
            Reason::Found(names()),
        ]
        .map(|reason| reason.to_string());
        assert_eq!(
            texts,
            [
                "exit 0",
                "signal 11 (SIGSEGV)",
                "signal 34",
                "timed out after 1.5 s",
                "cannot be run: No such file or directory",
                "refused: /tmp is writable by everybody",
                "no process named \"nginx\", \"a\\nb\"",
                "\"nginx\" runs",
                "\"nginx\", \"a\\nb\" run",
            ]
        );
    }

    #[test]
    fn lengths_of_time_have_units() {
        let texts =
            [0, 1, 9_999, 10_000, 12_345].map(|ms| Took(Micros::from_millis(ms)).to_string());
        assert_eq!(
            texts,
            ["less than 1 ms", "1 ms", "9999 ms", "10 s", "12.3 s"]
        );
    }

    #[test]
    fn ordinals_are_english() {
        let texts = [1, 2, 3, 4, 11, 12, 13, 21, 102, 111].map(|n| Ordinal(n).to_string());
        assert_eq!(
            texts,
            [
                "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"
            ]
        );
    }
}

//! From results in a row to a verdict.
//!
//! The very first result decides at once, as with keepalived; with `init_fail` a script counts as
//! failed until `rise` successes. Afterwards `fall` failures or `rise` successes in a row turn it.

use crate::detail::{self, Ordinal};
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::state::ScriptState;

/// What one run said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Exit status; 0 is the only success of a script.
    Exit(i32),
    /// A signal ended it.
    Signal(i32),
    /// It did not end in time.
    TimedOut(Micros),
    /// The kernel does not run this file.
    NotExecutable(String),
    /// Somebody else could replace the script.
    Refused(String),
    /// These processes do not run.
    Missing(Vec<String>),
    /// All these processes run.
    Found(Vec<String>),
}

impl Reason {
    /// How it counts.
    pub const fn counts_as(&self) -> ScriptState {
        match self {
            Self::Exit(0) | Self::Found(_) => ScriptState::Ok,
            Self::Exit(_)
            | Self::Signal(_)
            | Self::TimedOut(_)
            | Self::NotExecutable(_)
            | Self::Refused(_)
            | Self::Missing(_) => ScriptState::Failed,
        }
    }

    /// True where the text of an earlier verdict begins with this reason.
    fn begins(&self, detail: &str) -> bool {
        detail
            .strip_prefix(&self.to_string())
            .is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
    }
}

/// Result of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it said.
    pub reason: Reason,
    /// How long it ran; `None` where the reason says it or nothing ran.
    pub took: Option<Micros>,
    /// The last line that it wrote, escaped; empty for none.
    pub output: String,
}

/// How results in a row count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Successes in a row until "ok".
    pub rise: u32,
    /// Failures in a row until "failed".
    pub fall: u32,
    /// Failed until `rise` successes.
    pub init_fail: bool,
}

/// What a result means for the verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The verdict stays as it was.
    Same,
    /// The same verdict for another reason.
    OtherReason {
        /// The verdict.
        state: ScriptState,
        /// Its new words.
        detail: String,
    },
    /// First or other verdict.
    Turned {
        /// The verdict.
        state: ScriptState,
        /// Its words.
        detail: String,
    },
}

/// Judges the results of one script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judge {
    rules: Rules,
    verdict: Option<(ScriptState, String)>,
    /// Results of the same kind in a row, the newest included.
    row: Option<(ScriptState, u32)>,
}

impl Judge {
    /// Goes on from a known verdict, or starts without one.
    pub const fn new(rules: Rules, known: Option<(ScriptState, String)>) -> Self {
        Self {
            rules,
            verdict: known,
            row: None,
        }
    }

    /// The present verdict with its words.
    pub fn verdict(&self) -> Option<(ScriptState, &str)> {
        self.verdict
            .as_ref()
            .map(|(state, detail)| (*state, detail.as_str()))
    }

    /// Takes other limits; verdict and row stay.
    pub const fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// Makes the verdict that holds before any result: none, unless `init_fail` says "failed".
    pub fn begin(&mut self) -> Judgement {
        if self.verdict.is_some() || !self.rules.init_fail {
            return Judgement::Same;
        }
        let rise = self.rules.rise;
        let detail = format!("no result yet, counts as failed until rise {rise} (init_fail)");
        self.turn(ScriptState::Failed, detail)
    }

    /// Takes the next result.
    pub fn judge(&mut self, finding: &Finding) -> Judgement {
        let kind = finding.reason.counts_as();
        let count = match self.row {
            Some((last, count)) if last == kind => count.saturating_add(1),
            Some(_) | None => 1,
        };
        self.row = Some((kind, count));
        let Some((state, words)) = &self.verdict else {
            let place = self.place(kind, count, "first result");
            return self.turn(kind, detail::describe(finding, &place));
        };
        if *state == kind {
            let words_hold = kind == ScriptState::Ok || finding.reason.begins(words);
            return if words_hold {
                Judgement::Same
            } else {
                self.reword(finding, count)
            };
        }
        if count < self.needed(kind) {
            return Judgement::Same;
        }
        let place = self.place(kind, count, "");
        self.turn(kind, detail::describe(finding, &place))
    }

    const fn needed(&self, kind: ScriptState) -> u32 {
        match kind {
            ScriptState::Ok => self.rules.rise,
            ScriptState::Failed => self.rules.fall,
        }
    }

    /// `2nd failure of 2 (fall 2)`; nothing where one result is enough.
    fn place(&self, kind: ScriptState, count: u32, otherwise: &str) -> String {
        let needed = self.needed(kind);
        if needed <= 1 {
            return String::new();
        }
        if count < needed {
            return otherwise.to_owned();
        }
        let (what, word) = match kind {
            ScriptState::Ok => ("success", "rise"),
            ScriptState::Failed => ("failure", "fall"),
        };
        format!("{} {what} of {needed} ({word} {needed})", Ordinal(count))
    }

    fn turn(&mut self, state: ScriptState, detail: String) -> Judgement {
        self.verdict = Some((state, detail.clone()));
        Judgement::Turned { state, detail }
    }

    fn reword(&mut self, finding: &Finding, count: u32) -> Judgement {
        let state = finding.reason.counts_as();
        let place = match count {
            0 | 1 => String::new(),
            _ => format!("{} failure in a row", Ordinal(count)),
        };
        let detail = detail::describe(finding, &place);
        self.verdict = Some((state, detail.clone()));
        Judgement::OtherReason { state, detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ScriptState::{Failed, Ok as Good};
    use proptest::prelude::*;

    fn exit(status: i32) -> Finding {
        Finding {
            reason: Reason::Exit(status),
            took: Some(Micros::from_millis(12)),
            output: String::new(),
        }
    }

    fn rules(rise: u32, fall: u32) -> Rules {
        Rules {
            rise,
            fall,
            init_fail: false,
        }
    }

    fn judge(rise: u32, fall: u32) -> Judge {
        Judge::new(rules(rise, fall), None)
    }

    fn turned(state: ScriptState, detail: &str) -> Judgement {
        let detail = detail.to_owned();
        Judgement::Turned { state, detail }
    }

    fn reworded(detail: &str) -> Judgement {
        let detail = detail.to_owned();
        Judgement::OtherReason {
            state: Failed,
            detail,
        }
    }

    #[test]
    fn the_first_result_decides_at_once_whatever_rise_and_fall_are() {
        assert_eq!(
            judge(3, 3).judge(&exit(0)),
            turned(Good, "exit 0 after 12 ms, first result")
        );
        assert_eq!(
            judge(3, 3).judge(&exit(1)),
            turned(Failed, "exit 1 after 12 ms, first result")
        );
    }

    #[test]
    fn a_script_turns_after_fall_failures_and_after_rise_successes_in_a_row() {
        let mut judge = judge(3, 2);
        let all: Vec<_> = [0, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0]
            .map(|status| judge.judge(&exit(status)))
            .into();
        use Judgement::Same;
        assert_eq!(
            all,
            [
                turned(Good, "exit 0 after 12 ms, first result"),
                Same,
                Same,
                Same,
                turned(Failed, "exit 1 after 12 ms, 2nd failure of 2 (fall 2)"),
                Same,
                Same,
                Same,
                Same,
                Same,
                turned(Good, "exit 0 after 12 ms, 3rd success of 3 (rise 3)"),
            ]
        );
    }

    #[test]
    fn with_init_fail_a_script_is_failed_until_rise_successes() {
        let mut judge = Judge::new(
            Rules {
                rise: 2,
                fall: 1,
                init_fail: true,
            },
            None,
        );
        assert_eq!(
            [judge.begin(), judge.judge(&exit(0)), judge.judge(&exit(0))],
            [
                turned(
                    Failed,
                    "no result yet, counts as failed until rise 2 (init_fail)"
                ),
                Judgement::Same,
                turned(Good, "exit 0 after 12 ms, 2nd success of 2 (rise 2)"),
            ]
        );
    }

    #[test]
    fn another_reason_for_the_same_failure_is_told_once() {
        let mut judge = judge(1, 1);
        let all = [2, 2, 22, 22].map(|status| judge.judge(&exit(status)));
        assert_eq!(
            all,
            [
                turned(Failed, "exit 2 after 12 ms"),
                Judgement::Same,
                reworded("exit 22 after 12 ms, 3rd failure in a row"),
                Judgement::Same,
            ]
        );
    }

    #[test]
    fn a_handed_over_verdict_is_kept_until_rise_or_fall_say_otherwise() {
        let known = Some((Failed, "exit 2 after 7 ms".to_owned()));
        let mut judge = Judge::new(rules(2, 2), known);
        assert_eq!(
            [2, 0, 0].map(|status| judge.judge(&exit(status))),
            [
                Judgement::Same,
                Judgement::Same,
                turned(Good, "exit 0 after 12 ms, 2nd success of 2 (rise 2)"),
            ]
        );
    }

    #[test]
    fn other_limits_keep_the_row() {
        let mut judge = judge(1, 5);
        let _ = [0, 1, 1].map(|status| judge.judge(&exit(status)));
        judge.set_rules(rules(1, 3));
        assert_eq!(
            judge.judge(&exit(1)),
            turned(Failed, "exit 1 after 12 ms, 3rd failure of 3 (fall 3)")
        );
    }

    proptest! {
        /// The rule said in another way: look back at the results in a row.
        #[test]
        fn the_verdict_is_that_of_a_plain_reading_of_the_rule(
            rise in 1_u32..5,
            fall in 1_u32..5,
            results in prop::collection::vec(any::<bool>(), 1..60),
        ) {
            let mut judge = judge(rise, fall);
            let mut expected = None;
            for (index, good) in results.iter().enumerate() {
                let so_far = &results[..=index];
                let row = so_far.iter().rev().take_while(|other| *other == good).count();
                let needed = if *good { rise } else { fall };
                if expected.is_none() || row >= usize::try_from(needed).unwrap() {
                    expected = Some(if *good { Good } else { Failed });
                }
                let before = judge.verdict().map(|(state, _)| state);
                let judgement = judge.judge(&exit(i32::from(!*good)));
                let after = judge.verdict().map(|(state, _)| state);
                prop_assert_eq!(after, expected);
                prop_assert_eq!(before != after, matches!(judgement, Judgement::Turned { .. }));
            }
        }
    }
}

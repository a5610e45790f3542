//! Checks that hold no conversation: a program's exit status, a BFD session.

use super::cause::Cause;
use super::conversation::{Finding, Outcome, Success};
use super::excerpt::Excerpt;
use crate::event;
use holdfast_ipc::config::model::{Micros, Probe, ShellWords, UserSpec};

/// `MISC_CHECK`, made ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MiscPlan {
    /// What is run.
    pub command: ShellWords,
    /// As whom, where the configuration says so.
    pub user: Option<UserSpec>,
    /// Longest time that a run may take: then SIGTERM, 2 s later SIGKILL.
    pub timeout: Micros,
    /// The exit status sets the weight.
    pub dynamic: bool,
}

impl MiscPlan {
    pub(super) fn of(probe: &Probe) -> Option<Self> {
        let Probe::Misc {
            command,
            user,
            timeout,
            dynamic,
        } = probe
        else {
            return None;
        };
        Some(Self {
            command: command.clone(),
            user: user.clone(),
            timeout: *timeout,
            dynamic: *dynamic,
        })
    }

    /// What the end of a run means; `None` as end is a run that took too long.
    ///
    /// With `misc_dynamic` the statuses 2..=255 are successes that set the weight to the status
    /// less two; 0 leaves the weight as it is.
    pub fn judge(&self, end: Option<&event::Outcome>, took: Micros) -> Finding {
        let outcome = match end {
            None => Outcome::Failed(Cause::RunTimedOut {
                after: self.timeout,
            }),
            Some(end) => self.outcome(end),
        };
        Finding {
            outcome,
            took,
            last: end.map(last_line).unwrap_or_default(),
        }
    }

    fn outcome(&self, end: &event::Outcome) -> Outcome {
        match end {
            event::Outcome::Exited { status: 0, .. } => Outcome::Passed(Success::Exit {
                status: 0,
                weight: None,
            }),
            event::Outcome::Exited { status, .. } => match dynamic_weight(*status) {
                Some(weight) if self.dynamic => Outcome::Passed(Success::Exit {
                    status: *status,
                    weight: Some(weight),
                }),
                Some(_) | None => Outcome::Failed(Cause::Exit(*status)),
            },
            event::Outcome::Signaled { signal, .. } => Outcome::Failed(Cause::Signal(*signal)),
            event::Outcome::NotExecutable { reason } => {
                Outcome::Failed(Cause::NotRun(reason.clone()))
            }
            event::Outcome::Refused { fault } => Outcome::Failed(Cause::NotRun(fault.clone())),
            event::Outcome::NotStarted { reason } => {
                Outcome::NotTried(Cause::NotRun(reason.clone()))
            }
            event::Outcome::Processes { missing, .. } => match missing.is_empty() {
                true => Outcome::Passed(Success::Exit {
                    status: 0,
                    weight: None,
                }),
                false => Outcome::Failed(Cause::Exit(1)),
            },
        }
    }
}

/// Exit 2 is weight 0, 255 is weight 253.
fn dynamic_weight(status: i32) -> Option<u32> {
    let status = u32::try_from(status).ok().filter(|status| *status <= 255)?;
    status.checked_sub(2)
}

fn last_line(end: &event::Outcome) -> Excerpt {
    let mut last = Excerpt::default();
    match end {
        event::Outcome::Exited { output, .. } | event::Outcome::Signaled { output, .. } => {
            last.keep(output.as_bytes());
        }
        event::Outcome::NotExecutable { .. }
        | event::Outcome::NotStarted { .. }
        | event::Outcome::Refused { .. }
        | event::Outcome::Processes { .. } => {}
    }
    last
}

/// `BFD_CHECK`: up while the session is.
pub const fn judge_bfd(is_up: bool) -> Outcome {
    match is_up {
        true => Outcome::Passed(Success::BfdUp),
        false => Outcome::Failed(Cause::BfdDown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(dynamic: bool) -> MiscPlan {
        MiscPlan {
            command: ShellWords::try_from(vec!["/bin/x".to_owned()]).unwrap(),
            user: None,
            timeout: Micros::from_secs(3),
            dynamic,
        }
    }

    fn exit(dynamic: bool, status: i32) -> Outcome {
        let output = "busy".to_owned();
        let end = event::Outcome::Exited { status, output };
        plan(dynamic).judge(Some(&end), Micros::ZERO).outcome
    }

    #[test]
    fn without_misc_dynamic_only_status_0_is_a_success() {
        assert_eq!(
            exit(false, 0),
            Outcome::Passed(Success::Exit {
                status: 0,
                weight: None
            })
        );
        for status in [1, 2, 255] {
            assert_eq!(exit(false, status), Outcome::Failed(Cause::Exit(status)));
        }
    }

    #[test]
    fn with_misc_dynamic_a_status_from_2_on_is_a_weight() {
        let weight = |status, weight| Outcome::Passed(Success::Exit { status, weight });
        assert_eq!(exit(true, 0), weight(0, None));
        assert_eq!(exit(true, 1), Outcome::Failed(Cause::Exit(1)));
        assert_eq!(exit(true, 2), weight(2, Some(0)));
        assert_eq!(exit(true, 255), weight(255, Some(253)));
    }

    #[test]
    fn other_ends_of_a_program_are_failures_but_a_machine_without_processes_is_none() {
        let judge = |end: event::Outcome| plan(true).judge(Some(&end), Micros::ZERO).outcome;
        let text = || "why".to_owned();
        assert_eq!(
            judge(event::Outcome::Signaled {
                signal: 9,
                output: text()
            }),
            Outcome::Failed(Cause::Signal(9))
        );
        assert_eq!(
            judge(event::Outcome::NotExecutable { reason: text() }),
            Outcome::Failed(Cause::NotRun(text()))
        );
        assert_eq!(
            judge(event::Outcome::Refused { fault: text() }),
            Outcome::Failed(Cause::NotRun(text()))
        );
        assert_eq!(
            judge(event::Outcome::NotStarted { reason: text() }),
            Outcome::NotTried(Cause::NotRun(text()))
        );
        let after = Micros::from_secs(3);
        let finding = plan(true).judge(None, after);
        assert_eq!(
            finding.outcome,
            Outcome::Failed(Cause::RunTimedOut { after })
        );
        assert_eq!(finding.to_string(), "timed out after 3 s");
    }

    #[test]
    fn what_a_program_wrote_last_is_told() {
        let end = event::Outcome::Exited {
            status: 1,
            output: "busy".to_owned(),
        };
        let finding = plan(false).judge(Some(&end), Micros::from_millis(12));
        assert_eq!(
            finding.to_string(),
            "exit 1 after 12 ms, last bytes \"busy\""
        );
    }

    #[test]
    fn a_bfd_session_is_up_or_down() {
        assert_eq!(judge_bfd(true), Outcome::Passed(Success::BfdUp));
        assert_eq!(judge_bfd(false), Outcome::Failed(Cause::BfdDown));
    }
}

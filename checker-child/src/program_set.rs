//! Programs of `MISC_CHECK` that run: at most one for each check.

use crate::action::Action;
use crate::check::engine::TalkId;
use crate::check::{Finding, MiscPlan};
use crate::event::{Outcome, RunId};
use crate::script::{GRACE, Run};
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::time::Monotonic;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All programs that run.
#[derive(Debug, Default)]
pub(crate) struct ProgramSet {
    runs: BTreeMap<RunId, Program>,
    /// Before each run the path is looked at.
    pub(crate) script_security: bool,
}

#[derive(Debug)]
struct Program {
    talk: TalkId,
    plan: Arc<MiscPlan>,
    run: Run,
    /// Its result is wanted: it was neither judged as too late nor broken off.
    wanted: bool,
}

/// What came of a beginning.
#[derive(Debug)]
pub(crate) enum Begun {
    /// Start it.
    Run(Action),
    /// The last run of this check was told to end and has not: the check takes too long still.
    StillBusy(Finding),
}

impl ProgramSet {
    /// Starts a program.
    pub(crate) fn begin(
        &mut self,
        now: Monotonic,
        talk: TalkId,
        plan: Arc<MiscPlan>,
        next_run: &mut dyn FnMut() -> RunId,
    ) -> Begun {
        let mut others = self.runs.values();
        if others.any(|other| other.talk.check == talk.check) {
            return Begun::StillBusy(plan.judge(None, plan.timeout));
        }
        let run = next_run();
        let action = Action::Run {
            run,
            words: plan.command.clone(),
            check_path: self.script_security,
        };
        let program = Program {
            talk,
            run: Run::new(run, now, plan.timeout),
            plan,
            wanted: true,
        };
        self.runs.insert(run, program);
        Begun::Run(action)
    }

    /// Breaks a run off; `None` where this is no run.
    pub(crate) fn cancel(&mut self, now: Monotonic, talk: TalkId) -> Option<Option<Action>> {
        let mut runs = self.runs.values_mut();
        let program = runs.find(|program| program.talk == talk)?;
        program.wanted = false;
        Some(program.run.terminate(now, GRACE))
    }

    /// A run is over: what it says, where that is wanted. `None` where it is none of ours.
    pub(crate) fn ended(
        &mut self,
        now: Monotonic,
        run: RunId,
        outcome: &Outcome,
    ) -> Option<Option<(TalkId, Finding)>> {
        let program = self.runs.remove(&run)?;
        let took = now.since(program.run.started());
        let finding = || program.plan.judge(Some(outcome), took);
        Some(program.wanted.then(|| (program.talk, finding())))
    }

    /// Ends what takes too long, first asking, then killing; gives what that means.
    pub(crate) fn due(&mut self, now: Monotonic) -> (Vec<Action>, Vec<(TalkId, Finding)>) {
        let mut actions = Vec::new();
        let mut late = Vec::new();
        for program in self.runs.values_mut() {
            if program.wanted && program.run.deadline().is_some_and(|until| now >= until) {
                program.wanted = false;
                actions.extend(program.run.terminate(now, GRACE));
                let took = now.since(program.run.started());
                late.push((program.talk, program.plan.judge(None, took)));
            } else {
                actions.extend(program.run.kill_when_due(now));
            }
        }
        (actions, late)
    }

    /// When [`Self::due`] has to be called.
    pub(crate) fn next_deadline(&self) -> Option<Monotonic> {
        let programs = self.runs.values();
        programs.filter_map(|program| program.run.deadline()).min()
    }

    /// Asks all to end; what was asked before is killed when its time is over.
    pub(crate) fn terminate_all(&mut self, now: Monotonic, grace: Micros) -> Vec<Action> {
        let mut actions = Vec::new();
        for program in self.runs.values_mut() {
            program.wanted = false;
            actions.extend(program.run.terminate(now, grace));
            actions.extend(program.run.kill_when_due(now));
        }
        actions
    }

    /// Kills all.
    pub(crate) fn kill_all(&mut self) -> Vec<Action> {
        let programs = self.runs.values_mut();
        programs.map(|program| program.run.kill()).collect()
    }

    /// A run is over and its result does not matter.
    pub(crate) fn forget(&mut self, run: RunId) {
        self.runs.remove(&run);
    }

    /// True while one has not ended.
    pub(crate) fn has_runs(&self) -> bool {
        !self.runs.is_empty()
    }
}

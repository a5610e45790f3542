//! All scripts of one configuration, and the runs that outlive their script.

use crate::action::{Action, Probe};
use crate::event::{Outcome, RunId};
use crate::schedule;
use crate::script::{Context, GRACE, Run, Script};
use holdfast_ipc::config::model::{Micros, ScriptAction, ScriptName};
use holdfast_ipc::config::{CheckerConfig, CheckerScript};
use holdfast_ipc::log::Level;
use holdfast_ipc::state::Verdict;
use holdfast_ipc::time::Monotonic;
use std::collections::BTreeSet;

/// What one turn wants.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    pub(crate) actions: Vec<Action>,
    pub(crate) verdicts: Vec<Verdict>,
}

/// All scripts.
#[derive(Debug, Default)]
pub(crate) struct ScriptSet {
    scripts: Vec<Script>,
    /// Runs of scripts that were removed: waited for, their results are dropped.
    leaving: Vec<Run>,
    next_run: RunId,
    script_security: bool,
    told_restricted: bool,
}

impl ScriptSet {
    /// A number for a run of somebody else.
    pub(crate) fn new_run(&mut self) -> RunId {
        self.next_run = self.next_run.next();
        self.next_run
    }

    /// Takes the first configuration with the verdicts of a predecessor.
    pub(crate) fn start(
        &mut self,
        now: Monotonic,
        config: CheckerConfig,
        verdicts: &[Verdict],
    ) -> Turn {
        self.script_security = config.script_security;
        self.scripts = with_offsets(config.scripts)
            .map(|(script, offset)| {
                let known = verdicts
                    .iter()
                    .find(|verdict| verdict.script == script.name)
                    .cloned();
                Script::new(script, now.after(offset), known)
            })
            .collect();
        let mut turn = self.turn(now, |script, context| script.begin(context));
        let lines = self.scripts.iter().filter_map(process_line);
        turn.actions.splice(0..0, lines);
        turn
    }

    /// Goes over to another configuration. Scripts with the same command keep their verdict.
    pub(crate) fn commit(&mut self, now: Monotonic, config: CheckerConfig) -> Turn {
        self.script_security = config.script_security;
        let mut old = std::mem::take(&mut self.scripts);
        let mut wanted = Vec::new();
        let mut lines = Vec::new();
        for (script, offset) in with_offsets(config.scripts) {
            let place = old.iter().position(|known| *known.name() == script.name);
            match place {
                Some(place) => {
                    self.scripts.push(old.swap_remove(place));
                    wanted.push(Some(script));
                }
                None => {
                    let script = Script::new(script, now.after(offset), None);
                    lines.extend(process_line(&script));
                    self.scripts.push(script);
                    wanted.push(None);
                }
            }
        }
        let mut wanted = wanted.into_iter();
        let mut turn = self.turn(now, |script, context| {
            if let Some(config) = wanted.next().flatten() {
                script.change(config, context);
            }
            script.begin(context);
        });
        turn.actions.splice(0..0, lines);
        for mut run in old.into_iter().filter_map(Script::into_run) {
            turn.actions.extend(run.terminate(now, GRACE));
            self.leaving.push(run);
        }
        turn
    }

    /// Does what is due.
    pub(crate) fn due(&mut self, now: Monotonic) -> Turn {
        let mut turn = self.turn(now, |script, context| script.due(context));
        let kills = self
            .leaving
            .iter_mut()
            .filter_map(|run| run.kill_when_due(now));
        turn.actions.extend(kills);
        turn
    }

    /// A run is over.
    pub(crate) fn ended(&mut self, now: Monotonic, run: RunId, outcome: Outcome) -> Turn {
        self.leaving.retain(|leaving| leaving.id != run);
        let restricted = matches!(
            outcome,
            Outcome::Processes {
                restricted: true,
                ..
            }
        );
        let tell_restricted = restricted && !self.told_restricted;
        self.told_restricted |= restricted;
        let mut outcome = Some(outcome);
        let mut turn = self.turn(now, |script, context| {
            if script.has_run(run)
                && let Some(outcome) = outcome.take()
            {
                script.ended(outcome, context);
            }
        });
        if tell_restricted {
            turn.actions.insert(0, restricted_line());
        }
        turn
    }

    /// Asks all runs to end; when the grace is over they are killed.
    pub(crate) fn terminate_all(&mut self, now: Monotonic, grace: Micros) -> Vec<Action> {
        let mut actions: Vec<_> = self
            .runs()
            .filter_map(|run| run.terminate(now, grace))
            .collect();
        // What was asked before has waited long enough.
        actions.extend(self.runs().filter_map(|run| run.kill_when_due(now)));
        actions
    }

    /// Kills all runs.
    pub(crate) fn kill_all(&mut self) -> Vec<Action> {
        self.runs().map(Run::kill).collect()
    }

    /// A run is over and nothing more is started.
    pub(crate) fn forget_run(&mut self, run: RunId) {
        self.leaving.retain(|leaving| leaving.id != run);
        for script in &mut self.scripts {
            script.forget_run(run);
        }
    }

    /// True while a run has not ended.
    pub(crate) fn has_runs(&mut self) -> bool {
        self.runs().next().is_some()
    }

    /// When [`Self::due`] has to be called.
    pub(crate) fn next_deadline(&self) -> Option<Monotonic> {
        let scripts = self.scripts.iter().map(Script::next_deadline);
        let leaving = self.leaving.iter().filter_map(Run::deadline);
        scripts.chain(leaving).min()
    }

    /// All verdicts of scripts in `names`.
    pub(crate) fn verdicts_of<'a>(
        &'a self,
        names: &'a BTreeSet<ScriptName>,
    ) -> impl Iterator<Item = Verdict> + 'a {
        self.scripts
            .iter()
            .filter(|script| names.contains(script.name()))
            .filter_map(Script::verdict)
    }

    fn runs(&mut self) -> impl Iterator<Item = &mut Run> {
        self.scripts
            .iter_mut()
            .filter_map(Script::run_mut)
            .chain(&mut self.leaving)
    }

    /// Lets every script do something, and puts the questions to /proc of all of them together.
    fn turn(
        &mut self,
        now: Monotonic,
        mut each: impl FnMut(&mut Script, &mut Context<'_>),
    ) -> Turn {
        let mut turn = Turn::default();
        let mut probes: Vec<Probe> = Vec::new();
        let mut context = Context {
            now,
            actions: &mut turn.actions,
            verdicts: &mut turn.verdicts,
            probes: &mut probes,
            next_run: &mut self.next_run,
            script_security: self.script_security,
        };
        for script in &mut self.scripts {
            each(script, &mut context);
        }
        if !probes.is_empty() {
            turn.actions.push(Action::Probe(probes));
        }
        turn
    }
}

/// Scripts with the time that they wait at first. Questions to /proc start together, so that one
/// look answers all of them.
fn with_offsets(scripts: Vec<CheckerScript>) -> impl Iterator<Item = (CheckerScript, Micros)> {
    let count = scripts.len();
    scripts.into_iter().enumerate().map(move |(index, script)| {
        let offset = match &script.action {
            ScriptAction::Run(_) => schedule::offset(index, count, script.interval),
            ScriptAction::ProcessExists(_) => Micros::ZERO,
        };
        (script, offset)
    })
}

fn process_line(script: &Script) -> Option<Action> {
    let names = script.process_names()?.join(" ");
    let text = format!(
        "Script `{}`: whether \"{names}\" runs is answered from /proc, without a process",
        script.name()
    );
    Some(Action::log(Level::Info, text))
}

fn restricted_line() -> Action {
    Action::log(
        Level::Warning,
        "/proc shows this user only its own processes (hidepid): checks for processes of other \
         users fail. Mount /proc with gid= of a group of the script user, or check the service \
         itself",
    )
}

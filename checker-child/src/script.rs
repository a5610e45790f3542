//! One script: when it is due, whether it runs, what its results mean.

use crate::action::{Action, Force, Probe};
use crate::event::{Outcome, RunId};
use crate::limit::RateLimit;
use crate::schedule::Schedule;
use crate::verdict::{Finding, Judge, Judgement, Reason, Rules};
use holdfast_ipc::config::CheckerScript;
use holdfast_ipc::config::model::{Micros, ScriptAction, ScriptName};
use holdfast_ipc::log::Level;
use holdfast_ipc::state::{ScriptState, Verdict};
use holdfast_ipc::time::Monotonic;

/// Between SIGTERM and SIGKILL of a run that took too long, as with keepalived.
pub(crate) const GRACE: Micros = Micros::from_secs(2);

/// A run that has not ended yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    started: Monotonic,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It has until then.
    Going { until: Monotonic },
    /// It was asked to end and has until then. Its result does not count any more.
    Terminating { until: Monotonic },
    /// It was killed and is waited for.
    Killed,
}

impl Run {
    /// One that begins now.
    pub(crate) const fn new(id: RunId, now: Monotonic, timeout: Micros) -> Self {
        let until = now.after(timeout);
        Self {
            id,
            started: now,
            stage: Stage::Going { until },
        }
    }

    /// When it began.
    pub(crate) const fn started(&self) -> Monotonic {
        self.started
    }

    /// When something has to be done about it.
    pub(crate) const fn deadline(&self) -> Option<Monotonic> {
        match self.stage {
            Stage::Going { until } | Stage::Terminating { until } => Some(until),
            Stage::Killed => None,
        }
    }

    /// Asks it to end, unless that was done before.
    pub(crate) fn terminate(&mut self, now: Monotonic, grace: Micros) -> Option<Action> {
        let Stage::Going { .. } = self.stage else {
            return None;
        };
        let until = now.after(grace);
        self.stage = Stage::Terminating { until };
        Some(self.signal(Force::Terminate))
    }

    /// Kills it when its grace is over.
    pub(crate) fn kill_when_due(&mut self, now: Monotonic) -> Option<Action> {
        match self.stage {
            Stage::Terminating { until } if now >= until => Some(self.kill()),
            Stage::Terminating { .. } | Stage::Going { .. } | Stage::Killed => None,
        }
    }

    /// Kills it.
    pub(crate) fn kill(&mut self) -> Action {
        self.stage = Stage::Killed;
        self.signal(Force::Kill)
    }

    const fn signal(&self, force: Force) -> Action {
        Action::Signal {
            run: self.id,
            force,
        }
    }
}

/// Where a script's wishes go, and what they need.
pub(crate) struct Context<'a> {
    pub(crate) now: Monotonic,
    /// Verdicts and lines go here.
    pub(crate) actions: &'a mut Vec<Action>,
    /// Verdicts to be sent, put into messages by the owner of the generation.
    pub(crate) verdicts: &'a mut Vec<Verdict>,
    /// Questions to /proc of this turn.
    pub(crate) probes: &'a mut Vec<Probe>,
    pub(crate) next_run: &'a mut RunId,
    pub(crate) script_security: bool,
}

impl Context<'_> {
    fn log(&mut self, level: Level, text: String) {
        self.actions.push(Action::log(level, text));
    }

    fn new_run(&mut self) -> RunId {
        *self.next_run = self.next_run.next();
        *self.next_run
    }
}

/// One script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    config: CheckerScript,
    judge: Judge,
    schedule: Schedule,
    run: Option<Run>,
    /// The run is one of an earlier command: start when it is gone.
    waits_for_run: bool,
    /// Reason of the newest result; one that differs gets a line.
    last: Option<Reason>,
    overlap_lines: RateLimit,
    start_lines: RateLimit,
}

impl Script {
    /// A script that is due first at `first`; `known` is the verdict of a predecessor.
    pub(crate) fn new(config: CheckerScript, first: Monotonic, known: Option<Verdict>) -> Self {
        // keepalived takes 0 as the exit code before the first run.
        let last = match &known {
            Some(_) => None,
            None => Some(Reason::Exit(0)),
        };
        let known = known.map(|verdict| (verdict.state, verdict.detail));
        Self {
            judge: Judge::new(rules_of(&config), known),
            schedule: Schedule::new(first, config.interval),
            config,
            run: None,
            waits_for_run: false,
            last,
            overlap_lines: RateLimit::default(),
            start_lines: RateLimit::default(),
        }
    }

    pub(crate) const fn name(&self) -> &ScriptName {
        &self.config.name
    }

    /// Which process names it wants to see in /proc.
    pub(crate) fn process_names(&self) -> Option<&[String]> {
        match &self.config.action {
            ScriptAction::ProcessExists(names) => Some(names),
            ScriptAction::Run(_) => None,
        }
    }

    pub(crate) fn has_run(&self, run: RunId) -> bool {
        self.run.as_ref().is_some_and(|own| own.id == run)
    }

    pub(crate) const fn run_mut(&mut self) -> Option<&mut Run> {
        self.run.as_mut()
    }

    pub(crate) fn forget_run(&mut self, run: RunId) {
        self.run = self.run.take().filter(|own| own.id != run);
    }

    pub(crate) fn into_run(self) -> Option<Run> {
        self.run
    }

    /// The newest verdict, as a message says it.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        let (state, detail) = self.judge.verdict()?;
        Some(Verdict {
            script: self.config.name.clone(),
            state,
            detail: detail.to_owned(),
        })
    }

    /// When it has to be looked at again.
    pub(crate) fn next_deadline(&self) -> Monotonic {
        let next = self.schedule.next();
        self.run
            .as_ref()
            .and_then(Run::deadline)
            .map_or(next, |deadline| next.min(deadline))
    }

    /// Before the first run.
    pub(crate) fn begin(&mut self, context: &mut Context<'_>) {
        let judgement = self.judge.begin();
        self.report(judgement, None, context);
    }

    /// Takes another configuration of the same name. The verdict belongs to the command: with
    /// another one it starts anew, once the old run is gone.
    pub(crate) fn change(&mut self, config: CheckerScript, context: &mut Context<'_>) {
        if config == self.config {
            return;
        }
        if config.action == self.config.action {
            self.judge.set_rules(rules_of(&config));
            self.schedule.change_interval(context.now, config.interval);
            self.config = config;
            return;
        }
        let mut old = std::mem::replace(self, Self::new(config, context.now, None));
        if let Some(mut run) = old.run.take() {
            context.actions.extend(run.terminate(context.now, GRACE));
            self.run = Some(run);
            self.waits_for_run = true;
        }
    }

    /// Does what is due.
    pub(crate) fn due(&mut self, context: &mut Context<'_>) {
        self.check_run(context);
        if !self.schedule.is_due(context.now) {
            return;
        }
        self.schedule.advance(context.now);
        if self.run.is_some() {
            self.skip(context);
        } else {
            self.start(context);
        }
    }

    /// A run of this script is over.
    pub(crate) fn ended(&mut self, outcome: Outcome, context: &mut Context<'_>) {
        let Some(run) = self.run.take() else {
            return;
        };
        let Stage::Going { .. } = run.stage else {
            // It was judged when its time was over, or nobody wants its result any more.
            if std::mem::take(&mut self.waits_for_run) {
                self.schedule = Schedule::new(context.now, self.config.interval);
            }
            return;
        };
        let took = context.now.since(run.started);
        if let Some(finding) = self.finding(outcome, took, context) {
            self.take(&finding, context);
        }
    }

    fn start(&mut self, context: &mut Context<'_>) {
        let run = context.new_run();
        self.run = Some(Run::new(run, context.now, self.config.timeout));
        match &self.config.action {
            ScriptAction::Run(words) => context.actions.push(Action::Run {
                run,
                words: words.clone(),
                check_path: context.script_security,
            }),
            ScriptAction::ProcessExists(names) => context.probes.push(Probe {
                run,
                names: names.clone(),
            }),
        }
    }

    fn skip(&mut self, context: &mut Context<'_>) {
        if self.waits_for_run {
            return;
        }
        if let Some(more) = self.overlap_lines.admit(context.now) {
            let name = &self.config.name;
            let text =
                format!("Track script {name} is already running, expect idle - skipping run{more}");
            context.log(Level::Warning, text);
        }
    }

    fn check_run(&mut self, context: &mut Context<'_>) {
        let Some(run) = &mut self.run else {
            return;
        };
        match run.stage {
            Stage::Going { until } if context.now >= until => {
                context.actions.extend(run.terminate(context.now, GRACE));
                self.take(&timed_out(self.config.timeout), context);
            }
            Stage::Going { .. } | Stage::Terminating { .. } | Stage::Killed => {
                context.actions.extend(run.kill_when_due(context.now));
            }
        }
    }

    /// What an outcome says; `None` where it says nothing about the checked thing.
    fn finding(
        &mut self,
        outcome: Outcome,
        took: Micros,
        context: &mut Context<'_>,
    ) -> Option<Finding> {
        let (reason, took, output) = match outcome {
            Outcome::Exited { status, output } => (Reason::Exit(status), Some(took), output),
            Outcome::Signaled { signal, output } => (Reason::Signal(signal), Some(took), output),
            Outcome::NotExecutable { reason } => {
                (Reason::NotExecutable(reason), None, String::new())
            }
            Outcome::Refused { fault } => (Reason::Refused(fault), None, String::new()),
            Outcome::NotStarted { reason } => {
                self.not_started(&reason, context);
                return None;
            }
            Outcome::Processes { missing, .. } if missing.is_empty() => {
                let names = self.process_names().unwrap_or_default().to_vec();
                (Reason::Found(names), None, String::new())
            }
            Outcome::Processes { missing, .. } => (Reason::Missing(missing), None, String::new()),
        };
        Some(Finding {
            reason,
            took,
            output,
        })
    }

    /// No process to be had is no verdict over what is checked.
    fn not_started(&mut self, reason: &str, context: &mut Context<'_>) {
        if let Some(more) = self.start_lines.admit(context.now) {
            let text = format!(
                "Script `{}` could not be started ({reason}); its verdict stays, next try in {}{more}",
                self.config.name, self.config.interval
            );
            context.log(Level::Error, text);
        }
    }

    fn take(&mut self, finding: &Finding, context: &mut Context<'_>) {
        self.log_other_result(&finding.reason, context);
        let judgement = self.judge.judge(finding);
        self.report(judgement, Some(&finding.reason), context);
    }

    /// keepalived's line for another exit code, and the like for the other ways to end.
    fn log_other_result(&mut self, reason: &Reason, context: &mut Context<'_>) {
        if self.last.as_ref() == Some(reason) {
            return;
        }
        self.last = Some(reason.clone());
        let name = &self.config.name;
        let text = match reason {
            Reason::Exit(status) => format!("Script `{name}` now returning {status}"),
            Reason::Missing(_) => format!("Script `{name}` now returning 1: {reason}"),
            Reason::Found(_) => format!("Script `{name}` now returning 0: {reason}"),
            Reason::Refused(fault) => format!("Script `{name}` is not run: {fault}"),
            Reason::NotExecutable(why) => format!("Script `{name}` cannot be run: {why}"),
            Reason::Signal(_) => format!("Script `{name}` now ended by {reason}"),
            Reason::TimedOut(limit) => format!("Script `{name}` now running longer than {limit}"),
        };
        let level = match reason {
            Reason::Refused(_) | Reason::NotExecutable(_) => Level::Error,
            Reason::Exit(_)
            | Reason::Missing(_)
            | Reason::Found(_)
            | Reason::Signal(_)
            | Reason::TimedOut(_) => Level::Info,
        };
        context.log(level, text);
    }

    fn report(&self, judgement: Judgement, reason: Option<&Reason>, context: &mut Context<'_>) {
        let (state, detail) = match judgement {
            Judgement::Same => return,
            Judgement::OtherReason { state, detail } => (state, detail),
            Judgement::Turned { state, detail } => {
                let text = verdict_line(&self.config.name, state, reason);
                context.log(Level::Notice, text);
                (state, detail)
            }
        };
        context.verdicts.push(Verdict {
            script: self.config.name.clone(),
            state,
            detail,
        });
    }
}

fn rules_of(config: &CheckerScript) -> Rules {
    Rules {
        rise: config.rise,
        fall: config.fall,
        init_fail: config.init_fail,
    }
}

const fn timed_out(limit: Micros) -> Finding {
    Finding {
        reason: Reason::TimedOut(limit),
        took: None,
        output: String::new(),
    }
}

/// keepalived's line; monitors look for it.
fn verdict_line(name: &ScriptName, state: ScriptState, reason: Option<&Reason>) -> String {
    match (state, reason) {
        (ScriptState::Ok, _) => format!("VRRP_Script({name}) succeeded"),
        (ScriptState::Failed, None) => {
            format!("VRRP_Script({name}) failed (no result yet, init_fail)")
        }
        (ScriptState::Failed, Some(reason)) => match reason {
            Reason::TimedOut(_) => format!("VRRP_Script({name}) timed_out"),
            Reason::Signal(signal) => {
                format!("VRRP_Script({name}) failed (due to signal {signal})")
            }
            Reason::Exit(status) => {
                format!("VRRP_Script({name}) failed (exited with status {status})")
            }
            // What `killall -0` would have ended with.
            Reason::Missing(_) | Reason::Found(_) => {
                format!("VRRP_Script({name}) failed (exited with status 1)")
            }
            Reason::NotExecutable(_) | Reason::Refused(_) => {
                format!("VRRP_Script({name}) failed ({reason})")
            }
        },
    }
}

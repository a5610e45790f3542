//! The whole checker: what the parent says, what the scripts do, in which phase.

use crate::action::Action;
use crate::event::{Event, Outcome, RunId};
use crate::script_set::{ScriptSet, Turn};
use crate::watch::{Ready, Watch};
use holdfast_ipc::config::model::{Micros, ScriptAction, ScriptName};
use holdfast_ipc::config::{CheckerConfig, Generation};
use holdfast_ipc::message::{CheckerStart, CheckerToParent, ParentToChecker};
use holdfast_ipc::opening::{NotOpened, Request};
use holdfast_ipc::state::Verdict;
use holdfast_ipc::time::Monotonic;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// At the end of the checker a run has so long to end by itself. The whole daemon is to end within
/// a second.
const GRACE_AT_END: Micros = Micros::from_millis(200);
/// So long a killed run is waited for; one that hangs in the kernel stays behind.
const WAIT_AT_END: Micros = Micros::from_millis(200);

/// The whole checker. Spurious calls are harmless.
#[derive(Debug)]
pub struct Engine {
    phase: Phase,
    generation: Generation,
    scripts: ScriptSet,
    watch: Watch,
    prepared: Option<Prepared>,
}

#[derive(Debug, Default)]
enum Phase {
    /// Waits for `Start`.
    #[default]
    New,
    /// Waits for `Go`.
    Ready(CheckerStart, Box<Ready>),
    /// Runs scripts and checks.
    Running,
    /// Runs are being ended.
    Ending(Ending),
    /// Nothing is to be done any more.
    Over,
}

#[derive(Debug)]
struct Ending {
    /// Where there is a parent to be told.
    answer: bool,
    step: EndStep,
    until: Monotonic,
}

#[derive(Clone, Copy, Debug)]
enum EndStep {
    Terminated,
    Killed,
}

#[derive(Debug)]
struct Prepared {
    generation: Generation,
    config: CheckerConfig,
    servers: Ready,
    /// Scripts that got a verdict since: the parent may have thrown it away with the old
    /// generation, so they are told again.
    told: BTreeSet<ScriptName>,
}

impl Engine {
    /// Waits for `Start`. `seed` spreads the first checks of servers; `in_flight` is how many
    /// conversations with them this process has descriptors for.
    pub fn new(seed: u64, in_flight: usize) -> Self {
        Self {
            phase: Phase::New,
            generation: Generation::default(),
            scripts: ScriptSet::default(),
            watch: Watch::new(seed, in_flight),
            prepared: None,
        }
    }

    /// The turn is over: what it means for the parent. To be called when no event is left.
    #[must_use]
    pub fn end_turn(&mut self) -> Vec<Action> {
        self.watch.take_news(self.generation)
    }

    /// Takes what happened and says what is to be done, in this order.
    #[must_use]
    pub fn handle(&mut self, now: Monotonic, event: Event) -> Vec<Action> {
        match event {
            Event::Message(message) => self.message(now, message),
            Event::ParentGone => self.end(now, false),
            Event::Ended { run, outcome } => match self.phase {
                Phase::Running => self.ended(now, run, outcome),
                Phase::Ending(_) => self.ended_at_end(run),
                Phase::New | Phase::Ready(..) | Phase::Over => Vec::new(),
            },
            Event::Finished { talk, finding } => match self.phase {
                Phase::Running => {
                    let scripts = &mut self.scripts;
                    let runs = &mut || scripts.new_run();
                    self.watch.finished(now, talk, finding, runs)
                }
                Phase::New | Phase::Ready(..) | Phase::Ending(_) | Phase::Over => Vec::new(),
            },
            Event::Due => match self.phase {
                Phase::Running => self.due(now),
                Phase::Ending(_) => self.go_on_ending(now),
                Phase::New | Phase::Ready(..) | Phase::Over => Vec::new(),
            },
        }
    }

    fn ended(&mut self, now: Monotonic, run: RunId, outcome: Outcome) -> Vec<Action> {
        let scripts = &mut self.scripts;
        let runs = &mut || scripts.new_run();
        if let Some(actions) = self.watch.ended(now, run, &outcome, runs) {
            return actions;
        }
        let turn = self.scripts.ended(now, run, outcome);
        self.finish(turn)
    }

    fn due(&mut self, now: Monotonic) -> Vec<Action> {
        let turn = self.scripts.due(now);
        let mut actions = self.finish(turn);
        let scripts = &mut self.scripts;
        actions.extend(self.watch.due(now, &mut || scripts.new_run()));
        actions
    }

    /// When [`Event::Due`] is wanted. To be asked again behind every call of [`Self::handle`].
    pub fn next_deadline(&self) -> Option<Monotonic> {
        match &self.phase {
            Phase::Running => {
                let checks = self.watch.next_deadline();
                self.scripts.next_deadline().into_iter().chain(checks).min()
            }
            Phase::Ending(ending) => Some(ending.until),
            Phase::New | Phase::Ready(..) | Phase::Over => None,
        }
    }

    fn message(&mut self, now: Monotonic, message: ParentToChecker) -> Vec<Action> {
        match message {
            ParentToChecker::Ping { sequence } => {
                vec![Action::Send(CheckerToParent::Pong { sequence })]
            }
            ParentToChecker::Stop => self.end(now, true),
            ParentToChecker::Hello(_) => broken("Hello twice"),
            ParentToChecker::Start(start) => self.start(start),
            ParentToChecker::Go => self.go(now),
            ParentToChecker::Prepare { generation, config } => self.prepare(generation, config),
            ParentToChecker::Commit { generation } => self.commit(now, generation),
            ParentToChecker::Abort { generation } => self.abort(generation),
            ParentToChecker::Servers {
                generation,
                servers,
            } => taken(self.watch.servers(generation, servers)),
            ParentToChecker::CheckVerdicts {
                generation,
                verdicts,
            } => taken(self.watch.known(generation, verdicts)),
            ParentToChecker::Held { address, held } => self.held(now, address, held),
            ParentToChecker::Opened { request, opened } => self.opened(now, request, opened),
        }
    }

    /// The socket itself is not seen here.
    fn opened(
        &mut self,
        now: Monotonic,
        request: Request,
        opened: Result<(), NotOpened>,
    ) -> Vec<Action> {
        match self.phase {
            Phase::New | Phase::Ready(..) | Phase::Running => {
                let scripts = &mut self.scripts;
                let runs = &mut || scripts.new_run();
                let actions = self.watch.opened(now, request, opened, runs);
                actions.unwrap_or_else(broken)
            }
            Phase::Ending(_) | Phase::Over => Vec::new(),
        }
    }

    fn held(&mut self, now: Monotonic, address: IpAddr, held: bool) -> Vec<Action> {
        match self.phase {
            Phase::New | Phase::Ready(..) | Phase::Running => {
                let scripts = &mut self.scripts;
                let runs = &mut || scripts.new_run();
                self.watch.held(now, address, held, runs)
            }
            Phase::Ending(_) | Phase::Over => Vec::new(),
        }
    }

    /// Servers and scripts of a configuration, without any effect.
    fn examine(&mut self, generation: Generation, config: &CheckerConfig) -> Result<Ready, String> {
        let servers = self.watch.prepare(generation, config)?;
        check(config)?;
        Ok(servers)
    }

    fn start(&mut self, start: CheckerStart) -> Vec<Action> {
        let Phase::New = self.phase else {
            return broken("Start twice");
        };
        let generation = start.generation;
        let servers = match self.examine(generation, &start.config) {
            Ok(servers) => servers,
            Err(reason) => return refused(generation, reason),
        };
        self.generation = generation;
        self.phase = Phase::Ready(start, Box::new(servers));
        vec![Action::Send(CheckerToParent::Ready { generation })]
    }

    fn go(&mut self, now: Monotonic) -> Vec<Action> {
        match std::mem::take(&mut self.phase) {
            Phase::Ready(start, servers) => {
                self.phase = Phase::Running;
                let security = start.config.script_security;
                let turn = self.scripts.start(now, start.config, &start.verdicts);
                let mut actions = self.finish(turn);
                actions.extend(self.switch(now, *servers, security));
                actions
            }
            other @ (Phase::New | Phase::Running | Phase::Ending(_) | Phase::Over) => {
                self.phase = other;
                broken("Go without Start, or twice")
            }
        }
    }

    /// Lets the checks of servers go over to another configuration.
    fn switch(&mut self, now: Monotonic, servers: Ready, security: bool) -> Vec<Action> {
        let scripts = &mut self.scripts;
        let runs = &mut || scripts.new_run();
        self.watch.commit(now, servers, security, runs)
    }

    fn prepare(&mut self, generation: Generation, config: CheckerConfig) -> Vec<Action> {
        let Phase::Running = self.phase else {
            return refused(generation, "the checker is not running".to_owned());
        };
        let servers = match self.examine(generation, &config) {
            Ok(servers) => servers,
            Err(reason) => return refused(generation, reason),
        };
        self.prepared = Some(Prepared {
            generation,
            config,
            servers,
            told: BTreeSet::new(),
        });
        vec![Action::Send(CheckerToParent::Prepared { generation })]
    }

    fn commit(&mut self, now: Monotonic, generation: Generation) -> Vec<Action> {
        match self.prepared.take() {
            Some(prepared) if prepared.generation == generation => {
                // Verdicts of this turn have the numbers of the old configuration.
                let mut actions = self.watch.take_news(self.generation);
                self.generation = generation;
                let security = prepared.config.script_security;
                let turn = self.scripts.commit(now, prepared.config);
                let again: Vec<_> = self.scripts.verdicts_of(&prepared.told).collect();
                actions.push(Action::Send(CheckerToParent::Committed { generation }));
                actions.extend(again.into_iter().map(|verdict| self.telling(verdict)));
                actions.extend(self.finish(turn));
                actions.extend(self.switch(now, prepared.servers, security));
                self.watch.tell_known();
                actions
            }
            Some(_) | None => broken("Commit of what was not prepared"),
        }
    }

    fn abort(&mut self, generation: Generation) -> Vec<Action> {
        if self
            .prepared
            .as_ref()
            .is_some_and(|prepared| prepared.generation == generation)
        {
            self.prepared = None;
        }
        self.watch.abort(generation);
        Vec::new()
    }

    /// Puts the verdicts of a turn into messages, before anything that is started.
    fn finish(&mut self, turn: Turn) -> Vec<Action> {
        if let Some(prepared) = &mut self.prepared {
            let names = turn.verdicts.iter().map(|verdict| verdict.script.clone());
            prepared.told.extend(names);
        }
        let mut actions: Vec<_> = turn
            .verdicts
            .into_iter()
            .map(|verdict| self.telling(verdict))
            .collect();
        actions.extend(turn.actions);
        actions
    }

    fn telling(&self, verdict: Verdict) -> Action {
        Action::Send(CheckerToParent::Verdict {
            generation: self.generation,
            verdict,
        })
    }

    fn end(&mut self, now: Monotonic, answer: bool) -> Vec<Action> {
        match &mut self.phase {
            Phase::Over => Vec::new(),
            // Asked again, or the parent died while it waited for the answer.
            Phase::Ending(ending) => {
                ending.answer &= answer;
                Vec::new()
            }
            Phase::New | Phase::Ready(..) | Phase::Running => {
                let mut actions = self.scripts.terminate_all(now, GRACE_AT_END);
                actions.extend(self.watch.terminate_all(now, GRACE_AT_END));
                self.phase = Phase::Ending(Ending {
                    answer,
                    step: EndStep::Terminated,
                    until: now.after(GRACE_AT_END),
                });
                actions.extend(self.end_if_done());
                actions
            }
        }
    }

    fn ended_at_end(&mut self, run: RunId) -> Vec<Action> {
        self.scripts.forget_run(run);
        self.watch.forget_run(run);
        self.end_if_done()
    }

    fn go_on_ending(&mut self, now: Monotonic) -> Vec<Action> {
        let Phase::Ending(ending) = &mut self.phase else {
            return Vec::new();
        };
        if now < ending.until {
            return Vec::new();
        }
        match ending.step {
            EndStep::Terminated => {
                ending.step = EndStep::Killed;
                ending.until = now.after(WAIT_AT_END);
                let mut actions = self.scripts.kill_all();
                actions.extend(self.watch.kill_all());
                actions
            }
            EndStep::Killed => self.over(),
        }
    }

    fn end_if_done(&mut self) -> Vec<Action> {
        if self.scripts.has_runs() || self.watch.has_runs() {
            return Vec::new();
        }
        self.over()
    }

    fn over(&mut self) -> Vec<Action> {
        let answer = matches!(&self.phase, Phase::Ending(ending) if ending.answer);
        self.phase = Phase::Over;
        let mut actions = Vec::new();
        if answer {
            actions.push(Action::Send(CheckerToParent::Stopped));
        }
        actions.push(Action::End);
        actions
    }
}

/// Says what is wrong with a configuration. The parent made it from a checked one; this keeps a
/// mistake there from becoming a busy loop here.
fn check(config: &CheckerConfig) -> Result<(), String> {
    let mut names = BTreeSet::new();
    for script in &config.scripts {
        let name = &script.name;
        if !names.insert(name) {
            return Err(format!("two scripts are named `{name}`"));
        }
        if script.interval < SHORTEST || script.timeout < SHORTEST {
            return Err(format!(
                "script `{name}` has an interval or timeout below {SHORTEST}"
            ));
        }
        if script.rise == 0 || script.fall == 0 {
            return Err(format!("script `{name}` has rise or fall 0"));
        }
        match &script.action {
            ScriptAction::Run(words) if !words.program().starts_with('/') => {
                let program = words.program();
                return Err(format!(
                    "script `{name}`: {program:?} is not an absolute path"
                ));
            }
            ScriptAction::ProcessExists(wanted) if wanted.is_empty() => {
                return Err(format!("script `{name}` looks for no process"));
            }
            ScriptAction::Run(_) | ScriptAction::ProcessExists(_) => {}
        }
    }
    Ok(())
}

/// The smallest interval that the configuration language has.
const SHORTEST: Micros = Micros::from_millis(1);

/// A piece of a list; the parent kept the rules, or not.
fn taken(result: Result<(), &'static str>) -> Vec<Action> {
    result.err().map(broken).unwrap_or_default()
}

fn refused(generation: Generation, reason: String) -> Vec<Action> {
    vec![Action::Send(CheckerToParent::Refused {
        generation,
        reason,
    })]
}

fn broken(what: &str) -> Vec<Action> {
    vec![Action::Fail(format!(
        "the parent broke the protocol: {what}"
    ))]
}

#[cfg(test)]
mod opening_tests;
#[cfg(test)]
mod server_tests;
#[cfg(test)]
mod tests;

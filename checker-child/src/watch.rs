//! Real servers: what the parent says of them, in pieces, and what their checks tell it. Makes the
//! checks' own engine fit the phases and generations of the whole checker.

use crate::action::{Action, Needs, Question};
use crate::check::Finding;
use crate::check::engine::{self, Action as Wish, Prepared, TalkId, Task};
use crate::check::server::CheckedServer;
use crate::event::{Outcome, RunId};
use crate::openings::Openings;
use crate::program_set::{Begun, ProgramSet};
use holdfast_ipc::balance::{self, CheckId, CheckVerdict, MAX_BATCH};
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::config::{CheckerConfig, Generation};
use holdfast_ipc::message::CheckerToParent;
use holdfast_ipc::opening::{NotOpened, Request};
use holdfast_ipc::time::Monotonic;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

/// Servers of one configuration, at most: far above 10,000 pools of 5, and some 500 MB here.
const MOST_SERVERS: usize = 1_000_000;

/// All checks of real servers, with everything that they need from the checker.
#[derive(Debug)]
pub(crate) struct Watch {
    engine: engine::Engine,
    incoming: Incoming,
    programs: ProgramSet,
    openings: Openings,
    /// The present configuration, and those of its checks whose sockets are asked for.
    generation: Generation,
    asking: BTreeSet<CheckId>,
    /// Verdicts of this turn; a newer one takes the place of an older one.
    news: BTreeMap<CheckId, CheckVerdict>,
}

/// What came in front of a `Start` or `Prepare`.
#[derive(Debug, Default)]
struct Incoming {
    generation: Generation,
    servers: Vec<balance::CheckedServer>,
    known: Vec<CheckVerdict>,
}

/// A configuration that can be switched to.
#[derive(Debug)]
pub(crate) struct Ready {
    generation: Generation,
    prepared: Prepared,
    known: Vec<CheckVerdict>,
    /// Checks whose sockets are asked for.
    asking: BTreeSet<CheckId>,
    /// What has to be provided for it.
    needs: Needs,
}

impl Watch {
    pub(crate) fn new(seed: u64, in_flight: usize) -> Self {
        Self {
            engine: engine::Engine::new(seed, in_flight),
            incoming: Incoming::default(),
            programs: ProgramSet::default(),
            openings: Openings::new(in_flight.div_ceil(2)),
            generation: Generation::default(),
            asking: BTreeSet::new(),
            news: BTreeMap::new(),
        }
    }

    /// A piece of the list of servers.
    pub(crate) fn servers(
        &mut self,
        generation: Generation,
        servers: Vec<balance::CheckedServer>,
    ) -> Result<(), &'static str> {
        let Some(incoming) = self.incoming.of(generation) else {
            return Ok(());
        };
        let sum = incoming.servers.len().saturating_add(servers.len());
        if servers.len() > MAX_BATCH || sum > MOST_SERVERS {
            return Err("too many servers");
        }
        incoming.servers.extend(servers);
        Ok(())
    }

    /// A piece of what is known about their checks.
    pub(crate) fn known(
        &mut self,
        generation: Generation,
        verdicts: Vec<CheckVerdict>,
    ) -> Result<(), &'static str> {
        let Some(incoming) = self.incoming.of(generation) else {
            return Ok(());
        };
        let checks = incoming.servers.iter().map(|server| server.checks.len());
        let sum = incoming.known.len().saturating_add(verdicts.len());
        if verdicts.len() > MAX_BATCH || sum > checks.sum() {
            return Err("more verdicts than checks");
        }
        incoming.known.extend(verdicts);
        Ok(())
    }

    /// All pieces have to be there: makes them ready without any effect.
    pub(crate) fn prepare(
        &mut self,
        generation: Generation,
        config: &CheckerConfig,
    ) -> Result<Ready, String> {
        let count = config.servers;
        let incoming = match self.incoming.of(generation) {
            Some(incoming) => std::mem::take(incoming),
            None => Incoming::default(),
        };
        let came = incoming.servers.len();
        if u32::try_from(came) != Ok(count) {
            return Err(format!("{came} servers came, {count} were announced"));
        }
        let asking = asking(&incoming.servers);
        let servers = CheckedServer::all_of(incoming.servers);
        let needs = Needs::of(&servers, &config.tls);
        Ok(Ready {
            generation,
            prepared: self.engine.prepare(servers)?,
            known: incoming.known,
            asking,
            needs,
        })
    }

    /// That configuration is not wanted any more.
    pub(crate) fn abort(&mut self, generation: Generation) {
        if self.incoming.generation == generation {
            self.incoming.servers = Vec::new();
            self.incoming.known = Vec::new();
        }
    }

    /// Switches over.
    pub(crate) fn commit(
        &mut self,
        now: Monotonic,
        ready: Ready,
        script_security: bool,
        runs: &mut dyn FnMut() -> RunId,
    ) -> Vec<Action> {
        self.programs.script_security = script_security;
        self.generation = ready.generation;
        self.asking = ready.asking;
        let wishes = self.engine.commit(now, ready.prepared, &ready.known);
        let mut actions = Vec::new();
        if ready.needs != Needs::default() {
            actions.push(Action::Provide(ready.needs));
        }
        actions.extend(self.carry_out(now, wishes, runs));
        actions
    }

    /// The parent forgets what it cannot find in the new configuration: a verdict over a check with
    /// another place or other times. Those that go without saying are not told again.
    pub(crate) fn tell_known(&mut self) {
        let known = self.engine.known();
        self.news
            .extend(known.map(|verdict| (verdict.check, verdict)));
    }

    /// A virtual address came or went.
    pub(crate) fn held(
        &mut self,
        now: Monotonic,
        address: IpAddr,
        held: bool,
        runs: &mut dyn FnMut() -> RunId,
    ) -> Vec<Action> {
        self.handle(now, engine::Event::Held { address, held }, runs)
    }

    /// A conversation is over.
    pub(crate) fn finished(
        &mut self,
        now: Monotonic,
        talk: TalkId,
        finding: Finding,
        runs: &mut dyn FnMut() -> RunId,
    ) -> Vec<Action> {
        self.handle(now, engine::Event::Finished { talk, finding }, runs)
    }

    /// The parent has answered a request for a socket. The error is one of the parent.
    pub(crate) fn opened(
        &mut self,
        now: Monotonic,
        request: Request,
        opened: Result<(), NotOpened>,
        runs: &mut dyn FnMut() -> RunId,
    ) -> Result<Vec<Action>, &'static str> {
        let mut actions = Vec::new();
        if let Some((talk, waiting)) = self.openings.answered(request)? {
            let opened = match opened {
                Ok(()) => Ok(request),
                Err(NotOpened::Refused(refusal)) => Err(refusal),
                Err(NotOpened::NotTried(reason)) => {
                    let finding = waiting.not_tried(now, reason);
                    return Ok(self.finished(now, talk, finding, runs));
                }
            };
            actions.push(Action::ConverseOver {
                talk,
                question: Question(waiting.conversation),
                since: waiting.since,
                opened,
            });
        }
        actions.extend(self.ask());
        Ok(actions)
    }

    /// Asks for the sockets whose turn it is.
    fn ask(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        while let Some(talk) = self.openings.next() {
            let action = match self.asks(talk) {
                Some(check) => Some(Action::Send(CheckerToParent::Open {
                    generation: self.generation,
                    check,
                    request: self.openings.ask(talk),
                })),
                // A reload has changed that while it waited.
                None => self.openings.take(talk).map(|waiting| Action::Converse {
                    talk,
                    question: Question(waiting.conversation),
                }),
            };
            actions.extend(action);
        }
        actions
    }

    /// The number of the check where its socket is asked for.
    fn asks(&self, talk: TalkId) -> Option<CheckId> {
        if self.asking.is_empty() {
            return None;
        }
        let number = self.engine.number(talk.check);
        number.filter(|number| self.asking.contains(number))
    }

    /// A program is over; `None` where it is none of ours.
    pub(crate) fn ended(
        &mut self,
        now: Monotonic,
        run: RunId,
        outcome: &Outcome,
        runs: &mut dyn FnMut() -> RunId,
    ) -> Option<Vec<Action>> {
        let actions = match self.programs.ended(now, run, outcome)? {
            Some((talk, finding)) => self.finished(now, talk, finding, runs),
            None => Vec::new(),
        };
        Some(actions)
    }

    /// Does what is due.
    pub(crate) fn due(&mut self, now: Monotonic, runs: &mut dyn FnMut() -> RunId) -> Vec<Action> {
        let (mut actions, late) = self.programs.due(now);
        for (talk, finding) in late.into_iter().chain(self.openings.due(now)) {
            actions.extend(self.finished(now, talk, finding, runs));
        }
        actions.extend(self.handle(now, engine::Event::Due, runs));
        actions
    }

    /// When [`Self::due`] has to be called.
    pub(crate) fn next_deadline(&self) -> Option<Monotonic> {
        let programs = self.programs.next_deadline();
        self.engine
            .next_deadline()
            .into_iter()
            .chain(programs)
            .chain(self.openings.next_deadline())
            .min()
    }

    /// The verdicts of this turn as messages.
    pub(crate) fn take_news(&mut self, generation: Generation) -> Vec<Action> {
        let mut news = std::mem::take(&mut self.news).into_values().peekable();
        let mut actions = Vec::new();
        while news.peek().is_some() {
            let verdicts = news.by_ref().take(MAX_BATCH).collect();
            actions.push(Action::Send(CheckerToParent::CheckVerdicts {
                generation,
                verdicts,
            }));
        }
        actions
    }

    /// Asks all programs to end.
    pub(crate) fn terminate_all(&mut self, now: Monotonic, grace: Micros) -> Vec<Action> {
        self.programs.terminate_all(now, grace)
    }

    /// Kills all programs.
    pub(crate) fn kill_all(&mut self) -> Vec<Action> {
        self.programs.kill_all()
    }

    /// A program is over and nothing more is started.
    pub(crate) fn forget_run(&mut self, run: RunId) {
        self.programs.forget(run);
    }

    /// True while a program has not ended.
    pub(crate) fn has_runs(&self) -> bool {
        self.programs.has_runs()
    }

    fn handle(
        &mut self,
        now: Monotonic,
        event: engine::Event,
        runs: &mut dyn FnMut() -> RunId,
    ) -> Vec<Action> {
        let wishes = self.engine.handle(now, event);
        self.carry_out(now, wishes, runs)
    }

    fn carry_out(
        &mut self,
        now: Monotonic,
        wishes: Vec<Wish>,
        runs: &mut dyn FnMut() -> RunId,
    ) -> Vec<Action> {
        let mut wishes = VecDeque::from(wishes);
        let mut actions = Vec::new();
        while let Some(wish) = wishes.pop_front() {
            match wish {
                Wish::Begin {
                    talk,
                    task: Task::Talk(conversation),
                } if self.asks(talk).is_some() => {
                    if let Some(finding) = self.openings.add(now, talk, conversation) {
                        let event = engine::Event::Finished { talk, finding };
                        wishes.extend(self.engine.handle(now, event));
                    }
                }
                Wish::Begin {
                    talk,
                    task: Task::Talk(conversation),
                } => actions.push(Action::Converse {
                    talk,
                    question: Question(conversation),
                }),
                Wish::Begin {
                    talk,
                    task: Task::Run(plan),
                } => match self.programs.begin(now, talk, plan, runs) {
                    Begun::Run(action) => actions.push(action),
                    Begun::StillBusy(finding) => {
                        let event = engine::Event::Finished { talk, finding };
                        wishes.extend(self.engine.handle(now, event));
                    }
                },
                Wish::Cancel { talk } if self.openings.take(talk).is_some() => {}
                Wish::Cancel { talk } => match self.programs.cancel(now, talk) {
                    Some(action) => actions.extend(action),
                    None => actions.push(Action::BreakOff { talk }),
                },
                Wish::Check(verdict) => {
                    self.news.insert(verdict.check, verdict.message());
                }
                // Whether a server is in its pool is said by the VRRP child, which knows the
                // checks of all checkers.
                Wish::Server(_) => {}
                Wish::Log(record) => actions.push(Action::Send(CheckerToParent::Log(record))),
            }
        }
        actions.extend(self.ask());
        actions
    }
}

/// Checks whose sockets are asked for.
fn asking(servers: &[balance::CheckedServer]) -> BTreeSet<CheckId> {
    let checks = servers.iter().flat_map(|server| &server.checks);
    checks
        .filter(|config| config.asks)
        .map(|config| config.id)
        .collect()
}

impl Incoming {
    /// What is collected for this configuration; pieces of an older one are of no use any more.
    fn of(&mut self, generation: Generation) -> Option<&mut Self> {
        if generation > self.generation {
            *self = Self {
                generation,
                ..Self::default()
            };
        }
        (generation == self.generation).then_some(self)
    }
}

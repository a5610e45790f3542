//! All checks of all real servers: which conversation begins when, and what follows from its end.
//! Takes the time and what happened, gives back what to do; draws nothing at random but from its
//! seed.

mod queue;
mod reload;
mod slot;

pub use queue::IN_FLIGHT;
pub use reload::Prepared;

use super::conversation::{Conversation, Finding, Outcome};
use super::external::MiscPlan;
use super::lines::lines;
use super::plan::Work;
use super::schedule::{Change, Reaction, part};
use super::server::{ServerKey, name_of};
use crate::limit::RateLimit;
use holdfast_ipc::balance::{CheckId as Number, CheckVerdict as Told};
use holdfast_ipc::log::{Level, LogRecord};
use holdfast_ipc::time::Monotonic;
use queue::{MOMENT, Queue};
use slot::{CheckSlot, ServerSlot};
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

/// Names a check; never used twice, kept over reloads that do not change what it asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckId(u64);

/// Names one conversation or run of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TalkId {
    /// Of which check.
    pub check: CheckId,
    /// Which one.
    pub number: u64,
}

/// What a check wants done.
#[derive(Debug)]
pub enum Task {
    /// Hold this conversation.
    Talk(Box<Conversation>),
    /// Run this program, and judge its end with [`MiscPlan::judge`].
    Run(Arc<MiscPlan>),
}

/// What the engine wants done, in this order.
#[derive(Debug)]
pub enum Action {
    /// Begin. Answered by [`Event::Finished`].
    Begin {
        /// Which.
        talk: TalkId,
        /// What.
        task: Task,
    },
    /// Break it off: close its socket, or end its program. No answer is expected.
    Cancel {
        /// Which.
        talk: TalkId,
    },
    /// A check has its first verdict or another one, or moves the weight of its server.
    Check(CheckVerdict),
    /// A real server turned, or its weight moved.
    Server(ServerVerdict),
    /// A line for the log.
    Log(LogRecord),
}

/// Verdict over one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckVerdict {
    /// The real server.
    pub server: Arc<ServerKey>,
    /// The number of the check in the present configuration.
    pub check: Number,
    /// The word of the configuration for it.
    pub name: &'static str,
    /// The verdict.
    pub up: bool,
    /// What is added to the server's configured weight.
    pub weight: i32,
    /// What decided, with cause, duration and last bytes.
    pub finding: Finding,
}

impl CheckVerdict {
    /// As the parent is told.
    pub fn message(&self) -> Told {
        Told {
            check: self.check,
            up: self.up,
            weight: self.weight,
            detail: format!("{} {}", self.name, self.finding),
        }
    }
}

/// Verdict over a real server. It holds until the next one, also over a reload. Before the first
/// one a server is as [`super::server::CheckedServer::is_up_at_first`] says, with its configured
/// weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerVerdict {
    /// Which.
    pub server: Arc<ServerKey>,
    /// All its checks are up.
    pub up: bool,
    /// The weight that its checks give it; none where it is the configured one.
    pub weight: Option<u32>,
    /// For a server that is down: which check fails, and why.
    pub cause: String,
}

/// What happens to the engine.
#[derive(Debug)]
pub enum Event {
    /// The deadline came. Harmless when it did not.
    Due,
    /// A conversation or run is over. One that is not known any more is harmless.
    Finished {
        /// Which.
        talk: TalkId,
        /// What came of it.
        finding: Finding,
    },
    /// An address that servers with `ha_suspend` wait for came to this machine, or left it. Until
    /// this is said it is not here.
    Held {
        /// The address.
        address: IpAddr,
        /// It is here.
        held: bool,
    },
}

/// All checks.
#[derive(Debug)]
pub struct Engine {
    seed: u64,
    next_check: u64,
    next_talk: u64,
    round: u64,
    servers: Vec<Option<ServerSlot>>,
    free: Vec<usize>,
    index: HashMap<Arc<ServerKey>, usize>,
    /// Addresses that are here, of those that servers wait for.
    held: BTreeSet<IpAddr>,
    /// Who waits for an address.
    waiting: HashMap<IpAddr, Vec<usize>>,
    /// Server and place of each check.
    places: HashMap<CheckId, (usize, usize)>,
    queue: Queue,
    shortage_lines: RateLimit,
}

impl Engine {
    /// Without any check. `seed` spreads the first checks; `in_flight` is how many conversations
    /// this process has descriptors for.
    pub fn new(seed: u64, in_flight: usize) -> Self {
        Self {
            seed,
            next_check: 0,
            next_talk: 0,
            round: 0,
            servers: Vec::new(),
            free: Vec::new(),
            index: HashMap::new(),
            held: BTreeSet::new(),
            waiting: HashMap::new(),
            places: HashMap::new(),
            queue: Queue::new(in_flight),
            shortage_lines: RateLimit::default(),
        }
    }

    /// When to come again with [`Event::Due`], at the latest.
    pub fn next_deadline(&self) -> Option<Monotonic> {
        self.queue.deadline()
    }

    /// Takes what happened.
    pub fn handle(&mut self, now: Monotonic, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Due => {}
            Event::Finished { talk, finding } => self.finished(now, talk, finding, &mut actions),
            Event::Held { address, held } => self.hold(now, address, held, &mut actions),
        }
        self.begin_due(now, &mut actions);
        actions
    }

    /// The present verdict over a server that has checks.
    pub fn verdict(&self, key: &ServerKey) -> Option<ServerVerdict> {
        let at = self.index.get(key)?;
        Some(verdict_of(self.servers.get(*at)?.as_ref()?))
    }

    /// All present verdicts, for whoever has to be told anew.
    pub fn verdicts(&self) -> impl Iterator<Item = ServerVerdict> {
        self.servers.iter().flatten().map(verdict_of)
    }

    /// What is known of each check beyond what everybody assumes, under its present number.
    pub fn known(&self) -> impl Iterator<Item = Told> {
        self.servers.iter().flatten().flat_map(|server| {
            let slots = server.checks.iter().zip(&server.numbers);
            slots.filter_map(|(slot, check)| {
                let (up, weight, detail) = slot.known(server.weight)?;
                Some(Told {
                    check: *check,
                    up,
                    weight,
                    detail,
                })
            })
        })
    }

    /// The number of a check in the present configuration.
    pub fn number(&self, check: CheckId) -> Option<Number> {
        let (server, place) = *self.places.get(&check)?;
        let numbers = &self.servers.get(server)?.as_ref()?.numbers;
        numbers.get(place).copied()
    }

    fn slot(&mut self, check: CheckId) -> Option<&mut CheckSlot> {
        let (server, place) = *self.places.get(&check)?;
        self.servers
            .get_mut(server)?
            .as_mut()?
            .checks
            .get_mut(place)
    }

    fn begin_due(&mut self, now: Monotonic, actions: &mut Vec<Action>) {
        while let Some((at, check)) = self.queue.pop_elapsed(now) {
            let meant = self.slot(check).filter(|slot| slot.due == Some(at));
            if let Some(slot) = meant {
                slot.due = None;
                slot.queued = true;
                slot.late = now.since(at).min(MOMENT);
                self.queue.push_due(check);
            }
        }
        while let Some(check) = self.queue.pop_start(now) {
            if let Some(action) = self.begin(check) {
                self.queue.began();
                actions.push(action);
            }
        }
    }

    fn begin(&mut self, check: CheckId) -> Option<Action> {
        let number = self.next_talk.saturating_add(1);
        let slot = self.slot(check).filter(|slot| slot.queued)?;
        let talk = TalkId { check, number };
        slot.queued = false;
        slot.talk = Some(talk);
        let task = match &slot.work {
            Work::Talk(plan) => Task::Talk(Box::new(Conversation::new(plan, slot.schedule.page()))),
            Work::Run(plan) => Task::Run(Arc::clone(plan)),
        };
        self.next_talk = number;
        Some(Action::Begin { talk, task })
    }

    fn finished(
        &mut self,
        now: Monotonic,
        talk: TalkId,
        finding: Finding,
        actions: &mut Vec<Action>,
    ) {
        let Some(&(at, place)) = self.places.get(&talk.check) else {
            return;
        };
        let suspended = self.is_suspended(at);
        let Some(server) = self.servers.get_mut(at).and_then(Option::as_mut) else {
            return;
        };
        let key = Arc::clone(&server.key);
        let number = server.numbers.get(place).copied();
        let configured = server.weight;
        let Some(slot) = server
            .checks
            .get_mut(place)
            .filter(|slot| slot.talk == Some(talk))
        else {
            return;
        };
        slot.talk = None;
        self.queue.ended();
        if suspended {
            return;
        }
        let before = slot.weight.shift(configured).unwrap_or(0);
        let wait = match result(slot, &finding) {
            Some(reaction) => {
                let told = lines(&slot.check, &key, &reaction, &finding);
                actions.extend(told.into_iter().map(Action::Log));
                let weight = slot.weight.shift(configured).unwrap_or(0);
                let news = reaction.first || reaction.change != Change::Same || weight != before;
                keep_cause(slot, &finding);
                if let Some(check) = number.filter(|_| news) {
                    actions.push(Action::Check(CheckVerdict {
                        server: key,
                        check,
                        name: name_of(&slot.check.probe),
                        up: slot.schedule.is_up(),
                        weight,
                        finding,
                    }));
                }
                reaction.wait
            }
            None => {
                let name = name_of(&slot.check.probe);
                if let Some(more) = self.shortage_lines.admit(now) {
                    let text = format!("{name} on service {key} was not tried: {finding}{more}");
                    actions.push(Action::Log(LogRecord::new(Level::Warning, text)));
                }
                slot.schedule.not_tried()
            }
        };
        // Waiting for others to begin with them must not add up.
        let due = now.after(wait.minus(slot.late));
        slot.due = Some(due);
        self.queue.wait(due, talk.check);
        tell_if_other(server, actions);
    }

    fn is_suspended(&self, server: usize) -> bool {
        let slot = self.servers.get(server).and_then(Option::as_ref);
        let address = slot.and_then(|slot| slot.only_with);
        address.is_some_and(|address| !self.held.contains(&address))
    }

    /// Conversations under way come to their end, and count for nothing.
    fn hold(&mut self, now: Monotonic, address: IpAddr, held: bool, actions: &mut Vec<Action>) {
        let other = match held {
            true => self.held.insert(address),
            false => self.held.remove(&address),
        };
        if !other {
            return;
        }
        let suspended = !held;
        let members = self.waiting.get(&address).cloned().unwrap_or_default();
        let word = if suspended {
            "Suspending"
        } else {
            "Activating"
        };
        for at in members {
            let Some(server) = self.servers.get_mut(at).and_then(Option::as_mut) else {
                continue;
            };
            let text = format!(
                "{word} healthchecker for service {} for VS {}",
                server.key, server.key.service
            );
            actions.push(Action::Log(LogRecord::new(Level::Info, text)));
            for slot in &mut server.checks {
                slot.queued = false;
                let busy = slot.talk.is_some();
                let random = spread(self.seed, slot.id, now.micros());
                let soon = now.after(part(slot.check.timing.delay_loop, random));
                slot.due = (!suspended && !busy).then_some(soon);
                if let Some(due) = slot.due {
                    self.queue.wait(due, slot.id);
                }
            }
        }
        self.forget_outdated();
    }

    /// Entries of the queue that nobody means any more go when they are more than the others.
    fn forget_outdated(&mut self) {
        if self.queue.waiting() <= self.places.len().saturating_mul(2) {
            return;
        }
        self.fill_queue();
    }

    fn fill_queue(&mut self) {
        let places = &self.places;
        let servers = &self.servers;
        self.queue.reset(|check| {
            places
                .get(check)
                .and_then(|(server, place)| servers.get(*server)?.as_ref()?.checks.get(*place))
                .is_some_and(|slot| slot.queued)
        });
        for slot in self
            .servers
            .iter()
            .flatten()
            .flat_map(|server| &server.checks)
        {
            if let Some(due) = slot.due {
                self.queue.wait(due, slot.id);
            }
        }
    }
}

/// Puts a finding into the schedule; `None` where it says nothing about the server.
fn result(slot: &mut CheckSlot, finding: &Finding) -> Option<Reaction> {
    match &finding.outcome {
        Outcome::Passed(success) => {
            slot.weigh(*success);
            Some(slot.schedule.passed())
        }
        Outcome::Failed(_) => Some(slot.schedule.failed()),
        Outcome::NotTried(_) => None,
    }
}

/// Keeps why a check is down.
fn keep_cause(slot: &mut CheckSlot, finding: &Finding) {
    let failed = matches!(finding.outcome, Outcome::Failed(_));
    match (slot.schedule.is_up(), failed) {
        (true, _) => slot.last = None,
        (false, true) => slot.last = Some(Box::new(finding.clone())),
        (false, false) => return,
    }
    slot.said = None;
}

fn tell_if_other(server: &mut ServerSlot, actions: &mut Vec<Action>) {
    let verdict = server.verdict();
    if verdict != server.told {
        server.told = verdict;
        actions.push(Action::Server(verdict_of(server)));
    }
}

fn verdict_of(server: &ServerSlot) -> ServerVerdict {
    let verdict = server.verdict();
    ServerVerdict {
        server: Arc::clone(&server.key),
        up: verdict.up,
        weight: verdict.weight,
        cause: server.cause(),
    }
}

/// An even number for a check (SplitMix64): the same for the same seed, so that a run can be
/// repeated.
const fn spread(seed: u64, check: CheckId, salt: u64) -> u64 {
    let mut mixed = seed
        .wrapping_add(check.0.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .wrapping_add(salt.wrapping_mul(0xd1b5_4a32_d192_ed03));
    mixed = (mixed ^ mixed.wrapping_shr(30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed.wrapping_shr(27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed.wrapping_shr(31)
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers in tests")]
mod tests;

//! All virtual routers of this process, their trackers and timers: the single entry of the loop.

mod batches;
mod deadlines;
mod net;
pub(crate) mod outbox;
mod receive;
mod reload;
mod sockets;

use self::batches::Batches;
use self::deadlines::Deadlines;
use self::outbox::{Ctx, Shared, Slot, Work};
use self::receive::Directory;
use crate::action::{Action, SocketSpec};
use crate::addresses::{self, OwnRemovals};
use crate::event::{Event, KernelState};
use crate::garp::Pace;
use crate::instance::{Instance, Resume};
use crate::interfaces::Interfaces;
use crate::limit::{Limiter, Rejections};
use crate::packet::Reject;
use holdfast_ipc::config::VrrpConfig;
use holdfast_ipc::config::model::{EffectivePriority, InstanceName};
use holdfast_ipc::log::{Level, LogRecord};
use holdfast_ipc::message::{StartMode, VrrpStart};
use holdfast_ipc::state::{Cause, Checkpoint, Verdict, VrrpState};
use holdfast_ipc::time::Monotonic;
use std::collections::BTreeMap;

/// All virtual routers.
#[derive(Debug)]
pub struct Engine {
    phase: Phase,
    shared: Shared,
    /// Empty places are used again by the next reload.
    instances: Vec<Option<Instance>>,
    directory: Directory,
    deadlines: Deadlines,
    pace: Pace,
    work: Work,
    batches: Batches,
    own_removals: OwnRemovals,
    sockets: Vec<SocketSpec>,
    log_unknown_vrids: bool,
    strays: Rejections,
    send_failures: Limiter,
    due: Vec<Slot>,
}

/// Where the process is in its life.
#[derive(Debug)]
enum Phase {
    /// Before `Go`.
    Waiting(Box<Beginning>),
    Running,
    /// Address changes of the end are under way.
    Stopping,
    Stopped,
}

/// How to start.
#[derive(Debug)]
struct Beginning {
    mode: StartMode,
    checkpoints: Vec<Checkpoint>,
    silent_since: Option<Monotonic>,
}

impl Engine {
    /// Takes the configuration and the kernel's state. Nothing happens yet.
    pub fn new(start: VrrpStart, kernel: KernelState) -> Self {
        let config = start.config;
        let mut engine = Self {
            phase: Phase::Waiting(Box::new(Beginning {
                mode: start.mode,
                checkpoints: start.checkpoints,
                silent_since: start.silent_since,
            })),
            shared: Shared {
                net: Interfaces::new(kernel),
                verdicts: BTreeMap::new(),
                virtuals: BTreeMap::new(),
                log_detail: config.log_detail,
            },
            instances: config
                .routers
                .into_iter()
                .map(|router| Some(Instance::new(router)))
                .collect(),
            directory: Directory::default(),
            deadlines: Deadlines::default(),
            pace: Pace::default(),
            work: Work::default(),
            batches: Batches::default(),
            own_removals: OwnRemovals::default(),
            sockets: Vec::new(),
            log_unknown_vrids: config.log_unknown_vrids,
            strays: Rejections::default(),
            send_failures: Limiter::default(),
            due: Vec::new(),
        };
        for verdict in start.verdicts {
            engine.keep_verdict(verdict);
        }
        engine.list_virtuals();
        engine
    }

    /// `Go`: asks for its sockets, adopts or removes addresses, arms the timers.
    pub fn start(&mut self, now: Monotonic, actions: &mut Vec<Action>) {
        let Phase::Waiting(beginning) = std::mem::replace(&mut self.phase, Phase::Running) else {
            return;
        };
        self.open_sockets(actions);
        match beginning.mode {
            StartMode::Fresh => {
                self.visit_all(now, actions, |instance, ctx| {
                    instance.start(ctx, Cause::Startup);
                });
            }
            StartMode::Resume => self.resume(now, &beginning, actions),
            StartMode::Release => self.release(now, &beginning, actions),
        }
        self.finish(actions);
    }

    fn resume(&mut self, now: Monotonic, beginning: &Beginning, actions: &mut Vec<Action>) {
        let silent = beginning.silent_since.map(|since| now.since(since));
        self.visit_all(now, actions, |instance, ctx| {
            match checkpoint_of(beginning, instance) {
                Some(checkpoint) => instance.resume(
                    ctx,
                    Resume {
                        checkpoint: checkpoint.clone(),
                        silent,
                    },
                ),
                None => instance.start(ctx, Cause::Startup),
            }
        });
    }

    fn release(&mut self, now: Monotonic, beginning: &Beginning, actions: &mut Vec<Action>) {
        self.visit_all(now, actions, |instance, ctx| {
            instance.give_up(ctx, checkpoint_of(beginning, instance));
        });
        self.phase = Phase::Stopping;
    }

    /// Handles one event and appends what is to be done, in order.
    pub fn handle(&mut self, now: Monotonic, event: Event<'_>, actions: &mut Vec<Action>) {
        self.pace.begin();
        match &self.phase {
            Phase::Running => self.run(now, event, actions),
            Phase::Waiting(_) => self.prepare_to_run(event, actions),
            Phase::Stopping => {
                if let Event::AddressesDone(results) = event {
                    self.addresses_done(now, &results, actions);
                }
            }
            Phase::Stopped => {}
        }
        self.finish(actions);
    }

    fn run(&mut self, now: Monotonic, event: Event<'_>, actions: &mut Vec<Action>) {
        match event {
            Event::Advert(datagram) => self.advert(now, &datagram, actions),
            Event::AddressesDone(results) => self.addresses_done(now, &results, actions),
            Event::AddressPresent(address) => self.address_present(now, address, actions),
            Event::AddressGone {
                index,
                address,
                prefix,
            } => self.address_gone(now, index, address, prefix, actions),
            Event::LinkPresent(link) => self.link_present(now, link, actions),
            Event::LinkGone(index) => self.link_gone(now, index, actions),
            Event::Reconfigure(config) => self.reconfigure(now, config, actions),
            Event::Resync(kernel) => self.resync(now, kernel, actions),
            Event::SendFailed { index, reason } => self.send_failed(now, index, &reason, actions),
            Event::Stop => self.stop(now, actions),
            Event::TimerDue => self.timer_due(now, actions),
            Event::Verdict(verdict) => self.verdict(now, verdict, actions),
        }
    }

    /// Before `Go` the kernel and the scripts are only listened to.
    fn prepare_to_run(&mut self, event: Event<'_>, actions: &mut Vec<Action>) {
        match event {
            Event::AddressPresent(address) => {
                self.shared.net.set_address(address);
            }
            Event::AddressGone {
                index,
                address,
                prefix,
            } => self.shared.net.remove_address(index, address, prefix),
            Event::LinkPresent(link) => {
                self.shared.net.set_link(link);
            }
            Event::LinkGone(index) => self.shared.net.remove_link(index),
            Event::Resync(kernel) => self.shared.net = Interfaces::new(kernel),
            Event::Verdict(verdict) => {
                self.keep_verdict(verdict);
            }
            Event::Stop => {
                self.phase = Phase::Stopped;
                actions.push(Action::Stopped);
            }
            Event::Advert(_)
            | Event::AddressesDone(_)
            | Event::Reconfigure(_)
            | Event::SendFailed { .. }
            | Event::TimerDue => {}
        }
    }

    fn timer_due(&mut self, now: Monotonic, actions: &mut Vec<Action>) {
        let mut due = std::mem::take(&mut self.due);
        self.deadlines.due(now, &mut due);
        for slot in due.drain(..) {
            self.visit(now, slot, actions, Instance::elapse);
        }
        self.due = due;
        if let Some(rejected) = self.strays.summary(now) {
            self.log_stray(&rejected, actions);
        }
    }

    /// Priority 0, addresses away (RFC 9568 sections 6.4.2 and 6.4.3, Shutdown).
    fn stop(&mut self, now: Monotonic, actions: &mut Vec<Action>) {
        self.phase = Phase::Stopping;
        self.visit_all(now, actions, |instance, ctx| {
            instance.stop(ctx, Cause::Stopping);
        });
    }

    fn verdict(&mut self, now: Monotonic, verdict: Verdict, actions: &mut Vec<Action>) {
        let script = verdict.script.clone();
        let why = format!("script {script} {}", verdict_word(&verdict));
        if !self.keep_verdict(verdict) {
            return;
        }
        for slot in 0..self.instances.len() {
            let tracks = self.instance(slot).is_some_and(|instance| {
                let tracked = &instance.config().track_scripts;
                tracked.iter().any(|track| track.script == script)
            });
            if tracks {
                self.visit(now, slot, actions, |instance, ctx| {
                    instance.environment(ctx, Some(&why));
                });
            }
        }
    }

    /// Keeps the verdict of a script that somebody tracks.
    fn keep_verdict(&mut self, verdict: Verdict) -> bool {
        let tracked = self.instances.iter().flatten().any(|instance| {
            let tracked = &instance.config().track_scripts;
            tracked.iter().any(|track| track.script == verdict.script)
        });
        if tracked {
            self.shared.verdicts.insert(verdict.script.clone(), verdict);
        }
        tracked
    }

    fn send_failed(
        &mut self,
        now: Monotonic,
        index: Option<crate::event::IfIndex>,
        reason: &str,
        actions: &mut Vec<Action>,
    ) {
        let Some(pass) = self.send_failures.hit(now) else {
            return;
        };
        let on = index
            .and_then(|index| self.shared.net.link(index))
            .map_or_else(String::new, |link| format!(" on {}", link.name));
        actions.push(Action::Log(LogRecord::new(
            Level::Error,
            format!(
                "cannot send{on}: {reason}; peers that hear nothing will take over{}",
                pass.suffix()
            ),
        )));
    }

    /// When `Event::TimerDue` is wanted next; none when nothing is armed. Ask again after every
    /// call of `start` and `handle`.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Monotonic> {
        match &self.phase {
            Phase::Running => [self.deadlines.next(), self.strays.due()]
                .into_iter()
                .flatten()
                .min(),
            Phase::Waiting(_) | Phase::Stopping | Phase::Stopped => None,
        }
    }

    /// Checks a new configuration without any effect: an interface that is newly named has to
    /// exist. The text says which instance and what to do.
    pub fn prepare(&self, config: &VrrpConfig) -> Result<(), String> {
        self.check_interfaces(config)
    }

    /// State and effective priority of an instance.
    pub fn state_of(&self, name: &InstanceName) -> Option<(VrrpState, EffectivePriority)> {
        self.by_name(name)
            .map(|instance| (instance.vrrp_state(), instance.priority()))
    }

    /// Packets that an instance dropped: the last of each cause, and how many of that cause.
    pub fn rejected(&self, name: &InstanceName) -> Vec<(Reject, u64)> {
        self.by_name(name)
            .map_or_else(Vec::new, |instance| instance.rejected().collect())
    }

    /// The same for packets that belong to no instance.
    pub fn strays(&self) -> Vec<(Reject, u64)> {
        self.strays.totals().collect()
    }

    fn by_name(&self, name: &InstanceName) -> Option<&Instance> {
        self.instances
            .iter()
            .flatten()
            .find(|instance| instance.name() == name)
    }

    fn instance(&self, slot: Slot) -> Option<&Instance> {
        self.instances.get(slot)?.as_ref()
    }

    /// Lets one instance act, and files its next deadline.
    fn visit(
        &mut self,
        now: Monotonic,
        slot: Slot,
        actions: &mut Vec<Action>,
        act: impl FnOnce(&mut Instance, &mut Ctx<'_>),
    ) {
        let Some(instance) = self.instances.get_mut(slot).and_then(Option::as_mut) else {
            return;
        };
        let mut ctx = Ctx {
            now,
            slot,
            shared: &self.shared,
            pace: &mut self.pace,
            actions,
            work: &mut self.work,
        };
        act(instance, &mut ctx);
        instance.settle(&mut ctx);
        self.deadlines.set(slot, instance.deadline());
    }

    fn visit_all(
        &mut self,
        now: Monotonic,
        actions: &mut Vec<Action>,
        mut act: impl FnMut(&mut Instance, &mut Ctx<'_>),
    ) {
        for slot in 0..self.instances.len() {
            self.visit(now, slot, actions, &mut act);
        }
    }

    /// Which address is whose.
    fn list_virtuals(&mut self) {
        self.shared.virtuals.clear();
        for (slot, instance) in self.instances.iter().enumerate() {
            for address in instance.iter().flat_map(|i| addresses::listed(i.config())) {
                let slots = self.shared.virtuals.entry(address.address).or_default();
                if slots.last() != Some(&slot) {
                    slots.push(slot);
                }
            }
        }
    }

    /// Ends an event: one action for all address changes. What comes behind them waits until the
    /// kernel has answered.
    fn finish(&mut self, actions: &mut Vec<Action>) {
        self.flush_changes(actions);
        if !self.batches.is_empty() {
            return;
        }
        actions.append(&mut self.work.after);
        if matches!(self.phase, Phase::Stopping) {
            self.phase = Phase::Stopped;
            actions.push(Action::Stopped);
        }
    }
}

fn checkpoint_of<'a>(beginning: &'a Beginning, instance: &Instance) -> Option<&'a Checkpoint> {
    beginning
        .checkpoints
        .iter()
        .find(|checkpoint| checkpoint.instance == *instance.name())
}

fn verdict_word(verdict: &Verdict) -> &'static str {
    match verdict.state {
        holdfast_ipc::state::ScriptState::Ok => "succeeded",
        holdfast_ipc::state::ScriptState::Failed => "failed",
    }
}

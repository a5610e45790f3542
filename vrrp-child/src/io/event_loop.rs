//! The loop: waits, reads the clock once, gives events to the engine, carries out what it says.

mod balancing;

use super::clock::{self, Timer};
use super::error::{Fatal, describe};
use super::ipvs::Worker;
use super::kernel::Kernel;
use super::netlink::Pending;
use super::opening;
use super::parent::Parent;
use super::poller::{Poller, Source};
use super::signals::{self, Signals, Wish};
use super::startup::{self, Prepared};
use crate::complain;
use holdfast_ipc::channel::ChannelError;
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::config::{Generation, VrrpConfig};
use holdfast_ipc::message::{ParentToVrrp, StartMode, VrrpStart, VrrpToParent};
use holdfast_ipc::opening::{CheckSocket, Request};
use holdfast_ipc::time::Monotonic;
use holdfast_vrrp::action::Action;
use holdfast_vrrp::engine::Engine;
use holdfast_vrrp::event::{Event, KernelState};
use holdfast_vrrp::ipvs::balancer::Balancer;
use std::collections::VecDeque;

/// Packets that are taken from one socket in one turn. With `SOURCES_PER_TURN` a turn under a flood
/// takes at most 128 packets, which is about a millisecond: adverts are late by no more than that.
const PACKETS_PER_TURN: usize = 8;
/// Datagrams of notifications in one turn; each may hold dozens of changes.
const NOTIFICATIONS_PER_TURN: usize = 8;
/// Messages of the parent in one turn. Those that take longest are requests for sockets of checks,
/// with up to four system calls each: an advert is late by some 0.1 ms for a turn full of them.
const MESSAGES_PER_TURN: usize = 16;
/// Longest time between `Stop` and the end. Releasing is done in one turn; the parent's own limit
/// is a second, and without a parent nobody else would end a child that hangs on.
const STOP_LIMIT: Micros = Micros::from_secs(2);
/// The same, once the addresses are released, for virtual servers: of 10,000 some were left after
/// two seconds in an emulated machine. The parent waits a second longer.
const EMPTY_LIMIT: Micros = Micros::from_secs(9);

/// What the child is doing.
enum Phase {
    /// The engine knows everything and waits for `Go`. What it was started with is kept, for a
    /// release if the parent dies before.
    Ready(Box<VrrpStart>, KernelState),
    /// Normal operation.
    Running,
    /// `Event::Stop` was given to the engine.
    Stopping(Monotonic),
    /// The engine is done.
    Stopped,
}

/// The whole process.
pub(crate) struct EventLoop {
    parent: Parent,
    parent_wants_write: bool,
    signals: Signals,
    poller: Poller,
    timer: Timer,
    kernel: Kernel,
    ipvs: Worker,
    engine: Engine,
    /// The engine has nothing more to do.
    released: bool,
    balancer: Balancer,
    phase: Phase,
    generation: Generation,
    prepared: Option<(Generation, VrrpConfig)>,
    /// `Prepare` that waits until the pools of the running configuration are all there.
    asked: Option<(Generation, VrrpConfig)>,
    /// `Commit` is not answered yet.
    committing: bool,
    events: VecDeque<Event<'static>>,
    actions: Vec<Action>,
    queue: VecDeque<Action>,
}

impl EventLoop {
    /// Opens sockets, reads the kernel's state, answers `Ready`.
    pub(crate) fn new(prepared: Prepared) -> Result<Self, Fatal> {
        let Prepared {
            mut parent,
            signals,
            poller,
            timer,
            requests,
            notifications,
            ipvs,
            balancer,
            start,
        } = prepared;
        let generation = start.generation;
        if let Err(reason) = balancer.prepare(generation, &start.config) {
            let refused = reason.clone();
            parent.send(&VrrpToParent::Refused { generation, reason });
            return Err(Fatal::Conversation(refused));
        }
        let (kernel, state) = match Kernel::open(requests, notifications) {
            Ok(opened) => opened,
            Err(error) => {
                let reason = describe(&error);
                parent.send(&VrrpToParent::Refused { generation, reason });
                return Err(error);
            }
        };
        poller.add(&timer, Source::Timer)?;
        poller.add(&signals, Source::Signals)?;
        poller.add(&parent, Source::Parent)?;
        poller.add(&ipvs, Source::Balancer)?;
        parent.send(&VrrpToParent::Ready { generation });
        Ok(Self {
            parent,
            parent_wants_write: false,
            signals,
            poller,
            timer,
            kernel,
            ipvs,
            released: false,
            balancer,
            engine: Engine::new(start.clone(), state.clone()),
            phase: Phase::Ready(Box::new(start), state),
            generation,
            prepared: None,
            asked: None,
            committing: false,
            events: VecDeque::new(),
            actions: Vec::new(),
            queue: VecDeque::new(),
        })
    }

    /// Runs until the engine is done.
    pub(crate) fn run(mut self) -> Result<(), Fatal> {
        while !matches!(self.phase, Phase::Stopped) {
            self.turn()?;
        }
        self.parent.finish(&VrrpToParent::Stopped)
    }

    /// One turn: the clock is read once, a deadline that has come goes before everything else.
    fn turn(&mut self) -> Result<(), Fatal> {
        let unfinished = (!self.events.is_empty() && self.is_started()) || self.balancer.has_work();
        let ready = self.poller.wait(unfinished)?;
        let now = clock::now()?;
        if self.engine.next_deadline().is_some_and(|at| at <= now) {
            self.give(now, Event::TimerDue)?;
        }
        self.kernel
            .retry_sockets(now, &self.poller, &mut self.parent)?;
        for source in ready.sources() {
            match source {
                Source::Timer => {}
                Source::Signals => self.take_signals(now)?,
                Source::Parent => self.take_messages(now)?,
                Source::Notifications => self.take_notifications()?,
                Source::Balancer => self.take_answer(now)?,
                Source::Receiver(token) => self.take_packets(now, token)?,
            }
        }
        self.give_events(now)?;
        self.balance(now)?;
        self.end_turn(now)
    }

    /// Gives what waits now; what it brings about waits for the next turn, so that an event that
    /// calls for another one of its kind does not keep the loop from its timer.
    fn give_events(&mut self, now: Monotonic) -> Result<(), Fatal> {
        if !self.is_started() {
            return Ok(());
        }
        for event in std::mem::take(&mut self.events) {
            self.give(now, event)?;
        }
        Ok(())
    }

    fn is_started(&self) -> bool {
        !matches!(self.phase, Phase::Ready(..))
    }

    fn end_turn(&mut self, now: Monotonic) -> Result<(), Fatal> {
        self.parent.flush();
        if self.parent.is_gone() {
            self.stop(now)?;
        }
        if self.released && self.balancer.is_finished() {
            self.phase = Phase::Stopped;
        }
        if let Phase::Stopping(since) = self.phase
            && now.since(since) > self.stop_limit()
        {
            return Err(match self.released {
                true => Fatal::EmptyTooLong(EMPTY_LIMIT),
                false => Fatal::StopTooLong(STOP_LIMIT),
            });
        }
        let wants_write = self.parent.wants_write() && !self.parent.is_gone();
        if wants_write != self.parent_wants_write {
            self.parent_wants_write = wants_write;
            self.poller
                .also_write(&self.parent, Source::Parent, wants_write)?;
        }
        let deadlines = [
            self.engine.next_deadline(),
            self.kernel.next_retry(),
            self.balancer.next_deadline(),
            self.stop_deadline(),
        ];
        let next = deadlines.into_iter().flatten().min();
        self.timer.arm(now, next)
    }

    const fn stop_limit(&self) -> Micros {
        match self.released {
            true => EMPTY_LIMIT,
            false => STOP_LIMIT,
        }
    }

    fn stop_deadline(&self) -> Option<Monotonic> {
        match self.phase {
            Phase::Stopping(since) => Some(since.after(self.stop_limit()).after(Micros::new(1))),
            Phase::Ready(..) | Phase::Running | Phase::Stopped => None,
        }
    }

    fn take_signals(&mut self, now: Monotonic) -> Result<(), Fatal> {
        while let Some(wish) = self.signals.next()? {
            match wish {
                Wish::Stop => self.stop(now)?,
                Wish::Die(signal) => signals::die_by(signal),
            }
        }
        Ok(())
    }

    fn take_packets(&mut self, now: Monotonic, token: u64) -> Result<(), Fatal> {
        for _ in 0..PACKETS_PER_TURN {
            match self.kernel.receive(token) {
                Ok(None) => break,
                Ok(Some(None)) => {}
                Ok(Some(Some(datagram))) => {
                    let event = Event::Advert(datagram);
                    self.engine.handle(now, event, &mut self.actions);
                    self.carry_out(now)?;
                }
                // A pending error of the socket, as when its interface goes down; reading took it.
                Err(_) => break,
            }
        }
        Ok(())
    }

    fn take_notifications(&mut self) -> Result<(), Fatal> {
        let mut heard = VecDeque::new();
        let pending = self
            .kernel
            .notifications(NOTIFICATIONS_PER_TURN, &mut heard)?;
        match pending {
            Pending::Nothing | Pending::More => self.events.append(&mut heard),
            // The dump is newer than all that was heard.
            Pending::Resync => {
                let state = self.kernel.resync()?;
                self.events.push_back(Event::Resync(state));
            }
        }
        Ok(())
    }

    fn take_messages(&mut self, now: Monotonic) -> Result<(), Fatal> {
        for _ in 0..MESSAGES_PER_TURN {
            match self.parent.receive() {
                Ok(Some(message)) => self.take_message(now, message)?,
                Ok(None) => break,
                Err(error) => {
                    if !matches!(error, ChannelError::Closed) {
                        complain(&describe(&error));
                    }
                    self.parent.give_up(&self.poller)?;
                    return self.stop(now);
                }
            }
        }
        Ok(())
    }

    fn take_message(&mut self, now: Monotonic, message: ParentToVrrp) -> Result<(), Fatal> {
        match message {
            ParentToVrrp::Ping { sequence } => self.parent.send(&VrrpToParent::Pong { sequence }),
            ParentToVrrp::Go => self.go(now)?,
            ParentToVrrp::Open { request, socket } => self.open(request, &socket),
            ParentToVrrp::Stop => self.stop(now)?,
            ParentToVrrp::Verdict {
                generation,
                verdict,
            } => {
                if generation == self.generation {
                    self.events.push_back(Event::Verdict(verdict));
                }
            }
            ParentToVrrp::Prepare { generation, config } => self.prepare(generation, config),
            ParentToVrrp::Commit { generation } => self.commit(now, generation)?,
            ParentToVrrp::Abort { generation } => {
                self.balancer.abort(generation);
                self.prepared.take_if(|(number, _)| *number == generation);
            }
            ParentToVrrp::CheckVerdicts {
                generation,
                verdicts,
            } => self.check_verdicts(generation, verdicts),
            ParentToVrrp::Pools { generation, pools } => {
                self.balancer.stage_pools(generation, pools);
            }
            ParentToVrrp::KeptPools {
                generation,
                running,
                kept,
            } => self.balancer.stage_kept(generation, running, kept),
            ParentToVrrp::Hello(_) | ParentToVrrp::Standings { .. } | ParentToVrrp::Start(_) => {
                let text = format!("{} out of turn from the parent", startup::name(&message));
                return Err(Fatal::Conversation(text));
            }
        }
        Ok(())
    }

    /// Opens a socket for the checker child.
    fn open(&mut self, request: Request, socket: &CheckSocket) {
        let opened = |opened| VrrpToParent::Opened { request, opened };
        match opening::open(socket) {
            Ok(socket) => self.parent.send_carrying(&opened(Ok(())), socket),
            Err(refusal) => self.parent.send(&opened(Err(refusal))),
        }
    }

    fn go(&mut self, now: Monotonic) -> Result<(), Fatal> {
        let Phase::Ready(start, state) = std::mem::replace(&mut self.phase, Phase::Running) else {
            return Err(Fatal::Conversation("a second Go".to_owned()));
        };
        self.kernel.listen(&self.poller)?;
        self.start_balancing(*start, &state);
        self.engine.start(now, &mut self.actions);
        self.carry_out(now)
    }

    /// Once is enough: the parent's `Stop` may be followed by its end.
    fn stop(&mut self, now: Monotonic) -> Result<(), Fatal> {
        match std::mem::replace(&mut self.phase, Phase::Stopping(now)) {
            Phase::Running => {
                self.give(now, Event::Stop)?;
                self.stop_balancing();
                Ok(())
            }
            Phase::Ready(start, state) => self.release(now, *start, state),
            before @ (Phase::Stopping(_) | Phase::Stopped) => {
                self.phase = before;
                Ok(())
            }
        }
    }

    /// The end came before `Go`. What a predecessor left in the kernel must not stay there alone.
    fn release(
        &mut self,
        now: Monotonic,
        start: VrrpStart,
        state: KernelState,
    ) -> Result<(), Fatal> {
        match start.mode {
            StartMode::Fresh => {
                self.phase = Phase::Stopped;
                Ok(())
            }
            StartMode::Resume | StartMode::Release => {
                let mode = StartMode::Release;
                self.engine = Engine::new(VrrpStart { mode, ..start }, state);
                self.engine.start(now, &mut self.actions);
                self.carry_out(now)
            }
        }
    }

    fn prepare(&mut self, generation: Generation, config: VrrpConfig) {
        if self.balancer.is_moving() {
            self.asked = Some((generation, config));
            return;
        }
        let possible = self.engine.prepare(&config);
        let possible = possible.and_then(|()| self.balancer.prepare(generation, &config));
        let answer = match possible {
            Ok(()) => {
                self.prepared = Some((generation, config));
                VrrpToParent::Prepared { generation }
            }
            Err(reason) => VrrpToParent::Refused { generation, reason },
        };
        self.parent.send(&answer);
    }

    fn commit(&mut self, now: Monotonic, generation: Generation) -> Result<(), Fatal> {
        match self.prepared.take() {
            Some((number, config)) if number == generation => {
                // Verdicts of the old configuration that wait come first.
                self.give_events(now)?;
                self.generation = generation;
                let lvs = config.lvs.clone();
                self.give(now, Event::Reconfigure(config))?;
                self.rebalance(lvs);
                Ok(())
            }
            Some(_) | None => Err(Fatal::Conversation(format!(
                "Commit of configuration {}, which was not prepared",
                generation.get()
            ))),
        }
    }

    /// Gives one event and carries out what it brings.
    fn give(&mut self, now: Monotonic, event: Event<'_>) -> Result<(), Fatal> {
        self.kernel.note(&event);
        self.note_addresses(&event);
        self.engine.handle(now, event, &mut self.actions);
        self.carry_out(now)
    }

    /// Carries out all actions in the order in which the engine asked for them.
    fn carry_out(&mut self, now: Monotonic) -> Result<(), Fatal> {
        self.queue.extend(self.actions.drain(..));
        while let Some(action) = self.queue.pop_front() {
            self.carry_out_one(now, action)?;
            self.queue.extend(self.actions.drain(..));
        }
        Ok(())
    }

    fn carry_out_one(&mut self, now: Monotonic, action: Action) -> Result<(), Fatal> {
        match action {
            Action::Addresses(changes) => {
                let results = self.kernel.change_addresses(changes);
                let event = Event::AddressesDone(results);
                self.engine.handle(now, event, &mut self.actions);
            }
            Action::Send(transmit) => {
                let failure = self.kernel.send(&transmit);
                self.events.extend(failure);
            }
            Action::Frame { index, bytes } => {
                let failure = self.kernel.send_frame(index, &bytes);
                self.events.extend(failure);
            }
            Action::Sockets(specs) => {
                self.kernel
                    .want_sockets(now, specs, &self.poller, &mut self.parent)?;
            }
            Action::Checkpoint(checkpoint) => {
                self.parent.send(&VrrpToParent::Checkpoint(checkpoint));
            }
            // The parent forgets it with the last change of that instance.
            Action::Forget(_) => {}
            Action::Log(record) => self.parent.log(record),
            Action::Priority { instance, priority } => {
                self.parent
                    .send(&VrrpToParent::Priority { instance, priority });
            }
            Action::Report(change) => {
                self.balancer.instance(&change.instance, change.to);
                self.parent.send(&VrrpToParent::Changed(change));
            }
            Action::Stopped => self.released = true,
        }
        Ok(())
    }
}

//! N routers on one link, with one clock. Kernels, wires and the parent's memory are played; the
//! packets are real.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    dead_code,
    reason = "a test's numbers are small; each test binary uses its part of this module"
)]

pub(crate) mod bench;
pub(crate) mod build;

use holdfast_ipc::config::VrrpConfig;
use holdfast_ipc::config::model::{Family, InstanceName, Micros};
use holdfast_ipc::message::{StartMode, VrrpStart};
use holdfast_ipc::state::{Checkpoint, StateChange, Verdict, VrrpState};
use holdfast_ipc::time::Monotonic;
use holdfast_vrrp::action::{Action, AddressChange, Transmit};
use holdfast_vrrp::engine::Engine;
use holdfast_vrrp::event::{AddressResult, Event, IfIndex, KernelState, Link, PresentAddress};
use holdfast_vrrp::packet::Datagram;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Time between a change in the kernel and its message.
const ECHO: Micros = Micros::new(150);

/// One thing that will happen.
#[derive(Debug)]
enum Item {
    Packet(usize, Transmit),
    Timer(usize, u64),
    Echo(usize, u64, Echo),
}

#[derive(Debug)]
enum Echo {
    Present(PresentAddress),
    Gone(IfIndex, IpAddr, u8),
    Link(Link),
    Verdict(Verdict),
    Reload(VrrpConfig),
}

/// How packets travel from one router to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wire {
    pub(crate) delay: Micros,
    /// Lost out of 256.
    pub(crate) loss: u8,
    pub(crate) cut: bool,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            delay: Micros::new(300),
            loss: 0,
            cut: false,
        }
    }
}

/// One machine.
pub(crate) struct Node {
    pub(crate) engine: Option<Engine>,
    /// Counts the lives of its VRRP child.
    life: u64,
    pub(crate) kernel: KernelState,
    pub(crate) config: VrrpConfig,
    pub(crate) checkpoints: BTreeMap<InstanceName, Checkpoint>,
    pub(crate) verdicts: Vec<Verdict>,
    silent_since: Monotonic,
    /// Frozen until then: nothing is handled.
    pub(crate) asleep: Option<Monotonic>,
    mail: Vec<Item>,
    pub(crate) reports: Vec<StateChange>,
    pub(crate) log: Vec<String>,
    pub(crate) sent: Vec<(Monotonic, Transmit)>,
    pub(crate) frames: usize,
    pub(crate) stopped: bool,
    /// Addresses that the kernel refuses.
    pub(crate) refuse: Vec<IpAddr>,
}

/// All of it.
pub(crate) struct World {
    pub(crate) now: Monotonic,
    pub(crate) nodes: Vec<Node>,
    wires: Vec<Vec<Wire>>,
    queue: BTreeMap<(Monotonic, u64), Item>,
    count: u64,
    random: u64,
    /// Every look at who is master, when it changed.
    pub(crate) timeline: Vec<(Monotonic, Vec<usize>)>,
}

impl World {
    pub(crate) fn new(seed: u64, nodes: Vec<(VrrpConfig, KernelState)>) -> Self {
        let count = nodes.len();
        Self {
            now: Monotonic::from_micros(1_000_000),
            nodes: nodes
                .into_iter()
                .map(|(config, kernel)| Node::new(config, kernel))
                .collect(),
            wires: vec![vec![Wire::default(); count]; count],
            queue: BTreeMap::new(),
            count: 0,
            random: seed | 1,
            timeline: Vec::new(),
        }
    }

    /// xorshift64: the schedules come from proptest, this only shakes the packets.
    fn random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    pub(crate) fn wire(&mut self, from: usize, to: usize, set: impl Fn(&mut Wire)) {
        set(&mut self.wires[from][to]);
    }

    pub(crate) fn wires(&mut self, set: impl Fn(&mut Wire)) {
        self.wires.iter_mut().flatten().for_each(set);
    }

    /// First start of a router.
    pub(crate) fn boot(&mut self, at: usize) {
        self.nodes[at].checkpoints.clear();
        self.begin(at, StartMode::Fresh);
    }

    pub(crate) fn boot_all(&mut self) {
        for at in 0..self.nodes.len() {
            self.boot(at);
        }
    }

    /// SIGKILL of its VRRP child: nothing is cleaned up.
    pub(crate) fn kill(&mut self, at: usize) {
        let now = self.now;
        let node = &mut self.nodes[at];
        if node.engine.take().is_some() {
            node.silent_since = now;
        }
        node.life += 1;
        node.mail.clear();
        node.asleep = None;
        self.look();
    }

    /// The parent starts a new child with the checkpoints.
    pub(crate) fn resume(&mut self, at: usize) {
        if self.nodes[at].engine.is_none() {
            self.begin(at, StartMode::Resume);
        }
    }

    /// The whole machine loses power: kernel and parent forget everything.
    pub(crate) fn power_off(&mut self, at: usize) {
        self.kill(at);
        let node = &mut self.nodes[at];
        let own: Vec<IpAddr> = node.virtual_addresses();
        node.kernel.addresses.retain(|a| !own.contains(&a.address));
        node.checkpoints.clear();
        self.look();
    }

    pub(crate) fn begin(&mut self, at: usize, mode: StartMode) {
        let node = &mut self.nodes[at];
        node.life += 1;
        node.stopped = false;
        let mut engine = Engine::new(
            VrrpStart {
                generation: holdfast_ipc::config::Generation::default(),
                config: node.config.clone(),
                mode,
                checkpoints: node.checkpoints.values().cloned().collect(),
                verdicts: node.verdicts.clone(),
                silent_since: Some(node.silent_since),
            },
            node.kernel.clone(),
        );
        let mut actions = Vec::new();
        engine.start(self.now, &mut actions);
        node.engine = Some(engine);
        self.carry_out(at, actions);
    }

    /// One event for one router.
    pub(crate) fn event(&mut self, at: usize, event: Event<'_>) {
        let Some(engine) = &mut self.nodes[at].engine else {
            return;
        };
        let mut actions = Vec::new();
        engine.handle(self.now, event, &mut actions);
        self.carry_out(at, actions);
    }

    pub(crate) fn stop(&mut self, at: usize) {
        self.event(at, Event::Stop);
        if self.nodes[at].stopped {
            self.nodes[at].engine = None;
            self.nodes[at].life += 1;
        }
        self.look();
    }

    /// Lets a machine sleep; what arrives waits.
    pub(crate) fn sleep(&mut self, at: usize, time: Micros) {
        self.nodes[at].asleep = Some(self.now.after(time));
        let wake = self.now.after(time);
        let life = self.nodes[at].life;
        self.push(wake, Item::Timer(at, life));
    }

    /// All wires as new.
    pub(crate) fn mend(&mut self) {
        self.wires(|wire| *wire = Wire::default());
    }

    /// A sleeping machine wakes up now.
    pub(crate) fn wake(&mut self, at: usize) {
        if self.nodes[at].asleep.is_some() {
            self.nodes[at].asleep = Some(self.now);
            self.happen(Item::Timer(at, 0));
        }
    }

    /// Its interface gets or loses carrier.
    pub(crate) fn carrier(&mut self, at: usize, running: bool) {
        let link = &mut self.nodes[at].kernel.links[0];
        link.running = running;
        let link = link.clone();
        self.deliver(at, Echo::Link(link));
    }

    /// A script has a verdict.
    pub(crate) fn script(&mut self, at: usize, script: &str, fails: bool) {
        let verdict = build::failing(script, fails);
        self.nodes[at].verdicts = vec![verdict.clone()];
        self.deliver(at, Echo::Verdict(verdict));
    }

    /// A reload of its configuration. A process that sleeps gets it when it wakes up, a dead one
    /// with its next life.
    pub(crate) fn reload(&mut self, at: usize, config: VrrpConfig) {
        self.nodes[at].config = config.clone();
        self.deliver(at, Echo::Reload(config));
    }

    /// A message reaches the process now, or when it wakes up.
    fn deliver(&mut self, at: usize, echo: Echo) {
        let life = self.nodes[at].life;
        self.happen(Item::Echo(at, life, echo));
    }

    /// A router that is not MASTER holds nothing, a MASTER holds all, as far as messages of the
    /// kernel have arrived.
    pub(crate) fn check_presence(&self) -> Result<(), String> {
        for (at, node) in self.nodes.iter().enumerate() {
            let awaited = |item: &Item| matches!(item, Item::Echo(to, ..) if *to == at);
            if node.asleep.is_some() || self.queue.values().any(awaited) {
                continue;
            }
            let wrong = match node.state() {
                Some(VrrpState::Master) => !node.holds_all(),
                Some(VrrpState::Init | VrrpState::Backup | VrrpState::Fault) => node.holds_any(),
                None => false,
            };
            if wrong {
                return Err(format!("router {at} is {:?}: {:?}", node.state(), node.log));
            }
        }
        Ok(())
    }

    fn push(&mut self, at: Monotonic, item: Item) {
        self.count += 1;
        self.queue.insert((at, self.count), item);
    }

    fn carry_out(&mut self, at: usize, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Addresses(changes) => {
                    let results = changes
                        .into_iter()
                        .map(|change| self.change_address(at, change))
                        .collect();
                    self.event(at, Event::AddressesDone(results));
                }
                Action::Send(packet) => self.send(at, packet),
                Action::Checkpoint(checkpoint) => {
                    let name = checkpoint.instance.clone();
                    self.nodes[at].checkpoints.insert(name, checkpoint);
                }
                Action::Forget(name) => {
                    self.nodes[at].checkpoints.remove(&name);
                }
                Action::Frame { .. } => self.nodes[at].frames += 1,
                Action::Log(record) => self.nodes[at].log.push(record.text),
                Action::Report(change) => self.nodes[at].reports.push(change),
                Action::Priority { .. } | Action::Sockets(_) => {}
                Action::Stopped => self.nodes[at].stopped = true,
            }
        }
        self.arm(at);
        self.look();
    }

    fn arm(&mut self, at: usize) {
        let node = &self.nodes[at];
        let deadline = node.engine.as_ref().and_then(Engine::next_deadline);
        if let Some(deadline) = deadline {
            let life = node.life;
            let late = Micros::new(self.random() % 200);
            let due = deadline.max(self.now).after(late);
            self.push(due, Item::Timer(at, life));
        }
    }

    fn change_address(&mut self, at: usize, change: AddressChange) -> AddressResult {
        let node = &mut self.nodes[at];
        let (life, kernel) = (node.life, &mut node.kernel);
        let echo = match &change {
            AddressChange::Add { index, address } => {
                if node.refuse.contains(&address.address) {
                    return AddressResult {
                        change,
                        refused: Some("Permission denied".to_owned()),
                    };
                }
                let present = build::present(*index, address.address, address.prefix);
                if kernel.addresses.iter().any(|a| build::same(a, &present)) {
                    None
                } else {
                    kernel.addresses.push(present.clone());
                    Some(Echo::Present(present))
                }
            }
            AddressChange::Remove { index, address } => {
                let gone = build::present(*index, address.address, address.prefix);
                let before = kernel.addresses.len();
                kernel.addresses.retain(|a| !build::same(a, &gone));
                (kernel.addresses.len() < before).then_some(Echo::Gone(
                    *index,
                    address.address,
                    address.prefix,
                ))
            }
        };
        if let Some(echo) = echo {
            let when = self.now.after(ECHO);
            self.push(when, Item::Echo(at, life, echo));
        }
        AddressResult {
            change,
            refused: None,
        }
    }

    /// Somebody on that machine removes an address.
    pub(crate) fn steal(&mut self, at: usize, address: IpAddr) {
        let kernel = &mut self.nodes[at].kernel;
        let Some(found) = kernel.addresses.iter().position(|a| a.address == address) else {
            return;
        };
        let gone = kernel.addresses.remove(found);
        let life = self.nodes[at].life;
        let when = self.now.after(ECHO);
        let echo = Echo::Gone(gone.index, gone.address, gone.prefix);
        self.push(when, Item::Echo(at, life, echo));
    }

    fn send(&mut self, from: usize, packet: Transmit) {
        self.nodes[from].sent.push((self.now, packet.clone()));
        for to in 0..self.nodes.len() {
            if to == from || !self.hears(to, packet.destination) {
                continue;
            }
            let wire = self.wires[from][to];
            let lost = (self.random() % 256) < u64::from(wire.loss);
            if !wire.cut && !lost {
                let jitter = Micros::new(self.random() % 100);
                let when = self.now.after(wire.delay).after(jitter);
                self.push(when, Item::Packet(to, packet.clone()));
            }
        }
    }

    fn hears(&self, to: usize, destination: IpAddr) -> bool {
        let kernel = &self.nodes[to].kernel;
        destination.is_multicast() || kernel.addresses.iter().any(|a| a.address == destination)
    }

    /// A packet from outside.
    pub(crate) fn forge(&mut self, to: usize, packet: &Transmit) {
        let index = build::ETH0;
        let datagram = Datagram {
            index,
            family: Family::of(packet.source),
            source: packet.source,
            destination: packet.destination,
            hop_limit: Some(packet.hop_limit),
            bytes: &packet.bytes,
        };
        self.event(to, Event::Advert(datagram));
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, span: Micros) {
        let end = self.now.after(span);
        while let Some(entry) = self.queue.first_entry() {
            if entry.key().0 > end {
                break;
            }
            let ((when, _), item) = entry.remove_entry();
            self.now = self.now.max(when);
            self.happen(item);
        }
        self.now = end;
    }

    fn happen(&mut self, item: Item) {
        let at = match &item {
            Item::Packet(at, _) | Item::Timer(at, _) | Item::Echo(at, _, _) => *at,
        };
        let node = &mut self.nodes[at];
        if let Some(wake) = node.asleep {
            if self.now < wake {
                node.mail.push(item);
                return;
            }
            // Packets and messages wait in their sockets and are read before the timer.
            node.asleep = None;
            for item in std::mem::take(&mut node.mail) {
                if !matches!(item, Item::Timer(..)) {
                    self.happen(item);
                }
            }
        }
        let life = self.nodes[at].life;
        match item {
            Item::Packet(to, packet) => self.forge(to, &packet),
            Item::Timer(at, of) if of == life => {
                let next = self.nodes[at]
                    .engine
                    .as_ref()
                    .and_then(Engine::next_deadline);
                if next.is_some_and(|next| next <= self.now) {
                    self.event(at, Event::TimerDue);
                }
            }
            Item::Echo(at, of, echo) if of == life => match echo {
                Echo::Present(address) => self.event(at, Event::AddressPresent(address)),
                Echo::Link(link) => self.event(at, Event::LinkPresent(link)),
                Echo::Reload(config) => self.event(at, Event::Reconfigure(config)),
                Echo::Verdict(verdict) => self.event(at, Event::Verdict(verdict)),
                Echo::Gone(index, address, prefix) => self.event(
                    at,
                    Event::AddressGone {
                        index,
                        address,
                        prefix,
                    },
                ),
            },
            Item::Timer(..) | Item::Echo(..) => {}
        }
    }

    /// Routers that are MASTER of all their instances.
    pub(crate) fn masters(&self) -> Vec<usize> {
        (0..self.nodes.len())
            .filter(|at| self.nodes[*at].state() == Some(VrrpState::Master))
            .collect()
    }

    /// Routers whose kernel has any of their virtual addresses.
    pub(crate) fn holders(&self) -> Vec<usize> {
        (0..self.nodes.len())
            .filter(|at| self.nodes[*at].holds_any())
            .collect()
    }

    fn look(&mut self) {
        let holders = self.holders();
        if self
            .timeline
            .last()
            .is_none_or(|(_, last)| *last != holders)
        {
            self.timeline.push((self.now, holders));
        }
    }

    /// How long, since then, not exactly one router held the addresses.
    pub(crate) fn wrong_since(&self, start: Monotonic) -> Micros {
        let ends = self.timeline.iter().skip(1).map(|(at, _)| *at);
        let ends = ends.chain([self.now]);
        let spans = self.timeline.iter().zip(ends);
        spans
            .filter(|((_, holders), _)| holders.len() != 1)
            .map(|((from, _), end)| end.since((*from).max(start)))
            .fold(Micros::ZERO, Micros::plus)
    }
}

impl Node {
    fn new(config: VrrpConfig, kernel: KernelState) -> Self {
        Self {
            engine: None,
            life: 0,
            kernel,
            config,
            checkpoints: BTreeMap::new(),
            verdicts: Vec::new(),
            silent_since: Monotonic::from_micros(0),
            asleep: None,
            mail: Vec::new(),
            reports: Vec::new(),
            log: Vec::new(),
            sent: Vec::new(),
            frames: 0,
            stopped: false,
            refuse: Vec::new(),
        }
    }

    pub(crate) fn virtual_addresses(&self) -> Vec<IpAddr> {
        let routers = self.config.routers.iter();
        routers
            .flat_map(|r| r.addresses.iter().chain(&r.excluded))
            .map(|a| a.address)
            .collect()
    }

    pub(crate) fn holds_any(&self) -> bool {
        let own = self.virtual_addresses();
        let mut present = self.kernel.addresses.iter();
        present.any(|a| own.contains(&a.address))
    }

    pub(crate) fn holds_all(&self) -> bool {
        let mut own = self.virtual_addresses().into_iter();
        own.all(|vip| self.kernel.addresses.iter().any(|a| a.address == vip))
    }

    /// State of the first instance.
    pub(crate) fn state(&self) -> Option<VrrpState> {
        let name = &self.config.routers.first()?.name;
        Some(self.engine.as_ref()?.state_of(name)?.0)
    }

    pub(crate) fn logged(&self, text: &str) -> usize {
        self.log.iter().filter(|line| line.contains(text)).count()
    }
}

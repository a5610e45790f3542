//! One engine on the bench: events in, actions out, the clock in the test's hand.

use super::build;
use holdfast_ipc::config::VrrpConfig;
use holdfast_ipc::config::model::{
    AdvertInterval, ChecksumForm, Family, InstanceName, Micros, Version, VirtualRouter,
};
use holdfast_ipc::message::{StartMode, VrrpStart};
use holdfast_ipc::state::{Checkpoint, StateChange, Verdict, VrrpState};
use holdfast_ipc::time::Monotonic;
use holdfast_vrrp::action::{Action, AddressChange, SocketSpec, Transmit};
use holdfast_vrrp::engine::Engine;
use holdfast_vrrp::event::{AddressResult, Event, IfIndex, KernelState};
use holdfast_vrrp::packet::{Datagram, Outgoing, OutgoingAuth, encode};
use std::net::IpAddr;

/// When everything begins.
pub(crate) const START: Monotonic = Monotonic::from_micros(100_000_000);

pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) now: Monotonic,
    /// Addresses that the kernel refuses to add.
    pub(crate) refuse: Vec<IpAddr>,
    /// Everything since the last `take`.
    actions: Vec<Action>,
}

/// An advert from another router.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard<'a> {
    pub(crate) version: Version,
    pub(crate) vrid: u8,
    pub(crate) priority: u8,
    pub(crate) interval: AdvertInterval,
    pub(crate) addresses: &'a [IpAddr],
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    pub(crate) hop_limit: u8,
    pub(crate) auth: OutgoingAuth,
}

/// What a peer of `build::router` would send.
pub(crate) fn heard(priority: u8, from: &str) -> Heard<'static> {
    const VIPS: &[IpAddr] = &[IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 80))];
    Heard {
        version: Version::V3,
        vrid: 51,
        priority,
        interval: AdvertInterval::DEFAULT,
        addresses: VIPS,
        source: build::ip(from),
        destination: build::ip("224.0.0.18"),
        hop_limit: 255,
        auth: OutgoingAuth::None,
    }
}

impl Heard<'_> {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        encode(&Outgoing {
            version: self.version,
            vrid: self.vrid,
            priority: self.priority,
            interval: self.interval,
            addresses: self.addresses,
            source: self.source,
            destination: self.destination,
            hop_limit: self.hop_limit,
            ip_id: 1,
            auth: self.auth,
            checksum: ChecksumForm::PseudoHeader,
        })
    }

    pub(crate) fn datagram<'a>(&self, index: IfIndex, bytes: &'a [u8]) -> Datagram<'a> {
        Datagram {
            index,
            family: Family::of(self.source),
            source: self.source,
            destination: self.destination,
            hop_limit: Some(self.hop_limit),
            bytes,
        }
    }
}

/// `VrrpStart` of a first start.
pub(crate) fn fresh(config: VrrpConfig) -> VrrpStart {
    VrrpStart {
        generation: holdfast_ipc::config::Generation::default(),
        config,
        mode: StartMode::Fresh,
        checkpoints: Vec::new(),
        verdicts: Vec::new(),
        silent_since: None,
    }
}

impl Bench {
    /// A first start on `build::kernel(1)`.
    pub(crate) fn new(router: VirtualRouter) -> Self {
        Self::with(fresh(build::config(router)), build::kernel(1))
    }

    pub(crate) fn with(start: VrrpStart, kernel: KernelState) -> Self {
        Self::with_refused(start, kernel, Vec::new())
    }

    pub(crate) fn with_refused(start: VrrpStart, kernel: KernelState, refuse: Vec<IpAddr>) -> Self {
        let mut bench = Self {
            engine: Engine::new(start, kernel),
            now: START,
            refuse,
            actions: Vec::new(),
        };
        let mut actions = Vec::new();
        bench.engine.start(bench.now, &mut actions);
        bench.keep(actions);
        bench
    }

    /// MASTER with that priority, everything of the way there forgotten.
    pub(crate) fn master(router: VirtualRouter) -> Self {
        let mut bench = Self::new(router);
        while bench.state() != VrrpState::Master {
            let next = bench.engine.next_deadline().unwrap();
            bench.now = next;
            bench.event(Event::TimerDue);
        }
        bench.take();
        bench
    }

    /// BACKUP, everything of the way there forgotten.
    pub(crate) fn backup(router: VirtualRouter) -> Self {
        let mut bench = Self::new(router);
        assert_eq!(bench.state(), VrrpState::Backup);
        bench.take();
        bench
    }

    pub(crate) fn event(&mut self, event: Event<'_>) {
        let mut actions = Vec::new();
        self.engine.handle(self.now, event, &mut actions);
        self.keep(actions);
    }

    /// Keeps the actions; the kernel answers each address change before anything else happens.
    fn keep(&mut self, actions: Vec<Action>) {
        for action in actions {
            let changes = match &action {
                Action::Addresses(changes) => changes.clone(),
                _ => Vec::new(),
            };
            let answer = matches!(action, Action::Addresses(_));
            self.actions.push(action);
            if answer {
                let results = changes.into_iter().map(|c| self.result(c)).collect();
                self.event(Event::AddressesDone(results));
            }
        }
    }

    fn result(&self, change: AddressChange) -> AddressResult {
        let refused = match &change {
            AddressChange::Add { address, .. } => self.refuse.contains(&address.address),
            AddressChange::Remove { .. } => false,
        };
        AddressResult {
            change,
            refused: refused.then(|| "Permission denied".to_owned()),
        }
    }

    pub(crate) fn hear(&mut self, heard: Heard<'_>) {
        let bytes = heard.bytes();
        self.event(Event::Advert(heard.datagram(build::ETH0, &bytes)));
    }

    pub(crate) fn verdict(&mut self, verdict: Verdict) {
        self.event(Event::Verdict(verdict));
    }

    /// Lets time pass; the timer rings exactly when it is due.
    pub(crate) fn pass(&mut self, span: Micros) {
        let end = self.now.after(span);
        while let Some(next) = self.engine.next_deadline().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.event(Event::TimerDue);
        }
        self.now = end;
    }

    pub(crate) fn pass_millis(&mut self, millis: u64) {
        self.pass(Micros::from_millis(millis));
    }

    /// Everything since the last time.
    pub(crate) fn take(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    pub(crate) fn state(&self) -> VrrpState {
        self.state_of("VI_1")
    }

    pub(crate) fn state_of(&self, name: &str) -> VrrpState {
        self.engine.state_of(&instance(name)).unwrap().0
    }

    pub(crate) fn priority(&self) -> u8 {
        self.engine.state_of(&instance("VI_1")).unwrap().1.get()
    }

    pub(crate) fn rejected(&self) -> Vec<(holdfast_vrrp::packet::Reject, u64)> {
        self.engine.rejected(&instance("VI_1"))
    }
}

pub(crate) fn instance(name: &str) -> InstanceName {
    name.try_into().unwrap()
}

/// Parts of a list of actions.
pub(crate) trait Actions {
    fn sends(&self) -> Vec<&Transmit>;
    /// Priority of each advert.
    fn priorities(&self) -> Vec<u8>;
    fn reports(&self) -> Vec<&StateChange>;
    fn logs(&self) -> Vec<&str>;
    fn logged(&self, text: &str) -> usize;
    fn changes(&self) -> Vec<AddressChange>;
    fn checkpoints(&self) -> Vec<&Checkpoint>;
    fn frames(&self) -> Vec<&[u8]>;
    fn sockets(&self) -> Vec<&[SocketSpec]>;
}

impl Actions for Vec<Action> {
    fn sends(&self) -> Vec<&Transmit> {
        self.iter()
            .filter_map(|action| match action {
                Action::Send(packet) => Some(packet),
                _ => None,
            })
            .collect()
    }

    fn priorities(&self) -> Vec<u8> {
        self.sends()
            .into_iter()
            .map(|packet| match (packet.source, packet.bytes.get(9)) {
                (IpAddr::V6(_), _) => packet.bytes[2],
                (IpAddr::V4(_), Some(51)) => packet.bytes[46],
                (IpAddr::V4(_), _) => packet.bytes[22],
            })
            .collect()
    }

    fn reports(&self) -> Vec<&StateChange> {
        self.iter()
            .filter_map(|action| match action {
                Action::Report(change) => Some(change),
                _ => None,
            })
            .collect()
    }

    fn logs(&self) -> Vec<&str> {
        self.iter()
            .filter_map(|action| match action {
                Action::Log(record) => Some(record.text.as_str()),
                _ => None,
            })
            .collect()
    }

    fn logged(&self, text: &str) -> usize {
        let logs = self.logs();
        logs.into_iter().filter(|line| line.contains(text)).count()
    }

    fn changes(&self) -> Vec<AddressChange> {
        self.iter()
            .filter_map(|action| match action {
                Action::Addresses(changes) => Some(changes.clone()),
                _ => None,
            })
            .flatten()
            .collect()
    }

    fn checkpoints(&self) -> Vec<&Checkpoint> {
        self.iter()
            .filter_map(|action| match action {
                Action::Checkpoint(checkpoint) => Some(checkpoint),
                _ => None,
            })
            .collect()
    }

    fn frames(&self) -> Vec<&[u8]> {
        self.iter()
            .filter_map(|action| match action {
                Action::Frame { bytes, .. } => Some(bytes.as_slice()),
                _ => None,
            })
            .collect()
    }

    fn sockets(&self) -> Vec<&[SocketSpec]> {
        self.iter()
            .filter_map(|action| match action {
                Action::Sockets(sockets) => Some(sockets.as_slice()),
                _ => None,
            })
            .collect()
    }
}

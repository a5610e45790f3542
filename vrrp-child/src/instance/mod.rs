//! One virtual router: its state, and everything that moves it. The states are those of RFC 9568
//! section 6.4 with keepalived's FAULT; each transition is a function of its own in `transitions`.

mod checkpoint;
mod environment;
mod holding;
mod journal;
mod master;
mod receive;
mod reconfigure;
mod send;
mod timers;
mod transitions;

pub(crate) use self::checkpoint::Resume;
use self::checkpoint::Saved;
use self::environment::Setbacks;
use self::journal::Journal;
use self::send::AhCounter;
use crate::addresses::Holding;
use crate::engine::outbox::Ctx;
use crate::event::IfIndex;
use crate::garp::GarpPlan;
use crate::priority;
use crate::timing::{self, Learning};
use holdfast_ipc::config::model::{
    AdvertInterval, EffectivePriority, Family, InstanceName, Micros, Transport, Version,
    VirtualRouter,
};
use holdfast_ipc::state::{Cause, VrrpState};
use holdfast_ipc::time::Monotonic;
use std::net::IpAddr;

/// One virtual router.
#[derive(Debug)]
pub(crate) struct Instance {
    config: VirtualRouter,
    state: State,
    /// What the parent was told last.
    reported: VrrpState,
    /// Was BACKUP or MASTER already, so that a new script without a verdict holds nothing up.
    ran: bool,
    /// The interface of the configuration, while it exists.
    index: Option<IfIndex>,
    /// Where adverts come from, while there is one.
    source: Option<IpAddr>,
    effective: EffectivePriority,
    /// Sum of the trackers in `effective`.
    tracked: i32,
    /// An owner that yielded to another owner has 254 until that one is silent.
    gave_way: bool,
    /// The addresses of the adverts.
    advertised: Vec<IpAddr>,
    ip_id: u16,
    ah: AhCounter,
    learning: Learning,
    holding: Holding,
    garp: GarpPlan,
    setbacks: Setbacks,
    journal: Journal,
    saved: Saved,
}

/// State with what only that state needs.
#[derive(Clone, Debug)]
enum State {
    /// Before Startup, or stopped.
    Init,
    Backup(Backup),
    Master(Master),
    Fault(Cause),
}

#[derive(Clone, Copy, Debug)]
struct Backup {
    /// When the timer was set.
    armed: Monotonic,
    /// Active_Down_Timer.
    down: Monotonic,
    /// Active_Adver_Interval, where it was learned (version 3).
    learned: Option<AdvertInterval>,
    /// `preempt_delay`: until then a master of lower priority is accepted.
    preempt_from: Option<Monotonic>,
    /// Who was accepted last, with its priority.
    master: Option<(IpAddr, u8)>,
    /// Who gave up with priority 0 since then.
    released: Option<IpAddr>,
    /// A master of lower priority that is about to be preempted.
    lower: Option<(IpAddr, u8)>,
    /// The timer rang late and waits for packets that may lie in the socket.
    grace: bool,
}

#[derive(Clone, Debug)]
struct Master {
    /// Adver_Timer.
    next: Monotonic,
    /// When the last advert left.
    sent: Monotonic,
    /// Why it became MASTER; none as soon as the addresses are there and the parent was told.
    pending: Option<Cause>,
    /// Adverts of lower priority are answered again from then on.
    answer_from: Monotonic,
    /// Adverts of priority 0 are answered again from then on.
    release_answer_from: Monotonic,
    /// Another owner.
    rival: Option<Rival>,
}

/// Another router with priority 255 while we have 255.
#[derive(Clone, Copy, Debug)]
struct Rival {
    /// Own adverts since it was heard first.
    sent: u32,
    /// When the second of them left.
    second: Monotonic,
    heard: Monotonic,
}

impl Instance {
    pub(crate) fn new(config: VirtualRouter) -> Self {
        Self {
            effective: priority::effective(config.priority, 0, false),
            state: State::Init,
            reported: VrrpState::Init,
            ran: false,
            index: None,
            source: None,
            tracked: 0,
            gave_way: false,
            advertised: Vec::new(),
            ip_id: 0,
            ah: AhCounter::default(),
            learning: Learning::default(),
            holding: Holding::default(),
            garp: GarpPlan::default(),
            setbacks: Setbacks::default(),
            journal: Journal::default(),
            saved: Saved::default(),
            config,
        }
    }

    pub(crate) const fn config(&self) -> &VirtualRouter {
        &self.config
    }

    pub(crate) const fn name(&self) -> &InstanceName {
        &self.config.name
    }

    pub(crate) const fn index(&self) -> Option<IfIndex> {
        self.index
    }

    pub(crate) const fn source(&self) -> Option<IpAddr> {
        self.source
    }

    pub(crate) const fn priority(&self) -> EffectivePriority {
        self.effective
    }

    pub(crate) const fn is_master(&self) -> bool {
        matches!(self.state, State::Master(_))
    }

    /// A MASTER counts as such when its addresses are there.
    pub(crate) const fn vrrp_state(&self) -> VrrpState {
        match &self.state {
            State::Init => VrrpState::Init,
            State::Backup(_)
            | State::Master(Master {
                pending: Some(_), ..
            }) => VrrpState::Backup,
            State::Master(Master { pending: None, .. }) => VrrpState::Master,
            State::Fault(_) => VrrpState::Fault,
        }
    }

    pub(crate) const fn is_unicast(&self) -> bool {
        match self.config.transport {
            Transport::Unicast { .. } => true,
            Transport::Multicast { .. } => false,
        }
    }

    /// True where this address is one that the router holds, on that interface.
    pub(crate) fn holds(&self, index: IfIndex, address: IpAddr, prefix: u8) -> bool {
        self.holding
            .held
            .iter()
            .any(|held| held.placed.is(index, address, prefix))
    }

    const fn family(&self) -> Family {
        self.config.family
    }

    const fn version(&self) -> Version {
        self.config.version
    }

    /// Interval that a BACKUP goes by: the master's in version 3, the own one in version 2.
    fn interval_of(&self, backup: &Backup) -> AdvertInterval {
        backup.learned.unwrap_or(self.config.advert_int)
    }

    fn skew(&self, interval: AdvertInterval) -> Micros {
        timing::skew(self.version(), self.effective, interval)
    }

    fn down_interval(&self, interval: AdvertInterval) -> Micros {
        timing::down_interval(
            self.version(),
            self.config.down_timer_adverts,
            self.effective,
            interval,
        )
    }

    /// Ends a visit: what a successor has to know leaves.
    pub(crate) fn settle(&mut self, ctx: &mut Ctx<'_>) {
        self.save(ctx);
    }

    /// When `elapse` is wanted next.
    pub(crate) fn deadline(&self) -> Option<Monotonic> {
        let (timer, garp) = match &self.state {
            State::Init | State::Fault(_) => (None, None),
            State::Backup(backup) => (Some(backup.down), None),
            State::Master(master) => (Some(master.next), self.garp.deadline()),
        };
        [
            timer,
            garp,
            self.setbacks.deadline(),
            self.journal.due(),
            self.saved.due(),
        ]
        .into_iter()
        .flatten()
        .min()
    }
}

//! Random schedules of faults, and what has to hold in each of them.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test's numbers are small, and a failed assertion is its result"
)]

use crate::sim::World;
use crate::sim::bench::Heard;
use crate::sim::build::{config, failing, ip, kernel, priority, router, v3};
use holdfast_ipc::config::VrrpConfig;
use holdfast_ipc::config::model::{
    AdvertInterval, Auth, AuthKey, Family, Micros, Transport, Version, VirtualRouter,
};
use holdfast_ipc::message::StartMode;
use holdfast_ipc::state::VrrpState;
use holdfast_vrrp::action::Transmit;
use holdfast_vrrp::event::Event;
use holdfast_vrrp::packet::OutgoingAuth;
use proptest::prelude::*;
use proptest::sample::select;

/// Two routers may hold the addresses while a packet is on its way; 4 of them pass them on at most
/// so often in the time that is looked at.
const HANDOVERS: Micros = Micros::from_millis(6);
/// Delay of the wire, lateness of timers and messages, with room.
const SLACK: Micros = Micros::from_millis(5);

/// One thing that is done to the routers; the first number says to which.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// Time passes: so many quarters of an interval.
    Run(u8),
    Kill(usize),
    Resume(usize),
    PowerOff(usize),
    Boot(usize),
    Stop(usize),
    /// Those whose bit is set hear the others no more, nor the others them.
    Partition(u8),
    /// One direction only.
    Cut(usize, usize),
    Loss(u8),
    /// Microseconds.
    Delay(u16),
    Mend,
    /// Quarters of an interval.
    Sleep(usize, u8),
    Steal(usize),
    /// A tracked script fails or works.
    Script(usize, bool),
    Carrier(usize, bool),
    /// The kernel refuses the address, or does not any more.
    Refuse(usize, bool),
    /// A reload with another priority.
    Reload(usize, u8),
    /// A packet of somebody else: this priority, or rubbish.
    Forge(usize, Option<u8>),
    /// The timer rings though nothing is due.
    Spurious(usize),
}

/// What all routers of a schedule have in common.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    pub(crate) version: Version,
    pub(crate) family: Family,
    pub(crate) auth: u8,
    pub(crate) centis: u16,
    pub(crate) down_adverts: u8,
    pub(crate) unicast: bool,
}

/// What each has for itself.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    pub(crate) priority: u8,
    pub(crate) nopreempt: bool,
    /// Intervals.
    pub(crate) preempt_delay: u8,
    pub(crate) lower_prio_no_advert: bool,
    pub(crate) higher_prio_send_advert: bool,
    /// 0: a failing script is a FAULT.
    pub(crate) weight: i16,
    /// Version 3: so many times the common interval.
    pub(crate) slower: u16,
}

#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    pub(crate) seed: u64,
    pub(crate) common: Common,
    pub(crate) routers: Vec<Own>,
    pub(crate) ops: Vec<Op>,
}

fn common() -> impl Strategy<Value = Common> {
    let version = select(vec![Version::V2, Version::V3]);
    let family = select(vec![Family::V4, Family::V4, Family::V6]);
    let centis = select(vec![1_u16, 10, 100, 1_000]);
    (version, family, 0..3_u8, centis, 2..5_u8, any::<bool>()).prop_map(
        |(version, family, auth, centis, down_adverts, unicast)| Common {
            version,
            family,
            auth,
            centis,
            down_adverts,
            unicast,
        },
    )
}

fn own() -> impl Strategy<Value = Own> {
    let priority = prop_oneof![
        4 => select(vec![1_u8, 50, 100, 100, 150, 254]),
        1 => Just(255_u8),
        2 => 1..=254_u8,
    ];
    (
        priority,
        any::<bool>(),
        0..6_u8,
        any::<bool>(),
        any::<bool>(),
        select(vec![0_i16, 0, -60, 20]),
        select(vec![1_u16, 1, 1, 1, 2, 4]),
    )
        .prop_map(
            |(priority, nopreempt, delay, lower, higher, weight, slower)| Own {
                priority,
                nopreempt: nopreempt && delay == 0,
                preempt_delay: delay.saturating_sub(3),
                lower_prio_no_advert: lower,
                higher_prio_send_advert: higher,
                weight,
                slower,
            },
        )
}

fn op() -> impl Strategy<Value = Op> {
    let at = 0..4_usize;
    prop_oneof![
        8 => (1..12_u8).prop_map(Op::Run),
        2 => at.clone().prop_map(Op::Kill),
        3 => at.clone().prop_map(Op::Resume),
        1 => at.clone().prop_map(Op::PowerOff),
        2 => at.clone().prop_map(Op::Boot),
        1 => at.clone().prop_map(Op::Stop),
        2 => any::<u8>().prop_map(Op::Partition),
        1 => (at.clone(), at.clone()).prop_map(|(a, b)| Op::Cut(a, b)),
        1 => any::<u8>().prop_map(Op::Loss),
        1 => (0..2_000_u16).prop_map(Op::Delay),
        2 => Just(Op::Mend),
        1 => (at.clone(), 1..24_u8).prop_map(|(a, b)| Op::Sleep(a, b)),
        1 => at.clone().prop_map(Op::Steal),
        2 => (at.clone(), any::<bool>()).prop_map(|(a, b)| Op::Script(a, b)),
        2 => (at.clone(), any::<bool>()).prop_map(|(a, b)| Op::Carrier(a, b)),
        1 => (at.clone(), any::<bool>()).prop_map(|(a, b)| Op::Refuse(a, b)),
        2 => (at.clone(), 1..=255_u8).prop_map(|(a, b)| Op::Reload(a, b)),
        1 => (at.clone(), prop::option::of(any::<u8>())).prop_map(|(a, b)| Op::Forge(a, b)),
        1 => at.prop_map(Op::Spurious),
    ]
}

pub(crate) fn schedule() -> impl Strategy<Value = Schedule> {
    (
        any::<u64>(),
        common(),
        prop::collection::vec(own(), 2..5),
        prop::collection::vec(op(), 0..14),
    )
        .prop_map(|(seed, common, routers, ops)| Schedule {
            seed,
            common,
            routers,
            ops,
        })
}

impl Schedule {
    /// The longest of all.
    fn interval(&self) -> AdvertInterval {
        let intervals = self.routers.iter().map(|own| self.interval_of(own));
        intervals.max().unwrap()
    }

    fn interval_of(&self, own: &Own) -> AdvertInterval {
        match self.common.version {
            Version::V2 => {
                let centis = self.common.centis.max(100);
                AdvertInterval::new(Version::V2, centis).unwrap()
            }
            Version::V3 => v3(self.common.centis * own.slower),
        }
    }

    fn auth(&self) -> Auth {
        let key = AuthKey::new(b"secret");
        match (self.common.version, self.common.family, self.common.auth) {
            (Version::V2, Family::V4, 1) => Auth::Pass(key),
            (Version::V2, Family::V4, 2) => Auth::Ah(key),
            _ => Auth::None,
        }
    }

    fn address_of(&self, at: usize) -> std::net::IpAddr {
        let host = at + 1;
        match self.common.family {
            Family::V4 => ip(&format!("192.0.2.{host}")),
            Family::V6 => ip(&format!("fe80::{host:x}")),
        }
    }

    fn transport(&self, at: usize) -> Transport {
        if !self.common.unicast {
            let group = match self.common.family {
                Family::V4 => ip("224.0.0.18"),
                Family::V6 => ip("ff02::12"),
            };
            return Transport::Multicast {
                group,
                source: None,
            };
        }
        let others = (0..self.routers.len()).filter(|other| *other != at);
        Transport::Unicast {
            source: Some(self.address_of(at)),
            peers: others
                .map(|other| holdfast_ipc::config::model::Peer {
                    address: self.address_of(other),
                    min_ttl: None,
                    max_ttl: None,
                })
                .collect(),
            ttl: None,
            check_source: true,
        }
    }

    fn router(&self, at: usize, own: &Own) -> VirtualRouter {
        let interval = self.interval_of(own);
        let mut router = router(own.priority);
        router.version = self.common.version;
        router.family = self.common.family;
        router.auth = self.auth();
        router.advert_int = interval;
        router.down_timer_adverts = self.common.down_adverts;
        router.transport = self.transport(at);
        router.priority = priority(own.priority);
        router.nopreempt = own.nopreempt && own.priority < 255;
        router.preempt_delay = interval.micros().times(u64::from(own.preempt_delay));
        router.lower_prio_no_advert = own.lower_prio_no_advert;
        router.higher_prio_send_advert = own.higher_prio_send_advert;
        router.track_scripts = vec![crate::sim::build::track("chk", own.weight)];
        if self.common.family == Family::V6 {
            router.addresses = vec![crate::sim::build::vip("fe80::80")];
        }
        router
    }

    fn nodes(&self) -> Vec<(VrrpConfig, holdfast_vrrp::event::KernelState)> {
        self.routers
            .iter()
            .enumerate()
            .map(|(at, own)| {
                let host = u8::try_from(at + 1).unwrap();
                (config(self.router(at, own)), kernel(host))
            })
            .collect()
    }

    /// Runs it; the error says what did not hold.
    pub(crate) fn run(&self) -> Result<(), String> {
        let mut world = World::new(self.seed, self.nodes());
        for node in &mut world.nodes {
            node.verdicts = vec![failing("chk", false)];
        }
        world.boot_all();
        for op in &self.ops {
            self.apply(&mut world, op);
        }
        self.repair(&mut world);
        self.settle(&mut world)
    }

    fn apply(&self, world: &mut World, op: &Op) {
        let count = self.routers.len();
        let quarter = Micros::new(self.interval().micros().get() / 4);
        match op {
            Op::Run(quarters) => world.run(quarter.times(u64::from(*quarters))),
            Op::Kill(at) => world.kill(at % count),
            Op::Resume(at) => world.resume(at % count),
            Op::PowerOff(at) => world.power_off(at % count),
            Op::Boot(at) => {
                if world.nodes[at % count].engine.is_none() {
                    world.begin(at % count, StartMode::Fresh);
                }
            }
            Op::Stop(at) => world.stop(at % count),
            Op::Partition(mask) => {
                for from in 0..count {
                    for to in 0..count {
                        let apart = (mask >> from) & 1 != (mask >> to) & 1;
                        world.wire(from, to, |wire| wire.cut = apart);
                    }
                }
            }
            Op::Cut(from, to) => world.wire(from % count, to % count, |wire| wire.cut = true),
            Op::Loss(loss) => world.wires(|wire| wire.loss = *loss),
            Op::Delay(delay) => {
                world.wires(|wire| wire.delay = Micros::new(u64::from(*delay)));
            }
            Op::Mend => world.mend(),
            Op::Sleep(at, quarters) => {
                world.sleep(at % count, quarter.times(u64::from(*quarters)));
            }
            Op::Steal(at) => {
                let vip = world.nodes[at % count].virtual_addresses()[0];
                world.steal(at % count, vip);
            }
            Op::Script(at, good) => world.script(at % count, "chk", !good),
            Op::Carrier(at, up) => world.carrier(at % count, *up),
            Op::Refuse(at, refuse) => {
                let node = &mut world.nodes[at % count];
                node.refuse = if *refuse {
                    node.virtual_addresses()
                } else {
                    Vec::new()
                };
            }
            Op::Reload(at, number) => {
                let mut config = world.nodes[at % count].config.clone();
                config.routers[0].priority = priority(*number);
                world.reload(at % count, config);
            }
            Op::Forge(at, forged) => self.forge(world, at % count, *forged),
            Op::Spurious(at) => world.event(at % count, Event::TimerDue),
        }
        world.check_presence().unwrap();
    }

    /// A packet that fits, or one byte of it does not.
    fn forge(&self, world: &mut World, to: usize, forged: Option<u8>) {
        let from = self.address_of(9);
        let (destination, addresses) = match (self.common.family, self.common.unicast) {
            (Family::V4, false) => (ip("224.0.0.18"), [ip("192.0.2.80")]),
            (Family::V6, false) => (ip("ff02::12"), [ip("fe80::80")]),
            (Family::V4, true) => (self.address_of(to), [ip("192.0.2.80")]),
            (Family::V6, true) => (self.address_of(to), [ip("fe80::80")]),
        };
        let mut bytes = Heard {
            version: self.common.version,
            vrid: 51,
            priority: forged.unwrap_or(255),
            interval: self.interval(),
            addresses: &addresses,
            source: from,
            destination,
            hop_limit: 255,
            auth: OutgoingAuth::None,
        }
        .bytes();
        if forged.is_none() {
            let at = usize::try_from(world.now.micros()).unwrap() % bytes.len();
            bytes[at] ^= 0x10;
        }
        let packet = Transmit {
            index: None,
            source: from,
            destination,
            hop_limit: 255,
            bytes,
        };
        world.forge(to, &packet);
    }

    /// Everything works again, and each machine that still holds an address has its child.
    fn repair(&self, world: &mut World) {
        world.mend();
        for at in 0..self.routers.len() {
            world.wake(at);
            world.carrier(at, true);
            world.script(at, "chk", false);
            world.nodes[at].refuse.clear();
            // Ends the waits behind refused and stolen addresses.
            let config = world.nodes[at].config.clone();
            world.reload(at, config);
            if world.nodes[at].engine.is_none() && (at == 0 || world.nodes[at].holds_any()) {
                world.resume(at);
            }
        }
    }

    /// Exactly one master within the down interval, and it stays the only one.
    fn settle(&self, world: &mut World) -> Result<(), String> {
        let interval = self.interval().micros();
        let skew = match self.common.version {
            Version::V2 => Micros::from_secs(1),
            Version::V3 => interval,
        };
        let adverts = u64::from(self.common.down_adverts);
        // With an authentication header a router that heard nobody numbers its adverts from 1, and
        // others that heard more take them for replays until it hears them; of several masters that
        // count in step each hears one. In keepalived's scheme one yields with each round.
        let catch_up = match self.auth() {
            Auth::Ah(_) => u64::try_from(self.routers.len()).unwrap(),
            Auth::None | Auth::Pass(_) => 0,
        };
        world.run(interval.times(adverts + catch_up).plus(skew).plus(SLACK));
        let start = world.now;
        world.run(interval.times(adverts + 3));
        world.run(SLACK);
        world.check_presence()?;
        let wrong = world.wrong_since(start);
        let (masters, holders) = (world.masters(), world.holders());
        if masters.len() == 1 && masters == holders && wrong <= HANDOVERS {
            return Ok(());
        }
        Err(format!(
            "masters {masters:?}, holders {holders:?}, wrong for {wrong}, states {:?}",
            world
                .nodes
                .iter()
                .map(crate::sim::Node::state)
                .collect::<Vec<Option<VrrpState>>>()
        ))
    }
}

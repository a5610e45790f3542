//! One engine with 1,000 virtual routers: an advert for one of them, the adverts of all, and the
//! worst moment, when all of them become MASTER at once.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a benchmark may panic"
)]

#[path = "../tests/sim/build.rs"]
#[expect(dead_code, reason = "written for the tests")]
mod build;

use build::{ETH0, priority, router, vip};
use divan::{Bencher, black_box};
use holdfast_ipc::config::model::{AdvertInterval, ChecksumForm, Family, Micros, Version, Vrid};
use holdfast_ipc::config::{Generation, VrrpConfig};
use holdfast_ipc::message::{StartMode, VrrpStart};
use holdfast_ipc::time::Monotonic;
use holdfast_vrrp::action::Action;
use holdfast_vrrp::engine::Engine;
use holdfast_vrrp::event::{AddressResult, Event, IfIndex, KernelState};
use holdfast_vrrp::packet::{Datagram, Outgoing, OutgoingAuth, encode};
use std::net::{IpAddr, Ipv4Addr};

const INTERFACES: u32 = 4;
const START: Monotonic = Monotonic::from_micros(1_000_000_000);

fn main() {
    divan::main();
}

fn index(n: u32) -> IfIndex {
    IfIndex::new(ETH0.get() + n).unwrap()
}

fn address(n: u32) -> IpAddr {
    let [_, _, a, b] = n.to_be_bytes();
    Ipv4Addr::new(198, 18, a, b).into()
}

/// 250 routers on each of 4 interfaces.
fn config() -> VrrpConfig {
    let routers = (0..INTERFACES * 250)
        .map(|n| {
            let mut router = router(100);
            router.name = format!("VI_{n}").as_str().try_into().unwrap();
            router.vrid = Vrid::try_from(u8::try_from(n % 250 + 1).unwrap()).unwrap();
            router.interface = Some(format!("eth{}", n / 250).as_str().try_into().unwrap());
            router.advert_int = build::v3(10);
            router.addresses = vec![vip(&address(n).to_string())];
            router
        })
        .collect();
    VrrpConfig {
        routers,
        log_unknown_vrids: false,
        log_detail: false,
        ..VrrpConfig::default()
    }
}

fn machine() -> KernelState {
    let mut state = KernelState::default();
    for n in 0..INTERFACES {
        let name = format!("eth{n}");
        state.links.push(build::link(index(n), &name));
        let own = Ipv4Addr::new(192, 0, 2, u8::try_from(n + 1).unwrap());
        state
            .addresses
            .push(build::present(index(n), own.into(), 24));
    }
    state
}

fn start(config: VrrpConfig, kernel: KernelState) -> Engine {
    let start = VrrpStart {
        generation: Generation::default(),
        config,
        mode: StartMode::Fresh,
        checkpoints: Vec::new(),
        verdicts: Vec::new(),
        silent_since: None,
    };
    let mut engine = Engine::new(start, kernel);
    engine.start(START, &mut Vec::new());
    engine
}

/// An advert of a peer with priority 200 for the n-th router.
fn advert(n: u32) -> (IfIndex, Vec<u8>) {
    let source = Ipv4Addr::new(192, 0, 2, 200).into();
    let bytes = encode(&Outgoing {
        version: Version::V3,
        vrid: u8::try_from(n % 250 + 1).unwrap(),
        priority: priority(200).get(),
        interval: AdvertInterval::new(Version::V3, 10).unwrap(),
        addresses: &[address(n)],
        source,
        destination: Ipv4Addr::new(224, 0, 0, 18).into(),
        hop_limit: 255,
        ip_id: 1,
        auth: OutgoingAuth::None,
        checksum: ChecksumForm::PseudoHeader,
    });
    (index(n / 250), bytes)
}

fn give(engine: &mut Engine, now: Monotonic, from: &(IfIndex, Vec<u8>), actions: &mut Vec<Action>) {
    let datagram = Datagram {
        index: from.0,
        family: Family::V4,
        source: Ipv4Addr::new(192, 0, 2, 200).into(),
        destination: Ipv4Addr::new(224, 0, 0, 18).into(),
        hop_limit: Some(255),
        bytes: &from.1,
    };
    engine.handle(now, Event::Advert(datagram), actions);
}

/// An advert that a BACKUP accepts, and what arms the timer again.
#[divan::bench]
fn backup_hears_an_advert(bencher: Bencher<'_, '_>) {
    let mut engine = start(config(), machine());
    let adverts: Vec<_> = (0..INTERFACES * 250).map(advert).collect();
    let mut actions = Vec::new();
    let mut now = START;
    for advert in &adverts {
        give(&mut engine, now, advert, &mut actions);
    }
    let mut turn = adverts.iter().cycle();
    bencher.bench_local(|| {
        actions.clear();
        now = now.after(Micros::new(1));
        give(&mut engine, now, turn.next().unwrap(), &mut actions);
        black_box(engine.next_deadline())
    });
}

/// A packet with a wrong checksum, as in a flood.
#[divan::bench]
fn backup_rejects_a_packet(bencher: Bencher<'_, '_>) {
    let mut engine = start(config(), machine());
    let mut bad = advert(7);
    *bad.1.last_mut().unwrap() ^= 1;
    let mut actions = Vec::new();
    bencher.bench_local(|| {
        actions.clear();
        give(&mut engine, START, &bad, &mut actions);
        black_box(engine.next_deadline())
    });
}

/// 1,000 MASTERs send their adverts in one turn.
#[divan::bench]
fn all_masters_send(bencher: Bencher<'_, '_>) {
    let mut engine = start(config(), machine());
    let mut actions = Vec::new();
    let mut now = START;
    while now.since(START) < Micros::from_secs(10) {
        now = tick(&mut engine, &mut actions);
    }
    bencher.bench_local(|| {
        actions.clear();
        black_box(tick(&mut engine, &mut actions))
    });
}

/// The timer rings; the kernel does all that is asked for.
fn tick(engine: &mut Engine, actions: &mut Vec<Action>) -> Monotonic {
    let now = engine.next_deadline().unwrap();
    engine.handle(now, Event::TimerDue, actions);
    let changes: Vec<_> = actions
        .iter()
        .filter_map(|action| match action {
            Action::Addresses(changes) => Some(changes.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    if !changes.is_empty() {
        let results = changes
            .into_iter()
            .map(|change| AddressResult {
                change,
                refused: None,
            })
            .collect();
        engine.handle(now, Event::AddressesDone(results), actions);
    }
    now
}

/// All 1,000 take over in one moment, with their addresses and 5,000 gratuitous ARPs.
#[divan::bench]
fn all_become_master(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(|| start(config(), machine()))
        .bench_local_values(|mut engine| {
            let mut actions = Vec::new();
            tick(&mut engine, &mut actions);
            actions.len()
        });
}

/// Nothing is due.
#[divan::bench]
fn a_spurious_timer(bencher: Bencher<'_, '_>) {
    let mut engine = start(config(), machine());
    let mut actions = Vec::new();
    bencher.bench_local(|| {
        engine.handle(START, Event::TimerDue, &mut actions);
        black_box(engine.next_deadline())
    });
}

/// A verdict on a script that one of 1,000 tracks.
#[divan::bench]
fn a_verdict(bencher: Bencher<'_, '_>) {
    let mut config = config();
    config.routers.last_mut().unwrap().track_scripts = vec![build::track("chk", 10)];
    let mut engine = start(config, machine());
    let mut actions = Vec::new();
    let mut fails = false;
    bencher.bench_local(|| {
        actions.clear();
        fails = !fails;
        let event = Event::Verdict(build::failing("chk", fails));
        engine.handle(START, event, &mut actions);
        black_box(actions.len())
    });
}

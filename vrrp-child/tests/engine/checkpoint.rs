//! What a child leaves to its successor, and what that one makes of it.

use crate::sim::World;
use crate::sim::bench::{Actions, Bench, Heard, START, fresh, heard};
use crate::sim::build::{ETH0, VIP, config, ip, kernel, present, router, v3};
use holdfast_ipc::config::model::{Auth, AuthKey, Micros, Version, VirtualRouter};
use holdfast_ipc::message::{StartMode, VrrpStart};
use holdfast_ipc::state::{Cause, Checkpoint, VrrpState};
use holdfast_vrrp::action::{Action, AddressChange};
use holdfast_vrrp::event::KernelState;
use holdfast_vrrp::packet::OutgoingAuth;

fn checkpoint(state: VrrpState) -> Checkpoint {
    Checkpoint {
        instance: "VI_1".try_into().unwrap(),
        state,
        learned_interval: None,
        ah_sequence: 0,
        master: None,
    }
}

fn resume(router: VirtualRouter, checkpoint: Checkpoint, silent: Micros) -> VrrpStart {
    VrrpStart {
        mode: StartMode::Resume,
        checkpoints: vec![checkpoint],
        silent_since: Some(START.before(silent)),
        ..fresh(config(router))
    }
}

fn held() -> KernelState {
    let mut kernel = kernel(1);
    kernel.addresses.push(present(ETH0, ip(VIP), 32));
    kernel
}

#[test]
fn a_master_goes_on_with_an_advert_and_keeps_its_address() {
    let start = resume(
        router(150),
        checkpoint(VrrpState::Master),
        Micros::from_millis(40),
    );
    let mut bench = Bench::with(start, held());
    let actions = bench.take();
    assert_eq!(bench.state(), VrrpState::Master);
    assert_eq!(actions.priorities(), [150]);
    assert_eq!(actions.changes(), []);
    assert_eq!(actions.reports().len(), 0);
    assert_eq!(actions.frames().len(), 5);
    assert_eq!(
        actions.logs(),
        ["(VI_1) resumed as MASTER, no advert was sent for 0.04 s at most"]
    );
    // The advert comes before everything but the sockets.
    assert!(matches!(actions[0], Action::Sockets(_)));
    let sent = actions.iter().position(|a| matches!(a, Action::Send(_)));
    let told = actions
        .iter()
        .position(|a| matches!(a, Action::Frame { .. }));
    assert!(sent < told);
}

#[test]
fn an_address_that_got_lost_meanwhile_is_added_again() {
    let start = resume(
        router(150),
        checkpoint(VrrpState::Master),
        Micros::from_millis(40),
    );
    let mut bench = Bench::with(start, kernel(1));
    let actions = bench.take();
    assert!(matches!(actions.changes()[..], [AddressChange::Add { .. }]));
    assert_eq!(actions.reports().len(), 0);
}

#[test]
fn after_the_shortest_takeover_time_it_goes_on_as_backup_and_says_why() {
    for (silent, state) in [
        // A hung child is replaced within 1.3 s.
        (1_300_000, VrrpState::Master),
        (1_999_999, VrrpState::Master),
        (2_000_000, VrrpState::Backup),
    ] {
        let start = resume(
            router(150),
            checkpoint(VrrpState::Master),
            Micros::new(silent),
        );
        let mut bench = Bench::with(start, held());
        assert_eq!(bench.state(), state);
        if state == VrrpState::Backup {
            let actions = bench.take();
            assert_eq!(actions.sends().len(), 0);
            assert!(matches!(
                actions.changes()[..],
                [AddressChange::Remove { .. }]
            ));
            assert_eq!(actions.reports()[0].cause, Cause::Resumed);
            assert_eq!(
                actions.logged("no advert was sent for 2 s and up to 1 s before"),
                1
            );
        }
    }
}

#[test]
fn a_normal_restart_is_short_enough_for_a_tenth_of_a_second() {
    let mut router = router(150);
    router.advert_int = v3(10);
    let start = resume(
        router,
        checkpoint(VrrpState::Master),
        Micros::from_millis(20),
    );
    assert_eq!(Bench::with(start, held()).state(), VrrpState::Master);
}

#[test]
fn a_fault_that_came_meanwhile_ends_the_role_of_a_master_with_priority_0() {
    let mut router = router(150);
    router.track_scripts = vec![crate::sim::build::track("chk", 0)];
    let mut start = resume(
        router,
        checkpoint(VrrpState::Master),
        Micros::from_millis(40),
    );
    start.verdicts = vec![crate::sim::build::failing("chk", true)];
    let mut bench = Bench::with(start, held());
    let actions = bench.take();
    assert_eq!(actions.priorities(), [0]);
    assert!(matches!(
        actions.changes()[..],
        [AddressChange::Remove { .. }]
    ));
    assert_eq!(actions.reports()[0].to, VrrpState::Fault);
}

#[test]
fn a_script_without_a_verdict_does_not_hold_a_resumed_router_up() {
    let mut router = router(150);
    router.track_scripts = vec![crate::sim::build::track("chk", 0)];
    let start = resume(
        router,
        checkpoint(VrrpState::Master),
        Micros::from_millis(40),
    );
    assert_eq!(Bench::with(start, held()).state(), VrrpState::Master);
}

#[test]
fn a_backup_goes_on_with_the_masters_interval_and_reports_nothing() {
    let saved = Checkpoint {
        learned_interval: Some(v3(50)),
        master: Some((ip("192.0.2.2"), 200)),
        ..checkpoint(VrrpState::Backup)
    };
    let start = resume(router(150), saved.clone(), Micros::from_millis(40));
    let mut bench = Bench::with(start, kernel(1));
    let actions = bench.take();
    assert_eq!(actions.reports().len(), 0);
    assert_eq!(actions.logs(), ["(VI_1) resumed as BACKUP"]);
    assert_eq!(actions.checkpoints(), [&saved]);
    assert_eq!(
        bench.engine.next_deadline(),
        Some(START.after(Micros::new(1_707_031)))
    );
}

#[test]
fn an_instance_without_checkpoint_starts_afresh() {
    let start = VrrpStart {
        checkpoints: Vec::new(),
        ..resume(router(150), checkpoint(VrrpState::Master), Micros::ZERO)
    };
    let mut bench = Bench::with(start, held());
    let actions = bench.take();
    assert_eq!(actions.reports()[0].cause, Cause::Startup);
    assert!(matches!(
        actions.changes()[..],
        [AddressChange::Remove { .. }]
    ));
}

#[test]
fn a_router_that_was_in_fault_leaves_it_with_a_report() {
    let start = resume(router(150), checkpoint(VrrpState::Fault), Micros::ZERO);
    let mut bench = Bench::with(start, kernel(1));
    assert_eq!(bench.take().reports()[0].cause, Cause::FaultCleared);
}

#[test]
fn adverts_as_such_bring_no_checkpoint() {
    let mut bench = Bench::backup(router(100));
    for _ in 0..1_000 {
        bench.hear(heard(150, "192.0.2.2"));
        bench.pass_millis(1_000);
    }
    assert_eq!(bench.take().checkpoints().len(), 1);
    let mut bench = Bench::master(router(100));
    bench.pass_millis(1_000_000);
    assert_eq!(bench.take().checkpoints().len(), 0);
}

#[test]
fn a_peer_that_changes_its_words_with_each_packet_does_not_flood_the_parent() {
    let mut bench = Bench::backup(router(1));
    for n in 0..10_000_u32 {
        let priority = if n % 2 == 0 { 100 } else { 101 };
        bench.hear(heard(priority, "192.0.2.2"));
        bench.pass(Micros::new(100));
    }
    // A second at ten a second.
    let count = bench.take().checkpoints().len();
    assert!((5..=11).contains(&count), "{count}");
}

fn ah(priority: u8) -> VirtualRouter {
    let mut router = router(priority);
    router.version = Version::V2;
    router.auth = Auth::Ah(AuthKey::new(b"secret"));
    router
}

#[test]
fn sequence_numbers_are_reserved_before_they_are_used_and_in_blocks() {
    let mut bench = Bench::backup(ah(100));
    bench.pass_millis(3_700);
    let actions = bench.take();
    let saved = actions
        .iter()
        .position(|a| matches!(a, Action::Checkpoint(c) if c.ah_sequence == 1_001));
    let sent = actions.iter().position(|a| matches!(a, Action::Send(_)));
    assert!(saved < sent && saved.is_some());
    bench.pass_millis(1_100_000);
    assert_eq!(bench.take().checkpoints().len(), 1);
}

#[test]
fn a_successor_counts_above_all_that_may_have_been_used() {
    let saved = Checkpoint {
        ah_sequence: 5_000,
        ..checkpoint(VrrpState::Master)
    };
    let start = resume(ah(150), saved, Micros::from_millis(40));
    let mut bench = Bench::with(start, held());
    let actions = bench.take();
    let number = u32::from_be_bytes(actions.sends()[0].bytes[28..32].try_into().unwrap());
    assert_eq!(number, 5_001);
    // A peer that took over meanwhile goes on from what it heard, which is less.
    bench.hear(Heard {
        version: Version::V2,
        auth: OutgoingAuth::Ah {
            key: AuthKey::new(b"secret"),
            sequence: 4_700,
            unicast: false,
        },
        ..heard(200, "192.0.2.2")
    });
    assert_eq!(bench.state(), VrrpState::Backup);
}

#[test]
fn a_child_killed_eight_times_in_a_row_is_no_failover() {
    for seed in 1..=20 {
        let mut world = World::new(
            seed,
            vec![
                (config(router(150)), kernel(1)),
                (config(router(100)), kernel(2)),
            ],
        );
        world.boot_all();
        world.run(Micros::from_secs(10));
        let before = world.timeline.len();
        for life in 0..8 {
            world.kill(0);
            world.run(Micros::from_millis(60));
            world.resume(0);
            world.run(Micros::from_millis(37 * life));
        }
        world.run(Micros::from_secs(10));
        assert_eq!(world.timeline.len(), before, "the address never moved");
        assert_eq!(world.masters(), [0]);
        assert_eq!(world.nodes[1].reports.len(), 1);
        let gaps = world.nodes[0].sent.windows(2);
        let longest = gaps.map(|pair| pair[1].0.since(pair[0].0)).max().unwrap();
        assert!(longest <= Micros::from_millis(1_061), "{longest}");
    }
}

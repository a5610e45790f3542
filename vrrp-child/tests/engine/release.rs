//! The end: of the daemon, and of a child that may not go on.

use crate::sim::bench::{Actions, Bench, START, fresh, heard};
use crate::sim::build::{ETH0, VIP, config, ip, kernel, present, router};
use holdfast_ipc::config::VrrpConfig;
use holdfast_ipc::message::{StartMode, VrrpStart};
use holdfast_ipc::state::{Cause, Checkpoint, VrrpState};
use holdfast_vrrp::action::{Action, AddressChange};
use holdfast_vrrp::engine::Engine;
use holdfast_vrrp::event::Event;

fn many() -> VrrpConfig {
    let routers = (1..=3_u8)
        .map(|n| {
            let mut router = router(255);
            router.name = format!("VI_{n}").as_str().try_into().unwrap();
            router.vrid = n.try_into().unwrap();
            router.addresses[0].address = ip(&format!("192.0.2.{}", 80 + n));
            router
        })
        .collect();
    VrrpConfig {
        routers,
        log_unknown_vrids: false,
        log_detail: true,
        ..VrrpConfig::default()
    }
}

#[test]
fn all_peers_hear_priority_0_before_the_first_address_goes_9568_6_4_3_11() {
    let mut bench = Bench::with(fresh(many()), kernel(1));
    bench.take();
    bench.event(Event::Stop);
    let actions = bench.take();
    assert_eq!(actions.priorities(), [0, 0, 0]);
    assert_eq!(actions.changes().len(), 3);
    let order: Vec<usize> = [
        actions.iter().rposition(|a| matches!(a, Action::Send(_))),
        actions
            .iter()
            .position(|a| matches!(a, Action::Addresses(_))),
        actions.iter().position(|a| matches!(a, Action::Report(_))),
        actions.iter().position(|a| matches!(a, Action::Stopped)),
    ]
    .into_iter()
    .flatten()
    .collect();
    assert_eq!(order.len(), 4);
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(actions.last(), Some(&Action::Stopped));
    assert_eq!(actions.logged("sent 0 priority"), 3);
    assert_eq!(actions.logged("removing VIPs."), 3);
}

#[test]
fn a_backup_stops_silently_9568_6_4_2_06() {
    let mut bench = Bench::backup(router(100));
    bench.event(Event::Stop);
    assert_eq!(bench.take().sends().len(), 0);
    assert_eq!(bench.engine.next_deadline(), None);
}

#[test]
fn nothing_happens_any_more_behind_the_end() {
    let mut bench = Bench::master(router(150));
    bench.event(Event::Stop);
    bench.take();
    bench.hear(heard(0, "192.0.2.2"));
    bench.event(Event::TimerDue);
    bench.event(Event::Stop);
    bench.event(Event::LinkGone(ETH0));
    assert_eq!(bench.take(), []);
}

#[test]
fn a_stop_before_the_start_ends_at_once() {
    let mut engine = Engine::new(fresh(config(router(150))), kernel(1));
    let mut actions = Vec::new();
    engine.handle(START, Event::Stop, &mut actions);
    assert_eq!(actions, [Action::Stopped]);
    engine.start(START, &mut actions);
    assert_eq!(actions, [Action::Stopped]);
}

#[test]
fn what_the_kernel_says_before_the_start_counts() {
    let mut engine = Engine::new(fresh(config(router(150))), kernel(1));
    let mut actions = Vec::new();
    engine.handle(START, Event::LinkGone(ETH0), &mut actions);
    engine.start(START, &mut actions);
    assert_eq!(actions.reports()[0].to, VrrpState::Fault);
}

fn release(state: VrrpState) -> VrrpStart {
    VrrpStart {
        mode: StartMode::Release,
        checkpoints: vec![Checkpoint {
            instance: "VI_1".try_into().unwrap(),
            state,
            learned_interval: None,
            ah_sequence: 0,
            master: None,
        }],
        ..fresh(config(router(150)))
    }
}

#[test]
fn release_gives_up_what_was_master_and_ends() {
    let mut kernel = kernel(1);
    kernel.addresses.push(present(ETH0, ip(VIP), 32));
    let mut bench = Bench::with(release(VrrpState::Master), kernel);
    let actions = bench.take();
    assert_eq!(actions.priorities(), [0]);
    assert!(matches!(
        actions.changes()[..],
        [AddressChange::Remove { .. }]
    ));
    let report = actions.reports()[0];
    assert_eq!(
        (report.from, report.to, &report.cause),
        (VrrpState::Master, VrrpState::Init, &Cause::Stopping)
    );
    assert_eq!(actions.last(), Some(&Action::Stopped));
}

#[test]
fn release_sends_nothing_for_what_was_backup() {
    let mut bench = Bench::with(release(VrrpState::Backup), kernel(1));
    let actions = bench.take();
    assert_eq!((actions.sends().len(), actions.changes().len()), (0, 0));
    assert_eq!(actions.last(), Some(&Action::Stopped));
}

#[test]
fn the_parent_hears_of_the_end_when_the_kernel_has_answered_and_not_before() {
    let mut bench = Bench::master(router(150));
    let mut actions = Vec::new();
    bench.engine.handle(bench.now, Event::Stop, &mut actions);
    assert_eq!(actions.reports().len(), 0);
    assert!(!actions.contains(&Action::Stopped));
    let results = actions
        .changes()
        .into_iter()
        .map(|change| holdfast_vrrp::event::AddressResult {
            change,
            refused: None,
        })
        .collect();
    bench.event(Event::AddressesDone(results));
    let actions = bench.take();
    assert_eq!(actions.reports().len(), 1);
    assert_eq!(actions.last(), Some(&Action::Stopped));
}

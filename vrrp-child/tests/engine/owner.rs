//! Priority 255, once and twice.

use crate::sim::World;
use crate::sim::bench::{Actions, Bench, fresh, heard};
use crate::sim::build::{ETH0, config, ip, kernel, link, router};
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::message::StartMode;
use holdfast_ipc::state::{Cause, Checkpoint, VrrpState};
use holdfast_vrrp::action::{Action, AddressChange};
use holdfast_vrrp::event::{Event, Link};

#[test]
fn the_owner_is_master_at_once_and_its_first_act_is_the_advert_9568_6_4_1_02() {
    let mut bench = Bench::new(router(255));
    let actions = bench.take();
    assert!(matches!(actions[1], Action::Send(_)));
    assert_eq!(actions.priorities(), [255]);
    assert_eq!(actions.frames().len(), 5);
    let causes: Vec<_> = actions
        .reports()
        .iter()
        .map(|report| (report.from, report.to, report.cause.clone()))
        .collect();
    assert_eq!(causes, [(VrrpState::Init, VrrpState::Master, Cause::Owner)]);
    assert_eq!(
        bench.engine.next_deadline(),
        Some(bench.now.after(Micros::from_secs(1)))
    );
}

#[test]
fn an_owner_whose_real_address_is_the_virtual_one_sends_from_it_and_keeps_it() {
    let mut router = router(255);
    router.addresses[0].address = ip("192.0.2.1");
    router.addresses[0].prefix = 24;
    let mut bench = Bench::new(router);
    let actions = bench.take();
    assert_eq!(actions.sends()[0].source, ip("192.0.2.1"));
    assert_eq!(actions.changes(), []);
}

#[test]
fn the_owner_preempts_whatever_is_configured_9568_6_1_10() {
    let mut router = router(255);
    router.nopreempt = true;
    router.track_scripts = vec![crate::sim::build::track("chk", 0)];
    let mut bench = Bench::new(router);
    bench.verdict(crate::sim::build::failing("chk", true));
    bench.verdict(crate::sim::build::failing("chk", false));
    assert_eq!(bench.state(), VrrpState::Backup);
    // One interval and the skew (protocol.md 1.7).
    for _ in 0..10 {
        bench.pass_millis(100);
        bench.hear(heard(254, "192.0.2.2"));
    }
    bench.pass_millis(4);
    assert_eq!(bench.state(), VrrpState::Master);
}

#[test]
fn of_two_owners_the_lower_address_yields_and_says_so_9568_7_1_08() {
    let mut bench = Bench::new(router(255));
    bench.take();
    bench.hear(heard(255, "192.0.2.2"));
    let actions = bench.take();
    assert_eq!(bench.state(), VrrpState::Backup);
    assert_eq!(actions.logged("192.0.2.2 has priority 255 as well"), 1);
    assert_eq!(
        actions.reports()[0].cause,
        Cause::HigherAddress {
            from: ip("192.0.2.2"),
            priority: 255,
            ours: ip("192.0.2.1")
        }
    );
}

#[test]
fn a_stubborn_owner_with_a_lower_address_wins_after_two_adverts_and_1_2_intervals() {
    let mut bench = Bench::new(router(255));
    bench.take();
    let mut yielded = None;
    for tenth in 1..60 {
        bench.pass_millis(100);
        if tenth % 10 == 5 {
            bench.hear(heard(255, "192.0.2.0"));
        }
        if yielded.is_none() && bench.state() == VrrpState::Backup {
            yielded = Some(tenth);
        }
    }
    // Heard at 0.5 s and answered, own advert at 1 s is the second; 1.2 s later is 2.2 s.
    assert_eq!(yielded, Some(25));
    assert_eq!(bench.priority(), 254);
    assert_eq!(
        bench
            .take()
            .logged("Changing effective priority from 255 to 254"),
        1
    );
}

#[test]
fn it_is_the_owner_again_when_the_other_is_silent() {
    let mut bench = Bench::new(router(255));
    for _ in 0..60 {
        bench.pass_millis(100);
        bench.hear(heard(255, "192.0.2.0"));
    }
    assert_eq!((bench.state(), bench.priority()), (VrrpState::Backup, 254));
    bench.pass_millis(3_100);
    assert_eq!((bench.state(), bench.priority()), (VrrpState::Master, 255));
}

#[test]
fn a_second_owner_is_logged_once_and_not_with_each_packet_9568_8_3_2_02() {
    let mut bench = Bench::new(router(255));
    for _ in 0..100 {
        bench.hear(heard(255, "192.0.2.0"));
        bench.pass_millis(9);
    }
    assert_eq!(bench.take().logged("has priority 255 as well"), 1);
}

#[test]
fn owner_ignore_adverts_drops_and_counts_them_5798_7_1_01() {
    for strict in [false, true] {
        let mut router = router(255);
        router.owner_ignore_adverts = !strict;
        router.strict = strict;
        let mut bench = Bench::new(router);
        bench.take();
        bench.hear(heard(255, "192.0.2.2"));
        assert_eq!(bench.state(), VrrpState::Master);
        assert_eq!(
            bench.rejected(),
            [(holdfast_vrrp::packet::Reject::Owner, 1)]
        );
        assert_eq!(bench.take().sends().len(), 0);
    }
}

#[test]
fn two_owners_of_which_one_ignores_the_other_end_with_one_master() {
    let stubborn = {
        let mut router = router(255);
        router.owner_ignore_adverts = true;
        router
    };
    // The stubborn one has the lower address.
    let mut world = World::new(
        3,
        vec![
            (config(stubborn), kernel(1)),
            (config(router(255)), kernel(2)),
        ],
    );
    world.boot_all();
    world.run(Micros::from_secs(6));
    assert_eq!((world.masters(), world.holders()), (vec![0], vec![0]));
}

#[test]
fn a_backup_that_becomes_the_owner_by_a_reload_is_master_at_once_9568_1_7_04() {
    let mut bench = Bench::backup(router(100));
    bench.event(Event::Reconfigure(config(router(255))));
    let actions = bench.take();
    assert_eq!(bench.state(), VrrpState::Master);
    assert!(matches!(actions.changes()[..], [AddressChange::Add { .. }]));
    assert_eq!(actions.reports()[0].cause, Cause::Owner);
}

#[test]
fn an_owner_that_is_heard_again_after_a_while_has_the_same_patience_of_ours() {
    let mut bench = Bench::new(router(255));
    bench.hear(heard(255, "192.0.2.0"));
    bench.pass_millis(10_000);
    bench.hear(heard(255, "192.0.2.0"));
    assert_eq!(bench.state(), VrrpState::Master);
}

fn with_real_address() -> holdfast_ipc::config::model::VirtualRouter {
    let mut router = router(255);
    router.addresses[0].address = ip("192.0.2.1");
    router.addresses[0].prefix = 24;
    router
}

fn link_down() -> Event<'static> {
    Event::LinkPresent(Link {
        running: false,
        ..link(ETH0, "eth0")
    })
}

#[test]
fn an_owner_keeps_its_real_address_whatever_ends_its_role() {
    for end in 0..3 {
        let mut bench = Bench::new(with_real_address());
        match end {
            0 => bench.event(Event::Stop),
            1 => bench.hear(heard(255, "192.0.2.2")),
            _ => {
                // Twice: the second time it was MASTER by the timer.
                for _ in 0..2 {
                    bench.event(link_down());
                    assert_eq!(bench.state(), VrrpState::Fault);
                    bench.event(Event::LinkPresent(link(ETH0, "eth0")));
                    bench.pass_millis(1_010);
                    assert_eq!(bench.state(), VrrpState::Master);
                }
                bench.event(link_down());
            }
        }
        let removals = bench.take().changes();
        let removals = removals
            .iter()
            .filter(|change| matches!(change, AddressChange::Remove { .. }));
        assert_eq!(removals.count(), 0, "{end}");
    }
}

#[test]
fn an_owner_that_starts_or_resumes_without_carrier_keeps_its_real_address() {
    let mut kernel = kernel(1);
    kernel.links[0].running = false;
    for state in [None, Some(VrrpState::Fault), Some(VrrpState::Master)] {
        let mut start = fresh(config(with_real_address()));
        if let Some(state) = state {
            start.mode = StartMode::Resume;
            start.checkpoints = vec![Checkpoint {
                instance: "VI_1".try_into().unwrap(),
                state,
                learned_interval: None,
                ah_sequence: 0,
                master: None,
            }];
        }
        let mut bench = Bench::with(start, kernel.clone());
        assert_eq!(bench.state(), VrrpState::Fault);
        assert_eq!(bench.take().changes(), [], "{state:?}");
    }
}

#[test]
fn an_owners_address_that_it_added_itself_goes_with_the_role() {
    let mut bench = Bench::new(router(255));
    bench.take();
    bench.event(Event::Stop);
    assert!(matches!(
        bench.take().changes()[..],
        [AddressChange::Remove { .. }]
    ));
}

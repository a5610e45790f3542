//! A new configuration for a running engine.

use super::sockets::unicast;
use crate::sim::bench::{Actions, Bench, fresh, heard};
use crate::sim::build::{ETH0, VIP, config, ip, kernel, priority, router, track, v3, vip};
use holdfast_ipc::config::VrrpConfig;
use holdfast_ipc::config::model::{Auth, Micros, Peer, Transport, Version, VirtualRouter, Vrid};
use holdfast_ipc::state::{Cause, VrrpState};
use holdfast_vrrp::action::{Action, AddressChange};
use holdfast_vrrp::event::Event;

fn both(a: VirtualRouter, b: VirtualRouter) -> VrrpConfig {
    VrrpConfig {
        routers: vec![a, b],
        log_unknown_vrids: false,
        log_detail: false,
        ..VrrpConfig::default()
    }
}

fn named(name: &str, vrid: u8, address: &str) -> VirtualRouter {
    let mut router = router(100);
    router.name = name.try_into().unwrap();
    router.vrid = Vrid::try_from(vrid).unwrap();
    router.addresses = vec![vip(address)];
    router
}

fn reload(bench: &mut Bench, config: VrrpConfig) -> Vec<Action> {
    assert_eq!(bench.engine.prepare(&config), Ok(()));
    bench.event(Event::Reconfigure(config));
    bench.take()
}

#[test]
fn an_unchanged_router_keeps_state_timers_and_addresses() {
    for mut bench in [Bench::master(router(100)), Bench::backup(router(100))] {
        bench.pass_millis(700);
        bench.take();
        let (state, deadline) = (bench.state(), bench.engine.next_deadline());
        assert_eq!(reload(&mut bench, config(router(100))), []);
        assert_eq!(
            (bench.state(), bench.engine.next_deadline()),
            (state, deadline)
        );
    }
}

#[test]
fn a_master_with_a_new_address_adds_it_and_tells_the_hosts() {
    let mut bench = Bench::master(router(100));
    let mut new = router(100);
    new.addresses.push(vip("192.0.2.81"));
    let actions = reload(&mut bench, config(new));
    assert_eq!(
        actions.changes(),
        [AddressChange::Add {
            index: ETH0,
            address: vip("192.0.2.81")
        }]
    );
    assert_eq!(actions.frames().len(), 10);
    assert_eq!(actions.reports().len(), 0);
    bench.pass_millis(1_000);
    assert_eq!(bench.take().sends()[0].bytes[23], 2);
}

#[test]
fn a_master_with_one_address_less_removes_only_that() {
    let mut old = router(100);
    old.addresses.push(vip("192.0.2.81"));
    let mut bench = Bench::master(old);
    let actions = reload(&mut bench, config(router(100)));
    assert_eq!(
        actions.changes(),
        [AddressChange::Remove {
            index: ETH0,
            address: vip("192.0.2.81")
        }]
    );
    assert_eq!(bench.state(), VrrpState::Master);
}

#[test]
fn a_new_prefix_is_a_removal_and_an_addition() {
    let mut bench = Bench::master(router(100));
    let mut new = router(100);
    new.addresses[0].prefix = 24;
    let wanted = new.addresses[0].clone();
    assert_eq!(
        reload(&mut bench, config(new)).changes(),
        [
            AddressChange::Remove {
                index: ETH0,
                address: vip(VIP)
            },
            AddressChange::Add {
                index: ETH0,
                address: wanted
            },
        ]
    );
}

#[test]
fn another_label_is_a_removal_and_an_addition_as_well() {
    let mut bench = Bench::master(router(100));
    let mut new = router(100);
    new.addresses[0].label = Some("eth0:1".to_owned());
    let actions = reload(&mut bench, config(new.clone()));
    assert_eq!(
        actions.changes(),
        [
            AddressChange::Remove {
                index: ETH0,
                address: vip(VIP)
            },
            AddressChange::Add {
                index: ETH0,
                address: new.addresses[0].clone()
            },
        ]
    );
    // The kernel's word on the removal comes late and is no theft.
    bench.event(Event::AddressGone {
        index: ETH0,
        address: ip(VIP),
        prefix: 32,
    });
    assert_eq!(bench.take().logged("somebody removed"), 0);
}

#[test]
fn a_restarted_router_goes_on_counting_its_sequence_numbers() {
    let mut old = router(100);
    old.version = Version::V2;
    old.auth = Auth::Ah(holdfast_ipc::config::model::AuthKey::new(b"secret"));
    let mut bench = Bench::master(old.clone());
    bench.pass_millis(10_000);
    let last = bench.take().sends().last().unwrap().bytes[31];
    assert_eq!(last, 11);
    old.vrid = Vrid::try_from(52).unwrap();
    reload(&mut bench, config(old));
    bench.pass_millis(3_700);
    assert_eq!(bench.take().sends()[0].bytes[31], last + 2);
}

#[test]
fn a_new_address_that_the_kernel_refuses_is_a_fault() {
    let mut bench = Bench::master(router(100));
    bench.refuse = vec![ip("192.0.2.81")];
    let mut new = router(100);
    new.addresses.push(vip("192.0.2.81"));
    let actions = reload(&mut bench, config(new));
    assert_eq!(actions.priorities(), [0]);
    assert_eq!(bench.state(), VrrpState::Fault);
}

#[test]
fn a_new_priority_is_applied_in_place() {
    let mut bench = Bench::master(router(100));
    let actions = reload(&mut bench, config(router(150)));
    assert_eq!(actions.reports().len(), 0);
    bench.pass_millis(1_000);
    assert_eq!(bench.take().priorities(), [150]);
}

#[test]
fn a_new_interval_counts_from_the_last_advert() {
    let mut bench = Bench::master(router(100));
    bench.pass_millis(400);
    let last = bench.now.before(Micros::from_millis(400));
    let mut new = router(100);
    new.advert_int = v3(50);
    reload(&mut bench, config(new.clone()));
    assert_eq!(
        bench.engine.next_deadline(),
        Some(last.after(Micros::from_millis(500)))
    );
    let mut bench = Bench::backup(router(100));
    let armed = bench.now;
    bench.pass_millis(400);
    reload(&mut bench, config(new));
    assert_eq!(
        bench.engine.next_deadline(),
        Some(armed.after(Micros::new(1_804_687)))
    );
}

#[test]
fn a_removed_instance_gives_up_and_is_forgotten() {
    let mut bench = Bench::with(
        fresh(both(
            named("A", 1, "192.0.2.81"),
            named("B", 2, "192.0.2.82"),
        )),
        kernel(1),
    );
    bench.pass_millis(3_700);
    bench.take();
    let actions = reload(&mut bench, config(named("B", 2, "192.0.2.82")));
    assert_eq!(actions.priorities(), [0]);
    assert_eq!(
        actions.changes(),
        [AddressChange::Remove {
            index: ETH0,
            address: vip("192.0.2.81")
        }]
    );
    assert_eq!(actions.reports()[0].cause, Cause::Removed);
    assert_eq!(
        actions.last(),
        Some(&Action::Forget("A".try_into().unwrap()))
    );
    assert_eq!(bench.state_of("B"), VrrpState::Master);
}

#[test]
fn a_new_instance_starts_in_the_place_of_a_removed_one() {
    let mut bench = Bench::with(fresh(config(named("A", 1, "192.0.2.81"))), kernel(1));
    bench.take();
    for round in 0..100 {
        let name = if round % 2 == 0 { "B" } else { "A" };
        let actions = reload(&mut bench, config(named(name, 2, "192.0.2.82")));
        let to: Vec<_> = actions.reports().iter().map(|r| r.to).collect();
        assert_eq!(to, [VrrpState::Init, VrrpState::Backup]);
        bench.pass_millis(3_700);
        assert_eq!(bench.state_of(name), VrrpState::Master);
        bench.take();
    }
}

#[test]
fn an_address_that_moves_between_masters_is_never_absent() {
    let mut bench = Bench::with(
        fresh(both(
            named("A", 1, "192.0.2.81"),
            named("B", 2, "192.0.2.82"),
        )),
        kernel(1),
    );
    bench.pass_millis(3_700);
    bench.take();
    for (a, b) in [
        (vec!["192.0.2.83"], vec!["192.0.2.82", "192.0.2.81"]),
        (
            vec!["192.0.2.83", "192.0.2.82", "192.0.2.81"],
            vec!["192.0.2.84"],
        ),
    ] {
        let (mut first, mut second) = (named("A", 1, VIP), named("B", 2, VIP));
        first.addresses = a.into_iter().map(vip).collect();
        second.addresses = b.into_iter().map(vip).collect();
        let actions = reload(&mut bench, both(first, second));
        let removed = actions
            .changes()
            .iter()
            .filter(|change| match change {
                AddressChange::Remove { address, .. } => {
                    [ip("192.0.2.81"), ip("192.0.2.82")].contains(&address.address)
                }
                AddressChange::Add { .. } => false,
            })
            .count();
        assert_eq!(removed, 0, "{actions:?}");
    }
}

#[test]
fn an_address_that_moves_to_a_backup_is_removed() {
    let mut bench = Bench::with(
        fresh(both(
            named("A", 1, "192.0.2.81"),
            named("B", 2, "192.0.2.82"),
        )),
        kernel(1),
    );
    bench.pass_millis(3_700);
    bench.hear(crate::sim::bench::Heard {
        vrid: 2,
        ..heard(200, "192.0.2.2")
    });
    assert_eq!(bench.state_of("B"), VrrpState::Backup);
    bench.take();
    let mut second = named("B", 2, "192.0.2.82");
    second.addresses.push(vip("192.0.2.81"));
    let actions = reload(&mut bench, both(named("A", 1, "192.0.2.83"), second));
    assert!(actions.changes().contains(&AddressChange::Remove {
        index: ETH0,
        address: vip("192.0.2.81")
    }));
}

#[test]
fn another_vrid_version_or_password_restarts_the_router_cleanly() {
    let mut vrid = router(100);
    vrid.vrid = Vrid::try_from(99).unwrap();
    let mut version = router(100);
    version.version = Version::V2;
    let mut auth = version.clone();
    auth.auth = Auth::Pass(holdfast_ipc::config::model::AuthKey::new(b"x"));
    for new in [vrid, version, auth, unicast(100)] {
        let mut bench = Bench::master(router(100));
        let actions = reload(&mut bench, config(new));
        assert_eq!(actions.priorities(), [0]);
        assert!(matches!(
            actions.changes()[..],
            [AddressChange::Remove { .. }]
        ));
        let report = actions.reports()[0];
        assert_eq!(
            (report.from, report.to, &report.cause),
            (
                VrrpState::Master,
                VrrpState::Backup,
                &Cause::ConfigurationChanged
            )
        );
        bench.pass_millis(3_700);
        assert_eq!(bench.state(), VrrpState::Master);
    }
}

#[test]
fn one_more_unicast_peer_restarts_nothing() {
    let mut bench = Bench::master(unicast(100));
    let mut new = unicast(100);
    if let Transport::Unicast { peers, .. } = &mut new.transport {
        peers.push(Peer {
            address: ip("192.0.2.3"),
            min_ttl: None,
            max_ttl: None,
        });
    }
    assert_eq!(reload(&mut bench, config(new)), []);
    bench.pass_millis(1_000);
    assert_eq!(bench.take().sends().len(), 2);
}

#[test]
fn a_new_script_without_a_verdict_does_not_end_the_role() {
    let mut bench = Bench::master(router(100));
    let mut new = router(100);
    new.track_scripts = vec![track("chk", 0)];
    assert_eq!(reload(&mut bench, config(new)), []);
    bench.verdict(crate::sim::build::failing("chk", true));
    assert_eq!(bench.state(), VrrpState::Fault);
}

#[test]
fn a_verdict_survives_a_reload_that_keeps_the_script() {
    let mut old = router(100);
    old.track_scripts = vec![track("chk", 20)];
    let mut bench = Bench::new(old.clone());
    bench.verdict(crate::sim::build::failing("chk", false));
    old.nopreempt = true;
    reload(&mut bench, config(old));
    assert_eq!(bench.priority(), 120);
}

#[test]
fn an_interface_that_is_newly_named_has_to_exist() {
    let bench = Bench::master(router(100));
    let mut new = router(100);
    new.interface = Some("eth7".try_into().unwrap());
    assert_eq!(
        bench.engine.prepare(&config(new)),
        Err(
            "(VI_1) interface eth7 does not exist: create it first, or correct its name".to_owned()
        )
    );
    let mut new = router(100);
    new.addresses[0].dev = Some("eth7".try_into().unwrap());
    assert!(bench.engine.prepare(&config(new)).is_err());
}

#[test]
fn an_interface_that_is_waited_for_already_does_not_refuse_a_reload() {
    let bench = Bench::with(
        fresh(config(router(100))),
        holdfast_vrrp::event::KernelState::default(),
    );
    let mut new = router(100);
    new.priority = priority(120);
    assert_eq!(bench.engine.prepare(&config(new)), Ok(()));
}

#[test]
fn an_address_that_becomes_virtual_is_a_source_no_more() {
    let mut kernel = kernel(1);
    kernel
        .addresses
        .insert(1, crate::sim::build::present(ETH0, ip("192.0.2.99"), 24));
    let mut bench = Bench::with(fresh(config(router(255))), kernel);
    bench.take();
    let mut new = router(255);
    new.excluded = vec![vip("192.0.2.1")];
    reload(&mut bench, config(new));
    bench.pass_millis(1_000);
    assert_eq!(bench.take().sends()[0].source, ip("192.0.2.99"));
}

#[test]
fn a_refresh_of_gratuitous_arps_can_be_switched_on_by_a_reload() {
    let mut bench = Bench::master(router(100));
    bench.pass_millis(60_000);
    bench.take();
    let mut new = router(100);
    new.garp.master_refresh = Micros::from_secs(10);
    reload(&mut bench, config(new));
    bench.pass_millis(10_000);
    assert_eq!(bench.take().frames().len(), 1);
}

#[test]
fn the_verdict_of_a_script_that_was_gone_is_not_remembered() {
    let mut tracking = router(100);
    tracking.track_scripts = vec![track("chk", 20)];
    let mut bench = Bench::new(tracking.clone());
    bench.verdict(crate::sim::build::failing("chk", false));
    assert_eq!(bench.priority(), 120);
    reload(&mut bench, config(router(100)));
    reload(&mut bench, config(tracking));
    assert_eq!(bench.priority(), 100);
}

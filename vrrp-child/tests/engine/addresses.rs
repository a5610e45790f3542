//! Virtual addresses: added, kept, restored, refused, taken away.

use crate::sim::bench::{Actions, Bench, fresh, heard};
use crate::sim::build::{ETH0, ETH1, VIP, config, ip, kernel, link, present, router, vip};
use holdfast_ipc::config::model::{VirtualAddress, VirtualRouter};
use holdfast_ipc::state::{Cause, VrrpState};
use holdfast_vrrp::action::{Action, AddressChange};
use holdfast_vrrp::event::{AddressResult, Event, IfIndex, Link, PresentAddress};

fn add(index: IfIndex, address: VirtualAddress) -> AddressChange {
    AddressChange::Add { index, address }
}

fn remove(index: IfIndex, address: VirtualAddress) -> AddressChange {
    AddressChange::Remove { index, address }
}

fn gone(address: &str) -> Event<'static> {
    Event::AddressGone {
        index: ETH0,
        address: ip(address),
        prefix: 32,
    }
}

fn with_two(priority: u8) -> VirtualRouter {
    let mut router = router(priority);
    router.excluded = vec![vip("2001:db8::80")];
    router
}

#[test]
fn a_master_adds_all_its_addresses_in_one_go_and_a_backup_removes_them() {
    let mut bench = Bench::backup(with_two(100));
    bench.pass_millis(3_610);
    let (a, b) = (vip(VIP), vip("2001:db8::80"));
    assert_eq!(
        bench.take().changes(),
        [add(ETH0, a.clone()), add(ETH0, b.clone())]
    );
    bench.hear(heard(200, "192.0.2.2"));
    assert_eq!(bench.take().changes(), [remove(ETH0, a), remove(ETH0, b)]);
}

#[test]
fn an_address_with_dev_goes_to_that_interface() {
    let mut router = router(255);
    router.addresses[0].dev = Some("eth1".try_into().unwrap());
    let mut kernel = kernel(1);
    kernel.links.push(link(ETH1, "eth1"));
    let mut bench = Bench::with(fresh(config(router.clone())), kernel);
    assert_eq!(
        bench.take().changes(),
        [add(ETH1, router.addresses[0].clone())]
    );
}

#[test]
fn an_address_on_an_interface_that_is_missing_is_waited_for() {
    let mut router = router(255);
    router.addresses[0].dev = Some("eth1".try_into().unwrap());
    let mut bench = Bench::new(router);
    assert_eq!(bench.state(), VrrpState::Fault);
    bench.event(Event::LinkPresent(link(ETH1, "eth1")));
    bench.pass_millis(1_010);
    assert_eq!(bench.state(), VrrpState::Master);
}

#[test]
fn leftovers_are_removed_before_backup_9568_6_4_2_05() {
    let mut kernel = kernel(1);
    kernel.addresses.push(present(ETH0, ip(VIP), 32));
    let actions = Bench::with(fresh(config(router(100))), kernel).take();
    let removal = Action::Addresses(vec![remove(ETH0, vip(VIP))]);
    let removed = actions.iter().position(|a| *a == removal);
    let reported = actions
        .iter()
        .position(|a| matches!(a, Action::Report(change) if change.to == VrrpState::Backup));
    assert!(removed.is_some() && removed < reported, "{actions:?}");
}

#[test]
fn the_machines_own_address_survives_a_virtual_address_that_was_mistyped_as_it() {
    let mut router = router(100);
    router.addresses[0].address = ip("192.0.2.1");
    let mut kernel = kernel(1);
    kernel.addresses.push(present(ETH0, ip("192.0.2.7"), 24));
    let actions = Bench::with(fresh(config(router)), kernel).take();
    assert_eq!(actions.changes(), []);
    assert_eq!(
        actions.logged("192.0.2.1/24 is on eth0 already, the virtual address is 192.0.2.1/32"),
        1
    );
}

#[test]
fn an_address_that_the_kernel_refuses_makes_a_fault_and_never_a_master_9568_6_4_2_13() {
    let mut router = router(100);
    router.addresses.push(vip("192.0.2.81"));
    let mut bench = Bench::backup(router);
    bench.refuse = vec![ip("192.0.2.81")];
    bench.pass_millis(3_610);
    let actions = bench.take();
    // The advert of the takeover, and the one that takes it back.
    assert_eq!(actions.priorities(), [100, 0]);
    assert_eq!(
        actions.changes(),
        [
            add(ETH0, vip(VIP)),
            add(ETH0, vip("192.0.2.81")),
            remove(ETH0, vip(VIP)),
        ]
    );
    let reports: Vec<_> = actions.reports().iter().map(|r| (r.from, r.to)).collect();
    assert_eq!(reports, [(VrrpState::Backup, VrrpState::Fault)]);
    assert_eq!(
        actions.reports()[0].cause,
        Cause::AddressRefused {
            address: ip("192.0.2.81"),
            reason: "Permission denied".to_owned()
        }
    );
    assert_eq!(actions.frames().len(), 0);
    assert_eq!(
        actions.logged("cannot add 192.0.2.81/32 on eth0: Permission denied"),
        1
    );
}

#[test]
fn a_refused_address_is_tried_again_with_growing_waits() {
    let mut bench = Bench::backup(router(100));
    bench.refuse = vec![ip(VIP)];
    bench.pass_millis(60_000);
    let waits: Vec<String> = bench
        .take()
        .logs()
        .into_iter()
        .filter_map(|line| line.split("next try in ").nth(1).map(ToOwned::to_owned))
        .collect();
    assert_eq!(waits, ["1 s", "2 s", "4 s", "8 s", "16 s", "32 s"]);
    bench.refuse.clear();
    bench.pass_millis(40_000);
    assert_eq!(bench.state(), VrrpState::Master);
}

#[test]
fn a_reload_tries_a_refused_address_at_once_even_where_nothing_changed() {
    let mut bench = Bench::backup(router(100));
    bench.refuse = vec![ip(VIP)];
    bench.pass_millis(60_000);
    assert_eq!(bench.state(), VrrpState::Fault);
    bench.refuse.clear();
    bench.event(Event::Reconfigure(config(router(100))));
    assert_eq!(bench.state(), VrrpState::Backup);
}

#[test]
fn an_address_with_no_track_may_be_refused() {
    let mut router = router(100);
    router.addresses.push(vip("192.0.2.81"));
    router.addresses[1].no_track = true;
    let mut bench = Bench::backup(router);
    bench.refuse = vec![ip("192.0.2.81")];
    bench.pass_millis(3_610);
    assert_eq!(bench.state(), VrrpState::Master);
}

#[test]
fn an_excluded_address_that_the_kernel_refuses_is_logged_once_and_the_service_stays() {
    let mut bench = Bench::backup(with_two(100));
    bench.refuse = vec![ip("2001:db8::80")];
    bench.pass_millis(60_000);
    assert_eq!(bench.state(), VrrpState::Master);
    let actions = bench.take();
    assert_eq!(
        actions.logged("cannot add 2001:db8::80/128 on eth0: Permission denied"),
        1
    );
    assert!(!actions.priorities().contains(&0));
}

#[test]
fn an_address_that_somebody_removed_is_restored_at_once() {
    let mut bench = Bench::master(router(100));
    bench.event(gone(VIP));
    let actions = bench.take();
    assert_eq!(actions.changes(), [add(ETH0, vip(VIP))]);
    assert_eq!(actions.frames().len(), 5);
    assert_eq!(actions.logged("somebody removed 192.0.2.80/32"), 1);
    assert_eq!(bench.state(), VrrpState::Master);
}

#[test]
fn the_sixth_removal_in_ten_seconds_ends_the_fight_in_fault() {
    let mut bench = Bench::master(router(100));
    for _ in 0..6 {
        bench.pass_millis(100);
        bench.event(gone(VIP));
    }
    let actions = bench.take();
    assert_eq!(bench.state(), VrrpState::Fault);
    assert_eq!(actions.priorities(), [0]);
    assert_eq!(
        actions.reports()[0].cause,
        Cause::VirtualAddressFight { address: ip(VIP) }
    );
    bench.pass_millis(1_000);
    assert_eq!(bench.state(), VrrpState::Backup);
}

#[test]
fn an_address_with_no_track_is_not_restored() {
    let mut router = router(100);
    router.addresses[0].no_track = true;
    let mut bench = Bench::master(router);
    bench.event(gone(VIP));
    assert_eq!(bench.take(), []);
}

#[test]
fn the_late_message_on_an_own_removal_is_no_theft() {
    let mut router = router(100);
    router.track_scripts = vec![crate::sim::build::track("chk", 0)];
    let mut bench = Bench::new(router);
    bench.verdict(crate::sim::build::failing("chk", false));
    bench.pass_millis(3_610);
    // Away and back within the time that the kernel's messages take.
    bench.hear(heard(200, "192.0.2.2"));
    bench.hear(heard(0, "192.0.2.2"));
    bench.pass_millis(610);
    assert_eq!(bench.state(), VrrpState::Master);
    bench.take();
    bench.event(gone(VIP));
    // It is asked for once more all the same, which costs nothing.
    assert_eq!(bench.take(), [Action::Addresses(vec![add(ETH0, vip(VIP))])]);
    // The next one is a theft.
    bench.event(gone(VIP));
    assert_eq!(bench.take().logged("somebody removed"), 1);
    assert_eq!(bench.state(), VrrpState::Master);
}

/// BACKUP behind a removal that the kernel refused.
fn with_stuck_address() -> Bench {
    let mut bench = Bench::master(router(100));
    let mut actions = Vec::new();
    let heard = heard(200, "192.0.2.2");
    let bytes = heard.bytes();
    let event = Event::Advert(heard.datagram(ETH0, &bytes));
    bench.engine.handle(bench.now, event, &mut actions);
    bench.event(Event::AddressesDone(vec![AddressResult {
        change: actions.changes()[0].clone(),
        refused: Some("Device or resource busy".to_owned()),
    }]));
    bench
}

#[test]
fn a_removal_that_the_kernel_refuses_is_tried_again() {
    let mut bench = with_stuck_address();
    assert_eq!(
        bench
            .take()
            .logged("cannot remove 192.0.2.80/32 on eth0: Device or resource busy"),
        1
    );
    bench.pass_millis(1_000);
    assert_eq!(bench.take().changes(), [remove(ETH0, vip(VIP))]);
}

#[test]
fn a_reload_forgets_no_removal_that_the_kernel_refused() {
    let mut other = router(100);
    other.addresses = vec![vip("192.0.2.81")];
    let mut restarted = other.clone();
    restarted.vrid = 77.try_into().unwrap();
    for new in [router(100), other, restarted] {
        let mut bench = with_stuck_address();
        bench.event(Event::Reconfigure(config(new)));
        bench.take();
        bench.pass_millis(1_000);
        assert_eq!(bench.take().changes(), [remove(ETH0, vip(VIP))]);
    }
}

#[test]
fn an_address_that_another_machine_has_too_is_reported() {
    let mut router = with_two(100);
    router.excluded[0].nodad = false;
    let mut bench = Bench::master(router);
    let tentative = PresentAddress {
        tentative: true,
        ..present(ETH0, ip("2001:db8::80"), 128)
    };
    bench.event(Event::AddressPresent(tentative.clone()));
    bench.event(Event::AddressPresent(PresentAddress {
        dad_failed: true,
        ..tentative
    }));
    assert_eq!(
        bench
            .take()
            .logged("another machine on the link has 2001:db8::80"),
        1
    );
}

#[test]
fn nothing_is_removed_from_an_interface_that_is_gone() {
    let mut bench = Bench::master(router(100));
    bench.event(Event::LinkGone(ETH0));
    assert_eq!(bench.take().changes(), []);
    assert_eq!(bench.state(), VrrpState::Fault);
}

#[test]
fn an_address_that_another_master_holds_as_well_stays() {
    let mut second = router(100);
    second.name = "VI_2".try_into().unwrap();
    second.vrid = 52.try_into().unwrap();
    let mut both = config(router(100));
    both.routers.push(second);
    let mut bench = Bench::with(fresh(both), kernel(1));
    bench.pass_millis(3_610);
    bench.take();
    bench.hear(heard(200, "192.0.2.2"));
    assert_eq!(bench.state_of("VI_1"), VrrpState::Backup);
    assert_eq!(bench.state_of("VI_2"), VrrpState::Master);
    assert_eq!(bench.take().changes(), []);
}

#[test]
fn a_resync_restores_what_was_lost_meanwhile() {
    let mut bench = Bench::master(with_two(100));
    let mut kernel = kernel(1);
    kernel.addresses.push(present(ETH0, ip(VIP), 32));
    bench.event(Event::Resync(kernel));
    assert_eq!(bench.take().changes(), [add(ETH0, vip("2001:db8::80"))]);
    assert_eq!(bench.state(), VrrpState::Master);
}

#[test]
fn an_address_that_appears_on_a_backup_or_in_fault_is_removed() {
    let mut in_fault = Bench::backup(router(100));
    in_fault.event(Event::LinkPresent(Link {
        running: false,
        ..link(ETH0, "eth0")
    }));
    in_fault.take();
    for mut bench in [Bench::backup(router(100)), in_fault] {
        bench.event(Event::AddressPresent(present(ETH0, ip(VIP), 32)));
        let actions = bench.take();
        assert_eq!(actions.changes(), [remove(ETH0, vip(VIP))]);
        assert_eq!(actions.logged("somebody added 192.0.2.80/32"), 1);
        bench.event(gone(VIP));
        bench.event(Event::AddressPresent(present(ETH0, ip(VIP), 24)));
        assert_eq!(bench.take().changes(), []);
    }
}

#[test]
fn who_adds_an_address_again_and_again_gets_his_way_with_one_line() {
    let mut bench = Bench::backup(router(1));
    for _ in 0..20 {
        bench.event(Event::AddressPresent(present(ETH0, ip(VIP), 32)));
        bench.event(gone(VIP));
        bench.pass_millis(100);
    }
    let actions = bench.take();
    assert_eq!(actions.changes().len(), 5);
    assert_eq!(actions.logs().len(), 6);
    assert_eq!(actions.logged("keeps adding 192.0.2.80/32"), 1);
}

#[test]
fn an_address_that_is_held_by_another_master_is_not_removed_where_it_appears() {
    let mut second = router(100);
    second.name = "VI_2".try_into().unwrap();
    second.vrid = 52.try_into().unwrap();
    let mut both = config(router(100));
    both.routers.push(second);
    let mut bench = Bench::with(fresh(both), kernel(1));
    bench.pass_millis(3_610);
    bench.hear(heard(200, "192.0.2.2"));
    bench.take();
    bench.event(Event::AddressPresent(present(ETH0, ip(VIP), 32)));
    assert_eq!(bench.take(), []);
}

#[test]
fn the_late_message_on_an_own_addition_is_no_intrusion() {
    let mut bench = Bench::master(router(100));
    bench.hear(heard(200, "192.0.2.2"));
    bench.take();
    bench.event(Event::AddressPresent(present(ETH0, ip(VIP), 32)));
    bench.event(gone(VIP));
    assert_eq!(bench.take(), []);
}

#[test]
fn an_interface_that_comes_back_with_an_address_is_swept() {
    let mut bench = Bench::master(router(100));
    bench.event(Event::LinkGone(ETH0));
    bench.take();
    let mut kernel = kernel(1);
    kernel.addresses.push(present(ETH0, ip(VIP), 32));
    bench.event(Event::Resync(kernel));
    assert_eq!(bench.state(), VrrpState::Backup);
    assert_eq!(bench.take().changes(), [remove(ETH0, vip(VIP))]);
}

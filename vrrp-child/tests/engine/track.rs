//! Tracked scripts and interfaces.

use crate::sim::bench::{Actions, Bench, fresh};
use crate::sim::build::{ETH0, ETH1, config, failing, kernel, link, router, track};
use holdfast_ipc::config::model::{TrackInterface, VirtualRouter, Weight};
use holdfast_ipc::state::{Cause, VrrpState};
use holdfast_vrrp::event::{Event, Link};

fn scripted(priority: u8, weight: i16, reverse: bool) -> VirtualRouter {
    let mut router = router(priority);
    router.track_scripts = vec![track("chk", weight)];
    router.track_scripts[0].reverse = reverse;
    router
}

fn tracking(weight: i16) -> VirtualRouter {
    let mut router = router(100);
    router.track_interfaces = vec![TrackInterface {
        interface: "eth1".try_into().unwrap(),
        weight: Weight::try_from(weight).unwrap(),
        reverse: false,
    }];
    router
}

#[test]
fn weights_count_as_in_keepalived() {
    for (weight, reverse, unknown, good, bad) in [
        (4, false, 100, 104, 100),
        (-40, false, 100, 100, 60),
        (4, true, 100, 96, 100),
        (-40, true, 100, 100, 140),
        (253, false, 100, 254, 100),
        (-253, false, 100, 100, 1),
    ] {
        let mut bench = Bench::new(scripted(100, weight, reverse));
        let mut found = vec![bench.priority()];
        for fails in [false, true] {
            bench.verdict(failing("chk", fails));
            found.push(bench.priority());
        }
        assert_eq!(found, [unknown, good, bad], "{weight} {reverse}");
    }
}

#[test]
fn the_owners_priority_does_not_follow_its_scripts() {
    let mut bench = Bench::new(scripted(255, -40, false));
    bench.verdict(failing("chk", true));
    assert_eq!((bench.priority(), bench.state()), (255, VrrpState::Master));
}

#[test]
fn a_script_without_weight_that_fails_is_a_fault_with_its_words() {
    let mut bench = Bench::new(scripted(150, 0, false));
    bench.verdict(failing("chk", false));
    bench.pass_millis(3_500);
    assert_eq!(bench.state(), VrrpState::Master);
    bench.take();
    bench.verdict(failing("chk", true));
    let actions = bench.take();
    assert_eq!(actions.priorities(), [0]);
    assert_eq!(
        actions.reports()[0].cause,
        Cause::ScriptFailed {
            script: "chk".try_into().unwrap(),
            detail: "exit 1 after 3 ms".to_owned()
        }
    );
    bench.verdict(failing("chk", false));
    assert_eq!(bench.state(), VrrpState::Backup);
}

#[test]
fn an_instance_waits_in_init_for_the_first_result_and_says_for_what() {
    let mut bench = Bench::new(scripted(150, 0, false));
    let actions = bench.take();
    assert_eq!(bench.state(), VrrpState::Init);
    assert_eq!(
        actions.logs(),
        ["(VI_1) waiting for the first result of script chk"]
    );
    assert_eq!(actions.reports().len(), 0);
    bench.verdict(failing("chk", false));
    assert_eq!(bench.take().reports()[0].cause, Cause::Startup);
}

#[test]
fn a_script_with_a_weight_holds_nothing_up() {
    assert_eq!(
        Bench::new(scripted(150, 4, false)).state(),
        VrrpState::Backup
    );
}

#[test]
fn verdicts_that_are_known_at_the_start_count_from_the_start() {
    let mut start = fresh(config(scripted(100, 4, false)));
    start.verdicts = vec![failing("chk", false)];
    let mut bench = Bench::with(start, kernel(1));
    assert_eq!(bench.priority(), 104);
    assert_eq!(bench.take().logged("Changing effective priority"), 0);
}

#[test]
fn a_tracked_interface_moves_the_priority_or_makes_a_fault() {
    let mut kernel = kernel(1);
    kernel.links.push(link(ETH1, "eth1"));
    let lost = Event::LinkPresent(Link {
        running: false,
        ..link(ETH1, "eth1")
    });
    let mut bench = Bench::with(fresh(config(tracking(-30))), kernel.clone());
    bench.take();
    bench.event(lost.clone());
    assert_eq!(bench.priority(), 70);
    assert_eq!(
        bench.take().logs(),
        ["(VI_1) Changing effective priority from 100 to 70: interface eth1 down"]
    );
    let mut bench = Bench::with(fresh(config(tracking(0))), kernel);
    bench.take();
    bench.event(lost);
    assert_eq!(
        bench.take().reports()[0].cause,
        Cause::TrackedInterfaceDown {
            interface: "eth1".try_into().unwrap()
        }
    );
}

#[test]
fn a_tracked_interface_that_does_not_exist_counts_as_down() {
    let mut bench = Bench::new(tracking(0));
    assert_eq!(bench.state(), VrrpState::Fault);
    bench.event(Event::LinkPresent(link(ETH1, "eth1")));
    assert_eq!(bench.state(), VrrpState::Backup);
    bench.event(Event::LinkGone(ETH1));
    assert_eq!(bench.state(), VrrpState::Fault);
}

#[test]
fn one_of_two_faults_that_ends_does_not_end_the_state() {
    let mut bench = Bench::new(scripted(150, 0, false));
    bench.verdict(failing("chk", true));
    bench.event(Event::LinkPresent(Link {
        running: false,
        ..link(ETH0, "eth0")
    }));
    bench.take();
    bench.event(Event::LinkPresent(link(ETH0, "eth0")));
    assert_eq!(bench.state(), VrrpState::Fault);
    let actions = bench.take();
    assert_eq!(actions.reports().len(), 0);
    assert_eq!(actions.logged("still in FAULT state (script chk failed"), 1);
}

#[test]
fn verdicts_of_scripts_that_nobody_tracks_are_not_kept() {
    let mut bench = Bench::new(scripted(100, 4, false));
    bench.verdict(failing("other", false));
    bench.event(Event::Reconfigure(config({
        let mut router = scripted(100, 4, false);
        router.track_scripts.push(track("other", 20));
        router
    })));
    assert_eq!(bench.priority(), 100);
}

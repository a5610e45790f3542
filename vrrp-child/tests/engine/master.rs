//! RFC 9568 section 6.4.3: Active.

use crate::sim::bench::{Actions, Bench, Heard, heard};
use crate::sim::build::{ip, kernel, router, v3};
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::state::{Cause, VrrpState};
use holdfast_vrrp::event::Event;

fn secs(secs: u64) -> Micros {
    Micros::from_secs(secs)
}

#[test]
fn adverts_are_one_interval_apart_without_drift_9568_6_4_3_14() {
    let mut bench = Bench::master(router(150));
    let start = bench.now;
    for n in 1..=100_u64 {
        let due = bench.engine.next_deadline().unwrap();
        assert_eq!(due, start.after(secs(n)));
        // The loop is late by up to 5 ms; that does not add up.
        bench.now = due.after(Micros::from_millis(n % 5));
        bench.event(Event::TimerDue);
        if n == 5 {
            // The second burst of gratuitous ARPs has the same deadline.
            assert_eq!(bench.take().priorities().len(), 5);
        }
    }
    assert_eq!(bench.take().priorities(), [150; 95]);
}

#[test]
fn priority_0_of_another_router_is_answered_and_the_timer_restarted_9568_6_4_3_15() {
    let mut bench = Bench::master(router(150));
    bench.pass_millis(400);
    bench.hear(heard(0, "192.0.2.2"));
    assert_eq!(bench.take().priorities(), [150]);
    assert_eq!(bench.engine.next_deadline(), Some(bench.now.after(secs(1))));
    assert_eq!(bench.state(), VrrpState::Master);
}

#[test]
fn equal_priorities_are_decided_by_the_unsigned_address_9568_6_4_3_17() {
    // Ours are 192.0.2.1 and fe80::1.
    for (from, stays) in [
        ("10.0.0.1", true),
        ("192.0.2.0", true),
        ("192.0.2.2", false),
        ("200.0.0.1", false),
    ] {
        let mut bench = Bench::master(router(150));
        bench.hear(heard(150, from));
        assert_eq!(bench.state() == VrrpState::Master, stays, "{from}");
    }
    for (from, stays) in [("fe80::", true), ("fe80::8000:0:0:1", false)] {
        let mut bench = Bench::master(super::sockets::router6(150));
        bench.hear(super::sockets::heard6(150, from));
        assert_eq!(bench.state() == VrrpState::Master, stays, "{from}");
    }
}

#[test]
fn a_nopreempt_master_yields_to_a_higher_priority_all_the_same_9568_6_4_3_01() {
    let mut router = router(150);
    router.nopreempt = true;
    let mut bench = Bench::master(router);
    bench.hear(heard(151, "192.0.2.2"));
    assert_eq!(bench.state(), VrrpState::Backup);
}

#[test]
fn a_master_that_yields_learns_the_interval_and_sends_no_priority_0_9568_6_4_3_19() {
    let mut bench = Bench::master(router(150));
    bench.hear(Heard {
        interval: v3(50),
        ..heard(200, "192.0.2.2")
    });
    let actions = bench.take();
    assert_eq!(actions.sends().len(), 0);
    assert_eq!(
        bench.engine.next_deadline(),
        Some(bench.now.after(Micros::new(1_707_031)))
    );
    assert_eq!(
        actions.reports()[0].cause,
        Cause::HigherPriority {
            from: ip("192.0.2.2"),
            theirs: 200,
            ours: 150
        }
    );
}

#[test]
fn one_advert_goes_before_yielding_with_higher_prio_send_advert_9568_6_4_3_18() {
    let mut router = router(150);
    router.higher_prio_send_advert = true;
    let mut bench = Bench::master(router);
    bench.hear(heard(200, "192.0.2.2"));
    assert_eq!(bench.take().priorities(), [150]);
    assert_eq!(bench.state(), VrrpState::Backup);
}

#[test]
fn a_losing_advert_is_answered_once_an_interval_9568_6_4_3_25() {
    let mut bench = Bench::master(router(150));
    let next = bench.engine.next_deadline();
    for _ in 0..50 {
        bench.hear(heard(100, "192.0.2.2"));
    }
    let actions = bench.take();
    assert_eq!(actions.priorities(), [150]);
    assert_eq!(actions.frames().len(), 5);
    // Adver_Timer goes on.
    assert_eq!(bench.engine.next_deadline(), next);
    bench.pass_millis(1_000);
    bench.take();
    bench.hear(heard(100, "192.0.2.2"));
    assert_eq!(bench.take().priorities(), [150]);
}

#[test]
fn lower_prio_no_advert_answers_nothing_5798_6_4_3_01() {
    let mut router = router(150);
    router.lower_prio_no_advert = true;
    router.garp.lower_prio_repeat = 0;
    let mut bench = Bench::master(router);
    bench.hear(heard(100, "192.0.2.2"));
    let actions = bench.take();
    assert_eq!((actions.sends().len(), actions.frames().len()), (0, 0));
    assert_eq!(
        actions.logged("Received advert from 192.0.2.2 with lower priority 100, ours 150, forcing"),
        1
    );
}

#[test]
fn an_own_advert_that_comes_back_gets_no_answer_9568_6_4_3_25() {
    let mut bench = Bench::master(router(150));
    bench.hear(heard(150, "192.0.2.1"));
    let actions = bench.take();
    assert_eq!(actions.sends().len(), 0);
    assert_eq!(actions.logged("our own source address"), 1);
    assert_eq!(bench.state(), VrrpState::Master);
}

#[test]
fn a_master_that_slept_longer_than_any_peer_waits_steps_back_and_sends_nothing() {
    let mut bench = Bench::master(router(150));
    bench.now = bench.now.after(secs(30));
    bench.event(Event::TimerDue);
    let actions = bench.take();
    assert_eq!(actions.sends().len(), 0);
    assert_eq!(actions.changes().len(), 1);
    assert_eq!(
        actions.reports()[0].cause,
        Cause::OwnAdvertLate { silent: secs(30) }
    );
    assert_eq!(bench.state(), VrrpState::Backup);
}

#[test]
fn a_packet_that_is_read_before_the_timer_finds_a_master_that_slept_stepping_back_too() {
    let mut bench = Bench::master(router(150));
    bench.now = bench.now.after(secs(30));
    bench.hear(heard(100, "192.0.2.2"));
    assert_eq!(bench.take().sends().len(), 0);
    assert_eq!(bench.state(), VrrpState::Backup);
}

#[test]
fn a_master_that_was_late_by_less_than_that_goes_on() {
    let mut bench = Bench::master(router(150));
    bench.now = bench.now.after(Micros::from_millis(3_900));
    bench.event(Event::TimerDue);
    assert_eq!(bench.take().priorities(), [150]);
    assert_eq!(bench.engine.next_deadline(), Some(bench.now.after(secs(1))));
}

#[test]
fn the_effective_priority_goes_out_with_the_next_advert_9568_7_2_01() {
    let mut router = router(150);
    router.track_scripts = vec![crate::sim::build::track("chk", -60)];
    let mut bench = Bench::master(router);
    bench.verdict(crate::sim::build::failing("chk", true));
    let actions = bench.take();
    assert_eq!(actions.sends().len(), 0);
    assert_eq!(
        actions.logs(),
        ["(VI_1) Changing effective priority from 150 to 90: script chk failed"]
    );
    bench.pass_millis(1_000);
    assert_eq!(bench.take().priorities(), [90]);
}

#[test]
fn adverts_come_from_the_first_real_address_even_while_the_virtual_one_is_there_9568_1_7_01() {
    let mut kernel = kernel(1);
    let vip = crate::sim::build::present(crate::sim::build::ETH0, ip("192.0.2.80"), 24);
    kernel.addresses.insert(0, vip);
    let mut bench = Bench::with(
        crate::sim::bench::fresh(crate::sim::build::config(router(150))),
        kernel,
    );
    bench.pass_millis(3_500);
    let actions = bench.take();
    assert_eq!(actions.sends()[0].source, ip("192.0.2.1"));
}

//! RFC 9568 section 6.4.2: Backup.

use crate::sim::bench::{Actions, Bench, Heard, fresh, heard};
use crate::sim::build::{config, failing, kernel, router, track, v3};
use holdfast_ipc::config::model::{AdvertInterval, Micros, Version};
use holdfast_ipc::state::{Cause, VrrpState};

const DOWN_150: u64 = 3_414_062;

fn micros(micros: u64) -> Micros {
    Micros::new(micros)
}

#[test]
fn the_first_wait_is_the_down_interval_and_not_a_microsecond_less_9568_6_4_1_08() {
    let mut bench = Bench::backup(router(150));
    bench.pass(micros(DOWN_150 - 1));
    assert_eq!(bench.take(), []);
    bench.pass(micros(1));
    assert_eq!(bench.state(), VrrpState::Master);
}

#[test]
fn state_master_does_not_shorten_the_first_wait_9568_6_4_1_08() {
    let mut router = router(150);
    router.initial_state = holdfast_ipc::config::model::InitialState::Master;
    let bench = Bench::backup(router);
    assert_eq!(
        bench.engine.next_deadline(),
        Some(bench.now.after(micros(DOWN_150)))
    );
}

#[test]
fn the_advert_is_the_first_thing_that_a_new_master_does_9568_6_4_2_08() {
    let mut bench = Bench::backup(router(150));
    bench.pass(micros(DOWN_150));
    let actions = bench.take();
    assert_eq!(actions[..1].to_vec().priorities(), [150]);
    assert_eq!(actions.priorities(), [150]);
}

#[test]
fn a_backup_never_sends_an_advert_9568_3_02() {
    let mut bench = Bench::backup(router(100));
    for _ in 0..10 {
        bench.hear(heard(150, "192.0.2.2"));
        bench.pass_millis(1_000);
    }
    assert_eq!(bench.take().sends().len(), 0);
}

#[test]
fn a_hundred_adverts_hold_the_takeover_off_9568_6_4_2_18() {
    let mut bench = Bench::backup(router(100));
    for _ in 0..100 {
        bench.hear(heard(150, "192.0.2.2"));
        bench.pass_millis(3_000);
    }
    assert_eq!(bench.state(), VrrpState::Backup);
    bench.pass(micros(609_375));
    let cause = &bench.take().reports()[0].cause.clone();
    assert_eq!(
        *cause,
        Cause::MasterSilent {
            last: Some("192.0.2.2".parse().unwrap()),
            waited: micros(3_609_375),
        }
    );
}

#[test]
fn an_equal_priority_is_accepted_whatever_the_address_9568_6_4_2_15() {
    for from in ["192.0.2.0", "192.0.2.250"] {
        let mut bench = Bench::backup(router(100));
        for _ in 0..5 {
            bench.pass_millis(3_000);
            bench.hear(heard(100, from));
        }
        assert_eq!(bench.state(), VrrpState::Backup, "{from}");
    }
}

#[test]
fn a_lower_priority_does_not_touch_the_timer_9568_6_4_2_19() {
    let mut bench = Bench::backup(router(150));
    let deadline = bench.engine.next_deadline();
    for _ in 0..3 {
        bench.pass_millis(1_000);
        bench.hear(Heard {
            interval: v3(50),
            ..heard(100, "192.0.2.2")
        });
        assert_eq!(bench.engine.next_deadline(), deadline);
    }
    bench.pass_millis(415);
    let actions = bench.take();
    assert_eq!(
        actions.reports()[0].cause,
        Cause::LowerPriority {
            from: "192.0.2.2".parse().unwrap(),
            theirs: 100,
            ours: 150,
        }
    );
}

#[test]
fn nopreempt_accepts_a_lower_priority_9568_6_1_09() {
    let mut router = router(150);
    router.nopreempt = true;
    let mut bench = Bench::backup(router);
    for _ in 0..10 {
        bench.pass_millis(1_000);
        bench.hear(heard(1, "192.0.2.2"));
    }
    assert_eq!(bench.state(), VrrpState::Backup);
    bench.pass(micros(DOWN_150));
    assert_eq!(bench.state(), VrrpState::Master);
}

#[test]
fn preempt_delay_accepts_lower_adverts_until_it_ran_out() {
    let mut router = router(150);
    router.preempt_delay = Micros::from_secs(5);
    let mut bench = Bench::backup(router);
    // The first one starts the delay, the one at 6 s is the first that is discarded.
    for _ in 0..6 {
        bench.pass_millis(1_000);
        bench.hear(heard(100, "192.0.2.2"));
    }
    let last_accepted = Micros::from_secs(1);
    assert_eq!(
        bench.engine.next_deadline(),
        Some(bench.now.before(last_accepted).after(micros(DOWN_150)))
    );
}

#[test]
fn preempt_delay_begins_again_behind_a_higher_advert() {
    let mut router = router(150);
    router.preempt_delay = Micros::from_secs(5);
    let mut bench = Bench::backup(router);
    for priority in [100, 100, 100, 200, 100, 100, 100, 100] {
        bench.pass_millis(1_000);
        bench.hear(heard(priority, "192.0.2.2"));
        assert_eq!(
            bench.engine.next_deadline(),
            Some(bench.now.after(micros(DOWN_150)))
        );
    }
}

#[test]
fn priority_0_leaves_the_skew_time_only_9568_6_4_2_14() {
    let mut bench = Bench::backup(router(150));
    bench.pass_millis(200);
    bench.hear(heard(200, "192.0.2.2"));
    bench.take();
    bench.hear(heard(0, "192.0.2.2"));
    assert_eq!(
        bench.engine.next_deadline(),
        Some(bench.now.after(micros(414_062)))
    );
    bench.pass(micros(414_062));
    assert_eq!(
        bench.take().reports()[0].cause,
        Cause::MasterReleased {
            from: "192.0.2.2".parse().unwrap()
        }
    );
}

#[test]
fn the_interval_of_a_priority_0_advert_is_not_learned_9568_6_4_2_14() {
    let mut bench = Bench::backup(router(150));
    bench.hear(Heard {
        interval: v3(50),
        ..heard(0, "192.0.2.2")
    });
    assert_eq!(
        bench.engine.next_deadline(),
        Some(bench.now.after(micros(414_062)))
    );
    assert_eq!(bench.take().checkpoints().len(), 0);
}

#[test]
fn an_accepted_advert_teaches_interval_and_skew_9568_6_4_2_16() {
    let mut bench = Bench::backup(router(150));
    bench.pass_millis(200);
    bench.hear(Heard {
        interval: v3(50),
        ..heard(200, "192.0.2.2")
    });
    assert_eq!(
        bench.engine.next_deadline(),
        Some(bench.now.after(micros(DOWN_150 / 2)))
    );
    let actions = bench.take();
    assert_eq!(actions.checkpoints()[0].learned_interval, Some(v3(50)));
    assert_eq!(actions.logged("has interval 0.5 s, ours is 1 s"), 1);
}

#[test]
fn a_new_master_sends_in_its_own_interval_9568_6_4_2_12() {
    let mut bench = Bench::backup(router(150));
    bench.hear(Heard {
        interval: v3(50),
        ..heard(200, "192.0.2.2")
    });
    bench.pass(micros(DOWN_150 / 2));
    assert_eq!(bench.state(), VrrpState::Master);
    assert_eq!(
        bench.engine.next_deadline(),
        Some(bench.now.after(Micros::from_secs(1)))
    );
}

#[test]
fn one_forged_advert_with_40_95_s_leaves_nobody_unserved_for_long_9568_6_1_06() {
    let mut bench = Bench::backup(router(150));
    bench.hear(Heard {
        interval: v3(4_095),
        ..heard(255, "192.0.2.66")
    });
    assert_eq!(
        bench.take().logged("going by 5 s until it says so again"),
        1
    );
    bench.pass_millis(17_071);
    assert_eq!(bench.state(), VrrpState::Master);
}

#[test]
fn a_master_that_really_has_a_long_interval_is_believed_with_its_second_advert() {
    let mut bench = Bench::backup(router(150));
    for _ in 0..10 {
        bench.hear(Heard {
            interval: v3(4_095),
            ..heard(200, "192.0.2.2")
        });
        bench.pass_millis(40_950);
    }
    let takeovers = bench.take().reports().len() / 2;
    assert_eq!((bench.state(), takeovers), (VrrpState::Backup, 1));
}

#[test]
fn version_2_learns_nothing_from_the_packet_3768_6_4_2_01() {
    let mut router = router(150);
    router.version = Version::V2;
    let mut bench = Bench::backup(router);
    bench.pass_millis(200);
    bench.hear(Heard {
        version: Version::V2,
        ..heard(200, "192.0.2.2")
    });
    assert_eq!(bench.take().checkpoints()[0].learned_interval, None);
    assert_eq!(
        bench.engine.next_deadline(),
        Some(bench.now.after(micros(DOWN_150)))
    );
}

#[test]
fn version_2_ignores_another_interval_and_says_what_follows_3768_7_1_07() {
    let mut router = router(150);
    router.version = Version::V2;
    let mut bench = Bench::backup(router);
    let deadline = bench.engine.next_deadline();
    bench.pass_millis(1_000);
    bench.hear(Heard {
        version: Version::V2,
        interval: AdvertInterval::new(Version::V2, 200).unwrap(),
        ..heard(200, "192.0.2.2")
    });
    assert_eq!(bench.engine.next_deadline(), deadline);
    assert_eq!(
        bench.take().logs(),
        [
            "(VI_1) ignored advert from 192.0.2.2: advertisement interval 2 s differs from ours, \
             1 s; both routers will be MASTER as long as this lasts; make `advert_int` the same on \
             both"
        ]
    );
}

#[test]
fn down_timer_adverts_replaces_the_three() {
    let mut router = router(254);
    router.down_timer_adverts = 1;
    let bench = Bench::backup(router);
    assert_eq!(
        bench.engine.next_deadline(),
        Some(bench.now.after(micros(1_007_812)))
    );
}

#[test]
fn a_new_priority_shifts_the_running_timer_by_the_difference_of_the_skews() {
    let mut router = router(100);
    router.track_scripts = vec![track("chk", 50)];
    let mut bench = Bench::backup(router);
    let start = bench.now;
    bench.pass_millis(2_000);
    bench.verdict(failing("chk", false));
    assert_eq!(bench.priority(), 150);
    assert_eq!(
        bench.engine.next_deadline(),
        Some(start.after(micros(DOWN_150)))
    );
}

#[test]
fn a_timer_that_rings_late_reads_what_is_in_the_socket_first() {
    let mut bench = Bench::backup(router(100));
    bench.now = bench.now.after(Micros::from_millis(4_500));
    bench.event(holdfast_vrrp::event::Event::TimerDue);
    assert_eq!(bench.take(), []);
    bench.hear(heard(150, "192.0.2.2"));
    bench.pass_millis(3_000);
    assert_eq!(bench.state(), VrrpState::Backup);
}

#[test]
fn a_late_timer_with_an_empty_socket_takes_over_a_millisecond_later() {
    let mut bench = Bench::backup(router(100));
    bench.now = bench.now.after(Micros::from_millis(4_500));
    bench.event(holdfast_vrrp::event::Event::TimerDue);
    assert_eq!(bench.state(), VrrpState::Backup);
    bench.pass_millis(1);
    assert_eq!(bench.state(), VrrpState::Master);
}

#[test]
fn a_backup_that_slept_listens_for_a_whole_interval_before_a_takeover() {
    let mut bench = Bench::backup(router(100));
    bench.now = bench.now.after(Micros::from_secs(30));
    bench.event(holdfast_vrrp::event::Event::TimerDue);
    assert_eq!(bench.take().logged("A thread timer expired"), 1);
    bench.pass_millis(3_609);
    assert_eq!(bench.state(), VrrpState::Backup);
    bench.pass_millis(1);
    assert_eq!(bench.state(), VrrpState::Master);
}

#[test]
fn the_master_that_is_heard_is_logged_once() {
    let mut bench = Bench::backup(router(100));
    for from in ["192.0.2.2", "192.0.2.2", "192.0.2.3", "192.0.2.3"] {
        bench.hear(heard(150, from));
        bench.pass_millis(1_000);
    }
    let actions = bench.take();
    assert_eq!(actions.logged("master set to 192.0.2.2"), 1);
    assert_eq!(
        actions.logged("master changed from 192.0.2.2 to 192.0.2.3"),
        1
    );
}

#[test]
fn with_detail_a_flood_of_priority_0_is_logged_once_a_second() {
    let mut detailed = config(router(100));
    detailed.log_detail = true;
    let mut bench = Bench::with(fresh(detailed), kernel(1));
    for _ in 0..100 {
        bench.hear(heard(0, "192.0.2.2"));
    }
    assert_eq!(
        bench
            .take()
            .logged("Backup received priority 0 advertisement"),
        1
    );
}

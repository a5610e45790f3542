//! What a stranger sends as fast as it can.

use holdfast_tests::expect::{
    INTERVAL, LOW, VIP, VRID, at_most, master_and_backup, undisturbed, vi,
};
use holdfast_tests::forge::Forged;
use holdfast_tests::inject::Injection;
use holdfast_tests::lab::LONG;
use holdfast_tests::pairs::BOTH;
use holdfast_tests::stranger::{FLOOD, disturbs_nothing, few_lines, winning, with_password};
use holdfast_tests::{Lab, defects, rfc};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

macro_rules! floods {
    ($($name:ident: $forged:expr;)*) => { $(
        #[test]
        fn $name() {
            disturbs_nothing(&vi(), &$forged, FLOOD, INTERVAL);
        }
    )* };
}

defects!(floods);

/// Row 9568-6.4.3: the master answers a lower priority; but a flood must not be multiplied.
#[test]
fn a_flood_of_lower_priority_is_answered_at_a_bounded_rate() {
    const ANSWERS_PER_INTERVAL: u32 = 2;
    const ANNOUNCEMENTS_PER_SECOND: usize = 10;
    let lab = Lab::pair();
    let _pair = master_and_backup(&lab, BOTH, &vi(), VIP);
    let since = lab.timeline().mark(0, "a stranger sends");
    let lower = Forged {
        priority: 50,
        ..winning()
    };
    let _injection = Injection::start(&lab, vec![lower.frame()], Duration::from_millis(1));
    let seen = lab.timeline().watch(3 * SECOND);
    undisturbed(&lab, since, INTERVAL);
    few_lines(&lab, since, 1);
    let (adverts, announcements) = lab.look(|view| {
        let view = view.since(since);
        (view.adverts(0).count(), view.announcements(0, VIP).count())
    });
    let intervals = u32::try_from(seen.length().as_millis() / INTERVAL.as_millis()).unwrap() + 1;
    let allowed = usize::try_from(intervals * ANSWERS_PER_INTERVAL).unwrap();
    assert!(adverts <= allowed, "{adverts} adverts");
    assert!(
        announcements <= 4 * ANNOUNCEMENTS_PER_SECOND,
        "{announcements} announcements"
    );
}

/// All causes mixed: one line per second and cause, with a count of what was not told.
#[test]
fn a_flood_of_everything_leaves_a_readable_log_that_tells_the_count() {
    const CAUSES: usize = 5;
    let lab = Lab::pair();
    let _pair = master_and_backup(&lab, BOTH, &vi(), VIP);
    let since = lab.timeline().mark(0, "a stranger sends");
    let frames = [
        Forged {
            checksum_error: 1,
            ..winning()
        },
        Forged {
            ttl: 254,
            ..winning()
        },
        Forged {
            version: 4,
            ..winning()
        },
        Forged {
            kind: 2,
            ..winning()
        },
        Forged {
            count: Some(5),
            ..winning()
        },
    ];
    let frames = frames.iter().map(Forged::frame).collect();
    let injection = Injection::start(&lab, frames, Duration::ZERO);
    lab.timeline().watch(4 * SECOND);
    drop(injection);
    undisturbed(&lab, since, INTERVAL);
    few_lines(&lab, since, CAUSES);
    lab.wait_for_log(0, since, "192.0.2.3");
}

/// The backup hears a flood too, and has to be as good afterwards.
#[test]
fn a_backup_takes_over_in_the_middle_of_a_flood() {
    let lab = Lab::pair();
    let [mut first, _second] = master_and_backup(&lab, BOTH, &vi(), VIP);
    let forged = Forged {
        checksum_error: 1,
        ..winning()
    };
    let _injection = Injection::start(&lab, vec![forged.frame()], Duration::from_micros(200));
    lab.wait_for_adverts(0, VRID, 3);
    let off = lab.power_off(0, &mut [&mut first]);
    let taken = lab.wait_for_holder(1, VIP, LONG);
    let bound = rfc::master_down(3, INTERVAL, LOW) + INTERVAL;
    at_most("the takeover", taken - off, bound);
}

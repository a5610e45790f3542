use super::*;
use proptest::prelude::*;

const LOOP: Micros = Micros::from_secs(10);
const RETRY: Micros = Micros::from_secs(3);

fn rules(retry: u32, alpha: bool) -> Rules {
    Rules {
        timing: CheckTiming {
            delay_loop: LOOP,
            retry,
            delay_before_retry: RETRY,
            warmup: Micros::from_secs(60),
            alpha,
            log_all_failures: false,
        },
        pages: 1,
        fast_recovery: false,
    }
}

fn run(schedule: &mut Schedule, results: &[bool]) -> Vec<(Change, Micros)> {
    let results = results.iter();
    results
        .map(|good| {
            if *good {
                schedule.passed()
            } else {
                schedule.failed()
            }
        })
        .map(|reaction| (reaction.change, reaction.wait))
        .collect()
}

#[test]
fn at_the_start_a_single_failure_is_enough_and_no_retries_are_told() {
    let mut schedule = Schedule::new(rules(3, false), None);
    let all = run(&mut schedule, &[false, true]);
    assert_eq!(
        all,
        [(Change::Down { retries: None }, LOOP), (Change::Up, LOOP)]
    );
}

#[test]
fn later_it_takes_the_retries_as_well_and_one_success_is_enough_to_come_back() {
    let mut schedule = Schedule::new(rules(2, false), None);
    let all = run(&mut schedule, &[true, false, false, false, false, true]);
    let expected = [
        (Change::Same, LOOP),
        (Change::Same, RETRY),
        (Change::Same, RETRY),
        (Change::Down { retries: Some(2) }, LOOP),
        (Change::Same, LOOP),
        (Change::Up, LOOP),
    ];
    assert_eq!(all, expected);
}

#[test]
fn a_success_between_failures_starts_the_retries_anew() {
    let mut schedule = Schedule::new(rules(1, false), None);
    run(&mut schedule, &[true, false, true, false]);
    assert!(schedule.is_up());
    run(&mut schedule, &[false]);
    assert!(!schedule.is_up());
}

#[test]
fn without_retries_none_are_told() {
    let mut schedule = Schedule::new(rules(0, false), None);
    let all = run(&mut schedule, &[true, false]);
    assert_eq!(all.last(), Some(&(Change::Down { retries: None }, LOOP)));
}

#[test]
fn with_alpha_a_check_is_down_until_its_first_success() {
    let mut schedule = Schedule::new(rules(3, true), None);
    assert!(!schedule.is_up());
    let all = run(&mut schedule, &[false, true]);
    assert_eq!(all, [(Change::Same, LOOP), (Change::Up, LOOP)]);
}

#[test]
fn what_a_predecessor_knew_is_gone_on_from_and_its_first_failure_has_retries() {
    let mut schedule = Schedule::new(rules(1, true), Some(true));
    assert_eq!(run(&mut schedule, &[false]), [(Change::Same, RETRY)]);
    assert!(schedule.is_up());
}

#[test]
fn while_it_is_up_one_page_is_asked_each_delay_loop_and_the_failed_one_is_retried() {
    let mut schedule = Schedule::new(
        Rules {
            pages: 3,
            ..rules(1, false)
        },
        None,
    );
    let mut pages = Vec::new();
    for good in [true, false, true, true, true] {
        pages.push(schedule.page());
        run(&mut schedule, &[good]);
    }
    assert_eq!(pages, [0, 1, 1, 2, 0]);
}

#[test]
fn all_pages_have_to_pass_in_a_row_until_it_is_up_and_a_failure_starts_the_round_anew() {
    let mut schedule = Schedule::new(
        Rules {
            pages: 2,
            ..rules(0, true)
        },
        None,
    );
    let all = run(&mut schedule, &[true, false, true, true]);
    let changes: Vec<_> = all.iter().map(|(change, _)| *change).collect();
    assert_eq!(
        changes,
        [Change::Same, Change::Same, Change::Same, Change::Up]
    );
    assert!(all.iter().all(|(_, wait)| *wait == LOOP));
}

#[test]
fn fast_recovery_asks_the_pages_back_to_back_while_it_is_down() {
    let rules = Rules {
        pages: 3,
        fast_recovery: true,
        ..rules(0, true)
    };
    let mut schedule = Schedule::new(rules, None);
    let waits: Vec<_> = run(&mut schedule, &[true, true, true, true])
        .into_iter()
        .map(|(_, wait)| wait)
        .collect();
    assert_eq!(waits, [Micros::ZERO, Micros::ZERO, LOOP, LOOP]);
}

#[test]
fn a_machine_that_could_not_ask_changes_nothing() {
    let schedule = Schedule::new(rules(1, false), None);
    assert_eq!(schedule.not_tried(), RETRY);
}

#[test]
fn the_first_check_comes_after_a_second_and_a_random_part_of_warmup() {
    let schedule = Schedule::new(rules(1, false), None);
    assert_eq!(schedule.warmup(0), Micros::from_secs(1));
    assert_eq!(schedule.warmup(1 << 63), Micros::from_secs(31));
    assert!(schedule.warmup(u64::MAX) < Micros::from_secs(61));
}

/// The same rules as sentences over the whole history.
fn reference(rules: Rules, history: &[bool]) -> bool {
    let mut up = !rules.timing.alpha;
    // Where the present verdict began.
    let mut since = 0;
    for end in 1..=history.len() {
        let row = |wanted: bool| {
            let newest = history[since..end].iter().rev();
            newest.take_while(|result| **result == wanted).count()
        };
        let tries = if end == 1 {
            1
        } else {
            rules.timing.retry as usize + 1
        };
        let turns = if up {
            row(false) >= tries
        } else {
            row(true) >= rules.pages
        };
        if turns {
            up = !up;
            since = end;
        }
    }
    up
}

proptest! {
    #[test]
    fn it_is_what_the_sentences_say(
        retry in 0_u32..4,
        alpha: bool,
        pages in 1_usize..4,
        fast_recovery: bool,
        history in prop::collection::vec(any::<bool>(), 0..40),
    ) {
        let rules = Rules { pages, fast_recovery, ..rules(retry, alpha) };
        let mut schedule = Schedule::new(rules, None);
        for end in 0..=history.len() {
            prop_assert_eq!(schedule.is_up(), reference(rules, &history[..end]));
            prop_assert!(schedule.page() < pages);
            if let Some(good) = history.get(end) {
                run(&mut schedule, &[*good]);
            }
        }
    }
}

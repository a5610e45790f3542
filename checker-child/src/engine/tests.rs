#![expect(clippy::arithmetic_side_effects, reason = "small numbers in tests")]

mod reload;

use super::*;
use crate::action::{Force, Probe};
use crate::event::Outcome;
use holdfast_ipc::config::CheckerScript;
use holdfast_ipc::config::model::{ShellWords, TlsFiles};
use holdfast_ipc::log::{Level, LogRecord};
use holdfast_ipc::state::ScriptState::{Failed, Ok as Good};
use holdfast_ipc::state::{ScriptState, Verdict};
use proptest::prelude::*;
use std::collections::BTreeMap;

const ONE: Generation = Generation::new(1);
const TWO: Generation = Generation::new(2);
/// Begin of the clock in tests: not zero, which saturating arithmetic could hide behind.
const BEGIN: Monotonic = Monotonic::from_micros(1_000_000_000);

pub(super) fn at(millis: u64) -> Monotonic {
    BEGIN.after(Micros::from_millis(millis))
}

fn name(text: &str) -> ScriptName {
    ScriptName::try_from(text).unwrap()
}

fn words(command: &str) -> ShellWords {
    ShellWords::try_from(command.split(' ').map(str::to_owned).collect::<Vec<_>>()).unwrap()
}

/// Interval 1 s, timeout 1 s, rise and fall 1.
fn script(called: &str, command: &str) -> CheckerScript {
    CheckerScript {
        name: name(called),
        action: ScriptAction::Run(words(command)),
        interval: Micros::from_secs(1),
        timeout: Micros::from_secs(1),
        rise: 1,
        fall: 1,
        init_fail: false,
    }
}

fn lookup(called: &str, process: &str) -> CheckerScript {
    CheckerScript {
        action: ScriptAction::ProcessExists(vec![process.to_owned()]),
        ..script(called, "/x")
    }
}

pub(super) fn config(scripts: impl Into<Vec<CheckerScript>>) -> CheckerConfig {
    CheckerConfig {
        scripts: scripts.into(),
        script_security: true,
        servers: 0,
        tls: TlsFiles::default(),
    }
}

fn verdict(called: &str, state: ScriptState, detail: &str) -> Verdict {
    Verdict {
        script: name(called),
        state,
        detail: detail.to_owned(),
    }
}

fn told(generation: Generation, called: &str, state: ScriptState, detail: &str) -> Action {
    Action::Send(CheckerToParent::Verdict {
        generation,
        verdict: verdict(called, state, detail),
    })
}

fn log(level: Level, text: &str) -> Action {
    Action::Send(CheckerToParent::Log(LogRecord::new(level, text)))
}

fn run(number: u64, command: &str) -> Action {
    Action::Run {
        run: RunId::new(number),
        words: words(command),
        check_path: true,
    }
}

fn signal(number: u64, force: Force) -> Action {
    Action::Signal {
        run: RunId::new(number),
        force,
    }
}

fn exited(number: u64, status: i32) -> Event {
    ended(
        number,
        Outcome::Exited {
            status,
            output: String::new(),
        },
    )
}

fn ended(number: u64, outcome: Outcome) -> Event {
    Event::Ended {
        run: RunId::new(number),
        outcome,
    }
}

pub(super) fn send(message: ParentToChecker) -> Event {
    Event::Message(message)
}

/// An engine that got `Go` at `at(0)`, with what it did then.
fn started(config: CheckerConfig, verdicts: &[Verdict]) -> (Engine, Vec<Action>) {
    let mut engine = Engine::new(0, 100);
    let start = CheckerStart {
        generation: ONE,
        config,
        fresh: true,
        verdicts: verdicts.to_vec(),
    };
    assert_eq!(
        engine.handle(at(0), send(ParentToChecker::Start(start))),
        [Action::Send(CheckerToParent::Ready { generation: ONE })]
    );
    let actions = engine.handle(at(0), send(ParentToChecker::Go));
    (engine, actions)
}

/// An engine with one script that runs since `at(0)` as run 1.
fn with_one_run() -> Engine {
    let (mut engine, begin) = started(config([script("a", "/a")]), &[]);
    assert_eq!(begin, []);
    assert_eq!(engine.handle(at(0), Event::Due), [run(1, "/a")]);
    engine
}

#[test]
fn a_script_runs_each_interval_and_only_a_change_is_told() {
    let mut engine = with_one_run();
    assert_eq!(
        engine.handle(at(12), exited(1, 0)),
        [
            told(ONE, "a", Good, "exit 0 after 12 ms"),
            log(Level::Notice, "VRRP_Script(a) succeeded"),
        ]
    );
    assert_eq!(engine.next_deadline(), Some(at(1000)));
    assert_eq!(engine.handle(at(1000), Event::Due), [run(2, "/a")]);
    assert_eq!(engine.handle(at(1003), exited(2, 0)), []);
    assert_eq!(engine.handle(at(2000), Event::Due), [run(3, "/a")]);
    let output = "connection refused".to_owned();
    assert_eq!(
        engine.handle(at(2012), ended(3, Outcome::Exited { status: 2, output })),
        [
            told(
                ONE,
                "a",
                Failed,
                "exit 2 after 12 ms: \"connection refused\""
            ),
            log(Level::Info, "Script `a` now returning 2"),
            log(
                Level::Notice,
                "VRRP_Script(a) failed (exited with status 2)"
            ),
        ]
    );
}

#[test]
fn a_run_that_takes_too_long_fails_is_terminated_and_killed_two_seconds_later() {
    let mut engine = with_one_run();
    assert_eq!(
        engine.handle(at(1000), Event::Due),
        [
            told(ONE, "a", Failed, "timed out after 1 s"),
            signal(1, Force::Terminate),
            log(Level::Info, "Script `a` now running longer than 1 s"),
            log(Level::Notice, "VRRP_Script(a) timed_out"),
            log(
                Level::Warning,
                "Track script a is already running, expect idle - skipping run"
            ),
        ]
    );
    assert_eq!(engine.handle(at(2000), Event::Due), []);
    assert_eq!(
        engine.handle(at(3000), Event::Due),
        [signal(1, Force::Kill)]
    );
    let killed = Outcome::Signaled {
        signal: 9,
        output: String::new(),
    };
    assert_eq!(engine.handle(at(3001), ended(1, killed)), []);
    assert_eq!(engine.handle(at(4000), Event::Due), [run(2, "/a")]);
}

#[test]
fn a_run_that_is_still_going_at_the_next_interval_is_not_doubled() {
    let slow = CheckerScript {
        timeout: Micros::from_secs(10),
        ..script("a", "/a")
    };
    let (mut engine, _) = started(config([slow]), &[]);
    assert_eq!(engine.handle(at(0), Event::Due), [run(1, "/a")]);
    let skipped = "Track script a is already running, expect idle - skipping run";
    assert_eq!(
        engine.handle(at(1000), Event::Due),
        [log(Level::Warning, skipped)]
    );
    assert_eq!(engine.handle(at(2000), Event::Due), []);
    assert_eq!(
        engine.handle(at(2500), exited(1, 0)),
        [
            told(ONE, "a", Good, "exit 0 after 2500 ms"),
            log(Level::Notice, "VRRP_Script(a) succeeded"),
        ]
    );
    assert_eq!(engine.handle(at(3000), Event::Due), [run(2, "/a")]);
}

#[test]
fn a_script_that_cannot_be_started_is_no_failed_check() {
    let mut engine = with_one_run();
    let reason = "Resource temporarily unavailable".to_owned();
    let outcome = Outcome::NotStarted { reason };
    assert_eq!(
        engine.handle(at(0), ended(1, outcome.clone())),
        [log(
            Level::Error,
            "Script `a` could not be started (Resource temporarily unavailable); its verdict \
             stays, next try in 1 s"
        )]
    );
    assert_eq!(engine.handle(at(1000), Event::Due), [run(2, "/a")]);
    assert_eq!(engine.handle(at(1000), ended(2, outcome)), []);
    assert_eq!(engine.handle(at(2000), Event::Due), [run(3, "/a")]);
}

#[test]
fn a_script_that_somebody_could_replace_is_a_failed_check_and_told_once() {
    let mut engine = with_one_run();
    let outcome = Outcome::Refused {
        fault: "/tmp can be written by everybody".to_owned(),
    };
    assert_eq!(
        engine.handle(at(0), ended(1, outcome.clone())),
        [
            told(
                ONE,
                "a",
                Failed,
                "refused: /tmp can be written by everybody"
            ),
            log(
                Level::Error,
                "Script `a` is not run: /tmp can be written by everybody"
            ),
            log(
                Level::Notice,
                "VRRP_Script(a) failed (refused: /tmp can be written by everybody)"
            ),
        ]
    );
    assert_eq!(engine.handle(at(1000), Event::Due), [run(2, "/a")]);
    assert_eq!(engine.handle(at(1000), ended(2, outcome)), []);
}

#[test]
fn all_process_names_of_a_turn_are_looked_up_at_once() {
    let scripts = [
        lookup("n", "nginx"),
        script("a", "/a"),
        lookup("h", "haproxy"),
    ];
    let (mut engine, begin) = started(config(scripts), &[]);
    let line = |script, process| {
        log(
            Level::Info,
            &format!(
                "Script `{script}`: whether \"{process}\" runs is answered from /proc, without a \
                 process"
            ),
        )
    };
    assert_eq!(begin, [line("n", "nginx"), line("h", "haproxy")]);
    let probe = |number, process: &str| Probe {
        run: RunId::new(number),
        names: vec![process.to_owned()],
    };
    assert_eq!(
        engine.handle(at(0), Event::Due),
        [Action::Probe(vec![probe(1, "nginx"), probe(2, "haproxy")])]
    );
    let answer = |missing: &[&str]| Outcome::Processes {
        missing: missing.iter().map(|&name| name.to_owned()).collect(),
        restricted: false,
    };
    assert_eq!(
        engine.handle(at(1), ended(1, answer(&["nginx"]))),
        [
            told(ONE, "n", Failed, "no process named \"nginx\""),
            log(
                Level::Info,
                "Script `n` now returning 1: no process named \"nginx\""
            ),
            log(
                Level::Notice,
                "VRRP_Script(n) failed (exited with status 1)"
            ),
        ]
    );
    assert_eq!(
        engine.handle(at(1), ended(2, answer(&[]))),
        [
            told(ONE, "h", Good, "\"haproxy\" runs"),
            log(Level::Info, "Script `h` now returning 0: \"haproxy\" runs"),
            log(Level::Notice, "VRRP_Script(h) succeeded"),
        ]
    );
}

#[test]
fn a_restricted_view_of_proc_is_told_once() {
    let (mut engine, _) = started(config([lookup("n", "nginx")]), &[]);
    let mut warnings = 0;
    for second in 0..5 {
        let _ = engine.handle(at(second * 1000), Event::Due);
        let outcome = Outcome::Processes {
            missing: vec!["nginx".to_owned()],
            restricted: true,
        };
        let actions = engine.handle(at(second * 1000), ended(second + 1, outcome));
        warnings += actions
            .iter()
            .filter(|action| format!("{action:?}").contains("hidepid"))
            .count();
    }
    assert_eq!(warnings, 1);
}

#[test]
fn a_script_with_init_fail_counts_as_failed_before_its_first_run() {
    let script = CheckerScript {
        init_fail: true,
        ..script("a", "/a")
    };
    let (mut engine, begin) = started(config([script]), &[]);
    assert_eq!(
        begin,
        [
            told(
                ONE,
                "a",
                Failed,
                "no result yet, counts as failed until rise 1 (init_fail)"
            ),
            log(
                Level::Notice,
                "VRRP_Script(a) failed (no result yet, init_fail)"
            ),
        ]
    );
    assert_eq!(engine.handle(at(0), Event::Due), [run(1, "/a")]);
}

#[test]
fn a_verdict_that_was_handed_over_stays_until_rise_or_fall_say_otherwise() {
    let script = CheckerScript {
        fall: 2,
        init_fail: true,
        ..script("a", "/a")
    };
    let known = [
        verdict("a", Good, "exit 0 after 1 ms"),
        verdict("gone", Failed, "exit 1"),
    ];
    let (mut engine, begin) = started(config([script]), &known);
    assert_eq!(begin, []);
    assert_eq!(engine.handle(at(0), Event::Due), [run(1, "/a")]);
    assert_eq!(
        engine.handle(at(1), exited(1, 1)),
        [log(Level::Info, "Script `a` now returning 1")]
    );
    assert_eq!(engine.handle(at(1000), Event::Due), [run(2, "/a")]);
    assert_eq!(
        engine.handle(at(1001), exited(2, 1)),
        [
            told(
                ONE,
                "a",
                Failed,
                "exit 1 after 1 ms, 2nd failure of 2 (fall 2)"
            ),
            log(
                Level::Notice,
                "VRRP_Script(a) failed (exited with status 1)"
            ),
        ]
    );
}

fn prepare(engine: &mut Engine, now: Monotonic, config: CheckerConfig) {
    let generation = TWO;
    let message = ParentToChecker::Prepare { generation, config };
    assert_eq!(
        engine.handle(now, send(message)),
        [Action::Send(CheckerToParent::Prepared { generation })]
    );
}

fn commit(engine: &mut Engine, now: Monotonic) -> Vec<Action> {
    let generation = TWO;
    let mut actions = engine.handle(now, send(ParentToChecker::Commit { generation }));
    assert_eq!(
        actions.remove(0),
        Action::Send(CheckerToParent::Committed { generation })
    );
    actions
}

#[test]
fn stop_ends_the_runs_first_and_answers_when_they_are_gone() {
    let mut engine = with_one_run();
    assert_eq!(
        engine.handle(at(10), send(ParentToChecker::Stop)),
        [signal(1, Force::Terminate)]
    );
    assert_eq!(
        engine.handle(at(20), exited(1, 0)),
        [Action::Send(CheckerToParent::Stopped), Action::End]
    );
    assert_eq!(engine.next_deadline(), None);
}

#[test]
fn stop_does_not_wait_long_for_a_run_that_does_not_end() {
    let mut engine = with_one_run();
    let _ = engine.handle(at(10), send(ParentToChecker::Stop));
    assert_eq!(engine.handle(at(209), Event::Due), []);
    assert_eq!(engine.handle(at(210), Event::Due), [signal(1, Force::Kill)]);
    assert_eq!(
        engine.handle(at(410), Event::Due),
        [Action::Send(CheckerToParent::Stopped), Action::End]
    );
}

#[test]
fn without_a_parent_the_checker_ends_without_an_answer() {
    let mut engine = with_one_run();
    assert_eq!(
        engine.handle(at(10), Event::ParentGone),
        [signal(1, Force::Terminate)]
    );
    assert_eq!(engine.handle(at(11), Event::ParentGone), []);
    assert_eq!(engine.handle(at(20), exited(1, 0)), [Action::End]);
    assert_eq!(
        Engine::new(0, 100).handle(at(0), Event::ParentGone),
        [Action::End]
    );
}

#[test]
fn a_heartbeat_is_answered_in_every_phase() {
    let ping = || send(ParentToChecker::Ping { sequence: 7 });
    let pong = [Action::Send(CheckerToParent::Pong { sequence: 7 })];
    let mut new = Engine::new(0, 100);
    assert_eq!(new.handle(at(0), ping()), pong);
    let mut running = with_one_run();
    assert_eq!(running.handle(at(0), ping()), pong);
    let _ = running.handle(at(0), send(ParentToChecker::Stop));
    assert_eq!(running.handle(at(0), ping()), pong);
}

#[test]
fn messages_out_of_their_phase_end_the_checker() {
    let start = || {
        send(ParentToChecker::Start(CheckerStart {
            generation: ONE,
            config: config([]),
            fresh: true,
            verdicts: Vec::new(),
        }))
    };
    let hello = || {
        send(ParentToChecker::Hello(holdfast_ipc::message::Hello::of(
            holdfast_ipc::message::Role::Parent,
        )))
    };
    let go = || send(ParentToChecker::Go);
    assert_eq!(
        Engine::new(0, 100).handle(at(0), go()),
        broken("Go without Start, or twice")
    );
    for (event, what) in [
        (start(), "Start twice"),
        (hello(), "Hello twice"),
        (go(), "Go without Start, or twice"),
    ] {
        assert_eq!(with_one_run().handle(at(0), event), broken(what));
    }
}

/// A script of the simulated machine: how long each of its runs takes (0: it cannot be started)
/// and whether it heeds SIGTERM.
#[derive(Clone, Debug)]
struct Habit {
    interval: u64,
    timeout: u64,
    lengths: Vec<u64>,
    heeds_terminate: bool,
}

fn habits() -> impl Strategy<Value = Vec<Habit>> {
    let habit = (
        1_u64..3000,
        1_u64..3000,
        prop::collection::vec(0_u64..6000, 1..6),
        any::<bool>(),
    )
        .prop_map(|(interval, timeout, lengths, heeds_terminate)| Habit {
            interval,
            timeout,
            lengths,
            heeds_terminate,
        });
    prop::collection::vec(habit, 1..6)
}

/// What the simulated machine knows about a run.
struct Going {
    script: usize,
    started: Monotonic,
    ends: Monotonic,
    terminated: Option<Monotonic>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_script_overlaps_itself_and_no_run_outlives_timeout_and_grace(habits in habits()) {
        let scripts: Vec<_> = habits.iter().enumerate().map(|(index, habit)| CheckerScript {
            interval: Micros::from_millis(habit.interval),
            timeout: Micros::from_millis(habit.timeout),
            ..script(&format!("s{index}"), &format!("/s{index}"))
        }).collect();
        let (mut engine, _) = started(config(scripts), &[]);
        let mut now = at(0);
        let mut going: BTreeMap<RunId, Going> = BTreeMap::new();
        let mut counts = vec![0_usize; habits.len()];
        for _ in 0..300 {
            let next_end = going.iter().min_by_key(|(_, run)| run.ends).map(|(id, run)| (*id, run.ends));
            let deadline = engine.next_deadline().unwrap();
            let (event, moment) = match next_end {
                Some((run, ends)) if ends <= deadline => {
                    let past = going.remove(&run).unwrap();
                    let lasted = past.ends.since(past.started);
                    let longest = Micros::from_millis(habits[past.script].timeout + 2000);
                    prop_assert!(lasted <= longest, "{lasted} > {longest}");
                    (exited(run.get(), 0), ends)
                }
                _ => (Event::Due, deadline),
            };
            prop_assert!(moment >= now);
            now = moment;
            let mut events = vec![event];
            while let Some(event) = events.pop() {
                for action in engine.handle(now, event) {
                    match action {
                        Action::Run { run, words, .. } => {
                            let script: usize = words.program()[2..].parse().unwrap();
                            prop_assert!(going.values().all(|other| other.script != script));
                            let habit = &habits[script];
                            let length = habit.lengths[counts[script] % habit.lengths.len()];
                            counts[script] += 1;
                            if length == 0 {
                                events.push(ended(run.get(), Outcome::NotStarted { reason: String::new() }));
                                continue;
                            }
                            let ends = now.after(Micros::from_millis(length));
                            going.insert(run, Going { script, started: now, ends, terminated: None });
                        }
                        Action::Signal { run, force: Force::Terminate } => {
                            let run = going.get_mut(&run).unwrap();
                            prop_assert!(run.terminated.is_none());
                            run.terminated = Some(now);
                            if habits[run.script].heeds_terminate {
                                run.ends = run.ends.min(now);
                            }
                        }
                        Action::Signal { run, force: Force::Kill } => {
                            let run = going.get_mut(&run).unwrap();
                            let terminated = run.terminated.unwrap();
                            prop_assert_eq!(now.since(terminated), Micros::from_secs(2));
                            run.ends = run.ends.min(now);
                        }
                        Action::Send(_) => {}
                        Action::Converse { .. }
                        | Action::ConverseOver { .. }
                        | Action::BreakOff { .. }
                        | Action::Look { .. }
                        | Action::Unfollow { .. }
                        | Action::Provide(_)
                        | Action::Probe(_)
                        | Action::End
                        | Action::Fail(_) => prop_assert!(false),
                    }
                }
            }
        }
        prop_assert!(counts.iter().all(|count| *count > 0));
    }
}

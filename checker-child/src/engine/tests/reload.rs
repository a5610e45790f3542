//! Scripts over a reload.

use super::*;

#[test]
fn a_reload_keeps_verdict_counters_schedule_and_run_of_an_unchanged_script() {
    let counting = |fall| CheckerScript {
        fall,
        ..script("a", "/a")
    };
    let (mut engine, _) = started(config([counting(2)]), &[]);
    let _ = engine.handle(at(0), Event::Due);
    let _ = engine.handle(at(1), exited(1, 0));
    let _ = engine.handle(at(1000), Event::Due);
    let _ = engine.handle(at(1001), exited(2, 1));
    let _ = engine.handle(at(2000), Event::Due);
    prepare(&mut engine, at(2001), config([counting(2)]));
    assert_eq!(commit(&mut engine, at(2002)), []);
    assert_eq!(
        engine.handle(at(2005), exited(3, 1)),
        [
            told(
                TWO,
                "a",
                Failed,
                "exit 1 after 5 ms, 2nd failure of 2 (fall 2)"
            ),
            log(
                Level::Notice,
                "VRRP_Script(a) failed (exited with status 1)"
            ),
        ]
    );
    assert_eq!(engine.next_deadline(), Some(at(3000)));
}

#[test]
fn a_reload_with_another_interval_keeps_the_verdict() {
    let mut engine = with_one_run();
    let _ = engine.handle(at(1), exited(1, 0));
    let faster = CheckerScript {
        interval: Micros::from_millis(100),
        ..script("a", "/a")
    };
    prepare(&mut engine, at(10), config([faster]));
    assert_eq!(commit(&mut engine, at(10)), []);
    assert_eq!(engine.next_deadline(), Some(at(110)));
    assert_eq!(engine.handle(at(110), Event::Due), [run(2, "/a")]);
    assert_eq!(engine.handle(at(111), exited(2, 0)), []);
}

#[test]
fn a_reload_with_another_command_ends_the_old_run_before_the_new_one_starts() {
    let mut engine = with_one_run();
    prepare(&mut engine, at(100), config([script("a", "/b")]));
    assert_eq!(commit(&mut engine, at(100)), [signal(1, Force::Terminate)]);
    assert_eq!(engine.handle(at(100), Event::Due), []);
    assert_eq!(engine.handle(at(150), exited(1, 0)), []);
    assert_eq!(engine.next_deadline(), Some(at(150)));
    assert_eq!(engine.handle(at(150), Event::Due), [run(2, "/b")]);
    assert_eq!(
        engine.handle(at(151), exited(2, 0)),
        [
            told(TWO, "a", Good, "exit 0 after 1 ms"),
            log(Level::Notice, "VRRP_Script(a) succeeded"),
        ]
    );
}

#[test]
fn a_reload_without_a_script_ends_its_run() {
    let mut engine = with_one_run();
    prepare(&mut engine, at(100), config([]));
    assert_eq!(commit(&mut engine, at(100)), [signal(1, Force::Terminate)]);
    assert_eq!(engine.next_deadline(), Some(at(2100)));
    assert_eq!(
        engine.handle(at(2100), Event::Due),
        [signal(1, Force::Kill)]
    );
    assert_eq!(engine.handle(at(2101), exited(1, 1)), []);
    assert_eq!(engine.next_deadline(), None);
}

#[test]
fn a_verdict_between_prepare_and_commit_is_told_again_in_the_new_generation() {
    let mut engine = with_one_run();
    prepare(&mut engine, at(1), config([script("a", "/a")]));
    assert_eq!(
        engine.handle(at(2), exited(1, 0)).first(),
        Some(&told(ONE, "a", Good, "exit 0 after 2 ms"))
    );
    assert_eq!(
        commit(&mut engine, at(3)),
        [told(TWO, "a", Good, "exit 0 after 2 ms")]
    );
}

#[test]
fn an_aborted_reload_changes_nothing() {
    let mut engine = with_one_run();
    prepare(&mut engine, at(1), config([]));
    let generation = TWO;
    assert_eq!(
        engine.handle(at(2), send(ParentToChecker::Abort { generation })),
        []
    );
    assert_eq!(
        engine.handle(at(3), exited(1, 0)).first(),
        Some(&told(ONE, "a", Good, "exit 0 after 3 ms"))
    );
    assert_eq!(
        engine.handle(at(4), send(ParentToChecker::Commit { generation })),
        [Action::Fail(
            "the parent broke the protocol: Commit of what was not prepared".to_owned()
        )]
    );
}

#[test]
fn a_configuration_that_cannot_be_run_is_refused() {
    let nothing = || CheckerScript {
        action: ScriptAction::ProcessExists(Vec::new()),
        ..script("a", "/a")
    };
    let with = |change: fn(&mut CheckerScript)| {
        let mut script = script("a", "/a");
        change(&mut script);
        vec![script]
    };
    let rows = [
        (
            vec![script("a", "/a"), script("a", "/b")],
            "two scripts are named `a`",
        ),
        (
            with(|script| script.interval = Micros::ZERO),
            "script `a` has an interval or timeout below 0.001 s",
        ),
        (
            with(|script| script.timeout = Micros::ZERO),
            "script `a` has an interval or timeout below 0.001 s",
        ),
        (
            with(|script| script.rise = 0),
            "script `a` has rise or fall 0",
        ),
        (
            with(|script| script.fall = 0),
            "script `a` has rise or fall 0",
        ),
        (
            vec![script("a", "check.sh")],
            "script `a`: \"check.sh\" is not an absolute path",
        ),
        (vec![nothing()], "script `a` looks for no process"),
    ];
    for (scripts, reason) in rows {
        let (mut engine, _) = started(config([]), &[]);
        let config = config(scripts);
        let generation = TWO;
        assert_eq!(
            engine.handle(at(0), send(ParentToChecker::Prepare { generation, config })),
            refused(TWO, reason.to_owned())
        );
    }
}

//! `MISC_CHECK`.

use super::stage::{ONE, assert_text, check, config, first_verdict, servers, watching};
use crate::harness::{Checker, Place, runs, wait_until, written};
use holdfast_ipc::balance::CheckVerdict;
use holdfast_ipc::config::model::{Check, Micros, Probe, ShellWords};
use std::path::Path;
use std::time::Duration;

fn misc(program: &Path, dynamic: bool) -> Check {
    let words = vec![program.to_str().unwrap().to_owned()];
    check(Probe::Misc {
        command: ShellWords::try_from(words).unwrap(),
        user: None,
        timeout: Micros::from_secs(10),
        dynamic,
    })
}

#[test]
fn the_exit_status_of_a_program_is_the_verdict() {
    let place = Place::new();
    let verdict = first_verdict(misc(&place.script("good", "exit 0"), false));
    assert!(verdict.up);
    assert_text(&verdict, "MISC_CHECK exit 0 after *");
    let path = place.script("bad", "echo no database; exit 3");
    let verdict = first_verdict(misc(&path, false));
    assert!(!verdict.up);
    assert_text(
        &verdict,
        "MISC_CHECK exit 3 after *, last bytes \"no database\"",
    );
}

/// The configured weight is 10.
#[test]
fn misc_dynamic_moves_the_weight_and_each_move_is_told() {
    let place = Place::new();
    let path = place.script("weigh", "exit $(cat @/status)");
    std::fs::write(place.out("status"), "25").unwrap();
    let mut checker = watching([misc(&path, true)]);
    let verdict = checker.only_verdict();
    assert_eq!((verdict.up, verdict.weight), (true, 13), "{verdict:?}");
    std::fs::write(place.out("new"), "2").unwrap();
    std::fs::rename(place.out("new"), place.out("status")).unwrap();
    let verdict = checker.only_verdict();
    assert_eq!((verdict.up, verdict.weight), (true, -10), "{verdict:?}");
}

#[test]
fn a_program_that_hangs_is_killed_with_its_children_and_never_runs_twice() {
    let place = Place::new();
    let path = place.script(
        "hangs",
        "trap '' TERM; echo x >> @/starts; echo $$ > @/pid; sleep 1000 & wait; wait; sleep 1000",
    );
    let mut check = misc(&path, false);
    if let Probe::Misc { timeout, .. } = &mut check.probe {
        *timeout = Micros::from_millis(300);
    }
    check.timing.delay_loop = Micros::from_millis(50);
    let mut checker = watching([check]);
    let pid = written(&place.out("pid"));
    let verdict = checker.only_verdict();
    assert!(!verdict.up);
    assert_eq!(verdict.detail, "MISC_CHECK timed out after 0.3 s");
    assert_eq!(std::fs::read_to_string(place.out("starts")).unwrap(), "x\n");
    wait_until("the program is killed", || (!runs(&pid)).then_some(()));
    let starts = || std::fs::read_to_string(place.out("starts")).unwrap();
    // Only now the next one begins.
    wait_until("the next run", || (starts() == "x\nx\n").then_some(()));
    assert_eq!(checker.stop(), Some(0));
}

#[test]
fn a_program_that_is_not_there_or_that_others_could_replace_is_down() {
    let place = Place::new();
    let missing = place.0.join("missing");
    let verdict = first_verdict(misc(&missing, false));
    assert!(!verdict.up);
    let path = missing.display();
    assert_text(
        &verdict,
        &format!("MISC_CHECK not run: {path}: No such file or directory after *"),
    );
    let path = place.out("open");
    std::fs::copy(place.script("good", "exit 0"), &path).unwrap();
    let servers = servers([misc(&path, false)]);
    let mut config = config(&servers);
    config.script_security = true;
    let mut checker = Checker::start();
    checker.tell_servers(ONE, &servers);
    checker.go(config, Vec::new());
    let CheckVerdict { up, detail, .. } = checker.only_verdict();
    assert!(!up);
    assert!(detail.starts_with("MISC_CHECK not run: /tmp"), "{detail}");
}

#[test]
fn programs_end_with_the_checker() {
    let place = Place::new();
    let path = place.script("long", "echo $$ > @/pid; exec sleep 1000");
    let mut checker = watching([misc(&path, false)]);
    let pid = written(&place.out("pid"));
    assert_eq!(checker.stop(), Some(0));
    assert!(!runs(&pid));
}

#[test]
fn a_reload_that_takes_a_check_away_ends_its_program() {
    let place = Place::new();
    let path = place.script("long", "echo $$ > @/pid; exec sleep 1000");
    let mut checker = watching([misc(&path, false)]);
    let pid = written(&place.out("pid"));
    checker.reload(&[]);
    wait_until("the program ends", || (!runs(&pid)).then_some(()));
    let nothing = checker.try_next(Duration::from_millis(50));
    assert!(nothing.is_err(), "{nothing:?}");
}

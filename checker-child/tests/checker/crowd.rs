//! Many scripts at once.

use crate::harness::{Checker, Place, config, script};
use holdfast_ipc::state::ScriptState::Ok as Good;
use std::fs;
use std::time::{Duration, Instant};

const SCRIPTS: usize = 200;
const SECONDS: u64 = 5;

/// User and system time of a process in hundredths of a second, without those of its children.
fn cpu(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn two_hundred_scripts_a_second_are_no_strain() {
    let place = Place::new();
    let path = place.script("check", "exit 0");
    let scripts: Vec<_> = (0..SCRIPTS)
        .map(|number| script(&format!("s{number}"), &path, 1000))
        .collect();
    let mut checker = Checker::running(config(scripts));
    for _ in 0..SCRIPTS {
        assert_eq!(checker.verdict().state, Good);
    }
    let (begin, before) = (Instant::now(), cpu(checker.pid()));
    // Nothing else is told: all runs succeed in time.
    let other = checker.try_next(Duration::from_secs(SECONDS));
    assert!(other.is_err(), "{other:?}");
    let used = cpu(checker.pid()) - before;
    let share = used * 1000 / u64::try_from(begin.elapsed().as_millis()).unwrap();
    println!("the checker itself used {share} hundredths of a core");
    // 5 to 7 in a release build; this is a debug build beside other tests.
    assert!(share < 80, "{share} hundredths of a core");
    checker.ping();
}

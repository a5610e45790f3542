//! What a reload keeps, refuses and begins anew.

use super::*;

#[test]
fn a_reload_keeps_what_it_does_not_change() {
    let config = || vec![server(1, vec![tcp(80), tcp(81)]), server(2, vec![tcp(80)])];
    let mut world = World::new(config());
    world.turn(bad());
    world.wait();
    let (going, deadline, told) = (
        world.going.clone(),
        world.engine.next_deadline(),
        world.servers.len(),
    );
    world.load(config());
    assert_eq!(
        (&world.going, world.engine.next_deadline()),
        (&going, deadline)
    );
    assert_eq!((world.servers.len(), world.cancelled.len()), (told, 0));
    world.end(good());
    assert_eq!(world.lines.len(), 2);
}

#[test]
fn a_reload_with_other_times_keeps_verdict_and_place() {
    let mut world = World::new(vec![server(1, vec![tcp(80)])]);
    world.turn(good());
    let mut check = tcp(80);
    check.timing.delay_loop = Micros::from_secs(3);
    check.timing.retry = 0;
    world.load(vec![server(1, vec![check])]);
    assert_eq!(world.turn(bad()), Micros::from_secs(3));
    assert!(!world.is_up(1));
}

#[test]
fn a_reload_that_asks_something_else_starts_anew_and_breaks_off_what_goes_on() {
    let mut world = World::new(vec![server(1, vec![tcp(80)]), server(2, vec![tcp(80)])]);
    world.wait();
    while world.going.len() < 2 {
        world.now = world.engine.next_deadline().unwrap();
        world.handle(Event::Due);
    }
    let old = world.going.clone();
    world.load(vec![server(1, vec![tcp(8080)])]);
    assert_eq!(
        (world.going.clone(), world.cancelled.len()),
        (Vec::new(), 2)
    );
    let lines = world.lines.len();
    for talk in old {
        world.handle(Event::Finished {
            talk,
            finding: bad(),
        });
    }
    assert!(world.is_up(1) && world.engine.verdict(&key(2)).is_none());
    assert_eq!(world.lines.len(), lines);
    world.turn(good());
}

#[test]
fn a_failing_check_that_a_reload_takes_away_brings_the_server_back() {
    let mut world = World::new(vec![server(1, vec![tcp(80)])]);
    world.turn(bad());
    world.load(vec![server(1, vec![tcp(8080)])]);
    let told: Vec<_> = world.servers.iter().map(|verdict| verdict.up).collect();
    assert_eq!(told, [false, true]);
}

#[test]
fn equal_checks_of_one_server_are_kept_each_for_itself() {
    let mut world = World::new(vec![server(1, vec![tcp(80), tcp(80)])]);
    world.load(vec![server(1, vec![tcp(81), tcp(80), tcp(80), tcp(80)])]);
    let mut begun = Vec::new();
    while begun.len() < 4 {
        world.wait();
        begun.push(world.going[0].check);
        world.end(good());
    }
    begun.sort();
    begun.dedup();
    assert_eq!(begun.len(), 4);
}

fn with_pattern(pattern: &str) -> Check {
    let regex = BodyPattern {
        pattern: pattern.to_owned(),
        options: Vec::new(),
        invert: false,
        min_offset: 0,
        max_offset: None,
        needs_pcre: false,
    };
    let url = Url {
        path: "/".to_owned(),
        host: None,
        digest: None,
        status: vec![(200, 299)],
        regex: Some(regex),
        tls_compliant: false,
    };
    let probe = HttpProbe {
        endpoint: endpoint(80),
        tls: None,
        protocol: HttpVersion::V1_1,
        fast_recovery: false,
        urls: vec![url],
    };
    Check {
        timing: timing(),
        probe: Probe::Http(probe),
    }
}

#[test]
fn what_cannot_be_done_is_refused_with_its_place_before_anything_changes() {
    let world = World::new(vec![server(1, vec![with_pattern("ok")])]);
    let refused = world
        .engine
        .prepare(vec![server(1, vec![with_pattern("(?=no)")])])
        .unwrap_err();
    let place = "service [10.0.0.1]:tcp:80 of VS [198.51.100.1]:tcp:80: regex \"(?=no)\"";
    assert!(refused.starts_with(place), "{refused}");
    let twice = world
        .engine
        .prepare(vec![server(1, vec![]), server(1, vec![])])
        .unwrap_err();
    assert!(twice.contains("is there twice"), "{twice}");
}

#[test]
fn ha_suspend_checks_only_while_the_address_is_here() {
    let config = || {
        let mut config = server(1, vec![tcp(80)]);
        config.only_with = Some(address());
        vec![config]
    };
    let suspend = |suspended: bool| Event::Held {
        address: address(),
        held: !suspended,
    };
    let mut world = World::new(config());
    assert_eq!(world.engine.next_deadline(), None);
    world.handle(suspend(false));
    world.wait();
    world.handle(suspend(true));
    world.end(bad());
    assert!(
        world.is_up(1),
        "a result of the time before counts for nothing"
    );
    world.load(config());
    world.now = world.now.after(LOOP.times(2));
    world.handle(Event::Due);
    assert_eq!((world.going.len(), world.engine.next_deadline()), (0, None));
    world.handle(suspend(false));
    assert!(world.turn(bad()) < LOOP);
    assert!(!world.is_up(1));
    let line =
        "Activating healthchecker for service [10.0.0.1]:tcp:80 for VS [198.51.100.1]:tcp:80";
    assert_eq!(world.lines[0], line);
}

#[test]
fn checks_go_on_when_ha_suspend_is_taken_out_of_the_configuration() {
    let config = |ha_suspend: bool| {
        let mut config = server(1, vec![tcp(80)]);
        config.only_with = ha_suspend.then(address);
        vec![config]
    };
    let mut world = World::new(config(true));
    world.load(config(false));
    assert!(world.turn(good()) < LOOP);
    world.load(config(true));
    world.now = world.now.after(LOOP.times(2));
    world.handle(Event::Due);
    assert_eq!(world.going, []);
}

#[test]
fn what_was_ready_before_another_reload_is_ready_still() {
    let mut world = World::new(vec![server(1, vec![tcp(80)])]);
    let late = world
        .engine
        .prepare(vec![server(1, vec![tcp(80)]), server(2, vec![tcp(80)])])
        .unwrap();
    world.load(vec![server(3, vec![tcp(80)])]);
    let actions = world.engine.commit(world.now, late, &[]);
    world.carry_out(actions);
    let watched: Vec<_> = world
        .engine
        .verdicts()
        .map(|verdict| verdict.server)
        .collect();
    assert_eq!(watched.len(), 2);
    assert!(world.engine.verdict(&key(3)).is_none());
    world.turn(good());
}

/// Servers 1 to 4 with a check each, numbered from there.
fn four(first: u32) -> Vec<CheckedServer> {
    let numbered = (1..=4).zip(first..).map(|(number, check)| CheckedServer {
        numbers: vec![Number::new(check)],
        ..server(number, vec![tcp(80)])
    });
    numbered.collect()
}

fn kept(first: u32, count: u32, check: u32) -> Item {
    Item::Kept(balance::Kept {
        first,
        count,
        check: Number::new(check),
    })
}

#[test]
fn servers_that_stay_keep_verdict_and_conversation_under_other_numbers() {
    let mut world = World::new(four(0));
    world.wait();
    let mut list = vec![Item::from(CheckedServer {
        numbers: vec![Number::new(0)],
        ..server(9, vec![tcp(80)])
    })];
    list.push(kept(1, 3, 1));
    let prepared = world.engine.prepare(list).unwrap();
    assert_eq!(world.engine.probes(&prepared).count(), 4);
    let actions = world.engine.commit(world.now, prepared, &[]);
    world.carry_out(actions);
    assert!(world.engine.verdict(&key(1)).is_none());
    assert_eq!((world.cancelled.len(), world.going.len()), (1, 3));
    while !world.going.is_empty() {
        world.end(bad());
    }
    let numbers: Vec<_> = world.checks.iter().map(|v| v.check.get()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    // Only of a server that was told again the parent may have forgotten the verdict.
    let known = world.engine.known().count();
    let prepared = world.engine.prepare([kept(0, 4, 0)]).unwrap();
    let actions = world.engine.commit(world.now, prepared, &[]);
    world.carry_out(actions);
    assert_eq!((known, world.engine.known().count()), (0, 0));
    assert!(!world.is_up(2));
}

#[test]
fn what_is_kept_has_to_be_here_and_once() {
    let world = World::new(four(0));
    let refused = |list: Vec<Item>| world.engine.prepare(list).unwrap_err();
    assert_eq!(
        refused(vec![kept(1, 4, 0)]),
        "it keeps servers that are not here"
    );
    assert_eq!(
        refused(vec![kept(u32::MAX, u32::MAX, 0)]),
        "it keeps servers that are not here"
    );
    assert_eq!(
        refused(vec![kept(0, 2, 0), kept(1, 1, 2)]),
        "it keeps a server twice"
    );
    let twice = refused(vec![kept(0, 4, 0), server(2, vec![tcp(80)]).into()]);
    assert!(twice.contains("is there twice"), "{twice}");
}

//! Checks over reloads, restarts and the coming and going of addresses.

use super::servers::{closed, listener, serve};
use super::stage::{ONE, TWO, assert_text, config, http, impatient, page, servers, tcp, watching};
use crate::harness::{Checker, PATIENCE};
use holdfast_ipc::balance::{CheckId, CheckVerdict, MAX_BATCH};
use holdfast_ipc::config::model::{Check, Micros};
use holdfast_ipc::message::{CheckerToParent, ParentToChecker};
use std::io::Read;
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

fn hourly(mut check: Check) -> Check {
    check.timing.delay_loop = Micros::from_secs(3600);
    check
}

/// A server that tells each connection, and its end.
fn watched() -> (std::net::SocketAddr, Receiver<&'static str>) {
    let (told, hears) = channel();
    let address = serve(move |mut stream: TcpStream| {
        let _ = told.send("came");
        while stream.read(&mut [0; 1024]).is_ok_and(|length| length > 0) {}
        let _ = told.send("gone");
    });
    (address, hears)
}

#[test]
fn a_reload_that_changes_nothing_asks_and_tells_nothing_anew() {
    let (address, hears) = watched();
    let check = hourly(tcp(address));
    let mut checker = watching([check.clone()]);
    assert!(checker.only_verdict().up);
    assert_eq!(hears.recv_timeout(PATIENCE), Ok("came"));
    checker.reload(&servers([check]));
    checker.ping();
    let nothing = checker.try_next(Duration::from_millis(50));
    assert!(nothing.is_err(), "{nothing:?}");
    assert!(!hears.try_iter().any(|word| word == "came"));
}

/// The parent does not carry it over: with other times it is another check to it.
#[test]
fn a_reload_with_other_times_tells_the_verdict_under_the_new_number() {
    let mut check = hourly(tcp(closed()));
    let mut checker = watching([check.clone()]);
    assert!(!checker.only_verdict().up);
    check.timing.retry = 3;
    let mut next = servers([check]);
    next[0].checks[0].id = CheckId::new(7);
    checker.reload(&next);
    let verdict = checker.only_verdict();
    assert_eq!((verdict.check, verdict.up), (CheckId::new(7), false));
    assert_text(&verdict, "TCP_CHECK connection refused after *");
}

#[test]
fn a_reload_that_takes_a_check_away_closes_its_connection() {
    let (address, hears) = watched();
    // By itself it would wait for an answer for longer than anybody here.
    let mut checker = watching([impatient(http(page(address)), 120_000)]);
    assert_eq!(hears.recv_timeout(PATIENCE), Ok("came"));
    checker.reload(&[]);
    assert_eq!(hears.recv_timeout(PATIENCE), Ok("gone"));
}

#[test]
fn a_stop_does_not_wait_for_a_server_that_hangs() {
    let (address, hears) = watched();
    let mut checker = watching([http(page(address))]);
    assert_eq!(hears.recv_timeout(PATIENCE), Ok("came"));
    assert_eq!(checker.stop(), Some(0));
    assert_eq!(hears.recv_timeout(PATIENCE), Ok("gone"));
}

#[test]
fn an_aborted_reload_leaves_everything_as_it_is() {
    let (listener, address) = listener();
    let mut checker = watching([tcp(address)]);
    assert!(checker.only_verdict().up);
    let next = servers([tcp(closed()), tcp(closed())]);
    checker.tell_servers(TWO, &next);
    checker.send(&ParentToChecker::Prepare {
        generation: TWO,
        config: config(&next),
    });
    let prepared = CheckerToParent::Prepared { generation: TWO };
    assert_eq!(checker.next(), prepared);
    checker.send(&ParentToChecker::Abort { generation: TWO });
    drop(listener);
    match checker.next() {
        CheckerToParent::CheckVerdicts {
            generation: ONE,
            verdicts,
        } => assert!(!verdicts[0].up && verdicts[0].check == CheckId::new(0)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_list_with_holes_is_refused() {
    let mut checker = Checker::start();
    let servers = servers([tcp(closed()), tcp(closed())]);
    checker.tell_servers(ONE, &servers[..1]);
    let start = holdfast_ipc::message::CheckerStart {
        generation: ONE,
        config: config(&servers),
        fresh: true,
        verdicts: Vec::new(),
    };
    checker.send(&ParentToChecker::Start(start));
    assert_eq!(
        checker.next(),
        CheckerToParent::Refused {
            generation: ONE,
            reason: "1 servers came, 2 were announced".to_owned()
        }
    );
}

/// A first failure would turn a new check at once; one that a predecessor saw up has its retries.
#[test]
fn a_successor_goes_on_with_the_known_verdicts() {
    let (_listener, open) = listener();
    let mut patient = hourly(tcp(closed()));
    patient.timing.retry = 1;
    patient.timing.delay_loop = Micros::from_millis(200);
    let servers = servers([patient, tcp(open)]);
    let known = |number, up| CheckVerdict {
        check: CheckId::new(number),
        up,
        weight: 0,
        detail: "as before".to_owned(),
    };
    let mut checker = Checker::start();
    checker.tell_servers(ONE, &servers);
    checker.send(&ParentToChecker::CheckVerdicts {
        generation: ONE,
        verdicts: vec![known(0, true), known(1, false)],
    });
    checker.go(config(&servers), Vec::new());
    let mut verdicts = checker.verdicts_of(2);
    assert!(verdicts[1].up, "{verdicts:?}");
    let first = verdicts.remove(0);
    assert!(!first.up);
    assert_text(&first, "TCP_CHECK connection refused after *");
    let line = checker.log_with("TCP_CHECK on service [10.0.0.1]:tcp:0 failed");
    assert!(line.text.contains("after 1 retries"), "{line:?}");
}

#[test]
fn with_ha_suspend_a_server_is_asked_only_while_the_address_is_here() {
    let (address, hears) = watched();
    let here: IpAddr = "192.0.2.1".parse().unwrap();
    let mut servers = servers([tcp(address)]);
    servers[0].only_with = Some(here);
    let mut checker = Checker::start();
    checker.watch(&servers);
    checker.ping();
    let silence = checker.try_next(Duration::from_millis(1_500));
    assert!(silence.is_err(), "{silence:?}");
    assert_eq!(hears.try_recv().ok(), None);
    let held = |held| ParentToChecker::Held {
        address: here,
        held,
    };
    checker.send(&held(true));
    assert!(checker.only_verdict().up);
    assert_eq!(hears.recv_timeout(PATIENCE), Ok("came"));
    checker.send(&held(false));
    checker.log_with("Suspending healthchecker for service [10.0.0.1]:tcp:0");
    // What was under way comes to its end; then nobody asks.
    while hears.recv_timeout(Duration::from_millis(600)).is_ok() {}
    checker.send(&held(true));
    assert_eq!(hears.recv_timeout(PATIENCE), Ok("came"));
}

#[test]
fn many_verdicts_of_one_moment_go_in_few_messages() {
    let listeners: Vec<TcpListener> = (0..4).map(|_| listener().0).collect();
    let count = 500;
    let checks = (0..count).map(|number| {
        let to = listeners[number % listeners.len()].local_addr().unwrap();
        hourly(tcp(to))
    });
    let mut checker = watching(checks.collect::<Vec<_>>());
    let (mut verdicts, mut messages) = (0, 0);
    while verdicts < count {
        let some = checker.check_verdicts();
        assert!(some.len() <= MAX_BATCH && some.iter().all(|verdict| verdict.up));
        verdicts += some.len();
        messages += 1;
    }
    assert_eq!(verdicts, count);
    assert!(messages < count / 4, "{messages} messages");
}

//! `TCP_CHECK`.

use super::servers::{closed, listener};
use super::stage::{assert_down, assert_up, tcp, watching};

#[test]
fn an_open_port_is_up_and_its_verdict_reaches_the_parent() {
    let (_listener, address) = listener();
    assert_up(tcp(address), "TCP_CHECK connected after *");
}

#[test]
fn a_closed_port_is_down() {
    assert_down(tcp(closed()), "TCP_CHECK connection refused after *");
}

#[test]
fn a_server_that_goes_away_turns_its_verdict_with_its_lines() {
    let (listener, address) = listener();
    let mut checker = watching([tcp(address)]);
    assert!(checker.only_verdict().up);
    drop(listener);
    let verdict = checker.only_verdict();
    assert!(!verdict.up, "{verdict:?}");
    checker.log_with("TCP connection to [10.0.0.1]:tcp:0 success.");
    checker.log_with("TCP_CHECK on service [10.0.0.1]:tcp:0 failed: connection refused after ");
    assert_eq!(checker.stop(), Some(0));
}

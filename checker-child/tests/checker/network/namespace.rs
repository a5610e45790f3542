//! What needs a network of its own: packets that get lost, ping sockets, what the kernel refuses.

use super::stage::{assert_text, check, endpoint, impatient, servers, tcp};
use crate::harness::{Checker, NOBODY};
use holdfast_ipc::balance::CheckVerdict;
use holdfast_ipc::config::model::{Check, Endpoint, Probe};
use std::net::SocketAddr;

/// A checker with a network that only it has, made ready by these commands of root.
fn in_namespace(setup: &str) -> Checker {
    let script = format!("set -e; ip link set lo up; {setup}\nexec \"$@\"");
    let before = ["unshare", "--net", "bash", "-c", &script, "bash"];
    Checker::start_as(NOBODY, &before, &[])
}

fn verdict(setup: &str, check: Check) -> CheckVerdict {
    let mut checker = in_namespace(setup);
    checker.watch(&servers([check]));
    checker.only_verdict()
}

/// Packets to others in 192.0.2.0/24 get lost there.
const LOSSY: &str = "ip link add lossy type veth peer name far; ip link set far up
    ip addr add 192.0.2.1/24 dev lossy; ip link set lossy up
    ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:01 dev lossy";
const PING_FOR_ALL: &str = "echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range";
const PING_FOR_NONE: &str = "echo 1 0 > /proc/sys/net/ipv4/ping_group_range";

fn at(address: &str) -> Endpoint {
    let address = address.parse().unwrap();
    endpoint(SocketAddr::new(address, 80))
}

fn ping(address: &str) -> Check {
    check(Probe::Ping(at(address)))
}

#[test]
fn a_filtered_port_is_down_when_its_time_is_over() {
    let check = impatient(tcp("192.0.2.2:80".parse().unwrap()), 150);
    let verdict = verdict(LOSSY, check);
    assert!(!verdict.up);
    assert_eq!(verdict.detail, "TCP_CHECK no connection within 0.15 s");
}

#[test]
fn a_network_without_a_way_is_named() {
    let verdict = verdict("true", tcp("198.51.100.1:80".parse().unwrap()));
    assert!(!verdict.up);
    assert_text(&verdict, "TCP_CHECK network unreachable after *");
}

#[test]
fn an_echo_comes_back_over_ipv4() {
    let verdict = verdict(PING_FOR_ALL, ping("127.0.0.1"));
    assert!(verdict.up, "{verdict:?}");
    assert_text(&verdict, "PING_CHECK echo reply after *");
}

#[test]
fn an_echo_comes_back_over_ipv6() {
    let verdict = verdict(PING_FOR_ALL, ping("::1"));
    assert!(verdict.up, "{verdict:?}");
    assert_text(&verdict, "PING_CHECK echo reply after *");
}

#[test]
fn an_echo_that_gets_lost_is_a_failure() {
    let setup = format!("{LOSSY}\n{PING_FOR_ALL}");
    let verdict = verdict(&setup, impatient(ping("192.0.2.2"), 150));
    assert!(!verdict.up);
    assert_eq!(verdict.detail, "PING_CHECK no echo reply within 0.15 s");
}

#[test]
fn closed_ping_sockets_are_told_once_with_sysctl_and_group() {
    let mut checker = in_namespace(PING_FOR_NONE);
    checker.watch(&servers([ping("127.0.0.1"), ping("::1")]));
    let verdicts = checker.verdicts_of(2);
    for verdict in &verdicts {
        assert!(!verdict.up);
        assert_text(
            verdict,
            "PING_CHECK ping sockets are closed to this user, see sysctl \
             net.ipv4.ping_group_range after *",
        );
    }
    let line = checker.log_with("PING_CHECK cannot work");
    assert_eq!(
        line.text,
        "PING_CHECK cannot work, its servers count as down: group 65534 of the checker may open \
         no ping socket. Let it by `sysctl -w net.ipv4.ping_group_range=\"65534 65534\"`, or a \
         range with it (for IPv4 and IPv6; now it is \"1 0\")"
    );
    checker.ping();
    assert!(
        !checker
            .logs
            .iter()
            .any(|log| log.text.contains("cannot work"))
    );
}

#[test]
fn nothing_is_said_of_ping_where_it_is_open_or_not_asked_for() {
    let mut checker = in_namespace(PING_FOR_NONE);
    checker.watch(&servers([tcp("127.0.0.1:1".parse().unwrap())]));
    let _ = checker.only_verdict();
    let mut other = in_namespace(PING_FOR_ALL);
    other.watch(&servers([ping("127.0.0.1")]));
    let _ = other.only_verdict();
    let mut lines = checker.logs.iter().chain(&other.logs);
    assert!(!lines.any(|log| log.text.contains("cannot work")));
}

#[test]
fn what_an_unprivileged_process_may_not_do_is_named_with_what_helps() {
    let marked = Endpoint {
        mark: 7,
        ..at("127.0.0.1")
    };
    let low_port = Endpoint {
        source_port: Some(1000),
        ..at("127.0.0.1")
    };
    let foreign = Endpoint {
        source: Some("203.0.113.9".parse().unwrap()),
        ..at("127.0.0.1")
    };
    let gone = Endpoint {
        interface: Some("gone0".try_into().unwrap()),
        ..at("127.0.0.1")
    };
    let checks = [marked, low_port, foreign, gone].map(|endpoint| check(Probe::Tcp(endpoint)));
    let mut checker = in_namespace("true");
    checker.watch(&servers(checks));
    let expected = [
        "TCP_CHECK fwmark: an unprivileged process may not do this; leave it out, or choose the \
         way by bindto after *",
        "TCP_CHECK bind_port: an unprivileged process may not do this; take a port from sysctl \
         net.ipv4.ip_unprivileged_port_start on after *",
        "TCP_CHECK bindto: Cannot assign requested address after *",
        "TCP_CHECK bind_if: No such device after *",
    ];
    for (verdict, text) in checker.verdicts_of(4).iter().zip(expected) {
        assert!(!verdict.up);
        assert_text(verdict, text);
    }
}

#[test]
fn source_and_device_of_the_configuration_are_used() {
    let mut endpoint = at("127.0.0.1");
    endpoint.source = Some("127.0.0.9".parse().unwrap());
    endpoint.source_port = Some(40_404);
    endpoint.interface = Some("lo".try_into().unwrap());
    // The listener of the same network: a port that root opened before.
    let setup = "python3 -c '
import socket, os
s = socket.create_server((\"127.0.0.1\", 80))
s.settimeout(0.2)
checker = os.getppid()
if os.fork() == 0:
    # Ends with the checker, which takes the place of this shell.
    while os.path.exists(\"/proc/%d\" % checker):
        try: c, peer = s.accept()
        except TimeoutError: continue
        c.recv(1000)
        c.sendall(b\"HTTP/1.0 %d OK\\r\\n\\r\\n\" % (200 if peer == (\"127.0.0.9\", 40404) else 500))
        c.close()
' < /dev/null > /dev/null 2>&1";
    let mut probe = super::stage::page("127.0.0.1:80".parse().unwrap());
    probe.endpoint = endpoint;
    let verdict = verdict(setup, super::stage::http(probe));
    assert_text(&verdict, "HTTP_GET status 200 after *");
}

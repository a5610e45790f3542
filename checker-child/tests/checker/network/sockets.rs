//! Sockets that the parent sends: a check talks over the one that came, says what was refused, and
//! keeps none that it does not need.

use super::stage::{assert_text, check, endpoint, impatient, servers, tcp};
use crate::harness::{Checker, PATIENCE, wait_until};
use holdfast_ipc::balance::CheckedServer;
use holdfast_ipc::config::model::{Check, Micros, Probe};
use holdfast_ipc::message::{CheckerToParent, ParentToChecker};
use holdfast_ipc::opening::{NotOpened, OpenStep, Refusal, Request};
use socket2::{Domain, Protocol, Socket, Type};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

/// A checker that asks for the socket of its only check; gives the number of the request.
fn asking(mut check: Check) -> (Checker, Request) {
    check.timing.delay_loop = Micros::from_secs(60);
    let mut servers: Vec<CheckedServer> = servers([check]);
    servers[0].checks[0].asks = true;
    let mut checker = Checker::start();
    checker.watch(&servers);
    let CheckerToParent::Open { request, .. } = checker.next() else {
        panic!("no request");
    };
    (checker, request)
}

fn refused(checker: &mut Checker, request: Request, step: OpenStep, errno: i32) {
    let refusal = NotOpened::Refused(Refusal { step, errno });
    let opened = Err(refusal);
    checker.send(&ParentToChecker::Opened { request, opened });
}

fn carry(checker: &mut Checker, request: Request, socket: OwnedFd) {
    let opened = Ok(());
    let message = ParentToChecker::Opened { request, opened };
    let parent = checker.parent.as_mut().unwrap();
    parent.send_carrying(&message, socket).unwrap();
}

#[test]
fn a_check_talks_over_the_socket_that_came() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut checker, request) = asking(tcp(server.local_addr().unwrap()));
    let kind = Type::STREAM.nonblocking();
    let socket = Socket::new(Domain::IPV4, kind, Some(Protocol::TCP)).unwrap();
    let own: SocketAddr = "127.0.0.9:0".parse().unwrap();
    socket.bind(&own.into()).unwrap();
    let own = socket.local_addr().unwrap().as_socket();
    carry(&mut checker, request, socket.into());
    assert_eq!(Some(server.accept().unwrap().1), own);
    assert!(checker.only_verdict().up);
}

#[test]
fn what_was_refused_is_told_with_the_word_of_the_configuration() {
    for (step, errno, text) in [
        (
            OpenStep::Mark,
            1,
            "TCP_CHECK fwmark: Operation not permitted, even for holdfast as a whole; leave it \
             out, or choose the way by bindto after *",
        ),
        (
            OpenStep::SourcePort,
            98,
            "TCP_CHECK bind_port: Address already in use after *",
        ),
        (
            OpenStep::PingSocket,
            13,
            "TCP_CHECK ping sockets are closed to the user of the VRRP child, see sysctl \
             net.ipv4.ping_group_range after *",
        ),
    ] {
        let (mut checker, request) = asking(tcp("127.0.0.1:9".parse().unwrap()));
        refused(&mut checker, request, step, errno);
        let verdict = checker.only_verdict();
        assert!(!verdict.up);
        assert_text(&verdict, text);
    }
}

#[test]
fn a_socket_that_comes_too_late_is_closed() {
    let slow = impatient(tcp("127.0.0.1:9".parse().unwrap()), 150);
    let (mut checker, request) = asking(slow);
    checker.log_with("was not tried: no socket (none came in time) after ");
    let (reader, writer) = nix::unistd::pipe().unwrap();
    carry(&mut checker, request, writer);
    let closed = || (nix::unistd::read(&reader, &mut [0]) == Ok(0)).then_some(());
    wait_until("the socket is closed", closed);
    checker.ping();
}

#[test]
fn a_machine_without_descriptors_on_the_way_is_no_verdict() {
    let (mut checker, request) =
        asking(check(Probe::Ping(endpoint("127.0.0.1:9".parse().unwrap()))));
    // EMFILE, which stands for a descriptor that got lost.
    refused(&mut checker, request, OpenStep::Socket, 24);
    let line = checker.log_with("was not tried");
    assert!(
        line.text
            .contains("this machine is short of file descriptors")
    );
    assert!(checker.try_next(PATIENCE / 20).is_ok(), "it asks again");
}

//! `DNS_CHECK` and `UDP_CHECK`.

use super::stage::{
    assert_down, assert_text, assert_up, check, endpoint, first_verdict, impatient,
};
use holdfast_ipc::config::model::{Check, DnsType, Probe, UdpProbe, UdpReply};
use std::net::{SocketAddr, UdpSocket};

/// A server that answers each datagram with what this makes of it.
fn answering(answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            if let Some(answer) = answer(&buffer[..length]) {
                let _ = socket.send_to(&answer, from);
            }
        }
    });
    address
}

fn closed() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap()
}

fn dns(to: SocketAddr) -> Check {
    check(Probe::Dns {
        endpoint: endpoint(to),
        kind: DnsType::A,
        name: "www.example".to_owned(),
    })
}

/// The question with the bits of an answer and this code.
fn dns_answer(question: &[u8], code: u8) -> Vec<u8> {
    let mut answer = question.to_vec();
    answer[2] |= 0x80;
    answer[3] = (answer[3] & 0xf0) | code;
    answer
}

fn udp(to: SocketAddr, payload: &[u8], reply: Option<UdpReply>) -> Check {
    check(Probe::Udp(UdpProbe {
        endpoint: endpoint(to),
        payload: payload.to_vec(),
        reply,
    }))
}

fn starting_with(bytes: &[u8]) -> Option<UdpReply> {
    Some(UdpReply {
        pattern: bytes.iter().map(|byte| (*byte, 0xff)).collect(),
        min_len: 0,
        max_len: 255,
    })
}

#[test]
fn a_name_server_that_answers_is_up() {
    let server = answering(|question| Some(dns_answer(question, 0)));
    assert_up(dns(server), "DNS_CHECK reply after *");
}

#[test]
fn a_name_server_that_refuses_is_down() {
    let server = answering(|question| Some(dns_answer(question, 5)));
    let verdict = first_verdict(dns(server));
    assert!(!verdict.up);
    let text = "DNS_CHECK the answer is REFUSED";
    assert!(verdict.detail.starts_with(text), "{verdict:?}");
}

#[test]
fn answers_to_other_questions_do_not_count() {
    let server = answering(|question| {
        let mut answer = dns_answer(question, 0);
        answer[0] ^= 0xff;
        Some(answer)
    });
    let verdict = first_verdict(impatient(dns(server), 150));
    assert!(!verdict.up);
    let text = "DNS_CHECK no reply within 0.15 s";
    assert!(verdict.detail.starts_with(text), "{verdict:?}");
}

#[test]
fn a_port_without_a_name_server_is_down_at_once() {
    assert_down(dns(closed()), "DNS_CHECK port unreachable (ICMP) after *");
}

#[test]
fn an_echo_that_fits_is_up_and_another_is_down() {
    let echo = answering(|bytes| Some(bytes.to_vec()));
    assert_up(
        udp(echo, b"hello", starting_with(b"hell")),
        "UDP_CHECK reply after *",
    );
    assert_down(
        udp(echo, b"hello", starting_with(b"help")),
        "UDP_CHECK the reply differs from require_reply at byte 3 after *, last bytes \"hello\"",
    );
}

#[test]
fn silence_is_up_without_require_reply_and_down_with_it() {
    let silent = answering(|_| None);
    let verdict = first_verdict(impatient(udp(silent, b"", None), 150));
    assert!(verdict.up, "{verdict:?}");
    assert_text(&verdict, "UDP_CHECK no ICMP error after *");
    let verdict = first_verdict(impatient(udp(silent, b"", starting_with(b"")), 150));
    assert!(!verdict.up);
    assert_eq!(verdict.detail, "UDP_CHECK no reply within 0.15 s");
}

#[test]
fn an_icmp_error_is_down() {
    assert_down(
        udp(closed(), b"", None),
        "UDP_CHECK port unreachable (ICMP) after *",
    );
}

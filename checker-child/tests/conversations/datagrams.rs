//! UDP_CHECK, DNS_CHECK and PING_CHECK.

use crate::player::{End, Played, RANDOM, Server, endpoint, plan, play};
use holdfast_checker::check::{Channel, Conversation, NetError, Outcome, Plan, Success};
use holdfast_ipc::config::model::{DnsType, Probe, UdpProbe, UdpReply};
use proptest::prelude::*;
use std::sync::Arc;

fn udp(payload: &[u8], reply: Option<UdpReply>) -> Arc<Plan> {
    let payload = payload.to_vec();
    let endpoint = endpoint("192.0.2.10", 514);
    plan(&Probe::Udp(UdpProbe {
        endpoint,
        payload,
        reply,
    }))
}

fn reply(pattern: &[(u8, u8)], min_len: u16, max_len: u16) -> Option<UdpReply> {
    let pattern = pattern.to_vec();
    Some(UdpReply {
        pattern,
        min_len,
        max_len,
    })
}

/// What is said to each thing that is sent, as one datagram.
fn answers(plan: &Arc<Plan>, all: &[&[u8]], end: End) -> Played {
    play(plan, &Server::says(all, end))
}

#[test]
fn without_require_reply_silence_passes_and_an_icmp_error_does_not() {
    let played = answers(&udp(b"hi", None), &[], End::IsSilent);
    assert_eq!(played.finding.outcome, Outcome::Passed(Success::NoError));
    assert_eq!(played.sent, [b"hi"]);
    let refused = answers(&udp(b"hi", None), &[], End::Fails(NetError::Refused));
    assert_eq!(
        refused.text(),
        "port unreachable (ICMP) after less than 1 ms"
    );
    assert!(answers(&udp(b"hi", None), &[b""], End::IsSilent).passed());
}

#[test]
fn without_a_payload_random_bytes_are_sent() {
    let played = answers(&udp(b"", None), &[], End::IsSilent);
    let [high, low] = [RANDOM.to_be_bytes(); 2];
    assert_eq!(played.sent, [[high, low].concat()]);
}

#[test]
fn a_required_reply_that_does_not_come_is_a_failure() {
    let played = answers(&udp(b"hi", reply(&[], 0, 255)), &[], End::IsSilent);
    assert_eq!(played.text(), "no reply within 5 s");
    assert!(answers(&udp(b"hi", reply(&[], 0, 255)), &[b"x"], End::IsSilent).passed());
}

#[test]
fn a_reply_has_to_fit_the_pattern_and_its_wildcards() {
    let check = udp(b"hi", reply(&[(0x12, 0xff), (0x30, 0xf0)], 0, 4));
    let got = |bytes: &[u8]| answers(&check, &[bytes], End::IsSilent);
    assert!(got(&[0x12, 0x3f]).passed());
    assert!(got(&[0x12, 0x30, 9, 9]).passed());
    let differs = got(&[0x12, 0x4f]).text();
    assert!(
        differs.starts_with("the reply differs from require_reply at byte 1"),
        "{differs}"
    );
    assert!(got(&[0x12]).text().contains("at byte 1"));
    let long = got(&[0x12, 0x30, 1, 2, 3]).text();
    assert!(
        long.starts_with("the reply has 5 bytes, wanted 0 to 4"),
        "{long}"
    );
}

#[test]
fn lengths_count_only_beside_a_pattern() {
    assert!(answers(&udp(b"", reply(&[], 9, 10)), &[b"x"], End::IsSilent).passed());
}

fn dns(name: &str, kind: DnsType) -> Arc<Plan> {
    let (endpoint, name) = (endpoint("192.0.2.53", 53), name.to_owned());
    plan(&Probe::Dns {
        endpoint,
        kind,
        name,
    })
}

/// The first 16 bits of `RANDOM`.
const ID: [u8; 2] = [0x01, 0x23];
const QUESTION: &[u8] = b"\x07example\x03org\0\0\x06\0\x01";

fn dns_answer(flags: [u8; 2], questions: u8, rest: &[u8]) -> Vec<u8> {
    let counts = [0, questions, 0, 0, 0, 0, 0, 0];
    [&ID[..], &flags, &counts, rest].concat()
}

fn asked(datagrams: &[&[u8]]) -> Played {
    let check = dns("example.org.", DnsType::Soa);
    answers(&check, datagrams, End::IsSilent)
}

#[test]
fn the_query_asks_one_question_with_recursion_and_an_unguessable_id() {
    let query = [&ID[..], b"\x01\0\0\x01\0\0\0\0\0\0", QUESTION].concat();
    assert_eq!(asked(&[]).sent, [query]);
    let root = answers(&dns(".", DnsType::Aaaa), &[], End::IsSilent)
        .sent
        .concat();
    assert_eq!(root[12..], *b"\0\0\x1c\0\x01");
}

#[test]
fn an_answer_without_error_passes_whatever_it_holds() {
    let full = [QUESTION, b"\xc0\x0c\0\x06\0\x01garbage"].concat();
    for answer in [
        dns_answer([0x81, 0x80], 1, QUESTION),
        dns_answer([0x83, 0x80], 1, &full),
        dns_answer([0x80, 0x00], 0, b""),
        dns_answer([0x80, 0x00], 1, b"\x07EXAMPLE\x03Org\0\0\x06\0\x01"),
    ] {
        assert_eq!(
            asked(&[&answer]).finding.outcome,
            Outcome::Passed(Success::Reply)
        );
    }
}

#[test]
fn an_error_is_told_by_its_name() {
    let text = |rcode: u8| asked(&[&dns_answer([0x81, 0x80 | rcode], 1, QUESTION)]).text();
    assert!(text(2).starts_with("the answer is SERVFAIL (rcode 2) after less than 1 ms"));
    assert!(text(3).starts_with("the answer is NXDOMAIN (rcode 3)"));
    assert!(text(11).starts_with("the answer is rcode 11"));
}

#[test]
fn what_is_no_answer_to_our_question_is_waited_over() {
    let mut other_id = dns_answer([0x81, 0x80], 1, QUESTION);
    other_id[0] = 9;
    let strays = [
        other_id,
        dns_answer([0x01, 0x00], 1, QUESTION),
        dns_answer([0x81, 0x80], 1, b"\x05other\x03org\0\0\x06\0\x01"),
        dns_answer([0x81, 0x80], 1, b"\x07example\x03org\0\0\x01\0\x01"),
        dns_answer([0x81, 0x80], 1, b"\xc0\x0c\0\x06\0\x01"),
        dns_answer([0x81, 0x80], 1, b"\xc0\x0e\xc0\x0c\0\x06\0\x01"),
        dns_answer([0x81, 0x80], 1, b"\x3fshort"),
        dns_answer([0x81, 0x80], 2, QUESTION),
        ID.to_vec(),
        Vec::new(),
    ];
    for stray in strays {
        let text = asked(&[&stray]).text();
        assert!(
            text.starts_with("no reply within 5 s"),
            "{stray:x?}: {text}"
        );
    }
}

#[test]
fn names_that_no_query_can_hold_are_refused() {
    let long = ["a"; 130].join(".");
    for name in ["a..b", &"x".repeat(64), &long] {
        let (endpoint, name) = (endpoint("192.0.2.53", 53), name.to_owned());
        let kind = DnsType::A;
        assert!(
            Plan::new(&Probe::Dns {
                endpoint,
                kind,
                name
            })
            .is_err()
        );
    }
}

fn ping(address: &str) -> Arc<Plan> {
    plan(&Probe::Ping(endpoint(address, 0)))
}

fn echo(check: &Arc<Plan>) -> Vec<u8> {
    assert_eq!(Conversation::new(check, 0).channel(), Channel::Ping);
    answers(check, &[], End::IsSilent).sent.concat()
}

#[test]
fn an_echo_comes_back_with_sequence_and_payload_whatever_identifier_the_kernel_gave_it() {
    for (address, request_type, reply_type) in [("192.0.2.10", 8, 0), ("2001:db8::1", 128, 129)] {
        let check = ping(address);
        let mut datagram = echo(&check);
        assert_eq!((datagram[0], datagram.len()), (request_type, 64));
        datagram[0] = reply_type;
        datagram[2..6].copy_from_slice(&[1, 2, 3, 4]);
        let played = answers(&check, &[&datagram], End::IsSilent);
        assert_eq!(played.finding.outcome, Outcome::Passed(Success::Echo));
    }
}

#[test]
fn another_echo_is_waited_over_and_silence_is_a_failure() {
    let check = ping("192.0.2.10");
    let mut wrong = echo(&check);
    wrong[0] = 0;
    wrong[7] ^= 1;
    for datagram in [&wrong[..], &echo(&check), b"", &[0; 64]] {
        let text = answers(&check, &[datagram], End::IsSilent).text();
        assert!(text.starts_with("no echo reply within 5 s"), "{text}");
    }
    let text = answers(&check, &[], End::Fails(NetError::HostUnreachable)).text();
    assert_eq!(text, "no echo reply: host unreachable after less than 1 ms");
}

proptest! {
    #[test]
    fn any_datagram_comes_to_an_end(datagram in prop::collection::vec(any::<u8>(), 0..80), flags: [u8; 2]) {
        let wrapped = dns_answer(flags, 1, &datagram);
        for check in [dns("example.org", DnsType::Soa), ping("192.0.2.1"), udp(b"", reply(&[(1, 1)], 0, 9))] {
            for bytes in [&datagram[..], &wrapped] {
                prop_assert!(answers(&check, &[bytes], End::IsSilent).text().len() < 1_000);
            }
        }
    }
}

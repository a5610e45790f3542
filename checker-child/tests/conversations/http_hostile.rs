//! Servers that are broken, or mean harm.

use crate::http::{answered, page, url};
use crate::player::{End, RANDOM, Server, TIMEOUT, play};
use holdfast_checker::check::{BODY_LIMIT, Cause, Conversation, Input, Outcome, Step};
use holdfast_ipc::config::model::{BodyPattern, Digest, Micros, Url};
use holdfast_ipc::time::Monotonic;
use proptest::prelude::*;

fn said(answer: impl AsRef<[u8]>) -> String {
    play(&page(url("/")), &Server::answers(answer, End::Closes)).text()
}

#[test]
fn a_header_of_a_megabyte_is_not_read_to_its_end() {
    let text = said(format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(1_000_000)));
    assert!(
        text.starts_with("the HTTP header is longer than 32768 bytes"),
        "{text}"
    );
    let lines = said(format!("HTTP/1.1 200 OK\r\n{}", "A: b\r\n".repeat(100_000)));
    assert!(
        lines.starts_with("the HTTP header is longer than 32768 bytes"),
        "{lines}"
    );
    let interim = said("HTTP/1.1 100 Continue\r\n\r\n".repeat(2_000));
    assert!(
        interim.starts_with("the HTTP header is longer than 32768 bytes"),
        "{interim}"
    );
}

#[test]
fn more_fields_than_any_server_sends_are_a_failure() {
    let text = said(format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(200)));
    assert!(
        text.contains("the HTTP header cannot be read: too many fields"),
        "{text}"
    );
}

#[test]
fn a_body_without_end_is_a_failure_whatever_announces_it() {
    for header in ["Content-Length: 99999999999", "A: b"] {
        let body = "x".repeat(usize::try_from(BODY_LIMIT).unwrap() + 1);
        let text = said(format!("HTTP/1.1 200 OK\r\n{header}\r\n\r\n{body}"));
        assert!(
            text.starts_with("the body is longer than 16777216 bytes"),
            "{text}"
        );
    }
}

#[test]
fn nul_bytes_are_bytes() {
    let regex = BodyPattern {
        pattern: "a\\x00b".to_owned(),
        options: Vec::new(),
        invert: false,
        min_offset: 0,
        max_offset: None,
        needs_pcre: false,
    };
    let with = |answer: &[u8]| {
        let url = Url {
            regex: Some(regex.clone()),
            ..url("/")
        };
        answered(url, answer, End::Closes)
    };
    assert!(with(b"HTTP/1.1 200 OK\r\n\r\n\0a\0b").passed());
    let header = with(b"HTTP/1.1 200 OK\r\nA: \0\r\n\r\na\0b").text();
    assert!(
        header.contains("the HTTP header cannot be read: a field is malformed"),
        "{header}"
    );
    assert!(!with(b"HTTP/1.1 200 OK\r\n\r\na").passed());
}

#[test]
fn broken_chunks_are_a_failure_with_the_place() {
    let chunked = |body: &str| {
        let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        answered(url("/"), answer, End::IsSilent).text()
    };
    let cases = [
        ("xyz\r\n", "a chunk without its size"),
        ("\r\n", "a chunk without its size"),
        ("-5\r\n", "a chunk without its size"),
        ("fffffffffffffffff\r\n", "a chunk without its size"),
        ("2\r\nabc\r\n", "a chunk is longer than it says"),
    ];
    for (body, words) in cases {
        assert!(chunked(body).contains(words), "{body:?}: {}", chunked(body));
    }
    let line = chunked(&format!("5;{}", "x".repeat(300)));
    assert!(
        line.contains("the line before a chunk has no end"),
        "{line}"
    );
    let huge = chunked("ffffffffffffffff\r\nabc");
    assert!(
        huge.starts_with("no further byte of the body within 5 s"),
        "{huge}"
    );
}

fn after(conversation: &mut Conversation, start: Monotonic) {
    assert!(matches!(
        conversation.start(start, RANDOM),
        Step::Connect { .. }
    ));
    assert!(matches!(
        conversation.handle(start, Input::Connected),
        Step::Talk { .. }
    ));
}

/// A byte at a time: when it ends, and how.
fn drip(bytes: impl Iterator<Item = u8>, pause: Micros) -> (Micros, Cause) {
    let mut conversation = Conversation::new(&page(url("/")), 0);
    let start = Monotonic::from_micros(7);
    after(&mut conversation, start);
    let mut now = start;
    for byte in bytes {
        now = now.after(pause);
        if let Step::Done { finding, .. } = conversation.handle(now, Input::Bytes(&[byte])) {
            let Outcome::Failed(cause) = finding.outcome else {
                panic!("it passed");
            };
            return (now.since(start), cause);
        }
    }
    panic!("it goes on for ever");
}

#[test]
fn a_header_that_drips_has_connect_timeout_and_no_more() {
    let endless = "HTTP/1.1 200 OK\r\nA: "
        .bytes()
        .chain(std::iter::repeat_n(b'x', 1_000));
    let (took, cause) = drip(endless, Micros::from_millis(700));
    assert!(took < TIMEOUT.plus(Micros::from_secs(1)), "{took}");
    assert_eq!(cause.to_string(), "no complete HTTP header within 5 s");
}

#[test]
fn a_body_that_drips_has_six_times_connect_timeout() {
    let endless = "HTTP/1.1 200 OK\r\n\r\n"
        .bytes()
        .chain(std::iter::repeat_n(b'x', 100_000));
    let (took, cause) = drip(endless, Micros::from_millis(200));
    assert!(took <= TIMEOUT.times(6), "{took}");
    assert_eq!(cause.to_string(), "not at its end after 30 s");
}

fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&[u8]> = vec![
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 500 x\r\n",
        b"HTTP/1.1 100 C\r\n\r\n",
        b"\r\n",
        b"\n",
        b"\0",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"5\r\nhello\r\n",
        b"0\r\n",
        b"a: b\r\n",
        b"hello",
        b";",
        b"\xff\xfe",
        b" ",
    ];
    let word = prop::sample::select(words).prop_map(<[u8]>::to_vec);
    let piece = prop_oneof![4 => word, 1 => prop::collection::vec(any::<u8>(), 0..40)];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_answer_gives_the_same_wherever_it_is_cut(answer in hostile(), closes: bool) {
        let end = if closes { End::Closes } else { End::IsSilent };
        let url = Url { digest: Some(Digest::Md5([0; 16])), ..url("/") };
        let played = answered(url, answer, end);
        prop_assert!(played.text().len() < 1_000);
    }
}

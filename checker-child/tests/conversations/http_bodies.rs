//! Bodies: where they end, digests and patterns.

use crate::http::{answered, page, url};
use crate::player::{End, Played, Server, play};
use holdfast_checker::check::{PATTERN_WINDOW, Plan};
use holdfast_ipc::config::model::{BodyPattern, Digest, Probe, Url};

/// `printf hello | md5sum`
const HELLO: [u8; 16] = [
    0x5d, 0x41, 0x40, 0x2a, 0xbc, 0x4b, 0x2a, 0x76, 0xb9, 0x71, 0x9d, 0x91, 0x10, 0x17, 0xc5, 0x92,
];
/// `printf '5\r\nhello\r\n0\r\n\r\n' | md5sum`, and what genhash printed for such an answer.
const HELLO_IN_A_CHUNK: [u8; 16] = [
    0x79, 0xe9, 0x48, 0x9e, 0x3b, 0xd3, 0xf0, 0xcb, 0x01, 0x58, 0x21, 0x53, 0x41, 0xde, 0x04, 0x6d,
];
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

fn digest(digest: [u8; 16]) -> Url {
    Url {
        digest: Some(Digest::Md5(digest)),
        ..url("/")
    }
}

fn pattern(pattern: &str) -> BodyPattern {
    BodyPattern {
        pattern: pattern.to_owned(),
        options: Vec::new(),
        invert: false,
        min_offset: 0,
        max_offset: None,
        needs_pcre: false,
    }
}

fn finds(regex: BodyPattern, body: &str) -> bool {
    let url = Url {
        regex: Some(regex),
        ..url("/")
    };
    answered(url, format!("HTTP/1.1 200 OK\r\n\r\n{body}"), End::Closes).passed()
}

#[test]
fn the_end_of_the_stream_ends_a_body() {
    assert!(answered(digest(HELLO), "HTTP/1.1 200 OK\r\n\r\nhello", End::Closes).passed());
}

#[test]
fn content_length_ends_a_body_though_the_server_keeps_the_connection() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more";
    let played = answered(digest(HELLO), answer, End::IsSilent);
    assert!(played.passed());
    let empty = "HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n";
    assert!(answered(url("/"), empty, End::IsSilent).passed());
}

#[test]
fn a_body_that_is_shorter_than_announced_is_judged_as_it_is() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello";
    assert!(answered(url("/"), answer, End::Closes).passed());
    assert!(answered(digest(HELLO), answer, End::Closes).passed());
    assert!(!answered(digest(HELLO_IN_A_CHUNK), answer, End::Closes).passed());
}

#[test]
fn a_length_that_is_none_counts_for_nothing() {
    for length in ["-1", "5, 6", "0x5", "", "99999999999999999999"] {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nhello");
        assert!(
            answered(digest(HELLO), answer, End::Closes).passed(),
            "{length}"
        );
    }
    let twice = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello";
    assert!(answered(digest(HELLO), twice, End::Closes).passed());
}

#[test]
fn answers_without_content_end_with_their_header() {
    for status in [204, 304] {
        let url = Url {
            status: vec![(status, status)],
            ..url("/")
        };
        let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: 5\r\n\r\n");
        assert!(answered(url, answer, End::IsSilent).passed(), "{status}");
    }
}

#[test]
fn chunks_are_counted_and_keepalived_s_digest_of_them_is_as_good_as_that_of_the_content() {
    let whole = format!("{CHUNKED}5\r\nhello\r\n0\r\n\r\n");
    for wanted in [HELLO, HELLO_IN_A_CHUNK] {
        assert!(answered(digest(wanted), &whole, End::IsSilent).passed());
    }
    let pieces = format!("{CHUNKED}2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: x\r\n\r\n");
    assert!(answered(digest(HELLO), &pieces, End::IsSilent).passed());
    assert!(!answered(digest(HELLO_IN_A_CHUNK), &pieces, End::IsSilent).passed());
}

#[test]
fn another_body_is_told_with_its_digest() {
    let played = answered(
        digest(HELLO_IN_A_CHUNK),
        "HTTP/1.1 200 OK\r\n\r\nhello",
        End::Closes,
    );
    let text = "GET /: the digest of the body is 5d41402abc4b2a76b9719d911017c592, wanted \
                79e9489e3bd3f0cb0158215341de046d after less than 1 ms";
    assert!(played.text().starts_with(text), "{}", played.text());
}

#[test]
fn a_compressed_body_is_taken_as_it_comes() {
    let zipped = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\0bomb".to_vec();
    let url = Url {
        regex: Some(pattern(r"\x1f\x8b")),
        ..url("/")
    };
    assert!(answered(url, zipped, End::Closes).passed());
}

#[test]
fn a_pattern_has_to_be_in_the_body_or_must_not_be() {
    assert!(finds(pattern("st[a-z]+s"), "the status"));
    assert!(!finds(pattern("Status"), "the status"));
    let absent = || BodyPattern {
        invert: true,
        ..pattern("ERROR")
    };
    assert!(finds(absent(), "fine"));
    assert!(!finds(absent(), "ERROR 5"));
}

#[test]
fn options_of_pcre_mean_the_same() {
    let with = |text: &str, options: &[&str]| BodyPattern {
        options: options.iter().map(|option| (*option).to_owned()).collect(),
        ..pattern(text)
    };
    assert!(finds(with("OK", &["caseless"]), "ok"));
    assert!(!finds(with("a.b", &[]), "a\nb"));
    assert!(finds(with("a.b", &["dotall"]), "a\nb"));
    assert!(!finds(with("^b", &[]), "a\nb"));
    assert!(finds(with("^b", &["multiline"]), "a\nb"));
    assert!(finds(with("a  b # comment", &["extended"]), "ab"));
    assert!(finds(with("b", &["anchored"]), "ba"));
    assert!(!finds(with("b", &["anchored"]), "ab"));
}

#[test]
fn a_dollar_fits_before_the_last_line_feed_unless_it_is_told_not_to() {
    assert!(finds(pattern("^OK$"), "OK\n"));
    assert!(!finds(pattern("^OK$"), "OK\n\n"));
    let strict = BodyPattern {
        options: vec!["dollar_endonly".to_owned()],
        ..pattern("^OK$")
    };
    assert!(!finds(strict.clone(), "OK\n"));
    assert!(finds(strict, "OK"));
}

#[test]
fn a_match_has_to_begin_inside_the_offsets() {
    let between = |min_offset, max_offset| BodyPattern {
        min_offset,
        max_offset,
        needs_pcre: false,
        ..pattern("b")
    };
    assert!(finds(between(3, None), "abab"));
    assert!(!finds(between(4, None), "abab"));
    assert!(!finds(between(9, None), "abab"));
    assert!(finds(between(0, Some(1)), "abab"));
    assert!(!finds(between(0, Some(0)), "abab"));
    assert!(finds(between(2, Some(3)), "abab"));
}

#[test]
fn a_pattern_is_searched_in_what_chunks_carry() {
    let url = Url {
        regex: Some(pattern("hello")),
        ..url("/")
    };
    let answer = format!("{CHUNKED}2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
    assert!(answered(url, answer, End::IsSilent).passed());
}

#[test]
fn what_linear_time_cannot_do_is_refused_with_the_reason() {
    for bad in ["(?=look)ahead", r"(a)\1", "(unclosed", "a{99999999}"] {
        let url = Url {
            regex: Some(pattern(bad)),
            ..url("/")
        };
        let refused = Plan::new(&Probe::Http(crate::http::probe(url))).unwrap_err();
        assert!(refused.starts_with("regex \""), "{bad}: {refused}");
    }
}

fn long_body(regex: BodyPattern) -> Played {
    let url = Url {
        regex: Some(regex),
        ..url("/")
    };
    let body = "x".repeat(PATTERN_WINDOW + 10);
    play(
        &page(url),
        &Server::answers(format!("HTTP/1.1 200 OK\r\n\r\n{body}needle"), End::Closes),
    )
}

#[test]
fn behind_the_window_of_a_pattern_neither_answer_is_certain() {
    assert!(long_body(pattern("xxx")).passed());
    for invert in [false, true] {
        let played = long_body(BodyPattern {
            invert,
            ..pattern("needle")
        });
        let text = "regex does not match in the first 1048576 bytes; more are not searched";
        assert!(played.text().contains(text), "{}", played.text());
    }
}

//! SMTP_CHECK.

use crate::player::{End, Played, Server, endpoint, plan, play, play_cut, play_every_cut};
use holdfast_checker::check::{NetError, Outcome, Plan, REPLY_LIMIT, Success};
use holdfast_ipc::config::model::Probe;
use proptest::prelude::*;
use std::sync::Arc;

fn check() -> Arc<Plan> {
    plan(&Probe::Smtp {
        endpoint: endpoint("192.0.2.25", 25),
        helo: "lb.example.org".to_owned(),
    })
}

fn dialogue(says: &[&str]) -> Played {
    let says: Vec<_> = says.iter().map(|said| said.as_bytes()).collect();
    play_every_cut(&check(), &Server::says(&says, End::IsSilent))
}

#[test]
fn greeting_helo_and_quit_make_a_well_server() {
    let played = dialogue(&[
        "220 mail.example.org ESMTP Postfix\r\n",
        "250 mail.example.org\r\n",
        "221 2.0.0 Bye\r\n",
    ]);
    assert_eq!(played.finding.outcome, Outcome::Passed(Success::Dialogue));
    assert_eq!(played.sent, [&b"HELO lb.example.org\r\n"[..], b"QUIT\r\n"]);
}

#[test]
fn replies_of_several_lines_and_bare_line_feeds_are_replies() {
    let played = dialogue(&[
        "220-hello\r\n220-legal text\r\n220 go\r\n",
        "250-a\n250\n",
        "221\r\n",
    ]);
    assert!(played.passed());
}

#[test]
fn another_code_is_told_with_its_text() {
    let text = |says: &[&str]| dialogue(says).text();
    assert!(
        text(&["554 5.7.1 \x1b[2Jno\r\n"])
            .starts_with("the greeting gave 554, wanted 220: \"5.7.1 \\x1b[2Jno\" after less than")
    );
    assert!(text(&["220 x\r\n", "421 busy\r\n"]).starts_with("HELO gave 421, wanted 250"));
    assert!(text(&["220 x\r\n", "250 x\r\n", "500 what\r\n"]).starts_with("QUIT gave 500"));
}

#[test]
fn what_is_no_reply_is_a_failure() {
    for line in [
        "HTTP/1.1 400 Bad Request\r\n",
        "\r\n",
        "22\r\n",
        "2200 x\r\n",
        "220x\r\n",
        "\0\0\0\0\r\n",
    ] {
        let text = dialogue(&[line]).text();
        assert!(
            text.starts_with("a line that is no reply of a mail server"),
            "{line:?}: {text}"
        );
    }
}

#[test]
fn silence_and_a_closed_connection_say_what_was_waited_for() {
    let text = |says: &[&[u8]], end| play(&check(), &Server::says(says, end)).text();
    assert_eq!(text(&[], End::IsSilent), "no complete greeting within 5 s");
    assert!(
        text(&[b"220 x\r\n"], End::IsSilent).starts_with("no complete answer to HELO within 5 s")
    );
    assert!(
        text(&[b"220 x\r\n", b"250 x\r\n"], End::Closes)
            .starts_with("no complete answer to QUIT: the server closed the connection")
    );
    assert!(
        text(&[b"220 x\r\n"], End::Fails(NetError::Reset))
            .starts_with("no complete answer to HELO: the server reset the connection")
    );
}

#[test]
fn a_greeting_without_end_is_a_failure() {
    for greeting in ["2".repeat(1_000_000), "220-x\r\n".repeat(100_000)] {
        let played = play(
            &check(),
            &Server::says(&[greeting.as_bytes()], End::IsSilent),
        );
        let text = format!("the reply is longer than {REPLY_LIMIT} bytes");
        assert!(played.text().starts_with(&text), "{}", played.text());
    }
}

#[test]
fn a_server_that_speaks_before_it_is_asked_is_judged_the_same_in_any_pieces() {
    let all = b"220 x\r\n250 y\r\n221 z\r\n";
    for size in 1..=all.len() {
        let server = Server::says(&[all], End::IsSilent);
        let played = play_cut(&check(), &server, &|said| {
            said.chunks(size).map(<[u8]>::to_vec).collect()
        });
        assert!(played.passed(), "in pieces of {size} bytes");
    }
}

#[test]
fn a_line_end_in_helo_name_is_refused_and_not_sent() {
    for helo in ["a\r\nMAIL FROM:<>", "a b", ""] {
        let endpoint = endpoint("192.0.2.25", 25);
        let helo = helo.to_owned();
        assert!(Plan::new(&Probe::Smtp { endpoint, helo }).is_err());
    }
}

proptest! {
    #[test]
    fn any_server_comes_to_an_end(
        says in prop::collection::vec(
            prop_oneof![
                Just(b"220 x\r\n".to_vec()),
                Just(b"250-x\r\n".to_vec()),
                Just(b"250 x\r\n".to_vec()),
                prop::collection::vec(any::<u8>(), 0..60),
            ],
            0..5,
        ),
    ) {
        let server = Server { says, end: End::IsSilent };
        prop_assert!(play(&check(), &server).text().len() < 1_000);
    }
}

//! `SMTP_CHECK`.

use super::servers::{pace, serve};
use super::stage::{assert_down, assert_up, check, endpoint, impatient};
use holdfast_ipc::config::model::{Check, Probe};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

fn smtp(to: SocketAddr) -> Check {
    check(Probe::Smtp {
        endpoint: endpoint(to),
        helo: "lb.example".to_owned(),
    })
}

/// A mail server that knows HELO and QUIT, and expects them in this order.
fn mail_server(banner: &'static [&'static str]) -> SocketAddr {
    serve(move |mut stream: TcpStream| {
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        for line in banner {
            stream.write_all(line.as_bytes()).unwrap();
        }
        for (wanted, answer) in [
            (
                "HELO lb.example",
                "250-mail.example\r\n250 at your service\r\n",
            ),
            ("QUIT", "221 bye\r\n"),
        ] {
            let answer = match lines.next() {
                Some(Ok(line)) if line == wanted => answer,
                _ => "500 what?\r\n",
            };
            let _ = stream.write_all(answer.as_bytes());
        }
    })
}

#[test]
fn a_mail_server_that_holds_the_dialogue_is_up() {
    let server = mail_server(&["220-welcome\r\n", "220 mail.example ready\r\n"]);
    assert_up(
        smtp(server),
        "SMTP_CHECK greeting, HELO and QUIT answered after *",
    );
}

#[test]
fn a_mail_server_that_is_busy_is_down_with_its_words() {
    let server = mail_server(&["421 too many connections\r\n"]);
    assert_down(
        smtp(server),
        "SMTP_CHECK the greeting gave 421, wanted 220: \"too many connections\" after *, last \
         bytes \"421 too many connections\\r\\n\"",
    );
}

#[test]
fn a_banner_that_drips_is_down_when_its_time_is_over() {
    let server = serve(
        |mut stream| {
            while stream.write_all(b"2").is_ok() && pace(&stream) {}
        },
    );
    let verdict = super::stage::first_verdict(impatient(smtp(server), 200));
    assert!(!verdict.up);
    let text = "SMTP_CHECK no complete greeting within 0.2 s, last bytes \"222";
    assert!(verdict.detail.starts_with(text), "{verdict:?}");
}

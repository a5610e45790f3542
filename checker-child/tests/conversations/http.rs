//! Requests and status lines.

use crate::player::{End, Played, Server, endpoint, plan, play, play_every_cut};
use holdfast_checker::check::{Channel, Conversation, NetError, Outcome, Plan, Success};
use holdfast_ipc::config::model::{HttpProbe, HttpVersion, Probe, TlsOptions, Url};
use std::sync::Arc;

pub(crate) fn url(path: &str) -> Url {
    Url {
        path: path.to_owned(),
        host: None,
        digest: None,
        status: vec![(200, 299)],
        regex: None,
        tls_compliant: false,
    }
}

pub(crate) fn probe(url: Url) -> HttpProbe {
    HttpProbe {
        endpoint: endpoint("192.0.2.10", 80),
        tls: None,
        protocol: HttpVersion::V1_0,
        fast_recovery: false,
        urls: vec![url],
    }
}

pub(crate) fn page(url: Url) -> Arc<Plan> {
    plan(&Probe::Http(probe(url)))
}

/// What comes of an answer, wherever it is cut.
pub(crate) fn answered(url: Url, answer: impl AsRef<[u8]>, end: End) -> Played {
    play_every_cut(&page(url), &Server::answers(answer, end))
}

fn request(probe: HttpProbe) -> String {
    let server = Server::answers("HTTP/1.0 200 OK\r\n\r\n", End::Closes);
    let sent = play(&plan(&Probe::Http(probe)), &server).sent;
    String::from_utf8(sent.concat()).unwrap()
}

#[test]
fn a_page_with_a_good_status_passes() {
    let played = answered(
        url("/"),
        "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nhello",
        End::Closes,
    );
    assert_eq!(
        played.finding.outcome,
        Outcome::Passed(Success::Page { status: 200 })
    );
}

/// The expected bytes were seen on the wire from keepalived's own genhash.
#[test]
fn the_request_is_byte_for_byte_that_of_keepalived() {
    let plain = probe(url("/x"));
    assert_eq!(
        request(plain.clone()),
        "GET /x HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 192.0.2.10:80\r\n\r\n"
    );
    assert_eq!(
        request(HttpProbe {
            protocol: HttpVersion::V1_0Close,
            ..plain.clone()
        }),
        "GET /x HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\n\
         Host: 192.0.2.10:80\r\n\r\n"
    );
    let named = Url {
        host: Some("www.example.org".to_owned()),
        ..url("/x")
    };
    let named = HttpProbe {
        protocol: HttpVersion::V1_1,
        ..probe(named)
    };
    assert_eq!(
        request(named),
        "GET /x HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\n\
         Host: www.example.org\r\n\r\n"
    );
    let ipv6 = HttpProbe {
        endpoint: endpoint("2001:db8::1", 8080),
        ..plain
    };
    assert_eq!(
        request(ipv6),
        "GET /x HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: [2001:db8::1]:8080\r\n\r\n"
    );
}

#[test]
fn a_line_end_in_path_or_host_is_refused_and_not_sent() {
    let two = Url {
        host: Some("a\r\nX: y".to_owned()),
        ..url("/")
    };
    for bad in [url("/ HTTP/1.0\r\nX: y"), two] {
        let refused = Plan::new(&Probe::Http(probe(bad))).unwrap_err();
        assert!(refused.contains("line end"), "{refused}");
    }
}

#[test]
fn another_status_fails_and_is_told_with_the_last_bytes() {
    let played = answered(
        url("/health"),
        "HTTP/1.1 503 Busy\r\nA: b\r\n\r\nsorry",
        End::Closes,
    );
    assert_eq!(
        played.text(),
        "GET /health: status 503, wanted 200-299 after less than 1 ms, last bytes \"HTTP/1.1 503 \
         Busy\\r\\nA: b\\r\\n\\r\\n\""
    );
}

#[test]
fn a_list_of_status_codes_is_what_counts() {
    let wanted = || Url {
        status: vec![(200, 200), (301, 302), (404, 404)],
        ..url("/")
    };
    for (status, good) in [
        (200, true),
        (204, false),
        (302, true),
        (303, false),
        (404, true),
    ] {
        let answer = format!("HTTP/1.1 {status} x\r\n\r\n");
        assert_eq!(
            answered(wanted(), answer, End::Closes).passed(),
            good,
            "{status}"
        );
    }
    let text = answered(wanted(), "HTTP/1.1 500\r\n\r\n", End::Closes).text();
    assert!(
        text.contains("status 500, wanted 200 301-302 404"),
        "{text}"
    );
}

#[test]
fn status_lines_of_real_servers_are_understood() {
    let lines = [
        "HTTP/1.1 200\r\n\r\n",
        "HTTP/1.1 200 \r\n\r\n",
        "HTTP/1.0  200   OK\r\n\r\n",
        "HTTP/1.1 200 OK\n\n",
        "HTTP/1.1 200 OK\nA: b\n\r\n",
        "HTTP/2 200\r\n\r\n",
        "HTTP/2.0 200 OK\r\nserver: x\r\n\r\n",
        "http/1.1 200 ok\r\n\r\n",
        "HTTP/1.1 200 Tr\u{e8}s bien\r\n\r\n",
        "HTTP/1.1 200 OK\r\nNo colon here\r\nBad name : x\r\n folded\r\n\r\n",
    ];
    for line in lines {
        assert!(answered(url("/"), line, End::Closes).passed(), "{line:?}");
    }
}

#[test]
fn what_is_no_status_line_is_told_at_once() {
    for line in [
        "SSH-2.0-OpenSSH_9.6\r\n",
        "<html>hello</html>",
        "HTTP/1.1 OK\r\n\r\n",
        "\0\0\0",
    ] {
        let played = answered(url("/"), line, End::IsSilent);
        let text = played.text();
        assert!(
            text.contains("does not begin with an HTTP status line"),
            "{line:?}: {text}"
        );
    }
}

#[test]
fn interim_answers_come_before_the_one_that_counts() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    assert!(
        answered(
            url("/"),
            format!("{interim}HTTP/1.1 200 OK\r\n\r\n"),
            End::Closes
        )
        .passed()
    );
    let bad = answered(
        url("/"),
        format!("{interim}HTTP/1.1 500 No\r\n\r\n"),
        End::Closes,
    );
    assert!(bad.text().contains("status 500"));
}

#[test]
fn each_way_to_say_nothing_has_its_own_words() {
    let text = |answer: &str, end| play(&page(url("/")), &Server::answers(answer, end)).text();
    assert_eq!(text("", End::IsSilent), "no HTTP answer within 5 s");
    assert_eq!(
        text("", End::Closes),
        "no HTTP answer: the server closed the connection after less than 1 ms"
    );
    assert_eq!(
        text("HTTP/1.1 200 OK\r\n", End::Closes),
        "no complete HTTP header: the server closed the connection after less than 1 ms, last \
         bytes \"HTTP/1.1 200 OK\\r\\n\""
    );
    assert_eq!(
        text("HTTP/1.1 200 OK\r\n\r\nhel", End::IsSilent),
        "no further byte of the body within 5 s, last bytes \"HTTP/1.1 200 OK\\r\\n\\r\\nhel\""
    );
    assert_eq!(
        text("HTTP/1.1 200 OK\r\n\r\nhel", End::Fails(NetError::Reset)),
        "no further byte of the body: the server reset the connection after less than 1 ms, last \
         bytes \"HTTP/1.1 200 OK\\r\\n\\r\\nhel\""
    );
}

fn over_tls(sni: bool, sni_name: Option<&str>, host: Option<&str>) -> Arc<Plan> {
    let url = Url {
        host: host.map(str::to_owned),
        tls_compliant: true,
        ..url("/")
    };
    let sni_name = sni_name.map(str::to_owned);
    let tls = Some(TlsOptions {
        sni,
        sni_name,
        verify: false,
    });
    plan(&Probe::Http(HttpProbe { tls, ..probe(url) }))
}

#[test]
fn tls_sends_a_name_and_never_an_address() {
    let name = |sni, sni_name, host| match Conversation::new(&over_tls(sni, sni_name, host), 0)
        .channel()
    {
        Channel::Tls { server_name, .. } => server_name.map(str::to_owned),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        name(true, None, Some("www.example.org")),
        Some("www.example.org".to_owned())
    );
    assert_eq!(
        name(true, None, Some("www.example.org:8443")),
        Some("www.example.org".to_owned())
    );
    assert_eq!(
        name(true, Some("sni.example.org"), Some("x")),
        Some("sni.example.org".to_owned())
    );
    assert_eq!(name(false, None, Some("www.example.org")), None);
    for address in [
        "192.0.2.1",
        "192.0.2.1:443",
        "[2001:db8::1]:443",
        "2001:db8::1",
    ] {
        assert_eq!(name(true, None, Some(address)), None, "{address}");
    }
    assert_eq!(name(true, None, None), None);
}

#[test]
fn a_compliant_check_says_goodbye_to_tls_and_the_end_of_the_stream_is_enough_to_pass() {
    let server = Server::answers("HTTP/1.1 200 OK\r\n\r\nhello", End::Closes);
    let played = play_every_cut(&over_tls(true, None, Some("a.example")), &server);
    assert!(played.passed() && played.close_notify);
}

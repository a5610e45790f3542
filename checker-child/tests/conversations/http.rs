use crate::player::{End, Server, endpoint, plan, play, play_every_cut};
use holdfast_checker::check::{Outcome, Plan, Success};
use holdfast_ipc::config::model::{HttpProbe, HttpVersion, Probe, Url};
use std::sync::Arc;

fn url(path: &str) -> Url {
    Url {
        path: path.to_owned(),
        host: None,
        digest: None,
        status: vec![(200, 299)],
        regex: None,
        tls_compliant: false,
    }
}

fn probe(url: Url) -> HttpProbe {
    HttpProbe {
        endpoint: endpoint("192.0.2.10", 80),
        tls: None,
        protocol: HttpVersion::V1_0,
        fast_recovery: false,
        urls: vec![url],
    }
}

fn page(url: Url) -> Arc<Plan> {
    plan(&Probe::Http(probe(url)))
}

#[test]
fn a_page_with_a_good_status_passes_wherever_it_is_cut() {
    let server = Server::answers("HTTP/1.0 200 OK\r\nServer: x\r\n\r\nhello", End::Closes);
    let played = play_every_cut(&page(url("/")), &server);
    assert_eq!(
        played.finding.outcome,
        Outcome::Passed(Success::Page { status: 200 })
    );
    let request = "GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 192.0.2.10:80\r\n\r\n";
    assert_eq!(played.sent, [request.as_bytes()]);
}

#[test]
fn another_status_fails_and_is_told_with_the_last_bytes() {
    let server = Server::answers("HTTP/1.1 503 Busy\r\nA: b\r\n\r\nsorry", End::Closes);
    let played = play_every_cut(&page(url("/health")), &server);
    assert_eq!(
        played.text(),
        "GET /health: status 503, wanted 200-299 after less than 1 ms, last bytes \"HTTP/1.1 503 \
         Busy\\r\\nA: b\\r\\n\\r\\n\""
    );
}

#[test]
fn a_server_that_says_nothing_fails_at_connect_timeout() {
    let played = play(&page(url("/")), &Server::says(&[], End::IsSilent));
    assert_eq!(played.text(), "no HTTP answer within 5 s");
}

//! `HTTP_GET` with a real web server.

use super::servers::Nginx;
use super::stage::{assert_down, assert_up, http, page, url};
use holdfast_ipc::config::model::{BodyPattern, Digest, HttpVersion};

#[test]
fn a_page_of_nginx_is_up_with_every_protocol() {
    let nginx = Nginx::start();
    for protocol in [HttpVersion::V1_0, HttpVersion::V1_0Close, HttpVersion::V1_1] {
        let mut probe = page(nginx.plain);
        probe.protocol = protocol;
        assert_up(http(probe), "HTTP_GET status 200 after *");
    }
}

#[test]
fn another_status_is_down_with_what_was_wanted() {
    let nginx = Nginx::start();
    let mut probe = page(nginx.plain);
    probe.urls = vec![url("/sick")];
    let verdict = super::stage::first_verdict(http(probe));
    assert!(!verdict.up);
    let detail = &verdict.detail;
    let start = "HTTP_GET GET /sick: status 503, wanted 200-299 after ";
    assert!(detail.starts_with(start), "{detail}");
    assert!(detail.contains(", last bytes \""), "{detail}");
}

#[test]
fn digest_and_regex_are_looked_for_in_the_body() {
    let nginx = Nginx::start();
    // printf 'all is well\n' | md5sum
    let digest = 0x2670_f929_ce8c_93af_815b_a0ae_8fd5_91ff_u128.to_be_bytes();
    let pattern = |text: &str| BodyPattern {
        pattern: text.to_owned(),
        options: Vec::new(),
        invert: false,
        min_offset: 0,
        max_offset: None,
        needs_pcre: false,
    };
    let mut probe = page(nginx.plain);
    probe.urls[0].regex = Some(pattern("is w[e]ll"));
    probe.urls[0].digest = Some(Digest::Md5(digest));
    assert_up(http(probe.clone()), "HTTP_GET status 200 after *");
    probe.urls[0].regex = Some(pattern("is sick"));
    let verdict = super::stage::first_verdict(http(probe));
    assert!(!verdict.up);
    let text = "HTTP_GET GET /: regex does not match in the 12 bytes of the body after ";
    assert!(verdict.detail.starts_with(text), "{verdict:?}");
}

#[test]
fn the_virtual_host_reaches_the_server() {
    let nginx = Nginx::start();
    let mut probe = page(nginx.plain);
    probe.urls[0].host = Some("other.example".to_owned());
    probe.urls[0].status = vec![(418, 418)];
    assert_up(http(probe), "HTTP_GET status 418 after *");
}

#[test]
fn a_page_where_nobody_listens_is_down() {
    let probe = page(super::servers::closed());
    assert_down(http(probe), "HTTP_GET connection refused after *");
}

//! `SSL_GET` with real TLS servers.

use super::servers::{Certificates, Nginx, SServer};
use super::stage::{ONE, assert_text, assert_up, config, http, page, servers};
use crate::harness::Checker;
use holdfast_ipc::balance::CheckVerdict;
use holdfast_ipc::config::model::{Check, HttpProbe, Passphrase, TlsFiles, TlsOptions};
use std::net::SocketAddr;

fn secure(to: SocketAddr, name: Option<&str>, verify: bool) -> HttpProbe {
    let mut probe = page(to);
    probe.tls = Some(TlsOptions {
        sni: true,
        sni_name: None,
        verify,
    });
    probe.urls[0].host = name.map(str::to_owned);
    probe
}

fn with_files(check: Check, tls: TlsFiles) -> (Checker, CheckVerdict) {
    let mut checker = Checker::start();
    let servers = servers([check]);
    let mut config = config(&servers);
    config.tls = tls;
    checker.tell_servers(ONE, &servers);
    checker.go(config, Vec::new());
    let verdict = checker.only_verdict();
    (checker, verdict)
}

fn trusting(certificates: &Certificates) -> TlsFiles {
    TlsFiles {
        ca: Some(certificates.path("ca.pem")),
        ..TlsFiles::default()
    }
}

const UP: &str = "SSL_GET status 200 after *";

#[test]
fn old_and_new_tls_are_spoken_and_any_certificate_is_taken_by_default() {
    let nginx = Nginx::start();
    for address in [nginx.tls12, nginx.tls13] {
        assert_up(http(secure(address, None, false)), UP);
    }
}

#[test]
fn the_virtual_host_is_sent_as_server_name() {
    let nginx = Nginx::start();
    let mut probe = secure(nginx.tls13, Some("named.example"), false);
    probe.urls[0].status = vec![(418, 418)];
    assert_up(http(probe), "SSL_GET status 418 after *");
}

#[test]
fn with_verify_a_certificate_that_nobody_trusts_is_down() {
    let nginx = Nginx::start();
    let check = http(secure(nginx.tls13, Some("good.example"), true));
    let (_checker, verdict) = with_files(check, TlsFiles::default());
    assert!(!verdict.up);
    assert_text(
        &verdict,
        "SSL_GET no TLS session: TLS: the certificate is not valid: unable to get local issuer \
         certificate after *",
    );
}

#[test]
fn with_verify_and_the_right_authority_the_name_decides() {
    let nginx = Nginx::start();
    let good = http(secure(nginx.tls12, Some("good.example"), true));
    let (_checker, verdict) = with_files(good, trusting(&nginx.certificates));
    assert!(verdict.up, "{verdict:?}");
    let wrong = http(secure(nginx.tls12, Some("wrong.example"), true));
    let (_checker, verdict) = with_files(wrong, trusting(&nginx.certificates));
    assert!(!verdict.up);
    assert_text(
        &verdict,
        "SSL_GET no TLS session: TLS: the certificate is not valid: hostname mismatch after *",
    );
}

#[test]
fn with_verify_and_without_a_name_the_address_has_to_be_in_the_certificate() {
    let nginx = Nginx::start();
    let check = || http(secure(nginx.tls12, None, true));
    let (_checker, verdict) = with_files(check(), trusting(&nginx.certificates));
    assert!(!verdict.up);
    assert_text(
        &verdict,
        "SSL_GET no TLS session: TLS: the certificate is not valid: IP address mismatch after *",
    );
}

#[test]
fn a_self_signed_certificate_is_up_only_without_verify() {
    let server = SServer::start(&["-tls1_2"]);
    assert_up(
        http(secure(server.address, Some("self.example"), false)),
        UP,
    );
    let check = http(secure(server.address, Some("self.example"), true));
    let (_checker, verdict) = with_files(check, TlsFiles::default());
    assert!(!verdict.up);
    assert_text(
        &verdict,
        "SSL_GET no TLS session: TLS: the certificate is not valid: self-signed certificate \
         after *",
    );
}

#[test]
fn a_server_that_asks_for_a_certificate_is_shown_that_of_the_configuration() {
    let certificates = Certificates::new();
    let authority = certificates.path("ca.pem");
    let server = SServer::start(&[
        "-Verify",
        "1",
        "-verify_return_error",
        "-CAfile",
        &authority,
    ]);
    let check = || http(secure(server.address, None, false));
    let (_checker, without) = with_files(check(), TlsFiles::default());
    assert!(!without.up, "{without:?}");
    let files = TlsFiles {
        certificate: Some(certificates.path("good.pem")),
        key: Some(certificates.path("locked.key")),
        password: Some(Passphrase("sesame".to_owned())),
        ca: None,
    };
    let (_checker, verdict) = with_files(check(), files);
    assert_text(&verdict, UP);
}

#[test]
fn a_key_that_the_checker_may_not_read_is_told_with_its_user() {
    let certificates = Certificates::new();
    let nginx = Nginx::start();
    let key = certificates.path("secret.key");
    let files = TlsFiles {
        certificate: Some(certificates.path("good.pem")),
        key: Some(key.clone()),
        ..TlsFiles::default()
    };
    let (mut checker, verdict) = with_files(http(secure(nginx.tls13, None, false)), files);
    assert_text(&verdict, UP);
    assert_eq!(
        checker.log_with("SSL_GET shows").text,
        format!(
            "SSL_GET shows no certificate of its own: SSL key {key}: Permission denied; user \
             65534 of the checker has to be able to read it"
        )
    );
}

#[test]
fn an_authority_that_is_not_there_is_told_and_its_checks_are_down() {
    let nginx = Nginx::start();
    let files = TlsFiles {
        ca: Some("/nonexistent/ca.pem".to_owned()),
        ..TlsFiles::default()
    };
    let check = http(secure(nginx.tls13, Some("good.example"), true));
    let (mut checker, verdict) = with_files(check, files);
    assert!(!verdict.up);
    let why = "SSL ca /nonexistent/ca.pem: No such file or directory; user 65534 of the checker \
               has to be able to read it";
    assert_text(
        &verdict,
        &format!("SSL_GET no TLS session: TLS: {why} after *"),
    );
    assert_eq!(
        checker.log_with("SSL_GET with verify").text,
        format!("SSL_GET with verify cannot work, its servers count as down: {why}")
    );
}

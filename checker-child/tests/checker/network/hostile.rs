//! Servers that want to hold a check up or fill its memory, and what others feel of it: nothing.

use super::servers::{Certificates, answering, listener, pace, read_request, serve};
use super::stage::{first_verdict, http, impatient, page, tcp, watching};
use holdfast_ipc::balance::{CheckId, CheckVerdict};
use holdfast_ipc::config::model::TlsOptions;
use openssl::hash::MessageDigest;
use std::io::Write;
use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

#[track_caller]
fn failing(to: SocketAddr, patience: u64, start: &str) -> CheckVerdict {
    let verdict = first_verdict(impatient(http(page(to)), patience));
    assert!(!verdict.up, "{verdict:?}");
    assert!(verdict.detail.starts_with(start), "{verdict:?}");
    verdict
}

#[test]
fn a_header_that_drips_is_down_when_its_time_is_over() {
    let server = serve(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.0 200 OK\r\n");
        while stream.write_all(b"a").is_ok() && pace(&stream) {}
    });
    failing(server, 200, "HTTP_GET no complete HTTP header within 0.2 s");
}

#[test]
fn a_body_that_drips_ends_with_the_time_of_the_whole() {
    let server = serve(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n");
        while stream.write_all(b"a").is_ok() && pace(&stream) {}
    });
    let mut probe = page(server);
    probe.urls[0].digest = Some(holdfast_ipc::config::model::Digest::Md5([0; 16]));
    let verdict = first_verdict(impatient(http(probe), 100));
    assert!(!verdict.up, "{verdict:?}");
    let text = "HTTP_GET not at its end after 0.6 s";
    assert!(verdict.detail.starts_with(text), "{verdict:?}");
}

#[test]
fn a_body_without_an_end_is_read_up_to_its_limit() {
    let server = serve(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 65_536]).is_ok() {}
    });
    let mut probe = page(server);
    probe.urls[0].digest = Some(holdfast_ipc::config::model::Digest::Md5([0; 16]));
    let verdict = first_verdict(http(probe));
    assert!(!verdict.up, "{verdict:?}");
    let text = "HTTP_GET the body is longer than 16777216 bytes";
    assert!(verdict.detail.starts_with(text), "{verdict:?}");
}

#[test]
fn a_header_of_a_megabyte_is_down_at_its_limit() {
    let mut answer = b"HTTP/1.0 200 OK\r\nX-Long: ".to_vec();
    answer.resize(1 << 20, b'x');
    answer.extend(b"\r\n\r\n");
    failing(
        answering(answer),
        5_000,
        "HTTP_GET the HTTP header is longer than ",
    );
}

#[test]
fn bytes_of_a_server_reach_the_log_escaped() {
    let server = answering(*b"\x1b[2J\0 nonsense\r\n\r\n");
    let verdict = failing(
        server,
        5_000,
        "HTTP_GET GET /: the answer does not begin with an HTTP status line",
    );
    let last = ", last bytes \"\\x1b\"";
    assert!(verdict.detail.ends_with(last), "{verdict:?}");
}

#[test]
fn nul_bytes_are_a_fault_of_a_header_and_part_of_a_body() {
    failing(
        answering(*b"HTTP/1.0 200 OK\r\nX\0Y: z\r\n\r\n"),
        5_000,
        "HTTP_GET GET /: the HTTP header cannot be read",
    );
    let mut probe = page(answering(*b"HTTP/1.0 200 OK\r\n\r\n\0\0\0"));
    probe.urls[0].digest = Some(holdfast_ipc::config::model::Digest::Md5([0; 16]));
    let verdict = first_verdict(http(probe));
    assert!(!verdict.up, "{verdict:?}");
    // Of three bytes 0.
    let text = "HTTP_GET GET /: the digest of the body is 693e9af84d3dfcc71e640e005bdc5e2e, ";
    assert!(verdict.detail.starts_with(text), "{verdict:?}");
    assert!(verdict.detail.ends_with("\\x00\\x00\\x00\""), "{verdict:?}");
}

/// 64 MiB that come as 64 KiB. Nobody asked for a coding, and nothing is unpacked.
#[test]
fn a_compressed_bomb_is_judged_by_its_bytes_as_they_come() {
    let packing = "head -c 67108864 /dev/zero | gzip -n";
    let packed = Command::new("sh").args(["-c", packing]).output().unwrap();
    let digest = openssl::hash::hash(MessageDigest::md5(), &packed.stdout).unwrap();
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut answer = b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n".to_vec();
    answer.extend(packed.stdout);
    let mut probe = page(answering(answer));
    probe.urls[0].digest = Some(holdfast_ipc::config::model::Digest::Md5([0; 16]));
    let verdict = first_verdict(http(probe));
    assert!(!verdict.up, "{verdict:?}");
    let text = format!("HTTP_GET GET /: the digest of the body is {digest}, ");
    assert!(verdict.detail.starts_with(&text), "{verdict:?}");
}

/// The server takes the handshake's first message and says nothing, or closes in the middle.
#[test]
fn a_half_open_and_a_half_closed_tls_session_are_down() {
    let tls = |to| {
        let mut probe = page(to);
        probe.tls = Some(TlsOptions {
            sni: true,
            sni_name: None,
            verify: false,
        });
        impatient(http(probe), 200)
    };
    let (_silent, address) = listener();
    let verdict = first_verdict(tls(address));
    assert_eq!(verdict.detail, "SSL_GET no TLS session within 0.2 s");
    let closing = serve(|mut stream| {
        // A record of a handshake with 80 bytes, of which two come.
        let _ = stream.write_all(&[0x16, 3, 3, 0, 80, 2, 0]);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        while pace(&stream) {}
    });
    let verdict = first_verdict(tls(closing));
    assert!(!verdict.up);
    let text = "SSL_GET no TLS session: ";
    assert!(verdict.detail.starts_with(text), "{verdict:?}");
}

/// A page without a length whose TLS session ends with the connection: as with keepalived it counts.
#[test]
fn a_page_whose_server_forgets_the_goodbye_of_tls_is_read() {
    let certificates = Certificates::new();
    let identity = certificates.identity();
    let server = serve(move |stream| {
        let mut session = identity.accept(stream).unwrap();
        let mut buffer = [0; 4096];
        let _ = std::io::Read::read(&mut session, &mut buffer);
        let _ = session.write_all(b"HTTP/1.0 200 OK\r\n\r\nbye");
        // Dropped without close_notify.
    });
    let mut probe = page(server);
    probe.tls = Some(TlsOptions {
        sni: true,
        sni_name: None,
        verify: false,
    });
    let verdict = first_verdict(http(probe));
    assert!(verdict.up, "{verdict:?}");
}

#[test]
fn others_are_on_time_while_one_hangs_and_one_floods() {
    let (_hangs, hanging) = listener();
    let flooding = serve(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n");
        while stream.write_all(&[b'x'; 65_536]).is_ok() {}
    });
    let (listener, address) = listener();
    let mut flood = page(flooding);
    flood.urls[0].digest = Some(holdfast_ipc::config::model::Digest::Md5([0; 16]));
    let checks = [http(page(hanging)), http(flood), tcp(address)];
    let mut checker = watching(checks);
    while checker
        .check_verdicts()
        .iter()
        .all(|verdict| verdict.check != CheckId::new(2))
    {}
    let gone = Instant::now();
    drop(listener);
    let down = |verdict: &CheckVerdict| verdict.check == CheckId::new(2) && !verdict.up;
    while !checker.check_verdicts().iter().any(down) {}
    // Asked every 200 ms; the hanging one has 5 s.
    let took = gone.elapsed();
    assert!(took < Duration::from_secs(4), "{took:?}");
}

//! `holdfastctl genhash` next to the real genhash, against servers on the loopback.

use holdfast_tests::binaries;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// No answer takes longer, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn run(program: PathBuf, words: &[&str]) -> (i32, String, String) {
    told(&Command::new(program).args(words).output().unwrap())
}

fn genhash(words: &[&str]) -> (i32, String, String) {
    run(binaries::system("genhash"), words)
}

fn ours(words: &[&str]) -> (i32, String, String) {
    let words = [&["genhash"][..], words].concat();
    run(binaries::holdfast("holdfastctl"), &words)
}

/// A server that answers each request with these bytes and closes; its requests.
fn answering(answer: &'static [u8]) -> (SocketAddr, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (report, requests) = mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = report.send(request(&mut stream));
            let _ = stream.write_all(answer);
        }
    });
    (address, requests)
}

fn request(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        request.extend(byte);
    }
    request
}

const PAGE: &[u8] = b"HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";
const MD5: &str = "b1946ac92492d2347c6235b4d2611184\n";
const SHA256: &str = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\n";

#[test]
fn genhash_sends_the_same_bytes_and_prints_the_same_digest() {
    let (address, requests) = answering(PAGE);
    let port = address.port().to_string();
    let page = ["-s", "127.0.0.1", "-p", &port, "-u", "/index.html"];
    for more in [
        &[][..],
        &["-P", "1.0"],
        &["-P", "1.1"],
        &["-P", "1.0c"],
        &["-V", "www.example.org"],
        &["--use-virtualhost", "www.example.org:81", "--timeout", "9"],
    ] {
        let words = [&page[..], more].concat();
        let theirs = genhash(&words);
        assert_eq!(theirs, (0, MD5.to_owned(), String::new()), "{words:?}");
        assert_eq!(ours(&words), theirs, "{words:?}");
        let (first, second) = (requests.recv().unwrap(), requests.recv().unwrap());
        assert_eq!(second, first, "{words:?}");
    }
    let sha256 = [&page[..], &["--sha256"]].concat();
    assert_eq!(ours(&sha256), (0, SHA256.to_owned(), String::new()));
    for first in ["-T", "--genhash"] {
        let words = [&[first][..], &page].concat();
        let daemon = run(binaries::holdfast("holdfast"), &words);
        assert_eq!(daemon, (0, MD5.to_owned(), String::new()));
    }
}

/// As on a host in FIPS mode: OpenSSL gives nobody MD5. A digest of a page is no security.
#[test]
fn the_digest_of_a_page_needs_no_md5_of_openssl() {
    const WITHOUT_MD5: &str = "openssl_conf = all\n[all]\nproviders = providers\n\
        [providers]\nbase = base\n[base]\nactivate = 1\n";
    let (_descriptor, path) =
        nix::unistd::mkstemp(&std::env::temp_dir().join("openssl-XXXXXX")).unwrap();
    fs::write(&path, WITHOUT_MD5).unwrap();
    let run = |program: PathBuf, words: &[&str]| {
        let mut command = Command::new(program);
        told(
            &command
                .args(words)
                .env("OPENSSL_CONF", &path)
                .output()
                .unwrap(),
        )
    };
    let (status, _, refusal) = run(binaries::system("openssl"), &["md5", "/dev/null"]);
    assert_ne!(status, 0, "{refusal}");
    let (address, _requests) = answering(PAGE);
    let port = address.port().to_string();
    let page = ["genhash", "-s", "127.0.0.1", "-p", &port, "-u", "/"];
    let found = run(binaries::holdfast("holdfastctl"), &page);
    fs::remove_file(&path).unwrap();
    assert_eq!(found, (0, MD5.to_owned(), String::new()));
}

#[test]
fn genhash_of_chunks_is_that_of_the_bytes_and_the_content_is_told() {
    let chunks =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let (address, _requests) = answering(chunks);
    let port = address.port().to_string();
    let page = ["-s", "127.0.0.1", "-p", &port, "-u", "/", "-P", "1.1"];
    let (_, theirs, _) = genhash(&page);
    let (status, out, err) = ours(&page);
    assert_eq!((status, out), (0, theirs));
    // MD5 of "abcde".
    assert!(
        err.ends_with(": ab56b4d92b40713acc5af89985d4b786\n"),
        "{err}"
    );
    let (status, out, err) = ours(&[&page[..], &["--sha256"]].concat());
    let abcde = "36bbe50ed96841d10443bcb670d6554f0a34b761be67ec9c4a8ad2c0c44ca42c\n";
    assert_eq!((status, out.as_str(), err.as_str()), (0, abcde, ""));
}

#[test]
fn genhash_of_another_status_is_printed_and_remarked() {
    let (address, _requests) = answering(b"HTTP/1.0 404 Not Found\r\n\r\nhello\n");
    let port = address.port().to_string();
    let page = ["-s", "127.0.0.1", "-p", &port, "-u", "/x"];
    assert_eq!(genhash(&page).1, MD5);
    let remark = format!(
        "genhash: [127.0.0.1]:{port}/x: status 404; this is the digest of what came with it\n"
    );
    assert_eq!(ours(&page), (0, MD5.to_owned(), remark));
}

#[test]
fn genhash_says_status_and_time_when_asked() {
    let (address, _requests) = answering(PAGE);
    let port = address.port().to_string();
    let (status, out, err) = ours(&["-v", "-s", "127.0.0.1", "-p", &port, "-u", "/x"]);
    assert_eq!((status, out.as_str()), (0, MD5));
    let start = format!("genhash: [127.0.0.1]:{port}/x: status 200 after ");
    assert!(err.starts_with(&start) && err.ends_with(" us\n"), "{err}");
}

#[test]
fn genhash_without_an_answer_is_status_1_with_the_reason() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (silent, _requests) = answering(b"");
    for (address, reason) in [
        (closed, "connection refused"),
        (silent, "no HTTP answer: the server closed the connection"),
    ] {
        let port = address.port().to_string();
        let (status, out, err) = ours(&["-s", "127.0.0.1", "-p", &port, "-u", "/"]);
        assert_eq!((status, out.as_str()), (1, ""));
        let start = format!("genhash: [127.0.0.1]:{port}/: {reason}");
        assert!(err.starts_with(&start), "{err}");
    }
}

#[test]
fn genhash_with_wrong_words_says_what_is_expected() {
    let hint = "; `holdfastctl genhash --help` says how\n";
    for (words, expected) in [
        (
            &["-s", "localhost", "-u", "/"][..],
            "--server cannot be `localhost`; expected an IP address",
        ),
        (
            &["-s", "127.0.0.1"],
            "a server and a path are expected, such as -s 192.0.2.10 -u /",
        ),
        (
            &["-s", "127.0.0.1", "-u", "/", "x"],
            "unexpected argument `x`",
        ),
    ] {
        let text = format!("{expected}{hint}");
        assert_eq!(
            ours(words),
            (2, String::new(), format!("holdfastctl: {text}"))
        );
        let of_daemon = [&["-T"][..], words].concat();
        let daemon = run(binaries::holdfast("holdfast"), &of_daemon);
        assert_eq!(daemon, (1, String::new(), format!("holdfast: {text}")));
    }
}

#[test]
fn genhash_reads_a_stranger_s_answer_without_privilege() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let mut child = Command::new(binaries::holdfast("holdfastctl"))
        .args(["genhash", "-s", "127.0.0.1", "-p", &port, "-u", "/"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    request(&mut stream);
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().to_owned()
    };
    assert_eq!(field("NoNewPrivs:"), "1");
    assert_eq!(field("Seccomp:"), "2");
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
        assert_eq!(field(set), "0000000000000000", "{set}");
    }
    stream.write_all(PAGE).unwrap();
    drop(stream);
    let mut text = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(text, MD5);
}

/// A server for TLS that answers with a page of its own.
struct Tls {
    server: Child,
    folder: PathBuf,
    port: String,
}

impl Tls {
    fn start() -> Self {
        let template = std::env::temp_dir().join("genhash-XXXXXX");
        let folder = nix::unistd::mkdtemp(&template).unwrap();
        fs::write(folder.join("page"), PAGE).unwrap();
        let openssl = binaries::system("openssl");
        let made = Command::new(&openssl)
            .args([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            ])
            .args([
                "-subj",
                "/CN=www.example.org",
                "-keyout",
                "key",
                "-out",
                "certificate",
            ])
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        // It takes no port 0; this one was free a moment ago.
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let server = Command::new(&openssl)
            .args([
                "s_server",
                "-quiet",
                "-HTTP",
                "-cert",
                "certificate",
                "-key",
                "key",
            ])
            .args(["-accept", &address.to_string()])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < end, "openssl s_server does not listen");
            std::thread::yield_now();
        }
        Self {
            server,
            folder,
            port: address.port().to_string(),
        }
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn genhash_over_tls_prints_the_same_digest() {
    let server = Tls::start();
    let page = ["-S", "-s", "127.0.0.1", "-p", &server.port, "-u", "/page"];
    for more in [&[][..], &["-I", "-V", "www.example.org"]] {
        let words = [&page[..], more].concat();
        let theirs = genhash(&words);
        assert_eq!(theirs, (0, MD5.to_owned(), String::new()), "{words:?}");
        assert_eq!(ours(&words), theirs, "{words:?}");
    }
}

//! Servers that are played.

use crate::harness::{Place, wait_until};
use openssl::ssl::{SslAcceptor, SslFiletype, SslMethod};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A listener that nobody accepts from: the kernel makes its connections.
pub(crate) fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// An address where nobody listens.
pub(crate) fn closed() -> SocketAddr {
    let (_listener, address) = listener();
    address
}

/// A server that treats each connection alike. Its thread ends with the tests.
pub(crate) fn serve(each: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> SocketAddr {
    let (listener, address) = listener();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let each = each.clone();
            std::thread::spawn(move || each(stream));
        }
    });
    address
}

/// Reads the header of a request.
pub(crate) fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        request.extend(byte);
    }
    request
}

/// A server that answers each request with these bytes, and closes.
pub(crate) fn answering(answer: impl Into<Vec<u8>>) -> SocketAddr {
    let answer = answer.into();
    serve(move |mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(&answer);
    })
}

/// Certificates of an authority of the tests, and a self-signed one.
pub(crate) struct Certificates(Place);

impl Certificates {
    pub(crate) fn new() -> Self {
        let place = Place::new();
        let script = "set -e
            new() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \"$@\"; }
            new -keyout ca.key -out ca.pem -subj /CN=ca
            new -keyout self.key -out self.pem -subj /CN=self.example \
                -addext subjectAltName=DNS:self.example
            new -keyout good.key -out good.pem -subj /CN=good.example -CA ca.pem -CAkey ca.key \
                -addext subjectAltName=DNS:good.example
            openssl ec -in good.key -aes128 -passout pass:sesame -out locked.key
            cp good.key secret.key
            chmod 600 secret.key; chmod 644 *.pem locked.key";
        let made = Command::new("bash")
            .args(["-c", script])
            .current_dir(&place.0)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "openssl (package openssl): {told}");
        Self(place)
    }

    /// A TLS server of its own.
    pub(crate) fn identity(&self) -> SslAcceptor {
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
        acceptor
            .set_certificate_chain_file(self.path("self.pem"))
            .unwrap();
        acceptor
            .set_private_key_file(self.path("self.key"), SslFiletype::PEM)
            .unwrap();
        acceptor.build()
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.0.join(name).to_str().unwrap().to_owned()
    }
}

/// A process that ends with the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until somebody listens there.
fn wait_for_listener(address: SocketAddr, process: &mut Child) {
    wait_until("a server listens", || {
        assert_eq!(process.try_wait().unwrap(), None, "the server ended");
        TcpStream::connect(address).ok()
    });
}

/// A web server with a page at `/` and a sick one, plain and with one version of TLS each.
pub(crate) struct Nginx {
    pub(crate) plain: SocketAddr,
    pub(crate) tls12: SocketAddr,
    pub(crate) tls13: SocketAddr,
    pub(crate) certificates: Certificates,
    _process: Ends,
}

impl Nginx {
    pub(crate) fn start() -> Self {
        let certificates = Certificates::new();
        let [plain, tls12, tls13] = [closed(), closed(), closed()];
        let place = certificates.path("");
        let secure = |address: SocketAddr, version: &str| {
            format!(
                "server {{ listen {address} ssl; server_name _; ssl_protocols {version};
                     ssl_certificate {place}good.pem; ssl_certificate_key {place}good.key;
                     location / {{ return 200 'all is well\\n'; }} }}
                 server {{ listen {address} ssl; server_name named.example; ssl_protocols {version};
                     ssl_certificate {place}good.pem; ssl_certificate_key {place}good.key;
                     location / {{ return 418; }} }}"
            )
        };
        let text = format!(
            "daemon off; master_process off; pid {place}pid; error_log stderr crit;
             events {{ worker_connections 64; }}
             http {{ access_log off; client_body_temp_path {place}tmp; proxy_temp_path {place}tmp;
                 fastcgi_temp_path {place}tmp; uwsgi_temp_path {place}tmp; scgi_temp_path {place}tmp;
                 server {{ listen {plain}; server_name _;
                     location / {{ return 200 'all is well\\n'; }}
                     location /sick {{ return 503 'sick\\n'; }} }}
                 server {{ listen {plain}; server_name other.example;
                     location / {{ return 418; }} }}
                 {} {} }}",
            secure(tls12, "TLSv1.2"),
            secure(tls13, "TLSv1.3")
        );
        let path = certificates.path("nginx.conf");
        std::fs::write(&path, text).unwrap();
        let mut process = Command::new("nginx")
            .args(["-c", &path, "-e", "stderr"])
            .spawn()
            .expect("nginx (package nginx)");
        for address in [plain, tls12, tls13] {
            wait_for_listener(address, &mut process);
        }
        Self {
            plain,
            tls12,
            tls13,
            certificates,
            _process: Ends(process),
        }
    }
}

/// `openssl s_server` with a self-signed certificate; it answers every page.
pub(crate) struct SServer {
    pub(crate) address: SocketAddr,
    _certificates: Certificates,
    _process: Ends,
}

impl SServer {
    pub(crate) fn start(options: &[&str]) -> Self {
        let certificates = Certificates::new();
        let address = closed();
        let mut process = Command::new("openssl")
            .args([
                "s_server",
                "-quiet",
                "-www",
                "-accept",
                &address.to_string(),
            ])
            .args(["-cert", &certificates.path("self.pem")])
            .args(["-key", &certificates.path("self.key")])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl (package openssl)");
        wait_for_listener(address, &mut process);
        Self {
            address,
            _certificates: certificates,
            _process: Ends(process),
        }
    }
}

/// Lets a moment pass; false when the client is gone.
pub(crate) fn pace(mut stream: &TcpStream) -> bool {
    stream
        .set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    match stream.read(&mut [0; 64]) {
        Ok(length) => length > 0,
        Err(error) => matches!(
            error.kind(),
            std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
        ),
    }
}

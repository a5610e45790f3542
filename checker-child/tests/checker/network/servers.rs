//! Servers that are played.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

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

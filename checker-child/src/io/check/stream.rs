//! An open line to a server.

use super::{BUFFER, net_error, socket};
use holdfast_checker::check::{Input, NetError, READ_SIZE};
use holdfast_ipc::config::model::Endpoint;
use socket2::Socket;
use std::io::{self, Read as _, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead as _, AsyncWrite, AsyncWriteExt as _, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

/// An open line.
pub(super) enum Line {
    /// TCP.
    Plain(TcpStream),
    /// TLS over it.
    Secure(Box<SslStream<TcpStream>>),
    /// UDP or ICMP.
    Datagram(AsyncFd<Socket>),
}

/// Connects.
pub(super) async fn connect(socket: Socket, endpoint: &Endpoint) -> Result<TcpStream, NetError> {
    socket::connect(&socket, endpoint)?;
    let of = |error: io::Error| net_error::of(&error);
    let stream = TcpStream::from_std(socket::into_stream(socket)).map_err(of)?;
    stream.writable().await.map_err(of)?;
    match stream.take_error().map_err(of)? {
        Some(error) => Err(net_error::of(&error)),
        None => Ok(stream),
    }
}

impl Line {
    /// Sends all of it; a datagram line sends one datagram.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), NetError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let sent = match self {
            Self::Plain(stream) => stream.write_all(bytes).await,
            Self::Secure(stream) => stream.write_all(bytes).await,
            Self::Datagram(socket) => send_datagram(socket, bytes).await,
        };
        sent.map_err(|error| net_error::of(&error))
    }

    /// Reads once.
    pub(super) async fn read<T>(
        &mut self,
        take: impl FnOnce(Input<'_>) -> T,
    ) -> Result<T, NetError> {
        let read = match self {
            Self::Plain(stream) => read_plain(stream, take).await,
            Self::Secure(stream) => read_secure(stream.as_mut(), take).await,
            Self::Datagram(socket) => read_datagram(socket, take).await,
        };
        read.map_err(|error| net_error::of(&error))
    }

    /// Closes it. A goodbye of TLS is sent where the socket takes it at once: nobody waits for it.
    pub(super) fn close(self, goodbye: bool) {
        match self {
            Self::Secure(mut stream) if goodbye => {
                let waker = Waker::noop();
                let mut context = Context::from_waker(waker);
                let _ = AsyncWrite::poll_shutdown(Pin::new(stream.as_mut()), &mut context);
            }
            Self::Plain(_) | Self::Secure(_) | Self::Datagram(_) => {}
        }
    }
}

/// What was read of a stream; nothing is its end.
fn give<T>(length: usize, take: impl FnOnce(Input<'_>) -> T) -> T {
    BUFFER.with_borrow(|buffer| {
        take(match buffer.get(..length).unwrap_or_default() {
            [] => Input::Closed,
            bytes => Input::Bytes(bytes),
        })
    })
}

async fn read_plain<T>(stream: &TcpStream, take: impl FnOnce(Input<'_>) -> T) -> io::Result<T> {
    loop {
        stream.readable().await?;
        let read = BUFFER.with_borrow_mut(|buffer| {
            let buffer = buffer.get_mut(..READ_SIZE).unwrap_or_default();
            stream.try_read(buffer)
        });
        match read {
            Ok(length) => {
                return Ok(give(length, take));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

async fn read_secure<T>(
    stream: &mut SslStream<TcpStream>,
    take: impl FnOnce(Input<'_>) -> T,
) -> io::Result<T> {
    let length = std::future::poll_fn(|context| {
        BUFFER.with_borrow_mut(|buffer| {
            let buffer = buffer.get_mut(..READ_SIZE).unwrap_or_default();
            let mut buffer = ReadBuf::new(buffer);
            match Pin::new(&mut *stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) => Poll::Ready(Ok(buffer.filled().len())),
                // A server that closes without a goodbye has closed.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    Poll::Ready(Ok(0))
                }
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                Poll::Pending => Poll::Pending,
            }
        })
    })
    .await?;
    Ok(give(length, take))
}

async fn send_datagram(socket: &AsyncFd<Socket>, bytes: &[u8]) -> io::Result<()> {
    loop {
        let mut ready = socket.writable().await?;
        match ready.try_io(|socket| socket.get_ref().write(bytes)) {
            Ok(sent) => return sent.map(|_length| ()),
            Err(_would_block) => {}
        }
    }
}

/// An empty datagram is an answer too, not an end.
async fn read_datagram<T>(
    socket: &AsyncFd<Socket>,
    take: impl FnOnce(Input<'_>) -> T,
) -> io::Result<T> {
    loop {
        // An ICMP error alone does not make a socket readable.
        let mut ready = socket.ready(Interest::READABLE | Interest::ERROR).await?;
        let read = ready.try_io(|socket| {
            BUFFER.with_borrow_mut(|buffer| socket.get_ref().read(buffer.as_mut_slice()))
        });
        match read {
            Ok(read) => {
                let length = read?;
                return Ok(BUFFER.with_borrow(|buffer| {
                    take(Input::Bytes(buffer.get(..length).unwrap_or_default()))
                }));
            }
            Err(_would_block) => {}
        }
    }
}

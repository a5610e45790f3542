//! One end of a `SOCK_SEQPACKET` pair: sends one kind of message, receives another.
//!
//! A message longer than a datagram goes in pieces. Sending never blocks: what the socket does not
//! take is queued up to a limit.

use crate::wire::{self, MAX_MESSAGE, WireError};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recvmsg, sendmsg, socketpair};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::VecDeque;
use std::io::{IoSlice, IoSliceMut};
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// Largest datagram: one byte that says whether more follows, and the payload. Well below the
/// kernel's default socket buffer of 208 KiB, so that several fit.
const MAX_DATAGRAM: usize = 32 * 1024;
const MAX_PAYLOAD: usize = MAX_DATAGRAM - 1;
/// First byte of a datagram: the message ends here.
const LAST: u8 = 0;
/// First byte of a datagram: the message goes on in the next one.
const MORE: u8 = 1;

/// Why a channel does not work any more. All but `Full` mean that the peer has to be replaced.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The other end is closed: its process died.
    #[error("the other process closed its end")]
    Closed,
    /// The peer does not read; the message was not queued.
    #[error("the other process does not read: {queued} bytes are waiting")]
    Full {
        /// Bytes in the queue.
        queued: usize,
    },
    /// The peer broke the framing.
    #[error("broken framing: {0}")]
    Framing(&'static str),
    /// A message cannot be written or read.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The kernel refused.
    #[error("the socket to the other process failed")]
    Socket(#[from] Errno),
    /// Nothing came in time.
    #[error("the other process did not answer within {0:?}")]
    TimedOut(Duration),
}

/// One end; `Tx` goes out, `Rx` comes in. The other end has the types swapped.
#[derive(Debug)]
pub struct Channel<Tx, Rx> {
    fd: OwnedFd,
    queue: VecDeque<Vec<u8>>,
    queued: usize,
    queue_limit: usize,
    message_limit: usize,
    partial: Vec<u8>,
    buffer: Vec<u8>,
    directions: PhantomData<fn(Tx) -> Rx>,
}

/// Makes a connected pair of sockets: ours, and the one that the child gets as its standard input.
/// Both are closed on exec unless they are handed on.
pub fn socket_pair() -> Result<(OwnedFd, OwnedFd), ChannelError> {
    Ok(socketpair(
        AddressFamily::Unix,
        SockType::SeqPacket,
        None,
        SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
    )?)
}

impl<Tx: Serialize, Rx: DeserializeOwned> Channel<Tx, Rx> {
    /// Wraps one end. `queue_limit` bounds what waits for a slow peer, in bytes; a longer message
    /// is taken where nothing waits.
    pub fn new(fd: OwnedFd, queue_limit: usize) -> Self {
        Self {
            fd,
            queue: VecDeque::new(),
            queued: 0,
            queue_limit,
            message_limit: MAX_MESSAGE,
            partial: Vec::new(),
            buffer: vec![0; MAX_DATAGRAM.saturating_add(1)],
            directions: PhantomData,
        }
    }

    /// Longer messages than that are refused, for a peer that has nothing long to say.
    #[must_use]
    pub fn with_message_limit(mut self, bytes: usize) -> Self {
        self.message_limit = bytes.min(MAX_MESSAGE);
        self
    }

    /// Sends or queues a message.
    pub fn send(&mut self, message: &Tx) -> Result<(), ChannelError> {
        let bytes = wire::encode(message)?;
        self.flush()?;
        if self.wants_write() && self.queued.saturating_add(bytes.len()) > self.queue_limit {
            return Err(ChannelError::Full {
                queued: self.queued,
            });
        }
        let mut rest = bytes.as_slice();
        loop {
            let (piece, behind) = rest.split_at_checked(MAX_PAYLOAD).unwrap_or((rest, &[]));
            let mut datagram = Vec::with_capacity(piece.len().saturating_add(1));
            datagram.push(if behind.is_empty() { LAST } else { MORE });
            datagram.extend_from_slice(piece);
            self.queued = self.queued.saturating_add(datagram.len());
            self.queue.push_back(datagram);
            if behind.is_empty() {
                break;
            }
            rest = behind;
        }
        self.flush()
    }

    /// Sends what is queued, as far as the socket takes it. When the other end is closed, what it
    /// said before can still be received.
    pub fn flush(&mut self) -> Result<(), ChannelError> {
        while let Some(datagram) = self.queue.front() {
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
            match sendmsg::<()>(
                self.fd.as_raw_fd(),
                &[IoSlice::new(datagram)],
                &[],
                flags,
                None,
            ) {
                Ok(_) => {
                    self.queued = self.queued.saturating_sub(datagram.len());
                    self.queue.pop_front();
                }
                Err(Errno::EAGAIN) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(Errno::EPIPE | Errno::ECONNRESET) => return Err(ChannelError::Closed),
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    /// True while something waits for the socket to become writable.
    pub fn wants_write(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Takes the next message, if a whole one is there. Never blocks.
    pub fn receive(&mut self) -> Result<Option<Rx>, ChannelError> {
        while let Some(last) = self.receive_datagram()? {
            if last {
                let bytes = std::mem::take(&mut self.partial);
                return Ok(Some(wire::decode(&bytes)?));
            }
        }
        Ok(None)
    }

    /// Waits for the next message at most that long.
    pub fn receive_within(&mut self, wait: Duration) -> Result<Rx, ChannelError> {
        let deadline = Instant::now().checked_add(wait);
        loop {
            let flushed = self.flush();
            if let Some(message) = self.receive()? {
                return Ok(message);
            }
            flushed?;
            let left = deadline.map_or(Duration::ZERO, |at| {
                at.saturating_duration_since(Instant::now())
            });
            if left.is_zero() {
                return Err(ChannelError::TimedOut(wait));
            }
            let mut events = PollFlags::POLLIN;
            if self.wants_write() {
                events |= PollFlags::POLLOUT;
            }
            let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
            match poll(&mut [PollFd::new(self.fd.as_fd(), events)], timeout) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Reads one datagram into `partial`; true when it ends a message.
    fn receive_datagram(&mut self) -> Result<Option<bool>, ChannelError> {
        let (length, truncated) = loop {
            let mut parts = [IoSliceMut::new(&mut self.buffer)];
            let flags = MsgFlags::MSG_DONTWAIT;
            match recvmsg::<()>(self.fd.as_raw_fd(), &mut parts, None, flags) {
                Ok(received) => {
                    break (received.bytes, received.flags.contains(MsgFlags::MSG_TRUNC));
                }
                // Told once, when the other end was closed with something unread: in front of what
                // it said before, which counts.
                Err(Errno::ECONNRESET) => {}
                Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
                Err(errno) => return Err(errno.into()),
            }
        };
        if truncated || length > MAX_DATAGRAM {
            return Err(ChannelError::Framing("a datagram is too long"));
        }
        // An empty datagram is never sent, so nothing read means that the other end is closed.
        let Some((kind, payload)) = self.buffer.get(..length).and_then(<[u8]>::split_first) else {
            return Err(ChannelError::Closed);
        };
        if self.partial.len().saturating_add(payload.len()) > self.message_limit {
            return Err(ChannelError::Framing("a message is too long"));
        }
        self.partial.extend_from_slice(payload);
        match *kind {
            LAST => Ok(Some(true)),
            // So a message ends after a bounded number of datagrams, whatever the peer sends.
            MORE if length < MAX_DATAGRAM => Err(ChannelError::Framing("a piece is not full")),
            MORE => Ok(Some(false)),
            _ => Err(ChannelError::Framing("unknown first byte")),
        }
    }
}

impl<Tx, Rx> AsFd for Channel<Tx, Rx> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

//! One end of a `SOCK_SEQPACKET` pair: sends one kind of message, receives another.
//!
//! A message longer than a datagram goes in pieces. Sending never blocks: what the socket does not
//! take is queued up to a limit. With some messages a descriptor goes ([`Carries`]); it is closed
//! here as soon as it is sent, and closed unseen where it comes with anything else.

use crate::message::Carries;
use crate::wire::{self, MAX_MESSAGE, WireError};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType, recvmsg, sendmsg, socketpair,
};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::VecDeque;
use std::io::{IoSlice, IoSliceMut};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
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
/// Descriptors that wait for a slow peer, at most: far above what is asked for at once, far below
/// what a process may have open (1024, where nobody says otherwise).
const MAX_DESCRIPTORS: usize = 64;
/// What a peer did that sends a descriptor with the wrong message.
const STRAY: ChannelError = ChannelError::Framing("a descriptor came with a message that has none");

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
    queue: VecDeque<Datagram>,
    queued: usize,
    queue_limit: usize,
    message_limit: usize,
    partial: Vec<u8>,
    buffer: Vec<u8>,
    directions: PhantomData<fn(Tx) -> Rx>,
}

/// One that waits.
#[derive(Debug)]
struct Datagram {
    bytes: Vec<u8>,
    descriptor: Option<OwnedFd>,
}

/// One that came; its bytes lie in the buffer.
struct Received {
    length: usize,
    truncated: bool,
    carried: Carried,
}

/// Descriptors that came with a datagram.
enum Carried {
    Nothing,
    One(OwnedFd),
    /// Some, but this process had no room or no number for them. The kernel has closed them.
    Lost,
    /// More than one. They are closed.
    Several,
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
        self.make_room(bytes.len())?;
        let mut rest = bytes.as_slice();
        loop {
            let (piece, behind) = rest.split_at_checked(MAX_PAYLOAD).unwrap_or((rest, &[]));
            let mut datagram = Vec::with_capacity(piece.len().saturating_add(1));
            datagram.push(if behind.is_empty() { LAST } else { MORE });
            datagram.extend_from_slice(piece);
            self.push(datagram, None);
            if behind.is_empty() {
                break;
            }
            rest = behind;
        }
        self.flush()
    }

    /// Sends or queues a message with its descriptor. Such messages are short.
    pub fn send_carrying(&mut self, message: &Tx, descriptor: OwnedFd) -> Result<(), ChannelError>
    where
        Tx: Carries,
    {
        let bytes = wire::encode(message)?;
        if !message.carries() || bytes.len() > MAX_PAYLOAD {
            return Err(STRAY);
        }
        self.make_room(bytes.len())?;
        let waiting = self.queue.iter();
        if waiting.filter(|one| one.descriptor.is_some()).count() >= MAX_DESCRIPTORS {
            return Err(self.full());
        }
        self.push([&[LAST], bytes.as_slice()].concat(), Some(descriptor));
        self.flush()
    }

    /// Nothing is queued above the limit.
    fn make_room(&mut self, length: usize) -> Result<(), ChannelError> {
        self.flush()?;
        if self.wants_write() && self.queued.saturating_add(length) > self.queue_limit {
            return Err(self.full());
        }
        Ok(())
    }

    const fn full(&self) -> ChannelError {
        ChannelError::Full {
            queued: self.queued,
        }
    }

    fn push(&mut self, bytes: Vec<u8>, descriptor: Option<OwnedFd>) {
        self.queued = self.queued.saturating_add(bytes.len());
        self.queue.push_back(Datagram { bytes, descriptor });
    }

    /// Sends what is queued, as far as the socket takes it. When the other end is closed, what it
    /// said before can still be received.
    pub fn flush(&mut self) -> Result<(), ChannelError> {
        while let Some(datagram) = self.queue.front_mut() {
            match datagram.send(&self.fd) {
                Ok(_) => {
                    self.queued = self.queued.saturating_sub(datagram.bytes.len());
                    self.queue.pop_front();
                }
                Err(Errno::EAGAIN) => return Ok(()),
                Err(Errno::EINTR) => {}
                // Too many are on their way between processes of this user. The peer understands a
                // message without its descriptor; waiting would hold up all others behind it.
                Err(Errno::ETOOMANYREFS) if datagram.descriptor.is_some() => {
                    datagram.descriptor = None;
                }
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

    /// Takes the next message, if a whole one is there. Never blocks. A descriptor that comes with
    /// it is closed by the kernel, and is an error.
    pub fn receive(&mut self) -> Result<Option<Rx>, ChannelError> {
        while let Some(datagram) = self.read(Self::read_bytes)? {
            let Carried::Nothing = datagram.carried else {
                return Err(STRAY);
            };
            if self.append(&datagram)? {
                return self.decode().map(Some);
            }
        }
        Ok(None)
    }

    /// The same, with the descriptor of a message that carries one. Where that got lost the message
    /// says so; where it came with anything else, or is not alone, it is closed and is an error.
    pub fn receive_carrying(&mut self) -> Result<Option<(Rx, Option<OwnedFd>)>, ChannelError>
    where
        Rx: Carries,
    {
        while let Some(datagram) = self.read(Self::read_carrying)? {
            let is_whole = self.append(&datagram)?;
            let message = is_whole.then(|| self.decode()).transpose()?;
            match (message, datagram.carried) {
                (None, Carried::Nothing) => {}
                (Some(message), Carried::One(descriptor)) if message.carries() => {
                    return Ok(Some((message, Some(descriptor))));
                }
                (Some(message), Carried::Nothing | Carried::Lost) if message.carries() => {
                    return Ok(Some((message.bereft(), None)));
                }
                (Some(message), Carried::Nothing) => return Ok(Some((message, None))),
                (_, Carried::One(_) | Carried::Lost | Carried::Several) => return Err(STRAY),
            }
        }
        Ok(None)
    }

    fn decode(&mut self) -> Result<Rx, ChannelError> {
        let bytes = std::mem::take(&mut self.partial);
        Ok(wire::decode(&bytes)?)
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

    fn read(
        &mut self,
        once: fn(&mut Self) -> Result<Received, Errno>,
    ) -> Result<Option<Received>, ChannelError> {
        loop {
            match once(self) {
                Ok(received) => return Ok(Some(received)),
                // Told once, when the other end was closed with something unread: in front of what
                // it said before, which counts.
                Err(Errno::ECONNRESET) => {}
                Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Reads one datagram without room for descriptors.
    fn read_bytes(&mut self) -> Result<Received, Errno> {
        let mut parts = [IoSliceMut::new(&mut self.buffer)];
        let flags = MsgFlags::MSG_DONTWAIT;
        let received = recvmsg::<()>(self.fd.as_raw_fd(), &mut parts, None, flags)?;
        Ok(Received {
            length: received.bytes,
            truncated: received.flags.contains(MsgFlags::MSG_TRUNC),
            carried: match received.flags.contains(MsgFlags::MSG_CTRUNC) {
                true => Carried::Lost,
                false => Carried::Nothing,
            },
        })
    }

    /// Reads one datagram with room for one descriptor.
    fn read_carrying(&mut self) -> Result<Received, Errno> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(&mut self.buffer)];
        let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
        let received = rustix::net::recvmsg(&self.fd, &mut parts, &mut control, flags)
            .map_err(|errno| Errno::from_raw(errno.raw_os_error()))?;
        Ok(Received {
            length: received.bytes,
            truncated: received.flags.contains(ReturnFlags::TRUNC),
            carried: carried(&mut control, received.flags.contains(ReturnFlags::CTRUNC)),
        })
    }

    /// Puts a datagram behind `partial`; true when it ends a message.
    fn append(&mut self, datagram: &Received) -> Result<bool, ChannelError> {
        let length = datagram.length;
        if datagram.truncated || length > MAX_DATAGRAM {
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
            LAST => Ok(true),
            // So a message ends after a bounded number of datagrams, whatever the peer sends.
            MORE if length < MAX_DATAGRAM => Err(ChannelError::Framing("a piece is not full")),
            MORE => Ok(false),
            _ => Err(ChannelError::Framing("unknown first byte")),
        }
    }
}

/// Takes all descriptors out, so that those too many are closed: the room for one is rounded up to
/// that for two.
fn carried(control: &mut RecvAncillaryBuffer<'_>, truncated: bool) -> Carried {
    let mut descriptors: Vec<OwnedFd> = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(some) = message {
            descriptors.extend(some);
        }
    }
    let first = descriptors.pop();
    match (first, descriptors.is_empty(), truncated) {
        (None, _, false) => Carried::Nothing,
        (None, _, true) => Carried::Lost,
        (Some(descriptor), true, false) => Carried::One(descriptor),
        (Some(_), _, _) => Carried::Several,
    }
}

impl Datagram {
    fn send(&self, socket: &OwnedFd) -> Result<usize, Errno> {
        let parts = [IoSlice::new(&self.bytes)];
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        let rights = self.descriptor.as_ref().map(|one| [one.as_raw_fd()]);
        let control = rights.as_ref().map(|one| ControlMessage::ScmRights(one));
        sendmsg::<()>(socket.as_raw_fd(), &parts, control.as_slice(), flags, None)
    }
}

impl<Tx, Rx> AsFd for Channel<Tx, Rx> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

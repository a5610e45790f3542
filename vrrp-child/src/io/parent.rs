//! The parent's end of the conversation: what is sent, and what happens when it does not read.

use super::clock;
use super::error::Fatal;
use super::poller::Poller;
use holdfast_ipc::Channel;
use holdfast_ipc::channel::ChannelError;
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::log::{Level, LogRecord};
use holdfast_ipc::message::{ParentToVrrp, VrrpToParent};
use holdfast_ipc::time::Monotonic;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// What may wait for a parent that does not read: about 50,000 changes of state, so that a parent
/// that was stopped for a while misses none.
const QUEUE_LIMIT: usize = 4 * 1024 * 1024;

/// Time for what waits at the end: the parent gives the whole stop a second.
const LAST_WORDS: Micros = Micros::from_millis(300);

/// The parent.
#[derive(Debug)]
pub(crate) struct Parent {
    channel: Channel<VrrpToParent, ParentToVrrp>,
    dropped: u64,
    gone: bool,
}

impl Parent {
    /// Over this socket.
    pub(crate) fn new(socket: OwnedFd) -> Self {
        Self {
            channel: Channel::new(socket, QUEUE_LIMIT),
            dropped: 0,
            gone: false,
        }
    }

    /// Sends or queues a message. A parent that is gone is noticed by the loop, not here.
    pub(crate) fn send(&mut self, message: &VrrpToParent) {
        let sent = self.channel.send(message);
        self.note(sent);
    }

    /// The same with a descriptor.
    pub(crate) fn send_carrying(&mut self, message: &VrrpToParent, descriptor: OwnedFd) {
        let sent = self.channel.send_carrying(message, descriptor);
        self.note(sent);
    }

    fn note(&mut self, sent: Result<(), ChannelError>) {
        match sent {
            Ok(()) => {}
            Err(ChannelError::Full { .. }) => self.dropped = self.dropped.saturating_add(1),
            Err(_) => self.gone = true,
        }
    }

    /// Sends a line for the log. While anything else waits, lines are dropped and counted: they
    /// must not fill the queue that changes of state need.
    pub(crate) fn log(&mut self, record: LogRecord) {
        if self.channel.wants_write() {
            self.dropped = self.dropped.saturating_add(1);
        } else {
            self.send(&VrrpToParent::Log(record));
        }
    }

    /// Sends what waits, and says what was dropped when all is sent.
    pub(crate) fn flush(&mut self) {
        if self.channel.wants_write() && self.channel.flush().is_err() {
            self.gone = true;
        }
        if self.dropped > 0 && !self.channel.wants_write() {
            let lost = std::mem::take(&mut self.dropped);
            let text = format!("{lost} messages to the parent were dropped, it did not read them");
            self.send(&VrrpToParent::Log(LogRecord::new(Level::Warning, text)));
        }
    }

    /// Sends all that waits and then the last message, though it does not wait long for a parent
    /// that does not read.
    pub(crate) fn finish(&mut self, message: &VrrpToParent) -> Result<(), Fatal> {
        let end = clock::now()?.after(LAST_WORDS);
        self.drain(end)?;
        self.send(message);
        self.drain(end)
    }

    fn drain(&mut self, end: Monotonic) -> Result<(), Fatal> {
        self.flush();
        while self.channel.wants_write() && !self.gone {
            let left = end.since(clock::now()?);
            if left.is_zero() {
                break;
            }
            let left = PollTimeout::try_from(Duration::from_micros(left.get()));
            let mut waiting = [PollFd::new(self.channel.as_fd(), PollFlags::POLLOUT)];
            match poll(&mut waiting, left.unwrap_or(PollTimeout::ZERO)) {
                Ok(_) | Err(Errno::EINTR) => self.flush(),
                Err(_) => break,
            }
        }
        Ok(())
    }

    /// True while something waits.
    pub(crate) fn wants_write(&self) -> bool {
        self.channel.wants_write()
    }

    /// The next message, if one is there. An error means that the parent is gone, or as good as.
    pub(crate) fn receive(&mut self) -> Result<Option<ParentToVrrp>, ChannelError> {
        if self.gone {
            return Err(ChannelError::Closed);
        }
        self.channel.receive()
    }

    /// Waits for the next message.
    pub(crate) fn receive_within(&mut self, wait: Duration) -> Result<ParentToVrrp, ChannelError> {
        self.channel.receive_within(wait)
    }

    /// The parent is gone: nothing is heard of it any more. A closed socket would wake the loop for
    /// ever.
    pub(crate) fn give_up(&mut self, poller: &Poller) -> Result<(), Fatal> {
        self.gone = true;
        poller.remove(&self.channel)
    }

    /// True when the parent is known to be gone.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }
}

impl AsFd for Parent {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }
}

//! What the loop waits for.

use super::error::{Fatal, cannot};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::os::fd::AsFd;

/// Sources that are taken in one turn. The kernel gives the others first in the next turn, so none
/// starves; together with the packets per source it bounds the time until the timer is looked at.
pub(crate) const SOURCES_PER_TURN: usize = 16;

/// Who is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The timer. Nothing is to be done: every turn compares the deadline with the clock.
    Timer,
    /// A signal.
    Signals,
    /// The socket to the parent.
    Parent,
    /// Notifications of the kernel.
    Notifications,
    /// The thread of the load balancer.
    Balancer,
    /// A raw socket.
    Receiver(u64),
}

/// First token of raw sockets.
const RECEIVERS: u64 = 16;

impl Source {
    fn token(self) -> u64 {
        match self {
            Self::Timer => 0,
            Self::Signals => 1,
            Self::Parent => 2,
            Self::Notifications => 3,
            Self::Balancer => 4,
            Self::Receiver(number) => RECEIVERS.saturating_add(number),
        }
    }

    fn of(token: u64) -> Self {
        match token {
            1 => Self::Signals,
            2 => Self::Parent,
            3 => Self::Notifications,
            4 => Self::Balancer,
            RECEIVERS.. => Self::Receiver(token.saturating_sub(RECEIVERS)),
            _ => Self::Timer,
        }
    }
}

/// An epoll instance, level-triggered.
#[derive(Debug)]
pub(crate) struct Poller {
    epoll: Epoll,
}

impl Poller {
    /// Empty.
    pub(crate) fn new() -> Result<Self, Fatal> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(cannot("make an epoll"))?;
        Ok(Self { epoll })
    }

    /// Waits for reading from `fd`.
    pub(crate) fn add(&self, fd: impl AsFd, source: Source) -> Result<(), Fatal> {
        let event = EpollEvent::new(EpollFlags::EPOLLIN, source.token());
        self.epoll
            .add(fd, event)
            .map_err(cannot("wait for a descriptor"))
    }

    /// Waits for writing as well, or not any more.
    pub(crate) fn also_write(
        &self,
        fd: impl AsFd,
        source: Source,
        write: bool,
    ) -> Result<(), Fatal> {
        let mut flags = EpollFlags::EPOLLIN;
        flags.set(EpollFlags::EPOLLOUT, write);
        self.epoll
            .modify(fd, &mut EpollEvent::new(flags, source.token()))
            .map_err(cannot("wait for a descriptor"))
    }

    /// Forgets `fd`.
    pub(crate) fn remove(&self, fd: impl AsFd) -> Result<(), Fatal> {
        self.epoll.delete(fd).map_err(cannot("forget a descriptor"))
    }

    /// Waits until something is ready, or only looks.
    pub(crate) fn wait(&self, only_look: bool) -> Result<Ready, Fatal> {
        let mut events = [EpollEvent::empty(); SOURCES_PER_TURN];
        let timeout = if only_look {
            EpollTimeout::ZERO
        } else {
            EpollTimeout::NONE
        };
        let count = match self.epoll.wait(&mut events, timeout) {
            Ok(count) => count,
            // SIGSTOP and SIGCONT end the wait.
            Err(Errno::EINTR) => 0,
            Err(errno) => return Err(cannot("wait for events")(errno)),
        };
        Ok(Ready { events, count })
    }
}

/// The sources that are ready in this turn.
#[derive(Clone, Copy)]
pub(crate) struct Ready {
    events: [EpollEvent; SOURCES_PER_TURN],
    count: usize,
}

impl Ready {
    /// Each of them.
    pub(crate) fn sources(self) -> impl Iterator<Item = Source> {
        self.events
            .into_iter()
            .take(self.count)
            .map(|event| Source::of(event.data()))
    }
}

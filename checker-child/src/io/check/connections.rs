//! Conversations over plain TCP, thousands a second: no task and no timer for each, and no system
//! call that its socket does not need. What they are about is told by [`Conversation`]; everything
//! else than plain TCP is talked by [`super::converse`].

use super::{BUFFER, net_error, socket};
use crate::io::clock;
use holdfast_checker::check::engine::TalkId;
use holdfast_checker::check::{Channel, Conversation, Finding, Input, NetError, READ_SIZE, Step};
use holdfast_ipc::config::model::Endpoint;
use holdfast_ipc::time::Monotonic;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use socket2::Socket;
use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;

/// Events that are taken at once; what the parent says is looked at in between.
const PIECE: usize = 64;
/// So often a server is read in one go, 256 KiB; one that never stops lets the others go on.
const READS: usize = 16;

/// All of them. Their number is limited by the engine.
pub(super) struct Connections {
    ready: Epoll,
    /// By the number of the conversation, which is the mark of its events. An event that comes when
    /// its conversation is over finds nobody.
    open: HashMap<u64, Connection>,
    /// No step ends earlier. The one that it is from may be over.
    earliest: Option<Monotonic>,
}

/// One of them.
struct Connection {
    talk: TalkId,
    conversation: Box<Conversation>,
    line: Option<Line>,
    /// When the present step ends.
    until: Monotonic,
}

/// An open socket. The kernel tells once what has become possible, so it is kept until it is not
/// any more.
struct Line {
    socket: Socket,
    connected: bool,
    readable: bool,
    writable: bool,
    /// The server has closed: what is read comes to an end.
    ends: bool,
    unsent: Vec<u8>,
}

/// What could be done without waiting.
enum Progress {
    /// It goes on when the kernel tells something.
    Waits,
    /// This came of it.
    Next(Step),
}

impl Connections {
    /// Without any.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            ready: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            open: HashMap::new(),
            earliest: None,
        })
    }

    /// Whether this one belongs here.
    pub(super) fn takes(conversation: &Conversation) -> bool {
        conversation.channel() == Channel::Tcp
    }

    /// A descriptor that is readable when some server did something.
    pub(super) fn readiness(&self) -> io::Result<OwnedFd> {
        self.ready.0.try_clone()
    }

    /// Begins one; the finding where it is over at once.
    pub(super) fn start(
        &mut self,
        talk: TalkId,
        mut conversation: Box<Conversation>,
        random: u64,
    ) -> Option<Finding> {
        let now = clock::now();
        let first = conversation.start(now, random);
        let mut connection = Connection {
            talk,
            conversation,
            line: None,
            until: now,
        };
        let over = connection.go_on(&self.ready, first);
        if over.is_none() {
            self.mind(connection.until);
            self.open.insert(talk.number, connection);
        }
        over
    }

    /// Breaks one off. False where it is none of these.
    pub(super) fn stop(&mut self, talk: TalkId) -> bool {
        self.open.remove(&talk.number).is_some()
    }

    /// When [`Self::due`] has to be called.
    pub(super) const fn next_deadline(&self) -> Option<Monotonic> {
        self.earliest
    }

    /// Ends the steps whose time is over.
    pub(super) fn due(&mut self, over: &mut Vec<(TalkId, Finding)>) {
        let now = clock::now();
        if self.earliest.is_none_or(|earliest| now < earliest) {
            return;
        }
        let late = self.open.iter().filter(|(_, open)| open.until <= now);
        let late: Vec<u64> = late.map(|(number, _)| *number).collect();
        for number in late {
            self.go_on(number, over, |connection, _ready| {
                Progress::Next(connection.conversation.handle(now, Input::TimedOut))
            });
        }
        self.earliest = self.open.values().map(|open| open.until).min();
    }

    /// Takes what the servers did; to be called until it says that there is no more.
    pub(super) fn read_ready(&mut self, over: &mut Vec<(TalkId, Finding)>) -> bool {
        let mut events = [EpollEvent::empty(); PIECE];
        let count = match self.ready.wait(&mut events, EpollTimeout::ZERO) {
            Ok(count) => count,
            Err(Errno::EINTR) => return true,
            Err(_) => 0,
        };
        for event in events.iter().take(count) {
            self.go_on(event.data(), over, |connection, ready| {
                connection.wake(ready, event.events())
            });
        }
        count >= PIECE
    }

    fn go_on(
        &mut self,
        number: u64,
        over: &mut Vec<(TalkId, Finding)>,
        act: impl FnOnce(&mut Connection, &Epoll) -> Progress,
    ) {
        let Some(connection) = self.open.get_mut(&number) else {
            return;
        };
        let finding = match act(connection, &self.ready) {
            Progress::Waits => None,
            Progress::Next(step) => connection.go_on(&self.ready, step),
        };
        let (talk, until) = (connection.talk, connection.until);
        match finding {
            Some(finding) => {
                self.open.remove(&number);
                over.push((talk, finding));
            }
            None => self.mind(until),
        }
    }

    fn mind(&mut self, until: Monotonic) {
        let earliest = self.earliest.map_or(until, |earliest| earliest.min(until));
        self.earliest = Some(earliest);
    }
}

impl Connection {
    /// Does what is wanted as far as that goes without waiting; the finding at the end.
    fn go_on(&mut self, ready: &Epoll, mut step: Step) -> Option<Finding> {
        let mut reads = READS;
        loop {
            let progress = match step {
                Step::Connect { until } => {
                    self.until = until;
                    self.connect(ready)
                }
                Step::Talk { send, until } => {
                    self.until = until;
                    if let Some(line) = &mut self.line {
                        line.unsent = send;
                    }
                    self.talk(ready, &mut reads)
                }
                // Nobody asks for TLS here.
                Step::Secure { .. } => self.failed(NetError::Reset),
                Step::Done { finding, .. } => return Some(finding),
            };
            step = match progress {
                Progress::Waits => return None,
                Progress::Next(step) => step,
            };
        }
    }

    fn connect(&mut self, ready: &Epoll) -> Progress {
        if self.line.is_some() {
            return Progress::Waits;
        }
        match Line::open(self.conversation.endpoint(), ready, self.talk.number) {
            Ok(line) => {
                self.line = Some(line);
                Progress::Waits
            }
            Err(error) => self.failed(error),
        }
    }

    /// The kernel told something.
    fn wake(&mut self, ready: &Epoll, events: EpollFlags) -> Progress {
        let Some(line) = &mut self.line else {
            return Progress::Waits;
        };
        match line.wake(events) {
            Ok(true) => Progress::Next(self.conversation.handle(clock::now(), Input::Connected)),
            Ok(false) if line.connected => self.talk(ready, &mut 1),
            Ok(false) => Progress::Waits,
            Err(error) => self.failed(net_error::of(&error)),
        }
    }

    /// Sends what has to be sent, then reads once.
    fn talk(&mut self, ready: &Epoll, reads: &mut usize) -> Progress {
        let Some(line) = &mut self.line else {
            return self.failed(NetError::Reset);
        };
        match line.send() {
            Ok(()) if !line.unsent.is_empty() || !line.readable => return Progress::Waits,
            Ok(()) => {}
            Err(error) => return self.failed(net_error::of(&error)),
        }
        let Some(left) = reads.checked_sub(1) else {
            return match line.tell_again(ready, self.talk.number) {
                Ok(()) => Progress::Waits,
                Err(error) => self.failed(net_error::of(&error)),
            };
        };
        *reads = left;
        let conversation = &mut self.conversation;
        let step = BUFFER.with_borrow_mut(|buffer| {
            let read = line.read(buffer.get_mut(..READ_SIZE).unwrap_or_default())?;
            Ok(read.map(|bytes| {
                let input = match bytes {
                    [] => Input::Closed,
                    bytes => Input::Bytes(bytes),
                };
                conversation.handle(clock::now(), input)
            }))
        });
        match step {
            Ok(Some(step)) => Progress::Next(step),
            Ok(None) => Progress::Waits,
            Err(error) => self.failed(net_error::of(&error)),
        }
    }

    fn failed(&mut self, error: NetError) -> Progress {
        Progress::Next(self.conversation.handle(clock::now(), Input::Failed(error)))
    }
}

/// What the kernel tells of a socket, each time anew.
const ALL: EpollFlags = EpollFlags::EPOLLIN
    .union(EpollFlags::EPOLLOUT)
    .union(EpollFlags::EPOLLRDHUP)
    .union(EpollFlags::EPOLLET);
/// Both directions are over.
const BROKEN: EpollFlags = EpollFlags::EPOLLERR.union(EpollFlags::EPOLLHUP);

impl Line {
    /// Begins to connect.
    fn open(endpoint: &Endpoint, ready: &Epoll, number: u64) -> Result<Self, NetError> {
        let socket = socket::own(&Channel::Tcp, endpoint)?;
        socket::connect(&socket, endpoint)?;
        ready
            .add(&socket, EpollEvent::new(ALL, number))
            .map_err(|errno| net_error::of(&errno.into()))?;
        Ok(Self {
            socket,
            connected: false,
            readable: false,
            writable: false,
            ends: false,
            unsent: Vec::new(),
        })
    }

    /// Takes what the kernel told. True where the connection is there since then.
    fn wake(&mut self, events: EpollFlags) -> io::Result<bool> {
        let broken = events.intersects(BROKEN);
        self.ends |= broken || events.contains(EpollFlags::EPOLLRDHUP);
        self.readable |= self.ends || events.contains(EpollFlags::EPOLLIN);
        self.writable |= broken || events.contains(EpollFlags::EPOLLOUT);
        if self.connected || !self.writable {
            return Ok(false);
        }
        // Without a hint at one there is no error, and no need to ask for it.
        if broken && let Some(error) = self.socket.take_error()? {
            return Err(error);
        }
        self.connected = true;
        Ok(true)
    }

    /// Sends as much as the kernel takes.
    fn send(&mut self) -> io::Result<()> {
        while self.writable && !self.unsent.is_empty() {
            match (&self.socket).write(&self.unsent) {
                Ok(sent) => drop(self.unsent.drain(..sent)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.writable = false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads once; nothing where there is nothing yet.
    fn read<'a>(&mut self, buffer: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
        match (&self.socket).read(buffer) {
            Ok(length) => {
                // Less than there was room for: the kernel tells when more comes.
                self.readable = self.ends || length == buffer.len();
                Ok(buffer.get(..length))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readable = false;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Lets the kernel tell again what it has told already.
    fn tell_again(&self, ready: &Epoll, number: u64) -> io::Result<()> {
        Ok(ready.modify(&self.socket, &mut EpollEvent::new(ALL, number))?)
    }
}

//! The checked servers: one process that answers at every address of its namespace, and counts.
//! Small, so that on a machine with few processors it takes little from whom it is asked by.

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{Backlog, listen};
use socket2::{Domain, SockAddr, Socket, Type};
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The port at every address.
pub(crate) const PORT: u16 = 80;
/// What comes for any request.
const PAGE: &[u8] =
    b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhere\n";
const LISTENER: u64 = 0;
const QUESTION: u64 = 1;
const FIRST: u64 = 2;

/// What the servers have seen since their start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    /// Connections.
    pub(crate) accepted: u64,
    /// Requests that got the page.
    pub(crate) answered: u64,
    /// Connections that ended with a reset.
    pub(crate) reset: u64,
}

/// The servers, seen from whom has started them; they end with their standard input.
pub(crate) struct Servers {
    child: Child,
    ask: Option<ChildStdin>,
    told: BufReader<ChildStdout>,
}

impl Servers {
    /// The program that becomes them.
    pub(crate) fn command() -> Command {
        let mut command = Command::new(std::env::current_exe().expect("the own path is known"));
        command.arg("answer");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    }

    /// Waits until they listen.
    pub(crate) fn new(mut child: Child) -> Self {
        let ask = child.stdin.take();
        let told = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        let mut this = Self { child, ask, told };
        this.count();
        this
    }

    /// What they have seen.
    pub(crate) fn count(&mut self) -> Count {
        let ask = self.ask.as_mut().expect("they run");
        ask.write_all(b"\n").expect("the servers run");
        let mut line = String::new();
        self.told.read_line(&mut line).expect("the servers run");
        let words: Vec<u64> = line
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect();
        let [accepted, answered, reset] = words[..] else {
            panic!("the servers say {line:?}");
        };
        Count {
            accepted,
            answered,
            reset,
        }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.ask = None;
        let _ended = self.child.wait();
    }
}

/// Answers until the standard input ends. Each line of it is answered by the numbers of [`Count`].
pub(crate) fn answer() -> io::Result<()> {
    let epoll = Epoll::new(EpollCreateFlags::empty())?;
    let listener = listener()?;
    watch(&epoll, &listener, LISTENER)?;
    watch(&epoll, io::stdin(), QUESTION)?;
    let mut open = Open {
        epoll,
        listener,
        streams: HashMap::new(),
        next: FIRST,
        count: Count::default(),
    };
    let mut events = [EpollEvent::empty(); 256];
    loop {
        let ready = open.epoll.wait(&mut events, EpollTimeout::NONE)?;
        for event in events.get(..ready).unwrap_or_default() {
            match event.data() {
                LISTENER => open.accept()?,
                QUESTION if !open.tell()? => return Ok(()),
                QUESTION => {}
                stream => open.read(stream),
            }
        }
    }
}

struct Open {
    epoll: Epoll,
    listener: TcpListener,
    streams: HashMap<u64, TcpStream>,
    next: u64,
    count: Count,
}

impl Open {
    fn accept(&mut self) -> io::Result<()> {
        loop {
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // Gone again before it was taken.
                Err(_) => continue,
            };
            self.count.accepted += 1;
            watch(&self.epoll, &stream, self.next)?;
            self.streams.insert(self.next, stream);
            self.next += 1;
        }
    }

    /// Only what is readable is read, so nothing blocks; a page fits into any socket.
    fn read(&mut self, number: u64) {
        let Some(stream) = self.streams.get_mut(&number) else {
            return;
        };
        let mut buffer = [0; 2048];
        match stream.read(&mut buffer) {
            Ok(length) if length > 0 && !buffer[..length].ends_with(b"\r\n\r\n") => return,
            Ok(0) => {}
            Ok(_) => self.count.answered += u64::from(stream.write_all(PAGE).is_ok()),
            Err(_) => self.count.reset += 1,
        }
        self.streams.remove(&number);
    }

    fn tell(&self) -> io::Result<bool> {
        let mut line = [0; 1];
        if io::stdin().read(&mut line)? == 0 {
            return Ok(false);
        }
        let Count {
            accepted,
            answered,
            reset,
        } = self.count;
        println!("{accepted} {answered} {reset}");
        Ok(true)
    }
}

fn watch(epoll: &Epoll, what: impl AsFd, number: u64) -> io::Result<()> {
    Ok(epoll.add(what, EpollEvent::new(EpollFlags::EPOLLIN, number))?)
}

/// The standard library's queue of 128 is too short for thousands of checks a second.
fn listener() -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM.nonblocking(), None)?;
    socket.set_reuse_address(true)?;
    let any = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, PORT);
    socket.bind(&SockAddr::from(any))?;
    listen(&socket, Backlog::new(4096)?)?;
    Ok(TcpListener::from(socket))
}

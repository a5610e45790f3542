//! One conversation with a server, without a socket and without a clock.

use super::cause::{Cause, Doing, NetError};
use super::dns::DnsTalk;
use super::excerpt::Excerpt;
use super::http::{Digest, HttpTalk};
use super::ping::PingTalk;
use super::plan::{Asks, Plan};
use super::smtp::SmtpTalk;
use super::tcp::TcpTalk;
use super::udp::UdpTalk;
use crate::detail::Took;
use holdfast_ipc::config::model::{Endpoint, Micros, TlsOptions};
use holdfast_ipc::time::Monotonic;
use std::fmt;
use std::sync::Arc;

/// What a stream socket reads at once. For datagrams the buffer is [`DATAGRAM_SIZE`].
pub const READ_SIZE: usize = 16_384;
/// What a datagram socket reads at once: no datagram is longer.
pub const DATAGRAM_SIZE: usize = 65_536;

/// A conversation may take this many times `connect_timeout` as a whole. Each step has the timeout
/// for itself, as with keepalived; the longest dialogue (SMTP) has five of them.
const WHOLE: u64 = 6;

/// What a conversation needs from the system, in the order in which it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel<'a> {
    /// A TCP connection.
    Tcp,
    /// A TCP connection, and TLS over it when `Step::Secure` asks for it.
    Tls {
        /// The name that is sent (SNI); none is sent where it is missing.
        server_name: Option<&'a str>,
        /// The other options of the configuration.
        options: &'a TlsOptions,
    },
    /// A connected UDP socket, so that ICMP errors come back as errors of the socket.
    Udp,
    /// A connected datagram socket of ICMP or, for an IPv6 address, of ICMPv6. The kernel sets the
    /// identifier and the checksum.
    Ping,
}

/// What the socket has to do next. Each answer is one [`Input`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Open the socket and connect it to the endpoint. Answered by `Connected`.
    Connect {
        /// Until then; behind it the answer is `TimedOut`.
        until: Monotonic,
    },
    /// Begin TLS on the open connection. Answered by `Connected`.
    Secure {
        /// Until then; behind it the answer is `TimedOut`.
        until: Monotonic,
    },
    /// Send all of these bytes, unless there are none, then read once. A datagram socket sends
    /// them as one datagram. Answered by `Bytes` or `Closed`.
    Talk {
        /// What is sent.
        send: Vec<u8>,
        /// Until then both have to be done; behind it the answer is `TimedOut`.
        until: Monotonic,
    },
    /// It is over: close the socket.
    Done {
        /// What came of it.
        finding: Finding,
        /// TLS says goodbye first (close_notify), without waiting for the same from the server.
        close_notify: bool,
    },
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// `Connect` or `Secure` is done.
    Connected,
    /// Bytes of a stream, or one datagram.
    Bytes(&'a [u8]),
    /// The server has closed the stream, with or without a close_notify.
    Closed,
    /// The deadline of the step came.
    TimedOut,
    /// The socket failed.
    Failed(NetError),
}

/// How a successful check succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Success {
    /// A connection was made.
    Connected,
    /// A page had the wanted status.
    Page {
        /// The status.
        status: u16,
    },
    /// A page came whose digest was asked for.
    Measured {
        /// The status.
        status: u16,
        /// The digest of the body as it came, as genhash computes it.
        raw: Digest,
        /// The digest of the content, where that came in chunks. It does not depend on how the
        /// server cuts them.
        content: Option<Digest>,
    },
    /// A mail server held its dialogue.
    Dialogue,
    /// A datagram came back.
    Reply,
    /// Nothing came back, and no ICMP error either.
    NoError,
    /// An ICMP echo came back.
    Echo,
    /// A program ended well.
    Exit {
        /// Its exit status.
        status: i32,
        /// The weight that it sets, by `misc_dynamic`.
        weight: Option<u32>,
    },
    /// A followed file holds a number that is well.
    File {
        /// What it adds to the weight.
        shift: i64,
    },
    /// The BFD session is up.
    BfdUp,
}

/// What a conversation says about the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is well.
    Passed(Success),
    /// It is not.
    Failed(Cause),
    /// Nothing: this machine could not ask.
    NotTried(Cause),
}

/// What came of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it says about the server.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Micros,
    /// The last bytes that the server said.
    pub last: Excerpt,
}

/// `status 503, wanted 200-299 after 3 ms, last bytes "…"`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = match &self.outcome {
            Outcome::Passed(success) => {
                write!(f, "{success}")?;
                matches!(success, Success::File { .. })
            }
            Outcome::Failed(cause) | Outcome::NotTried(cause) => {
                write!(f, "{cause}")?;
                cause.tells_time()
            }
        };
        if !told {
            write!(f, " after {}", Took(self.took))?;
        }
        match (&self.outcome, self.last.is_empty()) {
            (Outcome::Failed(_), false) => write!(f, ", last bytes \"{}\"", self.last),
            (Outcome::Failed(_), true) | (Outcome::Passed(_) | Outcome::NotTried(_), _) => Ok(()),
        }
    }
}

impl fmt::Display for Success {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected => f.write_str("connected"),
            Self::Page { status } => write!(f, "status {status}"),
            Self::Measured { status, raw, .. } => write!(f, "status {status}, digest {raw}"),
            Self::Dialogue => f.write_str("greeting, HELO and QUIT answered"),
            Self::Reply => f.write_str("reply"),
            Self::NoError => f.write_str("no ICMP error"),
            Self::Echo => f.write_str("echo reply"),
            Self::Exit { status, .. } => write!(f, "exit {status}"),
            Self::File { shift } => write!(f, "file adds {shift} to the weight"),
            Self::BfdUp => f.write_str("BFD session is up"),
        }
    }
}

/// What a protocol wants next. It knows nothing of time.
#[derive(Debug)]
pub(super) enum Move {
    /// Send this and wait for what comes; the step's time starts anew.
    Send(Vec<u8>),
    /// Wait on, with the time that is left.
    Wait,
    /// Wait on; the step's time starts anew.
    WaitAnew,
    /// The server is well.
    Passed(Success),
    /// It is not.
    Failed(Cause),
}

/// What a protocol did with bytes.
#[derive(Debug)]
pub(super) struct Taken {
    /// How many of them belong to this conversation; behind its end there may be others.
    pub(super) used: usize,
    pub(super) next: Move,
}

impl Taken {
    pub(super) const fn all(bytes: &[u8], next: Move) -> Self {
        Self {
            used: bytes.len(),
            next,
        }
    }
}

/// One protocol over an open channel.
pub(super) trait Protocol {
    /// The channel is open. `random` is for numbers that others must not guess.
    fn opened(&mut self, random: u64) -> Move;
    /// Bytes of a stream in any pieces, or one datagram.
    fn bytes(&mut self, bytes: &[u8]) -> Taken;
    /// The server closed the stream.
    fn closed(&mut self) -> Move;
    /// What is waited for, for the cause.
    fn doing(&self) -> Doing;
    /// The step's time is over. Most protocols failed.
    fn silent(&mut self) -> Option<Success> {
        None
    }
}

#[derive(Debug)]
enum Talk {
    Tcp(TcpTalk),
    Http(Box<HttpTalk>),
    Smtp(SmtpTalk),
    Dns(DnsTalk),
    Udp(UdpTalk),
    Ping(PingTalk),
}

impl Talk {
    fn new(plan: &Plan, page: usize) -> Self {
        match &plan.asks {
            Asks::Tcp => Self::Tcp(TcpTalk),
            Asks::Http(plan) => Self::Http(Box::new(HttpTalk::new(plan, page))),
            Asks::Smtp(helo) => Self::Smtp(SmtpTalk::new(helo)),
            Asks::Dns(question) => Self::Dns(DnsTalk::new(question.clone())),
            Asks::Udp(probe) => Self::Udp(UdpTalk::new(probe.payload.clone(), probe.reply.clone())),
            Asks::Ping => Self::Ping(PingTalk::new(plan.endpoint().address.is_ipv6())),
        }
    }

    fn protocol(&mut self) -> &mut dyn Protocol {
        match self {
            Self::Tcp(talk) => talk,
            Self::Http(talk) => talk.as_mut(),
            Self::Smtp(talk) => talk,
            Self::Dns(talk) => talk,
            Self::Udp(talk) => talk,
            Self::Ping(talk) => talk,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    New,
    Connecting,
    Securing,
    Talking,
    Over(Finding),
}

/// One conversation.
#[derive(Debug)]
pub struct Conversation {
    plan: Arc<Plan>,
    page: usize,
    talk: Talk,
    stage: Stage,
    random: u64,
    started: Monotonic,
    /// When the present step started, and until when it may take.
    step: (Monotonic, Monotonic),
    last: Excerpt,
}

impl Conversation {
    /// Begins nothing yet. `page` says which one of several is asked for; only HTTP has them.
    pub fn new(plan: &Arc<Plan>, page: usize) -> Self {
        let talk = Talk::new(plan, page);
        let never = Monotonic::from_micros(0);
        Self {
            plan: Arc::clone(plan),
            page,
            talk,
            stage: Stage::New,
            random: 0,
            started: never,
            step: (never, never),
            last: Excerpt::default(),
        }
    }

    /// Where it goes, and from where.
    pub fn endpoint(&self) -> &Endpoint {
        self.plan.endpoint()
    }

    /// What has to be opened.
    pub fn channel(&self) -> Channel<'_> {
        self.plan.channel(self.page)
    }

    /// Begins. `random` is a number that nobody outside can guess.
    pub fn start(&mut self, now: Monotonic, random: u64) -> Step {
        self.random = random;
        self.started = now;
        self.stage = Stage::Connecting;
        self.new_step(now);
        self.step_again()
    }

    /// Takes what came of the last step. An input that does not fit is harmless: it gives the
    /// last step again.
    pub fn handle(&mut self, now: Monotonic, input: Input<'_>) -> Step {
        if let Stage::New | Stage::Over(_) = self.stage {
            return self.step_again();
        }
        match input {
            Input::Connected => self.connected(now),
            Input::Bytes(bytes) => self.bytes(now, bytes),
            Input::Closed => self.closed(now),
            Input::TimedOut => self.timed_out(now),
            Input::Failed(error) => self.failed(now, error),
        }
    }

    fn connected(&mut self, now: Monotonic) -> Step {
        match (&self.stage, self.channel()) {
            (Stage::Connecting, Channel::Tls { .. }) => {
                self.stage = Stage::Securing;
                self.new_step(now);
                self.step_again()
            }
            (Stage::Connecting, Channel::Tcp | Channel::Udp | Channel::Ping)
            | (Stage::Securing, _) => {
                self.stage = Stage::Talking;
                self.new_step(now);
                let random = self.random;
                let next = self.talk.protocol().opened(random);
                self.go_on(now, next)
            }
            (Stage::New | Stage::Talking | Stage::Over(_), _) => self.step_again(),
        }
    }

    fn bytes(&mut self, now: Monotonic, bytes: &[u8]) -> Step {
        let Stage::Talking = self.stage else {
            return self.step_again();
        };
        let taken = self.talk.protocol().bytes(bytes);
        self.last.keep(bytes.get(..taken.used).unwrap_or(bytes));
        self.go_on(now, taken.next)
    }

    fn closed(&mut self, now: Monotonic) -> Step {
        match self.stage {
            Stage::Talking => {
                let next = self.talk.protocol().closed();
                self.go_on(now, next)
            }
            Stage::New | Stage::Connecting | Stage::Securing | Stage::Over(_) => {
                let doing = self.doing();
                self.fail(now, Cause::Closed { doing })
            }
        }
    }

    fn timed_out(&mut self, now: Monotonic) -> Step {
        if let Stage::Talking = self.stage
            && let Some(success) = self.talk.protocol().silent()
        {
            return self.finish(now, Outcome::Passed(success));
        }
        let limit = self.whole();
        if now >= self.started.after(limit) {
            return self.fail(now, Cause::TooSlow { limit });
        }
        let (doing, after) = (self.doing(), self.endpoint().timeout);
        self.fail(now, Cause::TimedOut { doing, after })
    }

    fn failed(&mut self, now: Monotonic, error: NetError) -> Step {
        let spent = matches!(error, NetError::NoResources(_));
        let cause = Cause::Net {
            doing: self.doing(),
            error,
        };
        match spent {
            true => self.finish(now, Outcome::NotTried(cause)),
            false => self.fail(now, cause),
        }
    }

    fn go_on(&mut self, now: Monotonic, next: Move) -> Step {
        match next {
            Move::Passed(success) => self.finish(now, Outcome::Passed(success)),
            Move::Failed(cause) => self.fail(now, cause),
            Move::Wait | Move::WaitAnew | Move::Send(_)
                if now >= self.started.after(self.whole()) =>
            {
                let limit = self.whole();
                self.fail(now, Cause::TooSlow { limit })
            }
            // A step whose time is over while bytes still come in.
            Move::Wait if now >= self.step.1 => self.timed_out(now),
            Move::Wait => self.step_again(),
            Move::WaitAnew => {
                self.new_step(now);
                self.step_again()
            }
            Move::Send(send) => {
                self.new_step(now);
                Step::Talk {
                    send,
                    until: self.step.1,
                }
            }
        }
    }

    fn new_step(&mut self, now: Monotonic) {
        let end = self.started.after(self.whole());
        self.step = (now, now.after(self.endpoint().timeout).min(end));
    }

    fn whole(&self) -> Micros {
        self.endpoint().timeout.times(WHOLE)
    }

    fn doing(&mut self) -> Doing {
        match self.stage {
            Stage::New | Stage::Connecting => Doing::Connection,
            Stage::Securing => Doing::TlsSession,
            Stage::Talking | Stage::Over(_) => self.talk.protocol().doing(),
        }
    }

    fn fail(&mut self, now: Monotonic, cause: Cause) -> Step {
        self.finish(now, Outcome::Failed(cause))
    }

    fn finish(&mut self, now: Monotonic, outcome: Outcome) -> Step {
        self.stage = Stage::Over(Finding {
            outcome,
            took: now.since(self.started),
            last: std::mem::take(&mut self.last),
        });
        self.step_again()
    }

    fn step_again(&self) -> Step {
        let until = self.step.1;
        match &self.stage {
            Stage::New | Stage::Connecting => Step::Connect { until },
            Stage::Securing => Step::Secure { until },
            Stage::Talking => Step::Talk {
                send: Vec::new(),
                until,
            },
            Stage::Over(finding) => Step::Done {
                finding: finding.clone(),
                close_notify: self.plan.says_goodbye(self.page),
            },
        }
    }
}

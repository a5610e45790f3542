//! Why a check failed, in an operator's words.

use super::dns::Rcode;
use super::http::{Digest, PATTERN_WINDOW};
use crate::verdict::Reason;
use holdfast_ipc::config::model::Micros;
use std::fmt;

/// What a conversation waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// The connection.
    Connection,
    /// The TLS session.
    TlsSession,
    /// The first byte of a page.
    Answer,
    /// The rest of its header.
    Header,
    /// The body of a page.
    Body,
    /// The greeting of a mail server.
    Banner,
    /// The answer to HELO.
    Helo,
    /// The answer to QUIT.
    Quit,
    /// A datagram in return.
    Reply,
    /// An ICMP echo reply.
    Echo,
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connection => "connection",
            Self::TlsSession => "TLS session",
            Self::Answer => "HTTP answer",
            Self::Header => "complete HTTP header",
            Self::Body => "further byte of the body",
            Self::Banner => "complete greeting",
            Self::Helo => "complete answer to HELO",
            Self::Quit => "complete answer to QUIT",
            Self::Reply => "reply",
            Self::Echo => "echo reply",
        })
    }
}

/// What the system said about a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetError {
    /// Nobody listens there (ECONNREFUSED); for datagrams an ICMP port unreachable.
    Refused,
    /// The server broke the connection (ECONNRESET, EPIPE).
    Reset,
    /// The host does not answer, or a router says so (EHOSTUNREACH, EHOSTDOWN).
    HostUnreachable,
    /// There is no way there (ENETUNREACH).
    NetUnreachable,
    /// The TLS library refused, with its words.
    Tls(String),
    /// Anything else that failed for this check, with the system's words.
    Other(String),
    /// This machine had no descriptor, memory or port left: says nothing about the server.
    NoResources(String),
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::Reset => f.write_str("the server reset the connection"),
            Self::HostUnreachable => f.write_str("host unreachable"),
            Self::NetUnreachable => f.write_str("network unreachable"),
            Self::Tls(text) => write!(f, "TLS: {}", Bounded(text)),
            Self::Other(text) => Bounded(text).fmt(f),
            Self::NoResources(text) => write!(f, "this machine is short of {}", Bounded(text)),
        }
    }
}

/// Text that may hold what a peer chose (names in a certificate): escaped, and cut.
struct Bounded<'a>(&'a str);

/// Characters of a text of the system or of the TLS library: two lines of a terminal.
const LONGEST_TEXT: usize = 160;

impl fmt::Display for Bounded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.0.char_indices().nth(LONGEST_TEXT);
        let end = start.map_or(self.0.len(), |(at, _)| at);
        let cut = self.0.get(..end).unwrap_or_default();
        write!(f, "{}", cut.as_bytes().escape_ascii())
    }
}

/// What is wrong with an HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpFault {
    /// The first line is no status line.
    NotHttp,
    /// The header cannot be read.
    BadHeader(&'static str),
    /// The status is not one of those wanted.
    Status {
        /// What came.
        got: u16,
        /// First and last of each range.
        wanted: Vec<(u16, u16)>,
    },
    /// The framing of the body is broken.
    BadBody(&'static str),
    /// The body is another one.
    Digest {
        /// Its digest.
        got: Digest,
        /// The configured one.
        wanted: Digest,
    },
    /// `regex` is not in the body.
    NoMatch {
        /// Bytes of the body.
        length: u64,
    },
    /// `regex` is in the body, and must not be.
    Matches,
    /// `regex` is not in the part that is searched, and there is more of the body.
    NotSearched,
}

impl fmt::Display for HttpFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHttp => f.write_str("the answer does not begin with an HTTP status line"),
            Self::BadHeader(what) => write!(f, "the HTTP header cannot be read: {what}"),
            Self::Status { got, wanted } => {
                write!(f, "status {got}, wanted {}", Ranges(wanted))
            }
            Self::BadBody(what) => write!(f, "the HTTP body cannot be read: {what}"),
            Self::Digest { got, wanted } => {
                write!(f, "the digest of the body is {got}, wanted {wanted}")
            }
            Self::NoMatch { length } => {
                write!(f, "regex does not match in the {length} bytes of the body")
            }
            Self::Matches => f.write_str("regex matches, and regex_no_match forbids it"),
            Self::NotSearched => write!(
                f,
                "regex does not match in the first {PATTERN_WINDOW} bytes; more are not searched"
            ),
        }
    }
}

struct Ranges<'a>(&'a [(u16, u16)]);

/// Ranges that are shown; nobody reads more in a log line.
const MOST_RANGES: usize = 8;

impl fmt::Display for Ranges<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.0.iter().take(MOST_RANGES).enumerate() {
            let blank = if index == 0 { "" } else { " " };
            match first == last {
                true => write!(f, "{blank}{first}")?,
                false => write!(f, "{blank}{first}-{last}")?,
            }
        }
        if self.0.len() > MOST_RANGES {
            f.write_str(" …")
        } else {
            Ok(())
        }
    }
}

/// Why a check failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A step took too long.
    TimedOut {
        /// What did not come.
        doing: Doing,
        /// How long it was waited for.
        after: Micros,
    },
    /// The conversation as a whole took too long, though each step was in time.
    TooSlow {
        /// Its limit.
        limit: Micros,
    },
    /// The socket failed.
    Net {
        /// What was waited for.
        doing: Doing,
        /// What the system said.
        error: NetError,
    },
    /// The server closed the connection in the middle.
    Closed {
        /// What was waited for.
        doing: Doing,
    },
    /// The server sends more than is read.
    TooMuch {
        /// Of what.
        what: &'static str,
        /// Bytes that are read at most.
        limit: u64,
    },
    /// The page at `path` is not as it should be.
    Http {
        /// The path that was asked for.
        path: String,
        /// What is wrong.
        fault: HttpFault,
    },
    /// A mail server gave another reply.
    Smtp {
        /// To what.
        asked: &'static str,
        /// Its code.
        got: u16,
        /// The code that had to come.
        wanted: u16,
        /// The text behind the code, escaped and bounded.
        text: String,
    },
    /// A line that is no reply of a mail server.
    NotSmtp,
    /// A DNS server answered with an error.
    Dns(Rcode),
    /// Too many datagrams that are no answer.
    Strays {
        /// How many are looked at.
        limit: usize,
    },
    /// A datagram of another length.
    ReplyLength {
        /// Its length in bytes.
        length: usize,
        /// `min_reply_length`.
        least: u16,
        /// `max_reply_length`.
        most: u16,
    },
    /// A datagram does not fit `require_reply`.
    ReplyDiffers {
        /// The first byte that differs or is missing, from 0.
        at: usize,
    },
    /// A program ended with this status.
    Exit(i32),
    /// A signal ended a program.
    Signal(i32),
    /// A program did not end in time.
    RunTimedOut {
        /// Its limit.
        after: Micros,
    },
    /// The socket could not be had from the process that opens it.
    NoSocket(String),
    /// A program could not be run.
    NotRun(String),
    /// The number in a followed file says so.
    FileValue(i64),
    /// The BFD session is down.
    BfdDown,
}

impl Cause {
    /// True where the text already says how long it took.
    pub(crate) const fn tells_time(&self) -> bool {
        matches!(
            self,
            Self::TimedOut { .. } | Self::TooSlow { .. } | Self::RunTimedOut { .. }
        )
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut { doing, after } => write!(f, "no {doing} within {after}"),
            Self::TooSlow { limit } => write!(f, "not at its end after {limit}"),
            Self::Net {
                doing: Doing::Reply | Doing::Echo,
                error: NetError::Refused,
            } => f.write_str("port unreachable (ICMP)"),
            Self::Net {
                doing: Doing::Connection,
                error,
            } => error.fmt(f),
            Self::Net { doing, error } => write!(f, "no {doing}: {error}"),
            Self::Closed { doing } => write!(f, "no {doing}: the server closed the connection"),
            Self::TooMuch { what, limit } => write!(f, "{what} is longer than {limit} bytes"),
            Self::Http { path, fault } => {
                let path = super::excerpt::shown(path.as_bytes());
                write!(f, "GET {path}: {fault}")
            }
            Self::Smtp {
                asked,
                got,
                wanted,
                text,
            } => {
                write!(f, "{asked} gave {got}, wanted {wanted}")?;
                if text.is_empty() {
                    Ok(())
                } else {
                    write!(f, ": \"{text}\"")
                }
            }
            Self::NotSmtp => f.write_str("a line that is no reply of a mail server"),
            Self::Dns(rcode) => write!(f, "the answer is {rcode}"),
            Self::Strays { limit } => write!(f, "more than {limit} datagrams, none is the answer"),
            Self::ReplyLength {
                length,
                least,
                most,
            } => {
                write!(f, "the reply has {length} bytes, wanted {least} to {most}")
            }
            Self::ReplyDiffers { at } => {
                write!(f, "the reply differs from require_reply at byte {at}")
            }
            Self::Exit(status) => Reason::Exit(*status).fmt(f),
            Self::Signal(signal) => Reason::Signal(*signal).fmt(f),
            Self::RunTimedOut { after } => Reason::TimedOut(*after).fmt(f),
            Self::NoSocket(reason) => write!(f, "no socket ({})", Bounded(reason)),
            Self::NotRun(reason) => write!(f, "not run: {}", Bounded(reason)),
            Self::FileValue(value) => write!(f, "the file holds {value}"),
            Self::BfdDown => f.write_str("the BFD session is down"),
        }
    }
}

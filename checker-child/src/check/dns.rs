//! `DNS_CHECK`: one question over UDP (RFC 1035), and any answer without an error.

use super::cause::{Cause, Doing};
use super::conversation::{Move, Protocol, Success, Taken};
use holdfast_ipc::config::model::DnsType;
use std::fmt;

/// Datagrams that are no answer to our question, until the check fails instead of waiting on.
pub(super) const STRAY_LIMIT: usize = 64;

const HEADER: usize = 12;
/// RFC 1035 section 2.3.4.
const LONGEST_LABEL: usize = 63;
const LONGEST_NAME: usize = 255;
/// Jumps of a compressed name: as many labels as a name can have.
const JUMPS: usize = 127;
/// Recursion desired (RFC 1035 section 4.1.1).
const RD: u16 = 0x0100;
const QR: u16 = 0x8000;
/// Class IN.
const IN: u16 = 1;

/// The question behind the header, made ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question(Vec<u8>);

impl Question {
    /// `name` with or without its last dot; `.` is the root.
    pub(super) fn new(name: &str, kind: DnsType) -> Result<Self, String> {
        let wrong = |what: &str| format!("DNS name {name:?} {what}");
        let mut bytes = Vec::new();
        let labels = name.strip_suffix('.').unwrap_or(name);
        for label in labels.split('.').filter(|_| !labels.is_empty()) {
            let length = u8::try_from(label.len()).unwrap_or(u8::MAX);
            if length == 0 || label.len() > LONGEST_LABEL {
                return Err(wrong("has a part that is empty or longer than 63 bytes"));
            }
            bytes.push(length);
            bytes.extend_from_slice(label.as_bytes());
        }
        bytes.push(0);
        if bytes.len() > LONGEST_NAME {
            return Err(wrong("is longer than 255 bytes"));
        }
        bytes.extend_from_slice(&code(kind).to_be_bytes());
        bytes.extend_from_slice(&IN.to_be_bytes());
        Ok(Self(bytes))
    }
}

/// RFC 1035, RFC 3596, RFC 4034.
const fn code(kind: DnsType) -> u16 {
    match kind {
        DnsType::A => 1,
        DnsType::Ns => 2,
        DnsType::Cname => 5,
        DnsType::Soa => 6,
        DnsType::Mx => 15,
        DnsType::Txt => 16,
        DnsType::Aaaa => 28,
        DnsType::Rrsig => 46,
        DnsType::Dnskey => 48,
    }
}

/// `rcode` of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rcode(u8);

impl fmt::Display for Rcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            0 => "NOERROR",
            1 => "FORMERR",
            2 => "SERVFAIL",
            3 => "NXDOMAIN",
            4 => "NOTIMP",
            5 => "REFUSED",
            9 => "NOTAUTH",
            _ => return write!(f, "rcode {}", self.0),
        };
        write!(f, "{name} (rcode {})", self.0)
    }
}

/// What a datagram is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Datagram {
    /// No answer to our question.
    Stray,
    Answer(Rcode),
}

/// Looks at a datagram. The answers themselves are not compared, as with keepalived.
fn read(datagram: &[u8], id: u16, question: &Question) -> Datagram {
    answer(datagram, id, question).map_or(Datagram::Stray, Datagram::Answer)
}

fn answer(datagram: &[u8], id: u16, question: &Question) -> Option<Rcode> {
    let flags = word(datagram, 2)?;
    if word(datagram, 0)? != id || flags & QR == 0 || datagram.len() < HEADER {
        return None;
    }
    let rcode = Rcode(u8::try_from(flags & 0x000f).ok()?);
    match word(datagram, 4)? {
        // Servers that cannot even read a question give none back.
        0 => Some(rcode),
        1 => asks_the_same(datagram, question).then_some(rcode),
        _ => None,
    }
}

/// The question of an answer is ours; the case of letters may differ.
fn asks_the_same(datagram: &[u8], question: &Question) -> bool {
    let Some((name, end)) = name_at(datagram, HEADER) else {
        return false;
    };
    let Some(rest) = datagram.get(end..end.saturating_add(4)) else {
        return false;
    };
    question.0.eq_ignore_ascii_case(&[&name, rest].concat())
}

/// An uncompressed copy of the name at `at`, and where it ends there. `None` where it is none:
/// outside of the datagram, too long, or compressed in a circle (RFC 1035 section 4.1.4).
fn name_at(datagram: &[u8], mut at: usize) -> Option<(Vec<u8>, usize)> {
    let mut name = Vec::new();
    let mut end = None;
    let mut jumps: usize = 0;
    loop {
        let length = *datagram.get(at)?;
        let next = at.checked_add(1)?;
        match length {
            0 => {
                name.push(0);
                return (name.len() <= LONGEST_NAME).then_some((name, end.unwrap_or(next)));
            }
            1..=0x3f => {
                let behind = next.checked_add(usize::from(length))?;
                name.push(length);
                name.extend_from_slice(datagram.get(next..behind)?);
                if name.len() > LONGEST_NAME {
                    return None;
                }
                at = behind;
            }
            0xc0..=0xff => {
                jumps = jumps.checked_add(1).filter(|jumps| *jumps <= JUMPS)?;
                end = end.or_else(|| next.checked_add(1));
                at = usize::from(word(datagram, at)? & 0x3fff);
            }
            0x40..=0xbf => return None,
        }
    }
}

fn word(datagram: &[u8], at: usize) -> Option<u16> {
    let bytes = datagram.get(at..)?.first_chunk::<2>()?;
    Some(u16::from_be_bytes(*bytes))
}

/// One question.
#[derive(Debug)]
pub(super) struct DnsTalk {
    question: Question,
    id: u16,
    strays: usize,
}

impl DnsTalk {
    pub(super) const fn new(question: Question) -> Self {
        Self {
            question,
            id: 0,
            strays: 0,
        }
    }
}

impl Protocol for DnsTalk {
    fn opened(&mut self, random: u64) -> Move {
        let [high, low, ..] = random.to_be_bytes();
        self.id = u16::from_be_bytes([high, low]);
        let mut query = Vec::new();
        for word in [self.id, RD, 1, 0, 0, 0] {
            query.extend_from_slice(&word.to_be_bytes());
        }
        query.extend_from_slice(&self.question.0);
        Move::Send(query)
    }

    fn bytes(&mut self, bytes: &[u8]) -> Taken {
        let next = match read(bytes, self.id, &self.question) {
            Datagram::Answer(Rcode(0)) => Move::Passed(Success::Reply),
            Datagram::Answer(rcode) => Move::Failed(Cause::Dns(rcode)),
            Datagram::Stray => stray(&mut self.strays),
        };
        Taken::all(bytes, next)
    }

    fn closed(&mut self) -> Move {
        Move::Failed(Cause::Closed {
            doing: Doing::Reply,
        })
    }

    fn doing(&self) -> Doing {
        Doing::Reply
    }
}

/// A datagram that is not for this conversation: waits on, a bounded number of times.
pub(super) const fn stray(strays: &mut usize) -> Move {
    *strays = strays.saturating_add(1);
    match *strays > STRAY_LIMIT {
        true => Move::Failed(Cause::Strays { limit: STRAY_LIMIT }),
        false => Move::Wait,
    }
}

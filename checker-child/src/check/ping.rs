//! `PING_CHECK`: an ICMP (RFC 792) or ICMPv6 (RFC 4443) echo over a ping socket. The kernel sets
//! identifier and checksum, and hands over only replies with our identifier, without IP header.

use super::cause::Cause;
use super::cause::Doing;
use super::conversation::{Move, Protocol, Success, Taken};
use super::dns::stray;

const HEADER: usize = 8;
/// Bytes behind the header, as `ping` sends them; they begin with what nobody else can know.
const PAYLOAD: usize = 56;

/// Types of a request and its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Types {
    request: u8,
    reply: u8,
}

const ICMP: Types = Types {
    request: 8,
    reply: 0,
};
const ICMPV6: Types = Types {
    request: 128,
    reply: 129,
};

/// One echo.
#[derive(Debug)]
pub(super) struct PingTalk {
    types: Types,
    random: u64,
    strays: usize,
}

impl PingTalk {
    pub(super) const fn new(is_ipv6: bool) -> Self {
        let types = if is_ipv6 { ICMPV6 } else { ICMP };
        Self {
            types,
            random: 0,
            strays: 0,
        }
    }

    /// Sequence number and payload.
    fn behind_identifier(&self) -> Vec<u8> {
        let random = self.random.to_be_bytes();
        let sequence = random.iter().rev().take(2);
        let payload = random.iter().cycle().take(PAYLOAD);
        sequence.chain(payload).copied().collect()
    }
}

impl Protocol for PingTalk {
    fn opened(&mut self, random: u64) -> Move {
        self.random = random;
        // Type, code, checksum, identifier.
        let mut request = vec![self.types.request, 0, 0, 0, 0, 0];
        request.extend(self.behind_identifier());
        Move::Send(request)
    }

    fn bytes(&mut self, bytes: &[u8]) -> Taken {
        let is_reply = bytes.starts_with(&[self.types.reply, 0])
            && bytes.len() == HEADER.saturating_add(PAYLOAD)
            && bytes
                .get(6..)
                .is_some_and(|rest| rest == self.behind_identifier());
        let next = match is_reply {
            true => Move::Passed(Success::Echo),
            false => stray(&mut self.strays),
        };
        Taken::all(bytes, next)
    }

    fn closed(&mut self) -> Move {
        Move::Failed(Cause::Closed { doing: Doing::Echo })
    }

    fn doing(&self) -> Doing {
        Doing::Echo
    }
}

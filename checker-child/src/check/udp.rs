//! `UDP_CHECK`: a datagram. Without `require_reply` silence is a success and only an ICMP error is
//! a failure.

use super::cause::{Cause, Doing};
use super::conversation::{Move, Protocol, Success, Taken};
use holdfast_ipc::config::model::UdpReply;

/// Random bytes that are sent without a `payload`.
const RANDOM_BYTES: usize = 16;

/// One datagram.
#[derive(Debug)]
pub(super) struct UdpTalk {
    payload: Vec<u8>,
    reply: Option<UdpReply>,
}

impl UdpTalk {
    pub(super) const fn new(payload: Vec<u8>, reply: Option<UdpReply>) -> Self {
        Self { payload, reply }
    }
}

impl Protocol for UdpTalk {
    fn opened(&mut self, random: u64) -> Move {
        if self.payload.is_empty() {
            let bytes = random.to_be_bytes().into_iter().cycle();
            self.payload = bytes.take(RANDOM_BYTES).collect();
        }
        Move::Send(std::mem::take(&mut self.payload))
    }

    /// The first datagram decides: the socket is connected, so it is the server's.
    fn bytes(&mut self, bytes: &[u8]) -> Taken {
        let wrong = self.reply.as_ref().and_then(|wanted| wrong(wanted, bytes));
        let next = wrong.map_or(Move::Passed(Success::Reply), Move::Failed);
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

    fn silent(&mut self) -> Option<Success> {
        self.reply.is_none().then_some(Success::NoError)
    }
}

/// The lengths count only beside a pattern, as with keepalived.
fn wrong(wanted: &UdpReply, got: &[u8]) -> Option<Cause> {
    if wanted.pattern.is_empty() {
        return None;
    }
    let (least, most) = (wanted.min_len, wanted.max_len);
    let length = got.len();
    if !(usize::from(least)..=usize::from(most)).contains(&length) {
        return Some(Cause::ReplyLength {
            length,
            least,
            most,
        });
    }
    let mut pairs = wanted.pattern.iter().enumerate();
    let at = pairs.find_map(|(at, (value, mask))| {
        let fits = got.get(at).is_some_and(|byte| byte & mask == value & mask);
        (!fits).then_some(at)
    })?;
    Some(Cause::ReplyDiffers { at })
}

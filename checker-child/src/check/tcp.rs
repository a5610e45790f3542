//! `TCP_CHECK`: a connection is enough.

use super::cause::Doing;
use super::conversation::{Move, Protocol, Success, Taken};

/// One connection; nothing is said.
#[derive(Clone, Copy, Debug)]
pub(super) struct TcpTalk;

impl Protocol for TcpTalk {
    fn opened(&mut self, _random: u64) -> Move {
        Move::Passed(Success::Connected)
    }

    fn bytes(&mut self, bytes: &[u8]) -> Taken {
        Taken::all(bytes, Move::Passed(Success::Connected))
    }

    fn closed(&mut self) -> Move {
        Move::Passed(Success::Connected)
    }

    fn doing(&self) -> Doing {
        Doing::Connection
    }
}

//! What the balancer wants done at the kernel, and what became of it. One piece at a time: its size
//! is bounded, so that adverts go out in between.

use super::command::Command;
use super::table::{Entry, ServiceKey, SyncDaemon, Timeouts};

/// Most commands, or services that are read, of one piece. More in one datagram is not faster, and
/// their answers have to fit into the socket's buffer.
pub const MAX_PIECE: usize = 64;

/// One piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Find the family "IPVS".
    Open,
    /// Read the timeouts and the sync daemons.
    ReadSettings,
    /// Read these services with their servers; at most [`MAX_PIECE`].
    Read(Vec<ServiceKey>),
    /// Carry these out in this order; at most [`MAX_PIECE`].
    Change(Vec<Command>),
}

/// The kernel's refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The number of the error.
    pub errno: i32,
    /// The same in words.
    pub text: String,
}

/// What became of a piece of work, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// Of `Open`.
    Opened(Result<(), Refusal>),
    /// Of `ReadSettings`.
    Settings(Result<(Timeouts, Vec<SyncDaemon>), Refusal>),
    /// Of `Read`: none where there is no such service.
    Found(Vec<(ServiceKey, Result<Option<Entry>, Refusal>)>),
    /// Of `Change`.
    Changed(Vec<(Command, Result<(), Refusal>)>),
}

//! What the two kinds of children have in common: the same phases in different types.

use crate::route::Kind;
use holdfast_ipc::balance::{MAX_BATCH, PoolChange};
use holdfast_ipc::channel::{Channel, ChannelError};
use holdfast_ipc::config::Generation;
use holdfast_ipc::message::{
    CheckerToParent, Hello, ParentToChecker, ParentToVrrp, Role, VrrpToParent,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::os::fd::OwnedFd;

/// One kind of child.
pub trait Side {
    /// Messages to it.
    type Out: Serialize;
    /// Messages from it.
    type In: DeserializeOwned;
    /// Which.
    const ROLE: Role;
    /// Its silence costs nothing for some seconds, for what it said last holds on.
    const IS_PATIENT: bool;
    /// Our greeting.
    fn hello() -> Self::Out;
    /// Go.
    fn go() -> Self::Out;
    /// Heartbeat.
    fn ping(sequence: u64) -> Self::Out;
    /// End.
    fn stop() -> Self::Out;
    /// Switch.
    fn commit(generation: Generation) -> Self::Out;
    /// Do not switch.
    fn abort(generation: Generation) -> Self::Out;
    /// Kind of a message and the generation that it answers, for the permission table.
    fn classify(message: &Self::In) -> (Kind, Option<Generation>);
    /// Takes the next message, with a descriptor where this kind of child may send one.
    fn receive(
        channel: &mut Channel<Self::Out, Self::In>,
    ) -> Result<Option<Heard<Self>>, ChannelError>;
    /// Cuts its texts: they are logged, remembered and passed on.
    fn cut(message: &mut Self::In);
}

/// A message of a child with the descriptor that came with it.
pub type Heard<S> = (<S as Side>::In, Option<OwnedFd>);

/// Longest text of a child, in bytes.
pub const MAX_TEXT: usize = 1024;

fn cut(text: &mut String) {
    let mut end = MAX_TEXT.min(text.len());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.truncate(end);
}

/// The VRRP child.
#[derive(Debug)]
pub struct VrrpSide;

impl Side for VrrpSide {
    type Out = ParentToVrrp;
    type In = VrrpToParent;
    const ROLE: Role = Role::Vrrp;
    const IS_PATIENT: bool = false;

    fn hello() -> ParentToVrrp {
        ParentToVrrp::Hello(Hello::of(Role::Parent))
    }

    fn go() -> ParentToVrrp {
        ParentToVrrp::Go
    }

    fn ping(sequence: u64) -> ParentToVrrp {
        ParentToVrrp::Ping { sequence }
    }

    fn stop() -> ParentToVrrp {
        ParentToVrrp::Stop
    }

    fn commit(generation: Generation) -> ParentToVrrp {
        ParentToVrrp::Commit { generation }
    }

    fn abort(generation: Generation) -> ParentToVrrp {
        ParentToVrrp::Abort { generation }
    }

    fn classify(message: &VrrpToParent) -> (Kind, Option<Generation>) {
        match message {
            VrrpToParent::Changed(_) => (Kind::Changed, None),
            VrrpToParent::Checkpoint(_) => (Kind::Checkpoint, None),
            VrrpToParent::Committed { generation } => (Kind::Committed, Some(*generation)),
            VrrpToParent::Confined(_) => (Kind::Confined, None),
            VrrpToParent::Hello(_) => (Kind::Hello, None),
            VrrpToParent::Held { .. } => (Kind::Held, None),
            VrrpToParent::Log(_) => (Kind::Log, None),
            VrrpToParent::Opened { .. } => (Kind::Opened, None),
            VrrpToParent::PoolChanged { generation, .. } => (Kind::PoolChanged, Some(*generation)),
            VrrpToParent::Pong { .. } => (Kind::Pong, None),
            VrrpToParent::Priority { .. } => (Kind::Priority, None),
            VrrpToParent::Prepared { generation } => (Kind::Prepared, Some(*generation)),
            VrrpToParent::Ready { generation } => (Kind::Ready, Some(*generation)),
            VrrpToParent::Refused { generation, .. } => (Kind::Refused, Some(*generation)),
            VrrpToParent::Stopped => (Kind::Stopped, None),
        }
    }

    fn receive(
        channel: &mut Channel<ParentToVrrp, VrrpToParent>,
    ) -> Result<Option<Heard<Self>>, ChannelError> {
        channel.receive_carrying()
    }

    fn cut(message: &mut VrrpToParent) {
        match message {
            VrrpToParent::Log(record) => cut(&mut record.text),
            VrrpToParent::Refused { reason, .. } => cut(reason),
            VrrpToParent::Confined(confinement) => cut(&mut confinement.landlock),
            VrrpToParent::PoolChanged { change, .. } => match change {
                PoolChange::Quorum { detail, .. } => cut(detail),
                PoolChange::Member { .. } => {}
            },
            VrrpToParent::Changed(_)
            | VrrpToParent::Held { .. }
            | VrrpToParent::Checkpoint(_)
            | VrrpToParent::Committed { .. }
            | VrrpToParent::Hello(_)
            | VrrpToParent::Opened { .. }
            | VrrpToParent::Pong { .. }
            | VrrpToParent::Priority { .. }
            | VrrpToParent::Prepared { .. }
            | VrrpToParent::Ready { .. }
            | VrrpToParent::Stopped => {}
        }
    }
}

/// A checker child.
#[derive(Debug)]
pub struct CheckerSide;

impl Side for CheckerSide {
    type Out = ParentToChecker;
    type In = CheckerToParent;
    const ROLE: Role = Role::Checker;
    const IS_PATIENT: bool = true;

    fn hello() -> ParentToChecker {
        ParentToChecker::Hello(Hello::of(Role::Parent))
    }

    fn go() -> ParentToChecker {
        ParentToChecker::Go
    }

    fn ping(sequence: u64) -> ParentToChecker {
        ParentToChecker::Ping { sequence }
    }

    fn stop() -> ParentToChecker {
        ParentToChecker::Stop
    }

    fn commit(generation: Generation) -> ParentToChecker {
        ParentToChecker::Commit { generation }
    }

    fn abort(generation: Generation) -> ParentToChecker {
        ParentToChecker::Abort { generation }
    }

    fn classify(message: &CheckerToParent) -> (Kind, Option<Generation>) {
        match message {
            CheckerToParent::CheckVerdicts { generation, .. } => {
                (Kind::CheckVerdicts, Some(*generation))
            }
            CheckerToParent::Committed { generation } => (Kind::Committed, Some(*generation)),
            CheckerToParent::Confined(_) => (Kind::Confined, None),
            CheckerToParent::Hello(_) => (Kind::Hello, None),
            CheckerToParent::Log(_) => (Kind::Log, None),
            CheckerToParent::Open { generation, .. } => (Kind::Open, Some(*generation)),
            CheckerToParent::Pong { .. } => (Kind::Pong, None),
            CheckerToParent::Prepared { generation } => (Kind::Prepared, Some(*generation)),
            CheckerToParent::Ready { generation } => (Kind::Ready, Some(*generation)),
            CheckerToParent::Refused { generation, .. } => (Kind::Refused, Some(*generation)),
            CheckerToParent::Stopped => (Kind::Stopped, None),
            CheckerToParent::Verdict { generation, .. } => (Kind::Verdict, Some(*generation)),
        }
    }

    fn receive(
        channel: &mut Channel<ParentToChecker, CheckerToParent>,
    ) -> Result<Option<Heard<Self>>, ChannelError> {
        let message = channel.receive()?;
        Ok(message.map(|message| (message, None)))
    }

    fn cut(message: &mut CheckerToParent) {
        match message {
            CheckerToParent::Log(record) => cut(&mut record.text),
            CheckerToParent::Refused { reason, .. } => cut(reason),
            CheckerToParent::Confined(confinement) => cut(&mut confinement.landlock),
            CheckerToParent::Verdict { verdict, .. } => cut(&mut verdict.detail),
            CheckerToParent::CheckVerdicts { verdicts, .. } => {
                verdicts.truncate(MAX_BATCH);
                verdicts
                    .iter_mut()
                    .for_each(|verdict| cut(&mut verdict.detail));
            }
            CheckerToParent::Committed { .. }
            | CheckerToParent::Hello(_)
            | CheckerToParent::Open { .. }
            | CheckerToParent::Pong { .. }
            | CheckerToParent::Prepared { .. }
            | CheckerToParent::Ready { .. }
            | CheckerToParent::Stopped => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_two_characters() {
        let generation = Generation::new(1);
        let reason = format!("x{}", "é".repeat(10_000));
        let mut message = VrrpToParent::Refused { generation, reason };
        VrrpSide::cut(&mut message);
        let reason = format!("x{}", "é".repeat(511));
        assert_eq!(message, VrrpToParent::Refused { generation, reason });
    }
}

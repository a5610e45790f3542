//! The socket between two processes: long messages, a peer that does not read, one that is gone,
//! one that does not keep to the framing.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

use holdfast_ipc::Channel;
use holdfast_ipc::channel::{ChannelError, socket_pair};
use holdfast_ipc::config::Generation;
use holdfast_ipc::message::{ParentToVrrp, VrrpToParent};
use holdfast_ipc::wire::{self, MAX_MESSAGE, WireError};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::thread;
use std::time::{Duration, Instant};

/// Largest datagram: its first byte and the payload.
const DATAGRAM: usize = 32 * 1024;
const LAST: u8 = 0;
const MORE: u8 = 1;
const LIMIT: usize = 8 * 1024 * 1024;
/// Nothing here takes long; it ends a test that would hang.
const PATIENCE: Duration = Duration::from_secs(10);

type Parent = Channel<ParentToVrrp, VrrpToParent>;
type Child = Channel<VrrpToParent, ParentToVrrp>;

fn pair() -> (Parent, Child) {
    let (ours, theirs) = socket_pair().unwrap();
    (Channel::new(ours, LIMIT), Channel::new(theirs, LIMIT))
}

/// A channel, and the bare socket at its other end.
fn with_raw_peer() -> (Parent, OwnedFd) {
    let (ours, theirs) = socket_pair().unwrap();
    (Channel::new(ours, LIMIT), theirs)
}

fn refused(length: usize) -> VrrpToParent {
    VrrpToParent::Refused {
        generation: Generation::new(1),
        reason: "long ".repeat(length / 5),
    }
}

fn pong(sequence: u64) -> VrrpToParent {
    VrrpToParent::Pong { sequence }
}

fn raw(peer: &OwnedFd, datagram: &[u8]) -> Result<usize, Errno> {
    send(peer.as_raw_fd(), datagram, MsgFlags::MSG_NOSIGNAL)
}

/// A datagram of full length.
fn piece(kind: u8) -> Vec<u8> {
    let mut datagram = vec![0; DATAGRAM];
    datagram[0] = kind;
    datagram
}

/// Takes a message, letting the sender write on whenever the socket is empty.
fn receive_all(from: &mut Child, to: &mut Parent) -> VrrpToParent {
    loop {
        if let Some(message) = to.receive().unwrap() {
            return message;
        }
        assert!(from.wants_write(), "nothing is on its way");
        from.flush().unwrap();
    }
}

#[test]
fn messages_arrive_in_their_order() {
    let (mut parent, mut child) = pair();
    for sequence in 0..100 {
        child.send(&pong(sequence)).unwrap();
    }
    assert!(!child.wants_write());
    for sequence in 0..100 {
        assert_eq!(parent.receive().unwrap(), Some(pong(sequence)));
    }
    assert_eq!(parent.receive().unwrap(), None);
}

#[test]
fn both_directions_work_at_once() {
    let (mut parent, mut child) = pair();
    parent.send(&ParentToVrrp::Ping { sequence: 7 }).unwrap();
    child.send(&pong(6)).unwrap();
    assert_eq!(
        child.receive().unwrap(),
        Some(ParentToVrrp::Ping { sequence: 7 })
    );
    assert_eq!(parent.receive().unwrap(), Some(pong(6)));
}

#[test]
fn a_long_message_goes_in_pieces_and_the_next_one_behind_it() {
    let (mut parent, mut child) = pair();
    let long = refused(5 * 1024 * 1024);
    child.send(&long).unwrap();
    assert!(child.wants_write(), "more than the socket holds");
    child.send(&pong(1)).unwrap();
    assert_eq!(receive_all(&mut child, &mut parent), long);
    assert_eq!(receive_all(&mut child, &mut parent), pong(1));
    assert!(!child.wants_write());
}

#[test]
fn a_message_that_just_fits_or_just_does_not_fit_a_datagram_arrives() {
    let (mut parent, mut child) = pair();
    let head = wire::encode(&refused(DATAGRAM)).unwrap().len() - DATAGRAM / 5 * 5;
    for length in DATAGRAM - head - 3..DATAGRAM - head + 3 {
        let message = VrrpToParent::Refused {
            generation: Generation::new(1),
            reason: "x".repeat(length),
        };
        child.send(&message).unwrap();
        assert_eq!(receive_all(&mut child, &mut parent), message);
    }
}

#[test]
fn a_peer_that_does_not_read_is_reported_and_nothing_is_cut_in_half() {
    let (ours, theirs) = socket_pair().unwrap();
    let mut child: Child = Channel::new(theirs, 1024 * 1024);
    let mut parent: Parent = Channel::new(ours, LIMIT);
    let mut sent = 0;
    let refusal = loop {
        let message = VrrpToParent::Refused {
            generation: Generation::new(sent),
            reason: "x".repeat(100_000),
        };
        match child.send(&message) {
            Ok(()) => sent += 1,
            Err(refusal) => break refusal,
        }
        assert!(sent < 1_000, "the queue has no bound");
    };
    let ChannelError::Full { queued } = refusal else {
        panic!("{refusal}");
    };
    assert!(
        (900_000..=1024 * 1024 + 100_000).contains(&queued),
        "{queued}"
    );
    for number in 0..sent {
        let VrrpToParent::Refused { generation, reason } = receive_all(&mut child, &mut parent)
        else {
            panic!("message {number}");
        };
        assert_eq!((generation.get(), reason.len()), (number, 100_000));
    }
    assert!(!child.wants_write());
    child.send(&pong(9)).unwrap();
    assert_eq!(parent.receive().unwrap(), Some(pong(9)));
}

#[test]
fn a_peer_that_read_meanwhile_is_not_reported() {
    let (ours, theirs) = socket_pair().unwrap();
    let mut child: Child = Channel::new(theirs, 1_000);
    let mut parent: Parent = Channel::new(ours, LIMIT);
    let mut sent = 0;
    while child.send(&refused(10_000)).is_ok() {
        sent += 1;
    }
    while parent.receive().unwrap().is_some() {
        sent -= 1;
    }
    assert_eq!(sent, 1, "one is left in the queue");
    child.send(&pong(1)).unwrap();
    assert_eq!(parent.receive().unwrap(), Some(refused(10_000)));
    assert_eq!(parent.receive().unwrap(), Some(pong(1)));
}

#[test]
fn a_message_longer_than_the_limit_goes_to_a_peer_that_reads() {
    let (ours, theirs) = socket_pair().unwrap();
    let mut child: Child = Channel::new(theirs, 1_000);
    let mut parent: Parent = Channel::new(ours, LIMIT);
    let long = refused(1024 * 1024);
    child.send(&long).unwrap();
    assert!(matches!(
        child.send(&pong(1)),
        Err(ChannelError::Full { .. })
    ));
    assert_eq!(receive_all(&mut child, &mut parent), long);
}

#[test]
fn what_a_peer_said_before_it_died_is_still_received() {
    let (mut parent, mut child) = pair();
    child.send(&pong(1)).unwrap();
    child.send(&VrrpToParent::Stopped).unwrap();
    drop(child);
    assert_eq!(parent.receive().unwrap(), Some(pong(1)));
    assert_eq!(parent.receive().unwrap(), Some(VrrpToParent::Stopped));
    assert!(matches!(parent.receive(), Err(ChannelError::Closed)));
    assert!(matches!(parent.receive(), Err(ChannelError::Closed)));
}

/// The kernel then says ECONNRESET first.
#[test]
fn what_a_peer_said_is_received_although_it_did_not_read() {
    let (mut parent, mut child) = pair();
    parent.send(&ParentToVrrp::Ping { sequence: 1 }).unwrap();
    child.send(&VrrpToParent::Stopped).unwrap();
    drop(child);
    assert_eq!(parent.receive().unwrap(), Some(VrrpToParent::Stopped));
    assert!(matches!(parent.receive(), Err(ChannelError::Closed)));
}

#[test]
fn what_a_peer_said_is_received_although_something_waits_for_it() {
    let (mut parent, mut child) = pair();
    let waiting = ParentToVrrp::Hello(holdfast_ipc::message::Hello {
        version: "x".repeat(1024 * 1024),
        ..holdfast_ipc::message::Hello::of(holdfast_ipc::message::Role::Parent)
    });
    parent.send(&waiting).unwrap();
    assert!(parent.wants_write());
    child.send(&VrrpToParent::Stopped).unwrap();
    drop(child);
    let received = parent.receive_within(PATIENCE);
    assert_eq!(received.unwrap(), VrrpToParent::Stopped);
    assert!(matches!(
        parent.receive_within(PATIENCE),
        Err(ChannelError::Closed)
    ));
}

#[test]
fn a_closed_peer_is_noticed_when_sending() {
    let (mut parent, child) = pair();
    drop(child);
    assert!(matches!(
        parent.send(&ParentToVrrp::Go),
        Err(ChannelError::Closed)
    ));
}

#[test]
fn half_a_message_of_a_dead_peer_is_none() {
    let (mut parent, peer) = with_raw_peer();
    raw(&peer, &piece(MORE)).unwrap();
    drop(peer);
    assert!(matches!(parent.receive(), Err(ChannelError::Closed)));
}

/// What a channel says to datagrams of a peer.
fn said_to(datagrams: &[&[u8]]) -> ChannelError {
    let (mut parent, peer) = with_raw_peer();
    for datagram in datagrams {
        raw(&peer, datagram).unwrap();
    }
    parent.receive().unwrap_err()
}

#[test]
fn broken_framing_is_refused() {
    let unknown = said_to(&[&[7, 8]]);
    assert!(matches!(
        unknown,
        ChannelError::Framing("unknown first byte")
    ));
    let after_a_piece = said_to(&[&piece(MORE), &[2, 8]]);
    assert!(matches!(
        after_a_piece,
        ChannelError::Framing("unknown first byte")
    ));
    for short in [&[MORE][..], &[MORE, 8], &piece(MORE)[..DATAGRAM - 1]] {
        let refused = said_to(&[short]);
        assert!(matches!(
            refused,
            ChannelError::Framing("a piece is not full")
        ));
    }
}

#[test]
fn a_datagram_that_does_not_fit_the_buffer_is_refused() {
    for length in [DATAGRAM + 1, DATAGRAM + 2, 2 * DATAGRAM, 100_000] {
        let mut long = vec![0; length];
        long[0] = LAST;
        let refused = said_to(&[&long]);
        assert!(matches!(
            refused,
            ChannelError::Framing("a datagram is too long")
        ));
    }
}

#[test]
fn an_empty_datagram_is_the_end() {
    assert!(matches!(said_to(&[&[]]), ChannelError::Closed));
}

#[test]
fn a_message_that_never_ends_is_refused() {
    let (mut parent, peer) = with_raw_peer();
    let full = piece(MORE);
    let mut sent = 0;
    let refusal = loop {
        match raw(&peer, &full) {
            Ok(length) => sent += length - 1,
            Err(Errno::EAGAIN) => match parent.receive() {
                Ok(None) => {}
                Ok(Some(message)) => panic!("{message:?}"),
                Err(refusal) => break refusal,
            },
            Err(errno) => panic!("{errno}"),
        }
        assert!(sent < 2 * MAX_MESSAGE, "no bound");
    };
    assert!(matches!(
        refusal,
        ChannelError::Framing("a message is too long")
    ));
    assert!(sent > MAX_MESSAGE);
}

#[test]
fn bytes_that_are_no_message_are_refused() {
    let mut behind = vec![LAST];
    behind.extend(wire::encode(&VrrpToParent::Stopped).unwrap());
    behind.push(0);
    let refused = said_to(&[&behind]);
    assert!(matches!(
        refused,
        ChannelError::Wire(WireError::LeftOver(1))
    ));
    for none in [&[LAST][..], &[LAST, 200], &[LAST, 0]] {
        let refused = said_to(&[none]);
        assert!(matches!(
            refused,
            ChannelError::Wire(WireError::Decode { .. })
        ));
    }
}

#[test]
fn waiting_ends_when_a_message_comes() {
    let (mut parent, mut child) = pair();
    let sender = thread::spawn(move || {
        let asked = child.receive_within(PATIENCE).unwrap();
        child.send(&refused(1024 * 1024)).unwrap();
        // Writes on until the other end has all of it, and hears that it is closed.
        let end = child.receive_within(PATIENCE).unwrap_err();
        (asked, end)
    });
    parent.send(&ParentToVrrp::Go).unwrap();
    assert_eq!(
        parent.receive_within(PATIENCE).unwrap(),
        refused(1024 * 1024)
    );
    drop(parent);
    let (asked, end) = sender.join().unwrap();
    assert_eq!(asked, ParentToVrrp::Go);
    assert!(matches!(end, ChannelError::Closed));
}

#[test]
fn waiting_for_a_silent_peer_ends_after_the_time_given() {
    let (mut parent, _child) = pair();
    let wait = Duration::from_millis(30);
    let begin = Instant::now();
    let refused = parent.receive_within(wait).unwrap_err();
    assert!(matches!(refused, ChannelError::TimedOut(time) if time == wait));
    assert!(begin.elapsed() >= wait);
}

#[test]
fn sockets_are_not_inherited_and_never_block() {
    use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
    let (ours, theirs) = socket_pair().unwrap();
    for socket in [ours.as_fd(), theirs.as_fd()] {
        let inherited = FdFlag::from_bits_retain(fcntl(socket, FcntlArg::F_GETFD).unwrap());
        assert!(inherited.contains(FdFlag::FD_CLOEXEC));
        let status = OFlag::from_bits_retain(fcntl(socket, FcntlArg::F_GETFL).unwrap());
        assert!(status.contains(OFlag::O_NONBLOCK));
    }
}

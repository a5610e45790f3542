//! Descriptors that go with messages: they arrive whole, are closed where they do not belong, and
//! a peer that does not read does not cost any number of them.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use holdfast_ipc::Channel;
use holdfast_ipc::channel::{ChannelError, socket_pair};
use holdfast_ipc::message::{ParentToChecker, ParentToVrrp, VrrpToParent};
use holdfast_ipc::opening::{NotOpened, OpenStep, Refusal, Request};
use holdfast_ipc::wire;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use nix::unistd::{pipe, read, write};
use proptest::prelude::*;
use std::io::IoSlice;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Mutex, MutexGuard};

const LIMIT: usize = 8 * 1024 * 1024;
/// Largest datagram: its first byte and the payload.
const DATAGRAM: usize = 32 * 1024;
const LAST: u8 = 0;
const MORE: u8 = 1;

type Parent = Channel<ParentToVrrp, VrrpToParent>;
type Child = Channel<VrrpToParent, ParentToVrrp>;

/// One test takes all numbers of this process away for a moment.
static NUMBERS: Mutex<()> = Mutex::new(());

fn numbers() -> MutexGuard<'static, ()> {
    NUMBERS
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn pair() -> (Parent, Child) {
    let (ours, theirs) = socket_pair().unwrap();
    (Channel::new(ours, LIMIT), Channel::new(theirs, LIMIT))
}

fn with_raw_peer() -> (Parent, OwnedFd) {
    let (ours, theirs) = socket_pair().unwrap();
    (Channel::new(ours, LIMIT), theirs)
}

fn opened(request: u64) -> VrrpToParent {
    VrrpToParent::Opened {
        request: Request::new(request),
        opened: Ok(()),
    }
}

fn lost(request: u64) -> VrrpToParent {
    VrrpToParent::Opened {
        request: Request::new(request),
        opened: Err(Refusal::LOST),
    }
}

fn whole(message: &VrrpToParent) -> Vec<u8> {
    [&[LAST], wire::encode(message).unwrap().as_slice()].concat()
}

/// Sends a datagram with these descriptors.
fn raw(peer: &OwnedFd, datagram: &[u8], descriptors: &[&OwnedFd]) {
    let descriptors: Vec<i32> = descriptors.iter().map(|one| one.as_raw_fd()).collect();
    let rights = ControlMessage::ScmRights(&descriptors);
    let control = (!descriptors.is_empty()).then_some(rights);
    let parts = [IoSlice::new(datagram)];
    let flags = MsgFlags::MSG_NOSIGNAL;
    sendmsg::<()>(peer.as_raw_fd(), &parts, control.as_slice(), flags, None).unwrap();
}

/// True when nobody has the other end of a pipe open any more.
fn is_closed(reader: &OwnedFd) -> bool {
    read(reader, &mut [0]) == Ok(0)
}

#[test]
fn a_descriptor_arrives_with_its_message_and_is_not_inherited() {
    let _numbers = numbers();
    let (mut parent, mut child) = pair();
    let (reader, writer) = pipe().unwrap();
    child.send(&VrrpToParent::Pong { sequence: 1 }).unwrap();
    child.send_carrying(&opened(2), writer).unwrap();
    child.send(&VrrpToParent::Stopped).unwrap();
    let pong = VrrpToParent::Pong { sequence: 1 };
    let (message, none) = parent.receive_carrying().unwrap().unwrap();
    assert_eq!((message, none.is_none()), (pong, true));
    let (message, arrived) = parent.receive_carrying().unwrap().unwrap();
    assert_eq!(message, opened(2));
    let arrived = arrived.unwrap();
    let flags = FdFlag::from_bits_retain(fcntl(&arrived, FcntlArg::F_GETFD).unwrap());
    assert!(flags.contains(FdFlag::FD_CLOEXEC));
    write(&arrived, b"x").unwrap();
    drop(arrived);
    let mut byte = [0];
    assert_eq!(read(&reader, &mut byte), Ok(1));
    assert!(is_closed(&reader), "the sender kept its own");
    let (message, none) = parent.receive_carrying().unwrap().unwrap();
    assert_eq!((message, none.is_none()), (VrrpToParent::Stopped, true));
    assert!(parent.receive_carrying().unwrap().is_none());
}

#[test]
fn a_descriptor_waits_in_the_queue_with_its_message() {
    let _numbers = numbers();
    let (mut parent, mut child) = pair();
    let long = VrrpToParent::Refused {
        generation: holdfast_ipc::config::Generation::new(1),
        reason: "x".repeat(1024 * 1024),
    };
    child.send(&long).unwrap();
    let (reader, writer) = pipe().unwrap();
    child.send_carrying(&opened(1), writer).unwrap();
    assert!(child.wants_write());
    let mut messages = Vec::new();
    while messages.len() < 2 {
        child.flush().unwrap();
        messages.extend(parent.receive_carrying().unwrap());
    }
    let (message, arrived) = messages.pop().unwrap();
    assert_eq!(message, opened(1));
    write(arrived.unwrap(), b"x").unwrap();
    let mut byte = [0];
    assert_eq!(read(&reader, &mut byte), Ok(1));
}

#[test]
fn only_a_message_that_carries_one_is_sent_with_a_descriptor() {
    let _numbers = numbers();
    let (_parent, mut child) = pair();
    let (reader, writer) = pipe().unwrap();
    let refused = child.send_carrying(&VrrpToParent::Stopped, writer);
    assert!(matches!(refused, Err(ChannelError::Framing(_))));
    assert!(is_closed(&reader));
}

#[test]
fn descriptors_for_a_peer_that_does_not_read_are_bounded() {
    let _numbers = numbers();
    let (_parent, mut child) = pair();
    let mut sent = 0;
    let (reader, refusal) = loop {
        let (reader, writer) = pipe().unwrap();
        match child.send_carrying(&opened(sent), writer) {
            Ok(()) => sent += 1,
            Err(refusal) => break (reader, refusal),
        }
        assert!(sent < 900, "no bound");
    };
    assert!(matches!(refusal, ChannelError::Full { .. }), "{refusal}");
    assert!(is_closed(&reader), "what is refused is closed");
    child.send(&VrrpToParent::Stopped).unwrap();
}

/// What a channel says to a datagram with descriptors, all of which are closed then.
fn said_to(datagram: &[u8], count: usize) -> ChannelError {
    let (mut parent, peer) = with_raw_peer();
    let (reader, writer) = pipe().unwrap();
    raw(&peer, datagram, &vec![&writer; count]);
    drop(writer);
    let refusal = parent.receive_carrying().unwrap_err();
    drop(peer);
    assert!(is_closed(&reader), "one of {count} is still open");
    refusal
}

const STRAY: &str = "broken framing: a descriptor came with a message that has none";

#[test]
fn a_descriptor_with_a_message_that_has_none_is_closed_and_an_error() {
    let _numbers = numbers();
    let refusal = said_to(&whole(&VrrpToParent::Stopped), 1);
    assert_eq!(refusal.to_string(), STRAY);
    let refused = VrrpToParent::Opened {
        request: Request::new(1),
        opened: Err(Refusal {
            step: OpenStep::Mark,
            errno: 1,
        }),
    };
    assert_eq!(said_to(&whole(&refused), 1).to_string(), STRAY);
}

#[test]
fn several_descriptors_are_closed_and_an_error() {
    let _numbers = numbers();
    for count in [2, 3, 253] {
        let refusal = said_to(&whole(&opened(1)), count);
        assert_eq!(refusal.to_string(), STRAY, "{count}");
    }
}

#[test]
fn a_descriptor_with_a_piece_of_a_message_is_closed_and_an_error() {
    let _numbers = numbers();
    let mut piece = vec![0; DATAGRAM];
    *piece.first_mut().unwrap() = MORE;
    assert_eq!(said_to(&piece, 1).to_string(), STRAY);
}

#[test]
fn a_descriptor_with_bytes_that_are_no_message_is_closed() {
    let _numbers = numbers();
    for bytes in [&[LAST, 200][..], &[7, 7], &[LAST]] {
        let refusal = said_to(bytes, 1);
        let expected = matches!(refusal, ChannelError::Wire(_) | ChannelError::Framing(_));
        assert!(expected, "{refusal}");
    }
    assert!(matches!(said_to(&[], 1), ChannelError::Closed));
}

#[test]
fn a_direction_that_never_carries_one_takes_none() {
    let _numbers = numbers();
    let (ours, peer) = socket_pair().unwrap();
    let mut child: Child = Channel::new(ours, LIMIT);
    let (reader, writer) = pipe().unwrap();
    let go = [&[LAST], wire::encode(&ParentToVrrp::Go).unwrap().as_slice()].concat();
    raw(&peer, &go, &[&writer]);
    drop(writer);
    assert_eq!(child.receive().unwrap_err().to_string(), STRAY);
    assert!(is_closed(&reader));
}

#[test]
fn a_message_without_the_descriptor_that_it_promises_says_that_it_got_lost() {
    let _numbers = numbers();
    let (mut parent, peer) = with_raw_peer();
    raw(&peer, &whole(&opened(7)), &[]);
    let (message, none) = parent.receive_carrying().unwrap().unwrap();
    assert_eq!((message, none.is_none()), (lost(7), true));
}

/// The kernel then cuts it off, as it does with more descriptors than there is room for; but the
/// peer is not at fault.
#[test]
fn a_process_without_a_free_number_loses_the_descriptor_and_not_its_peer() {
    let _numbers = numbers();
    let (mut parent, mut child) = pair();
    let (reader, writer) = pipe().unwrap();
    child.send_carrying(&opened(7), writer).unwrap();
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 0, hard).unwrap();
    let received = parent.receive_carrying();
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
    let (message, none) = received.unwrap().unwrap();
    assert_eq!((message, none.is_none()), (lost(7), true));
    assert!(is_closed(&reader));
    child.send(&VrrpToParent::Stopped).unwrap();
    let (message, _none) = parent.receive_carrying().unwrap().unwrap();
    assert_eq!(message, VrrpToParent::Stopped);
}

#[test]
fn the_checker_child_hears_of_a_lost_descriptor_as_of_a_refusal() {
    let _numbers = numbers();
    let (ours, theirs) = socket_pair().unwrap();
    let mut parent: Channel<ParentToChecker, ParentToChecker> = Channel::new(ours, LIMIT);
    let mut checker: Channel<ParentToChecker, ParentToChecker> = Channel::new(theirs, LIMIT);
    let request = Request::new(3);
    let message = |opened| ParentToChecker::Opened { request, opened };
    parent.send(&message(Ok(()))).unwrap();
    let (heard, _none) = checker.receive_carrying().unwrap().unwrap();
    assert_eq!(heard, message(Err(NotOpened::Refused(Refusal::LOST))));
}

proptest! {
    /// Whatever comes, no descriptor is left open but the one that is handed out.
    #[test]
    fn nothing_stays_open_whatever_a_peer_sends(
        bytes in proptest::collection::vec(any::<u8>(), 0..20),
        is_message in any::<bool>(),
        count in 0_usize..5,
    ) {
        let _numbers = numbers();
        let (mut parent, peer) = with_raw_peer();
        let (reader, writer) = pipe().unwrap();
        let datagram = if is_message { whole(&opened(1)) } else { bytes };
        raw(&peer, &datagram, &vec![&writer; count]);
        drop((writer, peer));
        let arrived = match parent.receive_carrying() {
            Ok(Some((message, arrived))) => {
                let carries = holdfast_ipc::message::Carries::carries(&message);
                prop_assert_eq!(carries, arrived.is_some());
                arrived
            }
            Ok(None) | Err(_) => None,
        };
        prop_assert_eq!(arrived.is_some(), is_message && count == 1);
        drop(arrived);
        prop_assert!(is_closed(&reader));
    }
}

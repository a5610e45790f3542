//! The socket for requests: dumps of the kernel's state, and address changes.

use super::message::{NLMSG_DONE, NLMSG_ERROR, attributes, messages, u32_at};
use super::{RECEIVE_BUFFER, address, link, open, receive};
use crate::io::error::{Fatal, cannot};
use holdfast_vrrp::action::AddressChange;
use holdfast_vrrp::event::{AddressResult, KernelState};
use netlink_packet_core::{NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkMessage};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::link::{LinkAttribute, LinkExtentMask, LinkMessage};
use netlink_sys::{Socket, SocketAddr};
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use std::collections::BTreeMap;
use std::io;

/// Requests in one datagram: more does not make it faster, and their answers have to fit into the
/// receive buffer.
const REQUESTS_PER_SEND: usize = 64;
/// 64 answers of at most a few hundred bytes, with the kernel's accounting, many times over.
const ANSWER_BUFFER: usize = 1024 * 1024;
/// The kernel answers before `send` returns; this only keeps a lost answer from stopping the loop
/// for longer than the parent's heartbeat allows.
const ANSWER_LIMIT_MS: i64 = 200;
/// A dump that changed meanwhile is repeated; under a storm of changes the last one is taken,
/// since the notifications of the changes wait behind it.
const DUMP_ATTEMPTS: usize = 10;
/// Flag of an error message: attributes with the reason in words follow.
const NLM_F_ACK_TLVS: u16 = 0x200;
/// Attribute with that text.
const NLMSGERR_ATTR_MSG: u16 = 1;
/// Error code and the header of the request, in front of the attributes.
const ERROR_HEADER: usize = 20;

/// Requests to the kernel.
#[derive(Debug)]
pub(crate) struct Requests {
    socket: Socket,
    sequence: u32,
    buffer: Vec<u8>,
}

/// Sequence numbers of requests that are not answered yet, and what was answered.
type Answers = BTreeMap<u32, Option<Result<(), (Errno, String)>>>;

impl Requests {
    /// Opens the socket.
    pub(crate) fn open() -> Result<Self, Fatal> {
        let what = "open the netlink socket";
        let socket = open(what, ANSWER_BUFFER)?;
        socket
            .connect(&SocketAddr::new(0, 0))
            .map_err(cannot(what))?;
        let limit = TimeVal::milliseconds(ANSWER_LIMIT_MS);
        setsockopt(&socket, sockopt::ReceiveTimeout, &limit).map_err(cannot(what))?;
        // Short answers with a reason in words; without these options the number alone comes.
        let _ = socket.set_cap_ack(true);
        let _ = socket.set_ext_ack(true);
        Ok(Self {
            socket,
            sequence: 0,
            buffer: vec![0; RECEIVE_BUFFER],
        })
    }

    /// Reads all interfaces and addresses.
    pub(crate) fn state(&mut self) -> Result<KernelState, Fatal> {
        let mut state = KernelState::default();
        let mut query = LinkMessage::default();
        query
            .attributes
            .push(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]));
        let found = self.dump(&RouteNetlinkMessage::GetLink(query), link::describe)?;
        for described in found {
            if described.forwarding6 == Some(true) {
                state.forwarding6.push(described.link.index);
            }
            state.links.push(described.link);
        }
        let query = RouteNetlinkMessage::GetAddress(AddressMessage::default());
        state.addresses = self.dump(&query, address::describe)?;
        Ok(state)
    }

    /// Carries out all changes and tells what became of each, in the same order.
    pub(crate) fn change(&mut self, changes: Vec<AddressChange>) -> Vec<AddressResult> {
        let mut results = Vec::with_capacity(changes.len());
        let mut rest = changes.into_iter();
        loop {
            let batch: Vec<_> = rest.by_ref().take(REQUESTS_PER_SEND).collect();
            if batch.is_empty() {
                return results;
            }
            self.change_batch(batch, &mut results);
        }
    }

    fn change_batch(&mut self, batch: Vec<AddressChange>, results: &mut Vec<AddressResult>) {
        let mut bytes = Vec::new();
        let mut answers = Answers::new();
        let mut numbered = Vec::with_capacity(batch.len());
        for change in batch {
            let sequence = self.next_sequence();
            bytes.extend(address::request(&change, sequence));
            answers.insert(sequence, None);
            numbered.push((sequence, change));
        }
        let outcome = self.exchange(&bytes, &mut answers);
        for (sequence, change) in numbered {
            let refused = match answers.remove(&sequence).flatten() {
                Some(Ok(())) => None,
                Some(Err((errno, _))) if address::is_done(&change, errno) => None,
                Some(Err((_, text))) => Some(text),
                None => Some(match &outcome {
                    Ok(()) => "the kernel did not answer".to_owned(),
                    Err(error) => error.to_string(),
                }),
            };
            results.push(AddressResult { change, refused });
        }
    }

    /// Sends requests and reads until each of them is answered.
    fn exchange(&mut self, bytes: &[u8], answers: &mut Answers) -> io::Result<()> {
        self.socket.send(bytes, 0)?;
        while answers.values().any(Option::is_none) {
            let datagram = match receive(&self.socket, &mut self.buffer, 0) {
                Ok(datagram) => datagram.unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            for message in messages(datagram).filter(|message| message.kind == NLMSG_ERROR) {
                if let Some(answer) = answers.get_mut(&message.sequence) {
                    *answer = Some(verdict(message.flags, message.payload));
                }
            }
        }
        Ok(())
    }

    fn dump<T>(
        &mut self,
        query: &RouteNetlinkMessage,
        read: impl Fn(super::message::Message<'_>) -> Option<T>,
    ) -> Result<Vec<T>, Fatal> {
        let mut found = Vec::new();
        for _ in 0..DUMP_ATTEMPTS {
            found.clear();
            let undisturbed = self
                .dump_once(query, &read, &mut found)
                .map_err(cannot("read the interfaces and addresses"))?;
            if undisturbed {
                break;
            }
        }
        Ok(found)
    }

    /// True when nothing changed during the dump.
    fn dump_once<T>(
        &mut self,
        query: &RouteNetlinkMessage,
        read: &impl Fn(super::message::Message<'_>) -> Option<T>,
        found: &mut Vec<T>,
    ) -> io::Result<bool> {
        let sequence = self.next_sequence();
        let mut request = NetlinkMessage::from(query.clone());
        request.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
        request.header.sequence_number = sequence;
        self.socket.send(&address::serialize(request), 0)?;
        let mut undisturbed = true;
        loop {
            let datagram = match receive(&self.socket, &mut self.buffer, 0) {
                Ok(datagram) => datagram.unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            for message in messages(datagram).filter(|message| message.sequence == sequence) {
                undisturbed &= message.flags & NLM_F_DUMP_INTR == 0;
                match message.kind {
                    NLMSG_DONE => return Ok(undisturbed),
                    NLMSG_ERROR => {
                        verdict(message.flags, message.payload).map_err(|(errno, _)| errno)?;
                    }
                    _ => found.extend(read(message)),
                }
            }
        }
    }

    fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }
}

/// Reads an acknowledgement: the kernel's reason in words is put behind the name of the error.
fn verdict(flags: u16, payload: &[u8]) -> Result<(), (Errno, String)> {
    let code = u32_at(payload, 0).map_or(0, |code| code.cast_signed().saturating_neg());
    if code == 0 {
        return Ok(());
    }
    let errno = Errno::from_raw(code);
    let explained = (flags & NLM_F_ACK_TLVS != 0)
        .then(|| {
            attributes(payload, ERROR_HEADER)
                .find(|attribute| attribute.kind() == NLMSGERR_ATTR_MSG)
                .map(|attribute| String::from_utf8_lossy(attribute.value()).into_owned())
        })
        .flatten();
    let text = match explained {
        Some(text) => format!("{} ({})", errno.desc(), text.trim_end_matches('\0')),
        None => errno.desc().to_owned(),
    };
    Err((errno, text))
}

/// Numbers of errors that `receive` gives back are those of the system.
const _: () = assert!(libc::ENOBUFS == Errno::ENOBUFS as i32);

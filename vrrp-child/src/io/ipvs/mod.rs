//! Generic netlink to the kernel's load balancer: carries out one piece of work at a time and reads
//! every answer.

#[cfg(test)]
mod tests;
mod worker;

pub(crate) use worker::Worker;

use holdfast_vrrp::ipvs::codec::{self, FamilyId, Part};
use holdfast_vrrp::ipvs::command::{Command, Query};
use holdfast_vrrp::ipvs::table::{Entry, ServiceKey, SyncDaemon, Timeouts};
use holdfast_vrrp::ipvs::work::{Done, Refusal, Work};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_GENERIC};
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use std::collections::BTreeMap;
use std::io;

/// The kernel's own port; messages of other senders are never used.
const KERNEL: u32 = 0;
/// The kernel never builds a netlink datagram above 32 KiB.
const RECEIVE_BUFFER: usize = 64 * 1024;
/// Answers on 64 services with their counters, and as many acknowledgements, with the kernel's
/// accounting, many times over.
const ANSWER_BUFFER: usize = 1024 * 1024;
/// The kernel answers before `send` returns; this only keeps a lost answer from stopping the loop.
const ANSWER_LIMIT_MS: i64 = 200;
/// A dump that was disturbed by a change is repeated.
const DUMP_ATTEMPTS: usize = 10;
/// Flag of a message of a dump that was disturbed (linux/netlink.h).
const NLM_F_DUMP_INTR: u16 = 0x10;

/// Datagrams to the kernel and back.
pub(crate) trait Wire {
    /// Sends one.
    fn send(&mut self, datagram: &[u8]) -> io::Result<()>;
    /// Receives one; its length, or none where it is not the kernel's.
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>>;
}

/// None where there is no generic netlink: that costs the load balancer, not the process.
impl Wire for Option<Socket> {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        let socket = self.as_ref().ok_or(Errno::EPROTONOSUPPORT)?;
        socket.send(datagram, 0).map(drop)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let socket = self.as_ref().ok_or(Errno::EPROTONOSUPPORT)?;
        let room = buffer.len();
        let mut free = buffer;
        // MSG_TRUNC makes the kernel tell the true length.
        let (length, sender): (usize, SocketAddr) = socket.recv_from(&mut free, libc::MSG_TRUNC)?;
        if length > room {
            return Err(Errno::ENOBUFS.into());
        }
        Ok((sender.port_number() == KERNEL).then_some(length))
    }
}

/// The connection to the kernel's load balancer.
#[derive(Debug)]
pub(crate) struct Ipvs<W = Option<Socket>> {
    wire: W,
    family: Option<FamilyId>,
    sequence: u32,
    buffer: Vec<u8>,
}

/// Answers by the number of their request.
type Answers = BTreeMap<u32, Result<Vec<Vec<u8>>, Refusal>>;

impl Ipvs {
    /// Opens the socket; whether the kernel has a load balancer is asked later.
    pub(crate) fn open() -> Self {
        Self::new(open().ok())
    }
}

fn open() -> io::Result<Socket> {
    let mut socket = Socket::new(NETLINK_GENERIC)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    // Without CAP_NET_ADMIN the default stays, which holds the answers of a piece as well.
    let _ = setsockopt(&socket, sockopt::RcvBufForce, &ANSWER_BUFFER);
    let limit = TimeVal::milliseconds(ANSWER_LIMIT_MS);
    setsockopt(&socket, sockopt::ReceiveTimeout, &limit)?;
    // Short answers: the request is not sent back.
    let _ = socket.set_cap_ack(true);
    Ok(socket)
}

impl<W: Wire> Ipvs<W> {
    fn new(wire: W) -> Self {
        Self {
            wire,
            family: None,
            sequence: 0,
            buffer: vec![0; RECEIVE_BUFFER],
        }
    }

    /// Carries out one piece.
    pub(crate) fn carry_out(&mut self, work: Work) -> Done {
        match work {
            Work::Open => Done::Opened(self.find_family()),
            Work::ReadSettings => Done::Settings(self.read_settings()),
            Work::Read(keys) => Done::Found(self.read(keys)),
            Work::Change(commands) => Done::Changed(self.change(commands)),
        }
    }

    /// The kernel loads the module of the family within `send`.
    fn find_family(&mut self) -> Result<(), Refusal> {
        self.family = None;
        let sequence = self.next_sequence();
        let query = codec::family_query(sequence);
        let mut answers = self.exchange(&query, &[sequence]);
        let datagrams = answers.remove(&sequence).unwrap_or_else(unanswered)?;
        let found = datagrams.iter().flat_map(|bytes| codec::parts(bytes));
        self.family = found.filter_map(|part| codec::read_family(&part)).next();
        match self.family {
            Some(_) => Ok(()),
            None => unanswered().map(drop),
        }
    }

    fn read_settings(&mut self) -> Result<(Timeouts, Vec<SyncDaemon>), Refusal> {
        let answer = self.ask(&Query::Timeouts)?;
        let timeouts = answer.iter().flat_map(|bytes| codec::parts(bytes)).next();
        let timeouts = timeouts.map(|part| codec::read_timeouts(&part));
        let answer = self.ask(&Query::Daemons)?;
        let daemons = answer.iter().flat_map(|bytes| codec::parts(bytes));
        let daemons = daemons.filter_map(|part| codec::read_daemon(&part).ok());
        Ok((timeouts.unwrap_or_default(), daemons.collect()))
    }

    /// All services are asked for at once, then the servers of each: only one dump can be open.
    fn read(&mut self, keys: Vec<ServiceKey>) -> Vec<(ServiceKey, Result<Option<Entry>, Refusal>)> {
        let mut datagram = Vec::new();
        let numbered: Vec<_> = keys
            .into_iter()
            .map(|key| {
                let sequence = self.next_sequence();
                let query = Query::Service(key);
                codec::query(&query, self.family(), sequence, &mut datagram);
                (key, sequence)
            })
            .collect();
        let sequences: Vec<_> = numbered.iter().map(|(_, sequence)| *sequence).collect();
        let mut answers = self.exchange(&datagram, &sequences);
        let answered = numbered.into_iter().map(|(key, sequence)| {
            let answer = answers.remove(&sequence).unwrap_or_else(unanswered);
            (key, self.read_one(key, answer))
        });
        answered.collect()
    }

    fn read_one(
        &mut self,
        key: ServiceKey,
        answer: Result<Vec<Vec<u8>>, Refusal>,
    ) -> Result<Option<Entry>, Refusal> {
        let answer = match answer {
            Ok(answer) => answer,
            Err(refusal) if refusal.errno == libc::ESRCH => return Ok(None),
            Err(refusal) => return Err(refusal),
        };
        let mut parts = answer.iter().flat_map(|bytes| codec::parts(bytes));
        let service = parts.next().map(|part| codec::read_service(&part));
        let service = match service {
            Some(Ok(service)) => service,
            Some(Err(malformed)) => return Err(broken(&malformed.to_string())),
            None => return unanswered().map(|_| None),
        };
        let answer = self.ask(&Query::Servers(key))?;
        let servers = answer.iter().flat_map(|bytes| codec::parts(bytes));
        let servers = servers.map(|part| codec::read_server(&part, key.family()));
        let servers = servers
            .map(|server| server.map(|server| (server.key, server.server)))
            .collect::<Result<_, _>>()
            .map_err(|malformed| broken(&malformed.to_string()))?;
        let options = service.options;
        Ok(Some(Entry { options, servers }))
    }

    fn change(&mut self, commands: Vec<Command>) -> Vec<(Command, Result<(), Refusal>)> {
        let mut datagram = Vec::new();
        let numbered: Vec<_> = commands
            .into_iter()
            .map(|command| {
                let sequence = self.next_sequence();
                codec::command(&command, self.family(), sequence, &mut datagram);
                (command, sequence)
            })
            .collect();
        let sequences: Vec<_> = numbered.iter().map(|(_, sequence)| *sequence).collect();
        let mut answers = self.exchange(&datagram, &sequences);
        let answered = numbered.into_iter().map(|(command, sequence)| {
            let answer = answers.remove(&sequence).unwrap_or_else(unanswered);
            (command, answer.map(drop))
        });
        answered.collect()
    }

    /// One question; a dump that was disturbed is asked again, the last time as it is.
    fn ask(&mut self, query: &Query) -> Result<Vec<Vec<u8>>, Refusal> {
        let mut found = Vec::new();
        for _ in 0..DUMP_ATTEMPTS {
            let sequence = self.next_sequence();
            let mut datagram = Vec::new();
            codec::query(query, self.family(), sequence, &mut datagram);
            let mut answers = self.exchange(&datagram, &[sequence]);
            found = answers.remove(&sequence).unwrap_or_else(unanswered)?;
            let mut parts = found.iter().flat_map(|bytes| codec::parts(bytes));
            if !parts.any(|part| part.flags & NLM_F_DUMP_INTR != 0) {
                break;
            }
        }
        Ok(found)
    }

    /// Sends requests and reads until each is answered. What is not acknowledged when an answer is
    /// lost has the error of the socket.
    fn exchange(&mut self, datagram: &[u8], sequences: &[u32]) -> Answers {
        let mut data: BTreeMap<u32, Vec<Vec<u8>>> = BTreeMap::new();
        let mut answers = Answers::new();
        let outcome = self.converse(datagram, sequences.len(), |part, bytes| {
            if !sequences.contains(&part.sequence) {
                return false;
            }
            let Some(errno) = codec::read_errno(part) else {
                let answer = data.entry(part.sequence).or_default();
                answer.push(bytes.to_vec());
                return false;
            };
            let answer = match errno {
                0 => Ok(data.remove(&part.sequence).unwrap_or_default()),
                errno => Err(refusal(errno)),
            };
            answers.insert(part.sequence, answer).is_none()
        });
        if let Err(error) = outcome {
            for sequence in sequences {
                answers.entry(*sequence).or_insert_with(|| {
                    Err(Refusal {
                        errno: error.raw_os_error().unwrap_or_default(),
                        text: error.to_string(),
                    })
                });
            }
        }
        answers
    }

    /// Gives each message of the kernel to `take` until that has said `expected` times that a
    /// request is answered.
    fn converse(
        &mut self,
        datagram: &[u8],
        expected: usize,
        mut take: impl FnMut(&Part<'_>, &[u8]) -> bool,
    ) -> io::Result<()> {
        if expected == 0 {
            return Ok(());
        }
        self.wire.send(datagram)?;
        let mut answered = 0_usize;
        while answered < expected {
            let length = match self.wire.receive(&mut self.buffer) {
                Ok(length) => length.unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let received = self.buffer.get(..length).unwrap_or_default();
            for part in codec::parts(received) {
                if take(&part, part.whole) {
                    answered = answered.saturating_add(1);
                }
            }
        }
        Ok(())
    }

    /// Work on the table is asked for only behind `Open`; number 0 is nobody's and is refused.
    fn family(&self) -> FamilyId {
        self.family.unwrap_or(FamilyId::new(0))
    }

    fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }
}

fn refusal(errno: i32) -> Refusal {
    Refusal {
        errno,
        text: Errno::from_raw(errno).desc().to_owned(),
    }
}

fn broken(text: &str) -> Refusal {
    Refusal {
        errno: libc::EBADMSG,
        text: text.to_owned(),
    }
}

fn unanswered() -> Result<Vec<Vec<u8>>, Refusal> {
    Err(broken("the kernel did not answer"))
}

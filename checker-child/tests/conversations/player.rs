//! Plays a server against a conversation.

use holdfast_checker::check::{
    Channel, Conversation, Finding, Input, NetError, Outcome, Plan, Step,
};
use holdfast_ipc::config::model::{Endpoint, Micros, Probe};
use holdfast_ipc::time::Monotonic;
use std::collections::VecDeque;
use std::sync::Arc;

/// `connect_timeout` of all these checks.
pub(crate) const TIMEOUT: Micros = Micros::from_secs(5);
pub(crate) const RANDOM: u64 = 0x0123_4567_89ab_cdef;
const START: Monotonic = Monotonic::from_micros(1_000_000_000);
/// More steps than any conversation may take.
const STEPS: usize = 200_000;

/// What a server does when it has said everything.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Closes,
    IsSilent,
    Fails(NetError),
}

/// A server that knows by heart what it says.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// Said at once (streams only), then once for each thing that is sent to it.
    pub(crate) says: Vec<Vec<u8>>,
    pub(crate) end: End,
}

impl Server {
    /// Speaks when it was asked.
    pub(crate) fn answers(answer: impl AsRef<[u8]>, end: End) -> Self {
        Self::says(&[b"", answer.as_ref()], end)
    }

    pub(crate) fn says(all: &[&[u8]], end: End) -> Self {
        let says = all.iter().map(|said| said.to_vec()).collect();
        Self { says, end }
    }
}

/// What was sent, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Played {
    pub(crate) sent: Vec<Vec<u8>>,
    pub(crate) finding: Finding,
    pub(crate) close_notify: bool,
}

impl Played {
    /// As an operator reads it.
    pub(crate) fn text(&self) -> String {
        self.finding.to_string()
    }

    pub(crate) fn passed(&self) -> bool {
        matches!(self.finding.outcome, Outcome::Passed(_))
    }
}

pub(crate) fn endpoint(address: &str, port: u16) -> Endpoint {
    Endpoint {
        timeout: TIMEOUT,
        ..Endpoint::new(address.parse().unwrap(), port)
    }
}

pub(crate) fn plan(probe: &Probe) -> Arc<Plan> {
    Arc::new(Plan::new(probe).unwrap())
}

/// Plays with what the server says in one piece each.
pub(crate) fn play(plan: &Arc<Plan>, server: &Server) -> Played {
    play_cut(plan, server, &|said| vec![said.to_vec()])
}

/// Plays it in one piece, cut in two at every byte, and byte by byte: all give the same.
pub(crate) fn play_every_cut(plan: &Arc<Plan>, server: &Server) -> Played {
    let whole = play(plan, server);
    let longest = server.says.iter().map(Vec::len).max().unwrap();
    for cut in 1..longest {
        let halves = play_cut(plan, server, &|said| {
            let (first, second) = said.split_at(cut.min(said.len()));
            [first, second].map(<[u8]>::to_vec).into()
        });
        assert_eq!(halves, whole, "cut at byte {cut}");
    }
    let bytes = play_cut(plan, server, &|said| {
        said.iter().map(|byte| vec![*byte]).collect()
    });
    assert_eq!(bytes, whole, "byte by byte");
    whole
}

pub(crate) fn play_cut(
    plan: &Arc<Plan>,
    server: &Server,
    cut: &dyn Fn(&[u8]) -> Vec<Vec<u8>>,
) -> Played {
    let mut conversation = Conversation::new(plan, 0);
    let is_stream = matches!(conversation.channel(), Channel::Tcp | Channel::Tls { .. });
    let mut says = server.says.iter();
    let mut pending: VecDeque<Vec<u8>> = VecDeque::new();
    let mut next_said = |pending: &mut VecDeque<_>| {
        let pieces = says.next().map(|said| cut(said)).unwrap_or_default();
        // A stream knows no empty piece; an empty datagram is one.
        pending.extend(
            pieces
                .into_iter()
                .filter(|piece| !piece.is_empty() || !is_stream),
        );
    };
    let mut sent = Vec::new();
    let mut now = START;
    let mut greeted = false;
    let mut step = conversation.start(now, RANDOM);
    for _ in 0..STEPS {
        step = match step {
            Step::Connect { .. } | Step::Secure { .. } => {
                conversation.handle(now, Input::Connected)
            }
            Step::Talk { send, until } => {
                if is_stream && !std::mem::replace(&mut greeted, true) {
                    next_said(&mut pending);
                }
                if !send.is_empty() {
                    next_said(&mut pending);
                    sent.push(send);
                }
                match (pending.pop_front(), &server.end) {
                    (Some(bytes), _) => conversation.handle(now, Input::Bytes(&bytes)),
                    (None, End::Closes) => conversation.handle(now, Input::Closed),
                    (None, End::IsSilent) => {
                        now = until;
                        conversation.handle(now, Input::TimedOut)
                    }
                    (None, End::Fails(error)) => {
                        conversation.handle(now, Input::Failed(error.clone()))
                    }
                }
            }
            Step::Done {
                finding,
                close_notify,
            } => {
                return Played {
                    sent,
                    finding,
                    close_notify,
                };
            }
        };
    }
    panic!("the conversation has no end");
}

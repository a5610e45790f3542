//! Holds the conversations with servers: opens the sockets, sends and reads, keeps the time of each
//! step.

mod connections;
mod needs;
mod net_error;
mod random;
mod socket;
mod stream;
mod talks;
mod tls;

pub(crate) use needs::{in_flight, try_ping};
pub(crate) use random::Random;
pub(crate) use talks::Talks;
pub(crate) use tls::Contexts;

use super::clock;
use holdfast_checker::check::{Channel, Conversation, Finding, Input, NetError, Step};
use holdfast_ipc::opening::Refusal;
use holdfast_ipc::time::Monotonic;
use std::cell::RefCell;
use std::os::fd::OwnedFd;
use stream::Line;
use tokio::time::timeout;

thread_local! {
    /// What is read. Nothing is kept in it over a wait, so all conversations share it.
    static BUFFER: RefCell<Vec<u8>> =
        RefCell::new(vec![0; holdfast_checker::check::DATAGRAM_SIZE]);
}

/// A socket that the parent was asked for.
pub(crate) struct Given {
    /// Since when it was waited for.
    pub(crate) since: Monotonic,
    /// The socket with all that the configuration says, or what the kernel refused.
    pub(crate) socket: Result<OwnedFd, Refusal>,
}

/// Asks one question to its end. `random` is a number that nobody outside can guess.
pub(crate) async fn converse(
    mut conversation: Box<Conversation>,
    contexts: &Contexts,
    random: u64,
    given: Option<Given>,
) -> Finding {
    let mut line = None;
    let started = given.as_ref().map_or_else(clock::now, |given| given.since);
    let mut given = given.map(|given| given.socket);
    let mut step = conversation.start(started, random);
    loop {
        step = match step {
            Step::Connect { until } => {
                let opened = within(until, open(&conversation, given.take())).await;
                take(&mut conversation, &mut line, opened)
            }
            Step::Secure { until } => {
                let secured = match line.take() {
                    Some(line) => within(until, secure(&conversation, line, contexts)).await,
                    None => Err(NoAnswer::Failed(NetError::Reset)),
                };
                take(&mut conversation, &mut line, secured)
            }
            Step::Talk { send, until } => {
                talk(&mut conversation, line.as_mut(), &send, until).await
            }
            Step::Done {
                finding,
                close_notify,
            } => {
                if let Some(line) = line {
                    line.close(close_notify);
                }
                return finding;
            }
        };
    }
}

/// Why a step has no answer.
enum NoAnswer {
    TimedOut,
    Failed(NetError),
}

impl From<NoAnswer> for Input<'_> {
    fn from(none: NoAnswer) -> Self {
        match none {
            NoAnswer::TimedOut => Self::TimedOut,
            NoAnswer::Failed(error) => Self::Failed(error),
        }
    }
}

async fn within<T>(
    until: Monotonic,
    work: impl Future<Output = Result<T, NetError>>,
) -> Result<T, NoAnswer> {
    match timeout(clock::until(until), work).await {
        Ok(done) => done.map_err(NoAnswer::Failed),
        Err(_elapsed) => Err(NoAnswer::TimedOut),
    }
}

async fn open(
    conversation: &Conversation,
    given: Option<Result<OwnedFd, Refusal>>,
) -> Result<Line, NetError> {
    let endpoint = conversation.endpoint();
    let channel = conversation.channel();
    let socket = match given {
        Some(given) => socket::given(given)?,
        None => socket::own(&channel, endpoint)?,
    };
    match channel {
        Channel::Tcp | Channel::Tls { .. } => {
            stream::connect(socket, endpoint).await.map(Line::Plain)
        }
        Channel::Udp | Channel::Ping => socket::datagram(socket, endpoint).map(Line::Datagram),
    }
}

async fn secure(
    conversation: &Conversation,
    line: Line,
    contexts: &Contexts,
) -> Result<Line, NetError> {
    match (conversation.channel(), line) {
        (
            Channel::Tls {
                server_name,
                options,
            },
            Line::Plain(stream),
        ) => {
            let address = conversation.endpoint().address;
            tls::handshake(stream, server_name, address, options, contexts)
                .await
                .map(Line::Secure)
        }
        (_, line) => Ok(line),
    }
}

fn take(
    conversation: &mut Conversation,
    line: &mut Option<Line>,
    opened: Result<Line, NoAnswer>,
) -> Step {
    let now = clock::now();
    match opened {
        Ok(opened) => {
            *line = Some(opened);
            conversation.handle(now, Input::Connected)
        }
        Err(none) => conversation.handle(now, none.into()),
    }
}

async fn talk(
    conversation: &mut Conversation,
    line: Option<&mut Line>,
    send: &[u8],
    until: Monotonic,
) -> Step {
    let Some(line) = line else {
        return conversation.handle(clock::now(), Input::Failed(NetError::Reset));
    };
    let read = async {
        line.send(send).await?;
        line.read(|input| conversation.handle(clock::now(), input))
            .await
    };
    match within(until, read).await {
        Ok(step) => step,
        Err(none) => conversation.handle(clock::now(), none.into()),
    }
}

/// The system's words, without the number that std puts behind them.
fn words(error: &std::io::Error) -> String {
    error.raw_os_error().map_or_else(
        || error.to_string(),
        |number| nix::errno::Errno::from_raw(number).desc().to_owned(),
    )
}

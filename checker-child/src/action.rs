//! What the checker wants done.

use crate::check::Conversation;
use crate::check::engine::TalkId;
use crate::check::server::CheckedServer;
use crate::event::RunId;
use holdfast_ipc::config::model::{Endpoint, Probe as Check, ShellWords, TlsFiles};
use holdfast_ipc::log::{Level, LogRecord};
use holdfast_ipc::message::CheckerToParent;
use holdfast_ipc::opening::{Refusal, Request};
use holdfast_ipc::time::Monotonic;

/// How hard a run is ended. It always goes to the whole process group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// SIGTERM: it may clean up.
    Terminate,
    /// SIGKILL.
    Kill,
}

/// One question to /proc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Whose answer it is.
    pub run: RunId,
    /// Names of which at least one process each has to run.
    pub names: Vec<String>,
}

/// What the checks of a configuration need from this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// `SSL_GET`, with the files of `SSL`.
    pub tls: Option<TlsNeeds>,
    /// `PING_CHECK` to an IPv4 address.
    pub ping_v4: bool,
    /// `PING_CHECK` to an IPv6 address.
    pub ping_v6: bool,
}

/// What `SSL_GET` needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsNeeds {
    /// Some check has `verify`.
    pub verify: bool,
    /// `SSL`.
    pub files: TlsFiles,
}

impl Needs {
    /// All that these servers need.
    pub(crate) fn of(servers: &[CheckedServer], files: &TlsFiles) -> Self {
        let mut needs = Self::default();
        for check in servers.iter().flat_map(|server| &server.checks) {
            match &check.probe {
                Check::Http(probe) => {
                    if let Some(options) = &probe.tls {
                        let tls = needs.tls.get_or_insert_with(|| TlsNeeds {
                            verify: false,
                            files: files.clone(),
                        });
                        tls.verify |= options.verify;
                    }
                }
                Check::Ping(Endpoint { address, .. }) => {
                    needs.ping_v4 |= address.is_ipv4();
                    needs.ping_v6 |= address.is_ipv6();
                }
                Check::Tcp(_)
                | Check::Smtp { .. }
                | Check::Udp(_)
                | Check::Dns { .. }
                | Check::Misc { .. }
                | Check::File { .. }
                | Check::Bfd { .. } => {}
            }
        }
        needs
    }
}

/// A conversation to be held.
#[derive(Debug)]
pub struct Question(pub Box<Conversation>);

/// The same question to the same server.
impl PartialEq for Question {
    fn eq(&self, other: &Self) -> bool {
        self.0.endpoint() == other.0.endpoint() && self.0.channel() == other.0.channel()
    }
}

impl Eq for Question {}

/// What the checker wants done, in this order.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Tell the parent.
    Send(CheckerToParent),
    /// Start a script in a process group of its own. Answered by `Ended`.
    Run {
        /// Its number.
        run: RunId,
        /// The command line.
        words: ShellWords,
        /// Look at the path first: nobody else may be able to replace the script.
        check_path: bool,
    },
    /// Hold a conversation with a server. Answered by `Finished`.
    Converse {
        /// Which.
        talk: TalkId,
        /// What is asked.
        question: Question,
    },
    /// The same over a socket that came from the parent, or that nobody could open.
    ConverseOver {
        /// Which.
        talk: TalkId,
        /// What is asked.
        question: Question,
        /// Since when the socket was waited for: the wait is a part of connecting.
        since: Monotonic,
        /// Which answer of the parent brought it, or what the kernel refused.
        opened: Result<Request, Refusal>,
    },
    /// Close the socket of a conversation. No answer is expected.
    BreakOff {
        /// Which.
        talk: TalkId,
    },
    /// Make ready what the checks of a configuration need; say so where it cannot be had.
    Provide(Needs),
    /// Look into /proc, once for all. Answered by one `Ended` for each.
    Probe(Vec<Probe>),
    /// Signal the process group of a run.
    Signal {
        /// Which.
        run: RunId,
        /// How hard.
        force: Force,
    },
    /// End this process with success.
    End,
    /// End this process with this error: the parent broke the rules.
    Fail(String),
}

impl Action {
    /// A line for the log.
    pub(crate) fn log(level: Level, text: impl Into<String>) -> Self {
        Self::Send(CheckerToParent::Log(LogRecord::new(level, text)))
    }
}

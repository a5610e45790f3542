//! Conversations that go on: those over plain TCP all in one, others each a task of the event loop.

use super::connections::Connections;
use super::random::Random;
use super::{Contexts, Given, converse};
use holdfast_checker::Event;
use holdfast_checker::action::Question;
use holdfast_checker::check::Finding;
use holdfast_checker::check::engine::TalkId;
use holdfast_ipc::time::Monotonic;
use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

/// Findings that are taken in one turn; what the parent says is looked at in between.
const PIECE: usize = 256;

/// All conversations of this process. Their number is limited by the engine.
pub(crate) struct Talks {
    connections: Connections,
    tasks: HashMap<TalkId, AbortHandle>,
    report: UnboundedSender<(TalkId, Finding)>,
    reports: UnboundedReceiver<(TalkId, Finding)>,
    taken: Vec<(TalkId, Finding)>,
    contexts: Arc<Contexts>,
    random: Random,
}

impl Talks {
    /// Without any.
    pub(crate) fn new(random: Random) -> io::Result<Self> {
        let (report, reports) = unbounded_channel();
        Ok(Self {
            connections: Connections::new()?,
            tasks: HashMap::new(),
            report,
            reports,
            taken: Vec::new(),
            contexts: Arc::new(Contexts::none()),
            random,
        })
    }

    /// TLS sessions that begin from now on use these.
    pub(crate) fn set_contexts(&mut self, contexts: Contexts) {
        self.contexts = Arc::new(contexts);
    }

    /// A descriptor that is readable when [`Self::read_ready`] has something to do.
    pub(crate) fn readiness(&self) -> io::Result<OwnedFd> {
        self.connections.readiness()
    }

    /// Takes what servers did; to be called until it says that there is no more.
    pub(crate) fn read_ready(&mut self) -> bool {
        self.connections.read_ready(&mut self.taken)
    }

    /// When [`Self::due`] has to be called.
    pub(crate) const fn next_deadline(&self) -> Option<Monotonic> {
        self.connections.next_deadline()
    }

    /// Looks whose time is over.
    pub(crate) fn due(&mut self) {
        self.connections.due(&mut self.taken);
    }

    /// Begins one, where one is given over this socket.
    pub(crate) fn start(&mut self, talk: TalkId, question: Question, given: Option<Given>) {
        let conversation = question.0;
        let random = self.random.next();
        if given.is_none() && Connections::takes(&conversation) {
            let over = self.connections.start(talk, conversation, random);
            self.taken.extend(over.map(|finding| (talk, finding)));
            return;
        }
        let contexts = Arc::clone(&self.contexts);
        let report = self.report.clone();
        let task = tokio::spawn(async move {
            let finding = converse(conversation, &contexts, random, given).await;
            // Nobody listens any more at the end of the process only.
            let _ = report.send((talk, finding));
        });
        self.tasks.insert(talk, task.abort_handle());
    }

    /// Breaks one off.
    pub(crate) fn stop(&mut self, talk: TalkId) {
        if self.connections.stop(talk) {
            return;
        }
        if let Some(task) = self.tasks.remove(&talk) {
            task.abort();
        }
    }

    /// Waits until a task is over. Nothing is lost where the wait is broken off.
    pub(crate) async fn wait(&mut self) {
        if self.taken.is_empty() {
            self.reports.recv_many(&mut self.taken, PIECE).await;
        }
    }

    /// What came since.
    pub(crate) fn take(&mut self, events: &mut Vec<Event>) {
        for (talk, finding) in self.taken.drain(..) {
            self.tasks.remove(&talk);
            events.push(Event::Finished { talk, finding });
        }
    }
}

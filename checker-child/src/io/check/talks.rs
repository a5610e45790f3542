//! Conversations that go on, each a task of the event loop.

use super::random::Random;
use super::{Contexts, Given, converse};
use holdfast_checker::Event;
use holdfast_checker::action::Question;
use holdfast_checker::check::Finding;
use holdfast_checker::check::engine::TalkId;
use std::collections::HashMap;
use std::rc::Rc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{AbortHandle, spawn_local};

/// Findings that are taken in one turn; what the parent says is looked at in between.
const PIECE: usize = 256;

/// All conversations of this process. Their number is limited by the engine.
pub(crate) struct Talks {
    tasks: HashMap<TalkId, AbortHandle>,
    report: UnboundedSender<(TalkId, Finding)>,
    reports: UnboundedReceiver<(TalkId, Finding)>,
    taken: Vec<(TalkId, Finding)>,
    contexts: Rc<Contexts>,
    random: Random,
}

impl Talks {
    /// Without any.
    pub(crate) fn new(random: Random) -> Self {
        let (report, reports) = unbounded_channel();
        Self {
            tasks: HashMap::new(),
            report,
            reports,
            taken: Vec::new(),
            contexts: Rc::new(Contexts::none()),
            random,
        }
    }

    /// TLS sessions that begin from now on use these.
    pub(crate) fn set_contexts(&mut self, contexts: Contexts) {
        self.contexts = Rc::new(contexts);
    }

    /// Begins one, where one is given over this socket.
    pub(crate) fn start(&mut self, talk: TalkId, question: Question, given: Option<Given>) {
        let contexts = Rc::clone(&self.contexts);
        let random = self.random.next();
        let report = self.report.clone();
        let task = spawn_local(async move {
            let finding = converse(question.0, &contexts, random, given).await;
            // Nobody listens any more at the end of the process only.
            let _ = report.send((talk, finding));
        });
        self.tasks.insert(talk, task.abort_handle());
    }

    /// Breaks one off.
    pub(crate) fn stop(&mut self, talk: TalkId) {
        if let Some(task) = self.tasks.remove(&talk) {
            task.abort();
        }
    }

    /// Waits until one is over. Nothing is lost where the wait is broken off.
    pub(crate) async fn wait(&mut self) {
        self.reports.recv_many(&mut self.taken, PIECE).await;
    }

    /// What came since.
    pub(crate) fn take(&mut self, events: &mut Vec<Event>) {
        for (talk, finding) in self.taken.drain(..) {
            self.tasks.remove(&talk);
            events.push(Event::Finished { talk, finding });
        }
    }
}

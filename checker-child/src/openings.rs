//! Conversations that wait for a socket which this process may not open: the parent is asked for
//! it. So many are asked for at once; the others wait for their turn. Each waits no longer than it
//! may take to connect, and is not tried then: that says nothing about the server.

use crate::check::engine::TalkId;
use crate::check::{Cause, Conversation, Excerpt, Finding, Outcome};
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::opening::{MAX_REQUESTS, Request};
use holdfast_ipc::time::Monotonic;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Longest wait, whatever `connect_timeout` says: the parent notices a VRRP child that hangs by
/// then, and the place of a conversation is wanted by others.
const LONGEST_WAIT: Micros = Micros::from_secs(5);

/// One that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) conversation: Box<Conversation>,
    /// Since when: the wait counts as a part of connecting.
    pub(crate) since: Monotonic,
    until: Monotonic,
}

impl Waiting {
    /// Nobody could open the socket.
    pub(crate) fn not_tried(&self, now: Monotonic, reason: impl Into<String>) -> Finding {
        not_tried(now.since(self.since), reason.into())
    }
}

/// All that wait.
#[derive(Debug)]
pub(crate) struct Openings {
    /// How many may wait, so that conversations of others find a place.
    most: usize,
    last: Request,
    waiting: BTreeMap<TalkId, Waiting>,
    deadlines: BTreeSet<(Monotonic, TalkId)>,
    /// Those that nobody was asked for yet; some may have gone.
    queue: VecDeque<TalkId>,
    /// What is not answered yet, whether or not somebody still waits for it.
    asked: BTreeMap<Request, TalkId>,
}

impl Openings {
    pub(crate) const fn new(most: usize) -> Self {
        Self {
            most,
            last: Request::new(0),
            waiting: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            queue: VecDeque::new(),
            asked: BTreeMap::new(),
        }
    }

    /// Takes a conversation that cannot begin; what it comes to where too many wait already.
    pub(crate) fn add(
        &mut self,
        now: Monotonic,
        talk: TalkId,
        conversation: Box<Conversation>,
    ) -> Option<Finding> {
        if self.waiting.len() >= self.most {
            let reason = "too many checks wait for theirs";
            return Some(not_tried(Micros::ZERO, reason.to_owned()));
        }
        let until = now.after(conversation.endpoint().timeout.min(LONGEST_WAIT));
        self.deadlines.insert((until, talk));
        self.queue.push_back(talk);
        let since = now;
        self.waiting.insert(
            talk,
            Waiting {
                conversation,
                since,
                until,
            },
        );
        None
    }

    /// Whose turn it is to be asked for, if the parent may be asked for one more.
    pub(crate) fn next(&mut self) -> Option<TalkId> {
        while self.asked.len() < MAX_REQUESTS {
            let talk = self.queue.pop_front()?;
            if self.waiting.contains_key(&talk) {
                return Some(talk);
            }
        }
        None
    }

    /// The parent is asked for that one.
    pub(crate) fn ask(&mut self, talk: TalkId) -> Request {
        self.last = self.last.next();
        self.asked.insert(self.last, talk);
        self.last
    }

    /// The parent has answered: who waits for it, if it still does.
    pub(crate) fn answered(
        &mut self,
        request: Request,
    ) -> Result<Option<(TalkId, Waiting)>, &'static str> {
        let asked = self.asked.remove(&request);
        let talk = asked.ok_or("Opened for nothing that was asked for")?;
        Ok(self.take(talk).map(|waiting| (talk, waiting)))
    }

    /// It waits no more.
    pub(crate) fn take(&mut self, talk: TalkId) -> Option<Waiting> {
        let waiting = self.waiting.remove(&talk)?;
        self.deadlines.remove(&(waiting.until, talk));
        Some(waiting)
    }

    /// Those whose time is over.
    pub(crate) fn due(&mut self, now: Monotonic) -> Vec<(TalkId, Finding)> {
        let mut over = Vec::new();
        while let Some((_, talk)) = self.deadlines.first().copied().filter(|(at, _)| *at <= now) {
            let Some(waiting) = self.take(talk) else {
                break;
            };
            over.push((talk, waiting.not_tried(now, "none came in time")));
        }
        over
    }

    /// When [`Self::due`] has to be called.
    pub(crate) fn next_deadline(&self) -> Option<Monotonic> {
        self.deadlines.first().map(|(at, _)| *at)
    }
}

fn not_tried(took: Micros, reason: String) -> Finding {
    Finding {
        outcome: Outcome::NotTried(Cause::NoSocket(reason)),
        took,
        last: Excerpt::default(),
    }
}

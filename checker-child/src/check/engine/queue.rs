//! Which checks begin now: due ones in the order of their due times, so many at once, so many in
//! a moment.

use super::CheckId;
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::time::Monotonic;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Conversations that go on at the same time, at most. Each is a descriptor and some kilobytes.
pub const IN_FLIGHT: usize = 4_096;
/// So many begin in one moment: 32,000 a second, and reports are sent in between.
const STARTS: usize = 128;
/// So many of them begin when they are due. Others wait for the next moment, and begin together:
/// waking up for each costs a fifth of a check.
const AT_ONCE: usize = 4;
/// Less than the time of a check matters to anybody.
pub(super) const MOMENT: Micros = Micros::from_millis(4);

/// Waiting and due checks.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: BinaryHeap<Reverse<(Monotonic, CheckId)>>,
    due: VecDeque<CheckId>,
    in_flight: usize,
    limit: usize,
    moment: Option<Monotonic>,
    left: usize,
}

impl Queue {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            waiting: BinaryHeap::new(),
            due: VecDeque::new(),
            in_flight: 0,
            limit: limit.clamp(1, IN_FLIGHT),
            moment: None,
            left: 0,
        }
    }

    /// The check waits until then.
    pub(super) fn wait(&mut self, until: Monotonic, check: CheckId) {
        self.waiting.push(Reverse((until, check)));
    }

    /// Forgets who waits; due checks stay where `keeps` says so.
    pub(super) fn reset(&mut self, keeps: impl FnMut(&CheckId) -> bool) {
        self.waiting.clear();
        self.due.retain(keeps);
    }

    /// Entries that wait, outdated ones included.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The next check whose time has come, with that time. The caller says by `due` whether it
    /// still means it.
    pub(super) fn pop_elapsed(&mut self, now: Monotonic) -> Option<(Monotonic, CheckId)> {
        let Reverse((at, _)) = self.waiting.peek()?;
        if *at > now || self.end_of_full_moment().is_some_and(|end| now < end) {
            return None;
        }
        self.waiting.pop().map(|Reverse(entry)| entry)
    }

    /// The check is due.
    pub(super) fn push_due(&mut self, check: CheckId) {
        self.due.push_back(check);
    }

    /// The next check that may begin now.
    pub(super) fn pop_start(&mut self, now: Monotonic) -> Option<CheckId> {
        if self.moment.is_none_or(|moment| now >= moment.after(MOMENT)) {
            self.moment = Some(now);
            self.left = STARTS;
        }
        if self.in_flight >= self.limit || self.left == 0 {
            return None;
        }
        let check = self.due.pop_front()?;
        self.left = self.left.saturating_sub(1);
        Some(check)
    }

    /// A conversation begins.
    pub(super) const fn began(&mut self) {
        self.in_flight = self.in_flight.saturating_add(1);
    }

    /// A conversation is over.
    pub(super) const fn ended(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// When the present moment ends, where no more shall begin in it.
    fn end_of_full_moment(&self) -> Option<Monotonic> {
        let begun = STARTS.saturating_sub(self.left);
        let moment = self.moment.filter(|_| begun >= AT_ONCE)?;
        Some(moment.after(MOMENT))
    }

    /// When to come again. An entry that nobody means any more may be the earliest one.
    pub(super) fn deadline(&self) -> Option<Monotonic> {
        let waiting = self.waiting.peek().map(|Reverse((at, _))| *at);
        let end = self.end_of_full_moment();
        let waiting = waiting.map(|at| end.map_or(at, |end| at.max(end)));
        let moment = match self.due.is_empty() || self.in_flight >= self.limit {
            true => None,
            false => self.moment.map(|moment| moment.after(MOMENT)),
        };
        match (waiting, moment) {
            (Some(waiting), Some(moment)) => Some(waiting.min(moment)),
            (waiting, moment) => waiting.or(moment),
        }
    }
}

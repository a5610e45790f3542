//! One check and one real server while they are watched.

use super::super::conversation::{Finding, Success};
use super::super::plan::Work;
use super::super::schedule::{Rules, Schedule};
use super::super::server::{CheckedServer, ServerKey, name_of};
use super::{CheckId, TalkId};
use holdfast_ipc::balance::{CheckId as Number, CheckVerdict as Known};
use holdfast_ipc::config::model::{Check, Micros, Probe};
use holdfast_ipc::time::Monotonic;
use std::net::IpAddr;
use std::sync::Arc;

/// One check.
#[derive(Debug)]
pub(super) struct CheckSlot {
    pub(super) id: CheckId,
    pub(super) check: Check,
    pub(super) work: Work,
    pub(super) schedule: Schedule,
    /// When it is due; none while it is queued, under way or suspended.
    pub(super) due: Option<Monotonic>,
    pub(super) talk: Option<TalkId>,
    pub(super) queued: bool,
    /// By how much the present conversation began later than it was due, to begin with others.
    pub(super) late: Micros,
    /// What it does to the weight of the server.
    pub(super) weight: Weight,
    /// The newest failure, for as long as it is down.
    pub(super) last: Option<Box<Finding>>,
    /// The words of a predecessor for the verdict that is gone on from.
    pub(super) said: Option<String>,
}

/// What a check does to the weight of its server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Weight {
    #[default]
    Leaves,
    /// `misc_dynamic`.
    Sets(u32),
    /// `FILE_CHECK`.
    Shifts(i64),
}

impl Weight {
    /// What is added to the configured weight.
    pub(super) fn shift(self, configured: u32) -> Option<i32> {
        let shift = match self {
            Self::Leaves => return None,
            Self::Sets(weight) => i64::from(weight).saturating_sub(i64::from(configured)),
            Self::Shifts(shift) => shift,
        };
        let (least, most) = (i64::from(i32::MIN), i64::from(i32::MAX));
        i32::try_from(shift.clamp(least, most)).ok()
    }
}

impl CheckSlot {
    pub(super) fn new(id: CheckId, check: Check, work: Work, known: Option<&Known>) -> Self {
        let rules = Rules {
            timing: check.timing,
            pages: work.pages(),
            fast_recovery: matches!(&check.probe, Probe::Http(probe) if probe.fast_recovery),
        };
        Self {
            id,
            check,
            work,
            schedule: Schedule::new(rules, known.map(|known| known.up)),
            due: None,
            talk: None,
            queued: false,
            late: Micros::ZERO,
            weight: match known {
                Some(known) if known.weight != 0 => Weight::Shifts(i64::from(known.weight)),
                Some(_) | None => Weight::Leaves,
            },
            last: None,
            said: known.map(|known| known.detail.clone()),
        }
    }

    /// The verdict with its words, unless it is the one that goes without saying.
    pub(super) fn known(&self, configured: u32) -> Option<(bool, i32, String)> {
        let up = self.schedule.is_up();
        let weight = self.weight.shift(configured).unwrap_or(0);
        if up != self.check.timing.alpha && weight == 0 {
            return None;
        }
        Some((up, weight, self.words()))
    }

    /// Why the verdict is as it is: `HTTP_GET GET /: status 503 …`.
    fn words(&self) -> String {
        let name = name_of(&self.check.probe);
        match (&self.last, &self.said) {
            (Some(finding), _) => format!("{name} {finding}"),
            (None, Some(said)) => said.clone(),
            (None, None) if self.schedule.is_up() => format!("{name} succeeds"),
            (None, None) => format!("{name} has not succeeded yet (alpha)"),
        }
    }

    /// Keeps what a success says about the weight. Exit 0 of a program leaves it as it is.
    pub(super) const fn weigh(&mut self, success: Success) {
        match success {
            Success::Exit {
                weight: Some(weight),
                ..
            } => self.weight = Weight::Sets(weight),
            Success::File { shift } => self.weight = Weight::Shifts(shift),
            Success::Exit { weight: None, .. }
            | Success::Connected
            | Success::Page { .. }
            | Success::Measured { .. }
            | Success::Dialogue
            | Success::Reply
            | Success::NoError
            | Success::Echo
            | Success::BfdUp => {}
        }
    }
}

/// One real server.
#[derive(Debug)]
pub(super) struct ServerSlot {
    pub(super) key: Arc<ServerKey>,
    pub(super) weight: u32,
    pub(super) only_with: Option<IpAddr>,
    pub(super) checks: Vec<CheckSlot>,
    /// The number of each check in the present configuration.
    pub(super) numbers: Vec<Number>,
    /// What was told of it last, or is assumed by everybody.
    pub(super) told: Verdict,
    /// The configuration that names it.
    pub(super) round: u64,
}

/// A verdict over a real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) up: bool,
    /// The weight, where checks move it.
    pub(super) weight: Option<u32>,
}

impl ServerSlot {
    pub(super) fn new(config: &CheckedServer, round: u64) -> Self {
        let up = config.is_up_at_first();
        Self {
            key: Arc::clone(&config.key),
            weight: config.weight,
            only_with: config.only_with,
            checks: Vec::new(),
            numbers: Vec::new(),
            told: Verdict { up, weight: None },
            round,
        }
    }

    /// All checks are up.
    pub(super) fn verdict(&self) -> Verdict {
        Verdict {
            up: self.checks.iter().all(|slot| slot.schedule.is_up()),
            weight: self.moved_weight(),
        }
    }

    /// The first failing check and what is wrong: `HTTP_GET GET /: status 503 …`.
    pub(super) fn cause(&self) -> String {
        let failing = self.checks.iter().find(|slot| !slot.schedule.is_up());
        let Some(slot) = failing else {
            return String::new();
        };
        slot.words()
    }

    fn moved_weight(&self) -> Option<u32> {
        let configured = i64::from(self.weight);
        let mut moved = None;
        for slot in &self.checks {
            if let Some(shift) = slot.weight.shift(self.weight) {
                let shift = i64::from(shift);
                moved = Some(moved.unwrap_or(configured).saturating_add(shift));
            }
        }
        let most = i64::from(i32::MAX);
        moved.map(|weight: i64| u32::try_from(weight.clamp(0, most)).unwrap_or(0))
    }
}

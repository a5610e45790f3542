//! Log lines of one virtual router.

use super::Instance;
use crate::engine::outbox::Ctx;
use crate::limit::{Limiter, Pass, Rejections};
use crate::packet::Reject;
use crate::text;
use holdfast_ipc::log::Level;
use holdfast_ipc::time::Monotonic;
use std::fmt::Display;
use std::net::IpAddr;

/// Lines that a peer can bring about again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    AddressList,
    BackupLower,
    EqualPriority,
    Interval,
    IntervalCapped,
    LowerPriority,
    MasterChanged,
    MasterReleased,
    TwoOwners,
}

/// Limits and counters of one virtual router.
#[derive(Debug, Default)]
pub(super) struct Journal {
    notes: Vec<(Note, Limiter)>,
    rejections: Rejections,
}

impl Journal {
    fn hit(&mut self, note: Note, now: Monotonic) -> Option<Pass> {
        if let Some((_, limiter)) = self.notes.iter_mut().find(|(known, _)| *known == note) {
            return limiter.hit(now);
        }
        let mut limiter = Limiter::default();
        let pass = limiter.hit(now);
        self.notes.push((note, limiter));
        pass
    }

    /// When a summary of suppressed lines is wanted.
    pub(super) fn due(&self) -> Option<Monotonic> {
        self.rejections.due()
    }
}

impl Instance {
    pub(super) fn log(&self, ctx: &mut Ctx<'_>, level: Level, text: impl Display) {
        ctx.log(level, format!("({}) {text}", self.name()));
    }

    /// Lines that keepalived writes with `-D` only.
    pub(super) fn detail(&self, ctx: &mut Ctx<'_>, text: impl Display) {
        if ctx.shared.log_detail {
            self.log(ctx, Level::Debug, text);
        }
    }

    /// A line that a peer can bring about: rate-limited.
    pub(super) fn note(&mut self, ctx: &mut Ctx<'_>, note: Note, level: Level, text: impl Display) {
        if let Some(pass) = self.journal.hit(note, ctx.now) {
            self.log(ctx, level, format_args!("{text}{}", pass.suffix()));
        }
    }

    /// Counts a packet that is dropped. Nothing else changes (`9568-7.1-21`).
    pub(super) fn reject(&mut self, ctx: &mut Ctx<'_>, reject: Reject, from: IpAddr) {
        if let Some(rejected) = self.journal.rejections.hit(reject, from, ctx.now) {
            ctx.log(Level::Warning, text::rejected(&self.config, &rejected));
        }
    }

    /// Sums up what was suppressed, where its time has come.
    pub(super) fn sum_up(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(rejected) = self.journal.rejections.summary(ctx.now) {
            let name = self.name().as_str();
            ctx.log(Level::Warning, text::rejected_summary(name, &rejected));
        }
    }

    /// Dropped packets: the last of each cause, and how many.
    pub(crate) fn rejected(&self) -> impl Iterator<Item = (Reject, u64)> + '_ {
        self.journal.rejections.totals()
    }
}

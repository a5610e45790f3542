//! When a check is asked again, and what its results in a row mean. Without a clock: waits are
//! lengths of time from the end of a conversation, as with keepalived.

use holdfast_ipc::config::model::{CheckTiming, Micros};

/// The first check of all comes no earlier, as with keepalived.
const FIRST_WAIT: Micros = Micros::from_secs(1);

/// What is short may be there again then; asking without a pause would keep it short.
const SHORTEST_PAUSE: Micros = Micros::from_millis(100);

/// How results count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The shared options of the check.
    pub timing: CheckTiming,
    /// Conversations of a round: all of them have to pass for "up".
    pub pages: usize,
    /// While the check is down, the pages of a round are asked without a wait between them.
    pub fast_recovery: bool,
}

/// What a result means for the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It stays.
    Same,
    /// The check is up now.
    Up,
    /// The check is down now, after this many retries; none at the first check or without any.
    Down {
        /// `retry`, where it was used.
        retries: Option<u32>,
    },
}

/// What a result leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// For the verdict.
    pub change: Change,
    /// Time until the next conversation.
    pub wait: Micros,
    /// It was the very first result.
    pub first: bool,
    /// For a failure that does not turn the verdict: which one in a row it was.
    pub attempt: u32,
}

/// Verdict and place in the round of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    rules: Rules,
    up: bool,
    first: bool,
    /// Failures in a row while it is up.
    failures: u32,
    page: usize,
}

impl Schedule {
    /// A new check: assumed up, unless `alpha` says that it has to show itself first. A verdict
    /// of a predecessor is gone on from.
    pub const fn new(rules: Rules, known: Option<bool>) -> Self {
        let (up, first) = match known {
            Some(up) => (up, false),
            None => (!rules.timing.alpha, true),
        };
        Self {
            rules,
            up,
            first,
            failures: 0,
            page: 0,
        }
    }

    /// The verdict.
    pub const fn is_up(&self) -> bool {
        self.up
    }

    /// Which page is asked next.
    pub const fn page(&self) -> usize {
        self.page
    }

    /// The rules.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Takes other timing; verdict and place stay.
    pub const fn set_timing(&mut self, timing: CheckTiming) {
        self.rules.timing = timing;
    }

    /// Time from the start until the first conversation: a part of `warmup`, chosen by `random`.
    pub fn warmup(&self, random: u64) -> Micros {
        FIRST_WAIT.plus(part(self.rules.timing.warmup, random))
    }

    /// A conversation passed.
    pub fn passed(&mut self) -> Reaction {
        let first = std::mem::take(&mut self.first);
        self.failures = 0;
        self.page = self.page.saturating_add(1);
        let round_is_over = self.page >= self.rules.pages;
        if round_is_over {
            self.page = 0;
        }
        let rises = !self.up && round_is_over;
        self.up |= rises;
        let hurries = !self.up && self.rules.fast_recovery;
        Reaction {
            change: if rises { Change::Up } else { Change::Same },
            wait: if hurries {
                Micros::ZERO
            } else {
                self.rules.timing.delay_loop
            },
            first,
            attempt: 0,
        }
    }

    /// A conversation failed. The very first failure is enough; later `retry` more tries come
    /// before the verdict turns.
    pub fn failed(&mut self) -> Reaction {
        let first = std::mem::take(&mut self.first);
        let timing = self.rules.timing;
        if !self.up {
            self.page = 0;
            let (change, wait) = (Change::Same, timing.delay_loop);
            return Reaction {
                change,
                wait,
                first,
                attempt: 0,
            };
        }
        self.failures = self.failures.saturating_add(1);
        let attempt = self.failures;
        if !first && attempt <= timing.retry {
            let (change, wait) = (Change::Same, timing.delay_before_retry);
            return Reaction {
                change,
                wait,
                first,
                attempt,
            };
        }
        self.up = false;
        self.failures = 0;
        self.page = 0;
        let retries = (!first && timing.retry > 0).then_some(timing.retry);
        let (change, wait) = (Change::Down { retries }, timing.delay_loop);
        Reaction {
            change,
            wait,
            first,
            attempt,
        }
    }

    /// This machine could not ask: nothing changes, it is tried again soon.
    pub fn not_tried(&self) -> Micros {
        let timing = self.rules.timing;
        let soon = timing.delay_before_retry.min(timing.delay_loop);
        soon.max(SHORTEST_PAUSE)
    }
}

/// A part of a length of time, evenly chosen by a random number.
pub(super) fn part(whole: Micros, random: u64) -> Micros {
    let share = u128::from(whole.get()).saturating_mul(u128::from(random));
    Micros::new(u64::try_from(share.wrapping_shr(u64::BITS)).unwrap_or(u64::MAX))
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers in tests")]
mod tests;

//! When a child that died is started again, and with what task.

use holdfast_ipc::config::model::Micros;
use holdfast_ipc::time::Monotonic;
use std::collections::VecDeque;

/// What the next child of this kind does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Starts with a clean slate.
    Fresh,
    /// Goes on where its predecessor stopped.
    Resume,
    /// Only gives back what the predecessors hold, and ends.
    Release,
}

/// When and with what the next child starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// Start time.
    pub at: Monotonic,
    /// Its task.
    pub task: Task,
}

/// Deaths are forgotten that are longer ago.
const WINDOW: Micros = Micros::from_secs(10);
/// Delay before the nth restart within the window. The kernel holds the addresses meanwhile and
/// nobody sends adverts, so all of them together stay below the three seconds that a peer waits.
const DELAYS_MS: [u64; 9] = [0, 0, 0, 0, 20, 40, 80, 160, 320];
/// Delays once the addresses are released; then there is no hurry any more.
const BACK_OFF_SECS: [u64; 5] = [5, 10, 20, 40, 60];
/// How often a release is tried.
const RELEASE_ATTEMPTS: u32 = 3;
/// A child that lives that long ends the back-off.
const STABLE: Micros = Micros::from_secs(60);

/// History of one kind of child.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restarts {
    deaths: VecDeque<Monotonic>,
    mode: Mode,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    /// Dead children are replaced at once.
    #[default]
    Holding,
    /// Too many died; the addresses are given back.
    Releasing { attempt: u32 },
    /// Nothing is held any more; the number of starts since.
    BackingOff { starts: usize },
}

impl Restarts {
    /// No deaths yet.
    pub const fn new() -> Self {
        Self {
            deaths: VecDeque::new(),
            mode: Mode::Holding,
        }
    }

    /// A child died that was started at `started`.
    #[must_use]
    pub fn died(&mut self, now: Monotonic, started: Monotonic) -> Next {
        let stable = now.since(started) >= STABLE;
        match self.mode {
            Mode::Holding => self.died_holding(now),
            Mode::Releasing { attempt } if attempt < RELEASE_ATTEMPTS => {
                self.mode = Mode::Releasing {
                    attempt: attempt.saturating_add(1),
                };
                Next {
                    at: now,
                    task: Task::Release,
                }
            }
            Mode::BackingOff { .. } if stable => {
                *self = Self::default();
                self.died_holding(now)
            }
            Mode::Releasing { .. } => self.back_off(now, 0),
            Mode::BackingOff { starts } => self.back_off(now, starts),
        }
    }

    /// The child with the task `Release` did it.
    #[must_use]
    pub fn released(&mut self, now: Monotonic) -> Next {
        self.back_off(now, 0)
    }

    /// True while children die so often that nothing is held any more.
    pub const fn is_backing_off(&self) -> bool {
        matches!(self.mode, Mode::BackingOff { .. })
    }

    fn died_holding(&mut self, now: Monotonic) -> Next {
        while self
            .deaths
            .front()
            .is_some_and(|at| now.since(*at) > WINDOW)
        {
            self.deaths.pop_front();
        }
        let delay = DELAYS_MS.get(self.deaths.len());
        self.deaths.push_back(now);
        match delay {
            Some(delay) => Next {
                at: now.after(Micros::from_millis(*delay)),
                task: Task::Resume,
            },
            None => {
                self.mode = Mode::Releasing { attempt: 1 };
                Next {
                    at: now,
                    task: Task::Release,
                }
            }
        }
    }

    fn back_off(&mut self, now: Monotonic, starts: usize) -> Next {
        self.mode = Mode::BackingOff {
            starts: starts.saturating_add(1),
        };
        let last = BACK_OFF_SECS.last();
        let secs = BACK_OFF_SECS.get(starts).or(last).copied().unwrap_or(0);
        Next {
            at: now.after(Micros::from_secs(secs)),
            task: Task::Fresh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Monotonic {
        Monotonic::from_micros(millis.saturating_mul(1_000))
    }

    fn next(millis: u64, task: Task) -> Next {
        Next {
            at: at(millis),
            task,
        }
    }

    /// Lets children die as soon as they are started, and lists when and as what they come back.
    fn crash_loop(restarts: &mut Restarts, count: usize) -> Vec<(u64, Task)> {
        let mut now = at(0);
        let mut seen = Vec::new();
        for _ in 0..count {
            let next = restarts.died(now, now);
            now = next.at;
            seen.push((now.micros() / 1_000, next.task));
        }
        seen
    }

    #[test]
    fn nine_deaths_in_a_row_are_replaced_within_the_time_that_a_peer_waits() {
        let seen = crash_loop(&mut Restarts::default(), 9);
        let times = [0, 0, 0, 0, 20, 60, 140, 300, 620];
        assert_eq!(seen, times.map(|millis| (millis, Task::Resume)));
    }

    #[test]
    fn the_tenth_death_releases_the_addresses_and_then_backs_off() {
        let mut restarts = Restarts::default();
        crash_loop(&mut restarts, 9);
        assert_eq!(restarts.died(at(700), at(690)), next(700, Task::Release));
        assert!(!restarts.is_backing_off());
        assert_eq!(restarts.released(at(710)), next(5_710, Task::Fresh));
        assert!(restarts.is_backing_off());
        let mut now = at(10_000);
        let delays: Vec<u64> = (0..6)
            .map(|_| {
                let next = restarts.died(now, now);
                let delay = next.at.since(now).get() / 1_000_000;
                assert_eq!(next.task, Task::Fresh);
                now = next.at;
                delay
            })
            .collect();
        assert_eq!(delays, [10, 20, 40, 60, 60, 60]);
    }

    #[test]
    fn a_release_that_dies_itself_is_tried_three_times() {
        let mut restarts = Restarts::default();
        crash_loop(&mut restarts, 9);
        let seen: Vec<Next> = (0..4).map(|_| restarts.died(at(700), at(700))).collect();
        let release = next(700, Task::Release);
        assert_eq!(seen, [release, release, release, next(5_700, Task::Fresh)]);
    }

    #[test]
    fn deaths_that_are_long_ago_do_not_count() {
        let mut restarts = Restarts::default();
        for second in 0..100 {
            let now = at(second * 2_600);
            assert_eq!(
                restarts.died(now, at(0)),
                next(second * 2_600, Task::Resume)
            );
        }
    }

    #[test]
    fn a_child_that_lived_for_a_minute_ends_the_back_off() {
        let mut restarts = Restarts::default();
        crash_loop(&mut restarts, 10);
        let _ = restarts.released(at(1_000));
        assert_eq!(
            restarts.died(at(66_001), at(6_000)),
            next(66_001, Task::Resume)
        );
        assert!(!restarts.is_backing_off());
    }
}

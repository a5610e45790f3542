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

/// The end of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Death {
    /// When it was noticed.
    pub now: Monotonic,
    /// When the child was started.
    pub started: Monotonic,
    /// Since when nobody may have done its work.
    pub silent_since: Monotonic,
    /// It gave no sign of life, which costs more time than a crash.
    pub hung: bool,
    /// It was sent `Go`: it may have taken addresses.
    pub worked: bool,
}

/// Deaths are forgotten that are longer ago.
const WINDOW: Micros = Micros::from_secs(10);
/// Delay before the nth restart within the window. The kernel holds the addresses meanwhile and
/// nobody sends adverts, so all of them together stay below the three seconds that a peer waits.
const DELAYS_MS: [u64; 9] = [0, 0, 0, 0, 20, 40, 80, 160, 320];
/// A hang counts as that many deaths: four in a row are the end.
const HANG_COUNTS: usize = 3;
/// Longest time without anybody who sends adverts. A peer with the default interval takes over
/// then, and holding the addresses any longer would make two holders.
const SILENCE: Micros = Micros::from_secs(3);
/// Delays once the addresses are released; then there is no hurry any more.
const BACK_OFF_SECS: [u64; 5] = [5, 10, 20, 40, 60];
/// Delay before each attempt to release. A release that fails leaves addresses that nobody sends
/// adverts for, so there are many attempts.
const RELEASE_DELAYS_MS: [u64; 8] = [0, 0, 0, 50, 100, 200, 500, 1_000];
/// A child that lives that long ends the back-off.
const STABLE: Micros = Micros::from_secs(60);
/// Between two attempts when the system makes no process at all.
const NO_PROCESS: Micros = Micros::from_millis(100);

/// What the death of a child leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legacy {
    /// Addresses that somebody has to stand behind, or to give back.
    Addresses,
    /// Nothing.
    Nothing,
}

/// History of one kind of child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restarts {
    legacy: Legacy,
    deaths: VecDeque<Monotonic>,
    mode: Mode,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    /// Dead children are replaced at once.
    #[default]
    Holding,
    /// Too many died; the addresses are given back. `starts` is what the back-off has come to.
    Releasing { attempts: usize, starts: usize },
    /// Nothing is held any more; the number of starts since.
    BackingOff { starts: usize },
}

impl Restarts {
    /// No deaths yet.
    pub const fn new(legacy: Legacy) -> Self {
        Self {
            legacy,
            deaths: VecDeque::new(),
            mode: Mode::Holding,
        }
    }

    /// A child died.
    #[must_use]
    pub fn died(&mut self, death: Death) -> Next {
        let stable = death.now.since(death.started) >= STABLE;
        let holds = self.legacy == Legacy::Addresses;
        match self.mode {
            Mode::Holding => self.died_holding(death),
            Mode::Releasing { attempts, starts } => self.release(death.now, attempts, starts),
            Mode::BackingOff { .. } if stable => {
                self.deaths.clear();
                self.mode = Mode::Holding;
                self.died_holding(death)
            }
            // It may have become MASTER again: nothing may be held during the long wait.
            Mode::BackingOff { starts } if holds && death.worked => {
                self.release(death.now, 0, starts)
            }
            Mode::BackingOff { starts } => self.back_off(death.now, starts),
        }
    }

    /// The child with the task `Release` did it.
    #[must_use]
    pub fn released(&mut self, now: Monotonic) -> Next {
        let starts = match self.mode {
            Mode::Holding => 0,
            Mode::Releasing { starts, .. } | Mode::BackingOff { starts } => starts,
        };
        self.back_off(now, starts)
    }

    /// The system made no process. It is nobody's fault here, so it is only tried again.
    #[must_use]
    pub const fn not_started(&self, now: Monotonic, task: Task) -> Next {
        Next {
            at: now.after(NO_PROCESS),
            task,
        }
    }

    /// True while children die so often that nothing is held any more.
    pub const fn is_backing_off(&self) -> bool {
        matches!(self.mode, Mode::BackingOff { .. })
    }

    fn died_holding(&mut self, death: Death) -> Next {
        let now = death.now;
        while self
            .deaths
            .front()
            .is_some_and(|at| now.since(*at) > WINDOW)
        {
            self.deaths.pop_front();
        }
        let counts = if death.hung { HANG_COUNTS } else { 1 };
        let before = self.deaths.len();
        self.deaths.extend(std::iter::repeat_n(now, counts));
        let holds = self.legacy == Legacy::Addresses;
        let too_long = holds && now.since(death.silent_since) >= SILENCE;
        match DELAYS_MS.get(before) {
            Some(delay) if !too_long => Next {
                at: now.after(Micros::from_millis(*delay)),
                task: Task::Resume,
            },
            Some(_) | None if holds => self.release(now, 0, 0),
            Some(_) | None => self.back_off(now, 0),
        }
    }

    fn release(&mut self, now: Monotonic, attempts: usize, starts: usize) -> Next {
        let Some(delay) = RELEASE_DELAYS_MS.get(attempts) else {
            return self.back_off(now, starts);
        };
        self.mode = Mode::Releasing {
            attempts: attempts.saturating_add(1),
            starts,
        };
        Next {
            at: now.after(Micros::from_millis(*delay)),
            task: Task::Release,
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

    /// A crash at that time of a child that was started at that time.
    fn crash(now: u64, started: u64) -> Death {
        Death {
            now: at(now),
            started: at(started),
            silent_since: at(now),
            hung: false,
            worked: false,
        }
    }

    /// Lets children die as soon as they are started, and lists when and as what they come back.
    fn crash_loop(restarts: &mut Restarts, count: usize) -> Vec<(u64, Task)> {
        let mut now = 0;
        let mut seen = Vec::new();
        for _ in 0..count {
            let next = restarts.died(crash(now, now));
            now = next.at.micros() / 1_000;
            seen.push((now, next.task));
        }
        seen
    }

    #[test]
    fn nine_deaths_in_a_row_are_replaced_within_the_time_that_a_peer_waits() {
        let seen = crash_loop(&mut Restarts::new(Legacy::Addresses), 9);
        let times = [0, 0, 0, 0, 20, 60, 140, 300, 620];
        assert_eq!(seen, times.map(|millis| (millis, Task::Resume)));
    }

    #[test]
    fn the_tenth_death_releases_the_addresses_and_then_backs_off() {
        let mut restarts = Restarts::new(Legacy::Addresses);
        crash_loop(&mut restarts, 9);
        assert_eq!(restarts.died(crash(700, 690)), next(700, Task::Release));
        assert!(!restarts.is_backing_off());
        assert_eq!(restarts.released(at(710)), next(5_710, Task::Fresh));
        assert!(restarts.is_backing_off());
        let mut now = 10_000;
        let delays: Vec<u64> = (0..6)
            .map(|_| {
                let next = restarts.died(crash(now, now));
                let delay = next.at.since(at(now)).get() / 1_000_000;
                assert_eq!(next.task, Task::Fresh);
                now = next.at.micros() / 1_000;
                delay
            })
            .collect();
        assert_eq!(delays, [10, 20, 40, 60, 60, 60]);
    }

    #[test]
    fn a_checker_backs_off_without_any_release() {
        let mut restarts = Restarts::new(Legacy::Nothing);
        let seen = crash_loop(&mut restarts, 11);
        let resumes = seen.iter().filter(|(_, task)| *task == Task::Resume);
        assert_eq!(resumes.count(), 9);
        assert_eq!(seen[9..], [(5_620, Task::Fresh), (15_620, Task::Fresh)]);
    }

    #[test]
    fn a_master_that_is_killed_again_and_again_never_holds_during_a_long_wait() {
        let mut restarts = Restarts::new(Legacy::Addresses);
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..30 {
            // It becomes MASTER half a second behind its start, and is killed.
            let killed = Death {
                worked: true,
                ..crash(now + 500, now)
            };
            let mut next = restarts.died(killed);
            let mut from = killed.now;
            if next.task == Task::Release {
                let delay = next.at.since(from);
                assert!(delay <= Micros::from_secs(1), "{delay}");
                from = next.at;
                next = restarts.released(from);
                waits.push(next.at.since(from).get() / 1_000_000);
            } else {
                let delay = next.at.since(from);
                assert!(
                    delay <= Micros::from_millis(320),
                    "{delay} without a release"
                );
            }
            now = next.at.micros() / 1_000;
        }
        let (growing, last) = waits.split_at(5);
        assert_eq!(growing, [5, 10, 20, 40, 60]);
        assert!(last.len() > 10 && last.iter().all(|wait| *wait == 60));
    }

    #[test]
    fn a_release_that_dies_itself_is_tried_again_and_again() {
        let mut restarts = Restarts::new(Legacy::Addresses);
        crash_loop(&mut restarts, 9);
        let seen = crash_loop(&mut restarts, 9);
        let (last, releases) = seen.split_last().unwrap();
        let times = [0, 0, 0, 50, 150, 350, 850, 1_850];
        assert_eq!(releases, times.map(|millis| (millis, Task::Release)));
        assert_eq!(*last, (6_850, Task::Fresh));
    }

    #[test]
    fn deaths_that_are_long_ago_do_not_count() {
        let mut restarts = Restarts::new(Legacy::Addresses);
        for turn in 0..100_u64 {
            let now = turn.saturating_mul(2_600);
            assert_eq!(restarts.died(crash(now, 0)), next(now, Task::Resume));
        }
    }

    #[test]
    fn the_fourth_hang_in_a_row_releases_the_addresses() {
        let mut restarts = Restarts::new(Legacy::Addresses);
        let tasks = [1, 2, 3, 4].map(|second: u64| {
            let now = second.saturating_mul(1_250);
            let hang = Death {
                hung: true,
                silent_since: at(now.saturating_sub(1_250)),
                ..crash(now, 0)
            };
            restarts.died(hang).task
        });
        assert_eq!(
            tasks,
            [Task::Resume, Task::Resume, Task::Resume, Task::Release]
        );
    }

    #[test]
    fn three_seconds_without_anybody_release_the_addresses_whatever_the_count() {
        let silent = Death {
            silent_since: at(1_000),
            ..crash(4_000, 3_500)
        };
        assert_eq!(
            Restarts::new(Legacy::Addresses).died(silent),
            next(4_000, Task::Release)
        );
    }

    #[test]
    fn a_child_that_lived_for_a_minute_ends_the_back_off() {
        let mut restarts = Restarts::new(Legacy::Addresses);
        crash_loop(&mut restarts, 10);
        let _ = restarts.released(at(1_000));
        assert_eq!(
            restarts.died(crash(66_001, 6_000)),
            next(66_001, Task::Resume)
        );
        assert!(!restarts.is_backing_off());
    }

    #[test]
    fn where_nothing_is_held_there_is_nothing_to_release() {
        let mut restarts = Restarts::new(Legacy::Nothing);
        let seen = crash_loop(&mut restarts, 10);
        assert_eq!(seen.last(), Some(&(5_620, Task::Fresh)));
        let mut restarts = Restarts::new(Legacy::Nothing);
        let silent = Death {
            silent_since: at(0),
            ..crash(60_000, 59_000)
        };
        assert_eq!(restarts.died(silent), next(60_000, Task::Resume));
    }

    #[test]
    fn without_a_process_the_same_task_is_tried_again_soon() {
        let restarts = Restarts::new(Legacy::Addresses);
        for task in [Task::Fresh, Task::Resume, Task::Release] {
            assert_eq!(restarts.not_started(at(5), task), next(105, task));
        }
    }
}

//! What is said about a child that died: one line, when all is known.

use crate::restart::Task;
use crate::words::counted;
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::time::Monotonic;
use std::fmt::Write;

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself.
    Exited(i32),
    /// By a signal.
    Killed {
        /// Its number.
        signal: i32,
        /// Its name.
        name: String,
    },
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "exit status {status}"),
            Self::Killed { signal, name } => write!(f, "signal {signal} ({name})"),
        }
    }
}

/// The death of one child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obituary {
    /// `vrrp child`, `checker child of web`.
    pub who: String,
    /// Its number.
    pub pid: i32,
    /// When it was noticed.
    pub noticed: Monotonic,
    /// What it did wrong, where we killed it.
    pub reason: Option<String>,
    /// How it ended, once it is reaped.
    pub end: Option<End>,
    /// Instances that were MASTER.
    pub masters: usize,
    /// How many of them the successor gave up at once.
    pub given_up: usize,
    /// The successor has said all that it had to say about them.
    pub settled: bool,
    /// What becomes of it.
    pub sequel: Sequel,
}

/// What comes behind a death.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sequel {
    /// The successor is not up yet.
    Starting(Task),
    /// The successor is up.
    Started {
        /// Its number.
        pid: i32,
        /// When it took over.
        at: Monotonic,
    },
    /// There is none for some time.
    Later(Micros),
    /// It only gives the addresses back.
    Releasing,
}

/// Longest time that a line waits for something that is not known yet.
pub const PATIENCE: Micros = Micros::from_secs(2);

impl Obituary {
    /// True when nothing more can be learned, or it took too long.
    pub fn is_due(&self, now: Monotonic) -> bool {
        let known = match self.sequel {
            Sequel::Starting(_) => false,
            Sequel::Started { .. } => self.settled,
            Sequel::Later(_) | Sequel::Releasing => true,
        };
        let complete = self.end.is_some() && known;
        complete || now.since(self.noticed) >= PATIENCE
    }

    /// The successor is no MASTER of an instance that its predecessor was MASTER of. It reports
    /// only what changes, so all others go on.
    pub const fn give_up(&mut self) {
        if matches!(self.sequel, Sequel::Started { .. }) && !self.settled {
            self.given_up = self.given_up.saturating_add(1);
        }
    }

    /// The successor answered something behind `Go`: what that brought about was said before. Or it
    /// died as well and will say nothing more.
    pub const fn settle(&mut self) {
        if matches!(self.sequel, Sequel::Started { .. }) {
            self.settled = true;
        }
    }

    /// The line.
    pub fn line(&self) -> String {
        let mut line = format!("{} {} died", self.who, self.pid);
        match (&self.reason, &self.end) {
            (Some(reason), _) => {
                let _ = write!(line, ": {reason}, so it was killed");
            }
            (None, Some(end)) => {
                let _ = write!(line, ": {end}");
            }
            (None, None) => {}
        }
        line.push_str(". ");
        self.write_sequel(&mut line);
        line
    }

    fn write_sequel(&self, line: &mut String) {
        let _ = match &self.sequel {
            Sequel::Started { pid, at } => {
                let millis = at.since(self.noticed).get().div_ceil(1_000);
                let _ = write!(line, "Restarted as {pid} in {millis} ms");
                let instances = counted(self.masters, "instance", "instances");
                let resumed = self.masters.saturating_sub(self.given_up);
                match (self.masters, self.given_up) {
                    (0, _) => Ok(()),
                    (_, 0) => write!(line, ", {instances} resumed as MASTER, no address moved"),
                    (_, _) => write!(line, ", {resumed} of {instances} resumed as MASTER"),
                }
            }
            Sequel::Starting(_) => write!(line, "Its successor is not up yet"),
            Sequel::Later(wait) => write!(line, "It is started again in {wait}"),
            Sequel::Releasing => write!(
                line,
                "It died too often: the addresses are released, another router may take them"
            ),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Monotonic {
        Monotonic::from_micros(millis.saturating_mul(1_000))
    }

    fn died(end: Option<End>, sequel: Sequel) -> Obituary {
        Obituary {
            who: "vrrp child".to_owned(),
            pid: 812,
            noticed: at(1_000),
            reason: None,
            end,
            masters: 4,
            given_up: 0,
            settled: true,
            sequel,
        }
    }

    fn segv() -> Option<End> {
        Some(End::Killed {
            signal: 11,
            name: "SIGSEGV".to_owned(),
        })
    }

    #[test]
    fn a_crash_is_one_line_with_its_cause_and_its_consequence() {
        let sequel = Sequel::Started {
            pid: 2_214,
            at: at(1_003),
        };
        assert_eq!(
            died(segv(), sequel.clone()).line(),
            "vrrp child 812 died: signal 11 (SIGSEGV). Restarted as 2214 in 3 ms, 4 instances \
             resumed as MASTER, no address moved"
        );
        let none = Obituary {
            masters: 0,
            who: "checker child of web".to_owned(),
            ..died(Some(End::Exited(2)), sequel.clone())
        };
        assert_eq!(
            none.line(),
            "checker child of web 812 died: exit status 2. Restarted as 2214 in 3 ms"
        );
        let hung = Obituary {
            reason: Some("it gave no sign of life for 1 s".to_owned()),
            masters: 1,
            given_up: 1,
            ..died(segv(), sequel)
        };
        assert_eq!(
            hung.line(),
            "vrrp child 812 died: it gave no sign of life for 1 s, so it was killed. Restarted as \
             2214 in 3 ms, 0 of 1 instance resumed as MASTER"
        );
    }

    #[test]
    fn it_says_what_happens_when_there_is_no_successor() {
        assert_eq!(
            died(segv(), Sequel::Later(Micros::from_secs(5))).line(),
            "vrrp child 812 died: signal 11 (SIGSEGV). It is started again in 5 s"
        );
        assert_eq!(
            died(None, Sequel::Releasing).line(),
            "vrrp child 812 died. It died too often: the addresses are released, another router \
             may take them"
        );
    }

    #[test]
    fn the_line_waits_until_the_successor_has_said_what_it_gives_up() {
        let sequel = Sequel::Started {
            pid: 2_214,
            at: at(1_003),
        };
        let mut silent = Obituary {
            masters: 2,
            settled: false,
            ..died(segv(), sequel)
        };
        silent.give_up();
        assert!(!silent.is_due(at(1_100)));
        silent.settle();
        silent.give_up();
        assert!(silent.is_due(at(1_100)));
        assert_eq!(
            silent.line(),
            "vrrp child 812 died: signal 11 (SIGSEGV). Restarted as 2214 in 3 ms, 1 of 2 \
             instances resumed as MASTER"
        );
    }

    #[test]
    fn what_happens_before_the_successor_is_up_is_not_its_doing() {
        let mut starting = Obituary {
            settled: false,
            ..died(segv(), Sequel::Starting(Task::Resume))
        };
        let before = starting.clone();
        starting.give_up();
        starting.settle();
        assert_eq!(starting, before);
    }

    #[test]
    fn the_line_waits_for_the_status_and_the_successor_but_not_for_ever() {
        let starting = Sequel::Starting(Task::Resume);
        let started = Sequel::Started {
            pid: 1,
            at: at(1_003),
        };
        assert!(!died(None, started.clone()).is_due(at(1_100)));
        assert!(!died(segv(), starting.clone()).is_due(at(1_100)));
        assert!(died(segv(), started).is_due(at(1_100)));
        assert!(died(None, starting).is_due(at(3_000)));
    }
}

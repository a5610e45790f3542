//! The place of one child: who is in it, who was, and who comes next.

use super::link::{Link, Loss};
use super::pidfile::PidFile;
use holdfast::account::Account;
use holdfast::obituary::{End, Obituary, Sequel};
use holdfast::restart::{Death, Legacy, Next, Restarts, Task};
use holdfast::route::Phase;
use holdfast::side::Side;
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::time::Monotonic;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::unistd::Pid;
use std::path::PathBuf;

/// A checker child that is not needed any more is killed then.
pub(crate) const LEAVING_LIMIT: Micros = Micros::from_secs(2);

/// What the loss of a child means for what it held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aftermath {
    /// A successor goes on.
    Held,
    /// It is given back.
    Released,
    /// It could not be given back.
    Stuck,
    /// Nothing was held.
    Nothing,
}

/// One place.
pub(crate) struct Slot<S: Side> {
    /// For the log: `vrrp child`.
    pub(crate) who: String,
    /// As whom it runs.
    pub(crate) account: Account,
    /// What is executed.
    pub(crate) executable: PathBuf,
    /// The living one.
    pub(crate) link: Option<Link<S>>,
    /// When and as what the next one starts.
    pub(crate) next: Option<Next>,
    /// What the present one was started for.
    pub(crate) task: Task,
    /// History of deaths.
    pub(crate) restarts: Restarts,
    /// Since when nobody may have done the work.
    pub(crate) silent_since: Option<Monotonic>,
    /// Where the number of the living one stands.
    pub(crate) pid_file: Option<PidFile>,
    obituaries: Vec<Obituary>,
    /// One that could not be killed. There is no successor as long as it lives: both would hold the
    /// same addresses.
    unkilled: Option<Pid>,
    complaint: Option<String>,
    /// Starts in a row that made no process.
    failures: u32,
}

impl<S: Side> Slot<S> {
    pub(crate) const fn new(
        who: String,
        account: Account,
        executable: PathBuf,
        legacy: Legacy,
        pid_file: Option<PidFile>,
        now: Monotonic,
    ) -> Self {
        Self {
            who,
            account,
            executable,
            link: None,
            next: Some(Next {
                at: now,
                task: Task::Fresh,
            }),
            task: Task::Fresh,
            restarts: Restarts::new(legacy),
            silent_since: None,
            pid_file,
            obituaries: Vec::new(),
            unkilled: None,
            complaint: None,
            failures: 0,
        }
    }

    /// The place of a checker child, empty.
    pub(crate) fn for_checker(account: Account, executable: PathBuf, now: Monotonic) -> Self {
        let who = format!("checker child of {account}");
        Self::new(who, account, executable, Legacy::Nothing, None, now)
    }

    pub(crate) fn phase(&self) -> Option<Phase> {
        self.link.as_ref().map(Link::phase)
    }

    pub(crate) fn pid_number(&self) -> Option<u32> {
        self.link.as_ref().map(Link::pid_number)
    }

    /// The one in the place ended as it should; there is no next one.
    pub(crate) fn forget(&mut self) {
        if let Some(link) = self.link.take() {
            let killed = link.kill();
            self.note_kill(link.pid, killed);
        }
        self.next = None;
    }

    /// Remembers one that lives on.
    fn note_kill(&mut self, pid: Pid, killed: Result<(), Errno>) {
        if let Err(errno) = killed {
            self.unkilled = Some(pid);
            self.complaint = Some(format!(
                "cannot kill {} {pid}: {errno}; it gets no successor before it has ended",
                self.who
            ));
        }
    }

    /// True when a start is due.
    pub(crate) fn is_due(&self, now: Monotonic) -> bool {
        self.link.is_none()
            && self.unkilled.is_none()
            && self.next.is_some_and(|next| next.at <= now)
    }

    /// True while the child is between its start and `Go`, or answers an abort: a reload waits.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.link
            .as_ref()
            .is_some_and(|link| !link.phase().can_prepare())
    }

    /// True when it works, or is given up for some time.
    pub(crate) fn is_up_or_given_up(&self) -> bool {
        match &self.link {
            Some(link) => link.phase().is_live(),
            None => self.restarts.is_backing_off(),
        }
    }

    /// The one in the place is lost. The place is free behind it; the next start is decided.
    pub(crate) fn lose(&mut self, loss: Loss, masters: usize, now: Monotonic) -> Aftermath {
        let Some(link) = self.link.take() else {
            return Aftermath::Nothing;
        };
        let killed = link.kill();
        self.note_kill(link.pid, killed);
        self.settle();
        let held = !self.restarts.is_backing_off();
        // A successor that never came up does not end the silence.
        let silent_since = self.silent_since.or(loss.silent_since).unwrap_or(now);
        self.silent_since = Some(silent_since);
        if self.task == Task::Release && link.phase() == Phase::Stopped {
            // It did what it was there for, which is no death.
            self.next = Some(self.restarts.released(now));
            return Aftermath::Released;
        }
        let next = {
            self.restarts.died(Death {
                now,
                started: link.started,
                silent_since,
                hung: loss.silent_since.is_some(),
                worked: link.worked,
            })
        };
        let sequel = match next.task {
            Task::Release => Sequel::Releasing,
            Task::Fresh => Sequel::Later(next.at.since(now)),
            Task::Resume => Sequel::Starting(next.task),
        };
        self.obituaries.push(Obituary {
            who: self.who.clone(),
            pid: link.pid.as_raw(),
            noticed: now,
            reason: loss.reason,
            end: link.ended,
            masters,
            given_up: 0,
            settled: false,
            sequel,
        });
        self.next = Some(next);
        match (held, self.restarts.is_backing_off()) {
            (true, false) => Aftermath::Held,
            (true, true) => Aftermath::Stuck,
            (false, _) => Aftermath::Nothing,
        }
    }

    /// The system made no process for it. True when it is worth a line: not ten times a second.
    pub(crate) fn not_started(&mut self, now: Monotonic) -> bool {
        self.next = Some(self.restarts.not_started(now, self.task));
        self.failures = self.failures.saturating_add(1);
        self.failures.is_power_of_two()
    }

    /// The present child gave up an instance of its predecessor.
    pub(crate) fn give_up_one(&mut self) {
        self.obituaries.iter_mut().for_each(Obituary::give_up);
    }

    /// The present child has said how it goes on.
    pub(crate) fn settle(&mut self) {
        self.obituaries.iter_mut().for_each(Obituary::settle);
    }

    /// The present child is up.
    pub(crate) fn is_up(&mut self, now: Monotonic) {
        self.silent_since = None;
        self.failures = 0;
        let Some(link) = &self.link else {
            return;
        };
        for obituary in &mut self.obituaries {
            if matches!(obituary.sequel, Sequel::Starting(_)) {
                obituary.sequel = Sequel::Started {
                    pid: link.pid.as_raw(),
                    at: now,
                };
            }
        }
    }

    /// A process ended. True when it was one of this place.
    pub(crate) fn reaped(&mut self, pid: Pid, end: &End) -> bool {
        self.unkilled.take_if(|unkilled| *unkilled == pid);
        if let Some(link) = self.link.as_mut().filter(|link| link.pid == pid) {
            link.ended = Some(end.clone());
            return true;
        }
        let mut open = self.obituaries.iter_mut();
        let found = open.find(|obituary| obituary.pid == pid.as_raw() && obituary.end.is_none());
        if let Some(obituary) = found {
            obituary.end = Some(end.clone());
            return true;
        }
        false
    }

    /// The lines that can be written now.
    pub(crate) fn obituary_lines(&mut self, now: Monotonic) -> Vec<String> {
        let due = self
            .obituaries
            .extract_if(.., |obituary| obituary.is_due(now));
        due.map(|obituary| obituary.line())
            .chain(self.complaint.take())
            .collect()
    }

    /// What wakes the loop for this child.
    pub(crate) fn poll_fds<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        let Some(link) = &self.link else { return };
        let mut events = PollFlags::POLLIN;
        if link.wants_write() {
            events |= PollFlags::POLLOUT;
        }
        fds.push(PollFd::new(link.channel_fd(), events));
        fds.extend(
            link.stderr_fd()
                .map(|fd| PollFd::new(fd, PollFlags::POLLIN)),
        );
    }

    /// When a child that was told to leave is killed; nobody asks it for life signs.
    pub(crate) fn leaving_deadline(&self) -> Option<Monotonic> {
        let link = self.link.as_ref();
        link.map(|link| link.in_phase_since().after(LEAVING_LIMIT))
    }

    /// When something is to be done here.
    pub(crate) fn deadline(&self) -> Option<Monotonic> {
        let link = self.link.as_ref().map(Link::deadline);
        let next = self
            .next
            .filter(|_| self.link.is_none() && self.unkilled.is_none())
            .map(|next| next.at);
        let obituary = self
            .obituaries
            .iter()
            .map(|obituary| obituary.noticed.after(holdfast::obituary::PATIENCE))
            .min();
        link.into_iter().chain(next).chain(obituary).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast::side::VrrpSide;

    #[test]
    fn one_that_cannot_be_killed_has_no_successor_until_it_is_reaped() {
        let now = Monotonic::from_micros(1);
        let account = Account {
            uid: 1,
            gid: 1,
            name: "x".to_owned(),
        };
        let mut slot: Slot<VrrpSide> = Slot::new(
            "vrrp child".to_owned(),
            account,
            PathBuf::new(),
            Legacy::Addresses,
            None,
            now,
        );
        slot.note_kill(Pid::from_raw(7), Ok(()));
        assert!(slot.is_due(now));
        slot.note_kill(Pid::from_raw(7), Err(Errno::EPERM));
        assert!(!slot.is_due(now));
        assert_eq!(slot.deadline(), None);
        let line = "cannot kill vrrp child 7: EPERM: Operation not permitted; it gets no successor \
                    before it has ended";
        assert_eq!(slot.obituary_lines(now), [line]);
        slot.reaped(Pid::from_raw(7), &End::Exited(0));
        assert!(slot.is_due(now));
    }
}

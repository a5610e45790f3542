//! What is to be done at the kernel, piece by piece.

use crate::ipvs::command::Command;
use crate::ipvs::fault::{self, ENOENT, RETRY};
use crate::ipvs::slots::Slots;
use crate::ipvs::syncd::{Found, Settings, Wanted};
use crate::ipvs::table::{Entry, ServiceKey, SyncDaemon, Timeouts};
use crate::ipvs::work::{Done, Refusal, Work};
use holdfast_ipc::config::model::{Lvs, Micros};
use holdfast_ipc::log::{Level, LogRecord};
use holdfast_ipc::state::VrrpState;
use holdfast_ipc::time::Monotonic;

/// Least and most time between two looks at the kernel's table, which tells nobody when it is
/// changed. A look is two system calls for each service, spread over pieces.
const LOOK_LEAST: Micros = Micros::from_secs(5);
const LOOK_MOST: Micros = Micros::from_secs(60);
/// In between it grows with the services, so that looking takes about a hundredth of a processor: in
/// the emulated machine, where all takes some ten times longer, 0.7 ms for a service with five
/// servers.
const LOOK_PER_SERVICE: Micros = Micros::from_millis(6);

fn look_after(services: usize) -> Micros {
    let services = u64::try_from(services).unwrap_or(u64::MAX);
    LOOK_PER_SERVICE
        .times(services)
        .clamp(LOOK_LEAST, LOOK_MOST)
}

/// Where the kernel's load balancer stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Nobody has asked yet.
    #[default]
    Unknown,
    /// It is not there; the time to ask again.
    Missing(Monotonic),
    /// Its settings are to be read.
    Found,
    /// It is in use.
    Open,
}

/// The kernel's side of the balancer.
#[derive(Clone, Debug, Default)]
pub(super) struct Kernel {
    stage: Stage,
    flush: bool,
    wanted: Wanted,
    settings: Settings,
    settings_failed: bool,
    slots: Slots,
    retry: Option<Monotonic>,
    /// When the kernel's table is looked at again.
    look: Option<Monotonic>,
    missing_told: bool,
    /// A piece of work is under way.
    busy: bool,
}

impl Kernel {
    /// Everything is to be taken away first, whoever made it.
    pub(super) const fn flush(&mut self) {
        self.flush = true;
    }

    /// Says what a service should be.
    pub(super) fn want(&mut self, key: ServiceKey, entry: Option<Entry>) {
        self.slots.want(key, entry);
    }

    /// All services go. Nothing is tried for long any more.
    pub(super) fn want_nothing(&mut self) {
        self.slots.want_nothing();
        self.look = None;
    }

    /// Says what timeouts and daemons should be.
    pub(super) fn settings(&mut self, lvs: &Lvs, state: Option<VrrpState>) {
        let wanted = Wanted::new(lvs, state, &self.wanted);
        if wanted != self.wanted {
            self.wanted = wanted;
            self.settings_failed = false;
        }
    }

    pub(super) const fn is_missing(&self) -> bool {
        matches!(self.stage, Stage::Missing(_))
    }

    /// Something of this configuration is in the kernel, or should be.
    fn has_own(&self) -> bool {
        !self.slots.is_empty() || !self.wanted.is_nothing()
    }

    /// Without virtual servers the kernel is not asked at all, so that no module is loaded.
    fn is_needed(&self) -> bool {
        self.flush || self.stage == Stage::Open || self.has_own()
    }

    /// Something is to be done, or under way.
    pub(super) fn is_at_work(&self) -> bool {
        self.busy || self.has_work()
    }

    /// Something is to be done at this moment.
    pub(super) fn has_work(&self) -> bool {
        !self.busy
            && self.is_needed()
            && match self.stage {
                Stage::Unknown | Stage::Found => true,
                Stage::Missing(_) => false,
                Stage::Open => {
                    self.flush || !self.slots.is_settled() || !self.settings_plan().is_empty()
                }
            }
    }

    fn settings_plan(&self) -> Vec<Command> {
        if self.settings_failed {
            Vec::new()
        } else {
            self.settings.plan(&self.wanted)
        }
    }

    pub(super) fn next_work(&mut self) -> Option<Work> {
        if self.busy || !self.is_needed() {
            return None;
        }
        let work = self.pick_work();
        self.busy = work.is_some();
        work
    }

    fn pick_work(&mut self) -> Option<Work> {
        match self.stage {
            Stage::Unknown => Some(Work::Open),
            Stage::Missing(_) => None,
            Stage::Found => Some(Work::ReadSettings),
            Stage::Open if self.flush => Some(Work::Change(vec![Command::Flush])),
            Stage::Open => match self.settings_plan() {
                commands if commands.is_empty() => self.slots.next(),
                commands => Some(Work::Change(commands)),
            },
        }
    }

    pub(super) fn done(&mut self, now: Monotonic, done: Done, log: &mut Vec<LogRecord>) {
        self.busy = false;
        match done {
            Done::Opened(Ok(())) => {
                self.stage = Stage::Found;
                if std::mem::take(&mut self.missing_told) {
                    log.push(LogRecord::new(Level::Notice, fault::AVAILABLE));
                }
            }
            Done::Opened(Err(refusal)) => self.missing(now, &refusal, log),
            Done::Settings(result) => self.read_settings(result, log),
            Done::Found(found) => {
                let gone = found.iter().any(|(_, result)| is_gone(result));
                self.slots.found(found, log);
                if gone {
                    self.stage = Stage::Unknown;
                    self.slots.doubt();
                }
            }
            Done::Changed(results) => self.changed(results, log),
        }
        if (self.slots.has_failed() || self.settings_failed) && self.retry.is_none() {
            self.retry = Some(now.after(RETRY));
        }
        if self.stage == Stage::Open && self.slots.is_settled() {
            log.extend(self.slots.meddling());
            let next = now.after(look_after(self.slots.len()));
            self.look.get_or_insert(next);
        }
    }

    fn missing(&mut self, now: Monotonic, refusal: &Refusal, log: &mut Vec<LogRecord>) {
        self.stage = Stage::Missing(now.after(RETRY));
        if !std::mem::replace(&mut self.missing_told, true) {
            log.push(LogRecord::new(Level::Error, fault::unavailable(refusal)));
        }
    }

    fn read_settings(
        &mut self,
        result: Result<(Timeouts, Vec<SyncDaemon>), Refusal>,
        log: &mut Vec<LogRecord>,
    ) {
        self.stage = Stage::Open;
        match result {
            Ok((timeouts, daemons)) => {
                let found = self.settings.found(timeouts, daemons);
                if found == Found::Changed && !self.settings_plan().is_empty() {
                    let text = "IPVS: somebody else changed timeouts or sync daemons in the kernel; \
                                they are put back";
                    log.push(LogRecord::new(Level::Warning, text));
                }
            }
            Err(refusal) => {
                self.settings_failed = true;
                let text = format!("IPVS: reading its timeouts failed: {}", refusal.text);
                log.push(LogRecord::new(Level::Error, text));
            }
        }
    }

    fn changed(&mut self, results: Vec<(Command, Result<(), Refusal>)>, log: &mut Vec<LogRecord>) {
        let (services, others): (Vec<_>, Vec<_>) = results
            .into_iter()
            .partition(|(command, _)| command.service().is_some());
        self.slots.changed(services, log);
        for (command, result) in others {
            let flushing = command == Command::Flush;
            match result {
                Ok(()) if flushing => self.slots.flushed(),
                Ok(()) => self.settings.apply(&command),
                Err(refusal) => {
                    self.settings_failed |= !flushing;
                    let text = fault::refused(&command, &refusal);
                    log.push(LogRecord::new(Level::Error, text));
                }
            }
            self.flush &= !flushing;
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Monotonic> {
        if !self.is_needed() {
            return None;
        }
        match self.stage {
            Stage::Missing(retry) => Some(retry),
            Stage::Unknown | Stage::Found => None,
            Stage::Open => [self.retry, self.look.filter(|_| self.has_own())]
                .into_iter()
                .flatten()
                .min(),
        }
    }

    pub(super) fn timer_due(&mut self, now: Monotonic) {
        if matches!(self.stage, Stage::Missing(retry) if retry <= now) {
            self.stage = Stage::Unknown;
        }
        if self.retry.take_if(|retry| *retry <= now).is_some() {
            self.settings_failed = false;
            self.slots.retry();
        }
        if self.look.is_some_and(|time| time <= now) {
            self.look = Some(now.after(look_after(self.slots.len())));
            self.start_look();
        }
    }

    /// One that is still under way goes on.
    fn start_look(&mut self) {
        if self.stage == Stage::Open && self.slots.is_settled() && !self.busy {
            self.slots.look();
            if !self.wanted.is_nothing() {
                self.stage = Stage::Found;
            }
        }
    }
}

/// A missing service is no error of a read: only the family itself can be missing so.
fn is_gone(result: &Result<Option<Entry>, Refusal>) -> bool {
    matches!(result, Err(refusal) if refusal.errno == ENOENT)
}

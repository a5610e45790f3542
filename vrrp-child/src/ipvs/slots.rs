//! Each service that is or was wanted: what the kernel has of it, what it should have, and what is
//! to be done next. A service is read before it is changed; behind that the answers tell what is
//! there, until somebody else may have changed it.

use super::command::Command;
use super::fault::{self, EEXIST, ENOENT, ESRCH};
use super::plan::plan_service;
use super::table::{Entry, ServiceKey};
use super::work::{MAX_PIECE, Refusal, Work};
use holdfast_ipc::log::{Level, LogRecord};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// So often in a row a service is read again because the kernel's answer did not fit to what was
/// thought to be there. Then somebody else changes it all the time, and it waits for the next try.
const MAX_SURPRISES: u8 = 3;
/// So many servers are expected in the services of one piece that is read: some milliseconds for
/// the kernel to list. One service may have more; it is a piece then.
const MAX_SERVERS_READ: usize = 512;

/// Lines of one look that name a service which somebody else changed; `ipvsadm -C` changes all.
const MOST_NAMED: usize = 10;

/// What the kernel has.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Present {
    /// Nobody has looked yet.
    Unread,
    /// This, unless somebody else changed it.
    Stale(Option<Entry>),
    /// This.
    Known(Option<Entry>),
}

#[derive(Clone, Debug)]
struct Slot {
    present: Present,
    wanted: Option<Entry>,
    queued: bool,
    surprises: u8,
    /// A refusal was told, so that its repetition tells nothing new.
    told: bool,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    slots: BTreeMap<ServiceKey, Slot>,
    queue: VecDeque<ServiceKey>,
    failed: BTreeSet<ServiceKey>,
    /// Services that somebody else changed, since the last `meddling`.
    meddled: usize,
}

impl Slots {
    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Nothing to do at this moment.
    pub(super) fn is_settled(&self) -> bool {
        self.queue.is_empty()
    }

    /// Something waits for a retry.
    pub(super) fn has_failed(&self) -> bool {
        !self.failed.is_empty()
    }

    /// Says what a service should be; none takes it away.
    pub(super) fn want(&mut self, key: ServiceKey, wanted: Option<Entry>) {
        match self.slots.get_mut(&key) {
            Some(slot) if slot.wanted == wanted => return,
            Some(slot) => slot.wanted = wanted,
            None if wanted.is_none() => return,
            None => {
                let slot = Slot {
                    present: Present::Unread,
                    wanted,
                    queued: false,
                    surprises: 0,
                    told: false,
                };
                self.slots.insert(key, slot);
            }
        }
        self.enqueue(key);
    }

    /// Takes everything away.
    pub(super) fn want_nothing(&mut self) {
        let keys: Vec<_> = self.slots.keys().copied().collect();
        for key in keys {
            self.want(key, None);
        }
    }

    /// The kernel's table was emptied.
    pub(super) fn flushed(&mut self) {
        self.queue.clear();
        self.failed.clear();
        self.slots.retain(|_, slot| slot.wanted.is_some());
        for slot in self.slots.values_mut() {
            slot.present = Present::Known(None);
            slot.queued = true;
        }
        self.queue.extend(self.slots.keys());
    }

    /// Everything is looked at again: somebody else may have been there. What failed waits for its
    /// retry.
    pub(super) fn look(&mut self) {
        self.queue.clear();
        for (key, slot) in &mut self.slots {
            slot.surprises = 0;
            slot.queued = !self.failed.contains(key);
            if slot.queued {
                slot.doubt();
                self.queue.push_back(*key);
            }
        }
    }

    /// The load balancer was gone with all that it had.
    pub(super) fn doubt(&mut self) {
        self.failed.clear();
        self.look();
    }

    /// What is not named in lines of its own: to be asked when a look is over.
    pub(super) fn meddling(&mut self) -> Option<LogRecord> {
        let meddled = std::mem::take(&mut self.meddled);
        let more = meddled.checked_sub(MOST_NAMED).filter(|more| *more > 0)?;
        let text = format!(
            "IPVS: somebody else changed {more} more virtual servers in the kernel; they are put back"
        );
        Some(LogRecord::new(Level::Warning, text))
    }

    /// Tries again what failed.
    pub(super) fn retry(&mut self) {
        for key in std::mem::take(&mut self.failed) {
            if let Some(slot) = self.slots.get_mut(&key) {
                slot.present = Present::Unread;
                self.enqueue(key);
            }
        }
    }

    fn enqueue(&mut self, key: ServiceKey) {
        self.failed.remove(&key);
        if let Some(slot) = self.slots.get_mut(&key)
            && !slot.queued
        {
            slot.queued = true;
            self.queue.push_back(key);
        }
    }

    /// The next piece: reads as long as the first in the queue has to be read, else commands.
    pub(super) fn next(&mut self) -> Option<Work> {
        let mut reads = Vec::new();
        let mut servers = 0_usize;
        let mut commands = Vec::new();
        while reads.len().max(commands.len()) < MAX_PIECE && servers < MAX_SERVERS_READ {
            let Some(key) = self.queue.front().copied() else {
                break;
            };
            let Some(slot) = self.slots.get_mut(&key) else {
                self.queue.pop_front();
                continue;
            };
            match slot.next(key) {
                Next::Read if commands.is_empty() => {
                    reads.push(key);
                    servers = servers.saturating_add(slot.expected());
                }
                Next::Change(mut more) if reads.is_empty() => commands.append(&mut more),
                Next::Nothing => slot.surprises = 0,
                Next::Read | Next::Change(_) => break,
            }
            slot.queued = false;
            let over = slot.is_over();
            self.queue.pop_front();
            if over {
                self.slots.remove(&key);
            }
        }
        if !reads.is_empty() {
            return Some(Work::Read(reads));
        }
        self.cut(&mut commands);
        (!commands.is_empty()).then_some(Work::Change(commands))
    }

    /// What is too much for one piece comes behind it: its services are compared again then.
    fn cut(&mut self, commands: &mut Vec<Command>) {
        let rest = commands.split_off(commands.len().min(MAX_PIECE));
        let keys: BTreeSet<_> = rest.iter().filter_map(Command::service).copied().collect();
        for key in keys.into_iter().rev() {
            if let Some(slot) = self.slots.get_mut(&key)
                && !slot.queued
            {
                slot.queued = true;
                self.queue.push_front(key);
            }
        }
    }

    /// Takes what was read.
    pub(super) fn found(
        &mut self,
        found: Vec<(ServiceKey, Result<Option<Entry>, Refusal>)>,
        log: &mut Vec<LogRecord>,
    ) {
        for (key, result) in found {
            let Some(slot) = self.slots.get_mut(&key) else {
                continue;
            };
            match result {
                Ok(entry) => {
                    if let Some(line) = slot.read(key, entry) {
                        self.meddled = self.meddled.saturating_add(1);
                        log.extend((self.meddled <= MOST_NAMED).then_some(line));
                    }
                    self.enqueue(key);
                }
                Err(refusal) => {
                    if !std::mem::replace(&mut slot.told, true) {
                        let text = format!("VS {key}: reading it failed: {}", refusal.text);
                        log.push(LogRecord::new(Level::Error, text));
                    }
                    self.failed.insert(key);
                }
            }
        }
    }

    /// Takes what became of commands.
    pub(super) fn changed(
        &mut self,
        results: Vec<(Command, Result<(), Refusal>)>,
        log: &mut Vec<LogRecord>,
    ) {
        // A service that was refused refuses its servers as well; once is enough.
        let mut over = BTreeSet::new();
        for (command, result) in results {
            let Some(key) = command.service().copied() else {
                continue;
            };
            if over.contains(&key) {
                continue;
            }
            let Some(slot) = self.slots.get_mut(&key) else {
                continue;
            };
            match result {
                Ok(()) => slot.apply(command),
                Err(refusal) if is_done(&command, refusal.errno) => slot.apply(command),
                Err(refusal) if is_surprise(&command, refusal.errno) && slot.surprised() => {
                    over.insert(key);
                    slot.doubt();
                    self.enqueue(key);
                    continue;
                }
                Err(refusal) => {
                    if !std::mem::replace(&mut slot.told, true) {
                        let text = fault::refused(&command, &refusal);
                        log.push(LogRecord::new(Level::Error, text));
                    }
                    over.insert(key);
                    self.failed.insert(key);
                    continue;
                }
            }
            if slot.is_over() {
                self.slots.remove(&key);
            }
        }
    }
}

/// What a service needs.
enum Next {
    Read,
    Change(Vec<Command>),
    Nothing,
}

impl Slot {
    fn next(&self, key: ServiceKey) -> Next {
        let mut commands = Vec::new();
        match (&self.wanted, &self.present) {
            (None, Present::Known(None)) => return Next::Nothing,
            // What is to go need not be known: a missing one is gone already.
            (None, _) => commands.push(Command::RemoveService(key)),
            (Some(_), Present::Unread | Present::Stale(_)) => return Next::Read,
            (Some(wanted), Present::Known(entry)) => {
                plan_service(key, entry.as_ref(), wanted, &mut commands);
            }
        }
        if commands.is_empty() {
            Next::Nothing
        } else {
            Next::Change(commands)
        }
    }

    /// How many servers the kernel is likely to have there.
    fn expected(&self) -> usize {
        self.wanted.as_ref().map_or(0, |entry| entry.servers.len())
    }

    /// It may be another one than was thought.
    fn doubt(&mut self) {
        let present = std::mem::replace(&mut self.present, Present::Unread);
        self.present = match present {
            Present::Known(entry) => Present::Stale(entry),
            before @ (Present::Unread | Present::Stale(_)) => before,
        };
    }

    /// Takes what is there. A line where somebody else was at it, and it has to be put back.
    fn read(&mut self, key: ServiceKey, entry: Option<Entry>) -> Option<LogRecord> {
        let before = std::mem::replace(&mut self.present, Present::Known(entry.clone()));
        let (Present::Stale(before), Some(wanted)) = (&before, &self.wanted) else {
            return None;
        };
        let differs = match (before, &entry) {
            (Some(before), Some(entry)) => !differences(key, Some(entry), before).is_empty(),
            (before, entry) => before.is_some() != entry.is_some(),
        };
        let commands = differences(key, entry.as_ref(), wanted);
        let [first, rest @ ..] = &commands[..] else {
            return None;
        };
        differs.then(|| {
            let more = match rest.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let text = format!(
                "VS {key}: somebody else changed it in the kernel; it is put back ({}{more})",
                fault::deed(first)
            );
            LogRecord::new(Level::Warning, text)
        })
    }

    /// Follows a command that was carried out.
    fn apply(&mut self, command: Command) {
        self.told = false;
        let Present::Known(entry) = &mut self.present else {
            if matches!(command, Command::RemoveService(_)) {
                self.present = Present::Known(None);
            }
            return;
        };
        match (command, entry) {
            (Command::AddService(_, options), entry) => {
                let servers = BTreeMap::new();
                *entry = Some(Entry { options, servers });
            }
            (Command::EditService(_, options), Some(entry)) => entry.options = options,
            (Command::RemoveService(_), entry) => *entry = None,
            (
                Command::AddServer(_, key, server) | Command::EditServer(_, key, server),
                Some(entry),
            ) => {
                entry.servers.insert(key, server);
            }
            (Command::RemoveServer(_, key), Some(entry)) => {
                entry.servers.remove(&key);
            }
            (
                Command::EditService(..)
                | Command::AddServer(..)
                | Command::EditServer(..)
                | Command::RemoveServer(..)
                | Command::SetTimeouts(_)
                | Command::StartDaemon(_)
                | Command::StopDaemon(_)
                | Command::Zero(_)
                | Command::Flush,
                _,
            ) => {}
        }
    }

    /// Counts a surprise; false where there were too many.
    fn surprised(&mut self) -> bool {
        self.surprises = self.surprises.saturating_add(1);
        self.surprises <= MAX_SURPRISES
    }

    fn is_over(&self) -> bool {
        self.wanted.is_none() && self.present == Present::Known(None)
    }
}

/// What turns one entry into another.
fn differences(key: ServiceKey, present: Option<&Entry>, wanted: &Entry) -> Vec<Command> {
    let mut commands = Vec::new();
    plan_service(key, present, wanted, &mut commands);
    commands
}

/// The wish is fulfilled already.
fn is_done(command: &Command, errno: i32) -> bool {
    match command {
        Command::RemoveService(_) => errno == ESRCH,
        Command::RemoveServer(..) => errno == ENOENT,
        Command::AddService(..)
        | Command::EditService(..)
        | Command::AddServer(..)
        | Command::EditServer(..)
        | Command::SetTimeouts(_)
        | Command::StartDaemon(_)
        | Command::StopDaemon(_)
        | Command::Zero(_)
        | Command::Flush => false,
    }
}

/// The kernel has something else than was thought.
fn is_surprise(command: &Command, errno: i32) -> bool {
    match command {
        Command::AddService(..) => errno == EEXIST,
        Command::EditService(..) | Command::RemoveServer(..) => errno == ESRCH,
        Command::AddServer(..) => matches!(errno, EEXIST | ESRCH),
        Command::EditServer(..) => matches!(errno, ENOENT | ESRCH),
        Command::RemoveService(_)
        | Command::SetTimeouts(_)
        | Command::StartDaemon(_)
        | Command::StopDaemon(_)
        | Command::Zero(_)
        | Command::Flush => false,
    }
}

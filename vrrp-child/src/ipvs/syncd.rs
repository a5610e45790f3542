//! The kernel's timeouts and sync daemons.

use super::command::Command;
use super::table::{SyncDaemon, SyncRole, Timeouts};
use holdfast_ipc::config::model::{self, Lvs, LvsTimeouts};
use holdfast_ipc::state::VrrpState;

/// What they should be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    timeouts: LvsTimeouts,
    daemons: Vec<SyncDaemon>,
    /// The configuration spoke of daemons once.
    owned: bool,
}

impl Wanted {
    /// Of a configuration, with the state of the instance that the daemon follows.
    pub(super) fn new(lvs: &Lvs, state: Option<VrrpState>, before: &Self) -> Self {
        Self {
            timeouts: lvs.timeouts,
            daemons: daemons(lvs.sync_daemon.as_ref(), state),
            owned: before.owned || lvs.sync_daemon.is_some(),
        }
    }

    /// True where the kernel need not be asked for its settings.
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What the kernel has of them, and had before.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    /// None until they were read.
    original: Option<Timeouts>,
    timeouts: Timeouts,
    daemons: Vec<SyncDaemon>,
}

/// What a look at the kernel has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It was the first one, or all is as it was left.
    AsKnown,
    /// Somebody else was there.
    Changed,
}

impl Settings {
    /// Takes what the kernel has.
    pub(super) fn found(&mut self, timeouts: Timeouts, daemons: Vec<SyncDaemon>) -> Found {
        let first = self.original.is_none();
        self.original.get_or_insert(timeouts);
        let same = timeouts == self.timeouts
            && daemons.len() == self.daemons.len()
            && self
                .daemons
                .iter()
                .all(|known| daemons.iter().any(|found| is_fulfilled(known, found)));
        self.timeouts = timeouts;
        self.daemons = daemons;
        if first || same {
            Found::AsKnown
        } else {
            Found::Changed
        }
    }

    /// From what is there to what is wanted. What the configuration once changed goes back; daemons
    /// that it never spoke of are none of ours.
    pub(super) fn plan(&self, wanted: &Wanted) -> Vec<Command> {
        let mut commands = Vec::new();
        let original = self.original.unwrap_or(self.timeouts);
        let timeouts = overlay(original, wanted.timeouts);
        if timeouts != self.timeouts {
            commands.push(Command::SetTimeouts(timeouts));
        }
        if wanted.owned {
            self.plan_daemons(&wanted.daemons, &mut commands);
        }
        commands
    }

    fn plan_daemons(&self, wanted: &[SyncDaemon], commands: &mut Vec<Command>) {
        for present in &self.daemons {
            if !wanted.iter().any(|wanted| is_fulfilled(wanted, present)) {
                commands.push(Command::StopDaemon(present.clone()));
            }
        }
        for wanted in wanted {
            if !self
                .daemons
                .iter()
                .any(|present| is_fulfilled(wanted, present))
            {
                commands.push(Command::StartDaemon(wanted.clone()));
            }
        }
    }

    /// Follows a command that was carried out.
    pub(super) fn apply(&mut self, command: &Command) {
        match command {
            Command::SetTimeouts(timeouts) => self.timeouts = *timeouts,
            Command::StartDaemon(daemon) => self.daemons.push(daemon.clone()),
            Command::StopDaemon(daemon) => {
                self.daemons.retain(|present| present.role != daemon.role);
            }
            Command::AddService(..)
            | Command::EditService(..)
            | Command::RemoveService(_)
            | Command::AddServer(..)
            | Command::EditServer(..)
            | Command::RemoveServer(..)
            | Command::Zero(_)
            | Command::Flush => {}
        }
    }
}

/// Values that are not set, or 0, stay as they were.
fn overlay(original: Timeouts, set: LvsTimeouts) -> Timeouts {
    let pick = |set: Option<u32>, original| set.filter(|set| *set != 0).unwrap_or(original);
    Timeouts {
        tcp: pick(set.tcp, original.tcp),
        tcp_fin: pick(set.tcp_fin, original.tcp_fin),
        udp: pick(set.udp, original.udp),
    }
}

/// The daemon of the state of its instance, both where it follows none.
fn daemons(config: Option<&model::SyncDaemon>, state: Option<VrrpState>) -> Vec<SyncDaemon> {
    let Some(config) = config else {
        return Vec::new();
    };
    let roles: &[SyncRole] = match (&config.instance, state) {
        (None, _) => &[SyncRole::Master, SyncRole::Backup],
        (Some(_), Some(VrrpState::Master)) => &[SyncRole::Master],
        (Some(_), Some(VrrpState::Init | VrrpState::Backup | VrrpState::Fault) | None) => {
            &[SyncRole::Backup]
        }
    };
    let daemons = roles.iter().map(|role| SyncDaemon {
        role: *role,
        interface: config.interface.clone(),
        id: config.id,
        max_len: config.max_len,
        group: config.group,
        port: config.port,
        ttl: config.ttl,
    });
    daemons.collect()
}

/// The kernel fills in what was left to it.
fn is_fulfilled(wanted: &SyncDaemon, present: &SyncDaemon) -> bool {
    fn fits<T: PartialEq>(wanted: &Option<T>, present: &Option<T>) -> bool {
        wanted.is_none() || wanted == present
    }
    wanted.role == present.role
        && wanted.interface == present.interface
        && wanted.id == present.id
        && fits(&wanted.max_len, &present.max_len)
        && fits(&wanted.group, &present.group)
        && fits(&wanted.port, &present.port)
        && fits(&wanted.ttl, &present.ttl)
}

//! Parts of `global_defs` and of the outer level that concern the daemon itself.

use super::{IfName, InstanceName, Micros, ScriptCommand, UserSpec};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where the daemon runs, and under which name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// `net_namespace`.
    pub namespace: Option<String>,
    /// `net_namespace_ipvs`.
    pub ipvs_namespace: IpvsNamespace,
    /// `instance`: a part of pid file names and of names in the log.
    pub instance: Option<String>,
    /// `use_pid_dir`: pid files have a directory of their own.
    pub use_pid_dir: bool,
}

/// `net_namespace_ipvs`: where virtual servers are set up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum IpvsNamespace {
    /// Where the daemon runs.
    #[default]
    Same,
    /// That of the machine.
    Default,
    /// The one of this name.
    Named(String),
}

/// What happens around the start and the stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartStop {
    /// `startup_script`.
    pub startup: Option<ScriptCommand>,
    /// `startup_script_timeout`, 1..=1000 seconds.
    pub startup_secs: u16,
    /// `shutdown_script`.
    pub shutdown: Option<ScriptCommand>,
    /// `shutdown_script_timeout`, 1..=1000 seconds.
    pub shutdown_secs: u16,
    /// `vrrp_startup_delay`; instances keep quiet for that long.
    pub delay: Micros,
    /// `vrrp_delay_after_boot`; the machine has to be up for that long.
    pub after_boot: Micros,
}

impl Default for StartStop {
    fn default() -> Self {
        /// keepalived's seconds for either script.
        const TIMEOUT: u16 = 10;
        Self {
            startup: None,
            startup_secs: TIMEOUT,
            shutdown: None,
            shutdown_secs: TIMEOUT,
            delay: Micros::ZERO,
            after_boot: Micros::ZERO,
        }
    }
}

/// A named pipe that is told of changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fifo {
    /// Its path.
    pub path: String,
    /// Whose it is, where the configuration says so.
    pub owner: Option<UserSpec>,
    /// What is started to read it; the path is its last argument.
    pub script: Option<ScriptCommand>,
}

/// All named pipes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fifos {
    /// `notify_fifo`: all changes.
    pub all: Option<Fifo>,
    /// `vrrp_notify_fifo`: changes of instances and groups.
    pub vrrp: Option<Fifo>,
    /// `lvs_notify_fifo`: changes of servers.
    pub lvs: Option<Fifo>,
    /// `fifo_write_vrrp_states_on_reload`.
    pub states_on_reload: bool,
    /// `vrrp_notify_priority_changes`: for instances that do not say so themselves.
    pub priority_changes: bool,
}

/// Files around a reload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadFiles {
    /// `reload_time_file`: it holds the time of a reload.
    pub time_file: Option<String>,
    /// `reload_repeat`: every day.
    pub repeat: bool,
    /// `reload_file`: it is there while the configuration is being read.
    pub marker: Option<ReloadMarker>,
}

/// `reload_file`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReloadMarker {
    /// Beside the pid file.
    Default,
    /// At this path.
    Path(String),
}

/// A passphrase; never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Passphrase(pub String);

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// `SSL`: what SSL_GET shows to servers, and whom it trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsFiles {
    /// `password` of the key.
    pub password: Option<Passphrase>,
    /// `ca`: a file with certificates that are trusted.
    pub ca: Option<String>,
    /// `certificate`: a file with the own certificate.
    pub certificate: Option<String>,
    /// `key`: a file with the own private key.
    pub key: Option<String>,
}

/// `track_group`: instances that react when a static line of that group is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackGroup {
    /// Its name.
    pub name: String,
    /// `group`: at least one.
    pub members: Vec<InstanceName>,
}

/// `garp_group`: interfaces that share the pauses between gratuitous ARP messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GarpGroup {
    /// `garp_interval`: least time between two gratuitous ARP messages.
    pub interval: Micros,
    /// `gna_interval`: least time between two neighbour advertisements.
    pub gna_interval: Micros,
    /// At least one; none is in two groups.
    pub interfaces: Vec<IfName>,
}

/// A line of `interface_up_down_delays`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkDelay {
    /// The interface.
    pub interface: IfName,
    /// How long a link has to be down until it counts as down, up to 255 s.
    pub down: Micros,
    /// How long a link has to be up until it counts as up, up to 255 s.
    pub up: Micros,
}

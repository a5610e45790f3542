//! Slices of the configuration: what each child is given, and nothing more. The checker sees no
//! password and no notify script, the VRRP child no command line.

pub use holdfast_conf::model;
use holdfast_conf::model::{Lvs, Micros, ScriptAction, ScriptName, TlsFiles, VirtualRouter};
use serde::{Deserialize, Serialize};

/// Counts the configurations of one daemon: 1 at start, one more with each reload. A message about
/// another generation than the present one is dropped.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Generation(u64);

impl Generation {
    /// From its number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one behind it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// What the VRRP child gets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VrrpConfig {
    /// All virtual routers; names are unique.
    pub routers: Vec<VirtualRouter>,
    /// Adverts of unknown VRIDs are logged.
    pub log_unknown_vrids: bool,
    /// `-D`: also the lines that keepalived writes only with log detail.
    pub log_detail: bool,
    /// What concerns the load balancer as a whole.
    pub lvs: Lvs,
    /// How many pools came in front of this in `Pools` messages.
    pub pools: u32,
}

/// One script of a checker child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckerScript {
    /// Its name.
    pub name: ScriptName,
    /// What it does; the program is an absolute path that the parent found.
    pub action: ScriptAction,
    /// Time between the starts of two runs.
    pub interval: Micros,
    /// Longest time that a run may take.
    pub timeout: Micros,
    /// Successes in a row until "ok".
    pub rise: u32,
    /// Failures in a row until "failed".
    pub fall: u32,
    /// Counts as failed until `rise` successes.
    pub init_fail: bool,
}

/// What a checker child gets: only the scripts that run as its user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckerConfig {
    /// All scripts; names are unique.
    pub scripts: Vec<CheckerScript>,
    /// Before each run the path is checked again: nobody but root and the own user may be able to
    /// replace any part of it.
    pub script_security: bool,
    /// How many servers came in front of this in `Servers` messages.
    pub servers: u32,
    /// `SSL`: only where an `SSL_GET` is among the checks. The checker reads the files as its user.
    pub tls: TlsFiles,
}

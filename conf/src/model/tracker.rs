//! What instances and groups watch besides interfaces and scripts.

use super::{BfdName, FileName, Micros, ProcessName, Weight};
use serde::{Deserialize, Serialize};

/// One line of a `track_…` list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracked<N> {
    /// What is tracked.
    pub name: N,
    /// The tracker's own weight where the line has none.
    pub weight: Weight,
    /// The sign of the contribution is flipped.
    pub reverse: bool,
}

/// What an instance or a group tracks besides interfaces and scripts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trackers {
    /// `track_file`.
    pub files: Vec<Tracked<FileName>>,
    /// `track_process`.
    pub processes: Vec<Tracked<ProcessName>>,
    /// `track_bfd`.
    pub bfds: Vec<Tracked<BfdName>>,
}

/// How the arguments of a process are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParamMatch {
    /// They may be anything.
    Ignored,
    /// All of them, and no others.
    Exact,
    /// The process may have further ones behind them.
    Initial,
    /// As `Initial`, and the last one may be the beginning of an argument.
    Partial,
}

/// `vrrp_track_process NAME { … }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackProcess {
    /// Its name.
    pub name: ProcessName,
    /// Name or first word of the command line of the process.
    pub process: String,
    /// Arguments that it has to have.
    pub params: Vec<String>,
    /// How they are compared.
    pub param_match: ParamMatch,
    /// The command line is compared, not the 15 bytes that the kernel keeps of the name.
    pub full_command: bool,
    /// Default weight for those who track it.
    pub weight: Weight,
    /// Default direction for those who track it.
    pub reverse: bool,
    /// Processes that have to run, 0..=65535; 0 only together with `quorum_max` 0.
    pub quorum: u16,
    /// Processes that may run at most.
    pub quorum_max: Option<u16>,
    /// Time until a lost quorum is believed, up to 3600 s.
    pub terminate_delay: Micros,
    /// Time until a gained quorum is believed, up to 3600 s.
    pub fork_delay: Micros,
}

/// `init_file`: the file is made at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitFile {
    /// The number that it gets.
    pub value: i16,
    /// A file that is there already is replaced.
    pub overwrite: bool,
}

/// `track_file NAME { … }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackFile {
    /// Its name.
    pub name: FileName,
    /// The file with the number.
    pub path: String,
    /// Default factor for those who track it.
    pub weight: Weight,
    /// Default direction for those who track it.
    pub reverse: bool,
    /// Whether it is made at the start.
    pub init: Option<InitFile>,
}

impl TrackFile {
    /// One of which only the name is known so far.
    pub(crate) const fn named(name: FileName) -> Self {
        Self {
            name,
            path: String::new(),
            weight: Weight::NOTHING,
            reverse: false,
            init: None,
        }
    }
}

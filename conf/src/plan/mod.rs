//! What a reload would do.

mod instances;
mod render;
mod servers;

use crate::diff::{self, servers::ServerChange};
use crate::model::Config;

/// What a reload from one configuration to another does, as far as the configurations say: who is
/// MASTER is not known here.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    instances: Vec<instances::Step>,
    servers: Vec<servers::Step>,
    /// Values of `global_defs`, and scripts.
    others: Vec<String>,
}

impl Plan {
    /// True where a reload changes nothing.
    pub fn is_empty(&self) -> bool {
        self.instances.is_empty() && self.servers.is_empty() && self.others.is_empty()
    }
}

/// Compares two configurations. The work grows with their size, not with its square.
pub fn plan(old: &Config, new: &Config) -> Plan {
    Plan {
        instances: instances::steps(&old.instances, &new.instances),
        servers: servers::steps(&old.virtual_servers, &new.virtual_servers),
        others: diff::besides(old, new),
    }
}

/// What becomes of the real servers of a changed virtual server, for the text.
fn untouched(change: &ServerChange) -> Option<String> {
    match change.untouched {
        0 => None,
        1 => Some("1 server untouched, its connections stay".to_owned()),
        number => Some(format!(
            "{number} servers untouched, their connections stay"
        )),
    }
}

//! The whole checked configuration.

use super::{
    BfdInstance, Lvs, Mail, Route, Rule, StaticAddress, SyncGroup, TrackFile, TrackProcess,
    UserSpec, VirtualServer, VrrpInstance, VrrpScript,
};
use serde::{Deserialize, Serialize};

/// Everything that one set of configuration files says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// `global_defs`.
    pub global: Global,
    /// Addresses, routes and rules that are there from the start to the stop.
    pub statics: Statics,
    /// `vrrp_script`, in the order of the files; names are unique.
    pub scripts: Vec<VrrpScript>,
    /// `vrrp_track_process`, in the order of the files; names are unique.
    pub track_processes: Vec<TrackProcess>,
    /// `track_file`, in the order of the files; names are unique.
    pub track_files: Vec<TrackFile>,
    /// `bfd_instance`, in the order of the files; names are unique.
    pub bfd_instances: Vec<BfdInstance>,
    /// `vrrp_instance`, in the order of the files; names are unique.
    pub instances: Vec<VrrpInstance>,
    /// `vrrp_sync_group`, in the order of the files; names are unique.
    pub sync_groups: Vec<SyncGroup>,
    /// `virtual_server`, in the order of the files.
    pub virtual_servers: Vec<VirtualServer>,
}

/// `static_ipaddress`, `static_routes`, `static_rules`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statics {
    /// Addresses; each is unique on its interface.
    pub addresses: Vec<StaticAddress>,
    /// Routes.
    pub routes: Vec<Route>,
    /// Rules.
    pub rules: Vec<Rule>,
}

/// `global_defs`, as far as it is not folded into the instances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Global {
    /// `router_id`; the host's name where it is missing.
    pub router_id: Option<String>,
    /// `script_user`.
    pub script_user: Option<UserSpec>,
    /// Refuses scripts that others could replace. On unless switched off.
    pub script_security: bool,
    /// `log_unknown_vrids`.
    pub log_unknown_vrids: bool,
    /// `notification_email` and the server that takes it; none where nobody is to be told.
    pub mail: Option<Mail>,
    /// What concerns the load balancer as a whole.
    pub lvs: Lvs,
}

impl Default for Global {
    fn default() -> Self {
        Self {
            router_id: None,
            script_user: None,
            script_security: true,
            log_unknown_vrids: false,
            mail: None,
            lvs: Lvs::default(),
        }
    }
}

//! The whole checked configuration.

use super::{
    BfdInstance, ExtraGarp, Fifos, GarpGroup, LinkDelay, Lvs, Mail, ReloadFiles, Route, Rule,
    StartStop, StaticAddress, Surroundings, SyncGroup, TlsFiles, TrackFile, TrackGroup,
    TrackProcess, UserSpec, VirtualServer, VrrpInstance, VrrpScript,
};
use serde::{Deserialize, Serialize};

/// Everything that one set of configuration files says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// `global_defs`.
    pub global: Global,
    /// What belongs to no instance and no server: static lines, groups, interfaces, certificates.
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

/// What belongs to no instance and no server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statics {
    /// Addresses; each is unique on its interface.
    pub addresses: Vec<StaticAddress>,
    /// Routes.
    pub routes: Vec<Route>,
    /// Rules.
    pub rules: Vec<Rule>,
    /// `track_group`; names are unique.
    pub track_groups: Vec<TrackGroup>,
    /// `garp_group`.
    pub garp_groups: Vec<GarpGroup>,
    /// `interface_up_down_delays`; interfaces are unique.
    pub link_delays: Vec<LinkDelay>,
    /// `SSL`.
    pub tls: TlsFiles,
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
    /// `set_supplementary_groups`: scripts have all groups of their user.
    pub all_groups: bool,
    /// `rs_init_notifies`: servers that are up from the start are told of as well.
    pub rs_init_notifies: bool,
    /// `vrrp_garp_extra_if`, for instances that do not say so themselves.
    pub garp_extra: Option<ExtraGarp>,
    /// Where the daemon runs, and under which name.
    pub surroundings: Surroundings,
    /// What happens around the start and the stop.
    pub start_stop: StartStop,
    /// Named pipes that are told of changes.
    pub fifos: Fifos,
    /// Files around a reload.
    pub reload: ReloadFiles,
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
            all_groups: false,
            rs_init_notifies: false,
            garp_extra: None,
            surroundings: Surroundings::default(),
            start_stop: StartStop::default(),
            fifos: Fifos::default(),
            reload: ReloadFiles::default(),
        }
    }
}

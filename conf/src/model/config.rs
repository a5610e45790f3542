//! The whole checked configuration.

use super::{Lvs, Mail, UserSpec, VirtualServer, VrrpInstance, VrrpScript};
use serde::{Deserialize, Serialize};

/// Everything that one set of configuration files says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// `global_defs`.
    pub global: Global,
    /// `vrrp_script`, in the order of the files; names are unique.
    pub scripts: Vec<VrrpScript>,
    /// `vrrp_instance`, in the order of the files; names are unique.
    pub instances: Vec<VrrpInstance>,
    /// `virtual_server`, in the order of the files.
    pub virtual_servers: Vec<VirtualServer>,
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

//! `vrrp_sync_group`.

use super::{GroupName, InstanceName, NotifyScripts, TrackInterface, TrackScript, Trackers};
use serde::{Deserialize, Serialize};

/// `vrrp_sync_group NAME { … }`: instances that change their state together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncGroup {
    /// Its name.
    pub name: GroupName,
    /// At least one; all exist, and none is in another group.
    pub members: Vec<InstanceName>,
    /// Interfaces that all members track.
    pub track_interfaces: Vec<TrackInterface>,
    /// Scripts that all members track.
    pub track_scripts: Vec<TrackScript>,
    /// Everything else that all members track.
    pub trackers: Trackers,
    /// Scripts on a change of the group's state.
    pub notify: NotifyScripts,
    /// Mail on a change of the group's state.
    pub smtp_alert: bool,
    /// `notify_priority_changes`, where it is written.
    pub notify_priority_changes: Option<bool>,
    /// `sync_group_tracking_weight`: trackers may have weights.
    pub tracking_weight: bool,
}

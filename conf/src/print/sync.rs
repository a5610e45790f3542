//! `vrrp_sync_group`.

use super::word::plain;
use super::{Page, tracker};
use crate::model::{NotifyScripts, SyncGroup};

pub(super) fn group(page: &mut Page, group: &SyncGroup) {
    let head = format!("vrrp_sync_group {}", plain(group.name.as_str()));
    page.block(&head, |page| {
        page.block("group", |page| {
            for member in &group.members {
                page.line(&plain(member.as_str()));
            }
        });
        page.flag("sync_group_tracking_weight", group.tracking_weight);
        tracker::lists(
            page,
            &group.track_interfaces,
            &group.track_scripts,
            &group.trackers,
        );
        notify(page, &group.notify);
        page.flag("smtp_alert", group.smtp_alert);
        if let Some(on) = group.notify_priority_changes {
            page.bool("notify_priority_changes", on);
        }
    });
}

pub(super) fn notify(page: &mut Page, notify: &NotifyScripts) {
    page.command("notify_master", notify.master.as_ref());
    page.command("notify_backup", notify.backup.as_ref());
    page.command("notify_fault", notify.fault.as_ref());
    page.command("notify_stop", notify.stop.as_ref());
    page.command("notify", notify.any.as_ref());
}

//! Words of `vrrp_sync_group`.

use super::Section::{self, SyncGroup};
use super::{Entries, Fate, Keyword, Shape, Tracked, Word, repeated, row, used};

const GROUP: &[Section] = &[SyncGroup];

const fn trackers(name: &'static str, word: Word, tracked: Tracked) -> Keyword {
    repeated(
        name,
        word,
        GROUP,
        Shape::Entries(Entries::Trackers(tracked)),
    )
}

const fn notify(name: &'static str, word: Word) -> Keyword {
    used(name, word, GROUP, Shape::Command)
}

pub(super) const ROWS: &[Keyword] = &[
    repeated("group", Word::Group, GROUP, Shape::Entries(Entries::Members))
        .about("The instances of the group. An instance can be in one group only."),
    trackers("track_interface", Word::TrackInterface, Tracked::Interface)
        .about("Interfaces that all members track."),
    trackers("track_script", Word::TrackScript, Tracked::Script)
        .about("Scripts that all members track."),
    trackers("track_file", Word::TrackFile, Tracked::File)
        .about("Files with a number that all members track.")
        .checked("the number in the file would change no priority"),
    trackers("track_process", Word::TrackProcess, Tracked::Process)
        .about("Processes that all members track."),
    trackers("track_bfd", Word::TrackBfd, Tracked::Bfd)
        .about("BFD sessions that all members track."),
    notify("notify_master", Word::NotifyMaster)
        .about("Script that is run when the group becomes MASTER; user and group may follow."),
    notify("notify_backup", Word::NotifyBackup)
        .about("Script that is run when the group becomes BACKUP; user and group may follow."),
    notify("notify_fault", Word::NotifyFault)
        .about("Script that is run when the group goes to FAULT; user and group may follow."),
    notify("notify_stop", Word::NotifyStop)
        .about("Script that is run when the daemon stops; user and group may follow."),
    notify("notify", Word::Notify)
        .about("Script that is run at every change of the group's state. `GROUP`, the group's name, the new state and 0 are appended as arguments."),
    used("smtp_alert", Word::SmtpAlert, GROUP, Shape::Bool)
        .about("Sends mail at every change of the group's state.")
        .default("smtp_alert_vrrp, else smtp_alert, else off"),
    used(
        "notify_priority_changes",
        Word::NotifyPriorityChanges,
        GROUP,
        Shape::Bool,
    )
    .about("Writes changes of the members' priorities to the notify FIFOs as well.")
    .default("vrrp_notify_priority_changes"),
    row(
        "global_tracking",
        Word::None,
        GROUP,
        Shape::Flag,
        Fate::NoEffect("all members track what the group tracks in any case"),
    )
    .about("Formerly made the members share their trackers; now they do in any case."),
    used(
        "sync_group_tracking_weight",
        Word::SyncTrackingWeight,
        GROUP,
        Shape::Flag,
    )
    .about("Allows weights other than 0 for trackers of the group and of its members. Without it such trackers are left out, because members with different priorities could never agree."),
];

//! Named pipes that are told of every change.

use super::super::{Keyword, Shape, Word, used};
use super::{BOOL, FLAG, HERE};

pub(super) const ROWS: &[Keyword] = &[
    used("notify_fifo", Word::NotifyFifo, HERE, Shape::Fifo).about(
        "A named pipe that gets a line for every change of an instance, group or server. It \
             is made where it is missing; user and group may follow the path.",
    ),
    used(
        "notify_fifo_script",
        Word::NotifyFifoScript,
        HERE,
        Shape::Command,
    )
    .about("A command that is started to read that pipe; the path is its last argument."),
    used("vrrp_notify_fifo", Word::VrrpNotifyFifo, HERE, Shape::Fifo)
        .about("The same for changes of instances and groups only."),
    used(
        "vrrp_notify_fifo_script",
        Word::VrrpNotifyFifoScript,
        HERE,
        Shape::Command,
    )
    .about("A command that is started to read that pipe; the path is its last argument."),
    used("lvs_notify_fifo", Word::LvsNotifyFifo, HERE, Shape::Fifo)
        .about("The same for changes of virtual and real servers only."),
    used(
        "lvs_notify_fifo_script",
        Word::LvsNotifyFifoScript,
        HERE,
        Shape::Command,
    )
    .about("A command that is started to read that pipe; the path is its last argument."),
    used(
        "fifo_write_vrrp_states_on_reload",
        Word::FifoStatesOnReload,
        HERE,
        FLAG,
    )
    .about("Writes the states of all instances again after a reload."),
    used("rs_init_notifies", Word::RsInitNotifies, HERE, BOOL)
        .about("Runs the scripts of real servers also for those that are up from the start.")
        .default("off")
        .checked("scripts are run when a server changes, not for its first state"),
];

//! Named pipes that are told of every change.

use super::super::{Keyword, Shape, Word, used};
use super::{BOOL, FLAG, HERE};

const SILENT: &str = "nothing is written to this pipe: what reads it would wait for ever";
const NO_READER: &str = "the script that reads the pipe is not started";

pub(super) const ROWS: &[Keyword] = &[
    used("notify_fifo", Word::NotifyFifo, HERE, Shape::Fifo)
        .about(
            "A named pipe that gets a line for every change of an instance, group or server. It \
             is made where it is missing; user and group may follow the path.",
        )
        .checked(SILENT),
    used(
        "notify_fifo_script",
        Word::NotifyFifoScript,
        HERE,
        Shape::Command,
    )
    .about("A command that is started to read that pipe; the path is its last argument.")
    .checked(NO_READER),
    used("vrrp_notify_fifo", Word::VrrpNotifyFifo, HERE, Shape::Fifo)
        .about("The same for changes of instances and groups only.")
        .checked(SILENT),
    used(
        "vrrp_notify_fifo_script",
        Word::VrrpNotifyFifoScript,
        HERE,
        Shape::Command,
    )
    .about("A command that is started to read that pipe; the path is its last argument.")
    .checked(NO_READER),
    used("lvs_notify_fifo", Word::LvsNotifyFifo, HERE, Shape::Fifo)
        .about("The same for changes of virtual and real servers only.")
        .checked(SILENT),
    used(
        "lvs_notify_fifo_script",
        Word::LvsNotifyFifoScript,
        HERE,
        Shape::Command,
    )
    .about("A command that is started to read that pipe; the path is its last argument.")
    .checked(NO_READER),
    used(
        "fifo_write_vrrp_states_on_reload",
        Word::FifoStatesOnReload,
        HERE,
        FLAG,
    )
    .about("Writes the states of all instances again after a reload.")
    .checked("nothing is written to any pipe"),
    used("rs_init_notifies", Word::RsInitNotifies, HERE, BOOL)
        .about("Runs the scripts of real servers also for those that are up from the start.")
        .default("off")
        .checked("scripts are run when a server changes, not for its first state"),
];

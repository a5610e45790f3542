//! The load balancer as a whole.

use super::super::{Keyword, Shape, Word, used};
use super::{FLAG, HERE};

pub(super) const ROWS: &[Keyword] = &[
    used(
        "lvs_sync_daemon",
        Word::LvsSyncDaemon,
        HERE,
        Shape::SyncDaemon,
    )
    .about(
        "Tells the other node of the connections: `INTERFACE [[inst] INSTANCE] [id N] \
             [maxlen N] [port N] [ttl N] [group ADDRESS]`. It sends while the instance is MASTER \
             and receives otherwise; without an instance it does both.",
    )
    .default("id of the VRID or 0, port 8848, group 224.0.0.81"),
    used("lvs_timeouts", Word::LvsTimeouts, HERE, Shape::LvsTimeouts)
        .about(
            "Seconds after which the kernel forgets an idle connection: `tcp N`, `tcpfin N`, `udp \
             N`, each 0 to 2678400, at least one of them.",
        )
        .default("the kernel's"),
    used("lvs_flush", Word::LvsFlush, HERE, FLAG)
        .about("Empties the kernel's table of virtual servers at the start, whoever filled it."),
    used(
        "lvs_flush_on_stop",
        Word::LvsFlushOnStop,
        HERE,
        Shape::OptChoice(&["VS"]),
    )
    .about(
        "Empties the whole table at the stop; with `VS` only the configured virtual servers are \
         deleted, without taking out their real servers one by one first.",
    ),
    used(
        "lvs_flush_onstop",
        Word::LvsFlushOnStop,
        HERE,
        Shape::OptChoice(&["VS"]),
    )
    .about("The former spelling of `lvs_flush_on_stop`.")
    .old("lvs_flush_on_stop"),
];

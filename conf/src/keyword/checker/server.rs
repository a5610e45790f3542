//! Words of `virtual_server`.

use super::super::Section::{self, RealServer, VirtualServer};
use super::super::{Header, Keyword, Shape, Word, idle, repeated, used};
use super::{COUNT, FLAG, MAX_WEIGHT, POSITIVE};

const VS: &[Section] = &[VirtualServer];
const BOTH: &[Section] = &[VirtualServer, RealServer];

const SCHEDULERS: Shape = Shape::Choice(&[
    "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "mh", "dh", "fo", "ovf", "sed", "nq", "twos",
]);

pub(super) const ROWS: &[Keyword] = &[
    used(
        "ip_family",
        Word::IpFamily,
        VS,
        Shape::Choice(&["inet", "inet6"]),
    )
    .about("Family of a virtual server that is a firewall mark.")
    .default("that of its real servers, else inet"),
    used("lb_algo", Word::LbAlgo, VS, SCHEDULERS)
        .about(
            "How the kernel chooses a real server: round robin (rr, wrr), least connections (lc, \
             wlc, lblc, lblcr), by a hash of the client (sh, mh) or the target (dh), failover \
             (fo), overflow (ovf), least delay (sed), an idle one first (nq), the better of two \
             (twos).",
        )
        .default("wlc"),
    used("lvs_sched", Word::LbAlgo, VS, SCHEDULERS).about("Another name of `lb_algo`."),
    used("lb_kind", Word::LbKind, VS, Shape::Forward)
        .about(
            "How packets reach the real servers: `NAT`, `DR`, or `TUN` with `type ipip`, `type \
             gre` or `type gue port N` and `nocsum`, `csum` or `remcsum`. Only NAT changes ports.",
        )
        .default("NAT"),
    used("lvs_method", Word::LbKind, BOTH, Shape::Forward)
        .about("Another name of `lb_kind`; the only one in a real server.")
        .default("that of the virtual server"),
    idle("hashed", VS, "it has none in keepalived either")
        .takes(FLAG)
        .about("A leftover of an old scheduler."),
    used("ops", Word::Ops, VS, FLAG)
        .about("Schedules each packet by itself; for UDP and firewall marks."),
    used("flag-1", Word::Flag1, VS, FLAG).about("First flag of the scheduler."),
    used("flag-2", Word::Flag2, VS, FLAG).about("Second flag of the scheduler."),
    used("flag-3", Word::Flag3, VS, FLAG).about("Third flag of the scheduler."),
    used("sh-port", Word::ShPort, VS, FLAG)
        .about("Scheduler sh: the client's port is a part of the hash."),
    used("sh-fallback", Word::ShFallback, VS, FLAG)
        .about("Scheduler sh: another server is taken when the chosen one takes no connections."),
    used("mh-port", Word::MhPort, VS, FLAG)
        .about("Scheduler mh: the client's port is a part of the hash."),
    used("mh-fallback", Word::MhFallback, VS, FLAG)
        .about("Scheduler mh: another server is taken when the chosen one takes no connections."),
    used(
        "persistence_engine",
        Word::PersistenceEngine,
        VS,
        Shape::Text,
    )
    .about("A module of the kernel that recognises clients by other means, e.g. `sip`."),
    used(
        "persistence_timeout",
        Word::PersistenceTimeout,
        VS,
        Shape::OptInt {
            min: 1,
            max: 2_678_400,
            absent: 360,
        },
    )
    .about("Clients stay with their server for this many seconds after their last connection.")
    .default("off; 360 where no number is written"),
    used(
        "persistence_granularity",
        Word::PersistenceGranularity,
        VS,
        Shape::Granularity,
    )
    .about(
        "Netmask, or length of a prefix, of the networks whose clients stay together. Switches \
         persistence on.",
    )
    .default("255.255.255.255, 128"),
    used(
        "protocol",
        Word::Protocol,
        VS,
        Shape::AnyCase(&["TCP", "UDP", "SCTP"]),
    )
    .about("Transport protocol; a firewall mark has none.")
    .default("UDP"),
    used("ha_suspend", Word::HaSuspend, VS, FLAG)
        .about("Checks the real servers only while the virtual address is on this node."),
    used("omega", Word::Omega, VS, FLAG).about("Runs `notify_down` and `quorum_down` at the stop."),
    used("quorum", Word::Quorum, VS, POSITIVE)
        .about("Sum of the weights of living real servers that is enough to answer.")
        .default("1"),
    used("hysteresis", Word::Hysteresis, VS, COUNT)
        .about(
            "How far above the quorum the sum has to rise to gain it, and how far below it has to \
             fall to lose it; less than the quorum.",
        )
        .default("0"),
    used("quorum_up", Word::QuorumUp, VS, Shape::Command)
        .about("A command that is run when the quorum is gained; user and group may follow it."),
    used("quorum_down", Word::QuorumDown, VS, Shape::Command)
        .about("A command that is run when the quorum is lost; user and group may follow it."),
    used("sorry_server", Word::SorryServer, VS, Shape::Server)
        .about("Address and perhaps port of what answers while the quorum is lost."),
    used("sorry_server_inhibit", Word::SorryServerInhibit, VS, FLAG).about(
        "The sorry server stays in the kernel's table with weight 0 while it is not needed.",
    ),
    used(
        "sorry_server_lvs_method",
        Word::SorryServerMethod,
        VS,
        Shape::Forward,
    )
    .about("How packets reach the sorry server.")
    .default("lb_kind"),
    repeated(
        "real_server",
        Word::RealServer,
        VS,
        Shape::Block(RealServer, Header::Server),
    )
    .about("A server behind the virtual one: address, perhaps port, and its checks."),
    used(
        "weight",
        Word::ServerWeight,
        VS,
        Shape::Int {
            min: 1,
            max: MAX_WEIGHT,
        },
    )
    .about("Weight of real servers that name none.")
    .default("1"),
];

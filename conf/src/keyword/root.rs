//! Words of the outer level.

use super::Section::{
    self, Bfd, GlobalDefs, Instance, Root, Script, SyncGroup, TrackFile, TrackProcess,
    VirtualServer,
};
use super::{Entries, Header, Keyword, Shape, Word, idle, repeated, used};

const ROOT: &[Section] = &[Root];

pub(super) const ROWS: &[Keyword] = &[
    repeated(
        "global_defs",
        Word::GlobalDefs,
        ROOT,
        Shape::Block(GlobalDefs, Header::None),
    )
    .about("Words for the daemon as a whole, and defaults for its parts. There may be several."),
    repeated(
        "vrrp_script",
        Word::VrrpScript,
        ROOT,
        Shape::Block(Script, Header::Name),
    )
    .about(
        "A check that is run again and again. Instances and groups that name it in `track_script` \
         follow its result.",
    ),
    repeated(
        "vrrp_instance",
        Word::VrrpInstance,
        ROOT,
        Shape::Block(Instance, Header::Name),
    )
    .about(
        "A virtual router: addresses that one of several nodes holds at a time. The other nodes \
         have an instance with the same `virtual_router_id`.",
    ),
    repeated(
        "virtual_server",
        Word::VirtualServer,
        ROOT,
        Shape::Block(VirtualServer, Header::VirtualServer),
    )
    .about(
        "A service of the load balancer: `ADDRESS [PORT]`, `fwmark N` or `group NAME`, and the \
         real servers behind it.",
    ),
    repeated(
        "virtual_server_group",
        Word::ServerGroup,
        ROOT,
        Shape::NamedEntries(Entries::ServerGroup),
    )
    .about(
        "Several addresses, ranges of them, or firewall marks that one `virtual_server` answers \
         for. Lines are `ADDRESS [PORT]`, `FIRST-LAST [PORT]`, `ADDRESS/LENGTH [PORT]` or `fwmark \
         N [inet|inet6]`.",
    ),
    idle(
        "child_wait_time",
        ROOT,
        "holdfast waits one second, and up to five while an address has to be given back",
    )
    .takes(Shape::Int {
        min: 0,
        max: 4_294_967_295,
    })
    .about("Seconds that the parent waits for its children at the stop before it kills them.")
    .default("5"),
    idle(
        "linkbeat_use_polling",
        ROOT,
        "holdfast follows the link state that the kernel reports",
    )
    .takes(Shape::Flag)
    .about("Asks all interfaces of instances for their link again and again."),
    used("net_namespace", Word::NetNamespace, ROOT, Shape::Text)
        .about("Runs in the network namespace of this name, which has to exist in /run/netns.")
        .checked("the daemon stays in the network namespace that it was started in"),
    used(
        "net_namespace_ipvs",
        Word::NetNamespaceIpvs,
        ROOT,
        Shape::OptText,
    )
    .about(
        "Network namespace in which virtual servers are set up; without a name that of the \
         machine.",
    )
    .default("net_namespace")
    .checked("virtual servers are set up in the namespace of the daemon"),
    idle(
        "namespace_with_ipsets",
        ROOT,
        "it is for kernels before 3.13",
    )
    .takes(Shape::Flag)
    .about("Uses sets of addresses inside of a namespace on old kernels."),
    used("use_pid_dir", Word::UsePidDir, ROOT, Shape::Flag)
        .about("Puts the pid files into a directory of their own, /run/keepalived.")
        .checked("pid files stay where the options say: what looks for them there finds none"),
    used("instance", Word::InstanceName, ROOT, Shape::Text)
        .about(
            "Name of this daemon where several run on one machine: a part of the names of pid \
             files and of the names in the log.",
        )
        .checked("pid files and the log have the usual names, so a second daemon does not start"),
    used(
        "vrrp_track_process",
        Word::TrackProcessBlock,
        ROOT,
        Shape::Block(TrackProcess, Header::Name),
    )
    .about(
        "Counts the processes of one name or command line. Instances and groups that name it in `track_process` follow the result.",
    )
    .checked("a service that dies would not move the address"),
    used(
        "track_file",
        Word::TrackFileBlock,
        ROOT,
        Shape::Block(TrackFile, Header::Name),
    )
    .about(
        "A file with one number. Instances and groups that name it in `track_file` add the number, times the weight, to their priority, real servers that name it in `FILE_CHECK` to their weight.",
    ),
    used(
        "vrrp_track_file",
        Word::TrackFileBlock,
        ROOT,
        Shape::Block(TrackFile, Header::Name),
    )
    .about(
        "The former spelling of `track_file`.",
    )
    .old("track_file"),
    used(
        "vrrp_sync_group",
        Word::SyncGroup,
        ROOT,
        Shape::Block(SyncGroup, Header::Name),
    )
    .about(
        "A group of instances that change their state together, e.g. the inside and the outside address of a router.",
    )
    .checked("its instances would move apart: one node could hold the inside address and the other the outside one"),
    used(
        "bfd_instance",
        Word::BfdInstance,
        ROOT,
        Shape::Block(Bfd, Header::Name),
    )
    .about(
        "A BFD session (RFC 5880) with one neighbour. It notices within milliseconds that the path to the neighbour is dead; instances name it in `track_bfd`, real servers in `BFD_CHECK`.",
    )
    .checked("a dead path would be noticed by missing adverts only"),
];

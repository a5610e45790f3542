//! Words of the outer level.

use super::Section::{
    self, Bfd, GlobalDefs, Instance, Root, Script, SyncGroup, TrackFile, TrackProcess,
    VirtualServer,
};
use super::{Entries, Header, Keyword, Shape, Word, always, idle, not_yet, repeated, used};

const ROOT: &[Section] = &[Root];

pub(super) const ROWS: &[Keyword] = &[
    repeated(
        "global_defs",
        Word::GlobalDefs,
        ROOT,
        Shape::Block(GlobalDefs, Header::None),
    ),
    repeated(
        "vrrp_script",
        Word::VrrpScript,
        ROOT,
        Shape::Block(Script, Header::Name),
    ),
    repeated(
        "vrrp_instance",
        Word::VrrpInstance,
        ROOT,
        Shape::Block(Instance, Header::Name),
    ),
    repeated(
        "virtual_server",
        Word::VirtualServer,
        ROOT,
        Shape::Block(VirtualServer, Header::VirtualServer),
    ),
    idle(
        "child_wait_time",
        ROOT,
        "holdfast waits one second for its children at the stop",
    ),
    always("linkbeat_use_polling", ROOT),
    not_yet("net_namespace", ROOT),
    not_yet("net_namespace_ipvs", ROOT),
    idle(
        "namespace_with_ipsets",
        ROOT,
        "it is for kernels before 3.13",
    ),
    not_yet("use_pid_dir", ROOT),
    not_yet("instance", ROOT),
    used(
        "static_ipaddress",
        Word::StaticIpaddress,
        ROOT,
        Shape::Entries(Entries::StaticAddresses),
    )
    .about(
        "Addresses that are added at the start and taken away at the stop, whatever the state of \
         the instances is. Each line is an address with its options.",
    )
    .checked("these addresses are not added to any interface"),
    used(
        "static_routes",
        Word::StaticRoutes,
        ROOT,
        Shape::Entries(Entries::StaticRoutes),
    )
    .about(
        "Routes that are added at the start and taken away at the stop, whatever the state of the \
         instances is. Each line is a route with its options.",
    )
    .checked("these routes are not added"),
    used(
        "static_rules",
        Word::StaticRules,
        ROOT,
        Shape::Entries(Entries::StaticRules),
    )
    .about(
        "Rules of policy routing that are added at the start and taken away at the stop, whatever \
         the state of the instances is. Each line is a rule with its options.",
    )
    .checked("these rules are not added"),
    not_yet("track_group", ROOT),
    not_yet("garp_group", ROOT),
    not_yet("linkbeat_interfaces", ROOT),
    not_yet("interface_up_down_delays", ROOT),
    not_yet("SSL", ROOT),
    not_yet("virtual_server_group", ROOT),
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
        "A file with one number. Instances and groups that name it in `track_file` add the number, times the weight, to their priority.",
    )
    .checked("the number in the file would change no priority"),
    used(
        "vrrp_track_file",
        Word::TrackFileBlock,
        ROOT,
        Shape::Block(TrackFile, Header::Name),
    )
    .about(
        "The former spelling of `track_file`.",
    )
    .checked("the number in the file would change no priority")
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

//! Words of the outer level.

use super::Section::{self, GlobalDefs, Instance, Root, Script, VirtualServer};
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
    not_yet("vrrp_track_process", ROOT),
    not_yet("track_file", ROOT),
    not_yet("vrrp_track_file", ROOT),
    not_yet("vrrp_sync_group", ROOT),
    not_yet("bfd_instance", ROOT),
];

//! Words of the outer level.

use super::Section::{self, GlobalDefs, Instance, Root, Script, VirtualServer};
use super::{Header, Keyword, Shape, Word, always, idle, not_yet, repeated};

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
    not_yet("static_ipaddress", ROOT),
    not_yet("static_routes", ROOT),
    not_yet("static_rules", ROOT),
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

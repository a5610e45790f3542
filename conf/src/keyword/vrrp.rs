//! Words of `vrrp_script` and `vrrp_instance`.

use super::Section::{self, Authentication, Instance, Script};
use super::{Entries, Header, Keyword, Shape, Word, always, idle, not_yet, repeated, used};

const SCRIPT: &[Section] = &[Script];
const INSTANCE: &[Section] = &[Instance];
const AUTH: &[Section] = &[Authentication];

const BOOL: Shape = Shape::Bool;
const COUNT: Shape = Shape::Int {
    min: 0,
    max: 4_294_967_295,
};
const TIMES: Shape = Shape::Int {
    min: 1,
    max: 4_294_967_295,
};
const DELAY: Shape = Shape::Time {
    min: 0,
    max: 4_294_000_000,
};
/// A period of a script: from a millisecond.
const PERIOD: Shape = Shape::Time {
    min: 1_000,
    max: 4_294_000_000,
};

pub(super) const ROWS: &[Keyword] = &[
    // vrrp_script
    used("script", Word::Script, SCRIPT, Shape::Script),
    used("interval", Word::Interval, SCRIPT, PERIOD),
    used("timeout", Word::Timeout, SCRIPT, PERIOD),
    used("weight", Word::Weight, SCRIPT, Shape::Weight),
    used("rise", Word::Rise, SCRIPT, TIMES),
    used("fall", Word::Fall, SCRIPT, TIMES),
    used("user", Word::User, SCRIPT, Shape::User),
    used("init_fail", Word::InitFail, SCRIPT, Shape::Flag),
    // Identity, interface, transport.
    used(
        "state",
        Word::State,
        INSTANCE,
        Shape::Choice(&["MASTER", "BACKUP"]),
    ),
    used("interface", Word::Interface, INSTANCE, Shape::Interface),
    used(
        "version",
        Word::Version,
        INSTANCE,
        Shape::Int { min: 2, max: 3 },
    ),
    used(
        "virtual_router_id",
        Word::VirtualRouterId,
        INSTANCE,
        Shape::Int { min: 1, max: 255 },
    ),
    used(
        "priority",
        Word::Priority,
        INSTANCE,
        Shape::Int { min: 1, max: 255 },
    ),
    used(
        "advert_int",
        Word::AdvertInt,
        INSTANCE,
        Shape::Time {
            min: 10_000,
            max: 255_000_000,
        },
    ),
    used("mcast_src_ip", Word::McastSrcIp, INSTANCE, Shape::Address),
    used(
        "unicast_src_ip",
        Word::UnicastSrcIp,
        INSTANCE,
        Shape::Address,
    ),
    used("track_src_ip", Word::TrackSrcIp, INSTANCE, Shape::Flag),
    used(
        "mcast_dst_ip",
        Word::McastDstIp,
        INSTANCE,
        Shape::Group(None),
    ),
    repeated(
        "unicast_peer",
        Word::UnicastPeer,
        INSTANCE,
        Shape::Entries(Entries::Peers),
    ),
    used(
        "unicast_ttl",
        Word::UnicastTtl,
        INSTANCE,
        Shape::Int { min: 0, max: 255 },
    ),
    used(
        "check_unicast_src",
        Word::CheckUnicastSrc,
        INSTANCE,
        Shape::Flag,
    ),
    not_yet("unicast_fault_no_peer", INSTANCE),
    used(
        "old_unicast_checksum",
        Word::OldUnicastChecksum,
        INSTANCE,
        Shape::OptText,
    ),
    used("v3_checksum_as_v2", Word::V3ChecksumAsV2, INSTANCE, BOOL),
    idle(
        "native_ipv6",
        INSTANCE,
        "the family follows from the addresses",
    ),
    idle(
        "kernel_rx_buf_size",
        INSTANCE,
        "holdfast sizes its buffers itself",
    ),
    used(
        "skip_check_adv_addr",
        Word::SkipCheckAdvAddr,
        INSTANCE,
        BOOL,
    ),
    always("linkbeat_use_polling", INSTANCE),
    not_yet("vrf", INSTANCE),
    not_yet("use_vmac", INSTANCE),
    not_yet("use_vmac_addr", INSTANCE),
    not_yet("vmac_xmit_base", INSTANCE),
    not_yet("use_ipvlan", INSTANCE),
    // Tracking.
    used(
        "dont_track_primary",
        Word::DontTrackPrimary,
        INSTANCE,
        Shape::Flag,
    ),
    repeated(
        "track_interface",
        Word::TrackInterface,
        INSTANCE,
        Shape::Entries(Entries::Trackers),
    ),
    repeated(
        "track_script",
        Word::TrackScript,
        INSTANCE,
        Shape::Entries(Entries::Trackers),
    ),
    not_yet("track_file", INSTANCE),
    not_yet("track_process", INSTANCE),
    not_yet("track_bfd", INSTANCE),
    // Addresses, routes, rules.
    repeated(
        "virtual_ipaddress",
        Word::VirtualIpaddress,
        INSTANCE,
        Shape::Entries(Entries::Addresses),
    ),
    repeated(
        "virtual_ipaddress_excluded",
        Word::VirtualIpaddressExcluded,
        INSTANCE,
        Shape::Entries(Entries::Addresses),
    ),
    used(
        "no_virtual_ipaddress",
        Word::NoVirtualIpaddress,
        INSTANCE,
        Shape::Flag,
    ),
    not_yet("promote_secondaries", INSTANCE),
    not_yet("virtual_routes", INSTANCE),
    not_yet("virtual_rules", INSTANCE),
    always("accept", INSTANCE),
    not_yet("no_accept", INSTANCE),
    // Election and timing.
    used("nopreempt", Word::Nopreempt, INSTANCE, Shape::Flag),
    always("preempt", INSTANCE),
    used(
        "preempt_delay",
        Word::PreemptDelay,
        INSTANCE,
        Shape::Time {
            min: 0,
            max: 1_000_000_000,
        },
    ),
    used(
        "down_timer_adverts",
        Word::DownTimerAdverts,
        INSTANCE,
        Shape::Int { min: 1, max: 100 },
    ),
    not_yet("timer_expired_backup", INSTANCE),
    not_yet("thread_timer_expired", INSTANCE),
    used(
        "lower_prio_no_advert",
        Word::LowerPrioNoAdvert,
        INSTANCE,
        BOOL,
    ),
    used(
        "higher_prio_send_advert",
        Word::HigherPrioSendAdvert,
        INSTANCE,
        BOOL,
    ),
    used(
        "owner_ignore_adverts",
        Word::OwnerIgnoreAdverts,
        INSTANCE,
        BOOL,
    ),
    used("strict_mode", Word::Strict, INSTANCE, BOOL),
    idle("debug", INSTANCE, "it has none in keepalived either"),
    // Gratuitous ARP and neighbour advertisements.
    used("garp_master_delay", Word::GarpMasterDelay, INSTANCE, DELAY),
    used(
        "garp_master_repeat",
        Word::GarpMasterRepeat,
        INSTANCE,
        COUNT,
    ),
    used(
        "garp_master_refresh",
        Word::GarpMasterRefresh,
        INSTANCE,
        DELAY,
    ),
    used(
        "garp_master_refresh_repeat",
        Word::GarpMasterRefreshRepeat,
        INSTANCE,
        COUNT,
    ),
    used(
        "garp_lower_prio_delay",
        Word::GarpLowerPrioDelay,
        INSTANCE,
        DELAY,
    ),
    used(
        "garp_lower_prio_repeat",
        Word::GarpLowerPrioRepeat,
        INSTANCE,
        COUNT,
    ),
    not_yet("garp_extra_if", INSTANCE),
    not_yet("vmac_garp_intvl", INSTANCE),
    // Authentication.
    used(
        "authentication",
        Word::Authentication,
        INSTANCE,
        Shape::Block(Authentication, Header::None),
    ),
    used(
        "auth_type",
        Word::AuthType,
        AUTH,
        Shape::Choice(&["PASS", "AH"]),
    ),
    used("auth_pass", Word::AuthPass, AUTH, Shape::Text),
    not_yet("auth_hmac", INSTANCE),
    // Notifications.
    used(
        "notify_master",
        Word::NotifyMaster,
        INSTANCE,
        Shape::Command,
    ),
    used(
        "notify_backup",
        Word::NotifyBackup,
        INSTANCE,
        Shape::Command,
    ),
    used("notify_fault", Word::NotifyFault, INSTANCE, Shape::Command),
    used("notify_stop", Word::NotifyStop, INSTANCE, Shape::Command),
    used("notify", Word::Notify, INSTANCE, Shape::Command),
    not_yet("notify_deleted", INSTANCE),
    not_yet("notify_master_rx_lower_pri", INSTANCE),
    idle(
        "notify_priority_changes",
        INSTANCE,
        "notify FIFOs are not carried out yet",
    ),
    used("smtp_alert", Word::SmtpAlert, INSTANCE, BOOL),
    idle(
        "lvs_sync_daemon_interface",
        INSTANCE,
        "load balancing is not carried out yet",
    ),
];

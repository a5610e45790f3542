//! Words of `global_defs`.

use super::Section::{self, GlobalDefs};
use super::{Entries, Keyword, Shape, Word, always, idle, not_yet, repeated, used};
use crate::model::Family;

const HERE: &[Section] = &[GlobalDefs];

const BOOL: Shape = Shape::Bool;
const COUNT: Shape = Shape::Int {
    min: 0,
    max: 4_294_967_295,
};
/// Whole and parts of seconds up to what keepalived takes.
const DELAY: Shape = Shape::Time {
    min: 0,
    max: 4_294_000_000,
};

const PRIORITIES: &str = "set scheduling in the service unit";
const SNMP: &str = "holdfast has no SNMP agent";
const DBUS: &str = "holdfast has no D-Bus interface";
const BUFFERS: &str = "holdfast sizes its buffers itself";
const FIREWALL: &str = "holdfast sets no firewall rules yet";
const BALANCING: &str = "load balancing is not carried out yet";
const MAIL: &str = "mail is not sent yet";
const DUMPS: &str = "holdfast writes no dump files";

pub(super) const ROWS: &[Keyword] = &[
    used("router_id", Word::RouterId, HERE, Shape::Text),
    used("script_user", Word::ScriptUser, HERE, Shape::User),
    used("enable_script_security", Word::ScriptSecurity, HERE, BOOL),
    used(
        "log_unknown_vrids",
        Word::LogUnknownVrids,
        HERE,
        Shape::Flag,
    ),
    // Mail.
    repeated(
        "notification_email",
        Word::NotificationEmail,
        HERE,
        Shape::Entries(Entries::Mails),
    ),
    used(
        "notification_email_from",
        Word::NotificationEmailFrom,
        HERE,
        Shape::Text,
    ),
    used("smtp_server", Word::SmtpServer, HERE, Shape::MailServer),
    used("smtp_helo_name", Word::SmtpHeloName, HERE, Shape::Text),
    used(
        "smtp_connect_timeout",
        Word::SmtpConnectTimeout,
        HERE,
        Shape::Time {
            min: 1,
            max: 4_294_000_000,
        },
    ),
    used("smtp_alert", Word::SmtpAlert, HERE, BOOL),
    used("smtp_alert_vrrp", Word::SmtpAlertVrrp, HERE, BOOL),
    used("smtp_alert_checker", Word::SmtpAlertChecker, HERE, BOOL),
    idle("no_email_faults", HERE, MAIL),
    idle("no_checker_emails", HERE, MAIL),
    used("checker_log_all_failures", Word::LogAllFailures, HERE, BOOL),
    // Defaults of the instances.
    used(
        "vrrp_mcast_group4",
        Word::McastGroup4,
        HERE,
        Shape::Group(Some(Family::V4)),
    ),
    used(
        "vrrp_mcast_group6",
        Word::McastGroup6,
        HERE,
        Shape::Group(Some(Family::V6)),
    ),
    used(
        "vrrp_version",
        Word::Version,
        HERE,
        Shape::Int { min: 2, max: 3 },
    ),
    used("vrrp_garp_master_delay", Word::GarpMasterDelay, HERE, DELAY),
    used(
        "vrrp_garp_master_repeat",
        Word::GarpMasterRepeat,
        HERE,
        COUNT,
    ),
    used(
        "vrrp_garp_master_refresh",
        Word::GarpMasterRefresh,
        HERE,
        DELAY,
    ),
    used(
        "vrrp_garp_master_refresh_repeat",
        Word::GarpMasterRefreshRepeat,
        HERE,
        COUNT,
    ),
    used(
        "vrrp_garp_lower_prio_delay",
        Word::GarpLowerPrioDelay,
        HERE,
        DELAY,
    ),
    used(
        "vrrp_garp_lower_prio_repeat",
        Word::GarpLowerPrioRepeat,
        HERE,
        COUNT,
    ),
    used("vrrp_garp_interval", Word::GarpInterval, HERE, DELAY),
    used("vrrp_gna_interval", Word::GnaInterval, HERE, DELAY),
    used("vrrp_min_garp", Word::MinGarp, HERE, BOOL),
    used(
        "vrrp_down_timer_adverts",
        Word::DownTimerAdverts,
        HERE,
        Shape::Int { min: 1, max: 100 },
    ),
    used(
        "vrrp_lower_prio_no_advert",
        Word::LowerPrioNoAdvert,
        HERE,
        BOOL,
    ),
    used(
        "vrrp_higher_prio_send_advert",
        Word::HigherPrioSendAdvert,
        HERE,
        BOOL,
    ),
    used(
        "vrrp_owner_ignore_adverts",
        Word::OwnerIgnoreAdverts,
        HERE,
        BOOL,
    ),
    used(
        "vrrp_check_unicast_src",
        Word::CheckUnicastSrc,
        HERE,
        Shape::Flag,
    ),
    used(
        "vrrp_skip_check_adv_addr",
        Word::SkipCheckAdvAddr,
        HERE,
        BOOL,
    ),
    used("vrrp_strict", Word::Strict, HERE, BOOL),
    used("v3_checksum_as_v2", Word::V3ChecksumAsV2, HERE, BOOL),
    not_yet("vrrp_garp_extra_if", HERE),
    not_yet("vrrp_vmac_garp_intvl", HERE),
    not_yet("vrrp_startup_delay", HERE),
    not_yet("vrrp_delay_after_boot", HERE),
    always("dynamic_interfaces", HERE),
    used(
        "default_interface",
        Word::DefaultInterface,
        HERE,
        Shape::Interface,
    )
    .about("Interface of static addresses that name none.")
    .default("eth0")
    .checked("static addresses are not added"),
    idle(
        "disable_local_igmp",
        HERE,
        "holdfast leaves that setting of the kernel alone",
    ),
    idle(
        "vmac_prefix",
        HERE,
        "virtual MAC addresses are not carried out yet",
    ),
    idle(
        "vmac_addr_prefix",
        HERE,
        "virtual MAC addresses are not carried out yet",
    ),
    idle("vrrp_rx_bufs_policy", HERE, BUFFERS),
    idle("vrrp_rx_bufs_multiplier", HERE, BUFFERS),
    idle(
        "vrrp_notify_priority_changes",
        HERE,
        "notify FIFOs are not carried out yet",
    ),
    // Scripts.
    idle(
        "use_symlink_paths",
        HERE,
        "holdfast runs scripts by the path as written",
    ),
    not_yet("set_supplementary_groups", HERE),
    not_yet("startup_script", HERE),
    not_yet("startup_script_timeout", HERE),
    not_yet("shutdown_script", HERE),
    not_yet("shutdown_script_timeout", HERE),
    not_yet("notify_fifo", HERE),
    not_yet("notify_fifo_script", HERE),
    not_yet("vrrp_notify_fifo", HERE),
    not_yet("vrrp_notify_fifo_script", HERE),
    not_yet("lvs_notify_fifo", HERE),
    not_yet("lvs_notify_fifo_script", HERE),
    idle(
        "fifo_write_vrrp_states_on_reload",
        HERE,
        "notify FIFOs are not carried out yet",
    ),
    // Firewall.
    idle("nftables", HERE, FIREWALL),
    idle("nftables_priority", HERE, FIREWALL),
    idle("nftables_ifindex", HERE, FIREWALL),
    idle("nftables_counters", HERE, FIREWALL),
    idle("nftables_ipvs", HERE, FIREWALL),
    idle("nftables_ipvs_priority", HERE, FIREWALL),
    idle("nftables_ipvs_start_fwmark", HERE, FIREWALL),
    idle("vrrp_iptables", HERE, FIREWALL),
    idle("vrrp_ipsets", HERE, FIREWALL),
    // Load balancing.
    idle("rs_init_notifies", HERE, BALANCING),
    idle("lvs_sync_daemon", HERE, BALANCING),
    idle("lvs_timeouts", HERE, BALANCING),
    idle("lvs_flush", HERE, BALANCING),
    idle("lvs_flush_on_stop", HERE, BALANCING),
    idle("lvs_flush_onstop", HERE, BALANCING),
    // Process names, scheduling, memory.
    idle(
        "process_names",
        HERE,
        "processes keep the names of their executables",
    ),
    idle(
        "process_name",
        HERE,
        "processes keep the names of their executables",
    ),
    idle(
        "vrrp_process_name",
        HERE,
        "processes keep the names of their executables",
    ),
    idle(
        "checker_process_name",
        HERE,
        "processes keep the names of their executables",
    ),
    idle(
        "lvs_process_name",
        HERE,
        "processes keep the names of their executables",
    ),
    idle(
        "bfd_process_name",
        HERE,
        "processes keep the names of their executables",
    ),
    idle("max_auto_priority", HERE, PRIORITIES),
    idle("min_auto_priority_delay", HERE, PRIORITIES),
    idle("vrrp_priority", HERE, PRIORITIES),
    idle("checker_priority", HERE, PRIORITIES),
    idle("bfd_priority", HERE, PRIORITIES),
    idle("vrrp_no_swap", HERE, PRIORITIES),
    idle("checker_no_swap", HERE, PRIORITIES),
    idle("bfd_no_swap", HERE, PRIORITIES),
    idle("vrrp_rt_priority", HERE, PRIORITIES),
    idle("checker_rt_priority", HERE, PRIORITIES),
    idle("bfd_rt_priority", HERE, PRIORITIES),
    idle("vrrp_cpu_affinity", HERE, PRIORITIES),
    idle("checker_cpu_affinity", HERE, PRIORITIES),
    idle("bfd_cpu_affinity", HERE, PRIORITIES),
    idle("vrrp_rlimit_rttime", HERE, PRIORITIES),
    idle("checker_rlimit_rttime", HERE, PRIORITIES),
    idle("bfd_rlimit_rttime", HERE, PRIORITIES),
    idle("vrrp_rlimit_rtime", HERE, PRIORITIES),
    idle("checker_rlimit_rtime", HERE, PRIORITIES),
    idle("bfd_rlimit_rtime", HERE, PRIORITIES),
    idle(
        "umask",
        HERE,
        "holdfast creates its files for its own user only",
    ),
    // SNMP and D-Bus.
    idle("snmp_socket", HERE, SNMP),
    idle("enable_traps", HERE, SNMP),
    idle("enable_snmp_vrrp", HERE, SNMP),
    idle("enable_snmp_keepalived", HERE, SNMP),
    idle("enable_snmp_rfc", HERE, SNMP),
    idle("enable_snmp_rfcv2", HERE, SNMP),
    idle("enable_snmp_rfcv3", HERE, SNMP),
    idle("enable_snmp_checker", HERE, SNMP),
    idle("snmp_vs_stats_update_interval", HERE, SNMP),
    idle("snmp_rs_stats_update_interval", HERE, SNMP),
    idle("enable_dbus", HERE, DBUS),
    idle("dbus_service_name", HERE, DBUS),
    idle("dbus_no_interface_name", HERE, DBUS),
    // Buffers.
    idle("vrrp_netlink_cmd_rcv_bufs", HERE, BUFFERS),
    idle("vrrp_netlink_monitor_rcv_bufs", HERE, BUFFERS),
    idle("vrrp_netlink_cmd_rcv_bufs_force", HERE, BUFFERS),
    idle("vrrp_netlink_monitor_rcv_bufs_force", HERE, BUFFERS),
    idle("lvs_netlink_cmd_rcv_bufs", HERE, BUFFERS),
    idle("lvs_netlink_monitor_rcv_bufs", HERE, BUFFERS),
    idle("lvs_netlink_cmd_rcv_bufs_force", HERE, BUFFERS),
    idle("lvs_netlink_monitor_rcv_bufs_force", HERE, BUFFERS),
    idle("process_monitor_rcv_bufs", HERE, BUFFERS),
    idle("process_monitor_rcv_bufs_force", HERE, BUFFERS),
    // Reading and reloading.
    idle("random_seed", HERE, "it has none in keepalived either"),
    always("reload_check_config", HERE),
    not_yet("reload_time_file", HERE),
    not_yet("reload_repeat", HERE),
    not_yet("reload_file", HERE),
    not_yet("include_check", HERE),
    idle("config_save_dir", HERE, DUMPS),
    idle(
        "tmp_config_directory",
        HERE,
        "children are handed their part in memory",
    ),
    idle("data_use_instance", HERE, DUMPS),
    idle("json_version", HERE, DUMPS),
    idle(
        "iproute_usr_dir",
        HERE,
        "routes and rules are not carried out yet",
    ),
    idle(
        "iproute_etc_dir",
        HERE,
        "routes and rules are not carried out yet",
    ),
    idle("state_dump_file", HERE, DUMPS),
    idle("stats_dump_file", HERE, DUMPS),
    idle("json_dump_file", HERE, DUMPS),
];

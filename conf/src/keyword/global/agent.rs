//! SNMP, D-Bus and buffers.

use super::super::{Keyword, Shape, idle};
use super::{BOOL, COUNT, FLAG, HERE};

const SNMP: &str = "holdfast has no SNMP agent";
const DBUS: &str = "holdfast has no D-Bus interface";
const BUFFERS: &str = "holdfast sizes its buffers itself";
const PROCESSES: &str = "holdfast looks for processes in /proc";

/// A millisecond to half a minute.
const STATS: Shape = Shape::Time {
    min: 1_000,
    max: 30_000_000,
};

pub(super) const ROWS: &[Keyword] = &[
    idle("snmp_socket", HERE, SNMP)
        .takes(Shape::Text)
        .about("Address of the AgentX master.")
        .default("unix:/var/agentx/master"),
    idle("enable_traps", HERE, SNMP)
        .takes(FLAG)
        .about("Sends SNMP traps."),
    idle("enable_snmp_vrrp", HERE, SNMP)
        .takes(FLAG)
        .about("Answers SNMP requests about instances (KEEPALIVED-MIB)."),
    idle("enable_snmp_keepalived", HERE, SNMP)
        .takes(FLAG)
        .about("The former name of `enable_snmp_vrrp`.")
        .old("enable_snmp_vrrp"),
    idle("enable_snmp_rfc", HERE, SNMP)
        .takes(FLAG)
        .about("Answers SNMP requests for both standard MIBs (RFC 2787, RFC 6527)."),
    idle("enable_snmp_rfcv2", HERE, SNMP)
        .takes(FLAG)
        .about("Answers SNMP requests for the MIB of version 2 (RFC 2787)."),
    idle("enable_snmp_rfcv3", HERE, SNMP)
        .takes(FLAG)
        .about("Answers SNMP requests for the MIB of version 3 (RFC 6527)."),
    idle("enable_snmp_checker", HERE, SNMP)
        .takes(FLAG)
        .about("Answers SNMP requests about virtual servers (KEEPALIVED-MIB)."),
    idle("snmp_vs_stats_update_interval", HERE, SNMP)
        .takes(STATS)
        .about("Seconds for which the counters of virtual servers are kept, 0.001 to 30.")
        .default("5")
        .since("2.3.0"),
    idle("snmp_rs_stats_update_interval", HERE, SNMP)
        .takes(STATS)
        .about("Seconds for which the counters of real servers are kept, 0.001 to 30.")
        .default("0")
        .since("2.3.0"),
    idle("enable_dbus", HERE, DBUS)
        .takes(FLAG)
        .about("Offers the instances on the system's D-Bus."),
    idle("dbus_service_name", HERE, DBUS)
        .takes(Shape::Text)
        .about("Name of the service on the bus.")
        .default("org.keepalived.Vrrp1"),
    idle("dbus_no_interface_name", HERE, DBUS)
        .takes(Shape::Text)
        .about("What stands in the path of an instance that has no interface.")
        .default("none")
        .since("2.3.0"),
    idle("vrrp_netlink_cmd_rcv_bufs", HERE, BUFFERS)
        .takes(COUNT)
        .about("Bytes of the buffer for the kernel's answers to the VRRP process.")
        .default("the system's"),
    idle("vrrp_netlink_monitor_rcv_bufs", HERE, BUFFERS)
        .takes(COUNT)
        .about("Bytes of the buffer for the kernel's messages to the VRRP process.")
        .default("the system's"),
    idle("vrrp_netlink_cmd_rcv_bufs_force", HERE, BUFFERS)
        .takes(BOOL)
        .about("Sets the first of the two above the system's limit.")
        .default("off"),
    idle("vrrp_netlink_monitor_rcv_bufs_force", HERE, BUFFERS)
        .takes(BOOL)
        .about("Sets the second of the two above the system's limit.")
        .default("off"),
    idle("lvs_netlink_cmd_rcv_bufs", HERE, BUFFERS)
        .takes(COUNT)
        .about("Bytes of the buffer for the kernel's answers to the checker process.")
        .default("the system's"),
    idle("lvs_netlink_monitor_rcv_bufs", HERE, BUFFERS)
        .takes(COUNT)
        .about("Bytes of the buffer for the kernel's messages to the checker process.")
        .default("the system's"),
    idle("lvs_netlink_cmd_rcv_bufs_force", HERE, BUFFERS)
        .takes(BOOL)
        .about("Sets the first of the two above the system's limit.")
        .default("off"),
    idle("lvs_netlink_monitor_rcv_bufs_force", HERE, BUFFERS)
        .takes(BOOL)
        .about("Sets the second of the two above the system's limit.")
        .default("off"),
    idle("process_monitor_rcv_bufs", HERE, PROCESSES)
        .takes(COUNT)
        .about("Bytes of the buffer for the kernel's messages about processes.")
        .default("the system's"),
    idle("process_monitor_rcv_bufs_force", HERE, PROCESSES)
        .takes(BOOL)
        .about("Sets it above the system's limit.")
        .default("off"),
];

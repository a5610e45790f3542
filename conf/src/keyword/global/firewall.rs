//! Packet filters.

use super::super::{Keyword, Shape, idle};
use super::{FLAG, HERE};

const FILTER: &str = "no packet filter is written by this version";
const GROUPS: &str = "each entry of a group is a service of its own in the kernel's table";
const IPTABLES: &str = "holdfast never uses iptables";

/// nft's priorities are signed numbers of 32 bits.
const PRIORITY: Shape = Shape::Int {
    min: -2_147_483_648,
    max: 2_147_483_647,
};

pub(super) const ROWS: &[Keyword] = &[
    idle("nftables", HERE, FILTER)
        .takes(Shape::OptText)
        .about("Filters with nftables where a filter is needed, in a table of this name.")
        .default("keepalived"),
    idle("nftables_priority", HERE, FILTER)
        .takes(PRIORITY)
        .about("Priority of the chains in that table.")
        .default("-1"),
    idle("nftables_ifindex", HERE, FILTER)
        .takes(FLAG)
        .about("Compares numbers of interfaces instead of their names."),
    idle("nftables_counters", HERE, FILTER)
        .takes(FLAG)
        .about("Counts the packets of each rule."),
    idle("nftables_ipvs", HERE, GROUPS)
        .takes(Shape::OptText)
        .about(
            "Gathers the entries of a virtual server group with nftables and a firewall mark, in \
             a table of this name.",
        )
        .default("keepalived_ipvs"),
    idle("nftables_ipvs_priority", HERE, GROUPS)
        .takes(PRIORITY)
        .about("Priority of the chains in that table.")
        .default("-1"),
    idle("nftables_ipvs_start_fwmark", HERE, GROUPS)
        .takes(Shape::Int {
            min: 1,
            max: 4_294_967_295,
        })
        .about("First firewall mark that is used for groups.")
        .default("1000"),
    idle("vrrp_iptables", HERE, IPTABLES)
        .takes(Shape::Distinct(2))
        .about("Chains of iptables for received and for sent packets, where iptables is used.")
        .default("INPUT OUTPUT"),
    idle("vrrp_ipsets", HERE, IPTABLES)
        .takes(Shape::Distinct(6))
        .about(
            "Names of the sets of addresses that iptables uses: IPv4, IPv6, IPv6 with interface, \
             IGMP, MLD, ND. No name means no sets.",
        )
        .default("keepalived, keepalived6 …"),
];

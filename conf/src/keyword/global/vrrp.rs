//! Defaults of the instances.

use super::super::{Keyword, Shape, Word, always, idle, used};
use super::{BOOL, COUNT, FLAG, HERE, POSITIVE};
use crate::model::Family;

/// Whole and parts of seconds up to what keepalived takes.
const DELAY: Shape = Shape::Time {
    min: 0,
    max: 4_294_000_000,
};
/// A delay after the start. keepalived refuses 0 and goes on without a delay, which is the same.
const START: Shape = Shape::Time {
    min: 0,
    max: 4_294_967_295,
};

const VMAC: &str = "virtual MAC addresses are not carried out by this version";
const BUFFERS: &str = "holdfast sizes its buffers itself";

pub(super) const ROWS: &[Keyword] = &[
    used(
        "vrrp_mcast_group4",
        Word::McastGroup4,
        HERE,
        Shape::Group(Some(Family::V4)),
    )
    .about("IPv4 multicast group that adverts go to.")
    .default("224.0.0.18"),
    used(
        "vrrp_mcast_group6",
        Word::McastGroup6,
        HERE,
        Shape::Group(Some(Family::V6)),
    )
    .about("IPv6 multicast group that adverts go to; it should be of link-local scope.")
    .default("ff02::12"),
    used(
        "default_interface",
        Word::DefaultInterface,
        HERE,
        Shape::Interface,
    )
    .about("Interface of static addresses that name none. It is no default for instances.")
    .default("eth0"),
    used(
        "vrrp_version",
        Word::Version,
        HERE,
        Shape::Int { min: 2, max: 3 },
    )
    .about("Version of the protocol that instances speak; IPv6 has version 3 only.")
    .default("2, IPv6 3"),
    used("vrrp_garp_master_delay", Word::GarpMasterDelay, HERE, DELAY)
        .about(
            "Seconds from becoming MASTER to the second burst of gratuitous ARP; 0 means no \
             second burst.",
        )
        .default("5"),
    used(
        "vrrp_garp_master_repeat",
        Word::GarpMasterRepeat,
        HERE,
        COUNT,
    )
    .about("Gratuitous ARP messages for each address in a burst.")
    .default("5"),
    used(
        "vrrp_garp_master_refresh",
        Word::GarpMasterRefresh,
        HERE,
        DELAY,
    )
    .about("Seconds between further gratuitous ARP messages while MASTER; 0 means none.")
    .default("0"),
    used(
        "vrrp_garp_master_refresh_repeat",
        Word::GarpMasterRefreshRepeat,
        HERE,
        COUNT,
    )
    .about("Gratuitous ARP messages for each address in such a refresh.")
    .default("1"),
    used(
        "vrrp_garp_lower_prio_delay",
        Word::GarpLowerPrioDelay,
        HERE,
        DELAY,
    )
    .about(
        "Seconds from an advert of lower priority to the second burst of gratuitous ARP; 0 means \
         no second burst.",
    )
    .default("vrrp_garp_master_delay"),
    used(
        "vrrp_garp_lower_prio_repeat",
        Word::GarpLowerPrioRepeat,
        HERE,
        COUNT,
    )
    .about("Gratuitous ARP messages for each address after an advert of lower priority.")
    .default("vrrp_garp_master_repeat"),
    used("vrrp_garp_interval", Word::GarpInterval, HERE, DELAY)
        .about(
            "Least seconds between two gratuitous ARP messages on one interface. 0, which \
             keepalived reports as an error, is accepted and means no pause.",
        )
        .default("0"),
    used("vrrp_gna_interval", Word::GnaInterval, HERE, DELAY)
        .about(
            "Least seconds between two unsolicited neighbour advertisements on one interface; 0 \
             means no pause.",
        )
        .default("0"),
    used("vrrp_min_garp", Word::MinGarp, HERE, BOOL)
        .about("One gratuitous ARP message for each address and no second burst, as a default.")
        .default("off"),
    used(
        "vrrp_garp_extra_if",
        Word::GarpExtraIf,
        HERE,
        Shape::ExtraGarp,
    )
    .about(
        "Seconds between gratuitous ARP messages on other interfaces that hold virtual addresses, \
         1 to 86400: with `all` on all of them, otherwise on virtual MAC interfaces only.",
    )
    .default("0")
    .checked("no gratuitous ARP is sent on other interfaces"),
    used(
        "vrrp_vmac_garp_intvl",
        Word::GarpExtraIf,
        HERE,
        Shape::ExtraGarp,
    )
    .about("The former name of `vrrp_garp_extra_if`.")
    .old("vrrp_garp_extra_if")
    .checked("no gratuitous ARP is sent on other interfaces"),
    used(
        "vrrp_down_timer_adverts",
        Word::DownTimerAdverts,
        HERE,
        Shape::Int { min: 1, max: 100 },
    )
    .about("How many adverts may be missed before a BACKUP takes over, 1 to 100.")
    .default("3"),
    used(
        "vrrp_lower_prio_no_advert",
        Word::LowerPrioNoAdvert,
        HERE,
        BOOL,
    )
    .about("A MASTER does not answer adverts of lower priority.")
    .default("off"),
    used(
        "vrrp_higher_prio_send_advert",
        Word::HigherPrioSendAdvert,
        HERE,
        BOOL,
    )
    .about("A MASTER sends one more advert before it yields to a higher priority.")
    .default("off"),
    used(
        "vrrp_owner_ignore_adverts",
        Word::OwnerIgnoreAdverts,
        HERE,
        BOOL,
    )
    .about("Instances of priority 255 drop all adverts that they receive.")
    .default("off")
    .since("2.3.3"),
    used("vrrp_check_unicast_src", Word::CheckUnicastSrc, HERE, FLAG)
        .about("Unicast adverts are accepted from listed peers only."),
    used(
        "vrrp_skip_check_adv_addr",
        Word::SkipCheckAdvAddr,
        HERE,
        BOOL,
    )
    .about("The addresses in an advert are not compared again while its sender stays the same.")
    .default("off"),
    used("vrrp_strict", Word::Strict, HERE, BOOL)
        .about(
            "Keeps to the letter of the RFC: no authentication, no unicast, `state MASTER` only \
             with priority 255. keepalived also drops packets to the addresses then, which is \
             why copied files with this word block their own service.",
        )
        .default("off"),
    used("v3_checksum_as_v2", Word::V3ChecksumAsV2, HERE, BOOL)
        .about(
            "Sends the checksum of version 3 over IPv4 without a pseudo-header, as RFC 9568 says.",
        )
        .default("off")
        .since("2.2.8"),
    used(
        "vrrp_notify_priority_changes",
        Word::NotifyPriorityChanges,
        HERE,
        BOOL,
    )
    .about("Also tells the FIFOs when only the priority of an instance changes.")
    .default("off"),
    used("vrrp_startup_delay", Word::StartupDelay, HERE, START)
        .about("Seconds after the start for which instances keep quiet, up to 4294.967295.")
        .default("0")
        .checked("instances take part in the election as soon as the daemon runs"),
    used("vrrp_delay_after_boot", Word::DelayAfterBoot, HERE, START)
        .about(
            "Seconds that the machine has to be up before instances take part; the longer one of \
             this and `vrrp_startup_delay` counts.",
        )
        .default("0")
        .since("2.4.0")
        .checked("instances take part in the election as soon as the daemon runs"),
    used("log_unknown_vrids", Word::LogUnknownVrids, HERE, FLAG)
        .about("Logs adverts for virtual routers that are not configured here."),
    always("dynamic_interfaces", HERE)
        .takes(Shape::OptChoice(&["allow_if_changes"]))
        .about(
            "Interfaces may be missing at the start, and come and go later. holdfast always waits \
             for them, also for those that come back with another type.",
        ),
    idle(
        "disable_local_igmp",
        HERE,
        "holdfast leaves that setting of the kernel alone",
    )
    .takes(FLAG)
    .about(
        "Switches off membership reports for link-local groups (igmp_link_local_mcast_reports).",
    ),
    idle("vmac_prefix", HERE, VMAC)
        .takes(Shape::Text)
        .about("First part of the names of virtual MAC interfaces; a dot and the VRID follow it.")
        .default("vrrp"),
    idle("vmac_addr_prefix", HERE, VMAC)
        .takes(Shape::Text)
        .about("The same for interfaces that are made for single addresses.")
        .default("vmac_prefix"),
    idle("vrrp_rx_bufs_policy", HERE, BUFFERS)
        .takes(Shape::BufferPolicy)
        .about(
            "Size of the receive buffers: `MTU` or `ADVERT` for a multiple of either, or a number \
             of bytes.",
        )
        .default("the system's"),
    idle("vrrp_rx_bufs_multiplier", HERE, BUFFERS)
        .takes(POSITIVE)
        .about("How many packets of that size a receive buffer has to hold.")
        .default("3"),
];

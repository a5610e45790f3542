//! Words of `vrrp_instance` and of its blocks `authentication` and `auth_hmac`.

use super::Section::{self, Authentication, Hmac, Instance};
use super::{Entries, Fate, Header, Keyword, Shape, Tracked, Word, always, repeated, row, used};

const INSTANCE: &[Section] = &[Instance];
const AUTH: &[Section] = &[Authentication];
const HMAC: &[Section] = &[Hmac];

const BOOL: Shape = Shape::Bool;
const COUNT: Shape = Shape::Int {
    min: 0,
    max: 4_294_967_295,
};
const DELAY: Shape = Shape::Time {
    min: 0,
    max: 4_294_000_000,
};
/// Priority of the highest other node, for `timer_expired_backup`.
const OTHER_PRIORITY: Shape = Shape::OptInt {
    min: 1,
    max: 254,
    absent: 254,
};

const fn word(name: &'static str, word: Word, shape: Shape) -> Keyword {
    used(name, word, INSTANCE, shape)
}

const fn list(name: &'static str, word: Word, entries: Entries) -> Keyword {
    repeated(name, word, INSTANCE, Shape::Entries(entries))
}

const fn idle(name: &'static str, shape: Shape, why: &'static str) -> Keyword {
    row(name, Word::None, INSTANCE, shape, Fate::NoEffect(why))
}

pub(super) const ROWS: &[Keyword] = &[
    // Identity, interface, transport.
    word("state", Word::State, Shape::Choice(&["MASTER", "BACKUP"]))
        .about("The state that the node would like to start in. The highest priority decides all the same: an instance below 255 always listens first.")
        .default("BACKUP; MASTER with priority 255"),
    word("interface", Word::Interface, Shape::Interface)
        .about("The interface that the adverts go through, and that holds the virtual addresses unless they name another one. Unicast with `unicast_src_ip` can go without."),
    word("vrf", Word::Vrf, Shape::Interface)
        .about("The VRF device that unicast adverts belong to, where the instance has no `interface`.")
        .checked("adverts would leave by the main table and not reach the peers"),
    word("version", Word::Version, Shape::Int { min: 2, max: 3 })
        .about("Version of the protocol. All nodes need the same. IPv6 has version 3 only.")
        .default("vrrp_version, else 2"),
    word("virtual_router_id", Word::VirtualRouterId, Shape::Int { min: 1, max: 255 })
        .about("Number of the virtual router. It is the same on all nodes, and no other virtual router of this network and address family has it."),
    word("priority", Word::Priority, Shape::Int { min: 1, max: 255 })
        .about("The node with the highest priority holds the addresses. 255 means the owner of the addresses, who never yields; use 1 to 254.")
        .default("100; 255 with `state MASTER`"),
    word("advert_int", Word::AdvertInt, Shape::Time { min: 10_000, max: 255_000_000 })
        .about("Seconds between two adverts. Version 2 sends whole seconds, version 3 hundredths up to 40.95. In version 2 all nodes need the same value.")
        .default("1"),
    word("mcast_src_ip", Word::McastSrcIp, Shape::Address)
        .about("Source address of multicast adverts.")
        .default("the first address of the interface"),
    word("unicast_src_ip", Word::UnicastSrcIp, Shape::Address)
        .about("Source address of unicast adverts. The peers list it in their `unicast_peer`.")
        .default("the first address of the interface"),
    word("track_src_ip", Word::TrackSrcIp, Shape::Flag)
        .about("FAULT while the configured source address is not on this node."),
    word("mcast_dst_ip", Word::McastDstIp, Shape::Group(None))
        .about("The multicast group that adverts are sent to; an IPv6 group has to be of link-local scope.")
        .default("vrrp_mcast_group4 or vrrp_mcast_group6"),
    list("unicast_peer", Word::UnicastPeer, Entries::Peers)
        .about("The other nodes, one address a line. Adverts are sent to each of them instead of to a multicast group. `min_ttl` and `max_ttl` limit the TTL of what they send."),
    word("unicast_ttl", Word::UnicastTtl, Shape::Int { min: 0, max: 255 })
        .about("TTL or hop limit of unicast adverts.")
        .default("255 for IPv4, the kernel's default for IPv6"),
    word("check_unicast_src", Word::CheckUnicastSrc, Shape::Flag)
        .about("Drops adverts from addresses that are not listed in `unicast_peer`.")
        .default("vrrp_check_unicast_src"),
    word("unicast_fault_no_peer", Word::UnicastFaultNoPeer, Shape::Flag)
        .about("An empty `unicast_peer` is a FAULT, instead of multicast being used."),
    word("old_unicast_checksum", Word::OldUnicastChecksum, Shape::OptChoice(&["never"]))
        .about("Sends version 3 unicast adverts with the checksum of keepalived before 1.3.6. `never` sends the present form whatever the peer sends. All forms are accepted.")
        .default("the present form"),
    word("v3_checksum_as_v2", Word::V3ChecksumAsV2, BOOL)
        .about("Leaves the pseudo-header out of the checksum of version 3 adverts over IPv4, as RFC 9568 and other makers do.")
        .default("the global v3_checksum_as_v2")
        .since("2.2.8"),
    idle("native_ipv6", Shape::Flag, "the family follows from the addresses")
        .about("Formerly made the instance one of IPv6; the family follows from the virtual addresses."),
    idle(
        "kernel_rx_buf_size",
        COUNT,
        "holdfast sizes its buffers itself",
    )
        .about("Bytes of the socket's receive buffer.")
        .default("vrrp_rx_bufs_policy"),
    word("skip_check_adv_addr", Word::SkipCheckAdvAddr, BOOL)
        .about("Does not compare the address list of an advert whose sender is the same as that of the last one.")
        .default("vrrp_skip_check_adv_addr"),
    always("linkbeat_use_polling", INSTANCE).takes(Shape::Flag)
        .about("Formerly asked for the state of the link by polling; holdfast is told by the kernel."),
    // VMAC and ipvlan.
    word("use_vmac", Word::UseVmac, Shape::Vmac)
        .about("Holds the addresses on an interface of their own (macvlan) with the hardware address of the virtual router, so that hosts need not learn a new one. A name, a hardware address of 5 or 6 bytes, `netlink_notify_msg` and `group G` may follow.")
        .default("off; the name is vmac_prefix, a point and the VRID")
        .checked("hosts that ignore gratuitous ARP would send to the old node"),
    word("use_vmac_addr", Word::UseVmacAddr, Shape::Flag)
        .about("Makes such an interface for virtual addresses on other interfaces as well.")
        .checked("those addresses would have the hardware address of their interface"),
    word("vmac_xmit_base", Word::VmacXmitBase, Shape::Flag)
        .about("Sends and receives adverts on the interface below the VMAC.")
        .default("off; on for unicast"),
    word("use_ipvlan", Word::UseIpvlan, Shape::Ipvlan)
        .about("Holds the addresses on an ipvlan interface of their own. A name, the address of that interface, `bridge`, `private` or `vepa`, and `group G` may follow.")
        .checked("the addresses would be on the interface itself"),
    // Tracking.
    word("dont_track_primary", Word::DontTrackPrimary, Shape::Flag)
        .about("Goes on while `interface` is down."),
    list("track_interface", Word::TrackInterface, Entries::Trackers(Tracked::Interface))
        .about("Interfaces, one a line, with an optional `weight N [reverse]`. Without a weight the instance is in FAULT while the interface is down."),
    list("track_script", Word::TrackScript, Entries::Trackers(Tracked::Script))
        .about("Names of `vrrp_script` blocks, one a line. `weight N [reverse|noreverse]` overrides the weight of the script."),
    list("track_file", Word::TrackFile, Entries::Trackers(Tracked::File))
        .about("Names of `track_file` blocks, one a line. `weight N [reverse|noreverse]` overrides the weight of the file.")
        .checked("the number in the file would change no priority"),
    list("track_process", Word::TrackProcess, Entries::Trackers(Tracked::Process))
        .about("Names of `vrrp_track_process` blocks, one a line. `weight N [reverse|noreverse]` overrides their weight.")
        .checked("the instance would stay MASTER when the process is gone"),
    list("track_bfd", Word::TrackBfd, Entries::Trackers(Tracked::Bfd))
        .about("Names of `bfd_instance` blocks, one a line. `weight N [reverse|noreverse]` overrides their weight.")
        .checked("the instance would not notice that the session is down"),
    // Addresses, routes, rules.
    list("virtual_ipaddress", Word::VirtualIpaddress, Entries::Addresses)
        .about("The virtual addresses, one a line: those that move and that adverts carry. All are of one family."),
    list("virtual_ipaddress_excluded", Word::VirtualIpaddressExcluded, Entries::Addresses)
        .about("Addresses that move along without being carried in adverts. They may be of another family."),
    word("no_virtual_ipaddress", Word::NoVirtualIpaddress, Shape::Flag)
        .about("The instance has no virtual address on purpose, e.g. because scripts do the work.")
        .since("2.2.8"),
    word("promote_secondaries", Word::PromoteSecondaries, Shape::Flag)
        .about("When the first address of a network is taken from the interface, the kernel keeps the others of that network.")
        .checked("addresses of one network could vanish with a virtual one"),
    list("virtual_routes", Word::VirtualRoutes, Entries::Routes)
        .about("Routes that exist while the instance is MASTER, one a line.")
        .checked("the node that holds the addresses would lack the routes"),
    list("virtual_rules", Word::VirtualRules, Entries::Rules)
        .about("Routing rules that exist while the instance is MASTER, one a line.")
        .checked("the node that holds the addresses would lack the rules"),
    row("accept", Word::Accept, INSTANCE, Shape::Flag, Fate::Always)
        .about("Accepts packets to the virtual addresses on a node that is not their owner. holdfast always does.")
        .default("on"),
    word("no_accept", Word::NoAccept, Shape::Flag)
        .about("Drops packets to the virtual addresses, except neighbour discovery, unless the priority is 255.")
        .checked("services on this node would answer on the virtual addresses"),
    // Election and timing.
    word("nopreempt", Word::Nopreempt, Shape::Flag)
        .about("A node that comes back with a higher priority does not take the addresses from the present MASTER. Needs `state BACKUP` and a priority below 255."),
    row("preempt", Word::Preempt, INSTANCE, Shape::Flag, Fate::Always)
        .about("The opposite of `nopreempt`, and the default; the last of both counts."),
    word("preempt_delay", Word::PreemptDelay, Shape::Time { min: 0, max: 1_000_000_000 })
        .about("Seconds, with up to six decimals, that a node with a higher priority waits until it takes the addresses from a MASTER. Needs `state BACKUP`; without effect beside `nopreempt`.")
        .default("0"),
    word("down_timer_adverts", Word::DownTimerAdverts, Shape::Int { min: 1, max: 100 })
        .about("Adverts that may be missing until the MASTER counts as lost.")
        .default("3"),
    row(
        "timer_expired_backup",
        Word::TimerExpiredBackup,
        INSTANCE,
        OTHER_PRIORITY,
        Fate::Always,
    )
        .about("A MASTER that was held up so long that another node of this priority may have taken over becomes BACKUP before it sends again. holdfast always does so.")
        .default("off; 254 where no number follows")
        .since("2.2.8"),
    row(
        "thread_timer_expired",
        Word::TimerExpiredBackup,
        INSTANCE,
        OTHER_PRIORITY,
        Fate::Always,
    )
        .about("The former spelling of `timer_expired_backup`.")
        .since("2.3.2")
        .old("timer_expired_backup"),
    word("lower_prio_no_advert", Word::LowerPrioNoAdvert, BOOL)
        .about("A MASTER does not answer adverts of a lower priority.")
        .default("vrrp_lower_prio_no_advert"),
    word("higher_prio_send_advert", Word::HigherPrioSendAdvert, BOOL)
        .about("A MASTER sends one more advert before it yields to a higher priority.")
        .default("vrrp_higher_prio_send_advert"),
    word("owner_ignore_adverts", Word::OwnerIgnoreAdverts, BOOL)
        .about("An instance with priority 255 ignores the adverts of all others.")
        .default("vrrp_owner_ignore_adverts")
        .since("2.3.3"),
    word("strict_mode", Word::Strict, BOOL)
        .about("Follows the standard to the letter: no authentication, no unicast on multicast interfaces, `state MASTER` for priority 255 only, no `preempt_delay`. Seldom what is wanted.")
        .default("vrrp_strict"),
    idle(
        "debug",
        Shape::Int { min: 0, max: 4 },
        "it has none in keepalived either",
    )
        .about("A level of debugging, 0 to 4.")
        .default("0"),
    // Gratuitous ARP and neighbour advertisements.
    word("garp_master_delay", Word::GarpMasterDelay, DELAY)
        .about("Seconds until the second burst of gratuitous ARP after becoming MASTER; 0 means no second burst.")
        .default("5"),
    word("garp_master_repeat", Word::GarpMasterRepeat, COUNT)
        .about("Messages for each address in a burst.")
        .default("5"),
    word("garp_master_refresh", Word::GarpMasterRefresh, DELAY)
        .about("Seconds between refreshes while MASTER; 0 means none.")
        .default("0"),
    word("garp_master_refresh_repeat", Word::GarpMasterRefreshRepeat, COUNT)
        .about("Messages for each address in a refresh.")
        .default("1"),
    word("garp_lower_prio_delay", Word::GarpLowerPrioDelay, DELAY)
        .about("Seconds until the second burst after an advert of lower priority.")
        .default("garp_master_delay"),
    word("garp_lower_prio_repeat", Word::GarpLowerPrioRepeat, COUNT)
        .about("Messages for each address after an advert of lower priority; 0 means none.")
        .default("garp_master_repeat"),
    word("garp_extra_if", Word::GarpExtraIf, Shape::ExtraGarp)
        .about("Seconds between gratuitous ARP for the addresses on other interfaces than the VMAC, 0 to 86400; `all` before the number means on all interfaces. 0 switches it off.")
        .default("vrrp_garp_extra_if")
        .checked("other switches could forget where the virtual router is"),
    word("vmac_garp_intvl", Word::GarpExtraIf, Shape::ExtraGarp)
        .about("The former spelling of `garp_extra_if`.")
        .old("garp_extra_if")
        .checked("other switches could forget where the virtual router is"),
    // Authentication.
    word("authentication", Word::Authentication, Shape::Block(Authentication, Header::None))
        .about("Authentication of version 2 adverts. It protects from mistakes, not from attackers; version 3 has none."),
    used(
        "auth_type",
        Word::AuthType,
        AUTH,
        Shape::Choice(&["PASS", "AH"]),
    )
        .about("`PASS` sends the password in clear text; `AH` signs adverts with it (IP protocol 51, IPv4 only). All nodes need the same."),
    used("auth_pass", Word::AuthPass, AUTH, Shape::Text)
        .about("The password. The packet holds 8 bytes; a longer one is cut."),
    word("auth_hmac", Word::AuthHmac, Shape::Block(Hmac, Header::None))
        .about("keepalived's own authentication of adverts: a trailer with an HMAC and a stamp of time behind the address list. All nodes need it (2.4.2 or newer).")
        .since("2.4.0")
        .checked("adverts would be sent and accepted without authentication"),
    repeated("key", Word::HmacKey, HMAC, Shape::HmacKey)
        .about("A key: its number, 1 to 255, and 32 to 64 bytes, written as text, as `hex:` and digits, or as `file:` and the path of a file that holds them. Several keys allow a change without an interruption.")
        .since("2.4.0"),
    used("active_key", Word::ActiveKey, HMAC, Shape::Int { min: 1, max: 255 })
        .about("Number of the key that signs own adverts.")
        .since("2.4.0"),
    used(
        "anti_replay",
        Word::AntiReplay,
        HMAC,
        Shape::Choice(&["time", "monotonic"]),
    )
        .about("How recorded adverts are found out: by the clocks of the nodes, or by a counter that only rises.")
        .default("time")
        .since("2.4.0"),
    used("time_window", Word::TimeWindow, HMAC, Shape::Int { min: 1, max: 300 })
        .about("Seconds that an advert may be old; the clocks of the nodes must not differ by more.")
        .default("3 times advert_int in whole seconds, at least 5, at most 300")
        .since("2.4.0"),
    used(
        "mode",
        Word::HmacMode,
        HMAC,
        Shape::Choice(&["enforce", "permissive", "receive-only"]),
    )
        .about("`enforce` drops adverts without a trailer. `permissive` signs, but accepts them. `receive-only` accepts them and sends no trailer. To introduce the authentication go through the last two first.")
        .default("enforce")
        .since("2.4.0"),
    // Notifications.
    word("notify_master", Word::NotifyMaster, Shape::Command)
        .about("Script that is run when the instance becomes MASTER. The command stands in double quotes; user and group may follow."),
    word("notify_backup", Word::NotifyBackup, Shape::Command)
        .about("Script that is run when the instance becomes BACKUP. The command stands in double quotes; user and group may follow."),
    word("notify_fault", Word::NotifyFault, Shape::Command)
        .about("Script that is run when the instance goes to FAULT. The command stands in double quotes; user and group may follow."),
    word("notify_stop", Word::NotifyStop, Shape::Command)
        .about("Script that is run when the daemon stops. The command stands in double quotes; user and group may follow."),
    word("notify", Word::Notify, Shape::Command)
        .about("Script that is run at every change of the state. `INSTANCE`, the name, the new state and the priority are appended as arguments."),
    word("notify_deleted", Word::NotifyDeleted, Shape::OptCommand)
        .about("Script that is run when a reload removes the instance. Without a script only the state DELETED is told.")
        .default("FAULT is told")
        .checked("a removed instance would be told as it is without this word"),
    word("notify_master_rx_lower_pri", Word::NotifyMasterRxLowerPri, Shape::Command)
        .about("Script that is run when a MASTER hears an advert of lower priority.")
        .checked("the script would never run"),
    word("notify_priority_changes", Word::NotifyPriorityChanges, BOOL)
        .about("Writes changes of the priority to the notify FIFOs.")
        .default("vrrp_notify_priority_changes"),
    word("smtp_alert", Word::SmtpAlert, BOOL)
        .about("Sends mail at every change of the state.")
        .default("smtp_alert_vrrp, else smtp_alert, else off"),
    word("lvs_sync_daemon_interface", Word::LvsSyncDaemonInterface, Shape::Interface)
        .about("The interface of the IPVS synchronisation daemon that follows this instance.")
        .old("lvs_sync_daemon")
        .checked("the other node would not know the connections"),
];

//! `vrrp_instance` and what belongs to it.

use super::{
    AdvertInterval, AuthHmac, IfName, InstanceName, Micros, OwnLink, Priority, Route, Rule,
    ScriptCommand, ScriptName, Trackers, Vrid, Weight,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// Version of the protocol that an instance speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Version {
    /// RFC 2338 and 3768.
    V2,
    /// RFC 5798 and 9568.
    V3,
}

impl Version {
    /// The number in the packet.
    pub const fn number(self) -> u8 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }
}

/// Address family of a virtual router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The family of an address.
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    /// Length of an address of this family in bytes.
    pub const fn address_len(self) -> usize {
        match self {
            Self::V4 => 4,
            Self::V6 => 16,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// `state`: a wish only; the first wait is the same for both unless the priority is 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum InitialState {
    /// `state MASTER`.
    Master,
    /// `state BACKUP`.
    Backup,
}

/// A password padded with zero bytes to the 8 bytes of the packet (RFC 2338 section 5.3.10).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuthKey([u8; 8]);

impl AuthKey {
    /// Bytes that the packet holds.
    pub const LEN: usize = 8;

    /// Takes at most 8 bytes and pads with zero.
    pub fn new(password: &[u8]) -> Self {
        let mut key = [0; Self::LEN];
        key.iter_mut()
            .zip(password)
            .for_each(|(to, from)| *to = *from);
        Self(key)
    }

    /// The 8 bytes.
    pub const fn bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

/// Never shows the password.
impl fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthKey(…)")
    }
}

/// `authentication` of VRRPv2 (RFC 2338 section 5.3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Auth {
    /// Type 0.
    None,
    /// Type 1, simple password.
    Pass(AuthKey),
    /// Type 2, IP authentication header with HMAC-MD5-96.
    Ah(AuthKey),
}

/// One line of `unicast_peer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Smallest TTL or hop limit that is accepted from it.
    pub min_ttl: Option<u8>,
    /// Largest TTL or hop limit that is accepted from it.
    pub max_ttl: Option<u8>,
}

/// How adverts travel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transport {
    /// To a multicast group.
    Multicast {
        /// The group; 224.0.0.18 or ff02::12 unless configured.
        group: IpAddr,
        /// `mcast_src_ip`; the primary address of the interface where it is missing.
        source: Option<IpAddr>,
    },
    /// To each peer.
    Unicast {
        /// `unicast_src_ip`; the primary address of the interface where it is missing.
        source: Option<IpAddr>,
        /// At least one, all of the family of the instance.
        peers: Vec<Peer>,
        /// `unicast_ttl`; 255 for IPv4 and 64 for IPv6 where it is missing, as keepalived sends.
        ttl: Option<u8>,
        /// Only adverts of the listed peers are accepted.
        check_source: bool,
    },
}

/// How the checksum of a VRRPv3 advert over IPv4 is made when sending. All forms are accepted when
/// receiving (ledger row 9568-5.2.8-02).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChecksumForm {
    /// With a pseudo-header (keepalived's default).
    PseudoHeader,
    /// Message only, as RFC 9568 says (`v3_checksum_as_v2`).
    MessageOnly,
    /// Pseudo-header with 224.0.0.18 as destination of a unicast advert (`old_unicast_checksum`).
    OldUnicast,
}

/// Gratuitous ARP and unsolicited neighbour advertisements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GarpSettings {
    /// Time until the second burst after becoming MASTER; zero means no second burst.
    pub master_delay: Micros,
    /// Messages per address and burst, at least 1.
    pub master_repeat: u32,
    /// Time between refreshes while MASTER; zero means none.
    pub master_refresh: Micros,
    /// Messages per address and refresh, at least 1.
    pub master_refresh_repeat: u32,
    /// Time until the second burst after an advert of lower priority; zero means none.
    pub lower_prio_delay: Micros,
    /// Messages per address after an advert of lower priority; 0 means none.
    pub lower_prio_repeat: u32,
    /// Least time between two gratuitous ARPs on one interface.
    pub interval: Micros,
    /// Least time between two neighbour advertisements on one interface.
    pub gna_interval: Micros,
}

/// Broadcast address of a virtual address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Broadcast {
    /// None is set, as keepalived does unless `brd` is written.
    None,
    /// Written out, or computed from `+` and `-`.
    Address(Ipv4Addr),
}

/// One line of `virtual_ipaddress` or `virtual_ipaddress_excluded`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualAddress {
    /// The address.
    pub address: IpAddr,
    /// Prefix length; 32 or 128 where none is written.
    pub prefix: u8,
    /// Peer of a point-to-point address.
    pub peer: Option<IpAddr>,
    /// `dev`; the interface of the instance where it is missing.
    pub dev: Option<IfName>,
    /// Scope, as linux/rtnetlink.h counts: 0 global, 200 site, 253 link, 254 host, 255 nowhere.
    pub scope: u8,
    /// Label of an IPv4 address, at most 15 bytes.
    pub label: Option<String>,
    /// Broadcast address.
    pub broadcast: Broadcast,
    /// IPv6: duplicate address detection is left out (the default; `-nodad` switches it on).
    pub nodad: bool,
    /// IPv6: `home`.
    pub home: bool,
    /// IPv6: `mngtmpaddr`.
    pub mngtmpaddr: bool,
    /// No route for the prefix.
    pub noprefixroute: bool,
    /// Joins the multicast group of that address.
    pub autojoin: bool,
    /// IPv6: preferred lifetime in seconds; none means for ever. 0 means never a source address.
    pub preferred_lft: Option<u32>,
    /// The loss of this address changes nothing.
    pub no_track: bool,
    /// `use_vmac`: it stands on a virtual interface of its own.
    pub use_vmac: bool,
}

/// One line of `track_interface`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackInterface {
    /// The interface.
    pub interface: IfName,
    /// 0: FAULT while it is down.
    pub weight: Weight,
    /// The sign of the contribution is flipped.
    pub reverse: bool,
}

/// One line of `track_script`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackScript {
    /// The `vrrp_script`.
    pub script: ScriptName,
    /// 0: FAULT while it fails. The script's own weight where the line has none.
    pub weight: Weight,
    /// The sign of the contribution is flipped.
    pub reverse: bool,
}

/// The part of a `vrrp_instance` that the VRRP child needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualRouter {
    /// Its name.
    pub name: InstanceName,
    /// Its number on the wire.
    pub vrid: Vrid,
    /// Protocol version.
    pub version: Version,
    /// Family of the adverts and of the advertised addresses.
    pub family: Family,
    /// Interface; only a unicast instance with a source address may have none.
    pub interface: Option<IfName>,
    /// `state`.
    pub initial_state: InitialState,
    /// Base priority.
    pub priority: Priority,
    /// Time between two adverts.
    pub advert_int: AdvertInterval,
    /// How adverts travel.
    pub transport: Transport,
    /// VRRPv2 authentication; always `None` in version 3 and IPv6.
    pub auth: Auth,
    /// Checksum of adverts that are sent.
    pub checksum: ChecksumForm,
    /// `nopreempt`.
    pub nopreempt: bool,
    /// `preempt_delay`.
    pub preempt_delay: Micros,
    /// `down_timer_adverts`, 1..=100: missed adverts until a takeover.
    pub down_timer_adverts: u8,
    /// Gratuitous ARP and neighbour advertisements.
    pub garp: GarpSettings,
    /// An advert of lower priority is not answered.
    pub lower_prio_no_advert: bool,
    /// One advert is sent before yielding to a higher priority.
    pub higher_prio_send_advert: bool,
    /// The owner drops all received adverts.
    pub owner_ignore_adverts: bool,
    /// The address list of a known sender is not compared.
    pub skip_check_adv_addr: bool,
    /// FAULT while the configured source address is absent.
    pub track_src_ip: bool,
    /// Faults of the own interface are ignored.
    pub dont_track_primary: bool,
    /// `strict_mode` or `vrrp_strict`.
    pub strict: bool,
    /// Advertised addresses, all of the instance's family, in the order of the configuration.
    pub addresses: Vec<VirtualAddress>,
    /// Addresses that are not advertised; any family.
    pub excluded: Vec<VirtualAddress>,
    /// Tracked interfaces.
    pub track_interfaces: Vec<TrackInterface>,
    /// Tracked scripts.
    pub track_scripts: Vec<TrackScript>,
}

impl VirtualRouter {
    /// True where nothing of a running router can go on with a new configuration: it speaks to
    /// others, or in another way. It is released and started anew then; everything else changes
    /// under way.
    pub fn needs_restart(&self, new: &Self) -> bool {
        self.interface != new.interface
            || self.vrid != new.vrid
            || self.version != new.version
            || self.family != new.family
            || self.auth != new.auth
            || !same_way(&self.transport, &new.transport)
    }
}

/// Peers, TTL and the check of senders may change under way.
fn same_way(old: &Transport, new: &Transport) -> bool {
    match (old, new) {
        (Transport::Multicast { .. }, Transport::Multicast { .. }) => old == new,
        (Transport::Unicast { source: old, .. }, Transport::Unicast { source: new, .. }) => {
            old == new
        }
        (Transport::Multicast { .. }, Transport::Unicast { .. })
        | (Transport::Unicast { .. }, Transport::Multicast { .. }) => false,
    }
}

/// Scripts that are run on a change of state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyScripts {
    /// `notify_master`.
    pub master: Option<ScriptCommand>,
    /// `notify_backup`.
    pub backup: Option<ScriptCommand>,
    /// `notify_fault`.
    pub fault: Option<ScriptCommand>,
    /// `notify_stop`.
    pub stop: Option<ScriptCommand>,
    /// `notify`, with keepalived's four arguments appended.
    pub any: Option<ScriptCommand>,
}

/// `vrrp_instance NAME { … }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VrrpInstance {
    /// The protocol part.
    pub router: VirtualRouter,
    /// Scripts on a change of state.
    pub notify: NotifyScripts,
    /// Mail on a change of state.
    pub smtp_alert: bool,
    /// `notify_deleted`: what is told when a reload removes the instance.
    pub deleted: Option<DeletedNotice>,
    /// `notify_master_rx_lower_pri`.
    pub notify_lower_priority: Option<ScriptCommand>,
    /// `notify_priority_changes`, where it is written.
    pub notify_priority_changes: Option<bool>,
    /// Tracked files, processes and BFD sessions.
    pub trackers: Trackers,
    /// `vrf`: only unicast without an interface.
    pub vrf: Option<IfName>,
    /// `use_vmac` or `use_ipvlan`.
    pub link: Option<OwnLink>,
    /// `use_vmac_addr`: addresses on other interfaces get a macvlan as well.
    pub vmac_for_addresses: bool,
    /// `virtual_routes`: those that exist while the instance is MASTER.
    pub routes: Vec<Route>,
    /// `virtual_rules`: those that exist while the instance is MASTER.
    pub rules: Vec<Rule>,
    /// `promote_secondaries`.
    pub promote_secondaries: bool,
    /// `no_accept`: packets to the virtual addresses are dropped.
    pub no_accept: bool,
    /// `unicast_fault_no_peer`.
    pub fault_without_peers: bool,
    /// `garp_extra_if`, where it is written.
    pub garp_extra: Option<ExtraGarp>,
    /// `auth_hmac`.
    pub hmac: Option<AuthHmac>,
    /// `lvs_sync_daemon_interface`.
    pub sync_daemon: Option<IfName>,
}

impl VrrpInstance {
    /// An instance with nothing but its protocol part.
    pub fn new(router: VirtualRouter) -> Self {
        Self {
            router,
            notify: NotifyScripts::default(),
            smtp_alert: false,
            deleted: None,
            notify_lower_priority: None,
            notify_priority_changes: None,
            trackers: Trackers::default(),
            vrf: None,
            link: None,
            vmac_for_addresses: false,
            routes: Vec::new(),
            rules: Vec::new(),
            promote_secondaries: false,
            no_accept: false,
            fault_without_peers: false,
            garp_extra: None,
            hmac: None,
            sync_daemon: None,
        }
    }
}

/// `notify_deleted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedNotice {
    /// The script; without one only the state DELETED is told.
    pub command: Option<ScriptCommand>,
}

/// `garp_extra_if`: gratuitous ARP on other interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtraGarp {
    /// On all interfaces.
    pub all: bool,
    /// Time between two rounds, up to 86400 s; zero means none.
    pub interval: Micros,
}

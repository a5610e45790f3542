//! Addresses, routes and rules of the kernel that are added and taken away as a whole line.

use super::{Family, IfName, VirtualAddress};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// A number of the kernel, or a name for it from iproute2's tables of the host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NamedNumber {
    /// The number itself.
    Number(u32),
    /// A name that is looked up on the host.
    Name(String),
}

impl fmt::Display for NamedNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// An address with the length of its prefix; 0.0.0.0/0 and ::/0 are everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Network {
    /// The address.
    pub address: IpAddr,
    /// 0..=32 or 0..=128.
    pub prefix: u8,
}

impl Network {
    /// Its family.
    pub const fn family(&self) -> Family {
        Family::of(self.address)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// One line of `static_ipaddress`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaticAddress {
    /// The address; its `dev` is `default_interface` where the line has none.
    pub address: VirtualAddress,
    /// `track_group`: whose instances react when the address is lost.
    pub track_group: Option<String>,
}

/// Type of a route, as linux/rtnetlink.h numbers them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RouteKind {
    /// `unicast`.
    #[default]
    Unicast,
    /// `local`.
    Local,
    /// `broadcast`, `brd`.
    Broadcast,
    /// `anycast`.
    Anycast,
    /// `multicast`.
    Multicast,
    /// `blackhole`: packets vanish.
    Blackhole,
    /// `unreachable`: the sender is told so.
    Unreachable,
    /// `prohibit`: the sender is told that it is forbidden.
    Prohibit,
    /// `throw`: the next rule decides.
    Throw,
    /// `nat`; no kernel of today has it.
    Nat,
    /// `xresolve`; no kernel of today has it.
    Xresolve,
}

impl RouteKind {
    /// All of them with the word for each.
    pub const ALL: [(&'static str, Self); 12] = [
        ("unicast", Self::Unicast),
        ("local", Self::Local),
        ("broadcast", Self::Broadcast),
        ("brd", Self::Broadcast),
        ("anycast", Self::Anycast),
        ("multicast", Self::Multicast),
        ("blackhole", Self::Blackhole),
        ("unreachable", Self::Unreachable),
        ("prohibit", Self::Prohibit),
        ("throw", Self::Throw),
        ("nat", Self::Nat),
        ("xresolve", Self::Xresolve),
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("", |(name, _)| name)
    }
}

/// Where a new route stands among those with the same destination and metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RouteInsertion {
    /// `prepend`: first (the default).
    #[default]
    Prepend,
    /// `append`: last.
    Append,
    /// `add`: it must not be there yet.
    Add,
}

/// `realms`: the numbers by which routes are counted and filtered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Realms {
    /// Realm of the source.
    pub from: Option<NamedNumber>,
    /// Realm of the destination.
    pub to: NamedNumber,
}

/// Where packets of a route go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hop {
    /// `via`: the gateway; it may be of the other family.
    pub via: Option<IpAddr>,
    /// `dev`: the interface.
    pub dev: Option<IfName>,
    /// `onlink`: the gateway is taken to be reachable.
    pub onlink: bool,
    /// `encap`: packets are wrapped.
    pub encap: Option<Encap>,
    /// `realms`.
    pub realms: Option<Realms>,
}

/// One `nexthop` of a route with several.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WeightedHop {
    /// Where it goes.
    pub hop: Hop,
    /// `weight`: its share, 1..=256.
    pub weight: u16,
}

/// `encap`: a lightweight tunnel.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Encap {
    /// `ip` and `ip6`: for a tunnel interface that takes its target from the route.
    Ip {
        /// Family of the outer packet.
        family: Family,
        /// `id`: the tunnel's number.
        id: Option<u64>,
        /// `dst`.
        dst: Option<IpAddr>,
        /// `src`.
        src: Option<IpAddr>,
        /// `tos`, `tc`.
        tos: Option<u8>,
        /// `ttl`, `hoplimit`.
        ttl: Option<u8>,
        /// `flags`, as linux/if_tunnel.h numbers them.
        flags: Option<u16>,
    },
    /// `mpls`: labels from the outermost to the innermost, 0..=1048575 each, at least one.
    Mpls(Vec<u32>),
    /// `ila`: the locator that is put in place of the upper half of an IPv6 address.
    Ila([u16; 4]),
}

/// A number with the mark that the kernel may not change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lockable {
    /// The number.
    pub value: u32,
    /// `lock`.
    pub locked: bool,
}

/// Values that the kernel keeps beside a route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RouteMetrics {
    /// `mtu`, bytes.
    pub mtu: Option<Lockable>,
    /// `advmss`, bytes.
    pub advmss: Option<Lockable>,
    /// `rtt`, in 1/8000 s.
    pub rtt: Option<Lockable>,
    /// `rttvar`, in 1/4000 s.
    pub rttvar: Option<Lockable>,
    /// `reordering`, segments.
    pub reordering: Option<Lockable>,
    /// `cwnd`, segments.
    pub cwnd: Option<Lockable>,
    /// `ssthresh`, segments.
    pub ssthresh: Option<Lockable>,
    /// `rto_min`, in milliseconds.
    pub rto_min: Option<Lockable>,
    /// `congctl`: the algorithm, and whether it is locked.
    pub congctl: Option<(String, bool)>,
    /// `hoplimit`.
    pub hoplimit: Option<u8>,
    /// `window`, bytes.
    pub window: Option<u32>,
    /// `initcwnd`, segments.
    pub initcwnd: Option<u32>,
    /// `initrwnd`, segments.
    pub initrwnd: Option<u32>,
    /// `features ecn`.
    pub ecn: bool,
    /// `quickack`.
    pub quickack: Option<bool>,
    /// `fastopen_no_cookie`.
    pub fastopen_no_cookie: Option<bool>,
}

/// One line of `virtual_routes` or `static_routes`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Route {
    /// Its type.
    pub kind: RouteKind,
    /// Where to.
    pub destination: Network,
    /// `from`: only packets from there; IPv6.
    pub from: Option<Network>,
    /// `src`: preferred source of own packets.
    pub src: Option<IpAddr>,
    /// `tos`, `dsfield`: only such packets.
    pub tos: Option<NamedNumber>,
    /// `table`; main or that of the VRF where it is missing.
    pub table: Option<NamedNumber>,
    /// `protocol`; 18, keepalived's number, unless written.
    pub protocol: NamedNumber,
    /// `scope`; the kernel's choice where it is missing.
    pub scope: Option<NamedNumber>,
    /// `metric`, `priority`, `preference`.
    pub metric: Option<u32>,
    /// Where packets go, unless there are several hops.
    pub hop: Hop,
    /// `nexthop`: several ways, used side by side.
    pub hops: Vec<WeightedHop>,
    /// `expires`, seconds; IPv6.
    pub expires: Option<u32>,
    /// `pref`: preference of a router, 0 medium, 1 high, 3 low as RFC 4191 numbers them; IPv6.
    pub pref: Option<u8>,
    /// `ttl-propagate`; MPLS.
    pub ttl_propagate: Option<bool>,
    /// Values that the kernel keeps beside it.
    pub metrics: Box<RouteMetrics>,
    /// Where it stands among its like.
    pub insertion: RouteInsertion,
    /// `vrf`: the device of the VRF whose table it goes to.
    pub vrf: Option<IfName>,
    /// `no_track`: its loss changes nothing.
    pub no_track: bool,
    /// `track_group`: whose instances react when it is lost; static routes only.
    pub track_group: Option<String>,
}

/// `protocol keepalived` of iproute2's rt_protos.
pub const KEEPALIVED_PROTOCOL: u32 = 18;

impl Route {
    /// Its family.
    pub const fn family(&self) -> Family {
        self.destination.family()
    }

    /// All interfaces that it names.
    pub fn interfaces(&self) -> impl Iterator<Item = &IfName> {
        self.hop
            .dev
            .iter()
            .chain(self.hops.iter().filter_map(|hop| hop.hop.dev.as_ref()))
            .chain(&self.vrf)
    }
}

/// What a rule does with the packets that it fits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RuleAction {
    /// `table`, `lookup`: the table to look into; never 0.
    Table(NamedNumber),
    /// `l3mdev`: the table of the packet's VRF.
    L3mdev,
    /// `goto`: the preference of the rule to go on with, larger than the own one.
    Goto(u32),
    /// `nop`.
    Nop,
    /// `blackhole`.
    Blackhole,
    /// `prohibit`.
    Prohibit,
    /// `unreachable`.
    Unreachable,
}

/// One line of `virtual_rules` or `static_rules`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// Its family.
    pub family: Family,
    /// `preference`: its place; smaller ones come first.
    pub preference: u32,
    /// `not`: what the selectors do not fit.
    pub invert: bool,
    /// `from`.
    pub from: Option<Network>,
    /// `to`.
    pub to: Option<Network>,
    /// `tos`, `dsfield`.
    pub tos: Option<NamedNumber>,
    /// `fwmark`: mark and mask.
    pub fwmark: Option<(u32, u32)>,
    /// `realms`; IPv4.
    pub realms: Option<Realms>,
    /// `iif`, `dev`.
    pub iif: Option<IfName>,
    /// `oif`.
    pub oif: Option<IfName>,
    /// `tunnel-id`.
    pub tunnel_id: Option<u64>,
    /// `uidrange`, first and last.
    pub uid_range: Option<(u32, u32)>,
    /// `ipproto`.
    pub ip_protocol: Option<NamedNumber>,
    /// `sport`, first and last.
    pub source_ports: Option<(u16, u16)>,
    /// `dport`, first and last.
    pub destination_ports: Option<(u16, u16)>,
    /// `suppress_prefixlength`: routes with a prefix no longer than this do not count.
    pub suppress_prefix: Option<u8>,
    /// `suppress_ifgroup`: routes over interfaces of this group do not count.
    pub suppress_group: Option<NamedNumber>,
    /// What is done.
    pub action: RuleAction,
    /// `protocol`: who made it; 18, keepalived's number, unless written.
    pub protocol: u8,
    /// `no_track`: its loss changes nothing.
    pub no_track: bool,
    /// `track_group`: whose instances react when it is lost; static rules only.
    pub track_group: Option<String>,
}

impl Rule {
    /// All interfaces that it names.
    pub fn interfaces(&self) -> impl Iterator<Item = &IfName> {
        self.iif.iter().chain(&self.oif)
    }
}

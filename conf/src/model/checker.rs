//! `virtual_server`, `real_server` and their checks.

use super::{IfName, Micros, ScriptCommand, TrackFile, UserSpec};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;

/// What a virtual server answers for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Service {
    /// An address and port; port 0 is every port and always comes with persistence.
    Address {
        /// The virtual address.
        address: IpAddr,
        /// The port.
        port: u16,
        /// The transport protocol.
        protocol: Protocol,
    },
    /// Packets with a firewall mark.
    Mark {
        /// The mark.
        mark: NonZeroU32,
        /// `ip_family`, or the family of the real servers.
        family: super::Family,
    },
    /// Everything that a `virtual_server_group` lists; one pool of real servers behind it.
    Group {
        /// The group's name.
        name: String,
        /// The transport protocol of its addresses.
        protocol: Protocol,
        /// What it lists, at least one, in the order of the file.
        members: Vec<GroupMember>,
    },
}

/// A line of a `virtual_server_group`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum GroupMember {
    /// Addresses of one family, first and last included.
    Addresses {
        /// The first one.
        first: IpAddr,
        /// The last one; the same where there is only one.
        last: IpAddr,
        /// The port; 0 is every port and always comes with persistence.
        port: u16,
    },
    /// Packets with a firewall mark.
    Mark {
        /// The mark.
        mark: NonZeroU32,
        /// `inet`, `inet6`, or the family of the real servers.
        family: super::Family,
    },
}

impl Service {
    /// Its family; none where a group holds both.
    pub fn family(&self) -> Option<super::Family> {
        match self {
            Self::Address { address, .. } => Some(super::Family::of(*address)),
            Self::Mark { family, .. } => Some(*family),
            Self::Group { members, .. } => {
                let mut families = members.iter().map(GroupMember::family);
                let first = families.next()?;
                families.all(|family| family == first).then_some(first)
            }
        }
    }
}

impl GroupMember {
    /// Its family.
    pub const fn family(&self) -> super::Family {
        match self {
            Self::Addresses { first, .. } => super::Family::of(*first),
            Self::Mark { family, .. } => *family,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address {
                address,
                port,
                protocol,
            } => write!(f, "[{address}]:{protocol}:{port}"),
            Self::Mark { mark, .. } => write!(f, "FWM {mark}"),
            Self::Group { name, .. } => write!(f, "[{name}]:0"),
        }
    }
}

/// `protocol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        })
    }
}

/// `lb_algo`: the kernel's scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scheduler {
    /// `rr`: round robin.
    Rr,
    /// `wrr`: weighted round robin.
    Wrr,
    /// `lc`: least connections.
    Lc,
    /// `wlc`: weighted least connections.
    Wlc,
    /// `lblc`: locality-based least connections.
    Lblc,
    /// `lblcr`: the same with replication.
    Lblcr,
    /// `sh`: source hashing.
    Sh,
    /// `mh`: Maglev hashing.
    Mh,
    /// `dh`: destination hashing.
    Dh,
    /// `fo`: weighted failover.
    Fo,
    /// `ovf`: weighted overflow.
    Ovf,
    /// `sed`: shortest expected delay.
    Sed,
    /// `nq`: never queue.
    Nq,
    /// `twos`: the better of two random servers.
    Twos,
}

impl Scheduler {
    /// All schedulers.
    pub const ALL: [Self; 14] = [
        Self::Rr,
        Self::Wrr,
        Self::Lc,
        Self::Wlc,
        Self::Lblc,
        Self::Lblcr,
        Self::Sh,
        Self::Mh,
        Self::Dh,
        Self::Fo,
        Self::Ovf,
        Self::Sed,
        Self::Nq,
        Self::Twos,
    ];

    /// The name in the configuration and in the kernel.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rr => "rr",
            Self::Wrr => "wrr",
            Self::Lc => "lc",
            Self::Wlc => "wlc",
            Self::Lblc => "lblc",
            Self::Lblcr => "lblcr",
            Self::Sh => "sh",
            Self::Mh => "mh",
            Self::Dh => "dh",
            Self::Fo => "fo",
            Self::Ovf => "ovf",
            Self::Sed => "sed",
            Self::Nq => "nq",
            Self::Twos => "twos",
        }
    }
}

/// Flags of a scheduler, as linux/ip_vs.h numbers them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SchedulerFlags {
    /// `flag-1`, `sh-fallback`, `mh-fallback`.
    pub first: bool,
    /// `flag-2`, `sh-port`, `mh-port`.
    pub second: bool,
    /// `flag-3`.
    pub third: bool,
}

/// `lb_kind`: how packets reach the real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Forward {
    /// Address translation.
    Nat,
    /// Direct routing.
    Direct,
    /// A tunnel.
    Tunnel(Tunnel),
}

/// Kind of a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Tunnel {
    /// IP in IP.
    Ipip,
    /// Generic UDP encapsulation.
    Gue {
        /// Destination port.
        port: u16,
        /// Checksum.
        checksum: TunnelChecksum,
    },
    /// Generic routing encapsulation.
    Gre {
        /// Checksum.
        checksum: TunnelChecksum,
    },
}

/// Checksum of a tunnel's packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TunnelChecksum {
    /// `nocsum`.
    None,
    /// `csum`.
    Full,
    /// `remcsum`.
    Remote,
}

/// `persistence_timeout` and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Persistence {
    /// Seconds.
    pub timeout_secs: u32,
    /// Prefix length of the client's address.
    pub granularity: u8,
    /// `persistence_engine`.
    pub engine: Option<String>,
}

/// `virtual_server … { … }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualServer {
    /// What it answers for.
    pub service: Service,
    /// `lb_algo`.
    pub scheduler: Scheduler,
    /// Flags of the scheduler.
    pub scheduler_flags: SchedulerFlags,
    /// `lb_kind`, default of the real servers.
    pub forward: Forward,
    /// Clients stay with their server.
    pub persistence: Option<Persistence>,
    /// `ops`: each packet is scheduled by itself.
    pub one_packet: bool,
    /// `ha_suspend`: checks only while the address is on this host.
    pub ha_suspend: bool,
    /// `quorum`: sum of weights that has to be alive, at least 1.
    pub quorum: u32,
    /// `hysteresis`, less than the quorum.
    pub hysteresis: u32,
    /// `quorum_up`. Rare beside the rest, like all scripts of servers, so it takes room only where
    /// it is.
    pub quorum_up: Option<Box<ScriptCommand>>,
    /// `quorum_down`.
    pub quorum_down: Option<Box<ScriptCommand>>,
    /// `omega`: down scripts are run at the stop.
    pub omega: bool,
    /// Mail when the quorum is gained or lost.
    pub smtp_alert: bool,
    /// What answers while the quorum is lost.
    pub sorry_server: Option<SorryServer>,
    /// At least one; address and port are unique.
    pub real_servers: Vec<RealServer>,
}

/// `sorry_server`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SorryServer {
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// How packets reach it.
    pub forward: Forward,
    /// Weight 0 instead of being taken out.
    pub inhibit: bool,
}

/// `real_server … { … }`, with the defaults of its virtual server filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealServer {
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// `weight`; 0 takes no new connections.
    pub weight: u32,
    /// How packets reach it.
    pub forward: Forward,
    /// `uthreshold`; 0 means none.
    pub upper_threshold: u32,
    /// `lthreshold`; 0 means none.
    pub lower_threshold: u32,
    /// Weight 0 instead of being taken out when it is down.
    pub inhibit_on_failure: bool,
    /// `notify_up`.
    pub notify_up: Option<Box<ScriptCommand>>,
    /// `notify_down`.
    pub notify_down: Option<Box<ScriptCommand>>,
    /// Mail when it goes up or down.
    pub smtp_alert: bool,
    /// All of them have to succeed; a server without checks is always alive.
    pub checks: Vec<Check>,
}

/// One check of a real server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// When and how often.
    pub timing: CheckTiming,
    /// What is asked.
    pub probe: Probe,
}

/// Options that all checks share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckTiming {
    /// `delay_loop`: time between two checks.
    pub delay_loop: Micros,
    /// `retry`: further tries until the server is down.
    pub retry: u32,
    /// `delay_before_retry`: time between those.
    pub delay_before_retry: Micros,
    /// `warmup`: the first check comes after a random part of it.
    pub warmup: Micros,
    /// `alpha`: the server is down until the first success.
    pub alpha: bool,
    /// `log_all_failures`.
    pub log_all_failures: bool,
}

/// Where a check connects to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// `connect_ip`, else the real server's address.
    pub address: IpAddr,
    /// `connect_port`, else the real server's port.
    pub port: u16,
    /// `bindto`.
    pub source: Option<IpAddr>,
    /// `bind_port`.
    pub source_port: Option<u16>,
    /// `bind_if`.
    pub interface: Option<IfName>,
    /// `connect_timeout`.
    pub timeout: Micros,
    /// `fwmark`; 0 means none.
    pub mark: u32,
}

impl Endpoint {
    /// Default of `connect_timeout`.
    pub const TIMEOUT: Micros = Micros::from_secs(5);

    /// This address and port, all else as where nothing is configured.
    pub fn new(address: IpAddr, port: u16) -> Self {
        Self {
            address,
            port,
            source: None,
            source_port: None,
            interface: None,
            timeout: Self::TIMEOUT,
            mark: 0,
        }
    }

    /// What the check's socket is bound to, where that is configured; port 0 is the kernel's choice.
    pub fn own(&self) -> Option<SocketAddr> {
        if self.source.is_none() && self.source_port.is_none() {
            return None;
        }
        let any = match self.address {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let port = self.source_port.unwrap_or(0);
        Some(SocketAddr::new(self.source.unwrap_or(any), port))
    }
}

/// What a check asks, one variant per kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Probe {
    /// `TCP_CHECK`: a connection.
    Tcp(Endpoint),
    /// `HTTP_GET`, `SSL_GET`: pages.
    Http(HttpProbe),
    /// `SMTP_CHECK`: a mail dialogue.
    Smtp {
        /// Where.
        endpoint: Endpoint,
        /// `helo_name`.
        helo: String,
    },
    /// `UDP_CHECK`: a datagram.
    Udp(UdpProbe),
    /// `PING_CHECK`: an ICMP echo.
    Ping(Endpoint),
    /// `DNS_CHECK`: a query.
    Dns {
        /// Where.
        endpoint: Endpoint,
        /// Type of the query.
        kind: DnsType,
        /// `name`; the root where it is `.`.
        name: String,
    },
    /// `MISC_CHECK`: a program.
    Misc {
        /// What is run.
        command: super::ShellWords,
        /// As whom, where the configuration says so.
        user: Option<UserSpec>,
        /// Longest time that a run may take.
        timeout: Micros,
        /// The exit status sets the weight.
        dynamic: bool,
    },
    /// `FILE_CHECK`: the number in a file moves the weight.
    File {
        /// The `track_file`.
        file: Box<TrackFile>,
        /// What the number is multiplied with, and whether its sign is turned; the file's own
        /// where it is missing.
        weight: Option<(i32, bool)>,
    },
    /// `BFD_CHECK`: a session with a neighbour.
    Bfd {
        /// Name of the `bfd_instance`.
        session: String,
    },
}

/// `HTTP_GET` and `SSL_GET`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpProbe {
    /// Where.
    pub endpoint: Endpoint,
    /// `SSL_GET`.
    pub tls: Option<TlsOptions>,
    /// `http_protocol`.
    pub protocol: HttpVersion,
    /// `fast_recovery`: the pages are asked one after the other without a wait.
    pub fast_recovery: bool,
    /// At least one; all have to pass.
    pub urls: Vec<Url>,
}

/// Options of `SSL_GET`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsOptions {
    /// The server name is sent; on unless switched off.
    pub sni: bool,
    /// `sni_name`; the virtual host where it is missing.
    pub sni_name: Option<String>,
    /// `verify`: the server's certificate has to be valid for the name asked for.
    pub verify: bool,
}

/// `http_protocol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HttpVersion {
    /// 1.0.
    V1_0,
    /// 1.0 with `Connection: close`.
    V1_0Close,
    /// 1.1.
    V1_1,
}

/// `url { … }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Url {
    /// `path`.
    pub path: String,
    /// Host header; the address where it is missing.
    pub host: Option<String>,
    /// `digest` of the body.
    pub digest: Option<Digest>,
    /// Accepted codes, first and last of each range.
    pub status: Vec<(u16, u16)>,
    /// `regex` and what belongs to it.
    pub regex: Option<BodyPattern>,
    /// `tls_compliant`: the connection is closed with an alert.
    pub tls_compliant: bool,
}

/// `digest` of a page: a comparison of content, not security.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Digest {
    /// 32 hexadecimal digits.
    Md5([u8; 16]),
    /// 64 hexadecimal digits.
    Sha256([u8; 32]),
}

/// `regex` of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyPattern {
    /// The pattern.
    pub pattern: String,
    /// `regex_options`, as written.
    pub options: Vec<String>,
    /// `regex_no_match`: it must not match.
    pub invert: bool,
    /// `regex_min_offset`.
    pub min_offset: u64,
    /// `regex_max_offset`.
    pub max_offset: Option<u64>,
    /// It needs more than linear time: only PCRE2 knows what it has.
    pub needs_pcre: bool,
}

impl BodyPattern {
    /// True where `regex_options` has this word.
    pub fn has_option(&self, name: &str) -> bool {
        let mut options = self.options.iter();
        options.any(|option| option.eq_ignore_ascii_case(name))
    }
}

/// `UDP_CHECK`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UdpProbe {
    /// Where.
    pub endpoint: Endpoint,
    /// `payload`.
    pub payload: Vec<u8>,
    /// `require_reply`; none means that only an ICMP error is a failure.
    pub reply: Option<UdpReply>,
}

/// What an answer has to look like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UdpReply {
    /// Value and mask of each byte; empty means that any answer will do.
    pub pattern: Vec<(u8, u8)>,
    /// `min_reply_length`.
    pub min_len: u16,
    /// `max_reply_length`.
    pub max_len: u16,
}

/// Type of a DNS query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DnsType {
    /// Address.
    A,
    /// Name server.
    Ns,
    /// Canonical name.
    Cname,
    /// Start of authority.
    Soa,
    /// Mail exchange.
    Mx,
    /// Text.
    Txt,
    /// IPv6 address.
    Aaaa,
    /// Signature.
    Rrsig,
    /// Key.
    Dnskey,
}

/// `notification_email` and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Recipients, at least one.
    pub to: Vec<String>,
    /// `notification_email_from`; the parent makes one where it is missing.
    pub from: Option<String>,
    /// `smtp_server`: address or host name; without it no mail is sent.
    pub server: Option<MailServer>,
    /// `smtp_helo_name`; the host's name where it is missing.
    pub helo: Option<String>,
    /// `smtp_connect_timeout`.
    pub timeout: Micros,
    /// `no_email_faults`: none when an instance goes to FAULT.
    pub no_faults: bool,
    /// `no_checker_emails`: only when a real server is taken out or put back.
    pub no_checks: bool,
}

/// `smtp_server`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailServer {
    /// Address or name; looked up by the mailer.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// What `global_defs` says about the load balancer as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lvs {
    /// `lvs_sync_daemon`.
    pub sync_daemon: Option<SyncDaemon>,
    /// `lvs_timeouts`; the kernel's where a value is missing.
    pub timeouts: LvsTimeouts,
    /// `lvs_flush`: the kernel's table is emptied at the start.
    pub flush: bool,
    /// `lvs_flush_on_stop`.
    pub flush_on_stop: FlushOnStop,
}

/// `lvs_timeouts`, seconds, 0..=2678400; 0 leaves the kernel's value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LvsTimeouts {
    /// Of a TCP connection.
    pub tcp: Option<u32>,
    /// Of a TCP connection that is being closed.
    pub tcp_fin: Option<u32>,
    /// Of a UDP connection.
    pub udp: Option<u32>,
}

/// What becomes of the kernel's table at the stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FlushOnStop {
    /// Real servers first, then their virtual servers.
    #[default]
    Orderly,
    /// `VS`: the own virtual servers at once.
    Own,
    /// Everything, also what is not of this configuration.
    All,
}

/// `lvs_sync_daemon`: connections are told to the other node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncDaemon {
    /// Where the messages are sent and received.
    pub interface: IfName,
    /// The instance whose state it follows; both daemons run where it is missing.
    pub instance: Option<super::InstanceName>,
    /// `id`, 0..=255; the instance's VRID where it is missing, else 0.
    pub id: u8,
    /// `maxlen`: longest message, bytes, 1..=65507.
    pub max_len: Option<u16>,
    /// `port`.
    pub port: Option<u16>,
    /// `ttl`.
    pub ttl: Option<u8>,
    /// `group`.
    pub group: Option<IpAddr>,
}

//! The kernel's table: virtual services, their options, and the real servers behind each.

use holdfast_ipc::config::model::{Family, IfName, Protocol};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;

/// What names a service to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceKey {
    /// Packets to an address and port; port 0 is every port.
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
        /// The family of the packets.
        family: Family,
        /// The mark.
        mark: NonZeroU32,
    },
}

impl ServiceKey {
    /// Family of the packets that it takes.
    pub const fn family(&self) -> Family {
        match self {
            Self::Address { address, .. } => Family::of(*address),
            Self::Mark { family, .. } => *family,
        }
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address {
                address,
                port,
                protocol,
            } => write!(f, "[{address}]:{protocol}:{port}"),
            Self::Mark { mark, .. } => write!(f, "FWM {mark}"),
        }
    }
}

/// Name of a scheduler or of a persistence engine: 1..=15 bytes (linux/ip_vs.h
/// `IP_VS_SCHEDNAME_MAXLEN`, with the NUL behind it).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleName {
    bytes: [u8; Self::MAX],
    length: u8,
}

impl ModuleName {
    /// Most bytes of a name.
    pub const MAX: usize = 15;

    /// Checks the length; a name never has a NUL or another control character.
    pub fn new(name: &str) -> Option<Self> {
        let mut bytes = [0; Self::MAX];
        bytes
            .get_mut(..name.len())?
            .copy_from_slice(name.as_bytes());
        let length = u8::try_from(name.len()).ok()?;
        (length > 0 && !name.chars().any(char::is_control)).then_some(Self { bytes, length })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.length));
        bytes
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

impl fmt::Debug for ModuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for ModuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Options of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ServiceOptions {
    /// The scheduler; none where the kernel has taken it away.
    pub scheduler: Option<ModuleName>,
    /// `IP_VS_SVC_F_*`, without the kernel's own [`ServiceOptions::HASHED`].
    pub flags: u32,
    /// Seconds for which a client stays with its server; 0 without [`ServiceOptions::PERSISTENT`].
    pub timeout_secs: u32,
    /// Which clients count as one: for IPv4 a mask, its first byte highest; for IPv6 a length.
    pub netmask: u32,
    /// The persistence engine.
    pub engine: Option<ModuleName>,
}

impl ServiceOptions {
    /// Clients stay with their server.
    pub const PERSISTENT: u32 = 1;
    /// Set by the kernel for every service that can be found.
    pub const HASHED: u32 = 2;
    /// Each packet is scheduled by itself.
    pub const ONE_PACKET: u32 = 4;
    /// The flags of the schedulers, first to third.
    pub const SCHEDULER: [u32; 3] = [8, 16, 32];

    /// The mask that makes every client one of its own.
    pub const fn single_client(family: Family) -> u32 {
        match family {
            Family::V4 => u32::MAX,
            Family::V6 => 128,
        }
    }

    /// The mask for a prefix length; longer ones than the family has count as the longest.
    pub fn netmask(family: Family, prefix: u8) -> u32 {
        match family {
            Family::V4 => {
                let host = u32::from(32_u8.saturating_sub(prefix));
                u32::MAX.checked_shl(host).unwrap_or(0)
            }
            Family::V6 => u32::from(prefix).min(Self::single_client(Family::V6)),
        }
    }
}

/// What names a real server within its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerKey {
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
}

impl ServerKey {
    /// As keepalived names it in the log, with the protocol of its service.
    pub fn show(self, service: &ServiceKey) -> String {
        let Self { address, port } = self;
        match service {
            ServiceKey::Address { protocol, .. } => format!("[{address}]:{protocol}:{port}"),
            ServiceKey::Mark { .. } => format!("[{address}]:none:{port}"),
        }
    }
}

/// How packets reach a real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Address translation.
    Masquerade,
    /// The real server is this machine. Made by the kernel, never asked for.
    Local,
    /// A tunnel.
    Tunnel(TunnelOptions),
    /// Direct routing.
    Direct,
    /// Past the load balancer. Made by the kernel, never asked for.
    Bypass,
}

/// A tunnel as the kernel numbers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TunnelOptions {
    /// [`TunnelOptions::IPIP`], [`TunnelOptions::GUE`] or [`TunnelOptions::GRE`].
    pub kind: u8,
    /// Destination port of GUE; else 0.
    pub port: u16,
    /// [`TunnelOptions::CHECKSUM`] or [`TunnelOptions::REMOTE_CHECKSUM`] or 0.
    pub flags: u16,
}

impl TunnelOptions {
    /// IP in IP.
    pub const IPIP: u8 = 0;
    /// Generic UDP encapsulation.
    pub const GUE: u8 = 1;
    /// Generic routing encapsulation.
    pub const GRE: u8 = 2;
    /// `csum`.
    pub const CHECKSUM: u16 = 1;
    /// `remcsum`.
    pub const REMOTE_CHECKSUM: u16 = 2;
}

/// A real server of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    /// How packets reach it.
    pub method: Method,
    /// Its share of new connections, at most 2^31 - 1; 0 takes none.
    pub weight: u32,
    /// Connections from which on it gets no new ones; 0 is without limit.
    pub upper_threshold: u32,
    /// Connections below which it gets new ones again; 0 is three quarters of the upper one.
    pub lower_threshold: u32,
}

impl Server {
    /// True where the kernel has what was asked for. It may find out by itself that a server is
    /// this machine.
    pub fn is_fulfilled_by(&self, present: &Self) -> bool {
        let found = Self {
            method: match present.method {
                Method::Local => self.method,
                Method::Masquerade | Method::Tunnel(_) | Method::Direct | Method::Bypass => {
                    present.method
                }
            },
            ..*present
        };
        *self == found
    }
}

/// One service with its real servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its options.
    pub options: ServiceOptions,
    /// Its real servers.
    pub servers: BTreeMap<ServerKey, Server>,
}

/// All services, in the order of their names.
pub type KernelTable = BTreeMap<ServiceKey, Entry>;

/// Which part of the connection synchronisation a daemon plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SyncRole {
    /// Sends connections.
    Master,
    /// Receives them.
    Backup,
}

impl fmt::Display for SyncRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Master => "master",
            Self::Backup => "backup",
        })
    }
}

/// A sync daemon of the kernel. What is not set is left to the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncDaemon {
    /// Its part.
    pub role: SyncRole,
    /// The interface that it speaks on.
    pub interface: IfName,
    /// Daemons with the same number belong together.
    pub id: u8,
    /// Longest datagram, 1..=65507 bytes.
    pub max_len: Option<u16>,
    /// Multicast group; 224.0.0.81 where it is not set.
    pub group: Option<IpAddr>,
    /// UDP port; 8848 where it is not set.
    pub port: Option<u16>,
    /// TTL; 1 where it is not set.
    pub ttl: Option<u8>,
}

/// Timeouts of connections in seconds; 0 keeps what the kernel has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// TCP.
    pub tcp: u32,
    /// TCP behind a FIN.
    pub tcp_fin: u32,
    /// UDP.
    pub udp: u32,
}

//! What the kernel answers.

use super::attributes::{attributes, find, to_counter, to_port, to_text, to_u8, to_u16, to_u32};
use super::frame::{FamilyId, Part};
use super::number::{self, daemon, dest, info, stats, svc, top};
use crate::ipvs::table::{
    Method, ModuleName, Server, ServerKey, ServiceKey, ServiceOptions, SyncDaemon, SyncRole,
    Timeouts, TunnelOptions,
};
use holdfast_ipc::config::model::{Family, IfName, Protocol};
use std::net::IpAddr;
use std::num::NonZeroU32;

/// An answer that lacks something or says something that is not possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the kernel's answer on {0} is malformed")]
pub struct Malformed(&'static str);

/// Counters since the start or since they were cleared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connections.
    pub connections: u64,
    /// Packets from clients.
    pub packets_in: u64,
    /// Packets to clients; 0 where they do not pass here.
    pub packets_out: u64,
    /// Bytes from clients.
    pub bytes_in: u64,
    /// Bytes to clients.
    pub bytes_out: u64,
}

/// A service of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceAnswer {
    /// What names it.
    pub key: ServiceKey,
    /// Its options.
    pub options: ServiceOptions,
    /// Its counters.
    pub stats: Stats,
}

/// Connections of a real server at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// Established ones.
    pub active: u32,
    /// All others.
    pub inactive: u32,
    /// Clients that stay with it.
    pub persistent: u32,
}

/// A real server of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerAnswer {
    /// What names it.
    pub key: ServerKey,
    /// Its options.
    pub server: Server,
    /// Its connections.
    pub connections: Connections,
    /// Its counters.
    pub stats: Stats,
}

/// Facts of the kernel's load balancer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Version, a byte for each part, the last lowest.
    pub version: u32,
    /// Rows of the table of connections.
    pub connection_rows: u32,
}

/// Number of the family, from the answer to `family_query`.
pub fn read_family(part: &Part<'_>) -> Option<FamilyId> {
    find(part.attributes(), number::CTRL_FAMILY_ID)
        .and_then(to_u16)
        .map(FamilyId::new)
}

/// One service of a dump.
pub fn read_service(part: &Part<'_>) -> Result<ServiceAnswer, Malformed> {
    find(part.attributes(), top::SERVICE)
        .and_then(service)
        .ok_or(Malformed("a virtual service"))
}

/// One server of a dump; `of` is the family of its service, which old kernels do not repeat.
pub fn read_server(part: &Part<'_>, of: Family) -> Result<ServerAnswer, Malformed> {
    find(part.attributes(), top::DEST)
        .and_then(|bytes| server(bytes, of))
        .ok_or(Malformed("a real server"))
}

/// A sync daemon of a dump.
pub fn read_daemon(part: &Part<'_>) -> Result<SyncDaemon, Malformed> {
    find(part.attributes(), top::DAEMON)
        .and_then(sync_daemon)
        .ok_or(Malformed("a sync daemon"))
}

/// The timeouts of connections.
pub fn read_timeouts(part: &Part<'_>) -> Timeouts {
    let bytes = part.attributes();
    let number = |kind| find(bytes, kind).and_then(to_u32).unwrap_or_default();
    Timeouts {
        tcp: number(top::TIMEOUT_TCP),
        tcp_fin: number(top::TIMEOUT_TCP_FIN),
        udp: number(top::TIMEOUT_UDP),
    }
}

/// Version and size.
pub fn read_info(part: &Part<'_>) -> Info {
    let bytes = part.attributes();
    let number = |kind| find(bytes, kind).and_then(to_u32).unwrap_or_default();
    Info {
        version: number(info::VERSION),
        connection_rows: number(info::CONN_TAB_SIZE),
    }
}

fn service(bytes: &[u8]) -> Option<ServiceAnswer> {
    let family = family(find(bytes, svc::AF).and_then(to_u16)?)?;
    let key = match find(bytes, svc::FWMARK).and_then(to_u32) {
        Some(mark) => ServiceKey::Mark {
            family,
            mark: NonZeroU32::new(mark)?,
        },
        None => ServiceKey::Address {
            address: address(family, find(bytes, svc::ADDR)?)?,
            port: to_port(find(bytes, svc::PORT)?)?,
            protocol: protocol(to_u16(find(bytes, svc::PROTOCOL)?)?)?,
        },
    };
    Some(ServiceAnswer {
        key,
        options: service_options(bytes, family)?,
        stats: counters(bytes, svc::STATS64, svc::STATS),
    })
}

fn service_options(bytes: &[u8], family: Family) -> Option<ServiceOptions> {
    let netmask = find(bytes, svc::NETMASK)?;
    let scheduler = to_text(find(bytes, svc::SCHED_NAME)?)?;
    let engine = match find(bytes, svc::PE_NAME) {
        Some(name) => Some(ModuleName::new(to_text(name)?)?),
        None => None,
    };
    Some(ServiceOptions {
        scheduler: match scheduler {
            number::NO_SCHEDULER | "" => None,
            name => Some(ModuleName::new(name)?),
        },
        flags: to_u32(find(bytes, svc::FLAGS)?)? & !ServiceOptions::HASHED,
        timeout_secs: to_u32(find(bytes, svc::TIMEOUT)?)?,
        netmask: match family {
            Family::V4 => netmask.first_chunk().map(|four| u32::from_be_bytes(*four)),
            Family::V6 => to_u32(netmask),
        }?,
        engine,
    })
}

fn server(bytes: &[u8], of: Family) -> Option<ServerAnswer> {
    let number = |kind| find(bytes, kind).and_then(to_u32);
    let family = match find(bytes, dest::ADDR_FAMILY).and_then(to_u16) {
        // 0 is a kernel that was never told.
        None | Some(0) => of,
        Some(known) => family(known)?,
    };
    Some(ServerAnswer {
        key: ServerKey {
            address: address(family, find(bytes, dest::ADDR)?)?,
            port: to_port(find(bytes, dest::PORT)?)?,
        },
        server: Server {
            method: method(bytes, number(dest::FWD_METHOD)?)?,
            weight: number(dest::WEIGHT)?,
            upper_threshold: number(dest::U_THRESH)?,
            lower_threshold: number(dest::L_THRESH)?,
        },
        connections: Connections {
            active: number(dest::ACTIVE_CONNS).unwrap_or_default(),
            inactive: number(dest::INACT_CONNS).unwrap_or_default(),
            persistent: number(dest::PERSIST_CONNS).unwrap_or_default(),
        },
        stats: counters(bytes, dest::STATS64, dest::STATS),
    })
}

fn method(bytes: &[u8], value: u32) -> Option<Method> {
    match value & number::FWD_MASK {
        number::FWD_MASQ => Some(Method::Masquerade),
        number::FWD_LOCAL => Some(Method::Local),
        number::FWD_TUNNEL => Some(Method::Tunnel(TunnelOptions {
            kind: find(bytes, dest::TUN_TYPE)
                .and_then(to_u8)
                .unwrap_or_default(),
            port: find(bytes, dest::TUN_PORT)
                .and_then(to_port)
                .unwrap_or_default(),
            flags: find(bytes, dest::TUN_FLAGS)
                .and_then(to_u16)
                .unwrap_or_default(),
        })),
        number::FWD_DIRECT => Some(Method::Direct),
        number::FWD_BYPASS => Some(Method::Bypass),
        _ => None,
    }
}

/// Newer kernels tell both; the wide ones do not wrap.
fn counters(bytes: &[u8], wide: u16, narrow: u16) -> Stats {
    let Some(nested) = find(bytes, wide).or_else(|| find(bytes, narrow)) else {
        return Stats::default();
    };
    let mut found = Stats::default();
    for (kind, value) in attributes(nested) {
        let value = to_counter(value).unwrap_or_default();
        match kind {
            stats::CONNS => found.connections = value,
            stats::INPKTS => found.packets_in = value,
            stats::OUTPKTS => found.packets_out = value,
            stats::INBYTES => found.bytes_in = value,
            stats::OUTBYTES => found.bytes_out = value,
            _ => {}
        }
    }
    found
}

fn sync_daemon(bytes: &[u8]) -> Option<SyncDaemon> {
    let group = match find(bytes, daemon::MCAST_GROUP) {
        Some(group) => Some(address(Family::V4, group)?),
        None => match find(bytes, daemon::MCAST_GROUP6) {
            Some(group) => Some(address(Family::V6, group)?),
            None => None,
        },
    };
    Some(SyncDaemon {
        role: match to_u32(find(bytes, daemon::STATE)?)? {
            number::STATE_MASTER => SyncRole::Master,
            number::STATE_BACKUP => SyncRole::Backup,
            _ => return None,
        },
        interface: IfName::try_from(to_text(find(bytes, daemon::MCAST_IFN)?)?).ok()?,
        id: u8::try_from(to_u32(find(bytes, daemon::SYNC_ID)?)?).ok()?,
        max_len: find(bytes, daemon::SYNC_MAXLEN).and_then(to_u16),
        group,
        port: find(bytes, daemon::MCAST_PORT).and_then(to_u16),
        ttl: find(bytes, daemon::MCAST_TTL).and_then(to_u8),
    })
}

fn family(number: u16) -> Option<Family> {
    match number {
        number::AF_INET => Some(Family::V4),
        number::AF_INET6 => Some(Family::V6),
        _ => None,
    }
}

fn protocol(number: u16) -> Option<Protocol> {
    match number {
        number::TCP => Some(Protocol::Tcp),
        number::UDP => Some(Protocol::Udp),
        number::SCTP => Some(Protocol::Sctp),
        _ => None,
    }
}

fn address(family: Family, value: &[u8]) -> Option<IpAddr> {
    match family {
        Family::V4 => value.first_chunk::<4>().map(|four| IpAddr::from(*four)),
        Family::V6 => value.first_chunk::<16>().map(|bytes| IpAddr::from(*bytes)),
    }
}

/// The number of the error in an acknowledgement or at the end of a dump; 0 is success. None where
/// it is neither.
pub fn read_errno(part: &Part<'_>) -> Option<i32> {
    if !matches!(part.kind, number::NLMSG_ERROR | number::NLMSG_DONE) {
        return None;
    }
    // The kernel writes them negative.
    let code = to_u32(part.payload).map_or(0, u32::cast_signed);
    Some(code.saturating_neg())
}

//! From a pool's configuration to the names and options that the kernel knows.

use super::table::{
    Method, ModuleName, Server, ServerKey, ServiceKey, ServiceOptions, TunnelOptions,
};
use holdfast_ipc::balance::PoolConfig;
use holdfast_ipc::config::model::{
    Family, Forward, GroupMember, Persistence, Protocol, Service, Tunnel, TunnelChecksum,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Most addresses of one line of a group. The kernel gets a service for each, so that more would
/// load it for seconds; 65536 is the largest range that the language can write.
pub const MAX_RANGE: u32 = 65_536;

/// The kernel's services of a pool, in the order of the configuration.
pub fn services(service: &Service) -> Box<dyn Iterator<Item = ServiceKey> + '_> {
    match service {
        Service::Address {
            address,
            port,
            protocol,
        } => Box::new(std::iter::once(ServiceKey::Address {
            address: *address,
            port: *port,
            protocol: *protocol,
        })),
        Service::Mark { mark, family } => Box::new(std::iter::once(ServiceKey::Mark {
            family: *family,
            mark: *mark,
        })),
        Service::Group {
            protocol, members, ..
        } => Box::new(members.iter().flat_map(|member| group(*protocol, *member))),
    }
}

fn group(protocol: Protocol, member: GroupMember) -> Box<dyn Iterator<Item = ServiceKey>> {
    match member {
        GroupMember::Addresses { first, last, port } => {
            Box::new(range(first, last).map(move |address| ServiceKey::Address {
                address,
                port,
                protocol,
            }))
        }
        GroupMember::Mark { mark, family } => {
            Box::new(std::iter::once(ServiceKey::Mark { family, mark }))
        }
    }
}

/// All addresses from the first to the last, at most [`MAX_RANGE`].
fn range(first: IpAddr, last: IpAddr) -> Box<dyn Iterator<Item = IpAddr>> {
    let most = usize::try_from(MAX_RANGE).unwrap_or(usize::MAX);
    match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            let all = u32::from(first)..=u32::from(last);
            Box::new(all.map(|bits| Ipv4Addr::from(bits).into()).take(most))
        }
        (IpAddr::V6(first), IpAddr::V6(last)) => {
            let all = u128::from(first)..=u128::from(last);
            Box::new(all.map(|bits| Ipv6Addr::from(bits).into()).take(most))
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => {
            Box::new(std::iter::empty())
        }
    }
}

/// What the kernel could not be told about a pool, for the operator.
pub fn check(config: &PoolConfig) -> Result<(), String> {
    let engine = config
        .persistence
        .as_ref()
        .and_then(|persistence| persistence.engine.as_deref());
    if let Some(engine) = engine
        && ModuleName::new(engine).is_none()
    {
        return Err(format!(
            "{}: the persistence engine {engine:?} has no name of 1 to {} bytes",
            config.service,
            ModuleName::MAX
        ));
    }
    if let Service::Group { members, .. } = &config.service
        && members.iter().any(is_too_large)
    {
        return Err(format!(
            "{}: a range of the group has more than {MAX_RANGE} addresses, each of which would be \
             a service of the kernel; a firewall mark can stand for all of them",
            config.service
        ));
    }
    Ok(())
}

fn is_too_large(member: &GroupMember) -> bool {
    let width = match member {
        GroupMember::Addresses {
            first: IpAddr::V4(first),
            last: IpAddr::V4(last),
            ..
        } => u128::from(u32::from(*last).saturating_sub(u32::from(*first))),
        GroupMember::Addresses {
            first: IpAddr::V6(first),
            last: IpAddr::V6(last),
            ..
        } => u128::from(*last).saturating_sub(u128::from(*first)),
        GroupMember::Addresses { .. } | GroupMember::Mark { .. } => 0,
    };
    width >= u128::from(MAX_RANGE)
}

/// The options of a pool's services of one family.
pub fn options(config: &PoolConfig, family: Family) -> ServiceOptions {
    let flags = &config.scheduler_flags;
    let chosen = [flags.first, flags.second, flags.third];
    let scheduler = ServiceOptions::SCHEDULER.into_iter().zip(chosen);
    let mut bits = scheduler
        .filter(|(_, chosen)| *chosen)
        .fold(0, |bits, (flag, _)| bits | flag);
    if config.one_packet {
        bits |= ServiceOptions::ONE_PACKET;
    }
    let mut options = ServiceOptions {
        scheduler: ModuleName::new(config.scheduler.name()),
        flags: bits,
        timeout_secs: 0,
        netmask: ServiceOptions::single_client(family),
        engine: None,
    };
    if let Some(persistence) = &config.persistence {
        persist(persistence, family, &mut options);
    }
    options
}

fn persist(persistence: &Persistence, family: Family, options: &mut ServiceOptions) {
    options.flags |= ServiceOptions::PERSISTENT;
    options.timeout_secs = persistence.timeout_secs;
    options.netmask = ServiceOptions::netmask(family, persistence.granularity);
    options.engine = persistence.engine.as_deref().and_then(ModuleName::new);
}

/// Name of a server within a service: only address translation can change the port.
pub fn server_key(service: &ServiceKey, address: IpAddr, port: u16, forward: Forward) -> ServerKey {
    let port = match (service, forward) {
        (ServiceKey::Address { port, .. }, Forward::Direct | Forward::Tunnel(_)) => *port,
        (ServiceKey::Address { .. }, Forward::Nat) | (ServiceKey::Mark { .. }, _) => port,
    };
    ServerKey { address, port }
}

/// True where the kernel takes the server into the service: other families only through a tunnel.
pub fn fits(service: &ServiceKey, address: IpAddr, forward: Forward) -> bool {
    match forward {
        Forward::Tunnel(_) => true,
        Forward::Nat | Forward::Direct => Family::of(address) == service.family(),
    }
}

/// A server with its weight of the moment.
pub fn server(forward: Forward, weight: u32, thresholds: (u32, u32)) -> Server {
    let (upper_threshold, lower_threshold) = thresholds;
    Server {
        method: match forward {
            Forward::Nat => Method::Masquerade,
            Forward::Direct => Method::Direct,
            Forward::Tunnel(tunnel) => Method::Tunnel(tunnel_options(tunnel)),
        },
        weight: weight.min(MAX_WEIGHT),
        upper_threshold,
        lower_threshold,
    }
}

/// The kernel counts weights with a sign.
pub const MAX_WEIGHT: u32 = i32::MAX.cast_unsigned();

fn tunnel_options(tunnel: Tunnel) -> TunnelOptions {
    let flags = |checksum| match checksum {
        TunnelChecksum::None => 0,
        TunnelChecksum::Full => TunnelOptions::CHECKSUM,
        TunnelChecksum::Remote => TunnelOptions::REMOTE_CHECKSUM,
    };
    match tunnel {
        Tunnel::Ipip => TunnelOptions::default(),
        Tunnel::Gue { port, checksum } => TunnelOptions {
            kind: TunnelOptions::GUE,
            port,
            flags: flags(checksum),
        },
        Tunnel::Gre { checksum } => TunnelOptions {
            kind: TunnelOptions::GRE,
            port: 0,
            flags: flags(checksum),
        },
    }
}

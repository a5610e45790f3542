//! Lines of the log, in keepalived's words since people's scripts look for them.

use holdfast_ipc::balance::{PoolConfig, PoolMember};
use holdfast_ipc::config::model::{Protocol, Service, SorryServer};
use std::net::IpAddr;

fn server(service: &Service, address: IpAddr, port: u16) -> String {
    let named = |protocol: &Protocol| format!("[{address}]:{protocol}:{port}");
    match service {
        Service::Address { protocol, .. } | Service::Group { protocol, .. } => named(protocol),
        Service::Mark { .. } => format!("[{address}]:none:{port}"),
    }
}

pub(super) fn member(config: &PoolConfig, member: &PoolMember) -> String {
    server(&config.service, member.address, member.port)
}

pub(super) fn up(config: &PoolConfig, which: &PoolMember) -> String {
    let name = member(config, which);
    if which.inhibit_on_failure {
        format!("Enabling service {name} of VS {}", config.service)
    } else {
        format!("Adding service {name} to VS {}", config.service)
    }
}

pub(super) fn down(config: &PoolConfig, which: &PoolMember) -> String {
    let name = member(config, which);
    if which.inhibit_on_failure {
        format!("Disabling service {name} of VS {}", config.service)
    } else {
        format!("Removing service {name} from VS {}", config.service)
    }
}

/// A reload or the stop takes it away.
pub(super) fn gone(config: &PoolConfig, which: &PoolMember, stopping: bool) -> String {
    let name = member(config, which);
    let what = if stopping {
        "Shutting down"
    } else {
        "Removing"
    };
    format!("{what} service {name} from VS {}", config.service)
}

pub(super) fn sorry(config: &PoolConfig, sorry: &SorryServer, on: bool) -> String {
    let name = server(&config.service, sorry.address, sorry.port);
    let service = &config.service;
    match (sorry.inhibit, on) {
        (false, true) => format!("Adding sorry server {name} to VS {service}"),
        (false, false) => format!("Removing sorry server {name} from VS {service}"),
        (true, true) => format!("Enabling sorry server {name} of VS {service}"),
        (true, false) => format!("Disabling sorry server {name} of VS {service}"),
    }
}

pub(super) fn alive_servers(config: &PoolConfig, on: bool) -> String {
    let service = &config.service;
    if on {
        format!("Adding alive servers to the pool for VS {service}")
    } else {
        format!("Removing alive servers from the pool for VS {service}")
    }
}

pub(super) fn weight(
    config: &PoolConfig,
    which: &PoolMember,
    (from, to): (u32, u32),
    up: bool,
) -> String {
    let state = if up { "active" } else { "inactive" };
    let name = member(config, which);
    let service = &config.service;
    format!("Changing weight from {from} to {to} for {state} service {name} of VS {service}")
}

/// `Gained quorum 2+1=3 <= 4`
pub(super) fn gained(config: &PoolConfig, alive: u64) -> String {
    format!("Gained quorum {} <= {alive}", above(config))
}

/// `Lost quorum 2-1=1 > 0`
pub(super) fn lost(config: &PoolConfig, alive: u64) -> String {
    format!("Lost quorum {} > {alive}", below(config))
}

/// Between both limits only the upper one is not reached.
pub(super) fn started_down(config: &PoolConfig, alive: u64) -> String {
    let lower = config.quorum.saturating_sub(config.hysteresis);
    let limit = if u64::from(lower) > alive {
        below(config)
    } else {
        above(config)
    };
    format!("Starting with quorum down {limit} > {alive}")
}

fn above(config: &PoolConfig) -> String {
    let (quorum, hysteresis) = (config.quorum, config.hysteresis);
    format!(
        "{quorum}+{hysteresis}={}",
        quorum.saturating_add(hysteresis)
    )
}

fn below(config: &PoolConfig) -> String {
    let (quorum, hysteresis) = (config.quorum, config.hysteresis);
    format!(
        "{quorum}-{hysteresis}={}",
        quorum.saturating_sub(hysteresis)
    )
}

//! What each command and query says: its number and its attributes.

use super::attributes::Writer;
use super::number::{self, cmd, daemon, dest, svc, top};
use crate::ipvs::command::{Command, Query};
use crate::ipvs::table::{
    Method, Server, ServerKey, ServiceKey, ServiceOptions, SyncDaemon, SyncRole, Timeouts,
    TunnelOptions,
};
use holdfast_ipc::config::model::{Family, Protocol};
use std::net::IpAddr;

/// Number and attributes of a command.
pub(super) fn command(command: &Command) -> (u8, Writer) {
    let mut out = Writer::default();
    let number = match command {
        Command::AddService(key, options) => {
            out.nested(top::SERVICE, &service(key, Some(options)));
            cmd::NEW_SERVICE
        }
        Command::EditService(key, options) => {
            out.nested(top::SERVICE, &service(key, Some(options)));
            cmd::SET_SERVICE
        }
        Command::RemoveService(key) => {
            out.nested(top::SERVICE, &service(key, None));
            cmd::DEL_SERVICE
        }
        Command::AddServer(key, name, options) => {
            out.nested(top::SERVICE, &service(key, None));
            out.nested(top::DEST, &server(*name, Some(options)));
            cmd::NEW_DEST
        }
        Command::EditServer(key, name, options) => {
            out.nested(top::SERVICE, &service(key, None));
            out.nested(top::DEST, &server(*name, Some(options)));
            cmd::SET_DEST
        }
        Command::RemoveServer(key, name) => {
            out.nested(top::SERVICE, &service(key, None));
            out.nested(top::DEST, &server(*name, None));
            cmd::DEL_DEST
        }
        Command::SetTimeouts(timeouts) => {
            set_timeouts(*timeouts, &mut out);
            cmd::SET_CONFIG
        }
        Command::StartDaemon(described) => {
            out.nested(top::DAEMON, &started(described));
            cmd::NEW_DAEMON
        }
        Command::StopDaemon(described) => {
            out.nested(top::DAEMON, &stopped(described));
            cmd::DEL_DAEMON
        }
        Command::Zero(key) => {
            if let Some(key) = key {
                out.nested(top::SERVICE, &service(key, None));
            }
            cmd::ZERO
        }
        Command::Flush => cmd::FLUSH,
    };
    (number, out)
}

/// Number and attributes of a query.
pub(super) fn query(query: &Query) -> (u8, Writer) {
    let mut out = Writer::default();
    let number = match query {
        Query::Services => cmd::GET_SERVICE,
        Query::Service(key) => {
            out.nested(top::SERVICE, &service(key, None));
            cmd::GET_SERVICE
        }
        Query::Servers(key) => {
            out.nested(top::SERVICE, &service(key, None));
            cmd::GET_DEST
        }
        Query::Timeouts => cmd::GET_CONFIG,
        Query::Daemons => cmd::GET_DAEMON,
        Query::Info => cmd::GET_INFO,
    };
    (number, out)
}

/// Without options only what names it.
fn service(key: &ServiceKey, options: Option<&ServiceOptions>) -> Writer {
    let mut out = Writer::default();
    out.u16(svc::AF, family_number(key.family()));
    match key {
        ServiceKey::Address {
            address,
            port,
            protocol,
        } => {
            out.u16(svc::PROTOCOL, protocol_number(*protocol));
            out.put(svc::ADDR, &padded(*address));
            out.port(svc::PORT, *port);
        }
        ServiceKey::Mark { mark, .. } => out.u32(svc::FWMARK, mark.get()),
    }
    if let Some(options) = options {
        service_options(key.family(), options, &mut out);
    }
    out
}

fn service_options(family: Family, options: &ServiceOptions, out: &mut Writer) {
    let scheduler = options.scheduler.as_ref();
    out.text(
        svc::SCHED_NAME,
        scheduler.map_or(number::NO_SCHEDULER, |name| name.as_str()),
    );
    if let Some(engine) = &options.engine {
        out.text(svc::PE_NAME, engine.as_str());
    }
    // Flags and the mask of those that are meant: all of them.
    let mut flags = [0; 8];
    let both = options.flags.to_ne_bytes().into_iter().chain([u8::MAX; 4]);
    for (byte, value) in flags.iter_mut().zip(both) {
        *byte = value;
    }
    out.put(svc::FLAGS, &flags);
    out.u32(svc::TIMEOUT, options.timeout_secs);
    match family {
        Family::V4 => out.put(svc::NETMASK, &options.netmask.to_be_bytes()),
        Family::V6 => out.u32(svc::NETMASK, options.netmask),
    }
}

/// Without options only what names it.
fn server(name: ServerKey, options: Option<&Server>) -> Writer {
    let mut out = Writer::default();
    out.u16(dest::ADDR_FAMILY, family_number(Family::of(name.address)));
    out.put(dest::ADDR, &padded(name.address));
    out.port(dest::PORT, name.port);
    if let Some(options) = options {
        server_options(options, &mut out);
    }
    out
}

fn server_options(options: &Server, out: &mut Writer) {
    let (method, tunnel) = match options.method {
        Method::Masquerade => (number::FWD_MASQ, None),
        Method::Local => (number::FWD_LOCAL, None),
        Method::Tunnel(tunnel) => (number::FWD_TUNNEL, Some(tunnel)),
        Method::Direct => (number::FWD_DIRECT, None),
        Method::Bypass => (number::FWD_BYPASS, None),
    };
    let TunnelOptions { kind, port, flags } = tunnel.unwrap_or_default();
    out.u32(dest::FWD_METHOD, method);
    out.u32(dest::WEIGHT, options.weight);
    out.u8(dest::TUN_TYPE, kind);
    out.port(dest::TUN_PORT, port);
    out.u16(dest::TUN_FLAGS, flags);
    out.u32(dest::U_THRESH, options.upper_threshold);
    out.u32(dest::L_THRESH, options.lower_threshold);
}

fn set_timeouts(timeouts: Timeouts, out: &mut Writer) {
    out.u32(top::TIMEOUT_TCP, timeouts.tcp);
    out.u32(top::TIMEOUT_TCP_FIN, timeouts.tcp_fin);
    out.u32(top::TIMEOUT_UDP, timeouts.udp);
}

/// The kernel stops the daemon of a role, whatever the rest says.
fn stopped(described: &SyncDaemon) -> Writer {
    let mut out = Writer::default();
    out.u32(daemon::STATE, role_number(described.role));
    out.u32(daemon::SYNC_ID, u32::from(described.id));
    out
}

fn started(described: &SyncDaemon) -> Writer {
    let mut out = Writer::default();
    out.u32(daemon::STATE, role_number(described.role));
    out.text(daemon::MCAST_IFN, described.interface.as_str());
    out.u32(daemon::SYNC_ID, u32::from(described.id));
    if let Some(max_len) = described.max_len {
        out.u16(daemon::SYNC_MAXLEN, max_len);
    }
    if let Some(port) = described.port {
        out.u16(daemon::MCAST_PORT, port);
    }
    if let Some(ttl) = described.ttl {
        out.u8(daemon::MCAST_TTL, ttl);
    }
    match described.group {
        Some(IpAddr::V4(group)) => out.put(daemon::MCAST_GROUP, &group.octets()),
        Some(IpAddr::V6(group)) => out.put(daemon::MCAST_GROUP6, &group.octets()),
        None => {}
    }
    out
}

fn role_number(role: SyncRole) -> u32 {
    match role {
        SyncRole::Master => number::STATE_MASTER,
        SyncRole::Backup => number::STATE_BACKUP,
    }
}

fn family_number(family: Family) -> u16 {
    match family {
        Family::V4 => number::AF_INET,
        Family::V6 => number::AF_INET6,
    }
}

fn protocol_number(protocol: Protocol) -> u16 {
    match protocol {
        Protocol::Tcp => number::TCP,
        Protocol::Udp => number::UDP,
        Protocol::Sctp => number::SCTP,
    }
}

/// An address as the kernel's union has it: 16 bytes, of which IPv4 uses the first four.
fn padded(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        }
        IpAddr::V6(address) => address.octets(),
    }
}

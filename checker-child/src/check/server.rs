//! Real servers and the names that they have in messages and lines.

use holdfast_ipc::config::model::{Check, Probe, Service, VirtualServer};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// Names one real server of one virtual server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerKey {
    /// The virtual server.
    pub service: Arc<Service>,
    /// The real server's address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
}

/// As keepalived writes a real server: `[192.0.2.10]:tcp:80`.
impl fmt::Display for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, port) = (self.address, self.port);
        match self.service.as_ref() {
            Service::Address { protocol, .. } | Service::Group { protocol, .. } => {
                write!(f, "[{address}]:{protocol}:{port}")
            }
            Service::Mark { .. } => write!(f, "[{address}]:{port}"),
        }
    }
}

/// What the engine needs to know of a real server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedServer {
    /// Its name.
    pub key: Arc<ServerKey>,
    /// `weight`, as configured.
    pub weight: u32,
    /// `ha_suspend` of its virtual server: nothing is checked until the engine is told that the
    /// virtual address is here.
    pub ha_suspend: bool,
    /// Its checks.
    pub checks: Vec<Check>,
}

impl CheckedServer {
    /// All real servers that have checks; the others are always up.
    pub fn all_of(virtual_servers: Vec<VirtualServer>) -> Vec<Self> {
        let mut all = Vec::new();
        for server in virtual_servers {
            let service = Arc::new(server.service);
            let checked = server
                .real_servers
                .into_iter()
                .filter(|real| !real.checks.is_empty());
            all.extend(checked.map(|real| Self {
                key: Arc::new(ServerKey {
                    service: Arc::clone(&service),
                    address: real.address,
                    port: real.port,
                }),
                weight: real.weight,
                ha_suspend: server.ha_suspend,
                checks: real.checks,
            }));
        }
        all
    }

    /// The verdict before any result: what everybody assumes who has not been told another one.
    pub fn is_up_at_first(&self) -> bool {
        self.checks.iter().all(|check| !check.timing.alpha)
    }
}

/// The word of the configuration for a check.
pub const fn name_of(probe: &Probe) -> &'static str {
    match probe {
        Probe::Tcp(_) => "TCP_CHECK",
        Probe::Http(probe) if probe.tls.is_some() => "SSL_GET",
        Probe::Http(_) => "HTTP_GET",
        Probe::Smtp { .. } => "SMTP_CHECK",
        Probe::Udp(_) => "UDP_CHECK",
        Probe::Ping(_) => "PING_CHECK",
        Probe::Dns { .. } => "DNS_CHECK",
        Probe::Misc { .. } => "MISC_CHECK",
        Probe::File { .. } => "FILE_CHECK",
        Probe::Bfd { .. } => "BFD_CHECK",
    }
}

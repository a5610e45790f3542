//! Real servers and the names that they have in messages and lines.

use holdfast_ipc::balance::{self, CheckId};
use holdfast_ipc::config::model::{Check, Probe, Service};
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
            Service::Mark { .. } => write!(f, "[{address}]:none:{port}"),
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
    /// `ha_suspend`: nothing is checked while this address is not on this machine.
    pub only_with: Option<IpAddr>,
    /// Its checks.
    pub checks: Vec<Check>,
    /// The number of each check in this configuration.
    pub numbers: Vec<CheckId>,
}

impl CheckedServer {
    /// From the messages of the parent.
    pub fn all_of(servers: impl IntoIterator<Item = balance::CheckedServer>) -> Vec<Self> {
        let mut last: Option<Arc<Service>> = None;
        let named = servers.into_iter().map(|server| {
            // Servers of one virtual server come one after the other and share its name.
            let service = match last.take() {
                Some(last) if *last == server.service => last,
                Some(_) | None => Arc::new(server.service),
            };
            last = Some(Arc::clone(&service));
            let (address, port) = (server.address, server.port);
            let numbers = server.checks.iter().map(|config| config.id).collect();
            let checks = server.checks.into_iter().map(|config| config.check);
            Self {
                key: Arc::new(ServerKey {
                    service,
                    address,
                    port,
                }),
                weight: server.weight,
                only_with: server.only_with,
                checks: checks.collect(),
                numbers,
            }
        });
        named.collect()
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

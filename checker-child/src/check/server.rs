//! Real servers and the names that they have in messages and lines.

use holdfast_ipc::balance::{self, CheckId, Kept};
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

/// What the list of a configuration says, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A server.
    New(Box<CheckedServer>),
    /// Servers that stay as they are.
    Kept(Kept),
}

impl From<CheckedServer> for Item {
    fn from(server: CheckedServer) -> Self {
        Self::New(Box::new(server))
    }
}

impl CheckedServer {
    /// Takes a message of the parent into the list.
    pub(crate) fn append(
        servers: impl IntoIterator<Item = balance::CheckedServer>,
        list: &mut Vec<Item>,
    ) {
        for server in servers {
            // Servers of one virtual server come one after the other and share its name.
            let service = match list.last() {
                Some(Item::New(last)) if *last.key.service == server.service => {
                    Arc::clone(&last.key.service)
                }
                Some(Item::New(_) | Item::Kept(_)) | None => Arc::new(server.service),
            };
            // Exactly as long: 50,000 lists of one check have room for four otherwise.
            let numbers: Box<[_]> = server.checks.iter().map(|config| config.id).collect();
            let checks: Box<[_]> = server
                .checks
                .into_iter()
                .map(|config| config.check)
                .collect();
            let server = Self {
                key: Arc::new(ServerKey {
                    service,
                    address: server.address,
                    port: server.port,
                }),
                weight: server.weight,
                only_with: server.only_with,
                checks: checks.into_vec(),
                numbers: numbers.into_vec(),
            };
            list.push(server.into());
        }
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

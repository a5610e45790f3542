//! Two versions of a virtual server.

use crate::model::{RealServer, Service, VirtualServer};
use crate::print;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

/// What differs between two versions of a virtual server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServerChange {
    /// `lb_algo rr → wrr`.
    pub(crate) settings: Vec<String>,
    /// Real servers that are new.
    pub(crate) added: Vec<SocketAddr>,
    /// Real servers that are gone.
    pub(crate) removed: Vec<SocketAddr>,
    /// Real servers that differ, and how.
    pub(crate) changed: Vec<(SocketAddr, Vec<String>)>,
    /// How many real servers are the same.
    pub(crate) untouched: usize,
    /// The list of real servers is not the same.
    servers_differ: bool,
}

/// How a service is called: `192.0.2.1:80`, with its protocol where it is not TCP.
pub(crate) fn name(server: &VirtualServer) -> String {
    match &server.service {
        Service::Address {
            address,
            port,
            protocol,
        } => {
            let address = SocketAddr::new(*address, *port);
            match protocol {
                crate::model::Protocol::Tcp => address.to_string(),
                other => format!("{address} {other}"),
            }
        }
        Service::Mark { mark, family } => format!("fwmark {mark} {family}"),
        Service::Group { name, protocol, .. } => format!("group {name} {protocol}"),
    }
}

impl ServerChange {
    /// The work grows with the number of real servers.
    pub(crate) fn new(old: &VirtualServer, new: &VirtualServer) -> Self {
        let mut change = Self {
            servers_differ: old.real_servers != new.real_servers,
            ..Self::default()
        };
        change.real_servers(&old.real_servers, &new.real_servers);
        if !same_settings(old, new) {
            change.settings = print::differing_words(
                &print::virtual_server_alone(old),
                &print::virtual_server_alone(new),
            );
        }
        change
    }

    fn real_servers(&mut self, old: &[RealServer], new: &[RealServer]) {
        let key = |server: &RealServer| (server.address, server.port);
        // Most lists have the same servers at the same places: only the others are looked up.
        let beside = old
            .iter()
            .zip(new)
            .take_while(|(old, new)| key(old) == key(new));
        let same = beside.clone().count();
        beside.for_each(|(old, new)| self.real_server(old, new));
        let (old, new) = (old.get(same..), new.get(same..));
        let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
        let mut before: HashMap<(IpAddr, u16), &RealServer> =
            old.iter().map(|server| (key(server), server)).collect();
        for server in new {
            match before.remove(&key(server)) {
                None => self.added.push(socket(server)),
                Some(old) => self.real_server(old, server),
            }
        }
        let gone = old
            .iter()
            .filter(|server| before.contains_key(&key(server)));
        self.removed = gone.map(socket).collect();
    }

    fn real_server(&mut self, old: &RealServer, new: &RealServer) {
        if old == new {
            self.untouched = self.untouched.saturating_add(1);
        } else {
            self.changed.push((socket(new), real_server(old, new)));
        }
    }

    /// Each difference in words.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = self.settings.clone();
        words.extend(
            self.added
                .iter()
                .map(|server| format!("server {server} added")),
        );
        words.extend(
            self.removed
                .iter()
                .map(|server| format!("server {server} removed")),
        );
        for (server, differences) in &self.changed {
            words.push(format!("server {server}: {}", differences.join(", ")));
        }
        if words.is_empty() {
            let what = if self.servers_differ {
                "order of servers"
            } else {
                "settings"
            };
            words.push(format!("{what} changed"));
        }
        words
    }
}

fn socket(server: &RealServer) -> SocketAddr {
    SocketAddr::new(server.address, server.port)
}

/// True where nothing but the real servers differs. All values by name, so that a new one cannot be
/// forgotten.
fn same_settings(old: &VirtualServer, new: &VirtualServer) -> bool {
    let VirtualServer {
        service,
        scheduler,
        scheduler_flags,
        forward,
        persistence,
        one_packet,
        ha_suspend,
        quorum,
        hysteresis,
        quorum_up,
        quorum_down,
        omega,
        smtp_alert,
        sorry_server,
        real_servers: _,
    } = new;
    old.service == *service
        && old.scheduler == *scheduler
        && old.scheduler_flags == *scheduler_flags
        && old.forward == *forward
        && old.persistence == *persistence
        && old.one_packet == *one_packet
        && old.ha_suspend == *ha_suspend
        && old.quorum == *quorum
        && old.hysteresis == *hysteresis
        && old.quorum_up == *quorum_up
        && old.quorum_down == *quorum_down
        && old.omega == *omega
        && old.smtp_alert == *smtp_alert
        && old.sorry_server == *sorry_server
}

/// What differs between two versions of a real server. A change of the weight alone, which is the
/// most common one, is told without printing both.
fn real_server(old: &RealServer, new: &RealServer) -> Vec<String> {
    if old.weight != new.weight && same_but_weight(old, new) {
        return vec![format!("weight {} → {}", old.weight, new.weight)];
    }
    print::differing_words(&print::real_server(old), &print::real_server(new))
}

fn same_but_weight(old: &RealServer, new: &RealServer) -> bool {
    let RealServer {
        address,
        port,
        weight: _,
        forward,
        upper_threshold,
        lower_threshold,
        inhibit_on_failure,
        notify_up,
        notify_down,
        smtp_alert,
        checks,
    } = new;
    old.address == *address
        && old.port == *port
        && old.forward == *forward
        && old.upper_threshold == *upper_threshold
        && old.lower_threshold == *lower_threshold
        && old.inhibit_on_failure == *inhibit_on_failure
        && old.notify_up == *notify_up
        && old.notify_down == *notify_down
        && old.smtp_alert == *smtp_alert
        && old.checks == *checks
}

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
        let mut change = Self::default();
        change.real_servers(&old.real_servers, &new.real_servers);
        change.settings = print::differing_words(
            &print::virtual_server_alone(old),
            &print::virtual_server_alone(new),
        );
        change
    }

    fn real_servers(&mut self, old: &[RealServer], new: &[RealServer]) {
        let key = |server: &RealServer| (server.address, server.port);
        let socket = |server: &RealServer| SocketAddr::new(server.address, server.port);
        // Most lists are the same in their first part.
        let same = old.iter().zip(new).take_while(|(a, b)| a == b).count();
        self.untouched = same;
        let (old, new) = (old.get(same..), new.get(same..));
        let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
        let mut before: HashMap<(IpAddr, u16), &RealServer> =
            old.iter().map(|server| (key(server), server)).collect();
        for server in new {
            match before.remove(&key(server)) {
                None => self.added.push(socket(server)),
                Some(old) if old == server => self.untouched = self.untouched.saturating_add(1),
                Some(old) => {
                    let words = print::differing_words(
                        &print::real_server(old),
                        &print::real_server(server),
                    );
                    self.changed.push((socket(server), words));
                }
            }
        }
        let gone = old
            .iter()
            .filter(|server| before.contains_key(&key(server)));
        self.removed = gone.map(socket).collect();
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
            words.push("order of servers".to_owned());
        }
        words
    }
}

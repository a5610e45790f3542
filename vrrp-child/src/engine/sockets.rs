//! Which raw sockets are needed.

use super::Engine;
use crate::action::{Action, IpProtocol, SocketSpec};
use crate::event::IfIndex;
use holdfast_ipc::config::model::{Auth, Family, Transport};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

type Key = (Option<IfIndex>, Family, IpProtocol);
type Wanted = BTreeMap<Key, BTreeSet<IpAddr>>;

impl Engine {
    fn wanted_sockets(&self) -> Wanted {
        let mut wanted = Wanted::new();
        for instance in self.instances.iter().flatten() {
            let config = instance.config();
            let index = match &config.interface {
                None => None,
                Some(name) => match self.shared.net.index_of(name) {
                    Some(index) => Some(index),
                    None => continue,
                },
            };
            for protocol in protocols(&config.auth) {
                let groups = wanted.entry((index, config.family, *protocol)).or_default();
                if let Transport::Multicast { group, .. } = &config.transport {
                    groups.insert(*group);
                }
            }
        }
        wanted
    }

    /// Asks for sockets that are new, and keeps the others: a packet may still have to leave.
    pub(super) fn open_sockets(&mut self, actions: &mut Vec<Action>) {
        self.list_directory();
        let mut wanted = self.wanted_sockets();
        for open in &self.sockets {
            let key = (open.index, open.family, open.protocol);
            wanted.entry(key).or_default().extend(&open.groups);
        }
        self.ask_for(wanted, actions);
    }

    /// Lets go of sockets that are not needed any more.
    pub(super) fn close_sockets(&mut self, actions: &mut Vec<Action>) {
        let wanted = self.wanted_sockets();
        self.ask_for(wanted, actions);
    }

    fn ask_for(&mut self, wanted: Wanted, actions: &mut Vec<Action>) {
        let sockets: Vec<SocketSpec> = wanted
            .into_iter()
            .map(|((index, family, protocol), groups)| SocketSpec {
                index,
                family,
                protocol,
                groups: groups.into_iter().collect(),
            })
            .collect();
        if sockets != self.sockets {
            self.sockets.clone_from(&sockets);
            actions.push(Action::Sockets(sockets));
        }
    }
}

/// An instance with an authentication header also hears plain adverts, so that it can say that a
/// peer sends them.
const fn protocols(auth: &Auth) -> &'static [IpProtocol] {
    match auth {
        Auth::Ah(_) => &[IpProtocol::Vrrp, IpProtocol::Ah],
        Auth::None | Auth::Pass(_) => &[IpProtocol::Vrrp],
    }
}

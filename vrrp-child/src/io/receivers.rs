//! The set of open receiving sockets, kept equal to what the engine asks for.

use super::poller::{Poller, Source};
use super::socket::{Buffers, Key, Receiver, key};
use crate::io::error::Fatal;
use holdfast_ipc::config::model::Family;
use holdfast_vrrp::action::{IpProtocol, SocketSpec};
use holdfast_vrrp::event::IfIndex;
use holdfast_vrrp::packet::Datagram;
use nix::errno::Errno;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::IpAddr;

/// All receiving sockets.
pub(crate) struct Receivers {
    wanted: BTreeMap<Key, Vec<IpAddr>>,
    open: BTreeMap<u64, (Key, Receiver)>,
    next: u64,
    buffers: Buffers,
}

/// A socket that could not be opened.
#[derive(Debug)]
pub(crate) struct Refused {
    /// Which.
    pub(crate) key: Key,
    /// Why.
    pub(crate) error: io::Error,
}

impl Receivers {
    /// None open.
    pub(crate) fn new() -> Self {
        Self {
            wanted: BTreeMap::new(),
            open: BTreeMap::new(),
            next: 0,
            buffers: Buffers::new(),
        }
    }

    /// Takes the new list of what is needed; `open_missing` does the rest.
    pub(crate) fn want(&mut self, specs: Vec<SocketSpec>, poller: &Poller) -> Result<(), Fatal> {
        self.wanted.clear();
        for spec in specs {
            let groups = self.wanted.entry(key(&spec)).or_default();
            groups.extend(spec.groups);
        }
        let stale: Vec<u64> = self
            .open
            .iter()
            .filter(|(_, (key, _))| !self.wanted.contains_key(key))
            .map(|(token, _)| *token)
            .collect();
        for token in stale {
            if let Some((_, receiver)) = self.open.remove(&token) {
                poller.remove(&receiver)?;
            }
        }
        Ok(())
    }

    /// Opens what is wanted and not open, and sets the groups of all. What fails is told; the next
    /// call tries it again.
    pub(crate) fn open_missing(&mut self, poller: &Poller) -> Result<Vec<Refused>, Fatal> {
        let mut refused = Vec::new();
        let present: BTreeSet<Key> = self.open.values().map(|(key, _)| *key).collect();
        for key in self.wanted.keys().filter(|key| !present.contains(key)) {
            match Receiver::open(*key) {
                Ok(receiver) => {
                    poller.add(&receiver, Source::Receiver(self.next))?;
                    self.open.insert(self.next, (*key, receiver));
                    self.next = self.next.saturating_add(1);
                }
                Err(error) => refused.push(Refused { key: *key, error }),
            }
        }
        for (key, receiver) in self.open.values_mut() {
            let groups = self.wanted.get(key).map_or(&[][..], Vec::as_slice);
            if let Err(error) = receiver.set_groups(groups) {
                refused.push(Refused { key: *key, error });
            }
        }
        Ok(refused)
    }

    /// Takes one packet of a socket, as `Receiver::receive` does.
    pub(crate) fn receive(&mut self, token: u64) -> Result<Option<Option<Datagram<'_>>>, Errno> {
        let Some((key, receiver)) = self.open.get(&token) else {
            return Ok(None);
        };
        let received = receiver.receive(&mut self.buffers)?;
        Ok(received.map(|datagram| {
            datagram.filter(|datagram| !bound_elsewhere(&self.open, *key, datagram.index))
        }))
    }
}

/// A socket without interface hears again what the one of that interface hears.
fn bound_elsewhere(
    open: &BTreeMap<u64, (Key, Receiver)>,
    (index, family, protocol): (Option<IfIndex>, Family, IpProtocol),
    came_by: IfIndex,
) -> bool {
    index.is_none()
        && open
            .values()
            .any(|(key, _)| *key == (Some(came_by), family, protocol))
}

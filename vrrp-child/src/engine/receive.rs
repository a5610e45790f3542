//! From a packet to the virtual router that it is for.

use super::Engine;
use super::outbox::Slot;
use crate::action::Action;
use crate::event::IfIndex;
use crate::limit::Rejected;
use crate::packet::{Datagram, Reject, open};
use holdfast_ipc::config::model::Family;
use holdfast_ipc::log::{Level, LogRecord};
use holdfast_ipc::time::Monotonic;
use std::collections::BTreeMap;

type Key = (Option<IfIndex>, Family, u8);

/// Which routers have a VRID on an interface (`9568-1.7-02`, `9568-1.7-03`). Several have the same
/// one only where they have different peers or groups.
#[derive(Debug, Default)]
pub(super) struct Directory {
    slots: BTreeMap<Key, Vec<Slot>>,
}

impl Engine {
    /// Files all routers under their interfaces.
    pub(super) fn list_directory(&mut self) {
        self.directory.slots.clear();
        for (slot, instance) in self.instances.iter().enumerate() {
            let Some(instance) = instance else { continue };
            let config = instance.config();
            let index = match &config.interface {
                None => None,
                Some(name) => match self.shared.net.index_of(name) {
                    Some(index) => Some(index),
                    None => continue,
                },
            };
            let key = (index, config.family, config.vrid.get());
            self.directory.slots.entry(key).or_default().push(slot);
        }
    }

    pub(super) fn advert(
        &mut self,
        now: Monotonic,
        datagram: &Datagram<'_>,
        actions: &mut Vec<Action>,
    ) {
        let opened = match open(datagram) {
            Ok(opened) => opened,
            Err(reject) => return self.stray(now, reject, datagram, actions),
        };
        match self.addressee(&opened.datagram, opened.vrid) {
            Some(slot) => self.visit(now, slot, actions, |instance, ctx| {
                instance.receive(ctx, &opened);
            }),
            None => {
                let reject = Reject::UnknownVrid(opened.vrid);
                self.stray(now, reject, &opened.datagram, actions);
            }
        }
    }

    /// The router that a packet is for: on that interface first, then those without interface. Of
    /// several, the one that it is meant for; else the first, which counts the rejection.
    fn addressee(&self, datagram: &Datagram<'_>, vrid: u8) -> Option<Slot> {
        let on_interface = (Some(datagram.index), datagram.family, vrid);
        let anywhere = (None, datagram.family, vrid);
        let mut first = None;
        for key in [on_interface, anywhere] {
            for slot in self.directory.slots.get(&key).into_iter().flatten() {
                first = first.or(Some(*slot));
                let instance = self.instance(*slot);
                if instance.is_some_and(|instance| instance.is_meant(datagram)) {
                    return Some(*slot);
                }
            }
        }
        first
    }

    /// A packet for no router is counted; an unknown VRID is logged only where that is wanted.
    fn stray(
        &mut self,
        now: Monotonic,
        reject: Reject,
        datagram: &Datagram<'_>,
        actions: &mut Vec<Action>,
    ) {
        if let Some(rejected) = self.strays.hit(reject, datagram.source, now) {
            self.log_stray(&rejected, actions);
        }
    }

    pub(super) fn log_stray(&self, rejected: &Rejected, actions: &mut Vec<Action>) {
        let Rejected { reject, from, pass } = rejected;
        if matches!(reject, Reject::UnknownVrid(_)) && !self.log_unknown_vrids {
            return;
        }
        actions.push(Action::Log(LogRecord::new(
            Level::Warning,
            format!("ignored packet from {from}: {reject}{}", pass.suffix()),
        )));
    }
}

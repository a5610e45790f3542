//! Address changes of all virtual routers: one action for each event, and whose answers come back.

use super::Engine;
use super::outbox::{Change, Slot};
use crate::action::{Action, AddressChange};
use crate::addresses::Placed;
use crate::event::AddressResult;
use crate::instance::Instance;
use holdfast_ipc::config::model::VirtualAddress;
use holdfast_ipc::time::Monotonic;
use std::collections::VecDeque;

/// Changes that the kernel has not answered yet, by whom.
#[derive(Debug, Default)]
pub(super) struct Batches {
    owners: VecDeque<Vec<Option<Slot>>>,
}

impl Batches {
    pub(super) fn is_empty(&self) -> bool {
        self.owners.is_empty()
    }
}

impl Engine {
    /// Removals come first, so that an address which changes its prefix or its router is there at
    /// the end. One that another MASTER holds or wants is not removed at all.
    pub(super) fn flush_changes(&mut self, actions: &mut Vec<Action>) {
        if self.work.changes.is_empty() {
            return;
        }
        let mut changes = std::mem::take(&mut self.work.changes);
        changes.retain(|change| match &change.change {
            AddressChange::Add { .. } => true,
            AddressChange::Remove { index, address } => {
                !self.is_held_by_another(change.slot, &placed(*index, address))
            }
        });
        changes.sort_by_key(|change| matches!(change.change, AddressChange::Add { .. }));
        if !changes.is_empty() {
            let owners = changes.iter().map(|change| change.slot).collect();
            self.batches.owners.push_back(owners);
            let batch = changes.drain(..).map(|change| change.change).collect();
            actions.push(Action::Addresses(batch));
        }
        self.work.changes = changes;
    }

    fn is_held_by_another(&self, owner: Option<Slot>, placed: &Placed) -> bool {
        let address = placed.address.address;
        let slots = self.shared.virtuals.get(&address);
        slots.into_iter().flatten().any(|slot| {
            let other = self.instance(*slot).filter(|_| owner != Some(*slot));
            other.is_some_and(|o| o.holds(placed.index, address, placed.address.prefix))
        })
    }

    pub(super) fn addresses_done(
        &mut self,
        now: Monotonic,
        results: &[AddressResult],
        actions: &mut Vec<Action>,
    ) {
        let owners = self.batches.owners.pop_front().unwrap_or_default();
        self.own_removals.prune(now);
        for (result, owner) in results.iter().zip(&owners) {
            if let (AddressChange::Remove { index, address }, None) =
                (&result.change, &result.refused)
            {
                self.own_removals.expect(&placed(*index, address), now);
            }
            if let Some(slot) = owner {
                self.visit(now, *slot, actions, |instance, ctx| {
                    instance.address_result(ctx, result);
                });
            }
        }
        let mut touched: Vec<Slot> = owners.into_iter().flatten().collect();
        touched.sort_unstable();
        touched.dedup();
        for slot in touched {
            self.visit(now, slot, actions, Instance::address_results_done);
        }
    }

    /// The router in this place is gone: answers to its changes concern nobody.
    pub(super) fn disown(&mut self, slot: Slot) {
        let waiting = self.batches.owners.iter_mut().flatten();
        for owner in waiting.filter(|owner| **owner == Some(slot)) {
            *owner = None;
        }
        for Change { slot: owner, .. } in &mut self.work.changes {
            if *owner == Some(slot) {
                *owner = None;
            }
        }
    }
}

fn placed(index: crate::event::IfIndex, address: &VirtualAddress) -> Placed {
    Placed {
        index,
        address: address.clone(),
    }
}

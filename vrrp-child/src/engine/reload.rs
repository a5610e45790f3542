//! A new configuration for the running process.

use super::Engine;
use super::outbox::Slot;
use crate::action::Action;
use crate::instance::Instance;
use holdfast_ipc::config::VrrpConfig;
use holdfast_ipc::config::model::{IfName, VirtualRouter};
use holdfast_ipc::state::Cause;
use holdfast_ipc::time::Monotonic;
use std::collections::BTreeMap;

impl Engine {
    /// Interfaces that the running configuration names already may be missing: they are waited for.
    pub(super) fn check_interfaces(&self, config: &VrrpConfig) -> Result<(), String> {
        for router in &config.routers {
            for name in interfaces(router) {
                let known = self
                    .instances
                    .iter()
                    .flatten()
                    .any(|instance| interfaces(instance.config()).any(|old| old == name));
                if !known && self.shared.net.index_of(name).is_none() {
                    return Err(format!(
                        "({}) interface {name} does not exist: create it first, or correct its name",
                        router.name
                    ));
                }
            }
        }
        Ok(())
    }

    /// Applies only the difference.
    pub(super) fn reconfigure(
        &mut self,
        now: Monotonic,
        config: VrrpConfig,
        actions: &mut Vec<Action>,
    ) {
        self.shared.log_detail = config.log_detail;
        self.log_unknown_vrids = config.log_unknown_vrids;
        let mut fresh: BTreeMap<_, _> = config
            .routers
            .into_iter()
            .map(|router| (router.name.clone(), router))
            .collect();
        let mut restarted = Vec::new();
        for slot in 0..self.instances.len() {
            let Some(old) = self.instance(slot).map(Instance::config) else {
                continue;
            };
            let change = match fresh.remove(&old.name) {
                None => Change::Remove,
                Some(new) if old.needs_restart(&new) => Change::Restart(Box::new(new)),
                Some(new) if *old == new => Change::Keep,
                Some(new) => Change::Apply(Box::new(new)),
            };
            self.change(now, slot, change, &mut restarted, actions);
        }
        let added: Vec<Slot> = fresh
            .into_values()
            .map(|new| self.settle_new(new))
            .collect();
        self.list_virtuals();
        self.list_pending(&restarted);
        self.open_sockets(actions);
        self.apply_changes(now, restarted, added, actions);
        self.forget_verdicts();
        self.list_virtuals();
        self.close_sockets(actions);
    }

    /// No address that is about to be virtual may become a source in between.
    fn list_pending(&mut self, pending: &[Pending]) {
        for pending in pending {
            if let Pending::Apply(slot, router) = pending {
                for address in crate::addresses::listed(router) {
                    let slots = self.shared.virtuals.entry(address.address).or_default();
                    slots.push(*slot);
                }
            }
        }
    }

    fn change(
        &mut self,
        now: Monotonic,
        slot: Slot,
        change: Change,
        restarted: &mut Vec<Pending>,
        actions: &mut Vec<Action>,
    ) {
        match change {
            Change::Keep => self.visit(now, slot, actions, Instance::retry),
            Change::Remove => {
                self.visit(now, slot, actions, |instance, ctx| {
                    instance.stop(ctx, Cause::Removed);
                });
                self.forget(slot);
            }
            Change::Restart(new) => {
                self.visit(now, slot, actions, Instance::retire);
                self.disown(slot);
                if let Some(place) = self.instances.get_mut(slot) {
                    let retired = place.replace(Instance::new(*new));
                    restarted.push(Pending::Restart(slot, retired.map(Box::new)));
                }
            }
            Change::Apply(new) => restarted.push(Pending::Apply(slot, new)),
        }
    }

    fn apply_changes(
        &mut self,
        now: Monotonic,
        pending: Vec<Pending>,
        added: Vec<Slot>,
        actions: &mut Vec<Action>,
    ) {
        for pending in pending {
            match pending {
                Pending::Apply(slot, new) => self.visit(now, slot, actions, |instance, ctx| {
                    instance.reconfigure(ctx, *new);
                }),
                Pending::Restart(slot, retired) => {
                    self.visit(now, slot, actions, |instance, ctx| match &retired {
                        Some(retired) => instance.replace(ctx, retired),
                        None => instance.start(ctx, Cause::Startup),
                    });
                }
            }
        }
        for slot in added {
            self.visit(now, slot, actions, |instance, ctx| {
                instance.start(ctx, Cause::Startup);
            });
        }
    }

    /// Frees the place of a router that is gone.
    fn forget(&mut self, slot: Slot) {
        self.disown(slot);
        self.deadlines.set(slot, None);
        if let Some(gone) = self.instances.get_mut(slot).and_then(Option::take) {
            let name = gone.name().clone();
            self.work.after.push(Action::Forget(name));
        }
    }

    fn settle_new(&mut self, router: VirtualRouter) -> Slot {
        let instance = Some(Instance::new(router));
        let free = self.instances.iter().position(Option::is_none);
        match free.and_then(|slot| Some((slot, self.instances.get_mut(slot)?))) {
            Some((slot, place)) => {
                *place = instance;
                slot
            }
            None => {
                self.instances.push(instance);
                self.instances.len().saturating_sub(1)
            }
        }
    }

    fn forget_verdicts(&mut self) {
        let instances = &self.instances;
        self.shared.verdicts.retain(|script, _| {
            instances.iter().flatten().any(|instance| {
                let tracked = &instance.config().track_scripts;
                tracked.iter().any(|track| track.script == *script)
            })
        });
    }
}

/// What becomes of a running router.
enum Change {
    Keep,
    Remove,
    Restart(Box<VirtualRouter>),
    Apply(Box<VirtualRouter>),
}

/// What is done when all removed routers have released their addresses.
enum Pending {
    Apply(Slot, Box<VirtualRouter>),
    Restart(Slot, Option<Box<Instance>>),
}

/// All interfaces that a router names.
fn interfaces(router: &VirtualRouter) -> impl Iterator<Item = &IfName> {
    let devices = crate::addresses::listed(router).filter_map(|address| address.dev.as_ref());
    let tracked = router.track_interfaces.iter().map(|track| &track.interface);
    router.interface.iter().chain(devices).chain(tracked)
}

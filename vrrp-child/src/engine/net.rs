//! Messages of the kernel on interfaces and addresses.

use super::Engine;
use super::outbox::Slot;
use crate::action::Action;
use crate::event::{IfIndex, KernelState, Link, PresentAddress};
use crate::interfaces::Interfaces;
use holdfast_ipc::config::model::Transport;
use holdfast_ipc::time::Monotonic;
use std::net::IpAddr;

impl Engine {
    pub(super) fn link_present(&mut self, now: Monotonic, link: Link, actions: &mut Vec<Action>) {
        let index = link.index;
        let mac = link.mac;
        let usable = link.up && link.running;
        let why = format!(
            "interface {} {}",
            link.name,
            if usable { "up" } else { "down" }
        );
        if self.shared.net.link(index) == Some(&link) {
            return;
        }
        let before = self.shared.net.set_link(link);
        self.links_changed(now, Some(&why), actions);
        let told_wrong = before.is_some_and(|before| {
            let was_usable = before.up && before.running;
            usable && (before.mac != mac || !was_usable)
        });
        if told_wrong {
            // Hosts knew another MAC, or switches forgot the port (`9568-8.1.2-05`).
            self.visit_all(now, actions, |instance, ctx| {
                if instance.index() == Some(index) {
                    instance.tell_hosts(ctx);
                }
            });
        }
    }

    pub(super) fn link_gone(&mut self, now: Monotonic, index: IfIndex, actions: &mut Vec<Action>) {
        let why = self
            .shared
            .net
            .link(index)
            .map(|link| format!("interface {} gone", link.name));
        self.shared.net.remove_link(index);
        self.pace.forget(index);
        self.links_changed(now, why.as_deref(), actions);
    }

    /// New sockets before anything is sent by them, old ones closed when all has been sent.
    fn links_changed(&mut self, now: Monotonic, why: Option<&str>, actions: &mut Vec<Action>) {
        self.open_sockets(actions);
        self.visit_all(now, actions, |instance, ctx| {
            instance.environment(ctx, why);
        });
        self.close_sockets(actions);
    }

    pub(super) fn address_present(
        &mut self,
        now: Monotonic,
        address: PresentAddress,
        actions: &mut Vec<Action>,
    ) {
        let before = self.shared.net.set_address(address.clone());
        if before.as_ref() == Some(&address) {
            return;
        }
        let key = (address.index, address.address, address.prefix);
        let expected = self.own_removals.awaits(key, now)
            || self.owners_of(address.address).into_iter().any(|slot| {
                self.instance(slot)
                    .is_some_and(|owner| owner.holds(address.index, key.1, key.2))
            });
        for slot in self.owners_of(address.address) {
            self.visit(now, slot, actions, |instance, ctx| {
                instance.address_present(ctx, before.as_ref(), &address);
                if before.is_none() && !expected {
                    instance.address_appeared(ctx, &address);
                }
            });
        }
        self.sources_changed(now, address.index, address.address, actions);
    }

    pub(super) fn address_gone(
        &mut self,
        now: Monotonic,
        index: IfIndex,
        address: IpAddr,
        prefix: u8,
        actions: &mut Vec<Action>,
    ) {
        self.shared.net.remove_address(index, address, prefix);
        let ours = self.own_removals.take(index, address, prefix, now);
        for slot in self.owners_of(address) {
            self.visit(now, slot, actions, |instance, ctx| {
                instance.address_gone(ctx, index, address, prefix, ours);
            });
        }
        self.sources_changed(now, index, address, actions);
    }

    fn owners_of(&self, address: IpAddr) -> Vec<Slot> {
        self.shared
            .virtuals
            .get(&address)
            .cloned()
            .unwrap_or_default()
    }

    /// Lets those look around that may send from that address, now or before. Virtual addresses of
    /// 1,000 routers come and go without that.
    fn sources_changed(
        &mut self,
        now: Monotonic,
        index: IfIndex,
        address: IpAddr,
        actions: &mut Vec<Action>,
    ) {
        let is_virtual = self.shared.virtuals.contains_key(&address);
        for slot in 0..self.instances.len() {
            let concerned = self.instance(slot).is_some_and(|instance| {
                let configured = match &instance.config().transport {
                    Transport::Multicast { source, .. } | Transport::Unicast { source, .. } => {
                        *source == Some(address)
                    }
                };
                configured
                    || instance.source() == Some(address)
                    || (!is_virtual && instance.index() == Some(index))
            });
            if concerned {
                self.visit(now, slot, actions, |instance, ctx| {
                    instance.environment(ctx, None);
                });
            }
        }
    }

    /// Messages were lost: everything is looked at again.
    pub(super) fn resync(
        &mut self,
        now: Monotonic,
        kernel: KernelState,
        actions: &mut Vec<Action>,
    ) {
        self.shared.net = Interfaces::new(kernel);
        self.own_removals.clear();
        self.links_changed(now, None, actions);
        self.visit_all(now, actions, |instance, ctx| instance.resync(ctx));
    }
}

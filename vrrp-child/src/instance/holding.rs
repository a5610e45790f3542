//! Virtual addresses of one router: taken, kept, given back.

use super::{Instance, State};
use crate::action::AddressChange;
use crate::addresses::{self, Held, Intrusion, Placed};
use crate::engine::outbox::Ctx;
use crate::event::{AddressResult, IfIndex, PresentAddress};
use holdfast_ipc::log::Level;
use holdfast_ipc::state::Cause;
use std::net::IpAddr;

impl Instance {
    /// Asks the kernel for all addresses. Those that are there already are kept where they may be
    /// our own (`adopt`); else the kernel is asked all the same, its messages may be late.
    pub(super) fn take_addresses(&mut self, ctx: &mut Ctx<'_>, adopt: bool) {
        self.holding.release();
        let own = self.address_index(ctx.net());
        let wanted: Vec<Placed> = addresses::placed(&self.config, own, ctx.net()).collect();
        let stuck = &mut self.holding.stuck;
        stuck.retain(|stuck| !wanted.iter().any(|wanted| wanted.same(stuck)));
        for placed in wanted {
            self.take_address(ctx, placed, adopt);
        }
        if self.holding.held.iter().any(|held| !held.present) {
            self.detail(ctx, "setting VIPs.");
        }
    }

    pub(super) fn take_address(&mut self, ctx: &mut Ctx<'_>, placed: Placed, adopt: bool) {
        let address = &placed.address;
        let present = adopt && ctx.net().has(placed.index, address.address, address.prefix);
        if !present {
            ctx.add(&placed);
        }
        self.holding.held.push(Held { placed, present });
    }

    /// Gives all addresses back. Those of an interface that is gone went with it.
    pub(super) fn drop_addresses(&mut self, ctx: &mut Ctx<'_>) {
        let held = self.holding.release();
        if !held.is_empty() {
            self.detail(ctx, "removing VIPs.");
        }
        for held in held {
            self.drop_address(ctx, &held.placed);
        }
    }

    /// Removes an address, where its interface still exists and the machine did not have it before.
    pub(super) fn drop_address(&self, ctx: &mut Ctx<'_>, placed: &Placed) {
        if ctx.net().link(placed.index).is_some() && !self.holding.is_own(placed) {
            ctx.remove(placed);
        }
    }

    /// Notes which addresses an owner's machine has by itself (RFC 9568 section 1.7): the interface
    /// would lose its own address with the role, and most often its routes. One that a predecessor
    /// added and left behind may look the same; that it stays is the smaller harm.
    pub(super) fn note_own(&mut self, ctx: &Ctx<'_>) {
        if !self.config.priority.is_owner() {
            return;
        }
        let own = self.address_index(ctx.net()).or(self.index);
        for placed in addresses::placed(&self.config, own, ctx.net()) {
            let is_own = ctx.net().on(placed.index).iter().any(|known| {
                placed.is(known.index, known.address, known.prefix) && self.looks_own(known)
            });
            if is_own && !ctx.is_leaving(&placed) && !self.holding.is_own(&placed) {
                self.holding.own.push(placed);
            }
        }
    }

    /// The only address that adverts can come from, or the first one of a subnet.
    fn looks_own(&self, known: &PresentAddress) -> bool {
        let single = match known.address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        self.source == Some(known.address) || (known.prefix < single && !known.secondary)
    }

    /// Removes virtual addresses that are present though this router is not MASTER: a predecessor
    /// left them.
    pub(super) fn sweep(&mut self, ctx: &mut Ctx<'_>) {
        let own = self.address_index(ctx.net()).or(self.index);
        let wanted: Vec<Placed> = addresses::placed(&self.config, own, ctx.net()).collect();
        let mut swept = false;
        for placed in &wanted {
            swept |= self.sweep_address(ctx, placed);
            self.warn_of_other_prefixes(ctx, placed);
        }
        if swept {
            self.detail(ctx, "removing VIPs.");
        }
    }

    /// Removes a virtual address where it is present.
    pub(super) fn sweep_address(&self, ctx: &mut Ctx<'_>, placed: &Placed) -> bool {
        let address = &placed.address;
        let present = ctx.net().has(placed.index, address.address, address.prefix);
        if !present || self.holding.is_own(placed) || ctx.is_leaving(placed) {
            return false;
        }
        ctx.remove(placed);
        true
    }

    /// The same address with another prefix length may be the machine's own one, behind a virtual
    /// address that was mistyped: removing it could cut the machine off.
    fn warn_of_other_prefixes(&self, ctx: &mut Ctx<'_>, placed: &Placed) {
        let (address, ours) = (placed.address.address, placed.address.prefix);
        let Some(link) = ctx.net().link(placed.index) else {
            return;
        };
        let others: Vec<String> = ctx
            .net()
            .on(placed.index)
            .iter()
            .filter(|known| known.address == address && known.prefix != ours)
            .map(|known| {
                format!(
                    "{address}/{} is on {} already, the virtual address is {address}/{ours}: \
                     leaving it there; correct the virtual address, or remove the other one where \
                     it is a leftover",
                    known.prefix, link.name
                )
            })
            .collect();
        for line in others {
            self.log(ctx, Level::Warning, line);
        }
    }

    /// The kernel's answer to one change.
    pub(crate) fn address_result(&mut self, ctx: &mut Ctx<'_>, result: &AddressResult) {
        let refused = result.refused.as_deref();
        match &result.change {
            AddressChange::Add { index, address } => {
                let placed = Placed {
                    index: *index,
                    address: address.clone(),
                };
                if let Some(reason) = refused {
                    self.log_change(ctx, "add", &placed, reason);
                }
                // One that is not advertised is no part of the service that peers take over.
                let vital = self.config.addresses.contains(address);
                self.holding.added(&placed, refused, vital);
            }
            AddressChange::Remove { index, address } => {
                let Some(reason) = refused else { return };
                let placed = Placed {
                    index: *index,
                    address: address.clone(),
                };
                if ctx.net().link(*index).is_some() {
                    self.log_change(ctx, "remove", &placed, reason);
                    self.holding.stuck.push(placed);
                    self.setbacks.clean_up_later(ctx.now);
                }
            }
        }
    }

    fn log_change(&self, ctx: &mut Ctx<'_>, verb: &str, placed: &Placed, reason: &str) {
        let interface = ctx
            .net()
            .link(placed.index)
            .map_or_else(|| "a vanished interface".to_owned(), |l| l.name.to_string());
        let address = &placed.address;
        self.log(
            ctx,
            Level::Error,
            format_args!(
                "cannot {verb} {}/{} on {interface}: {reason}",
                address.address, address.prefix
            ),
        );
    }

    /// All answers to the changes of one event are here.
    pub(crate) fn address_results_done(&mut self, ctx: &mut Ctx<'_>) {
        match &self.state {
            State::Init | State::Backup(_) | State::Fault(_) => self.holding.refused = None,
            State::Master(master) => {
                let pending = master.pending.is_some();
                if let Some((address, reason)) = self.holding.refused.take() {
                    self.give_up_for_now(ctx, Cause::AddressRefused { address, reason });
                } else if pending {
                    self.confirm_when_complete(ctx);
                } else if std::mem::take(&mut self.holding.news) {
                    self.tell_hosts(ctx);
                }
            }
        }
    }

    /// A MASTER without its addresses is none: FAULT for a while, each time longer.
    fn give_up_for_now(&mut self, ctx: &mut Ctx<'_>, cause: Cause) {
        let wait = self.setbacks.begin(cause.clone(), ctx.now);
        self.log(
            ctx,
            Level::Error,
            format_args!("{cause}; next try in {wait}"),
        );
        self.fail(ctx, cause);
    }

    /// One of the virtual addresses is gone. A MASTER restores it at once, within bounds.
    pub(crate) fn address_gone(
        &mut self,
        ctx: &mut Ctx<'_>,
        index: IfIndex,
        address: IpAddr,
        prefix: u8,
        ours: bool,
    ) {
        match &self.state {
            State::Init | State::Backup(_) | State::Fault(_) => {
                let own = &mut self.holding.own;
                own.retain(|own| !own.is(index, address, prefix));
                return;
            }
            State::Master(_) => {}
        }
        let Some(held) = self.holding.find(index, address, prefix) else {
            return;
        };
        // One that is asked for is about to be there; one with `no_track` may go.
        if !held.present || (held.placed.address.no_track && !ours) {
            return;
        }
        let placed = held.placed.clone();
        if ours {
            // A late message on an own removal, most likely. Asking again costs nothing.
            ctx.add(&placed);
            return;
        }
        if self.holding.lost(ctx.now) {
            self.give_up_for_now(ctx, Cause::VirtualAddressFight { address });
            return;
        }
        if let Some(held) = self.holding.find(index, address, prefix) {
            held.present = false;
        }
        self.log(
            ctx,
            Level::Warning,
            format_args!("somebody removed {address}/{prefix}: restoring it"),
        );
        ctx.add(&placed);
    }

    /// One of the virtual addresses appeared or changed.
    pub(crate) fn address_present(
        &mut self,
        ctx: &mut Ctx<'_>,
        before: Option<&PresentAddress>,
        now: &PresentAddress,
    ) {
        if !self.holds(now.index, now.address, now.prefix) {
            return;
        }
        if now.dad_failed && !before.is_some_and(|before| before.dad_failed) {
            self.log(
                ctx,
                Level::Error,
                format_args!(
                    "another machine on the link has {}: it cannot be used here",
                    now.address
                ),
            );
        }
        let settled = !now.tentative && before.is_none_or(|before| before.tentative);
        let awaited = self
            .holding
            .find(now.index, now.address, now.prefix)
            .is_some_and(|held| !held.placed.address.nodad);
        if settled && awaited && now.address.is_ipv6() {
            self.tell_hosts(ctx);
        }
    }

    /// A virtual address is on the machine if and only if this router is MASTER (`9568-6.4.2-05`):
    /// one that came another way is removed, within bounds. An owner's real one stays.
    pub(crate) fn address_appeared(&mut self, ctx: &mut Ctx<'_>, known: &PresentAddress) {
        match &self.state {
            State::Master(_) => return,
            State::Init | State::Backup(_) | State::Fault(_) => {}
        }
        let own = self.address_index(ctx.net()).or(self.index);
        let found = addresses::placed(&self.config, own, ctx.net())
            .find(|placed| placed.is(known.index, known.address, known.prefix));
        let Some(placed) = found else { return };
        self.note_own(ctx);
        if self.holding.is_own(&placed) {
            return;
        }
        let (address, prefix) = (known.address, known.prefix);
        match self.holding.intruded(ctx.now) {
            Intrusion::Leave => {}
            Intrusion::Remove => {
                self.log(
                    ctx,
                    Level::Warning,
                    format_args!(
                        "somebody added {address}/{prefix} while this router is not MASTER: \
                         removing it"
                    ),
                );
                self.sweep_address(ctx, &placed);
            }
            Intrusion::GiveUp => self.log(
                ctx,
                Level::Error,
                format_args!(
                    "something on this machine keeps adding {address}/{prefix} while this router \
                     is not MASTER: leaving it; find out what adds it and stop that"
                ),
            ),
        }
    }

    /// What is present though this router is not MASTER goes.
    pub(super) fn clear_addresses(&mut self, ctx: &mut Ctx<'_>) {
        self.note_own(ctx);
        let own = self.address_index(ctx.net()).or(self.index);
        let wanted: Vec<Placed> = addresses::placed(&self.config, own, ctx.net()).collect();
        for placed in &wanted {
            self.sweep_address(ctx, placed);
        }
    }

    /// The kernel's whole state is new: what is missing was lost, what is there may be too much.
    pub(crate) fn resync(&mut self, ctx: &mut Ctx<'_>) {
        if !self.is_master() {
            self.clear_addresses(ctx);
            return;
        }
        let lost: Vec<Placed> = self
            .holding
            .held
            .iter()
            .map(|held| &held.placed)
            .filter(|placed| {
                !ctx.net()
                    .has(placed.index, placed.address.address, placed.address.prefix)
            })
            .cloned()
            .collect();
        for placed in lost {
            let address = &placed.address;
            self.address_gone(ctx, placed.index, address.address, address.prefix, false);
        }
    }

    /// Tries once more what the kernel would not remove.
    pub(super) fn clean_up(&mut self, ctx: &mut Ctx<'_>) {
        for placed in std::mem::take(&mut self.holding.stuck) {
            if !self.holds(placed.index, placed.address.address, placed.address.prefix) {
                self.drop_address(ctx, &placed);
            }
        }
    }
}

//! What a virtual router needs around it: interface, source address, trackers. Each change leads to
//! the same look around.

use super::{Instance, State};
use crate::action::Action;
use crate::addresses;
use crate::engine::outbox::Ctx;
use crate::event::IfIndex;
use crate::interfaces::Interfaces;
use crate::priority;
use crate::track::Standing;
use holdfast_ipc::config::model::{EffectivePriority, Family, Micros, Transport};
use holdfast_ipc::log::Level;
use holdfast_ipc::state::Cause;
use holdfast_ipc::time::Monotonic;
use std::net::IpAddr;

/// First wait behind a refused or stolen address; it doubles with each one that follows.
const SETBACK_FIRST: Micros = Micros::from_secs(1);
/// Longest wait: each further try takes the role from a healthy peer for a moment.
const SETBACK_LAST: Micros = Micros::from_secs(300);
/// So long without a setback, and the next one is the first again.
const SETBACK_FORGOTTEN: Micros = Micros::from_secs(600);
/// Time until an address that the kernel would not remove is tried again.
const CLEANUP: Micros = Micros::from_secs(1);
/// Largest packet where the interface is not known.
const DEFAULT_MTU: u32 = 1_500;

/// Faults that end by themselves after a time.
#[derive(Clone, Debug, Default)]
pub(super) struct Setbacks {
    present: Option<(Cause, Monotonic)>,
    failures: u32,
    last: Option<Monotonic>,
    cleanup: Option<Monotonic>,
}

impl Setbacks {
    /// Notes one; gives how long it lasts.
    pub(super) fn begin(&mut self, cause: Cause, now: Monotonic) -> Micros {
        if self
            .last
            .is_some_and(|last| now.since(last) > SETBACK_FORGOTTEN)
        {
            self.failures = 0;
        }
        let factor = 1_u64.checked_shl(self.failures).unwrap_or(u64::MAX);
        let wait = SETBACK_FIRST.times(factor).min(SETBACK_LAST);
        self.failures = self.failures.saturating_add(1);
        self.last = Some(now);
        self.present = Some((cause, now.after(wait)));
        wait
    }

    pub(super) const fn is_waiting(&self) -> bool {
        self.present.is_some()
    }

    /// The next one is the first again.
    pub(super) fn forget(&mut self) {
        self.present = None;
        self.failures = 0;
        self.last = None;
    }

    fn cause(&self) -> Option<&Cause> {
        self.present.as_ref().map(|(cause, _)| cause)
    }

    pub(super) fn clean_up_later(&mut self, now: Monotonic) {
        self.cleanup = Some(now.after(CLEANUP));
    }

    /// True where a setback is over now.
    pub(super) fn elapse(&mut self, now: Monotonic) -> bool {
        if self
            .present
            .as_ref()
            .is_some_and(|(_, until)| *until <= now)
        {
            self.present = None;
            return true;
        }
        false
    }

    /// True where a removal is to be tried again now.
    pub(super) fn elapse_cleanup(&mut self, now: Monotonic) -> bool {
        self.cleanup.take_if(|due| *due <= now).is_some()
    }

    pub(super) fn deadline(&self) -> Option<Monotonic> {
        let retry = self.present.as_ref().map(|(_, until)| *until);
        [retry, self.cleanup].into_iter().flatten().min()
    }
}

/// What a look around found.
struct View {
    index: Option<IfIndex>,
    source: Option<IpAddr>,
    standing: Standing,
    obstacle: Option<Cause>,
}

impl Instance {
    fn view(&self, ctx: &Ctx<'_>) -> View {
        let net = ctx.net();
        let index = self
            .config
            .interface
            .as_ref()
            .and_then(|interface| net.index_of(interface));
        let standing = Standing::of(&self.config, net, &ctx.shared.verdicts);
        let source = self.find_source(ctx, index);
        let obstacle = self
            .interface_fault(net, index)
            .or_else(|| self.device_fault(net))
            .or_else(|| source.as_ref().err().cloned())
            .or_else(|| standing.fault.clone())
            .or_else(|| self.setbacks.cause().cloned())
            .or_else(|| self.waits_for_script(&standing));
        View {
            index,
            source: source.ok(),
            standing,
            obstacle,
        }
    }

    fn interface_fault(&self, net: &Interfaces, index: Option<IfIndex>) -> Option<Cause> {
        let interface = self.config.interface.as_ref()?;
        let Some(link) = index.and_then(|index| net.link(index)) else {
            return Some(Cause::InterfaceMissing {
                interface: interface.clone(),
            });
        };
        if self.config.dont_track_primary || (link.up && link.running) {
            return None;
        }
        Some(Cause::InterfaceDown {
            interface: interface.clone(),
        })
    }

    fn device_fault(&self, net: &Interfaces) -> Option<Cause> {
        addresses::missing_device(&self.config, net).map(|dev| Cause::InterfaceMissing {
            interface: dev.clone(),
        })
    }

    fn waits_for_script(&self, standing: &Standing) -> Option<Cause> {
        if self.ran {
            return None;
        }
        let script = standing.unknown.clone()?;
        Some(Cause::ScriptUnknown { script })
    }

    /// Source of adverts (`9568-7.2-04`, `9568-7.2-05`). One that is good stays, even where another
    /// address is the first one now: the tie-break must not flap.
    fn find_source(&self, ctx: &Ctx<'_>, index: Option<IfIndex>) -> Result<IpAddr, Cause> {
        let net = ctx.net();
        match self.config.transport {
            Transport::Multicast {
                source: Some(address),
                ..
            } => {
                // keepalived sends IPv4 multicast from any address that is configured.
                let needed = self.config.track_src_ip || self.family() == Family::V6;
                present_source(net, address, needed)
            }
            Transport::Unicast {
                source: Some(address),
                ..
            } => present_source(net, address, true),
            Transport::Multicast { source: None, .. } | Transport::Unicast { source: None, .. } => {
                self.interface_source(ctx, index)
                    .ok_or_else(|| self.no_source())
            }
        }
    }

    fn interface_source(&self, ctx: &Ctx<'_>, index: Option<IfIndex>) -> Option<IpAddr> {
        let index = index?;
        let net = ctx.net();
        if let Some(source) = self.source
            && self.index == Some(index)
        {
            let ignored = self.config.dont_track_primary
                && net
                    .link(index)
                    .is_some_and(|link| !link.up || !link.running);
            if ignored || (net.is_on(index, source) && !ctx.is_virtual(source)) {
                return Some(source);
            }
        }
        let is_virtual = |address| ctx.is_virtual(address);
        let global = if self.has_peer_beyond_the_link() {
            net.global6(index, is_virtual)
        } else {
            None
        };
        global
            .or_else(|| net.primary(index, self.family(), is_virtual))
            .or_else(|| self.owned_source(net, index))
    }

    /// The real address of an owner is the virtual one (RFC 9568 section 1.7).
    fn owned_source(&self, net: &Interfaces, index: IfIndex) -> Option<IpAddr> {
        if !self.config.priority.is_owner() {
            return None;
        }
        net.primary(index, self.family(), |_| false)
    }

    fn has_peer_beyond_the_link(&self) -> bool {
        match &self.config.transport {
            Transport::Multicast { .. } => false,
            Transport::Unicast { peers, .. } => peers.iter().any(|peer| match peer.address {
                IpAddr::V4(_) => false,
                IpAddr::V6(address) => !address.is_unicast_link_local(),
            }),
        }
    }

    fn no_source(&self) -> Cause {
        match &self.config.interface {
            Some(interface) => Cause::NoSourceAddress {
                interface: interface.clone(),
                family: self.family(),
            },
            None => Cause::SourceAddressMissing {
                address: match self.family() {
                    Family::V4 => IpAddr::from([0_u8; 4]),
                    Family::V6 => IpAddr::from([0_u8; 16]),
                },
            },
        }
    }

    /// Interface of virtual addresses that name none.
    pub(super) fn address_index(&self, net: &Interfaces) -> Option<IfIndex> {
        match (self.index, self.source) {
            (Some(index), _) => Some(index),
            (None, Some(source)) if self.config.interface.is_none() => net.holder(source),
            (None, _) => None,
        }
    }

    /// Looks around before it starts; gives what stands in the way.
    pub(super) fn look_around(&mut self, ctx: &mut Ctx<'_>) -> Option<Cause> {
        let view = self.view(ctx);
        self.tracked = view.standing.sum;
        self.effective = self.present_priority();
        self.settle_in(ctx, &view);
        view.obstacle
    }

    fn settle_in(&mut self, ctx: &mut Ctx<'_>, view: &View) {
        self.index = view.index;
        if let (Some(before), Some(after)) = (self.source, view.source)
            && before != after
        {
            self.log(
                ctx,
                Level::Notice,
                format_args!("source address changed from {before} to {after}"),
            );
        }
        // The old source is of use for one more packet at most, and that was sent.
        self.source = view.source;
        self.fit_to_mtu(ctx);
    }

    /// How many addresses fit into an advert.
    pub(super) fn fit_to_mtu(&mut self, ctx: &mut Ctx<'_>) {
        let net = ctx.net();
        let mtu = self
            .address_index(net)
            .and_then(|index| net.link(index))
            .map_or(DEFAULT_MTU, |link| link.mtu);
        let before = self.advertised.len();
        let surplus = self.set_advertised(mtu);
        if surplus > 0 && before != self.advertised.len() {
            self.log(
                ctx,
                Level::Error,
                format_args!(
                    "an advert of {mtu} bytes holds {} addresses: the last {surplus} are not \
                     advertised; move them to `virtual_ipaddress_excluded` on all routers",
                    self.advertised.len()
                ),
            );
        }
    }

    /// Something around it may have changed: interfaces, addresses, verdicts, configuration.
    pub(crate) fn environment(&mut self, ctx: &mut Ctx<'_>, why: Option<&str>) {
        let view = self.view(ctx);
        let moved = self.index.is_some() && view.index.is_some() && self.index != view.index;
        match (&self.state, view.obstacle.clone()) {
            (State::Init, obstacle) => {
                self.settle_in(ctx, &view);
                self.reprioritise(ctx, view.standing.sum, why);
                match obstacle {
                    None => self.startup(ctx, Cause::Startup),
                    // That it waits was said when it began to.
                    Some(Cause::ScriptUnknown { .. }) => {}
                    Some(cause) => self.hold_back(ctx, cause, " (init)"),
                }
            }
            (State::Backup(_) | State::Master(_), Some(cause)) => {
                // Priority 0 still leaves by the old interface, from the old source.
                self.fail(ctx, cause);
                self.settle_in(ctx, &view);
                self.reprioritise(ctx, view.standing.sum, why);
            }
            (State::Backup(_) | State::Master(_), None) if moved => self.move_over(ctx, &view, why),
            (State::Backup(_) | State::Master(_), None) => {
                self.settle_in(ctx, &view);
                self.reprioritise(ctx, view.standing.sum, why);
            }
            (State::Fault(_), obstacle) => {
                let appeared = self.index != view.index;
                self.settle_in(ctx, &view);
                self.reprioritise(ctx, view.standing.sum, why);
                if appeared {
                    self.clear_addresses(ctx);
                }
                match obstacle {
                    None => self.leave_fault(ctx),
                    Some(cause) => self.stay_in_fault(ctx, cause),
                }
            }
        }
    }

    /// The interface was replaced by another one of the same name.
    fn move_over(&mut self, ctx: &mut Ctx<'_>, view: &View, why: Option<&str>) {
        if let Some(interface) = self.config.interface.clone() {
            self.fail(ctx, Cause::InterfaceMissing { interface });
        }
        self.settle_in(ctx, view);
        self.reprioritise(ctx, view.standing.sum, why);
        self.leave_fault(ctx);
    }

    fn present_priority(&self) -> EffectivePriority {
        priority::effective(self.config.priority, self.tracked, self.gave_way)
    }

    /// Another sum of the trackers.
    fn reprioritise(&mut self, ctx: &mut Ctx<'_>, tracked: i32, why: Option<&str>) {
        self.tracked = tracked;
        self.refresh_priority(ctx, why);
    }

    /// The effective priority again. A running Active_Down_Timer is shifted by the difference of the
    /// skews; a MASTER says it with its next advert.
    pub(super) fn refresh_priority(&mut self, ctx: &mut Ctx<'_>, why: Option<&str>) {
        let (before, after) = (self.effective, self.present_priority());
        if before == after {
            return;
        }
        let reason = why.map_or_else(String::new, |why| format!(": {why}"));
        self.log(
            ctx,
            Level::Notice,
            format_args!("Changing effective priority from {before} to {after}{reason}"),
        );
        let interval = match &self.state {
            State::Backup(backup) => self.interval_of(backup),
            State::Init | State::Master(_) | State::Fault(_) => self.config.advert_int,
        };
        let old_skew = self.skew(interval);
        self.effective = after;
        ctx.act_after(Action::Priority {
            instance: self.name().clone(),
            priority: after.get(),
        });
        let new_skew = self.skew(interval);
        if let State::Backup(backup) = &mut self.state {
            backup.down = backup.down.after(new_skew).before(old_skew);
        }
    }
}

fn present_source(net: &Interfaces, address: IpAddr, needed: bool) -> Result<IpAddr, Cause> {
    if needed && net.holder(address).is_none() {
        return Err(Cause::SourceAddressMissing { address });
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setbacks_double_up_to_five_minutes_and_are_forgotten() {
        let mut setbacks = Setbacks::default();
        let waits: Vec<u64> = (0..11)
            .map(|n| {
                let now = Monotonic::from_micros(n);
                setbacks.begin(Cause::Owner, now).get() / 1_000_000
            })
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        let later = Monotonic::from_micros(601_000_000);
        assert_eq!(setbacks.begin(Cause::Owner, later), Micros::from_secs(1));
        assert!(!setbacks.elapse(later));
        assert!(setbacks.elapse(later.after(Micros::from_secs(1))));
        assert_eq!(setbacks.deadline(), None);
    }
}

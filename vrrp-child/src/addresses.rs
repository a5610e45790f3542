//! Which virtual addresses are wanted where, which are held, and what to do when they are not.

use crate::event::IfIndex;
use crate::interfaces::Interfaces;
use holdfast_ipc::config::model::{IfName, Micros, VirtualAddress, VirtualRouter};
use holdfast_ipc::time::Monotonic;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

/// So many losses of virtual addresses within [`FIGHT_TIME`] are made good; with one more, somebody
/// else is at work and fighting it would only load the machine and confuse the network.
const FIGHT_LOSSES: usize = 5;
const FIGHT_TIME: Micros = Micros::from_secs(10);
/// The kernel's message on an own removal comes within this time, or it was lost.
const ECHO_TIME: Micros = Micros::from_secs(5);

/// A virtual address on its interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) index: IfIndex,
    pub(crate) address: VirtualAddress,
}

impl Placed {
    /// True for the same address of the same interface in the kernel's eyes.
    pub(crate) fn is(&self, index: IfIndex, address: IpAddr, prefix: u8) -> bool {
        self.index == index && self.address.address == address && self.address.prefix == prefix
    }

    pub(crate) fn same(&self, other: &Self) -> bool {
        self.is(other.index, other.address.address, other.address.prefix)
    }
}

/// All virtual addresses of a router, advertised and not.
pub(crate) fn listed(router: &VirtualRouter) -> impl Iterator<Item = &VirtualAddress> {
    router.addresses.iter().chain(&router.excluded)
}

/// All virtual addresses with their interfaces; those on interfaces that do not exist are left out.
pub(crate) fn placed(
    router: &VirtualRouter,
    own: Option<IfIndex>,
    net: &Interfaces,
) -> impl Iterator<Item = Placed> {
    listed(router).filter_map(move |address| {
        let index = match &address.dev {
            Some(dev) => net.index_of(dev)?,
            None => own?,
        };
        Some(Placed {
            index,
            address: address.clone(),
        })
    })
}

/// The first interface that a virtual address needs and that does not exist.
pub(crate) fn missing_device<'a>(
    router: &'a VirtualRouter,
    net: &Interfaces,
) -> Option<&'a IfName> {
    listed(router)
        .filter(|address| !address.no_track)
        .filter_map(|address| address.dev.as_ref())
        .find(|dev| net.index_of(dev).is_none())
}

/// One address that a MASTER holds, or has asked the kernel for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) placed: Placed,
    /// The kernel has confirmed it.
    pub(crate) present: bool,
}

/// The addresses that one router holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holding {
    pub(crate) held: Vec<Held>,
    /// First address that the kernel refused since this was taken, with its reason.
    pub(crate) refused: Option<(IpAddr, String)>,
    /// An address came since this was taken, so hosts have to be told.
    pub(crate) news: bool,
    /// Addresses that the kernel would not take away.
    pub(crate) stuck: Vec<Placed>,
    /// Addresses that the machine of an owner had by itself: they are never taken away.
    pub(crate) own: Vec<Placed>,
    losses: VecDeque<Monotonic>,
    intrusions: VecDeque<Monotonic>,
}

impl Holding {
    /// Everything that was asked for is there.
    pub(crate) fn is_complete(&self) -> bool {
        self.refused.is_none() && self.held.iter().all(|held| held.present)
    }

    /// True for an address that the machine had by itself.
    pub(crate) fn is_own(&self, placed: &Placed) -> bool {
        self.own.iter().any(|own| own.same(placed))
    }

    pub(crate) fn find(
        &mut self,
        index: IfIndex,
        address: IpAddr,
        prefix: u8,
    ) -> Option<&mut Held> {
        self.held
            .iter_mut()
            .find(|held| held.placed.is(index, address, prefix))
    }

    /// The kernel's answer to an addition; a router cannot be MASTER without a `vital` one.
    pub(crate) fn added(&mut self, placed: &Placed, refused: Option<&str>, vital: bool) {
        let Some(position) = self.held.iter().position(|held| held.placed.same(placed)) else {
            return;
        };
        match refused {
            None => {
                if let Some(held) = self.held.get_mut(position) {
                    self.news |= !held.present;
                    held.present = true;
                }
            }
            Some(reason) => {
                let held = self.held.remove(position);
                if vital && !held.placed.address.no_track {
                    self.refused
                        .get_or_insert_with(|| (placed.address.address, reason.to_owned()));
                }
            }
        }
    }

    /// Counts a loss; true where there were too many.
    pub(crate) fn lost(&mut self, now: Monotonic) -> bool {
        self.losses.retain(|at| now.since(*at) < FIGHT_TIME);
        self.losses.push_back(now);
        self.losses.len() > FIGHT_LOSSES
    }

    /// Counts an address that somebody added while the router is not MASTER.
    pub(crate) fn intruded(&mut self, now: Monotonic) -> Intrusion {
        self.intrusions.retain(|at| now.since(*at) < FIGHT_TIME);
        self.intrusions.push_back(now);
        match self.intrusions.len().checked_sub(FIGHT_LOSSES) {
            None | Some(0) => Intrusion::Remove,
            Some(1) => Intrusion::GiveUp,
            Some(_) => {
                self.intrusions.pop_front();
                Intrusion::Leave
            }
        }
    }

    /// Gives everything away.
    pub(crate) fn release(&mut self) -> Vec<Held> {
        self.refused = None;
        self.news = false;
        self.losses.clear();
        std::mem::take(&mut self.held)
    }
}

/// What to do about an address that somebody added while the router is not MASTER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intrusion {
    Remove,
    /// Too many of them: from now on they stay until it is quiet for a while.
    GiveUp,
    Leave,
}

/// Own removals that the kernel has not told of yet, so that they are not taken for somebody
/// else's.
#[derive(Debug, Default)]
pub(crate) struct OwnRemovals {
    expected: BTreeMap<(IfIndex, IpAddr, u8), (u32, Monotonic)>,
}

impl OwnRemovals {
    pub(crate) fn expect(&mut self, placed: &Placed, now: Monotonic) {
        let key = (placed.index, placed.address.address, placed.address.prefix);
        let (count, until) = self.expected.entry(key).or_insert((0, now));
        *count = count.saturating_add(1);
        *until = now.after(ECHO_TIME);
    }

    /// True where this was one of them.
    pub(crate) fn take(
        &mut self,
        index: IfIndex,
        address: IpAddr,
        prefix: u8,
        now: Monotonic,
    ) -> bool {
        let Some((count, until)) = self.expected.get_mut(&(index, address, prefix)) else {
            return false;
        };
        let ours = *until >= now;
        *count = count.saturating_sub(1);
        if *count == 0 || !ours {
            self.expected.remove(&(index, address, prefix));
        }
        ours
    }

    /// True where the message on an own removal is still to come.
    pub(crate) fn awaits(
        &self,
        (index, address, prefix): (IfIndex, IpAddr, u8),
        now: Monotonic,
    ) -> bool {
        self.expected
            .get(&(index, address, prefix))
            .is_some_and(|(_, until)| *until >= now)
    }

    /// Forgets those whose message never came.
    pub(crate) fn prune(&mut self, now: Monotonic) {
        self.expected.retain(|_, (_, until)| *until >= now);
    }

    pub(crate) fn clear(&mut self) {
        self.expected.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_ipc::config::model::Broadcast;

    fn at(millis: u64) -> Monotonic {
        Monotonic::from_micros(millis.saturating_mul(1_000))
    }

    fn placed() -> Placed {
        Placed {
            index: IfIndex::new(2).unwrap(),
            address: VirtualAddress {
                address: [192, 0, 2, 80].into(),
                prefix: 32,
                peer: None,
                dev: None,
                scope: 0,
                label: None,
                broadcast: Broadcast::None,
                nodad: true,
                home: false,
                mngtmpaddr: false,
                noprefixroute: false,
                autojoin: false,
                preferred_lft: None,
                no_track: false,
                use_vmac: false,
            },
        }
    }

    #[test]
    fn the_sixth_loss_in_ten_seconds_is_a_fight_and_one_a_minute_never_is() {
        let mut holding = Holding::default();
        let fights: Vec<bool> = (0..6).map(|n| holding.lost(at(n * 1_000))).collect();
        assert_eq!(fights, [false, false, false, false, false, true]);
        let mut holding = Holding::default();
        assert!((0..100).all(|n| !holding.lost(at(n * 60_000))));
    }

    #[test]
    fn each_own_removal_explains_one_message_and_not_for_ever() {
        let mut removals = OwnRemovals::default();
        let vip = placed();
        let (index, address) = (vip.index, vip.address.address);
        removals.expect(&vip, at(0));
        removals.expect(&vip, at(1));
        assert!(removals.take(index, address, 32, at(2)));
        assert!(!removals.take(index, address, 24, at(2)));
        assert!(removals.take(index, address, 32, at(3)));
        assert!(!removals.take(index, address, 32, at(4)));
        removals.expect(&vip, at(10));
        assert!(!removals.take(index, address, 32, at(5_011)));
    }
}

//! Adverts of one virtual router.

use super::{Instance, State};
use crate::action::{Action, Transmit};
use crate::engine::outbox::Ctx;
use crate::packet::{Outgoing, OutgoingAuth, encode};
use holdfast_ipc::config::model::{Auth, Family, Transport, Version};
use std::net::IpAddr;

/// Hop limit of multicast adverts (`9568-5.1.1.3-01`, `9568-5.1.2.3-01`) and of IPv4 unicast ones.
const HOP_LIMIT: u8 = 255;
/// Hop limit of IPv6 unicast adverts, as keepalived sends them.
const HOP_LIMIT_UNICAST6: u8 = 64;
/// Priority that says: I give up (`9568-5.2.4-04`).
const RELEASE: u8 = 0;
/// Most addresses of one advert (`9568-5.2.5-02`).
const MAX_ADDRESSES: usize = 255;

/// Numbers that are reserved at a time, so that not every advert needs a checkpoint.
const AH_BLOCK: u32 = 1_000;
/// Last sequence number; behind it the counter stays and the role moves (`2402-2.5-02`).
const AH_LAST: u32 = 0xffff_fffd;

/// Sequence numbers of the authentication header. What is sent is above all that was sent or heard
/// (`2402-2.5-01`). What is received only has to be above what was heard: two MASTERs that count in
/// step would else take each other's adverts for replays, and both stay.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AhCounter {
    heard: u32,
    used: u32,
    /// What a successor has to take for used.
    bound: u32,
}

impl AhCounter {
    /// From the bound of a checkpoint. What the predecessor really heard last lies within a block
    /// below the bound, so a peer that goes on from there is still heard.
    pub(super) const fn resumed(bound: u32) -> Self {
        Self {
            heard: bound.saturating_sub(AH_BLOCK),
            used: bound,
            bound,
        }
    }

    /// Received ones have to be above it (`2402-3.4.3-01`).
    pub(super) const fn heard(self) -> u32 {
        self.heard
    }

    pub(super) const fn bound(self) -> u32 {
        self.bound
    }

    /// A verified advert had this one.
    pub(super) fn hear(&mut self, sequence: u32) {
        self.heard = self.heard.max(sequence);
        self.reserve(sequence);
    }

    /// The one for the next advert.
    fn take(&mut self) -> u32 {
        self.used = self.last().saturating_add(1).min(AH_LAST);
        self.reserve(self.used);
        self.used
    }

    fn last(self) -> u32 {
        self.heard.max(self.used)
    }

    fn reserve(&mut self, sequence: u32) {
        if sequence > self.bound {
            self.bound = sequence.saturating_add(AH_BLOCK);
        }
    }

    /// A counter that has come to its end starts again with the next time as MASTER.
    pub(super) fn enter_master(&mut self) {
        if self.last() >= AH_LAST {
            *self = Self::default();
        }
    }
}

impl Instance {
    /// The addresses of the adverts: as many as the packet and the interface can carry; the others
    /// are held all the same (`9568-5.2.5-02`). Gives how many do not fit.
    pub(super) fn set_advertised(&mut self, mtu: u32) -> usize {
        let room = usize::try_from(mtu)
            .unwrap_or(usize::MAX)
            .saturating_sub(self.overhead());
        let fit = room
            .checked_div(self.family().address_len())
            .map_or(0, |fit| fit.min(MAX_ADDRESSES));
        self.advertised.clear();
        self.advertised
            .extend(self.config.addresses.iter().take(fit).map(|a| a.address));
        self.config.addresses.len().saturating_sub(fit)
    }

    /// Bytes of an advert apart from its addresses.
    const fn overhead(&self) -> usize {
        match (self.family(), self.version(), &self.config.auth) {
            (Family::V4, Version::V2, Auth::Ah(_)) => 20 + 24 + 8 + 8,
            (Family::V4, Version::V2, Auth::None | Auth::Pass(_)) => 20 + 8 + 8,
            (Family::V4, Version::V3, _) => 20 + 8,
            (Family::V6, _, _) => 40 + 8,
        }
    }

    /// Sends an advert with the own priority and notes when.
    pub(super) fn send_advert(&mut self, ctx: &mut Ctx<'_>) {
        self.transmit(ctx, self.effective.get());
        if let State::Master(master) = &mut self.state {
            master.sent = ctx.now;
            if let Some(rival) = &mut master.rival {
                rival.sent = rival.sent.saturating_add(1);
                if rival.sent == 2 {
                    rival.second = ctx.now;
                }
            }
        }
    }

    /// Sends priority 0 (`9568-6.4.3-11`).
    pub(super) fn send_release(&mut self, ctx: &mut Ctx<'_>) {
        if self.transmit(ctx, RELEASE) {
            self.detail(ctx, "sent 0 priority");
        }
    }

    /// One packet, or one for each peer; false where there is no way to send.
    fn transmit(&mut self, ctx: &mut Ctx<'_>, priority: u8) -> bool {
        let Some(source) = self.source else {
            return false;
        };
        let interface = self.index.and_then(|index| ctx.net().link(index));
        if self.config.interface.is_some() && !interface.is_some_and(|link| link.up) {
            return false;
        }
        let auth = self.outgoing_auth(ctx);
        match &self.config.transport {
            Transport::Multicast { group, .. } => {
                self.packet(ctx, source, *group, HOP_LIMIT, priority, auth);
            }
            Transport::Unicast { ttl, .. } => {
                let hop_limit = ttl.unwrap_or(match self.family() {
                    Family::V4 => HOP_LIMIT,
                    Family::V6 => HOP_LIMIT_UNICAST6,
                });
                let mut at = 0_usize;
                while let Some(peer) = self.peer(at) {
                    self.packet(ctx, source, peer, hop_limit, priority, auth);
                    at = at.saturating_add(1);
                }
            }
        }
        true
    }

    fn peer(&self, at: usize) -> Option<IpAddr> {
        match &self.config.transport {
            Transport::Multicast { .. } => None,
            Transport::Unicast { peers, .. } => peers.get(at).map(|peer| peer.address),
        }
    }

    fn outgoing_auth(&mut self, ctx: &mut Ctx<'_>) -> OutgoingAuth {
        match self.config.auth {
            Auth::None => OutgoingAuth::None,
            Auth::Pass(key) => OutgoingAuth::Pass(key),
            Auth::Ah(key) => {
                let sequence = self.ah.take();
                // A number that was not reserved must not leave before the parent knows.
                self.save(ctx);
                OutgoingAuth::Ah {
                    key,
                    sequence,
                    unicast: self.is_unicast(),
                }
            }
        }
    }

    fn packet(
        &mut self,
        ctx: &mut Ctx<'_>,
        source: IpAddr,
        destination: IpAddr,
        hop_limit: u8,
        priority: u8,
        auth: OutgoingAuth,
    ) {
        // 0 would let the kernel choose one.
        self.ip_id = self.ip_id.checked_add(1).unwrap_or(1);
        let bytes = encode(&Outgoing {
            version: self.version(),
            vrid: self.config.vrid.get(),
            priority,
            interval: self.config.advert_int,
            addresses: &self.advertised,
            source,
            destination,
            hop_limit,
            ip_id: self.ip_id,
            auth,
            checksum: self.config.checksum,
        });
        if bytes.is_empty() {
            return;
        }
        ctx.act(Action::Send(Transmit {
            index: self.index,
            source,
            destination,
            hop_limit,
            bytes,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_is_1_and_goes_on_behind_what_was_heard_2402_2_5_01() {
        let mut counter = AhCounter::default();
        assert_eq!(counter.take(), 1);
        counter.hear(8);
        assert_eq!(counter.take(), 9);
        assert_eq!(counter.heard(), 8);
    }

    #[test]
    fn numbers_are_reserved_in_blocks() {
        let mut counter = AhCounter::default();
        let bounds: Vec<u32> = (0..1_002)
            .map(|_| {
                counter.take();
                counter.bound()
            })
            .collect();
        assert_eq!(bounds.first(), Some(&1_001));
        assert_eq!(bounds.get(1_000), Some(&1_001));
        assert_eq!(bounds.get(1_001), Some(&2_002));
    }

    #[test]
    fn a_successor_sends_above_the_bound_and_still_hears_a_peer_that_is_below_it() {
        let mut counter = AhCounter::resumed(5_000);
        assert_eq!(counter.heard(), 4_000);
        assert_eq!(counter.take(), 5_001);
    }

    #[test]
    fn at_its_end_the_counter_stays_until_the_next_time_as_master_2402_2_5_02() {
        let mut counter = AhCounter::default();
        counter.hear(AH_LAST - 1);
        assert_eq!(counter.take(), AH_LAST);
        assert_eq!(counter.take(), AH_LAST);
        counter.enter_master();
        assert_eq!(counter.take(), 1);
    }
}

//! When gratuitous ARPs and unsolicited neighbour advertisements go out: bursts, second bursts,
//! refreshes, and the distance between two of them on one interface.

use crate::event::IfIndex;
use holdfast_ipc::config::model::{Family, GarpSettings, Micros};
use holdfast_ipc::time::Monotonic;
use std::collections::BTreeMap;

/// Two bursts after adverts of lower priority are at least this far apart, however many of these
/// adverts come (a forged flood must not become a flood of broadcasts).
const LOWER_PRIORITY_DISTANCE: Micros = Micros::from_secs(1);

/// Messages of all routers in one event: a few milliseconds' work. Adverts that have become due
/// meanwhile go in front of the rest, so that 250 routers that announce themselves send on time.
const MOST_AT_ONCE: usize = 128;
/// When the rest of them goes on: at once, but as another event.
const AT_ONCE: Micros = Micros::new(1);

/// Distance between two messages on one interface (`vrrp_garp_interval`, `vrrp_gna_interval`), and
/// how many there may be in one event.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    next: BTreeMap<(IfIndex, Family), Monotonic>,
    sent: usize,
}

impl Pace {
    /// Another event begins.
    pub(crate) const fn begin(&mut self) {
        self.sent = 0;
    }

    /// Takes the turn, or says when it can be had.
    pub(crate) fn take(
        &mut self,
        index: IfIndex,
        family: Family,
        distance: Micros,
        now: Monotonic,
    ) -> Result<(), Monotonic> {
        if self.sent >= MOST_AT_ONCE {
            return Err(now.after(AT_ONCE));
        }
        if !distance.is_zero() {
            if let Some(next) = self.next.get(&(index, family)).filter(|next| **next > now) {
                return Err(*next);
            }
            self.next.insert((index, family), now.after(distance));
        }
        self.sent = self.sent.saturating_add(1);
        Ok(())
    }

    /// Forgets an interface that is gone.
    pub(crate) fn forget(&mut self, index: IfIndex) {
        self.next.retain(|(known, _), _| *known != index);
    }
}

/// A burst that is under way: so many rounds over all addresses, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Burst {
    /// Rounds that are left, with the present one.
    pub(crate) rounds: u32,
    /// Next address.
    pub(crate) position: usize,
    /// When it goes on.
    pub(crate) next: Monotonic,
}

/// Plan of one virtual router that is MASTER.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GarpPlan {
    burst: Option<Burst>,
    second: Option<Monotonic>,
    lower_second: Option<Monotonic>,
    lower_allowed: Option<Monotonic>,
    refresh: Option<Monotonic>,
}

fn unless_zero(span: Micros, now: Monotonic) -> Option<Monotonic> {
    (!span.is_zero()).then(|| now.after(span))
}

impl GarpPlan {
    /// The router became MASTER: a burst at once, one after the delay, then refreshes.
    pub(crate) fn entered(&mut self, settings: &GarpSettings, now: Monotonic) {
        *self = Self {
            second: unless_zero(settings.master_delay, now),
            refresh: unless_zero(settings.master_refresh, now),
            ..Self::default()
        };
        self.start(settings.master_repeat, now);
    }

    /// Other settings while MASTER.
    pub(crate) fn resettled(&mut self, settings: &GarpSettings, now: Monotonic) {
        self.refresh = unless_zero(settings.master_refresh, now);
    }

    /// Starts a burst, or lengthens the one that is under way. That one goes on where it stands:
    /// where it began again each time, addresses far behind would never have their turn.
    pub(crate) fn start(&mut self, rounds: u32, now: Monotonic) {
        if rounds == 0 {
            return;
        }
        match &mut self.burst {
            Some(burst) => {
                // Those in front of where it stands missed a part of the present round.
                let begun = u32::from(burst.position > 0);
                burst.rounds = burst.rounds.max(rounds.saturating_add(begun));
            }
            None => {
                self.burst = Some(Burst {
                    rounds,
                    position: 0,
                    next: now,
                });
            }
        }
    }

    /// An advert of lower priority: hosts may believe in its sender. A burst, and a second one.
    pub(crate) fn challenged(&mut self, settings: &GarpSettings, interval: Micros, now: Monotonic) {
        if settings.lower_prio_repeat == 0
            || self.lower_allowed.is_some_and(|allowed| now < allowed)
        {
            return;
        }
        self.lower_allowed = Some(now.after(interval.max(LOWER_PRIORITY_DISTANCE)));
        self.start(settings.lower_prio_repeat, now);
        self.lower_second = unless_zero(settings.lower_prio_delay, now);
    }

    /// Starts what is due.
    pub(crate) fn elapse(&mut self, settings: &GarpSettings, now: Monotonic) {
        if self.second.is_some_and(|due| due <= now) {
            self.second = None;
            self.start(settings.master_repeat, now);
        }
        if self.lower_second.is_some_and(|due| due <= now) {
            self.lower_second = None;
            self.start(settings.lower_prio_repeat, now);
        }
        if self.refresh.is_some_and(|due| due <= now) {
            self.refresh = unless_zero(settings.master_refresh, now);
            self.start(settings.master_refresh_repeat, now);
        }
    }

    /// The burst, where it may go on now.
    pub(crate) fn burst_at(&self, now: Monotonic) -> Option<Burst> {
        self.burst.filter(|burst| burst.next <= now)
    }

    /// Where the burst stands now; none when it is over.
    pub(crate) fn set_burst(&mut self, burst: Option<Burst>) {
        self.burst = burst;
    }

    pub(crate) fn deadline(&self) -> Option<Monotonic> {
        let burst = self.burst.map(|burst| burst.next);
        [burst, self.second, self.lower_second, self.refresh]
            .into_iter()
            .flatten()
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETH0: IfIndex = IfIndex::new(2).unwrap();
    const ETH1: IfIndex = IfIndex::new(3).unwrap();

    fn at(millis: u64) -> Monotonic {
        Monotonic::from_micros(millis.saturating_mul(1_000))
    }

    fn settings() -> GarpSettings {
        GarpSettings {
            master_delay: Micros::from_secs(5),
            master_repeat: 5,
            master_refresh: Micros::from_secs(60),
            master_refresh_repeat: 2,
            lower_prio_delay: Micros::from_secs(5),
            lower_prio_repeat: 3,
            interval: Micros::ZERO,
            gna_interval: Micros::ZERO,
        }
    }

    fn rounds(plan: &mut GarpPlan, now: Monotonic) -> Option<u32> {
        plan.elapse(&settings(), now);
        let rounds = plan.burst_at(now)?.rounds;
        plan.set_burst(None);
        Some(rounds)
    }

    #[test]
    fn a_new_master_sends_5_and_5_more_after_5_seconds_then_refreshes() {
        let mut plan = GarpPlan::default();
        plan.entered(&settings(), at(0));
        assert_eq!(rounds(&mut plan, at(0)), Some(5));
        assert_eq!(plan.deadline(), Some(at(5_000)));
        assert_eq!(rounds(&mut plan, at(4_999)), None);
        assert_eq!(rounds(&mut plan, at(5_000)), Some(5));
        assert_eq!(plan.deadline(), Some(at(60_000)));
        assert_eq!(rounds(&mut plan, at(60_000)), Some(2));
        assert_eq!(plan.deadline(), Some(at(120_000)));
    }

    #[test]
    fn a_flood_of_lower_adverts_gives_one_burst_a_second() {
        let mut plan = GarpPlan::default();
        let mut bursts = 0;
        for millis in 0..3_000 {
            plan.challenged(&settings(), Micros::from_millis(100), at(millis));
            if plan.burst_at(at(millis)).is_some() {
                plan.set_burst(None);
                bursts += 1;
            }
        }
        assert_eq!(bursts, 3);
    }

    #[test]
    fn a_burst_under_way_goes_on_where_it_stands_when_another_one_starts() {
        let mut plan = GarpPlan::default();
        plan.start(1, at(0));
        plan.set_burst(Some(Burst {
            rounds: 1,
            position: 7,
            next: at(500),
        }));
        plan.start(2, at(100));
        plan.start(2, at(200));
        assert!(plan.burst_at(at(499)).is_none());
        let burst = plan.burst_at(at(500)).unwrap();
        assert_eq!((burst.rounds, burst.position), (3, 7));
    }

    #[test]
    fn many_messages_are_divided_so_that_adverts_go_in_between() {
        let mut pace = Pace::default();
        let mut take = |now| {
            pace.begin();
            (0..).find_map(|count| {
                Some((count, pace.take(ETH0, Family::V4, Micros::ZERO, now).err()?))
            })
        };
        assert_eq!(take(at(0)), Some((128, Monotonic::from_micros(1))));
        assert_eq!(
            take(Monotonic::from_micros(1)),
            Some((128, Monotonic::from_micros(2)))
        );
    }

    #[test]
    fn the_pace_is_kept_for_each_interface_and_family() {
        let mut pace = Pace::default();
        let gap = Micros::from_millis(100);
        assert_eq!(pace.take(ETH0, Family::V4, gap, at(0)), Ok(()));
        assert_eq!(pace.take(ETH0, Family::V4, gap, at(99)), Err(at(100)));
        assert_eq!(pace.take(ETH0, Family::V6, gap, at(99)), Ok(()));
        assert_eq!(pace.take(ETH1, Family::V4, gap, at(99)), Ok(()));
        assert_eq!(pace.take(ETH0, Family::V4, gap, at(100)), Ok(()));
        pace.forget(ETH0);
        assert_eq!(pace.take(ETH0, Family::V4, gap, at(101)), Ok(()));
    }
}

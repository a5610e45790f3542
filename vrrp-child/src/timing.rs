//! Intervals and timers of the protocol, in whole microseconds.

use holdfast_ipc::config::model::{AdvertInterval, EffectivePriority, Micros, Version};
use holdfast_ipc::time::Monotonic;
use std::net::IpAddr;

/// An interval that is learned from one advert alone is at most this often our own
/// (`9568-6.1-06`): one forged advert with 40.95 s would leave the address unserved for 140 s.
const LEARN_FACTOR: u64 = 5;
/// … but this much is always believed: routers with 0.1 s and 1 s meet while intervals are changed.
const LEARN_FLOOR: Micros = Micros::from_secs(1);

/// Skew_Time. Version 3: ((256 - priority) * Active_Adver_Interval) / 256 (RFC 9568 section 6.1,
/// `9568-6.1-07`). Version 2: (256 - priority) / 256 seconds (`3768-6.1-01`).
pub(crate) fn skew(
    version: Version,
    priority: EffectivePriority,
    interval: AdvertInterval,
) -> Micros {
    let steps = 256_u64.saturating_sub(u64::from(priority.get()));
    Micros::new(match version {
        Version::V2 => steps.saturating_mul(1_000_000) / 256,
        // 10,000 µs per centisecond / 256 = 625 / 16.
        Version::V3 => {
            steps
                .saturating_mul(u64::from(interval.centis()))
                .saturating_mul(625)
                / 16
        }
    })
}

/// Active_Down_Interval: 3 * Active_Adver_Interval + Skew_Time (RFC 9568 section 6.1,
/// `9568-6.1-08`); `down_timer_adverts` stands in for the 3.
pub(crate) fn down_interval(
    version: Version,
    adverts: u8,
    priority: EffectivePriority,
    interval: AdvertInterval,
) -> Micros {
    shortest_takeover(adverts, interval).plus(skew(version, priority, interval))
}

/// After this much silence of a master some other router may be master; not earlier, whatever
/// its priority.
pub(crate) fn shortest_takeover(adverts: u8, interval: AdvertInterval) -> Micros {
    interval.micros().times(u64::from(adverts))
}

/// Largest interval that a single advert can teach.
fn learn_limit(own: AdvertInterval) -> Micros {
    own.micros().times(LEARN_FACTOR).max(LEARN_FLOOR)
}

/// What was learned from an advert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Learned {
    /// The interval to go by.
    pub(crate) interval: AdvertInterval,
    /// It is less than the advert said.
    pub(crate) capped: bool,
}

/// What is known of the intervals of other routers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Learning {
    /// The last interval that was told and was too large to be believed at once.
    claim: Option<(IpAddr, AdvertInterval, Monotonic)>,
    leader: Option<Leader>,
}

/// The master that wins against all others that are heard.
#[derive(Clone, Copy, Debug)]
struct Leader {
    /// In the order of the election.
    rank: (u8, IpAddr),
    interval: AdvertInterval,
    /// It is not to be reckoned with any more from then on.
    until: Monotonic,
}

impl Learning {
    /// An advert of a router that loses against the leader does not shorten the interval as long as
    /// the leader may be there: it was sent before that router heard the leader. Going by it would
    /// bring a needless takeover before the leader's next advert, where their intervals differ, and
    /// with `higher_prio_send_advert` one after the other for ever.
    pub(crate) fn follow(
        &mut self,
        rank: (u8, IpAddr),
        interval: AdvertInterval,
        adverts: u8,
        now: Monotonic,
    ) -> AdvertInterval {
        if let Some(leader) = self.leader
            && now < leader.until
            && rank < leader.rank
            && rank.1 != leader.rank.1
        {
            return interval.max(leader.interval);
        }
        // The skew is less than one interval.
        let wait = shortest_takeover(adverts.saturating_add(1), interval);
        self.leader = Some(Leader {
            rank,
            interval,
            until: now.after(wait),
        });
        interval
    }

    /// We are the master.
    pub(crate) fn lead(&mut self) {
        self.leader = None;
    }

    /// That router gave up.
    pub(crate) fn released(&mut self, from: IpAddr) {
        self.leader.take_if(|leader| leader.rank.1 == from);
    }

    /// Active_Adver_Interval from an accepted advert (`9568-6.4.2-15`). An interval above the limit
    /// is believed when the same router says the same again, and not within half of it: such a
    /// router is really there.
    pub(crate) fn learn(
        &mut self,
        own: AdvertInterval,
        from: IpAddr,
        told: AdvertInterval,
        now: Monotonic,
    ) -> Learned {
        let limit = learn_limit(own);
        if told.micros() <= limit {
            self.claim = None;
            return Learned {
                interval: told,
                capped: false,
            };
        }
        let confirmed = match self.claim {
            Some((router, interval, at)) if router == from && interval == told => {
                now.since(at).times(2) >= told.micros()
            }
            Some(_) | None => {
                self.claim = Some((from, told, now));
                false
            }
        };
        if confirmed {
            return Learned {
                interval: told,
                capped: false,
            };
        }
        Learned {
            interval: centis(limit),
            capped: true,
        }
    }
}

fn centis(limit: Micros) -> AdvertInterval {
    u16::try_from(limit.get() / 10_000)
        .ok()
        .and_then(|centis| AdvertInterval::new(Version::V3, centis).ok())
        .unwrap_or(AdvertInterval::DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_ipc::config::model::Priority;

    fn priority(number: u8) -> EffectivePriority {
        EffectivePriority::new(Priority::try_from(number).unwrap(), 0)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn v3(centis: u16) -> AdvertInterval {
        AdvertInterval::new(Version::V3, centis).unwrap()
    }

    fn down(version: Version, number: u8, interval: AdvertInterval) -> u64 {
        down_interval(version, 3, priority(number), interval).get()
    }

    #[test]
    fn version_2_skew_does_not_depend_on_the_interval_3768_6_1_01() {
        let ten = AdvertInterval::new(Version::V2, 1_000).unwrap();
        assert_eq!(
            skew(Version::V2, priority(150), AdvertInterval::DEFAULT).get(),
            414_062
        );
        assert_eq!(skew(Version::V2, priority(150), ten).get(), 414_062);
        assert_eq!(down(Version::V2, 150, ten), 30_414_062);
    }

    #[test]
    fn version_3_skew_is_a_part_of_the_interval_9568_6_1_07() {
        let table = [
            (1, 100, 996_093),
            (100, 100, 609_375),
            (150, 100, 414_062),
            (254, 100, 7_812),
            (1, 10, 99_609),
            (100, 10, 60_937),
            (254, 10, 781),
            (255, 1, 39),
        ];
        for (number, centis, micros) in table {
            assert_eq!(
                skew(Version::V3, priority(number), v3(centis)).get(),
                micros,
                "priority {number}, {centis} cs"
            );
        }
    }

    #[test]
    fn down_interval_is_three_intervals_and_the_skew_9568_6_1_08() {
        assert_eq!(down(Version::V3, 150, v3(100)), 3_414_062);
        assert_eq!(down(Version::V3, 1, v3(100)), 3_996_093);
        assert_eq!(down(Version::V3, 254, v3(10)), 300_781);
        assert_eq!(down(Version::V2, 254, AdvertInterval::DEFAULT), 3_007_812);
    }

    #[test]
    fn down_timer_adverts_stands_in_for_the_three() {
        let one = down_interval(Version::V3, 1, priority(254), v3(100));
        let hundred = down_interval(Version::V3, 100, priority(254), v3(100));
        assert_eq!((one.get(), hundred.get()), (1_007_812, 100_007_812));
    }

    #[test]
    fn one_forged_advert_with_40_95_s_teaches_at_most_five_own_intervals_9568_6_1_06() {
        let from = "192.0.2.66".parse().unwrap();
        let mut learning = Learning::default();
        let learned = learning.learn(v3(100), from, v3(4095), Monotonic::from_micros(5));
        assert_eq!(
            learned,
            Learned {
                interval: v3(500),
                capped: true
            }
        );
    }

    #[test]
    fn a_flood_of_one_large_interval_is_not_believed_before_half_of_it_has_passed() {
        let from = "192.0.2.66".parse().unwrap();
        let mut learning = Learning::default();
        for micros in 0..1_000 {
            let now = Monotonic::from_micros(micros);
            assert!(learning.learn(v3(10), from, v3(4095), now).capped);
        }
        let later = Monotonic::from_micros(20_475_000);
        assert_eq!(
            learning.learn(v3(10), from, v3(4095), later),
            Learned {
                interval: v3(4095),
                capped: false
            }
        );
    }

    #[test]
    fn a_loser_does_not_shorten_the_interval_while_the_leader_may_be_there() {
        let (winner, loser) = ((200, ip("192.0.2.2")), (100, ip("192.0.2.3")));
        let at = |secs: u64| Monotonic::from_micros(0).after(Micros::from_secs(secs));
        let mut learning = Learning::default();
        assert_eq!(learning.follow(loser, v3(100), 3, at(0)), v3(100));
        assert_eq!(learning.follow(winner, v3(400), 3, at(1)), v3(400));
        assert_eq!(learning.follow(loser, v3(100), 3, at(2)), v3(400));
        // Its last advert was 16 s ago.
        assert_eq!(learning.follow(loser, v3(100), 3, at(17)), v3(100));
        assert_eq!(learning.follow(winner, v3(400), 3, at(18)), v3(400));
        learning.released(winner.1);
        assert_eq!(learning.follow(loser, v3(100), 3, at(19)), v3(100));
    }

    #[test]
    fn a_leader_that_changes_its_own_interval_or_priority_is_followed() {
        let address = ip("192.0.2.2");
        let now = Monotonic::from_micros(0);
        let mut learning = Learning::default();
        assert_eq!(learning.follow((200, address), v3(400), 3, now), v3(400));
        assert_eq!(learning.follow((100, address), v3(10), 3, now), v3(10));
    }

    #[test]
    fn a_tenth_of_a_second_learns_a_whole_one_at_once() {
        let from = "192.0.2.2".parse().unwrap();
        let learned = Learning::default().learn(v3(10), from, v3(100), Monotonic::from_micros(0));
        assert_eq!(
            learned,
            Learned {
                interval: v3(100),
                capped: false
            }
        );
    }
}

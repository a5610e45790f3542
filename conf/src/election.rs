//! Times of an election, for those who reckon with a configuration without running it. The VRRP
//! child has its own timers, which its tests compare with the same sections of the RFCs.

use crate::model::{EffectivePriority, Micros, Version, VirtualRouter, VrrpInstance, Weight};

/// Priority and weight steps of a skew.
const STEPS: u64 = 256;

/// Skew_Time: version 3 ((256 - priority) * interval) / 256 (RFC 9568 section 6.1), version 2
/// (256 - priority) / 256 seconds (RFC 3768 section 6.1).
pub(crate) fn skew(router: &VirtualRouter, priority: u8) -> Micros {
    let steps = STEPS.saturating_sub(u64::from(priority));
    let unit = match router.version {
        Version::V2 => Micros::from_secs(1),
        Version::V3 => router.advert_int.micros(),
    };
    Micros::new(unit.get().saturating_mul(steps) / STEPS)
}

/// The longest time in which a peer takes over from a router that releases its addresses with
/// priority 0: the skew of the least priority, 1.
pub(crate) fn longest_skew(router: &VirtualRouter) -> Micros {
    skew(router, 1)
}

/// Time without an advert until a BACKUP is MASTER.
pub(crate) fn down_interval(router: &VirtualRouter, priority: u8) -> Micros {
    let adverts = u64::from(router.down_timer_adverts);
    let silence = router.advert_int.micros().times(adverts);
    silence.plus(skew(router, priority))
}

/// What a tracker adds to the priority.
pub(crate) fn contribution(weight: Weight, reverse: bool, good: bool) -> i32 {
    let weight = i32::from(weight.get());
    let counts = (weight > 0) == good;
    match (counts, reverse) {
        (false, _) => 0,
        (true, false) => weight,
        (true, true) => weight.saturating_neg(),
    }
}

/// The weights of all trackers of an instance, with their directions. Files are not among them: what
/// they add is their number, which is not known here.
pub(crate) fn weights(instance: &VrrpInstance) -> impl Iterator<Item = (Weight, bool)> {
    let (router, others) = (&instance.router, &instance.trackers);
    let interfaces = router
        .track_interfaces
        .iter()
        .map(|t| (t.weight, t.reverse));
    let scripts = router.track_scripts.iter().map(|t| (t.weight, t.reverse));
    let processes = others.processes.iter().map(|t| (t.weight, t.reverse));
    let bfds = others.bfds.iter().map(|t| (t.weight, t.reverse));
    interfaces.chain(scripts).chain(processes).chain(bfds)
}

/// What all weights make while all trackers are good, or while none is.
pub(crate) fn sum(instance: &VrrpInstance, good: bool) -> i32 {
    weights(instance)
        .map(|(weight, reverse)| contribution(weight, reverse, good))
        .fold(0, i32::saturating_add)
}

/// The priority on the wire while all trackers are good, or while none is.
pub(crate) fn effective(instance: &VrrpInstance, good: bool) -> u8 {
    let sum = sum(instance, good);
    EffectivePriority::new(instance.router.priority, sum).get()
}

/// True where something is tracked whose failure is a FAULT.
pub(crate) fn has_hard_tracker(instance: &VrrpInstance) -> bool {
    weights(instance).any(|(weight, _)| weight.get() == 0)
}

/// A length of time for people: two digits are enough, rounded up so that it is never less.
pub(crate) fn about(time: Micros) -> String {
    const TENTH: u64 = 100_000;
    if time.get() < TENTH {
        let millis = time.get().div_ceil(1_000);
        return format!("{millis} ms");
    }
    Micros::new(time.get().div_ceil(TENTH).saturating_mul(TENTH)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(number: i16) -> Weight {
        Weight::try_from(number).unwrap()
    }

    #[test]
    fn a_tracker_adds_while_good_or_takes_away_while_bad() {
        let table = [
            (4, false, true, 4),
            (4, false, false, 0),
            (-4, false, true, 0),
            (-4, false, false, -4),
            (4, true, true, -4),
            (4, true, false, 0),
            (-4, true, true, 0),
            (-4, true, false, 4),
        ];
        for (number, reverse, good, sum) in table {
            assert_eq!(contribution(weight(number), reverse, good), sum);
        }
    }

    #[test]
    fn times_are_told_rounded_up() {
        assert_eq!(about(Micros::new(3_609_375)), "3.7 s");
        assert_eq!(about(Micros::new(3_600_000)), "3.6 s");
        assert_eq!(about(Micros::new(30_100)), "31 ms");
    }
}

//! When a script is due. The points lie on a grid, so that a late start does not shift all later
//! ones, and a pause of the machine does not end in a burst.

use holdfast_ipc::config::model::Micros;
use holdfast_ipc::time::Monotonic;

/// Longest distance between the first runs of two neighbours. Many scripts are spread over their
/// interval; a few start nearly at once, since instances wait for their first result.
const STEP: Micros = Micros::from_millis(5);

/// The grid of one script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    next: Monotonic,
    interval: Micros,
}

impl Schedule {
    /// Due first at `first`, and then every `interval`.
    pub(crate) const fn new(first: Monotonic, interval: Micros) -> Self {
        Self {
            next: first,
            interval,
        }
    }

    /// The next point.
    pub(crate) const fn next(&self) -> Monotonic {
        self.next
    }

    /// True when a point has come.
    pub(crate) fn is_due(&self, now: Monotonic) -> bool {
        now >= self.next
    }

    /// Goes on to the first point behind `now`.
    pub(crate) fn advance(&mut self, now: Monotonic) {
        let passed = now.since(self.next).get();
        let steps = passed.checked_div(self.interval.get()).unwrap_or(0);
        let span = self.interval.times(steps.saturating_add(1));
        self.next = self.next.after(span);
    }

    /// Takes another interval; the next run is at most that far away.
    pub(crate) fn change_interval(&mut self, now: Monotonic, interval: Micros) {
        self.interval = interval;
        self.next = self.next.min(now.after(interval));
    }
}

/// How long the script at `index` of `count` waits with its first run.
pub(crate) fn offset(index: usize, count: usize, interval: Micros) -> Micros {
    let index = u64::try_from(index).unwrap_or(u64::MAX);
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let even = interval.times(index).get().checked_div(count).unwrap_or(0);
    Micros::new(even).min(STEP.times(index))
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers in tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Micros = Micros::from_millis(1);

    #[test]
    fn three_scripts_start_within_ten_milliseconds() {
        let offsets: Vec<_> = (0..3)
            .map(|index| offset(index, 3, Micros::from_secs(1)))
            .collect();
        assert_eq!(offsets, [Micros::ZERO, MS.times(5), MS.times(10)]);
    }

    #[test]
    fn a_pause_of_the_machine_skips_points_instead_of_making_a_burst() {
        let mut schedule = Schedule::new(Monotonic::from_micros(0), Micros::from_secs(1));
        schedule.advance(Monotonic::from_micros(30_400_000));
        assert_eq!(schedule.next(), Monotonic::from_micros(31_000_000));
    }

    #[test]
    fn a_shorter_interval_brings_the_next_run_nearer() {
        let mut schedule = Schedule::new(Monotonic::from_micros(60_000_000), Micros::from_secs(60));
        schedule.change_interval(Monotonic::from_micros(1_000_000), Micros::from_secs(2));
        assert_eq!(schedule.next(), Monotonic::from_micros(3_000_000));
    }

    proptest! {
        #[test]
        fn offsets_stay_inside_the_interval_and_grow(
            count in 1_usize..3000,
            interval in 1_000_u64..100_000_000,
        ) {
            let interval = Micros::new(interval);
            let mut last = Micros::ZERO;
            for index in 0..count {
                let this = offset(index, count, interval);
                prop_assert!(this < interval);
                prop_assert!(this >= last);
                last = this;
            }
        }

        #[test]
        fn advancing_lands_on_the_grid_behind_now_and_not_a_whole_interval_later(
            first in 0_u64..1_000_000,
            interval in 1_u64..10_000_000,
            late in 0_u64..100_000_000,
        ) {
            let now = Monotonic::from_micros(first + late);
            let mut schedule = Schedule::new(Monotonic::from_micros(first), Micros::new(interval));
            schedule.advance(now);
            let next = schedule.next();
            prop_assert!(next > now);
            prop_assert!(next.since(now) <= Micros::new(interval));
            prop_assert_eq!((next.micros() - first) % interval, 0);
        }
    }
}

//! Base priority and trackers to the priority that goes on the wire.

use holdfast_ipc::config::model::{EffectivePriority, Priority};

/// The owner that hears another owner goes below it by one (`9568-7.1-08`).
const BELOW_OWNER: i32 = -1;

/// Base plus the sum of the trackers, clamped to 1..=254; the owner is untouched
/// (`9568-5.2.4-02`), unless it had to give way to another owner.
pub(crate) fn effective(base: Priority, trackers: i32, gave_way: bool) -> EffectivePriority {
    if gave_way && base.is_owner() {
        let below = i32::from(Priority::OWNER.get())
            .saturating_sub(i32::from(Priority::DEFAULT.get()))
            .saturating_add(BELOW_OWNER);
        return EffectivePriority::new(Priority::DEFAULT, below);
    }
    EffectivePriority::new(base, trackers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(base: u8, trackers: i32, gave_way: bool) -> u8 {
        effective(Priority::try_from(base).unwrap(), trackers, gave_way).get()
    }

    #[test]
    fn trackers_never_make_0_or_255_9568_5_2_4_02() {
        assert_eq!(of(100, -200, false), 1);
        assert_eq!(of(100, 400, false), 254);
        assert_eq!(of(100, 4, false), 104);
    }

    #[test]
    fn the_owner_is_untouched_by_trackers() {
        assert_eq!(of(255, -200, false), 255);
    }

    #[test]
    fn an_owner_that_gives_way_has_254_and_others_are_not_concerned() {
        assert_eq!(of(255, 0, true), 254);
        assert_eq!(of(100, 0, true), 100);
    }
}

//! Tracked scripts and interfaces: what they add to the priority, and what makes a FAULT.

use crate::interfaces::Interfaces;
use holdfast_ipc::config::model::{ScriptName, VirtualRouter, Weight};
use holdfast_ipc::state::{Cause, ScriptState, Verdict};
use std::collections::BTreeMap;

/// Newest verdict of each script.
pub(crate) type Verdicts = BTreeMap<ScriptName, Verdict>;

/// What the trackers of one virtual router say together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Sum of the weights.
    pub(crate) sum: i32,
    /// The first that has weight 0 and fails.
    pub(crate) fault: Option<Cause>,
    /// The first script with weight 0 that has no verdict yet.
    pub(crate) unknown: Option<ScriptName>,
}

impl Standing {
    pub(crate) fn of(router: &VirtualRouter, net: &Interfaces, verdicts: &Verdicts) -> Self {
        let mut standing = Self::default();
        for track in &router.track_interfaces {
            let good = net.usable(&track.interface);
            standing.add(track.weight, track.reverse, good, || {
                Cause::TrackedInterfaceDown {
                    interface: track.interface.clone(),
                }
            });
        }
        for track in &router.track_scripts {
            match verdicts.get(&track.script) {
                Some(verdict) => {
                    let good = verdict.state == ScriptState::Ok;
                    standing.add(track.weight, track.reverse, good, || Cause::ScriptFailed {
                        script: track.script.clone(),
                        detail: verdict.detail.clone(),
                    });
                }
                // Without a verdict a weight adds nothing.
                None if track.weight.get() == 0 => {
                    standing.unknown.get_or_insert_with(|| track.script.clone());
                }
                None => {}
            }
        }
        standing
    }

    fn add(&mut self, weight: Weight, reverse: bool, good: bool, cause: impl FnOnce() -> Cause) {
        if weight.get() == 0 {
            if good == reverse {
                self.fault.get_or_insert_with(cause);
            }
            return;
        }
        self.sum = self.sum.saturating_add(contribution(weight, reverse, good));
    }
}

/// A positive weight counts while it is good, a negative one while it is not; `reverse` flips the
/// sign of what is counted.
fn contribution(weight: Weight, reverse: bool, good: bool) -> i32 {
    let weight = i32::from(weight.get());
    let counted = if (weight > 0) == good { weight } else { 0 };
    if reverse {
        counted.saturating_neg()
    } else {
        counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contributions_are_those_of_keepalived() {
        let table = [
            // weight, reverse, while good, while not
            (20, false, 20, 0),
            (-20, false, 0, -20),
            (20, true, -20, 0),
            (-20, true, 0, 20),
        ];
        for (weight, reverse, good, bad) in table {
            let weight = Weight::try_from(weight).unwrap();
            assert_eq!(
                (
                    contribution(weight, reverse, true),
                    contribution(weight, reverse, false)
                ),
                (good, bad),
                "weight {weight} reverse {reverse}"
            );
        }
    }

    #[test]
    fn weight_0_is_a_fault_while_it_fails_and_reversed_while_it_is_good() {
        for (reverse, good, fault) in [
            (false, true, false),
            (false, false, true),
            (true, true, true),
            (true, false, false),
        ] {
            let mut standing = Standing::default();
            let weight = Weight::try_from(0).unwrap();
            standing.add(weight, reverse, good, || Cause::Owner);
            assert_eq!(
                standing.fault.is_some(),
                fault,
                "reverse {reverse} good {good}"
            );
        }
    }
}

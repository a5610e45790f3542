//! A reload: prepare everywhere, then commit everywhere, or give up everywhere.

use std::collections::BTreeSet;

/// What has to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<C> {
    /// Nothing; answers are missing, or none is under way.
    Wait,
    /// All accepted: `Commit` to these, in this order.
    Commit(Vec<C>),
    /// It is given up: `Abort` to these; the running configuration stays.
    Abort {
        /// Who was asked to prepare.
        tell: Vec<C>,
        /// Why, for the operator.
        reason: String,
    },
    /// All children run the new configuration.
    Complete,
}

/// The state of the reload. `C` names a child; children are asked in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reload<C> {
    state: State<C>,
    again: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State<C> {
    Idle,
    Preparing {
        waiting: BTreeSet<C>,
        prepared: BTreeSet<C>,
    },
    Aborting {
        waiting: BTreeSet<C>,
    },
    Committing {
        waiting: BTreeSet<C>,
    },
}

impl<C: Ord + Clone> Default for Reload<C> {
    fn default() -> Self {
        Self {
            state: State::Idle,
            again: false,
        }
    }
}

impl<C: Ord + Clone> Reload<C> {
    /// Somebody wants a reload. It is remembered; any number of wishes while one is under way make
    /// one more.
    pub const fn request(&mut self) {
        self.again = true;
    }

    /// True, once, when a reload is wished for and none is under way.
    pub fn take_request(&mut self) -> bool {
        let start = self.again && matches!(self.state, State::Idle);
        if start {
            self.again = false;
        }
        start
    }

    /// True while answers are waited for.
    pub const fn is_under_way(&self) -> bool {
        !matches!(self.state, State::Idle)
    }

    /// True while `Commit` was sent and this child has not switched.
    pub fn is_committing(&self, child: &C) -> bool {
        matches!(&self.state, State::Committing { waiting } if waiting.contains(child))
    }

    /// A good configuration was read and these children were asked to prepare it.
    #[must_use]
    pub fn begin(&mut self, children: BTreeSet<C>) -> Step<C> {
        self.state = State::Preparing {
            waiting: children,
            prepared: BTreeSet::new(),
        };
        self.settle()
    }

    /// A child accepted, or answered behind an abort.
    #[must_use]
    pub fn prepared(&mut self, child: &C) -> Step<C> {
        match &mut self.state {
            State::Preparing { waiting, prepared } => {
                if let Some(child) = waiting.take(child) {
                    prepared.insert(child);
                }
            }
            State::Aborting { waiting } => {
                waiting.remove(child);
            }
            State::Idle | State::Committing { .. } => {}
        }
        self.settle()
    }

    /// A child refused.
    #[must_use]
    pub fn refused(&mut self, child: &C, reason: String) -> Step<C> {
        self.give_up(child, reason)
    }

    /// A child died, was killed or did not answer. It is started again with the configuration that
    /// is valid then.
    #[must_use]
    pub fn died(&mut self, child: &C, reason: String) -> Step<C> {
        if let State::Committing { waiting } = &mut self.state {
            // A commit cannot be refused: its successor starts with the new configuration.
            waiting.remove(child);
            return self.settle();
        }
        self.give_up(child, reason)
    }

    /// A child switched.
    #[must_use]
    pub fn committed(&mut self, child: &C) -> Step<C> {
        if let State::Committing { waiting } = &mut self.state {
            waiting.remove(child);
        }
        self.settle()
    }

    fn give_up(&mut self, child: &C, reason: String) -> Step<C> {
        match &mut self.state {
            State::Preparing { waiting, prepared } => {
                waiting.remove(child);
                prepared.remove(child);
                let tell = waiting.union(prepared).cloned().collect();
                let waiting = std::mem::take(waiting);
                self.state = State::Aborting { waiting };
                self.drop_empty_abort();
                Step::Abort { tell, reason }
            }
            State::Aborting { waiting } => {
                waiting.remove(child);
                self.drop_empty_abort();
                Step::Wait
            }
            State::Idle | State::Committing { .. } => Step::Wait,
        }
    }

    fn drop_empty_abort(&mut self) {
        if matches!(&self.state, State::Aborting { waiting } if waiting.is_empty()) {
            self.state = State::Idle;
        }
    }

    fn settle(&mut self) -> Step<C> {
        match &mut self.state {
            State::Preparing { waiting, prepared } if waiting.is_empty() => {
                let waiting = std::mem::take(prepared);
                if waiting.is_empty() {
                    self.state = State::Idle;
                    return Step::Complete;
                }
                let children = waiting.iter().cloned().collect();
                self.state = State::Committing { waiting };
                Step::Commit(children)
            }
            State::Committing { waiting } if waiting.is_empty() => {
                self.state = State::Idle;
                Step::Complete
            }
            State::Aborting { .. } => {
                self.drop_empty_abort();
                Step::Wait
            }
            State::Idle | State::Preparing { .. } | State::Committing { .. } => Step::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under_way() -> Reload<u8> {
        let mut reload = Reload::default();
        reload.request();
        assert!(reload.take_request());
        assert_eq!(reload.begin([1, 2].into()), Step::Wait);
        reload
    }

    fn abort(tell: &[u8], reason: &str) -> Step<u8> {
        Step::Abort {
            tell: tell.to_vec(),
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn all_prepare_then_all_commit() {
        let mut reload = under_way();
        assert_eq!(reload.prepared(&2), Step::Wait);
        assert_eq!(reload.prepared(&1), Step::Commit(vec![1, 2]));
        assert_eq!(reload.committed(&1), Step::Wait);
        assert_eq!(reload.committed(&2), Step::Complete);
        assert!(!reload.is_under_way());
    }

    #[test]
    fn a_refusal_aborts_everywhere_and_late_answers_are_waited_for() {
        let mut reload = under_way();
        assert_eq!(
            reload.refused(&1, "no eth9".to_owned()),
            abort(&[2], "no eth9")
        );
        assert!(reload.is_under_way());
        assert_eq!(reload.prepared(&2), Step::Wait);
        assert!(!reload.is_under_way());
    }

    #[test]
    fn a_refusal_behind_an_acceptance_aborts_the_one_that_accepted() {
        let mut reload = under_way();
        assert_eq!(reload.prepared(&1), Step::Wait);
        assert_eq!(reload.refused(&2, "no".to_owned()), abort(&[1], "no"));
        assert!(!reload.is_under_way());
    }

    #[test]
    fn two_refusals_abort_once() {
        let mut reload = under_way();
        assert_eq!(reload.refused(&1, "a".to_owned()), abort(&[2], "a"));
        assert_eq!(reload.refused(&2, "b".to_owned()), Step::Wait);
        assert!(!reload.is_under_way());
    }

    #[test]
    fn a_death_while_preparing_aborts_everywhere() {
        let mut reload = under_way();
        assert_eq!(reload.died(&2, "died".to_owned()), abort(&[1], "died"));
        assert_eq!(reload.died(&1, "died".to_owned()), Step::Wait);
        assert!(!reload.is_under_way());
    }

    #[test]
    fn a_death_while_committing_counts_as_committed() {
        let mut reload = under_way();
        let _ = reload.prepared(&1);
        let _ = reload.prepared(&2);
        assert!(reload.is_committing(&1) && reload.is_committing(&2));
        assert_eq!(reload.died(&1, "died".to_owned()), Step::Wait);
        assert!(!reload.is_committing(&1) && reload.is_committing(&2));
        assert_eq!(reload.committed(&2), Step::Complete);
    }

    #[test]
    fn a_storm_of_wishes_makes_one_more_reload() {
        let mut reload = under_way();
        for _ in 0..1_000 {
            reload.request();
            assert!(!reload.take_request());
        }
        let _ = reload.prepared(&1);
        let _ = reload.prepared(&2);
        let _ = reload.committed(&1);
        let _ = reload.committed(&2);
        assert!(reload.take_request());
        assert!(!reload.take_request());
    }

    #[test]
    fn without_children_a_reload_is_complete_at_once() {
        let mut reload = Reload::<u8>::default();
        assert_eq!(reload.begin(BTreeSet::new()), Step::Complete);
    }

    #[test]
    fn answers_and_deaths_while_idle_change_nothing() {
        let mut reload = Reload::<u8>::default();
        assert_eq!(reload.prepared(&1), Step::Wait);
        assert_eq!(reload.committed(&1), Step::Wait);
        assert_eq!(reload.refused(&1, "x".to_owned()), Step::Wait);
        assert_eq!(reload.died(&1, "x".to_owned()), Step::Wait);
        assert_eq!(reload, Reload::default());
    }
}

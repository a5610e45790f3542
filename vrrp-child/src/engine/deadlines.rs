//! The next deadline of each virtual router, and the first of all.

use super::outbox::Slot;
use holdfast_ipc::time::Monotonic;
use std::collections::BTreeSet;

/// Deadlines in their order.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    queue: BTreeSet<(Monotonic, Slot)>,
    of: Vec<Option<Monotonic>>,
}

impl Deadlines {
    pub(super) fn set(&mut self, slot: Slot, deadline: Option<Monotonic>) {
        if self.of.len() <= slot {
            self.of.resize(slot.saturating_add(1), None);
        }
        let Some(known) = self.of.get_mut(slot) else {
            return;
        };
        if *known == deadline {
            return;
        }
        if let Some(before) = std::mem::replace(known, deadline) {
            self.queue.remove(&(before, slot));
        }
        if let Some(deadline) = deadline {
            self.queue.insert((deadline, slot));
        }
    }

    pub(super) fn next(&self) -> Option<Monotonic> {
        self.queue.first().map(|(deadline, _)| *deadline)
    }

    /// Appends all whose deadline has come, the most overdue first.
    pub(super) fn due(&self, now: Monotonic, slots: &mut Vec<Slot>) {
        let due = self
            .queue
            .iter()
            .take_while(|(deadline, _)| *deadline <= now);
        slots.extend(due.map(|(_, slot)| *slot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> Option<Monotonic> {
        Some(Monotonic::from_micros(micros))
    }

    #[test]
    fn the_first_deadline_is_next_and_each_router_has_one() {
        let mut deadlines = Deadlines::default();
        deadlines.set(0, at(30));
        deadlines.set(2, at(10));
        deadlines.set(1, at(20));
        deadlines.set(2, at(40));
        assert_eq!(deadlines.next(), at(20));
        let mut due = Vec::new();
        deadlines.due(Monotonic::from_micros(30), &mut due);
        assert_eq!(due, [1, 0]);
        deadlines.set(1, None);
        deadlines.set(0, None);
        assert_eq!(deadlines.next(), at(40));
    }
}

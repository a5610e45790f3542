//! Life signs of a child: asked for at a fixed pace, missed after a fixed time.

use holdfast_ipc::config::model::Micros;
use holdfast_ipc::time::Monotonic;

/// Time between two questions.
pub const PING_INTERVAL: Micros = Micros::from_millis(250);
/// A question that is not answered for that long means that the child hangs.
pub const PONG_LIMIT: Micros = Micros::from_millis(1_000);

/// When we ourselves were not on a processor for that long, a child may have been off as well: the
/// machine was suspended, or it is short of time. Its second begins anew.
const OWN_STALL: Micros = Micros::from_millis(600);

/// A child that wants a processor and gets none, or that the kernel holds, is no better off when it
/// is replaced: its successor would wait as well. It is left alone that much longer; a peer takes
/// over meanwhile, and it steps back by itself when it runs again.
pub const PATIENCE: Micros = Micros::from_millis(4_000);
/// Time between two looks at such a child.
pub const LOOK_AGAIN: Micros = Micros::from_millis(250);

/// The life signs of one child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    sequence: u64,
    next_ping: Monotonic,
    /// The oldest question without an answer: its number and when it was asked.
    open: Option<(u64, Monotonic)>,
    last_sign: Monotonic,
    last_tick: Monotonic,
    /// When a child that is held up is looked at again.
    look_at: Option<Monotonic>,
}

/// What the clock asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// Nothing yet.
    Quiet,
    /// Ask.
    Ping {
        /// Number of the question.
        sequence: u64,
    },
    /// It hangs.
    Hung {
        /// When it gave the last life sign.
        since: Monotonic,
    },
}

impl Heartbeat {
    /// Begins with a child that has just given a life sign.
    pub const fn new(now: Monotonic) -> Self {
        Self {
            sequence: 0,
            next_ping: now,
            open: None,
            last_sign: now,
            last_tick: now,
            look_at: None,
        }
    }

    /// Looks at the clock. Answers that came before have to be reported first. `held_up` says
    /// whether a silent child cannot be blamed for it.
    #[must_use]
    pub fn tick(&mut self, now: Monotonic, held_up: impl FnOnce() -> bool) -> Beat {
        let stalled = now.since(self.last_tick) >= OWN_STALL;
        self.last_tick = now;
        if let Some((_, asked)) = &mut self.open
            && stalled
        {
            *asked = now;
        }
        if let Some((_, asked)) = self.open
            && self.is_given_up(now, asked, held_up)
        {
            return Beat::Hung {
                since: self.last_sign,
            };
        }
        if now < self.next_ping {
            return Beat::Quiet;
        }
        self.sequence = self.sequence.saturating_add(1);
        self.next_ping = now.after(PING_INTERVAL);
        self.open.get_or_insert((self.sequence, now));
        Beat::Ping {
            sequence: self.sequence,
        }
    }

    fn is_given_up(
        &mut self,
        now: Monotonic,
        asked: Monotonic,
        held_up: impl FnOnce() -> bool,
    ) -> bool {
        if now.since(asked) < PONG_LIMIT || self.look_at.is_some_and(|at| now < at) {
            return false;
        }
        self.look_at = Some(now.after(LOOK_AGAIN));
        now >= asked.after(PONG_LIMIT).after(PATIENCE) || !held_up()
    }

    /// An answer came. Answers to later questions answer the earlier ones too.
    pub fn pong(&mut self, sequence: u64, now: Monotonic) {
        self.last_sign = now;
        if self.open.is_some_and(|(open, _)| sequence >= open) {
            self.open = None;
            self.look_at = None;
        }
    }

    /// When `tick` is wanted next.
    pub fn deadline(&self) -> Monotonic {
        match self.open {
            Some((_, asked)) => {
                let look = self.look_at.unwrap_or_else(|| asked.after(PONG_LIMIT));
                self.next_ping.min(look)
            }
            None => self.next_ping,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Monotonic {
        Monotonic::from_micros(millis.saturating_mul(1_000))
    }

    #[test]
    fn a_child_that_answers_is_asked_every_quarter_of_a_second() {
        let mut heart = Heartbeat::new(at(0));
        for (turn, sequence) in (0..20).zip(1..) {
            let now = at(turn * 250);
            assert_eq!(heart.tick(now, || false), Beat::Ping { sequence });
            assert_eq!(heart.tick(now, || false), Beat::Quiet);
            heart.pong(sequence, now);
            assert_eq!(heart.deadline(), at((turn + 1) * 250));
        }
    }

    #[test]
    fn a_child_without_an_answer_for_a_second_hangs_since_its_last_sign() {
        let mut heart = Heartbeat::new(at(0));
        assert_eq!(heart.tick(at(0), || false), Beat::Ping { sequence: 1 });
        heart.pong(1, at(3));
        let beats = [250, 500, 750, 1_000, 1_249].map(|millis| heart.tick(at(millis), || false));
        assert_eq!(
            beats,
            [
                Beat::Ping { sequence: 2 },
                Beat::Ping { sequence: 3 },
                Beat::Ping { sequence: 4 },
                Beat::Ping { sequence: 5 },
                Beat::Quiet
            ]
        );
        assert_eq!(heart.deadline(), at(1_250));
        assert_eq!(heart.tick(at(1_250), || false), Beat::Hung { since: at(3) });
    }

    #[test]
    fn an_old_answer_is_a_sign_of_life_but_answers_no_later_question() {
        let mut heart = Heartbeat::new(at(0));
        let _ = heart.tick(at(0), || false);
        heart.pong(1, at(1));
        let _ = heart.tick(at(250), || false);
        heart.pong(1, at(260));
        let _ = heart.tick(at(800), || false);
        assert_eq!(
            heart.tick(at(1_250), || false),
            Beat::Hung { since: at(260) }
        );
    }

    #[test]
    fn a_child_is_not_blamed_for_the_time_in_which_we_did_not_run_either() {
        let mut heart = Heartbeat::new(at(0));
        let _ = heart.tick(at(0), || false);
        assert_eq!(heart.tick(at(30_000), || false), Beat::Ping { sequence: 2 });
        assert_eq!(heart.tick(at(30_500), || false), Beat::Ping { sequence: 3 });
        assert_eq!(heart.tick(at(30_999), || false), Beat::Ping { sequence: 4 });
        assert_eq!(
            heart.tick(at(31_000), || false),
            Beat::Hung { since: at(0) }
        );
    }

    #[test]
    fn a_late_answer_counts_when_it_is_reported_before_the_clock() {
        let mut heart = Heartbeat::new(at(0));
        let _ = heart.tick(at(0), || false);
        heart.pong(1, at(5_000));
        assert_eq!(heart.tick(at(5_000), || false), Beat::Ping { sequence: 2 });
    }

    #[test]
    fn a_child_that_is_held_up_is_left_alone_for_four_seconds_more_and_looked_at_again_and_again() {
        let mut heart = Heartbeat::new(at(0));
        let mut looks = Vec::new();
        let mut now = 0;
        let hung = loop {
            let beat = heart.tick(at(now), || {
                looks.push(now);
                true
            });
            if let Beat::Hung { since } = beat {
                break (now, since);
            }
            now += 50;
        };
        assert_eq!(hung, (5_000, at(0)));
        assert_eq!(
            looks,
            (0..16).map(|look| 1_000 + look * 250).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_child_that_is_held_up_no_more_and_still_silent_hangs() {
        let mut heart = Heartbeat::new(at(0));
        let _ = heart.tick(at(0), || false);
        let _ = heart.tick(at(500), || false);
        assert!(matches!(heart.tick(at(1_000), || true), Beat::Ping { .. }));
        assert_eq!(heart.deadline(), at(1_250));
        assert_eq!(heart.tick(at(1_250), || false), Beat::Hung { since: at(0) });
    }

    #[test]
    fn a_child_that_was_held_up_and_answers_begins_anew() {
        let mut heart = Heartbeat::new(at(0));
        let _ = heart.tick(at(0), || false);
        let _ = heart.tick(at(500), || false);
        let _ = heart.tick(at(1_000), || true);
        heart.pong(3, at(1_100));
        let _ = heart.tick(at(1_250), || false);
        assert_eq!(heart.deadline(), at(1_500));
        assert!(matches!(heart.tick(at(1_800), || false), Beat::Ping { .. }));
        assert_eq!(
            heart.tick(at(2_250), || false),
            Beat::Hung { since: at(1_100) }
        );
    }
}

//! Rate limits of log lines, and counters of what was rejected.

use crate::packet::Reject;
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::time::Monotonic;
use std::mem::discriminant;
use std::net::IpAddr;

/// Quiet time behind a line. It grows while the cause goes on: at most one line a second, and no
/// 86,400 lines a day for a password that differs.
const WINDOWS: [Micros; 3] = [
    Micros::from_secs(1),
    Micros::from_secs(10),
    Micros::from_secs(60),
];

/// Lets one line through, then counts until its window is over.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limiter {
    suppressed: u64,
    window: Option<Window>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    start: Monotonic,
    end: Monotonic,
    step: usize,
}

/// A line may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pass {
    /// So many were not written since the last line.
    pub(crate) suppressed: u64,
    /// Time since the last line.
    pub(crate) since: Micros,
}

impl Pass {
    /// Text behind the line.
    pub(crate) fn suffix(self) -> String {
        if self.suppressed == 0 {
            return String::new();
        }
        format!(" ({} more since {} ago)", self.suppressed, self.since)
    }
}

impl Limiter {
    /// Counts one; a pass where its line may be written.
    pub(crate) fn hit(&mut self, now: Monotonic) -> Option<Pass> {
        if self.window.is_some_and(|window| now < window.end) {
            self.suppressed = self.suppressed.saturating_add(1);
            return None;
        }
        Some(self.pass(now))
    }

    /// End of the window, where something was suppressed in it.
    pub(crate) fn due(&self) -> Option<Monotonic> {
        self.window
            .filter(|_| self.suppressed > 0)
            .map(|window| window.end)
    }

    /// A pass for what was suppressed, when the window is over.
    pub(crate) fn summary(&mut self, now: Monotonic) -> Option<Pass> {
        self.due().filter(|due| *due <= now)?;
        Some(self.pass(now))
    }

    fn pass(&mut self, now: Monotonic) -> Pass {
        let since = self
            .window
            .map_or(Micros::ZERO, |window| now.since(window.start));
        let step = self.next_step(now);
        let length = WINDOWS.get(step).copied().unwrap_or(Micros::from_secs(60));
        self.window = Some(Window {
            start: now,
            end: now.after(length),
            step,
        });
        Pass {
            suppressed: std::mem::take(&mut self.suppressed),
            since,
        }
    }

    /// One longer while it goes on; the first again after a quiet time as long as the window.
    fn next_step(&self, now: Monotonic) -> usize {
        match self.window {
            Some(window) if self.suppressed > 0 || now.since(window.end) < WINDOWS[0] => window
                .step
                .saturating_add(1)
                .min(WINDOWS.len().saturating_sub(1)),
            Some(_) | None => 0,
        }
    }
}

/// What happened to the packets of one cause.
#[derive(Clone, Copy, Debug)]
struct Cause {
    last: Reject,
    from: IpAddr,
    total: u64,
    limiter: Limiter,
}

/// Rejected packets by cause. There are as many entries as causes at most, whoever sends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rejections {
    causes: Vec<Cause>,
}

/// A line on rejected packets that may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rejected {
    /// Cause of the last one.
    pub(crate) reject: Reject,
    /// Its sender.
    pub(crate) from: IpAddr,
    /// Behind the line.
    pub(crate) pass: Pass,
}

impl Rejections {
    /// Counts one; where its line may be written, the pass for it.
    pub(crate) fn hit(&mut self, reject: Reject, from: IpAddr, now: Monotonic) -> Option<Rejected> {
        let known = self
            .causes
            .iter_mut()
            .find(|cause| discriminant(&cause.last) == discriminant(&reject));
        let Some(cause) = known else {
            return self.first(reject, from, now);
        };
        cause.last = reject;
        cause.from = from;
        cause.total = cause.total.saturating_add(1);
        let pass = cause.limiter.hit(now)?;
        Some(Rejected { reject, from, pass })
    }

    fn first(&mut self, reject: Reject, from: IpAddr, now: Monotonic) -> Option<Rejected> {
        let mut limiter = Limiter::default();
        let pass = limiter.hit(now);
        self.causes.push(Cause {
            last: reject,
            from,
            total: 1,
            limiter,
        });
        Some(Rejected {
            reject,
            from,
            pass: pass?,
        })
    }

    /// When `summary` is wanted.
    pub(crate) fn due(&self) -> Option<Monotonic> {
        self.causes
            .iter()
            .filter_map(|cause| cause.limiter.due())
            .min()
    }

    /// Takes one line for packets whose own lines were suppressed.
    pub(crate) fn summary(&mut self, now: Monotonic) -> Option<Rejected> {
        self.causes.iter_mut().find_map(|cause| {
            let pass = cause.limiter.summary(now)?;
            Some(Rejected {
                reject: cause.last,
                from: cause.from,
                pass,
            })
        })
    }

    /// Last packet and number of each cause.
    pub(crate) fn totals(&self) -> impl Iterator<Item = (Reject, u64)> + '_ {
        self.causes.iter().map(|cause| (cause.last, cause.total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Monotonic {
        Monotonic::from_micros(millis.saturating_mul(1_000))
    }

    #[test]
    fn a_flood_gives_at_most_one_line_a_second_and_loses_no_count() {
        let mut limiter = Limiter::default();
        let mut lines = Vec::new();
        for millis in 0..20_000 {
            if let Some(pass) = limiter.hit(at(millis)) {
                lines.push((millis, pass.suppressed));
            }
        }
        assert_eq!(lines, [(0, 0), (1_000, 999), (11_000, 9_999)]);
        assert_eq!(limiter.due(), Some(at(71_000)));
    }

    #[test]
    fn a_burst_is_summed_up_at_the_end_of_its_window() {
        let mut limiter = Limiter::default();
        for _ in 0..100 {
            limiter.hit(at(0));
        }
        assert_eq!(limiter.summary(at(999)), None);
        let pass = limiter.summary(at(1_000)).unwrap();
        assert_eq!(pass.suffix(), " (99 more since 1 s ago)");
        assert_eq!(limiter.due(), None);
    }

    #[test]
    fn after_a_quiet_time_the_first_window_is_short_again() {
        let mut limiter = Limiter::default();
        for millis in 0..3_000 {
            limiter.hit(at(millis));
        }
        assert!(limiter.summary(at(11_000)).is_some());
        assert!(limiter.hit(at(400_000)).is_some());
        assert!(limiter.hit(at(400_999)).is_none());
        assert!(limiter.hit(at(401_000)).is_some());
    }

    #[test]
    fn causes_are_counted_apart_and_senders_make_no_new_entries() {
        let mut rejections = Rejections::default();
        for host in 0..200_u8 {
            let from = IpAddr::from([192, 0, 2, host]);
            rejections.hit(Reject::Version(host), from, at(0));
            rejections.hit(Reject::Checksum, from, at(0));
        }
        let totals: Vec<_> = rejections.totals().collect();
        assert_eq!(
            totals,
            [(Reject::Version(199), 200), (Reject::Checksum, 200)]
        );
    }
}

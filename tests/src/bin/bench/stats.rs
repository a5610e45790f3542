//! Medians, and times as people read them.

use std::time::Duration;

/// Times of repeated runs.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    pub(crate) fn median(&self) -> Duration {
        self.0.get(self.0.len() / 2).copied().unwrap_or_default()
    }

    pub(crate) fn worst(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }
}

/// Microseconds below ten milliseconds, milliseconds above.
pub(crate) fn readable(time: Duration) -> String {
    let micros = time.as_micros();
    if micros >= 10_000 {
        format!("{} ms", time.as_millis())
    } else {
        let tenths = time.as_nanos() / 100;
        format!("{}.{} us", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_and_the_worst_the_last() {
        let times = Times::new([3, 1, 2].map(Duration::from_millis).to_vec());
        assert_eq!(
            (times.median(), times.worst()),
            (Duration::from_millis(2), Duration::from_millis(3))
        );
    }

    #[test]
    fn times_are_read_without_counting_zeros() {
        assert_eq!(readable(Duration::from_nanos(231_450)), "231.4 us");
        assert_eq!(readable(Duration::from_micros(12_900)), "12 ms");
    }
}

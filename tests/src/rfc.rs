//! What the RFCs allow, as formulas (RFC 3768 section 6.1, RFC 9568 section 6.1).

use std::time::Duration;

/// The skew time. VRRP 2 takes a fraction of one second, VRRP 3 of the master's interval.
pub fn skew(version: u8, interval: Duration, priority: u8) -> Duration {
    let base = if version == 2 {
        Duration::from_secs(1)
    } else {
        interval
    };
    base * (256 - u32::from(priority)) / 256
}

/// Silence after which a backup takes over: three intervals and the skew time.
pub fn master_down(version: u8, interval: Duration, priority: u8) -> Duration {
    interval * 3 + skew(version, interval, priority)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_those_of_the_table_in_the_rfcs() {
        let second = Duration::from_secs(1);
        let tenth = Duration::from_millis(100);
        assert_eq!(skew(2, second, 100), Duration::from_micros(609_375));
        assert_eq!(
            master_down(2, second, 254),
            Duration::from_nanos(3_007_812_500)
        );
        assert_eq!(
            master_down(3, tenth, 100),
            Duration::from_nanos(360_937_500)
        );
        assert_eq!(skew(3, tenth, 150), Duration::from_nanos(41_406_250));
    }
}

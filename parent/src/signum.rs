//! Names of the signals that the parent understands, for `--signum`.

/// Number of a signal by keepalived's name for it (keywords 8.2); none for a name that neither
/// keepalived nor we know. The numbers are those of Linux on every architecture that we build for.
pub fn number(name: &str) -> Option<i32> {
    SIGNALS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, number)| *number)
}

/// All names, for the error message.
pub fn names() -> String {
    let names: Vec<&str> = SIGNALS.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

/// SIGRTMIN as the C library counts: two are taken by its threads.
const RTMIN: i32 = 34;
const RTMAX: i32 = 64;

const STATS_CLEAR: i32 = RTMAX - 1;
const JSON: i32 = RTMIN + 2;

/// Those among them that end a process which does not catch them: a monitor that sends one must
/// not cause a failover.
pub const REAL_TIME: [i32; 2] = [STATS_CLEAR, JSON];

const SIGNALS: &[(&str, i32)] = &[
    ("STOP", 15),
    ("RELOAD", 1),
    ("DATA", 10),
    ("STATS", 12),
    ("STATS_CLEAR", STATS_CLEAR),
    ("JSON", JSON),
];

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn every_name_of_keepalived_has_keepalived_s_number() {
        let names = [
            "STOP",
            "RELOAD",
            "DATA",
            "STATS",
            "STATS_CLEAR",
            "JSON",
            "TDATA",
            "stop",
            "",
        ];
        assert_eq!(
            names.map(number),
            [
                Some(15),
                Some(1),
                Some(10),
                Some(12),
                Some(63),
                Some(36),
                None,
                None,
                None
            ]
        );
    }
}

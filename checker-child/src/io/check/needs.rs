//! What the checks of a configuration need from this machine, looked at before the first of them.

use super::socket;
use holdfast_ipc::log::{Level, LogRecord};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::fs;

/// Descriptors that conversations leave to everything else: pipes of scripts, the socket to the
/// parent, what a look into /proc opens.
const OTHERS: u64 = 256;

/// How many conversations can go on at once: as many as there are descriptors, which are raised as
/// far as this process may and needs.
pub(crate) fn in_flight(most: usize) -> usize {
    let wanted = u64::try_from(most)
        .unwrap_or(u64::MAX)
        .saturating_add(OTHERS);
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return most;
    };
    let raised = wanted.min(hard).max(soft);
    let limit = match setrlimit(Resource::RLIMIT_NOFILE, raised, hard) {
        Ok(()) => raised,
        Err(_) => soft,
    };
    usize::try_from(limit.saturating_sub(OTHERS))
        .unwrap_or(most)
        .clamp(1, most)
}

/// Ping sockets are open to some groups only: says once what to do where ours is none of them.
pub(crate) fn try_ping(v4: bool, v6: bool) -> Option<LogRecord> {
    let closed = |wanted: bool, is_ipv6: bool| wanted && socket::may_ping(is_ipv6) == Some(false);
    if !closed(v4, false) && !closed(v6, true) {
        return None;
    }
    let group = nix::unistd::getegid();
    let present = fs::read_to_string(PING_GROUP_RANGE).unwrap_or_default();
    let present = present.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = format!(
        "PING_CHECK cannot work, its servers count as down: group {group} of the checker may open \
         no ping socket. Let it by `sysctl -w net.ipv4.ping_group_range=\"{group} {group}\"`, or \
         a range with it (for IPv4 and IPv6; now it is \"{present}\")"
    );
    Some(LogRecord::new(Level::Error, text))
}

const PING_GROUP_RANGE: &str = "/proc/sys/net/ipv4/ping_group_range";

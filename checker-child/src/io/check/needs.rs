//! What the checks of a configuration need from this machine, looked at before the first of them.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

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

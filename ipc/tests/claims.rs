//! A length that a message only claims costs no memory. Alone in its process, whose memory it limits.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

use holdfast_ipc::message::{ParentToChecker, ParentToVrrp, VrrpToParent};
use holdfast_ipc::wire::{self, MAX_MESSAGE};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde::de::DeserializeOwned;

/// What the test may allocate beyond what its process has already.
const SPARE: u64 = 8 * 1024 * 1024;

/// Lets larger allocations fail, which ends the process.
fn limit_memory() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmSize:"));
    let kib: u64 = line
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let (_, hard) = getrlimit(Resource::RLIMIT_AS).unwrap();
    setrlimit(Resource::RLIMIT_AS, kib * 1024 + SPARE, hard).unwrap();
}

fn refuse<T: DeserializeOwned>(beginning: &[u8], length: u64) {
    let mut bytes = beginning.to_vec();
    // bincode's mark for a number of 8 bytes.
    bytes.push(253);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(b"and not much behind it");
    assert!(wire::decode::<T>(&bytes).is_err());
}

#[test]
fn a_claimed_length_is_refused_without_allocating_it() {
    limit_memory();
    let limit = u64::try_from(MAX_MESSAGE).unwrap();
    for length in [limit / 2, limit - 64, limit, limit + 1, 1 << 40, u64::MAX] {
        // A log line, a reason, the routers of a configuration, the words of a command.
        refuse::<VrrpToParent>(&[5, 2], length);
        refuse::<VrrpToParent>(&[9, 7], length);
        refuse::<ParentToVrrp>(&[5, 7], length);
        refuse::<ParentToChecker>(&[5, 7, 1, 1, b'x', 0], length);
    }
}

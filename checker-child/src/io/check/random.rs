//! Numbers that nobody outside can guess: identifiers of questions, bytes of datagrams.

use std::hash::{BuildHasher, RandomState};

/// A keyed hash (SipHash) of a counter; the kernel gave the key. No system call for each number.
pub(crate) struct Random {
    keys: RandomState,
    count: u64,
}

impl Random {
    /// With a new key.
    pub(crate) fn new() -> Self {
        Self {
            keys: RandomState::new(),
            count: 0,
        }
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.count = self.count.wrapping_add(1);
        self.keys.hash_one(self.count)
    }
}

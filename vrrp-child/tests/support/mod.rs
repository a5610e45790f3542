//! A private network namespace with a virtual cable, and the real child in it. The test plays the
//! parent.

#![expect(dead_code, reason = "each test file uses a part of it")]
#![expect(clippy::arithmetic_side_effects, reason = "times of tests are near")]

pub(crate) mod child;
pub(crate) mod config;
pub(crate) mod namespace;
pub(crate) mod peer;
pub(crate) mod wire;

pub(crate) use namespace::*;

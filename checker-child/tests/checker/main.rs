//! The real `holdfast-checker`, run as nobody by tests that play its parent.

#![cfg_attr(
    test,
    expect(
        clippy::arithmetic_side_effects,
        reason = "a test may panic on overflow"
    )
)]

#[cfg(test)]
mod crowd;
#[cfg(test)]
mod ends;
#[cfg(test)]
#[path = "../../src/io/filter.rs"]
mod filter;
#[cfg(test)]
mod filter_model;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod network;
#[cfg(test)]
mod parent;
#[cfg(test)]
mod runs;
#[cfg(test)]
mod sandbox;

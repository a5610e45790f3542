//! The real `holdfast-checker`, run as nobody by tests that play its parent.

#![cfg_attr(
    test,
    expect(
        clippy::arithmetic_side_effects,
        reason = "a test may panic on overflow"
    )
)]

#[cfg(test)]
mod harness;
#[cfg(test)]
mod runs;

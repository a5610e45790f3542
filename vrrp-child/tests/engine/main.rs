//! One engine at a time: a rule of the protocol or of keepalived's habits in each test.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test's numbers are small, and a failed assertion is its result"
)]

#[path = "../sim/mod.rs"]
mod sim;

mod addresses;
mod backup;
mod checkpoint;
mod environment;
mod flood;
mod garp;
mod master;
mod owner;
mod receive;
mod release;
mod reload;
mod sockets;
mod track;

//! The load balancer without a kernel: messages against what ipvsadm and keepalived sent, tables
//! against a model of the kernel.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod balancer;
mod bench;
mod kept;
mod looks;
mod model;
mod plan;
mod pool;
mod properties;
mod settings;
mod vectors;

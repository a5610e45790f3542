//! Generated parts of configurations that have no contradictions in them.

mod beside;
mod tracker;

pub(crate) use beside::{group, instance};
pub(crate) use tracker::{pick, pick_all, targets, unweighted};

//! The kernel's load balancer: what stands in its table, what should, and how the one becomes the
//! other.
//!
//! `table` names things, `plan` compares two tables, `codec` turns commands into messages of
//! generic netlink and reads the answers.

pub mod codec;
pub mod command;
pub mod plan;
pub mod table;

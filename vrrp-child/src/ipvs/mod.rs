//! The kernel's load balancer: what stands in its table, what should, and how the one becomes the
//! other.
//!
//! `pool` decides who is up and who answers, `desired` says it in the kernel's terms, `plan`
//! compares two tables, `slots` keeps the kernel's services at what is wanted of them, `codec` turns
//! commands into messages of generic netlink and reads the answers. `balancer` is the whole of it.

pub mod balancer;
pub mod codec;
pub mod command;
pub mod desired;
pub mod fault;
pub mod plan;
pub mod pool;
mod slots;
mod syncd;
pub mod table;
pub mod work;

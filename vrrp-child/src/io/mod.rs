//! Everything that touches the kernel. `run` is the whole life of the process.

mod clock;
mod confine;
mod error;
mod event_loop;
mod filter;
mod ipvs;
mod kernel;
mod netlink;
mod opening;
mod parent;
mod poller;
mod receivers;
mod signals;
mod socket;
mod startup;
#[cfg(test)]
mod tests;
mod transmit;

pub(crate) use error::describe;

use error::Fatal;
use event_loop::EventLoop;

/// Greets the parent, confines the process, runs until the end.
pub(crate) fn run() -> Result<(), Fatal> {
    match startup::prepare()? {
        Some(prepared) => EventLoop::new(prepared)?.run(),
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "../../tests/support"]
mod support {
    #![expect(dead_code, reason = "the tests of the whole child use the rest")]
    #![expect(clippy::arithmetic_side_effects, reason = "times of tests are near")]

    pub(super) mod config;
    pub(super) mod ipvs_kernel;
    pub(super) mod namespace;
    pub(super) mod wire;

    pub(super) use namespace::OURS;
}

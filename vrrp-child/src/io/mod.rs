//! Everything that touches the kernel. `run` is the whole life of the process.

mod clock;
mod confine;
mod error;
mod event_loop;
mod filter;
mod kernel;
mod netlink;
mod parent;
mod poller;
mod receivers;
mod signals;
mod socket;
mod startup;
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

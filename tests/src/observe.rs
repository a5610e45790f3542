//! The eyes of a laboratory: threads that write what they see into its timeline.

mod addresses;
mod wire;

pub use addresses::watch_addresses;
pub use wire::{PORT_BASE, watch_wire};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::{AsFd, OwnedFd};
use std::thread::JoinHandle;

/// A thread that watches until this value is dropped.
#[derive(Debug)]
pub struct Watcher {
    stop: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// From the writing end of the pipe that the thread waits on, and the thread.
    fn new(stop: OwnedFd, thread: JoinHandle<()>) -> Self {
        Self {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

/// Waits for input; false when the watcher is being dropped.
fn wait_for_input(input: impl AsFd, stop: impl AsFd) -> bool {
    let mut both = [
        PollFd::new(input.as_fd(), PollFlags::POLLIN),
        PollFd::new(stop.as_fd(), PollFlags::POLLIN),
    ];
    let polled = poll(&mut both, PollTimeout::NONE);
    polled == Err(nix::errno::Errno::EINTR)
        || polled.is_ok() && both[1].revents().is_none_or(|events| events.is_empty())
}

fn stop_pipe() -> (OwnedFd, OwnedFd) {
    nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).expect("a pipe can be made")
}

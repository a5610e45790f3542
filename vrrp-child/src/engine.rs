//! All virtual routers of this process, their trackers and timers: the single entry of the loop.

use crate::action::Action;
use crate::event::{Event, KernelState};
use holdfast_ipc::config::VrrpConfig;
use holdfast_ipc::message::VrrpStart;
use holdfast_ipc::time::Monotonic;

/// All virtual routers.
#[derive(Debug)]
pub struct Engine {}

impl Engine {
    /// Takes the configuration and the kernel's state. Nothing happens yet.
    pub fn new(_start: VrrpStart, _kernel: KernelState) -> Self {
        Self {}
    }

    /// `Go`: asks for its sockets, adopts or removes addresses, arms the timers.
    pub fn start(&mut self, _now: Monotonic, _actions: &mut Vec<Action>) {}

    /// Handles one event and appends what is to be done, in order.
    pub fn handle(&mut self, _now: Monotonic, _event: Event<'_>, _actions: &mut Vec<Action>) {}

    /// When `Event::TimerDue` is wanted next; none when nothing is armed. Ask again after every
    /// call of `start` and `handle`.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Monotonic> {
        None
    }

    /// Checks a new configuration without any effect: an interface that is newly named has to
    /// exist. The text says which instance and what to do.
    pub fn prepare(&self, _config: &VrrpConfig) -> Result<(), String> {
        Ok(())
    }
}

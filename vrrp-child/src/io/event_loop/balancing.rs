//! The load balancer's turn of the loop: one piece of work for the kernel, what the parent is told.

use super::EventLoop;
use crate::io::error::Fatal;
use holdfast_ipc::balance::CheckVerdict;
use holdfast_ipc::config::Generation;
use holdfast_ipc::config::model::Lvs;
use holdfast_ipc::message::{StartMode, VrrpStart, VrrpToParent};
use holdfast_ipc::time::Monotonic;
use holdfast_vrrp::event::{Event, KernelState};
use holdfast_vrrp::ipvs::balancer::Action;

impl EventLoop {
    /// A child that only releases leaves the kernel's table to the connections in it.
    pub(super) fn start_balancing(&mut self, start: VrrpStart, state: &KernelState) {
        let fresh = match start.mode {
            StartMode::Fresh => true,
            StartMode::Resume => false,
            StartMode::Release => return,
        };
        let mut actions = Vec::new();
        self.balancer.all_addresses(&state.addresses, &mut actions);
        let lvs = start.config.lvs;
        self.balancer.start(start.generation, lvs, fresh);
        self.tell(actions);
    }

    /// Switches to the pools that were prepared, and says so when that is done.
    pub(super) fn rebalance(&mut self, lvs: Lvs) {
        self.balancer.commit(self.generation, lvs);
        self.committing = true;
    }

    /// Everything is taken out of the kernel's table.
    pub(super) fn stop_balancing(&mut self) {
        let mut actions = Vec::new();
        self.balancer.stop(&mut actions);
        self.tell(actions);
    }

    pub(super) fn check_verdicts(&mut self, generation: Generation, verdicts: Vec<CheckVerdict>) {
        let mut actions = Vec::new();
        self.balancer.verdicts(generation, verdicts, &mut actions);
        self.tell(actions);
    }

    /// Addresses decide about `ha_suspend`.
    pub(super) fn note_addresses(&mut self, event: &Event<'_>) {
        let mut actions = Vec::new();
        match event {
            Event::AddressPresent(found) => {
                let (index, address) = (found.index, found.address);
                self.balancer.address(index, address, true, &mut actions);
            }
            Event::AddressGone { index, address, .. } => {
                self.balancer.address(*index, *address, false, &mut actions);
            }
            Event::LinkGone(index) => self.balancer.link_gone(*index, &mut actions),
            Event::Resync(state) => {
                self.balancer.all_addresses(&state.addresses, &mut actions);
            }
            Event::Advert(_)
            | Event::AddressesDone(_)
            | Event::LinkPresent(_)
            | Event::Reconfigure(_)
            | Event::SendFailed { .. }
            | Event::Stop
            | Event::TimerDue
            | Event::Verdict(_) => {}
        }
        self.tell(actions);
    }

    /// What became of a piece of work.
    pub(super) fn take_answer(&mut self, now: Monotonic) -> Result<(), Fatal> {
        if let Some(done) = self.ipvs.answer()? {
            let mut actions = Vec::new();
            self.balancer.done(now, done, &mut actions);
            self.tell(actions);
        }
        Ok(())
    }

    /// One piece: an advert that is due waits for no more of it than our own thoughts.
    pub(super) fn balance(&mut self, now: Monotonic) -> Result<(), Fatal> {
        if self.balancer.next_deadline().is_some_and(|at| at <= now) {
            self.balancer.timer_due(now);
        }
        let mut actions = Vec::new();
        if self.balancer.is_moving() {
            self.balancer.move_on(&mut actions);
            self.tell(actions);
        } else if let Some(work) = self.balancer.next_work() {
            self.ipvs.ask(work)?;
        }
        self.answer_commit();
        Ok(())
    }

    /// Behind all that is said about the old configuration.
    fn answer_commit(&mut self) {
        if self.committing && !self.balancer.is_moving() {
            self.committing = false;
            let generation = self.generation;
            self.parent.send(&VrrpToParent::Committed { generation });
        }
    }

    fn tell(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Log(record) => self.parent.log(record),
                Action::Held { address, held } => {
                    self.parent.send(&VrrpToParent::Held { address, held });
                }
                Action::Changed { generation, change } => {
                    self.parent
                        .send(&VrrpToParent::PoolChanged { generation, change });
                }
            }
        }
    }
}

//! A new configuration for a running virtual router: only what changed is touched.

use super::{Instance, State};
use crate::addresses::{self, Placed};
use crate::engine::outbox::Ctx;
use holdfast_ipc::config::model::VirtualRouter;
use holdfast_ipc::state::Cause;

impl Instance {
    /// Releases everything, so that a new instance of the same name can start.
    pub(crate) fn retire(&mut self, ctx: &mut Ctx<'_>) {
        match &self.state {
            State::Master(_) => {
                self.send_release(ctx);
                self.drop_addresses(ctx);
            }
            State::Init | State::Backup(_) | State::Fault(_) => {}
        }
        self.state = State::Init;
    }

    /// Begins in the place of a retired instance: what the parent knows of that one goes on.
    pub(crate) fn replace(&mut self, ctx: &mut Ctx<'_>, retired: &Self) {
        self.reported = retired.reported;
        self.ran = retired.ran;
        // Peers would take adverts that are numbered from 1 again for replays.
        self.ah = retired.ah;
        self.holding.own.clone_from(&retired.holding.own);
        self.holding.stuck.clone_from(&retired.holding.stuck);
        if !self.holding.stuck.is_empty() {
            self.setbacks.clean_up_later(ctx.now);
        }
        self.start(ctx, Cause::ConfigurationChanged);
    }

    /// Unchanged by a reload. One that waits for its next try with refused addresses tries at once:
    /// the operator may have removed the cause.
    pub(crate) fn retry(&mut self, ctx: &mut Ctx<'_>) {
        if self.setbacks.is_waiting() {
            self.setbacks.forget();
            self.environment(ctx, None);
        }
    }

    /// Takes a configuration over that needs no restart.
    pub(crate) fn reconfigure(&mut self, ctx: &mut Ctx<'_>, config: VirtualRouter) {
        let old = std::mem::replace(&mut self.config, config);
        if old.garp != self.config.garp {
            self.garp.resettled(&self.config.garp, ctx.now);
        }
        self.setbacks.forget();
        self.reschedule(ctx, &old);
        self.environment(ctx, Some("the configuration changed"));
        self.change_addresses(ctx, &old);
        self.start_new_owner(ctx);
    }

    /// Timers follow a new interval from where they were set.
    fn reschedule(&mut self, ctx: &Ctx<'_>, old: &VirtualRouter) {
        let interval = self.config.advert_int;
        match &self.state {
            State::Init | State::Fault(_) => {}
            State::Backup(backup) => {
                let unchanged = old.advert_int == interval
                    && old.down_timer_adverts == self.config.down_timer_adverts;
                if unchanged || backup.released.is_some() {
                    return;
                }
                let wait = self.down_interval(backup.learned.unwrap_or(interval));
                if let State::Backup(backup) = &mut self.state {
                    backup.down = backup.armed.after(wait).max(ctx.now);
                }
            }
            State::Master(_) => {
                if let State::Master(master) = &mut self.state {
                    let next = master.sent.after(interval.micros()).max(ctx.now);
                    master.next = master.next.min(next);
                }
            }
        }
    }

    /// Virtual addresses that are new are added by a MASTER and taken away by others; those that
    /// are not listed any more go. All others are not touched.
    fn change_addresses(&mut self, ctx: &mut Ctx<'_>, old: &VirtualRouter) {
        let own = self.address_index(ctx.net());
        let wanted: Vec<Placed> = addresses::placed(&self.config, own, ctx.net()).collect();
        match &self.state {
            State::Init | State::Backup(_) | State::Fault(_) => {
                let known: Vec<Placed> = addresses::placed(old, own, ctx.net()).collect();
                for placed in wanted.iter().filter(|placed| !known.contains(placed)) {
                    self.sweep_address(ctx, placed);
                }
            }
            State::Master(_) => self.change_held(ctx, wanted),
        }
    }

    fn change_held(&mut self, ctx: &mut Ctx<'_>, wanted: Vec<Placed>) {
        let gone: Vec<Placed> = self
            .holding
            .held
            .extract_if(.., |held| !wanted.contains(&held.placed))
            .map(|held| held.placed)
            .collect();
        for placed in &gone {
            self.drop_address(ctx, placed);
        }
        for placed in wanted {
            if !self.holding.held.iter().any(|held| held.placed == placed) {
                self.take_address(ctx, placed, false);
            }
        }
    }

    /// A BACKUP that is the owner now is MASTER at once (`9568-1.7-04`).
    fn start_new_owner(&mut self, ctx: &mut Ctx<'_>) {
        match &self.state {
            State::Backup(_) if self.effective.is_owner() => {
                self.become_master(ctx, Cause::Owner, false);
            }
            State::Backup(_) | State::Init | State::Master(_) | State::Fault(_) => {}
        }
    }
}

//! The transitions, one function each.

use super::{Backup, Instance, Master, State};
use crate::action::Action;
use crate::engine::outbox::Ctx;
use crate::packet::Advert;
use crate::packet::WireInterval;
use crate::text;
use holdfast_ipc::config::model::{AdvertInterval, Micros};
use holdfast_ipc::log::Level;
use holdfast_ipc::state::{Cause, StateChange, VrrpState};
use std::net::IpAddr;

impl Instance {
    /// First start: what a predecessor left is taken away before BACKUP (`9568-6.4.2-05`).
    pub(crate) fn start(&mut self, ctx: &mut Ctx<'_>, cause: Cause) {
        let obstacle = self.look_around(ctx);
        self.note_own(ctx);
        if !(self.config.priority.is_owner() && obstacle.is_none()) {
            self.sweep(ctx);
        }
        match obstacle {
            None => self.startup(ctx, cause),
            Some(cause) => self.hold_back(ctx, cause, " (init)"),
        }
    }

    /// Initialize, Startup (RFC 9568 section 6.4.1): the owner is MASTER at once
    /// (`9568-6.4.1-02`..`-06`), all others are BACKUP whatever `state` says (`9568-6.4.1-07`..`-09`).
    pub(super) fn startup(&mut self, ctx: &mut Ctx<'_>, cause: Cause) {
        if self.effective.is_owner() {
            self.become_master(ctx, Cause::Owner, true);
        } else {
            self.enter_backup(ctx, cause, " (init)");
        }
    }

    /// Initialize or FAULT to BACKUP with a full Active_Down_Timer of the own interval.
    pub(super) fn enter_backup(&mut self, ctx: &mut Ctx<'_>, cause: Cause, how: &str) {
        let wait = self.down_interval(self.config.advert_int);
        self.arm_backup(ctx, wait);
        self.announce(ctx, cause, how);
    }

    fn arm_backup(&mut self, ctx: &Ctx<'_>, wait: Micros) {
        self.ran = true;
        self.state = State::Backup(Backup {
            armed: ctx.now,
            down: ctx.now.after(wait),
            learned: None,
            preempt_from: None,
            master: None,
            released: None,
            lower: None,
            grace: false,
        });
    }

    /// Backup to Active (RFC 9568 section 6.4.2, Active_Down_Timer fired): the advert goes first
    /// (`9568-6.4.2-08`), then the addresses; Adver_Timer runs with the own interval
    /// (`9568-6.4.2-12`). It counts as MASTER when the addresses are there (`9568-6.4.2-13`).
    pub(super) fn become_master(&mut self, ctx: &mut Ctx<'_>, cause: Cause, adopt: bool) {
        self.ran = true;
        self.gave_way = false;
        self.refresh_priority(ctx, Some("the other owner is silent"));
        self.ah.enter_master();
        self.learning.lead();
        self.state = State::Master(Master {
            next: ctx.now.after(self.config.advert_int.micros()),
            sent: ctx.now,
            pending: Some(cause),
            answer_from: ctx.now,
            release_answer_from: ctx.now,
            rival: None,
        });
        self.send_advert(ctx);
        self.take_addresses(ctx, adopt);
        self.confirm_when_complete(ctx);
    }

    /// The addresses are there: hosts are told (`9568-6.4.2-09`, `9568-6.4.2-11`), then the parent.
    pub(super) fn confirm_when_complete(&mut self, ctx: &mut Ctx<'_>) {
        if !self.holding.is_complete() {
            return;
        }
        let State::Master(master) = &mut self.state else {
            return;
        };
        let Some(cause) = master.pending.take() else {
            return;
        };
        self.holding.news = false;
        self.garp.entered(&self.config.garp, ctx.now);
        self.run_burst(ctx);
        self.announce(ctx, cause, "");
    }

    /// MASTER goes on in a new child: no peer noticed anything.
    pub(super) fn continue_as_master(&mut self, ctx: &mut Ctx<'_>, silent: Micros) {
        self.log(
            ctx,
            Level::Notice,
            format_args!("resumed as MASTER, no advert was sent for {silent} at most"),
        );
        self.become_master(ctx, Cause::Resumed, true);
    }

    /// Active yields to another router (RFC 9568 section 6.4.3, `9568-6.4.3-17`..`-23`): no
    /// priority 0, the other one is master already.
    pub(super) fn yield_to(
        &mut self,
        ctx: &mut Ctx<'_>,
        from: IpAddr,
        advert: &Advert<'_>,
        cause: Cause,
    ) {
        if self.config.higher_prio_send_advert {
            self.send_advert(ctx);
        }
        let interval = self.learn(ctx, from, advert);
        let wait = self.down_interval(interval.unwrap_or(self.config.advert_int));
        self.arm_backup(ctx, wait);
        if let State::Backup(backup) = &mut self.state {
            backup.learned = interval;
            backup.master = Some((from, advert.priority));
        }
        self.drop_addresses(ctx);
        self.announce(ctx, cause, "");
    }

    /// The interval of an accepted advert, in version 3 (`9568-6.4.2-15`, `9568-6.4.3-19`).
    pub(super) fn learn(
        &mut self,
        ctx: &mut Ctx<'_>,
        from: IpAddr,
        advert: &Advert<'_>,
    ) -> Option<AdvertInterval> {
        let told = match advert.interval {
            WireInterval::Seconds(_) => return None,
            WireInterval::Centis(told) => told,
        };
        let learned = self
            .learning
            .learn(self.config.advert_int, from, told, ctx.now);
        if learned.capped {
            self.note_capped(ctx, from, told, learned.interval);
        }
        Some(self.learning.follow(
            (advert.priority, from),
            learned.interval,
            self.config.down_timer_adverts,
            ctx.now,
        ))
    }

    /// This machine slept while it was MASTER: others have taken over. It listens first and sends
    /// nothing, priority 0 neither.
    pub(super) fn step_down_late(&mut self, ctx: &mut Ctx<'_>, silent: Micros) {
        let cause = Cause::OwnAdvertLate { silent };
        self.log(ctx, Level::Warning, &cause);
        let wait = self.down_interval(self.config.advert_int);
        self.arm_backup(ctx, wait);
        self.drop_addresses(ctx);
        self.announce(ctx, cause, "");
    }

    /// To FAULT. A MASTER gives up with priority 0 first (`9568-5.2.4-04`), then its addresses go.
    pub(super) fn fail(&mut self, ctx: &mut Ctx<'_>, cause: Cause) {
        if self.is_master() {
            self.send_release(ctx);
            self.drop_addresses(ctx);
        }
        self.log_fault(ctx, &cause);
        self.state = State::Fault(cause.clone());
        self.announce(ctx, cause, "");
    }

    /// Before the first start: INIT until its scripts have run once, FAULT for anything else.
    pub(super) fn hold_back(&mut self, ctx: &mut Ctx<'_>, cause: Cause, how: &str) {
        if let Cause::ScriptUnknown { .. } = &cause {
            self.log(ctx, Level::Info, &cause);
            self.state = State::Init;
            self.announce(ctx, cause, how);
            return;
        }
        self.log_fault(ctx, &cause);
        self.state = State::Fault(cause.clone());
        self.announce(ctx, cause, how);
    }

    /// One fault is followed by another: the state stays, the operator is told.
    pub(super) fn stay_in_fault(&mut self, ctx: &mut Ctx<'_>, cause: Cause) {
        if let State::Fault(known) = &mut self.state
            && *known != cause
        {
            let text = text::fault_reason(&cause);
            *known = cause;
            self.log(
                ctx,
                Level::Notice,
                format_args!("still in FAULT state ({text})"),
            );
        }
    }

    fn log_fault(&self, ctx: &mut Ctx<'_>, cause: &Cause) {
        let reason = text::fault_reason(cause);
        self.log(
            ctx,
            Level::Warning,
            format_args!("entering FAULT state ({reason})"),
        );
    }

    /// FAULT always ends in BACKUP with a full Active_Down_Timer, an owner's with one interval and
    /// the skew, as in keepalived.
    pub(super) fn leave_fault(&mut self, ctx: &mut Ctx<'_>) {
        self.clear_addresses(ctx);
        if self.effective.is_owner() {
            let interval = self.config.advert_int;
            let wait = interval.micros().plus(self.skew(interval));
            self.arm_backup(ctx, wait);
            self.announce(ctx, Cause::FaultCleared, "");
        } else {
            self.enter_backup(ctx, Cause::FaultCleared, "");
        }
    }

    /// Shutdown (`9568-6.4.2-06`, `-07`, `9568-6.4.3-10`..`-12`): a MASTER says so with priority 0.
    pub(crate) fn stop(&mut self, ctx: &mut Ctx<'_>, cause: Cause) {
        match &self.state {
            State::Master(_) => {
                self.send_release(ctx);
                self.drop_addresses(ctx);
            }
            State::Init | State::Backup(_) | State::Fault(_) => {}
        }
        self.state = State::Init;
        self.announce(ctx, cause, "");
    }

    /// The one place that logs a state and tells the parent of it, behind the address changes.
    pub(super) fn announce(&mut self, ctx: &mut Ctx<'_>, cause: Cause, how: &str) {
        let to = self.vrrp_state();
        match to {
            VrrpState::Init => {}
            VrrpState::Backup | VrrpState::Master | VrrpState::Fault => {
                if to != self.reported || !how.is_empty() {
                    self.log(ctx, Level::Notice, format_args!("Entering {to} STATE{how}"));
                }
            }
        }
        if to == self.reported {
            return;
        }
        ctx.act_after(Action::Report(StateChange {
            instance: self.name().clone(),
            from: self.reported,
            to,
            priority: self.effective.get(),
            cause,
            at: ctx.now,
        }));
        self.reported = to;
    }
}

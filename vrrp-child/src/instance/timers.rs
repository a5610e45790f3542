//! Timers of one virtual router.

use super::{Backup, Instance, State};
use crate::engine::outbox::Ctx;
use crate::timing;
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::log::Level;
use holdfast_ipc::state::Cause;
use holdfast_ipc::time::Monotonic;

/// A timer that rings later than this was held up.
const LATE: Micros = Micros::from_millis(10);
/// Time for packets that wait in the socket.
const GRACE: Micros = Micros::from_millis(1);

impl Instance {
    /// Does what is due. Harmless when nothing is.
    pub(crate) fn elapse(&mut self, ctx: &mut Ctx<'_>) {
        match &self.state {
            State::Init | State::Fault(_) => {}
            State::Backup(backup) => {
                let backup = *backup;
                if backup.down <= ctx.now {
                    self.down_timer(ctx, backup);
                }
            }
            State::Master(master) => {
                let next = master.next;
                if next <= ctx.now {
                    self.advert_timer(ctx, next);
                }
                self.elapse_garp(ctx);
            }
        }
        self.elapse_setbacks(ctx);
        self.sum_up(ctx);
    }

    /// Active_Down_Timer fired (RFC 9568 section 6.4.2).
    fn down_timer(&mut self, ctx: &mut Ctx<'_>, backup: Backup) {
        let late = ctx.now.since(backup.down);
        if late > LATE && self.listen_again(ctx, &backup, late) {
            return;
        }
        self.detail(ctx, "Receive advertisement timeout");
        let cause = self.takeover_cause(&backup);
        self.become_master(ctx, cause, false);
    }

    /// The timer rang late, so this process slept and not the master: adverts that came meanwhile
    /// are read first. Where it slept for a whole further interval, the master may have slept as
    /// well (a paused host): it gets that long again. False where it was waited for already.
    fn listen_again(&mut self, ctx: &mut Ctx<'_>, backup: &Backup, late: Micros) -> bool {
        let interval = self.down_interval(self.interval_of(backup));
        let asleep = late > interval;
        if backup.grace && !asleep {
            return false;
        }
        if asleep {
            self.log(
                ctx,
                Level::Warning,
                format_args!(
                    "A thread timer expired {late} ago: listening again before a takeover"
                ),
            );
        }
        let wait = if asleep { interval } else { GRACE };
        if let State::Backup(backup) = &mut self.state {
            backup.grace = true;
            backup.down = ctx.now.after(wait);
        }
        true
    }

    fn takeover_cause(&self, backup: &Backup) -> Cause {
        if self.config.priority.is_owner() {
            return Cause::Owner;
        }
        match (backup.lower, backup.released) {
            (Some((from, theirs)), _) => Cause::LowerPriority {
                from,
                theirs,
                ours: self.effective.get(),
            },
            (None, Some(from)) => Cause::MasterReleased { from },
            (None, None) => Cause::MasterSilent {
                last: backup.master.map(|(from, _)| from),
                waited: backup.down.since(backup.armed),
            },
        }
    }

    /// Adver_Timer fired (`9568-6.4.3-13`, `-14`). The next one follows the last one's schedule, so
    /// that lateness does not add up.
    fn advert_timer(&mut self, ctx: &mut Ctx<'_>, due: Monotonic) {
        if self.step_down_if_late(ctx) {
            return;
        }
        self.send_advert(ctx);
        let interval = self.config.advert_int.micros();
        let next = due.after(interval);
        if let State::Master(master) = &mut self.state {
            master.next = if next <= ctx.now {
                ctx.now.after(interval)
            } else {
                next
            };
        }
    }

    /// A MASTER that was silent for so long that every peer has taken over is none any more. True
    /// where that was so.
    pub(super) fn step_down_if_late(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let State::Master(master) = &self.state else {
            return false;
        };
        let silent = ctx.now.since(master.sent);
        // The skew is less than one interval, whatever a peer's priority.
        let adverts = self.config.down_timer_adverts.saturating_add(1);
        if silent <= timing::shortest_takeover(adverts, self.config.advert_int) {
            return false;
        }
        self.step_down_late(ctx, silent);
        true
    }

    fn elapse_setbacks(&mut self, ctx: &mut Ctx<'_>) {
        if self.setbacks.elapse(ctx.now) {
            self.environment(ctx, None);
        }
        if self.setbacks.elapse_cleanup(ctx.now) {
            self.clean_up(ctx);
        }
    }
}

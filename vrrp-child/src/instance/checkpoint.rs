//! What the successor of a dead child needs, and how it goes on with it.

use super::send::AhCounter;
use super::{Instance, State};
use crate::action::Action;
use crate::engine::outbox::Ctx;
use crate::timing;
use holdfast_ipc::config::model::{AdvertInterval, Auth, Micros};
use holdfast_ipc::log::Level;
use holdfast_ipc::state::{Cause, Checkpoint, VrrpState};
use holdfast_ipc::time::Monotonic;
use std::net::IpAddr;

/// Peers can change what they say with every packet; the parent is told of that at most this often.
const DISTANCE: Micros = Micros::from_millis(100);

/// The parts of a checkpoint that change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    state: VrrpState,
    learned: Option<AdvertInterval>,
    ah: u32,
    master: Option<(IpAddr, u8)>,
}

/// What was saved last.
#[derive(Debug, Default)]
pub(super) struct Saved {
    mark: Option<(Mark, Monotonic)>,
    due: Option<Monotonic>,
}

impl Saved {
    pub(super) const fn due(&self) -> Option<Monotonic> {
        self.due
    }
}

/// How an instance goes on after the death of its child.
#[derive(Clone, Debug)]
pub(crate) struct Resume {
    pub(crate) checkpoint: Checkpoint,
    /// How long no advert may have been sent; none where that is not known.
    pub(crate) silent: Option<Micros>,
}

impl Instance {
    fn mark(&self) -> Mark {
        let backup = match &self.state {
            State::Backup(backup) => Some(backup),
            State::Init | State::Master(_) | State::Fault(_) => None,
        };
        Mark {
            state: self.vrrp_state(),
            learned: backup.and_then(|backup| backup.learned),
            ah: match self.config.auth {
                Auth::Ah(_) => self.ah.bound(),
                Auth::None | Auth::Pass(_) => 0,
            },
            master: backup.and_then(|backup| backup.master),
        }
    }

    /// Saves where something changed. State and reserved sequence numbers at once, since a successor
    /// without them does harm; what peers say with a distance.
    pub(super) fn save(&mut self, ctx: &mut Ctx<'_>) {
        let mark = self.mark();
        if let Some((last, at)) = self.saved.mark {
            if last == mark {
                self.saved.due = None;
                return;
            }
            let earliest = at.after(DISTANCE);
            if last.state == mark.state && last.ah == mark.ah && ctx.now < earliest {
                self.saved.due = Some(earliest);
                return;
            }
        }
        self.saved = Saved {
            mark: Some((mark, ctx.now)),
            due: None,
        };
        ctx.act(Action::Checkpoint(Checkpoint {
            instance: self.name().clone(),
            state: mark.state,
            learned_interval: mark.learned,
            ah_sequence: mark.ah,
            master: mark.master,
        }));
    }

    /// Goes on where the predecessor stopped.
    pub(crate) fn resume(&mut self, ctx: &mut Ctx<'_>, resume: Resume) {
        let Resume { checkpoint, silent } = resume;
        self.reported = checkpoint.state;
        self.ah = AhCounter::resumed(checkpoint.ah_sequence);
        self.ran = matches!(checkpoint.state, VrrpState::Backup | VrrpState::Master);
        let obstacle = self.look_around(ctx);
        self.note_own(ctx);
        match (checkpoint.state, obstacle) {
            (VrrpState::Master, None) => self.resume_master(ctx, silent),
            (VrrpState::Master, Some(cause)) => self.resume_fault_from_master(ctx, cause),
            (VrrpState::Backup, None) => self.resume_backup(ctx, &checkpoint),
            (VrrpState::Backup | VrrpState::Init | VrrpState::Fault, Some(cause)) => {
                self.sweep(ctx);
                self.hold_back(ctx, cause, "");
            }
            (VrrpState::Fault, None) => {
                self.sweep(ctx);
                self.leave_fault(ctx);
            }
            (VrrpState::Init, None) => {
                self.sweep(ctx);
                self.startup(ctx, Cause::Startup);
            }
        }
    }

    /// MASTER goes on as MASTER when no peer can have taken over; the addresses never left.
    fn resume_master(&mut self, ctx: &mut Ctx<'_>, silent: Option<Micros>) {
        let limit =
            timing::shortest_takeover(self.config.down_timer_adverts, self.config.advert_int);
        // The last advert may have left a whole interval before the silence began.
        let interval = self.config.advert_int.micros();
        match silent {
            Some(silent) if silent.plus(interval) < limit => self.continue_as_master(ctx, silent),
            Some(_) | None => {
                let time = silent.map_or_else(|| "an unknown time".to_owned(), |t| t.to_string());
                self.log(
                    ctx,
                    Level::Warning,
                    format_args!(
                        "no advert was sent for {time} and up to {interval} before, a peer waits \
                         {limit} or little more and may be MASTER: going on as BACKUP"
                    ),
                );
                self.sweep(ctx);
                self.enter_backup(ctx, Cause::Resumed, "");
            }
        }
    }

    /// It was MASTER and cannot be any more: peers are told, the addresses go.
    fn resume_fault_from_master(&mut self, ctx: &mut Ctx<'_>, cause: Cause) {
        self.send_release(ctx);
        self.sweep(ctx);
        self.hold_back(ctx, cause, "");
    }

    fn resume_backup(&mut self, ctx: &mut Ctx<'_>, checkpoint: &Checkpoint) {
        self.sweep(ctx);
        self.log(ctx, Level::Notice, "resumed as BACKUP");
        self.enter_backup(ctx, Cause::Resumed, "");
        let now = ctx.now;
        let interval = checkpoint.learned_interval;
        let down = now.after(self.down_interval(interval.unwrap_or(self.config.advert_int)));
        if let State::Backup(backup) = &mut self.state {
            backup.learned = interval;
            backup.master = checkpoint.master;
            backup.down = down;
        }
    }

    /// Start in mode `Release`: gives up what the predecessors held.
    pub(crate) fn give_up(&mut self, ctx: &mut Ctx<'_>, checkpoint: Option<&Checkpoint>) {
        if let Some(checkpoint) = checkpoint {
            self.reported = checkpoint.state;
            self.ah = AhCounter::resumed(checkpoint.ah_sequence);
        }
        self.look_around(ctx);
        self.note_own(ctx);
        if self.reported == VrrpState::Master {
            self.send_release(ctx);
        }
        self.sweep(ctx);
        self.announce(ctx, Cause::Stopping, "");
    }
}

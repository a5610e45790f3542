//! Start and stop of the whole daemon.

use super::daemon::{Daemon, Life};
use super::fifo::Fifos;
use super::mail::Mailing;
use super::processes::describe;
use holdfast::fifo::Event;
use holdfast::notify::{News, jobs};
use holdfast::restart::{Next, Task};
use holdfast::route::Phase;
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::time::Monotonic;

/// A stop is over after that long where no script of it runs: keepalived ends within one second, and
/// whoever stops the daemon relies on it.
const STOP_LIMIT: Micros = Micros::from_millis(900);
/// keepalived's scripts outlive it. Ours do not, so they have the time to send a mail or to ask a
/// cloud for something; the addresses are gone by then.
const SCRIPT_LIMIT: Micros = Micros::from_secs(5);
/// But addresses are not left behind on a machine that is short of time: that long the VRRP child
/// is waited for, as keepalived's `child_wait_time` has it.
const RELEASE_LIMIT: Micros = Micros::from_secs(5);
/// Nor are virtual servers: taking 10,000 out of the kernel is a second's work, on a slow machine
/// several.
const EMPTY_LIMIT: Micros = Micros::from_secs(10);
/// A VRRP child that has said nothing for that long, neither `Stopped` nor a sign of life, hangs: it
/// is replaced by one that only releases, which takes some milliseconds.
const STOP_PATIENCE: Micros = Micros::from_millis(400);
/// Exit status when a child cannot work with this configuration (keywords 8.3).
const BAD_CONFIGURATION: u8 = 2;
/// Exit status when the children die again and again before the start is complete.
const FATAL: u8 = 1;

impl Daemon {
    /// The start is complete when all children are up.
    pub(crate) fn progress_start(&mut self) {
        if let Some(reason) = self.refused_at_start.take() {
            return self.fail(BAD_CONFIGURATION, &reason);
        }
        let dying = self.vrrp.restarts.is_backing_off()
            || self
                .vrrp
                .next
                .is_some_and(|next| next.task == Task::Release);
        if dying {
            let text = "the VRRP child dies again and again; the lines above say why";
            return self.fail(FATAL, text);
        }
        if self.vrrp.is_up_or_given_up()
            && self.checkers.values().all(|slot| slot.is_up_or_given_up())
        {
            self.life = Life::Running;
            self.log.info("Startup complete");
            self.log.end_of_start();
            if let Some(ready) = self.ready.take() {
                ready.announce(self.options.log_console);
            }
        }
    }

    fn fail(&mut self, status: u8, reason: &str) {
        self.log.error(&format!("cannot start: {reason}"));
        self.stop(status);
    }

    /// Begins the end.
    pub(crate) fn stop(&mut self, status: u8) {
        if self.is_stopping() {
            return;
        }
        let now = super::clock::now();
        self.log.info("Stopping");
        self.life = Life::Stopping {
            since: now,
            told: false,
            released: false,
            status,
        };
        for slot in self.checkers.values_mut() {
            slot.next = None;
            // One that is about to start has nothing to end.
            let live = slot.link.as_mut().filter(|link| link.phase().is_live());
            if !matches!(live.map(|link| link.stop(now)), Some(Ok(()))) {
                slot.forget();
            }
        }
        match self.vrrp.phase() {
            Some(Phase::Releasing) => {}
            Some(phase) if phase.is_live() => {
                // Where this fails it is dead. What it said before is still to be read: `Stopped`,
                // when the signal was for all of us.
                let _ = self.vrrp.link.as_mut().map(|link| link.stop(now));
            }
            // It is about to start, or about to be started: what its predecessor held is given
            // back by one that does nothing else.
            Some(_) | None => self.vrrp_ended_at_stop(now),
        }
    }

    /// The VRRP child is gone while the daemon stops, or has to go.
    pub(crate) fn vrrp_ended_at_stop(&mut self, now: Monotonic) {
        let clean = self.vrrp.phase() == Some(Phase::Stopped);
        self.vrrp.forget();
        let Life::Stopping {
            since, released, ..
        } = &mut self.life
        else {
            return;
        };
        let held = !self.checkpoints.is_empty() && !clean;
        if held && *released {
            self.log.error(
                "the addresses could not be released: they may still be on this machine with \
                 nobody behind them",
            );
        }
        // One attempt: its end is the end.
        if !held || *released || now.since(*since) >= RELEASE_LIMIT {
            return;
        }
        *released = true;
        self.log.warning(
            "the VRRP child ended without giving its addresses back; another one is started for it",
        );
        self.vrrp.next = Some(Next {
            at: now,
            task: Task::Release,
        });
        self.start_due_children(now);
    }

    pub(crate) fn progress_stop(&mut self, now: Monotonic, since: Monotonic, told: bool) {
        let passed = now.since(since);
        if self.silence_ends().is_some_and(|at| at <= now) {
            self.vrrp_ended_at_stop(now);
        }
        let vrrp_done = matches!(self.vrrp.phase(), None | Some(Phase::Stopped));
        if !told && (vrrp_done || passed >= STOP_PATIENCE) {
            self.tell_stop();
        }
    }

    /// Until then the VRRP child has to say something while it stops.
    fn silence_ends(&self) -> Option<Monotonic> {
        let link = self.vrrp.link.as_ref();
        let stops = link.filter(|link| link.phase() == Phase::Stopping)?;
        Some(stops.in_phase_since().max(stops.heard).after(STOP_PATIENCE))
    }

    fn tell_stop(&mut self) {
        if let Life::Stopping { told, .. } = &mut self.life {
            *told = true;
        }
        let mut all = Vec::new();
        for instance in &self.plan.config.instances {
            let name = &instance.router.name;
            let priority = self.priorities.get(name).copied();
            let priority = priority.unwrap_or_else(|| instance.router.priority.get());
            // Only who was told a state is told its end.
            if self.told.last(name).is_some() {
                let news = News::Stop;
                let event = Event::Router {
                    name,
                    news,
                    priority,
                };
                self.fifos.tell(&event, &mut self.log);
                all.extend(jobs(
                    name,
                    &instance.notify,
                    news,
                    priority,
                    &self.plan.facts,
                ));
            }
        }
        self.with_scripts(|scripts, context| {
            scripts.drop_waiting(context);
            scripts.add(all, context);
        });
        self.with_fifos(Fifos::close_all);
        self.mail_stop();
    }

    /// The exit status, once everything is over.
    pub(crate) fn finished(&self, now: Monotonic) -> Option<u8> {
        let Life::Stopping {
            since,
            told,
            status,
            released: _,
        } = self.life
        else {
            return None;
        };
        let children = self.vrrp.link.is_some()
            || self.checkers.values().any(|slot| slot.link.is_some())
            || self.leaving.iter().any(|slot| slot.link.is_some());
        let over = told
            && !children
            && self.scripts.is_idle()
            && self.fifos.is_idle()
            && self.mailing.is_idle();
        (over || now.since(since) >= self.stop_limit()).then_some(status)
    }

    /// Who may still hold an address or a virtual server is waited for, and scripts of the stop.
    fn stop_limit(&self) -> Micros {
        let child = if self.vrrp.link.is_none() {
            STOP_LIMIT
        } else if self.plan.slices.vrrp.pools > 0 {
            EMPTY_LIMIT
        } else if !self.checkpoints.is_empty() {
            RELEASE_LIMIT
        } else {
            STOP_LIMIT
        };
        let scripts = if self.scripts.tell_of_stop() {
            SCRIPT_LIMIT
        } else {
            STOP_LIMIT
        };
        child.max(scripts)
    }

    pub(crate) fn stop_deadline(&self, now: Monotonic) -> Option<Monotonic> {
        match self.life {
            Life::Stopping { since, .. } => {
                let patience = since.after(STOP_PATIENCE);
                let limit = Some(since.after(self.stop_limit()));
                let early = Some(patience).filter(|at| now < *at);
                [early, self.silence_ends(), limit]
                    .into_iter()
                    .flatten()
                    .min()
            }
            Life::Starting | Life::Running => None,
        }
    }

    /// Nothing of ours stays behind.
    pub(crate) fn clean_up(mut self) {
        self.vrrp.forget();
        for slot in self.checkers.values_mut().chain(&mut self.leaving) {
            slot.forget();
        }
        self.scripts.log_unfinished(&mut self.log);
        self.scripts.kill_all();
        self.fifos.kill_all(&mut self.log);
        self.with_mail(Mailing::give_up);
        let files = [self.pid_file, self.vrrp.pid_file, self.checkers_pid_file];
        for file in files.into_iter().flatten() {
            if let Err(error) = file.remove() {
                self.log.warning(&describe(&error));
            }
        }
        let name = self.identity.product();
        let version = env!("CARGO_PKG_VERSION");
        self.log.info(&format!("Stopped {name} v{version}"));
    }
}

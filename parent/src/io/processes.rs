//! Processes: started, read, lost, reaped.

use super::clock;
use super::daemon::{ChildId, Daemon, Life};
use super::link::{Link, Loss};
use super::log::{Log, Source};
use super::pidfile::PidFile;
use super::slot::{Aftermath, LEAVING_LIMIT, Slot};
use holdfast::account::Account;
use holdfast::launch::Role;
use holdfast::notify::News;
use holdfast::obituary::End;
use holdfast_conf::model::InstanceName;
use holdfast_ipc::log::{Level, LogRecord};
use holdfast_ipc::message::CheckerToParent;
use holdfast_ipc::state::{Checkpoint, VrrpState};
use holdfast_ipc::time::Monotonic;
use nix::unistd::Pid;

impl Daemon {
    pub(crate) fn start_due_children(&mut self, now: Monotonic) {
        if self.vrrp.is_due(now) {
            self.start_vrrp(now);
        }
        for account in self.checker_accounts() {
            if !self.is_stopping()
                && self
                    .checkers
                    .get(&account)
                    .is_some_and(|slot| slot.is_due(now))
            {
                self.start_checker(&account, now);
            }
        }
    }

    fn start_vrrp(&mut self, now: Monotonic) {
        let slot = &mut self.vrrp;
        let Some(next) = slot.next.take() else { return };
        slot.task = next.task;
        match Link::start(&slot.executable, Role::Vrrp, &slot.account, now) {
            Ok(link) => {
                let pid = link.pid_number();
                slot.link = Some(link);
                self.log
                    .info(&format!("Starting VRRP child process, pid={pid}"));
            }
            Err(error) => {
                if slot.not_started(now) {
                    self.log.error(&format!(
                        "cannot make a process for the VRRP child: {error}"
                    ));
                }
            }
        }
    }

    fn start_checker(&mut self, account: &Account, now: Monotonic) {
        let Some(slot) = self.checkers.get_mut(account) else {
            return;
        };
        let Some(next) = slot.next.take() else { return };
        slot.task = next.task;
        match Link::start(&slot.executable, Role::Checker, account, now) {
            Ok(link) => {
                let pid = link.pid_number();
                slot.link = Some(link);
                self.log.info(&format!(
                    "Starting Healthcheck child process, pid={pid} (scripts as user {account})"
                ));
            }
            Err(error) => {
                if slot.not_started(now) {
                    self.log.error(&format!(
                        "cannot make a process for the checker child: {error}"
                    ));
                }
            }
        }
    }

    pub(crate) fn read_children(&mut self) {
        self.read_vrrp();
        for account in self.checker_accounts() {
            self.read_checker(&account);
        }
        self.read_leaving();
    }

    /// Children that a reload made superfluous: they end, and may still say something.
    fn read_leaving(&mut self) {
        let now = clock::now();
        for slot in &mut self.leaving {
            let Some(link) = &mut slot.link else { continue };
            let source = Source {
                name: self.identity.checker,
                pid: link.pid_number(),
            };
            let (messages, loss) = link.receive(now);
            for line in link.stderr_lines() {
                self.log.write_as(source, Level::Error, &line);
            }
            for (message, _none) in messages {
                if let CheckerToParent::Log(LogRecord { level, text }) = message {
                    self.log.write_as(source, level, &text);
                }
            }
            let late = now.since(link.in_phase_since()) >= LEAVING_LIMIT;
            // An error of the socket is seen again when it is read.
            let _ = link.flush();
            if loss.is_some() || late {
                slot.forget();
            }
        }
        self.leaving.retain(|slot| slot.link.is_some());
    }

    fn read_vrrp(&mut self) {
        let now = clock::now();
        let source = |pid| Source {
            name: self.identity.vrrp,
            pid,
        };
        let Some(link) = &mut self.vrrp.link else {
            return;
        };
        let source = source(link.pid_number());
        let (messages, loss) = link.receive(now);
        for line in link.stderr_lines() {
            self.log.write_as(source, Level::Error, &line);
        }
        for (message, descriptor) in messages {
            if let Err(loss) = self.hear_vrrp(source, message, descriptor, now) {
                return self.lose_vrrp(loss);
            }
            // What was done may have cost this child: the rest of its messages is void.
            if self.vrrp.pid_number() != Some(source.pid) {
                return;
            }
        }
        if let Some(loss) = loss {
            self.lose_vrrp(loss);
        }
    }

    fn read_checker(&mut self, account: &Account) {
        let now = clock::now();
        let Some(link) = self
            .checkers
            .get_mut(account)
            .and_then(|slot| slot.link.as_mut())
        else {
            return;
        };
        let source = Source {
            name: self.identity.checker,
            pid: link.pid_number(),
        };
        let (messages, loss) = link.receive(now);
        for line in link.stderr_lines() {
            self.log.write_as(source, Level::Error, &line);
        }
        for (message, _none) in messages {
            if let Err(loss) = self.hear_checker(account, source, message, now) {
                return self.lose_checker(account, loss);
            }
            let slot = self.checkers.get(account);
            if slot.and_then(Slot::pid_number) != Some(source.pid) {
                return;
            }
        }
        if let Some(loss) = loss {
            self.lose_checker(account, loss);
        }
    }

    pub(crate) fn lose_vrrp(&mut self, loss: Loss) {
        let now = clock::now();
        let masters = self.masters();
        if let Some(link) = &mut self.vrrp.link {
            let source = Source {
                name: self.identity.vrrp,
                pid: link.pid_number(),
            };
            for line in link.last_words() {
                self.log.write_as(source, Level::Error, &line);
            }
        }
        self.fail_requests();
        if self.is_stopping() {
            return self.vrrp_ended_at_stop(now);
        }
        let why = loss.reason.clone().unwrap_or_else(|| "it died".to_owned());
        let aftermath = self.vrrp.lose(loss, masters, now);
        match aftermath {
            Aftermath::Held | Aftermath::Nothing => {}
            Aftermath::Released => {
                self.checkpoints.clear();
                self.gave_up("no address is held now");
            }
            // The checkpoints stay: a stop tries once more to give back what they name.
            Aftermath::Stuck => self.gave_up(
                "the addresses could not be released: they may still be on this machine with \
                 nobody behind them",
            ),
        }
        // In the middle of a commit only a successor can let go what the new configuration has no
        // more; it catches up from the old one. Once all is released there is nothing to catch up.
        let catches_up = self.is_vrrp_behind() && aftermath != Aftermath::Released;
        if !catches_up {
            let step = self.reload.died(
                &ChildId::Vrrp,
                format!("the VRRP child did not survive it: {why}"),
            );
            self.take_step(step);
        }
        self.start_due_children(now);
    }

    pub(crate) fn lose_checker(&mut self, account: &Account, loss: Loss) {
        let now = clock::now();
        self.requests.forget(account);
        let Some(slot) = self.checkers.get_mut(account) else {
            return;
        };
        if let Some(link) = &mut slot.link {
            let source = Source {
                name: self.identity.checker,
                pid: link.pid_number(),
            };
            for line in link.last_words() {
                self.log.write_as(source, Level::Error, &line);
            }
        }
        if matches!(self.life, Life::Stopping { .. }) {
            slot.forget();
            return;
        }
        let why = loss.reason.clone().unwrap_or_else(|| "it died".to_owned());
        let _ = slot.lose(loss, 0, now);
        let id = ChildId::Checker(account.clone());
        let step = self.reload.died(
            &id,
            format!("the checker child of {account} did not survive it: {why}"),
        );
        self.take_step(step);
        self.start_due_children(now);
    }

    fn masters(&self) -> usize {
        let is_master = |point: &&Checkpoint| point.state == VrrpState::Master;
        self.checkpoints.values().filter(is_master).count()
    }

    /// Nobody stands behind the addresses any more: scripts hear of it, and the next child starts
    /// from nothing.
    fn gave_up(&mut self, what: &str) {
        let next = self.vrrp.next.map(|next| next.at.since(clock::now()));
        let wait = next.unwrap_or_default();
        self.log.error(&format!(
            "{what}; the VRRP child is started again in {wait}"
        ));
        let held: Vec<InstanceName> = self
            .plan
            .config
            .instances
            .iter()
            .map(|instance| instance.router.name.clone())
            .filter(|name| self.told.last(name) == Some(News::Master))
            .collect();
        for name in held {
            self.tell(&name, News::Fault);
        }
    }

    pub(crate) fn reap(&mut self) {
        while let Some((pid, end)) = super::reap::next() {
            let known = self.vrrp.reaped(pid, &end)
                || self
                    .checkers
                    .values_mut()
                    .chain(&mut self.leaving)
                    .any(|slot| slot.reaped(pid, &end));
            if !known {
                self.reap_script(pid, &end);
            }
        }
        // What a reaped child said before it died is still in its socket.
        self.read_children();
        if self
            .vrrp
            .link
            .as_ref()
            .is_some_and(|link| link.ended.is_some())
        {
            self.lose_vrrp(Loss::by_death());
        }
        for account in self.checker_accounts() {
            let slot = self.checkers.get(&account);
            let link = slot.and_then(|slot| slot.link.as_ref());
            if link.is_some_and(|link| link.ended.is_some()) {
                self.lose_checker(&account, Loss::by_death());
            }
        }
    }

    fn reap_script(&mut self, pid: Pid, end: &End) {
        self.with_scripts(|scripts, context| {
            scripts.reaped(pid, end, context);
        });
        self.with_fifos(|fifos, context| {
            fifos.reaped(pid, end, context);
        });
        self.with_mail(|mailing, post| {
            mailing.reaped(pid, end, post);
        });
    }

    pub(crate) fn write_obituaries(&mut self, now: Monotonic) {
        let slots = self.checkers.values_mut();
        let lines: Vec<String> = self
            .vrrp
            .obituary_lines(now)
            .into_iter()
            .chain(slots.flat_map(|slot| slot.obituary_lines(now)))
            .collect();
        for line in lines {
            self.log.error(&line);
        }
    }
}

/// The pid files of the children. They are written when a child greets, for before that its number
/// is the launcher's.
impl Daemon {
    pub(crate) fn write_vrrp_pid(&mut self, pid: u32) {
        write_pid(self.vrrp.pid_file.as_mut(), pid, &mut self.log);
    }

    /// The one whose number stands in the pid file: that of the default user where there is one.
    fn main_checker(&self) -> Option<&Account> {
        let default = &self.plan.facts.default_account;
        let mut accounts = self.checkers.keys();
        accounts
            .find(|account| *account == default)
            .or_else(|| self.checkers.keys().next())
    }

    pub(crate) fn write_checker_pid(&mut self, account: &Account, pid: u32) {
        if self.main_checker() != Some(account) {
            return;
        }
        if self.checkers_pid_file.is_none() {
            match PidFile::lock(&self.checkers_pid_path) {
                Ok(file) => self.checkers_pid_file = Some(file),
                Err(error) => return self.log.error(&describe(&error)),
            }
        }
        write_pid(self.checkers_pid_file.as_mut(), pid, &mut self.log);
    }

    /// Without checker children there is no file.
    pub(crate) fn remove_checkers_pid_file(&mut self) {
        let file = self.checkers_pid_file.take();
        if let Some(Err(error)) = file.map(PidFile::remove) {
            self.log.warning(&describe(&error));
        }
    }
}

fn write_pid(file: Option<&mut PidFile>, pid: u32, log: &mut Log) {
    if let Some(Err(error)) = file.map(|file| file.write(pid)) {
        log.error(&describe(&error));
    }
}

/// An error with all its sources in one line.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

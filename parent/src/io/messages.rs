//! Messages of the children.

use super::daemon::{ChildId, Daemon, Life};
use super::link::Loss;
use super::log::Source;
use super::slot::Slot;
use holdfast::account::Account;
use holdfast::logline::one_line;
use holdfast::notify::{News, jobs};
use holdfast::restart::Task;
use holdfast::route::Phase;
use holdfast_conf::model::InstanceName;
use holdfast_ipc::config::Generation;
use holdfast_ipc::log::{Level, LogRecord};
use holdfast_ipc::message::{
    CheckerStart, CheckerToParent, Confinement, Hello, ParentToChecker, ParentToVrrp, Role,
    StartMode, VrrpStart, VrrpToParent,
};
use holdfast_ipc::state::{Cause, StateChange, Verdict, VrrpState};
use holdfast_ipc::time::Monotonic;
use std::os::fd::OwnedFd;

impl Daemon {
    pub(crate) fn hear_vrrp(
        &mut self,
        source: Source,
        message: VrrpToParent,
        descriptor: Option<OwnedFd>,
        now: Monotonic,
    ) -> Result<(), Loss> {
        match message {
            VrrpToParent::Changed(change) => {
                self.check_instance(&change.instance)?;
                self.changed(&change);
            }
            VrrpToParent::Checkpoint(point) => {
                self.check_instance(&point.instance)?;
                self.checkpoints.insert(point.instance.clone(), point);
            }
            VrrpToParent::Committed { .. } => {
                let step = self.reload.committed(&ChildId::Vrrp);
                self.take_step(step);
            }
            VrrpToParent::Confined(confinement) => {
                self.log_confinement(source, &confinement);
                return self.send_vrrp_start(now);
            }
            VrrpToParent::Hello(hello) => {
                check_hello(&hello, Role::Vrrp)?;
                self.write_vrrp_pid(source.pid);
            }
            VrrpToParent::Held { address, held } => return self.held(address, held),
            VrrpToParent::PoolChanged { generation, change } => {
                return self.pool_changed(generation, &change);
            }
            VrrpToParent::Log(LogRecord { level, text }) => {
                self.log.write_as(source, level, &text);
            }
            VrrpToParent::Opened { request, opened } => {
                return self.opened(request, opened, descriptor);
            }
            VrrpToParent::Pong { sequence } => {
                if let Some(link) = &mut self.vrrp.link {
                    link.pong(sequence, now);
                }
                self.vrrp.settle();
            }
            VrrpToParent::Priority { instance, priority } => {
                self.check_instance(&instance)?;
                self.priority_changed(instance, priority);
            }
            VrrpToParent::Prepared { .. } if self.is_vrrp_behind() => {
                return self.commit_behind(now);
            }
            VrrpToParent::Prepared { .. } => {
                let step = self.reload.prepared(&ChildId::Vrrp);
                self.take_step(step);
            }
            VrrpToParent::Ready { .. } => {
                if let Some(link) = &mut self.vrrp.link {
                    link.go(now)?;
                }
                if self.vrrp.phase() == Some(Phase::Running) {
                    self.vrrp.is_up(now);
                    if self.is_vrrp_behind() {
                        return self.catch_up(now);
                    }
                    self.forward_verdicts();
                }
            }
            VrrpToParent::Refused { reason, .. } => return self.vrrp_refused(reason),
            VrrpToParent::Stopped => self.vrrp_stopped(),
        }
        Ok(())
    }

    pub(crate) fn hear_checker(
        &mut self,
        account: &Account,
        source: Source,
        message: CheckerToParent,
        now: Monotonic,
    ) -> Result<(), Loss> {
        let id = || ChildId::Checker(account.clone());
        match message {
            CheckerToParent::CheckVerdicts {
                generation,
                verdicts,
            } => return self.check_verdicts(account, generation, verdicts),
            CheckerToParent::Committed { .. } => {
                let step = self.reload.committed(&id());
                self.take_step(step);
            }
            CheckerToParent::Confined(confinement) => {
                self.log_confinement(source, &confinement);
                return self.send_checker_start(account, now);
            }
            CheckerToParent::Hello(hello) => {
                check_hello(&hello, Role::Checker)?;
                self.write_checker_pid(account, source.pid);
            }
            CheckerToParent::Log(LogRecord { level, text }) => {
                self.log.write_as(source, level, &text);
            }
            CheckerToParent::Open {
                generation,
                check,
                request,
            } => return self.open(account, generation, check, request),
            CheckerToParent::Pong { sequence } => {
                let slot = self.checkers.get_mut(account);
                if let Some(slot) = slot {
                    if let Some(link) = &mut slot.link {
                        link.pong(sequence, now);
                    }
                    slot.settle();
                }
            }
            CheckerToParent::Prepared { .. } => {
                let step = self.reload.prepared(&id());
                self.take_step(step);
            }
            CheckerToParent::Ready { .. } => {
                if let Some(slot) = self.checkers.get_mut(account) {
                    if let Some(link) = &mut slot.link {
                        link.go(now)?;
                    }
                    slot.is_up(now);
                }
            }
            CheckerToParent::Refused { reason, .. } => self.checker_refused(account, reason),
            CheckerToParent::Stopped => {
                if !self.is_stopping() {
                    self.log.warning(&format!(
                        "checker child of {account} {} was ended by a signal",
                        source.pid
                    ));
                }
            }
            CheckerToParent::Verdict {
                generation,
                verdict,
            } => return self.verdict(account, generation, verdict),
        }
        Ok(())
    }

    /// It ends, and has given back what it held. Where nobody here asked for it, a signal did, and
    /// its successor begins with nothing.
    fn vrrp_stopped(&mut self) {
        if self.is_stopping() || self.vrrp.task == Task::Release {
            return;
        }
        let pid = self.vrrp.pid_number().unwrap_or(0);
        self.log
            .warning(&format!("vrrp child {pid} was ended by a signal"));
        self.checkpoints.clear();
    }

    /// Names that nobody gave it would fill the memory, and reach scripts.
    fn check_instance(&self, name: &InstanceName) -> Result<(), Loss> {
        let mut plans = std::iter::once(&self.plan).chain(&self.previous_plan);
        if plans.any(|plan| plan.instance(name).is_some()) {
            return Ok(());
        }
        let name = one_line(name.as_str()).into_owned();
        Err(Loss::because(format!(
            "it spoke of ({name}), which is none of its instances"
        )))
    }

    fn log_confinement(&mut self, source: Source, confinement: &Confinement) {
        let Confinement { seccomp, landlock } = confinement;
        if *seccomp {
            let text = format!("confined: seccomp filter on, Landlock {landlock}");
            self.log.write_as(source, Level::Info, &text);
        } else {
            self.log
                .write_as(source, Level::Warning, super::confine::NOT_CONFINED);
        }
    }

    fn send_vrrp_start(&mut self, now: Monotonic) -> Result<(), Loss> {
        self.send_pools_at_start()?;
        let mode = match self.vrrp.task {
            Task::Fresh => StartMode::Fresh,
            Task::Resume => StartMode::Resume,
            Task::Release => StartMode::Release,
        };
        let resumes = mode != StartMode::Fresh;
        let checkpoints = self.checkpoints.values().filter(|_| resumes);
        let plan = self.vrrp_plan();
        let start = VrrpStart {
            generation: plan.generation,
            config: plan.slices.vrrp.clone(),
            mode,
            checkpoints: checkpoints.cloned().collect(),
            verdicts: self.known_verdicts().cloned().collect(),
            silent_since: self.vrrp.silent_since.filter(|_| resumes),
        };
        let Some(link) = &mut self.vrrp.link else {
            return Ok(());
        };
        let phase = match mode {
            StartMode::Fresh | StartMode::Resume => Phase::Starting(start.generation),
            StartMode::Release => Phase::Releasing,
        };
        link.enter(phase, now);
        link.send(&ParentToVrrp::Start(start))
    }

    fn send_checker_start(&mut self, account: &Account, now: Monotonic) -> Result<(), Loss> {
        self.send_checks_at_start(account)?;
        let config = self.plan.slices.checkers.get(account).cloned();
        let config = config.unwrap_or_default();
        let verdicts = config
            .scripts
            .iter()
            .filter_map(|script| self.verdicts.get(&script.name).cloned())
            .collect();
        let start = CheckerStart {
            generation: self.plan.generation,
            config,
            fresh: self.life == Life::Starting,
            verdicts,
        };
        let slot = self.checkers.get_mut(account);
        let Some(link) = slot.and_then(|slot| slot.link.as_mut()) else {
            return Ok(());
        };
        link.enter(Phase::Starting(start.generation), now);
        link.send(&ParentToChecker::Start(start))
    }

    fn known_verdicts(&self) -> impl Iterator<Item = &Verdict> {
        let scripts = self.plan.config.scripts.iter();
        scripts
            .filter_map(|script| self.verdicts.get(&script.name))
            .filter(|verdict| {
                let disabled = &self.plan.facts.disabled;
                !disabled.contains_key(&verdict.script)
            })
            .chain(&self.plan.slices.disabled)
    }

    /// Is this checker allowed to say that? Then it is remembered and passed on.
    fn verdict(
        &mut self,
        account: &Account,
        generation: Generation,
        verdict: Verdict,
    ) -> Result<(), Loss> {
        let name = &verdict.script;
        // A verdict that crossed with a commit is still good where the script is the same.
        let Some(plan) = self.plan_of(generation)? else {
            return Ok(());
        };
        if !plan.has_script(account, name) {
            return Err(Loss::because(format!(
                "it gave a verdict over {name}, which is none of its scripts"
            )));
        }
        if !self.plan.same_script(plan, account, name) {
            return Ok(());
        }
        // It is kept and passed on, so its length is bounded here.
        let detail = one_line(&verdict.detail).into_owned();
        let verdict = Verdict { detail, ..verdict };
        self.verdicts
            .insert(verdict.script.clone(), verdict.clone());
        let generation = self.plan.generation;
        self.send_to_vrrp(&ParentToVrrp::Verdict {
            generation,
            verdict,
        });
        Ok(())
    }

    /// All verdicts at once: behind a start or a reload, which may have crossed with new ones.
    pub(crate) fn forward_verdicts(&mut self) {
        let generation = self.plan.generation;
        let verdicts: Vec<Verdict> = self.known_verdicts().cloned().collect();
        for verdict in verdicts {
            self.send_to_vrrp(&ParentToVrrp::Verdict {
                generation,
                verdict,
            });
        }
    }

    /// Sends to the VRRP child where it works.
    pub(crate) fn send_to_vrrp(&mut self, message: &ParentToVrrp) {
        let link = self.vrrp.link.as_mut();
        let live = link.filter(|link| link.phase().is_live());
        if let Some(Err(loss)) = live.map(|link| link.send(message)) {
            self.lose_vrrp(loss);
        }
    }

    fn vrrp_refused(&mut self, reason: String) -> Result<(), Loss> {
        if self.vrrp.task == Task::Release {
            return Err(Loss::because(format!(
                "it cannot release the addresses: {reason}"
            )));
        }
        if self.vrrp.phase() == Some(Phase::Stopped) {
            let reason = format!("the VRRP child cannot start: {reason}");
            if self.life == Life::Starting {
                self.refused_at_start = Some(reason);
            } else {
                self.log.error(&reason);
            }
            return Ok(());
        }
        if self.is_vrrp_behind() {
            // Its predecessor had accepted it.
            return Err(Loss::because(format!(
                "it refuses a configuration that is committed: {reason}"
            )));
        }
        let step = self.reload.refused(&ChildId::Vrrp, reason);
        self.take_step(step);
        Ok(())
    }

    fn checker_refused(&mut self, account: &Account, reason: String) {
        let slot = self.checkers.get(account);
        if slot.and_then(Slot::phase) == Some(Phase::Stopped) {
            self.log.error(&format!(
                "the checker child of {account} cannot start: {reason}"
            ));
            return;
        }
        let step = self
            .reload
            .refused(&ChildId::Checker(account.clone()), reason);
        self.take_step(step);
    }

    fn changed(&mut self, change: &StateChange) {
        self.priorities
            .insert(change.instance.clone(), change.priority);
        if self.is_stopping() {
            return;
        }
        let was_master = self.told.last(&change.instance) == Some(News::Master);
        if was_master && change.to != VrrpState::Master {
            self.vrrp.give_up_one();
        }
        let gone = change.cause == Cause::Removed;
        let news = if gone {
            Some(News::Fault)
        } else {
            News::of(change.to)
        };
        if let Some(news) = news {
            self.tell(&change.instance, news);
        }
    }

    pub(crate) fn tell(&mut self, name: &InstanceName, news: News) {
        if !self.told.tell(name, news) {
            return;
        }
        let priority = self.priorities.get(name).copied().unwrap_or(0);
        // An instance that a reload takes away is told so by its old scripts.
        let mut plans = std::iter::once(&self.plan).chain(&self.previous_plan);
        let found = plans.find_map(|plan| Some((plan.instance(name)?, &plan.facts)));
        let Some((instance, facts)) = found else {
            return;
        };
        let jobs = jobs(name, &instance.notify, news, priority, facts);
        if !jobs.is_empty() {
            self.with_scripts(|scripts, context| scripts.add(jobs, context));
        }
        self.write_state(name, news, priority);
        self.mail_state(name, news);
    }
}

fn check_hello(hello: &Hello, role: Role) -> Result<(), Loss> {
    hello.check(role).map_err(Loss::because)
}

//! A reload: read, hold against this host, prepare, commit.

use super::balancing::send_checks;
use super::clock;
use super::config::{self, Good, Outcome};
use super::daemon::{ChildId, Daemon, Plan};
use super::host::examine_host;
use super::link::Loss;
use super::run::refuse_writable_files;
use super::slot::Slot;
use holdfast::account::Account;
use holdfast::reload::Step;
use holdfast::words::counted;
use holdfast_conf::{HostNeed, UnknownWords};
use holdfast_ipc::message::{ParentToChecker, ParentToVrrp};
use holdfast_ipc::time::Monotonic;
use std::collections::BTreeSet;

impl Daemon {
    /// SIGHUP.
    pub(crate) fn begin_reload(&mut self, now: Monotonic) {
        self.log.info("Reloading ...");
        self.log.reopen_file();
        match self.read_new_plan() {
            Err(reason) => self.keep(&reason),
            Ok(plan) => {
                self.newest = plan.generation;
                self.next_plan = Some(plan);
                let children = self.ask_to_prepare(now);
                let step = self.reload.begin(children);
                self.take_step(step);
            }
        }
    }

    /// Nothing has changed.
    fn keep(&mut self, reason: &str) {
        let path = self.config_path.display().to_string();
        let place = if reason.contains(&path) {
            String::new()
        } else {
            format!("{path}: ")
        };
        self.log.error(&format!(
            "Reload refused, the running configuration stays: {place}{reason}"
        ));
    }

    fn read_new_plan(&mut self) -> Result<Plan, String> {
        // A word that nobody knows refuses a reload even where it is ignored at start: the running
        // configuration is better than half of a new one.
        match config::read(
            &self.config_path,
            UnknownWords::Refuse,
            &self.options.reading,
        ) {
            Outcome::Unreadable(reason) | Outcome::Empty(reason) => Err(reason),
            Outcome::Wrong(report) => {
                for line in report.lines() {
                    self.log.error(&line);
                }
                let path = self.config_path.display();
                let errors = counted(report.errors(), "error", "errors");
                Err(format!("{errors}, `holdfast -t -f {path}` shows them"))
            }
            Outcome::Good(good) => {
                good.refuse_nothing(&self.config_path)?;
                self.examine(*good)
            }
        }
    }

    fn examine(&mut self, good: Good) -> Result<Plan, String> {
        for line in good.report.lines() {
            self.log.warning(&line);
        }
        refuse_writable_files(&good)?;
        for text in good.file_faults().readable {
            self.log.warning(&text);
        }
        let findings = good.examine()?;
        let objections = findings.objections();
        let missing = self.newly_missing(&good)?;
        let mut refused = Vec::new();
        // What the running configuration waits for already is no reason against the next one.
        for (text, refusal) in &objections {
            if missing.contains(text) {
                self.log.error(refusal);
                refused.push(refusal.clone());
            } else if !self.plan.remarks.contains(text) {
                self.log.warning(text);
            }
        }
        if let Some(first) = refused.into_iter().next() {
            return Err(first);
        }
        let said = objections.into_keys().collect();
        let detail = self.options.log_detail;
        let plan = Plan::new(
            self.newest.next(),
            good.config,
            good.needs,
            findings.facts,
            detail,
            said,
        );
        Ok(plan.behind(&self.plan))
    }

    /// What is missing on this host for the new configuration but not for the running one. A host
    /// that changed under both is no reason to refuse a change of something else.
    fn newly_missing(&self, good: &Good) -> Result<BTreeSet<String>, String> {
        let running = examine_host(&self.plan.config, &self.plan.needs);
        let running = running.map(|found| found.objections()).unwrap_or_default();
        let named = |need: &HostNeed| self.plan.needs.iter().any(|old| old.fact == need.fact);
        let new_needs: Vec<HostNeed> = good
            .needs
            .iter()
            .filter(|need| !named(need))
            .cloned()
            .collect();
        let said = examine_host(&good.config, &new_needs)?.objections();
        let news = said
            .into_keys()
            .filter(|text| !running.contains_key(text) && !self.plan.remarks.contains(text));
        Ok(news.collect())
    }

    fn ask_to_prepare(&mut self, now: Monotonic) -> BTreeSet<ChildId> {
        // A socket that fails is seen again when it is read, and the child is lost then.
        let _ = self.send_next_pools();
        let Some(plan) = &self.next_plan else {
            return BTreeSet::new();
        };
        let generation = plan.generation;
        let mut asked = BTreeSet::new();
        if let Some(link) = &mut self.vrrp.link {
            let config = plan.slices.vrrp.clone();
            let message = ParentToVrrp::Prepare { generation, config };
            asked.insert(ChildId::Vrrp);
            // A socket that fails is seen again when it is read, and the child is lost then.
            let _ = link.prepare(generation, &message, now);
        }
        for (account, slot) in &mut self.checkers {
            let (Some(link), Some(config)) = (&mut slot.link, plan.slices.checkers.get(account))
            else {
                continue;
            };
            let config = config.clone();
            let message = ParentToChecker::Prepare { generation, config };
            asked.insert(ChildId::Checker(account.clone()));
            let _ = send_checks(link, account, plan);
            let _ = link.prepare(generation, &message, now);
        }
        asked
    }

    /// Carries out what the reload's state asks for.
    pub(crate) fn take_step(&mut self, step: Step<ChildId>) {
        match step {
            Step::Wait => {}
            Step::Commit(children) => self.commit(&children),
            Step::Abort { tell, reason } => {
                if let Some(plan) = self.next_plan.take() {
                    for child in tell {
                        self.abort(&child, &plan);
                    }
                }
                self.keep(&reason);
            }
            Step::Complete => self.complete(),
        }
    }

    fn commit(&mut self, children: &[ChildId]) {
        let Some(plan) = self.next_plan.take() else {
            return;
        };
        let generation = plan.generation;
        let now = clock::now();
        self.log_changes(&plan);
        self.balance.renumber(&plan);
        let previous = std::mem::replace(&mut self.plan, plan);
        self.previous_plan = Some(previous);
        self.follow_fifos();
        for child in children {
            // A failure is seen again when the socket is read.
            let _ = match child {
                ChildId::Vrrp => self
                    .vrrp
                    .link
                    .as_mut()
                    .map(|link| link.commit(generation, now)),
                ChildId::Checker(account) => {
                    let slot = self.checkers.get_mut(account);
                    let link = slot.and_then(|slot| slot.link.as_mut());
                    link.map(|link| link.commit(generation, now))
                }
            };
        }
    }

    /// True while the VRRP child has not taken over the configuration that is committed.
    pub(crate) fn is_vrrp_behind(&self) -> bool {
        self.previous_plan.is_some() && self.reload.is_committing(&ChildId::Vrrp)
    }

    /// The configuration that a VRRP child starts with.
    pub(crate) fn vrrp_plan(&self) -> &Plan {
        match &self.previous_plan {
            Some(previous) if self.is_vrrp_behind() => previous,
            Some(_) | None => &self.plan,
        }
    }

    /// A successor that started with the old configuration is given the new one.
    pub(crate) fn catch_up(&mut self, now: Monotonic) -> Result<(), Loss> {
        self.send_pools_of_plan()?;
        let generation = self.plan.generation;
        let config = self.plan.slices.vrrp.clone();
        let message = ParentToVrrp::Prepare { generation, config };
        let link = self.vrrp.link.as_mut();
        link.map_or(Ok(()), |link| link.prepare(generation, &message, now))
    }

    /// It accepted.
    pub(crate) fn commit_behind(&mut self, now: Monotonic) -> Result<(), Loss> {
        let generation = self.plan.generation;
        let link = self.vrrp.link.as_mut();
        link.map_or(Ok(()), |link| link.commit(generation, now))
    }

    fn abort(&mut self, child: &ChildId, plan: &Plan) {
        let generation = plan.generation;
        let _ = match child {
            ChildId::Vrrp => self.vrrp.link.as_mut().map(|link| link.abort(generation)),
            ChildId::Checker(account) => {
                let slot = self.checkers.get_mut(account);
                let link = slot.and_then(|slot| slot.link.as_mut());
                link.map(|link| link.abort(generation))
            }
        };
    }

    /// All children have switched.
    fn complete(&mut self) {
        // Without children to ask there was no commit.
        if let Some(plan) = self.next_plan.take() {
            self.log_changes(&plan);
            self.balance.renumber(&plan);
            self.plan = plan;
            self.follow_fifos();
        }
        self.previous_plan = None;
        let now = clock::now();
        self.exchange_checkers(now);
        self.forget_what_is_gone();
        self.forward_verdicts();
        self.forward_missed_verdicts();
        self.write_states_again();
        self.log.info("Reload complete");
    }

    fn log_changes(&mut self, plan: &Plan) {
        let lines = holdfast_conf::diff(&self.plan.config, &plan.config).lines();
        if lines.is_empty() {
            self.log.info("no change");
        }
        for line in lines {
            self.log.info(&line);
        }
    }

    /// Users that have scripts now get a checker, those that have none any more lose theirs.
    fn exchange_checkers(&mut self, now: Monotonic) {
        let wanted: BTreeSet<Account> = self.plan.slices.checkers.keys().cloned().collect();
        for account in self.checker_accounts() {
            if wanted.contains(&account) {
                continue;
            }
            let Some(mut slot) = self.checkers.remove(&account) else {
                continue;
            };
            slot.next = None;
            if let Some(Ok(())) = slot.link.as_mut().map(|link| link.stop(now)) {
                self.leaving.push(slot);
            }
        }
        if wanted.is_empty() {
            self.remove_checkers_pid_file();
        }
        for account in wanted {
            let executable = &self.checker_executable;
            self.checkers.entry(account).or_insert_with_key(|account| {
                Slot::for_checker(account.clone(), executable.clone(), now)
            });
        }
        self.start_due_children(now);
    }

    fn forget_what_is_gone(&mut self) {
        let plan = &self.plan;
        self.balance.forget_what_is_gone(&plan.config);
        self.checkpoints
            .retain(|name, _| plan.instance(name).is_some());
        self.priorities
            .retain(|name, _| plan.instance(name).is_some());
        self.told.retain(|name| plan.instance(name).is_some());
        let scripts = &plan.config.scripts;
        self.verdicts
            .retain(|name, _| scripts.iter().any(|script| script.name == *name));
    }
}

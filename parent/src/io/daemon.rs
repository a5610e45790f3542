//! The daemon: its state, and what each event does to it.

use super::balancing::Balance;
use super::clock;
use super::fifo::Fifos;
use super::link::Loss;
use super::log::Log;
use super::mail::{Mailing, Post};
use super::pidfile::PidFile;
use super::ready::Readiness;
use super::script::{Context, Scripts};
use super::signals::Signals;
use super::slot::Slot;
use holdfast::account::Account;
use holdfast::balance::first_checks;
use holdfast::cli::Options;
use holdfast::identity::Identity;
use holdfast::notify::Told;
use holdfast::reload::Reload;
use holdfast::requests::Requests;
use holdfast::side::{CheckerSide, VrrpSide};
use holdfast::slice::{HostFacts, Slices, slice};
use holdfast::succession::{Edition, Succession};
use holdfast_conf::HostNeed;
use holdfast_conf::model::{Check, Config, InstanceName, ScriptName, VrrpInstance};
use holdfast_ipc::balance::{CheckId, MemberId, PoolId};
use holdfast_ipc::config::Generation;
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::state::{Checkpoint, Verdict};
use holdfast_ipc::time::Monotonic;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Between two lines about dumps.
const DUMP_PAUSE: Micros = Micros::from_secs(60);

/// Names a child; the VRRP child is first in every order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ChildId {
    /// The VRRP child.
    Vrrp,
    /// The checker child of a user.
    Checker(Account),
}

/// A configuration as it is run.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) generation: Generation,
    pub(crate) config: Config,
    /// What it needs of this host.
    pub(crate) needs: Vec<HostNeed>,
    pub(crate) facts: HostFacts,
    pub(crate) slices: Slices,
    /// Number of the first check of each virtual server.
    first_checks: Vec<CheckId>,
    /// What it has of the configuration before it.
    pub(crate) succession: Succession,
    /// What was said about this host already.
    pub(crate) remarks: BTreeSet<String>,
}

impl Plan {
    pub(crate) fn new(
        generation: Generation,
        config: Config,
        needs: Vec<HostNeed>,
        facts: HostFacts,
        detail: bool,
        remarks: BTreeSet<String>,
    ) -> Self {
        let slices = slice(&config, &facts, detail);
        let first_checks = first_checks(&config);
        Self {
            generation,
            config,
            needs,
            facts,
            slices,
            first_checks,
            succession: Succession::default(),
            remarks,
        }
    }

    /// The one behind another.
    pub(crate) fn behind(mut self, before: &Self) -> Self {
        self.succession = Succession::new(before.edition(), self.edition());
        self
    }

    pub(crate) fn edition(&self) -> Edition<'_> {
        Edition {
            config: &self.config,
            facts: &self.facts,
            owners: &self.slices.owners,
        }
    }

    /// The checks of a real server with their numbers.
    pub(crate) fn checks_of(
        &self,
        pool: PoolId,
        member: MemberId,
    ) -> impl Iterator<Item = (CheckId, &Check)> {
        let at = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let server = self.config.virtual_servers.get(at(pool.get()));
        let reals = server.map_or(&[][..], |server| &server.real_servers);
        let member = at(member.get());
        let first = self.first_checks.get(at(pool.get()));
        let first = first.map_or(0, |check| check.get());
        let before = reals.iter().take(member).map(|real| real.checks.len());
        let first = before
            .filter_map(|checks| u32::try_from(checks).ok())
            .fold(first, u32::saturating_add);
        let checks = reals.get(member).map_or(&[][..], |real| &real.checks);
        (first..).map(CheckId::new).zip(checks)
    }

    pub(crate) fn instance(&self, name: &InstanceName) -> Option<&VrrpInstance> {
        self.config
            .instances
            .iter()
            .find(|instance| instance.router.name == *name)
    }

    /// True when that checker has that script.
    pub(crate) fn has_script(&self, account: &Account, name: &ScriptName) -> bool {
        let checker = self.slices.checkers.get(account);
        checker.is_some_and(|checker| checker.scripts.iter().any(|script| script.name == *name))
    }

    /// True when that script has the same task in both.
    pub(crate) fn same_script(&self, other: &Self, account: &Account, name: &ScriptName) -> bool {
        let find = |plan: &Self| {
            let checker = plan.slices.checkers.get(account)?;
            checker
                .scripts
                .iter()
                .find(|script| script.name == *name)
                .cloned()
        };
        find(self).is_some_and(|script| Some(script) == find(other))
    }
}

/// Where the daemon stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// The children start for the first time.
    Starting,
    /// It works.
    Running,
    /// It ends.
    Stopping {
        /// Since when.
        since: Monotonic,
        /// The stop scripts are begun.
        told: bool,
        /// A child was started that only releases.
        released: bool,
        /// With this status.
        status: u8,
    },
}

/// Everything.
pub(crate) struct Daemon {
    pub(crate) options: Options,
    pub(crate) identity: Identity,
    pub(crate) log: Log,
    pub(crate) signals: Signals,
    pub(crate) config_path: PathBuf,
    pub(crate) checker_executable: PathBuf,
    pub(crate) plan: Plan,
    /// While the children prepare it.
    pub(crate) next_plan: Option<Plan>,
    /// While they commit the new one.
    pub(crate) previous_plan: Option<Plan>,
    pub(crate) newest: Generation,
    pub(crate) reload: Reload<ChildId>,
    pub(crate) vrrp: Slot<VrrpSide>,
    pub(crate) checkers: BTreeMap<Account, Slot<CheckerSide>>,
    pub(crate) leaving: Vec<Slot<CheckerSide>>,
    pub(crate) checkers_pid_file: Option<PidFile>,
    pub(crate) checkers_pid_path: PathBuf,
    pub(crate) checkpoints: BTreeMap<InstanceName, Checkpoint>,
    pub(crate) priorities: BTreeMap<InstanceName, u8>,
    pub(crate) verdicts: BTreeMap<ScriptName, Verdict>,
    pub(crate) told: Told,
    pub(crate) balance: Balance,
    pub(crate) requests: Requests,
    pub(crate) scripts: Scripts,
    pub(crate) fifos: Fifos,
    pub(crate) mailing: Mailing,
    pub(crate) life: Life,
    /// When the log wants its turn.
    pub(crate) log_due: Option<Monotonic>,
    /// When a dump was refused last.
    pub(crate) dump_refused: Option<Monotonic>,
    pub(crate) ready: Option<Readiness>,
    /// A child refused the configuration before the start was complete.
    pub(crate) refused_at_start: Option<String>,
    pub(crate) pid_file: Option<PidFile>,
}

impl Daemon {
    /// One turn behind everything that arrived.
    pub(crate) fn turn(&mut self) {
        let arrived = self.signals.take();
        // First: a signal to the whole control group ends the children too, and they are not to be
        // replaced then.
        if arrived.stop {
            self.stop(0);
        }
        self.read_children();
        if arrived.child {
            self.reap();
        }
        if arrived.reload && !self.is_stopping() {
            self.reload.request();
        }
        if arrived.dump {
            self.refuse_dump();
        }
        self.tick();
    }

    /// A monitor may ask every second, and gets one line a minute.
    fn refuse_dump(&mut self) {
        let now = clock::now();
        if self
            .dump_refused
            .is_some_and(|at| now.since(at) < DUMP_PAUSE)
        {
            return;
        }
        self.dump_refused = Some(now);
        self.log.warning(
            "USR1, USR2, STATS_CLEAR and JSON (dumps of the state) are not carried out by this \
             version",
        );
    }

    pub(crate) const fn is_stopping(&self) -> bool {
        matches!(self.life, Life::Stopping { .. })
    }

    /// What the clock asks for.
    fn tick(&mut self) {
        let now = clock::now();
        if let Some(Err(loss)) = self.vrrp.link.as_mut().map(|link| link.tick(now)) {
            self.lose_vrrp(loss);
        }
        for account in self.checker_accounts() {
            let slot = self.checkers.get_mut(&account);
            let ticked = slot.and_then(|slot| Some(slot.link.as_mut()?.tick(now)));
            if let Some(Err(loss)) = ticked {
                self.lose_checker(&account, loss);
            }
        }
        self.start_due_children(now);
        self.with_scripts(Scripts::tick);
        self.with_fifos(Fifos::tick);
        self.with_mail(Mailing::tick);
        self.write_obituaries(now);
        self.progress(now);
        self.log_due = self.log.tick(now);
    }

    /// Start, reload and stop go on when others are far enough.
    fn progress(&mut self, now: Monotonic) {
        match self.life {
            Life::Starting => self.progress_start(),
            Life::Running => {
                if !self.is_unsettled() && self.reload.take_request() {
                    self.begin_reload(now);
                }
            }
            Life::Stopping { since, told, .. } => self.progress_stop(now, since, told),
        }
    }

    /// Does something with the scripts and what they need.
    pub(crate) fn with_scripts(&mut self, action: impl FnOnce(&mut Scripts, &mut Context<'_>)) {
        let mut context = Context::new(&mut self.log, &self.plan.config);
        action(&mut self.scripts, &mut context);
    }

    /// The same with the FIFOs.
    pub(crate) fn with_fifos(&mut self, action: impl FnOnce(&mut Fifos, &mut Context<'_>)) {
        let mut context = Context::new(&mut self.log, &self.plan.config);
        action(&mut self.fifos, &mut context);
    }

    /// The same with mail.
    pub(crate) fn with_mail(&mut self, action: impl FnOnce(&mut Mailing, &mut Post<'_>)) {
        let config = &self.plan.config;
        let mut post = Post {
            context: Context::new(&mut self.log, config),
            account: &self.vrrp.account,
            identity: self.identity,
            settings: config.global.mail.as_ref(),
        };
        action(&mut self.mailing, &mut post);
    }

    /// A reload waits. Between two VRRP children it does too: the next one takes over what the last
    /// one held under the running configuration, and lets go under the new one what is gone there.
    fn is_unsettled(&self) -> bool {
        let between = self.vrrp.link.is_none() && !self.vrrp.restarts.is_backing_off();
        between || self.vrrp.is_unsettled() || self.checkers.values().any(Slot::is_unsettled)
    }

    /// When the next turn is wanted without any event.
    pub(crate) fn deadline(&self) -> Option<Monotonic> {
        let now = clock::now();
        let stop = self.stop_deadline(now);
        let checkers = self.checkers.values().filter_map(Slot::deadline);
        checkers
            .chain(self.leaving.iter().filter_map(Slot::leaving_deadline))
            .chain(self.vrrp.deadline())
            .chain(self.scripts.deadline())
            .chain(self.fifos.deadline(now))
            .chain(self.mailing.deadline())
            .chain(stop)
            .chain(self.log_due)
            .min()
    }

    /// The configuration that a checker speaks of; none where it is older than those that count.
    pub(crate) fn plan_of(&self, generation: Generation) -> Result<Option<&Plan>, Loss> {
        if generation > self.plan.generation {
            return Err(Loss::because(
                "it named a configuration that it was not given",
            ));
        }
        let mut plans = std::iter::once(&self.plan).chain(&self.previous_plan);
        Ok(plans.find(|plan| plan.generation == generation))
    }

    pub(crate) fn checker_accounts(&self) -> Vec<Account> {
        self.checkers.keys().cloned().collect()
    }
}

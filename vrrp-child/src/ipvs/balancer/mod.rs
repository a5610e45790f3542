//! The whole load balancer of the VRRP child: pools and verdicts in, pieces of work for the kernel,
//! lines and news for the parent out.

mod kernel;

use super::desired;
use super::pool::{News, Pool, Verdicts};
use super::table::ServiceKey;
use super::work::{Done, Work};
use crate::event::{IfIndex, PresentAddress};
use holdfast_ipc::balance::{CheckId, CheckVerdict, MemberId, PoolChange, PoolConfig};
use holdfast_ipc::config::model::{FlushOnStop, InstanceName, Lvs, LvsTimeouts, Service};
use holdfast_ipc::config::{Generation, VrrpConfig};
use holdfast_ipc::log::LogRecord;
use holdfast_ipc::state::VrrpState;
use holdfast_ipc::time::Monotonic;
use kernel::Kernel;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// What the balancer wants to have done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Write a line to the log.
    Log(LogRecord),
    /// A virtual address with `ha_suspend` came or left.
    Held {
        /// The address.
        address: IpAddr,
        /// It is here.
        held: bool,
    },
    /// A real server or a quorum changed.
    Changed {
        /// Of which configuration.
        generation: Generation,
        /// What happened.
        change: PoolChange,
    },
}

/// A configuration that is being told, up to its `Start` or `Commit`.
#[derive(Clone, Debug, Default)]
struct Staged {
    generation: Generation,
    pools: Vec<PoolConfig>,
    verdicts: Verdicts,
}

/// The load balancer.
#[derive(Clone, Debug, Default)]
pub struct Balancer {
    running: bool,
    stopping: bool,
    generation: Generation,
    lvs: Lvs,
    staged: Option<Staged>,
    pools: Vec<Pool>,
    checks: BTreeMap<CheckId, (usize, MemberId)>,
    owners: BTreeMap<ServiceKey, usize>,
    addresses: BTreeSet<(IpAddr, IfIndex)>,
    held: BTreeSet<IpAddr>,
    states: BTreeMap<InstanceName, VrrpState>,
    kernel: Kernel,
}

impl Balancer {
    /// Pools of a configuration whose `Start` or `Prepare` comes behind.
    pub fn stage_pools(&mut self, generation: Generation, mut pools: Vec<PoolConfig>) {
        self.staged(generation).pools.append(&mut pools);
    }

    /// Verdicts: of the running configuration they count at once, else they wait for theirs.
    pub fn verdicts(
        &mut self,
        generation: Generation,
        verdicts: Vec<CheckVerdict>,
        actions: &mut Vec<Action>,
    ) {
        if self.running && generation == self.generation {
            for verdict in verdicts {
                self.verdict(&verdict, actions);
            }
        } else if generation > self.generation || !self.running {
            self.stage_verdicts(generation, verdicts);
        }
    }

    /// What is known about the checks of a configuration that is being told.
    pub fn stage_verdicts(&mut self, generation: Generation, verdicts: Vec<CheckVerdict>) {
        let staged = &mut self.staged(generation).verdicts;
        staged.extend(verdicts.into_iter().map(|verdict| (verdict.check, verdict)));
    }

    fn staged(&mut self, generation: Generation) -> &mut Staged {
        let staged = self.staged.get_or_insert_default();
        if staged.generation != generation {
            *staged = Staged {
                generation,
                ..Staged::default()
            };
        }
        staged
    }

    /// Checks that a configuration is complete and can be programmed.
    pub fn prepare(&self, generation: Generation, config: &VrrpConfig) -> Result<(), String> {
        let staged = self
            .staged
            .as_ref()
            .filter(|staged| staged.generation == generation);
        let pools = staged.map_or(&[][..], |staged| &staged.pools);
        if u32::try_from(pools.len()) != Ok(config.pools) {
            return Err(format!(
                "{} virtual servers were announced, {} came",
                config.pools,
                pools.len()
            ));
        }
        pools.iter().try_for_each(desired::check)
    }

    /// The prepared configuration is not wanted.
    pub fn abort(&mut self, generation: Generation) {
        self.staged
            .take_if(|staged| staged.generation == generation);
    }

    /// Begins with the configuration that was staged. `fresh`: nobody was here before.
    pub fn start(
        &mut self,
        generation: Generation,
        lvs: Lvs,
        fresh: bool,
        actions: &mut Vec<Action>,
    ) {
        self.running = true;
        if fresh && lvs.flush {
            self.kernel.flush();
        }
        let news = self.adopt(generation, lvs, |pool, _, news| pool.start(news));
        self.say(generation, news, actions);
        self.watch(actions);
    }

    /// Switches to the configuration that was prepared. What is the same is not touched.
    pub fn commit(&mut self, generation: Generation, lvs: Lvs, actions: &mut Vec<Action>) {
        let old_generation = self.generation;
        let old = self.pools.clone();
        let news = self.adopt(generation, lvs, |pool, before, news| match before {
            Some(before) => pool.resume(before, news),
            None => pool.start(news),
        });
        let next: BTreeMap<&Service, &Pool> = by_service(&self.pools);
        let mut gone = Vec::new();
        for pool in &old {
            pool.farewell(next.get(&pool.config().service).copied(), &mut gone);
        }
        self.say(old_generation, gone, actions);
        self.say(generation, news, actions);
        self.watch(actions);
    }

    /// Makes the pools of the staged configuration the present ones.
    fn adopt(
        &mut self,
        generation: Generation,
        lvs: Lvs,
        begin: impl Fn(&mut Pool, Option<&Pool>, &mut Vec<News>),
    ) -> Vec<News> {
        let staged = self.staged.take();
        let staged = staged
            .filter(|staged| staged.generation == generation)
            .unwrap_or_default();
        let old = std::mem::take(&mut self.pools);
        let before = by_service(&old);
        let mut news = Vec::new();
        for config in staged.pools {
            let known = before.get(&config.service).copied();
            let mut pool = Pool::new(config, &staged.verdicts, known);
            begin(&mut pool, known, &mut news);
            self.pools.push(pool);
        }
        self.generation = generation;
        self.lvs = lvs;
        self.index();
        self.follow();
        news
    }

    /// Numbers of checks, and whose each service of the kernel is: the first pool's that names it.
    fn index(&mut self) {
        self.checks.clear();
        let before = std::mem::take(&mut self.owners);
        for (place, pool) in self.pools.iter().enumerate() {
            for (check, member) in pool.checks() {
                self.checks.insert(check, (place, member));
            }
            for (key, entry) in pool.entries() {
                if let std::collections::btree_map::Entry::Vacant(free) = self.owners.entry(key) {
                    free.insert(place);
                    self.kernel.want(key, Some(entry));
                }
            }
        }
        for key in before.keys().filter(|key| !self.owners.contains_key(key)) {
            self.kernel.want(*key, None);
        }
    }

    fn verdict(&mut self, verdict: &CheckVerdict, actions: &mut Vec<Action>) {
        let Some((place, member)) = self.checks.get(&verdict.check).copied() else {
            return;
        };
        let Some(pool) = self.pools.get_mut(place) else {
            return;
        };
        let mut news = Vec::new();
        if pool.verdict(member, verdict, &mut news) && !self.stopping {
            for (key, entry) in pool.entries() {
                if self.owners.get(&key) == Some(&place) {
                    self.kernel.want(key, Some(entry));
                }
            }
        }
        self.say(self.generation, news, actions);
    }

    /// The daemon stops: all of this is taken away, then `is_finished`.
    pub fn stop(&mut self, actions: &mut Vec<Action>) {
        if !self.running || std::mem::replace(&mut self.stopping, true) {
            return;
        }
        let mut news = Vec::new();
        for pool in &mut self.pools {
            pool.stop(&mut news);
        }
        self.say(self.generation, news, actions);
        // The kernel takes the servers of a service away with it.
        self.kernel.want_nothing();
        match self.lvs.flush_on_stop {
            FlushOnStop::All => self.kernel.flush(),
            FlushOnStop::Orderly | FlushOnStop::Own => {}
        }
        self.lvs.timeouts = LvsTimeouts::default();
        self.lvs.sync_daemon = None;
        self.follow();
    }

    /// Nothing is left to be done behind `stop`.
    pub fn is_finished(&self) -> bool {
        !self.running || (self.stopping && !self.kernel.has_work())
    }

    /// An address came to an interface or left it.
    pub fn address(
        &mut self,
        index: IfIndex,
        address: IpAddr,
        present: bool,
        actions: &mut Vec<Action>,
    ) {
        if present {
            self.addresses.insert((address, index));
        } else {
            self.addresses.remove(&(address, index));
        }
        if self.running {
            self.watch(actions);
        }
    }

    /// These are all addresses of this machine.
    pub fn all_addresses(&mut self, present: &[PresentAddress], actions: &mut Vec<Action>) {
        let all = present.iter().map(|found| (found.address, found.index));
        self.addresses = all.collect();
        if self.running {
            self.watch(actions);
        }
    }

    /// An interface is gone with its addresses.
    pub fn link_gone(&mut self, gone: IfIndex, actions: &mut Vec<Action>) {
        self.addresses.retain(|(_, index)| *index != gone);
        if self.running {
            self.watch(actions);
        }
    }

    /// Tells which addresses with `ha_suspend` came and left.
    fn watch(&mut self, actions: &mut Vec<Action>) {
        let watched = self.pools.iter().filter_map(|pool| {
            let config = pool.config();
            match &config.service {
                Service::Address { address, .. } if config.ha_suspend => Some(*address),
                Service::Address { .. } | Service::Mark { .. } | Service::Group { .. } => None,
            }
        });
        let present: BTreeSet<IpAddr> =
            self.addresses.iter().map(|(address, _)| *address).collect();
        let held: BTreeSet<IpAddr> = watched
            .filter(|address| present.contains(address))
            .collect();
        let before = std::mem::replace(&mut self.held, held);
        let told = |address: &IpAddr, held| Action::Held {
            address: *address,
            held,
        };
        actions.extend(
            before
                .difference(&self.held)
                .map(|address| told(address, false)),
        );
        actions.extend(
            self.held
                .difference(&before)
                .map(|address| told(address, true)),
        );
    }

    /// A virtual router has another state.
    pub fn instance(&mut self, name: &InstanceName, state: VrrpState) {
        self.states.insert(name.clone(), state);
        self.follow();
    }

    /// Timeouts and sync daemons of this moment.
    fn follow(&mut self) {
        let followed = self.lvs.sync_daemon.as_ref();
        let instance = followed.and_then(|daemon| daemon.instance.as_ref());
        let state = instance.and_then(|name| self.states.get(name)).copied();
        self.kernel.settings(&self.lvs, state);
    }

    /// True while the kernel has the load balancer, or nobody has needed it yet.
    pub const fn is_programmed(&self) -> bool {
        !self.kernel.is_missing()
    }

    /// True where `next_work` has something at once.
    pub fn has_work(&self) -> bool {
        self.running && self.kernel.has_work()
    }

    /// The next piece of work; `done` is told what became of it before the next is asked for.
    pub fn next_work(&mut self) -> Option<Work> {
        if self.running {
            self.kernel.next_work()
        } else {
            None
        }
    }

    /// Takes what became of a piece of work.
    pub fn done(&mut self, now: Monotonic, done: Done, actions: &mut Vec<Action>) {
        let mut log = Vec::new();
        self.kernel.done(now, done, &mut log);
        actions.extend(log.into_iter().map(Action::Log));
    }

    /// When `timer_due` has something to do.
    pub fn next_deadline(&self) -> Option<Monotonic> {
        if self.running && !self.stopping {
            self.kernel.next_deadline()
        } else {
            None
        }
    }

    /// Tries again what failed, and looks after the kernel's table.
    pub fn timer_due(&mut self, now: Monotonic) {
        self.kernel.timer_due(now);
    }

    fn say(&self, generation: Generation, news: Vec<News>, actions: &mut Vec<Action>) {
        actions.extend(news.into_iter().map(|news| match news {
            News::Log(record) => Action::Log(record),
            News::Changed(change) => Action::Changed { generation, change },
        }));
    }
}

fn by_service(pools: &[Pool]) -> BTreeMap<&Service, &Pool> {
    let pairs = pools.iter().map(|pool| (&pool.config().service, pool));
    pairs.collect()
}

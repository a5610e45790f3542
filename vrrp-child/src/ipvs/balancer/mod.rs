//! The whole load balancer of the VRRP child: pools and verdicts in, pieces of work for the kernel,
//! lines and news for the parent out.

mod kernel;

use super::desired;
use super::pool::{Before, News, Pool, Verdicts};
use super::table::ServiceKey;
use super::work::{Done, Work};
use crate::event::{IfIndex, PresentAddress};
use holdfast_ipc::balance::{
    CheckId, CheckVerdict, MemberId, PoolChange, PoolConfig, PoolId, PoolStanding,
};
use holdfast_ipc::config::model::{FlushOnStop, InstanceName, Lvs, LvsTimeouts, Service};
use holdfast_ipc::config::{Generation, VrrpConfig};
use holdfast_ipc::log::LogRecord;
use holdfast_ipc::state::VrrpState;
use holdfast_ipc::time::Monotonic;
use kernel::Kernel;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
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
    standings: BTreeMap<PoolId, PoolStanding>,
}

impl Staged {
    fn into_move(self) -> Next {
        Next {
            pools: self.pools.into_iter(),
            verdicts: self.verdicts,
            standings: self.standings,
        }
    }
}

/// What is left of a staged configuration.
#[derive(Clone, Debug)]
struct Next {
    pools: std::vec::IntoIter<PoolConfig>,
    verdicts: Verdicts,
    standings: BTreeMap<PoolId, PoolStanding>,
}

/// On the way from one configuration to the next.
#[derive(Clone, Debug)]
struct Move {
    from: Generation,
    next: Next,
    old: VecDeque<Pool>,
    /// Where each service stands in `old`.
    places: HashMap<Service, usize>,
    owners: BTreeMap<ServiceKey, usize>,
    /// Verdicts that came meanwhile.
    late: Vec<CheckVerdict>,
}

/// Pools that are taken over in one turn of the loop: some 0.2 ms.
const POOLS_PER_PIECE: usize = 64;
/// Services that are compared by name alone in one turn.
const KEYS_PER_PIECE: usize = 1_024;

/// The load balancer.
#[derive(Clone, Debug, Default)]
pub struct Balancer {
    running: bool,
    stopping: bool,
    generation: Generation,
    lvs: Lvs,
    staged: Option<Staged>,
    moving: Option<Move>,
    pools: Vec<Pool>,
    places: HashMap<Service, usize>,
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
            if let Some(moving) = &mut self.moving {
                moving.late.extend(verdicts);
                return;
            }
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

    /// How a predecessor left the pools of the configuration that is started.
    pub fn stage_standings(&mut self, generation: Generation, standings: Vec<PoolStanding>) {
        let staged = &mut self.staged(generation).standings;
        let standings = standings.into_iter();
        staged.extend(standings.map(|standing| (standing.pool, standing)));
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
    pub fn start(&mut self, generation: Generation, lvs: Lvs, fresh: bool) {
        self.running = true;
        if fresh && lvs.flush {
            self.kernel.flush();
        }
        self.begin_move(generation, lvs);
    }

    /// Switches to the configuration that was prepared. What is the same is not touched.
    pub fn commit(&mut self, generation: Generation, lvs: Lvs) {
        self.begin_move(generation, lvs);
    }

    fn begin_move(&mut self, generation: Generation, lvs: Lvs) {
        let staged = self.staged.take();
        let staged = staged.filter(|staged| staged.generation == generation);
        self.moving = Some(Move {
            from: self.generation,
            next: staged.unwrap_or_default().into_move(),
            old: std::mem::take(&mut self.pools).into(),
            places: std::mem::take(&mut self.places),
            owners: std::mem::take(&mut self.owners),
            late: Vec::new(),
        });
        self.checks.clear();
        self.generation = generation;
        self.lvs = lvs;
        self.follow();
    }

    /// True between `start` or `commit` and the last `move_on`.
    pub const fn is_moving(&self) -> bool {
        self.moving.is_some()
    }

    /// Takes over some pools of the new configuration: 10,000 at once would hold up adverts. Until
    /// the last one nothing is asked of the kernel.
    pub fn move_on(&mut self, actions: &mut Vec<Action>) {
        let Some(mut moving) = self.moving.take() else {
            return;
        };
        if self.adopt_some(&mut moving, actions)
            || self.dismiss_some(&mut moving, actions)
            || self.disown_some(&mut moving)
        {
            self.moving = Some(moving);
            return;
        }
        self.watch(actions);
        for verdict in moving.late {
            self.verdict(&verdict, actions);
        }
    }

    /// New pools from their predecessors. False where none is left.
    fn adopt_some(&mut self, moving: &mut Move, actions: &mut Vec<Action>) -> bool {
        let mut news = Vec::new();
        let configs = moving.next.pools.by_ref().take(POOLS_PER_PIECE);
        let configs: Vec<PoolConfig> = configs.collect();
        let any = !configs.is_empty();
        for config in configs {
            let place = moving.places.get(&config.service);
            let known = place.and_then(|place| moving.old.get(*place));
            let standing = moving.next.standings.get(&config.id);
            let before = match (known, standing) {
                (Some(pool), _) => Before::Reload(pool),
                (None, Some(standing)) => Before::Predecessor(standing),
                (None, None) => Before::Nothing,
            };
            let mut pool = Pool::new(config, &moving.next.verdicts, before);
            match known {
                Some(known) => pool.resume(known, &mut news),
                None => pool.start(standing, &mut news),
            }
            self.put(pool);
        }
        self.say(self.generation, news, actions);
        any
    }

    /// Takes a pool in: numbers of its checks, and whose each service of the kernel is, the first
    /// pool's that names it.
    fn put(&mut self, pool: Pool) {
        let place = self.pools.len();
        for (check, member) in pool.checks() {
            self.checks.insert(check, (place, member));
        }
        for (key, entry) in pool.entries() {
            if let std::collections::btree_map::Entry::Vacant(free) = self.owners.entry(key) {
                free.insert(place);
                self.kernel.want(key, Some(entry));
            }
        }
        self.places.insert(pool.config().service.clone(), place);
        self.pools.push(pool);
    }

    /// Old pools say what is gone with them. False where none is left.
    fn dismiss_some(&self, moving: &mut Move, actions: &mut Vec<Action>) -> bool {
        let mut gone = Vec::new();
        let count = moving.old.len().min(POOLS_PER_PIECE);
        for pool in moving.old.drain(..count) {
            let place = self.places.get(&pool.config().service);
            let next = place.and_then(|place| self.pools.get(*place));
            pool.farewell(next, &mut gone);
        }
        self.say(moving.from, gone, actions);
        count > 0
    }

    /// Services that no pool names any more go. False where none is left.
    fn disown_some(&mut self, moving: &mut Move) -> bool {
        for _ in 0..KEYS_PER_PIECE {
            // Freeing all verdicts at once takes milliseconds as well.
            moving.next.verdicts.pop_first();
            let Some((key, _)) = moving.owners.pop_first() else {
                return false;
            };
            if !self.owners.contains_key(&key) {
                self.kernel.want(key, None);
            }
        }
        true
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
        while self.is_moving() {
            self.move_on(actions);
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
        !self.running || (self.stopping && !self.kernel.is_at_work())
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
        self.watch(actions);
    }

    /// These are all addresses of this machine.
    pub fn all_addresses(&mut self, present: &[PresentAddress], actions: &mut Vec<Action>) {
        let all = present.iter().map(|found| (found.address, found.index));
        self.addresses = all.collect();
        self.watch(actions);
    }

    /// An interface is gone with its addresses.
    pub fn link_gone(&mut self, gone: IfIndex, actions: &mut Vec<Action>) {
        self.addresses.retain(|(_, index)| *index != gone);
        self.watch(actions);
    }

    /// Tells which addresses with `ha_suspend` came and left.
    fn watch(&mut self, actions: &mut Vec<Action>) {
        if !self.running || self.is_moving() {
            return;
        }
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

    /// True where `move_on` or `next_work` has something at once.
    pub fn has_work(&self) -> bool {
        self.running && (self.is_moving() || self.kernel.has_work())
    }

    /// The next piece of work, none while one is under way: until `done` is told what became of it.
    pub fn next_work(&mut self) -> Option<Work> {
        if self.running && !self.is_moving() {
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

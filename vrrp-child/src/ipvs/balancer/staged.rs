//! A configuration that is being told, and the way from the running one to it.

use crate::ipvs::pool::{Pool, Verdicts};
use crate::ipvs::table::ServiceKey;
use holdfast_ipc::balance::{CheckId, CheckVerdict, Kept, PoolConfig, PoolId, PoolStanding};
use holdfast_ipc::config::Generation;
use holdfast_ipc::config::model::Service;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// What the list of the next configuration says, in its order.
#[derive(Clone, Debug)]
enum Item {
    New(Box<PoolConfig>),
    Kept(Kept),
}

/// A configuration that is being told, up to its `Start` or `Commit`.
#[derive(Clone, Debug, Default)]
pub(super) struct Staged {
    pub(super) generation: Generation,
    items: VecDeque<Item>,
    /// Of which configuration the kept pools are.
    running: Option<Generation>,
    pub(super) verdicts: Verdicts,
    pub(super) standings: BTreeMap<PoolId, PoolStanding>,
}

impl Staged {
    pub(super) fn of(generation: Generation) -> Self {
        Self {
            generation,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, pools: Vec<PoolConfig>) {
        let pools = pools.into_iter();
        self.items
            .extend(pools.map(|pool| Item::New(Box::new(pool))));
    }

    pub(super) fn keep(&mut self, running: Generation, kept: Kept) {
        self.running = Some(running);
        self.items.push_back(Item::Kept(kept));
    }

    /// The pools that are told in full.
    pub(super) fn new_pools(&self) -> impl Iterator<Item = &PoolConfig> {
        self.items.iter().filter_map(|item| match item {
            Item::New(config) => Some(config.as_ref()),
            Item::Kept(_) => None,
        })
    }

    /// How many pools it has. The error says what it keeps that the running configuration has not.
    pub(super) fn count(&self, running: Generation, pools: usize) -> Result<usize, String> {
        if self.running.is_some_and(|meant| meant != running) {
            return Err("it keeps pools of another configuration than the running one".to_owned());
        }
        let mut kept = vec![false; pools];
        let mut count = 0_usize;
        for item in &self.items {
            let Item::Kept(stretch) = item else {
                count = count.saturating_add(1);
                continue;
            };
            let places = stretch.places();
            count = count.saturating_add(places.len());
            let kept = kept
                .get_mut(places)
                .ok_or("it keeps pools that are not here")?;
            if kept.iter_mut().any(|kept| std::mem::replace(kept, true)) {
                return Err("it keeps a pool twice".to_owned());
            }
        }
        Ok(count)
    }

    /// True where all of these pools stay, with their numbers.
    pub(super) fn is_the_same(&self, pools: &[Pool]) -> bool {
        let first = pools.iter().find_map(Pool::first_check);
        let all = match self.items.iter().collect::<Vec<_>>()[..] {
            [] => pools.is_empty(),
            [Item::Kept(kept)] => {
                kept.places() == (0..pools.len()) && first.is_none_or(|first| first == kept.check)
            }
            _ => false,
        };
        all && self.verdicts.is_empty() && self.standings.is_empty()
    }
}

/// On the way from one configuration to the next.
#[derive(Clone, Debug)]
pub(super) struct Move {
    pub(super) from: Generation,
    next: Staged,
    /// The pools that nobody has taken over yet.
    old: VecDeque<Option<Pool>>,
    /// Where each service stands in `old`.
    places: HashMap<Service, usize>,
    owners: BTreeMap<ServiceKey, usize>,
    /// Verdicts that came meanwhile.
    pub(super) late: Vec<CheckVerdict>,
}

/// A pool of the next configuration.
pub(super) enum Arrival {
    /// It is told in full.
    New(Box<PoolConfig>),
    /// It stood there, and its first check has this number now.
    Kept(usize, Box<Pool>, CheckId),
}

impl Move {
    pub(super) fn new(
        from: Generation,
        next: Staged,
        old: Vec<Pool>,
        places: HashMap<Service, usize>,
        owners: BTreeMap<ServiceKey, usize>,
    ) -> Self {
        Self {
            from,
            next,
            old: old.into_iter().map(Some).collect(),
            places,
            owners,
            late: Vec::new(),
        }
    }

    /// The next pool in the order of the next configuration.
    pub(super) fn arrive(&mut self) -> Option<Arrival> {
        loop {
            let kept = match self.next.items.pop_front()? {
                Item::New(config) => return Some(Arrival::New(config)),
                Item::Kept(kept) => kept,
            };
            let place = usize::try_from(kept.first).unwrap_or(usize::MAX);
            // Each was looked at when the configuration was prepared.
            let pool = self.old.get_mut(place).and_then(Option::take);
            let checks = pool.as_ref().map_or(0, |pool| pool.checks().count());
            if let Some(count) = kept.count.checked_sub(1).filter(|count| *count > 0) {
                let checks = u32::try_from(checks).unwrap_or(u32::MAX);
                self.next.items.push_front(Item::Kept(Kept {
                    first: kept.first.saturating_add(1),
                    count,
                    check: CheckId::new(kept.check.get().saturating_add(checks)),
                }));
            }
            if let Some(pool) = pool {
                return Some(Arrival::Kept(place, Box::new(pool), kept.check));
            }
        }
    }

    /// The pool of a service before.
    pub(super) fn predecessor(&self, service: &Service) -> Option<&Pool> {
        self.old.get(*self.places.get(service)?)?.as_ref()
    }

    /// True where this service of the kernel was that pool's.
    pub(super) fn was_owner(&self, key: &ServiceKey, place: usize) -> bool {
        self.owners.get(key) == Some(&place)
    }

    pub(super) const fn verdicts(&self) -> &Verdicts {
        &self.next.verdicts
    }

    pub(super) fn standing(&self, pool: PoolId) -> Option<&PoolStanding> {
        self.next.standings.get(&pool)
    }

    /// Some of the places before, with the pools that are left in them.
    pub(super) fn leave(&mut self, count: usize) -> impl Iterator<Item = Option<Pool>> {
        let count = self.old.len().min(count);
        self.old.drain(..count)
    }

    /// A service of the kernel that a pool had before.
    pub(super) fn disown(&mut self) -> Option<ServiceKey> {
        // Freeing all verdicts at once takes milliseconds as well.
        self.next.verdicts.pop_first();
        self.owners.pop_first().map(|(key, _)| key)
    }
}

//! From one configuration to the next: what stays keeps its verdict, its place in time and its
//! conversation.

use super::super::http::Patterns;
use super::super::plan::Work;
use super::super::schedule::part;
use super::super::server::CheckedServer;
use super::slot::{CheckSlot, ServerSlot};
use super::{Action, CheckId, Engine, Number, spread, tell_if_other};
use holdfast_ipc::balance::CheckVerdict as Known;
use holdfast_ipc::config::model::Check;
use holdfast_ipc::time::Monotonic;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// A configuration that can be switched to.
#[derive(Debug)]
pub struct Prepared {
    /// The configuration that it follows.
    round: u64,
    servers: Vec<Incoming>,
}

/// A server of a new configuration.
#[derive(Debug)]
struct Incoming {
    config: CheckedServer,
    /// Where it is already.
    at: Option<usize>,
    /// Where its checks come from; none where all of them stay as they are.
    sources: Option<Vec<Source>>,
}

/// Where a check comes from.
#[derive(Debug)]
struct Source {
    work: Work,
    /// This one asks the same already.
    keeps: Option<CheckId>,
}

impl Engine {
    /// Makes a configuration ready without any effect; says what is wrong where it cannot be.
    pub fn prepare(&self, servers: Vec<CheckedServer>) -> Result<Prepared, String> {
        let mut patterns = Patterns::default();
        let mut seen = vec![false; self.servers.len()];
        let mut new = HashSet::new();
        let mut all = Vec::with_capacity(servers.len());
        for config in servers {
            let key = &config.key;
            let at = self.index.get(key).copied();
            let twice = match at.and_then(|at| seen.get_mut(at)) {
                Some(seen) => std::mem::replace(seen, true),
                None => !new.insert(Arc::clone(key)),
            };
            let named = |what: &str| format!("service {key} of VS {}: {what}", key.service);
            if twice {
                return Err(named("it is there twice"));
            }
            let present = at.and_then(|at| self.servers.get(at)?.as_ref());
            let present = present.map_or(&[][..], |slot| &slot.checks);
            let stay = present.iter().map(|slot| &slot.check).eq(&config.checks);
            let sources = (!stay).then(|| sources_of(&config.checks, present, &mut patterns));
            let sources = sources.transpose().map_err(|reason| named(&reason))?;
            all.push(Incoming {
                config,
                at,
                sources,
            });
        }
        Ok(Prepared {
            round: self.round,
            servers: all,
        })
    }

    /// Switches over. `known` are verdicts of a predecessor over checks that are new here.
    pub fn commit(&mut self, now: Monotonic, prepared: Prepared, known: &[Known]) -> Vec<Action> {
        let Some(prepared) = self.up_to_date(prepared) else {
            return Vec::new();
        };
        let mut actions = Vec::new();
        let known: HashMap<_, _> = known.iter().map(|known| (known.check, known)).collect();
        self.round = self.round.saturating_add(1);
        let mut queue_holds = self.round > 1;
        self.waiting.clear();
        for Incoming {
            config,
            at,
            sources,
        } in prepared.servers
        {
            let at = at.unwrap_or_else(|| self.place_for(&config));
            if let Some(address) = config.only_with {
                self.waiting.entry(address).or_default().push(at);
            }
            let held = |address| self.held.contains(&address);
            let suspended = config.only_with.is_some_and(|address| !held(address));
            let arrival = Arrival {
                now,
                suspended,
                known: &known,
            };
            queue_holds &= !self.take_over(&arrival, at, config, sources, &mut actions);
        }
        let waiting = &self.waiting;
        self.held.retain(|address| waiting.contains_key(address));
        queue_holds &= !self.drop_others(&mut actions);
        if !queue_holds {
            self.fill_queue();
        }
        self.begin_due(now, &mut actions);
        actions
    }

    /// Another configuration may have come in between; what was ready then is still.
    fn up_to_date(&self, prepared: Prepared) -> Option<Prepared> {
        if prepared.round == self.round {
            return Some(prepared);
        }
        let servers = prepared.servers.into_iter();
        self.prepare(servers.map(|incoming| incoming.config).collect())
            .ok()
    }

    fn place_for(&mut self, config: &CheckedServer) -> usize {
        let slot = Some(ServerSlot::new(config, self.round));
        let at = match self.free.pop() {
            Some(at) => {
                if let Some(place) = self.servers.get_mut(at) {
                    *place = slot;
                }
                at
            }
            None => {
                self.servers.push(slot);
                self.servers.len().saturating_sub(1)
            }
        };
        self.index.insert(Arc::clone(&config.key), at);
        at
    }

    /// True where a check is due at another time than before.
    fn take_over(
        &mut self,
        arrival: &Arrival<'_>,
        at: usize,
        mut config: CheckedServer,
        sources: Option<Vec<Source>>,
        actions: &mut Vec<Action>,
    ) -> bool {
        let mut other = sources.is_some();
        let Some(server) = self.servers.get_mut(at).and_then(Option::as_mut) else {
            return other;
        };
        server.round = self.round;
        server.weight = config.weight;
        server.only_with = config.only_with;
        server.numbers = std::mem::take(&mut config.numbers);
        if let Some(sources) = sources {
            let old = std::mem::take(&mut server.checks);
            self.replace(arrival, at, old, config, sources, actions);
        }
        let Some(server) = self.servers.get_mut(at).and_then(Option::as_mut) else {
            return other;
        };
        for slot in &mut server.checks {
            let idle = slot.due.is_none() && slot.talk.is_none() && !slot.queued;
            if arrival.suspended && !idle {
                slot.due = None;
                slot.queued = false;
                other = true;
            } else if !arrival.suspended && idle {
                // `ha_suspend` was taken out of the configuration.
                let random = spread(self.seed, slot.id, arrival.now.micros());
                slot.due = Some(
                    arrival
                        .now
                        .after(part(slot.check.timing.delay_loop, random)),
                );
                other = true;
            }
        }
        tell_if_other(server, actions);
        other
    }

    /// Puts the checks of a server together anew.
    fn replace(
        &mut self,
        arrival: &Arrival<'_>,
        at: usize,
        old: Vec<CheckSlot>,
        config: CheckedServer,
        sources: Vec<Source>,
        actions: &mut Vec<Action>,
    ) {
        let server = self.servers.get(at).and_then(Option::as_ref);
        let numbers = server
            .map(|server| server.numbers.clone())
            .unwrap_or_default();
        let mut old: BTreeMap<_, _> = old.into_iter().map(|slot| (slot.id, slot)).collect();
        // Most servers have one check; a growing list would have room for four.
        let mut slots = Vec::with_capacity(sources.len());
        for (place, (check, source)) in config.checks.into_iter().zip(sources).enumerate() {
            let kept = source.keeps.and_then(|id| old.remove(&id));
            let slot = match kept {
                Some(slot) => changed(slot, check, arrival.now),
                None => {
                    self.next_check = self.next_check.saturating_add(1);
                    let number = numbers.get(place);
                    let known = number.and_then(|number| arrival.known.get(number)).copied();
                    let id = CheckId(self.next_check);
                    let slot = CheckSlot::new(id, check, source.work, known);
                    first(slot, self.seed, arrival.now, known)
                }
            };
            self.places.insert(slot.id, (at, place));
            slots.push(slot);
        }
        self.forget(old.into_values(), actions);
        if let Some(server) = self.servers.get_mut(at).and_then(Option::as_mut) {
            server.checks = slots;
        }
    }

    fn forget(&mut self, slots: impl IntoIterator<Item = CheckSlot>, actions: &mut Vec<Action>) {
        for slot in slots {
            self.places.remove(&slot.id);
            if let Some(talk) = slot.talk {
                self.queue.ended();
                actions.push(Action::Cancel { talk });
            }
        }
    }

    /// Servers that the new configuration does not have. True where there were any.
    fn drop_others(&mut self, actions: &mut Vec<Action>) -> bool {
        let mut any = false;
        for at in 0..self.servers.len() {
            let place = self.servers.get_mut(at);
            let old = place.and_then(|place| place.take_if(|server| server.round != self.round));
            if let Some(server) = old {
                self.index.remove(&server.key);
                self.free.push(at);
                self.forget(server.checks, actions);
                any = true;
            }
        }
        any
    }
}

/// How the checks of a new configuration arrive.
struct Arrival<'a> {
    now: Monotonic,
    suspended: bool,
    known: &'a HashMap<Number, &'a Known>,
}

/// Finds for each check the present one that asks the same: the one at the same place first, which
/// is the usual case.
fn sources_of(
    checks: &[Check],
    present: &[CheckSlot],
    patterns: &mut Patterns,
) -> Result<Vec<Source>, String> {
    let mut taken = BTreeSet::new();
    let mut kept: Vec<Option<&CheckSlot>> = checks
        .iter()
        .zip(present.iter().map(Some).chain(std::iter::repeat(None)))
        .map(|(check, slot)| slot.filter(|slot| slot.check.probe == check.probe))
        .inspect(|slot| taken.extend(slot.map(|slot| slot.id)))
        .collect();
    for (check, kept) in checks
        .iter()
        .zip(&mut kept)
        .filter(|(_, kept)| kept.is_none())
    {
        *kept = present
            .iter()
            .find(|slot| !taken.contains(&slot.id) && slot.check.probe == check.probe);
        taken.extend(kept.map(|slot| slot.id));
    }
    let pairs = checks.iter().zip(kept);
    pairs
        .map(|(check, kept)| {
            let keeps = kept.map(|slot| slot.id);
            let work = match kept {
                Some(slot) => slot.work.clone(),
                None => Work::new(&check.probe, patterns)?,
            };
            Ok(Source { work, keeps })
        })
        .collect()
}

/// The same question at other times.
fn changed(mut slot: CheckSlot, check: Check, now: Monotonic) -> CheckSlot {
    if slot.check.timing != check.timing {
        slot.schedule.set_timing(check.timing);
        let latest = now.after(check.timing.delay_loop);
        slot.due = slot.due.map(|due| due.min(latest));
    }
    slot.check = check;
    slot
}

/// A new check waits for its warmup; one with a known verdict is in the middle of its life.
fn first(mut slot: CheckSlot, seed: u64, now: Monotonic, known: Option<&Known>) -> CheckSlot {
    let random = spread(seed, slot.id, 0);
    let wait = match known {
        Some(_) => part(slot.check.timing.delay_loop, random),
        None => slot.schedule.warmup(random),
    };
    slot.due = Some(now.after(wait));
    slot
}

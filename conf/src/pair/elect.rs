//! A small election on paper: the transitions of RFC 9568 section 6.4 with adverts that never get
//! lost and take no time.

use super::group::Group;
use super::hear::Hearing;
use crate::election;
use crate::model::Micros;
use std::net::IpAddr;

/// A node that takes part.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// With trackers.
    pub(super) priority: u8,
    owner: bool,
    source: Option<IpAddr>,
    nopreempt: bool,
    preempt_delay: Micros,
    down: Micros,
}

/// The candidates of a group; `failed` is the position of the one whose trackers all fail.
pub(super) fn candidates(group: &Group<'_>, failed: Option<usize>) -> Vec<Candidate> {
    group
        .members
        .iter()
        .enumerate()
        .map(|(at, member)| {
            let router = member.router();
            let priority = election::effective(member.instance, failed != Some(at));
            Candidate {
                priority,
                owner: router.priority.is_owner(),
                source: member.source(),
                nopreempt: router.nopreempt,
                preempt_delay: router.preempt_delay,
                down: election::down_interval(router, priority),
            }
        })
        .collect()
}

/// How an election ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Elected {
    /// Positions of those who are MASTER in the end.
    pub(super) masters: Vec<usize>,
    /// Addresses decided that are not in the files.
    pub(super) tie: bool,
    /// False where the role never comes to rest.
    pub(super) settled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Master,
    /// The timer; none while a master is accepted.
    Backup(Option<Micros>),
}

struct Election<'a> {
    candidates: &'a [Candidate],
    hearing: &'a Hearing,
    now: Micros,
    roles: Vec<Role>,
    /// Until when `preempt_delay` holds each one back.
    preempt_from: Vec<Option<Micros>>,
    tie: bool,
}

/// All nodes start at one time.
pub(super) fn start(candidates: &[Candidate], hearing: &Hearing) -> Elected {
    let roles = candidates
        .iter()
        .map(|candidate| {
            if candidate.owner {
                Role::Master
            } else {
                Role::Backup(Some(candidate.down))
            }
        })
        .collect();
    run(candidates, hearing, roles)
}

/// These are MASTER, and the priorities have just changed.
pub(super) fn go_on(candidates: &[Candidate], hearing: &Hearing, masters: &[usize]) -> Elected {
    let roles = (0..candidates.len())
        .map(|at| {
            if masters.contains(&at) {
                Role::Master
            } else {
                Role::Backup(None)
            }
        })
        .collect();
    run(candidates, hearing, roles)
}

fn run(candidates: &[Candidate], hearing: &Hearing, roles: Vec<Role>) -> Elected {
    /// Each node changes its role a few times at most, unless it never ends.
    const STEPS_EACH: usize = 16;
    let mut election = Election {
        candidates,
        hearing,
        now: Micros::ZERO,
        preempt_from: vec![None; roles.len()],
        roles,
        tie: false,
    };
    let steps = candidates.len().saturating_mul(STEPS_EACH);
    let settled = (0..steps).any(|_| !election.step());
    Elected {
        masters: election.masters(),
        tie: election.tie,
        settled,
    }
}

impl Election<'_> {
    fn masters(&self) -> Vec<usize> {
        (0..self.roles.len())
            .filter(|at| self.roles.get(*at) == Some(&Role::Master))
            .collect()
    }

    /// Masters are heard, then the next timer fires. False where nothing happens any more.
    fn step(&mut self) -> bool {
        if self.yield_one() {
            return true;
        }
        for at in 0..self.roles.len() {
            self.listen(at);
        }
        let timers = self.roles.iter().filter_map(|role| match role {
            Role::Backup(timer) => *timer,
            Role::Master => None,
        });
        let Some(next) = timers.min() else {
            return false;
        };
        self.now = self.now.max(next);
        for role in &mut self.roles {
            if *role == Role::Backup(Some(next)) {
                *role = Role::Master;
            }
        }
        true
    }

    /// The first master that hears a better one.
    fn yield_one(&mut self) -> bool {
        let masters = self.masters();
        for to in &masters {
            for from in &masters {
                if self.hearing.hears(*to, *from) && self.beats(*from, *to) {
                    if let Some(role) = self.roles.get_mut(*to) {
                        *role = Role::Backup(None);
                    }
                    return true;
                }
            }
        }
        false
    }

    /// Between masters: the priority, then the address, then nobody knows.
    fn beats(&mut self, one: usize, other: usize) -> bool {
        let (Some(a), Some(b)) = (self.candidates.get(one), self.candidates.get(other)) else {
            return false;
        };
        if a.priority != b.priority {
            return a.priority > b.priority;
        }
        match (a.source, b.source) {
            (Some(a), Some(b)) => a > b,
            _ => {
                self.tie = true;
                one > other
            }
        }
    }

    /// A BACKUP hears the masters, or its timer runs.
    fn listen(&mut self, at: usize) {
        let Some(Role::Backup(timer)) = self.roles.get(at).copied() else {
            return;
        };
        let masters = self.masters();
        let accepts = masters
            .iter()
            .any(|from| self.hearing.hears(at, *from) && self.accepts(at, *from));
        let delayed = masters
            .iter()
            .filter(|from| self.hearing.hears(at, **from))
            .find_map(|from| self.delay(at, *from));
        let Some(candidate) = self.candidates.get(at) else {
            return;
        };
        let timer = match (accepts, delayed) {
            (true, _) => None,
            (false, Some(until)) => Some(until.plus(candidate.down)),
            (false, None) => Some(timer.unwrap_or_else(|| self.now.plus(candidate.down))),
        };
        if let Some(role) = self.roles.get_mut(at) {
            *role = Role::Backup(timer);
        }
    }

    /// RFC 9568 section 6.4.2: Preempt_Mode off, or a priority that is not lower.
    fn accepts(&self, at: usize, from: usize) -> bool {
        let (Some(own), Some(master)) = (self.candidates.get(at), self.candidates.get(from)) else {
            return false;
        };
        master.priority >= own.priority || (own.nopreempt && !own.owner)
    }

    /// Until when a lower master is accepted because of `preempt_delay`.
    fn delay(&mut self, at: usize, from: usize) -> Option<Micros> {
        let delay = self.candidates.get(at)?.preempt_delay;
        if delay.is_zero() || self.accepts(at, from) {
            return None;
        }
        let until = self.now.plus(delay);
        let slot = self.preempt_from.get_mut(at)?;
        Some(*slot.get_or_insert(until))
    }
}

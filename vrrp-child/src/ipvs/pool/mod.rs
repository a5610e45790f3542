//! One virtual server with its real servers: who is up, whether they are enough, who answers.
//!
//! A real server is up while all its checks pass. The quorum is gained when the weights of those
//! that are up reach `quorum + hysteresis`, and lost below `quorum - hysteresis` or without any.
//! While it is lost the sorry server answers, where there is one.

mod lines;

use super::desired;
use super::table::{Entry, Server, ServerKey, ServiceKey};
use holdfast_ipc::balance::{
    CheckId, CheckVerdict, MemberId, PoolChange, PoolConfig, PoolMember, PoolStanding,
};
use holdfast_ipc::log::{Level, LogRecord};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What a pool has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A line for the log.
    Log(LogRecord),
    /// Scripts, mail and status want to know.
    Changed(PoolChange),
}

/// Newest verdicts by check.
pub type Verdicts = BTreeMap<CheckId, CheckVerdict>;

/// How a pool was before.
#[derive(Clone, Copy, Debug)]
pub enum Before<'a> {
    /// Nobody knows of it.
    Nothing,
    /// The pool of the same service before a reload.
    Reload(&'a Pool),
    /// What a predecessor has said last.
    Predecessor(&'a PoolStanding),
}

impl Before<'_> {
    const fn quorum(&self) -> Option<bool> {
        match self {
            Self::Nothing => None,
            Self::Reload(pool) => Some(pool.quorum),
            Self::Predecessor(standing) => standing.quorum,
        }
    }

    /// For each real server of a configuration, where it was known, whether it was up.
    fn members(&self, config: &PoolConfig) -> Vec<Option<bool>> {
        match self {
            Self::Nothing => vec![None; config.members.len()],
            Self::Reload(pool) if pool.config.members == config.members => {
                pool.members.iter().map(|member| Some(member.up)).collect()
            }
            Self::Reload(pool) => {
                let known: BTreeMap<_, _> = pool.ups().collect();
                let members = config.members.iter();
                members
                    .map(|member| known.get(&(member.address, member.port)).copied())
                    .collect()
            }
            Self::Predecessor(standing) => {
                let known: BTreeMap<_, _> = standing.members.iter().copied().collect();
                let numbers = (0_u32..).zip(&config.members);
                numbers
                    .map(|(number, _)| known.get(&MemberId::new(number)).copied())
                    .collect()
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Check {
    id: CheckId,
    up: bool,
    weight: i32,
}

#[derive(Clone, Debug)]
struct Member {
    checks: Vec<Check>,
    up: bool,
    weight: u32,
    /// Down because of `alpha`, and no check has said anything yet.
    waits: bool,
}

/// A virtual server.
#[derive(Clone, Debug)]
pub struct Pool {
    config: PoolConfig,
    members: Vec<Member>,
    quorum: bool,
    stopped: bool,
}

impl Pool {
    /// Takes what is known: verdicts of its checks, and how it was before. A real server that was
    /// there before keeps its state until its checks say otherwise; a new one starts up, or down
    /// where a check has `alpha`.
    pub fn new(config: PoolConfig, verdicts: &Verdicts, before: Before<'_>) -> Self {
        let members = config.members.iter().zip(before.members(&config));
        let members = members.map(|(member, old)| Member::new(member, verdicts, old));
        Self {
            members: members.collect(),
            quorum: before.quorum().unwrap_or(false),
            stopped: false,
            config,
        }
    }

    /// Its configuration.
    pub const fn config(&self) -> &PoolConfig {
        &self.config
    }

    /// True while enough real servers are up.
    pub const fn has_quorum(&self) -> bool {
        self.quorum
    }

    fn ups(&self) -> impl Iterator<Item = ((IpAddr, u16), bool)> {
        let pairs = self.pairs();
        pairs.map(|(config, member)| ((config.address, config.port), member.up))
    }

    fn pairs(&self) -> impl Iterator<Item = (&PoolMember, &Member)> {
        self.config.members.iter().zip(&self.members)
    }

    /// Each check with the member that it belongs to.
    pub fn checks(&self) -> impl Iterator<Item = (CheckId, MemberId)> {
        let members = self.members.iter().zip(0_u32..);
        members.flat_map(|(member, number)| {
            let ids = member.checks.iter().map(|check| check.id);
            ids.map(move |id| (id, MemberId::new(number)))
        })
    }

    /// Says how it begins, or what is different from what a predecessor has said last: that changed
    /// while there was none.
    pub fn start(&mut self, standing: Option<&PoolStanding>, news: &mut Vec<News>) {
        let before = standing.map_or(Before::Nothing, Before::Predecessor);
        let resumes = before.quorum().is_some();
        let old = before.members(&self.config);
        let mut changed = Vec::new();
        for (((config, member), old), number) in self.pairs().zip(old).zip(0_u32..) {
            if member.up == old.unwrap_or_else(|| starts_up(config)) {
                continue;
            }
            if resumes {
                changed.push(News::Log(notice(self.line(config, member.up))));
            }
            changed.push(self.told(MemberId::new(number), member.up));
        }
        news.append(&mut changed);
        if resumes {
            return self.settle(news);
        }
        let alive = self.alive();
        self.quorum = alive >= self.upper();
        let line = if self.quorum {
            lines::gained(&self.config, alive)
        } else {
            lines::started_down(&self.config, alive)
        };
        self.say_quorum(line, news);
        if !self.quorum {
            self.say_sorry(news);
        }
    }

    /// Goes on from the pool before a reload: only what is different now is said.
    pub fn resume(&mut self, before: &Self, news: &mut Vec<News>) {
        let known: BTreeMap<_, _> = before.ups().collect();
        let mut changed = Vec::new();
        for ((config, member), number) in self.pairs().zip(0_u32..) {
            let old = known.get(&(config.address, config.port)).copied();
            if old.is_some_and(|up| up != member.up) {
                changed.push(News::Log(notice(self.line(config, member.up))));
                changed.push(self.told(MemberId::new(number), member.up));
            }
        }
        news.append(&mut changed);
        self.settle(news);
    }

    /// Says which real servers of the pool before are gone; numbers are those of that pool.
    pub fn farewell(&self, next: Option<&Self>, news: &mut Vec<News>) {
        let kept: BTreeMap<_, _> = next.into_iter().flat_map(Self::ups).collect();
        for ((config, member), number) in self.pairs().zip(0_u32..) {
            if kept.contains_key(&(config.address, config.port)) {
                continue;
            }
            news.push(News::Log(info(lines::gone(&self.config, config, false))));
            if member.up {
                news.push(self.told(MemberId::new(number), false));
            }
        }
        if next.is_none() && self.quorum {
            let detail = lines::lost(&self.config, 0);
            news.push(self.quorum_told(false, detail));
        }
    }

    /// A check has spoken. True where the kernel's table may have to change.
    pub fn verdict(
        &mut self,
        member: MemberId,
        verdict: &CheckVerdict,
        news: &mut Vec<News>,
    ) -> bool {
        let place = usize::try_from(member.get()).unwrap_or(usize::MAX);
        let (Some(state), Some(config)) =
            (self.members.get_mut(place), self.config.members.get(place))
        else {
            return false;
        };
        let (up, weight) = (state.up, state.weight);
        state.take(verdict);
        state.settle(config);
        let now = (state.up, state.weight);
        let waited = std::mem::take(&mut state.waits);
        if now == (up, weight) {
            if waited && !up {
                // As with keepalived, the first failure of a check with `alpha` is told.
                news.push(self.told(member, false));
            }
            return false;
        }
        if now.1 != weight {
            let line = lines::weight(&self.config, config, (weight, now.1), up);
            news.push(News::Log(notice(line)));
        }
        if now.0 != up {
            news.push(News::Log(notice(self.line(config, now.0))));
            news.push(self.told(member, now.0));
        }
        self.settle(news);
        true
    }

    /// The daemon stops: everything is taken away. With `omega` it is told as well.
    pub fn stop(&mut self, news: &mut Vec<News>) {
        self.stopped = true;
        for ((config, member), number) in self.pairs().zip(0_u32..) {
            news.push(News::Log(info(lines::gone(&self.config, config, true))));
            if self.config.omega && member.up {
                news.push(self.told(MemberId::new(number), false));
            }
        }
        if self.config.omega && self.quorum {
            let detail = lines::lost(&self.config, 0);
            news.push(self.quorum_told(false, detail));
        }
    }

    /// What the kernel should have of it: nothing behind a stop.
    pub fn entries(&self) -> impl Iterator<Item = (ServiceKey, Entry)> {
        let keys = (!self.stopped).then(|| desired::services(&self.config.service));
        keys.into_iter().flatten().map(|key| {
            let options = desired::options(&self.config, key.family());
            let servers = self.servers(&key);
            (key, Entry { options, servers })
        })
    }

    fn servers(&self, key: &ServiceKey) -> BTreeMap<ServerKey, Server> {
        let sorry = self.config.sorry_server.as_ref();
        let replaced = sorry.is_some() && !self.quorum;
        let mut servers = BTreeMap::new();
        let mut put = |address, port, forward, weight, thresholds| {
            if desired::fits(key, address, forward) {
                // Two real servers that are one without their ports: the first one counts.
                servers
                    .entry(desired::server_key(key, address, port, forward))
                    .or_insert_with(|| desired::server(forward, weight, thresholds));
            }
        };
        for (config, member) in self.pairs() {
            let serves = member.up && !replaced;
            if serves || config.inhibit_on_failure {
                let weight = if serves { member.weight } else { 0 };
                let thresholds = (config.upper_threshold, config.lower_threshold);
                put(
                    config.address,
                    config.port,
                    config.forward,
                    weight,
                    thresholds,
                );
            }
        }
        if let Some(sorry) = sorry
            && (replaced || sorry.inhibit)
        {
            let weight = u32::from(replaced);
            put(sorry.address, sorry.port, sorry.forward, weight, (0, 0));
        }
        servers
    }

    /// Sum of the weights of those that are up.
    fn alive(&self) -> u64 {
        let up = self.members.iter().filter(|member| member.up);
        up.map(|member| u64::from(member.weight)).sum()
    }

    fn upper(&self) -> u64 {
        u64::from(self.config.quorum).saturating_add(u64::from(self.config.hysteresis))
    }

    fn lower(&self) -> u64 {
        u64::from(self.config.quorum).saturating_sub(u64::from(self.config.hysteresis))
    }

    /// Gains or loses the quorum where it is time.
    fn settle(&mut self, news: &mut Vec<News>) {
        let alive = self.alive();
        if !self.quorum && alive >= self.upper() {
            self.quorum = true;
            self.say_quorum(lines::gained(&self.config, alive), news);
            self.say_sorry(news);
        } else if self.quorum && (alive < self.lower() || alive == 0) {
            self.quorum = false;
            self.say_quorum(lines::lost(&self.config, alive), news);
            self.say_sorry(news);
        }
    }

    fn say_quorum(&self, line: String, news: &mut Vec<News>) {
        let text = format!("{line} for VS {}", self.config.service);
        news.push(News::Log(notice(text)));
        news.push(self.quorum_told(self.quorum, line));
    }

    fn say_sorry(&self, news: &mut Vec<News>) {
        let Some(sorry) = &self.config.sorry_server else {
            return;
        };
        let texts = [
            lines::sorry(&self.config, sorry, !self.quorum),
            lines::alive_servers(&self.config, self.quorum),
        ];
        news.extend(texts.map(|text| News::Log(notice(text))));
    }

    fn line(&self, config: &PoolMember, up: bool) -> String {
        if up {
            lines::up(&self.config, config)
        } else {
            lines::down(&self.config, config)
        }
    }

    const fn told(&self, member: MemberId, up: bool) -> News {
        News::Changed(PoolChange::Member {
            pool: self.config.id,
            member,
            up,
        })
    }

    const fn quorum_told(&self, up: bool, detail: String) -> News {
        News::Changed(PoolChange::Quorum {
            pool: self.config.id,
            up,
            detail,
        })
    }
}

impl Member {
    fn new(config: &PoolMember, verdicts: &Verdicts, old: Option<bool>) -> Self {
        let checks = config.checks.iter().map(|check| {
            let verdict = verdicts.get(&check.id);
            Check {
                id: check.id,
                up: verdict.map_or_else(|| old.unwrap_or(!check.alpha), |verdict| verdict.up),
                weight: verdict.map_or(0, |verdict| verdict.weight),
            }
        });
        let checks: Vec<Check> = checks.collect();
        let unheard = config
            .checks
            .iter()
            .all(|check| !verdicts.contains_key(&check.id));
        let mut member = Self {
            checks,
            up: true,
            weight: config.weight,
            waits: false,
        };
        member.settle(config);
        member.waits = !member.up && old.is_none() && unheard;
        member
    }

    fn take(&mut self, verdict: &CheckVerdict) {
        let own = self.checks.iter_mut();
        for check in own.filter(|check| check.id == verdict.check) {
            check.up = verdict.up;
            check.weight = verdict.weight;
        }
    }

    fn settle(&mut self, config: &PoolMember) {
        self.up = self.checks.iter().all(|check| check.up);
        let added: i64 = self
            .checks
            .iter()
            .map(|check| i64::from(check.weight))
            .sum();
        let weight = i64::from(config.weight).saturating_add(added).max(0);
        let weight = u32::try_from(weight).unwrap_or(desired::MAX_WEIGHT);
        self.weight = weight.min(desired::MAX_WEIGHT);
    }
}

/// State of a real server before any verdict.
fn starts_up(config: &PoolMember) -> bool {
    config.checks.iter().all(|check| !check.alpha)
}

fn notice(text: String) -> LogRecord {
    LogRecord::new(Level::Notice, text)
}

fn info(text: String) -> LogRecord {
    LogRecord::new(Level::Info, text)
}

//! What stays from one configuration to the next: checks that ask the same keep their verdicts, and
//! virtual servers that are as they were are not told to the children again.

use crate::account::Account;
use crate::balance::{Owners, Stretch, checks_of, first_checks, places_of};
use crate::slice::HostFacts;
use holdfast_conf::model::{Check, Config, Probe, RealServer, Service, VirtualServer};
use holdfast_ipc::balance::{CheckId, Kept};
use std::collections::HashMap;
use std::net::IpAddr;

/// A configuration with what this host says about it.
#[derive(Clone, Copy, Debug)]
pub struct Edition<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The host.
    pub facts: &'a HostFacts,
    /// Who does which check.
    pub owners: &'a Owners,
}

/// A part of the list of virtual servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// New or changed ones.
    New(Stretch),
    /// They are as they were.
    Kept {
        /// Where they stood.
        before: Stretch,
        /// Where they stand.
        now: Stretch,
    },
}

/// What a child that runs the configuration before is told in place of a part of its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// All that the list says about these virtual servers.
    New(Stretch),
    /// That these entries stay.
    Kept(Kept),
}

/// From one configuration to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Succession {
    parts: Vec<Part>,
    /// For each check of the configuration before, its number now.
    checks: Vec<Option<CheckId>>,
}

impl Succession {
    /// Compares two configurations.
    pub fn new(before: Edition<'_>, now: Edition<'_>) -> Self {
        let mut places = Places::new(before.config);
        let old_checks = first_checks(before.config);
        let new_checks = first_checks(now.config);
        let count = old_checks.last().map_or(0, |check| check.get());
        let mut this = Self {
            parts: Vec::new(),
            checks: vec![None; usize::try_from(count).unwrap_or(usize::MAX)],
        };
        for (place, (server, check)) in now
            .config
            .virtual_servers
            .iter()
            .zip(new_checks)
            .enumerate()
        {
            let now_at = Stretch::one(place, check);
            let found = places.take(&server.service);
            let found = found
                .and_then(|(place, old)| Some((Stretch::one(place, *old_checks.get(place)?), old)));
            let Some((before_at, old)) = found else {
                this.put(Part::New(now_at));
                continue;
            };
            let same = old == server && same_facts(&before, &now, server, before_at, now_at);
            if same {
                this.carry_all(server, before_at, now_at);
                this.put(Part::Kept {
                    before: before_at,
                    now: now_at,
                });
            } else {
                this.carry_same(old, server, before_at, now_at);
                this.put(Part::New(now_at));
            }
        }
        this
    }

    /// What the VRRP child is told, in this order.
    pub fn pools(&self) -> impl Iterator<Item = Told> {
        let place = |place| u32::try_from(place).unwrap_or(u32::MAX);
        self.parts.iter().map(move |part| match part {
            Part::New(now) => Told::New(*now),
            Part::Kept { before, now } => Told::Kept(Kept {
                first: place(before.first),
                count: place(before.count),
                check: now.check,
            }),
        })
    }

    /// What a checker child is told, in this order.
    pub fn servers(&self, before: Edition<'_>, account: &Account) -> impl Iterator<Item = Told> {
        let places = places_of(before.config, before.owners, account);
        self.parts.iter().filter_map(move |part| match part {
            Part::New(now) => Some(Told::New(*now)),
            Part::Kept { before, now } => {
                let (first, check) = places.get(before.first)?;
                let (end, _) = places.get(before.end())?;
                // It may do nothing there.
                let count = end.checked_sub(*first).filter(|count| *count > 0)?;
                Some(Told::Kept(Kept {
                    first: *first,
                    count,
                    check: check.moved(before.check, now.check),
                }))
            }
        })
    }

    /// The number now of a check of the configuration before, where it asks the same.
    pub fn check(&self, before: CheckId) -> Option<CheckId> {
        *self.checks.get(usize::try_from(before.get()).ok()?)?
    }

    /// True for the number now of a check that is told to the children again.
    pub fn is_told(&self, now: CheckId) -> bool {
        let begins = |part: &Part| match part {
            Part::New(now) | Part::Kept { now, .. } => now.check,
        };
        let behind = self.parts.partition_point(|part| begins(part) <= now);
        let part = behind.checked_sub(1).and_then(|at| self.parts.get(at));
        matches!(part, Some(Part::New(_)))
    }

    /// Takes a virtual server to the part in front of it where it belongs there.
    fn put(&mut self, part: Part) {
        match (self.parts.last_mut(), part) {
            (Some(Part::New(last)), Part::New(_)) => last.grow(),
            (
                Some(Part::Kept { before, now }),
                Part::Kept {
                    before: next_before,
                    ..
                },
            ) if before.end() == next_before.first => {
                before.grow();
                now.grow();
            }
            _ => self.parts.push(part),
        }
    }

    fn carry(&mut self, before: CheckId, now: CheckId) {
        let place = usize::try_from(before.get()).ok();
        if let Some(place) = place.and_then(|place| self.checks.get_mut(place)) {
            *place = Some(now);
        }
    }

    fn carry_all(&mut self, server: &VirtualServer, before: Stretch, now: Stretch) {
        for check in checks_of(server, before.check) {
            self.carry(check.id, check.id.moved(before.check, now.check));
        }
    }

    /// Checks of a virtual server that changed. `misc_dynamic` counts from the configured weight.
    fn carry_same(
        &mut self,
        old: &VirtualServer,
        new: &VirtualServer,
        before: Stretch,
        now: Stretch,
    ) {
        type Key = (IpAddr, u16, usize);
        let key = |real: &RealServer, place| -> Key { (real.address, real.port, place) };
        let present: HashMap<Key, _> = checks_of(new, now.check)
            .map(|numbered| (key(numbered.real, numbered.place), numbered))
            .collect();
        for was in checks_of(old, before.check) {
            let is = present.get(&key(was.real, was.place)).filter(|is| {
                is.check.probe == was.check.probe && is.real.weight == was.real.weight
            });
            if let Some(is) = is {
                self.carry(was.id, is.id);
            }
        }
    }
}

/// True where the same checks are done by the same users with the same programs.
fn same_facts(
    before: &Edition<'_>,
    now: &Edition<'_>,
    server: &VirtualServer,
    before_at: Stretch,
    now_at: Stretch,
) -> bool {
    // Whether a check asks for its socket depends on nothing else.
    if before.facts.sockets != now.facts.sockets {
        return false;
    }
    checks_of(server, before_at.check).all(|numbered| {
        let id = numbered.id.moved(before_at.check, now_at.check);
        before.owners.of(numbered.id) == now.owners.of(id)
            && same_program(before.facts, now.facts, numbered.check)
    })
}

fn same_program(before: &HostFacts, now: &HostFacts, check: &Check) -> bool {
    match &check.probe {
        Probe::Misc { command, .. } => before.with_path(command) == now.with_path(command),
        Probe::Tcp(_)
        | Probe::Http(_)
        | Probe::Smtp { .. }
        | Probe::Udp(_)
        | Probe::Ping(_)
        | Probe::Dns { .. }
        | Probe::File { .. }
        | Probe::Bfd { .. } => true,
    }
}

/// Where the virtual servers of the configuration before stand; each is found once.
struct Places<'a> {
    servers: &'a [VirtualServer],
    taken: Vec<bool>,
    /// Where the next one is expected: most follow the one in front of them.
    next: usize,
    /// Made when one does not.
    index: Option<HashMap<&'a Service, usize>>,
}

impl<'a> Places<'a> {
    fn new(config: &'a Config) -> Self {
        Self {
            servers: &config.virtual_servers,
            taken: vec![false; config.virtual_servers.len()],
            next: 0,
            index: None,
        }
    }

    fn take(&mut self, service: &Service) -> Option<(usize, &'a VirtualServer)> {
        let expected = self.servers.get(self.next);
        let place = match expected.is_some_and(|server| server.service == *service) {
            true => self.next,
            false => self.look_up(service)?,
        };
        let taken = self.taken.get_mut(place)?;
        if std::mem::replace(taken, true) {
            return None;
        }
        self.next = place.saturating_add(1);
        Some((place, self.servers.get(place)?))
    }

    fn look_up(&mut self, service: &Service) -> Option<usize> {
        let servers = self.servers;
        let index = self.index.get_or_insert_with(|| {
            let servers = servers.iter().enumerate();
            servers
                .map(|(place, server)| (&server.service, place))
                .collect()
        });
        index.get(service).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::tests::{MISC, TCP, config, facts, server};
    use crate::balance::{pools, servers_of};
    use holdfast_ipc::balance::{CheckedServer, PoolConfig};

    /// A configuration on a host.
    struct Host {
        config: Config,
        facts: HostFacts,
        owners: Owners,
    }

    impl Host {
        fn new(text: &str) -> Self {
            Self::with(text, facts())
        }

        fn with(text: &str, facts: HostFacts) -> Self {
            let config = config(text);
            let owners = Owners::new(&config, &facts);
            Self {
                config,
                facts,
                owners,
            }
        }

        fn edition(&self) -> Edition<'_> {
            Edition {
                config: &self.config,
                facts: &self.facts,
                owners: &self.owners,
            }
        }

        fn pools(&self, stretch: Stretch) -> Vec<PoolConfig> {
            pools(&self.config, stretch).collect()
        }

        fn servers(&self, account: &Account, stretch: Stretch) -> Vec<CheckedServer> {
            let Self {
                config,
                facts,
                owners,
            } = self;
            servers_of(config, facts, owners, account, stretch).collect()
        }

        fn all(&self) -> Stretch {
            Stretch::all(&self.config)
        }
    }

    fn succession(before: &Host, now: &Host) -> Succession {
        Succession::new(before.edition(), now.edition())
    }

    #[test]
    fn a_file_check_whose_file_is_another_one_now_is_told_and_asked_anew() {
        let with_file = |path: &str| {
            let block = format!("track_file a {{\nfile {path}\n}}\n");
            let check = "FILE_CHECK {\ntrack_file a\n}";
            Host::new(&(block + &server(80, &[("10.0.0.1", 1, check)])))
        };
        let old = with_file("/run/a");
        let number = CheckId::new(0);
        let same = succession(&old, &with_file("/run/a"));
        assert_eq!(
            (same.check(number), same.is_told(number)),
            (Some(number), false)
        );
        let other = succession(&old, &with_file("/run/b"));
        assert_eq!((other.check(number), other.is_told(number)), (None, true));
    }

    /// What a VRRP child has that is told this.
    fn told_pools(before: &Host, now: &Host) -> Vec<PoolConfig> {
        let mut list: Vec<PoolConfig> = Vec::new();
        for told in succession(before, now).pools() {
            let kept = match told {
                Told::New(stretch) => {
                    list.extend(now.pools(stretch));
                    continue;
                }
                Told::Kept(kept) => kept,
            };
            let mut pools = before.pools(before.all())[kept.places()].to_vec();
            let checks =
                |pool: &PoolConfig| pool.members.iter().flat_map(|m| m.checks.clone()).next();
            let begins = pools.iter().find_map(checks);
            for (pool, place) in pools.iter_mut().zip(list.len()..) {
                pool.id = holdfast_ipc::balance::PoolId::new(u32::try_from(place).unwrap());
                for check in pool
                    .members
                    .iter_mut()
                    .flat_map(|member| &mut member.checks)
                {
                    check.id = check.id.moved(begins.unwrap().id, kept.check);
                }
            }
            list.extend(pools);
        }
        list
    }

    /// What the checker child of a user has that is told this.
    fn told_servers(before: &Host, now: &Host, account: &Account) -> Vec<CheckedServer> {
        let mut list = Vec::new();
        for told in succession(before, now).servers(before.edition(), account) {
            match told {
                Told::New(stretch) => list.extend(now.servers(account, stretch)),
                Told::Kept(kept) => {
                    let all = before.servers(account, before.all());
                    let mut servers = all[kept.places()].to_vec();
                    let begins = servers[0].checks[0].id;
                    for check in servers.iter_mut().flat_map(|server| &mut server.checks) {
                        check.id = check.id.moved(begins, kept.check);
                    }
                    list.extend(servers);
                }
            }
        }
        list
    }

    /// How many virtual servers are told in full.
    fn told_in_full(before: &Host, now: &Host) -> usize {
        let parts = succession(before, now);
        let told = parts.pools().map(|told| match told {
            Told::New(stretch) => stretch.count,
            Told::Kept(_) => 0,
        });
        told.sum()
    }

    fn assert_same_as_a_start(before: &Host, now: &Host) {
        assert_eq!(told_pools(before, now), now.pools(now.all()));
        for account in [&now.facts.check_account, &now.facts.default_account] {
            let expected = now.servers(account, now.all());
            assert_eq!(told_servers(before, now, account), expected);
        }
    }

    /// Virtual servers on these ports, each with checks of two users.
    fn ports(ports: &[u16]) -> String {
        let both = format!("{TCP}\n{MISC}");
        let one = |port: &u16| match port % 3 {
            0 => server(*port, &[("10.0.0.1", 1, ""), ("10.0.0.2", 1, MISC)]),
            1 => server(*port, &[("10.0.0.1", 1, ""), ("10.0.0.2", 1, &both)]),
            _ => server(*port, &[("10.0.0.1", 1, TCP), ("10.0.0.2", 1, TCP)]),
        };
        ports.iter().map(one).collect()
    }

    #[test]
    fn children_that_are_told_what_changed_have_what_a_start_would_have_told() {
        let lists: [&[u16]; 8] = [
            &[1, 2, 3, 4, 5, 6],
            &[1, 2, 4, 5, 6],
            &[7, 1, 2, 3, 4, 5, 6],
            &[4, 5, 6, 1, 2, 3],
            &[6, 5, 4, 3, 2, 1],
            &[1, 2, 8, 9, 5, 6, 10],
            &[3],
            &[8, 9],
        ];
        for before in lists.map(|list| Host::new(&ports(list))) {
            for now in lists.map(|list| Host::new(&ports(list))) {
                assert_same_as_a_start(&before, &now);
            }
        }
    }

    #[test]
    fn what_is_the_same_is_named_in_one_stretch() {
        let host = Host::new(&ports(&[1, 2, 3, 4]));
        let parts = succession(&host, &host);
        let all = Told::Kept(Kept {
            first: 0,
            count: 4,
            check: CheckId::new(0),
        });
        assert_eq!(parts.pools().collect::<Vec<_>>(), [all]);
        let numbers: Vec<_> = (0..7).map(CheckId::new).collect();
        let carried: Vec<_> = numbers.iter().map(|id| parts.check(*id)).collect();
        assert_eq!(
            carried,
            numbers.iter().copied().map(Some).collect::<Vec<_>>()
        );
        assert!(!numbers.iter().any(|id| parts.is_told(*id)));
    }

    #[test]
    fn only_virtual_servers_that_changed_are_told_in_full() {
        let text = ports(&[1, 2, 3, 4]);
        let before = Host::new(&text);
        let now = Host::new(&text.replacen("weight 1", "weight 7", 3));
        assert_eq!(told_in_full(&before, &now), 2);
        assert_same_as_a_start(&before, &now);
        let parts = succession(&before, &now);
        let told: Vec<_> = (0..7).map(|id| parts.is_told(CheckId::new(id))).collect();
        assert_eq!(told, [true, true, true, true, false, false, false]);
    }

    #[test]
    fn another_user_or_program_on_this_host_is_a_change() {
        let text = ports(&[1, 2, 3]);
        let before = Host::new(&text);
        let moved = HostFacts {
            programs: [("true".to_owned(), "/usr/bin/true".to_owned())].into(),
            ..facts()
        };
        let now = Host::with(&text, moved);
        assert_eq!(told_in_full(&before, &now), 2);
        assert_same_as_a_start(&before, &now);
        let disabled = HostFacts {
            disabled_checks: [(CheckId::new(1), "it is world-writable".to_owned())].into(),
            ..facts()
        };
        let now = Host::with(&text, disabled);
        assert_eq!(told_in_full(&before, &now), 1);
        assert_same_as_a_start(&before, &now);
    }

    #[test]
    fn a_check_keeps_its_verdict_over_a_reload_only_where_it_is_the_same() {
        let before = Host::new(&server(
            80,
            &[
                ("10.0.0.1", 1, TCP),
                ("10.0.0.2", 1, TCP),
                ("10.0.0.3", 1, TCP),
            ],
        ));
        let other = "TCP_CHECK {\nconnect_timeout 9\n}";
        let now = Host::new(
            &(server(443, &[("10.0.0.1", 1, TCP)])
                + &server(
                    80,
                    &[
                        ("10.0.0.3", 2, TCP),
                        ("10.0.0.2", 1, other),
                        ("10.0.0.1", 1, TCP),
                    ],
                )),
        );
        let parts = succession(&before, &now);
        let carried = [0, 1, 2].map(|id| parts.check(CheckId::new(id)));
        assert_eq!(carried, [Some(CheckId::new(3)), None, None]);
    }
}

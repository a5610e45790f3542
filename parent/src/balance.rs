//! The load balancer's part of a configuration: which check has which number, who does it, and what
//! is known about it from the configuration before.

use crate::account::Account;
use crate::opening;
use crate::slice::HostFacts;
use holdfast_conf::model::{Check, Config, Probe, RealServer, Service, VirtualServer};
use holdfast_ipc::balance::{
    CheckConfig, CheckId, CheckVerdict, CheckedServer, MemberId, PoolCheck, PoolConfig, PoolId,
    PoolMember,
};
use std::net::IpAddr;

/// A check with its number and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Numbered<'a> {
    /// Its number.
    pub id: CheckId,
    /// The virtual server.
    pub server: &'a VirtualServer,
    /// The real server.
    pub real: &'a RealServer,
    /// Which check of this real server, counted from 0.
    pub place: usize,
    /// The check.
    pub check: &'a Check,
}

/// A real server as log lines name it, `[10.0.0.1]:tcp:80`; a firewall mark has no protocol.
pub fn real_name(server: &VirtualServer, real: &RealServer) -> String {
    let RealServer { address, port, .. } = real;
    match &server.service {
        Service::Address { protocol, .. } | Service::Group { protocol, .. } => {
            format!("[{address}]:{protocol}:{port}")
        }
        Service::Mark { .. } => format!("[{address}]:none:{port}"),
    }
}

/// Virtual servers that stand one behind the other in a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The place of the first one, counted from 0.
    pub first: usize,
    /// How many.
    pub count: usize,
    /// The number of the first check.
    pub check: CheckId,
}

impl Stretch {
    /// All of a configuration.
    pub const fn all(config: &Config) -> Self {
        Self {
            first: 0,
            count: config.virtual_servers.len(),
            check: CheckId::new(0),
        }
    }

    /// One virtual server, with the number of its first check.
    pub const fn one(first: usize, check: CheckId) -> Self {
        Self {
            first,
            count: 1,
            check,
        }
    }

    /// The place behind it.
    pub const fn end(&self) -> usize {
        self.first.saturating_add(self.count)
    }

    /// The virtual server behind it belongs to it.
    pub const fn grow(&mut self) {
        self.count = self.count.saturating_add(1);
    }

    fn of<'a>(&self, config: &'a Config) -> &'a [VirtualServer] {
        let servers = config.virtual_servers.get(self.first..self.end());
        servers.unwrap_or_default()
    }
}

/// All checks in the order of their numbers.
pub fn checks(config: &Config) -> impl Iterator<Item = Numbered<'_>> {
    checks_in(config, Stretch::all(config))
}

fn checks_in(config: &Config, stretch: Stretch) -> impl Iterator<Item = Numbered<'_>> {
    numbered(stretch.of(config), stretch.check)
}

/// The checks of a virtual server from the number of its first one on.
pub fn checks_of(server: &VirtualServer, first: CheckId) -> impl Iterator<Item = Numbered<'_>> {
    numbered(std::slice::from_ref(server), first)
}

fn numbered(servers: &[VirtualServer], first: CheckId) -> impl Iterator<Item = Numbered<'_>> {
    servers
        .iter()
        .flat_map(|server| {
            server.real_servers.iter().flat_map(move |real| {
                let checks = real.checks.iter().enumerate();
                checks.map(move |(place, check)| (server, real, place, check))
            })
        })
        .zip(first.get()..)
        .map(|((server, real, place, check), id)| Numbered {
            id: CheckId::new(id),
            server,
            real,
            place,
            check,
        })
}

/// The number of the first check of each virtual server, and the one behind all of them.
pub fn first_checks(config: &Config) -> Vec<CheckId> {
    let mut next = 0_u32;
    let mut all = vec![CheckId::new(0)];
    all.extend(config.virtual_servers.iter().map(|server| {
        let checks: usize = server
            .real_servers
            .iter()
            .map(|real| real.checks.len())
            .sum();
        next = next.saturating_add(u32::try_from(checks).unwrap_or(u32::MAX));
        CheckId::new(next)
    }));
    all
}

/// The pools for the VRRP child, in the order of their numbers.
pub fn pools(config: &Config, stretch: Stretch) -> impl Iterator<Item = PoolConfig> {
    let mut next = stretch.check.get();
    let first = u32::try_from(stretch.first).unwrap_or(u32::MAX);
    let servers = stretch.of(config).iter().zip(first..);
    servers.map(move |(server, id)| pool(server, PoolId::new(id), &mut next))
}

fn pool(server: &VirtualServer, id: PoolId, next: &mut u32) -> PoolConfig {
    let mut number = |check: &Check| {
        let id = CheckId::new(*next);
        *next = next.saturating_add(1);
        PoolCheck {
            id,
            alpha: check.timing.alpha,
        }
    };
    let members = server.real_servers.iter().map(|real| PoolMember {
        address: real.address,
        port: real.port,
        weight: real.weight,
        forward: real.forward,
        upper_threshold: real.upper_threshold,
        lower_threshold: real.lower_threshold,
        inhibit_on_failure: real.inhibit_on_failure,
        checks: real.checks.iter().map(&mut number).collect(),
    });
    PoolConfig {
        id,
        members: members.collect(),
        service: server.service.clone(),
        scheduler: server.scheduler,
        scheduler_flags: server.scheduler_flags,
        persistence: server.persistence.clone(),
        one_packet: server.one_packet,
        ha_suspend: server.ha_suspend,
        quorum: server.quorum,
        hysteresis: server.hysteresis,
        omega: server.omega,
        sorry_server: server.sorry_server,
    }
}

/// Where a pool or member stands in its configuration.
pub fn find(
    config: &Config,
    pool: PoolId,
    member: Option<MemberId>,
) -> Option<(&VirtualServer, Option<&RealServer>)> {
    let at = |number: u32| usize::try_from(number).ok();
    let server = config.virtual_servers.get(at(pool.get())?)?;
    match member {
        None => Some((server, None)),
        Some(member) => {
            let real = server.real_servers.get(at(member.get())?)?;
            Some((server, Some(real)))
        }
    }
}

/// The virtual addresses that decide whether checks pause.
pub fn suspending_addresses(config: &Config) -> impl Iterator<Item = IpAddr> {
    let servers = config.virtual_servers.iter();
    servers.filter_map(|server| match &server.service {
        Service::Address { address, .. } if server.ha_suspend => Some(*address),
        Service::Address { .. } | Service::Mark { .. } | Service::Group { .. } => None,
    })
}

/// Who does each check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owners {
    accounts: Vec<Account>,
    /// Index into the accounts for each check; none where nobody does it.
    owners: Vec<Option<usize>>,
}

impl Owners {
    /// Of a configuration on this host.
    pub fn new(config: &Config, facts: &HostFacts) -> Self {
        let mut this = Self::default();
        for numbered in checks(config) {
            let owner = owner(&numbered, facts).map(|account| this.index(account));
            this.owners.push(owner);
        }
        this
    }

    /// Who does a check; none where nobody does it or there is no such check.
    pub fn of(&self, check: CheckId) -> Option<&Account> {
        self.accounts.get(self.place_of(check)?)
    }

    /// Which of them that is; none where nobody does it.
    fn place_of(&self, check: CheckId) -> Option<usize> {
        *self.owners.get(usize::try_from(check.get()).ok()?)?
    }

    fn place(&self, account: &Account) -> Option<usize> {
        self.accounts.iter().position(|known| known == account)
    }

    /// Who does any.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    fn index(&mut self, account: &Account) -> usize {
        self.place(account).unwrap_or_else(|| {
            self.accounts.push(account.clone());
            self.accounts.len().saturating_sub(1)
        })
    }
}

/// Who does a check: the checker itself, or whom a program runs as.
fn owner<'a>(numbered: &Numbered<'_>, facts: &'a HostFacts) -> Option<&'a Account> {
    if facts.disabled_checks.contains_key(&numbered.id) {
        return None;
    }
    match &numbered.check.probe {
        Probe::Misc { user, .. } => facts.account(user.as_ref()),
        // Known to the VRRP child, which holds the sessions.
        Probe::Bfd { .. } => None,
        Probe::Tcp(_)
        | Probe::Http(_)
        | Probe::Smtp { .. }
        | Probe::Udp(_)
        | Probe::Ping(_)
        | Probe::Dns { .. }
        | Probe::File { .. } => Some(&facts.check_account),
    }
}

/// What one checker child does for these virtual servers.
pub fn servers_of<'a>(
    config: &'a Config,
    facts: &'a HostFacts,
    owners: &'a Owners,
    account: &Account,
    stretch: Stretch,
) -> impl Iterator<Item = CheckedServer> + 'a {
    let owner = owners.place(account);
    let mut own = checks_in(config, stretch)
        .filter(move |numbered| owner.is_some() && owners.place_of(numbered.id) == owner)
        .peekable();
    std::iter::from_fn(move || {
        let first = own.next()?;
        let mut server = CheckedServer {
            service: without_members(&first.server.service),
            address: first.real.address,
            port: first.real.port,
            weight: first.real.weight,
            only_with: only_with(first.server),
            checks: vec![check_config(&first, facts)],
        };
        let same = |next: &Numbered<'_>| std::ptr::eq(next.real, first.real);
        while let Some(next) = own.next_if(same) {
            server.checks.push(check_config(&next, facts));
        }
        Some(server)
    })
}

/// What a checker child has of each virtual server: where that begins in its own list, and which
/// check comes first. The last entry is behind all of them.
pub fn places_of(config: &Config, owners: &Owners, account: &Account) -> Vec<(u32, CheckId)> {
    let owner = owners.place(account);
    let is_own = |id| owner.is_some() && owners.place_of(id) == owner;
    let mut places = Vec::with_capacity(config.virtual_servers.len().saturating_add(1));
    let (mut servers, mut next) = (0_u32, 0_u32);
    for server in &config.virtual_servers {
        let place = servers;
        let mut first = None;
        for real in &server.real_servers {
            let checks = u32::try_from(real.checks.len()).unwrap_or(u32::MAX);
            let end = next.saturating_add(checks);
            let own = (next..end).map(CheckId::new).find(|id| is_own(*id));
            servers = servers.saturating_add(u32::from(own.is_some()));
            first = first.or(own);
            next = end;
        }
        places.push((place, first.unwrap_or_else(|| CheckId::new(next))));
    }
    places.push((servers, CheckId::new(next)));
    places
}

fn check_config(numbered: &Numbered<'_>, facts: &HostFacts) -> CheckConfig {
    CheckConfig {
        id: numbered.id,
        check: with_path(numbered.check, facts),
        asks: opening::plan(&numbered.check.probe, facts.sockets).is_some(),
    }
}

/// A checker only names a group.
fn without_members(service: &Service) -> Service {
    match service {
        Service::Group { name, protocol, .. } => Service::Group {
            name: name.clone(),
            protocol: *protocol,
            members: Vec::new(),
        },
        Service::Address { .. } | Service::Mark { .. } => service.clone(),
    }
}

fn only_with(server: &VirtualServer) -> Option<IpAddr> {
    match &server.service {
        Service::Address { address, .. } => server.ha_suspend.then_some(*address),
        Service::Mark { .. } | Service::Group { .. } => None,
    }
}

fn with_path(check: &Check, facts: &HostFacts) -> Check {
    let mut check = check.clone();
    if let Probe::Misc { command, .. } = &mut check.probe {
        *command = facts.with_path(command);
    }
    check
}

/// Verdicts over checks that nobody does.
pub fn disabled(facts: &HostFacts) -> impl Iterator<Item = CheckVerdict> {
    facts
        .disabled_checks
        .iter()
        .map(|(check, why)| CheckVerdict {
            check: *check,
            up: false,
            weight: 0,
            detail: format!("not run: {why}"),
        })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use holdfast_conf::model::ShellWords;
    use holdfast_conf::{Files, Options, load};
    use std::collections::BTreeMap;
    use std::io;
    use std::path::{Path, PathBuf};

    struct Text(String);

    impl Files for Text {
        fn read(&self, _path: &Path) -> io::Result<Vec<u8>> {
            Ok(self.0.clone().into_bytes())
        }

        fn matches(&self, _pattern: &str) -> io::Result<Vec<PathBuf>> {
            Ok(Vec::new())
        }
    }

    /// A virtual server on this port with real servers, each with a weight and these checks.
    pub(crate) fn server(port: u16, real: &[(&str, u32, &str)]) -> String {
        let real: String = real
            .iter()
            .map(|(address, weight, checks)| {
                format!("real_server {address} 80 {{\nweight {weight}\n{checks}\n}}\n")
            })
            .collect();
        format!(
            "virtual_server 192.0.2.1 {port} {{\nlb_algo rr\nlb_kind NAT\nprotocol TCP\n{real}}}\n"
        )
    }

    pub(crate) fn config(text: &str) -> Config {
        let loaded = load(
            &Text(text.to_owned()),
            Path::new("a.conf"),
            &Options::default(),
        );
        let report = loaded.report.render(false);
        loaded.config.unwrap_or_else(|| panic!("{report}"))
    }

    pub(crate) fn account(name: &str, uid: u32) -> Account {
        Account {
            uid,
            gid: uid,
            name: name.to_owned(),
        }
    }

    pub(crate) fn facts() -> HostFacts {
        HostFacts {
            default_account: account("scripts", 7),
            accounts: BTreeMap::new(),
            programs: [("true".to_owned(), "/bin/true".to_owned())].into(),
            disabled: BTreeMap::new(),
            check_account: account("holdfast-check", 8),
            disabled_checks: BTreeMap::new(),
            sockets: opening::SocketFacts::of("1024", "6.1"),
        }
    }

    pub(crate) const TCP: &str = "TCP_CHECK {\n}";
    pub(crate) const MISC: &str = "MISC_CHECK {\nmisc_path \"true\"\n}";

    fn ids(servers: impl Iterator<Item = CheckedServer>) -> Vec<u32> {
        servers
            .flat_map(|server| server.checks)
            .map(|check| check.id.get())
            .collect()
    }

    #[test]
    fn pools_and_checks_have_the_same_numbers() {
        let two = format!("{TCP}\n{MISC}");
        let text = server(80, &[("10.0.0.1", 1, &two), ("10.0.0.2", 1, TCP)])
            + &server(443, &[("10.0.0.1", 1, TCP)]);
        let config = config(&text);
        let numbers = |pool: PoolConfig| -> Vec<Vec<u32>> {
            let members = pool.members.into_iter();
            members
                .map(|member| member.checks.iter().map(|check| check.id.get()).collect())
                .collect()
        };
        let pools: Vec<_> = pools(&config, Stretch::all(&config)).map(numbers).collect();
        assert_eq!(pools, [vec![vec![0, 1], vec![2]], vec![vec![3]]]);
        assert_eq!(first_checks(&config), [0, 3, 4].map(CheckId::new));
        let places: Vec<_> = checks(&config)
            .map(|n| (n.id.get(), n.real.address.to_string(), n.place))
            .collect();
        let at = |id, address: &str, place| (id, address.to_owned(), place);
        assert_eq!(
            places,
            [
                at(0, "10.0.0.1", 0),
                at(1, "10.0.0.1", 1),
                at(2, "10.0.0.2", 0),
                at(3, "10.0.0.1", 0)
            ]
        );
    }

    #[test]
    fn programs_go_to_the_checker_of_their_user_and_the_rest_to_the_unprivileged_one() {
        let two = format!("{TCP}\n{MISC}");
        let config = config(&server(80, &[("10.0.0.1", 1, &two)]));
        let facts = facts();
        let owners = Owners::new(&config, &facts);
        let all = Stretch::all(&config);
        let own = |account: &Account| ids(servers_of(&config, &facts, &owners, account, all));
        assert_eq!(own(&facts.check_account), [0]);
        assert_eq!(own(&facts.default_account), [1]);
        let misc = servers_of(&config, &facts, &owners, &facts.default_account, all).next();
        let Probe::Misc { command, .. } = misc.unwrap().checks.swap_remove(0).check.probe else {
            panic!("another probe");
        };
        let found = ShellWords::try_from(vec!["/bin/true".to_owned()]).unwrap();
        assert_eq!(command, found);
        assert_eq!(
            owners.accounts(),
            [account("holdfast-check", 8), account("scripts", 7)]
        );
    }

    #[test]
    fn the_files_of_ssl_go_only_to_the_checker_that_asks_for_pages_over_tls() {
        let pages = "SSL_GET {\nurl {\npath /\nstatus_code 200\n}\n}";
        let files = |checks: &str| {
            let mut config = config(&server(80, &[("10.0.0.1", 1, checks)]));
            config.statics.tls.ca = Some("/etc/ca.pem".to_owned());
            let slices = crate::slice::slice(&config, &facts(), false);
            let checkers = slices.checkers.into_iter();
            checkers
                .map(|(account, config)| (account.name, config.tls.ca.is_some()))
                .collect::<Vec<_>>()
        };
        let (checker, scripts) = ("holdfast-check".to_owned(), "scripts".to_owned());
        assert_eq!(
            files(&format!("{pages}\n{MISC}")),
            [(scripts, false), (checker.clone(), true)]
        );
        assert_eq!(files(TCP), [(checker, false)]);
    }

    #[test]
    fn a_check_that_must_not_run_has_no_owner_and_is_down() {
        let config = config(&server(80, &[("10.0.0.1", 1, MISC)]));
        let facts = HostFacts {
            disabled_checks: [(CheckId::new(0), "it is world-writable".to_owned())].into(),
            ..facts()
        };
        assert_eq!(Owners::new(&config, &facts).of(CheckId::new(0)), None);
        let down = CheckVerdict {
            check: CheckId::new(0),
            up: false,
            weight: 0,
            detail: "not run: it is world-writable".to_owned(),
        };
        assert_eq!(disabled(&facts).collect::<Vec<_>>(), [down]);
    }

    #[test]
    fn a_checker_is_given_the_file_that_its_check_follows_and_no_other() {
        let blocks = "track_file a {\nfile /run/a\n}\ntrack_file b {\nfile /run/other\n}\n";
        let check = "FILE_CHECK {\ntrack_file a\n}";
        let config = config(&(blocks.to_owned() + &server(80, &[("10.0.0.1", 1, check)])));
        let facts = facts();
        let owners = Owners::new(&config, &facts);
        let account = &facts.check_account;
        let servers = servers_of(&config, &facts, &owners, account, Stretch::all(&config));
        let told = format!("{:?}", servers.collect::<Vec<_>>());
        assert!(
            told.contains("/run/a") && !told.contains("/run/other"),
            "{told}"
        );
    }

    #[test]
    fn numbers_without_a_server_are_not_found() {
        let config = config(&server(80, &[("10.0.0.1", 1, TCP)]));
        let member = |pool, member| {
            let found = find(&config, PoolId::new(pool), Some(MemberId::new(member)));
            found.is_some()
        };
        assert!(member(0, 0));
        assert!(!member(0, 1));
        assert!(!member(1, 0));
        assert!(find(&config, PoolId::new(1), None).is_none());
    }

    #[test]
    fn only_addresses_with_ha_suspend_decide_about_pauses() {
        let plain = server(80, &[("10.0.0.1", 1, TCP)]);
        let pausing =
            server(443, &[("10.0.0.1", 1, TCP)]).replace("lb_algo", "ha_suspend\nlb_algo");
        let config = config(&(plain + &pausing));
        let expected: Vec<IpAddr> = vec!["192.0.2.1".parse().unwrap()];
        assert_eq!(suspending_addresses(&config).collect::<Vec<_>>(), expected);
        let facts = facts();
        let owners = Owners::new(&config, &facts);
        let paused: Vec<_> = servers_of(
            &config,
            &facts,
            &owners,
            &facts.check_account,
            Stretch::all(&config),
        )
        .map(|check| check.only_with.is_some())
        .collect();
        assert_eq!(paused, [false, true]);
    }
}

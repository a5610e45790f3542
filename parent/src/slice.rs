//! Cuts the configuration into what each child needs, and nothing more.

use crate::account::Account;
use crate::balance::{Owners, servers_of};
use crate::opening::{Planned, SocketFacts, planned};
use holdfast_conf::model::{
    Config, Probe, ScriptAction, ScriptName, ShellWords, TlsFiles, UserSpec,
};
use holdfast_ipc::balance::CheckId;
use holdfast_ipc::config::{CheckerConfig, CheckerScript, VrrpConfig};
use holdfast_ipc::state::{ScriptState, Verdict};
use std::collections::BTreeMap;

/// What this host says about a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFacts {
    /// Who scripts run as that name nobody.
    pub default_account: Account,
    /// Who those run as that name somebody.
    pub accounts: BTreeMap<UserSpec, Account>,
    /// Absolute path of each program that is named without one.
    pub programs: BTreeMap<String, String>,
    /// Check scripts that must not be run, and why.
    pub disabled: BTreeMap<ScriptName, String>,
    /// Who talks to the servers that are checked.
    pub check_account: Account,
    /// Checks of servers that must not be run, and why.
    pub disabled_checks: BTreeMap<CheckId, String>,
    /// What an unprivileged process may do with sockets.
    pub sockets: SocketFacts,
}

impl HostFacts {
    /// Who a script runs as; none where the configured user does not exist here. Nobody else is
    /// taken instead.
    pub fn account(&self, user: Option<&UserSpec>) -> Option<&Account> {
        match user {
            Some(spec) => self.accounts.get(spec),
            None => Some(&self.default_account),
        }
    }

    /// The command with the path of its program.
    #[must_use]
    pub fn with_path(&self, words: &ShellWords) -> ShellWords {
        match self.programs.get(words.program()) {
            Some(path) => words.with_program(path.clone()),
            None => words.clone(),
        }
    }
}

/// The parts of one configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slices {
    /// For the VRRP child.
    pub vrrp: VrrpConfig,
    /// For each checker child; none has no script.
    pub checkers: BTreeMap<Account, CheckerConfig>,
    /// Verdicts over scripts that no child runs.
    pub disabled: Vec<Verdict>,
    /// Who does which check of a server.
    pub owners: Owners,
    /// Sockets that checks need and their checkers cannot open.
    pub sockets: BTreeMap<CheckId, Planned>,
}

/// Cuts the configuration.
pub fn slice(config: &Config, facts: &HostFacts, log_detail: bool) -> Slices {
    let vrrp = VrrpConfig {
        routers: config
            .instances
            .iter()
            .map(|instance| instance.router.clone())
            .collect(),
        log_unknown_vrids: config.global.log_unknown_vrids,
        log_detail,
        lvs: config.global.lvs.clone(),
        pools: u32::try_from(config.virtual_servers.len()).unwrap_or(u32::MAX),
    };
    let owners = Owners::new(config, facts);
    Slices {
        vrrp,
        checkers: checkers(config, facts, &owners),
        disabled: facts.disabled.iter().map(disabled_verdict).collect(),
        owners,
        sockets: planned(config, facts),
    }
}

fn checkers(
    config: &Config,
    facts: &HostFacts,
    owners: &Owners,
) -> BTreeMap<Account, CheckerConfig> {
    let empty = |servers| CheckerConfig {
        scripts: Vec::new(),
        script_security: config.global.script_security,
        servers,
        tls: TlsFiles::default(),
    };
    let count = |account: &Account| {
        let servers = servers_of(config, facts, owners, account).count();
        u32::try_from(servers).unwrap_or(u32::MAX)
    };
    let mut checkers: BTreeMap<Account, CheckerConfig> = owners
        .accounts()
        .iter()
        .map(|account| (account.clone(), empty(count(account))))
        .collect();
    // Only the checks of pages need the files, and whoever does them is told of them.
    if has_tls_checks(config)
        && let Some(checker) = checkers.get_mut(&facts.check_account)
    {
        checker.tls = config.statics.tls.clone();
    }
    for script in &config.scripts {
        if facts.disabled.contains_key(&script.name) {
            continue;
        }
        let Some(account) = facts.account(script.user.as_ref()) else {
            continue;
        };
        let checker = checkers.entry(account.clone()).or_insert_with(|| empty(0));
        checker.scripts.push(CheckerScript {
            name: script.name.clone(),
            action: with_path(&script.action, facts),
            interval: script.interval,
            timeout: script.timeout,
            rise: script.rise,
            fall: script.fall,
            init_fail: script.init_fail,
        });
    }
    checkers
}

fn has_tls_checks(config: &Config) -> bool {
    let servers = config.virtual_servers.iter();
    let mut checks = servers
        .flat_map(|server| &server.real_servers)
        .flat_map(|real| &real.checks);
    checks.any(|check| matches!(&check.probe, Probe::Http(probe) if probe.tls.is_some()))
}

fn with_path(action: &ScriptAction, facts: &HostFacts) -> ScriptAction {
    match action {
        ScriptAction::Run(words) => ScriptAction::Run(facts.with_path(words)),
        ScriptAction::ProcessExists(names) => ScriptAction::ProcessExists(names.clone()),
    }
}

fn disabled_verdict((script, why): (&ScriptName, &String)) -> Verdict {
    Verdict {
        script: script.clone(),
        state: ScriptState::Failed,
        detail: format!("not run: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_conf::model::{Global, Lvs, Micros, VrrpScript, Weight};

    fn account(name: &str, uid: u32) -> Account {
        Account {
            uid,
            gid: uid,
            name: name.to_owned(),
        }
    }

    fn user(name: &str) -> UserSpec {
        UserSpec {
            user: name.to_owned(),
            group: None,
            all_groups: false,
        }
    }

    fn run(words: &[&str]) -> ScriptAction {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        ScriptAction::Run(ShellWords::try_from(words).unwrap())
    }

    fn script(name: &str, action: ScriptAction, as_user: Option<&str>) -> VrrpScript {
        VrrpScript {
            name: ScriptName::try_from(name).unwrap(),
            action,
            interval: Micros::from_secs(2),
            timeout: Micros::from_secs(3),
            rise: 4,
            fall: 5,
            weight: Weight::try_from(6).unwrap(),
            reverse: true,
            user: as_user.map(user),
            init_fail: true,
        }
    }

    fn cut(name: &str, action: ScriptAction) -> CheckerScript {
        CheckerScript {
            name: ScriptName::try_from(name).unwrap(),
            action,
            interval: Micros::from_secs(2),
            timeout: Micros::from_secs(3),
            rise: 4,
            fall: 5,
            init_fail: true,
        }
    }

    fn facts() -> HostFacts {
        HostFacts {
            default_account: account("holdfast-check", 8),
            accounts: [
                (user("web"), account("web", 33)),
                (user("8"), account("holdfast-check", 8)),
            ]
            .into(),
            programs: [("true".to_owned(), "/usr/bin/true".to_owned())].into(),
            disabled: BTreeMap::new(),
            check_account: account("holdfast-check", 8),
            disabled_checks: Default::default(),
            sockets: SocketFacts::of("1024", "6.1"),
        }
    }

    fn config(scripts: Vec<VrrpScript>) -> Config {
        Config {
            global: Global {
                log_unknown_vrids: true,
                ..Global::default()
            },
            scripts,
            ..Config::default()
        }
    }

    #[test]
    fn scripts_go_to_the_checker_of_their_user_with_their_path_filled_in() {
        let gone = ScriptAction::ProcessExists(vec!["nginx".to_owned()]);
        let config = config(vec![
            script("a", run(&["true", "-x"]), None),
            script("b", run(&["/bin/b"]), Some("web")),
            script("c", gone.clone(), Some("8")),
        ]);
        let expected = [
            (
                account("holdfast-check", 8),
                CheckerConfig {
                    scripts: vec![cut("a", run(&["/usr/bin/true", "-x"])), cut("c", gone)],
                    script_security: true,
                    servers: 0,
                    tls: TlsFiles::default(),
                },
            ),
            (
                account("web", 33),
                CheckerConfig {
                    scripts: vec![cut("b", run(&["/bin/b"]))],
                    script_security: true,
                    servers: 0,
                    tls: TlsFiles::default(),
                },
            ),
        ];
        let slices = slice(&config, &facts(), true);
        assert_eq!(slices.checkers, expected.into());
        let vrrp = VrrpConfig {
            routers: Vec::new(),
            log_unknown_vrids: true,
            log_detail: true,
            lvs: Lvs::default(),
            pools: 0,
        };
        assert_eq!(slices.vrrp, vrrp);
        assert_eq!(slices.disabled, []);
    }

    #[test]
    fn a_disabled_script_counts_as_failed_and_reaches_no_checker() {
        let name = ScriptName::try_from("a").unwrap();
        let facts = HostFacts {
            disabled: [(name.clone(), "/x is world-writable".to_owned())].into(),
            ..facts()
        };
        let slices = slice(
            &config(vec![script("a", run(&["/x"]), None)]),
            &facts,
            false,
        );
        assert_eq!(slices.checkers, BTreeMap::new());
        assert_eq!(
            slices.disabled,
            [Verdict {
                script: name,
                state: ScriptState::Failed,
                detail: "not run: /x is world-writable".to_owned(),
            }]
        );
    }

    #[test]
    fn without_scripts_there_is_no_checker() {
        assert_eq!(
            slice(&config(Vec::new()), &facts(), false).checkers,
            BTreeMap::new()
        );
    }
}

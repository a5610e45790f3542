//! What this host says about a configuration: interfaces, users, programs, safe scripts.

use super::accounts::HostAccounts;
use super::pipe_place::examine_place;
use holdfast::account::{self, Account, Accounts};
use holdfast::balance;
use holdfast::fifo::{self, Audience};
use holdfast::launch::PATH;
use holdfast::opening::SocketFacts;
use holdfast::slice::HostFacts;
use holdfast_conf::model::{
    Config, NotifyScripts, Probe, ScriptAction, ScriptCommand, ShellWords, UserSpec, VirtualServer,
};
use holdfast_conf::{HostFact, HostNeed};
use holdfast_ipc::script_path::{
    Component, Look, Node, Runner, Unsafe, examine, examine_executable,
};
use nix::net::if_::if_nametoindex;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Facts, and what is not as it should be.
#[derive(Debug)]
pub(crate) struct Findings {
    /// The facts.
    pub(crate) facts: HostFacts,
    /// Things that are not here but may come, or that somebody should know.
    pub(crate) remarks: Vec<Remark>,
    /// Scripts that are not run.
    pub(crate) unusable: Vec<Unusable>,
}

/// A script that is not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unusable {
    /// For the operator.
    pub(crate) text: String,
    /// Somebody could replace it; otherwise it is just not here.
    pub(crate) insecure: bool,
}

/// Why a script is not run.
struct Fault {
    text: String,
    insecure: bool,
}

impl From<String> for Fault {
    fn from(text: String) -> Self {
        Self {
            text,
            insecure: false,
        }
    }
}

impl From<Unsafe> for Fault {
    fn from(found: Unsafe) -> Self {
        Self {
            text: found.to_string(),
            insecure: found.is_insecure(),
        }
    }
}

/// One thing about this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remark {
    /// For the operator.
    pub(crate) text: String,
    /// A reload that brings this up is refused, in these words.
    pub(crate) refusal: Option<String>,
}

/// Looks at everything. The error is one that nobody can work with: no user for the scripts.
pub(crate) fn examine_host(config: &Config, needs: &[HostNeed]) -> Result<Findings, String> {
    let chosen = account::for_scripts(&HostAccounts, config.global.script_user.as_ref())?;
    let mut findings = Findings {
        facts: HostFacts {
            default_account: chosen.account,
            accounts: BTreeMap::new(),
            programs: BTreeMap::new(),
            disabled: BTreeMap::new(),
            // Whoever scripts run as, nobody else than an unprivileged user talks to servers.
            check_account: account::for_scripts(&HostAccounts, None)?.account,
            disabled_checks: BTreeMap::new(),
            sockets: socket_facts(),
        },
        remarks: needs.iter().filter_map(missing_interface).collect(),
        unusable: Vec::new(),
    };
    findings.remarks.extend(chosen.remark.map(|text| Remark {
        text,
        refusal: None,
    }));
    findings.look_at_checks(config);
    findings.look_at_server_checks(config);
    findings.look_at_notify_scripts(config);
    findings.look_at_server_scripts(config);
    findings.look_at_fifos(config);
    Ok(findings)
}

/// Every kernel has both; without /proc everything needs a privilege that is not free by default.
fn socket_facts() -> SocketFacts {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let port_start = read("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    SocketFacts::of(&port_start, &read("/proc/sys/kernel/osrelease"))
}

fn missing_interface(need: &HostNeed) -> Option<Remark> {
    let HostFact::Interface(name) = &need.fact else {
        return None;
    };
    if_nametoindex(name.as_str()).is_err().then(|| Remark {
        text: format!(
            "interface `{name}` does not exist here ({} will wait for it)",
            need.subject
        ),
        refusal: Some(format!(
            "{}: interface `{name}` does not exist here ({} needs it)",
            need.place, need.subject
        )),
    })
}

impl Findings {
    fn look_at_checks(&mut self, config: &Config) {
        for script in &config.scripts {
            let result = match &script.action {
                ScriptAction::Run(words) => {
                    self.look_at(words, script.user.as_ref(), config.global.script_security)
                }
                ScriptAction::ProcessExists(_) => self
                    .look_up(script.user.as_ref())
                    .map(|_account| ())
                    .map_err(Fault::from),
            };
            if let Err(Fault { text, insecure }) = result {
                self.unusable.push(Unusable {
                    text: format!(
                        "script {} is not run and counts as failed: {text}",
                        script.name
                    ),
                    insecure,
                });
                self.facts.disabled.insert(script.name.clone(), text);
            }
        }
    }

    /// Programs of `MISC_CHECK`. The same one is looked at once.
    fn look_at_server_checks(&mut self, config: &Config) {
        let security = config.global.script_security;
        let mut seen: HashMap<(&ShellWords, Option<&UserSpec>), Option<String>> = HashMap::new();
        for numbered in balance::checks(config) {
            let Probe::Misc { command, user, .. } = &numbered.check.probe else {
                continue;
            };
            let key = (command, user.as_ref());
            let known = seen.get(&key).cloned();
            let fault = known.unwrap_or_else(|| {
                let found = self.look_at(command, user.as_ref(), security).err();
                found.map(|Fault { text, insecure }| {
                    let server = &numbered.server.service;
                    self.unusable.push(Unusable {
                        text: format!(
                            "VS {server}: MISC_CHECK `{command}` is not run and its servers count \
                             as down: {text}"
                        ),
                        insecure,
                    });
                    text
                })
            });
            if let Some(text) = &fault {
                self.facts.disabled_checks.insert(numbered.id, text.clone());
            }
            seen.insert(key, fault);
        }
    }

    /// Scripts that are told about real servers and quorums.
    fn look_at_server_scripts(&mut self, config: &Config) {
        let security = config.global.script_security;
        let mut seen: HashSet<&ScriptCommand> = HashSet::new();
        for server in &config.virtual_servers {
            for (word, command) in server_scripts(server) {
                if !seen.insert(command) {
                    continue;
                }
                let result = self.look_at(&command.words, command.user.as_ref(), security);
                if let Err(Fault { text, insecure }) = result {
                    self.unusable.push(Unusable {
                        text: format!("VS {}: {word} is not run: {text}", server.service),
                        insecure,
                    });
                }
            }
        }
    }

    fn look_at_notify_scripts(&mut self, config: &Config) {
        for instance in &config.instances {
            for (word, command) in named(&instance.notify) {
                let security = config.global.script_security;
                let result = self.look_at(&command.words, command.user.as_ref(), security);
                if let Err(Fault { text, insecure }) = result {
                    let name = &instance.router.name;
                    self.unusable.push(Unusable {
                        text: format!("({name}) {word} is not run: {text}"),
                        insecure,
                    });
                }
            }
        }
    }

    /// Named pipes, and what reads them.
    fn look_at_fifos(&mut self, config: &Config) {
        let security = config.global.script_security;
        for audience in Audience::ALL {
            let Some(pipe) = audience.pipe(config) else {
                continue;
            };
            let (word, path) = (audience.word(), &pipe.path);
            if let Some(command) = &pipe.script {
                let result = self.look_at(&command.words, command.user.as_ref(), security);
                if let Err(Fault { text, insecure }) = result {
                    let text = format!("{word}_script is not run: {text}");
                    self.unusable.push(Unusable { text, insecure });
                }
            }
            let known = self.look_up(pipe.owner.as_ref());
            let owner = known.map(|_account| fifo::owner(pipe, &self.facts));
            // A reader's user that is not here was told with its script.
            let place = owner.and_then(|owner| {
                owner.map_or(Ok(()), |owner| {
                    examine_place(path, &owner, security).map(|_place| ())
                })
            });
            if let Err(text) = place {
                self.unusable.push(Unusable {
                    text: format!("{word} {path} is not used: {text}"),
                    insecure: false,
                });
            }
        }
    }

    fn look_up(&mut self, user: Option<&UserSpec>) -> Result<Account, String> {
        let Some(spec) = user else {
            return Ok(self.facts.default_account.clone());
        };
        let account = HostAccounts.find(spec)?;
        self.facts.accounts.insert(spec.clone(), account.clone());
        Ok(account)
    }

    fn look_at(
        &mut self,
        words: &ShellWords,
        user: Option<&UserSpec>,
        security: bool,
    ) -> Result<(), Fault> {
        let account = self.look_up(user)?;
        let name = words.program();
        let path = find_program(name, &account)?;
        if name != path {
            self.facts.programs.insert(name.to_owned(), path.clone());
        }
        check_script(&path, &account, security).map_err(Fault::from)
    }
}

impl Findings {
    /// All that a reload is refused for unless it was so before: how it is recognised, and the
    /// words of the refusal.
    pub(crate) fn objections(&self) -> BTreeMap<String, String> {
        let remarks = self.remarks.iter().filter_map(|remark| {
            let refusal = remark.refusal.as_ref()?;
            Some((remark.text.clone(), refusal.clone()))
        });
        let scripts = self.unusable.iter();
        remarks
            .chain(scripts.map(|script| (script.text.clone(), script.text.clone())))
            .collect()
    }
}

/// Judges a script right before it is run, or when the configuration is read.
pub(crate) fn check_script(path: &str, account: &Account, security: bool) -> Result<(), Unsafe> {
    let runner = runner(account);
    let path = Path::new(path);
    let result = if security {
        examine(path, runner, &HostTree)
    } else {
        examine_executable(path, runner, &HostTree)
    };
    result.map(|_resolved| ())
}

const fn runner(account: &Account) -> Runner {
    Runner {
        uid: account.uid,
        gid: account.gid,
    }
}

/// A name without a slash is searched where scripts would search.
fn find_program(name: &str, account: &Account) -> Result<String, String> {
    if name.contains('/') {
        return Ok(name.to_owned());
    }
    PATH.split(':')
        .map(|directory| format!("{directory}/{name}"))
        .find(|path| examine_executable(Path::new(path), runner(account), &HostTree).is_ok())
        .ok_or_else(|| format!("there is no program `{name}` in {PATH}"))
}

/// The notify scripts of an instance with their words.
pub(crate) fn named(scripts: &NotifyScripts) -> Vec<(&'static str, &ScriptCommand)> {
    [
        ("notify_master", &scripts.master),
        ("notify_backup", &scripts.backup),
        ("notify_fault", &scripts.fault),
        ("notify_stop", &scripts.stop),
        ("notify", &scripts.any),
    ]
    .into_iter()
    .filter_map(|(word, command)| command.as_ref().map(|command| (word, command)))
    .collect()
}

/// The scripts of a virtual server and of its real servers with their words.
fn server_scripts(server: &VirtualServer) -> impl Iterator<Item = (&'static str, &ScriptCommand)> {
    let real = server.real_servers.iter().flat_map(|real| {
        [
            ("notify_up", &real.notify_up),
            ("notify_down", &real.notify_down),
        ]
    });
    [
        ("quorum_up", &server.quorum_up),
        ("quorum_down", &server.quorum_down),
    ]
    .into_iter()
    .chain(real)
    .filter_map(|(word, command)| Some((word, command.as_ref()?)))
}

/// The real file system.
pub(super) struct HostTree;

impl Look for HostTree {
    fn component(&self, path: &Path) -> Result<Component, String> {
        let meta = std::fs::symlink_metadata(path).map_err(|error| error.to_string())?;
        let kind = meta.file_type();
        let node = if kind.is_dir() {
            Node::Directory
        } else if kind.is_file() {
            Node::File
        } else if kind.is_symlink() {
            Node::Link
        } else {
            Node::Other
        };
        Ok(Component {
            path: path.to_owned(),
            node,
            uid: meta.uid(),
            gid: meta.gid(),
            mode: meta.mode(),
        })
    }

    fn target(&self, path: &Path) -> Result<PathBuf, String> {
        std::fs::read_link(path).map_err(|error| error.to_string())
    }
}

//! The load balancer between the children: pools and checks out, verdicts from one to the other,
//! scripts for what changed.

use super::daemon::{Daemon, Plan};
use super::link::{Link, Loss};
use super::telling::router_id;
use holdfast::account::Account;
use holdfast::alert::{Letter, Reason, of_quorum, of_real_server};
use holdfast::balance::{Stretch, disabled, find, pools, servers_of, suspending_addresses};
use holdfast::fifo::Event;
use holdfast::logline::one_line;
use holdfast::notify::server_job;
use holdfast::side::{CheckerSide, VrrpSide};
use holdfast::succession::Told;
use holdfast_conf::model::{Config, RealServer, ScriptCommand, Service, VirtualServer};
use holdfast_ipc::balance::{
    CheckId, CheckVerdict, MAX_BATCH, MemberId, PoolChange, PoolId, PoolStanding,
};
use holdfast_ipc::config::Generation;
use holdfast_ipc::message::{ParentToChecker, ParentToVrrp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

/// What is known about the servers behind the balancer.
#[derive(Debug, Default)]
pub(crate) struct Balance {
    /// Newest verdict of each check of the present configuration.
    verdicts: BTreeMap<CheckId, CheckVerdict>,
    /// Checks with a verdict that the VRRP child may have missed while it changed its configuration.
    missed: BTreeSet<CheckId>,
    /// Virtual addresses with `ha_suspend` that are on this machine.
    held: BTreeSet<IpAddr>,
    /// What was said last, so that no script is told twice and a successor goes on from there.
    told: HashMap<Service, Standing>,
}

/// What was said about one pool. Its real servers have their names, for numbers change.
#[derive(Debug, Default)]
struct Standing {
    quorum: Option<bool>,
    members: BTreeMap<(IpAddr, u16), bool>,
}

impl Standing {
    /// True where it is news.
    fn take(&mut self, real: Option<&RealServer>, up: bool) -> bool {
        let before = match real {
            Some(real) => self.members.insert((real.address, real.port), up),
            None => self.quorum.replace(up),
        };
        before != Some(up)
    }

    /// The same in the numbers of a configuration.
    fn numbered(&self, pool: PoolId, server: &VirtualServer) -> PoolStanding {
        let reals = server.real_servers.iter().zip(0_u32..);
        let members = reals.filter_map(|(real, number)| {
            let up = self.members.get(&(real.address, real.port))?;
            Some((MemberId::new(number), *up))
        });
        PoolStanding {
            pool,
            quorum: self.quorum,
            members: if self.members.is_empty() {
                Vec::new()
            } else {
                members.collect()
            },
        }
    }
}

impl Balance {
    /// The numbers of the next configuration hold from now on.
    pub(crate) fn renumber(&mut self, plan: &Plan) {
        let verdicts = std::mem::take(&mut self.verdicts).into_values();
        let carried = verdicts.filter_map(|verdict| {
            let check = plan.succession.check(verdict.check)?;
            Some((check, CheckVerdict { check, ..verdict }))
        });
        self.verdicts = carried.collect();
        self.missed = std::mem::take(&mut self.missed)
            .into_iter()
            .filter_map(|check| plan.succession.check(check))
            .collect();
        let present: BTreeSet<IpAddr> = suspending_addresses(&plan.config).collect();
        self.held.retain(|address| present.contains(address));
    }

    /// Behind a reload: what is gone and comes back later begins anew.
    pub(crate) fn forget_what_is_gone(&mut self, config: &Config) {
        let servers = config.virtual_servers.iter();
        let present: HashMap<&Service, &VirtualServer> =
            servers.map(|server| (&server.service, server)).collect();
        self.told.retain(|service, standing| {
            let Some(server) = present.get(service) else {
                return false;
            };
            let reals = &server.real_servers;
            let is_here = |(address, port): &(IpAddr, u16)| {
                reals
                    .iter()
                    .any(|real| (real.address, real.port) == (*address, *port))
            };
            standing.members.retain(|name, _| is_here(name));
            true
        });
    }

    /// What a predecessor said about the pools of a configuration.
    fn standings<'a>(&'a self, config: &'a Config) -> impl Iterator<Item = PoolStanding> + 'a {
        let servers = config.virtual_servers.iter().zip(0_u32..);
        servers.filter_map(|(server, number)| {
            let standing = self.told.get(&server.service)?;
            Some(standing.numbered(PoolId::new(number), server))
        })
    }
}

/// The verdicts that hold in the next configuration too, with their numbers there, as far as a child
/// is told of their servers again.
fn carried<'a>(
    verdicts: &'a BTreeMap<CheckId, CheckVerdict>,
    plan: &'a Plan,
) -> impl Iterator<Item = CheckVerdict> + 'a {
    let succession = &plan.succession;
    verdicts.values().filter_map(|verdict| {
        let check = succession.check(verdict.check)?;
        succession.is_told(check).then(|| CheckVerdict {
            check,
            ..verdict.clone()
        })
    })
}

/// Sends long lists in pieces.
fn in_pieces<T>(
    items: impl Iterator<Item = T>,
    mut send: impl FnMut(Vec<T>) -> Result<(), Loss>,
) -> Result<(), Loss> {
    let mut items = items.peekable();
    while items.peek().is_some() {
        send(items.by_ref().take(MAX_BATCH).collect())?;
    }
    Ok(())
}

/// Tells the VRRP child of all pools and of what is known about them.
pub(crate) fn send_pools(
    link: &mut Link<VrrpSide>,
    plan: &Plan,
    known: impl Iterator<Item = CheckVerdict>,
) -> Result<(), Loss> {
    send_stretch_of_pools(link, plan, Stretch::all(&plan.config))?;
    send_known(link, plan, known.chain(disabled(&plan.facts)))
}

/// The same to one that runs the configuration before: what stays is only named.
fn send_changed_pools(
    link: &mut Link<VrrpSide>,
    (running, plan): (&Plan, &Plan),
    known: impl Iterator<Item = CheckVerdict>,
) -> Result<(), Loss> {
    let succession = &plan.succession;
    for told in succession.pools() {
        match told {
            Told::New(stretch) => send_stretch_of_pools(link, plan, stretch)?,
            Told::Kept(kept) => link.send(&ParentToVrrp::KeptPools {
                generation: plan.generation,
                running: running.generation,
                kept,
            })?,
        }
    }
    let disabled = disabled(&plan.facts).filter(|verdict| succession.is_told(verdict.check));
    send_known(link, plan, known.chain(disabled))
}

fn send_stretch_of_pools(
    link: &mut Link<VrrpSide>,
    plan: &Plan,
    stretch: Stretch,
) -> Result<(), Loss> {
    let generation = plan.generation;
    in_pieces(pools(&plan.config, stretch), |pools| {
        link.send(&ParentToVrrp::Pools { generation, pools })
    })
}

fn send_known(
    link: &mut Link<VrrpSide>,
    plan: &Plan,
    known: impl Iterator<Item = CheckVerdict>,
) -> Result<(), Loss> {
    let generation = plan.generation;
    in_pieces(known, |verdicts| {
        link.send(&ParentToVrrp::CheckVerdicts {
            generation,
            verdicts,
        })
    })
}

/// Tells a checker child of its checks.
fn send_checks(
    link: &mut Link<CheckerSide>,
    account: &Account,
    plan: &Plan,
    stretch: Stretch,
) -> Result<(), Loss> {
    let generation = plan.generation;
    let owners = &plan.slices.owners;
    let servers = servers_of(&plan.config, &plan.facts, owners, account, stretch);
    in_pieces(servers, |servers| {
        link.send(&ParentToChecker::Servers {
            generation,
            servers,
        })
    })
}

/// The same to one that runs the configuration before: what stays is only named.
pub(crate) fn send_changed_checks(
    link: &mut Link<CheckerSide>,
    account: &Account,
    running: &Plan,
    plan: &Plan,
) -> Result<(), Loss> {
    for told in plan.succession.servers(running.edition(), account) {
        match told {
            Told::New(stretch) => send_checks(link, account, plan, stretch)?,
            Told::Kept(kept) => link.send(&ParentToChecker::KeptServers {
                generation: plan.generation,
                running: running.generation,
                kept,
            })?,
        }
    }
    Ok(())
}

impl Daemon {
    /// In front of `Start`: the pools, and all that the predecessors of the children knew.
    pub(crate) fn send_pools_at_start(&mut self) -> Result<(), Loss> {
        let behind = self.is_vrrp_behind();
        let plan = match &self.previous_plan {
            Some(previous) if behind => previous,
            Some(_) | None => &self.plan,
        };
        let Some(link) = &mut self.vrrp.link else {
            return Ok(());
        };
        // A child that is behind gets the verdicts with the configuration that they are about.
        let known = self.balance.verdicts.values().filter(|_| !behind).cloned();
        send_pools(link, plan, known)?;
        let generation = plan.generation;
        in_pieces(self.balance.standings(&plan.config), |standings| {
            link.send(&ParentToVrrp::Standings {
                generation,
                standings,
            })
        })
    }

    /// In front of `Prepare` for a VRRP child that has to catch up.
    pub(crate) fn send_pools_of_plan(&mut self) -> Result<(), Loss> {
        let Some(link) = &mut self.vrrp.link else {
            return Ok(());
        };
        send_pools(link, &self.plan, self.balance.verdicts.values().cloned())
    }

    /// In front of `Prepare`: the pools of the next configuration with the verdicts that hold there.
    pub(crate) fn send_next_pools(&mut self) -> Result<(), Loss> {
        let (Some(plan), Some(link)) = (&self.next_plan, &mut self.vrrp.link) else {
            return Ok(());
        };
        self.balance.missed.clear();
        let known = carried(&self.balance.verdicts, plan);
        send_changed_pools(link, (&self.plan, plan), known)
    }

    /// In front of the `Start` of a checker.
    pub(crate) fn send_checks_at_start(&mut self, account: &Account) -> Result<(), Loss> {
        let slot = self.checkers.get_mut(account);
        let Some(link) = slot.and_then(|slot| slot.link.as_mut()) else {
            return Ok(());
        };
        send_checks(link, account, &self.plan, Stretch::all(&self.plan.config))?;
        let generation = self.plan.generation;
        let owners = &self.plan.slices.owners;
        let known = self.balance.verdicts.values();
        let own = known.filter(|verdict| owners.of(verdict.check) == Some(account));
        in_pieces(own.cloned(), |verdicts| {
            link.send(&ParentToChecker::CheckVerdicts {
                generation,
                verdicts,
            })
        })?;
        for address in &self.balance.held {
            link.send(&ParentToChecker::Held {
                address: *address,
                held: true,
            })?;
        }
        Ok(())
    }

    /// Is this checker allowed to say that? Then it is remembered and passed on.
    pub(crate) fn check_verdicts(
        &mut self,
        account: &Account,
        generation: Generation,
        verdicts: Vec<CheckVerdict>,
    ) -> Result<(), Loss> {
        let Some(plan) = self.plan_of(generation)? else {
            return Ok(());
        };
        let owners = &plan.slices.owners;
        let foreign = verdicts
            .iter()
            .find(|verdict| owners.of(verdict.check) != Some(account));
        if let Some(foreign) = foreign {
            return Err(Loss::because(format!(
                "it gave a verdict over check {}, which is none of its checks",
                foreign.check.get()
            )));
        }
        let old = generation != self.plan.generation;
        let verdicts: Vec<CheckVerdict> = verdicts
            .into_iter()
            .filter_map(|verdict| {
                let check = if old {
                    self.plan.succession.check(verdict.check)?
                } else {
                    verdict.check
                };
                // It is kept and passed on, so its length is bounded here.
                let detail = one_line(&verdict.detail).into_owned();
                Some(CheckVerdict {
                    check,
                    detail,
                    ..verdict
                })
            })
            .collect();
        let changing = self.next_plan.is_some() || self.previous_plan.is_some();
        for verdict in &verdicts {
            if changing {
                self.balance.missed.insert(verdict.check);
            }
            self.balance.verdicts.insert(verdict.check, verdict.clone());
        }
        self.pass_on(verdicts);
        Ok(())
    }

    /// To a VRRP child that starts as well: it was given what was known before. One that starts with
    /// the configuration before this is given all of them with the next one.
    fn pass_on(&mut self, verdicts: Vec<CheckVerdict>) {
        let generation = self.plan.generation;
        let behind = self.is_vrrp_behind();
        let link = self.vrrp.link.as_mut();
        let hearing = link.filter(|link| {
            let phase = link.phase();
            phase.is_live() || (phase.has_configuration() && !behind)
        });
        let message = ParentToVrrp::CheckVerdicts {
            generation,
            verdicts,
        };
        if let Some(Err(loss)) = hearing.map(|link| link.send(&message)) {
            self.lose_vrrp(loss);
        }
    }

    /// Behind a reload: verdicts that crossed with it.
    pub(crate) fn forward_missed_verdicts(&mut self) {
        let missed = std::mem::take(&mut self.balance.missed);
        let known = &self.balance.verdicts;
        let missed: Vec<CheckVerdict> = missed
            .iter()
            .filter_map(|check| known.get(check).cloned())
            .collect();
        let generation = self.plan.generation;
        for verdicts in missed.chunks(MAX_BATCH) {
            self.send_to_vrrp(&ParentToVrrp::CheckVerdicts {
                generation,
                verdicts: verdicts.to_vec(),
            });
        }
    }

    /// A virtual address with `ha_suspend` came or went: all checkers are told.
    pub(crate) fn held(&mut self, address: IpAddr, held: bool) -> Result<(), Loss> {
        if !self.may_suspend(address) {
            return Err(Loss::because(format!(
                "it spoke of {address}, which no virtual server with ha_suspend has"
            )));
        }
        let news = if held {
            self.balance.held.insert(address)
        } else {
            self.balance.held.remove(&address)
        };
        if !news {
            return Ok(());
        }
        for account in self.checker_accounts() {
            let slot = self.checkers.get_mut(&account);
            let link = slot.and_then(|slot| slot.link.as_mut());
            let hearing = link.filter(|link| link.phase().has_configuration());
            let message = ParentToChecker::Held { address, held };
            if let Some(Err(loss)) = hearing.map(|link| link.send(&message)) {
                self.lose_checker(&account, loss);
            }
        }
        Ok(())
    }

    fn may_suspend(&self, address: IpAddr) -> bool {
        let plans = std::iter::once(&self.plan).chain(&self.previous_plan);
        let mut known = plans.flat_map(|plan| suspending_addresses(&plan.config));
        known.any(|known| known == address)
    }

    /// What mail says about it, where somebody wants mail.
    fn letter(
        &self,
        plan: &Plan,
        change: &PoolChange,
        server: &VirtualServer,
        real: Option<&RealServer>,
        up: bool,
    ) -> Option<Letter> {
        plan.config.global.mail.as_ref()?;
        let router_id = router_id(&plan.config);
        match (change, real) {
            (PoolChange::Member { pool, member, .. }, Some(real)) if real.smtp_alert => {
                let present = plan.generation == self.plan.generation;
                let mut checks = plan.checks_of(*pool, *member).filter(|_| present);
                let reason = checks.find_map(|(id, check)| {
                    let verdict = self.balance.verdicts.get(&id)?;
                    (verdict.up == up).then_some(Reason {
                        probe: &check.probe,
                        detail: &verdict.detail,
                    })
                });
                Some(of_real_server(&router_id, server, real, up, reason))
            }
            (PoolChange::Quorum { detail, .. }, None) if server.smtp_alert => {
                Some(of_quorum(&router_id, server, up, detail))
            }
            (PoolChange::Member { .. } | PoolChange::Quorum { .. }, _) => None,
        }
    }

    /// A real server or a quorum changed: FIFOs and mail tell it, and its scripts are run.
    pub(crate) fn pool_changed(
        &mut self,
        generation: Generation,
        change: &PoolChange,
    ) -> Result<(), Loss> {
        let mut plans = std::iter::once(&self.plan).chain(&self.previous_plan);
        let Some(plan) = plans.find(|plan| plan.generation == generation) else {
            return Ok(());
        };
        let Some((server, real, up)) = subject(plan, change) else {
            return Err(Loss::because(
                "it spoke of a virtual server that is not in its configuration",
            ));
        };
        let standing = self.balance.told.entry(server.service.clone());
        if !standing.or_default().take(real, up) {
            return Ok(());
        }
        let event = Event::Server { server, real, up };
        self.fifos.tell(&event, &mut self.log);
        let letter = self.letter(plan, change, server, real, up);
        if let Some(script) = script_of(server, real, up) {
            let job = server_job(&server.service, real, script, up, &plan.facts);
            self.with_scripts(|scripts, context| scripts.add(vec![job], context));
        }
        if let Some(letter) = letter {
            self.with_mail(|mailing, post| mailing.add(letter, post));
        }
        Ok(())
    }
}

/// Who it is about: a real server or, without one, the quorum.
fn subject<'a>(
    plan: &'a Plan,
    change: &PoolChange,
) -> Option<(&'a VirtualServer, Option<&'a RealServer>, bool)> {
    let (pool, member, up): (PoolId, Option<MemberId>, bool) = match change {
        PoolChange::Member { pool, member, up } => (*pool, Some(*member), *up),
        PoolChange::Quorum { pool, up, .. } => (*pool, None, *up),
    };
    let (server, real) = find(&plan.config, pool, member)?;
    Some((server, real, up))
}

fn script_of<'a>(
    server: &'a VirtualServer,
    real: Option<&'a RealServer>,
    up: bool,
) -> Option<&'a ScriptCommand> {
    match (real, up) {
        (Some(real), true) => real.notify_up.as_deref(),
        (Some(real), false) => real.notify_down.as_deref(),
        (None, true) => server.quorum_up.as_deref(),
        (None, false) => server.quorum_down.as_deref(),
    }
}

//! A kernel that carries out commands as IPVS does, and pools to fill it with.

use holdfast_ipc::balance::{CheckId, CheckVerdict, PoolCheck, PoolConfig, PoolId, PoolMember};
use holdfast_ipc::config::model::{
    Forward, Protocol, Scheduler, SchedulerFlags, Service, SorryServer,
};
use holdfast_vrrp::ipvs::command::Command;
use holdfast_vrrp::ipvs::table::{Entry, KernelTable, ServerKey, ServiceKey, SyncDaemon, Timeouts};
use holdfast_vrrp::ipvs::work::{Done, Refusal, Work};
use std::collections::BTreeMap;
use std::net::IpAddr;

pub(crate) const ENOENT: i32 = 2;
pub(crate) const ESRCH: i32 = 3;
pub(crate) const EEXIST: i32 = 17;

#[derive(Clone, Debug, Default)]
pub(crate) struct Kernel {
    pub(crate) table: KernelTable,
    pub(crate) timeouts: Timeouts,
    pub(crate) daemons: Vec<SyncDaemon>,
    /// Every command that came, also refused ones.
    pub(crate) commands: Vec<Command>,
    pub(crate) missing: bool,
    pub(crate) no_scheduler: Option<&'static str>,
}

fn refusal(errno: i32) -> Refusal {
    Refusal {
        errno,
        text: format!("error {errno}"),
    }
}

impl Kernel {
    pub(crate) fn carry_out(&mut self, work: Work) -> Done {
        match work {
            Work::Open if self.missing => Done::Opened(Err(refusal(ENOENT))),
            Work::Open => Done::Opened(Ok(())),
            Work::ReadSettings => Done::Settings(Ok((self.timeouts, self.daemons.clone()))),
            Work::Read(keys) => {
                assert!(keys.len() <= 64, "{}", keys.len());
                let found = keys.into_iter();
                Done::Found(
                    found
                        .map(|key| (key, Ok(self.table.get(&key).cloned())))
                        .collect(),
                )
            }
            Work::Change(commands) => {
                assert!(commands.len() <= 64, "{}", commands.len());
                let results = commands.into_iter().map(|command| {
                    let result = self.apply(&command).map_err(refusal);
                    (command, result)
                });
                Done::Changed(results.collect())
            }
        }
    }

    pub(crate) fn apply(&mut self, command: &Command) -> Result<(), i32> {
        self.commands.push(command.clone());
        if let Command::AddService(_, options) | Command::EditService(_, options) = command {
            let name = options.scheduler.unwrap();
            if self.no_scheduler == Some(name.as_str()) {
                return Err(ENOENT);
            }
        }
        match command {
            Command::AddService(key, options) => {
                if self.table.contains_key(key) {
                    return Err(EEXIST);
                }
                let (options, servers) = (*options, BTreeMap::new());
                self.table.insert(*key, Entry { options, servers });
            }
            Command::EditService(key, options) => self.entry(key)?.options = *options,
            Command::RemoveService(key) => drop(self.table.remove(key).ok_or(ESRCH)?),
            Command::AddServer(key, name, server) => {
                let servers = &mut self.entry(key)?.servers;
                if servers.contains_key(name) {
                    return Err(EEXIST);
                }
                servers.insert(*name, *server);
            }
            Command::EditServer(key, name, server) => {
                *self.entry(key)?.servers.get_mut(name).ok_or(ENOENT)? = *server;
            }
            Command::RemoveServer(key, name) => {
                self.entry(key)?.servers.remove(name).ok_or(ENOENT)?;
            }
            Command::SetTimeouts(timeouts) => self.timeouts = *timeouts,
            Command::StartDaemon(daemon) => {
                if self.daemons.iter().any(|known| known.role == daemon.role) {
                    return Err(EEXIST);
                }
                self.daemons.push(daemon.clone());
            }
            Command::StopDaemon(daemon) => {
                let before = self.daemons.len();
                self.daemons.retain(|known| known.role != daemon.role);
                if self.daemons.len() == before {
                    return Err(ESRCH);
                }
            }
            Command::Zero(_) => {}
            Command::Flush => self.table.clear(),
        }
        Ok(())
    }

    fn entry(&mut self, key: &ServiceKey) -> Result<&mut Entry, i32> {
        self.table.get_mut(key).ok_or(ESRCH)
    }

    /// Weights of the servers of the only service, by the last part of their address.
    pub(crate) fn weights(&self) -> Vec<(u8, u32)> {
        let entry = self.table.values().next();
        let servers = entry.into_iter().flat_map(|entry| &entry.servers);
        servers
            .map(|(key, server)| (last(key), server.weight))
            .collect()
    }
}

fn last(key: &ServerKey) -> u8 {
    match key.address {
        IpAddr::V4(address) => address.octets()[3],
        IpAddr::V6(address) => address.octets()[15],
    }
}

/// Real server 10.0.0.`number` with one check, whose number is the same.
pub(crate) fn member(number: u8) -> PoolMember {
    PoolMember {
        address: [10, 0, 0, number].into(),
        port: 80,
        weight: 1,
        forward: Forward::Nat,
        upper_threshold: 0,
        lower_threshold: 0,
        inhibit_on_failure: false,
        checks: vec![PoolCheck {
            id: CheckId::new(number.into()),
            alpha: false,
        }],
    }
}

/// 192.0.2.1:80 with these.
pub(crate) fn pool(members: Vec<PoolMember>) -> PoolConfig {
    PoolConfig {
        id: PoolId::new(0),
        service: web([192, 0, 2, 1].into()),
        scheduler: Scheduler::Rr,
        scheduler_flags: SchedulerFlags::default(),
        persistence: None,
        one_packet: false,
        ha_suspend: false,
        quorum: 1,
        hysteresis: 0,
        omega: false,
        sorry_server: None,
        members,
    }
}

pub(crate) fn web(address: IpAddr) -> Service {
    Service::Address {
        address,
        port: 80,
        protocol: Protocol::Tcp,
    }
}

pub(crate) fn sorry(inhibit: bool) -> Option<SorryServer> {
    Some(SorryServer {
        address: [10, 0, 0, 99].into(),
        port: 80,
        forward: Forward::Nat,
        inhibit,
    })
}

pub(crate) fn verdict(check: u32, up: bool) -> CheckVerdict {
    CheckVerdict {
        check: CheckId::new(check),
        up,
        weight: 0,
        detail: String::new(),
    }
}

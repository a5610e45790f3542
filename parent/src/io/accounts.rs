//! The user database of this host.

use holdfast::account::{Account, Accounts};
use holdfast_conf::model::UserSpec;
use nix::unistd::{Group, User};

/// Looks users up where the system does (files, LDAP, …). It may take its time, so it is asked
/// when a configuration is read and never in between.
#[derive(Debug)]
pub(crate) struct HostAccounts;

impl Accounts for HostAccounts {
    fn find(&self, spec: &UserSpec) -> Result<Account, String> {
        let user = find_user(&spec.user)?;
        let gid = match &spec.group {
            Some(group) => find_group(group)?,
            None => user.gid,
        };
        Ok(Account { gid, ..user })
    }
}

fn find_user(name: &str) -> Result<Account, String> {
    let found = User::from_name(name).map_err(|errno| format!("user {name}: {errno}"))?;
    let by_number = || {
        let uid = name.parse().ok()?;
        User::from_uid(nix::unistd::Uid::from_raw(uid)).ok()?
    };
    found
        .or_else(by_number)
        .map(|user| Account {
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
            name: user.name,
        })
        .ok_or_else(|| format!("there is no user {name} on this host"))
}

fn find_group(name: &str) -> Result<u32, String> {
    let found = Group::from_name(name).map_err(|errno| format!("group {name}: {errno}"))?;
    found
        .map(|group| group.gid.as_raw())
        .or_else(|| name.parse().ok())
        .ok_or_else(|| format!("there is no group {name} on this host"))
}

//! Users that processes run as, looked up once per configuration.

use holdfast_ipc::config::model::UserSpec;
use std::fmt;

/// A user and a group of this host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// User number.
    pub uid: u32,
    /// Group number.
    pub gid: u32,
    /// For the operator.
    pub name: String,
}

impl Account {
    /// The user that may do everything.
    pub fn root() -> Self {
        Self {
            uid: 0,
            gid: 0,
            name: "root".to_owned(),
        }
    }

    /// True for the user that may do everything.
    pub const fn is_root(&self) -> bool {
        self.uid == 0
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// How accounts are found; the user database in the daemon, a list in tests.
pub trait Accounts {
    /// The user and its group, by name or number; the text says what is missing.
    fn find(&self, spec: &UserSpec) -> Result<Account, String>;
}

/// User of the VRRP child, made by the package.
pub const VRRP_USER: &str = "holdfast";
/// User of the checker child, made by the package.
pub const CHECKER_USER: &str = "holdfast-check";
/// keepalived's user for scripts, where it exists already.
pub const LEGACY_SCRIPT_USER: &str = "keepalived_script";
/// Who is there on every host.
pub const LAST_RESORT: &str = "nobody";

/// An account with a remark where it is not the wanted one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The account.
    pub account: Account,
    /// For the operator.
    pub remark: Option<String>,
}

/// Who the VRRP child runs as.
pub fn for_vrrp(accounts: &dyn Accounts) -> Result<Chosen, String> {
    if let Ok(account) = by_name(accounts, VRRP_USER) {
        return Ok(Chosen {
            account,
            remark: None,
        });
    }
    last_resort(accounts, "the VRRP child runs", VRRP_USER)
}

/// Who scripts and the checker child run as where nothing more special is configured.
pub fn for_scripts(
    accounts: &dyn Accounts,
    script_user: Option<&UserSpec>,
) -> Result<Chosen, String> {
    if let Some(spec) = script_user {
        let account = accounts
            .find(spec)
            .map_err(|missing| format!("script_user {spec}: {missing}"))?;
        return Ok(Chosen {
            account,
            remark: None,
        });
    }
    for name in [LEGACY_SCRIPT_USER, CHECKER_USER] {
        if let Ok(account) = by_name(accounts, name) {
            return Ok(Chosen {
                account,
                remark: None,
            });
        }
    }
    last_resort(accounts, "checks and scripts run", CHECKER_USER)
}

fn last_resort(accounts: &dyn Accounts, who_runs: &str, wanted: &str) -> Result<Chosen, String> {
    let account = by_name(accounts, LAST_RESORT)
        .map_err(|missing| format!("there is no user {wanted} on this host, and {missing}"))?;
    Ok(Chosen {
        account,
        remark: Some(format!(
            "there is no user {wanted} on this host: {who_runs} as {LAST_RESORT}, which other \
             services may use as well; `useradd --system --shell /usr/sbin/nologin {wanted}` \
             makes it"
        )),
    })
}

fn by_name(accounts: &dyn Accounts, user: &str) -> Result<Account, String> {
    accounts.find(&UserSpec {
        user: user.to_owned(),
        group: None,
        all_groups: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Known(&'static [(&'static str, u32)]);

    impl Accounts for Known {
        fn find(&self, spec: &UserSpec) -> Result<Account, String> {
            let found = self.0.iter().find(|(name, _)| *name == spec.user);
            found
                .map(|(name, uid)| account(name, *uid))
                .ok_or_else(|| format!("there is no user {}", spec.user))
        }
    }

    fn account(name: &str, uid: u32) -> Account {
        Account {
            uid,
            gid: uid,
            name: name.to_owned(),
        }
    }

    fn plain(name: &str, uid: u32) -> Result<Chosen, String> {
        Ok(Chosen {
            account: account(name, uid),
            remark: None,
        })
    }

    #[test]
    fn the_package_s_users_are_taken_where_they_exist() {
        let known = Known(&[("holdfast", 7), ("holdfast-check", 8), ("nobody", 65_534)]);
        assert_eq!(for_vrrp(&known), plain("holdfast", 7));
        assert_eq!(for_scripts(&known, None), plain("holdfast-check", 8));
    }

    #[test]
    fn keepalived_s_script_user_comes_before_ours_and_script_user_before_both() {
        let known = Known(&[("holdfast-check", 8), ("keepalived_script", 9), ("web", 10)]);
        assert_eq!(for_scripts(&known, None), plain("keepalived_script", 9));
        let web = UserSpec {
            user: "web".to_owned(),
            group: None,
            all_groups: false,
        };
        assert_eq!(for_scripts(&known, Some(&web)), plain("web", 10));
    }

    #[test]
    fn a_configured_user_that_does_not_exist_is_an_error_and_no_other_is_taken() {
        let known = Known(&[("holdfast-check", 8), ("nobody", 65_534)]);
        let web = UserSpec {
            user: "web".to_owned(),
            group: None,
            all_groups: false,
        };
        assert_eq!(
            for_scripts(&known, Some(&web)),
            Err("script_user web: there is no user web".to_owned())
        );
    }

    #[test]
    fn nobody_is_the_last_resort_with_a_remark_that_says_what_to_do() {
        let known = Known(&[("nobody", 65_534)]);
        let vrrp = for_vrrp(&known).unwrap();
        assert_eq!(vrrp.account, account("nobody", 65_534));
        assert_eq!(
            vrrp.remark.unwrap(),
            "there is no user holdfast on this host: the VRRP child runs as nobody, which other \
             services may use as well; `useradd --system --shell /usr/sbin/nologin holdfast` \
             makes it"
        );
        assert!(for_scripts(&known, None).unwrap().remark.is_some());
        assert_eq!(
            for_vrrp(&Known(&[])),
            Err("there is no user holdfast on this host, and there is no user nobody".to_owned())
        );
    }
}

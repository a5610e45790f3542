//! The load balancer between the processes: which checks there are, what they say, what became of
//! the pools.
//!
//! The checker child is given the checks, the VRRP child the pools without them. Both know a check by
//! a number that holds in one configuration; the parent carries verdicts over from one configuration
//! to the next. Long lists go in pieces in front of `Start` or `Prepare`, so that no child is held
//! up by one message and an advert can go out in between.

use holdfast_conf::model::{
    Check, Forward, Persistence, Scheduler, SchedulerFlags, Service, SorryServer,
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Most entries of one message. 64 pools of 5 servers are some 15 KiB, which a child reads in less
/// than 0.1 ms.
pub const MAX_BATCH: usize = 64;

/// Makes a number that counts things of one configuration.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u32);

        impl $name {
            /// From its number.
            pub const fn new(number: u32) -> Self {
                Self(number)
            }

            /// Its number, counted from 0.
            pub const fn get(self) -> u32 {
                self.0
            }
        }
    };
}

number! {
    /// A check of a real server, counted over all virtual servers in the order of the configuration.
    CheckId
}
number! {
    /// A virtual server in the order of the configuration.
    PoolId
}
number! {
    /// A real server of one pool in the order of the configuration.
    MemberId
}

/// A real server whose checks a checker child does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedServer {
    /// The virtual server; a group comes without what it lists.
    pub service: Service,
    /// The real server's address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// Its configured weight; `misc_dynamic` counts from it.
    pub weight: u32,
    /// `ha_suspend`: its checks pause while this address is not on this machine.
    pub only_with: Option<IpAddr>,
    /// Those of its checks that this child does, at least one.
    pub checks: Vec<CheckConfig>,
}

/// A check of a real server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckConfig {
    /// Its number.
    pub id: CheckId,
    /// What is asked, when, and how often. The program of a `MISC_CHECK` is an absolute path that the
    /// parent found.
    pub check: Check,
    /// Its socket needs a privilege: it is asked for with `Open`.
    pub asks: bool,
}

/// What a check says about its server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckVerdict {
    /// Which check.
    pub check: CheckId,
    /// It passes.
    pub up: bool,
    /// What is added to the configured weight (`misc_dynamic`, `FILE_CHECK`).
    pub weight: i32,
    /// For the operator: `HTTP_GET /health: status 503, wanted 200, after 12 ms`.
    pub detail: String,
}

/// A virtual server as the VRRP child programs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolConfig {
    /// Its number.
    pub id: PoolId,
    /// What it answers for.
    pub service: Service,
    /// `lb_algo`.
    pub scheduler: Scheduler,
    /// Flags of the scheduler.
    pub scheduler_flags: SchedulerFlags,
    /// Clients stay with their server.
    pub persistence: Option<Persistence>,
    /// `ops`.
    pub one_packet: bool,
    /// `ha_suspend`.
    pub ha_suspend: bool,
    /// `quorum`, at least 1.
    pub quorum: u32,
    /// `hysteresis`, less than the quorum.
    pub hysteresis: u32,
    /// `omega`: at the stop everything is told to go down.
    pub omega: bool,
    /// What answers while the quorum is lost.
    pub sorry_server: Option<SorryServer>,
    /// At least one; address and port are unique.
    pub members: Vec<PoolMember>,
}

/// A real server as the VRRP child programs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolMember {
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// `weight`.
    pub weight: u32,
    /// How packets reach it.
    pub forward: Forward,
    /// `uthreshold`; 0 means none.
    pub upper_threshold: u32,
    /// `lthreshold`; 0 means none.
    pub lower_threshold: u32,
    /// Weight 0 instead of being taken out when it is down.
    pub inhibit_on_failure: bool,
    /// All of them have to pass; none is always alive.
    pub checks: Vec<PoolCheck>,
}

/// A check as the VRRP child knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolCheck {
    /// Its number.
    pub id: CheckId,
    /// `alpha`: it fails until its first verdict.
    pub alpha: bool,
}

/// What became of a pool. The line for the log went ahead of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PoolChange {
    /// A real server went up or down.
    Member {
        /// Whose.
        pool: PoolId,
        /// Which.
        member: MemberId,
        /// It takes part.
        up: bool,
    },
    /// The quorum was gained or lost.
    Quorum {
        /// Of which pool.
        pool: PoolId,
        /// It was gained.
        up: bool,
        /// The numbers, `quorum 2, hysteresis 0, alive 3`.
        detail: String,
    },
}

/// What was said last about a pool. A successor goes on from there: between the two limits of the
/// quorum only the past decides, and only what is different from it is news.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolStanding {
    /// Which pool.
    pub pool: PoolId,
    /// It had its quorum; none where nothing was said about that.
    pub quorum: Option<bool>,
    /// Real servers that were said to be up or down; the others are as they started.
    pub members: Vec<(MemberId, bool)>,
}

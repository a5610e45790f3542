//! One enum per direction. Which message is allowed in which phase stands in the parent's table.

mod checker_to_parent;
mod parent_to_checker;
mod parent_to_vrrp;
mod vrrp_to_parent;

pub use checker_to_parent::CheckerToParent;
pub use parent_to_checker::{CheckerStart, ParentToChecker};
pub use parent_to_vrrp::{ParentToVrrp, StartMode, VrrpStart};
pub use vrrp_to_parent::VrrpToParent;

use serde::{Deserialize, Serialize};
use std::fmt;

/// Version of everything in this crate that goes over a socket. Both ends must agree, since parent
/// and children are installed together.
pub const PROTOCOL: u32 = 3;

/// A direction in which a descriptor may go with a message.
pub trait Carries: Sized {
    /// A descriptor goes with this message.
    fn carries(&self) -> bool;
    /// What the message means where its descriptor got lost, since no number was left for it.
    #[must_use]
    fn bereft(self) -> Self;
}

/// Which process speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// `holdfast`.
    Parent,
    /// `holdfast-vrrp`.
    Vrrp,
    /// `holdfast-checker`.
    Checker,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parent => "parent",
            Self::Vrrp => "vrrp",
            Self::Checker => "checker",
        })
    }
}

/// First message of each side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Who speaks.
    pub role: Role,
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// Package version.
    pub version: String,
}

impl Hello {
    /// The greeting of this build.
    pub fn of(role: Role) -> Self {
        Self {
            role,
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Says what is wrong with the other side's greeting, if anything.
    pub fn check(&self, expected: Role) -> Result<(), String> {
        let ours = Self::of(expected);
        if *self == ours {
            return Ok(());
        }
        Err(format!(
            "expected {} {} with protocol {}, found {} {} with protocol {}; are all holdfast \
             executables of one installation?",
            ours.role, ours.version, ours.protocol, self.role, self.version, self.protocol
        ))
    }
}

/// How a child confined itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// The seccomp filter is on. Off only where seccompiler does not know the architecture.
    pub seccomp: bool,
    /// What Landlock enforces, in words: `fully enforced, ABI 7`, `not in this kernel`.
    pub landlock: String,
}

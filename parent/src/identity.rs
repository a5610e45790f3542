//! Names of the processes in the log.

/// Under which names the processes log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The parent.
    pub parent: &'static str,
    /// The VRRP child.
    pub vrrp: &'static str,
    /// Checker children.
    pub checker: &'static str,
}

impl Identity {
    /// Our own names.
    pub const HOLDFAST: Self = Self {
        parent: "holdfast",
        vrrp: "holdfast_vrrp",
        checker: "holdfast_checker",
    };

    /// keepalived's names, for monitors that look for them.
    pub const KEEPALIVED: Self = Self {
        parent: "Keepalived",
        vrrp: "Keepalived_vrrp",
        checker: "Keepalived_healthcheckers",
    };

    /// The whole thing, as it is said at start and stop.
    pub const fn product(self) -> &'static str {
        // keepalived's parent logs under the name of the product, and so do we.
        self.parent
    }

    /// The names that the compatibility option selects.
    pub const fn of(compat: bool) -> Self {
        if compat {
            Self::KEEPALIVED
        } else {
            Self::HOLDFAST
        }
    }
}

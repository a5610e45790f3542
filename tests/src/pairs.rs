//! Which daemon runs on which node: every election scenario runs with holdfast on both, and with
//! the distribution's keepalived in either role.

use crate::daemon::Kind;

/// The daemons of two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// On the first node, usually the preferred master.
    pub first: Kind,
    /// On the second node.
    pub second: Kind,
}

/// holdfast on both nodes.
pub const BOTH: Pair = Pair {
    first: Kind::Holdfast,
    second: Kind::Holdfast,
};
/// holdfast on the first node, keepalived on the second.
pub const FIRST: Pair = Pair {
    first: Kind::Holdfast,
    second: Kind::Keepalived,
};
/// keepalived on the first node, holdfast on the second.
pub const SECOND: Pair = Pair {
    first: Kind::Keepalived,
    second: Kind::Holdfast,
};

/// Turns each function of a [`Pair`] into three tests, one for each arrangement.
#[macro_export]
macro_rules! pairs {
    ($($(#[$meta:meta])* fn $name:ident($pair:ident) $body:block)*) => { $(
        $(#[$meta])*
        mod $name {
            use super::*;

            fn scenario($pair: $crate::Pair) $body

            #[test]
            fn holdfast_with_holdfast() {
                scenario($crate::pairs::BOTH);
            }

            #[test]
            fn holdfast_with_keepalived() {
                scenario($crate::pairs::FIRST);
            }

            #[test]
            fn keepalived_with_holdfast() {
                scenario($crate::pairs::SECOND);
            }
        }
    )* };
}

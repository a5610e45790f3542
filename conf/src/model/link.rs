//! `use_vmac` and `use_ipvlan`: an interface of the instance's own.

use super::IfName;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// A hardware address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MacAddress(pub [u8; 6]);

impl MacAddress {
    /// True for an address of a group.
    pub const fn is_multicast(self) -> bool {
        let [first, ..] = self.0;
        first & 1 == 1
    }

    /// True for an address that RFC 9568 section 7.3 gives to virtual routers.
    pub const fn is_virtual_router(self) -> bool {
        matches!(self.0, [0, 0, 0x5e, 0, 1 | 2, _])
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits: Vec<String> = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        f.write_str(&digits.join(":"))
    }
}

/// How ipvlan interfaces of one base interface reach each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IpvlanMode {
    /// Directly.
    Bridge,
    /// Not at all.
    Private,
    /// By the switch outside.
    Vepa,
}

/// The kind of an own interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OwnLinkKind {
    /// `use_vmac`.
    Vmac {
        /// A hardware address other than that of the virtual router.
        mac: Option<MacAddress>,
        /// `netlink_notify_msg`.
        notify: bool,
    },
    /// `use_ipvlan`.
    Ipvlan {
        /// The address of the interface, and its prefix length where one is written.
        address: Option<(IpAddr, Option<u8>)>,
        /// The kernel's default, bridge, where it is missing.
        mode: Option<IpvlanMode>,
    },
}

/// An interface of the instance's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnLink {
    /// Its name; prefix, point and VRID where it is missing.
    pub name: Option<IfName>,
    /// Its kind.
    pub kind: OwnLinkKind,
    /// Group of interfaces (`ip link … group`), a number or a name.
    pub group: Option<String>,
    /// `vmac_xmit_base`: adverts use the interface below.
    pub transmit_base: bool,
}

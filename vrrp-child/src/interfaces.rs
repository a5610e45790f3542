//! Interfaces and addresses of this machine, as the kernel's messages tell them.

use crate::event::{IfIndex, KernelState, Link, PresentAddress};
use holdfast_ipc::config::model::{Family, IfName};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The kernel's links and addresses. It follows the kernel's messages alone, so that messages which
/// are still on their way can never turn it wrong for good.
#[derive(Debug, Default)]
pub(crate) struct Interfaces {
    links: BTreeMap<IfIndex, Link>,
    names: BTreeMap<IfName, IfIndex>,
    addresses: BTreeMap<IfIndex, Vec<PresentAddress>>,
    forwarding6: BTreeSet<IfIndex>,
}

impl Interfaces {
    pub(crate) fn new(state: KernelState) -> Self {
        let mut net = Self {
            forwarding6: state.forwarding6.into_iter().collect(),
            ..Self::default()
        };
        for link in state.links {
            net.set_link(link);
        }
        for address in state.addresses {
            net.set_address(address);
        }
        net
    }

    /// Takes an interface over; gives what it was before.
    pub(crate) fn set_link(&mut self, link: Link) -> Option<Link> {
        let before = self.links.insert(link.index, link.clone());
        if let Some(before) = &before
            && self.names.get(&before.name) == Some(&link.index)
        {
            self.names.remove(&before.name);
        }
        self.names.insert(link.name, link.index);
        before
    }

    /// Forgets an interface with its addresses.
    pub(crate) fn remove_link(&mut self, index: IfIndex) {
        if let Some(link) = self.links.remove(&index)
            && self.names.get(&link.name) == Some(&index)
        {
            self.names.remove(&link.name);
        }
        self.addresses.remove(&index);
        self.forwarding6.remove(&index);
    }

    /// Takes an address over; gives what it was before.
    pub(crate) fn set_address(&mut self, address: PresentAddress) -> Option<PresentAddress> {
        let list = self.addresses.entry(address.index).or_default();
        let known = list
            .iter_mut()
            .find(|known| known.address == address.address && known.prefix == address.prefix);
        if let Some(known) = known {
            return Some(std::mem::replace(known, address));
        }
        list.push(address);
        None
    }

    /// Forgets an address.
    pub(crate) fn remove_address(&mut self, index: IfIndex, address: IpAddr, prefix: u8) {
        if let Some(list) = self.addresses.get_mut(&index) {
            list.retain(|known| known.address != address || known.prefix != prefix);
        }
    }

    pub(crate) fn link(&self, index: IfIndex) -> Option<&Link> {
        self.links.get(&index)
    }

    pub(crate) fn index_of(&self, name: &IfName) -> Option<IfIndex> {
        self.names.get(name).copied()
    }

    /// Up and with carrier.
    pub(crate) fn usable(&self, name: &IfName) -> bool {
        self.index_of(name)
            .and_then(|index| self.link(index))
            .is_some_and(|link| link.up && link.running)
    }

    pub(crate) fn forwards6(&self, index: IfIndex) -> bool {
        self.forwarding6.contains(&index)
    }

    pub(crate) fn on(&self, index: IfIndex) -> &[PresentAddress] {
        self.addresses.get(&index).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn has(&self, index: IfIndex, address: IpAddr, prefix: u8) -> bool {
        self.on(index)
            .iter()
            .any(|known| known.address == address && known.prefix == prefix)
    }

    /// On which interface an address that can be used lies.
    pub(crate) fn holder(&self, address: IpAddr) -> Option<IfIndex> {
        self.addresses
            .values()
            .flatten()
            .find(|known| known.address == address && known.is_usable())
            .map(|known| known.index)
    }

    /// True where an address lies on an interface and can be used.
    pub(crate) fn is_on(&self, index: IfIndex, address: IpAddr) -> bool {
        self.on(index)
            .iter()
            .any(|known| known.address == address && known.is_usable())
    }

    /// The primary address of an interface: the first of its real addresses, for IPv6 its
    /// link-local one (RFC 9568 section 1.7, `9568-1.7-01`). A virtual address is never chosen.
    pub(crate) fn primary(
        &self,
        index: IfIndex,
        family: Family,
        is_virtual: impl Fn(IpAddr) -> bool,
    ) -> Option<IpAddr> {
        self.real(index, family, is_virtual)
            .find(|known| match known.address {
                IpAddr::V4(_) => !known.secondary,
                IpAddr::V6(address) => address.is_unicast_link_local(),
            })
            .map(|known| known.address)
    }

    /// First real IPv6 address that reaches beyond the link, for unicast peers elsewhere.
    pub(crate) fn global6(
        &self,
        index: IfIndex,
        is_virtual: impl Fn(IpAddr) -> bool,
    ) -> Option<IpAddr> {
        self.real(index, Family::V6, is_virtual)
            .find(|known| match known.address {
                IpAddr::V4(_) => false,
                IpAddr::V6(address) => !address.is_unicast_link_local(),
            })
            .map(|known| known.address)
    }

    fn real(
        &self,
        index: IfIndex,
        family: Family,
        is_virtual: impl Fn(IpAddr) -> bool,
    ) -> impl Iterator<Item = &PresentAddress> {
        self.on(index).iter().filter(move |known| {
            Family::of(known.address) == family && known.is_usable() && !is_virtual(known.address)
        })
    }
}

impl PresentAddress {
    /// Duplicate address detection is over and found nothing.
    fn is_usable(&self) -> bool {
        !self.tentative && !self.dad_failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETH0: IfIndex = IfIndex::new(2).unwrap();

    fn link(index: u32, name: &str) -> Link {
        Link {
            index: IfIndex::new(index).unwrap(),
            name: name.try_into().unwrap(),
            up: true,
            running: true,
            arp: true,
            loopback: false,
            mac: None,
            mtu: 1_500,
        }
    }

    fn address(text: &str) -> PresentAddress {
        PresentAddress {
            index: ETH0,
            address: text.parse().unwrap(),
            prefix: 24,
            tentative: false,
            dad_failed: false,
            secondary: false,
            scope: 0,
        }
    }

    fn net(addresses: &[PresentAddress]) -> Interfaces {
        Interfaces::new(KernelState {
            links: vec![link(2, "eth0")],
            addresses: addresses.to_vec(),
            forwarding6: vec![],
        })
    }

    #[test]
    fn the_primary_address_is_the_first_real_one_9568_1_7_01() {
        let secondary = PresentAddress {
            secondary: true,
            ..address("192.0.2.3")
        };
        let net = net(&[address("192.0.2.80"), secondary, address("192.0.2.1")]);
        let is_virtual = |ip| ip == IpAddr::from([192, 0, 2, 80]);
        assert_eq!(
            net.primary(ETH0, Family::V4, is_virtual),
            Some(IpAddr::from([192, 0, 2, 1]))
        );
        assert_eq!(net.primary(ETH0, Family::V6, is_virtual), None);
    }

    #[test]
    fn an_ipv6_source_is_link_local_and_not_tentative_9568_5_1_2_1_01() {
        let tentative = PresentAddress {
            tentative: true,
            ..address("fe80::1")
        };
        let mut net = net(&[address("2001:db8::1"), tentative.clone()]);
        assert_eq!(net.primary(ETH0, Family::V6, |_| false), None);
        let usable = PresentAddress {
            tentative: false,
            ..tentative.clone()
        };
        assert_eq!(net.set_address(usable), Some(tentative));
        assert_eq!(
            net.primary(ETH0, Family::V6, |_| false),
            Some("fe80::1".parse().unwrap())
        );
    }

    #[test]
    fn a_renamed_interface_is_not_found_by_its_old_name() {
        let mut net = net(&[]);
        net.set_link(link(2, "lan0"));
        assert_eq!(net.index_of(&"eth0".try_into().unwrap()), None);
        assert_eq!(net.index_of(&"lan0".try_into().unwrap()), Some(ETH0));
    }

    #[test]
    fn a_name_that_moved_to_a_new_interface_survives_the_end_of_the_old_one() {
        let mut net = net(&[address("192.0.2.1")]);
        net.set_link(link(7, "eth0"));
        net.remove_link(ETH0);
        assert_eq!(net.index_of(&"eth0".try_into().unwrap()), IfIndex::new(7));
        assert_eq!(net.on(ETH0), []);
    }
}

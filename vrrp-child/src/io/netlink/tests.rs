//! Against the real kernel, in a namespace.

use super::notifications::{Notifications, Pending};
use super::requests::Requests;
use crate::io::support::config::address;
use crate::io::support::namespace::{OURS, THEIRS, in_namespace, ip};
use holdfast_ipc::config::model::{Broadcast, VirtualAddress};
use holdfast_vrrp::action::AddressChange;
use holdfast_vrrp::event::{AddressResult, Event, IfIndex, Link, MacAddress, PresentAddress};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use nix::net::if_::if_nametoindex;
use nix::sys::socket::{setsockopt, sockopt};
use std::collections::{BTreeSet, VecDeque};

fn index(name: &str) -> IfIndex {
    IfIndex::new(if_nametoindex(name).unwrap()).unwrap()
}

fn add(address: VirtualAddress) -> AddressChange {
    let index = index(OURS);
    AddressChange::Add { index, address }
}

fn remove(address: VirtualAddress) -> AddressChange {
    let index = index(OURS);
    AddressChange::Remove { index, address }
}

fn all_done(results: &[AddressResult]) {
    let refused: Vec<_> = results
        .iter()
        .filter(|done| done.refused.is_some())
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
}

/// What `ip` says of `hf0`, one line for each address that contains the text.
fn shown(text: &str) -> Vec<String> {
    ip(&format!("-o -details address show dev {OURS}"))
        .lines()
        .filter(|line| line.contains(text))
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// What the notifications say, until nothing is left.
fn heard(notifications: &mut Notifications) -> (Vec<Event<'static>>, Pending) {
    let mut events = VecDeque::new();
    let pending = notifications.read(1000, &mut events).unwrap();
    (events.into(), pending)
}

fn listening() -> (Requests, Notifications) {
    let mut requests = Requests::open().unwrap();
    let mut notifications = Notifications::open().unwrap();
    notifications.seen(&requests.state().unwrap());
    (requests, notifications)
}

#[test]
fn an_address_gets_all_its_properties() {
    in_namespace(|| {
        let mut requests = Requests::open().unwrap();
        let plain = address("192.0.2.100/24");
        let rich = VirtualAddress {
            label: Some("hf0:vip".to_owned()),
            broadcast: Broadcast::Address("198.51.100.255".parse().unwrap()),
            scope: 253,
            noprefixroute: true,
            preferred_lft: Some(0),
            ..address("198.51.100.1/24")
        };
        let pair = VirtualAddress {
            peer: Some("203.0.113.9".parse().unwrap()),
            ..address("203.0.113.1/32")
        };
        let v6 = VirtualAddress {
            home: true,
            mngtmpaddr: true,
            preferred_lft: Some(0),
            ..address("2001:db8::100/64")
        };
        let changes = vec![add(plain), add(rich), add(pair), add(v6)];
        let results = requests.change(changes.clone());
        let done: Vec<_> = changes
            .into_iter()
            .map(|change| AddressResult {
                change,
                refused: None,
            })
            .collect();
        assert_eq!(results, done);
        let found = [
            shown("192.0.2.100"),
            shown("198.51.100.1"),
            shown("203.0.113.1"),
            shown("2001:db8::100"),
        ]
        .map(|lines| lines.join("\n"));
        let wanted = [
            "2: hf0 inet 192.0.2.100/24 scope global secondary proto keepalived hf0\\ \
             valid_lft forever preferred_lft forever",
            "2: hf0 inet 198.51.100.1/24 brd 198.51.100.255 scope link deprecated noprefixroute \
             proto keepalived hf0:vip\\ valid_lft forever preferred_lft forever",
            "2: hf0 inet 203.0.113.1 peer 203.0.113.9/32 scope global proto keepalived hf0\\ \
             valid_lft forever preferred_lft forever",
            "2: hf0 inet6 2001:db8::100/64 scope global deprecated nodad home mngtmpaddr \
             proto keepalived \\ valid_lft forever preferred_lft 0sec",
        ];
        // Versions of `ip` differ in the order, and older ones do not show who made an address.
        let words = |text: &str| -> BTreeSet<String> {
            let made_by = text
                .replace("proto keepalived ", "")
                .replace("proto 18 ", "");
            made_by
                .split_whitespace()
                .skip(1)
                .map(str::to_owned)
                .collect()
        };
        assert_eq!(found.each_ref().map(|text| words(text)), wanted.map(words));
    });
}

#[test]
fn what_is_so_already_counts_as_done() {
    in_namespace(|| {
        let mut requests = Requests::open().unwrap();
        let wanted = address("192.0.2.100/24");
        let changes = vec![
            add(wanted.clone()),
            add(wanted.clone()),
            remove(wanted.clone()),
            remove(wanted),
        ];
        all_done(&requests.change(changes));
    });
}

#[test]
fn a_refusal_has_the_reason_of_the_kernel() {
    in_namespace(|| {
        let mut requests = Requests::open().unwrap();
        let nowhere = AddressChange::Add {
            index: IfIndex::new(4711).unwrap(),
            address: address("192.0.2.100/24"),
        };
        let good = add(address("192.0.2.101/24"));
        let mut results = requests
            .change(vec![nowhere.clone(), good.clone()])
            .into_iter();
        let refused = results.next().unwrap();
        assert_eq!(refused.change, nowhere);
        // Newer kernels add a remark in brackets.
        assert!(refused.refused.unwrap().starts_with("No such device"));
        let done = AddressResult {
            change: good,
            refused: None,
        };
        assert_eq!(results.collect::<Vec<_>>(), [done]);
    });
}

#[test]
fn a_thousand_addresses_come_and_go() {
    in_namespace(|| {
        let mut requests = Requests::open().unwrap();
        let all: Vec<VirtualAddress> = (0..1000_u16)
            .map(|number| format!("198.18.{}.{}/32", number / 256, number % 256))
            .map(|text| address(&text))
            .collect();
        let added = requests.change(all.iter().cloned().map(add).collect());
        all_done(&added);
        assert_eq!(added.len(), 1000);
        assert_eq!(shown("198.18.").len(), 1000);
        all_done(&requests.change(all.into_iter().map(remove).collect()));
        assert_eq!(shown("198.18.").len(), 0);
    });
}

#[test]
fn the_state_has_interfaces_addresses_and_forwarding() {
    in_namespace(|| {
        std::fs::write(
            "/proc/thread-self/net/../../../sys/net/ipv6/conf/hf0/forwarding",
            "1",
        )
        .or_else(|_| std::fs::write("/proc/sys/net/ipv6/conf/hf0/forwarding", "1"))
        .unwrap();
        let state = Requests::open().unwrap().state().unwrap();
        let ours = index(OURS);
        let link = state.links.iter().find(|link| link.index == ours).unwrap();
        let wanted = Link {
            index: ours,
            name: OURS.try_into().unwrap(),
            up: true,
            running: true,
            arp: true,
            loopback: false,
            mac: Some(MacAddress([2, 0, 0, 0, 0, 1])),
            mtu: 1500,
        };
        assert_eq!(*link, wanted);
        let lo = state.links.iter().find(|link| link.name.as_str() == "lo");
        assert!(lo.unwrap().loopback);
        assert_eq!(state.forwarding6, [ours]);
        let present = |address: &str, prefix, scope| PresentAddress {
            index: ours,
            address: address.parse().unwrap(),
            prefix,
            tentative: false,
            dad_failed: false,
            secondary: false,
            scope,
        };
        let addresses: Vec<_> = state
            .addresses
            .into_iter()
            .filter(|address| {
                address.index == ours && address.address.to_string() != "fe80::ff:fe00:1"
            })
            .collect();
        let wanted = [
            present("192.0.2.1", 24, 0),
            present("2001:db8::1", 64, 0),
            present("fe80::1", 64, 253),
        ];
        assert_eq!(addresses, wanted);
    });
}

#[test]
fn changes_of_others_are_heard() {
    in_namespace(|| {
        let (_, mut notifications) = listening();
        let ours = index(OURS);
        ip("address add 192.0.2.77/24 dev hf0");
        ip("address del 192.0.2.77/24 dev hf0");
        ip("link set hf0 name other");
        ip("link set other down");
        ip("link del other");
        let (events, pending) = heard(&mut notifications);
        assert_eq!(pending, Pending::Nothing);
        let appeared = events.iter().any(|event| {
            matches!(event, Event::AddressPresent(present)
                if present.address.to_string() == "192.0.2.77" && present.secondary)
        });
        assert!(appeared, "{events:#?}");
        let gone = Event::AddressGone {
            index: ours,
            address: "192.0.2.77".parse().unwrap(),
            prefix: 24,
        };
        assert!(events.contains(&gone), "{events:#?}");
        let down = events.iter().any(|event| {
            matches!(event, Event::LinkPresent(link)
                if link.index == ours && link.name.as_str() == "other" && !link.up)
        });
        assert!(down, "{events:#?}");
        let ends = events
            .iter()
            .filter(|event| **event == Event::LinkGone(ours));
        assert_eq!(ends.count(), 1, "{events:#?}");
    });
}

#[test]
fn leaving_a_bridge_is_not_the_end_of_an_interface() {
    in_namespace(|| {
        ip("link add br0 type bridge");
        ip("link set hf0 master br0");
        let (_, mut notifications) = listening();
        ip("link set hf0 nomaster");
        let (events, _) = heard(&mut notifications);
        let ours = index(OURS);
        assert!(!events.contains(&Event::LinkGone(ours)), "{events:#?}");
    });
}

#[test]
fn lost_notifications_call_for_the_whole_state() {
    in_namespace(|| {
        let (_, mut notifications) = listening();
        setsockopt(&notifications, sockopt::RcvBuf, &0).unwrap();
        for number in 0..20 {
            ip(&format!("address add 192.0.2.{}/24 dev hf0", 100 + number));
        }
        assert_eq!(heard(&mut notifications).1, Pending::Resync);
        notifications.discard();
        assert_eq!(heard(&mut notifications), (Vec::new(), Pending::Nothing));
    });
}

#[test]
fn switching_forwarding_calls_for_the_whole_state() {
    in_namespace(|| {
        let (mut requests, mut notifications) = listening();
        std::fs::write("/proc/sys/net/ipv6/conf/hf0/forwarding", "1").unwrap();
        assert_eq!(heard(&mut notifications).1, Pending::Resync);
        notifications.seen(&requests.state().unwrap());
        ip("link set hf0 mtu 1400");
        assert_eq!(heard(&mut notifications).1, Pending::Nothing);
        std::fs::write("/proc/sys/net/ipv6/conf/hf0/forwarding", "0").unwrap();
        assert_eq!(heard(&mut notifications).1, Pending::Resync);
    });
}

#[test]
fn messages_of_other_processes_are_not_used() {
    in_namespace(|| {
        let (_, mut notifications) = listening();
        let mut to = SocketAddr::new(0, 0);
        notifications.socket().get_address(&mut to).unwrap();
        let mut liar = Socket::new(NETLINK_ROUTE).unwrap();
        liar.bind_auto().unwrap();
        // What the kernel sends when hf1 is deleted.
        let mut bytes = vec![32, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend([0, 0, 1, 0]);
        bytes.extend(index(THEIRS).get().to_ne_bytes());
        bytes.extend([0; 8]);
        assert_eq!(liar.send_to(&bytes, &to, 0).unwrap(), bytes.len());
        assert_eq!(heard(&mut notifications), (Vec::new(), Pending::Nothing));
    });
}

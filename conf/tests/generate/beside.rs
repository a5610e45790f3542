//! What instances have beside their protocol part, and groups.

use super::super::{command, consistent, family, micros, name, router};
use crate::common::Memory;
use holdfast_conf::model::*;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::sync::LazyLock;

/// Routes and rules of all kinds; their own tests have every option.
static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| {
    statics(
        "static_routes {
            203.0.113.0/24 via 192.0.2.9 dev eth0 metric 5
            blackhole 2001:db8:1::/48
            default nexthop via 192.0.2.9 weight 2 nexthop via 192.0.2.8
        }\n",
    )
    .routes
});
static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    statics(
        "static_rules {
            from 192.0.2.0/24 table 100 preference 1000
            not to 2001:db8::/32 unreachable preference 1001
        }\n",
    )
    .rules
});

fn statics(text: &str) -> Statics {
    Memory::one(text).look().config.unwrap().statics
}

fn mac() -> impl Strategy<Value = MacAddress> {
    any::<[u8; 6]>().prop_map(|mut bytes| {
        bytes[0] = bytes[0] & 0xfe | 2;
        MacAddress(bytes)
    })
}

fn own_link() -> impl Strategy<Value = OwnLink> {
    let mode = select(vec![
        IpvlanMode::Bridge,
        IpvlanMode::Private,
        IpvlanMode::Vepa,
    ]);
    let kind = prop_oneof![
        (option::of(mac()), any::<bool>())
            .prop_map(|(mac, notify)| OwnLinkKind::Vmac { mac, notify }),
        option::of(mode).prop_map(|mode| OwnLinkKind::Ipvlan {
            address: None,
            mode
        }),
    ];
    let group = option::of("[a-z]{1,5}|[0-9]{1,3}");
    (kind, option::of(Just("own")), group, any::<bool>()).prop_map(
        |(kind, name, group, transmit_base)| OwnLink {
            name: name.map(|name| IfName::try_from(name).unwrap()),
            kind,
            group,
            transmit_base,
        },
    )
}

fn hmac() -> impl Strategy<Value = AuthHmac> {
    let secret = prop_oneof![
        prop::collection::vec(any::<u8>(), 32..=64).prop_map(HmacSecret::Bytes),
        "/[a-z/ ]{0,9}[a-z]".prop_map(HmacSecret::File),
    ];
    let keys = prop::collection::btree_map(1_u8.., secret, 1..4);
    let anti_replay = prop_oneof![
        Just(AntiReplay::Monotonic),
        (1_u16..=300).prop_map(AntiReplay::Time),
    ];
    let mode = select(vec![
        HmacMode::Enforce,
        HmacMode::Permissive,
        HmacMode::ReceiveOnly,
    ]);
    (keys, any::<prop::sample::Index>(), anti_replay, mode).prop_map(
        |(keys, active, anti_replay, mode)| {
            let keys: Vec<_> = keys
                .into_iter()
                .map(|(id, secret)| HmacKey { id, secret })
                .collect();
            AuthHmac {
                active: active.get(&keys).id,
                keys,
                anti_replay,
                mode,
            }
        },
    )
}

pub(crate) fn notify() -> impl Strategy<Value = NotifyScripts> {
    prop::collection::vec(option::of(command()), 5).prop_map(|notify| {
        let mut notify = notify.into_iter();
        let mut next = || notify.next().unwrap();
        NotifyScripts {
            master: next(),
            backup: next(),
            fault: next(),
            stop: next(),
            any: next(),
        }
    })
}

prop_compose! {
    pub(crate) fn instance()(
        router in family().prop_flat_map(router).boxed(),
        notify in notify().boxed(),
        smtp_alert: bool,
        deleted in option::of(option::of(command())),
        notify_lower_priority in option::of(command()),
        notify_priority_changes: Option<bool>,
        vrf in option::of("[a-z]{1,8}"),
        link in option::of(own_link().boxed()),
        flags in any::<[bool; 4]>(),
        garp_extra in option::of((any::<bool>(), micros(86_400))),
        hmac in option::of(hmac().boxed()),
        sync_daemon in option::of("[a-z]{1,8}"),
        routes in proptest::sample::subsequence(ROUTES.clone(), 0..=ROUTES.len()),
        rules in proptest::sample::subsequence(RULES.clone(), 0..=RULES.len()),
    ) -> VrrpInstance {
        let interface = |name| IfName::try_from(name).unwrap();
        without_contradictions(VrrpInstance {
            router: consistent(router),
            notify,
            smtp_alert,
            deleted: deleted.map(|command| DeletedNotice { command }),
            notify_lower_priority,
            notify_priority_changes,
            trackers: Trackers::default(),
            vrf: vrf.map(interface),
            link,
            vmac_for_addresses: flags[0],
            routes,
            rules,
            promote_secondaries: flags[1],
            no_accept: flags[2],
            fault_without_peers: flags[3],
            garp_extra: garp_extra.map(|(all, interval)| ExtraGarp { all, interval }),
            hmac,
            sync_daemon: sync_daemon.map(interface),
        })
    }
}

/// The same beside the protocol part.
fn without_contradictions(mut instance: VrrpInstance) -> VrrpInstance {
    let router = &instance.router;
    let unicast = matches!(router.transport, Transport::Unicast { .. });
    if !unicast || router.interface.is_some() {
        instance.vrf = None;
    }
    instance.fault_without_peers &= unicast;
    instance.promote_secondaries &= instance.link.is_none();
    if let Some(link) = &mut instance.link {
        match &mut link.kind {
            OwnLinkKind::Vmac { mac, .. } => {
                link.transmit_base = unicast || (link.transmit_base && !router.strict);
                *mac = mac.filter(|_| !router.strict);
            }
            OwnLinkKind::Ipvlan { address, .. } => {
                link.transmit_base = false;
                *address = Some((super::super::address(router.family, 9), Some(24)));
            }
        }
    }
    if router.auth != Auth::None {
        instance.hmac = None;
    }
    if let Some(hmac) = &mut instance.hmac
        && router.strict
    {
        hmac.mode = HmacMode::Enforce;
    }
    instance
}

prop_compose! {
    pub(crate) fn group()(
        name in name(),
        notify in notify().boxed(),
        smtp_alert: bool,
        notify_priority_changes: Option<bool>,
        tracking_weight: bool,
    ) -> SyncGroup {
        SyncGroup {
            name: GroupName::try_from(name).unwrap(),
            members: Vec::new(),
            track_interfaces: Vec::new(),
            track_scripts: Vec::new(),
            trackers: Trackers::default(),
            notify, smtp_alert, notify_priority_changes, tracking_weight,
        }
    }
}

//! Routes and rules.

use super::*;

fn number(max: u32) -> impl Strategy<Value = NamedNumber> {
    prop_oneof![
        (0..=max).prop_map(NamedNumber::Number),
        "x[a-z0-9_.]{0,5}".prop_map(NamedNumber::Name),
    ]
}

fn network(family: Family) -> impl Strategy<Value = Network> {
    let longest = match family {
        Family::V4 => 32,
        Family::V6 => 128,
    };
    prop_oneof![
        some_address(family).prop_map(move |address| Network {
            address,
            prefix: longest
        }),
        Just(Network {
            address: match family {
                Family::V4 => Ipv4Addr::UNSPECIFIED.into(),
                Family::V6 => Ipv6Addr::UNSPECIFIED.into(),
            },
            prefix: 0
        }),
    ]
}

fn realms() -> impl Strategy<Value = Realms> {
    (option::of(number(65_535)), number(65_535)).prop_map(|(from, to)| Realms { from, to })
}

fn encap() -> impl Strategy<Value = Encap> {
    let ip = (
        family(),
        any::<Option<u64>>(),
        any::<[Option<u16>; 2]>(),
        any::<[Option<u8>; 2]>(),
        any::<Option<u16>>(),
    )
        .prop_map(|(family, id, [dst, src], [tos, ttl], flags)| Encap::Ip {
            family,
            id,
            dst: dst.map(|number| address(family, number)),
            src: src.map(|number| address(family, number)),
            tos,
            ttl,
            flags,
        });
    prop_oneof![
        ip,
        vec(0_u32..=1_048_575, 1..4).prop_map(Encap::Mpls),
        any::<[u16; 4]>().prop_map(Encap::Ila),
    ]
}

prop_compose! {
    fn hop()(
        via in option::of(family().prop_flat_map(some_address)),
        dev in option::of(interface()),
        onlink: bool,
        encap in option::of(encap()),
        realms in option::of(realms()),
    ) -> Hop {
        Hop { via, dev, onlink, encap, realms }
    }
}

fn lockable(max: u32) -> impl Strategy<Value = Option<Lockable>> {
    option::of((0..=max, any::<bool>()).prop_map(|(value, locked)| Lockable { value, locked }))
}

/// A time of at least 0.2 s in parts of a millisecond.
fn lockable_time(scale: u32) -> impl Strategy<Value = Option<Lockable>> {
    option::of(
        (200 * scale..=120_000 * scale, any::<bool>())
            .prop_map(|(value, locked)| Lockable { value, locked }),
    )
}

prop_compose! {
    fn metrics()(
        sizes in (lockable(9_000), lockable(9_000), lockable(99), lockable(99), lockable(u32::MAX)),
        times in (lockable_time(8), lockable_time(4), lockable_time(1)),
        congctl in option::of(("[a-z]{1,9}", any::<bool>())),
        hoplimit: Option<u8>,
        numbers in any::<[Option<u32>; 3]>(),
        ecn: bool,
        bits in any::<[Option<bool>; 2]>(),
    ) -> RouteMetrics {
        RouteMetrics {
            mtu: sizes.0, advmss: sizes.1, reordering: sizes.2, cwnd: sizes.3, ssthresh: sizes.4,
            rtt: times.0, rttvar: times.1, rto_min: times.2,
            congctl, hoplimit,
            window: numbers[0], initcwnd: numbers[1], initrwnd: numbers[2],
            ecn, quickack: bits[0], fastopen_no_cookie: bits[1],
        }
    }
}

prop_compose! {
    pub(super) fn of_route(family: Family)(
        kind in select(RouteKind::ALL.map(|(_, kind)| kind).to_vec()),
        networks in (network(family), option::of(network(family))),
        src in option::of(some_address(family)),
        numbers in (option::of(number(255)), option::of(number(u32::MAX)), number(255), option::of(number(255))),
        plain in any::<(Option<u32>, Option<u32>, Option<u8>, Option<bool>, bool)>(),
        hop in hop().boxed(),
        hops in vec((hop().boxed(), 1_u16..=256), 0..3),
        metrics in metrics().boxed(),
        insertion in select(vec![RouteInsertion::Prepend, RouteInsertion::Append, RouteInsertion::Add]),
        vrf in option::of(interface()),
    ) -> Route {
        let (metric, expires, pref, ttl_propagate, no_track) = plain;
        Route {
            kind,
            destination: networks.0,
            from: networks.1,
            src,
            tos: numbers.0,
            table: numbers.1,
            no_track: no_track || numbers.2 != NamedNumber::Number(KEEPALIVED_PROTOCOL),
            protocol: numbers.2,
            scope: numbers.3,
            metric,
            hop,
            hops: hops.into_iter().map(|(hop, weight)| WeightedHop { hop, weight }).collect(),
            expires, pref, ttl_propagate,
            metrics: Box::new(metrics),
            insertion, vrf,
            track_group: None,
        }
    }
}

fn action() -> impl Strategy<Value = RuleAction> {
    prop_oneof![
        number(u32::MAX)
            .prop_filter("no table", |table| *table != NamedNumber::Number(0))
            .prop_map(RuleAction::Table),
        Just(RuleAction::L3mdev),
        (70_000_u32..).prop_map(RuleAction::Goto),
        Just(RuleAction::Nop),
        Just(RuleAction::Blackhole),
        Just(RuleAction::Prohibit),
        Just(RuleAction::Unreachable),
    ]
}

prop_compose! {
    pub(super) fn of_rule(family: Family)(
        preference in 0_u32..65_536,
        flags in any::<[bool; 2]>(),
        networks in (option::of(network(family)), option::of(network(family))),
        numbers in (option::of(number(255)), option::of(number(255)), option::of(number(u32::MAX))),
        fwmark: Option<(u32, u32)>,
        realms in option::of(realms()),
        interfaces in (option::of(interface()), option::of(interface())),
        tunnel_id: Option<u64>,
        uids in option::of((0_u32..1_000, 1_000_u32..)),
        ports in (option::of((0_u16..1_000, 1_000_u16..)), option::of((0_u16..1_000, 1_000_u16..))),
        suppress_prefix in option::of(0_u8..=128),
        action in action(),
        protocol: u8,
    ) -> Rule {
        Rule {
            family, preference,
            invert: flags[0],
            from: networks.0,
            to: networks.1,
            tos: numbers.0,
            fwmark,
            realms: realms.filter(|_| family == Family::V4),
            iif: interfaces.0,
            oif: interfaces.1,
            tunnel_id,
            uid_range: uids,
            ip_protocol: numbers.1,
            source_ports: ports.0,
            destination_ports: ports.1,
            suppress_prefix,
            suppress_group: numbers.2,
            action,
            protocol,
            no_track: flags[1] || protocol != 18,
            track_group: None,
        }
    }
}

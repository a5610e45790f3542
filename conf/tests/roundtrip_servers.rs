//! What is printed and read again is the same: servers, their checks, static lines, global words.

#![expect(clippy::unwrap_used, reason = "tests assert by panicking")]
#![expect(
    clippy::arithmetic_side_effects,
    reason = "an overflow in a test is a failed test"
)]

mod common;

use common::Memory;
use holdfast_conf::model::*;
use holdfast_conf::{Secrets, print};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;

fn same_after_printing(config: &Config) {
    let text = print(config, Secrets::Shown);
    let loaded = Memory::one(text.clone()).look();
    assert_eq!(
        loaded.report.errors(),
        0,
        "{}{text}",
        loaded.report.render(false)
    );
    let again = loaded.config.unwrap();
    assert_eq!(&again, config, "{text}");
    assert_eq!(print(&again, Secrets::Shown), text);
}

fn micros(min: u64, max: u64) -> impl Strategy<Value = Micros> {
    prop_oneof![
        (min..=max).prop_map(Micros::new),
        (min.div_ceil(1_000_000)..=max / 1_000_000).prop_map(Micros::from_secs),
    ]
}

fn delay() -> impl Strategy<Value = Micros> {
    micros(0, 4_294_967_295)
}

fn period() -> impl Strategy<Value = Micros> {
    micros(1, 4_294_967_295)
}

/// A word of a line, with blanks and signs that need quotation marks.
fn name() -> impl Strategy<Value = String> {
    "[!#-~@ ]{0,6}[a-z]".prop_filter("a definition", |name| !name.contains('$'))
}

fn path() -> impl Strategy<Value = String> {
    "/[a-z0-9 ./_-]{0,9}"
}

fn user() -> impl Strategy<Value = UserSpec> {
    let name = "[a-z_][a-z0-9_-]{0,7}";
    (name, option::of(name), any::<bool>()).prop_map(|(user, group, all_groups)| UserSpec {
        user,
        group,
        all_groups,
    })
}

fn words() -> impl Strategy<Value = ShellWords> {
    ("/[^\u{0}]{1,12}", vec("[^\u{0}]{0,8}", 0..4)).prop_map(|(program, arguments)| {
        let words = std::iter::once(program).chain(arguments);
        ShellWords::try_from(words.collect::<Vec<_>>()).unwrap()
    })
}

fn command() -> impl Strategy<Value = ScriptCommand> {
    (words(), option::of(user())).prop_map(|(words, user)| ScriptCommand { words, user })
}

fn interface() -> impl Strategy<Value = IfName> {
    "[a-z]{1,8}[0-9.]{0,6}".prop_map(|name| IfName::try_from(name).unwrap())
}

fn family() -> impl Strategy<Value = Family> {
    select(vec![Family::V4, Family::V6])
}

/// An address whose last part makes it unique.
fn address(family: Family, number: u16) -> IpAddr {
    match family {
        Family::V4 => {
            let [high, low] = number.to_be_bytes();
            Ipv4Addr::new(10, 0, high, low).into()
        }
        Family::V6 => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, number).into(),
    }
}

fn some_address(family: Family) -> impl Strategy<Value = IpAddr> {
    any::<u16>().prop_map(move |number| address(family, number))
}

prop_compose! {
    fn endpoint(family: Family)(
        address in some_address(family),
        port in 1_u16..,
        source in option::of(some_address(family)),
        source_port in option::of(1_u16..),
        interface in option::of(interface()),
        timeout in period(),
        mark: u32,
    ) -> Endpoint {
        Endpoint { address, port, source, source_port, interface, timeout, mark }
    }
}

fn digest() -> impl Strategy<Value = Digest> {
    prop_oneof![
        any::<[u8; 16]>().prop_map(Digest::Md5),
        any::<[u8; 32]>().prop_map(Digest::Sha256),
    ]
}

prop_compose! {
    fn pattern()(
        pattern in select(vec!["ok", "a|b c", "^\\d+\\s*\"x\"$", "[^a-z]{2,3}\\t", "é\u{1b}#!"]),
        options in prop::sample::subsequence(vec!["caseless", "dotall", "utf", "no_auto_possess"], 0..3),
        invert: bool,
        min_offset in 0_u64..1_000,
        more in option::of(0_u64..1_000),
    ) -> BodyPattern {
        BodyPattern {
            pattern: pattern.to_owned(),
            options: options.into_iter().map(str::to_owned).collect(),
            invert,
            min_offset,
            max_offset: more.map(|more| min_offset + more),
            needs_pcre: false,
        }
    }
}

prop_compose! {
    fn url(tls: bool)(
        path in "/[a-z0-9?&=%# ]{0,9}",
        host in option::of("[a-z.]{1,9}"),
        digest in option::of(digest()),
        status in vec((100_u16..300, 300_u16..=599), 1..3),
        regex in option::of(pattern()),
        tls_compliant: bool,
    ) -> Url {
        Url { path, host, digest, status, regex, tls_compliant: tls_compliant && tls }
    }
}

prop_compose! {
    fn tls_options()(sni_name in option::of("[a-z.]{1,9}"), sni: bool, verify: bool) -> TlsOptions {
        TlsOptions { sni: sni || sni_name.is_some(), sni_name, verify }
    }
}

fn http(family: Family) -> impl Strategy<Value = HttpProbe> {
    option::of(tls_options()).prop_flat_map(move |tls| {
        (
            endpoint(family),
            select(vec![
                HttpVersion::V1_0,
                HttpVersion::V1_0Close,
                HttpVersion::V1_1,
            ]),
            any::<bool>(),
            vec(url(tls.is_some()), 1..3),
        )
            .prop_map(move |(endpoint, protocol, fast_recovery, urls)| HttpProbe {
                endpoint,
                tls: tls.clone(),
                protocol,
                fast_recovery,
                urls,
            })
    })
}

fn udp(family: Family) -> impl Strategy<Value = UdpProbe> {
    let reply = (vec((any::<u8>(), Just(0xff)), 0..9), 0_u16..100, 100_u16..).prop_map(
        |(pattern, min_len, max_len)| UdpReply {
            pattern,
            min_len,
            max_len,
        },
    );
    (endpoint(family), vec(any::<u8>(), 0..9), option::of(reply)).prop_map(
        |(endpoint, payload, reply)| UdpProbe {
            endpoint,
            payload,
            reply,
        },
    )
}

fn probe(family: Family) -> impl Strategy<Value = Probe> {
    prop_oneof![
        endpoint(family).boxed().prop_map(Probe::Tcp),
        endpoint(family).boxed().prop_map(Probe::Ping),
        http(family).boxed().prop_map(Probe::Http),
        (endpoint(family), name()).prop_map(|(endpoint, helo)| Probe::Smtp { endpoint, helo }),
        udp(family).boxed().prop_map(Probe::Udp),
        (
            endpoint(family),
            select(vec![DnsType::A, DnsType::Soa, DnsType::Rrsig]),
            name()
        )
            .prop_map(|(endpoint, kind, name)| Probe::Dns {
                endpoint,
                kind,
                name
            }),
        (words(), option::of(user()), 1_u64..4_294, any::<bool>()).prop_map(
            |(command, user, secs, dynamic)| Probe::Misc {
                command,
                user,
                timeout: Micros::from_secs(secs),
                dynamic
            }
        ),
    ]
}

fn check(family: Family) -> impl Strategy<Value = Check> {
    let timing = (
        period(),
        any::<u32>(),
        delay(),
        delay(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(delay_loop, retry, delay_before_retry, warmup, alpha, log_all_failures)| {
                CheckTiming {
                    delay_loop,
                    retry,
                    delay_before_retry,
                    warmup,
                    alpha,
                    log_all_failures,
                }
            },
        );
    (timing.boxed(), probe(family).boxed()).prop_map(|(timing, probe)| Check { timing, probe })
}

fn forward() -> impl Strategy<Value = Forward> {
    let checksum = select(vec![
        TunnelChecksum::None,
        TunnelChecksum::Full,
        TunnelChecksum::Remote,
    ]);
    prop_oneof![
        Just(Forward::Nat),
        Just(Forward::Direct),
        Just(Forward::Tunnel(Tunnel::Ipip)),
        (1_u16.., checksum.clone())
            .prop_map(|(port, checksum)| Forward::Tunnel(Tunnel::Gue { port, checksum })),
        checksum.prop_map(|checksum| Forward::Tunnel(Tunnel::Gre { checksum })),
    ]
}

prop_compose! {
    fn real_server(family: Family)(
        number: u16,
        port in 1_u16..,
        weight in 0_u32..=2_147_483_647,
        forward in forward(),
        lower_threshold in 0_u32..1_000,
        upper_more in 0_u32..1_000,
        flags in any::<[bool; 2]>(),
        scripts in (option::of(command().boxed()), option::of(command().boxed())),
        checks in vec(check(family).boxed(), 0..4),
    ) -> RealServer {
        RealServer {
            address: address(family, number),
            port,
            weight,
            forward,
            upper_threshold: lower_threshold + upper_more,
            lower_threshold,
            inhibit_on_failure: flags[0],
            notify_up: scripts.0.map(Box::new),
            notify_down: scripts.1.map(Box::new),
            smtp_alert: flags[1],
            checks,
        }
    }
}

/// Members of a group of one family with ports, or of marks.
fn members(family: Family) -> impl Strategy<Value = Vec<GroupMember>> {
    let addresses = btree_map(any::<u16>(), (0_u16..9, 1_u16..), 1..4).prop_map(move |entries| {
        entries
            .into_iter()
            .map(|(number, (more, port))| GroupMember::Addresses {
                first: address(family, number),
                last: address(family, number.saturating_add(more)),
                port,
            })
            .collect()
    });
    let marks = btree_set(1_u32.., 1..4).prop_map(move |marks| {
        marks
            .into_iter()
            .map(|mark| GroupMember::Mark {
                mark: NonZeroU32::new(mark).unwrap(),
                family,
            })
            .collect()
    });
    prop_oneof![addresses, marks]
}

fn service(family: Family) -> impl Strategy<Value = Service> {
    let protocol = || select(vec![Protocol::Tcp, Protocol::Udp, Protocol::Sctp]);
    prop_oneof![
        (some_address(family), any::<u16>(), protocol()).prop_map(|(address, port, protocol)| {
            Service::Address {
                address,
                port,
                protocol,
            }
        }),
        (1_u32..).prop_map(move |mark| Service::Mark {
            mark: NonZeroU32::new(mark).unwrap(),
            family
        }),
        (name(), protocol(), members(family)).prop_map(|(name, protocol, members)| {
            Service::Group {
                name,
                protocol,
                members,
            }
        }),
    ]
}

prop_compose! {
    fn of_family(family: Family)(
        service in service(family).boxed(),
        scheduler in select(Scheduler::ALL.to_vec()),
        flags in any::<[bool; 7]>(),
        forward in forward(),
        persistence in option::of((1_u32..=2_678_400, 1_u8..=32, option::of("[a-z]{1,5}"))),
        hysteresis in 0_u32..9,
        scripts in (option::of(command().boxed()), option::of(command().boxed())),
        sorry in option::of((some_address(family), 1_u16.., forward(), any::<bool>())),
        real_servers in vec(real_server(family).boxed(), 1..4),
    ) -> VirtualServer {
        consistent(VirtualServer {
            scheduler,
            scheduler_flags: SchedulerFlags { first: flags[0], second: flags[1], third: flags[2] },
            forward,
            persistence: persistence.map(|(timeout_secs, granularity, engine)| Persistence {
                timeout_secs, granularity, engine,
            }),
            one_packet: flags[3],
            ha_suspend: flags[4],
            quorum: 1,
            hysteresis,
            quorum_up: scripts.0.map(Box::new),
            quorum_down: scripts.1.map(Box::new),
            omega: flags[5],
            smtp_alert: flags[6],
            sorry_server: sorry.map(|(address, port, forward, inhibit)| SorryServer {
                address, port, forward, inhibit,
            }),
            real_servers,
            service,
        })
    }
}

/// The port that every packet has; none where it differs.
fn port(service: &Service) -> Option<u16> {
    match service {
        Service::Address { port, .. } => Some(*port),
        Service::Mark { .. } => None,
        Service::Group { members, .. } => {
            let ports: Vec<_> = members
                .iter()
                .map(|member| match member {
                    GroupMember::Addresses { port, .. } => Some(*port),
                    GroupMember::Mark { .. } => None,
                })
                .collect();
            let first = (*ports.first()?)?;
            ports
                .iter()
                .all(|port| *port == Some(first))
                .then_some(first)
        }
    }
}

/// Takes away what contradicts itself, as the reader does.
fn consistent(mut server: VirtualServer) -> VirtualServer {
    let port = port(&server.service);
    let fixed = |forward, written: u16| match (forward, port) {
        (Forward::Direct | Forward::Tunnel(_), Some(port)) => port,
        _ => written,
    };
    let mut seen = std::collections::BTreeSet::new();
    for real in &mut server.real_servers {
        real.port = fixed(real.forward, real.port);
    }
    server
        .real_servers
        .retain(|real| seen.insert((real.address, real.port)));
    if let Some(sorry) = &mut server.sorry_server {
        sorry.port = fixed(sorry.forward, sorry.port);
    }
    let weights = server
        .real_servers
        .iter()
        .map(|real| u64::from(real.weight));
    let most = weights.sum::<u64>().clamp(1, u64::from(u32::MAX));
    server.quorum = u32::try_from(most).unwrap();
    server.hysteresis = server.hysteresis.min(server.quorum - 1);
    let is_mark = |member: &GroupMember| matches!(member, GroupMember::Mark { .. });
    match &server.service {
        Service::Address { port, protocol, .. } => {
            server.one_packet &= *protocol == Protocol::Udp;
            if *port == 0 {
                server.persistence.get_or_insert(Persistence {
                    timeout_secs: 360,
                    granularity: 24,
                    engine: None,
                });
            }
        }
        Service::Mark { .. } => server.ha_suspend = false,
        Service::Group {
            protocol, members, ..
        } => {
            server.one_packet &= *protocol == Protocol::Udp;
            server.ha_suspend &= !members.iter().any(is_mark);
        }
    }
    server
}

fn virtual_server() -> impl Strategy<Value = VirtualServer> {
    family().prop_flat_map(of_family)
}

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
    fn of_route(family: Family)(
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
    fn of_rule(family: Family)(
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

fn lines<T: std::fmt::Debug, S: Strategy<Value = T> + 'static>(
    line: fn(Family) -> S,
) -> impl Strategy<Value = Vec<T>> {
    vec(family().prop_flat_map(line).boxed(), 0..4)
}

prop_compose! {
    fn tls()(
        password in option::of("[!%-~]{1,9}"),
        ca in option::of(path()),
        own in option::of((path(), path())),
    ) -> TlsFiles {
        let (certificate, key) = own.unzip();
        TlsFiles {
            password: password.filter(|_| key.is_some()).map(Passphrase),
            ca, certificate, key,
        }
    }
}

prop_compose! {
    fn statics()(
        routes in lines(of_route),
        rules in lines(of_rule),
        garp in option::of((micros(1, 4_294_000_000), micros(0, 4_294_000_000), btree_set("[a-z]{1,8}", 1..4))),
        delays in btree_map("[a-z]{1,8}", (micros(0, 255_000_000), micros(0, 255_000_000)), 0..3),
        tls in tls(),
    ) -> Statics {
        let name = |name| IfName::try_from(name).unwrap();
        Statics {
            addresses: Vec::new(),
            routes, rules,
            track_groups: Vec::new(),
            garp_groups: garp.into_iter().map(|(interval, gna_interval, interfaces)| GarpGroup {
                interval, gna_interval,
                interfaces: interfaces.into_iter().map(name).collect(),
            }).collect(),
            link_delays: delays.into_iter().map(|(interface, (down, up))| LinkDelay {
                interface: name(interface), down, up,
            }).collect(),
            tls,
        }
    }
}

fn fifo() -> impl Strategy<Value = Option<Fifo>> {
    let fifo = (path(), option::of(user()), option::of(command()));
    option::of(fifo.prop_map(|(path, owner, script)| Fifo {
        path,
        owner,
        script,
    }))
}

fn fifos() -> impl Strategy<Value = Fifos> {
    (
        [fifo().boxed(), fifo().boxed(), fifo().boxed()],
        any::<[bool; 2]>(),
    )
        .prop_map(|([all, mut vrrp, mut lvs], flags)| {
            for (fifo, end) in [(&mut vrrp, "v"), (&mut lvs, "l")] {
                if let Some(fifo) = fifo {
                    fifo.path.push_str(end);
                    fifo.path.push_str(end);
                }
            }
            Fifos {
                all,
                vrrp,
                lvs,
                states_on_reload: flags[0],
                priority_changes: flags[1],
            }
        })
}

prop_compose! {
    fn lvs()(
        sync in option::of((interface(), any::<u8>(), option::of(1_u16..=65_507), option::of(1_u16..), option::of(1_u8..))),
        timeouts in [option::of(0_u32..=2_678_400), option::of(0_u32..=2_678_400), option::of(0_u32..=2_678_400)],
        flush: bool,
        flush_on_stop in select(vec![FlushOnStop::Orderly, FlushOnStop::Own, FlushOnStop::All]),
    ) -> Lvs {
        Lvs {
            sync_daemon: sync.map(|(interface, id, max_len, port, ttl)| SyncDaemon {
                interface, instance: None, id, max_len, port, ttl,
                group: Some("224.0.0.81".parse().unwrap()),
            }),
            timeouts: LvsTimeouts { tcp: timeouts[0], tcp_fin: timeouts[1], udp: timeouts[2] },
            flush, flush_on_stop,
        }
    }
}

prop_compose! {
    fn start_stop()(
        startup in option::of(command()),
        shutdown in option::of(command()),
        secs in (1_u16..=1_000, 1_u16..=1_000),
        delays in (option::of(micros(1_000, 4_294_967_295)), option::of(micros(1_000, 4_294_967_295))),
    ) -> StartStop {
        StartStop {
            startup,
            startup_secs: secs.0,
            shutdown,
            shutdown_secs: secs.1,
            delay: delays.0.unwrap_or(Micros::ZERO),
            after_boot: delays.1.unwrap_or(Micros::ZERO),
        }
    }
}

prop_compose! {
    fn global()(
        lvs in lvs(),
        flags in any::<[bool; 4]>(),
        garp_extra in option::of((any::<bool>(), 0_u64..=86_400)),
        surroundings in (option::of(name()), option::of(option::of(name())), option::of(name())),
        start_stop in start_stop().boxed(),
        fifos in fifos().boxed(),
        reload in (option::of(path()), option::of(option::of(path()))),
    ) -> Global {
        Global {
            lvs,
            all_groups: flags[0],
            rs_init_notifies: flags[1],
            garp_extra: garp_extra.map(|(all, secs)| ExtraGarp { all, interval: Micros::from_secs(secs) }),
            surroundings: Surroundings {
                namespace: surroundings.0,
                ipvs_namespace: match surroundings.1 {
                    None => IpvsNamespace::Same,
                    Some(None) => IpvsNamespace::Default,
                    Some(Some(name)) => IpvsNamespace::Named(name),
                },
                instance: surroundings.2,
                use_pid_dir: flags[2],
            },
            start_stop,
            fifos,
            reload: ReloadFiles {
                time_file: reload.0,
                repeat: flags[3],
                marker: reload.1.map(|path| path.map_or(ReloadMarker::Default, ReloadMarker::Path)),
            },
            ..Global::default()
        }
    }
}

prop_compose! {
    fn config()(
        global in global().boxed(),
        statics in statics().boxed(),
        servers in vec(virtual_server().boxed(), 0..3),
    ) -> Config {
        let mut names = std::collections::BTreeSet::new();
        let mut addresses = std::collections::BTreeSet::new();
        let alone = |server: &VirtualServer| match &server.service {
            Service::Group { members, .. } => members.iter().map(|member| format!("{member:?}")).collect(),
            other => vec![format!("{other:?}")],
        };
        let virtual_servers = servers.into_iter().filter(|server| {
            let name = match &server.service {
                Service::Group { name, .. } => name.clone(),
                other => other.to_string(),
            };
            names.insert(name) && alone(server).into_iter().all(|key| addresses.insert(key))
        }).collect();
        Config { global, statics, virtual_servers, ..Config::default() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn servers_and_static_lines_are_the_same_after_printing(config in config()) {
        same_after_printing(&config);
    }

    #[test]
    fn nothing_differs_from_itself_and_something_from_something_else(
        one in config(),
        other in config(),
    ) {
        prop_assert!(holdfast_conf::diff(&one, &one).is_empty());
        let differs = holdfast_conf::diff(&one, &other);
        prop_assert_eq!(one == other, differs.is_empty());
    }
}

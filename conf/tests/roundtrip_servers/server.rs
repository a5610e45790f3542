//! Virtual servers and their checks.

use super::*;

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

pub(super) fn virtual_server() -> impl Strategy<Value = VirtualServer> {
    family().prop_flat_map(of_family)
}

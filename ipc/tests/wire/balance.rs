//! Fixed and arbitrary values of the load balancer.

use holdfast_ipc::balance::{
    CheckConfig, CheckId, CheckVerdict, CheckedServer, MemberId, PoolChange, PoolCheck, PoolConfig,
    PoolId, PoolMember, PoolStanding,
};
use holdfast_ipc::config::model::{
    BodyPattern, Check, CheckTiming, Endpoint, Family, FlushOnStop, Forward, GroupMember,
    HttpProbe, HttpVersion, IfName, InstanceName, Lvs, LvsTimeouts, Micros, Persistence, Probe,
    Protocol, Scheduler, SchedulerFlags, Service, SorryServer, SyncDaemon, TlsOptions, Tunnel,
    TunnelChecksum, Url,
};
use proptest::collection::vec;
use proptest::prelude::*;
use std::net::IpAddr;
use std::num::NonZeroU32;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn lvs() -> Lvs {
    Lvs {
        sync_daemon: Some(SyncDaemon {
            interface: IfName::try_from("eth0").unwrap(),
            instance: Some(InstanceName::try_from("VI_1").unwrap()),
            id: 51,
            max_len: Some(1_400),
            port: Some(8_848),
            ttl: Some(1),
            group: Some(address("224.0.0.81")),
        }),
        timeouts: LvsTimeouts {
            tcp: Some(900),
            tcp_fin: None,
            udp: Some(300),
        },
        flush: true,
        flush_on_stop: FlushOnStop::Own,
    }
}

fn timing() -> CheckTiming {
    CheckTiming {
        delay_loop: Micros::from_secs(6),
        retry: 3,
        delay_before_retry: Micros::from_secs(1),
        warmup: Micros::from_secs(6),
        alpha: true,
        log_all_failures: false,
    }
}

fn endpoint() -> Endpoint {
    Endpoint {
        address: address("10.0.0.1"),
        port: 8_080,
        source: Some(address("10.0.0.254")),
        source_port: None,
        interface: None,
        timeout: Micros::from_secs(5),
        mark: 7,
    }
}

fn page() -> Url {
    Url {
        path: "/health".to_owned(),
        host: Some("www.example.com".to_owned()),
        status: vec![(200, 299)],
        regex: Some(BodyPattern {
            pattern: "ok".to_owned(),
            options: vec!["caseless".to_owned()],
            invert: false,
            min_offset: 0,
            max_offset: Some(100),
        }),
        digest: None,
        tls_compliant: false,
    }
}

fn checks() -> Vec<CheckConfig> {
    let tcp = CheckConfig {
        id: CheckId::new(0),
        check: Check {
            timing: timing(),
            probe: Probe::Tcp(endpoint()),
        },
        asks: true,
    };
    let page = CheckConfig {
        id: CheckId::new(300),
        check: Check {
            timing: timing(),
            probe: Probe::Http(HttpProbe {
                endpoint: endpoint(),
                tls: Some(TlsOptions {
                    sni: true,
                    sni_name: None,
                    verify: true,
                }),
                protocol: HttpVersion::V1_1,
                fast_recovery: true,
                urls: vec![page()],
            }),
        },
        asks: false,
    };
    vec![tcp, page]
}

pub(crate) fn servers() -> Vec<CheckedServer> {
    vec![CheckedServer {
        service: pools().swap_remove(0).service,
        address: address("10.0.0.1"),
        port: 80,
        weight: 2,
        only_with: Some(address("192.0.2.1")),
        checks: checks(),
    }]
}

pub(crate) fn pools() -> Vec<PoolConfig> {
    let member = PoolMember {
        address: address("10.0.0.1"),
        port: 80,
        weight: 2,
        forward: Forward::Tunnel(Tunnel::Gue {
            port: 6_080,
            checksum: TunnelChecksum::Remote,
        }),
        upper_threshold: 100,
        lower_threshold: 90,
        inhibit_on_failure: true,
        checks: vec![PoolCheck {
            id: CheckId::new(0),
            alpha: true,
        }],
    };
    let pool = PoolConfig {
        id: PoolId::new(0),
        service: Service::Address {
            address: address("192.0.2.1"),
            port: 80,
            protocol: Protocol::Tcp,
        },
        scheduler: Scheduler::Wrr,
        scheduler_flags: SchedulerFlags::default(),
        persistence: Some(Persistence {
            timeout_secs: 50,
            granularity: 24,
            engine: None,
        }),
        one_packet: false,
        ha_suspend: true,
        quorum: 2,
        hysteresis: 1,
        omega: true,
        sorry_server: Some(SorryServer {
            address: address("10.0.0.9"),
            port: 80,
            forward: Forward::Nat,
            inhibit: false,
        }),
        members: vec![member],
    };
    let group = PoolConfig {
        id: PoolId::new(1),
        service: Service::Group {
            name: "web".to_owned(),
            protocol: Protocol::Udp,
            members: vec![
                GroupMember::Addresses {
                    first: address("192.0.2.1"),
                    last: address("192.0.2.9"),
                    port: 53,
                },
                GroupMember::Mark {
                    mark: NonZeroU32::MIN,
                    family: Family::V6,
                },
            ],
        },
        ..pool.clone()
    };
    vec![pool, group]
}

pub(crate) fn verdicts() -> Vec<CheckVerdict> {
    vec![CheckVerdict {
        check: CheckId::new(300),
        up: false,
        weight: -5,
        detail: "HTTP_GET /health: status 503, wanted 200".to_owned(),
    }]
}

pub(crate) fn changes() -> [PoolChange; 2] {
    [
        PoolChange::Member {
            pool: PoolId::new(1),
            member: MemberId::new(2),
            up: false,
        },
        PoolChange::Quorum {
            pool: PoolId::new(1),
            up: true,
            detail: "quorum 2, alive 3".to_owned(),
        },
    ]
}

pub(crate) fn standings() -> Vec<PoolStanding> {
    vec![PoolStanding {
        pool: PoolId::new(300),
        quorum: Some(true),
        members: vec![(MemberId::new(1), false), (MemberId::new(2), true)],
    }]
}

pub(crate) fn any_standings() -> impl Strategy<Value = Vec<PoolStanding>> {
    let members = vec((any::<u32>().prop_map(MemberId::new), any::<bool>()), 0..5);
    let standing =
        (any::<u32>(), any::<Option<bool>>(), members).prop_map(|(pool, quorum, members)| {
            PoolStanding {
                pool: PoolId::new(pool),
                quorum,
                members,
            }
        });
    vec(standing, 0..3)
}

pub(crate) fn any_verdicts() -> impl Strategy<Value = Vec<CheckVerdict>> {
    let verdict = (any::<u32>(), any::<bool>(), any::<i32>(), ".{0,40}");
    vec(
        verdict.prop_map(|(check, up, weight, detail)| CheckVerdict {
            check: CheckId::new(check),
            up,
            weight,
            detail,
        }),
        0..4,
    )
}

pub(crate) fn any_pools() -> impl Strategy<Value = Vec<PoolConfig>> {
    let numbers = (any::<[u32; 3]>(), any::<[bool; 3]>(), 0_usize..2);
    vec(
        numbers.prop_map(|(numbers, flags, which)| {
            let [id, quorum, hysteresis] = numbers;
            let [one_packet, ha_suspend, omega] = flags;
            PoolConfig {
                id: PoolId::new(id),
                quorum,
                hysteresis,
                one_packet,
                ha_suspend,
                omega,
                ..pools().swap_remove(which)
            }
        }),
        0..3,
    )
}

pub(crate) fn any_servers() -> impl Strategy<Value = Vec<CheckedServer>> {
    let numbers = (any::<u32>(), any::<u16>(), any::<IpAddr>());
    vec(
        numbers.prop_map(|(weight, port, address)| CheckedServer {
            weight,
            port,
            address,
            ..servers().swap_remove(0)
        }),
        0..3,
    )
}

pub(crate) fn any_change() -> impl Strategy<Value = PoolChange> {
    let numbers = (any::<u32>(), any::<u32>(), any::<bool>());
    prop_oneof![
        numbers.prop_map(|(pool, member, up)| PoolChange::Member {
            pool: PoolId::new(pool),
            member: MemberId::new(member),
            up,
        }),
        (any::<u32>(), any::<bool>(), ".{0,40}").prop_map(|(pool, up, detail)| {
            PoolChange::Quorum {
                pool: PoolId::new(pool),
                up,
                detail,
            }
        }),
    ]
}

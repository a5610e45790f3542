//! Any value of each type that goes over a socket.

use crate::balance::{any_change, any_kept, any_pools, any_servers, any_standings, any_verdicts};
use crate::opening::{any_reason, any_refusal, any_request, any_socket};
use holdfast_ipc::balance::CheckId;
use holdfast_ipc::config::model::{
    AdvertInterval, Auth, AuthKey, Broadcast, ChecksumForm, Family, GarpSettings, IfName,
    InitialState, InstanceName, Micros, Peer, Priority, ScriptAction, ScriptName, ShellWords,
    TlsFiles, TrackInterface, TrackScript, Transport, Version, VirtualAddress, VirtualRouter, Vrid,
    Weight,
};
use holdfast_ipc::config::{CheckerConfig, CheckerScript, Generation, VrrpConfig};
use holdfast_ipc::log::{Level, LogRecord};
use holdfast_ipc::message::{
    CheckerStart, CheckerToParent, Confinement, Hello, ParentToChecker, ParentToVrrp, Role,
    StartMode, VrrpStart, VrrpToParent,
};
use holdfast_ipc::state::{Cause, Checkpoint, ScriptState, StateChange, Verdict, VrrpState};
use holdfast_ipc::time::Monotonic;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::net::IpAddr;

fn text() -> impl Strategy<Value = String> {
    ".{0,40}"
}

fn if_name() -> impl Strategy<Value = IfName> {
    "[a-z][a-z0-9.-]{0,14}".prop_map(|name| IfName::try_from(name).unwrap())
}

fn instance_name() -> impl Strategy<Value = InstanceName> {
    "[A-Za-z0-9_ .é]{1,40}".prop_map(|name| InstanceName::try_from(name).unwrap())
}

fn script_name() -> impl Strategy<Value = ScriptName> {
    "[A-Za-z0-9_ .é]{1,40}".prop_map(|name| ScriptName::try_from(name).unwrap())
}

fn micros() -> impl Strategy<Value = Micros> {
    any::<u64>().prop_map(Micros::new)
}

fn monotonic() -> impl Strategy<Value = Monotonic> {
    any::<u64>().prop_map(Monotonic::from_micros)
}

fn generation() -> impl Strategy<Value = Generation> {
    any::<u64>().prop_map(Generation::new)
}

fn weight() -> impl Strategy<Value = Weight> {
    (-254_i16..=254).prop_map(|weight| Weight::try_from(weight).unwrap())
}

fn interval() -> impl Strategy<Value = AdvertInterval> {
    prop_oneof![
        1_u16..=4_095,
        (1_u16..=255).prop_map(|seconds| seconds * 100)
    ]
    .prop_map(|centis| AdvertInterval::try_from(centis).unwrap())
}

fn family() -> impl Strategy<Value = Family> {
    prop_oneof![Just(Family::V4), Just(Family::V6)]
}

fn vrrp_state() -> impl Strategy<Value = VrrpState> {
    prop_oneof![
        Just(VrrpState::Init),
        Just(VrrpState::Backup),
        Just(VrrpState::Master),
        Just(VrrpState::Fault),
    ]
}

fn auth() -> impl Strategy<Value = Auth> {
    let key = any::<[u8; 8]>().prop_map(|bytes| AuthKey::new(&bytes));
    prop_oneof![
        Just(Auth::None),
        key.clone().prop_map(Auth::Pass),
        key.prop_map(Auth::Ah),
    ]
}

fn peer() -> impl Strategy<Value = Peer> {
    let ttl = option::of(any::<u8>());
    (any::<IpAddr>(), ttl.clone(), ttl).prop_map(|(address, min_ttl, max_ttl)| Peer {
        address,
        min_ttl,
        max_ttl,
    })
}

fn transport() -> impl Strategy<Value = Transport> {
    let source = option::of(any::<IpAddr>());
    prop_oneof![
        (any::<IpAddr>(), source.clone())
            .prop_map(|(group, source)| Transport::Multicast { group, source }),
        (
            source,
            vec(peer(), 0..4),
            option::of(any::<u8>()),
            any::<bool>()
        )
            .prop_map(|(source, peers, ttl, check_source)| Transport::Unicast {
                source,
                peers,
                ttl,
                check_source,
            }),
    ]
}

fn garp() -> impl Strategy<Value = GarpSettings> {
    let times = (micros(), micros(), micros(), micros(), micros());
    (times, any::<[u32; 3]>()).prop_map(|(times, counts)| {
        let (master_delay, master_refresh, lower_prio_delay, interval, gna_interval) = times;
        let [master_repeat, master_refresh_repeat, lower_prio_repeat] = counts;
        GarpSettings {
            master_delay,
            master_repeat,
            master_refresh,
            master_refresh_repeat,
            lower_prio_delay,
            lower_prio_repeat,
            interval,
            gna_interval,
        }
    })
}

fn virtual_address() -> impl Strategy<Value = VirtualAddress> {
    let where_to = (any::<IpAddr>(), any::<u8>(), option::of(any::<IpAddr>()));
    let looks = (
        option::of(if_name()),
        any::<u8>(),
        option::of("[a-z0-9:]{1,15}"),
    );
    let broadcast = prop_oneof![
        Just(Broadcast::None),
        any::<[u8; 4]>().prop_map(|octets| Broadcast::Address(octets.into())),
    ];
    let flags = (any::<[bool; 7]>(), option::of(any::<u32>()));
    (where_to, looks, broadcast, flags).prop_map(|(where_to, looks, broadcast, flags)| {
        let (address, prefix, peer) = where_to;
        let (dev, scope, label) = looks;
        let (
            [
                nodad,
                home,
                mngtmpaddr,
                noprefixroute,
                autojoin,
                no_track,
                use_vmac,
            ],
            preferred_lft,
        ) = flags;
        VirtualAddress {
            address,
            prefix,
            peer,
            dev,
            scope,
            label,
            broadcast,
            nodad,
            home,
            mngtmpaddr,
            noprefixroute,
            autojoin,
            preferred_lft,
            no_track,
            use_vmac,
        }
    })
}

fn track_interface() -> impl Strategy<Value = TrackInterface> {
    (if_name(), weight(), any::<bool>()).prop_map(|(interface, weight, reverse)| TrackInterface {
        interface,
        weight,
        reverse,
    })
}

fn track_script() -> impl Strategy<Value = TrackScript> {
    (script_name(), weight(), any::<bool>()).prop_map(|(script, weight, reverse)| TrackScript {
        script,
        weight,
        reverse,
    })
}

fn router() -> impl Strategy<Value = VirtualRouter> {
    let identity = (
        instance_name(),
        1..=u8::MAX,
        option::of(if_name()),
        1..=u8::MAX,
    );
    let kind = (
        any::<[bool; 2]>(),
        family(),
        interval(),
        transport(),
        auth(),
    );
    let checksum = prop_oneof![
        Just(ChecksumForm::PseudoHeader),
        Just(ChecksumForm::MessageOnly),
        Just(ChecksumForm::OldUnicast),
    ];
    let timing = (checksum, micros(), any::<u8>(), garp());
    let flags = any::<[bool; 8]>();
    let lists = (
        vec(virtual_address(), 0..3),
        vec(virtual_address(), 0..2),
        vec(track_interface(), 0..2),
        vec(track_script(), 0..2),
    );
    (identity, kind, timing, flags, lists).prop_map(|(identity, kind, timing, flags, lists)| {
        let (name, vrid, interface, priority) = identity;
        let ([v2, master], family, advert_int, transport, auth) = kind;
        let (checksum, preempt_delay, down_timer_adverts, garp) = timing;
        let (addresses, excluded, track_interfaces, track_scripts) = lists;
        VirtualRouter {
            name,
            vrid: Vrid::try_from(vrid).unwrap(),
            version: if v2 { Version::V2 } else { Version::V3 },
            family,
            interface,
            initial_state: if master {
                InitialState::Master
            } else {
                InitialState::Backup
            },
            priority: Priority::try_from(priority).unwrap(),
            advert_int,
            transport,
            auth,
            checksum,
            nopreempt: flags[0],
            preempt_delay,
            down_timer_adverts,
            garp,
            lower_prio_no_advert: flags[1],
            higher_prio_send_advert: flags[2],
            owner_ignore_adverts: flags[3],
            skip_check_adv_addr: flags[4],
            track_src_ip: flags[5],
            dont_track_primary: flags[6],
            strict: flags[7],
            addresses,
            excluded,
            track_interfaces,
            track_scripts,
        }
    })
}

fn vrrp_config() -> impl Strategy<Value = VrrpConfig> {
    (vec(router(), 0..3), any::<[bool; 2]>()).prop_map(|(routers, flags)| VrrpConfig {
        routers,
        log_unknown_vrids: flags[0],
        log_detail: flags[1],
        lvs: crate::balance::lvs(),
        pools: 0,
    })
}

fn checker_script() -> impl Strategy<Value = CheckerScript> {
    let words = ("[^\0]{1,20}", vec("[^\0]{0,20}", 0..3)).prop_map(|(program, arguments)| {
        let words: Vec<_> = std::iter::once(program).chain(arguments).collect();
        ShellWords::try_from(words).unwrap()
    });
    let action = prop_oneof![
        words.prop_map(ScriptAction::Run),
        vec(text(), 0..3).prop_map(ScriptAction::ProcessExists),
    ];
    let times = (micros(), micros(), any::<u32>(), any::<u32>());
    (script_name(), action, times, any::<bool>()).prop_map(|(name, action, times, init_fail)| {
        let (interval, timeout, rise, fall) = times;
        CheckerScript {
            name,
            action,
            interval,
            timeout,
            rise,
            fall,
            init_fail,
        }
    })
}

fn checker_config() -> impl Strategy<Value = CheckerConfig> {
    (vec(checker_script(), 0..4), any::<bool>()).prop_map(|(scripts, script_security)| {
        CheckerConfig {
            scripts,
            script_security,
            servers: 0,
            tls: TlsFiles::default(),
        }
    })
}

fn verdict() -> impl Strategy<Value = Verdict> {
    let state = prop_oneof![Just(ScriptState::Ok), Just(ScriptState::Failed)];
    (script_name(), state, text()).prop_map(|(script, state, detail)| Verdict {
        script,
        state,
        detail,
    })
}

fn checkpoint() -> impl Strategy<Value = Checkpoint> {
    let heard = option::of((any::<IpAddr>(), any::<u8>()));
    let learned = (option::of(interval()), any::<u32>(), heard);
    (instance_name(), vrrp_state(), learned).prop_map(|(instance, state, learned)| {
        let (learned_interval, ah_sequence, master) = learned;
        Checkpoint {
            instance,
            state,
            learned_interval,
            ah_sequence,
            master,
        }
    })
}

fn cause() -> impl Strategy<Value = Cause> {
    let ip = any::<IpAddr>;
    prop_oneof![
        (ip(), text()).prop_map(|(address, reason)| Cause::AddressRefused { address, reason }),
        Just(Cause::ConfigurationChanged),
        Just(Cause::FaultCleared),
        (ip(), any::<u8>(), ip()).prop_map(|(from, priority, ours)| Cause::HigherAddress {
            from,
            priority,
            ours,
        }),
        (ip(), any::<[u8; 2]>()).prop_map(|(from, [theirs, ours])| Cause::HigherPriority {
            from,
            theirs,
            ours,
        }),
        if_name().prop_map(|interface| Cause::InterfaceDown { interface }),
        if_name().prop_map(|interface| Cause::InterfaceMissing { interface }),
        (ip(), any::<[u8; 2]>()).prop_map(|(from, [theirs, ours])| Cause::LowerPriority {
            from,
            theirs,
            ours,
        }),
        ip().prop_map(|from| Cause::MasterReleased { from }),
        (option::of(ip()), micros())
            .prop_map(|(last, waited)| Cause::MasterSilent { last, waited }),
        (if_name(), family())
            .prop_map(|(interface, family)| Cause::NoSourceAddress { interface, family }),
        micros().prop_map(|silent| Cause::OwnAdvertLate { silent }),
        Just(Cause::Owner),
        Just(Cause::Removed),
        Just(Cause::Resumed),
        (script_name(), text()).prop_map(|(script, detail)| Cause::ScriptFailed { script, detail }),
        script_name().prop_map(|script| Cause::ScriptUnknown { script }),
        ip().prop_map(|address| Cause::SourceAddressMissing { address }),
        Just(Cause::Startup),
        Just(Cause::Stopping),
        if_name().prop_map(|interface| Cause::TrackedInterfaceDown { interface }),
        ip().prop_map(|address| Cause::VirtualAddressFight { address }),
    ]
}

fn state_change() -> impl Strategy<Value = StateChange> {
    let states = (vrrp_state(), vrrp_state());
    (instance_name(), states, any::<u8>(), cause(), monotonic()).prop_map(
        |(instance, (from, to), priority, cause, at)| StateChange {
            instance,
            from,
            to,
            priority,
            cause,
            at,
        },
    )
}

fn hello() -> impl Strategy<Value = Hello> {
    let role = prop_oneof![Just(Role::Parent), Just(Role::Vrrp), Just(Role::Checker)];
    (role, any::<u32>(), text()).prop_map(|(role, protocol, version)| Hello {
        role,
        protocol,
        version,
    })
}

fn confinement() -> impl Strategy<Value = Confinement> {
    (any::<bool>(), text()).prop_map(|(seccomp, landlock)| Confinement { seccomp, landlock })
}

fn log() -> impl Strategy<Value = LogRecord> {
    let level = prop_oneof![
        Just(Level::Error),
        Just(Level::Warning),
        Just(Level::Notice),
        Just(Level::Info),
        Just(Level::Debug),
    ];
    (level, text()).prop_map(|(level, text)| LogRecord::new(level, text))
}

fn vrrp_start() -> impl Strategy<Value = VrrpStart> {
    let mode = prop_oneof![
        Just(StartMode::Fresh),
        Just(StartMode::Resume),
        Just(StartMode::Release),
    ];
    let memory = (
        vec(checkpoint(), 0..3),
        vec(verdict(), 0..3),
        option::of(monotonic()),
    );
    (generation(), vrrp_config(), mode, memory).prop_map(|(generation, config, mode, memory)| {
        let (checkpoints, verdicts, silent_since) = memory;
        VrrpStart {
            generation,
            config,
            mode,
            checkpoints,
            verdicts,
            silent_since,
        }
    })
}

/// Every variant.
pub(crate) fn parent_to_vrrp() -> impl Strategy<Value = ParentToVrrp> {
    prop_oneof![
        generation().prop_map(|generation| ParentToVrrp::Abort { generation }),
        generation().prop_map(|generation| ParentToVrrp::Commit { generation }),
        Just(ParentToVrrp::Go),
        hello().prop_map(ParentToVrrp::Hello),
        any::<u64>().prop_map(|sequence| ParentToVrrp::Ping { sequence }),
        (generation(), vrrp_config())
            .prop_map(|(generation, config)| ParentToVrrp::Prepare { generation, config }),
        vrrp_start().prop_map(ParentToVrrp::Start),
        Just(ParentToVrrp::Stop),
        (generation(), verdict()).prop_map(|(generation, verdict)| ParentToVrrp::Verdict {
            generation,
            verdict,
        }),
        (generation(), any_pools())
            .prop_map(|(generation, pools)| ParentToVrrp::Pools { generation, pools }),
        (generation(), generation(), any_kept()).prop_map(|(generation, running, kept)| {
            ParentToVrrp::KeptPools {
                generation,
                running,
                kept,
            }
        }),
        (generation(), any_standings()).prop_map(|(generation, standings)| {
            ParentToVrrp::Standings {
                generation,
                standings,
            }
        }),
        (generation(), any_verdicts()).prop_map(|(generation, verdicts)| {
            ParentToVrrp::CheckVerdicts {
                generation,
                verdicts,
            }
        }),
        (any_request(), any_socket(if_name()))
            .prop_map(|(request, socket)| ParentToVrrp::Open { request, socket }),
    ]
}

/// Every variant.
pub(crate) fn vrrp_to_parent() -> impl Strategy<Value = VrrpToParent> {
    prop_oneof![
        state_change().prop_map(VrrpToParent::Changed),
        checkpoint().prop_map(VrrpToParent::Checkpoint),
        generation().prop_map(|generation| VrrpToParent::Committed { generation }),
        confinement().prop_map(VrrpToParent::Confined),
        hello().prop_map(VrrpToParent::Hello),
        log().prop_map(VrrpToParent::Log),
        any::<u64>().prop_map(|sequence| VrrpToParent::Pong { sequence }),
        (instance_name(), any::<u8>())
            .prop_map(|(instance, priority)| VrrpToParent::Priority { instance, priority }),
        generation().prop_map(|generation| VrrpToParent::Prepared { generation }),
        generation().prop_map(|generation| VrrpToParent::Ready { generation }),
        (generation(), text())
            .prop_map(|(generation, reason)| VrrpToParent::Refused { generation, reason }),
        Just(VrrpToParent::Stopped),
        (any::<IpAddr>(), any::<bool>())
            .prop_map(|(address, held)| VrrpToParent::Held { address, held }),
        (generation(), any_change())
            .prop_map(|(generation, change)| VrrpToParent::PoolChanged { generation, change }),
        (
            any_request(),
            proptest::result::maybe_ok(Just(()), any_refusal())
        )
            .prop_map(|(request, opened)| VrrpToParent::Opened { request, opened }),
    ]
}

/// Every variant.
pub(crate) fn parent_to_checker() -> impl Strategy<Value = ParentToChecker> {
    let start = (
        generation(),
        checker_config(),
        any::<bool>(),
        vec(verdict(), 0..3),
    )
        .prop_map(|(generation, config, fresh, verdicts)| CheckerStart {
            generation,
            config,
            fresh,
            verdicts,
        });
    prop_oneof![
        generation().prop_map(|generation| ParentToChecker::Abort { generation }),
        generation().prop_map(|generation| ParentToChecker::Commit { generation }),
        Just(ParentToChecker::Go),
        hello().prop_map(ParentToChecker::Hello),
        any::<u64>().prop_map(|sequence| ParentToChecker::Ping { sequence }),
        (generation(), checker_config())
            .prop_map(|(generation, config)| ParentToChecker::Prepare { generation, config }),
        start.prop_map(ParentToChecker::Start),
        Just(ParentToChecker::Stop),
        (generation(), any_servers()).prop_map(|(generation, servers)| ParentToChecker::Servers {
            generation,
            servers
        }),
        (generation(), generation(), any_kept()).prop_map(|(generation, running, kept)| {
            ParentToChecker::KeptServers {
                generation,
                running,
                kept,
            }
        }),
        (generation(), any_verdicts()).prop_map(|(generation, verdicts)| {
            ParentToChecker::CheckVerdicts {
                generation,
                verdicts,
            }
        }),
        (any::<IpAddr>(), any::<bool>())
            .prop_map(|(address, held)| ParentToChecker::Held { address, held }),
        (
            any_request(),
            proptest::result::maybe_ok(Just(()), any_reason())
        )
            .prop_map(|(request, opened)| ParentToChecker::Opened { request, opened }),
    ]
}

/// Every variant.
pub(crate) fn checker_to_parent() -> impl Strategy<Value = CheckerToParent> {
    prop_oneof![
        generation().prop_map(|generation| CheckerToParent::Committed { generation }),
        confinement().prop_map(CheckerToParent::Confined),
        hello().prop_map(CheckerToParent::Hello),
        log().prop_map(CheckerToParent::Log),
        any::<u64>().prop_map(|sequence| CheckerToParent::Pong { sequence }),
        generation().prop_map(|generation| CheckerToParent::Prepared { generation }),
        generation().prop_map(|generation| CheckerToParent::Ready { generation }),
        (generation(), text())
            .prop_map(|(generation, reason)| CheckerToParent::Refused { generation, reason }),
        Just(CheckerToParent::Stopped),
        (generation(), any_verdicts()).prop_map(|(generation, verdicts)| {
            CheckerToParent::CheckVerdicts {
                generation,
                verdicts,
            }
        }),
        (generation(), verdict()).prop_map(|(generation, verdict)| CheckerToParent::Verdict {
            generation,
            verdict,
        }),
        (generation(), any::<u32>(), any_request()).prop_map(|(generation, check, request)| {
            CheckerToParent::Open {
                generation,
                check: CheckId::new(check),
                request,
            }
        }),
    ]
}

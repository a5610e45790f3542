//! Fixed messages, at least one of each variant, whose bytes are on record.

use holdfast_ipc::balance::CheckId;
use holdfast_ipc::config::model::{
    AdvertInterval, Auth, AuthKey, Broadcast, ChecksumForm, Family, GarpSettings, IfName,
    InitialState, InstanceName, Micros, Passphrase, Peer, Priority, ScriptAction, ScriptName,
    ShellWords, TlsFiles, TrackInterface, TrackScript, Transport, Version, VirtualAddress,
    VirtualRouter, Vrid, Weight,
};
use holdfast_ipc::config::{CheckerConfig, CheckerScript, Generation, VrrpConfig};
use holdfast_ipc::log::{Level, LogRecord};
use holdfast_ipc::message::{
    CheckerStart, CheckerToParent, Confinement, Hello, ParentToChecker, ParentToVrrp, Role,
    StartMode, VrrpStart, VrrpToParent,
};
use holdfast_ipc::opening::{CheckSocket, NotOpened, OpenStep, Refusal, Request, SocketKind};
use holdfast_ipc::state::{Cause, Checkpoint, ScriptState, StateChange, Verdict, VrrpState};
use holdfast_ipc::time::Monotonic;
use std::net::{IpAddr, Ipv4Addr};

const GENERATION: Generation = Generation::new(7);
const SEQUENCE: u64 = 1_000;
const REQUEST: Request = Request::new(300);

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn if_name(name: &str) -> IfName {
    IfName::try_from(name).unwrap()
}

fn instance() -> InstanceName {
    InstanceName::try_from("VI_1").unwrap()
}

fn script() -> ScriptName {
    ScriptName::try_from("chk_nginx").unwrap()
}

fn weight(weight: i16) -> Weight {
    Weight::try_from(weight).unwrap()
}

fn hello(role: Role) -> Hello {
    Hello {
        role,
        protocol: 1,
        version: "0.1.0".to_owned(),
    }
}

fn plain(text: &str) -> VirtualAddress {
    VirtualAddress {
        address: address(text),
        prefix: 24,
        peer: None,
        dev: None,
        scope: 0,
        label: None,
        broadcast: Broadcast::None,
        nodad: true,
        home: false,
        mngtmpaddr: false,
        noprefixroute: false,
        autojoin: false,
        preferred_lft: None,
        no_track: false,
        use_vmac: false,
    }
}

fn garp() -> GarpSettings {
    GarpSettings {
        master_delay: Micros::from_secs(5),
        master_repeat: 5,
        master_refresh: Micros::ZERO,
        master_refresh_repeat: 1,
        lower_prio_delay: Micros::from_secs(5),
        lower_prio_repeat: 5,
        interval: Micros::from_millis(2),
        gna_interval: Micros::new(1),
    }
}

/// Version 2, multicast, authentication header.
fn multicast_router() -> VirtualRouter {
    VirtualRouter {
        name: instance(),
        vrid: Vrid::try_from(51).unwrap(),
        version: Version::V2,
        family: Family::V4,
        interface: Some(if_name("eth0")),
        initial_state: InitialState::Master,
        priority: Priority::try_from(150).unwrap(),
        advert_int: AdvertInterval::DEFAULT,
        transport: Transport::Multicast {
            group: address("224.0.0.18"),
            source: None,
        },
        auth: Auth::Ah(AuthKey::new(b"s3cretpw")),
        checksum: ChecksumForm::PseudoHeader,
        nopreempt: false,
        preempt_delay: Micros::from_secs(30),
        down_timer_adverts: 3,
        garp: garp(),
        lower_prio_no_advert: false,
        higher_prio_send_advert: true,
        owner_ignore_adverts: false,
        skip_check_adv_addr: true,
        track_src_ip: false,
        dont_track_primary: true,
        strict: false,
        addresses: vec![plain("192.0.2.100")],
        excluded: vec![],
        track_interfaces: vec![TrackInterface {
            interface: if_name("eth1"),
            weight: weight(-20),
            reverse: false,
        }],
        track_scripts: vec![TrackScript {
            script: script(),
            weight: weight(0),
            reverse: true,
        }],
    }
}

/// Version 3, unicast, IPv6.
fn unicast_router() -> VirtualRouter {
    VirtualRouter {
        name: InstanceName::try_from("VI 6").unwrap(),
        version: Version::V3,
        family: Family::V6,
        interface: None,
        initial_state: InitialState::Backup,
        advert_int: AdvertInterval::new(Version::V3, 4_095).unwrap(),
        transport: Transport::Unicast {
            source: Some(address("2001:db8::1")),
            peers: vec![Peer {
                address: address("2001:db8::2"),
                min_ttl: Some(60),
                max_ttl: None,
            }],
            ttl: Some(64),
            check_source: true,
        },
        auth: Auth::None,
        checksum: ChecksumForm::OldUnicast,
        addresses: vec![plain("fe80::100")],
        excluded: vec![VirtualAddress {
            peer: Some(address("198.51.100.1")),
            dev: Some(if_name("eth2")),
            scope: 253,
            label: Some("eth2:1".to_owned()),
            broadcast: Broadcast::Address(Ipv4Addr::new(192, 0, 2, 255)),
            preferred_lft: Some(0),
            ..plain("192.0.2.101")
        }],
        ..multicast_router()
    }
}

fn password_router() -> VirtualRouter {
    VirtualRouter {
        auth: Auth::Pass(AuthKey::new(b"abc")),
        checksum: ChecksumForm::MessageOnly,
        ..multicast_router()
    }
}

fn vrrp_config() -> VrrpConfig {
    VrrpConfig {
        routers: vec![multicast_router(), unicast_router(), password_router()],
        log_unknown_vrids: true,
        log_detail: false,
        lvs: crate::balance::lvs(),
        pools: 2,
    }
}

fn checker_config() -> CheckerConfig {
    let words = ["/usr/bin/pgrep", "-x", "nginx"].map(str::to_owned);
    let run = CheckerScript {
        name: script(),
        action: ScriptAction::Run(ShellWords::try_from(words.to_vec()).unwrap()),
        interval: Micros::from_secs(2),
        timeout: Micros::from_millis(1_500),
        rise: 2,
        fall: 3,
        init_fail: true,
    };
    let look = CheckerScript {
        action: ScriptAction::ProcessExists(vec!["nginx".to_owned()]),
        ..run.clone()
    };
    CheckerConfig {
        scripts: vec![run, look],
        script_security: true,
        servers: 2,
        tls: TlsFiles {
            password: Some(Passphrase("open sesame".to_owned())),
            ca: Some("/etc/pki/ca.pem".to_owned()),
            certificate: Some("/etc/pki/own.pem".to_owned()),
            key: Some("/etc/pki/own.key".to_owned()),
        },
    }
}

fn verdict(state: ScriptState) -> Verdict {
    Verdict {
        script: script(),
        state,
        detail: "exit 2 after 12 ms".to_owned(),
    }
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        instance: instance(),
        state: VrrpState::Master,
        learned_interval: Some(AdvertInterval::new(Version::V3, 50).unwrap()),
        ah_sequence: 0x0001_0000,
        master: Some((address("192.0.2.2"), 200)),
    }
}

fn start(mode: StartMode) -> ParentToVrrp {
    ParentToVrrp::Start(VrrpStart {
        generation: GENERATION,
        config: vrrp_config(),
        mode,
        checkpoints: vec![checkpoint()],
        verdicts: vec![verdict(ScriptState::Ok)],
        silent_since: Some(Monotonic::from_micros(3_600_000_000)),
    })
}

/// Every cause once.
pub(crate) fn causes() -> Vec<Cause> {
    let from = address("192.0.2.2");
    let interface = if_name("eth0");
    let (theirs, ours) = (200, 150);
    vec![
        Cause::AddressRefused {
            address: from,
            reason: "Permission denied".to_owned(),
        },
        Cause::ConfigurationChanged,
        Cause::FaultCleared,
        Cause::HigherAddress {
            from,
            priority: ours,
            ours: address("192.0.2.1"),
        },
        Cause::HigherPriority { from, theirs, ours },
        Cause::InterfaceDown {
            interface: interface.clone(),
        },
        Cause::InterfaceMissing {
            interface: interface.clone(),
        },
        Cause::LowerPriority { from, theirs, ours },
        Cause::MasterReleased { from },
        Cause::MasterSilent {
            last: Some(from),
            waited: Micros::new(3_414_062),
        },
        Cause::NoSourceAddress {
            interface: interface.clone(),
            family: Family::V6,
        },
        Cause::OwnAdvertLate {
            silent: Micros::from_secs(60),
        },
        Cause::Owner,
        Cause::Removed,
        Cause::Resumed,
        Cause::ScriptFailed {
            script: script(),
            detail: "exit 1".to_owned(),
        },
        Cause::ScriptUnknown { script: script() },
        Cause::SourceAddressMissing {
            address: address("fe80::1"),
        },
        Cause::Startup,
        Cause::Stopping,
        Cause::TrackedInterfaceDown { interface },
        Cause::VirtualAddressFight { address: from },
    ]
}

fn changed(cause: Cause) -> VrrpToParent {
    VrrpToParent::Changed(StateChange {
        instance: instance(),
        from: VrrpState::Backup,
        to: VrrpState::Fault,
        priority: 150,
        cause,
        at: Monotonic::from_micros(1),
    })
}

pub(crate) fn parent_to_vrrp() -> Vec<ParentToVrrp> {
    vec![
        ParentToVrrp::Abort {
            generation: GENERATION,
        },
        ParentToVrrp::Commit {
            generation: GENERATION,
        },
        ParentToVrrp::Go,
        ParentToVrrp::Hello(hello(Role::Parent)),
        ParentToVrrp::Ping { sequence: SEQUENCE },
        ParentToVrrp::Prepare {
            generation: GENERATION,
            config: vrrp_config(),
        },
        start(StartMode::Fresh),
        start(StartMode::Resume),
        start(StartMode::Release),
        ParentToVrrp::Stop,
        ParentToVrrp::Verdict {
            generation: GENERATION,
            verdict: verdict(ScriptState::Failed),
        },
        ParentToVrrp::Pools {
            generation: GENERATION,
            pools: crate::balance::pools(),
        },
        ParentToVrrp::KeptPools {
            generation: GENERATION,
            running: Generation::new(6),
            kept: crate::balance::KEPT,
        },
        ParentToVrrp::Standings {
            generation: GENERATION,
            standings: crate::balance::standings(),
        },
        ParentToVrrp::CheckVerdicts {
            generation: GENERATION,
            verdicts: crate::balance::verdicts(),
        },
        ParentToVrrp::Open {
            request: REQUEST,
            socket: CheckSocket {
                kind: SocketKind::Ping,
                family: Family::V6,
                mark: 7,
                interface: Some(if_name("eth0")),
            },
        },
    ]
}

/// Why there is no socket.
pub(crate) const REFUSAL: Refusal = Refusal {
    step: OpenStep::SourcePort,
    errno: 13,
};

pub(crate) fn vrrp_to_parent() -> Vec<VrrpToParent> {
    let mut messages: Vec<_> = causes().into_iter().map(changed).collect();
    messages.extend(
        crate::balance::changes().map(|change| VrrpToParent::PoolChanged {
            generation: GENERATION,
            change,
        }),
    );
    messages.extend([
        VrrpToParent::Priority {
            instance: instance(),
            priority: 90,
        },
        VrrpToParent::Held {
            address: address("192.0.2.1"),
            held: true,
        },
        VrrpToParent::Checkpoint(checkpoint()),
        VrrpToParent::Committed {
            generation: GENERATION,
        },
        VrrpToParent::Confined(Confinement {
            seccomp: true,
            landlock: "fully enforced, ABI 7".to_owned(),
        }),
        VrrpToParent::Hello(hello(Role::Vrrp)),
        VrrpToParent::Log(LogRecord::new(
            Level::Notice,
            "(VI_1) Entering MASTER STATE",
        )),
        VrrpToParent::Pong { sequence: SEQUENCE },
        VrrpToParent::Prepared {
            generation: GENERATION,
        },
        VrrpToParent::Ready {
            generation: GENERATION,
        },
        VrrpToParent::Refused {
            generation: GENERATION,
            reason: "(VI_1) interface eth9 does not exist".to_owned(),
        },
        VrrpToParent::Stopped,
        VrrpToParent::Opened {
            request: REQUEST,
            opened: Ok(()),
        },
        VrrpToParent::Opened {
            request: REQUEST,
            opened: Err(REFUSAL),
        },
    ]);
    messages
}

pub(crate) fn parent_to_checker() -> Vec<ParentToChecker> {
    vec![
        ParentToChecker::Abort {
            generation: GENERATION,
        },
        ParentToChecker::Commit {
            generation: GENERATION,
        },
        ParentToChecker::Go,
        ParentToChecker::Hello(hello(Role::Parent)),
        ParentToChecker::Ping { sequence: SEQUENCE },
        ParentToChecker::Prepare {
            generation: GENERATION,
            config: checker_config(),
        },
        ParentToChecker::Start(CheckerStart {
            generation: GENERATION,
            config: checker_config(),
            fresh: true,
            verdicts: vec![verdict(ScriptState::Failed)],
        }),
        ParentToChecker::Stop,
        ParentToChecker::Servers {
            generation: GENERATION,
            servers: crate::balance::servers(),
        },
        ParentToChecker::KeptServers {
            generation: GENERATION,
            running: Generation::new(6),
            kept: crate::balance::KEPT,
        },
        ParentToChecker::CheckVerdicts {
            generation: GENERATION,
            verdicts: crate::balance::verdicts(),
        },
        ParentToChecker::Held {
            address: address("192.0.2.1"),
            held: false,
        },
        ParentToChecker::Opened {
            request: REQUEST,
            opened: Ok(()),
        },
        ParentToChecker::Opened {
            request: REQUEST,
            opened: Err(NotOpened::Refused(REFUSAL)),
        },
        ParentToChecker::Opened {
            request: REQUEST,
            opened: Err(NotOpened::NotTried("the VRRP child died".to_owned())),
        },
    ]
}

pub(crate) fn checker_to_parent() -> Vec<CheckerToParent> {
    vec![
        CheckerToParent::Committed {
            generation: GENERATION,
        },
        CheckerToParent::Confined(Confinement {
            seccomp: false,
            landlock: "not in this kernel".to_owned(),
        }),
        CheckerToParent::Hello(hello(Role::Checker)),
        CheckerToParent::Log(LogRecord::new(Level::Error, "chk_nginx: cannot run")),
        CheckerToParent::Pong { sequence: SEQUENCE },
        CheckerToParent::Prepared {
            generation: GENERATION,
        },
        CheckerToParent::Ready {
            generation: GENERATION,
        },
        CheckerToParent::Refused {
            generation: GENERATION,
            reason: "no such program".to_owned(),
        },
        CheckerToParent::Stopped,
        CheckerToParent::Verdict {
            generation: GENERATION,
            verdict: verdict(ScriptState::Ok),
        },
        CheckerToParent::CheckVerdicts {
            generation: GENERATION,
            verdicts: crate::balance::verdicts(),
        },
        CheckerToParent::Open {
            generation: GENERATION,
            check: CheckId::new(300),
            request: REQUEST,
        },
    ]
}

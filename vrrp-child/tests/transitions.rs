//! Every state with every kind of event, and everything that follows, in its order.

#![expect(clippy::unwrap_used, reason = "a failed assertion is the result")]

#[path = "transitions/expected.rs"]
mod expected;
mod sim;

use expected::{add_change, checkpoint, expected, notice, report};
use holdfast_ipc::config::VrrpConfig;
use holdfast_ipc::config::model::{Micros, VirtualRouter};
use holdfast_ipc::state::{Cause, VrrpState};
use holdfast_vrrp::action::Action;
use holdfast_vrrp::event::{AddressResult, Event, Link, MacAddress};
use sim::bench::{Bench, Heard, START, fresh, heard};
use sim::build::{ETH0, VIP, config, failing, ip, kernel, link, present, router, track};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Waits for the first result of its script.
    Init,
    Backup,
    Master,
    /// Its script fails.
    Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    AdvertHigher,
    AdvertEqualFromHigherAddress,
    AdvertEqualFromLowerAddress,
    AdvertLower,
    AdvertRelease,
    AdvertRejected,
    AdvertOfUnknownVrid,
    AddressesDone,
    AddressesRefused,
    VirtualAddressPresent,
    VirtualAddressGone,
    OtherAddressPresent,
    OtherAddressGone,
    SourceGone,
    LinkUnchanged,
    LinkWithNewMac,
    LinkDown,
    LinkGone,
    ReconfigureSame,
    ReconfigurePriority,
    ReconfigureRemoved,
    ResyncSame,
    ResyncWithoutVirtualAddress,
    ResyncWithoutSource,
    SendFailed,
    Stop,
    TimerDue,
    TimerEarly,
    VerdictOk,
    VerdictFailed,
    VerdictOfOtherScript,
}

const STATES: [State; 4] = [State::Init, State::Backup, State::Master, State::Fault];

const KINDS: [Kind; 31] = [
    Kind::AdvertHigher,
    Kind::AdvertEqualFromHigherAddress,
    Kind::AdvertEqualFromLowerAddress,
    Kind::AdvertLower,
    Kind::AdvertRelease,
    Kind::AdvertRejected,
    Kind::AdvertOfUnknownVrid,
    Kind::AddressesDone,
    Kind::AddressesRefused,
    Kind::VirtualAddressPresent,
    Kind::VirtualAddressGone,
    Kind::OtherAddressPresent,
    Kind::OtherAddressGone,
    Kind::SourceGone,
    Kind::LinkUnchanged,
    Kind::LinkWithNewMac,
    Kind::LinkDown,
    Kind::LinkGone,
    Kind::ReconfigureSame,
    Kind::ReconfigurePriority,
    Kind::ReconfigureRemoved,
    Kind::ResyncSame,
    Kind::ResyncWithoutVirtualAddress,
    Kind::ResyncWithoutSource,
    Kind::SendFailed,
    Kind::Stop,
    Kind::TimerDue,
    Kind::TimerEarly,
    Kind::VerdictOk,
    Kind::VerdictFailed,
    Kind::VerdictOfOtherScript,
];

/// Fails to compile when an event is added that the table does not know.
fn kinds_of(event: &Event<'_>) -> &'static [Kind] {
    match event {
        Event::Advert(_) => &[
            Kind::AdvertHigher,
            Kind::AdvertEqualFromHigherAddress,
            Kind::AdvertEqualFromLowerAddress,
            Kind::AdvertLower,
            Kind::AdvertRelease,
            Kind::AdvertRejected,
            Kind::AdvertOfUnknownVrid,
        ],
        Event::AddressesDone(_) => &[Kind::AddressesDone, Kind::AddressesRefused],
        Event::AddressPresent(_) => &[Kind::VirtualAddressPresent, Kind::OtherAddressPresent],
        Event::AddressGone { .. } => &[
            Kind::VirtualAddressGone,
            Kind::OtherAddressGone,
            Kind::SourceGone,
        ],
        Event::LinkPresent(_) => &[Kind::LinkUnchanged, Kind::LinkWithNewMac, Kind::LinkDown],
        Event::LinkGone(_) => &[Kind::LinkGone],
        Event::Reconfigure(_) => &[
            Kind::ReconfigureSame,
            Kind::ReconfigurePriority,
            Kind::ReconfigureRemoved,
        ],
        Event::Resync(_) => &[
            Kind::ResyncSame,
            Kind::ResyncWithoutVirtualAddress,
            Kind::ResyncWithoutSource,
        ],
        Event::SendFailed { .. } => &[Kind::SendFailed],
        Event::Stop => &[Kind::Stop],
        Event::TimerDue => &[Kind::TimerDue, Kind::TimerEarly],
        Event::Verdict(_) => &[
            Kind::VerdictOk,
            Kind::VerdictFailed,
            Kind::VerdictOfOtherScript,
        ],
    }
}

/// The router is 192.0.2.5.
const OURS: &str = "192.0.2.5";
const HIGHER_ADDRESS: &str = "192.0.2.9";
const LOWER_ADDRESS: &str = "192.0.2.2";
/// Time between the state's beginning and the event.
const LATER: Micros = Micros::from_millis(300);

fn subject() -> VirtualRouter {
    let mut router = router(100);
    router.track_scripts = vec![track("chk", 0)];
    router
}

fn machine() -> holdfast_vrrp::event::KernelState {
    let mut kernel = kernel(5);
    kernel.addresses.push(present(ETH0, ip("198.51.100.1"), 24));
    kernel
}

fn enter(state: State) -> Bench {
    let mut start = fresh(config(subject()));
    start.verdicts = match state {
        State::Init => Vec::new(),
        State::Backup | State::Master => vec![failing("chk", false)],
        State::Fault => vec![failing("chk", true)],
    };
    let mut bench = Bench::with(start, machine());
    if state == State::Master {
        bench.now = bench.engine.next_deadline().unwrap();
        bench.event(Event::TimerDue);
        bench.event(Event::AddressPresent(present(ETH0, ip(VIP), 32)));
    }
    bench.now = bench.now.after(LATER);
    bench.take();
    bench
}

fn cause_event(bench: &mut Bench, kind: Kind) {
    match kind {
        Kind::AdvertHigher => hear(bench, heard(150, LOWER_ADDRESS)),
        Kind::AdvertEqualFromHigherAddress => hear(bench, heard(100, HIGHER_ADDRESS)),
        Kind::AdvertEqualFromLowerAddress => hear(bench, heard(100, LOWER_ADDRESS)),
        Kind::AdvertLower => hear(bench, heard(50, HIGHER_ADDRESS)),
        Kind::AdvertRelease => hear(bench, heard(0, HIGHER_ADDRESS)),
        Kind::AdvertRejected => hear(
            bench,
            Heard {
                hop_limit: 254,
                ..heard(255, HIGHER_ADDRESS)
            },
        ),
        Kind::AdvertOfUnknownVrid => hear(
            bench,
            Heard {
                vrid: 52,
                ..heard(255, HIGHER_ADDRESS)
            },
        ),
        Kind::AddressesDone
        | Kind::AddressesRefused
        | Kind::VirtualAddressPresent
        | Kind::VirtualAddressGone
        | Kind::OtherAddressPresent
        | Kind::OtherAddressGone
        | Kind::SourceGone
        | Kind::LinkUnchanged
        | Kind::LinkWithNewMac
        | Kind::LinkDown
        | Kind::LinkGone
        | Kind::ReconfigureSame
        | Kind::ReconfigurePriority
        | Kind::ReconfigureRemoved
        | Kind::ResyncSame
        | Kind::ResyncWithoutVirtualAddress
        | Kind::ResyncWithoutSource
        | Kind::SendFailed
        | Kind::Stop
        | Kind::TimerDue
        | Kind::TimerEarly
        | Kind::VerdictOk
        | Kind::VerdictFailed
        | Kind::VerdictOfOtherScript => {
            if kind == Kind::TimerDue {
                bench.now = bench.engine.next_deadline().unwrap_or(bench.now);
            }
            let event = plain_event(kind);
            assert!(kinds_of(&event).contains(&kind));
            bench.event(event);
        }
    }
}

fn hear(bench: &mut Bench, heard: Heard<'_>) {
    bench.hear(heard);
}

fn plain_event(kind: Kind) -> Event<'static> {
    match kind {
        Kind::AdvertHigher
        | Kind::AdvertEqualFromHigherAddress
        | Kind::AdvertEqualFromLowerAddress
        | Kind::AdvertLower
        | Kind::AdvertRelease
        | Kind::AdvertRejected
        | Kind::AdvertOfUnknownVrid => Event::TimerDue,
        Kind::AddressesDone => done(None),
        Kind::AddressesRefused => done(Some("Permission denied")),
        Kind::VirtualAddressPresent => Event::AddressPresent(present(ETH0, ip(VIP), 32)),
        Kind::VirtualAddressGone => gone(VIP, 32),
        Kind::OtherAddressPresent => Event::AddressPresent(present(ETH0, ip("198.51.100.7"), 24)),
        Kind::OtherAddressGone => gone("198.51.100.1", 24),
        Kind::SourceGone => gone(OURS, 24),
        Kind::LinkUnchanged => Event::LinkPresent(link(ETH0, "eth0")),
        Kind::LinkWithNewMac => Event::LinkPresent(Link {
            mac: Some(MacAddress([2, 0, 0, 0, 0, 9])),
            ..link(ETH0, "eth0")
        }),
        Kind::LinkDown => Event::LinkPresent(Link {
            running: false,
            ..link(ETH0, "eth0")
        }),
        Kind::LinkGone => Event::LinkGone(ETH0),
        Kind::ReconfigureSame => Event::Reconfigure(config(subject())),
        Kind::ReconfigurePriority => {
            let mut router = subject();
            router.priority = sim::build::priority(120);
            Event::Reconfigure(config(router))
        }
        Kind::ReconfigureRemoved => Event::Reconfigure(VrrpConfig::default()),
        Kind::ResyncSame => {
            let mut kernel = machine();
            kernel.addresses.push(present(ETH0, ip(VIP), 32));
            Event::Resync(kernel)
        }
        Kind::ResyncWithoutVirtualAddress => Event::Resync(machine()),
        Kind::ResyncWithoutSource => {
            let mut kernel = machine();
            kernel.addresses.retain(|address| address.address.is_ipv6());
            Event::Resync(kernel)
        }
        Kind::SendFailed => Event::SendFailed {
            index: Some(ETH0),
            reason: "Network is unreachable".to_owned(),
        },
        Kind::Stop => Event::Stop,
        Kind::TimerDue | Kind::TimerEarly => Event::TimerDue,
        Kind::VerdictOk => Event::Verdict(failing("chk", false)),
        Kind::VerdictFailed => Event::Verdict(failing("chk", true)),
        Kind::VerdictOfOtherScript => Event::Verdict(failing("other", true)),
    }
}

fn done(refused: Option<&str>) -> Event<'static> {
    Event::AddressesDone(vec![AddressResult {
        change: add_change(),
        refused: refused.map(ToOwned::to_owned),
    }])
}

fn gone(address: &str, prefix: u8) -> Event<'static> {
    Event::AddressGone {
        index: ETH0,
        address: ip(address),
        prefix,
    }
}

#[test]
fn every_state_does_with_every_event_exactly_what_the_table_says() {
    let mut wrong = Vec::new();
    for state in STATES {
        for kind in KINDS {
            let mut bench = enter(state);
            cause_event(&mut bench, kind);
            let (found, expected) = (bench.take(), expected(state, kind, bench.now));
            if found != expected {
                wrong.push(format!(
                    "{state:?} x {kind:?}:\n  found    {found:#?}\n  expected {expected:#?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_first_start_asks_for_its_socket_and_begins_as_backup_9568_6_4_1_07() {
    let bench_actions = Bench::with(fresh(config(router(100))), machine()).take();
    let socket = holdfast_vrrp::action::SocketSpec {
        index: Some(ETH0),
        family: holdfast_ipc::config::model::Family::V4,
        protocol: holdfast_vrrp::action::IpProtocol::Vrrp,
        groups: vec![ip("224.0.0.18")],
    };
    assert_eq!(
        bench_actions,
        [
            Action::Sockets(vec![socket]),
            notice("Entering BACKUP STATE (init)"),
            checkpoint(VrrpState::Backup),
            report(VrrpState::Init, VrrpState::Backup, Cause::Startup, START),
        ]
    );
}

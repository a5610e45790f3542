//! What follows from each event in each state.

#![expect(clippy::unwrap_used, reason = "a failed assertion is the result")]

use crate::sim::build::{ETH0, VIP, ip, vip};
use crate::{HIGHER_ADDRESS, Kind, LOWER_ADDRESS, OURS, State};
use holdfast_ipc::config::model::{AdvertInterval, ChecksumForm, Micros, Version};
use holdfast_ipc::log::{Level, LogRecord};
use holdfast_ipc::state::{Cause, Checkpoint, StateChange, VrrpState};
use holdfast_ipc::time::Monotonic;
use holdfast_vrrp::action::{Action, AddressChange, Transmit};
use holdfast_vrrp::event::MacAddress;
use holdfast_vrrp::packet::{Outgoing, OutgoingAuth, arp, encode};
use std::net::IpAddr;

const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);

pub(crate) fn add_change() -> AddressChange {
    AddressChange::Add {
        index: ETH0,
        address: vip(VIP),
    }
}

fn add() -> Action {
    Action::Addresses(vec![add_change()])
}

fn remove() -> Action {
    Action::Addresses(vec![AddressChange::Remove {
        index: ETH0,
        address: vip(VIP),
    }])
}

/// An advert; the number counts the packets of this router.
fn advert(priority: u8, ip_id: u16) -> Action {
    let (source, destination) = (ip(OURS), ip("224.0.0.18"));
    Action::Send(Transmit {
        index: Some(ETH0),
        source,
        destination,
        hop_limit: 255,
        bytes: encode(&Outgoing {
            version: Version::V3,
            vrid: 51,
            priority,
            interval: AdvertInterval::DEFAULT,
            addresses: &[ip(VIP)],
            source,
            destination,
            hop_limit: 255,
            ip_id,
            auth: OutgoingAuth::None,
            checksum: ChecksumForm::PseudoHeader,
        }),
    })
}

fn garps(mac: MacAddress) -> Vec<Action> {
    let IpAddr::V4(address) = ip(VIP) else {
        return Vec::new();
    };
    let frame = Action::Frame {
        index: ETH0,
        bytes: arp::gratuitous(mac, address),
    };
    vec![frame; 5]
}

fn log(level: Level, text: &str) -> Action {
    Action::Log(LogRecord::new(level, format!("(VI_1) {text}")))
}

fn warning(text: &str) -> Action {
    log(Level::Warning, text)
}

pub(crate) fn notice(text: &str) -> Action {
    log(Level::Notice, text)
}

pub(crate) fn report(from: VrrpState, to: VrrpState, cause: Cause, at: Monotonic) -> Action {
    Action::Report(StateChange {
        instance: "VI_1".try_into().unwrap(),
        from,
        to,
        priority: 100,
        cause,
        at,
    })
}

pub(crate) fn checkpoint(state: VrrpState) -> Action {
    heard_checkpoint(state, None)
}

fn heard_checkpoint(state: VrrpState, master: Option<(&str, u8)>) -> Action {
    Action::Checkpoint(Checkpoint {
        instance: "VI_1".try_into().unwrap(),
        state,
        learned_interval: master.map(|_| AdvertInterval::DEFAULT),
        ah_sequence: 0,
        master: master.map(|(address, priority)| (ip(address), priority)),
    })
}

fn no_sockets() -> Action {
    Action::Sockets(Vec::new())
}

fn rejected() -> Vec<Action> {
    vec![warning(
        "ignored advert from 192.0.2.9: invalid TTL or hop limit 254",
    )]
}

fn new_source() -> Vec<Action> {
    vec![notice(
        "source address changed from 192.0.2.5 to 198.51.100.1",
    )]
}

fn new_priority() -> Vec<Action> {
    vec![
        notice("Changing effective priority from 100 to 120: the configuration changed"),
        Action::Priority {
            instance: "VI_1".try_into().unwrap(),
            priority: 120,
        },
    ]
}

fn send_failed() -> Vec<Action> {
    vec![Action::Log(LogRecord::new(
        Level::Error,
        "cannot send on eth0: Network is unreachable; peers that hear nothing will take over",
    ))]
}

fn interface_down() -> Cause {
    Cause::InterfaceDown {
        interface: "eth0".try_into().unwrap(),
    }
}

fn interface_gone() -> Cause {
    Cause::InterfaceMissing {
        interface: "eth0".try_into().unwrap(),
    }
}

fn no_source() -> Cause {
    Cause::NoSourceAddress {
        interface: "eth0".try_into().unwrap(),
        family: holdfast_ipc::config::model::Family::V4,
    }
}

fn script_failed() -> Cause {
    Cause::ScriptFailed {
        script: "chk".try_into().unwrap(),
        detail: "exit 1 after 3 ms".to_owned(),
    }
}

const DOWN_TEXT: &str = "interface eth0 down";
const GONE_TEXT: &str = "interface eth0 does not exist, waiting for it";
const SOURCE_TEXT: &str = "no IPv4 address for interface eth0";
const SCRIPT_TEXT: &str = "script chk failed: exit 1 after 3 ms";

/// Of a router that held nothing.
fn to_fault(from: VrrpState, how: &str, text: &str, cause: Cause, at: Monotonic) -> Vec<Action> {
    vec![
        warning(&format!("entering FAULT state ({text})")),
        notice(&format!("Entering FAULT STATE{how}")),
        checkpoint(VrrpState::Fault),
        report(from, VrrpState::Fault, cause, at),
    ]
}

/// The same when the interface is gone.
fn to_fault_without_interface(from: VrrpState, how: &str, at: Monotonic) -> Vec<Action> {
    let mut actions = to_fault(from, how, GONE_TEXT, interface_gone(), at);
    actions.insert(3, no_sockets());
    actions
}

pub(crate) fn expected(state: State, kind: Kind, at: Monotonic) -> Vec<Action> {
    match state {
        State::Init => expected_in_init(kind, at),
        State::Backup => expected_in_backup(kind, at),
        State::Master => expected_in_master(kind, at),
        State::Fault => expected_in_fault(kind, at),
    }
}

fn expected_in_init(kind: Kind, at: Monotonic) -> Vec<Action> {
    let fault = |text, cause| to_fault(VrrpState::Init, " (init)", text, cause, at);
    match kind {
        // Present if and only if MASTER (9568-6.4.2-05).
        Kind::VirtualAddressPresent => intruded(),
        Kind::ResyncSame => vec![remove()],
        // Before Startup adverts change nothing (9568-6.4.1-01).
        Kind::AdvertHigher
        | Kind::AdvertEqualFromHigherAddress
        | Kind::AdvertEqualFromLowerAddress
        | Kind::AdvertLower
        | Kind::AdvertRelease
        | Kind::AdvertRejected
        | Kind::AdvertOfUnknownVrid
        | Kind::AddressesDone
        | Kind::AddressesRefused
        | Kind::VirtualAddressGone
        | Kind::OtherAddressPresent
        | Kind::OtherAddressGone
        | Kind::LinkUnchanged
        | Kind::LinkWithNewMac
        | Kind::ReconfigureSame
        | Kind::ResyncWithoutVirtualAddress
        | Kind::TimerDue
        | Kind::TimerEarly
        | Kind::VerdictOfOtherScript => vec![],
        Kind::SourceGone => new_source(),
        Kind::LinkDown => fault(DOWN_TEXT, interface_down()),
        Kind::LinkGone => to_fault_without_interface(VrrpState::Init, " (init)", at),
        Kind::ReconfigurePriority => new_priority(),
        Kind::ReconfigureRemoved => vec![no_sockets(), Action::Forget("VI_1".try_into().unwrap())],
        Kind::ResyncWithoutSource => fault(SOURCE_TEXT, no_source()),
        Kind::SendFailed => send_failed(),
        Kind::Stop => vec![Action::Stopped],
        Kind::VerdictOk => vec![
            notice("Entering BACKUP STATE (init)"),
            checkpoint(VrrpState::Backup),
            report(VrrpState::Init, VrrpState::Backup, Cause::Startup, at),
        ],
        Kind::VerdictFailed => fault(SCRIPT_TEXT, script_failed()),
    }
}

fn intruded() -> Vec<Action> {
    vec![
        warning("somebody added 192.0.2.80/32 while this router is not MASTER: removing it"),
        remove(),
    ]
}

fn accepted(from: &str, priority: u8) -> Vec<Action> {
    vec![
        log(Level::Info, &format!("master set to {from}")),
        heard_checkpoint(VrrpState::Backup, Some((from, priority))),
    ]
}

fn expected_in_backup(kind: Kind, at: Monotonic) -> Vec<Action> {
    let fault = |text, cause| to_fault(VrrpState::Backup, "", text, cause, at);
    match kind {
        // Present if and only if MASTER (9568-6.4.2-05).
        Kind::VirtualAddressPresent => intruded(),
        Kind::ResyncSame => vec![remove()],
        // 9568-6.4.2-15..-18
        Kind::AdvertHigher => accepted(LOWER_ADDRESS, 150),
        Kind::AdvertEqualFromHigherAddress => accepted(HIGHER_ADDRESS, 100),
        Kind::AdvertEqualFromLowerAddress => accepted(LOWER_ADDRESS, 100),
        // 9568-6.4.2-19
        Kind::AdvertLower => vec![log(
            Level::Info,
            "received lower priority (50) advert from 192.0.2.9 - discarding",
        )],
        Kind::AdvertRejected => rejected(),
        // A release only sets the timer (9568-6.4.2-14).
        Kind::AdvertRelease
        | Kind::AdvertOfUnknownVrid
        | Kind::AddressesDone
        | Kind::AddressesRefused
        | Kind::VirtualAddressGone
        | Kind::OtherAddressPresent
        | Kind::OtherAddressGone
        | Kind::LinkUnchanged
        | Kind::LinkWithNewMac
        | Kind::ReconfigureSame
        | Kind::ResyncWithoutVirtualAddress
        | Kind::TimerEarly
        | Kind::VerdictOk
        | Kind::VerdictOfOtherScript => vec![],
        Kind::SourceGone => new_source(),
        Kind::LinkDown => fault(DOWN_TEXT, interface_down()),
        Kind::LinkGone => to_fault_without_interface(VrrpState::Backup, "", at),
        Kind::ReconfigurePriority => new_priority(),
        Kind::ReconfigureRemoved => vec![
            checkpoint(VrrpState::Init),
            no_sockets(),
            report(VrrpState::Backup, VrrpState::Init, Cause::Removed, at),
            Action::Forget("VI_1".try_into().unwrap()),
        ],
        Kind::ResyncWithoutSource => fault(SOURCE_TEXT, no_source()),
        Kind::SendFailed => send_failed(),
        // 9568-6.4.2-06, -07: no priority 0 from a BACKUP.
        Kind::Stop => vec![
            checkpoint(VrrpState::Init),
            report(VrrpState::Backup, VrrpState::Init, Cause::Stopping, at),
            Action::Stopped,
        ],
        // 9568-6.4.2-08..-13
        Kind::TimerDue => {
            let silent = Cause::MasterSilent {
                last: None,
                waited: Micros::new(3_609_375),
            };
            let mut actions = vec![advert(100, 1), add()];
            actions.extend(garps(MAC));
            actions.extend([
                notice("Entering MASTER STATE"),
                checkpoint(VrrpState::Master),
                report(VrrpState::Backup, VrrpState::Master, silent, at),
            ]);
            actions
        }
        Kind::VerdictFailed => fault(SCRIPT_TEXT, script_failed()),
    }
}

/// A MASTER gives up for a fault.
fn releases(text: &str, cause: Cause, at: Monotonic) -> Vec<Action> {
    vec![
        advert(0, 2),
        warning(&format!("entering FAULT state ({text})")),
        notice("Entering FAULT STATE"),
        checkpoint(VrrpState::Fault),
        remove(),
        report(VrrpState::Master, VrrpState::Fault, cause, at),
    ]
}

/// A MASTER yields to another one: no priority 0 (9568-6.4.3-23).
fn yields(lines: Vec<Action>, from: (&str, u8), cause: Cause, at: Monotonic) -> Vec<Action> {
    let mut actions = lines;
    actions.extend([
        notice("Entering BACKUP STATE"),
        heard_checkpoint(VrrpState::Backup, Some(from)),
        remove(),
        report(VrrpState::Master, VrrpState::Backup, cause, at),
    ]);
    actions
}

/// 9568-6.4.3-25
fn answers(line: &str) -> Vec<Action> {
    let mut actions = vec![notice(line), advert(100, 2)];
    actions.extend(garps(MAC));
    actions
}

fn restores() -> Vec<Action> {
    let mut actions = vec![
        warning("somebody removed 192.0.2.80/32: restoring it"),
        add(),
    ];
    actions.extend(garps(MAC));
    actions
}

fn expected_in_master(kind: Kind, at: Monotonic) -> Vec<Action> {
    match kind {
        Kind::AdvertHigher => yields(
            vec![
                notice("Received advert with higher priority 150, ours 100, from 192.0.2.2"),
                log(
                    Level::Info,
                    "Master received advert from 192.0.2.2 with higher priority 150, ours 100",
                ),
            ],
            (LOWER_ADDRESS, 150),
            Cause::HigherPriority {
                from: ip(LOWER_ADDRESS),
                theirs: 150,
                ours: 100,
            },
            at,
        ),
        Kind::AdvertEqualFromHigherAddress => yields(
            vec![notice(
                "Master received advert from 192.0.2.9 with same priority 100 but higher IP \
                 address than ours",
            )],
            (HIGHER_ADDRESS, 100),
            Cause::HigherAddress {
                from: ip(HIGHER_ADDRESS),
                priority: 100,
                ours: ip(OURS),
            },
            at,
        ),
        Kind::AdvertEqualFromLowerAddress => answers(
            "Received advert from 192.0.2.2 with same priority 100 but lower IP address than \
             ours, forcing new election",
        ),
        Kind::AdvertLower => answers(
            "Received advert from 192.0.2.9 with lower priority 50, ours 100, forcing new election",
        ),
        // 9568-6.4.3-15 and 9568-6.4.3-13
        Kind::AdvertRelease | Kind::TimerDue => vec![advert(100, 2)],
        Kind::AdvertRejected => rejected(),
        Kind::AdvertOfUnknownVrid
        | Kind::AddressesDone
        | Kind::AddressesRefused
        | Kind::VirtualAddressPresent
        | Kind::OtherAddressPresent
        | Kind::OtherAddressGone
        | Kind::LinkUnchanged
        | Kind::ReconfigureSame
        | Kind::ResyncSame
        | Kind::TimerEarly
        | Kind::VerdictOk
        | Kind::VerdictOfOtherScript => vec![],
        Kind::VirtualAddressGone | Kind::ResyncWithoutVirtualAddress => restores(),
        Kind::SourceGone => new_source(),
        Kind::LinkWithNewMac => garps(MacAddress([2, 0, 0, 0, 0, 9])),
        Kind::LinkDown => releases(DOWN_TEXT, interface_down(), at),
        // Nothing can leave, and the addresses went with the interface.
        Kind::LinkGone => to_fault_without_interface(VrrpState::Master, "", at),
        Kind::ReconfigurePriority => new_priority(),
        Kind::ReconfigureRemoved => vec![
            advert(0, 2),
            checkpoint(VrrpState::Init),
            no_sockets(),
            remove(),
            report(VrrpState::Master, VrrpState::Init, Cause::Removed, at),
            Action::Forget("VI_1".try_into().unwrap()),
        ],
        Kind::ResyncWithoutSource => releases(SOURCE_TEXT, no_source(), at),
        Kind::SendFailed => send_failed(),
        // 9568-6.4.3-10..-12
        Kind::Stop => vec![
            advert(0, 2),
            checkpoint(VrrpState::Init),
            remove(),
            report(VrrpState::Master, VrrpState::Init, Cause::Stopping, at),
            Action::Stopped,
        ],
        Kind::VerdictFailed => releases(SCRIPT_TEXT, script_failed(), at),
    }
}

fn still(text: &str) -> Vec<Action> {
    vec![notice(&format!("still in FAULT state ({text})"))]
}

fn expected_in_fault(kind: Kind, at: Monotonic) -> Vec<Action> {
    match kind {
        // Present if and only if MASTER (9568-6.4.2-05).
        Kind::VirtualAddressPresent => intruded(),
        Kind::ResyncSame => vec![remove()],
        Kind::AdvertHigher
        | Kind::AdvertEqualFromHigherAddress
        | Kind::AdvertEqualFromLowerAddress
        | Kind::AdvertLower
        | Kind::AdvertRelease
        | Kind::AdvertRejected
        | Kind::AdvertOfUnknownVrid
        | Kind::AddressesDone
        | Kind::AddressesRefused
        | Kind::VirtualAddressGone
        | Kind::OtherAddressPresent
        | Kind::OtherAddressGone
        | Kind::LinkUnchanged
        | Kind::LinkWithNewMac
        | Kind::ReconfigureSame
        | Kind::ResyncWithoutVirtualAddress
        | Kind::TimerDue
        | Kind::TimerEarly
        | Kind::VerdictFailed
        | Kind::VerdictOfOtherScript => vec![],
        Kind::SourceGone => new_source(),
        Kind::LinkDown => still(DOWN_TEXT),
        Kind::LinkGone => {
            let mut actions = still(GONE_TEXT);
            actions.push(no_sockets());
            actions
        }
        Kind::ReconfigurePriority => new_priority(),
        Kind::ReconfigureRemoved => vec![
            checkpoint(VrrpState::Init),
            no_sockets(),
            report(VrrpState::Fault, VrrpState::Init, Cause::Removed, at),
            Action::Forget("VI_1".try_into().unwrap()),
        ],
        Kind::ResyncWithoutSource => still(SOURCE_TEXT),
        Kind::SendFailed => send_failed(),
        Kind::Stop => vec![
            checkpoint(VrrpState::Init),
            report(VrrpState::Fault, VrrpState::Init, Cause::Stopping, at),
            Action::Stopped,
        ],
        Kind::VerdictOk => vec![
            notice("Entering BACKUP STATE"),
            checkpoint(VrrpState::Backup),
            report(VrrpState::Fault, VrrpState::Backup, Cause::FaultCleared, at),
        ],
    }
}

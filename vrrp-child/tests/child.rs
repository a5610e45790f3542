//! The whole child between a test that plays the parent and a cable where the test listens.

#[cfg(test)]
mod support;

use holdfast_ipc::config::Generation;
use holdfast_ipc::config::model::{
    AdvertInterval, Auth, AuthKey, Peer, Priority, Transport, Version, VirtualRouter,
};
use holdfast_ipc::log::{Level, LogRecord};
use holdfast_ipc::message::{Hello, ParentToVrrp, Role, StartMode, VrrpStart, VrrpToParent};
use holdfast_ipc::state::{Cause, VrrpState};
use nix::sys::signal::Signal;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};
use support::child::{Child, fresh, now};
use support::config::{config, router};
use support::peer;
use support::wire::{ETHERNET, Wire};
use support::{OURS, add_cable, has_address, in_namespace, ip, wait_until};

const VIP: &str = "192.0.2.100/24";
const VIP6: &str = "fe80::100/64";
const VIP_BYTES: [u8; 4] = [192, 0, 2, 100];
const INTERVAL: Duration = Duration::from_millis(100);
/// How late an advert may be on a machine that runs other tests as well.
const SLACK: Duration = Duration::from_millis(50);

/// A child that has become MASTER.
fn master(router: VirtualRouter) -> Child {
    let mut child = Child::run(fresh(config([router])));
    child.wait_for_state(VrrpState::Master);
    child
}

fn successor(child: &mut Child, router: VirtualRouter, mode: StartMode) -> VrrpStart {
    VrrpStart {
        mode,
        checkpoints: vec![child.checkpoint()],
        silent_since: Some(now()),
        ..fresh(config([router]))
    }
}

#[test]
fn alone_it_becomes_master_and_takes_the_address() {
    in_namespace(|| {
        let wire = Wire::open();
        let mut child = Child::run(fresh(config([router(&[VIP])])));
        let change = child.wait_for_state(VrrpState::Master);
        assert_eq!(change.from, VrrpState::Backup);
        wire.wait_for("advert", |frame| frame.priority() == Some(150));
        wire.wait_for("gratuitous ARP", |frame| frame.is_garp(VIP_BYTES));
        assert!(has_address(VIP));
    });
}

#[test]
fn over_ipv6_it_sends_neighbour_advertisements() {
    in_namespace(|| {
        let wire = Wire::open();
        let _child = master(router(&[VIP6, "2001:db8::100/64"]));
        let advert = wire.wait_for("advert", |frame| frame.priority() == Some(150));
        let (_, message) = advert.ipv6().unwrap();
        assert_eq!(message.len(), 8 + 2 * 16);
        // The hop limit is the kernel's work here (RFC 9568 section 5.1.2.3).
        assert_eq!(advert.bytes[ETHERNET + 7], 255);
        wire.wait_for("neighbour advertisement", |frame| {
            frame.is_neighbour_advertisement()
        });
        assert!(has_address(VIP6) && has_address("2001:db8::100/64"));
    });
}

#[test]
fn with_an_authentication_header_it_sends_and_hears_protocol_51() {
    in_namespace(|| {
        let key = AuthKey::new(b"secret");
        let router = VirtualRouter {
            version: Version::V2,
            advert_int: AdvertInterval::new(Version::V2, 100).unwrap(),
            auth: Auth::Ah(key),
            ..router(&[VIP])
        };
        let wire = Wire::open();
        let mut child = master(router);
        let advert = wire.wait_for("advert", |frame| frame.priority() == Some(150));
        assert_eq!(advert.ipv4().unwrap().0, 51);
        wire.send(&peer::authenticated(200, key, 1_000_000));
        let change = child.wait_for_state(VrrpState::Backup);
        let cause = Cause::HigherPriority {
            from: peer::PEER.parse().unwrap(),
            theirs: 200,
            ours: 150,
        };
        assert_eq!(change.cause, cause);
    });
}

#[test]
fn adverts_are_on_time() {
    in_namespace(|| {
        let wire = Wire::open();
        let _child = master(router(&[VIP]));
        let first = wire.wait_for("advert", |frame| frame.priority() == Some(150));
        for number in 1..=20_u32 {
            let advert = wire.wait_for("advert", |frame| frame.priority() == Some(150));
            let due = INTERVAL * number;
            let late = (advert.at - first.at).abs_diff(due);
            // Compared with the first: lateness must not add up.
            assert!(late < SLACK, "advert {number} is off by {late:?}");
        }
    });
}

#[test]
fn a_peer_of_higher_priority_gets_the_address() {
    in_namespace(|| {
        let wire = Wire::open();
        let mut child = master(router(&[VIP]));
        wire.send(&peer::advert(200));
        child.wait_for_state(VrrpState::Backup);
        wait_until("the address is gone", || !has_address(VIP));
    });
}

#[test]
fn a_flood_does_not_delay_adverts() {
    in_namespace(|| {
        let wire = Wire::open();
        let _child = master(router(&[VIP]));
        let mut forged = peer::advert(200);
        // The checksum is wrong now.
        *forged.last_mut().unwrap() ^= 1;
        let mut last = wire
            .wait_for("advert", |frame| frame.priority() == Some(150))
            .at;
        let end = Instant::now() + Duration::from_secs(2);
        while Instant::now() < end {
            for _ in 0..100 {
                wire.send(&forged);
            }
            while let Some(frame) = wire.next(Duration::ZERO) {
                if frame.priority() == Some(150) {
                    let gap = frame.at - last;
                    assert!(gap < INTERVAL + SLACK, "{gap:?} between two adverts");
                    last = frame.at;
                }
            }
        }
        assert!(has_address(VIP));
    });
}

#[test]
fn stop_sends_priority_0_and_removes_the_address() {
    in_namespace(|| {
        let wire = Wire::open();
        let mut child = master(router(&[VIP]));
        child.send(&ParentToVrrp::Stop);
        child.wait_for("Stopped", |message| {
            (*message == VrrpToParent::Stopped).then_some(())
        });
        assert!(child.wait().success());
        wire.wait_for("priority 0", |frame| frame.priority() == Some(0));
        assert!(!has_address(VIP));
    });
}

#[test]
fn the_end_of_the_parent_is_a_stop() {
    in_namespace(|| {
        let wire = Wire::open();
        let mut child = master(router(&[VIP]));
        child.hang_up();
        assert!(child.wait().success());
        wire.wait_for("priority 0", |frame| frame.priority() == Some(0));
        assert!(!has_address(VIP));
    });
}

#[test]
fn sigterm_is_a_stop_and_other_signals_are_not() {
    in_namespace(|| {
        let wire = Wire::open();
        let mut child = master(router(&[VIP]));
        for signal in [
            Signal::SIGINT,
            Signal::SIGHUP,
            Signal::SIGQUIT,
            Signal::SIGUSR1,
        ] {
            child.signal(signal);
        }
        child.send(&ParentToVrrp::Ping { sequence: 1 });
        child.wait_for("Pong", |message| {
            (*message == VrrpToParent::Pong { sequence: 1 }).then_some(())
        });
        child.signal(Signal::SIGTERM);
        assert!(child.wait().success());
        wire.wait_for("priority 0", |frame| frame.priority() == Some(0));
        assert!(!has_address(VIP));
    });
}

#[test]
fn a_fault_ends_it_at_once_and_the_address_stays() {
    in_namespace(|| {
        for signal in [Signal::SIGSEGV, Signal::SIGBUS] {
            let mut child = master(router(&[VIP]));
            child.signal(signal);
            assert_eq!(child.wait().signal(), Some(signal as i32));
            assert!(has_address(VIP));
        }
    });
}

#[test]
fn being_stopped_for_a_moment_does_not_end_it() {
    in_namespace(|| {
        let wire = Wire::open();
        let child = master(router(&[VIP]));
        child.signal(Signal::SIGSTOP);
        wait_until("stopped", || child.status("State").starts_with('T'));
        child.signal(Signal::SIGCONT);
        wire.forget();
        wire.wait_for("advert", |frame| frame.priority() == Some(150));
    });
}

#[test]
fn the_successor_of_a_killed_master_goes_on_as_master() {
    in_namespace(|| {
        let wire = Wire::open();
        let router = router(&[VIP]);
        let mut child = master(router.clone());
        let start = successor(&mut child, router, StartMode::Resume);
        let last = wire
            .wait_for("advert", |frame| frame.priority() == Some(150))
            .at;
        child.signal(Signal::SIGKILL);
        child.wait();
        assert!(has_address(VIP));
        let mut next = Child::run(start);
        let advert = wire.wait_for("advert", |frame| frame.priority().is_some());
        assert_eq!(advert.priority(), Some(150));
        let gap = advert.at - last;
        assert!(gap < INTERVAL + SLACK, "{gap:?} between two adverts");
        assert!(has_address(VIP));
        next.listen();
        let left = next.said.iter().any(|message| {
            matches!(message, VrrpToParent::Changed(change) if change.to != VrrpState::Master)
        });
        assert!(!left, "{:#?}", next.said);
    });
}

#[test]
fn a_release_gives_up_what_the_predecessors_left() {
    in_namespace(|| {
        let router = router(&[VIP]);
        let mut child = master(router.clone());
        let start = successor(&mut child, router, StartMode::Release);
        child.signal(Signal::SIGKILL);
        child.wait();
        let wire = Wire::open();
        let mut next = Child::run(start);
        next.wait_for("Stopped", |message| {
            (*message == VrrpToParent::Stopped).then_some(())
        });
        assert!(next.wait().success());
        wire.wait_for("priority 0", |frame| frame.priority() == Some(0));
        assert!(!has_address(VIP));
    });
}

#[test]
fn a_parent_that_dies_before_go_leaves_no_address_behind() {
    in_namespace(|| {
        let router = router(&[VIP]);
        let mut child = master(router.clone());
        let start = successor(&mut child, router, StartMode::Resume);
        child.signal(Signal::SIGKILL);
        child.wait();
        let mut next = Child::spawn();
        next.send(&ParentToVrrp::Start(start));
        let generation = Generation::new(1);
        assert_eq!(next.next(), VrrpToParent::Ready { generation });
        next.hang_up();
        assert!(next.wait().success());
        assert!(!has_address(VIP));
    });
}

#[test]
fn a_fresh_start_removes_what_was_left_over() {
    in_namespace(|| {
        ip(&format!("address add {VIP} dev {OURS}"));
        let slow = VirtualRouter {
            advert_int: AdvertInterval::new(Version::V3, 4000).unwrap(),
            ..router(&[VIP])
        };
        let mut child = Child::run(fresh(config([slow])));
        child.wait_for_state(VrrpState::Backup);
        wait_until("the address is gone", || !has_address(VIP));
    });
}

#[test]
fn a_link_that_goes_down_is_a_fault_until_it_is_up_again() {
    in_namespace(|| {
        let mut child = master(router(&[VIP]));
        ip("link set hf0 down");
        let change = child.wait_for_state(VrrpState::Fault);
        assert!(matches!(change.cause, Cause::InterfaceDown { .. }));
        ip("link set hf0 up");
        child.wait_for_state(VrrpState::Master);
        wait_until("the address is there", || has_address(VIP));
    });
}

#[test]
fn an_address_that_somebody_deletes_comes_back() {
    in_namespace(|| {
        let _child = master(router(&[VIP]));
        wait_until("the address is there", || has_address(VIP));
        ip(&format!("address del {VIP} dev {OURS}"));
        wait_until("the address is back", || has_address(VIP));
    });
}

#[test]
fn an_interface_that_is_deleted_and_made_again_is_used_again() {
    in_namespace(|| {
        let mut child = master(router(&[VIP]));
        ip("link del hf0");
        child.wait_for_state(VrrpState::Fault);
        add_cable();
        child.wait_for_state(VrrpState::Master);
        wait_until("the address is there", || has_address(VIP));
        let wire = Wire::open();
        wire.wait_for("advert", |frame| frame.priority() == Some(150));
        wire.send(&peer::advert(200));
        child.wait_for_state(VrrpState::Backup);
    });
}

#[test]
fn an_interface_that_is_missing_at_start_is_waited_for() {
    in_namespace(|| {
        ip("link del hf0");
        let mut child = Child::run(fresh(config([router(&[VIP])])));
        let change = child.wait_for_state(VrrpState::Fault);
        assert!(matches!(change.cause, Cause::InterfaceMissing { .. }));
        add_cable();
        child.wait_for_state(VrrpState::Master);
        wait_until("the address is there", || has_address(VIP));
    });
}

#[test]
fn unicast_goes_to_the_peer_and_comes_from_it() {
    in_namespace(|| {
        let router = VirtualRouter {
            transport: Transport::Unicast {
                source: None,
                peers: vec![Peer {
                    address: peer::PEER.parse().unwrap(),
                    min_ttl: None,
                    max_ttl: None,
                }],
                ttl: None,
                check_source: true,
            },
            ..router(&[VIP])
        };
        ip("neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev hf0");
        let wire = Wire::open();
        let mut child = master(router);
        let advert = wire.wait_for("advert", |frame| frame.priority() == Some(150));
        assert_eq!(advert.bytes[ETHERNET + 16..ETHERNET + 20], [192, 0, 2, 2]);
        wire.send(&peer::unicast(200));
        child.wait_for_state(VrrpState::Backup);
    });
}

#[test]
fn a_prepared_configuration_takes_effect_with_commit_only() {
    in_namespace(|| {
        let wire = Wire::open();
        let mut child = master(router(&[VIP]));
        let lower = VirtualRouter {
            priority: Priority::try_from(90).unwrap(),
            ..router(&[VIP, "192.0.2.101/24"])
        };
        let generation = Generation::new(2);
        child.send(&ParentToVrrp::Prepare {
            generation,
            config: config([lower]),
        });
        child.wait_for("Prepared", |message| {
            (*message == VrrpToParent::Prepared { generation }).then_some(())
        });
        wire.forget();
        let advert = wire.wait_for("advert", |frame| frame.priority().is_some());
        assert_eq!(advert.priority(), Some(150));
        child.send(&ParentToVrrp::Commit { generation });
        child.wait_for("Committed", |message| {
            (*message == VrrpToParent::Committed { generation }).then_some(())
        });
        wire.wait_for("advert", |frame| frame.priority() == Some(90));
        assert!(has_address(VIP) && has_address("192.0.2.101/24"));
    });
}

#[test]
fn an_interface_that_is_not_there_refuses_a_new_configuration() {
    in_namespace(|| {
        let mut child = master(router(&[VIP]));
        let elsewhere = VirtualRouter {
            interface: Some("missing0".try_into().unwrap()),
            ..router(&[VIP])
        };
        let generation = Generation::new(2);
        child.send(&ParentToVrrp::Prepare {
            generation,
            config: config([elsewhere]),
        });
        let reason = child.wait_for("Refused", |message| match message {
            VrrpToParent::Refused { reason, .. } => Some(reason.clone()),
            _ => None,
        });
        assert!(reason.contains("missing0"), "{reason}");
        assert!(has_address(VIP));
    });
}

#[test]
fn a_commit_of_what_was_not_prepared_ends_it() {
    in_namespace(|| {
        let mut child = master(router(&[VIP]));
        let generation = Generation::new(9);
        child.send(&ParentToVrrp::Commit { generation });
        assert_eq!(child.wait().code(), Some(1));
    });
}

#[test]
fn a_parent_of_another_version_is_refused() {
    in_namespace(|| {
        let mut hello = Hello::of(Role::Parent);
        hello.protocol += 1;
        let mut child = Child::greet(hello);
        assert_eq!(child.next(), VrrpToParent::Hello(Hello::of(Role::Vrrp)));
        assert_eq!(child.wait().code(), Some(1));
    });
}

#[test]
fn a_parent_that_does_not_read_delays_nothing_and_learns_of_what_was_dropped() {
    in_namespace(|| {
        let wire = Wire::open();
        let mut child = master(router(&[VIP]));
        let mut last = wire
            .wait_for("advert", |frame| frame.priority() == Some(150))
            .at;
        // Each answer waits in the socket until it is full.
        for sequence in 0..2000 {
            child.send(&ParentToVrrp::Ping { sequence });
            while let Some(frame) = wire.next(Duration::ZERO) {
                if frame.priority() == Some(150) {
                    let gap = frame.at - last;
                    assert!(gap < INTERVAL + SLACK, "{gap:?} between two adverts");
                    last = frame.at;
                }
            }
        }
        // Lines of the log while it is full.
        for _ in 0..3 {
            wire.send(&peer::advert(200));
            wire.wait_for("advert", |frame| frame.priority() == Some(150));
        }
        child.send(&ParentToVrrp::Stop);
        child.wait_for("Stopped", |message| {
            (*message == VrrpToParent::Stopped).then_some(())
        });
        let answers = child
            .said
            .iter()
            .filter(|message| matches!(message, VrrpToParent::Pong { .. }));
        assert_eq!(answers.count(), 2000);
        let told = child.said.iter().any(|message| {
            matches!(message, VrrpToParent::Log(LogRecord { level: Level::Warning, text })
                if text.contains("messages to the parent were dropped"))
        });
        assert!(told, "{:#?}", child.said);
    });
}

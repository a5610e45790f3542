//! The nodes stop hearing each other, and hear each other again.

use holdfast_tests::expect::{
    HIGH, INTERVAL, LOW, SLACK, VIP, VRID, at_most, listening, master_and_backup, vi,
};
use holdfast_tests::lab::{LONG, node_mac};
use holdfast_tests::{Kind, Lab, pairs};
use std::net::UdpSocket;
use std::time::Duration;

/// Parts the nodes until both hold the address.
fn part(lab: &Lab) {
    lab.partition();
    lab.timeline()
        .wait("both nodes to hold the address", LONG, |view| {
            (view.holders(VIP) == [0, 1]).then_some(())
        });
}

/// The third host talks to the address, so that its cache has an entry that can be wrong.
fn fill_cache(lab: &Lab) {
    lab.client().run(|| {
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        socket.send_to(b"who has it?", (VIP, 9)).unwrap();
    });
}

/// The complaint about the peer's password comes, and no more than once a second.
fn says_once_a_second(lab: &Lab, node: usize) {
    let begun = lab.timeline().now();
    lab.wait_for_adverts(node, VRID, 4);
    let seconds = usize::try_from((lab.timeline().now() - begun).as_secs()).unwrap() + 1;
    let complaint = "authentication";
    lab.wait_for_log(node, Duration::ZERO, complaint);
    let lines = lab.look(|view| view.since(begun).count_logs(node, complaint));
    assert!(lines <= seconds, "{lines} lines in {seconds} s");
}

pairs! {
    fn after_a_partition_the_better_node_stays_and_announces_itself(pair) {
        let lab = Lab::pair();
        let _pair = master_and_backup(&lab, pair, &vi(), VIP);
        part(&lab);
        fill_cache(&lab);
        let healed = lab.heal();
        lab.wait_for_holder(0, VIP, LONG);
        let left = lab.look(|view| {
            let end = view.events().iter().rev().find(|event| event.node == 1
                && matches!(event.what, holdfast_tests::What::Address { present: false, .. }));
            end.unwrap().at
        });
        at_most("the time with two holders", left - healed, INTERVAL + SLACK);
        lab.timeline().wait("the winner to announce itself", LONG, |view| {
            view.since(healed).announcements(0, VIP).next()
        });
        assert_eq!(lab.cached_mac(VIP), Some(node_mac(0)));
        assert_eq!(lab.look(|view| view.acquisitions(0, VIP)), 1);
    }

    /// Row 9568-6.4.3: of two masters with equal priority, the higher address stays.
    fn after_a_partition_of_equal_nodes_the_higher_address_stays(pair) {
        let lab = Lab::pair();
        let _first = listening(&lab, 0, pair.first, &vi().alone());
        let _second = listening(&lab, 1, pair.second, &vi().alone());
        lab.timeline().wait("a holder", LONG, |view| (!view.holders(VIP).is_empty()).then_some(()));
        part(&lab);
        lab.heal();
        lab.wait_for_holder(1, VIP, INTERVAL * 2 + SLACK);
        lab.wait_for_adverts(1, VRID, 10);
        assert_eq!(lab.look(|view| view.holders(VIP)), [1]);
    }

    /// Version 2 tells a wrong password from a right one, and the receiver discards the advert:
    /// both nodes are master, and nothing else can be.
    fn with_different_passwords_both_are_master_and_say_so_once_a_second_at_most(pair) {
        let lab = Lab::pair();
        let text = |password: &str, priority: u8| {
            vi().version(2).authentication("PASS", password).priority(priority.into()).alone()
        };
        let first = lab.start(0, pair.first, &text("rightone", HIGH));
        let second = lab.start(1, pair.second, &text("wrongone", LOW));
        lab.timeline().wait("both nodes to hold the address", LONG, |view| {
            (view.holders(VIP) == [0, 1]).then_some(())
        });
        // The reference puts its own advert off whenever it discards one; ours must not.
        for (node, daemon) in [first, second].iter().enumerate() {
            if daemon.kind() == Kind::Holdfast {
                says_once_a_second(&lab, node);
            }
        }
        lab.look(|view| {
            assert_eq!(view.holders(VIP), [0, 1]);
            assert!(view.logs(0).all(|line| !line.1.contains("wrongone")));
            assert!(view.logs(1).all(|line| !line.1.contains("rightone")));
        });
    }

    /// RFC 3768 section 7.1: an advert with another interval is discarded, so both are master.
    fn with_different_intervals_of_version_2_both_are_master(pair) {
        let lab = Lab::pair();
        let text = |seconds: u64, priority: u8| {
            let every = Duration::from_secs(seconds);
            vi().version(2).every(every).priority(priority.into()).alone()
        };
        let first = lab.start(0, pair.first, &text(1, HIGH));
        let second = lab.start(1, pair.second, &text(2, LOW));
        lab.timeline().wait("both nodes to hold the address", LONG, |view| {
            (view.holders(VIP) == [0, 1]).then_some(())
        });
        // The reference puts its own advert off whenever it discards one; ours must not.
        for (node, daemon) in [first, second].iter().enumerate() {
            if daemon.kind() == Kind::Holdfast {
                lab.wait_for_adverts(node, VRID, 3);
                lab.wait_for_log(node, Duration::ZERO, "interval");
            }
        }
        assert_eq!(lab.look(|view| view.holders(VIP)), [0, 1]);
    }
}

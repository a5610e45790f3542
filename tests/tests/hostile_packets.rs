//! What a stranger on the link sends now and then must not disturb a healthy pair: adverts stay on
//! time, nothing changes hands, and the log stays readable.

use holdfast_tests::expect::{
    HIGH, INTERVAL, LOW, VIP, VRID, at_most, both, master_and_backup, undisturbed, vi,
};
use holdfast_tests::forge::Forged;
use holdfast_tests::inject::{self, Injection};
use holdfast_tests::lab::{LONG, node_address};
use holdfast_tests::pairs::BOTH;
use holdfast_tests::stranger::{
    SLOW, STRANGER, disturbs_nothing, few_lines, router_v2, winning, winning_v2, with_password,
};
use holdfast_tests::{Lab, defects};
use std::net::Ipv4Addr;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

macro_rules! harmless {
    ($($name:ident: $forged:expr;)*) => { $(
        #[test]
        fn $name() {
            disturbs_nothing(&vi(), &$forged, SLOW, INTERVAL);
        }
    )* };
}

defects!(harmless);

macro_rules! harmless_v2 {
    ($($name:ident: $forged:expr;)*) => { $(
        #[test]
        fn $name() {
            disturbs_nothing(&router_v2(), &$forged, SLOW, SECOND);
        }
    )* };
}

harmless_v2! {
    a_wrong_password: with_password("guessed!");
    no_password: with_password("");
    an_unknown_kind_of_authentication: Forged { third: [7, 1], ..winning_v2() };
    another_interval: Forged { third: [1, 2], ..winning_v2() };
    a_wrong_checksum_of_version_2: Forged { checksum_error: 1, ..winning_v2() };
    a_wrong_ttl_with_the_right_password: Forged { ttl: 1, ..winning_v2() };
}

/// The kernel drops these as martian unless it is told not to; the daemon has to do it itself.
#[test]
fn the_own_address_as_source_disturbs_nothing() {
    let lab = Lab::pair();
    for interface in ["all", "eth0"] {
        let path = format!("net/ipv4/conf/{interface}/accept_local");
        lab.node(0).netns().sysctl(&path, "1");
    }
    let _pair = master_and_backup(&lab, BOTH, &vi(), VIP);
    let since = lab.timeline().mark(0, "a stranger sends");
    let forged = Forged {
        source: Ipv4Addr::new(192, 0, 2, 1),
        ..winning()
    };
    let _injection = Injection::start(&lab, vec![forged.frame()], SLOW);
    lab.timeline().watch(3 * SECOND);
    undisturbed(&lab, since, INTERVAL);
}

/// Another address list is worth a line; the advert itself counts (RFC 9568 section 7.1).
#[test]
fn a_lower_priority_with_another_address_list_disturbs_nothing() {
    let lab = Lab::pair();
    let _pair = master_and_backup(&lab, BOTH, &vi(), VIP);
    let since = lab.timeline().mark(0, "a stranger sends");
    let lower = Forged {
        priority: 50,
        addresses: vec![STRANGER],
        ..winning()
    };
    let _injection = Injection::start(&lab, vec![lower.frame()], SLOW);
    lab.timeline().watch(3 * SECOND);
    undisturbed(&lab, since, INTERVAL);
    few_lines(&lab, since, 2);
}

/// A forged interval of 40.95 s may make the backup wait that long for a master that is gone; it
/// must not outlive the next real advert.
#[test]
fn a_forged_long_interval_is_forgotten_with_the_next_real_advert() {
    let lab = Lab::pair();
    let [first, _second] = master_and_backup(&lab, BOTH, &vi(), VIP);
    let long = Forged {
        third: 4095_u16.to_be_bytes(),
        priority: 140,
        ..winning()
    };
    let since = lab.timeline().mark(0, "a stranger sends");
    inject::once(&lab, long.frame());
    lab.wait_for_adverts(0, VRID, 3);
    undisturbed(&lab, since, INTERVAL);
    first.terminate();
    let taken = lab.wait_for_holder(1, VIP, LONG);
    let silent = lab.look(|view| taken - view.adverts(0).last().unwrap().0);
    at_most("the takeover", silent, INTERVAL + SECOND);
}

/// Where it is asked for, only the listed peers may speak.
#[test]
fn a_stranger_is_no_unicast_peer() {
    let lab = Lab::pair();
    let text = |own: usize, peer: usize, priority: u8| {
        let (own, peer) = (node_address(own), node_address(peer));
        vi().priority(priority.into())
            .line("check_unicast_src")
            .line(&format!("unicast_src_ip {own}"))
            .line(&format!("unicast_peer {{\n        {peer}\n    }}"))
            .alone()
    };
    let _pair = both(&lab, BOTH, [&text(0, 1, HIGH), &text(1, 0, LOW)], VIP);
    let since = lab.timeline().mark(0, "a stranger sends");
    let frames = [[192, 0, 2, 1], [192, 0, 2, 2]].map(|node| {
        let forged = Forged {
            destination: node.into(),
            ..winning()
        };
        forged.frame()
    });
    let _injection = Injection::start(&lab, frames.into(), SLOW / 2);
    lab.timeline().watch(3 * SECOND);
    undisturbed(&lab, since, INTERVAL);
    few_lines(&lab, since, 1);
    lab.wait_for_log(0, since, "192.0.2.3");
}

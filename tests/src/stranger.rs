//! A stranger on the link, whose adverts a healthy pair must not even feel.

use crate::Vi;
use crate::expect::{VIP, VRID, master_and_backup, undisturbed, vi};
use crate::forge::Forged;
use crate::inject::Injection;
use crate::lab::Lab;
use crate::pairs::BOTH;
use crate::timeline::View;
use std::net::Ipv4Addr;
use std::time::Duration;

/// Its address.
pub const STRANGER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 3);
/// Four a second: slow enough to look like a misconfigured neighbour.
pub const SLOW: Duration = Duration::from_millis(250);
/// As fast as one processor can.
pub const FLOOD: Duration = Duration::ZERO;
/// How long it sends.
const PERIOD: Duration = Duration::from_secs(3);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 100);
const PASSWORD: &str = "s3cretpw";

/// An advert of version 3 that would win, if there were nothing wrong with it.
pub fn winning() -> Forged {
    Forged::v3(STRANGER, VRID, 200, 20, ADDRESS)
}

/// The same of version 2, for [`router_v2`].
pub fn winning_v2() -> Forged {
    Forged::v2(STRANGER, VRID, 200, PASSWORD, ADDRESS)
}

/// An advert of version 2 with another password, or none.
pub fn with_password(password: &str) -> Forged {
    Forged::v2(STRANGER, VRID, 200, password, ADDRESS)
}

/// A router of version 2 with a password.
pub fn router_v2() -> Vi {
    vi().version(2).authentication("PASS", PASSWORD)
}

/// Injects one kind of advert at a pace while the pair runs, and demands that nothing happens but
/// one line a second.
pub fn disturbs_nothing(router: &Vi, forged: &Forged, pace: Duration, interval: Duration) {
    let lab = Lab::pair();
    let _pair = master_and_backup(&lab, BOTH, router, VIP);
    let since = lab.timeline().mark(0, "a stranger sends");
    let injection = Injection::start(&lab, vec![forged.frame()], pace);
    lab.timeline().watch(PERIOD + interval);
    assert!(
        injection.sent() >= 12,
        "only {} frames were sent",
        injection.sent()
    );
    undisturbed(&lab, since, interval);
    few_lines(&lab, since, 1);
    drop(injection);
    lab.wait_for_adverts(0, VRID, 2);
    undisturbed(&lab, since, interval);
}

/// At most one line per second and cause, on each node.
#[track_caller]
pub fn few_lines(lab: &Lab, since: Duration, causes: usize) {
    let period = lab.timeline().now() - since;
    let seconds = usize::try_from(period.as_secs()).expect("a short time") + 1;
    for node in 0..2 {
        let lines = lab.look(|view| count_told(view.since(since), node));
        assert!(
            lines <= seconds * causes,
            "{lines} lines of node {node} in {seconds} s"
        );
    }
}

/// Lines of a node, without those of the second round of gratuitous ARPs, which comes anyway.
fn count_told(view: View<'_>, node: usize) -> usize {
    view.logs(node)
        .filter(|line| !line.1.contains("gratuitous ARP"))
        .count()
}

/// Hands a table of adverts with one defect each to a macro that makes tests of it.
#[macro_export]
macro_rules! defects {
    ($make:ident) => {
        $make! {
            a_wrong_checksum: Forged { checksum_error: 1, ..winning() };
            a_wrong_ttl: Forged { ttl: 254, ..winning() };
            a_wrong_version: Forged { version: 4, ..winning() };
            a_wrong_type: Forged { kind: 2, ..winning() };
            a_message_that_is_cut_off: Forged { cut: Some(6), ..winning() };
            a_message_with_bytes_behind_it: Forged { trailing: vec![0x41; 40], ..winning() };
            a_count_that_is_too_large: Forged { count: Some(5), ..winning() };
            a_count_of_zero: Forged { count: Some(0), addresses: vec![], ..winning() };
            an_interval_of_zero: Forged { third: [0, 0], ..winning() };
            an_unknown_virtual_router: Forged { vrid: 77, ..winning() };
            a_unicast_destination: Forged { destination: [192, 0, 2, 1].into(), ..winning() };
            a_message_of_version_2: with_password("");
        }
    };
}

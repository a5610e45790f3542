//! Every version, family and way of authentication elects a master whose adverts the peer accepts,
//! and is taken over from within the skew time.

use holdfast_tests::expect::{
    HIGH, INTERVAL, LOW, VIP, VRID, both, is_skew, listening, master_and_backup, silence, vi,
};
use holdfast_tests::lab::{LONG, node_address};
use holdfast_tests::{Advert, Lab, Pair, Vi, pairs};
use std::net::IpAddr;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Runs one kind of virtual router through election and release; gives the last advert of the old
/// master, its release, and the first advert of the new master.
fn election_and_release(pair: Pair, vi: &Vi, address: IpAddr, version: u8) -> [Advert; 3] {
    let lab = Lab::pair();
    let [first, _second] = master_and_backup(&lab, pair, vi, address);
    assert_eq!(lab.look(|view| view.adverts(1).count()), 0);
    let since = first.terminate();
    let interval = if version == 2 { SECOND } else { INTERVAL };
    is_skew(silence(&lab, 0, 1, since), version, interval, LOW);
    lab.wait_for_holder(1, address, LONG);
    lab.look(|view| {
        let last = view
            .adverts(0)
            .filter(|found| found.1.priority == HIGH)
            .last();
        let release = view.adverts(0).find(|found| found.1.priority == 0);
        let next = view.adverts(1).next();
        [last, release, next].map(|found| found.expect("an advert").1.clone())
    })
}

fn v2(pair: Pair, vi: &Vi, auth_type: u8) -> [Advert; 3] {
    let adverts = election_and_release(pair, &vi.clone().version(2), VIP, 2);
    for advert in &adverts {
        let seen = (
            advert.version,
            advert.auth_type,
            advert.interval,
            advert.hops,
        );
        assert_eq!(seen, (2, auth_type, SECOND, 255));
        assert_eq!(advert.addresses, [VIP]);
    }
    adverts
}

pairs! {
    fn version_2_without_authentication(pair) {
        v2(pair, &vi(), 0);
    }

    fn version_2_with_a_password(pair) {
        v2(pair, &vi().authentication("PASS", "s3cretpw"), 1);
    }

    fn version_2_with_an_authentication_header(pair) {
        let adverts = v2(pair, &vi().authentication("AH", "s3cretpw"), 2);
        let sequences = adverts.map(|advert| advert.sequence.expect("a header"));
        assert!(sequences.is_sorted_by(|one, next| one < next), "{sequences:?}");
    }

    fn version_2_with_a_password_that_is_cut_to_eight_bytes(pair) {
        v2(pair, &vi().authentication("PASS", "cuongquach"), 1);
    }

    fn version_3_over_ipv4(pair) {
        for advert in election_and_release(pair, &vi(), VIP, 3) {
            let seen = (advert.version, advert.interval, advert.hops, advert.addresses);
            assert_eq!(seen, (3, INTERVAL, 255, vec![VIP]));
        }
    }

    fn version_3_over_ipv6(pair) {
        let addresses = [ip("fe80::100"), ip("2001:db8::100")];
        let vi = Vi::new(VRID).vip("fe80::100/64").vip("2001:db8::100/64");
        for advert in election_and_release(pair, &vi, addresses[1], 3) {
            let seen = (advert.version, advert.interval, advert.hops);
            assert_eq!(seen, (3, INTERVAL, 255));
            assert_eq!(advert.addresses, addresses);
            assert_eq!(advert.destination, ip("ff02::12"));
        }
    }

    fn unicast_over_ipv4(pair) {
        let lab = Lab::pair();
        let to = |own: usize, peer: usize, priority: u8| {
            let (own, peer) = (node_address(own), node_address(peer));
            vi().priority(priority.into())
                .line(&format!("unicast_src_ip {own}"))
                .line(&format!("unicast_peer {{\n        {peer}\n    }}"))
                .alone()
        };
        let [first, _second] = both(&lab, pair, [&to(0, 1, HIGH), &to(1, 0, LOW)], VIP);
        lab.look(|view| {
            let advert = view.adverts(0).last().unwrap().1;
            let path = (advert.source, advert.destination, advert.hops);
            assert_eq!(path, (node_address(0), node_address(1), 255));
            assert_eq!(view.adverts(1).count(), 0);
        });
        let since = first.terminate();
        is_skew(silence(&lab, 0, 1, since), 3, INTERVAL, LOW);
    }

    fn unicast_over_ipv6(pair) {
        let lab = Lab::pair();
        let address = ip("2001:db8::100");
        let peers = ["fe80::ff:fe00:a", "fe80::ff:fe00:b"];
        let to = |own: usize, peer: usize, priority: u8| {
            Vi::new(VRID)
                .vip("fe80::100/64")
                .vip("2001:db8::100/64")
                .priority(priority.into())
                .line(&format!("unicast_src_ip {}", peers[own]))
                .line(&format!("unicast_peer {{\n        {}\n    }}", peers[peer]))
                .alone()
        };
        let [first, _second] = both(&lab, pair, [&to(0, 1, HIGH), &to(1, 0, LOW)], address);
        let path = lab.look(|view| {
            let advert = view.adverts(0).last().unwrap().1;
            (advert.source, advert.destination)
        });
        assert_eq!(path, (ip(peers[0]), ip(peers[1])));
        let since = first.terminate();
        is_skew(silence(&lab, 0, 1, since), 3, INTERVAL, LOW);
    }

    fn a_version_3_backup_learns_the_interval_of_the_master(pair) {
        let lab = Lab::pair();
        let slow = Duration::from_millis(500);
        let _first = lab.start(0, pair.first, &vi().priority(HIGH.into()).every(slow).alone());
        lab.wait_for_holder(0, VIP, LONG);
        let _second = listening(&lab, 1, pair.second, &vi().priority(LOW.into()).alone());
        lab.wait_for_adverts(0, VRID, 4);
        assert_eq!(lab.look(|view| view.adverts(1).count()), 0);
        let since = lab.carrier_down(0);
        let heard = silence(&lab, 0, 1, since);
        // On the way out the old master may still say that it releases, if its frame passed.
        assert!(heard >= holdfast_tests::rfc::skew(3, slow, LOW), "{heard:?}");
    }
}

//! RFC 9568 section 7.1, as far as the instance decides: who, where to, and what only is logged.

use super::sockets::{unicast, unicast_heard};
use crate::sim::bench::{Actions, Bench, Heard, heard};
use crate::sim::build::{ETH0, ETH1, ip, router};
use holdfast_ipc::config::model::{Auth, AuthKey, Family, Transport, Version};
use holdfast_ipc::state::VrrpState;
use holdfast_vrrp::event::Event;
use holdfast_vrrp::packet::{Datagram, OutgoingAuth, Reject};

/// All rejections of one packet, by a BACKUP whose timer must not notice.
fn rejected_by(
    router: holdfast_ipc::config::model::VirtualRouter,
    heard: Heard<'_>,
) -> Vec<(Reject, u64)> {
    let mut bench = Bench::backup(router);
    let deadline = bench.engine.next_deadline();
    bench.pass_millis(500);
    bench.hear(heard);
    assert_eq!(bench.take().checkpoints().len(), 0);
    assert_eq!(bench.engine.next_deadline(), deadline, "9568-7.1-21");
    bench.rejected()
}

#[test]
fn a_multicast_instance_drops_what_came_to_another_address_9568_5_1_1_2_01() {
    let to_us = Heard {
        destination: ip("192.0.2.1"),
        ..heard(200, "192.0.2.2")
    };
    assert_eq!(rejected_by(router(100), to_us), [(Reject::Destination, 1)]);
}

#[test]
fn a_unicast_instance_drops_multicast() {
    let heard = Heard {
        destination: ip("224.0.0.18"),
        ..unicast_heard(200)
    };
    assert_eq!(rejected_by(unicast(100), heard), [(Reject::Destination, 1)]);
}

#[test]
fn a_unicast_instance_drops_adverts_of_strangers_where_it_checks() {
    let stranger = Heard {
        source: ip("192.0.2.66"),
        ..unicast_heard(200)
    };
    assert_eq!(rejected_by(unicast(100), stranger), [(Reject::Sender, 1)]);
}

#[test]
fn without_check_unicast_src_strangers_are_heard_as_in_keepalived() {
    let mut router = unicast(100);
    if let Transport::Unicast { check_source, .. } = &mut router.transport {
        *check_source = false;
    }
    let mut bench = Bench::backup(router);
    bench.hear(Heard {
        source: ip("192.0.2.66"),
        ..unicast_heard(200)
    });
    assert_eq!(bench.take().logged("master set to 192.0.2.66"), 1);
}

#[test]
fn the_hop_limit_of_a_peer_lies_between_its_bounds_9568_5_1_1_3_02() {
    let mut router = unicast(100);
    if let Transport::Unicast { peers, .. } = &mut router.transport {
        peers[0].min_ttl = Some(60);
        peers[0].max_ttl = Some(64);
    }
    for (hop_limit, good) in [(59, false), (60, true), (64, true), (65, false)] {
        let mut bench = Bench::backup(router.clone());
        bench.hear(Heard {
            hop_limit,
            ..unicast_heard(200)
        });
        assert_eq!(bench.rejected().is_empty(), good, "{hop_limit}");
    }
}

#[test]
fn a_unicast_instance_takes_any_hop_limit_and_a_multicast_one_only_255_9568_7_1_01() {
    let near = Heard {
        hop_limit: 64,
        ..unicast_heard(200)
    };
    assert_eq!(
        rejected_by(
            router(100),
            Heard {
                hop_limit: 254,
                ..heard(200, "192.0.2.2")
            }
        ),
        [(Reject::HopLimit(Some(254)), 1)]
    );
    let mut bench = Bench::backup(unicast(100));
    bench.hear(near);
    assert_eq!(bench.rejected(), []);
}

#[test]
fn the_same_vrid_on_another_interface_is_unknown_9568_7_1_07() {
    let mut bench = Bench::backup(router(100));
    let bytes = heard(200, "192.0.2.2").bytes();
    bench.event(Event::Advert(
        heard(200, "192.0.2.2").datagram(ETH1, &bytes),
    ));
    assert_eq!(bench.take(), []);
    assert_eq!(bench.engine.strays(), [(Reject::UnknownVrid(51), 1)]);
}

#[test]
fn an_ipv6_advert_does_not_reach_the_ipv4_router_of_the_same_vrid_9568_1_7_03() {
    let mut bench = Bench::backup(router(100));
    bench.hear(super::sockets::heard6(200, "fe80::2"));
    assert_eq!(bench.engine.strays(), [(Reject::UnknownVrid(51), 1)]);
}

#[test]
fn unknown_vrids_are_logged_only_where_that_is_wanted() {
    for wanted in [false, true] {
        let mut config = crate::sim::build::config(router(100));
        config.log_unknown_vrids = wanted;
        let start = crate::sim::bench::fresh(config);
        let mut bench = Bench::with(start, crate::sim::build::kernel(1));
        bench.take();
        for vrid in 60..160 {
            bench.hear(Heard {
                vrid,
                ..heard(200, "192.0.2.2")
            });
        }
        bench.pass_millis(1_000);
        let logged = bench.take().logged("unknown VRID");
        // The first, and one for the 99 that followed within a second.
        assert_eq!(logged, if wanted { 2 } else { 0 });
    }
}

#[test]
fn a_broken_ip_header_is_counted_and_belongs_to_nobody() {
    let mut bench = Bench::backup(router(100));
    bench.event(Event::Advert(Datagram {
        index: ETH0,
        family: Family::V4,
        source: ip("192.0.2.2"),
        destination: ip("224.0.0.18"),
        hop_limit: Some(255),
        bytes: &[0x45, 0, 0],
    }));
    assert_eq!(bench.engine.strays(), [(Reject::IpHeader, 1)]);
}

#[test]
fn another_address_list_is_used_and_logged_9568_7_1_18() {
    let mut bench = Bench::backup(router(100));
    let others = [ip("192.0.2.80"), ip("192.0.2.81")];
    bench.hear(Heard {
        addresses: &others,
        ..heard(200, "192.0.2.2")
    });
    let actions = bench.take();
    assert_eq!(actions.logged("lists other addresses than ours"), 1);
    assert_eq!(actions.logged("master set to 192.0.2.2"), 1);
}

#[test]
fn another_order_of_the_same_addresses_is_no_difference_9568_5_2_9_01() {
    let mut router = router(100);
    router.addresses.push(crate::sim::build::vip("192.0.2.81"));
    let mut bench = Bench::backup(router);
    let swapped = [ip("192.0.2.81"), ip("192.0.2.80")];
    bench.hear(Heard {
        addresses: &swapped,
        ..heard(200, "192.0.2.2")
    });
    assert_eq!(bench.take().logged("other addresses"), 0);
}

#[test]
fn skip_check_adv_addr_compares_the_list_of_a_new_sender_only() {
    let mut router = router(100);
    router.skip_check_adv_addr = true;
    let mut bench = Bench::backup(router);
    bench.hear(heard(200, "192.0.2.2"));
    let others = [ip("192.0.2.90")];
    bench.hear(Heard {
        addresses: &others,
        ..heard(200, "192.0.2.2")
    });
    assert_eq!(bench.take().logged("other addresses"), 0);
    bench.hear(Heard {
        addresses: &others,
        ..heard(200, "192.0.2.3")
    });
    assert_eq!(bench.take().logged("other addresses"), 1);
}

#[test]
fn a_wrong_password_leaves_both_masters_and_the_log_says_so() {
    let mut router = router(100);
    router.version = Version::V2;
    router.auth = Auth::Pass(AuthKey::new(b"right"));
    let mut bench = Bench::backup(router);
    bench.hear(Heard {
        version: Version::V2,
        auth: OutgoingAuth::Pass(AuthKey::new(b"wrong")),
        ..heard(200, "192.0.2.2")
    });
    let actions = bench.take();
    assert_eq!(actions.logged("both routers will be MASTER"), 1);
    assert_eq!(
        actions.logged("wrong") - actions.logged("wrong authentication password"),
        0
    );
    assert_eq!(bench.rejected(), [(Reject::AuthPassword, 1)]);
}

fn ah_router(priority: u8) -> holdfast_ipc::config::model::VirtualRouter {
    let mut router = router(priority);
    router.version = Version::V2;
    router.auth = Auth::Ah(AuthKey::new(b"secret"));
    router
}

fn ah_heard(priority: u8, sequence: u32) -> Heard<'static> {
    Heard {
        version: Version::V2,
        auth: OutgoingAuth::Ah {
            key: AuthKey::new(b"secret"),
            sequence,
            unicast: false,
        },
        ..heard(priority, "192.0.2.2")
    }
}

fn sequence_of(packet: &holdfast_vrrp::action::Transmit) -> u32 {
    u32::from_be_bytes(packet.bytes[28..32].try_into().unwrap())
}

#[test]
fn a_sequence_number_counts_once_2402_3_4_3_01() {
    let mut bench = Bench::backup(ah_router(100));
    for sequence in [5, 5, 4, 6] {
        bench.hear(ah_heard(200, sequence));
    }
    assert_eq!(bench.rejected(), [(Reject::AhReplay, 2)]);
}

#[test]
fn a_wrong_icv_with_a_huge_number_does_not_move_the_counter_2402_3_4_3_03() {
    let mut bench = Bench::backup(ah_router(100));
    bench.hear(Heard {
        auth: OutgoingAuth::Ah {
            key: AuthKey::new(b"wrong"),
            sequence: 4_000_000_000,
            unicast: false,
        },
        ..ah_heard(200, 0)
    });
    bench.hear(ah_heard(200, 1));
    assert_eq!(bench.rejected(), [(Reject::AhIcv, 1)]);
}

#[test]
fn a_new_master_counts_on_from_what_it_heard_2402_2_5_01() {
    let mut bench = Bench::backup(ah_router(150));
    bench.hear(ah_heard(200, 8));
    bench.pass_millis(3_500);
    assert_eq!(bench.state(), VrrpState::Master);
    bench.pass_millis(2_000);
    let numbers: Vec<u32> = bench.take().sends().into_iter().map(sequence_of).collect();
    assert_eq!(numbers, [9, 10, 11]);
}

#[test]
fn numbers_are_learned_in_fault_as_well() {
    let mut router = ah_router(150);
    router.track_scripts = vec![crate::sim::build::track("chk", 0)];
    let mut bench = Bench::new(router);
    bench.verdict(crate::sim::build::failing("chk", true));
    bench.hear(ah_heard(200, 700));
    bench.verdict(crate::sim::build::failing("chk", false));
    bench.pass_millis(3_500);
    assert_eq!(sequence_of(bench.take().sends()[0]), 701);
}

#[test]
fn two_masters_that_count_in_step_still_hear_each_other() {
    let mut bench = Bench::master(ah_router(150));
    bench.hear(ah_heard(200, 1));
    assert_eq!(bench.state(), VrrpState::Backup);
}

#[test]
fn of_two_unicast_instances_with_one_vrid_the_one_with_that_peer_is_meant() {
    let mut first = unicast(100);
    let mut second = unicast(100);
    second.name = "VI_2".try_into().unwrap();
    for (router, peer) in [(&mut first, "192.0.2.7"), (&mut second, "192.0.2.2")] {
        if let Transport::Unicast { peers, .. } = &mut router.transport {
            peers[0].address = ip(peer);
        }
    }
    let mut config = crate::sim::build::config(first);
    config.routers.push(second);
    let mut bench = Bench::with(
        crate::sim::bench::fresh(config),
        crate::sim::build::kernel(1),
    );
    bench.take();
    bench.hear(unicast_heard(200));
    assert_eq!(bench.take().logs()[0], "(VI_2) master set to 192.0.2.2");
}

//! Packets that nobody should have to care for: forged, broken, repeated.

use crate::sim::bench::{Actions, Bench, Heard, heard};
use crate::sim::build::{ETH0, ip, router, v3};
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::state::VrrpState;
use holdfast_vrrp::event::Event;
use holdfast_vrrp::packet::Reject;

/// One packet of each cause, most of them with the highest priority.
fn rubbish() -> Vec<(Vec<u8>, u8)> {
    let good = heard(255, "192.0.2.66");
    let change = |at: usize, to: u8| {
        let mut bytes = good.bytes();
        bytes[at] = to;
        bytes
    };
    let mut short = good.bytes();
    short.truncate(27);
    vec![
        // Checksum, hop limit, version, type, count, own address, unknown VRID, length.
        (change(26, 0x12), 255),
        (good.bytes(), 254),
        (change(20, 0x41), 255),
        (change(20, 0x32), 255),
        (change(23, 0), 255),
        (heard(255, "192.0.2.1").bytes(), 255),
        (Heard { vrid: 77, ..good }.bytes(), 255),
        (short, 255),
    ]
}

fn throw(bench: &mut Bench, bytes: &[u8], hop_limit: u8) {
    let sender = Heard {
        hop_limit,
        ..heard(255, "192.0.2.66")
    };
    bench.event(Event::Advert(sender.datagram(ETH0, bytes)));
}

#[test]
fn rejected_packets_at_four_a_second_disturb_neither_master_nor_backup_9568_7_1_21() {
    for master in [true, false] {
        let mut bench = if master {
            Bench::master(router(150))
        } else {
            Bench::backup(router(150))
        };
        let mut times = Vec::new();
        for step in 0..32_u64 {
            for (bytes, hop_limit) in rubbish() {
                throw(&mut bench, &bytes, hop_limit);
            }
            if !master && step % 4 == 0 {
                bench.hear(heard(200, "192.0.2.2"));
            }
            assert_eq!(bench.take().reports().len(), 0);
            bench.pass_millis(250);
            times.extend(bench.take().priorities().into_iter().map(|_| step));
        }
        let expected: Vec<u64> = if master {
            (0..8).map(|n| n * 4 + 3).collect()
        } else {
            vec![]
        };
        assert_eq!(times, expected);
        assert_eq!(bench.state() == VrrpState::Master, master);
    }
}

#[test]
fn each_cause_is_counted_apart() {
    let mut bench = Bench::master(router(150));
    for _ in 0..3 {
        for (bytes, hop_limit) in rubbish() {
            throw(&mut bench, &bytes, hop_limit);
        }
    }
    assert_eq!(
        bench.rejected(),
        [
            // The changed count makes the checksum wrong as well.
            (Reject::Checksum, 6),
            (Reject::HopLimit(Some(254)), 3),
            (Reject::Version(4), 3),
            (Reject::Type(2), 3),
            (Reject::OwnAddress, 3),
        ]
    );
    assert_eq!(
        bench.engine.strays(),
        [(Reject::UnknownVrid(77), 3), (Reject::IpHeader, 3)]
    );
}

#[test]
fn a_flood_gives_one_line_a_second_and_cause_at_most_9568_7_1_13() {
    let mut bench = Bench::master(router(150));
    let bad = rubbish().remove(0).0;
    let mut lines = Vec::new();
    for milli in 0..5_000_u64 {
        throw(&mut bench, &bad, 255);
        bench.pass_millis(1);
        if bench.take().logged("wrong checksum") > 0 {
            lines.push(milli);
        }
    }
    assert!(
        lines.windows(2).all(|pair| pair[1] - pair[0] >= 999),
        "{lines:?}"
    );
    assert!((2..=5).contains(&lines.len()), "{lines:?}");
    assert_eq!(bench.rejected(), [(Reject::Checksum, 5_000)]);
}

#[test]
fn what_was_suppressed_is_summed_up_when_the_flood_is_over() {
    let mut bench = Bench::backup(router(150));
    let bad = rubbish().remove(0).0;
    for _ in 0..500 {
        throw(&mut bench, &bad, 255);
    }
    bench.pass_millis(1_000);
    assert_eq!(
        bench.take().logs(),
        [
            "(VI_1) ignored advert from 192.0.2.66: wrong checksum",
            "(VI_1) 499 more adverts ignored in 1 s, the last from 192.0.2.66: wrong checksum",
        ]
    );
}

#[test]
fn a_flood_of_lower_adverts_is_not_multiplied() {
    let mut bench = Bench::master(router(150));
    bench.pass_millis(10_000);
    bench.take();
    let interval = Micros::from_secs(1);
    let start = bench.now;
    while bench.now.since(start) < interval.times(3) {
        bench.hear(heard(100, "192.0.2.66"));
        bench.pass_millis(2);
    }
    let actions = bench.take();
    // Three own ones and three answers; three bursts of five.
    assert_eq!(actions.priorities().len(), 6);
    assert_eq!(actions.frames().len(), 15);
    assert!(actions.logs().len() <= 3, "{:?}", actions.logs());
}

#[test]
fn a_flood_of_forged_releases_is_not_multiplied() {
    let mut bench = Bench::master(router(150));
    for _ in 0..1_000 {
        bench.hear(heard(0, "192.0.2.66"));
        bench.pass_millis(1);
    }
    let sent = bench.take().priorities().len();
    assert!(sent <= 2, "{sent}");
}

#[test]
fn a_flood_of_changing_senders_and_lists_is_logged_a_few_times_only() {
    let mut bench = Bench::backup(router(1));
    for n in 0..2_000_u16 {
        let [a, b] = n.to_be_bytes();
        let from = format!("10.0.{a}.{b}");
        let other = [ip("198.51.100.1")];
        bench.hear(Heard {
            addresses: &other,
            interval: v3(50),
            ..heard(200, &from)
        });
        bench.pass(Micros::new(500));
    }
    let actions = bench.take();
    assert!(actions.logs().len() <= 9, "{:#?}", actions.logs());
    assert!(actions.checkpoints().len() <= 12);
}

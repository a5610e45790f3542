//! What somebody else did to the table.

use crate::bench::{Bench, many};
use holdfast_vrrp::ipvs::command::Command;

/// Takes the first server out of the first service, as `ipvsadm -d` would.
fn take_one_away(bench: &mut Bench) {
    let entry = bench.kernel.table.values_mut().next().unwrap();
    entry.servers.pop_first();
}

#[test]
fn what_somebody_changed_is_put_back_at_the_next_look_and_told() {
    let mut bench = Bench::new(many(2));
    let whole = bench.kernel.table.clone();
    bench.commands();
    bench.lines();
    // Looks go on, whether they find something or not.
    for _ in 0..3 {
        bench.wait(5);
        assert_eq!(bench.lines(), [""; 0]);
        take_one_away(&mut bench);
        bench.wait(5);
        assert_eq!(bench.kernel.table, whole);
        assert!(matches!(bench.commands()[..], [Command::AddServer(..)]));
        assert_eq!(
            bench.lines(),
            [
                "VS [10.0.0.0]:tcp:80: somebody else changed it in the kernel; it is put back \
                 (adding [10.0.0.1]:tcp:80 in the kernel)"
            ]
        );
    }
}

#[test]
fn a_table_that_somebody_emptied_is_put_back_with_a_bounded_number_of_lines() {
    let mut bench = Bench::new(many(300));
    let whole = bench.kernel.table.clone();
    bench.lines();
    bench.kernel.table.clear();
    bench.wait(5);
    assert_eq!(bench.kernel.table, whole);
    let lines = bench.lines();
    assert_eq!(lines.len(), 11, "{lines:?}");
    assert!(
        lines[0].ends_with("it is put back (adding it to the kernel and 5 more)"),
        "{lines:?}"
    );
    assert_eq!(
        lines[10],
        "IPVS: somebody else changed 290 more virtual servers in the kernel; they are put back"
    );
}

#[test]
fn looks_at_a_large_table_are_a_minute_apart() {
    let due = |count| {
        let bench = Bench::new(many(count));
        bench.balancer.next_deadline().unwrap().micros()
    };
    assert_eq!(
        [10, 2_000, 12_000].map(due),
        [5_000_000, 12_000_000, 60_000_000]
    );
}

#[test]
fn a_look_leaves_what_failed_to_its_retry() {
    let mut bench = Bench::without_a_scheduler();
    bench.lines();
    bench.commands();
    bench.wait(5);
    assert_eq!(bench.commands(), []);
    assert_eq!(bench.lines(), [""; 0]);
}

#[test]
fn a_service_that_somebody_took_away_is_back_with_the_next_verdict() {
    let mut bench = Bench::new(many(1));
    bench.lines();
    bench.kernel.table.clear();
    bench.verdict(3, false);
    assert_eq!(bench.kernel.weights(), [(1, 1), (2, 1), (4, 1), (5, 1)]);
    assert_eq!(
        bench.lines(),
        [
            "Removing service [10.0.0.3]:tcp:80 from VS [10.0.0.0]:tcp:80",
            "VS [10.0.0.0]:tcp:80: somebody else changed it in the kernel; it is put back (adding \
             it to the kernel and 4 more)"
        ]
    );
}

#[test]
fn a_server_that_somebody_put_there_before_is_no_error() {
    let mut bench = Bench::new(many(1));
    bench.verdict(3, false);
    let entry = bench.kernel.table.values_mut().next().unwrap();
    let (key, server) = entry.servers.first_key_value().unwrap();
    let mut key = *key;
    key.address = [10, 0, 0, 3].into();
    let mut other = *server;
    other.weight = 9;
    entry.servers.insert(key, other);
    bench.lines();
    bench.verdict(3, true);
    assert_eq!(
        bench.kernel.weights(),
        [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1)]
    );
    assert_eq!(
        bench.lines(),
        [
            "Adding service [10.0.0.3]:tcp:80 to VS [10.0.0.0]:tcp:80",
            "VS [10.0.0.0]:tcp:80: somebody else changed it in the kernel; it is put back \
             (changing [10.0.0.3]:tcp:80 in the kernel)"
        ]
    );
}

//! Two large configurations against each other. The time is only shown, for those who measure.

#![expect(clippy::unwrap_used, reason = "tests assert by panicking")]
#![expect(clippy::print_stdout, reason = "a measurement is shown")]

mod common;

use common::Memory;
use holdfast_conf::model::Config;
use holdfast_conf::{diff, plan};
use std::fmt::Write;
use std::time::Instant;

/// Virtual servers with five real servers each; those for which `other` is true differ.
fn servers(number: usize, other: impl Fn(usize) -> bool) -> Config {
    let mut text = String::new();
    for server in 0..number {
        let (high, low) = (server / 250, server % 250);
        let weight = if other(server) { 2 } else { 1 };
        let _ = writeln!(
            text,
            "virtual_server 10.{high}.{low}.1 80 {{\n delay_loop 6\n lb_algo rr\n lb_kind NAT\n protocol TCP"
        );
        for real in 1..=5 {
            let _ = writeln!(
                text,
                " real_server 10.{high}.{low}.{real}0 80 {{\n weight {weight}\n TCP_CHECK {{\n connect_timeout 3\n }}\n }}"
            );
        }
        text.push_str("}\n");
    }
    Memory::one(text).load().config.unwrap()
}

/// Virtual servers with five real servers each. The time of the full number is measured with
/// `cargo test --release -p holdfast-conf --test large -- --nocapture`.
const NUMBER: usize = if cfg!(debug_assertions) {
    1_000
} else {
    10_000
};

#[test]
fn each_server_that_differs_is_found_among_many() {
    let old = servers(NUMBER, |_| false);
    for (name, other) in [
        ("nothing", (|_| false) as fn(usize) -> bool),
        ("each hundredth", |at| at % 100 == 0),
        ("every one", |_| true),
    ] {
        let new = servers(NUMBER, other);
        let start = Instant::now();
        let found = diff(&old, &new);
        let middle = Instant::now();
        let planned = plan(&old, &new);
        let end = Instant::now();
        println!(
            "{name} differs: diff {:?}, plan {:?}",
            middle.duration_since(start),
            end.duration_since(middle)
        );
        let changed = (0..NUMBER).filter(|at| other(*at)).count();
        assert_eq!(found.lines().len(), changed);
        let json = planned.json();
        assert_eq!(json["virtual_servers"].as_array().unwrap().len(), changed);
    }
}

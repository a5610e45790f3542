//! What a reload says about two configurations.

#![expect(clippy::unwrap_used, reason = "tests assert by panicking")]

mod common;

use common::Memory;
use holdfast_conf::model::Config;
use holdfast_conf::{ChangeKind, diff};

fn config(text: &str) -> Config {
    Memory::one(text).load().config.unwrap()
}

fn instance(name: &str, vrid: u8, words: &str) -> String {
    format!(
        "vrrp_instance {name} {{\n interface eth0\n virtual_router_id {vrid}\n virtual_ipaddress {{\n 192.0.2.{vrid}/24\n }}\n{words}\n}}\n"
    )
}

#[test]
fn each_instance_says_what_became_of_it() {
    let old = config(&(instance("A", 1, "") + &instance("B", 2, "") + &instance("C", 3, "")));
    let new = config(
        &(instance("D", 4, "priority 90")
            + &instance(
                "A",
                1,
                "priority 110\nnopreempt\nvirtual_ipaddress {\n 192.0.2.85\n}\nnotify \"/bin/n a\" nobody",
            )
            + &instance("C", 3, "")),
    );
    let diff = diff(&old, &new);
    let kinds: Vec<_> = diff
        .instances
        .iter()
        .map(|change| (change.name.as_str(), &change.kind))
        .collect();
    assert_eq!(
        kinds,
        [
            (
                "D",
                &ChangeKind::Added("eth0, VRID 4, priority 90, 1 virtual address".into())
            ),
            (
                "A",
                &ChangeKind::Changed(vec![
                    "priority 100 → 110".into(),
                    "nopreempt on".into(),
                    "address 192.0.2.85 added".into(),
                    "notify none → \"/bin/n a\" as nobody".into(),
                ])
            ),
            ("C", &ChangeKind::Unchanged),
            (
                "B",
                &ChangeKind::Removed("eth0, VRID 2, priority 100, 1 virtual address".into())
            ),
        ]
    );
    assert_eq!(
        diff.lines(),
        [
            "(D) added: eth0, VRID 4, priority 90, 1 virtual address",
            "(A) priority 100 → 110, nopreempt on, address 192.0.2.85 added, notify none → \"/bin/n a\" as nobody",
            "(B) removed: eth0, VRID 2, priority 100, 1 virtual address",
        ]
    );
}

#[test]
fn a_changed_password_is_not_shown() {
    let with = |password: &str| {
        let words = format!("authentication {{\n auth_type PASS\n auth_pass {password}\n}}");
        config(&instance("A", 1, &words))
    };
    assert_eq!(
        diff(&with("one"), &with("two")).lines(),
        ["(A) authentication changed"]
    );
}

#[test]
fn scripts_transport_global_words_and_servers_are_compared() {
    let old = config(
        &("global_defs {\n router_id a\n}\nvrrp_script x {\n script \"/bin/x 1\"\n}\n".to_owned()
            + &instance("A", 1, "track_script { x }")
            + "virtual_server 192.0.2.1 80 {\n real_server 198.51.100.1 80 {\n }\n}\n"),
    );
    let new = config(
        &("global_defs {\n router_id b\n smtp_server 192.0.2.9\n}\nvrrp_script x {\n script \"killall -0 x\"\n fall 3\n}\n".to_owned()
            + &instance("A", 1, "track_script { x weight 5 }\nunicast_peer { 192.0.2.7 }")
            + "virtual_server 192.0.2.1 80 {\n quorum 2\n real_server 198.51.100.1 80 {\n }\n real_server 198.51.100.2 80 {\n }\n}\n"),
    );
    assert_eq!(
        diff(&old, &new).lines(),
        [
            "global_defs: router_id a → b",
            "(x) script \"/bin/x 1\" → \"killall -0 x\", fall 1 → 3",
            "(A) multicast → unicast, tracked script x changed",
            "([192.0.2.1]:udp:80) quorum 1 → 2, server 198.51.100.2:80 added",
        ]
    );
}

#[test]
fn the_order_of_addresses_counts() {
    let with = |first: u8, second: u8| {
        let words = format!("virtual_ipaddress {{\n 192.0.2.{first}\n 192.0.2.{second}\n}}");
        config(&instance("A", 1, &words))
    };
    assert_eq!(
        diff(&with(8, 9), &with(9, 8)).lines(),
        ["(A) order of address changed"]
    );
}

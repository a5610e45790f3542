//! What a reload would do.

#![expect(clippy::unwrap_used, reason = "tests assert by panicking")]

mod common;

use common::Memory;
use holdfast_conf::model::Config;
use holdfast_conf::{Plan, plan};

fn config(text: &str) -> Config {
    let loaded = Memory::one(text).load();
    assert_eq!(loaded.report.errors(), 0, "{}", loaded.report.render(false));
    loaded.config.unwrap()
}

fn instance(name: &str, vrid: u8, words: &str) -> String {
    format!(
        "vrrp_instance {name} {{\n interface eth0\n virtual_router_id {vrid}\n virtual_ipaddress {{\n 192.0.2.{vrid}/24\n }}\n{words}\n}}\n"
    )
}

fn between(old: &str, new: &str) -> Plan {
    plan(&config(old), &config(new))
}

/// The plan for one instance.
fn of(old: &str, new: &str) -> String {
    between(&instance("VI_1", 1, old), &instance("VI_1", 1, new)).render()
}

#[test]
fn nothing_changes_where_nothing_differs() {
    let text = instance("A", 1, "");
    let plan = between(&text, &text);
    assert!(plan.is_empty());
    assert_eq!(plan.render(), "No change.\n");
}

#[test]
fn instances_come_and_go() {
    let keep = instance("VI_1", 1, "");
    let plan = between(
        &(keep.clone() + &instance("VI_33", 3, "")),
        &(instance("VI_4", 4, "") + &keep),
    );
    assert_eq!(
        plan.render(),
        "\
+ VI_4   new on eth0, VRID 4: starts as BACKUP, may be MASTER after 3.7 s
- VI_33  removed: if MASTER, releases 192.0.2.3 (priority 0), a peer takes over
         within 1 s
No other change. 1 role change is expected where this node is MASTER (VI_33). 1
role change possible, the peers decide (VI_4).
"
    );
}

#[test]
fn what_needs_no_restart_changes_in_place() {
    assert_eq!(
        of("", "virtual_ipaddress {\n 192.0.2.85\n}\nnopreempt"),
        "  VI_1  keeps its role; nopreempt on; address 192.0.2.85 added
No other change. No role change is expected.\n"
    );
}

#[test]
fn what_is_tracked_from_now_on_may_take_the_role_away() {
    assert_eq!(
        of(
            "track_interface {\n eth7\n}",
            "track_interface {\n eth7\n eth8\n eth9 weight -20\n}"
        ),
        "  VI_1  tracked interface eth8 added; tracked interface eth9 added; FAULT while
        eth8 is down
No other change. 1 role change possible, the peers decide (VI_1).\n"
    );
}

#[test]
fn a_higher_priority_may_take_the_role() {
    assert_eq!(
        of("priority 100", "priority 110"),
        "  VI_1  priority 100 → 110; if BACKUP, takes over from a peer below 110 after
        3.6 s
No other change. 1 role change possible, the peers decide (VI_1).\n"
    );
}

#[test]
fn a_lower_priority_may_lose_the_role() {
    assert_eq!(
        of("priority 100", "priority 90"),
        "  VI_1  priority 100 → 90; if MASTER, a peer above 90 takes over
No other change. 1 role change possible, the peers decide (VI_1).\n"
    );
}

#[test]
fn what_the_child_cannot_change_under_way_is_a_restart() {
    for (old, new, what) in [
        ("", "version 3", "version 2 → 3"),
        (
            "mcast_src_ip 192.0.2.8",
            "mcast_src_ip 192.0.2.9",
            "mcast_src_ip 192.0.2.8 → 192.0.2.9",
        ),
        (
            "mcast_dst_ip 224.0.0.18",
            "mcast_dst_ip 224.0.0.19",
            "mcast_dst_ip 224.0.0.18 → 224.0.0.19",
        ),
        ("", "unicast_peer {\n 192.0.2.7\n}", "multicast → unicast"),
        (
            "",
            "authentication {\n auth_type PASS\n auth_pass s3cret\n}",
            "authentication changed",
        ),
    ] {
        let text = of(old, new);
        assert!(
            text.starts_with(&format!("~ VI_1  restarted: {what};")),
            "{text}"
        );
        assert!(text.contains("1 role change is expected where this node is MASTER"));
        assert!(!text.contains("s3cret"));
    }
}

#[test]
fn peers_and_ttl_change_in_place() {
    let old = "unicast_src_ip 192.0.2.8\nunicast_peer {\n 192.0.2.7\n}";
    let new = "unicast_src_ip 192.0.2.8\nunicast_ttl 9\nunicast_peer {\n 192.0.2.6\n}";
    assert!(of(old, new).starts_with("  VI_1  keeps its role; "));
}

#[test]
fn an_owner_is_master_at_once() {
    assert_eq!(
        of("priority 100", "priority 255"),
        "  VI_1  state BACKUP → MASTER; priority 100 → 255; MASTER at once if it is
        BACKUP
No other change. 1 role change possible, the peers decide (VI_1).\n"
    );
    let plan = between(
        &instance("A", 1, ""),
        &(instance("A", 1, "") + &instance("B", 2, "priority 255")),
    );
    assert!(plan.render().contains("priority 255: MASTER at once"));
}

fn server(port: u16, words: &str, real: &[u8]) -> String {
    let real: String = real
        .iter()
        .map(|host| format!(" real_server 192.0.2.{host} {port} {{\n weight 1\n }}\n"))
        .collect();
    format!(
        "virtual_server 192.0.2.80 {port} {{\n protocol TCP\n lb_algo rr\n lb_kind NAT\n{words}\n{real}}}\n"
    )
}

#[test]
fn servers_that_are_not_touched_keep_their_connections() {
    let plan = between(
        &server(80, "", &[101, 102, 103]),
        &server(80, "", &[101, 102, 103, 104]),
    );
    assert_eq!(
        plan.render(),
        "  192.0.2.80:80  server 192.0.2.104:80 added; 3 servers untouched, their
                 connections stay
No other change. No role change is expected.\n"
    );
}

#[test]
fn virtual_servers_come_go_and_change() {
    let plan = between(
        &(server(80, "", &[101, 102]) + &server(81, "", &[101])),
        &(server(80, "quorum 2\nops", &[102, 103]).replace("lb_algo rr", "lb_algo wrr")
            + &server(82, "", &[101]))
            .replace("192.0.2.102 80 {\n weight 1", "192.0.2.102 80 {\n weight 5"),
    );
    assert_eq!(
        plan.render(),
        "  192.0.2.80:80  lb_algo rr → wrr; quorum 1 → 2; server 192.0.2.103:80 added;
                 server 192.0.2.101:80 removed; server 192.0.2.102:80: weight 1
                 → 5
+ 192.0.2.80:82  new, 1 real server
- 192.0.2.80:81  removed with 1 real server, its connections end
No other change. No role change is expected.\n"
    );
}

#[test]
fn scripts_and_globals_are_part_of_the_plan() {
    let script = "vrrp_script chk {\n script \"/bin/true\"\n}\n";
    let track = instance("A", 1, "track_script {\n chk\n}");
    let plan = between(
        &(script.to_owned() + &track),
        &(format!(
            "global_defs {{\n router_id x\n}}\n{}",
            script.replace("}", " interval 5\n}")
        ) + &track),
    );
    assert_eq!(
        plan.render(),
        "  global_defs: router_id none → x
  (chk) interval 1 s → 5 s, timeout 1 s → 5 s
No other change. No role change is expected.\n"
    );
}

#[test]
fn machines_get_the_same() {
    let json = between(
        &(instance("A", 1, "") + &server(80, "", &[101])),
        &(instance("A", 1, "priority 110") + &server(80, "", &[101, 102])),
    )
    .json();
    assert_eq!(json["instances"][0]["action"], "changed");
    assert_eq!(json["instances"][0]["role_change"], "possible");
    assert_eq!(json["virtual_servers"][0]["added"][0], "192.0.2.102:80");
    assert_eq!(json["virtual_servers"][0]["untouched"], 1);
}

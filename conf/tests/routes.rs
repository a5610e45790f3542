//! Lines of addresses, routes and rules: what they mean, and how they are written.

#![expect(clippy::unwrap_used, reason = "tests assert by panicking")]

mod common;

use common::Memory;
use holdfast_conf::model::Statics;
use holdfast_conf::{Loaded, Secrets, print};

/// The group that some lines name.
const GROUP: &str = "track_group G {\n group {\n VI\n }\n}\nvrrp_instance VI {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n 198.51.100.9\n }\n}\n";

fn read(word: &str, lines: &str) -> Loaded {
    Memory::one(format!("{word} {{\n{lines}\n}}\n{GROUP}")).look()
}

fn statics(word: &str, lines: &str) -> Statics {
    let loaded = read(word, lines);
    assert_eq!(loaded.report.errors(), 0, "{}", loaded.report.render(false));
    loaded.config.unwrap().statics
}

/// The line as it is printed.
fn printed(word: &str, line: &str) -> String {
    let loaded = read(word, line);
    assert_eq!(loaded.report.errors(), 0, "{}", loaded.report.render(false));
    let text = print(&loaded.config.unwrap(), Secrets::Shown);
    let line = text.lines().nth(1).unwrap();
    let again = read(word, line).config.unwrap();
    assert_eq!(print(&again, Secrets::Shown), text);
    line.trim().to_owned()
}

fn route(line: &str) -> String {
    printed("static_routes", line)
}

fn rule(line: &str) -> String {
    printed("static_rules", line)
}

/// All that is wrong with a line, without the place and the word that is not carried out.
fn errors(word: &str, line: &str) -> Vec<String> {
    read(word, line)
        .report
        .lines()
        .into_iter()
        .filter(|line| line.contains("error["))
        .map(|line| line.split_once("error").unwrap().1.to_owned())
        .collect()
}

#[test]
fn routes_are_written_in_one_order_with_numbers_for_known_names() {
    for (line, wanted) in [
        (
            "192.0.2.0/24 via 198.51.100.1 dev eth0",
            "192.0.2.0/24 via 198.51.100.1 dev eth0",
        ),
        (
            "default via 198.51.100.1 metric 5",
            "0.0.0.0/0 metric 5 via 198.51.100.1",
        ),
        ("default via 2001:db8::1", "::/0 via 2001:db8::1"),
        ("default6 dev eth0", "::/0 dev eth0"),
        (
            "192.0.2.0/24 via 198.51.100.1 dev eth0 or 198.51.100.2 or 198.51.100.3 weight 2",
            "192.0.2.0/24 nexthop weight 1 via 198.51.100.1 dev eth0 nexthop weight 1 via \
             198.51.100.2 nexthop weight 2 via 198.51.100.3",
        ),
        (
            "to 192.0.2.7 gw 198.51.100.1",
            "192.0.2.7/32 via 198.51.100.1",
        ),
        ("blackhole 192.0.2.0/24", "blackhole 192.0.2.0/24"),
        (
            "brd 192.0.2.255 dev eth0 table local",
            "broadcast 192.0.2.255/32 table 255 dev eth0",
        ),
        (
            "192.0.2.0/24 dev eth0 protocol static no_track",
            "192.0.2.0/24 protocol 4 dev eth0 no_track",
        ),
        (
            "192.0.2.0/24 oif eth0 scope link src 192.0.2.9 tos 0x10",
            "192.0.2.0/24 src 192.0.2.9 tos 16 scope 253 dev eth0",
        ),
        (
            "192.0.2.0/24 table red dev eth0",
            "192.0.2.0/24 table red dev eth0",
        ),
        (
            "2001:db8:0:1::9/64 dev eth0 expires 60 pref high",
            "2001:db8:0:1::/64 dev eth0 expires 60 pref 1",
        ),
        (
            "192.0.2.0/24 via inet6 fe80::1 dev eth0 onlink",
            "192.0.2.0/24 via fe80::1 dev eth0 onlink",
        ),
        (
            "192.0.2.0/24 dev eth0 mtu lock 1400 rtt 300ms rttvar lock 1.5s rto_min 250 congctl lock cubic",
            "192.0.2.0/24 dev eth0 mtu lock 1400 rtt 2400 rttvar lock 6000 rto_min 250 congctl lock cubic",
        ),
        (
            "192.0.2.0/24 dev eth0 features ecn quickack 1 fastopen_no_cookie 0 hoplimit 9 window 7 initcwnd 10 initrwnd 11",
            "192.0.2.0/24 dev eth0 hoplimit 9 window 7 initcwnd 10 initrwnd 11 features ecn quickack 1 fastopen_no_cookie 0",
        ),
        (
            "192.0.2.0/24 nexthop via 198.51.100.1 weight 3 or dev eth1 realms 1/2",
            "192.0.2.0/24 nexthop weight 3 via 198.51.100.1 nexthop weight 1 dev eth1 realms 1/2",
        ),
        (
            "192.0.2.0/24 dev gre0 encap ip id 0x10 dst 198.51.100.1 ttl 64 append",
            "192.0.2.0/24 dev gre0 encap ip id 16 dst 198.51.100.1 ttl 64 append",
        ),
        (
            "192.0.2.0/24 dev eth0 encap mpls 16/100 ttl-propagate enabled",
            "192.0.2.0/24 dev eth0 encap mpls 16/100 ttl-propagate enabled",
        ),
        (
            "2001:db8::/32 dev eth0 encap ila 2001:db8:0:1 vrf red add",
            "2001:db8::/32 dev eth0 encap ila 2001:db8:0:1 vrf red add",
        ),
        (
            "192.0.2.0/24 dev eth0 track_group G",
            "192.0.2.0/24 dev eth0 track_group G",
        ),
    ] {
        assert_eq!(route(line), wanted, "{line}");
    }
}

#[test]
fn the_family_in_front_of_a_destination_does_not_swallow_it() {
    assert_eq!(
        route("inet6 default via 2001:db8::1"),
        "::/0 via 2001:db8::1"
    );
    assert_eq!(route("inet6 to default dev eth0"), "::/0 dev eth0");
    assert_eq!(route("inet default dev eth0"), "0.0.0.0/0 dev eth0");
    assert_eq!(
        rule("inet6 iif eth0 table 7 preference 9"),
        "inet6 iif eth0 preference 9 table 7"
    );
}

#[test]
fn a_wrong_route_says_what_is_wrong() {
    for (line, wanted) in [
        (
            "via 192.0.2.1",
            "[HF0111]: this route leads nowhere: expected a network such as 192.0.2.0/24, or `default`",
        ),
        (
            "192.0.2.0/24 devv eth0",
            "[HF0212]: unknown option `devv`: expected an option of a route, such as `via` or `dev`",
        ),
        (
            "192.0.2.1/24 dev eth0",
            "[HF0205]: `192.0.2.1/24` is an address in a network, not a network: expected e.g. 192.0.2.0/24",
        ),
        (
            "192.0.2.0/24 src 2001:db8::1",
            "[HF0304]: IPv4 and IPv6 in one route: this is IPv6",
        ),
        (
            "192.0.2.0/24 dev eth0 protocol static",
            "[HF0111]: a route with another `protocol` needs `no_track`: `no_track` is missing on this line",
        ),
        (
            "192.0.2.0/24 via 198.51.100.1 track_group G",
            "[HF0111]: a route with a `track_group` needs an interface: `dev` is missing on this line",
        ),
        (
            "192.0.2.0/24 dev eth0 rtt 100ms",
            "[HF0201]: `rtt` must be between 0.2 and 120 seconds: expected e.g. 300ms or 1.5s; a number alone counts 1/8000 s",
        ),
        (
            "192.0.2.0/24 nexthop weight 257 dev eth0",
            "[HF0201]: `weight` must be between 1 and 256: 257 is out of range",
        ),
        (
            "192.0.2.0/24 nexthop",
            "[HF0111]: `nexthop` without a way to go: `via ADDRESS` or `dev INTERFACE` is expected behind this",
        ),
        (
            "192.0.2.0/24 dev",
            "[HF0111]: `dev` needs a value: a value is expected behind this",
        ),
        (
            "192.0.2.0/24 encap vxlan 7",
            "[HF0203]: unknown kind of tunnel `vxlan`: expected `ip`, `ip6`, `mpls` or `ila`",
        ),
    ] {
        let all = errors("static_routes", line);
        assert_eq!(
            all.last().map(String::as_str),
            Some(wanted),
            "{line}: {all:#?}"
        );
    }
}

#[test]
fn rules_are_written_in_one_order() {
    for (line, wanted) in [
        (
            "from 192.0.2.0/24 table 7 preference 0x10",
            "inet from 192.0.2.0/24 preference 16 table 7",
        ),
        (
            "not to 2001:db8::/32 lookup main order 9",
            "inet6 not to 2001:db8::/32 preference 9 table 254",
        ),
        (
            "fwmark 0x10/0xff iif eth0 oif eth1 priority 8 type blackhole",
            "inet fwmark 0x10/0xff iif eth0 oif eth1 preference 8 blackhole",
        ),
        (
            "fwmark 7 goto 100 preference 9",
            "inet fwmark 0x7/0xffffffff preference 9 goto 100",
        ),
        (
            "ipproto tcp sport 80 dport 1000-2000 uidrange 0-99 preference 9 prohibit",
            "inet uidrange 0-99 ipproto 6 sport 80-80 dport 1000-2000 preference 9 prohibit",
        ),
        (
            "l3mdev preference 9 protocol 4 no_track",
            "inet preference 9 l3mdev protocol 4 no_track",
        ),
        (
            "iif eth0 sup_pl 0 sup_group 3 tunnel-id 5 realms a/7 tos 8 table 7 preference 9 track_group G",
            "inet tos 8 realms a/7 iif eth0 tunnel-id 5 suppress_prefixlength 0 suppress_ifgroup 3 preference 9 table 7 track_group G",
        ),
    ] {
        assert_eq!(rule(line), wanted, "{line}");
    }
}

#[test]
fn a_wrong_rule_says_what_is_wrong() {
    for (line, wanted) in [
        (
            "from 192.0.2.0/24 preference 9",
            "[HF0230]: this rule does nothing: expected `table`, or one of `goto`, `nop`, `blackhole`, `prohibit`, `unreachable`, `l3mdev`",
        ),
        (
            "table 7 nop preference 9",
            "[HF0230]: a rule does one thing only: second action",
        ),
        (
            "table 0 preference 9",
            "[HF0201]: `table` cannot be 0: expected a number from 1, or a name such as `main`",
        ),
        (
            "goto 5 preference 9",
            "[HF0230]: a rule of preference 9 cannot go back to 5: expected a larger preference than the rule's own",
        ),
        (
            "table 7 preference 9 protocol bird",
            "[HF0202]: `protocol` must be between 0 and 255: `bird` is not a whole number",
        ),
        (
            "table 7 preference 9 protocol 4",
            "[HF0111]: a rule with another `protocol` needs `no_track`: `no_track` is missing on this line",
        ),
        (
            "table 7 preference 9 track_group G",
            "[HF0111]: a rule with a `track_group` needs an interface: `iif` is missing on this line",
        ),
        (
            "table 7 preferance 9",
            "[HF0212]: unknown option `preferance`: expected an option of a rule, such as `from` or `table`",
        ),
    ] {
        let all = errors("static_rules", line);
        assert_eq!(
            all.last().map(String::as_str),
            Some(wanted),
            "{line}: {all:#?}"
        );
    }
}

#[test]
fn rules_without_a_preference_count_down_for_each_family() {
    let lines = "table 1\ninet6 table 2\ntable 3\ntable 4 preference 9\ninet6 table 5";
    let preferences: Vec<u32> = statics("static_rules", lines)
        .rules
        .iter()
        .map(|rule| rule.preference)
        .collect();
    assert_eq!(preferences, [16_384, 16_384, 16_383, 9, 16_383]);
}

#[test]
fn static_addresses_stand_on_the_default_interface_unless_they_name_one() {
    let lines = "192.0.2.1/24\n192.0.2.2/24 dev eth9 track_group G\n}\nglobal_defs {\n default_interface eth7";
    let addresses: Vec<_> = statics("static_ipaddress", lines)
        .addresses
        .into_iter()
        .map(|line| (line.address.dev.unwrap().to_string(), line.track_group))
        .collect();
    assert_eq!(
        addresses,
        [
            ("eth7".to_owned(), None),
            ("eth9".to_owned(), Some("G".to_owned()))
        ]
    );
}

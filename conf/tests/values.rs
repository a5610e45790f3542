//! What words mean: defaults, what overrides what, and options of the reader.

#![expect(clippy::unwrap_used, reason = "tests assert by panicking")]

mod common;

use common::{Memory, STRICT};
use holdfast_conf::model::*;
use holdfast_conf::{Options, UnknownWords, load};
use std::path::Path;

fn config(text: &str) -> Config {
    let loaded = Memory::one(text).load();
    assert_eq!(loaded.report.errors(), 0, "{}", loaded.report.render(false));
    loaded.config.unwrap()
}

/// An instance with some more words, and global words before it.
fn router(global: &str, words: &str) -> VirtualRouter {
    let text = format!(
        "global_defs {{\n{global}\n}}\nvrrp_instance A {{\n interface eth0\n virtual_router_id 7\n virtual_ipaddress {{\n 192.0.2.1/24\n }}\n{words}\n}}\n"
    );
    config(&text).instances.remove(0).router
}

fn secs(secs: u64) -> Micros {
    Micros::from_secs(secs)
}

#[test]
fn an_instance_without_further_words_has_the_documented_defaults() {
    let wanted = VirtualRouter {
        name: InstanceName::try_from("A").unwrap(),
        vrid: Vrid::try_from(7).unwrap(),
        version: Version::V2,
        family: Family::V4,
        interface: Some(IfName::try_from("eth0").unwrap()),
        initial_state: InitialState::Backup,
        priority: Priority::DEFAULT,
        advert_int: AdvertInterval::DEFAULT,
        transport: Transport::Multicast {
            group: "224.0.0.18".parse().unwrap(),
            source: None,
        },
        auth: Auth::None,
        checksum: ChecksumForm::PseudoHeader,
        nopreempt: false,
        preempt_delay: Micros::ZERO,
        down_timer_adverts: 3,
        garp: GarpSettings {
            master_delay: secs(5),
            master_repeat: 5,
            master_refresh: Micros::ZERO,
            master_refresh_repeat: 1,
            lower_prio_delay: secs(5),
            lower_prio_repeat: 5,
            interval: Micros::ZERO,
            gna_interval: Micros::ZERO,
        },
        lower_prio_no_advert: false,
        higher_prio_send_advert: false,
        owner_ignore_adverts: false,
        skip_check_adv_addr: false,
        track_src_ip: false,
        dont_track_primary: false,
        strict: false,
        addresses: vec![VirtualAddress {
            address: "192.0.2.1".parse().unwrap(),
            prefix: 24,
            peer: None,
            dev: None,
            scope: 0,
            label: None,
            broadcast: Broadcast::None,
            nodad: false,
            home: false,
            mngtmpaddr: false,
            noprefixroute: false,
            autojoin: false,
            preferred_lft: None,
            no_track: false,
            use_vmac: false,
        }],
        excluded: Vec::new(),
        track_interfaces: Vec::new(),
        track_scripts: Vec::new(),
    };
    assert_eq!(router("", ""), wanted);
}

#[test]
fn a_word_of_the_instance_overrides_the_global_one_wherever_that_stands() {
    let text = "vrrp_instance A {\n interface eth0\n virtual_router_id 7\n version 2\n lower_prio_no_advert off\n virtual_ipaddress {\n 192.0.2.1\n }\n}\nglobal_defs {\n vrrp_version 3\n vrrp_lower_prio_no_advert\n vrrp_mcast_group4 224.0.0.111\n}\n";
    let router = config(text).instances.remove(0).router;
    assert_eq!(router.version, Version::V2);
    assert!(!router.lower_prio_no_advert);
    assert_eq!(
        router.transport,
        Transport::Multicast {
            group: "224.0.0.111".parse().unwrap(),
            source: None
        }
    );
}

#[test]
fn the_delay_after_a_lower_priority_follows_the_one_after_becoming_master() {
    let garp = router("", "garp_master_delay 7\ngarp_master_repeat 2").garp;
    assert_eq!(
        (garp.lower_prio_delay, garp.lower_prio_repeat),
        (secs(7), 2)
    );
    let garp = router("vrrp_garp_lower_prio_repeat 1", "garp_master_repeat 2").garp;
    assert_eq!(garp.lower_prio_repeat, 1);
}

#[test]
fn least_gratuitous_arp_is_one_message_without_a_second_burst() {
    let garp = router("vrrp_min_garp\nvrrp_garp_master_refresh 60", "").garp;
    assert_eq!(
        (garp.master_delay, garp.master_repeat, garp.master_refresh),
        (Micros::ZERO, 1, secs(60))
    );
}

#[test]
fn intervals_between_gratuitous_arps_may_be_zero_and_fractions() {
    let garp = router("vrrp_garp_interval 0\nvrrp_gna_interval 0.0001", "").garp;
    assert_eq!(
        (garp.interval, garp.gna_interval),
        (Micros::ZERO, Micros::new(100))
    );
}

#[test]
fn strict_mode_sets_what_the_protocol_says() {
    let router = router(
        "vrrp_strict",
        "state MASTER\npriority 100\nnopreempt\nowner_ignore_adverts off\nhigher_prio_send_advert",
    );
    assert!(router.strict && router.lower_prio_no_advert && router.owner_ignore_adverts);
    assert!(!router.higher_prio_send_advert);
    assert_eq!(router.initial_state, InitialState::Backup);
    // keepalived 2.2.7 shows "Preempt = disabled" for this.
    assert!(router.nopreempt);
    assert_eq!(
        (router.garp.lower_prio_delay, router.garp.lower_prio_repeat),
        (Micros::ZERO, 0)
    );
}

#[test]
fn only_the_owner_starts_as_master_in_strict_mode() {
    let owner = router("vrrp_strict", "state BACKUP\npriority 255");
    assert_eq!(owner.initial_state, InitialState::Master);
}

#[test]
fn ah_with_state_master_starts_as_backup_and_keeps_nopreempt() {
    let router = router(
        "",
        "state MASTER\npriority 100\nnopreempt\nauthentication {\nauth_type AH\nauth_pass cuongquach\n}",
    );
    assert_eq!(router.initial_state, InitialState::Backup);
    assert!(router.nopreempt);
    assert_eq!(router.auth, Auth::Ah(AuthKey::new(b"cuongqua")));
}

#[test]
fn priority_255_without_a_state_starts_as_master() {
    assert_eq!(
        router("", "priority 255").initial_state,
        InitialState::Master
    );
}

#[test]
fn intervals_are_rounded_to_what_the_version_sends() {
    let centis = |words: &str| router("", words).advert_int.centis();
    assert_eq!(centis("advert_int 0.4"), 100);
    assert_eq!(centis("advert_int 1.5"), 200);
    assert_eq!(centis("advert_int 255"), 25_500);
    assert_eq!(centis("version 3\nadvert_int 0.014"), 1);
    assert_eq!(centis("version 3\nadvert_int 255"), 4_095);
}

#[test]
fn limits_of_a_peer_imply_that_senders_are_checked() {
    let check = |words: &str| match router("", words).transport {
        Transport::Unicast { check_source, .. } => check_source,
        Transport::Multicast { .. } => panic!("no peers"),
    };
    assert!(!check("unicast_peer { 192.0.2.2 }"));
    assert!(check("unicast_peer { 192.0.2.2 min_ttl 254 }"));
    assert!(check("check_unicast_src\nunicast_peer { 192.0.2.2 }"));
}

#[test]
fn the_family_follows_from_the_first_address_else_from_the_peers() {
    let family = |words: &str| {
        let text = format!(
            "vrrp_instance A {{\n interface eth0\n virtual_router_id 7\n no_virtual_ipaddress\n{words}\n}}\n"
        );
        let router = config(&text).instances.remove(0).router;
        (router.family, router.version)
    };
    assert_eq!(family(""), (Family::V4, Version::V2));
    assert_eq!(
        family("unicast_peer { 2001:db8::2 }"),
        (Family::V6, Version::V3)
    );
    assert_eq!(
        family("virtual_ipaddress { 2001:db8::10 }\nvirtual_ipaddress_excluded { 192.0.2.1 }"),
        (Family::V6, Version::V3)
    );
}

#[test]
fn a_whole_ipv6_address_is_never_a_source_unless_its_lifetime_says_so() {
    let lifetime = |line: &str| {
        let text = format!("virtual_ipaddress_excluded {{\n {line}\n}}");
        router("", &text).excluded.remove(0).preferred_lft
    };
    assert_eq!(lifetime("2001:db8::1"), Some(0));
    assert_eq!(lifetime("2001:db8::1 preferred_lft forever"), None);
    assert_eq!(lifetime("2001:db8::1/64"), None);
    assert_eq!(lifetime("2001:db8::1/64 preferred_lft 30"), Some(30));
}

#[test]
fn broadcast_addresses_are_computed_from_the_prefix() {
    let broadcast = |line: &str| {
        let text = format!("virtual_ipaddress_excluded {{\n {line}\n}}");
        router("", &text).excluded.remove(0).broadcast
    };
    let address = |text: &str| Broadcast::Address(text.parse().unwrap());
    assert_eq!(broadcast("192.0.2.9/24 brd +"), address("192.0.2.255"));
    assert_eq!(broadcast("192.0.2.9/29 brd -"), address("192.0.2.8"));
    assert_eq!(broadcast("192.0.2.9/0 brd +"), address("255.255.255.255"));
    assert_eq!(broadcast("192.0.2.9/32 brd +"), Broadcast::None);
}

#[test]
fn a_tracker_without_a_weight_has_the_one_of_its_script() {
    let text = "vrrp_script a {\n script /bin/a\n weight -7 reverse\n}\nvrrp_script b {\n script /bin/b\n interval 3\n}\nvrrp_instance A {\n interface eth0\n virtual_router_id 7\n virtual_ipaddress { 192.0.2.1 }\n track_script {\n a\n b weight 9\n }\n}\n";
    let config = config(text);
    let tracked: Vec<_> = config.instances[0]
        .router
        .track_scripts
        .iter()
        .map(|script| (script.script.as_str(), script.weight.get(), script.reverse))
        .collect();
    assert_eq!(tracked, [("a", -7, true), ("b", 9, false)]);
    assert_eq!(config.scripts[1].timeout, secs(3));
}

#[test]
fn a_check_takes_its_times_from_its_servers() {
    let text = "virtual_server 192.0.2.1 80 {\n delay_loop 7\n connect_timeout 4\n lb_algo sh\n sh-port\n lb_kind NAT\n protocol TCP\n weight 3\n alpha\n real_server 198.51.100.1 8080 {\n retry 5\n TCP_CHECK {\n }\n DNS_CHECK {\n retry 2\n connect_port 53\n alpha off\n }\n MISC_CHECK {\n misc_path \"/bin/check 'a b'\"\n }\n }\n real_server 198.51.100.2 {\n }\n}\nglobal_defs {\n smtp_alert_checker off\n checker_log_all_failures\n}\n";
    let mut config = config(text);
    let server = config.virtual_servers.remove(0);
    assert!(server.scheduler_flags.second);
    let [first, second] = server.real_servers.as_slice() else {
        panic!("two servers");
    };
    assert_eq!((first.weight, second.port, second.checks.len()), (3, 80, 0));
    assert!(!first.smtp_alert);
    let timings: Vec<_> = first
        .checks
        .iter()
        .map(|check| {
            let timing = check.timing;
            (
                timing.delay_loop,
                timing.retry,
                timing.delay_before_retry,
                timing.alpha,
            )
        })
        .collect();
    assert_eq!(
        timings,
        [
            (secs(7), 5, secs(1), true),
            (secs(7), 2, secs(7), false),
            (secs(7), 5, secs(1), true),
        ]
    );
    assert!(
        first
            .checks
            .iter()
            .all(|check| check.timing.log_all_failures)
    );
    let Probe::Misc {
        timeout, command, ..
    } = &first.checks[2].probe
    else {
        panic!("a program");
    };
    assert_eq!(
        (*timeout, command.arguments()),
        (secs(7), &["a b".to_owned()][..])
    );
    let Probe::Tcp(endpoint) = &first.checks[0].probe else {
        panic!("a connection");
    };
    assert_eq!((endpoint.port, endpoint.timeout), (8080, secs(4)));
}

#[test]
fn script_security_is_on_unless_switched_off() {
    let security = |text: &str| config(text).global.script_security;
    assert!(security(""));
    assert!(security("global_defs {\n enable_script_security\n}\n"));
    assert!(!security("global_defs {\n enable_script_security off\n}\n"));
}

#[test]
fn unknown_words_are_passed_over_when_that_is_asked_for() {
    let text = "vrrp_instance A {\n interface eth0\n virtual_router_id 7\n wibble {\n priority 1\n }\n virtual_ipaddress {\n 192.0.2.1 colour red\n }\n}\nwobble\n";
    let files = Memory::one(text);
    assert_eq!(
        load(&files, Path::new("a.conf"), &STRICT).report.errors(),
        4
    );
    let options = Options {
        unknown_words: UnknownWords::Ignore,
        ..Options::default()
    };
    let loaded = load(&files, Path::new("a.conf"), &options);
    assert_eq!(loaded.report.errors(), 0);
    assert_eq!(loaded.report.warnings(), 4);
    let config = loaded.config.unwrap();
    assert_eq!(config.instances[0].router.priority, Priority::DEFAULT);
    assert_eq!(config.instances[0].router.addresses.len(), 1);
}

#[test]
fn an_empty_file_is_a_warning_and_an_empty_configuration() {
    let loaded = Memory::one("").load();
    assert_eq!((loaded.report.errors(), loaded.report.warnings()), (0, 1));
    assert_eq!(loaded.config.unwrap(), Config::default());
}

#[test]
fn the_summary_counts_what_there_is() {
    let loaded = Memory::one("wibble\n").load();
    assert_eq!(
        loaded.report.summary("keepalived.conf", 1),
        "keepalived.conf: 1 error, 0 warnings, 1 remark on this host. Nothing was started or changed."
    );
}

#[test]
fn colour_is_there_only_when_asked_for() {
    let report = Memory::one("wibble\n").load().report;
    assert!(!report.render(false).contains('\u{1b}'));
    assert!(report.render(true).contains("\u{1b}["));
}

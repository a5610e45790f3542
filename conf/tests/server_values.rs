//! What words of servers, checks, groups and of the daemon mean: defaults, and what overrides what.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests assert by panicking"
)]

mod common;

use common::Memory;
use holdfast_conf::model::*;
use std::net::IpAddr;

fn config(text: &str) -> Config {
    let loaded = Memory::one(text).look();
    assert_eq!(loaded.report.errors(), 0, "{}", loaded.report.render(false));
    loaded.config.unwrap()
}

/// A virtual server with some more words before its one real server.
fn server(words: &str, real: &str) -> VirtualServer {
    let text = format!(
        "virtual_server 192.0.2.1 80 {{\n lb_algo rr\n lb_kind NAT\n protocol TCP\n{words}\n real_server 198.51.100.1 80 {{\n{real}\n }}\n}}\n"
    );
    config(&text).virtual_servers.remove(0)
}

/// The checks of such a server.
fn checks(words: &str, real: &str) -> Vec<Check> {
    server(words, real).real_servers.remove(0).checks
}

fn http(block: &str, words: &str) -> HttpProbe {
    let real = format!("{block} {{\n url {{\n path /\n }}\n{words}\n}}");
    match checks("", &real).remove(0).probe {
        Probe::Http(probe) => probe,
        other => panic!("{other:?}"),
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn off_behind_alpha_and_inhibit_on_failure_is_off() {
    let real = "TCP_CHECK {\n }";
    for (value, wanted) in [("", true), ("on", true), ("off", false)] {
        let words = format!("alpha {value}\n inhibit_on_failure {value}");
        let real_server = server(&words, real).real_servers.remove(0);
        assert_eq!(real_server.inhibit_on_failure, wanted, "{value}");
        assert_eq!(real_server.checks[0].timing.alpha, wanted, "{value}");
    }
}

#[test]
fn the_name_of_the_site_is_sent_in_the_handshake_unless_that_is_switched_off() {
    let tls = |words: &str| http("SSL_GET", words).tls.unwrap();
    let plain = TlsOptions {
        sni: true,
        sni_name: None,
        verify: false,
    };
    assert_eq!(tls(""), plain);
    let off = TlsOptions {
        sni: false,
        ..plain.clone()
    };
    assert_eq!(tls("enable_sni off"), off);
    let named = TlsOptions {
        sni_name: Some("a.example".to_owned()),
        ..plain.clone()
    };
    assert_eq!(tls("enable_sni off\n sni_name a.example"), named);
    let verified = TlsOptions {
        verify: true,
        ..plain
    };
    assert_eq!(tls("verify"), verified);
    assert_eq!(http("HTTP_GET", "").tls, None);
}

#[test]
fn a_digest_is_md5_or_sha_256_by_its_length() {
    let digest = |text: &str| {
        let words = format!("url {{\n path /2\n digest {text}\n }}");
        http("HTTP_GET", &words).urls.remove(1).digest.unwrap()
    };
    assert_eq!(digest(&"0f".repeat(16)), Digest::Md5([0x0f; 16]));
    assert_eq!(digest(&"0F".repeat(32)), Digest::Sha256([0x0f; 32]));
}

#[test]
fn each_host_of_an_smtp_check_is_a_check_of_its_own() {
    let real = "SMTP_CHECK {\n helo_name a.example\n retry 3\n connect_port 26\n host {\n connect_ip 198.51.100.7\n }\n host {\n connect_port 27\n retry 5\n }\n }";
    let checks: Vec<_> = checks("", real)
        .into_iter()
        .map(|check| match check.probe {
            Probe::Smtp { endpoint, helo } => {
                (endpoint.address, endpoint.port, check.timing.retry, helo)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let helo = || "a.example".to_owned();
    assert_eq!(
        checks,
        [
            (address("198.51.100.7"), 26, 3, helo()),
            (address("198.51.100.1"), 27, 5, helo()),
        ]
    );
}

#[test]
fn a_file_check_has_its_own_weight_or_that_of_the_file() {
    let text = |words: &str| {
        format!(
            "track_file f {{\n file /run/f\n}}\nvirtual_server 192.0.2.1 80 {{\n real_server 198.51.100.1 80 {{\n FILE_CHECK {{\n track_file f\n{words}\n }}\n BFD_CHECK {{\n name b\n alpha\n }}\n }}\n}}\nbfd_instance b {{\n neighbor_ip 192.0.2.9\n}}\n"
        )
    };
    let probes = |words: &str| {
        let mut server = config(&text(words)).virtual_servers.remove(0);
        server.real_servers.remove(0).checks
    };
    let checks = probes("weight -7 reverse");
    let file = |weight| Probe::File {
        file: Box::new(config(&text("")).track_files.remove(0)),
        weight,
    };
    assert_eq!(checks[0].probe, file(Some((-7, true))));
    assert_eq!(
        checks[1].probe,
        Probe::Bfd {
            session: "b".to_owned()
        }
    );
    assert!(!checks[0].timing.alpha && checks[1].timing.alpha);
    assert_eq!(probes("")[0].probe, file(None));
}

#[test]
fn entries_of_a_group_are_addresses_ranges_networks_and_marks_wherever_the_group_stands() {
    let group = "virtual_server_group g {\n 192.0.2.1 80\n 192.0.2.10-12 81\n 192.0.2.20-192.0.2.30\n 192.0.2.64/30 82\n 2001:db8::1-f 83\n fwmark 7\n fwmark 8 inet\n}\n";
    let server = "virtual_server group g {\n lb_kind TUN\n real_server 2001:db8::9 80 {\n }\n}\n";
    let addresses = |first: &str, last: &str, port| GroupMember::Addresses {
        first: address(first),
        last: address(last),
        port,
    };
    let mark = |mark: u32, family| GroupMember::Mark {
        mark: mark.try_into().unwrap(),
        family,
    };
    let wanted = Service::Group {
        name: "g".to_owned(),
        protocol: Protocol::Udp,
        members: vec![
            addresses("192.0.2.1", "192.0.2.1", 80),
            addresses("192.0.2.10", "192.0.2.12", 81),
            addresses("192.0.2.20", "192.0.2.30", 0),
            addresses("192.0.2.64", "192.0.2.67", 82),
            addresses("2001:db8::1", "2001:db8::f", 83),
            mark(7, Family::V6),
            mark(8, Family::V4),
        ],
    };
    for text in [group.to_owned() + server, server.to_owned() + group] {
        let server = config(&text).virtual_servers.remove(0);
        assert_eq!(server.service, wanted);
        // One of the entries is for every port.
        assert_eq!(server.persistence.unwrap().timeout_secs, 360);
    }
}

#[test]
fn without_translation_a_server_has_the_port_that_all_entries_of_its_group_share() {
    let port = |second: u16| {
        let text = format!(
            "virtual_server_group g {{\n 192.0.2.1 80\n 192.0.2.2 {second}\n}}\nvirtual_server group g {{\n lb_kind DR\n real_server 198.51.100.1 8080 {{\n }}\n}}\n"
        );
        config(&text).virtual_servers.remove(0).real_servers[0].port
    };
    assert_eq!((port(80), port(81)), (80, 8080));
}

#[test]
fn an_unknown_group_is_an_error_with_a_suggestion() {
    let text = "virtual_server_group web {\n 192.0.2.1 80\n}\nvirtual_server group wed {\n real_server 198.51.100.1 80 {\n }\n}\n";
    let report = Memory::one(text).load().report;
    assert_eq!(report.errors(), 1);
    assert!(report.render(false).contains("did you mean `web`?"));
}

#[test]
fn the_sync_daemon_has_the_number_of_its_instance_unless_it_names_one() {
    let daemon = |words: &str| {
        let text = format!(
            "global_defs {{\n lvs_sync_daemon eth1 {words}\n}}\nvrrp_instance VI_1 {{\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {{\n 192.0.2.10\n }}\n}}\n"
        );
        let daemon = config(&text).global.lvs.sync_daemon.unwrap();
        (daemon.instance.map(|name| name.to_string()), daemon.id)
    };
    let name = || Some("VI_1".to_owned());
    assert_eq!(daemon(""), (None, 0));
    assert_eq!(daemon("id 0 inst VI_1"), (name(), 0));
    assert_eq!(daemon("VI_1"), (name(), 51));
    assert_eq!(daemon("VI_1 id 9"), (name(), 9));
}

#[test]
fn a_flush_at_the_stop_is_of_everything_or_of_the_own_servers() {
    let flush = |words: &str| {
        config(&format!("global_defs {{\n{words}\n}}\n"))
            .global
            .lvs
            .flush_on_stop
    };
    assert_eq!(flush(""), FlushOnStop::Orderly);
    assert_eq!(flush("lvs_flush_on_stop"), FlushOnStop::All);
    assert_eq!(flush("lvs_flush_onstop VS"), FlushOnStop::Own);
}

#[test]
fn the_first_name_of_a_namespace_counts() {
    let text = "net_namespace a\nnet_namespace b\nnet_namespace_ipvs\ninstance i\nuse_pid_dir\n";
    assert_eq!(
        config(text).global.surroundings,
        Surroundings {
            namespace: Some("a".to_owned()),
            ipvs_namespace: IpvsNamespace::Default,
            instance: Some("i".to_owned()),
            use_pid_dir: true,
        }
    );
}

#[test]
fn a_pipe_at_the_path_of_another_one_is_ignored() {
    let text = "global_defs {\n notify_fifo /run/a root :adm\n lvs_notify_fifo /run/a\n vrrp_notify_fifo /run/b\n vrrp_notify_fifo_script \"/bin/r 'x y'\" nobody\n}\n";
    let fifos = config(text).global.fifos;
    let all = fifos.all.unwrap();
    assert_eq!(all.path, "/run/a");
    assert!(all.owner.unwrap().all_groups);
    assert_eq!(fifos.lvs, None);
    let script = fifos.vrrp.unwrap().script.unwrap();
    assert_eq!(script.words.arguments(), ["x y"]);
    assert_eq!(script.user.unwrap().user, "nobody");
}

#[test]
fn a_delay_of_a_link_is_cut_to_what_the_instances_on_it_bear() {
    let text = "interface_up_down_delays {\n eth0 10 3\n eth1 10\n}\nvrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n advert_int 2\n down_timer_adverts 4\n virtual_ipaddress {\n 192.0.2.10\n }\n}\n";
    let delays: Vec<_> = config(text)
        .statics
        .link_delays
        .into_iter()
        .map(|delay| (delay.interface.to_string(), delay.down, delay.up))
        .collect();
    // 3 x 2 s, less 2 s / 256.
    let cut = Micros::new(6_000_000 - 7_812);
    assert_eq!(
        delays,
        [
            ("eth0".to_owned(), cut, Micros::from_secs(3)),
            ("eth1".to_owned(), Micros::from_secs(10), Micros::ZERO),
        ]
    );
}

#[test]
fn a_passphrase_is_neither_printed_nor_debugged() {
    let text = "SSL {\n password s3cret\n certificate /c\n key /k\n}\n";
    let config = config(text);
    let shown = holdfast_conf::print(&config, holdfast_conf::Secrets::Hidden);
    assert!(shown.contains("password ********\n") && !shown.contains("s3cret"));
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn a_word_that_is_not_carried_out_is_said_once_with_the_number_of_its_places() {
    let group = "garp_group {\n interface eth0\n garp_interval 1\n}\n";
    let other = group.replace("eth0", "eth1");
    let report = Memory::one(format!("{group}{other}")).load().report;
    assert_eq!(report.errors(), 1);
    assert!(report.render(false).contains("the same in 1 more line"));
}

#[test]
fn patterns_that_a_linear_search_cannot_do_are_refused() {
    let errors = |pattern: &str| {
        let text = format!(
            "virtual_server 192.0.2.1 80 {{\n real_server 198.51.100.1 80 {{\n HTTP_GET {{\n url {{\n path /\n regex \"{pattern}\"\n }}\n }}\n }}\n}}\n"
        );
        Memory::one(text).load().report.errors()
    };
    for pattern in ["a|b", "^[a-z]{2,5}\\\\d+$", "(?i)ok", "a+?b", "(?:x)*"] {
        assert_eq!(errors(pattern), 0, "{pattern}");
    }
    for pattern in [
        "(?<=a)b",
        "(a)\\\\1",
        "a*+b",
        "(?>a)",
        "(?(1)a|b)",
        "a(b",
        "\\\\G",
    ] {
        assert_eq!(errors(pattern), 1, "{pattern}");
    }
}

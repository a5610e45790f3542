//! The effective configuration, and where each value comes from.

#![expect(clippy::unwrap_used, reason = "tests assert by panicking")]

mod common;

use common::{Folder, Memory, data};
use holdfast_conf::{Loaded, Options, Secrets, dump, dump_json, dump_with, load, print};
use std::path::{Path, PathBuf};

fn with_origins(files: &dyn holdfast_conf::Files, name: &str) -> Loaded {
    let options = Options {
        origins: true,
        ..Options::default()
    };
    load(files, Path::new(name), &options)
}

fn origin(loaded: &Loaded, block: &str, word: &str) -> String {
    loaded
        .origin(block, word)
        .map_or_else(|| "default".to_owned(), |origin| origin.to_string())
}

const NODE: &str = "\
global_defs {
    vrrp_garp_master_delay 3
    smtp_alert on
    vrrp_version 3
}
include more.conf
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 50
    priority 150
    virtual_ipaddress {
        192.0.2.80/24 dev eth0
    }
    unicast_src_ip 192.0.2.81
    unicast_peer {
        192.0.2.82
    }
}
virtual_server 192.0.2.80 80 {
    protocol TCP
    delay_loop 7
    lb_algo rr
    lb_kind DR
    real_server 192.0.2.91 80 {
        HTTP_GET {
            url {
                path /a
            }
            url {
                path /b
            }
        }
        TCP_CHECK {
            connect_timeout 3
        }
        TCP_CHECK {
            retry 2
        }
    }
}
";

const DUMPED: &str = "\
vrrp_script chk {                       # more.conf:1:13
    script \"/bin/true\"                  # more.conf:2:5
    interval 1                          # default
    # init_fail is off                  # default
}
vrrp_instance VI_1 {                    # a.conf:7:15
    state BACKUP                        # default
    priority 150                        # a.conf:10:5
    version 3                           # global_defs, a.conf:4:5
    advert_int 1                        # default
    unicast_peer {                      # a.conf:15:5
        192.0.2.82                      # a.conf:16:9
    }
    # nopreempt is off                  # default
    garp_master_delay 3                 # global_defs, a.conf:2:5
    garp_lower_prio_delay 3             # global_defs, a.conf:2:5
    virtual_ipaddress {                 # a.conf:11:5
        192.0.2.80/24 dev eth0          # a.conf:12:9
    }
    smtp_alert                          # global_defs, a.conf:3:5
}
virtual_server 192.0.2.80 80 {          # a.conf:19:16
    lb_algo rr                          # a.conf:22:5
    quorum 1                            # default
    real_server 192.0.2.91 80 {         # a.conf:24:17
        weight 1                        # default
        lvs_method DR                   # virtual_server, a.conf:23:5
        HTTP_GET {                      # a.conf:25:9
            delay_loop 7                # virtual_server, a.conf:21:5
            warmup 7                    # virtual_server, a.conf:21:5
            connect_ip 192.0.2.91       # real_server, a.conf:24:17
            url {                       # a.conf:26:13
                path /a                 # a.conf:27:17
            }
            url {                       # a.conf:29:13
                path /b                 # a.conf:30:17
            }
        }
        TCP_CHECK {                     # a.conf:33:9
            retry 1                     # default
            connect_timeout 3           # a.conf:34:13
        }
        TCP_CHECK {                     # a.conf:36:9
            retry 2                     # a.conf:37:13
            connect_timeout 5           # default
        }
    }
}";

fn node() -> Memory {
    let mut files = Memory::one(NODE);
    let more = "vrrp_script chk {\n    script \"/bin/true\"\n}\n";
    files
        .0
        .insert(PathBuf::from("more.conf"), more.as_bytes().to_vec());
    files
}

#[test]
fn each_value_knows_its_place_or_the_block_that_it_is_taken_from() {
    let loaded = with_origins(&node(), "a.conf");
    let server = "virtual_server 192.0.2.80 80";
    let real = format!("{server} / real_server 192.0.2.91 80");
    let at = |block: &str, word: &str| origin(&loaded, block, word);
    let table = [
        ("vrrp_instance VI_1".to_owned(), "priority", "a.conf:10:5"),
        ("vrrp_instance VI_1".to_owned(), "advert_int", "default"),
        (
            "vrrp_instance VI_1".to_owned(),
            "garp_master_delay",
            "global_defs, a.conf:2:5",
        ),
        (
            "vrrp_instance VI_1".to_owned(),
            "smtp_alert",
            "global_defs, a.conf:3:5",
        ),
        (
            "vrrp_instance VI_1".to_owned(),
            "version",
            "global_defs, a.conf:4:5",
        ),
        ("vrrp_script chk".to_owned(), "script", "more.conf:2:5"),
        (server.to_owned(), "lb_algo", "a.conf:22:5"),
        (real.clone(), "lvs_method", "virtual_server, a.conf:23:5"),
        (real.clone(), "weight", "default"),
        (real.clone(), "smtp_alert", "global_defs, a.conf:3:5"),
        (
            format!("{real} / HTTP_GET #1"),
            "delay_loop",
            "virtual_server, a.conf:21:5",
        ),
        (
            format!("{real} / HTTP_GET #1"),
            "connect_ip",
            "real_server, a.conf:24:17",
        ),
        (
            format!("{real} / HTTP_GET #1 / url #2"),
            "path",
            "a.conf:30:17",
        ),
        (
            format!("{real} / TCP_CHECK #1"),
            "connect_timeout",
            "a.conf:34:13",
        ),
        (format!("{real} / TCP_CHECK #1"), "retry", "default"),
        (format!("{real} / TCP_CHECK #2"), "retry", "a.conf:37:13"),
    ];
    let found: Vec<_> = table
        .iter()
        .map(|(block, word, _)| at(block, word))
        .collect();
    let expected: Vec<_> = table.iter().map(|(_, _, place)| *place).collect();
    assert_eq!(found, expected);
}

#[test]
fn lines_of_lists_and_blocks_have_places() {
    let loaded = with_origins(&node(), "a.conf");
    let peers = "vrrp_instance VI_1 / unicast_peer";
    let peer = loaded.origin_of_entry(peers, "192.0.2.82").unwrap();
    assert_eq!(peer.to_string(), "a.conf:16:9");
    let block = loaded.origin_of_block("vrrp_instance VI_1").unwrap();
    assert_eq!((block.line, block.column), (7, 15));
    assert_eq!(loaded.origin_of_block("vrrp_instance VI_2"), None);
}

#[test]
fn nothing_is_noted_unless_somebody_asks() {
    let loaded = node().load();
    assert_eq!(loaded.origin("vrrp_instance VI_1", "priority"), None);
    assert!(!dump(&loaded).unwrap().contains("a.conf"));
}

#[test]
fn all_values_are_shown_with_their_origin() {
    let text = dump(&with_origins(&node(), "a.conf")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    // Each of these in this order; words may come to stand between them.
    let mut rest = lines.as_slice();
    for wanted in DUMPED.lines() {
        let at = rest.iter().position(|line| *line == wanted);
        let at = at.unwrap_or_else(|| panic!("{wanted}\nis missing in\n{text}"));
        rest = rest.get(at.saturating_add(1)..).unwrap();
    }
}

#[test]
fn machines_get_block_word_value_and_origin() {
    let json = dump_json(&with_origins(&node(), "a.conf")).unwrap();
    let values = json.as_array().unwrap();
    let priority = values.iter().find(|value| value["word"] == "priority");
    assert_eq!(
        priority.unwrap().to_string(),
        r#"{"block":"vrrp_instance VI_1","origin":"a.conf:10:5","value":"150","word":"priority"}"#
    );
    let nopreempt = values.iter().find(|value| value["word"] == "nopreempt");
    assert_eq!(nopreempt.unwrap()["value"], "off");
}

#[test]
fn passwords_are_hidden_unless_somebody_asks() {
    let text = "vrrp_instance A {\n interface eth0\n virtual_router_id 1\n authentication {\n auth_type PASS\n auth_pass s3cret\n }\n virtual_ipaddress {\n 192.0.2.1\n }\n}\n";
    let loaded = with_origins(&Memory::one(text), "a.conf");
    let hidden = dump(&loaded).unwrap();
    assert!(hidden.contains("auth_pass ********") && !hidden.contains("s3cret"));
    assert!(!dump_json(&loaded).unwrap().to_string().contains("s3cret"));
    let shown = dump_with(&loaded, Secrets::Shown).unwrap();
    assert!(shown.contains("auth_pass s3cret"));
}

/// Reads the dump again.
fn same_after_dump(loaded: &Loaded) {
    let text = dump_with(loaded, Secrets::Shown).unwrap();
    let again = Memory::one(text.clone()).load();
    assert_eq!(
        again.report.errors(),
        0,
        "{}{text}",
        again.report.render(false)
    );
    let again = again.config.unwrap();
    assert_eq!(Some(&again), loaded.config.as_ref(), "{text}");
}

#[test]
fn the_dump_of_each_seed_and_case_is_the_same_configuration() {
    let mut count = 0_usize;
    let seeds = std::fs::read_dir(data("seeds")).unwrap();
    for path in seeds.map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|end| end == "conf") {
            let name = path.file_name().unwrap().to_str().unwrap();
            same_after_dump(&with_origins(&Folder(data("seeds")), name));
            count = count.saturating_add(1);
        }
    }
    for entry in std::fs::read_dir(data("corpus")).unwrap() {
        let loaded = with_origins(&Folder(entry.unwrap().path()), "in.conf");
        if loaded.config.is_some() {
            same_after_dump(&loaded);
            count = count.saturating_add(1);
        }
    }
    assert!(count > 30, "{count}");
}

#[test]
fn a_dump_says_no_more_than_the_configuration() {
    let loaded = with_origins(&node(), "a.conf");
    let dumped = dump_with(&loaded, Secrets::Shown).unwrap();
    let again = Memory::one(dumped).load().config.unwrap();
    let (one, other) = (loaded.config.unwrap(), again);
    assert_eq!(print(&one, Secrets::Shown), print(&other, Secrets::Shown));
}

#[test]
fn a_delay_that_cannot_be_written_as_0_is_off_in_a_dump() {
    let text = "vrrp_track_process p {\n process nginx\n fork_delay 2\n}\n";
    let options = Options {
        origins: true,
        ..common::LOOKING
    };
    let loaded = load(&Memory::one(text), Path::new("a.conf"), &options);
    let dumped = dump(&loaded).unwrap();
    assert!(dumped.contains("# terminate_delay is off"), "{dumped}");
    assert_eq!(Memory::one(dumped).look().config, loaded.config);
}

//! Words of instances, groups and trackers where holdfast does something else than keepalived, and
//! secrets that nobody is to see.

#![expect(clippy::unwrap_used, reason = "tests assert by panicking")]

mod common;

use common::Memory;
use holdfast_conf::model::{Config, VrrpInstance};
use holdfast_conf::{Secrets, diff, print};

/// An instance with these words.
fn text(words: &str) -> String {
    format!(
        "vrrp_instance VI_1 {{\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {{\n 192.0.2.1\n }}\n{words}\n}}\n"
    )
}

fn config(text: &str) -> Config {
    let loaded = Memory::one(text).look();
    assert_eq!(loaded.report.errors(), 0, "{}", loaded.report.render(false));
    loaded.config.unwrap()
}

fn instance(words: &str) -> VrrpInstance {
    config(&text(words)).instances.remove(0)
}

/// What is said, without its places: `error[HF0201]: …`.
fn said(text: &str, severity: &str) -> Vec<String> {
    Memory::one(text)
        .look()
        .report
        .lines()
        .into_iter()
        .filter_map(|line| line.split_once(": ").map(|(_, rest)| rest.to_owned()))
        .filter(|line| line.starts_with(severity) && !line.contains("HF0102"))
        .collect()
}

fn hmac(lines: &str) -> String {
    format!("auth_hmac {{\n{lines}\n}}")
}

#[test]
fn init_fail_is_taken_as_it_is_written_and_the_difference_is_told() {
    let script = "vrrp_script a {\n script \"/bin/a\"\n init_fail\n}\n";
    let text = script.to_owned() + &text("track_script {\n a\n}");
    assert!(config(&text).scripts.first().unwrap().init_fail);
    assert_eq!(
        said(&text, "note"),
        [
            "note[HF0418]: keepalived ignores `init_fail`, holdfast does not: \
          the script counts as failed until it has succeeded"
        ]
    );
}

#[test]
fn skip_check_adv_addr_false_is_off_and_the_difference_is_told() {
    let words = "skip_check_adv_addr false";
    assert!(!instance(words).router.skip_check_adv_addr);
    assert!(instance("skip_check_adv_addr").router.skip_check_adv_addr);
    assert_eq!(
        said(&text(words), "note"),
        [
            "note[HF0418]: `skip_check_adv_addr` is off here and on with keepalived: \
          keepalived switches it on whatever the value"
        ]
    );
}

#[test]
fn owner_ignore_adverts_is_as_written_for_the_owner_and_off_for_all_others() {
    for (words, wanted) in [
        ("priority 255", false),
        ("priority 255\nowner_ignore_adverts", true),
        ("priority 255\nowner_ignore_adverts off", false),
        ("priority 254\nowner_ignore_adverts on", false),
    ] {
        assert_eq!(
            instance(words).router.owner_ignore_adverts,
            wanted,
            "{words}"
        );
    }
}

#[test]
fn auth_hmac_without_a_key_that_signs_is_an_error() {
    let key = format!("key 1 hex:{}", "0f".repeat(32));
    for lines in [
        key.clone(),
        format!("{key}\nactive_key 2"),
        "active_key 1".to_owned(),
    ] {
        let errors = said(&text(&hmac(&lines)), "error");
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(
            errors.iter().all(|error| error.contains("[HF0359]")),
            "{errors:?}"
        );
    }
    assert!(
        instance(&hmac(&format!("{key}\nactive_key 1")))
            .hmac
            .is_some()
    );
}

#[test]
fn a_tracker_or_member_that_does_not_exist_is_an_error() {
    for (words, code) in [
        ("track_script {\n x\n}", "HF0302"),
        ("track_file {\n x\n}", "HF0353"),
        ("track_process {\n x\n}", "HF0353"),
        ("track_bfd {\n x\n}", "HF0353"),
    ] {
        let errors = said(&text(words), "error");
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(
            errors.iter().all(|error| error.contains(code)),
            "{errors:?}"
        );
    }
    let group = "vrrp_sync_group G {\n group {\n VI_1\n VI_9\n }\n}\n";
    assert_eq!(
        said(&(text("") + group), "error"),
        ["error[HF0350]: there is no `vrrp_instance` `VI_9`: a member of this group"]
    );
}

#[test]
fn a_weight_or_other_number_out_of_range_is_an_error() {
    let script = |words: &str| {
        format!("vrrp_script a {{\n script \"/bin/a\"\n{words}\n}}\n")
            + &text("track_script {\n a\n}")
    };
    for words in [
        "weight 300",
        "weight -255",
        "interval 0",
        "rise 0",
        "timeout 5000",
    ] {
        let errors = said(&script(words), "error");
        assert_eq!(errors.len(), 1, "{words} {errors:?}");
        assert!(
            errors.iter().all(|error| error.contains("[HF0201]")),
            "{errors:?}"
        );
    }
    // Both numbers take any priority to its end.
    let weights: Vec<i16> = ["weight 254", "weight -254", "weight 253"]
        .into_iter()
        .map(|words| config(&script(words)).scripts.remove(0).weight.get())
        .collect();
    assert_eq!(weights, [253, -253, 253]);
}

#[test]
fn an_instance_that_could_never_leave_fault_is_an_error() {
    for words in [
        "unicast_fault_no_peer",
        "unicast_peer {\n}\nunicast_fault_no_peer",
        "use_ipvlan",
        "use_ipvlan own bridge",
    ] {
        assert_eq!(said(&text(words), "error").len(), 1, "{words}");
    }
    instance("unicast_peer {\n 192.0.2.2\n}\nunicast_fault_no_peer");
    instance("use_ipvlan own 192.0.2.9/24 bridge");
}

#[test]
fn a_quorum_that_no_number_of_processes_meets_is_an_error() {
    let process = |words: &str| {
        format!("vrrp_track_process a {{\n process a\n{words}\n}}\n")
            + &text("track_process {\n a\n}")
    };
    assert_eq!(
        said(&process("quorum 3\nquorum_max 2"), "error"),
        ["error[HF0358]: `quorum_max` is below `quorum`: no number of processes is right"]
    );
    let none = config(&process("quorum 3\nquorum_max 0"));
    let none = none.track_processes.first().unwrap();
    assert_eq!((none.quorum, none.quorum_max), (0, Some(0)));
}

#[test]
fn a_relative_path_of_a_tracked_file_is_an_error() {
    let file =
        |path: &str| format!("track_file a {{\n file {path}\n}}\n") + &text("track_file {\n a\n}");
    assert_eq!(said(&file("run/a"), "error").len(), 1);
    config(&file("/run/a"));
}

#[test]
fn two_instances_that_make_one_interface_are_an_error() {
    let two = text("use_vmac own")
        + &text("use_vmac own")
            .replace("VI_1", "VI_2")
            .replace("_id 1", "_id 2")
            .replace("192.0.2.1", "192.0.2.2");
    assert_eq!(said(&two, "error").len(), 1);
}

#[test]
fn a_key_is_shown_by_no_message_and_no_difference_and_printed_only_when_asked_for() {
    let secret = "c0ffee".repeat(12);
    let with = |secret: &str| text(&hmac(&format!("key 1 hex:{secret}\nactive_key 1")));
    let one = config(&with(&secret));
    assert!(print(&one, Secrets::Shown).contains(&format!("key 1 hex:{secret}\n")));
    let hidden = print(&one, Secrets::Hidden);
    assert!(hidden.contains("key 1 ********\n") && !hidden.contains("c0ffee"));
    assert!(!format!("{one:?}").contains("192, 255, 238"));
    let other = config(&with(&secret.replace("c0", "c1")));
    assert_eq!(diff(&one, &other).lines(), ["(VI_1) auth_hmac changed"]);
    for wrong in [secret.replace("ee", "eg"), "c0ffee".to_owned()] {
        let report = Memory::one(with(&wrong)).look().report;
        assert!(report.errors() > 0);
        let everything = report.render(false) + &report.lines().join("\n");
        assert!(!everything.contains("c0ff"), "{everything}");
    }
}

#[test]
fn an_earlier_state_master_is_not_taken_back() {
    use holdfast_conf::model::InitialState;
    let state = |words: &str| {
        instance(&format!("priority 100\n{words}"))
            .router
            .initial_state
    };
    assert_eq!(state("state MASTER\nstate BACKUP"), InitialState::Master);
    assert_eq!(state("state BACKUP\nstate MASTER"), InitialState::Master);
}

#[test]
fn of_a_word_and_its_contrary_the_last_one_counts() {
    assert!(!instance("nopreempt\npreempt").router.nopreempt);
    assert!(instance("preempt\nnopreempt").router.nopreempt);
    assert!(instance("nopreempt\npreempt\nnopreempt").router.nopreempt);
    assert!(!instance("no_accept\naccept").no_accept);
    assert!(instance("accept\nno_accept").no_accept);
}

#[test]
fn a_bfd_session_that_names_both_listeners_tells_both() {
    use holdfast_conf::model::BfdListeners;
    let listeners = |words: &str| {
        let session = format!("bfd_instance a {{\n neighbor_ip 192.0.2.2\n{words}\n}}\n");
        let config = config(&(session + &text("")));
        config.bfd_instances.first().unwrap().listeners
    };
    assert_eq!(listeners("vrrp\nchecker"), BfdListeners::Both);
    assert_eq!(listeners(""), BfdListeners::Both);
    assert_eq!(listeners("vrrp"), BfdListeners::Vrrp);
    assert_eq!(listeners("checker"), BfdListeners::Checkers);
}

#[test]
fn a_tracker_may_stand_behind_its_use_and_the_difference_is_told() {
    let script = "vrrp_script a {\n script \"/bin/a\"\n}\n";
    let use_of_it = text("track_script {\n a\n}");
    let behind = use_of_it.clone() + script;
    let tracked = config(&behind).instances.remove(0).router.track_scripts;
    assert_eq!(tracked.len(), 1);
    assert_eq!(
        said(&behind, "note"),
        ["note[HF0418]: keepalived does not track `a` here: holdfast does"]
    );
    assert_eq!(said(&(script.to_owned() + &use_of_it), "note"), [""; 0]);
}

#[test]
fn the_window_of_time_is_three_intervals_between_five_seconds_and_five_minutes() {
    use holdfast_conf::model::AntiReplay;
    let key = format!("key 1 hex:{}", "0f".repeat(32));
    let window = |interval: &str| {
        let words = format!(
            "advert_int {interval}\n{}",
            hmac(&format!("{key}\nactive_key 1"))
        );
        instance(&words).hmac.unwrap().anti_replay
    };
    for (interval, wanted) in [("1", 5), ("2", 6), ("10", 30), ("200", 300)] {
        assert_eq!(window(interval), AntiReplay::Time(wanted), "{interval}");
    }
}

#[test]
fn what_belongs_beside_the_protocol_part_leaves_that_part_alone() {
    let plain = instance("");
    let full = instance(
        "use_vmac\nno_accept\npromote_secondaries\nnotify_deleted\ngarp_extra_if 5\n\
         virtual_routes {\n 203.0.113.0/24 via 192.0.2.9 dev eth0\n}\nnotify_priority_changes",
    );
    assert_eq!(plain.router, full.router);
    assert_eq!(plain, VrrpInstance::new(plain.router.clone()));
    assert_ne!(plain, full);
}

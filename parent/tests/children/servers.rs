//! The load balancer between the children.

use crate::lives::end;
use crate::play::SLOW_STOP;
use crate::stage::{Stage, wait_for};
use nix::sys::signal::Signal;

/// Two real servers; the first has one check, the second two.
pub(crate) const SERVERS: &str = "\
virtual_server 192.0.2.1 80 {
    lb_algo rr
    lb_kind NAT
    protocol TCP
    ha_suspend
    quorum_down \"SCRIPTS/news.sh quorum-down\"
    real_server 10.0.0.1 80 {
        weight 1
        notify_down \"SCRIPTS/news.sh down\"
        TCP_CHECK {
        }
    }
    real_server 10.0.0.2 80 {
        weight 1
        TCP_CHECK {
        }
        TCP_CHECK {
            connect_port 81
        }
    }
}
";

fn stage() -> Stage {
    let stage = Stage::new();
    stage.script("news.sh", "echo \"$*\" >> STAGE/news");
    stage.configure(SERVERS);
    stage
}

pub(crate) fn pools_and_checks_come_before_the_start_of_the_children() {
    let stage = stage();
    let daemon = stage.start_up();
    assert_eq!(
        stage.told_words("vrrp")[..3],
        ["Hello", "Pools", "Start"],
        "{:?}",
        stage.told("vrrp")
    );
    assert_eq!(
        stage.told_words("checker")[..3],
        ["Hello", "Servers", "Start"]
    );
    let start = &stage.told("vrrp")[2];
    assert!(start.contains("pools: 1"), "{start}");
    let start = &stage.told("checker")[2];
    assert!(start.contains("servers: 2"), "{start}");
    // Neither child is given what is not its business.
    let pools = &stage.told("vrrp")[1];
    assert!(
        !pools.contains("news.sh") && !pools.contains("delay_loop"),
        "{pools}"
    );
    assert_eq!(daemon.stop().0, Some(0));
}

const FIRST: &str = "CheckVerdict { check: CheckId(0), up: false, weight: 0, detail: \"played\" }";

pub(crate) fn verdicts_over_servers_reach_the_vrrp_child_and_both_successors() {
    let stage = stage();
    stage.part("checker", "check-verdict");
    let daemon = stage.start_up();
    stage.wait_told("vrrp", FIRST, 1);
    stage.part("checker", "");
    end(stage.pid("c.pid"), Signal::SIGKILL);
    stage.wait_told("checker", FIRST, 1);
    end(stage.pid("r.pid"), Signal::SIGKILL);
    stage.wait_told("vrrp", FIRST, 2);
    drop(daemon);
}

pub(crate) fn verdicts_over_servers_go_on_under_their_new_numbers_after_a_reload() {
    let stage = stage();
    stage.part("checker", "check-verdict");
    let daemon = stage.start_up();
    stage.wait_told("vrrp", FIRST, 1);
    let before = SERVERS.replace("192.0.2.1 80", "192.0.2.1 443");
    stage.configure(&format!("{before}{SERVERS}"));
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    let moved = FIRST.replace("CheckId(0)", "CheckId(3)");
    // The VRRP child has it; only a successor has to be told.
    let told = stage.told("vrrp").join("\n");
    assert!(!told.contains(&moved), "{told}");
    assert!(
        told.contains("Kept { first: 0, count: 1, check: CheckId(3) }"),
        "{told}"
    );
    stage.part("checker", "");
    end(stage.pid("r.pid"), Signal::SIGKILL);
    stage.wait_told("vrrp", &moved, 1);
}

pub(crate) fn a_reload_tells_only_what_is_different_and_a_successor_everything() {
    let stage = stage();
    stage.part("checker", "check-verdict");
    let daemon = stage.start_up();
    stage.wait_told("vrrp", FIRST, 1);
    stage.part("checker", "");
    let words = |child: &str, from: usize| stage.told_words(child).split_off(from);
    let (vrrp, checker) = (words("vrrp", 0).len(), words("checker", 0).len());
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    assert_eq!(words("vrrp", vrrp), ["KeptPools", "Prepare", "Commit"]);
    assert_eq!(
        words("checker", checker),
        ["KeptServers", "Prepare", "Commit"]
    );
    let (vrrp, checker) = (vrrp + 3, checker + 3);
    let added = SERVERS.replace("192.0.2.1 80", "192.0.2.1 443");
    let changed = SERVERS.replace("ha_suspend", "quorum 2");
    stage.configure(&format!("{added}{changed}"));
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 2);
    // With what is known of the checks of the changed one.
    let all = ["Pools", "CheckVerdicts", "Prepare", "Commit"];
    assert_eq!(words("vrrp", vrrp), all);
    assert_eq!(words("checker", checker), ["Servers", "Prepare", "Commit"]);
    assert!(stage.told("vrrp")[vrrp + 1].contains("CheckId(3)"));
    let checker = stage.told("checker").len();
    end(stage.pid("c.pid"), Signal::SIGKILL);
    stage.wait_told("checker", "Go", 2);
    let successor = words("checker", checker);
    assert_eq!(
        successor,
        ["Hello", "Servers", "CheckVerdicts", "Start", "Go"]
    );
}

pub(crate) fn a_verdict_over_a_foreign_check_ends_the_checker() {
    let stage = stage();
    stage.part("checker", "foreign-check");
    let daemon = stage.start(&[]);
    let text = "it gave a verdict over check 7, which is none of its checks, so it was killed";
    daemon.wait_log(text, 1);
    let told = stage.told("vrrp");
    assert!(
        !told.iter().any(|message| message.contains("CheckVerdicts")),
        "{told:?}"
    );
}

pub(crate) fn scripts_of_servers_run_once_and_a_successor_repeats_none() {
    let stage = stage();
    stage.part("vrrp", "member-down quorum-lost");
    let daemon = stage.start_up();
    let both = || (stage.read("news").lines().count() == 2).then_some(());
    wait_for("both scripts", both);
    end(stage.pid("r.pid"), Signal::SIGKILL);
    stage.wait_told("vrrp", "Go", 2);
    // Behind a reload all that the child said before is heard.
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    assert_eq!(daemon.stop().0, Some(0));
    let news = stage.read("news");
    let mut lines: Vec<_> = news.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["down", "quorum-down"]);
}

/// The child says at its stop that a server and the quorum are gone, as with `omega`.
pub(crate) fn scripts_of_servers_run_at_the_stop_beside_each_other() {
    let stage = stage();
    // None ends before the other has begun.
    stage.script(
        "news.sh",
        "touch STAGE/began-$1; case $1 in down) other=quorum-down ;; *) other=down ;; esac\n\
         until [ -e STAGE/began-$other ]; do sleep 0.01; done; echo \"$*\" >> STAGE/news",
    );
    stage.part("vrrp", "member-down quorum-lost at-stop");
    let daemon = stage.start_up();
    assert_eq!(daemon.stop().0, Some(0));
    let news = stage.read("news");
    let mut lines: Vec<_> = news.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["down", "quorum-down"]);
}

/// A large table takes its time; the child gives signs of life meanwhile.
pub(crate) fn a_child_that_is_busy_with_its_stop_is_not_taken_for_hung() {
    let stage = stage();
    stage.part("vrrp", "slow-stop");
    let (status, took) = stage.start_up().stop();
    assert_eq!(status, Some(0));
    assert!(took >= SLOW_STOP, "{took:?}");
    let starts = |word: &&String| *word == "Start";
    assert_eq!(stage.told_words("vrrp").iter().filter(starts).count(), 1);
}

const STANDING: &str =
    "PoolStanding { pool: PoolId(0), quorum: Some(false), members: [(MemberId(0), false)] }";

pub(crate) fn a_successor_is_told_how_the_pools_stood() {
    let stage = stage();
    stage.part("vrrp", "member-down quorum-lost");
    let daemon = stage.start_up();
    let both = || (stage.read("news").lines().count() == 2).then_some(());
    wait_for("both scripts", both);
    end(stage.pid("r.pid"), Signal::SIGKILL);
    stage.wait_told("vrrp", STANDING, 1);
    stage.wait_told("vrrp", "Start(", 2);
    let words = stage.told_words("vrrp");
    let behind = words.iter().position(|word| word == "Standings").unwrap();
    assert_eq!(
        words[behind - 1..=behind + 1],
        ["Pools", "Standings", "Start"]
    );
    drop(daemon);
}

pub(crate) fn a_server_that_a_reload_took_away_begins_anew_when_it_is_back() {
    let stage = stage();
    stage.part("vrrp", "member-down quorum-lost");
    let daemon = stage.start_up();
    let both = || (stage.read("news").lines().count() == 2).then_some(());
    wait_for("both scripts", both);
    stage.configure(&SERVERS.replace("192.0.2.1 80", "192.0.2.1 443"));
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    stage.configure(SERVERS);
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 2);
    stage.part("vrrp", "");
    end(stage.pid("r.pid"), Signal::SIGKILL);
    stage.wait_told("vrrp", "Go", 2);
    let words = stage.told_words("vrrp");
    assert!(!words.iter().any(|word| word == "Standings"), "{words:?}");
    drop(daemon);
}

pub(crate) fn a_foreign_server_or_address_ends_the_vrrp_child() {
    for (part, text) in [
        (
            "foreign-pool",
            "it spoke of a virtual server that is not in its configuration, so it was killed",
        ),
        (
            "foreign-held",
            "it spoke of 192.0.2.9, which no virtual server with ha_suspend has, so it was killed",
        ),
    ] {
        let stage = stage();
        stage.part("vrrp", part);
        let daemon = stage.start(&[]);
        daemon.wait_log(text, 1);
    }
}

pub(crate) fn an_address_that_is_here_is_told_to_the_checkers() {
    let stage = stage();
    stage.part("vrrp", "held");
    let daemon = stage.start_up();
    let held = "Held { address: 192.0.2.1, held: true }";
    stage.wait_told("checker", held, 1);
    // A successor is told as well.
    end(stage.pid("c.pid"), Signal::SIGKILL);
    stage.wait_told("checker", held, 2);
    drop(daemon);
}

pub(crate) fn a_check_program_that_is_not_here_counts_as_down() {
    let stage = Stage::new();
    let misc = "MISC_CHECK {\n misc_path \"SCRIPTS/none.sh\"\n }";
    let tcp = "TCP_CHECK {\n        }";
    stage.configure(&SERVERS.replacen(tcp, misc, 1));
    let daemon = stage.start_up();
    daemon.wait_log("is not run and its servers count as down: ", 1);
    stage.wait_told(
        "vrrp",
        "CheckVerdict { check: CheckId(0), up: false, weight: 0, detail: \"not run: ",
        1,
    );
    stage.wait_told("checker", "servers: 1", 1);
    drop(daemon);
}

//! Load balancing in a virtual machine whose kernel has IPVS: `tests/vmlab/scenario` boots it once
//! and runs every scenario there, with the distribution's keepalived and with holdfast; each test
//! here is one verdict of that run: both pass, and the tables at the fixed points are the same.

use holdfast_tests::binaries::target_directory;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Set to 1 where the virtual machine is not wanted; the tests then say so and pass.
const SWITCHED_OFF: &str = "HOLDFAST_TESTS_WITHOUT_VM";

/// One test per scenario, and the list of all for the one run.
macro_rules! scenarios {
    ($($name:ident,)*) => {
        const SCENARIOS: &[&str] = &[$(stringify!($name),)*];
        $(#[test] fn $name() { verdict_of(stringify!($name)); })*
    };
}

scenarios! {
    the_address_moves_when_the_master_dies,
    the_table_follows_the_master,
    direct_routing_with_two_ports,
    a_pair_with_direct_routing_and_persistence,
    masquerading_with_digests_and_a_sorry_server,
    a_tls_check_of_the_own_address,
    a_changed_page_takes_a_server_out,
    a_page_over_tls_is_checked,
    clients_with_ipv6_are_answered,
    every_option_reaches_the_table,
    a_reload_keeps_the_connections_of_servers_that_stay,
    a_crash_of_any_child_keeps_the_connections,
    an_inhibited_or_drained_server_keeps_its_connections,
    clients_that_send_datagrams_are_answered,
    every_kind_of_check_takes_its_server_out_and_back,
    marked_and_grouped_traffic_is_balanced,
    quorum_and_scripts_follow_the_servers,
    retries_count_only_behind_the_first_check,
    changes_of_others_are_put_back_and_what_is_theirs_stays,
}

/// What the run left: its whole output, and the folder with logs and tables.
struct Run {
    told: String,
    out: PathBuf,
}

#[test]
fn every_scenario_of_the_catalogue_is_a_test() {
    let Some(run) = run() else { return };
    let listed: BTreeSet<_> = SCENARIOS.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(names(&run.out.join("keepalived")), listed, "{}", run.told);
}

/// Of guests in which nobody has loaded IPVS; holdfast alone.
const BARE: &str = "modules_that_come_late_or_slowly_do_not_touch_vrrp";

#[test]
fn modules_that_come_late_or_slowly_do_not_touch_vrrp() {
    let words = [format!("holdfast={BARE}")];
    if let Some(run) = boot("vm-bare", &words) {
        passed(&run, "holdfast", BARE);
    }
}

/// The run, made by the first test that asks.
fn run() -> Option<&'static Run> {
    static RUN: OnceLock<Option<Run>> = OnceLock::new();
    let words = [
        "keepalived".to_owned(),
        format!("holdfast={}", SCENARIOS.join(",")),
    ];
    RUN.get_or_init(|| boot("vm", &words)).as_ref()
}

/// Boots a guest that runs these.
fn boot(folder: &str, words: &[String]) -> Option<Run> {
    if std::env::var_os(SWITCHED_OFF).is_some_and(|value| value == "1") {
        eprintln!("{SWITCHED_OFF}=1: nothing of this was tested");
        return None;
    }
    let out = target_directory().join(folder);
    if out.exists() {
        fs::remove_dir_all(&out).expect("the records of the last run can be removed");
    }
    let output = Command::new(vmlab().join("scenario"))
        .arg("--out")
        .arg(&out)
        .arg("--programs")
        .arg(target_directory())
        .args(words)
        .output()
        .expect("bash runs");
    let told =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    Some(Run {
        told: told.concat(),
        out,
    })
}

fn vmlab() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vmlab")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return BTreeSet::new();
    };
    entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

#[track_caller]
fn verdict_of(name: &str) {
    let Some(run) = run() else { return };
    for group in ["keepalived", "holdfast", "same"] {
        passed(run, group, name);
    }
}

#[track_caller]
fn passed(run: &Run, group: &str, name: &str) {
    let folder = run.out.join(group).join(name);
    let verdict = fs::read_to_string(folder.join("verdict"))
        .unwrap_or_else(|_| format!("the virtual machine left none:\n{}", run.told));
    assert_eq!(
        verdict.trim(),
        "passed",
        "{group}; more in {}",
        folder.display()
    );
}

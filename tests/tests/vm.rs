//! Load balancing in a virtual machine whose kernel has IPVS: `tests/vmlab/scenario` boots it once
//! and runs every scenario there, with the distribution's keepalived and with holdfast; each test
//! here is one verdict of that run.

use holdfast_tests::binaries::target_directory;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Set to 1 where the virtual machine is not wanted; the tests then say so and pass.
const SWITCHED_OFF: &str = "HOLDFAST_TESTS_WITHOUT_VM";

/// Who runs a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runs {
    /// Both, and the tables at the fixed points are the same.
    Both,
    /// keepalived alone: what holdfast shall do, shown on the original.
    Reference,
}

/// One test per scenario, and the list of all for the one run.
macro_rules! scenarios {
    ($($who:ident $name:ident,)*) => {
        const SCENARIOS: &[(Runs, &str)] = &[$((Runs::$who, stringify!($name)),)*];
        $(#[test] fn $name() { verdict_of(Runs::$who, stringify!($name)); })*
    };
}

scenarios! {
    Both the_address_moves_when_the_master_dies,
    Reference the_table_follows_the_master,
    Reference direct_routing_with_two_ports,
    Reference a_pair_with_direct_routing_and_persistence,
    Reference masquerading_with_digests_and_a_sorry_server,
    Reference a_tls_check_of_the_own_address,
    Reference a_changed_page_takes_a_server_out,
    Reference a_page_over_tls_is_checked,
    Reference the_sorry_server_answers_when_all_are_gone,
    Reference a_lost_quorum_gives_the_service_to_the_sorry_server,
    Reference an_inhibited_server_stays_with_weight_nought,
    Reference clients_with_ipv6_are_answered,
    Reference persistence_and_thresholds_reach_the_table,
    Reference flags_of_services_reach_the_table,
    Reference tunnels_reach_the_table,
    Reference firewall_marks_and_groups_reach_the_table,
    Reference a_reload_keeps_the_connections_of_servers_that_stay,
    Reference a_crash_of_any_child_keeps_the_connections,
}

/// What the run left: its whole output, and the folder with logs and tables.
struct Run {
    told: String,
    out: PathBuf,
}

#[test]
fn every_scenario_of_the_catalogue_is_a_test() {
    let Some(run) = run() else { return };
    let listed: BTreeSet<_> = SCENARIOS
        .iter()
        .map(|(_, name)| (*name).to_owned())
        .collect();
    assert_eq!(names(&run.out.join("keepalived")), listed, "{}", run.told);
}

/// The run, made by the first test that asks.
fn run() -> Option<&'static Run> {
    static RUN: OnceLock<Option<Run>> = OnceLock::new();
    RUN.get_or_init(|| {
        if std::env::var_os(SWITCHED_OFF).is_some_and(|value| value == "1") {
            eprintln!("{SWITCHED_OFF}=1: nothing of this was tested");
            return None;
        }
        Some(boot())
    })
    .as_ref()
}

fn boot() -> Run {
    let out = target_directory().join("vm");
    if out.exists() {
        fs::remove_dir_all(&out).expect("the records of the last run can be removed");
    }
    let both: Vec<_> = SCENARIOS
        .iter()
        .filter(|(who, _)| *who == Runs::Both)
        .map(|(_, name)| *name)
        .collect();
    let output = Command::new(vmlab().join("scenario"))
        .arg("--out")
        .arg(&out)
        .arg("--programs")
        .arg(target_directory())
        .arg("keepalived")
        .arg(format!("holdfast={}", both.join(",")))
        .output()
        .expect("bash runs");
    let told =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    Run {
        told: told.concat(),
        out,
    }
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
fn verdict_of(who: Runs, name: &str) {
    let Some(run) = run() else { return };
    let groups: &[&str] = match who {
        Runs::Both => &["keepalived", "holdfast", "same"],
        Runs::Reference => &["keepalived"],
    };
    for group in groups {
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
}

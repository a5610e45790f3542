//! Reloads with children that accept, refuse, die and take their time.

use crate::stage::{CONFIG, Daemon, Stage, wait_for};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

fn changed() -> String {
    CONFIG.replace("priority 150", "priority 160")
}

fn reload(stage: &Stage, daemon: &Daemon, text: &str) {
    stage.configure(text);
    daemon.signal(Signal::SIGHUP);
}

/// The words behind the start.
fn since_go(stage: &Stage, child: &str) -> Vec<String> {
    stage.told_words(child).split_off(3)
}

pub(crate) fn all_prepare_before_anyone_commits() {
    let stage = Stage::new();
    let daemon = stage.start_up();
    stage.part("checker", "hang-prepare");
    reload(&stage, &daemon, &changed());
    stage.wait_told("vrrp", "Prepare", 1);
    stage.wait_told("checker", "Prepare", 1);
    assert_eq!(since_go(&stage, "vrrp"), ["Prepare"]);
    stage.part("checker", "");
    daemon.wait_log("Reload complete", 1);
    assert_eq!(since_go(&stage, "vrrp"), ["Prepare", "Commit"]);
    assert_eq!(since_go(&stage, "checker"), ["Prepare", "Commit"]);
    assert!(stage.told("vrrp")[3].contains("generation: Generation(2)"));
    assert_eq!(daemon.lines("priority 150 → 160").len(), 1);
}

pub(crate) fn a_refusal_aborts_everywhere_and_the_next_reload_is_taken() {
    let stage = Stage::new();
    let daemon = stage.start_up();
    stage.part("checker", "refuse-prepare");
    reload(&stage, &daemon, &changed());
    let line = daemon.wait_log("Reload refused, the running configuration stays", 1);
    assert!(line.ends_with("played refusal"), "{line}");
    stage.wait_told("vrrp", "Abort", 1);
    assert_eq!(since_go(&stage, "vrrp"), ["Prepare", "Abort"]);
    assert_eq!(since_go(&stage, "checker"), ["Prepare"]);
    stage.part("checker", "");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    assert_eq!(
        since_go(&stage, "vrrp"),
        ["Prepare", "Abort", "Prepare", "Commit"]
    );
    assert!(stage.told("vrrp")[5].contains("generation: Generation(3)"));
}

pub(crate) fn a_death_while_preparing_aborts_and_the_old_configuration_is_restored() {
    let stage = Stage::new();
    let daemon = stage.start_up();
    stage.part("vrrp", "die-prepare");
    reload(&stage, &daemon, &changed());
    let line = daemon.wait_log("Reload refused, the running configuration stays", 1);
    assert!(
        line.ends_with("the VRRP child did not survive it: it died"),
        "{line}"
    );
    stage.part("vrrp", "");
    daemon.wait_log("Restarted as", 1);
    let start = &stage.told("vrrp")[5];
    assert!(start.contains("generation: Generation(1)"), "{start}");
    assert!(start.contains("priority: Priority(150)"), "{start}");
    wait_for("the abort", || {
        (since_go(&stage, "checker") == ["Prepare", "Abort"]).then_some(())
    });
}

pub(crate) fn a_death_while_committing_is_followed_by_the_new_configuration() {
    let stage = Stage::new();
    let daemon = stage.start_up();
    stage.part("vrrp", "die-commit");
    reload(&stage, &daemon, &changed());
    daemon.wait_log("Starting VRRP child process", 2);
    stage.part("vrrp", "");
    daemon.wait_log("Reload complete", 1);
    daemon.wait_log("Restarted as", 1);
    // The successor removes what only the old configuration has, so it begins with that.
    let start = &stage.told("vrrp")[6];
    assert!(start.contains("generation: Generation(1)"), "{start}");
    assert!(start.contains("priority: Priority(150)"), "{start}");
    assert!(start.contains("mode: Resume"), "{start}");
    let words = stage.told_words("vrrp");
    let end = words.len() - 5;
    assert_eq!(words[end..], ["Hello", "Start", "Go", "Prepare", "Commit"]);
    let told = stage.told("vrrp");
    assert!(told[end + 3].contains("priority: Priority(160)"));
    assert!(told[end + 4].contains("Generation(2)"));
}

pub(crate) fn a_reload_between_two_children_waits_for_the_second() {
    let stage = Stage::new();
    let daemon = stage.start_up();
    // Some deaths, so that there is a pause between two children.
    stage.part("vrrp", "exit-hello");
    kill(Pid::from_raw(stage.pid("r.pid").unwrap()), Signal::SIGKILL).unwrap();
    daemon.wait_log("Starting VRRP child process", 6);
    reload(&stage, &daemon, &changed());
    stage.part("vrrp", "");
    daemon.wait_log("Reload complete", 1);
    let words = stage.told_words("vrrp");
    let end = words.len() - 5;
    assert_eq!(words[end..], ["Hello", "Start", "Go", "Prepare", "Commit"]);
}

pub(crate) fn a_broken_file_is_refused_in_every_way_it_can_be_broken() {
    let stage = Stage::new();
    let daemon = stage.start_up();
    let conf = stage.path("holdfast.conf");
    type Break = (&'static str, &'static str, &'static str);
    let broken: [Break; 8] = [
        ("priority 150", "priority 300", "1 error, `holdfast -t -f"),
        ("priority 150", "priorty 150", "1 error, `holdfast -t -f"),
        (
            "virtual_router_id 51",
            "virtual_router_id 0",
            "1 error, `holdfast -t -f",
        ),
        ("192.0.2.100", "192.0.2.999", "1 error, `holdfast -t -f"),
        (
            "hf-none0",
            "hf-none1",
            "interface `hf-none1` does not exist here",
        ),
        ("/bin/true", "/bin/gone", "/bin/gone"),
        (
            "interval 1\n",
            "interval 1\n user hf-nobody\n",
            "there is no user hf-nobody on this host",
        ),
        (
            CONFIG,
            "# nothing\n",
            "is empty; an empty configuration would give up all addresses",
        ),
    ];
    for (number, (from, to, told)) in broken.into_iter().enumerate() {
        reload(&stage, &daemon, &CONFIG.replace(from, to));
        let line = daemon.wait_log("Reload refused", number + 1);
        assert!(line.contains(told), "{line}");
    }
    fs::remove_file(&conf).unwrap();
    daemon.signal(Signal::SIGHUP);
    assert!(
        daemon
            .wait_log("Reload refused", 9)
            .contains("No such file")
    );
    fs::create_dir(&conf).unwrap();
    daemon.signal(Signal::SIGHUP);
    assert!(
        daemon
            .wait_log("Reload refused", 10)
            .contains("not a regular file")
    );
    fs::remove_dir(&conf).unwrap();
    assert_eq!(
        since_go(&stage, "vrrp"),
        [""; 0],
        "the children were not even asked"
    );
    reload(&stage, &daemon, &changed());
    daemon.wait_log("Reload complete", 1);
}

pub(crate) fn an_include_that_matches_nothing_does_not_give_everything_up() {
    let stage = Stage::new();
    let daemon = stage.start_up();
    let folder = stage.path("conf.d");
    let text = format!("include {}/*.conf\n", folder.display());
    reload(&stage, &daemon, &format!("global_defs {{\n}}\n{text}"));
    let line = daemon.wait_log("Reload refused, the running configuration stays", 1);
    assert!(!line.contains("0 errors"), "{line}");
    reload(&stage, &daemon, "global_defs {\n    router_id x\n}\n");
    let line = daemon.wait_log("Reload refused, the running configuration stays", 2);
    assert!(
        line.contains("define no vrrp_instance and no virtual_server"),
        "{line}"
    );
    assert_eq!(since_go(&stage, "vrrp"), [""; 0]);
}

pub(crate) fn what_is_missing_for_the_running_configuration_too_refuses_no_reload() {
    let stage = Stage::new();
    let script = stage.script("check.sh", "exit 0");
    let config = CONFIG.replace("/bin/true", "SCRIPTS/check.sh");
    stage.configure(&config);
    let daemon = stage.start_up();
    // It becomes insecure under the running daemon.
    fs::set_permissions(&script, fs::Permissions::from_mode(0o777)).unwrap();
    reload(
        &stage,
        &daemon,
        &config.replace("priority 150", "priority 160"),
    );
    daemon.wait_log("Reload complete", 1);
    assert_eq!(daemon.lines("script chk is not run").len(), 1);
    // One that is named newly is refused still.
    reload(
        &stage,
        &daemon,
        &config.replace("SCRIPTS/check.sh", "/bin/gone"),
    );
    daemon.wait_log("Reload refused", 1);
}

pub(crate) fn another_user_of_a_script_exchanges_the_checkers() {
    let stage = Stage::new();
    let daemon = stage.start_up();
    let old = stage.pid("c.pid").unwrap();
    let other = CONFIG.replace("interval 1\n", "interval 1\n    user daemon\n");
    reload(&stage, &daemon, &other);
    daemon.wait_log("Reload complete", 1);
    stage.wait_told("checker", "Stop", 1);
    daemon.wait_log("(scripts as user daemon)", 1);
    let new = wait_for("the pid file", || {
        stage.pid("c.pid").filter(|new| *new != old)
    });
    let uid = nix::unistd::User::from_name("daemon").unwrap().unwrap().uid;
    let status = fs::read_to_string(format!("/proc/{new}/status")).unwrap();
    assert_eq!(
        crate::stage::field(&status, "Uid"),
        [uid.to_string().as_str(); 4].join(" ")
    );
    wait_for("the old one to end", || {
        (!crate::stage::is_alive(old)).then_some(())
    });
    // Without any script there is none.
    let (_, instance) = CONFIG.split_once("}\n").unwrap();
    let none = instance
        .replace("chk", "")
        .replace("track_script {", "track_interface {");
    reload(&stage, &daemon, &none);
    daemon.wait_log("Reload complete", 2);
    wait_for("the last one to end", || {
        (!crate::stage::is_alive(new)).then_some(())
    });
    assert!(!stage.path("c.pid").exists());
}

pub(crate) fn a_checker_that_does_not_leave_is_killed_and_waited_for_asleep() {
    let stage = Stage::new();
    let daemon = stage.start_up();
    let old = stage.pid("c.pid").unwrap();
    stage.part("checker", "hang-stop");
    let other = CONFIG.replace("interval 1\n", "interval 1\n    user daemon\n");
    reload(&stage, &daemon, &other);
    daemon.wait_log("Reload complete", 1);
    let ticks = || -> u64 {
        let pid = stage.pid("p.pid").unwrap();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let (_, rest) = stat.rsplit_once(") ").unwrap();
        let fields: Vec<&str> = rest.split(' ').collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    let before = ticks();
    wait_for("the old one to end", || {
        (!crate::stage::is_alive(old)).then_some(())
    });
    // Two seconds of spinning would be some hundred.
    let used = ticks() - before;
    assert!(used < 30, "{used} ticks");
}

pub(crate) fn signals_in_a_row_make_one_more_reload() {
    let stage = Stage::new();
    let daemon = stage.start_up();
    stage.part("vrrp", "hang-prepare");
    reload(&stage, &daemon, &changed());
    stage.wait_told("vrrp", "Prepare", 1);
    for _ in 0..50 {
        daemon.signal(Signal::SIGHUP);
    }
    stage.part("vrrp", "");
    daemon.wait_log("Reload complete", 2);
    assert_eq!(
        since_go(&stage, "vrrp"),
        ["Prepare", "Commit", "Prepare", "Commit"]
    );
    assert_eq!(daemon.lines("no change").len(), 1);
}

//! Check scripts decide who is fit.

use holdfast_tests::expect::{
    INTERVAL, LOW, SLACK, VIP, VRID, at_most, both, is_skew, silence, undisturbed, vi,
};
use holdfast_tests::lab::LONG;
use holdfast_tests::nginx::Nginx;
use holdfast_tests::scripts::{Flag, NOBODY, open_folder, script};
use holdfast_tests::timeline::Span;
use holdfast_tests::{Config, Kind, Lab, Vi, pairs, process, rfc};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// A configuration with one tracked check.
fn checked(vi: &Vi, command: &str, lines: &[&str]) -> String {
    Config::new()
        .script("chk", command, lines)
        .vi(&vi.clone().track("chk"))
        .text()
}

/// Waits until a node advertises this priority; gives the moment.
#[track_caller]
fn wait_for_priority(lab: &Lab, node: usize, since: Duration, priority: u8) -> Duration {
    lab.timeline().wait(
        &format!("node {node} to advertise {priority}"),
        LONG,
        |view| {
            let found = view
                .since(since)
                .adverts_of(node, VRID)
                .find(|a| a.1.priority == priority);
            found.map(|found| found.0)
        },
    )
}

pairs! {
    /// The tutorials' arrangement: priorities 100 and 98, a check that adds 4, and version 2.
    fn the_nginx_example_of_the_tutorials_moves_the_address_there_and_back(pair) {
        let lab = Lab::pair();
        let web1 = Nginx::start(&lab, 0, "web1");
        let _web2 = Nginx::start(&lab, 1, "web2");
        let text = |name: &str, priority: u32| {
            let vi = vi().version(2).authentication("AH", "cuongquach").priority(priority);
            checked(&vi, &format!("killall -0 {name}"), &["interval 2", "weight 4"])
        };
        let [name1, name2] = ["web1", "web2"].map(|label| Nginx::process_name(&lab, label));
        let texts = [text(&name1, 100), text(&name2, 98)];
        let _pair = both(&lab, pair, [&texts[0], &texts[1]], VIP);
        wait_for_priority(&lab, 0, Duration::ZERO, 104);
        let stopped = web1.stop(&lab, 0);
        let failed = wait_for_priority(&lab, 0, stopped, 100);
        at_most("the check", failed - stopped, 2 * SECOND + SECOND + SLACK);
        let taken = lab.wait_for_holder(1, VIP, LONG);
        at_most("the takeover", taken - failed, rfc::master_down(2, SECOND, 102) + SLACK);
        let _again = Nginx::start(&lab, 0, "web1");
        let back = lab.wait_for_holder(0, VIP, LONG);
        let within = Span { from: stopped, to: lab.timeline().now() };
        lab.look(|view| {
            let priorities: Vec<u8> = view.since(back).adverts(0).map(|a| a.1.priority).collect();
            assert!(priorities.iter().all(|priority| *priority == 104), "{priorities:?}");
            at_most("the absence", view.longest_absence(&[0, 1], VIP, within), SLACK);
            at_most("the time with two holders", view.longest_dual([0, 1], VIP, within), SECOND);
        });
    }

    fn a_failed_check_without_weight_is_a_fault_until_it_succeeds_again(pair) {
        let lab = Lab::pair();
        let flag = Flag::raise(&lab, "fit");
        let better = checked(&vi().priority(150), &flag.command(), &["interval 1"]);
        let _pair = both(&lab, pair, [&better, &vi().priority(LOW.into()).alone()], VIP);
        let since = lab.timeline().mark(0, "the check fails from now on");
        flag.set(false);
        let (fault, _) = lab.wait_for_log(0, since, "Entering FAULT STATE");
        at_most("the check", fault - since, SECOND + SLACK);
        is_skew(silence(&lab, 0, 1, since), 3, INTERVAL, LOW);
        lab.wait_for_holder(1, VIP, LONG);
        flag.set(true);
        lab.wait_for_holder(0, VIP, LONG);
        let within = Span { from: since, to: lab.timeline().now() };
        let dual = lab.look(|view| view.longest_dual([0, 1], VIP, within));
        at_most("the time with two holders", dual, INTERVAL);
    }

    fn a_negative_weight_counts_while_the_check_fails(pair) {
        let lab = Lab::pair();
        let flag = Flag::raise(&lab, "fit");
        let lines = ["interval 1", "weight -60"];
        let better = checked(&vi().priority(150), &flag.command(), &lines);
        let _pair = both(&lab, pair, [&better, &vi().priority(LOW.into()).alone()], VIP);
        let since = lab.timeline().mark(0, "the check fails from now on");
        flag.set(false);
        wait_for_priority(&lab, 0, since, 90);
        lab.wait_for_log(0, since, "Changing effective priority from 150 to 90");
        lab.wait_for_holder(1, VIP, LONG);
        flag.set(true);
        lab.wait_for_log(0, since, "Changing effective priority from 90 to 150");
        lab.wait_for_holder(0, VIP, LONG);
    }

    fn fall_and_rise_count_results_in_a_row(pair) {
        let lab = Lab::pair();
        let flag = Flag::raise(&lab, "fit");
        let lines = ["interval 1", "fall 3", "rise 2", "weight -60"];
        let better = checked(&vi().priority(150), &flag.command(), &lines);
        let _pair = both(&lab, pair, [&better, &vi().priority(LOW.into()).alone()], VIP);
        lab.timeline().watch(2 * SECOND);
        let fails = lab.timeline().mark(0, "the check fails from now on");
        flag.set(false);
        let fallen = wait_for_priority(&lab, 0, fails, 90);
        assert!((2 * SECOND..=3 * SECOND + INTERVAL + SLACK).contains(&(fallen - fails)), "{:?}", fallen - fails);
        lab.wait_for_holder(1, VIP, LONG);
        let good = lab.timeline().mark(0, "the check succeeds from now on");
        flag.set(true);
        let (risen, _) = lab.wait_for_log(0, good, "Changing effective priority from 90 to 150");
        assert!((SECOND - SLACK..=2 * SECOND + SLACK).contains(&(risen - good)), "{:?}", risen - good);
    }
}

#[test]
fn a_hanging_script_is_killed_with_all_its_processes_and_counts_as_failed() {
    let lab = Lab::pair();
    let folder = open_folder(&lab, "runs");
    let body = format!(
        "trap '' TERM\n/bin/sleep 300 &\necho $$ $! >> {}/pids\nwait",
        folder.display()
    );
    let path = script(&lab, "hang.sh", &body);
    let text = checked(
        &vi(),
        &path.display().to_string(),
        &["interval 1", "timeout 1", "user nobody"],
    );
    let _daemon = lab.start(0, Kind::Holdfast, &text);
    lab.wait_for_log(0, Duration::ZERO, "timed_out");
    let runs = process::poll(LONG, "three runs", || {
        let text = fs::read_to_string(folder.join("pids")).unwrap_or_default();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let alive = lines.iter().filter(|line| some_live(line)).count();
        assert!(alive <= 1, "{alive} runs of one script at once");
        (lines.len() >= 3).then_some(lines)
    });
    for pid in pids(&runs[0]) {
        process::wait_until_gone(pid, SECOND);
    }
    assert_eq!(lab.look(|view| view.adverts(0).count()), 0);
}

fn pids(line: &str) -> Vec<u32> {
    line.split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect()
}

fn some_live(line: &str) -> bool {
    pids(line).into_iter().any(process::is_alive)
}

#[test]
fn endless_output_of_a_script_disturbs_nothing() {
    let lab = Lab::pair();
    let path = script(&lab, "loud.sh", "exec /usr/bin/yes 'much too much'");
    let lines = ["interval 1", "timeout 1", "weight -10"];
    let text = checked(&vi().priority(150), &path.display().to_string(), &lines);
    let _daemon = lab.start(0, Kind::Holdfast, &text);
    lab.wait_for_holder(0, VIP, LONG);
    let since = lab.wait_for_log(0, Duration::ZERO, "timed_out").0;
    lab.wait_for_adverts(0, VRID, 15);
    undisturbed(&lab, since + INTERVAL, INTERVAL);
    assert!(lab.look(|view| view.count_logs(0, "much too much")) <= 2);
}

#[test]
fn a_script_runs_as_the_user_that_is_written_and_without_capabilities() {
    let lab = Lab::new(1);
    let folder = open_folder(&lab, "out");
    let body = format!("/bin/cat /proc/self/status > {}/status", folder.display());
    let path = script(&lab, "who.sh", &body);
    let text = checked(
        &vi(),
        &path.display().to_string(),
        &["interval 1", "user nobody"],
    );
    let _daemon = lab.start(0, Kind::Holdfast, &text);
    lab.wait_for_log(0, Duration::ZERO, "succeeded");
    let file = folder.join("status");
    assert_eq!(fs::metadata(&file).unwrap().uid(), NOBODY);
    let status = fs::read_to_string(file).unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_once(':')
            .unwrap()
            .1
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(field("Uid"), "65534 65534 65534 65534");
    assert_eq!(field("CapEff"), "0000000000000000");
    assert_eq!(field("CapPrm"), "0000000000000000");
    assert_eq!(field("NoNewPrivs"), "1");
}

#[test]
fn a_script_that_others_may_replace_is_refused_and_the_place_is_named() {
    let lab = Lab::new(1);
    let folder = lab.directory().join("loose");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let path = script(&lab, "loose/check.sh", "exit 0");
    let text = checked(
        &vi(),
        &path.display().to_string(),
        &["interval 1", "user root"],
    );
    let mut daemon = lab.start(0, Kind::Holdfast, &text);
    let place = folder.display().to_string();
    lab.timeline().wait("the place to be named", LONG, |view| {
        view.logs(0)
            .find(|line| line.1.contains(&place) && line.1.contains("chk"))
            .map(|_| ())
    });
    if daemon.is_running() {
        lab.timeline()
            .watch(rfc::master_down(3, INTERVAL, LOW) + SECOND);
    }
    assert_eq!(lab.look(|view| view.count_logs(0, "succeeded")), 0);
}

#[test]
fn pidof_is_answered_like_killall() {
    let lab = Lab::pair();
    let web = Nginx::start(&lab, 0, "web7");
    let text = checked(&vi(), &format!("pidof {}", web.name()), &["interval 1"]);
    let _daemon = lab.start(0, Kind::Holdfast, &text);
    lab.wait_for_holder(0, VIP, LONG);
    let since = web.stop(&lab, 0);
    lab.wait_for_log(0, since, "Entering FAULT STATE");
}

/// Two hundred processes a second must not delay an advert.
#[test]
fn two_hundred_scripts_a_second_do_not_delay_adverts() {
    let lab = Lab::pair();
    let flag = Flag::raise(&lab, "fit");
    let mut config = Config::new();
    let mut router = vi().priority(150);
    for number in 0..200 {
        config = config.script(
            &format!("chk_{number}"),
            &flag.command(),
            &["interval 1", "weight -1"],
        );
        router = router.track(&format!("chk_{number}"));
    }
    let text = config.vi(&router).text();
    let _daemon = lab.start(0, Kind::Holdfast, &text);
    lab.wait_for_holder(0, VIP, LONG);
    let since = lab.timeline().now();
    lab.wait_for_adverts(0, VRID, 20);
    undisturbed(&lab, since, INTERVAL);
    let fails = lab.timeline().mark(0, "all checks fail from now on");
    flag.set(false);
    let last = lab.timeline().wait("all checks to fail", LONG, |view| {
        let failed = view
            .since(fails)
            .logs(0)
            .filter(|line| line.1.contains("VRRP_Script(chk_") && line.1.contains(") failed"));
        failed.map(|line| line.0).nth(199)
    });
    at_most("all checks", last - fails, 2 * SECOND + SLACK);
    undisturbed(&lab, since, INTERVAL);
}

/// `reverse` turns the sign of the weight: the check is good news when it fails.
#[test]
fn a_reversed_weight_counts_the_other_way_round() {
    let lab = Lab::pair();
    let flag = Flag::raise(&lab, "fit");
    let router = vi().priority(150).track("chk weight 20 reverse");
    let text = Config::new()
        .script("chk", &flag.command(), &["interval 1"])
        .vi(&router)
        .text();
    let _daemon = lab.start(0, Kind::Holdfast, &text);
    lab.wait_for_holder(0, VIP, LONG);
    wait_for_priority(&lab, 0, Duration::ZERO, 130);
    let since = lab.timeline().mark(0, "the check fails from now on");
    flag.set(false);
    wait_for_priority(&lab, 0, since, 150);
}

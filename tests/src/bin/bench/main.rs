//! Measures holdfast and the distribution's keepalived side by side in one run. The figures of one
//! run are comparable with each other; those of two machines are not.

mod answer;
mod checks;
mod failover;
mod load;
mod parse;
mod servers;
mod stats;

use holdfast_tests::Kind;
use std::process::ExitCode;
use std::time::Duration;

const BOTH: [Kind; 2] = [Kind::Holdfast, Kind::Keepalived];

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("servers") => print_servers(),
        Some("checks") => print_checks(),
        // What `checks` and the virtual machine start.
        Some("answer") => answer::answer().expect("the checked servers go on"),
        Some("connect") => println!(
            "{}",
            checks::bare(checks::Check::Tcp, checks::BARE).as_nanos()
        ),
        Some(_) | None => return compare(),
    }
    ExitCode::SUCCESS
}

/// Both daemons, in all that this kernel lets both do.
fn compare() -> ExitCode {
    let runs = match std::env::args().nth(1).map(|word| word.parse::<usize>()) {
        None => 20,
        Some(Ok(runs)) if runs > 0 => runs,
        Some(_) => {
            eprintln!(
                "holdfast-bench: the argument is `servers`, `checks` or the number of runs for a \
                 median"
            );
            return ExitCode::FAILURE;
        }
    };
    println!("{:<58} {:>12} {:>12}", "", "holdfast", "keepalived");
    reading(runs);
    let failovers = BOTH.map(|kind| failover::excess(kind, runs));
    row(
        "takeover: silence over the RFC's time, median",
        failovers.iter().map(|f| f.median()),
    );
    row(
        "takeover: the same, worst of all",
        failovers.iter().map(|f| f.worst()),
    );
    let deaths = BOTH.map(|kind| failover::child_death(kind, runs));
    row(
        "VRRP child killed: until the next advert, median",
        deaths.iter().map(|d| d.median()),
    );
    row(
        "VRRP child killed: the same, worst of all",
        deaths.iter().map(|d| d.worst()),
    );
    let small = BOTH.map(|kind| load::measure(kind, 1));
    print_memory("1 instance", &small);
    let large = BOTH.map(|kind| load::measure(kind, 250));
    print_memory("250 instances", &large);
    row(
        "250 instances at 0.1 s: CPU per advert sent",
        large.iter().map(|l| l.per_sent),
    );
    row(
        "250 instances at 0.1 s: CPU per advert received",
        large.iter().map(|l| l.per_received),
    );
    row(
        "250 instances at 0.1 s: longest gap between two adverts",
        large.iter().map(|l| l.gap),
    );
    println!(
        "\n{runs} runs for each median; interval 0.1 s; {}",
        machine()
    );
    ExitCode::SUCCESS
}

fn print_servers() {
    println!("load before: {}", load());
    for checked in [false, true] {
        print_servers_with(checked, &BOTH.map(|kind| servers::measure(kind, checked)));
    }
    println!("load behind: {}; {}", load(), machine());
}

fn print_servers_with(checked: bool, found: &[servers::Servers; 2]) {
    let what = match checked {
        true => "10,000 virtual servers with 5 real servers, each checked",
        false => "10,000 virtual servers with 5 real servers, no checks",
    };
    println!("{what:<58} {:>12} {:>12}", "holdfast", "keepalived");
    let time = |what: &str, pick: fn(&servers::Servers) -> Duration| {
        row(what, found.iter().map(pick));
    };
    time("start until `Startup complete`", |s| s.start);
    time(
        "unchanged reload until `Reload complete`, at most 20 s",
        |s| s.reload,
    );
    time("VRRP child killed: until the next advert", |s| s.death);
    time("longest gap between two adverts at 0.1 s", |s| s.gap);
    time("the machine itself was late by", |s| s.lateness);
    let [ours, theirs] = found.each_ref().map(|s| s.memory.pss());
    let what = "proportional set size of all processes";
    println!("{what:<58} {ours:>8} KiB {theirs:>8} KiB\n");
}

fn print_checks() {
    for check in [checks::Check::Tcp, checks::Check::Http] {
        println!("load before: {}", load());
        let found = BOTH.map(|kind| checks::measure(kind, check));
        print_check(check, &found);
    }
    println!("load behind: {}; {}", load(), machine());
}

fn print_check(check: checks::Check, found: &[checks::Checks; 2]) {
    let name = match check {
        checks::Check::Tcp => "5,000 TCP_CHECK at delay_loop 1",
        checks::Check::Http => "5,000 HTTP_GET at delay_loop 1",
    };
    println!("{name:<58} {:>12} {:>12}", "holdfast", "keepalived");
    let number = |what: &str, unit: &str, pick: &dyn Fn(&checks::Checks) -> u64| {
        let [ours, theirs] = found.each_ref().map(pick);
        println!("{what:<58} {ours:>8} {unit:<3} {theirs:>8} {unit}");
    };
    let time = |what: &str, pick: fn(&checks::Checks) -> Duration| {
        row(what, found.iter().map(pick));
    };
    number("done a second", "", &|c| c.rate.into());
    time("checker: CPU a check", checks::Checks::each);
    time("  of it as a user", |c| c.user);
    time("  of it within the kernel", |c| c.system);
    time("yardstick: CPU of the same without a daemon", |c| c.bare);
    time("all other processes: CPU a second", |c| c.others);
    number("connections in a thousand that were reset", "", &|c| {
        c.reset
    });
    number("checker: proportional set size", "KiB", &|c| c.memory.pss());
    number("checker: resident set size", "KiB", &|c| c.memory.rss());
    println!();
}

fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.trim().to_owned()
}

fn row(what: &str, values: impl Iterator<Item = Duration>) {
    let values: Vec<String> = values.map(stats::readable).collect();
    println!("{what:<58} {:>12} {:>12}", values[0], values[1]);
}

/// How much a large configuration costs.
fn reading(runs: usize) {
    let readings = BOTH.map(|kind| parse::measure(kind, runs));
    let [ours, theirs] = &readings;
    row(
        &format!("{} bytes of virtual servers, -t: CPU, median", ours.bytes),
        readings.iter().map(|reading| reading.time.median()),
    );
    println!(
        "{:<58} {:>9} KiB {:>9} KiB",
        "the same: most memory", ours.memory, theirs.memory
    );
    let percent = ours.time.median().as_micros().saturating_mul(100)
        / theirs.time.median().as_micros().max(1);
    println!(
        "{:<58} {percent:>10} %",
        "the same: CPU of holdfast in that of keepalived"
    );
}

fn print_memory(what: &str, loads: &[load::Load; 2]) {
    let [ours, theirs] = loads;
    for (name, pick) in [
        (
            "proportional set size",
            load::Memory::pss as fn(&load::Memory) -> u64,
        ),
        ("resident set size", load::Memory::rss),
    ] {
        println!(
            "{:<58} {:>9} KiB {:>9} KiB",
            format!("{what}: {name} of all processes"),
            pick(&ours.memory),
            pick(&theirs.memory)
        );
    }
    println!(
        "{:<58} {:>12} {:>12}",
        format!("{what}: processes"),
        ours.memory.processes(),
        theirs.memory.processes()
    );
}

fn machine() -> String {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    format!("Linux {}, {processors} processors", kernel.trim())
}

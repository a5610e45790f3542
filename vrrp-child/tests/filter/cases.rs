//! Runs the cases and judges how each process ended.

use crate::filter;
use crate::forbidden;
use crate::operations::{self, Evidence, evidence};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};

/// Which case a process of this program is.
const CASE: &str = "HOLDFAST_FILTER_CASE";

/// Starts a case under the filter without the row of that number.
fn start(kind: &str, number: usize, without: Option<usize>) -> Child {
    let without = without.map_or_else(|| "-".to_owned(), |row| row.to_string());
    Command::new(std::env::current_exe().unwrap())
        .env_clear()
        // The allocator asks for huge pages, where the kernel leaves that to programs.
        .env("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")
        .env(CASE, format!("{kind} {number} {without}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn run(kind: &str, number: usize, without: Option<usize>) -> ExitStatus {
    start(kind, number, without).wait().unwrap()
}

/// Stops and continues a case while it waits in `poll`, so that the kernel restarts the wait.
fn run_interrupted(number: usize, without: Option<usize>) -> ExitStatus {
    let mut child = start("allowed", number, without);
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    let waits = format!("{} ", operations::CALL_OF_THE_WAIT);
    let path = format!("/proc/{pid}/syscall");
    while !std::fs::read_to_string(&path).unwrap().starts_with(&waits) {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before it waited");
    }
    kill(pid, Signal::SIGSTOP).unwrap();
    let stopped = WaitPidFlag::WUNTRACED;
    while let Err(errno) = waitpid(pid, Some(stopped)) {
        assert_eq!(errno, Errno::EINTR);
    }
    kill(pid, Signal::SIGCONT).unwrap();
    child.wait().unwrap()
}

/// A case when this process is one, else all tests, each with its name as the usual harness has it.
pub(crate) fn main() {
    if let Ok(case) = std::env::var(CASE) {
        return one(&case);
    }
    let tests: [(&str, fn()); 2] = [
        (
            "every_allowed_call_works_and_needs_its_row",
            every_allowed_call_works_and_needs_its_row,
        ),
        (
            "every_other_call_kills_the_process",
            every_other_call_kills_the_process,
        ),
    ];
    for (name, test) in tests {
        test();
        println!("test {name} ... ok");
    }
}

/// Confines this process and does what the case says. Returning is a part of it.
fn one(case: &str) {
    let words: Vec<&str> = case.split(' ').collect();
    let number: usize = words[1].parse().unwrap();
    let without: Option<usize> = words[2].parse().ok();
    let rows = filter::rows()
        .enumerate()
        .filter(|(index, _)| Some(*index) != without)
        .map(|(_, row)| row);
    let program = filter::program(rows, filter::target().unwrap()).unwrap();
    let act = match words[0] {
        "forbidden" => Box::new(forbidden::CALLS[number].1),
        _ => match evidence(filter::rows().nth(number).unwrap()) {
            Evidence::Works(prepare)
            | Evidence::DependsOnTheLayout(prepare)
            | Evidence::DiesBy(_, prepare)
            | Evidence::Restarted(prepare) => prepare(),
        },
    };
    seccompiler::apply_filter_all_threads(&program).unwrap();
    act();
}

fn every_allowed_call_works_and_needs_its_row() {
    for (number, row) in filter::rows().enumerate() {
        let (with, without, expected) = match evidence(row) {
            Evidence::Works(_) => (
                run("allowed", number, None),
                run("allowed", number, Some(number)),
                None,
            ),
            Evidence::DependsOnTheLayout(_) => {
                assert!(run("allowed", number, None).success());
                continue;
            }
            Evidence::DiesBy(signal, _) => (
                run("allowed", number, None),
                run("allowed", number, Some(number)),
                Some(signal as i32),
            ),
            Evidence::Restarted(_) => (
                run_interrupted(number, None),
                run_interrupted(number, Some(number)),
                None,
            ),
        };
        let what = format!("row {number}, call {}, {:?}", row.call, row.conditions);
        assert_eq!(with.signal(), expected, "{what}: {with}");
        assert_eq!(with.success(), expected.is_none(), "{what}: {with}");
        assert_eq!(
            without.signal(),
            Some(Signal::SIGSYS as i32),
            "{what}: {without}"
        );
    }
}

fn every_other_call_kills_the_process() {
    for (number, (name, _)) in forbidden::CALLS.iter().enumerate() {
        let status = run("forbidden", number, None);
        assert_eq!(
            status.signal(),
            Some(Signal::SIGSYS as i32),
            "{name}: {status}"
        );
    }
}

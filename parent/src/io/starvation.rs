//! Whether a silent child can be blamed: it may want a processor and get none, or the kernel may
//! hold it in a call.

use nix::unistd::Pid;
use std::fs;
use std::time::Duration;

/// A child that waits for a processor for half of the time between two looks is short of it.
const SHORT_OF_TIME: Duration = Duration::from_millis(125);

/// True for a child that cannot answer through no fault of its own. `before` is how long it had
/// waited for a processor at the last look; the first look only takes note of that.
pub(super) fn is_held_up(pid: Pid, before: &mut Option<Duration>) -> bool {
    match state(pid) {
        // In a call that cannot be interrupted, not even by a signal that kills.
        Some('D') => true,
        Some('R') => {
            let Some(waited) = run_delay(pid) else {
                return false;
            };
            let last = before.replace(waited);
            last.is_none_or(|last| waited.saturating_sub(last) >= SHORT_OF_TIME)
        }
        Some(_) | None => false,
    }
}

/// The letter behind the name in `/proc/PID/stat`.
fn state(pid: Pid) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// Time spent ready to run, but without a processor: the second number of `/proc/PID/schedstat`.
fn run_delay(pid: Pid) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
    let nanos = stat.split_whitespace().nth(1)?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
    use nix::sys::signal::{Signal, kill};
    use std::process::{Child, Command};

    struct Process(Child);

    impl Process {
        fn start(shell: &str) -> (Self, Pid) {
            let child = Command::new("sh").args(["-c", shell]).spawn().unwrap();
            let pid = Pid::from_raw(child.id().cast_signed());
            (Self(child), pid)
        }
    }

    impl Drop for Process {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn wait_for_state(pid: Pid, wanted: char) {
        while state(pid) != Some(wanted) {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_process_that_sleeps_or_is_stopped_is_to_blame() {
        let (_process, pid) = Process::start("exec sleep 100");
        wait_for_state(pid, 'S');
        assert!(!is_held_up(pid, &mut None));
        kill(pid, Signal::SIGSTOP).unwrap();
        wait_for_state(pid, 'T');
        assert!(!is_held_up(pid, &mut None));
    }

    #[test]
    fn a_process_that_only_computes_is_to_blame_at_the_second_look() {
        let (_process, pid) = Process::start("while :; do :; done");
        wait_for_state(pid, 'R');
        let mut before = None;
        assert!(is_held_up(pid, &mut before));
        // It cannot have waited longer than everything that has passed.
        before = Some(Duration::from_secs(3_600));
        assert!(!is_held_up(pid, &mut before));
    }

    /// Two processes that share one processor.
    fn bind_to_one(pids: [Pid; 2]) {
        let mine = sched_getaffinity(Pid::this()).unwrap();
        let first = (0..CpuSet::count()).find(|cpu| mine.is_set(*cpu).unwrap());
        let mut one = CpuSet::new();
        one.set(first.unwrap()).unwrap();
        for pid in pids {
            sched_setaffinity(pid, &one).unwrap();
        }
    }

    #[test]
    fn a_process_that_waits_for_a_processor_is_not_to_blame() {
        let (_process, pid) = Process::start("while :; do :; done");
        let (_other, other) = Process::start("while :; do :; done");
        bind_to_one([pid, other]);
        let mut before = run_delay(pid);
        let first = before.unwrap();
        while run_delay(pid).unwrap() < first + SHORT_OF_TIME {
            std::thread::yield_now();
        }
        wait_for_state(pid, 'R');
        assert!(is_held_up(pid, &mut before));
    }
}

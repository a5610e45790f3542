//! Looks at processes through `/proc`, and ends those that the laboratory started.

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// Identifiers of all processes of the machine.
pub fn all() -> Vec<u32> {
    std::fs::read_dir("/proc")
        .expect("/proc is mounted")
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// Whether a process runs; one that is dead and not yet reaped does not.
pub fn is_alive(pid: u32) -> bool {
    fields(pid).is_some_and(|fields| fields[0] != "Z" && fields[0] != "X")
}

/// The fields of `/proc/PID/stat` behind the name: 0 is the state, 1 the parent.
fn fields(pid: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, behind) = stat.rsplit_once(')')?;
    Some(behind.split_whitespace().map(str::to_owned).collect())
}

/// The parent of a process.
pub fn parent_of(pid: u32) -> Option<u32> {
    fields(pid)?.get(1)?.parse().ok()
}

/// When a process began, in clock ticks since boot.
pub fn start_of(pid: u32) -> Option<u64> {
    fields(pid)?.get(19)?.parse().ok()
}

/// Its processor time since it began, in clock ticks: as a user, and within the kernel.
pub fn ticks_of(pid: u32) -> Option<(u64, u64)> {
    let fields = fields(pid)?;
    let field = |index: usize| fields.get(index)?.parse().ok();
    Some((field(11)?, field(12)?))
}

/// A process and everything below it, itself first.
pub fn tree(root: u32) -> Vec<u32> {
    let mut found = vec![root];
    let parents: Vec<(u32, u32)> = all()
        .into_iter()
        .filter_map(|pid| Some((pid, parent_of(pid)?)))
        .collect();
    let mut next = 0;
    while let Some(&above) = found.get(next) {
        found.extend(
            parents
                .iter()
                .filter(|pair| pair.1 == above)
                .map(|pair| pair.0),
        );
        next += 1;
    }
    found
}

/// Sends a signal; a process that is gone already is no error.
pub fn signal(pid: u32, which: Signal) {
    let raw = i32::try_from(pid).expect("an identifier fits");
    if let Err(error) = signal::kill(Pid::from_raw(raw), which) {
        assert_eq!(
            error,
            nix::errno::Errno::ESRCH,
            "cannot signal {pid} with {which}"
        );
    }
}

/// Ends a process with SIGKILL.
pub fn kill(pid: u32) {
    signal(pid, Signal::SIGKILL);
}

/// Reads a pid file.
pub fn read_pid_file(path: &Path) -> Option<u32> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The name of the executable, without its folder.
pub fn executable_of(pid: u32) -> Option<String> {
    let target = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    Some(target.file_name()?.to_string_lossy().into_owned())
}

/// `/proc/PID/status` as a table.
pub fn status(pid: u32) -> BTreeMap<String, String> {
    std::fs::read_to_string(format!("/proc/{pid}/status"))
        .unwrap_or_else(|error| panic!("process {pid}: {error}"))
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect()
}

/// Waits until a process is gone. `/proc` cannot be waited on, so this looks every 2 ms.
pub fn wait_until_gone(pid: u32, deadline: Duration) -> Duration {
    let start = Instant::now();
    poll(deadline, &format!("process {pid} to end"), || {
        (!is_alive(pid)).then_some(())
    });
    start.elapsed()
}

/// Waits for something that cannot announce itself (a file, a process), looking every 2 ms.
pub fn poll<T>(deadline: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            start.elapsed() < deadline,
            "waited {deadline:?} in vain for {what}"
        );
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

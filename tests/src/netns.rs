//! Network namespaces: made and entered by threads, so that no process needs `ip netns exec`.

use crate::shell;
use nix::sched::{CloneFlags, setns};
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command};
use std::thread;

const DIRECTORY: &str = "/run/netns";

/// A network namespace that is deleted, with every process in it, when this value is dropped.
#[derive(Debug)]
pub struct Netns {
    name: String,
}

impl Netns {
    /// Makes it, with the loopback interface up and IPv6 addresses usable at once.
    pub fn create(name: String) -> Self {
        shell::run("ip", &["netns", "add", &name]);
        let made = Self { name };
        made.sysctl("net/ipv6/conf/all/accept_dad", "0");
        made.sysctl("net/ipv6/conf/default/accept_dad", "0");
        made.sysctl("net/ipv6/conf/default/dad_transmits", "0");
        made.ip("link set lo up");
        made
    }

    /// Its name below `/run/netns`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `ip` inside.
    pub fn ip(&self, words: &str) -> String {
        shell::ip(&format!("-n {} {words}", self.name))
    }

    /// Runs `ip` inside; a failure does not matter.
    pub fn try_ip(&self, words: &str) {
        let words = format!("-n {} {words}", self.name);
        shell::try_run("ip", &words.split_whitespace().collect::<Vec<_>>());
    }

    /// Runs `bridge` inside.
    pub fn bridge(&self, words: &str) -> String {
        let words = format!("-n {} {words}", self.name);
        shell::run("bridge", &words.split_whitespace().collect::<Vec<_>>())
    }

    /// Sets a value below `/proc/sys` of this namespace.
    pub fn sysctl(&self, path: &str, value: &str) {
        let file = format!("/proc/sys/{path}");
        let value = value.to_owned();
        self.run(move || std::fs::write(&file, value).unwrap_or_else(|e| panic!("{file}: {e}")));
    }

    /// Runs a function inside and gives its result.
    pub fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        match self.thread("netns", work).join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    /// Starts a thread that lives inside.
    pub fn thread<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> thread::JoinHandle<T> {
        let path = format!("{DIRECTORY}/{}", self.name);
        let named = thread::Builder::new().name(name.to_owned());
        let entered = move || {
            enter(&path).unwrap_or_else(|error| panic!("cannot enter {path}: {error}"));
            work()
        };
        named.spawn(entered).expect("a thread can be started")
    }

    /// Starts a program inside. It runs in the namespace of the thread that starts it.
    pub fn spawn(&self, mut command: Command) -> io::Result<Child> {
        self.run(move || command.spawn())
    }

    /// Identifiers of all processes inside.
    pub fn processes(&self) -> Vec<u32> {
        processes_in(&self.name)
    }
}

impl Drop for Netns {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

fn enter(path: &str) -> io::Result<()> {
    let namespace = File::open(path)?;
    Ok(setns(namespace, CloneFlags::CLONE_NEWNET)?)
}

fn processes_in(name: &str) -> Vec<u32> {
    let Ok(wanted) = std::fs::metadata(format!("{DIRECTORY}/{name}")).map(|meta| meta.ino()) else {
        return Vec::new();
    };
    crate::process::all()
        .into_iter()
        .filter(|pid| {
            std::fs::metadata(format!("/proc/{pid}/ns/net")).is_ok_and(|meta| meta.ino() == wanted)
        })
        .collect()
}

/// Ends whatever runs inside and deletes the namespace. A daemon may have started something while
/// it was being killed, so this looks twice.
fn remove(name: &str) {
    for _ in 0..2 {
        for pid in processes_in(name) {
            crate::process::kill(pid);
        }
    }
    shell::try_run("ip", &["netns", "delete", name]);
}

/// Deletes what runs left behind that ended without tidying up: namespaces whose name carries the
/// identifier of a process that is gone.
pub fn remove_leftovers(prefix: &str) {
    let Ok(entries) = std::fs::read_dir(DIRECTORY) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name
            .strip_prefix(prefix)
            .and_then(|rest| rest.split('-').next());
        if owner.is_some_and(is_gone) {
            remove(&name);
        }
    }
}

/// Whether this text is the identifier of a process that does not run.
pub fn is_gone(pid: &str) -> bool {
    pid.parse::<u32>()
        .is_ok_and(|pid| !crate::process::is_alive(pid))
}

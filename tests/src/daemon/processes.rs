//! The processes of a daemon: found by its pid files, signalled one by one.

use super::{CHECKER_PID_FILE, Daemon, PID_FILE, VRRP_PID_FILE};
use crate::process;
use nix::sys::signal::Signal;
use std::time::Duration;

const STARTED: Duration = Duration::from_secs(10);

impl Daemon {
    /// The parent.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The VRRP child, as its pid file names it.
    #[track_caller]
    pub fn vrrp_pid(&self) -> u32 {
        self.child_pid(VRRP_PID_FILE)
    }

    /// The checker child, as its pid file names it.
    #[track_caller]
    pub fn checker_pid(&self) -> u32 {
        self.child_pid(CHECKER_PID_FILE)
    }

    #[track_caller]
    fn child_pid(&self, file: &str) -> u32 {
        let path = self.place.home.join(file);
        process::poll(
            STARTED,
            &format!("a living process in {}", path.display()),
            || process::read_pid_file(&path).filter(|pid| process::is_alive(*pid)),
        )
    }

    /// Waits until another VRRP child runs than this one.
    #[track_caller]
    pub fn wait_for_other_vrrp(&self, than: u32) -> u32 {
        let path = self.place.home.join(VRRP_PID_FILE);
        process::poll(STARTED, "another VRRP child", || {
            process::read_pid_file(&path).filter(|pid| *pid != than && process::is_alive(*pid))
        })
    }

    /// Waits until another checker child runs than this one.
    #[track_caller]
    pub fn wait_for_other_checker(&self, than: u32) -> u32 {
        let path = self.place.home.join(CHECKER_PID_FILE);
        process::poll(STARTED, "another checker child", || {
            process::read_pid_file(&path).filter(|pid| *pid != than && process::is_alive(*pid))
        })
    }

    /// The pid files that are there now.
    pub fn pid_files(&self) -> Vec<&'static str> {
        [PID_FILE, VRRP_PID_FILE, CHECKER_PID_FILE]
            .into_iter()
            .filter(|file| self.place.home.join(file).exists())
            .collect()
    }

    /// All of its processes, the parent first.
    pub fn processes(&self) -> Vec<u32> {
        process::tree(self.pid())
    }

    /// Sends a signal to one of its processes; gives the moment.
    pub fn signal(&self, pid: u32, which: Signal) -> Duration {
        let name = process::executable_of(pid).unwrap_or_default();
        let at = self
            .place
            .timeline
            .mark(self.place.node, format!("{which} to {name} {pid}"));
        process::signal(pid, which);
        at
    }

    /// Kills all of its processes at once: the parent is stopped first, so that it neither notices
    /// the death of its children nor starts others, and no child notices the death of the parent.
    pub fn kill_all(&mut self) {
        if !self.is_running() {
            return;
        }
        process::signal(self.pid(), Signal::SIGSTOP);
        let tree = self.processes();
        for pid in tree.iter().rev() {
            process::kill(*pid);
        }
        let _status = self.child.wait();
    }
}

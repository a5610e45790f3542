//! Processes of scripts: started, listened to, ended, collected.
//!
//! Children are collected here and not by the runtime, since the process group has to be killed
//! while the dead leader still holds its number, and since processes that scripts left behind
//! come to us as well.

use super::output_pipe::{Found, OutputPipe};
use super::processes;
use holdfast_checker::action::Force;
use holdfast_checker::process_list::{Kin, descendants, survivors, targets};
use holdfast_checker::{Event, Outcome, RunId};
use holdfast_ipc::config::model::ShellWords;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// The whole environment of a script.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// One script that runs.
struct Run {
    id: RunId,
    child: Child,
    output: OutputPipe,
    listening: Listening,
    /// What came from it when it was told to end.
    family: Vec<Kin>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listening {
    /// The kernel tells when there is something.
    Told,
    /// Read at times, since it writes too much.
    AtTimes,
    /// The script closed its output.
    Over,
}

/// All scripts that run.
pub(crate) struct Runs {
    by_process: BTreeMap<i32, Run>,
    ready: Epoll,
    buffer: Vec<u8>,
    /// Who came from whom, looked up once a turn at most.
    family_tree: Option<Vec<Kin>>,
}

impl Runs {
    /// Without any run.
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self {
            by_process: BTreeMap::new(),
            ready: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            buffer: Vec::new(),
            family_tree: None,
        })
    }

    /// A descriptor that is readable when some script wrote something.
    pub(crate) fn readiness(&self) -> std::io::Result<OwnedFd> {
        self.ready.0.try_clone()
    }

    /// Starts a script in a process group of its own.
    pub(crate) fn start(
        &mut self,
        id: RunId,
        program: &Path,
        words: &ShellWords,
    ) -> Result<(), Outcome> {
        let not_started = |error: std::io::Error| Outcome::NotStarted {
            reason: describe(&error),
        };
        let (output, writer) = OutputPipe::new().map_err(not_started)?;
        let second = writer.try_clone().map_err(not_started)?;
        let child = Command::new(program)
            .arg0(words.program())
            .args(words.arguments())
            .env_clear()
            .env("PATH", PATH)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(second)
            .spawn()
            .map_err(|error| spawn_outcome(program, &error))?;
        let process = pid_of(&child);
        let token = u64::try_from(process).unwrap_or(0);
        let event = EpollEvent::new(EpollFlags::EPOLLIN, token);
        // Without the kernel's help it is read at times.
        let listening = match self.ready.add(&output, event) {
            Ok(()) => Listening::Told,
            Err(_) => Listening::AtTimes,
        };
        let run = Run {
            id,
            child,
            output,
            listening,
            family: Vec::new(),
        };
        self.by_process.insert(process, run);
        Ok(())
    }

    /// Signals the process group of a run and everything that came from it.
    pub(crate) fn signal(&mut self, id: RunId, force: Force) {
        let mut runs = self.by_process.iter();
        let Some((&leader, _)) = runs.find(|(_, run)| run.id == id) else {
            return;
        };
        let signal = match force {
            Force::Terminate => Signal::SIGTERM,
            Force::Kill => Signal::SIGKILL,
        };
        let tree = self.family_tree.get_or_insert_with(processes::all_kin);
        let family = descendants(tree, leader);
        // ESRCH: it ended a moment ago.
        let _ = killpg(Pid::from_raw(leader), signal);
        // What left the group (setsid) is found by its ancestors, as long as these live.
        let elsewhere = family.iter().filter(|kin| kin.group != leader);
        self.signal_family(&elsewhere.copied().collect::<Vec<_>>(), signal);
        if let Some(run) = self.by_process.get_mut(&leader) {
            run.family.extend(family);
        }
    }

    fn signal_family(&self, family: &[Kin], signal: Signal) {
        let others = self.by_process.keys().copied().chain([
            nix::unistd::getpgrp().as_raw(),
            Pid::this().as_raw(),
            Pid::parent().as_raw(),
        ]);
        let targets = targets(family, &others.collect());
        for group in targets.groups {
            let _ = killpg(Pid::from_raw(group), signal);
        }
        for process in targets.processes {
            let _ = kill(Pid::from_raw(process), signal);
        }
    }

    /// The turn is over: processes come and go.
    pub(crate) fn forget_family_tree(&mut self) {
        self.family_tree = None;
    }

    /// Kills all groups: this process ends.
    pub(crate) fn kill_all(&self) {
        for process in self.by_process.keys() {
            let _ = killpg(Pid::from_raw(*process), Signal::SIGKILL);
        }
    }

    /// Collects whoever ended.
    pub(crate) fn reap(&mut self, events: &mut Vec<Event>) {
        let peek = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        loop {
            match waitid(Id::All, peek) {
                Ok(WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, _, _)) => {
                    self.collect(pid, events);
                }
                // Ended by a signal that nix has no name for (a real-time one), so we do not learn
                // whose end it is.
                Err(Errno::EINVAL) => self.collect_unnamed(events),
                Err(Errno::EINTR) => {}
                Ok(_) | Err(_) => return,
            }
        }
    }

    fn collect(&mut self, pid: Pid, events: &mut Vec<Event>) {
        let Some(mut run) = self.by_process.remove(&pid.as_raw()) else {
            // Left behind by a script.
            let _ = waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG);
            return;
        };
        // Members of the group that outlive their leader.
        let _ = killpg(pid, Signal::SIGKILL);
        self.kill_survivors(&run.family);
        if let Ok(Some(status)) = run.child.try_wait() {
            events.push(self.finish(run, status));
        } else {
            self.by_process.insert(pid.as_raw(), run);
        }
    }

    /// Kills what outlived a run that was told to end. It has come to us by now, so its numbers
    /// cannot belong to anybody else.
    fn kill_survivors(&self, family: &[Kin]) {
        if !family.is_empty() {
            let left = survivors(&processes::all_kin(), Pid::this().as_raw(), family);
            self.signal_family(&left, Signal::SIGKILL);
        }
    }

    fn collect_unnamed(&mut self, events: &mut Vec<Event>) {
        let peek = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        let ended =
            self.by_process.keys().copied().find(|process| {
                waitid(Id::Pid(Pid::from_raw(*process)), peek) == Err(Errno::EINVAL)
            });
        match ended {
            Some(process) => self.collect(Pid::from_raw(process), events),
            None => {
                let _ = waitid(Id::All, WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG);
            }
        }
    }

    fn finish(&mut self, mut run: Run, status: ExitStatus) -> Event {
        if run.listening != Listening::Over {
            run.output.read(&mut self.buffer);
        }
        if run.listening == Listening::Told {
            let _ = self.ready.delete(&run.output);
        }
        let output = run.output.last_line();
        let outcome = match (status.code(), status.signal()) {
            (Some(status), _) => Outcome::Exited { status, output },
            (None, signal) => Outcome::Signaled {
                signal: signal.unwrap_or(0),
                output,
            },
        };
        Event::Ended {
            run: run.id,
            outcome,
        }
    }

    /// Reads what scripts wrote; to be called until it says that there is no more.
    pub(crate) fn read_ready(&mut self) -> bool {
        let mut ready = [EpollEvent::empty(); 64];
        let count = match self.ready.wait(&mut ready, EpollTimeout::ZERO) {
            Ok(count) => count,
            Err(Errno::EINTR) => return true,
            Err(_) => 0,
        };
        for event in ready.iter().take(count) {
            let process = i32::try_from(event.data()).unwrap_or(0);
            if let Some(run) = self.by_process.get_mut(&process) {
                run.listening = match run.output.read(&mut self.buffer) {
                    Found::Dry => continue,
                    Found::Noisy => Listening::AtTimes,
                    Found::Ended => Listening::Over,
                };
                let _ = self.ready.delete(&run.output);
            }
        }
        count > 0
    }

    /// True while some output has to be read at times.
    pub(crate) fn has_noisy(&self) -> bool {
        self.by_process
            .values()
            .any(|run| run.listening == Listening::AtTimes)
    }

    /// Reads some of the output that is read at times.
    pub(crate) fn read_noisy(&mut self) {
        for run in self.by_process.values_mut() {
            if run.listening == Listening::AtTimes
                && run.output.read(&mut self.buffer) == Found::Ended
            {
                run.listening = Listening::Over;
            }
        }
    }
}

fn pid_of(child: &Child) -> i32 {
    i32::try_from(child.id()).unwrap_or(0)
}

/// Whether a failed start says something about the script or about the machine.
fn spawn_outcome(program: &Path, error: &std::io::Error) -> Outcome {
    let errno = error.raw_os_error().map(Errno::from_raw);
    let what = describe(error);
    if let Some(Errno::EAGAIN | Errno::ENOMEM | Errno::EMFILE | Errno::ENFILE | Errno::ETXTBSY) =
        errno
    {
        return Outcome::NotStarted { reason: what };
    }
    let why = match errno {
        Some(Errno::ENOENT) if program.exists() => {
            "the interpreter in its first line does not exist (does the line end with a carriage \
             return?)"
        }
        Some(Errno::ENOEXEC) => "it is no program and its first line does not begin with `#!`",
        Some(Errno::EPERM) => "operation not permitted, fapolicyd may not trust it",
        Some(_) | None => &what,
    };
    Outcome::NotExecutable {
        reason: format!("{}: {why}", program.display()),
    }
}

/// The system's words, without the number that std puts behind them.
fn describe(error: &std::io::Error) -> String {
    let mut text = error.to_string();
    if let Some(number) = text.find(" (os error ") {
        text.truncate(number);
    }
    text
}

//! Runs notify scripts: one at a time for each instance, bounded in time and output.

use super::clock;
use super::host::check_script;
use super::launch;
use super::lines::{self, Lines};
use super::log::Log;
use holdfast::account::Account;
use holdfast::launch::{Launch, Role};
use holdfast::notify::{Job, News, NoUser, Queues};
use holdfast::obituary::End;
use holdfast_ipc::config::model::{Config, Micros, ShellWords};
use holdfast_ipc::log::Level;
use holdfast_ipc::time::Monotonic;
use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, pipe2};
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::process::Stdio;

/// Longest time of a notify script.
const TIME_LIMIT: Micros = Micros::from_secs(60);
/// Between TERM and KILL, as keepalived has it.
pub(super) const GRACE: Micros = Micros::from_secs(2);
/// Lines of output of one run that are logged.
pub(super) const MAX_LINES: usize = 50;

/// Outputs that are read on behind their scripts.
const MAX_LEFT_BEHIND: usize = 64;

/// All notify scripts that wait and run.
#[derive(Debug, Default)]
pub(crate) struct Scripts {
    queues: Queues,
    runs: Vec<Run>,
    /// Outputs of what scripts left running. They are read on: a closed pipe would end it.
    left_behind: VecDeque<Lines>,
}

#[derive(Debug)]
struct Run {
    job: Job,
    pid: Pid,
    started: Monotonic,
    kill_at: Monotonic,
    terminated: bool,
    output: Option<Lines>,
    lines: usize,
}

impl Scripts {
    /// Adds runs and begins what may begin.
    pub(crate) fn add(&mut self, jobs: Vec<Result<Job, NoUser>>, context: &mut Context<'_>) {
        let (jobs, without_user): (Vec<_>, Vec<_>) = jobs.into_iter().partition(Result::is_ok);
        for NoUser { words } in without_user.into_iter().filter_map(Result::err) {
            let text = format!("script {words} is not run: its user does not exist on this host");
            context.log.error(&text);
        }
        let jobs = jobs.into_iter().filter_map(Result::ok).collect();
        for lost in self.queues.push(jobs) {
            context.log.warning(&format!(
                "{} script {} for {} is left out: too many wait before it",
                lost.subject, lost.words, lost.news
            ));
        }
        self.begin(context);
    }

    /// Output, deadlines, and whatever may begin now.
    pub(crate) fn tick(&mut self, context: &mut Context<'_>) {
        self.left_behind.retain_mut(|output| output.read().1);
        for run in &mut self.runs {
            run.read_output(context.log);
            run.enforce(context);
        }
        self.begin(context);
    }

    /// A process ended. True when it was a script.
    pub(crate) fn reaped(&mut self, pid: Pid, end: &End, context: &mut Context<'_>) -> bool {
        let Some(index) = self.runs.iter().position(|run| run.pid == pid) else {
            return false;
        };
        let mut run = self.runs.swap_remove(index);
        run.read_output(context.log);
        run.finish(end, context);
        self.left_behind.extend(run.output);
        if self.left_behind.len() > MAX_LEFT_BEHIND {
            self.left_behind.pop_front();
        }
        self.queues.finished(&run.job.subject);
        self.begin(context);
        true
    }

    /// Only scripts of the stop and of servers matter from now on.
    pub(crate) fn drop_waiting(&mut self, context: &mut Context<'_>) {
        for job in self.queues.drop_waiting() {
            context.log.warning(&format!(
                "{} script {} for {} is left out: the daemon stops",
                job.subject, job.words, job.news
            ));
        }
    }

    /// Those that run and may tell of a stop.
    fn of_stop(&self) -> impl Iterator<Item = &Run> {
        let runs = self.runs.iter();
        runs.filter(|run| matches!(run.job.news, News::Stop | News::Up | News::Down))
    }

    /// True while a script of the stop runs. What still runs of before has had its time.
    pub(crate) fn tell_of_stop(&self) -> bool {
        self.of_stop().next().is_some()
    }

    /// At the end: says which scripts of the stop did not come to theirs.
    pub(crate) fn log_unfinished(&mut self, log: &mut Log) {
        for Run { job, .. } in self.of_stop() {
            log.warning(&format!(
                "{} script {} for {} is cut off: a stop takes five seconds at most",
                job.subject, job.words, job.news
            ));
        }
        for job in self.queues.drop_all() {
            log.warning(&format!(
                "{} script {} for {} was never begun: the daemon stops, and other scripts were \
                 still running",
                job.subject, job.words, job.news
            ));
        }
    }

    /// At the end: nothing of ours stays behind.
    pub(crate) fn kill_all(&self) {
        for run in &self.runs {
            let _ = killpg(run.pid, Signal::SIGKILL);
        }
    }

    /// True when nothing waits and nothing runs.
    pub(crate) fn is_idle(&self) -> bool {
        self.queues.is_idle()
    }

    /// When `tick` is wanted next.
    pub(crate) fn deadline(&self) -> Option<Monotonic> {
        self.runs.iter().map(|run| run.kill_at).min()
    }

    /// The pipes of their output.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.runs
            .iter()
            .filter_map(|run| run.output.as_ref().map(AsFd::as_fd))
            .chain(self.left_behind.iter().map(AsFd::as_fd))
    }

    fn begin(&mut self, context: &mut Context<'_>) {
        while let Some(job) = self.queues.begin_next() {
            match start(&job, context) {
                Ok(run) => self.runs.push(run),
                Err(why) => {
                    context.log.error(&format!(
                        "{} cannot run script {} for {}: {why}",
                        job.subject, job.words, job.news
                    ));
                    self.queues.finished(&job.subject);
                }
            }
        }
    }
}

/// What the scripts need of the daemon.
pub(crate) struct Context<'a> {
    /// Where to write.
    pub(crate) log: &'a mut Log,
    /// Check who could replace a script before each run.
    pub(crate) security: bool,
    /// The time.
    pub(crate) now: Monotonic,
}

impl<'a> Context<'a> {
    /// At this moment.
    pub(crate) fn new(log: &'a mut Log, config: &Config) -> Self {
        Self {
            log,
            security: config.global.script_security,
            now: clock::now(),
        }
    }
}

fn start(job: &Job, context: &Context<'_>) -> Result<Run, String> {
    check_script(job.words.program(), &job.account, context.security)
        .map_err(|fault| fault.to_string())?;
    let (pid, output) =
        spawn(&job.words, &job.extra, &job.account).map_err(|error| error.to_string())?;
    Ok(Run {
        job: job.clone(),
        pid,
        started: context.now,
        kill_at: context.now.after(TIME_LIMIT),
        terminated: false,
        output: Some(output),
        lines: 0,
    })
}

/// Starts a script that was checked; gives its output.
pub(super) fn spawn(
    words: &ShellWords,
    extra: &[String],
    account: &Account,
) -> io::Result<(Pid, Lines)> {
    let (read, write) = pipe2(OFlag::O_CLOEXEC)?;
    let arguments = words.arguments().iter().chain(extra);
    let launch = Launch {
        role: Role::Script,
        uid: account.uid,
        gid: account.gid,
        parent: nix::unistd::getpid().as_raw(),
        program: words.program().into(),
        arguments: arguments.map(Into::into).collect(),
    };
    let stderr = write.try_clone()?;
    let pid = launch::spawn(&launch, Stdio::null(), write.into(), stderr.into())?;
    Ok((pid, Lines::new(read)?))
}

impl Run {
    fn read_output(&mut self, log: &mut Log) {
        for line in lines::drain(&mut self.output) {
            self.lines = self.lines.saturating_add(1);
            if self.lines <= MAX_LINES {
                let words = &self.job.words;
                log.info(&format!("{} {words}: {line}", self.job.subject));
            }
        }
    }

    fn enforce(&mut self, context: &mut Context<'_>) {
        if context.now < self.kill_at {
            return;
        }
        let signal = if self.terminated {
            Signal::SIGKILL
        } else {
            Signal::SIGTERM
        };
        if !self.terminated {
            context.log.error(&format!(
                "{} script {} for {} runs for more than {TIME_LIMIT}: it is ended with all that \
                 it started",
                self.job.subject, self.job.words, self.job.news
            ));
        }
        self.terminated = true;
        self.kill_at = context.now.after(GRACE);
        // The leader is not reaped yet, so the group is still ours.
        let _ = killpg(self.pid, signal);
    }

    fn finish(&self, end: &End, context: &mut Context<'_>) {
        let level = match end {
            End::Exited(0) => Level::Info,
            End::Exited(_) | End::Killed { .. } => Level::Warning,
        };
        let millis = context.now.since(self.started).get().div_ceil(1_000);
        let Job {
            subject,
            words,
            account,
            news,
            ..
        } = &self.job;
        context.log.write(
            level,
            &format!(
                "{subject} script {words} for {news} ran as {account}, {end} after {millis} ms"
            ),
        );
        if let Some(more) = self.lines.checked_sub(MAX_LINES).filter(|more| *more > 0) {
            context.log.info(&format!(
                "{subject} {words}: {more} more lines of output are left out"
            ));
        }
    }
}

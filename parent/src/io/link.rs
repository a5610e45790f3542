//! A running child: its socket, its standard error, its phase, its life signs.

use super::launch;
use super::lines::{self, Lines};
use super::starvation;
use holdfast::account::Account;
use holdfast::heartbeat::{Beat, Heartbeat, LOOK_AGAIN, PATIENCE};
use holdfast::launch::Launch;
use holdfast::obituary::End;
use holdfast::route::{Admission, Phase, admit};
use holdfast::side::{CheckerSide, Heard, Side};
use holdfast_ipc::channel::{Channel, ChannelError, socket_pair};
use holdfast_ipc::config::Generation;
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::message::ParentToChecker;
use holdfast_ipc::time::Monotonic;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, pipe2};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// Bytes that may wait for a child that does not read. A configuration and its checkpoints fit; a
/// child that lets more pile up is stopped by its heartbeat anyway.
const QUEUE_LIMIT: usize = 80 * 1024 * 1024;
/// Longest time that a child may take for one step of its start, where nothing holds it up.
const STEP_LIMIT: Micros = Micros::from_secs(3);
/// Longest time that a child may take to check or to change a configuration. It gives signs of life
/// meanwhile.
const ANSWER_LIMIT: Micros = Micros::from_secs(10);
/// Longest message of a child. What they have to say fits into some hundred bytes.
const MESSAGE_LIMIT: usize = 64 * 1024;
/// Messages that are taken from one child before the others get their turn.
const TURN: usize = 256;

/// A running child.
pub(crate) struct Link<S: Side> {
    /// Its process number.
    pub(crate) pid: Pid,
    /// When it was started.
    pub(crate) started: Monotonic,
    /// How it ended, once it is reaped.
    pub(crate) ended: Option<End>,
    /// `Go` was sent: it may hold something.
    pub(crate) worked: bool,
    /// When it said anything last.
    pub(crate) heard: Monotonic,
    phase: Phase,
    step_since: Monotonic,
    /// When a step of the start is looked at.
    step_due: Monotonic,
    channel: Channel<S::Out, S::In>,
    stderr: Option<Lines>,
    heartbeat: Heartbeat,
    /// How long it had waited for a processor when it was looked at last.
    run_delay: Option<Duration>,
}

/// Why a child is given up.
#[derive(Debug)]
pub(crate) struct Loss {
    /// For the operator; none where the exit status says it all.
    pub(crate) reason: Option<String>,
    /// Since when it may have been silent.
    pub(crate) silent_since: Option<Monotonic>,
}

impl Loss {
    /// It died; its exit status says the rest.
    pub(crate) const fn by_death() -> Self {
        Self {
            reason: None,
            silent_since: None,
        }
    }

    pub(crate) fn because(reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            silent_since: None,
        }
    }

    fn of_channel(error: &ChannelError) -> Self {
        match error {
            ChannelError::Closed => Self::by_death(),
            ChannelError::Socket(_)
            | ChannelError::Framing(_)
            | ChannelError::Full { .. }
            | ChannelError::TimedOut(_)
            | ChannelError::Wire(_) => Self::because(error.to_string()),
        }
    }
}

impl<S: Side> Link<S> {
    /// Starts a child and greets it.
    pub(crate) fn start(
        executable: &Path,
        role: holdfast::launch::Role,
        account: &Account,
        now: Monotonic,
    ) -> io::Result<Self> {
        let (ours, theirs) = socket_pair().map_err(|error| io::Error::other(error.to_string()))?;
        let (read, write) = pipe2(OFlag::O_CLOEXEC)?;
        let launch = Launch {
            role,
            uid: account.uid,
            gid: account.gid,
            parent: nix::unistd::getpid().as_raw(),
            program: executable.into(),
            arguments: Vec::new(),
        };
        let pid = launch::spawn(&launch, theirs.into(), Stdio::null(), write.into())?;
        let mut link = Self {
            pid,
            started: now,
            ended: None,
            worked: false,
            heard: now,
            phase: Phase::Greeting,
            step_since: now,
            step_due: now.after(STEP_LIMIT),
            channel: Channel::new(ours, QUEUE_LIMIT).with_message_limit(MESSAGE_LIMIT),
            stderr: Some(Lines::new(read)?),
            heartbeat: Heartbeat::new(now),
            run_delay: None,
        };
        // An error here is seen again, and handled, when the socket is read.
        let _ = link.send(&S::hello());
        Ok(link)
    }

    /// Its process number as the log shows it.
    pub(crate) fn pid_number(&self) -> u32 {
        u32::try_from(self.pid.as_raw()).unwrap_or(0)
    }

    pub(crate) const fn phase(&self) -> Phase {
        self.phase
    }

    /// Since when it is in its phase.
    pub(crate) const fn in_phase_since(&self) -> Monotonic {
        self.step_since
    }

    /// Goes to the next phase of the start.
    pub(crate) const fn enter(&mut self, phase: Phase, now: Monotonic) {
        self.phase = phase;
        self.step_since = now;
        self.step_due = now.after(STEP_LIMIT);
        self.run_delay = None;
    }

    pub(crate) fn send(&mut self, message: &S::Out) -> Result<(), Loss> {
        let sent = self.channel.send(message);
        Self::unless_closed(sent)
    }

    /// Nobody there to take it: it has ended. What it said before is still to be read, and the end
    /// is seen behind that.
    fn unless_closed(result: Result<(), ChannelError>) -> Result<(), Loss> {
        match result {
            Ok(()) | Err(ChannelError::Closed) => Ok(()),
            Err(error) => Err(Loss::of_channel(&error)),
        }
    }

    /// Sends what waits.
    pub(crate) fn flush(&mut self) -> Result<(), Loss> {
        Self::unless_closed(self.channel.flush())
    }

    pub(crate) fn go(&mut self, now: Monotonic) -> Result<(), Loss> {
        self.heartbeat = Heartbeat::new(now);
        self.worked = true;
        self.send(&S::go())
    }

    pub(crate) fn prepare(
        &mut self,
        generation: Generation,
        message: &S::Out,
        now: Monotonic,
    ) -> Result<(), Loss> {
        self.enter(Phase::Preparing(generation), now);
        self.send(message)
    }

    pub(crate) fn commit(&mut self, generation: Generation, now: Monotonic) -> Result<(), Loss> {
        self.enter(Phase::Committing(generation), now);
        self.send(&S::commit(generation))
    }

    pub(crate) fn abort(&mut self, generation: Generation) -> Result<(), Loss> {
        self.phase = match self.phase {
            Phase::Preparing(asked) => Phase::Aborting(asked),
            _answered => Phase::Running,
        };
        self.send(&S::abort(generation))
    }

    pub(crate) fn stop(&mut self, now: Monotonic) -> Result<(), Loss> {
        self.enter(Phase::Stopping, now);
        self.send(&S::stop())
    }

    /// All messages that are there and that this child may send now.
    pub(crate) fn receive(&mut self, now: Monotonic) -> (Vec<Heard<S>>, Option<Loss>) {
        let mut messages = Vec::new();
        while messages.len() < TURN {
            match S::receive(&mut self.channel) {
                Ok(None) => return (messages, None),
                Err(error) => return (messages, Some(Loss::of_channel(&error))),
                Ok(Some((mut message, descriptor))) => {
                    self.heard = now;
                    S::cut(&mut message);
                    let (kind, generation) = S::classify(&message);
                    match admit(self.phase, kind, generation) {
                        Ok(Admission::Drop) => {}
                        Ok(Admission::Take(phase)) => {
                            if phase != self.phase {
                                self.enter(phase, now);
                            }
                            messages.push((message, descriptor));
                        }
                        Err(violation) => {
                            let reason = violation.to_string();
                            return (messages, Some(Loss::because(reason)));
                        }
                    }
                }
            }
        }
        (messages, None)
    }

    pub(crate) fn pong(&mut self, sequence: u64, now: Monotonic) {
        self.heartbeat.pong(sequence, now);
        self.run_delay = None;
    }

    /// Sends what waits, asks for a life sign, and misses one.
    pub(crate) fn tick(&mut self, now: Monotonic) -> Result<(), Loss> {
        self.flush()?;
        if !self.phase.is_live() {
            return self.check_step(now);
        }
        if self.phase.waits_for_answer() && now.since(self.step_since) >= ANSWER_LIMIT {
            return Err(Loss::because(format!(
                "nothing came for {ANSWER_LIMIT} while {}",
                self.phase
            )));
        }
        let (pid, delay) = (self.pid, &mut self.run_delay);
        match self
            .heartbeat
            .tick(now, || S::IS_PATIENT || starvation::is_held_up(pid, delay))
        {
            Beat::Quiet => Ok(()),
            Beat::Ping { sequence } => self.send(&S::ping(sequence)),
            Beat::Hung { since } => Err(Loss {
                reason: Some(format!(
                    "it gave no sign of life for {}",
                    whole_secs(now.since(since))
                )),
                silent_since: Some(since),
            }),
        }
    }

    /// A machine that is short of time, at its own start above all, gets more of it.
    fn check_step(&mut self, now: Monotonic) -> Result<(), Loss> {
        if now < self.step_due {
            return Ok(());
        }
        let last = self.step_since.after(STEP_LIMIT).after(PATIENCE);
        if now < last && starvation::is_held_up(self.pid, &mut self.run_delay) {
            self.step_due = now.after(LOOK_AGAIN);
            return Ok(());
        }
        let waited = whole_secs(now.since(self.step_since));
        Err(Loss::because(format!(
            "nothing came for {waited} while {}",
            self.phase
        )))
    }

    /// When `tick` is wanted next.
    pub(crate) fn deadline(&self) -> Monotonic {
        if self.phase.is_live() {
            self.heartbeat.deadline()
        } else {
            self.step_due
        }
    }

    pub(crate) fn wants_write(&self) -> bool {
        self.channel.wants_write()
    }

    pub(crate) fn channel_fd(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }

    pub(crate) fn stderr_fd(&self) -> Option<BorrowedFd<'_>> {
        self.stderr.as_ref().map(AsFd::as_fd)
    }

    /// Whole lines of its standard error.
    pub(crate) fn stderr_lines(&mut self) -> Vec<String> {
        lines::drain(&mut self.stderr)
    }

    /// What it said before it died, the unfinished line included.
    pub(crate) fn last_words(&mut self) -> Vec<String> {
        let mut lines = self.stderr_lines();
        if let Some(stderr) = &mut self.stderr {
            lines.extend(stderr.finish());
        }
        lines
    }

    /// Kills it. Once it is reaped its number may be somebody else's.
    pub(crate) fn kill(&self) -> Result<(), Errno> {
        if self.ended.is_some() {
            return Ok(());
        }
        match kill(self.pid, Signal::SIGKILL) {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(errno) => Err(errno),
        }
    }
}

impl Link<CheckerSide> {
    /// A message with a descriptor.
    pub(crate) fn send_carrying(
        &mut self,
        message: &ParentToChecker,
        descriptor: OwnedFd,
    ) -> Result<(), Loss> {
        let sent = self.channel.send_carrying(message, descriptor);
        Self::unless_closed(sent)
    }
}

/// As operators read it.
fn whole_secs(time: Micros) -> Micros {
    Micros::from_secs(time.get().checked_div(1_000_000).unwrap_or(0))
}

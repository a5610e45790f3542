//! The real `holdfast-vrrp`, started with the privileges that `holdfast` would give it.

use super::LIMIT;
use holdfast_ipc::Channel;
use holdfast_ipc::channel::{ChannelError, socket_pair};
use holdfast_ipc::config::{Generation, VrrpConfig};
use holdfast_ipc::message::{
    Confinement, Hello, ParentToVrrp, Role, StartMode, VrrpStart, VrrpToParent,
};
use holdfast_ipc::state::{Checkpoint, StateChange, VrrpState};
use holdfast_ipc::time::Monotonic;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::os::fd::OwnedFd;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The user that the child runs as.
pub(crate) const NOBODY: u32 = 65534;

/// A running child.
pub(crate) struct Child {
    process: std::process::Child,
    channel: Option<Channel<ParentToVrrp, VrrpToParent>>,
    /// How it confined itself.
    pub(crate) confinement: Confinement,
    /// All that it said, in order.
    pub(crate) said: Vec<VrrpToParent>,
}

/// What a first child is started with.
pub(crate) fn fresh(config: VrrpConfig) -> VrrpStart {
    VrrpStart {
        generation: Generation::new(1),
        config,
        mode: StartMode::Fresh,
        checkpoints: Vec::new(),
        verdicts: Vec::new(),
        silent_since: None,
    }
}

impl Child {
    /// Starts it up to `Confined`.
    pub(crate) fn spawn() -> Self {
        Self::spawn_with(&[])
    }

    /// The same under a program such as `prlimit`.
    pub(crate) fn spawn_with(prefix: &[&str]) -> Self {
        let mut child = Self::execute(prefix);
        child.send(&ParentToVrrp::Hello(Hello::of(Role::Parent)));
        assert_eq!(child.next(), VrrpToParent::Hello(Hello::of(Role::Vrrp)));
        let VrrpToParent::Confined(confinement) = child.next() else {
            panic!("Confined comes behind Hello, not {:?}", child.said);
        };
        child.confinement = confinement;
        child
    }

    /// Starts it and sends this greeting.
    pub(crate) fn greet(hello: Hello) -> Self {
        let mut child = Self::execute(&[]);
        child.send(&ParentToVrrp::Hello(hello));
        child
    }

    fn execute(prefix: &[&str]) -> Self {
        let (ours, theirs) = socket_pair().unwrap();
        let mut words: Vec<&str> = prefix.to_vec();
        words.extend([
            // The inheritable set has to be made before the bounding set is empty.
            "setpriv",
            "--inh-caps=-all,+net_raw,+net_admin",
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "--ambient-caps=-all,+net_raw,+net_admin",
            "--bounding-set=-all",
            env!("CARGO_BIN_EXE_holdfast-vrrp"),
        ]);
        let process = Command::new(words[0])
            .args(&words[1..])
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::from(theirs))
            .spawn()
            .expect("the package util-linux is needed");
        Self {
            process,
            channel: Some(Channel::new(ours, 1 << 20)),
            confinement: Confinement {
                seccomp: false,
                landlock: String::new(),
            },
            said: Vec::new(),
        }
    }

    /// Starts it and lets it go, with the scheduling policy that `vrrp_rt_priority` asks for: other
    /// tests run at the same time, and what is measured is the child.
    pub(crate) fn run(start: VrrpStart) -> Self {
        let mut child = Self::spawn_with(&["chrt", "--fifo", "50"]);
        child.begin(start);
        child
    }

    /// From `Start` to `Go`.
    pub(crate) fn begin(&mut self, start: VrrpStart) {
        let generation = start.generation;
        self.send(&ParentToVrrp::Start(start));
        assert_eq!(self.next(), VrrpToParent::Ready { generation });
        self.send(&ParentToVrrp::Go);
    }

    /// Its process number.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Sends a message.
    pub(crate) fn send(&mut self, message: &ParentToVrrp) {
        self.channel.as_mut().unwrap().send(message).unwrap();
    }

    /// Takes the next message.
    pub(crate) fn next(&mut self) -> VrrpToParent {
        let message = self.receive(LIMIT).expect("the child speaks");
        self.said.push(message.clone());
        message
    }

    fn receive(&mut self, wait: Duration) -> Result<VrrpToParent, ChannelError> {
        self.channel.as_mut().unwrap().receive_within(wait)
    }

    /// Waits for the answer to a request for a socket.
    pub(crate) fn opened(&mut self) -> (VrrpToParent, Option<OwnedFd>) {
        let end = Instant::now() + LIMIT;
        loop {
            match self.channel.as_mut().unwrap().receive_carrying().unwrap() {
                Some(answer @ (VrrpToParent::Opened { .. }, _)) => return answer,
                Some((message, _none)) => self.said.push(message),
                None => std::thread::yield_now(),
            }
            assert!(Instant::now() < end, "no answer within {LIMIT:?}");
        }
    }

    /// How many descriptors it has open.
    pub(crate) fn descriptors(&self) -> usize {
        let path = format!("/proc/{}/fd", self.pid());
        std::fs::read_dir(path).unwrap().count()
    }

    /// Reads messages until one is what is looked for.
    pub(crate) fn wait_for<T>(
        &mut self,
        what: &str,
        mut find: impl FnMut(&VrrpToParent) -> Option<T>,
    ) -> T {
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            match self.receive(end.saturating_duration_since(Instant::now())) {
                Ok(message) => {
                    let found = find(&message);
                    self.said.push(message);
                    if let Some(found) = found {
                        return found;
                    }
                }
                Err(error) => panic!("{what}: {error}; it said {:#?}", self.said),
            }
        }
        panic!("{what}: not within {LIMIT:?}; it said {:#?}", self.said);
    }

    /// Waits for a change to this state.
    pub(crate) fn wait_for_state(&mut self, state: VrrpState) -> StateChange {
        self.wait_for(&format!("change to {state}"), |message| match message {
            VrrpToParent::Changed(change) if change.to == state => Some(change.clone()),
            _ => None,
        })
    }

    /// Takes what it has said up to now.
    pub(crate) fn listen(&mut self) {
        while let Ok(message) = self.receive(Duration::from_millis(1)) {
            self.said.push(message);
        }
    }

    /// Newest checkpoint of the only instance.
    pub(crate) fn checkpoint(&mut self) -> Checkpoint {
        self.listen();
        self.said
            .iter()
            .rev()
            .find_map(|message| match message {
                VrrpToParent::Checkpoint(checkpoint) => Some(checkpoint.clone()),
                _ => None,
            })
            .expect("a checkpoint")
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process.id().try_into().unwrap()), signal).unwrap();
    }

    /// Closes the socket, as a parent does that dies.
    pub(crate) fn hang_up(&mut self) {
        self.channel = None;
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < end, "the child did not end");
            std::thread::yield_now();
        }
    }

    /// One field of `/proc/PID/status`.
    pub(crate) fn status(&self, field: &str) -> String {
        let path = format!("/proc/{}/status", self.pid());
        let text = std::fs::read_to_string(path).unwrap();
        text.lines()
            .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))
            .unwrap_or_else(|| panic!("no {field}"))
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Nothing outlives its test.
impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The clock of the child.
pub(crate) fn now() -> Monotonic {
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).unwrap();
    let micros = time.tv_sec() * 1_000_000 + time.tv_nsec() / 1_000;
    Monotonic::from_micros(micros.try_into().unwrap())
}

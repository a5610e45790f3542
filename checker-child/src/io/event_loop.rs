//! Waits for something to happen, asks the engine, does what it says.

use super::alarm::Alarm;
use super::check::{Contexts, Given, Random, Talks, in_flight, try_ping};
use super::outbox::Outbox;
use super::parent::Parent;
use super::processes::Scan;
use super::runs::Runs;
use super::{Failure, clock, script_path};
use holdfast_checker::action::{Needs, Probe};
use holdfast_checker::check::engine::IN_FLIGHT;
use holdfast_checker::{Action, Engine, Event, Outcome, RunId};
use holdfast_ipc::Channel;
use holdfast_ipc::channel::ChannelError;
use holdfast_ipc::config::model::{Micros, ShellWords};
use holdfast_ipc::message::{CheckerToParent, ParentToChecker};
use holdfast_ipc::opening::{Refusal, Request};
use std::collections::{HashMap, VecDeque};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How often the output of scripts that write too much is read.
const NOISY: Duration = Duration::from_millis(10);
/// How long the last messages may take.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// How often the kernel is asked what else has come. The parent waits a second for an answer.
const LOOK: Micros = Micros::from_millis(1);

struct EventLoop {
    engine: Engine,
    channel: Channel<CheckerToParent, ParentToChecker>,
    outbox: Outbox,
    runs: Runs,
    talks: Talks,
    /// Sockets that came from the parent, until the engine has heard of them.
    sockets: HashMap<Request, OwnedFd>,
    scan: Option<Scan>,
    waiting_probes: Vec<Probe>,
    /// Its socket stays readable for ever and is not waited for any more.
    parent_gone: bool,
    over: bool,
}

/// What is waited for.
struct Sources {
    alarm: Alarm,
    parent: AsyncFd<OwnedFd>,
    output: AsyncFd<OwnedFd>,
    servers: AsyncFd<OwnedFd>,
    children: Signal,
    terminate: Signal,
}

/// Works until the parent says stop or dies.
pub(crate) async fn run(parent: Parent) -> Result<(), Failure> {
    let runs = Runs::new().map_err(Failure::of("cannot watch the output of scripts"))?;
    let mut random = Random::new();
    let seed = random.next();
    let talks = Talks::new(random).map_err(Failure::of("cannot watch the servers"))?;
    let mut sources = Sources::new(parent.readiness, &runs, &talks)
        .map_err(Failure::of("cannot start the event loop"))?;
    let mut this = EventLoop {
        engine: Engine::new(seed, in_flight(IN_FLIGHT)),
        channel: parent.channel,
        outbox: Outbox::default(),
        runs,
        talks,
        sockets: HashMap::new(),
        scan: None,
        waiting_probes: Vec::new(),
        parent_gone: false,
        over: false,
    };
    let result = this.work(&mut sources).await;
    this.runs.kill_all();
    result
}

impl Sources {
    fn new(parent: OwnedFd, runs: &Runs, talks: &Talks) -> std::io::Result<Self> {
        Ok(Self {
            alarm: Alarm::new()?,
            parent: watch(parent, Interest::READABLE | Interest::WRITABLE)?,
            output: watch(runs.readiness()?, Interest::READABLE)?,
            servers: watch(talks.readiness()?, Interest::READABLE)?,
            children: signal(SignalKind::child())?,
            // The parent-death signal.
            terminate: signal(SignalKind::terminate())?,
        })
    }
}

impl EventLoop {
    async fn work(&mut self, sources: &mut Sources) -> Result<(), Failure> {
        // The parent may have spoken before anybody listened.
        let mut events = self.receive()?;
        let mut looked = clock::now();
        loop {
            self.handle(events)?;
            if self.over {
                return self.last_words(sources).await;
            }
            // While there is always something to do, nobody else would look whether the parent asks.
            let now = clock::now();
            if now.since(looked) >= LOOK {
                looked = now;
                tokio::task::yield_now().await;
            }
            events = self.wait(sources).await?;
        }
    }

    async fn wait(&mut self, sources: &mut Sources) -> Result<Vec<Event>, Failure> {
        let mut events = Vec::new();
        let interest = match self.channel.wants_write() {
            true => Interest::READABLE | Interest::WRITABLE,
            false => Interest::READABLE,
        };
        let checks = self.engine.next_deadline().into_iter();
        let deadline = checks.chain(self.talks.next_deadline()).min();
        tokio::select! {
            biased;
            ready = sources.parent.ready(interest), if !self.parent_gone => {
                let mut ready = ready.map_err(Failure::of("cannot wait for the parent"))?;
                events = self.receive()?;
                self.flush()?;
                ready.clear_ready();
            }
            _ = sources.terminate.recv() => events.push(Event::ParentGone),
            _ = sources.children.recv() => self.runs.reap(&mut events),
            () = self.talks.wait() => {}
            ready = sources.servers.readable() => {
                let mut ready = ready.map_err(Failure::of("cannot wait for servers"))?;
                if !self.talks.read_ready() {
                    ready.clear_ready();
                }
            }
            rang = sources.alarm.wait(deadline) => {
                rang.map_err(Failure::of("cannot wait for the clock"))?;
                self.talks.due();
                events.push(Event::Due);
            }
            ready = sources.output.readable() => {
                let mut ready = ready.map_err(Failure::of("cannot wait for output"))?;
                if !self.runs.read_ready() {
                    ready.clear_ready();
                }
            }
            () = tokio::time::sleep(NOISY), if self.runs.has_noisy() => self.runs.read_noisy(),
            () = tokio::task::yield_now(), if self.scan.is_some() => self.go_on_scanning(&mut events),
        }
        self.talks.take(&mut events);
        Ok(events)
    }

    /// All messages that are there.
    fn receive(&mut self) -> Result<Vec<Event>, Failure> {
        let mut events = Vec::new();
        loop {
            match self.channel.receive_carrying() {
                Ok(Some((message, socket))) => {
                    let event = Event::Message(message);
                    self.sockets.extend(answered(&event).zip(socket));
                    events.push(event);
                }
                Ok(None) => return Ok(events),
                Err(ChannelError::Closed) => {
                    self.parent_gone = true;
                    events.push(Event::ParentGone);
                    return Ok(events);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// One turn: tells the engine what happened and does what it says, until nothing is left.
    fn handle(&mut self, events: Vec<Event>) -> Result<(), Failure> {
        let mut events = VecDeque::from(events);
        while let Some(event) = events.pop_front() {
            let answered = answered(&event);
            for action in self.engine.handle(clock::now(), event) {
                events.extend(self.perform(action)?);
            }
            // One that nobody waited for any more is closed.
            answered.and_then(|request| self.sockets.remove(&request));
        }
        for action in self.engine.end_turn() {
            let _none = self.perform(action)?;
        }
        self.runs.forget_family_tree();
        Ok(())
    }

    /// Does one thing; what went wrong is an event.
    fn perform(&mut self, action: Action) -> Result<Option<Event>, Failure> {
        match action {
            Action::Send(message) => self.send(&message)?,
            Action::Run {
                run,
                words,
                check_path,
            } => return Ok(self.start(run, &words, check_path)),
            Action::Probe(probes) => {
                self.waiting_probes.extend(probes);
                self.start_scan();
            }
            Action::Converse { talk, question } => self.talks.start(talk, question, None),
            Action::ConverseOver {
                talk,
                question,
                since,
                opened,
            } => {
                let socket =
                    opened.and_then(|request| self.sockets.remove(&request).ok_or(Refusal::LOST));
                let given = Given { since, socket };
                self.talks.start(talk, question, Some(given));
            }
            Action::BreakOff { talk } => self.talks.stop(talk),
            Action::Provide(needs) => self.provide(&needs)?,
            Action::Signal { run, force } => self.runs.signal(run, force),
            Action::End => self.over = true,
            Action::Fail(reason) => return Err(Failure::Protocol(reason)),
        }
        Ok(None)
    }

    fn start(&mut self, run: RunId, words: &ShellWords, check_path: bool) -> Option<Event> {
        let program = match check_path {
            true => script_path::check(words.program()).map_err(|fault| Outcome::Refused { fault }),
            false => Ok(PathBuf::from(words.program())),
        };
        program
            .and_then(|program| self.runs.start(run, &program, words))
            .err()
            .map(|outcome| Event::Ended { run, outcome })
    }

    fn provide(&mut self, needs: &Needs) -> Result<(), Failure> {
        let (contexts, mut lines) = match &needs.tls {
            Some(tls) => Contexts::new(tls),
            None => (Contexts::none(), Vec::new()),
        };
        self.talks.set_contexts(contexts);
        lines.extend(try_ping(needs.ping_v4, needs.ping_v6));
        for line in lines {
            self.send(&CheckerToParent::Log(line))?;
        }
        Ok(())
    }

    fn start_scan(&mut self) {
        if self.scan.is_none() && !self.waiting_probes.is_empty() {
            self.scan = Some(Scan::new(std::mem::take(&mut self.waiting_probes)));
        }
    }

    fn go_on_scanning(&mut self, events: &mut Vec<Event>) {
        if let Some(answers) = self.scan.as_mut().and_then(Scan::step) {
            events.extend(answers);
            self.scan = None;
            self.start_scan();
        }
    }

    /// Sends; that the parent is dead is learned by reading.
    fn send(&mut self, message: &CheckerToParent) -> Result<(), Failure> {
        match self.outbox.send(&mut self.channel, message) {
            Ok(()) | Err(ChannelError::Closed) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        match self.outbox.flush(&mut self.channel) {
            Ok(()) | Err(ChannelError::Closed) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn last_words(&mut self, sources: &mut Sources) -> Result<(), Failure> {
        let all = async {
            while self.channel.wants_write() && !self.parent_gone {
                let mut ready = sources
                    .parent
                    .writable()
                    .await
                    .map_err(Failure::of("cannot wait for the parent"))?;
                if self.channel.flush().is_err() {
                    break;
                }
                ready.clear_ready();
            }
            Ok(())
        };
        // A parent that does not read its child's last words does not need them.
        tokio::time::timeout(LAST_WORDS, all)
            .await
            .unwrap_or(Ok(()))
    }
}

/// Which request it answers.
const fn answered(event: &Event) -> Option<Request> {
    if let Event::Message(ParentToChecker::Opened { request, .. }) = event {
        return Some(*request);
    }
    None
}

#[expect(
    deprecated,
    reason = "unsound only for a type that changes or closes its descriptor meanwhile, which \
              OwnedFd cannot; the replacement is an unsafe call"
)]
pub(super) fn watch(fd: OwnedFd, interest: Interest) -> std::io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(fd, interest)
}

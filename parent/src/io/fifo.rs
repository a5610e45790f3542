//! Notify FIFOs: made where they are missing, written without ever waiting, taken away again.

use super::log::Log;
use super::pipe_file::PipeFile;
use super::pipe_place::examine_place;
use super::reader::Reader;
use super::script::Context;
use holdfast::account::Account;
use holdfast::fifo::{Audience, Event, Waiting, owner};
use holdfast::obituary::End;
use holdfast::slice::HostFacts;
use holdfast::words::counted;
use holdfast_conf::model::{Config, ShellWords};
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::time::Monotonic;
use nix::poll::{PollFd, PollFlags};
use nix::unistd::Pid;
use std::os::fd::AsFd;

/// A reader whose pipe is closed gets so long to take what is in it.
const PATIENCE: Micros = Micros::from_millis(500);
/// So often it is looked whether it did: nothing tells the writer.
const LOOK: Micros = Micros::from_millis(10);

/// All pipes.
#[derive(Debug, Default)]
pub(crate) struct Fifos {
    open: Vec<Pipe>,
    /// Closed ones whose readers still end.
    leaving: Vec<Leaving>,
}

#[derive(Debug)]
struct Pipe {
    wanted: Wanted,
    file: PipeFile,
    waiting: Waiting,
    reader: Option<Reader>,
}

#[derive(Debug)]
struct Leaving {
    since: Monotonic,
    pipe: Pipe,
}

/// A pipe as a configuration has it on this host.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    audience: Audience,
    path: String,
    owner: Account,
    reader: Option<(ShellWords, Account)>,
}

impl Wanted {
    fn of(audience: Audience, config: &Config, facts: &HostFacts) -> Option<Self> {
        let fifo = audience.pipe(config)?;
        let reader = fifo.script.as_ref().and_then(|script| {
            let account = facts.account(script.user.as_ref())?;
            Some((facts.with_path(&script.words), account.clone()))
        });
        Some(Self {
            audience,
            path: fifo.path.clone(),
            owner: owner(fifo, facts)?,
            reader,
        })
    }
}

impl Fifos {
    /// Opens and closes what a configuration wants so. What is the same stays, readers included.
    pub(crate) fn follow(&mut self, config: &Config, facts: &HostFacts, context: &mut Context<'_>) {
        let wanted: Vec<Wanted> = Audience::ALL
            .into_iter()
            .filter_map(|audience| Wanted::of(audience, config, facts))
            .collect();
        let open = std::mem::take(&mut self.open);
        let (same, gone): (Vec<_>, Vec<_>) = open
            .into_iter()
            .partition(|pipe| wanted.contains(&pipe.wanted));
        self.open = same;
        for mut pipe in gone {
            if wanted.iter().any(|wanted| wanted.path == pipe.wanted.path) {
                pipe.remove(context.log);
            }
            self.close(pipe, context);
        }
        for wanted in wanted {
            if !self.open.iter().any(|pipe| pipe.wanted == wanted) {
                self.open.extend(Pipe::open(wanted, context));
            }
        }
        for pipe in &mut self.open {
            pipe.start_reader(context);
        }
    }

    /// Tells everybody who wants to hear it.
    pub(crate) fn tell(&mut self, event: &Event<'_>, log: &mut Log) {
        for pipe in &mut self.open {
            if pipe.wanted.audience.hears(event) {
                pipe.tell(event.to_string(), log);
            }
        }
    }

    /// Nothing more is told: readers take what is there, and end.
    pub(crate) fn close_all(&mut self, context: &mut Context<'_>) {
        for pipe in std::mem::take(&mut self.open) {
            self.close(pipe, context);
        }
    }

    fn close(&mut self, mut pipe: Pipe, context: &mut Context<'_>) {
        pipe.flush(context.log);
        // A reader that has just been started may not have opened it yet.
        if pipe.reader.is_none() || !pipe.file.holds_something() {
            pipe.remove(context.log);
        }
        let since = context.now;
        if pipe.reader.is_some() {
            self.leaving.push(Leaving { since, pipe });
        } else {
            pipe.log_unread(context.log);
        }
    }

    /// Lines that wait, output of readers, and readers that are to end.
    pub(crate) fn tick(&mut self, context: &mut Context<'_>) {
        for pipe in &mut self.open {
            pipe.turn(context.log);
        }
        for Leaving { since, pipe } in &mut self.leaving {
            pipe.turn(context.log);
            let patient = context.now.since(*since) < PATIENCE;
            if !(patient && pipe.file.holds_something()) {
                pipe.remove(context.log);
                pipe.end_reader(context.now);
            }
        }
    }

    /// A process ended. True when it was a reader.
    pub(crate) fn reaped(&mut self, pid: Pid, end: &End, context: &mut Context<'_>) -> bool {
        let leaving = self.leaving.iter_mut().map(|leaving| &mut leaving.pipe);
        let mut pipes = self.open.iter_mut().chain(leaving);
        let known = pipes.any(|pipe| pipe.reaped(pid, end, context.log));
        self.leaving.retain_mut(|Leaving { pipe, .. }| {
            if pipe.reader.is_none() {
                pipe.remove(context.log);
                pipe.log_unread(context.log);
            }
            pipe.reader.is_some()
        });
        known
    }

    /// True when no reader is left of a pipe that is closed.
    pub(crate) fn is_idle(&self) -> bool {
        self.leaving.is_empty()
    }

    /// At the end: nothing of ours stays behind.
    pub(crate) fn kill_all(&mut self, log: &mut Log) {
        for Leaving { pipe, .. } in &mut self.leaving {
            pipe.remove(log);
            pipe.reader.iter().for_each(Reader::kill);
        }
    }

    /// When `tick` is wanted next.
    pub(crate) fn deadline(&self, now: Monotonic) -> Option<Monotonic> {
        let readers = self.leaving.iter().filter_map(|leaving| {
            let reader = leaving.pipe.reader.as_ref()?;
            Some(reader.kill_at().unwrap_or_else(|| now.after(LOOK)))
        });
        readers.min()
    }

    /// Pipes that are full, and outputs of readers.
    pub(crate) fn poll_fds<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        let leaving = self.leaving.iter().map(|leaving| &leaving.pipe);
        for pipe in self.open.iter().chain(leaving) {
            if pipe.waiting.first().is_some() {
                fds.push(PollFd::new(pipe.file.as_fd(), PollFlags::POLLOUT));
            }
            let output = pipe.reader.as_ref().and_then(Reader::output);
            fds.extend(output.map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        }
    }
}

impl Pipe {
    fn open(wanted: Wanted, context: &mut Context<'_>) -> Option<Self> {
        let Wanted { path, owner, .. } = &wanted;
        // What is wrong with the place was said when it was examined.
        examine_place(path, owner, context.security).ok()?;
        let file = PipeFile::open(path, owner, context.security)
            .inspect_err(|why| {
                let word = wanted.audience.word();
                context
                    .log
                    .error(&format!("{word} {path} is not used: {why}"));
            })
            .ok()?;
        Some(Self {
            wanted,
            file,
            waiting: Waiting::default(),
            reader: None,
        })
    }

    /// Where none runs: at the start, and at a reload when it ended meanwhile.
    fn start_reader(&mut self, context: &mut Context<'_>) {
        let (None, Some((words, account))) = (&self.reader, &self.wanted.reader) else {
            return;
        };
        match Reader::start(&self.wanted.path, words, account, context) {
            Ok(reader) => self.reader = Some(reader),
            Err(why) => context.log.error(&format!(
                "FIFO {}: cannot run script {words}: {why}",
                self.wanted.path
            )),
        }
    }

    fn tell(&mut self, line: String, log: &mut Log) {
        if self.waiting.push(line) {
            log.warning(&format!(
                "FIFO {} is full, its reader is slow or absent: the oldest lines that wait are left \
                 out",
                self.wanted.path
            ));
        }
        self.flush(log);
    }

    fn flush(&mut self, log: &mut Log) {
        while let Some(line) = self.waiting.first() {
            match self.file.write(line) {
                Ok(()) => self.waiting.taken(),
                Err(_full) => return,
            }
        }
        if let Some(lost) = self.waiting.recovered() {
            log.warning(&format!(
                "FIFO {} is read again: {} left out meanwhile",
                self.wanted.path,
                counted_lines(lost)
            ));
        }
    }

    fn turn(&mut self, log: &mut Log) {
        self.flush(log);
        if let Some(reader) = &mut self.reader {
            reader.read_output(log);
        }
    }

    fn end_reader(&mut self, now: Monotonic) {
        if let Some(reader) = &mut self.reader {
            reader.end(now);
        }
    }

    fn remove(&mut self, log: &mut Log) {
        if let Err(why) = self.file.remove() {
            log.warning(&format!("FIFO {}: {why}", self.wanted.path));
        }
    }

    fn reaped(&mut self, pid: Pid, end: &End, log: &mut Log) -> bool {
        let Some(mut reader) = self.reader.take_if(|reader| reader.pid() == pid) else {
            return false;
        };
        reader.ended(end, log);
        true
    }

    /// It is closed.
    fn log_unread(&self, log: &mut Log) {
        let unread = self.waiting.unread();
        if unread > 0 {
            log.warning(&format!(
                "FIFO {} is closed: nobody read {}",
                self.wanted.path,
                counted_lines(unread)
            ));
        }
    }
}

fn counted_lines(lines: u64) -> String {
    let lines = usize::try_from(lines).unwrap_or(usize::MAX);
    counted(lines, "line", "lines")
}

//! Starts the mailer for each batch of mail, hears it, and ends it when it takes too long.

use super::executables;
use super::launch;
use super::lines::Lines;
use super::script::Context;
use holdfast::account::Account;
use holdfast::alert::Letter;
use holdfast::identity::Identity;
use holdfast::launch::{Launch, Role};
use holdfast::mail::{Note, Queue};
use holdfast::obituary::End;
use holdfast_conf::model::{Mail as Settings, MailServer};
use holdfast_ipc::channel::{Channel, ChannelError, socket_pair};
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::mail::{Batch, Mail, MailerToParent};
use holdfast_ipc::time::Monotonic;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, gethostname, pipe2};
use std::io;
use std::os::fd::AsFd;
use std::process::Stdio;
use std::rc::Rc;
use std::time::SystemTime;

/// What sends mail.
pub(crate) const MAILER: &str = "holdfast-mailer";

/// Longest time of a batch, whatever the server does: some slow steps of the usual 30 seconds.
const TIME_LIMIT: Micros = Micros::from_secs(120);
/// Bytes of a batch that may wait for the mailer to start.
const QUEUE_LIMIT: usize = 16 * 1024 * 1024;
/// Longest message of the mailer.
const MESSAGE_LIMIT: usize = 64 * 1024;
/// Lines of its standard error that are logged.
const MAX_LINES: usize = 10;

/// All mail.
#[derive(Debug, Default)]
pub(crate) struct Mailing {
    queue: Queue,
    run: Option<Run>,
}

/// The mailer at work.
#[derive(Debug)]
struct Run {
    pid: Pid,
    server: MailServer,
    channel: Channel<Batch, MailerToParent>,
    stderr: Lines,
    lines: usize,
    kill_at: Monotonic,
    /// Why it was killed.
    killed: Option<&'static str>,
    /// It will say nothing more; its end is about to be seen.
    closed: bool,
}

/// What mail needs of the daemon.
pub(crate) struct Post<'a> {
    /// Log and time.
    pub(crate) context: Context<'a>,
    /// As whom the mailer runs.
    pub(crate) account: &'a Account,
    /// Who sends it.
    pub(crate) identity: Identity,
    /// As it is configured.
    pub(crate) settings: Option<&'a Settings>,
}

/// The name of this host.
pub(crate) fn host_name() -> String {
    let name = gethostname().ok().and_then(|name| name.into_string().ok());
    name.unwrap_or_else(|| "localhost".to_owned())
}

impl Post<'_> {
    fn note(&mut self, note: Note) {
        self.context.log.write(note.level, &note.text);
    }
}

impl Mailing {
    /// One more mail.
    pub(crate) fn add(&mut self, letter: Letter, post: &mut Post<'_>) {
        let Some(settings) = post.settings.filter(|settings| settings.server.is_some()) else {
            return;
        };
        let to: Rc<[String]> = settings.to.as_slice().into();
        let at = SystemTime::UNIX_EPOCH
            .elapsed()
            .map_or(0, |since| since.as_secs());
        let note = self.queue.push(letter, to, at, post.context.now);
        note.into_iter().for_each(|note| post.note(note));
    }

    /// What the mailer said, its time limit, and the next batch.
    pub(crate) fn tick(&mut self, post: &mut Post<'_>) {
        self.hear(post);
        if let Some(run) = &mut self.run
            && post.context.now >= run.kill_at
        {
            run.kill("it took more than two minutes");
        }
        if self.run.is_none() {
            self.begin(post);
        }
    }

    fn begin(&mut self, post: &mut Post<'_>) {
        // A reload that takes the mail server away ends what waits for it.
        let server = post.settings.and_then(|settings| settings.server.as_ref());
        let (Some(settings), Some(server)) = (post.settings, server) else {
            self.queue = Queue::default();
            return;
        };
        let Some(mails) = self.queue.next_batch(post.context.now) else {
            return;
        };
        match start(settings, server, mails, post) {
            Ok(run) => self.run = Some(run),
            Err(why) => {
                let notes = self.queue.ended(&why, post.context.now);
                notes.into_iter().for_each(|note| post.note(note));
            }
        }
    }

    fn hear(&mut self, post: &mut Post<'_>) {
        let Some(run) = &mut self.run else {
            return;
        };
        for line in run.stderr.read().0 {
            run.lines = run.lines.saturating_add(1);
            if run.lines <= MAX_LINES {
                post.context.log.warning(&format!("{MAILER}: {line}"));
            }
        }
        let _ = run.channel.flush();
        loop {
            match run.channel.receive() {
                Ok(None) => return,
                Err(ChannelError::Closed) => {
                    run.closed = true;
                    return;
                }
                Ok(Some(MailerToParent::Connected)) => {
                    let MailServer { host, port } = &run.server;
                    let text = format!("Remote SMTP server [{host}]:{port} connected.");
                    post.context.log.info(&text);
                }
                Ok(Some(MailerToParent::Said {
                    number,
                    recipient,
                    fate,
                    words,
                })) => self.queue.heard(number, recipient, fate, &words),
                Err(_nonsense) => return run.kill("it talked nonsense"),
            }
        }
    }

    /// A process ended. True when it was the mailer.
    pub(crate) fn reaped(&mut self, pid: Pid, end: &End, post: &mut Post<'_>) -> bool {
        if self.run.as_ref().map(|run| run.pid) != Some(pid) {
            return false;
        }
        // What it said before it ended is still in its socket.
        self.hear(post);
        let killed = self.run.take().and_then(|run| run.killed);
        let why = killed.map_or_else(
            || format!("the mailer ended early: {end}"),
            |why| format!("the mailer was killed: {why}"),
        );
        let notes = self.queue.ended(&why, post.context.now);
        notes.into_iter().for_each(|note| post.note(note));
        self.begin(post);
        true
    }

    /// The daemon stops: what waits goes now.
    pub(crate) fn hurry(&mut self, post: &mut Post<'_>) {
        self.queue.hurry(post.context.now);
        self.tick(post);
    }

    /// At the end: nothing of it stays behind.
    pub(crate) fn give_up(&mut self, post: &mut Post<'_>) {
        self.hear(post);
        if let Some(run) = &mut self.run {
            run.kill("the daemon ends");
        }
        let note = self.queue.abandoned();
        note.into_iter().for_each(|note| post.note(note));
    }

    /// True when there is nothing to send.
    pub(crate) fn is_idle(&self) -> bool {
        self.queue.is_idle()
    }

    /// When `tick` is wanted next.
    pub(crate) fn deadline(&self) -> Option<Monotonic> {
        match &self.run {
            Some(run) => Some(run.kill_at).filter(|_| run.killed.is_none()),
            None => self.queue.deadline(),
        }
    }

    /// What the mailer says.
    pub(crate) fn poll_fds<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        let Some(run) = self.run.as_ref().filter(|run| !run.closed) else {
            return;
        };
        let mut events = PollFlags::POLLIN;
        if run.channel.wants_write() {
            events |= PollFlags::POLLOUT;
        }
        fds.push(PollFd::new(run.channel.as_fd(), events));
    }
}

impl Run {
    fn kill(&mut self, why: &'static str) {
        if self.killed.is_none() {
            self.killed = Some(why);
            let _ = kill(self.pid, Signal::SIGKILL);
        }
    }
}

fn start(
    settings: &Settings,
    server: &MailServer,
    mails: Vec<Mail>,
    post: &Post<'_>,
) -> Result<Run, String> {
    let program = executables::find(MAILER)?;
    let cannot = |error: &dyn std::fmt::Display| format!("cannot start {MAILER}: {error}");
    let (ours, theirs) = socket_pair().map_err(|error| cannot(&error))?;
    let (read, write) = pipe2(OFlag::O_CLOEXEC).map_err(|error| cannot(&error))?;
    let launch = Launch {
        role: Role::Mailer,
        uid: post.account.uid,
        gid: post.account.gid,
        parent: nix::unistd::getpid().as_raw(),
        program: program.into(),
        arguments: Vec::new(),
    };
    let spawned: io::Result<Pid> =
        launch::spawn(&launch, theirs.into(), Stdio::null(), write.into());
    let pid = spawned.map_err(|error| cannot(&error))?;
    let mut channel = Channel::new(ours, QUEUE_LIMIT).with_message_limit(MESSAGE_LIMIT);
    // A failure is seen again when it ends without an answer.
    let _ = channel.send(&batch(settings, server, mails, post.identity));
    Ok(Run {
        pid,
        server: server.clone(),
        channel,
        stderr: Lines::new(read).map_err(|error| cannot(&error))?,
        lines: 0,
        kill_at: post.context.now.after(TIME_LIMIT),
        killed: None,
        closed: false,
    })
}

/// Names that are not configured are made of the host's, as keepalived does.
fn batch(settings: &Settings, server: &MailServer, mails: Vec<Mail>, identity: Identity) -> Batch {
    let host = host_name();
    Batch {
        server: server.clone(),
        helo: settings.helo.clone().unwrap_or_else(|| host.clone()),
        from: settings
            .from
            .clone()
            .unwrap_or_else(|| format!("root@{host}")),
        product: identity.product().to_owned(),
        timeout: settings.timeout,
        mails,
    }
}

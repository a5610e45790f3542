//! Writes the log: syslog, console, file. Nothing here ever waits for a reader.

use super::clock;
use holdfast::cli::{Facility, Options};
use holdfast::identity::Identity;
use holdfast::logline::{Limiter, Permission, one_line, timestamp};
use holdfast_ipc::config::model::Micros;
use holdfast_ipc::log::Level;
use holdfast_ipc::time::Monotonic;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use syslog::{Formatter3164, LogFormat, Severity};

/// Shortest and longest time between two attempts to reach syslog.
const RECONNECT_MIN: Micros = Micros::from_millis(100);
const RECONNECT_MAX: Micros = Micros::from_secs(5);

/// A process as it appears in the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its number.
    pub(crate) pid: u32,
}

/// All places that the log goes to.
#[derive(Debug)]
pub(crate) struct Log {
    own: Source,
    syslog: Option<Syslog>,
    console: Option<Console>,
    /// Until the start is complete, errors reach the terminal in any case.
    starting: Option<Console>,
    /// `-D`.
    detail: bool,
    file: Option<File>,
    file_path: Option<PathBuf>,
    limiter: Limiter,
}

impl Log {
    /// Opens what the options ask for. Only the log file can be an error: a missing syslog is
    /// waited for.
    pub(crate) fn open(options: &Options, identity: Identity) -> io::Result<Self> {
        let syslog = (!options.no_syslog)
            .then(|| Syslog::new(options.syslog_socket.clone(), options.facility));
        // It is opened again after the change to /.
        let file_path = options.log_file.as_ref().map(std::path::absolute);
        let file_path = file_path.transpose()?;
        let file = file_path.as_ref().map(open_file).transpose()?;
        Ok(Self {
            own: Source {
                name: identity.parent,
                pid: std::process::id(),
            },
            syslog,
            console: options.log_console.then_some(Console { lost: 0 }),
            starting: (!options.log_console).then_some(Console { lost: 0 }),
            detail: options.log_detail,
            file,
            file_path,
            limiter: Limiter::default(),
        })
    }

    /// A line of the parent itself.
    pub(crate) fn write(&mut self, level: Level, text: &str) {
        self.write_as(self.own, level, text);
    }

    /// An error of the parent itself.
    pub(crate) fn error(&mut self, text: &str) {
        self.write(Level::Error, text);
    }

    /// A warning of the parent itself.
    pub(crate) fn warning(&mut self, text: &str) {
        self.write(Level::Warning, text);
    }

    /// Something that an operator wants to find later.
    pub(crate) fn info(&mut self, text: &str) {
        self.write(Level::Info, text);
    }

    /// A line of any process.
    pub(crate) fn write_as(&mut self, source: Source, level: Level, text: &str) {
        if level == Level::Debug && !self.detail {
            return;
        }
        let now = clock::now();
        match self.limiter.ask(source.name, level, now) {
            Permission::Suppress => {}
            Permission::Write { suppressed: 0 } => self.put(now, source, level, text),
            Permission::Write { suppressed } => {
                self.put(
                    now,
                    source,
                    Level::Warning,
                    &suppressed_text(level, suppressed),
                );
                self.put(now, source, level, text);
            }
        }
    }

    /// A rotated log file is let go and a new one begun.
    pub(crate) fn reopen_file(&mut self) {
        let Some(path) = &self.file_path else { return };
        match open_file(path) {
            Ok(file) => self.file = Some(file),
            Err(error) => self.error(&format!("cannot open the log file again: {error}")),
        }
    }

    /// Errors go to the log alone from now on.
    pub(crate) fn end_of_start(&mut self) {
        self.starting = None;
    }

    /// Tries what could not be done before. Returns when it wants to be called again.
    pub(crate) fn tick(&mut self, now: Monotonic) -> Option<Monotonic> {
        for (name, level, count) in self.limiter.settle(now) {
            let source = Source { name, ..self.own };
            self.put(now, source, Level::Warning, &suppressed_text(level, count));
        }
        let own = self.own;
        if let Some(syslog) = &mut self.syslog
            && let Some(lost) = syslog.came_back(now)
        {
            let text = format!("syslog is back; {lost} lines were lost while it did not take any");
            self.put(now, own, Level::Warning, &text);
        }
        let syslog = self.syslog.as_ref().and_then(Syslog::deadline);
        let owed = self
            .limiter
            .owes()
            .then(|| now.after(Micros::from_millis(100)));
        syslog.into_iter().chain(owed).min()
    }

    fn put(&mut self, now: Monotonic, source: Source, level: Level, text: &str) {
        let line = one_line(text);
        if let Some(syslog) = &mut self.syslog {
            syslog.send(now, source, level, &line);
        }
        if let Some(terminal) = &mut self.starting
            && level == Level::Error
        {
            terminal.write(&format!("{}: {line}\n", source.name));
        }
        if self.console.is_none() && self.file.is_none() {
            return;
        }
        let stamp = timestamp(clock::unix_millis());
        let text = format!("{stamp} {}[{}]: {line}\n", source.name, source.pid);
        if let Some(console) = &mut self.console {
            console.write(&text);
        }
        if let Some(file) = &mut self.file {
            // A full disk must not stop the daemon, and there is nowhere to say it.
            let _ = file.write_all(text.as_bytes());
        }
    }
}

fn suppressed_text(level: Level, count: u64) -> String {
    format!("{count} lines of level {level:?} were suppressed, there were too many of them")
}

fn open_file(path: &PathBuf) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o640)
        .custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_CLOEXEC | nix::libc::O_NONBLOCK)
        .open(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// Standard error. A stopped terminal or a full pipe costs lines, not time.
#[derive(Debug)]
struct Console {
    lost: u64,
}

impl Console {
    fn write(&mut self, text: &str) {
        let stderr = io::stderr();
        let mut fds = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
        // Writable means room for PIPE_BUF bytes, which is more than a line has.
        if poll(&mut fds, PollTimeout::ZERO) != Ok(1) {
            self.lost = self.lost.saturating_add(1);
            return;
        }
        let lost = std::mem::take(&mut self.lost);
        if lost > 0 {
            let _ = writeln!(stderr.lock(), "({lost} lines were lost here)");
        }
        let _ = stderr.lock().write_all(text.as_bytes());
    }
}

/// The socket to syslog.
#[derive(Debug)]
struct Syslog {
    path: PathBuf,
    facility: syslog::Facility,
    socket: Option<UnixDatagram>,
    lost: u64,
    retry_at: Monotonic,
    retry_after: Micros,
}

impl Syslog {
    fn new(path: PathBuf, facility: Facility) -> Self {
        Self {
            path,
            facility: facility_of(facility),
            socket: None,
            lost: 0,
            retry_at: Monotonic::from_micros(0),
            retry_after: RECONNECT_MIN,
        }
    }

    fn send(&mut self, now: Monotonic, source: Source, level: Level, line: &str) {
        let formatter = Formatter3164 {
            facility: self.facility,
            hostname: None,
            process: source.name.to_owned(),
            pid: source.pid,
        };
        let mut datagram = Vec::with_capacity(line.len().saturating_add(64));
        if formatter
            .format(&mut datagram, severity(level), line)
            .is_err()
        {
            return;
        }
        if !self.deliver(now, &datagram) {
            self.lost = self.lost.saturating_add(1);
        }
    }

    fn deliver(&mut self, now: Monotonic, datagram: &[u8]) -> bool {
        let Some(socket) = self.connected(now) else {
            return false;
        };
        match socket.send(datagram) {
            Ok(_) => true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            Err(_) => {
                // The daemon behind it was restarted: the first try of a new connection is free.
                self.socket = None;
                self.retry_at = now;
                self.connected(now)
                    .is_some_and(|socket| socket.send(datagram).is_ok())
            }
        }
    }

    fn connected(&mut self, now: Monotonic) -> Option<&UnixDatagram> {
        if self.socket.is_none() && now >= self.retry_at {
            match connect(&self.path) {
                Ok(socket) => {
                    self.socket = Some(socket);
                    self.retry_after = RECONNECT_MIN;
                }
                Err(_) => {
                    self.retry_at = now.after(self.retry_after);
                    self.retry_after = self.retry_after.times(2).min(RECONNECT_MAX);
                }
            }
        }
        self.socket.as_ref()
    }

    /// The number of lost lines, once it takes lines again.
    fn came_back(&mut self, now: Monotonic) -> Option<u64> {
        if self.lost == 0 {
            return None;
        }
        let socket = self.connected(now)?;
        let mut fds = [PollFd::new(socket.as_fd(), PollFlags::POLLOUT)];
        (poll(&mut fds, PollTimeout::ZERO) == Ok(1)).then(|| std::mem::take(&mut self.lost))
    }

    fn deadline(&self) -> Option<Monotonic> {
        let waiting = self.lost > 0;
        waiting.then(|| match self.socket {
            Some(_) => clock::now().after(RECONNECT_MIN),
            None => self.retry_at,
        })
    }
}

fn connect(path: &PathBuf) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect(path)?;
    Ok(socket)
}

const fn severity(level: Level) -> Severity {
    match level {
        Level::Error => Severity::LOG_ERR,
        Level::Warning => Severity::LOG_WARNING,
        Level::Notice => Severity::LOG_NOTICE,
        Level::Info => Severity::LOG_INFO,
        Level::Debug => Severity::LOG_DEBUG,
    }
}

const fn facility_of(facility: Facility) -> syslog::Facility {
    match facility {
        Facility::User => syslog::Facility::LOG_USER,
        Facility::Daemon => syslog::Facility::LOG_DAEMON,
        Facility::Local(0) => syslog::Facility::LOG_LOCAL0,
        Facility::Local(1) => syslog::Facility::LOG_LOCAL1,
        Facility::Local(2) => syslog::Facility::LOG_LOCAL2,
        Facility::Local(3) => syslog::Facility::LOG_LOCAL3,
        Facility::Local(4) => syslog::Facility::LOG_LOCAL4,
        Facility::Local(5) => syslog::Facility::LOG_LOCAL5,
        Facility::Local(6) => syslog::Facility::LOG_LOCAL6,
        Facility::Local(_) => syslog::Facility::LOG_LOCAL7,
    }
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;

    struct Listener {
        scratch: Scratch,
        socket: Option<UnixDatagram>,
    }

    impl Listener {
        fn new() -> Self {
            let mut listener = Self {
                scratch: Scratch::new(),
                socket: None,
            };
            listener.listen();
            listener
        }

        fn path(&self) -> PathBuf {
            self.scratch.path().join("log")
        }

        fn listen(&mut self) {
            let _ = std::fs::remove_file(self.path());
            let socket = UnixDatagram::bind(self.path()).unwrap();
            socket.set_nonblocking(true).unwrap();
            self.socket = Some(socket);
        }

        fn stop(&mut self) {
            self.socket = None;
        }

        /// All that came: priority, and text behind the time.
        fn received(&self) -> Vec<(String, String)> {
            let mut buffer = [0; 8_192];
            let mut lines = Vec::new();
            while let Ok(length) = self.socket.as_ref().unwrap().recv(&mut buffer) {
                let line = String::from_utf8(buffer[..length].to_vec()).unwrap();
                let (priority, rest) = line.split_once('>').unwrap();
                // `Nov 21 02:35:43 ` has a fixed length.
                lines.push((priority.to_owned(), rest[16..].to_owned()));
            }
            lines
        }

        fn log(&self) -> Log {
            let options = Options {
                syslog_socket: self.path(),
                facility: Facility::Local(3),
                ..Options::default()
            };
            let mut log = Log::open(&options, Identity::HOLDFAST).unwrap();
            log.end_of_start();
            log.own.pid = 811;
            log
        }
    }

    const CHILD: Source = Source {
        name: "holdfast_vrrp",
        pid: 812,
    };

    fn line(priority: &str, text: &str) -> (String, String) {
        (format!("<{priority}"), text.to_owned())
    }

    #[test]
    fn lines_carry_facility_level_name_and_number_of_who_spoke() {
        let listener = Listener::new();
        let mut log = listener.log();
        log.info("Startup complete");
        log.write_as(CHILD, Level::Notice, "(VI_1) Entering MASTER STATE");
        log.error("a\nb");
        log.write_as(CHILD, Level::Debug, "only with -D");
        let expected = [
            line("158", "holdfast[811]: Startup complete"),
            line("157", "holdfast_vrrp[812]: (VI_1) Entering MASTER STATE"),
            line("155", "holdfast[811]: a\\nb"),
        ];
        assert_eq!(listener.received(), expected);
    }

    #[test]
    fn a_restarted_syslog_gets_the_next_line_at_once() {
        let mut listener = Listener::new();
        let mut log = listener.log();
        log.info("one");
        listener.stop();
        listener.listen();
        log.info("two");
        assert_eq!(listener.received(), [line("158", "holdfast[811]: two")]);
    }

    #[test]
    fn lines_that_nobody_takes_are_counted_and_the_count_is_told() {
        let mut listener = Listener::new();
        let mut log = listener.log();
        listener.stop();
        for _ in 0..3 {
            log.info("lost");
        }
        let now = clock::now();
        assert!(log.tick(now).is_some_and(|due| due > now));
        listener.listen();
        let later = now.after(RECONNECT_MAX);
        assert_eq!(log.tick(later), None);
        let text = "holdfast[811]: syslog is back; 3 lines were lost while it did not take any";
        assert_eq!(listener.received(), [line("156", text)]);
    }

    #[test]
    fn a_syslog_that_does_not_read_costs_lines_and_no_time() {
        let listener = Listener::new();
        let mut log = listener.log();
        for _ in 0..1_000 {
            log.info("x");
        }
        let taken = listener.received().len();
        assert!((1..1_000).contains(&taken), "{taken}");
        let lost = 1_000 - taken;
        log.tick(clock::now());
        let text = format!(
            "holdfast[811]: syslog is back; {lost} lines were lost while it did not take any"
        );
        assert_eq!(listener.received(), [line("156", &text)]);
    }

    #[test]
    fn the_log_file_is_private_and_no_link() {
        let scratch = Scratch::new();
        let path = scratch.path().join("x.log");
        open_file(&path).unwrap();
        let mode = std::os::unix::fs::MetadataExt::mode(&path.metadata().unwrap());
        assert_eq!(mode & 0o137, 0);
        let link = scratch.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(open_file(&link).is_err());
    }
}

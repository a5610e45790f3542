//! Daemons under test: holdfast from this build, or the distribution's keepalived, started with the
//! same configuration and watched in the same way.

mod processes;

use crate::netns::Netns;
use crate::timeline::{Timeline, What};
use crate::{binaries, process};
use nix::sys::signal::Signal;
use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Set to `keepalived` it puts the reference in the place of holdfast, to prove a scenario.
const SUBSTITUTE: &str = "HOLDFAST_TESTS_DAEMON";

/// A library that is put in front of keepalived's others, so that it starts without IPVS.
const STAND_IN: &str = "HOLDFAST_TESTS_IPVS_STAND_IN";

/// Which program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// From this build.
    Holdfast,
    /// From the distribution.
    Keepalived,
}

impl Kind {
    /// The program that really runs.
    fn effective(self) -> Self {
        match std::env::var(SUBSTITUTE).as_deref() {
            Ok("keepalived") => Self::Keepalived,
            _ => self,
        }
    }
}

/// Where a daemon runs.
#[derive(Clone, Debug)]
pub struct Place {
    /// Number of the node.
    pub node: usize,
    /// Folder for its configuration and pid files.
    pub home: PathBuf,
    /// Where its log lines go.
    pub timeline: Timeline,
}

/// A running daemon; dropping it kills it with everything that it started.
#[derive(Debug)]
pub struct Daemon {
    kind: Kind,
    place: Place,
    child: Child,
}

impl Daemon {
    /// Starts it inside a namespace. It is not ready yet when this returns.
    pub fn start(
        kind: Kind,
        netns: &Netns,
        place: Place,
        configuration: &str,
        options: &[&str],
    ) -> Self {
        let kind = kind.effective();
        fs::create_dir_all(&place.home).expect("the folder can be made");
        write_configuration(&place.home, configuration.as_bytes());
        let mut command = command(kind, &place.home);
        command
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        place
            .timeline
            .mark(place.node, format!("{kind:?} is started"));
        let mut child = netns.spawn(command).expect("the daemon can be started");
        follow(child.stdout.take(), &place);
        follow(child.stderr.take(), &place);
        Self { kind, place, child }
    }

    /// Which program runs.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The folder with its configuration and pid files.
    pub fn home(&self) -> &Path {
        &self.place.home
    }

    /// Path of its configuration.
    pub fn configuration(&self) -> PathBuf {
        self.place.home.join(CONFIGURATION)
    }

    /// Writes another configuration, without telling the daemon.
    pub fn write(&self, configuration: &str) {
        write_configuration(&self.place.home, configuration.as_bytes());
    }

    /// Writes another configuration that may be no text at all.
    pub fn write_bytes(&self, configuration: &[u8]) {
        write_configuration(&self.place.home, configuration);
    }

    /// Sends SIGHUP; gives the moment.
    pub fn hang_up(&self) -> Duration {
        let at = self.place.timeline.mark(self.place.node, "SIGHUP");
        process::signal(self.pid(), Signal::SIGHUP);
        at
    }

    /// Writes another configuration and sends SIGHUP; gives the moment.
    pub fn reload(&self, configuration: &str) -> Duration {
        self.write(configuration);
        self.hang_up()
    }

    /// Sends SIGTERM; gives the moment.
    pub fn terminate(&self) -> Duration {
        let at = self.place.timeline.mark(self.place.node, "SIGTERM");
        process::signal(self.pid(), Signal::SIGTERM);
        at
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(&mut self, limit: Duration) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        let status = process::poll(limit, "the daemon to end", || {
            self.child.try_wait().expect("the daemon can be waited for")
        });
        self.place
            .timeline
            .mark(self.place.node, format!("the daemon ended: {status}"));
        (status, begun.elapsed())
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child
            .try_wait()
            .expect("the daemon can be waited for")
            .is_none()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill_all();
    }
}

const CONFIGURATION: &str = "daemon.conf";
const PID_FILE: &str = "parent.pid";
const VRRP_PID_FILE: &str = "vrrp.pid";
const CHECKER_PID_FILE: &str = "checkers.pid";

/// Replaces the file as a whole, as an editor does. It may hold passwords.
fn write_configuration(home: &Path, text: &[u8]) {
    let (path, fresh) = (home.join(CONFIGURATION), home.join("daemon.conf.new"));
    fs::write(&fresh, text).expect("the configuration can be written");
    fs::set_permissions(&fresh, Permissions::from_mode(0o600)).expect("its mode can be set");
    fs::rename(&fresh, &path).expect("the configuration can be replaced");
}

fn command(kind: Kind, home: &Path) -> Command {
    let mut command = match kind {
        Kind::Holdfast => Command::new(binaries::holdfast("holdfast")),
        Kind::Keepalived => Command::new(binaries::system("keepalived")),
    };
    command
        .args(["-n", "-l", "-D", "-f"])
        .arg(home.join(CONFIGURATION));
    command.arg("-p").arg(home.join(PID_FILE));
    command.arg("-r").arg(home.join(VRRP_PID_FILE));
    command.arg("-c").arg(home.join(CHECKER_PID_FILE));
    match kind {
        // A socket that is not there: nothing reaches the log of the machine.
        Kind::Holdfast => command.arg("--syslog-socket").arg(home.join("syslog")),
        Kind::Keepalived => command.arg("-G"),
    };
    if kind == Kind::Keepalived
        && let Some(stand_in) = std::env::var_os(STAND_IN)
    {
        command.env("LD_PRELOAD", stand_in);
    }
    command
}

/// Puts each line of an output on the timeline, until its last writer is gone.
fn follow(output: Option<impl Read + Send + 'static>, place: &Place) {
    let Some(output) = output else {
        return;
    };
    let (node, timeline) = (place.node, place.timeline.clone());
    std::thread::spawn(move || {
        let mut reader = BufReader::new(output);
        let mut line = Vec::new();
        while reader
            .read_until(b'\n', &mut line)
            .is_ok_and(|length| length > 0)
        {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            timeline.add(node, What::Log(text));
            line.clear();
        }
    });
}

//! A real rsyslog of the scenario's own: one socket, one file of messages.

use crate::{binaries, process};
use nix::sys::signal::Signal;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const STARTED: Duration = Duration::from_secs(10);

/// A running rsyslog.
#[derive(Debug)]
pub struct Rsyslog {
    home: PathBuf,
    child: Option<Child>,
}

impl Rsyslog {
    /// Prepares a folder for it; it does not run yet.
    pub fn prepare(home: &Path) -> Self {
        fs::create_dir_all(home).expect("the folder can be made");
        let text = configuration(home);
        fs::write(home.join("rsyslog.conf"), text).expect("the configuration can be written");
        Self {
            home: home.to_path_buf(),
            child: None,
        }
    }

    /// The socket that it listens on.
    pub fn socket(&self) -> PathBuf {
        self.home.join("log")
    }

    /// Starts it and waits until it listens.
    pub fn start(&mut self) {
        let mut command = Command::new(binaries::system("rsyslogd"));
        command
            .arg("-n")
            .arg("-f")
            .arg(self.home.join("rsyslog.conf"));
        command.arg("-i").arg(self.home.join("pid"));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.child = Some(command.spawn().expect("rsyslogd can be started"));
        let socket = self.socket();
        process::poll(STARTED, "rsyslog to listen", || {
            socket.exists().then_some(())
        });
    }

    /// Stops it; its socket goes with it.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            process::signal(child.id(), Signal::SIGTERM);
            let _status = child.wait();
        }
        let _gone = fs::remove_file(self.socket());
    }

    /// What it wrote.
    pub fn messages(&self) -> String {
        fs::read_to_string(self.home.join("messages")).unwrap_or_default()
    }

    /// Waits until it wrote a line with this text, and gives the line.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        process::poll(
            crate::lab::LONG,
            &format!("a message with {text:?}"),
            || {
                self.messages()
                    .lines()
                    .find(|line| line.contains(text))
                    .map(str::to_owned)
            },
        )
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            process::kill(child.id());
            let _status = child.wait();
        }
    }
}

fn configuration(home: &Path) -> String {
    let home = home.display();
    format!(
        "global(workDirectory=\"{home}\")\n\
         module(load=\"imuxsock\" SysSock.Use=\"off\")\n\
         input(type=\"imuxsock\" Socket=\"{home}/log\" RateLimit.Interval=\"0\")\n\
         action(type=\"omfile\" file=\"{home}/messages\" asyncWriting=\"off\")\n"
    )
}

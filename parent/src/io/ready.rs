//! Going to the background: the process that was started waits until the daemon is up, so that
//! errors reach the terminal and the exit status is right.

use holdfast::launch::BACKGROUND;
use nix::unistd::{dup2_stderr, dup2_stdout, setsid};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::process::{Command, ExitCode, Stdio};

/// What the daemon says when it is up.
const UP: &[u8] = b"up";

/// The daemon's side: its standard output leads to the process that waits.
#[derive(Debug)]
pub(crate) struct Readiness(());

impl Readiness {
    /// Leaves the terminal's session.
    pub(crate) fn in_background() -> io::Result<Self> {
        setsid()?;
        Ok(Self(()))
    }

    /// Says that the daemon is up, and lets go of the terminal.
    pub(crate) fn announce(self, keep_stderr: bool) {
        // Nobody there to hear it: no reason to stop.
        let _ = io::stdout().write_all(UP);
        let _ = io::stdout().flush();
        if let Ok(null) = null() {
            let _ = dup2_stdout(&null);
            if !keep_stderr {
                let _ = dup2_stderr(&null);
            }
        }
    }
}

fn null() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/null")
}

/// The waiting side. Its exit status is the daemon's where that one does not come up.
pub(crate) fn start_in_background(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    match try_start(arguments) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("holdfast: cannot go to the background: {error}; `-n` stays in front");
            ExitCode::from(1)
        }
    }
}

fn try_start(arguments: impl Iterator<Item = OsString>) -> io::Result<u8> {
    let mut daemon = Command::new("/proc/self/exe")
        .arg(BACKGROUND)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut said = Vec::new();
    if let Some(mut stdout) = daemon.stdout.take() {
        stdout.read_to_end(&mut said)?;
    }
    if said == UP {
        return Ok(0);
    }
    let status = daemon.wait()?;
    Ok(status
        .code()
        .map_or(1, |code| u8::try_from(code).unwrap_or(1)))
}

//! What reading a large configuration costs: processor time and memory of `-t`.

use crate::stats::Times;
use holdfast_tests::{Kind, binaries};
use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs, thread};

const VIRTUAL_SERVERS: usize = 10_000;
const REAL_SERVERS: usize = 5;
/// Often enough to see the memory of a process that lives for a tenth of a second.
const LOOK: Duration = Duration::from_millis(1);

/// What was measured.
pub(crate) struct Reading {
    /// Of the process, its user and system time.
    pub(crate) time: Times,
    /// Most of its memory, in KiB.
    pub(crate) memory: u64,
    /// Size of the text.
    pub(crate) bytes: usize,
}

/// Lets a daemon check a configuration of 10,000 virtual servers, so many times.
pub(crate) fn measure(kind: Kind, runs: usize) -> Reading {
    let text = servers();
    let file = File::new(&text);
    let program = match kind {
        Kind::Holdfast => binaries::holdfast("holdfast"),
        Kind::Keepalived => binaries::system("keepalived"),
    };
    let mut memory = 0;
    let times = (0..runs).map(|_| {
        let (time, peak) = run(&program, &file.0);
        memory = memory.max(peak);
        time
    });
    Reading {
        time: Times::new(times.collect()),
        memory,
        bytes: text.len(),
    }
}

/// About 5 MiB: each real server with its weight and a check.
fn servers() -> String {
    let mut text = String::new();
    for server in 0..VIRTUAL_SERVERS {
        let (high, low) = (server / 250, server % 250);
        let _ = write!(
            text,
            "virtual_server 10.{high}.{low}.1 80 {{\n delay_loop 6\n lb_algo rr\n lb_kind NAT\n \
             protocol TCP\n"
        );
        for real in 1..=REAL_SERVERS {
            let _ = write!(
                text,
                " real_server 10.{high}.{low}.{real}0 80 {{\n  weight 1\n  TCP_CHECK {{\n   \
                 connect_timeout 3\n  }}\n }}\n"
            );
        }
        text.push_str("}\n");
    }
    text
}

/// A file of its own, gone at the end.
struct File(PathBuf);

impl File {
    fn new(text: &str) -> Self {
        let path = env::temp_dir().join(format!("holdfast-bench-{}.conf", std::process::id()));
        fs::write(&path, text).expect("the configuration can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode can be set");
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Processor time and most memory of one run.
fn run(program: &Path, file: &Path) -> (Duration, u64) {
    let before = children();
    let mut child = Command::new(program)
        .arg("-t")
        .arg("-f")
        .arg(file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the daemon starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        // The highest so far, so that only what grows in the last millisecond is missed.
        peak = peak.max(highest(&status));
        match child.try_wait().expect("the daemon ends") {
            Some(ended) => break ended,
            None => thread::sleep(LOOK),
        }
    };
    assert!(ended.success(), "{}: {ended}", program.display());
    (children().saturating_sub(before), peak)
}

fn highest(status: &str) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

/// User and system time of all children that have ended.
fn children() -> Duration {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("usage is known");
    [usage.user_time(), usage.system_time()]
        .into_iter()
        .map(|time| {
            let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
            Duration::from_micros(u64::try_from(micros).unwrap_or_default())
        })
        .sum()
}

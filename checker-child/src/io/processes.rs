//! Looks into /proc, a piece at a time so that nothing else waits for it.

use holdfast_checker::action::Probe;
use holdfast_checker::process_list::{Candidate, Kin, first_argument, is_named, parse_stat};
use holdfast_checker::{Event, Outcome};
use std::collections::BTreeSet;
use std::fs::{self, File, ReadDir};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Processes that are looked at in one piece: about a millisecond.
const PIECE: usize = 100;
/// Bytes that are read of one file: `stat` is shorter, and of `cmdline` only the start matters.
const READ: usize = 4096;

/// One look at all processes, for all who asked.
pub(crate) struct Scan {
    probes: Vec<Probe>,
    wanted: BTreeSet<String>,
    list: Option<ReadDir>,
    buffer: Vec<u8>,
}

impl Scan {
    /// Starts one.
    pub(crate) fn new(probes: Vec<Probe>) -> Self {
        let wanted = probes
            .iter()
            .flat_map(|probe| probe.names.iter().cloned())
            .collect();
        Self {
            probes,
            wanted,
            list: fs::read_dir("/proc").ok(),
            buffer: vec![0; READ],
        }
    }

    /// Looks at some more processes; gives the answers when it is through.
    pub(crate) fn step(&mut self) -> Option<Vec<Event>> {
        for _ in 0..PIECE {
            if self.wanted.is_empty() {
                return Some(self.answers());
            }
            let Some(Ok(entry)) = self.list.as_mut().and_then(Iterator::next) else {
                return Some(self.answers());
            };
            let name = entry.file_name();
            if name.as_bytes().first().is_some_and(u8::is_ascii_digit) {
                self.look_at(&entry.path());
            }
        }
        None
    }

    /// Strikes out the names that this process has. One that ended meanwhile has none.
    fn look_at(&mut self, process: &Path) {
        let Some(stat) = read(&process.join("stat"), &mut self.buffer).and_then(parse_stat) else {
            return;
        };
        if !stat.runs() {
            return;
        }
        let program = self
            .wanted
            .iter()
            .any(|name| name.contains('/'))
            .then(|| fs::read_link(process.join("exe")).ok())
            .flatten();
        let argument = read(&process.join("cmdline"), &mut self.buffer).and_then(first_argument);
        let candidate = Candidate {
            comm: &stat.comm,
            argument,
            program: program.as_ref().map(|path| path.as_os_str().as_bytes()),
        };
        self.wanted.retain(|name| !is_named(&candidate, name));
    }

    fn answers(&mut self) -> Vec<Event> {
        let restricted = !self.wanted.is_empty() && others_are_hidden();
        let missing = |probe: &Probe| {
            let names = probe.names.iter();
            names
                .filter(|name| self.wanted.contains(*name))
                .cloned()
                .collect()
        };
        self.probes
            .iter()
            .map(|probe| Event::Ended {
                run: probe.run,
                outcome: Outcome::Processes {
                    missing: missing(probe),
                    restricted,
                },
            })
            .collect()
    }
}

/// All processes with their parents and groups.
pub(crate) fn all_kin() -> Vec<Kin> {
    let mut buffer = vec![0; READ];
    let Ok(list) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    list.filter_map(|entry| {
        let entry = entry.ok()?;
        let process = entry.file_name().to_str()?.parse().ok()?;
        let stat = parse_stat(read(&entry.path().join("stat"), &mut buffer)?)?;
        Some(Kin {
            process,
            parent: stat.parent,
            group: stat.group,
        })
    })
    .collect()
}

/// With hidepid, process 1 belongs to somebody else and cannot be read.
fn others_are_hidden() -> bool {
    File::open("/proc/1/stat").is_err()
}

/// The start of a file, in one read.
fn read<'a>(path: &Path, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    let length = File::open(path).ok()?.read(buffer).ok()?;
    buffer.get(..length)
}

//! Files whose number is followed: when each is read, and what it says.
//!
//! The binary watches them and tells what was touched. Here it is decided when that is worth a look:
//! at once, but not more often than [`GAP`] allows, so that a file that is written ten thousand times
//! a second costs as much as one that is written ten times, and the newest number wins.

use crate::action::Action;
use crate::check::{FilePath, Reading, number};
use crate::event::{Look, Sight};
use crate::limit::RateLimit;
use holdfast_ipc::config::model::{InitFile, Micros};
use holdfast_ipc::log::Level;
use holdfast_ipc::time::Monotonic;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Between two looks at one file, at least.
const GAP: Micros = Micros::from_millis(100);
/// Between two looks at a file that the kernel does not watch for us.
const UNWATCHED: Micros = Micros::from_secs(1);
/// Between two looks at a file that nobody touched: what no watch tells (something was mounted over
/// it, another host wrote it) is noticed then.
const UNTOUCHED: Micros = Micros::from_secs(60);

/// A look takes some microseconds. One that takes this long hangs in the kernel.
const SLOW: Micros = Micros::from_secs(10);

/// All followed files.
#[derive(Debug, Default)]
pub(crate) struct FileSet {
    files: BTreeMap<FilePath, File>,
    /// When something has to be done about each file.
    due: BTreeSet<(Monotonic, FilePath)>,
    unwatched_lines: RateLimit,
    lost_lines: RateLimit,
    slow_lines: RateLimit,
}

#[derive(Debug)]
struct File {
    /// What counts; none until the first look, and while all that was read was refused.
    reading: Option<Reading>,
    stage: Stage,
    /// No earlier look.
    not_before: Monotonic,
    /// It was empty at the last look: somebody may be about to write it.
    empty: bool,
    unwatched: bool,
    lines: RateLimit,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The next look is then.
    Waiting(Monotonic),
    /// A look is taken.
    Looking {
        /// Something happened meanwhile.
        touched: bool,
        /// When that is said to take too long.
        until: Monotonic,
    },
}

/// What came of a look.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Lines for the log.
    pub(crate) lines: Vec<Action>,
    /// Where it is another reading than before.
    pub(crate) news: Option<Reading>,
}

impl FileSet {
    /// From now on these files are followed. `make` says that this is the start of the daemon.
    pub(crate) fn follow(
        &mut self,
        now: Monotonic,
        wanted: impl Iterator<Item = (FilePath, Option<InitFile>)>,
        make: bool,
    ) -> Vec<Action> {
        let mut actions = Vec::new();
        let mut old = std::mem::take(&mut self.files);
        self.due.clear();
        for (path, init) in wanted {
            let file = old.remove(&path).unwrap_or_else(|| {
                let path = Arc::clone(&path);
                let init = init.filter(|_| make);
                actions.push(Action::Look { path, init });
                File::new(now)
            });
            self.due.insert((file.stage.deadline(), Arc::clone(&path)));
            self.files.insert(path, file);
        }
        let gone = old.into_keys().map(|path| Action::Unfollow { path });
        actions.extend(gone);
        actions
    }

    /// What is known of each file.
    pub(crate) fn readings(&self) -> Vec<(FilePath, Reading)> {
        let known = self.files.iter();
        known
            .filter_map(|(path, file)| Some((Arc::clone(path), file.reading.clone()?)))
            .collect()
    }

    /// Something happened to a file, or to what leads to it.
    pub(crate) fn touched(&mut self, now: Monotonic, path: &FilePath) -> Vec<Action> {
        if let Some(file) = self.files.get_mut(path) {
            match &mut file.stage {
                Stage::Looking { touched, .. } => *touched = true,
                Stage::Waiting(at) => {
                    let soon = file.not_before.max(now).min(*at);
                    self.due.remove(&(*at, Arc::clone(path)));
                    self.due.insert((soon, Arc::clone(path)));
                    *at = soon;
                }
            }
        }
        self.due(now)
    }

    /// What happened is not known: all files may have changed.
    pub(crate) fn lost(&mut self, now: Monotonic) -> Vec<Action> {
        let paths: Vec<_> = self.files.keys().cloned().collect();
        let mut actions = Vec::new();
        for path in paths {
            actions.extend(self.touched(now, &path));
        }
        if let Some(more) = self.lost_lines.admit(now) {
            let text = format!(
                "Too much happens beside the tracked files, the kernel lost some of it: all are \
                 read again{more}"
            );
            actions.push(Action::log(Level::Warning, text));
        }
        actions
    }

    /// A look was taken.
    pub(crate) fn seen(&mut self, now: Monotonic, path: &FilePath, look: Look) -> Seen {
        let mut seen = Seen::default();
        let Some(file) = self.files.get_mut(path) else {
            return seen;
        };
        if let Some(why) = look.unmade {
            let text = format!(
                "Tracked file {path} could not be made (init_file): {why}; make it yourself, or let \
                 this user write to its directory"
            );
            seen.lines.push(Action::log(Level::Warning, text));
        }
        let unwatched = look.unwatched.is_some();
        if let Some(why) = look.unwatched
            && !file.unwatched
            && let Some(more) = self.unwatched_lines.admit(now)
        {
            let text = format!(
                "Tracked file {path} cannot be watched, so it is read every second: {why}{more}"
            );
            seen.lines.push(Action::log(Level::Warning, text));
        }
        file.unwatched = unwatched;
        file.take(now, path, look.sight, &mut seen);
        self.due.remove(&(file.stage.deadline(), Arc::clone(path)));
        let at = file.next_look(now);
        file.stage = Stage::Waiting(at);
        self.due.insert((at, Arc::clone(path)));
        seen
    }

    /// Looks that are due.
    pub(crate) fn due(&mut self, now: Monotonic) -> Vec<Action> {
        let mut actions = Vec::new();
        while let Some((at, path)) = self.due.pop_first() {
            if at > now {
                self.due.insert((at, path));
                break;
            }
            let Some(file) = self.files.get_mut(&path) else {
                continue;
            };
            match &mut file.stage {
                Stage::Waiting(_) => {
                    file.stage = Stage::looking(now);
                    let path = Arc::clone(&path);
                    actions.push(Action::Look { path, init: None });
                }
                Stage::Looking { until, .. } => {
                    *until = now.after(SLOW);
                    actions.extend(slow(&mut self.slow_lines, now, &path));
                }
            }
            self.due.insert((file.stage.deadline(), path));
        }
        actions
    }

    /// When [`Self::due`] has to be called.
    pub(crate) fn next_deadline(&self) -> Option<Monotonic> {
        self.due.first().map(|(at, _)| *at)
    }
}

fn slow(lines: &mut RateLimit, now: Monotonic, path: &FilePath) -> Option<Action> {
    let more = lines.admit(now)?;
    let text = format!(
        "Tracked file {path} was not read within {SLOW}, its last number stays: its file system, or \
         that of another tracked file, does not answer{more}"
    );
    Some(Action::log(Level::Warning, text))
}

impl Stage {
    fn looking(now: Monotonic) -> Self {
        Self::Looking {
            touched: false,
            until: now.after(SLOW),
        }
    }

    const fn deadline(self) -> Monotonic {
        match self {
            Self::Waiting(at) | Self::Looking { until: at, .. } => at,
        }
    }
}

impl File {
    /// One at which the first look is taken.
    fn new(now: Monotonic) -> Self {
        Self {
            reading: None,
            stage: Stage::looking(now),
            not_before: now,
            empty: false,
            unwatched: false,
            lines: RateLimit::default(),
        }
    }

    /// What was seen becomes what counts.
    fn take(&mut self, now: Monotonic, path: &FilePath, sight: Sight, seen: &mut Seen) {
        let was_empty = std::mem::take(&mut self.empty);
        let reading = match sight {
            Sight::Missing => Reading::Missing,
            Sight::Unreadable(why) => Reading::Unreadable(why),
            // Many programs cut a file before they write it.
            Sight::Content(content) if content.is_empty() && !was_empty => {
                self.empty = true;
                return;
            }
            Sight::Content(content) => match number(&content) {
                Ok(number) => Reading::Number(number),
                Err(written) => {
                    let text = format!("Invalid number {written} read from {path} - ignoring");
                    seen.lines.extend(self.line(now, &text));
                    return;
                }
            },
        };
        if self.reading.as_ref() == Some(&reading) {
            return;
        }
        if let Reading::Unreadable(_) = reading {
            seen.lines
                .extend(self.line(now, &format!("Tracked file {path} {reading}")));
        }
        self.reading = Some(reading.clone());
        seen.news = Some(reading);
    }

    fn line(&mut self, now: Monotonic, text: &str) -> Option<Action> {
        let more = self.lines.admit(now)?;
        Some(Action::log(Level::Warning, format!("{text}{more}")))
    }

    fn next_look(&mut self, now: Monotonic) -> Monotonic {
        self.not_before = now.after(GAP);
        let touched = matches!(self.stage, Stage::Looking { touched: true, .. });
        now.after(match (touched || self.empty, self.unwatched) {
            (true, _) => GAP,
            (false, true) => UNWATCHED,
            (false, false) => UNTOUCHED,
        })
    }
}

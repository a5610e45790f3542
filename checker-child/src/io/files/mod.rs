//! Followed files: watched by inotify, read by a thread of their own, so that a file on a server that
//! does not answer holds up nobody but other files.

mod look;
mod watches;

use super::watch;
use holdfast_checker::check::FilePath;
use holdfast_checker::event::Look;
use holdfast_checker::{Event, FileEvent};
use holdfast_ipc::config::model::InitFile;
use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent};
use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;
use tokio::io::Interest as Readiness;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until};
use watches::{Interest, Watches};

/// Between two readings of what the kernel tells: whatever happens in the watched directories, this
/// process wakes for it 50 times a second at most. The kernel keeps 16,384 changes meanwhile.
const REST: Duration = Duration::from_millis(20);
/// Readings of some 100 changes in a row, at most.
const READINGS: usize = 64;

/// All followed files.
pub(crate) struct Files {
    /// Opened for the first one.
    eye: Option<Eye>,
    reports: UnboundedReceiver<Report>,
    report: UnboundedSender<Report>,
    watches: Watches,
    /// Looks under way for each followed file.
    followed: BTreeMap<FilePath, usize>,
    rest: Instant,
    /// Not all that the kernel had to tell was read.
    more: bool,
    events: Vec<FileEvent>,
}

/// What watches and looks.
struct Eye {
    inotify: Option<Arc<Inotify>>,
    changes: Option<AsyncFd<OwnedFd>>,
    /// Why nothing is watched.
    blind: Option<String>,
    jobs: Option<mpsc::Sender<Job>>,
}

struct Job {
    path: FilePath,
    init: Option<InitFile>,
}

struct Report {
    path: FilePath,
    look: Look,
    interests: Vec<Interest>,
}

impl Files {
    /// Without any.
    pub(crate) fn new() -> Self {
        let (report, reports) = unbounded_channel();
        Self {
            eye: None,
            reports,
            report,
            watches: Watches::default(),
            followed: BTreeMap::new(),
            rest: Instant::now(),
            more: false,
            events: Vec::new(),
        }
    }

    /// Looks at a file, and follows it.
    pub(crate) fn look(&mut self, path: FilePath, init: Option<InitFile>) {
        let under_way = self.followed.entry(Arc::clone(&path)).or_insert(0);
        *under_way = under_way.saturating_add(1);
        let eye = self.eye.get_or_insert_with(|| Eye::open(&self.report));
        let mut job = Job { path, init };
        if let Some(jobs) = &eye.jobs {
            match jobs.send(job) {
                Ok(()) => return,
                Err(mpsc::SendError(unsent)) => job = unsent,
            }
        }
        let report = job.done(eye.inotify.as_deref());
        // The other end is ours.
        let _ = self.report.send(report);
    }

    /// Follows a file no more.
    pub(crate) fn unfollow(&mut self, path: &FilePath) {
        self.followed.remove(path);
        self.set_watches(path, Vec::new());
    }

    /// Waits until there is something to [`Self::take`].
    pub(crate) async fn wait(&mut self) {
        let changes = self.eye.as_ref().and_then(|eye| eye.changes.as_ref());
        tokio::select! {
            report = self.reports.recv() => {
                if let Some(report) = report {
                    self.reported(report);
                }
            }
            () = changed(changes, self.rest, self.more) => self.read_changes(),
        }
    }

    /// What happened since.
    pub(crate) fn take(&mut self, events: &mut Vec<Event>) {
        events.extend(self.events.drain(..).map(Event::File));
    }

    fn reported(&mut self, report: Report) {
        let Report {
            path,
            mut look,
            interests,
        } = report;
        if let Some(under_way) = self.followed.get_mut(&path) {
            *under_way = under_way.saturating_sub(1);
            self.set_watches(&path, interests);
        } else {
            // It was let go meanwhile, and with it goes what was just watched for it.
            self.set_watches(&path, interests);
            self.set_watches(&path, Vec::new());
        }
        let blind = self.eye.as_ref().and_then(|eye| eye.blind.as_ref());
        look.unwatched = look.unwatched.or_else(|| blind.cloned());
        self.events.push(FileEvent::Looked { path, look });
    }

    fn set_watches(&mut self, path: &FilePath, interests: Vec<Interest>) {
        let unneeded = self.watches.set(path, interests);
        let inotify = self.eye.as_ref().and_then(|eye| eye.inotify.as_ref());
        for watch in unneeded {
            // One that the kernel has given up by itself is no loss.
            let _ = inotify.map(|inotify| inotify.rm_watch(watch));
        }
    }

    fn read_changes(&mut self) {
        self.rest = Instant::now().checked_add(REST).unwrap_or(self.rest);
        self.more = true;
        for _ in 0..READINGS {
            let eye = self.eye.as_ref();
            let Some(inotify) = eye.and_then(|eye| eye.inotify.as_ref()) else {
                return;
            };
            match inotify.read_events() {
                Ok(changes) => changes.iter().for_each(|change| self.changed(change)),
                Err(Errno::EINTR) => {}
                Err(_nothing_left) => {
                    self.more = false;
                    return;
                }
            }
        }
    }

    fn changed(&mut self, change: &InotifyEvent) {
        if change.mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
            self.push(FileEvent::Lost);
            return;
        }
        let concerned = self.watches.concerned(change.wd, change.name.as_deref());
        // A watch that no look has told of yet, or that is given up: whoever looks looks again.
        let paths = concerned.unwrap_or_else(|| {
            let looked_at = self.followed.iter().filter(|(_, looks)| **looks > 0);
            looked_at.map(|(path, _)| Arc::clone(path)).collect()
        });
        if change.mask.contains(AddWatchFlags::IN_IGNORED) {
            self.watches.forget(change.wd);
        }
        for path in paths {
            self.push(FileEvent::Touched { path });
        }
    }

    /// The same twice is as good as once.
    fn push(&mut self, event: FileEvent) {
        if self.events.last() != Some(&event) {
            self.events.push(event);
        }
    }
}

impl Eye {
    fn open(report: &UnboundedSender<Report>) -> Self {
        let opened = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK);
        let (inotify, changes, blind) = match opened.map_err(Into::into).and_then(with_readiness) {
            Ok((inotify, changes)) => (Some(Arc::new(inotify)), Some(changes), None),
            Err(error) => (None, None, Some(format!("inotify_init: {error}"))),
        };
        let jobs = start_worker(report.clone(), inotify.clone()).ok();
        Self {
            inotify,
            changes,
            blind,
            jobs,
        }
    }
}

fn with_readiness(inotify: Inotify) -> std::io::Result<(Inotify, AsyncFd<OwnedFd>)> {
    let readiness = inotify.as_fd().try_clone_to_owned()?;
    Ok((inotify, watch(readiness, Readiness::READABLE)?))
}

/// Takes the looks, one after the other. Where there is no thread to be had they are taken by the
/// event loop itself.
fn start_worker(
    report: UnboundedSender<Report>,
    inotify: Option<Arc<Inotify>>,
) -> std::io::Result<mpsc::Sender<Job>> {
    let (jobs, waiting) = mpsc::channel::<Job>();
    thread::Builder::new()
        .name("files".to_owned())
        .spawn(move || {
            for job in waiting {
                if report.send(job.done(inotify.as_deref())).is_err() {
                    return;
                }
            }
        })?;
    Ok(jobs)
}

impl Job {
    fn done(self, inotify: Option<&Inotify>) -> Report {
        let (look, interests) = look::look(inotify, Path::new(&*self.path), self.init);
        Report {
            path: self.path,
            look,
            interests,
        }
    }
}

/// Waits until the rest is over, and then for a change, unless there are some already.
async fn changed(changes: Option<&AsyncFd<OwnedFd>>, rest: Instant, more: bool) {
    let Some(changes) = changes else {
        return std::future::pending().await;
    };
    sleep_until(rest).await;
    if more {
        return;
    }
    match changes.readable().await {
        // What is there is read behind this.
        Ok(mut ready) => ready.clear_ready(),
        Err(_) => std::future::pending().await,
    }
}

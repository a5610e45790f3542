//! A named pipe in the file system, open for writing.

use super::pipe_place::{examine_place, judge};
use holdfast::account::Account;
use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::libc::{O_CLOEXEC, O_NOFOLLOW, O_NONBLOCK, O_PATH};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::Mode;
use nix::unistd::{Gid, Uid, fchown, fchownat, mkfifo, write};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// As keepalived makes them.
const PRIVATE: Mode = Mode::from_bits_truncate(0o600);

/// One that is open for writing. It is open for reading as well, so that lines stay in it while
/// nobody reads.
#[derive(Debug)]
pub(super) struct PipeFile {
    file: File,
    path: PathBuf,
    /// Its device and number where we made it: then it is taken away again.
    made: Option<(u64, u64)>,
}

impl PipeFile {
    /// Opens it, and makes it where it is missing.
    pub(super) fn open(path: &str, owner: &Account, security: bool) -> Result<Self, String> {
        let path = examine_place(path, owner, security)?;
        let made = match mkfifo(&path, PRIVATE) {
            Ok(()) => true,
            Err(Errno::EEXIST) => false,
            Err(errno) => return Err(format!("cannot make it: {}", errno.desc())),
        };
        let opened = open_what_is_there(&path, owner, security, made);
        let (file, made) = opened.inspect_err(|_| {
            if made {
                let _ = fs::remove_file(&path);
            }
        })?;
        Ok(Self { file, path, made })
    }

    /// A line that is taken as a whole, or not at all.
    pub(super) fn write(&self, line: &str) -> Result<(), Errno> {
        loop {
            match write(&self.file, line.as_bytes()) {
                Ok(_whole) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// True while lines are in it that nobody has read.
    pub(super) fn holds_something(&self) -> bool {
        let mut here = [PollFd::new(self.as_fd(), PollFlags::POLLIN)];
        poll(&mut here, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }

    /// Takes it away where we made it and it is still there.
    pub(super) fn remove(&mut self) -> Result<(), String> {
        let here = fs::symlink_metadata(&self.path).ok();
        let made = self.made.take();
        if made.is_none() || here.as_ref().map(identity) != made {
            return Ok(());
        }
        fs::remove_file(&self.path).map_err(|error| format!("cannot remove it: {error}"))
    }
}

impl AsFd for PipeFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

fn identity(meta: &Metadata) -> (u64, u64) {
    (meta.dev(), meta.ino())
}

type Opened = (File, Option<(u64, u64)>);

/// What is judged is what is opened, whatever happens to the path meanwhile.
fn open_what_is_there(
    path: &Path,
    owner: &Account,
    security: bool,
    made: bool,
) -> Result<Opened, String> {
    let cannot = |error: io::Error| format!("cannot open it: {error}");
    let handle = OpenOptions::new()
        .read(true)
        .custom_flags(O_PATH | O_NOFOLLOW | O_CLOEXEC)
        .open(path)
        .map_err(cannot)?;
    let meta = handle.metadata().map_err(cannot)?;
    judge(&meta, owner, security)?;
    let file = open_for_writing(&handle, &meta).map_err(cannot)?;
    if made {
        let (uid, gid) = (Uid::from_raw(owner.uid), Gid::from_raw(owner.gid));
        fchown(&file, Some(uid), Some(gid)).map_err(|errno| {
            let why = errno.desc();
            format!("cannot give it to {owner}: {why}")
        })?;
    }
    Ok((file, made.then(|| identity(&meta))))
}

/// Root cannot write what belongs to others, for it keeps no right to pass by permissions. It is
/// root's for that moment.
fn open_for_writing(handle: &File, meta: &Metadata) -> io::Result<File> {
    let give_to = |uid| {
        let uid = Some(Uid::from_raw(uid));
        fchownat(handle, "", uid, None, AtFlags::AT_EMPTY_PATH)
    };
    let foreign = meta.uid() != 0;
    if foreign {
        give_to(0)?;
    }
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(O_NONBLOCK | O_CLOEXEC)
        .open(format!("/proc/self/fd/{}", handle.as_raw_fd()));
    if foreign {
        give_to(meta.uid())?;
    }
    file
}

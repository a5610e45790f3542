//! One look at a followed file: from the root to the file, watching each directory on the way, then
//! its first bytes.

use super::watches::Interest;
use holdfast_checker::event::{Look, Sight};
use holdfast_ipc::config::model::InitFile;
use nix::errno::Errno;
use nix::libc;
use nix::sys::inotify::{AddWatchFlags, Inotify};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

/// Bytes that are read of a file: a number has 11 with its sign, the rest is for blanks.
const READ: u64 = 128;
/// Directories and links on the way to a file, at most; the kernel follows 40 links.
const STEPS: usize = 128;
/// Who reads a file that was made here: it holds no secret.
const MODE: u32 = 0o644;

/// What of a directory may change what is read: its entries come, go, are written to and become
/// readable.
const CHANGES: AddWatchFlags = AddWatchFlags::IN_CLOSE_WRITE
    .union(AddWatchFlags::IN_CREATE)
    .union(AddWatchFlags::IN_MOVED_FROM)
    .union(AddWatchFlags::IN_MOVED_TO)
    .union(AddWatchFlags::IN_DELETE)
    .union(AddWatchFlags::IN_ATTRIB)
    .union(AddWatchFlags::IN_ONLYDIR);

/// Takes a look, and watches from now on what leads there.
pub(super) fn look(
    inotify: Option<&Inotify>,
    path: &Path,
    init: Option<InitFile>,
) -> (Look, Vec<Interest>) {
    let unmade = init.and_then(|init| make(path, init).err());
    let mut way = Way::new(inotify);
    let sight = match way.walk(path) {
        Ok(end) => read(&end),
        Err(error) => sight_of(&error),
    };
    let look = Look {
        sight,
        unwatched: way.unwatched,
        unmade: unmade.map(|error| describe(&error)),
    };
    (look, way.interests)
}

/// The way to a file.
struct Way<'a> {
    inotify: Option<&'a Inotify>,
    interests: Vec<Interest>,
    unwatched: Option<String>,
}

impl<'a> Way<'a> {
    fn new(inotify: Option<&'a Inotify>) -> Self {
        Self {
            inotify,
            interests: Vec::new(),
            unwatched: None,
        }
    }

    /// Where the path leads, with no link left in it. Each directory is watched before it is looked
    /// into, so that nothing happens unseen in between.
    fn walk(&mut self, path: &Path) -> io::Result<PathBuf> {
        let mut here = PathBuf::from("/");
        let mut names = names_of(path);
        let mut steps = 0_usize;
        while let Some(name) = names.pop_front() {
            steps = steps.saturating_add(1);
            if steps > STEPS {
                return Err(Errno::ELOOP.into());
            }
            if name == ".." {
                here.pop();
                continue;
            }
            self.watch(&here, &name);
            here.push(&name);
            if !fs::symlink_metadata(&here)?.is_symlink() {
                continue;
            }
            let target = fs::read_link(&here)?;
            here.pop();
            if target.is_absolute() {
                here = PathBuf::from("/");
            }
            let mut all = names_of(&target);
            all.append(&mut names);
            names = all;
        }
        Ok(here)
    }

    fn watch(&mut self, directory: &Path, name: &OsString) {
        let Some(inotify) = self.inotify else {
            return;
        };
        match inotify.add_watch(directory, CHANGES) {
            Ok(watch) => self.interests.push((watch, name.clone())),
            // What is missing comes by a change of the directory above it.
            Err(Errno::ENOENT | Errno::ENOTDIR) => {}
            Err(error) => {
                let why = match error {
                    Errno::ENOSPC => {
                        "the limit of fs.inotify.max_user_watches is reached".to_owned()
                    }
                    other => describe(&other.into()),
                };
                self.unwatched = Some(format!("{}: {why}", directory.display()));
            }
        }
    }
}

fn names_of(path: &Path) -> VecDeque<OsString> {
    let parts = path.components().filter(|part| match part {
        Component::Normal(_) | Component::ParentDir => true,
        Component::Prefix(_) | Component::RootDir | Component::CurDir => false,
    });
    parts.map(|part| part.as_os_str().to_owned()).collect()
}

fn sight_of(error: &io::Error) -> Sight {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Sight::Missing,
        _ => Sight::Unreadable(describe(error)),
    }
}

/// Only a file is opened: a FIFO would wake who writes to it, a device may do anything.
fn read(path: &Path) -> Sight {
    first_bytes(path).map_or_else(|error| sight_of(&error), Sight::Content)
}

fn first_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let file = open(path, OpenOptions::new().read(true))?;
    let mut content = Vec::new();
    file.take(READ).read_to_end(&mut content)?;
    Ok(content)
}

/// Opens a file that is there, without following a link and without waiting.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    only_a_file(fs::symlink_metadata(path)?.file_type())?;
    let file = options
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)?;
    only_a_file(file.metadata()?.file_type())?;
    Ok(file)
}

fn only_a_file(kind: fs::FileType) -> io::Result<()> {
    let other = match () {
        () if kind.is_file() => return Ok(()),
        () if kind.is_dir() => "a directory",
        () if kind.is_fifo() => "a FIFO",
        () if kind.is_socket() => "a socket",
        () if kind.is_symlink() => "a link",
        () => "a device",
    };
    Err(io::Error::other(format!("it is {other}")))
}

/// `init_file`, as the user of this process. No link is followed at its end.
fn make(path: &Path, init: InitFile) -> io::Result<()> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(path);
    let mut file = match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if !init.overwrite {
                return Ok(());
            }
            let file = open(path, OpenOptions::new().write(true))?;
            file.set_len(0)?;
            file
        }
        made => made?,
    };
    writeln!(file, "{}", init.value)
}

fn describe(error: &io::Error) -> String {
    let mut text = error.to_string();
    if let Some(number) = text.find(" (os error ") {
        text.truncate(number);
    }
    text
}

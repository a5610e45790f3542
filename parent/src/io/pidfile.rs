//! Pid files: one daemon each, no link followed, nobody else's file touched.

use nix::fcntl::{Flock, FlockArg};
use nix::libc::{O_CLOEXEC, O_NOFOLLOW, O_NONBLOCK};
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A pid file that is ours until we end.
#[derive(Debug)]
pub(crate) struct PidFile {
    path: PathBuf,
    file: Flock<File>,
}

/// Why it cannot be ours.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PidFileError {
    /// Another daemon holds it.
    #[error(
        "already running{}: {} is locked; stop that one first, or give this one pid files of its \
         own with -p, -r and -c",
        .pid.as_ref().map(|pid| format!(" as process {pid}")).unwrap_or_default(),
        .path.display()
    )]
    Held {
        /// The file.
        path: PathBuf,
        /// What stands in it.
        pid: Option<u32>,
    },
    /// It is not a file that we may write.
    #[error("pid file {}: {what}", .path.display())]
    Strange {
        /// The file.
        path: PathBuf,
        /// What is strange.
        what: &'static str,
    },
    /// The system refused.
    #[error("pid file {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Its reason.
        #[source]
        source: io::Error,
    },
}

/// Where a missing directory is made.
const RUN: &str = "/run";
/// A file that is replaced again and again while we open it is somebody's attack.
const ATTEMPTS: usize = 10;

impl PidFile {
    /// Locks the file; makes it where it is missing.
    pub(crate) fn lock(path: &Path) -> Result<Self, PidFileError> {
        make_directory(path).map_err(|source| failed(path, source))?;
        for _ in 0..ATTEMPTS {
            let file = open(path).map_err(|source| failed(path, source))?;
            check(path, &file)?;
            let file = Flock::lock(file, FlockArg::LockExclusiveNonblock)
                .map_err(|(file, _)| held(path, file))?;
            // The one before us may have removed it between our open and our lock.
            if is_still_there(path, &file) {
                return Ok(Self {
                    path: path.to_owned(),
                    file,
                });
            }
        }
        Err(PidFileError::Strange {
            path: path.to_owned(),
            what: "it is replaced all the time",
        })
    }

    /// Writes the process number.
    pub(crate) fn write(&mut self, pid: u32) -> Result<(), PidFileError> {
        let result = self.replace(&format!("{pid}\n"));
        result.map_err(|source| failed(&self.path, source))
    }

    /// Removes it, if it is still ours.
    pub(crate) fn remove(self) -> Result<(), PidFileError> {
        if !is_still_there(&self.path, &self.file) {
            return Ok(());
        }
        std::fs::remove_file(&self.path).map_err(|source| failed(&self.path, source))
    }

    fn replace(&mut self, text: &str) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .mode(0o644)
        // A FIFO in its place must not make us wait.
        .custom_flags(O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        .open(path)
}

fn check(path: &Path, file: &File) -> Result<(), PidFileError> {
    let strange = |what| PidFileError::Strange {
        path: path.to_owned(),
        what,
    };
    let meta = file.metadata().map_err(|source| failed(path, source))?;
    if !meta.is_file() {
        return Err(strange("it is no regular file"));
    }
    if meta.nlink() != 1 {
        return Err(strange("it has another name as well (hard link)"));
    }
    if meta.uid() != nix::unistd::geteuid().as_raw() {
        return Err(strange("it belongs to another user"));
    }
    // Monitors read it, whatever our umask is.
    file.set_permissions(Permissions::from_mode(0o644))
        .map_err(|source| failed(path, source))
}

fn is_still_there(path: &Path, file: &File) -> bool {
    match (std::fs::symlink_metadata(path), file.metadata()) {
        (Ok(there), Ok(ours)) => (there.dev(), there.ino()) == (ours.dev(), ours.ino()),
        _gone => false,
    }
}

fn held(path: &Path, mut file: File) -> PidFileError {
    let mut text = String::new();
    let pid = match file.read_to_string(&mut text) {
        Ok(_) => text.trim().parse().ok(),
        Err(_) => None,
    };
    PidFileError::Held {
        path: path.to_owned(),
        pid,
    }
}

fn make_directory(path: &Path) -> io::Result<()> {
    let Some(directory) = path.parent() else {
        return Ok(());
    };
    if directory.parent() != Some(Path::new(RUN)) || directory.exists() {
        return Ok(());
    }
    match DirBuilder::new().mode(0o755).create(directory) {
        Ok(()) => std::fs::set_permissions(directory, Permissions::from_mode(0o755)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn failed(path: &Path, source: io::Error) -> PidFileError {
    PidFileError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;

    fn refusal(path: &Path) -> String {
        PidFile::lock(path).unwrap_err().to_string()
    }

    #[test]
    fn a_locked_file_holds_the_number_and_is_readable_for_all() {
        let scratch = Scratch::new();
        let path = scratch.path().join("x.pid");
        let mut file = PidFile::lock(&path).unwrap();
        file.write(123_456).unwrap();
        file.write(7).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "7\n");
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o644);
        file.remove().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn the_second_one_is_refused_with_the_number_of_the_first() {
        let scratch = Scratch::new();
        let path = scratch.path().join("x.pid");
        let mut first = PidFile::lock(&path).unwrap();
        first.write(4_711).unwrap();
        assert_eq!(
            refusal(&path),
            format!(
                "already running as process 4711: {} is locked; stop that one first, or give this \
                 one pid files of its own with -p, -r and -c",
                path.display()
            )
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "4711\n");
        drop(first);
        assert!(PidFile::lock(&path).is_ok());
    }

    #[test]
    fn a_link_is_not_followed() {
        let scratch = Scratch::new();
        let victim = scratch.path().join("victim");
        std::fs::write(&victim, "precious").unwrap();
        let path = scratch.path().join("x.pid");
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        assert_eq!(refusal(&path), format!("pid file {}", path.display()));
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
    }

    #[test]
    fn a_second_name_of_somebody_s_file_is_not_written() {
        let scratch = Scratch::new();
        let victim = scratch.path().join("victim");
        std::fs::write(&victim, "precious").unwrap();
        let path = scratch.path().join("x.pid");
        std::fs::hard_link(&victim, &path).unwrap();
        assert_eq!(
            refusal(&path),
            format!(
                "pid file {}: it has another name as well (hard link)",
                path.display()
            )
        );
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
    }

    #[test]
    fn what_is_no_file_is_refused_without_waiting() {
        let scratch = Scratch::new();
        let path = scratch.path().join("x.pid");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(
            refusal(&path),
            format!("pid file {}: it is no regular file", path.display())
        );
    }

    #[test]
    fn somebody_else_s_file_in_its_place_is_not_removed() {
        let scratch = Scratch::new();
        let path = scratch.path().join("x.pid");
        let file = PidFile::lock(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "other").unwrap();
        file.remove().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "other");
    }
}

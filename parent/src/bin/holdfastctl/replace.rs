//! Replaces a file as a whole: whoever opens it sees the old text or the new one.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use nix::libc::{ELOOP, O_CLOEXEC, O_NOFOLLOW, O_NONBLOCK};

/// Largest file that is read, as for the daemon.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// Mode bits that are kept: everything but the file's type.
const MODE: u32 = 0o7777;

/// A file that may be replaced.
pub(crate) struct Original {
    path: PathBuf,
    bytes: Vec<u8>,
    uid: u32,
    gid: u32,
    mode: u32,
}

impl Original {
    /// Reads a regular file. A link is refused: what it leads to may belong to somebody else.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            .open(path)
            .map_err(name_link)?;
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        if meta.len() > MAX_FILE {
            return Err(io::Error::other(format!("larger than {MAX_FILE} bytes")));
        }
        let mut bytes = Vec::new();
        file.take(MAX_FILE).read_to_end(&mut bytes)?;
        Ok(Self {
            path: path.to_owned(),
            bytes,
            uid: meta.uid(),
            gid: meta.gid(),
            mode: meta.mode() & MODE,
        })
    }

    /// Its text.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Puts another text in its place, with the same owner and mode.
    pub(crate) fn replace(&self, text: &str) -> io::Result<()> {
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            Some(_) | None => Path::new("."),
        };
        let (mut file, temporary) =
            Temporary::create(folder).map_err(while_doing("cannot make a file beside it"))?;
        self.inherit(&file).map_err(while_doing(
            "a new file cannot have the same owner and mode",
        ))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        temporary.rename(&self.path)?;
        File::open(folder)?.sync_all()
    }

    /// Gives another file its owner and mode.
    fn inherit(&self, file: &File) -> io::Result<()> {
        let meta = file.metadata()?;
        if (meta.uid(), meta.gid()) != (self.uid, self.gid) {
            fchown(file, Some(self.uid), Some(self.gid))?;
        }
        // Behind the change of the owner, which clears some of these bits.
        file.set_permissions(Permissions::from_mode(self.mode))
    }
}

/// Says what could not be done.
fn while_doing(what: &'static str) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{what}: {error}"))
}

fn name_link(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(ELOOP) => io::Error::other("is a symbolic link; name the file that it leads to"),
        Some(_) | None => error,
    }
}

/// A file that goes unless it gets its name.
struct Temporary(Option<PathBuf>);

impl Temporary {
    /// A new file that nobody else can open.
    fn create(folder: &Path) -> io::Result<(File, Self)> {
        let path = folder.join(format!(".holdfastctl-{}", std::process::id()));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(O_CLOEXEC | O_NOFOLLOW)
            .open(&path)?;
        Ok((file, Self(Some(path))))
    }

    fn rename(mut self, to: &Path) -> io::Result<()> {
        if let Some(path) = &self.0 {
            std::fs::rename(path, to)?;
        }
        self.0 = None;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // It cannot be removed where the folder has just gone read-only; nothing reads it.
            let _ = std::fs::remove_file(path);
        }
    }
}

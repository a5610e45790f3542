//! Files of the configuration.

use holdfast_conf::Files;
use nix::libc::{O_CLOEXEC, O_NONBLOCK};
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Largest file that is read. The largest configurations known are some megabytes.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// The real file system.
#[derive(Debug)]
pub(crate) struct HostFiles;

impl Files for HostFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = OpenOptions::new()
            .read(true)
            // Opening a FIFO must not wait for its writer.
            .custom_flags(O_CLOEXEC | O_NONBLOCK)
            .open(path)?;
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        if meta.len() > MAX_FILE {
            return Err(io::Error::other(format!("larger than {MAX_FILE} bytes")));
        }
        let mut bytes = Vec::new();
        file.take(MAX_FILE).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn matches(&self, _pattern: &str) -> io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }
}

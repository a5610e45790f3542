//! Files of the configuration.

use holdfast::config_files::SeenFile;
use holdfast::glob;
use holdfast_conf::{FileKind, Files};
use nix::libc::{O_CLOEXEC, O_NONBLOCK};
use std::cell::RefCell;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Largest file that is read. The largest configurations known are some megabytes.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// Anybody may execute it.
const EXECUTE: u32 = 0o111;

/// The real file system. It remembers whose files it read.
#[derive(Debug, Default)]
pub(crate) struct HostFiles {
    seen: RefCell<Vec<SeenFile>>,
    /// A file that was read already, for the next one who asks.
    first: RefCell<Option<(PathBuf, Vec<u8>)>>,
}

impl HostFiles {
    /// The next reader of that file gets these bytes.
    pub(crate) fn remember(&self, path: &Path, bytes: Vec<u8>) {
        *self.first.borrow_mut() = Some((path.to_owned(), bytes));
    }

    /// All files that were read.
    pub(crate) fn seen(self) -> Vec<SeenFile> {
        self.seen.into_inner()
    }
}

impl Files for HostFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let remembered = self.first.borrow_mut().take_if(|(known, _)| known == path);
        if let Some((_, bytes)) = remembered {
            return Ok(bytes);
        }
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
        self.seen.borrow_mut().push(SeenFile {
            path: path.to_owned(),
            uid: meta.uid(),
            gid: meta.gid(),
            mode: meta.mode(),
        });
        let mut bytes = Vec::new();
        file.take(MAX_FILE).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        let meta = std::fs::metadata(path)?;
        Ok(if meta.is_dir() {
            FileKind::Directory
        } else if !meta.is_file() {
            FileKind::Other
        } else if meta.mode() & EXECUTE != 0 {
            FileKind::Executable
        } else {
            FileKind::Regular
        })
    }

    fn matches(&self, pattern: &str) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for one in glob::alternatives(pattern) {
            found.extend(matching_files(&one)?);
        }
        Ok(found)
    }
}

/// Files for one pattern without braces, sorted.
fn matching_files(pattern: &str) -> io::Result<Vec<PathBuf>> {
    let mut paths = vec![PathBuf::new()];
    for part in Path::new(pattern).components() {
        let Some(name) = part
            .as_os_str()
            .to_str()
            .filter(|name| glob::is_pattern(name))
        else {
            paths.iter_mut().for_each(|path| path.push(part));
            continue;
        };
        let mut next = Vec::new();
        for directory in &paths {
            next.extend(matching_entries(directory, name)?);
        }
        paths = next;
    }
    paths.retain(|path| path.exists());
    paths.sort();
    Ok(paths)
}

fn matching_entries(directory: &Path, pattern: &str) -> io::Result<Vec<PathBuf>> {
    let listed = if directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        directory
    };
    let entries = match std::fs::read_dir(listed) {
        Ok(entries) => entries,
        Err(error) if nothing_there(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        if name
            .to_str()
            .is_some_and(|name| glob::matches(pattern, name))
        {
            found.push(directory.join(name));
        }
    }
    Ok(found)
}

fn nothing_there(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    fn tree() -> Scratch {
        let tree = Scratch::new();
        for name in ["a.conf", "b.conf", "c.txt", "d/x.conf", "e/x.conf", "e/y"] {
            let path = tree.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        }
        tree
    }

    fn found(tree: &Scratch, pattern: &str) -> Vec<String> {
        let pattern = format!("{}/{pattern}", tree.path().display());
        let paths = HostFiles::default().matches(&pattern).unwrap();
        let names = paths
            .iter()
            .map(|path| path.strip_prefix(tree.path()).unwrap());
        names.map(|name| name.display().to_string()).collect()
    }

    #[test]
    fn patterns_find_files_in_sorted_order() {
        let tree = tree();
        for (pattern, expected) in [
            ("*.conf", &["a.conf", "b.conf"][..]),
            ("*/x.conf", &["d/x.conf", "e/x.conf"]),
            ("[d-e]/*", &["d/x.conf", "e/x.conf", "e/y"]),
            ("{b,a}.conf", &["b.conf", "a.conf"]),
            ("c.txt", &["c.txt"]),
            ("nothing*", &[]),
            ("gone/*", &[]),
            ("c.txt/*", &[]),
        ] {
            assert_eq!(found(&tree, pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn only_regular_files_are_read() {
        let tree = tree();
        assert_eq!(
            HostFiles::default()
                .read(&tree.path().join("a.conf"))
                .unwrap(),
            b"a.conf"
        );
        for strange in ["", "d", "gone"] {
            assert!(
                HostFiles::default()
                    .read(&tree.path().join(strange))
                    .is_err()
            );
        }
        let fifo = tree.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRUSR).unwrap();
        let error = HostFiles::default().read(&fifo).unwrap_err();
        assert_eq!(error.to_string(), "not a regular file");
    }

    #[test]
    fn a_path_leads_to_a_file_a_program_a_directory_or_something_else() {
        let tree = tree();
        let path = |name: &str| tree.path().join(name);
        let kind = |name: &str| HostFiles::default().kind(&path(name)).ok();
        std::fs::set_permissions(path("c.txt"), Permissions::from_mode(0o744)).unwrap();
        nix::unistd::mkfifo(&path("fifo"), nix::sys::stat::Mode::S_IRUSR).unwrap();
        assert_eq!(kind("a.conf"), Some(FileKind::Regular));
        assert_eq!(kind("c.txt"), Some(FileKind::Executable));
        assert_eq!(kind("d"), Some(FileKind::Directory));
        assert_eq!(kind("fifo"), Some(FileKind::Other));
        assert_eq!(kind("gone"), None);
    }
}

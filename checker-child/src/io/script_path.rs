//! Looks at the path of a script before each run. The rule is in `ipc`; here are the file system
//! and our own user.

use holdfast_ipc::script_path::{Component, Fault, Look, Node, Runner, examine};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

struct FileSystem;

impl Look for FileSystem {
    fn component(&self, path: &Path) -> Result<Component, String> {
        let found = fs::symlink_metadata(path).map_err(|error| error.to_string())?;
        let kind = found.file_type();
        let node = if kind.is_dir() {
            Node::Directory
        } else if kind.is_file() {
            Node::File
        } else if kind.is_symlink() {
            Node::Link
        } else {
            Node::Other
        };
        Ok(Component {
            path: path.to_owned(),
            node,
            uid: found.uid(),
            gid: found.gid(),
            mode: found.mode(),
        })
    }

    fn target(&self, path: &Path) -> Result<PathBuf, String> {
        fs::read_link(path).map_err(|error| error.to_string())
    }
}

/// The path without links, or which component somebody else could replace.
pub(crate) fn check(program: &str) -> Result<PathBuf, String> {
    let runner = Runner {
        uid: nix::unistd::geteuid().as_raw(),
        gid: nix::unistd::getegid().as_raw(),
    };
    let program = Path::new(program);
    match examine(program, runner, &FileSystem) {
        Ok(path) => Ok(path),
        // Other groups and access lists count as well; the kernel knows them and will say so.
        Err(unsafe_path) if unsafe_path.fault == Fault::NotExecutable => Ok(unsafe_path.path),
        Err(unsafe_path) => Err(unsafe_path.to_string()),
    }
}

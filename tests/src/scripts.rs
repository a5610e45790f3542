//! Check and notify scripts that only root can change, as script security wants them.

use crate::lab::Lab;
use crate::shell;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Number of the user `nobody` on Debian and RHEL.
pub const NOBODY: u32 = 65534;

/// Writes an executable script into the folder of a laboratory.
pub fn script(lab: &Lab, name: &str, body: &str) -> PathBuf {
    let path = lab.directory().join(name);
    let draft = path.with_extension("draft");
    fs::write(&draft, format!("#!/bin/sh\n{body}\n")).expect("the script can be written");
    fs::set_permissions(&draft, Permissions::from_mode(0o755)).expect("its mode can be set");
    // A process that another test starts while we write would inherit the open file, and the kernel
    // runs no file that somebody may still write to.
    let (from, to) = (draft.display().to_string(), path.display().to_string());
    shell::run("cp", &["-p", &from, &to]);
    path
}

/// Makes a folder that every user may write to, for what scripts leave behind. Scripts of root
/// have no right to overrule modes: the parent gave that up.
pub fn open_folder(lab: &Lab, name: &str) -> PathBuf {
    let path = lab.directory().join(name);
    fs::create_dir_all(&path).expect("the folder can be made");
    fs::set_permissions(&path, Permissions::from_mode(0o777)).expect("its mode can be set");
    path
}

/// A file whose presence makes a check succeed.
#[derive(Debug)]
pub struct Flag {
    path: PathBuf,
}

impl Flag {
    /// Makes it.
    pub fn raise(lab: &Lab, name: &str) -> Self {
        let flag = Self {
            path: lab.directory().join(name),
        };
        flag.set(true);
        flag
    }

    /// Makes or removes it.
    pub fn set(&self, present: bool) {
        if present {
            fs::write(&self.path, "").expect("the flag can be written");
        } else {
            fs::remove_file(&self.path).expect("the flag can be removed");
        }
    }

    /// The command that checks it; the program belongs to the system.
    pub fn command(&self) -> String {
        let program = crate::binaries::system("test");
        format!("{} -e {}", program.display(), self.path.display())
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

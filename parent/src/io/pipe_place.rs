//! Where a notify FIFO is or will be made. Only root and its owner may be able to put something else
//! there.

use super::host::HostTree;
use holdfast::account::Account;
use holdfast_ipc::script_path::{Fault, Runner, examine_directory};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Where it is or will be made, without links on the way.
pub(crate) fn examine_place(
    path: &str,
    owner: &Account,
    security: bool,
) -> Result<PathBuf, String> {
    let path = Path::new(path);
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err("no file can have this name".to_owned());
    };
    let path = if security {
        secure_folder(folder, owner)?.join(name)
    } else {
        path.to_owned()
    };
    match fs::symlink_metadata(&path) {
        Ok(here) => judge(&here, owner, security)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.to_string()),
    }
    Ok(path)
}

fn secure_folder(folder: &Path, owner: &Account) -> Result<PathBuf, String> {
    let runner = Runner {
        uid: owner.uid,
        gid: owner.gid,
    };
    examine_directory(folder, runner, &HostTree).map_err(|found| match found.fault {
        Fault::Owner { uid } => {
            let path = found.path.display();
            format!("{path} belongs to user {uid}, who is neither root nor the FIFO's owner")
        }
        ref _other => found.to_string(),
    })
}

/// It has to be a FIFO of root or of its owner.
pub(crate) fn judge(here: &Metadata, owner: &Account, security: bool) -> Result<(), String> {
    if !here.file_type().is_fifo() {
        return Err("what is there is no FIFO; name another path, or remove it".to_owned());
    }
    let uid = here.uid();
    if security && uid != 0 && uid != owner.uid {
        return Err(format!(
            "what is there belongs to user {uid}, who is neither root nor the FIFO's owner"
        ));
    }
    Ok(())
}

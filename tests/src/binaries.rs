//! Finds the programs under test beside the running test.

use std::path::{Path, PathBuf};

/// The folder that cargo builds into, of the same profile as this program.
pub fn target_directory() -> PathBuf {
    let own = std::env::current_exe().expect("the own path is known");
    let folder = own.parent().expect("an executable lies in a folder");
    if folder.ends_with("deps") {
        folder
            .parent()
            .map(Path::to_path_buf)
            .expect("deps lies in a folder")
    } else {
        folder.to_path_buf()
    }
}

/// Path of a program of this workspace; panics with the command that builds it.
pub fn holdfast(name: &str) -> PathBuf {
    let path = target_directory().join(name);
    assert!(
        path.is_file(),
        "{} is not built; `cargo build --workspace --bins` builds it",
        path.display()
    );
    path
}

/// Path of a program of the system; panics with the package that it comes with.
pub fn system(name: &str) -> PathBuf {
    ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin"]
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.is_file())
        .unwrap_or_else(|| {
            panic!("{name} is missing; {}", crate::shell::package_of(name));
        })
}

//! Where the executables of the children are.

use std::path::{Path, PathBuf};

/// Where the children are when holdfast is installed.
const LIBEXEC: &str = "/usr/libexec/holdfast";
/// The checker child.
pub(crate) const CHECKER_CHILD: &str = "holdfast-checker";

/// Beside this executable in a build folder, in libexec where it is installed.
pub(crate) fn find(name: &str) -> Result<PathBuf, String> {
    let own = std::env::current_exe()
        .map_err(|error| format!("cannot find the own executable: {error}"))?;
    let beside = own.parent().unwrap_or_else(|| Path::new("/"));
    [beside.join(name), Path::new(LIBEXEC).join(name)]
        .into_iter()
        .find(|path| path.is_file())
        .ok_or_else(|| {
            format!(
                "{name} is neither in {} nor in {LIBEXEC}; is the installation complete?",
                beside.display()
            )
        })
}

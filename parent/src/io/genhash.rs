//! `holdfastctl genhash`, `holdfast --genhash`: becomes the checker's executable, which talks HTTP.

use super::executables::{CHECKER_CHILD, find};
use holdfast::launch::PATH;
use holdfast_ipc::genhash::Genhash;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Returns only where that is not possible, with the reason.
pub(crate) fn exec(page: &Genhash) -> String {
    let checker = match find(CHECKER_CHILD) {
        Ok(checker) => checker,
        Err(error) => return error,
    };
    let error = Command::new(&checker)
        .args(page.to_arguments())
        .env_clear()
        .env("PATH", PATH)
        .exec();
    format!("cannot execute {}: {error}", checker.display())
}

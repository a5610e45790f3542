//! What this process takes away from itself. It arrives without capabilities already; each step
//! here is taken anyway, so that a mistake in the parent does not go unnoticed.

use super::{Failure, filter};
use caps::CapSet;
use holdfast_ipc::message::Confinement;
use nix::sys::prctl;

/// First thing of all: nobody may read this process's memory, no capability is left or handed on,
/// processes that a script leaves behind come to us to be collected.
pub(crate) fn harden() -> Result<(), Failure> {
    prctl::set_dumpable(false).map_err(Failure::of_errno("cannot become undumpable"))?;
    for set in [
        CapSet::Ambient,
        CapSet::Inheritable,
        CapSet::Effective,
        CapSet::Permitted,
    ] {
        caps::clear(None, set)?;
    }
    prctl::set_child_subreaper(true).map_err(Failure::of_errno(
        "cannot become the reaper of what scripts leave behind",
    ))?;
    // A relative path in a script must not depend on where the daemon was started.
    nix::unistd::chdir("/").map_err(Failure::of_errno("cannot go to /"))
}

/// Before the first byte of configuration: no new privileges and the filter.
pub(crate) fn confine() -> Result<Confinement, Failure> {
    prctl::set_no_new_privs().map_err(Failure::of_errno("cannot give up new privileges"))?;
    let own = filter::Own {
        uid: nix::unistd::getuid().as_raw(),
        gid: nix::unistd::getgid().as_raw(),
    };
    Ok(Confinement {
        seccomp: filter::install(own)?,
        landlock: "not used, scripts may need any file".to_owned(),
    })
}

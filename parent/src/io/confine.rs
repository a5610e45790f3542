//! The parent's own privileges: what it hands on or needs, and nothing more.

use caps::{CapSet, Capability, CapsHashSet};
use holdfast::seccomp;
use nix::sys::prctl;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};
use std::io;

/// Told of a process on an architecture that seccompiler does not know.
pub(super) const NOT_CONFINED: &str =
    "NOT confined by seccomp: this architecture is not supported by it";

/// What the parent keeps (design 1), with the reason.
const KEPT: [(Capability, &str); 10] = [
    (
        Capability::CAP_SETUID,
        "children and scripts run as other users",
    ),
    (Capability::CAP_SETGID, "and groups"),
    (
        Capability::CAP_SETPCAP,
        "the launcher cuts its bounding set",
    ),
    (
        Capability::CAP_KILL,
        "hung children and scripts of other users are killed",
    ),
    (Capability::CAP_NET_ADMIN, "handed on to the VRRP child"),
    (Capability::CAP_NET_RAW, "handed on to the VRRP child"),
    (
        Capability::CAP_NET_BIND_SERVICE,
        "checks come from ports below 1024 where that is configured",
    ),
    (
        Capability::CAP_DAC_READ_SEARCH,
        "the configuration may belong to another user",
    ),
    (Capability::CAP_CHOWN, "files that are made for other users"),
    (
        Capability::CAP_SYS_NICE,
        "handed on where a scheduling policy is configured",
    ),
];

/// Without these nothing works.
const NEEDED: [Capability; 6] = [
    Capability::CAP_SETUID,
    Capability::CAP_SETGID,
    Capability::CAP_SETPCAP,
    // A hung child that cannot be killed would hold its addresses beside its successor.
    Capability::CAP_KILL,
    Capability::CAP_NET_ADMIN,
    Capability::CAP_NET_RAW,
];

/// Cuts the privileges of this process and of everything it starts.
pub(crate) fn cut_capabilities() -> Result<(), String> {
    raise_locked_memory();
    nix::unistd::setgroups(&[]).map_err(|errno| format!("cannot drop groups: {errno}"))?;
    let kept: CapsHashSet = KEPT.iter().map(|(capability, _why)| *capability).collect();
    let here = caps::read(None, CapSet::Permitted).map_err(|error| error.to_string())?;
    for needed in NEEDED {
        if !here.contains(&needed) {
            return Err(format!(
                "{needed} is missing: start holdfast as root, in a container with the \
                 capabilities NET_ADMIN, NET_RAW, SETUID, SETGID, SETPCAP and KILL"
            ));
        }
    }
    cut(&kept, &here).map_err(|error| format!("cannot give up capabilities: {error}"))?;
    prctl::set_dumpable(false).map_err(|errno| format!("cannot switch core dumps off: {errno}"))
}

fn cut(kept: &CapsHashSet, here: &CapsHashSet) -> Result<(), caps::errors::CapsError> {
    for capability in caps::all() {
        if !kept.contains(&capability) && caps::has_cap(None, CapSet::Bounding, capability)? {
            caps::drop(None, CapSet::Bounding, capability)?;
        }
    }
    let left: CapsHashSet = kept.intersection(here).copied().collect();
    caps::set(None, CapSet::Inheritable, &CapsHashSet::new())?;
    caps::set(None, CapSet::Effective, &left)?;
    caps::set(None, CapSet::Permitted, &left)
}

/// Switches the filter on, for this process and everything that it starts. False where the
/// architecture is not known to it.
pub(crate) fn filter_calls() -> Result<bool, String> {
    let failed = |error: &dyn std::fmt::Display| format!("cannot filter system calls: {error}");
    let Some(programs) = seccomp::programs().map_err(|error| failed(&error))? else {
        return Ok(false);
    };
    for program in &programs {
        seccompiler::apply_filter(program).map_err(|error| failed(&error))?;
    }
    Ok(true)
}

/// The VRRP child locks its memory. The right to raise the limit is given up here, so it is raised
/// before; where that is refused, the child goes on without.
fn raise_locked_memory() {
    let Ok((soft, _hard)) = getrlimit(Resource::RLIMIT_MEMLOCK) else {
        return;
    };
    let _: nix::Result<()> = setrlimit(Resource::RLIMIT_MEMLOCK, soft, RLIM_INFINITY);
}

/// Closes what was open when we were started: nobody meant it for us or for our children.
pub(crate) fn close_inherited() -> io::Result<()> {
    let open: Vec<i32> = std::fs::read_dir("/proc/self/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|fd| *fd > 2)
        .collect();
    for fd in open {
        // The one of the listing itself is closed already.
        let _ = nix::unistd::close(fd);
    }
    Ok(())
}

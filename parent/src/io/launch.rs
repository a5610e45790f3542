//! The launcher: drops everything that the child must not have, then becomes it. And the parent's
//! side of it.
//!
//! The order of the calls is fixed by the kernel: the bounding set can only be cut while
//! CAP_SETPCAP is effective, ambient capabilities have to be permitted and inheritable, and the
//! parent-death signal is cleared by a change of the user.

use caps::{CapSet, Capability, CapsHashSet};
use holdfast::launch::{Launch, PATH, Role};
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Gid, Pid, Uid, getppid, setgroups, setresgid, setresuid, setsid};
use std::convert::Infallible;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Exit status of a launcher that could not do its work.
pub(crate) const LAUNCH_FAILED: u8 = 125;
/// Files of scripts are private unless they say otherwise.
const SCRIPT_UMASK: Mode = Mode::from_bits_truncate(0o077);

/// Starts the launcher. The process number stays the same through its exec.
pub(crate) fn spawn(
    launch: &Launch,
    stdin: Stdio,
    stdout: Stdio,
    stderr: Stdio,
) -> io::Result<Pid> {
    let child = Command::new("/proc/self/exe")
        .args(launch.to_arguments())
        .env_clear()
        .env("PATH", PATH)
        .current_dir("/")
        .stdin(stdin)
        .stdout(stdout)
        .stderr(stderr)
        .spawn()?;
    // The handle is dropped: the event loop reaps all processes.
    i32::try_from(child.id())
        .map(Pid::from_raw)
        .map_err(|_| io::Error::other("the process number is too large"))
}

/// The launcher's whole life.
pub(crate) fn run(launch: Option<Launch>) -> ExitCode {
    let Some(launch) = launch else {
        eprintln!("holdfast: this argument is internal");
        return ExitCode::from(LAUNCH_FAILED);
    };
    match become_child(&launch) {
        Ok(never) => match never {},
        Err((what, error)) => {
            eprintln!("cannot start {}: {what}: {error}", launch.program.display());
            ExitCode::from(LAUNCH_FAILED)
        }
    }
}

type Step<T> = Result<T, (&'static str, io::Error)>;

fn become_child(launch: &Launch) -> Step<Infallible> {
    reset_signals()?;
    // Own session: no terminal whose Ctrl-C would reach it, and a group to kill as a whole.
    nix_step("own session", setsid())?;
    match launch.role {
        Role::Vrrp => {
            unlimit_locked_memory();
            raise_open_files();
            let kept = [Capability::CAP_NET_ADMIN, Capability::CAP_NET_RAW];
            drop_to(launch, &kept.into_iter().collect())?;
        }
        Role::Checker | Role::Mailer => drop_to(launch, &CapsHashSet::new())?,
        Role::Script => {
            umask(SCRIPT_UMASK);
            if launch.uid == 0 {
                set_ids(launch)?;
            } else {
                drop_to(launch, &CapsHashSet::new())?;
            }
        }
    }
    // Behind the change of the user, which clears it.
    nix_step("parent-death signal", prctl::set_pdeathsig(Signal::SIGTERM))?;
    if getppid() != Pid::from_raw(launch.parent) {
        return Err(("parent", io::Error::other("it died meanwhile")));
    }
    let error = Command::new(&launch.program).args(&launch.arguments).exec();
    Err(("execute it", error))
}

/// No capability but these is left in any set, and no way back.
fn drop_to(launch: &Launch, kept: &CapsHashSet) -> Step<()> {
    caps_step(
        "inheritable set",
        caps::set(None, CapSet::Inheritable, kept),
    )?;
    caps_step("bounding set", caps::clear(None, CapSet::Bounding))?;
    nix_step("keep capabilities", prctl::set_keepcaps(true))?;
    set_ids(launch)?;
    caps_step("effective set", caps::set(None, CapSet::Effective, kept))?;
    caps_step("permitted set", caps::set(None, CapSet::Permitted, kept))?;
    caps_step("ambient set", caps::set(None, CapSet::Ambient, kept))
}

fn set_ids(launch: &Launch) -> Step<()> {
    let (uid, gid) = (Uid::from_raw(launch.uid), Gid::from_raw(launch.gid));
    nix_step("drop groups", setgroups(&[]))?;
    nix_step("change the group", setresgid(gid, gid, gid))?;
    nix_step("change the user", setresuid(uid, uid, uid))
}

/// Nothing is blocked in a child. Signals that are ignored here, by nohup for instance, get a
/// handler, which the exec turns into the default.
fn reset_signals() -> Step<()> {
    nix_step("signal mask", SigSet::empty().thread_set_mask())?;
    for signal in Signal::iterator() {
        if signal_hook::consts::FORBIDDEN.contains(&(signal as i32)) {
            continue;
        }
        signal_hook::flag::register(signal as i32, Arc::<AtomicBool>::default())
            .map_err(|error| ("signal handlers", error))?;
    }
    Ok(())
}

/// The child locks its memory, so that it never waits for a disk. The daemon raised the hard limit
/// as far as it could.
fn unlimit_locked_memory() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_MEMLOCK) {
        let _ = setrlimit(Resource::RLIMIT_MEMLOCK, hard, hard);
    }
}

/// A VRRP child has a socket for each interface, family and protocol, and one that cannot be opened
/// leaves it deaf: it may have as many as the daemon was allowed.
fn raise_open_files() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

fn nix_step<T>(what: &'static str, result: nix::Result<T>) -> Step<T> {
    result.map_err(|errno| (what, errno.into()))
}

fn caps_step(what: &'static str, result: Result<(), caps::errors::CapsError>) -> Step<()> {
    result.map_err(|error| (what, io::Error::other(error.to_string())))
}

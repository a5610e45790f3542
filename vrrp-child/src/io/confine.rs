//! What the process gives up: at once all that a successor of it could inherit, and before the
//! first byte of configuration all that it does not need.

use super::error::{Fatal, cannot};
use super::filter;
use caps::CapSet;
use holdfast_ipc::message::Confinement;
use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, Ruleset, RulesetAttr, RulesetStatus, Scope,
};
use nix::sys::mman::{MlockAllFlags, mlockall};
use nix::sys::prctl;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};

/// Newest Landlock that the rules are written for. Older kernels enforce what they know.
const LANDLOCK: ABI = ABI::V6;

/// First lines of the process: `exec` reset `dumpable`, and the capabilities came through the ambient
/// set.
pub(crate) fn at_start() -> Result<(), Fatal> {
    prctl::set_dumpable(false).map_err(cannot("switch core dumps and tracing off"))?;
    for set in [CapSet::Ambient, CapSet::Inheritable] {
        caps::clear(None, set).map_err(|error| Fatal::Confinement(error.to_string()))?;
    }
    lock_memory();
    Ok(())
}

/// Only without a limit: with one, an allocation above it would end the process. The parent lifts
/// the limit where the configuration wants it.
fn lock_memory() {
    let unlimited =
        getrlimit(Resource::RLIMIT_MEMLOCK).is_ok_and(|(soft, _)| soft == RLIM_INFINITY);
    if unlimited {
        let _ = mlockall(MlockAllFlags::MCL_CURRENT | MlockAllFlags::MCL_FUTURE);
    }
}

/// no_new_privs, Landlock, seccomp; in this order, since each needs the one in front of it. What
/// needs calls that the filter forbids, and is to be confined as well, is made by `last` in between:
/// threads inherit the first two, and the filter is set for all of them.
pub(crate) fn confine<T>(
    last: impl FnOnce() -> Result<T, Fatal>,
) -> Result<(Confinement, T), Fatal> {
    prctl::set_no_new_privs().map_err(cannot("set no_new_privs"))?;
    let landlock = match restrict_files() {
        Ok(level) => level,
        Err(error) => format!("refused by the kernel: {error}"),
    };
    let made = last()?;
    let confinement = Confinement {
        seccomp: filter_calls()?,
        landlock,
    };
    Ok((confinement, made))
}

/// No file at all, no TCP port, no abstract socket, no signal to others.
fn restrict_files() -> Result<String, landlock::RulesetError> {
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?
        .create()?
        .restrict_self()?;
    let level = match status.ruleset {
        RulesetStatus::FullyEnforced => "fully enforced",
        RulesetStatus::PartiallyEnforced => "partially enforced",
        RulesetStatus::NotEnforced => "not enforced",
    };
    Ok(match status.landlock {
        LandlockStatus::NotEnabled => "not enabled in this kernel".to_owned(),
        LandlockStatus::NotImplemented => "not in this kernel".to_owned(),
        LandlockStatus::Available { effective_abi, .. } => {
            format!("{level}, ABI {effective_abi}")
        }
    })
}

/// False where seccompiler does not know the architecture.
fn filter_calls() -> Result<bool, Fatal> {
    let Some(target) = filter::target() else {
        return Ok(false);
    };
    let refused = |error: String| Fatal::Confinement(error);
    let program =
        filter::program(filter::rows(), target).map_err(|error| refused(error.to_string()))?;
    seccompiler::apply_filter_all_threads(&program).map_err(|error| refused(error.to_string()))?;
    Ok(true)
}

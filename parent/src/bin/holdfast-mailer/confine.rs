//! What the mailer may still do: look a name up, and talk to a mail server.

use nix::libc;
use nix::sys::resource::{Resource, setrlimit};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen as Length, SeccompCmpOp as Is,
    SeccompCondition as Condition, SeccompFilter, SeccompRule, TargetArch,
};
use std::collections::BTreeMap;

/// What it may use at most. A server that never ends a line is cut off by the memory, and one that
/// keeps us busy by the processor time.
const LIMITS: [(Resource, u64); 6] = [
    (Resource::RLIMIT_AS, 512 * 1024 * 1024),
    (Resource::RLIMIT_CORE, 0),
    (Resource::RLIMIT_CPU, 10),
    (Resource::RLIMIT_FSIZE, 0),
    (Resource::RLIMIT_NOFILE, 32),
    // It starts nothing.
    (Resource::RLIMIT_NPROC, 0),
];

/// Takes the limits.
pub(crate) fn limit_resources() -> Result<(), String> {
    for (resource, limit) in LIMITS {
        setrlimit(resource, limit, limit)
            .map_err(|errno| format!("cannot set {resource:?} to {limit}: {errno}"))?;
    }
    Ok(())
}

/// A call that is allowed.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "name and reason are for readers and tests")
)]
struct Row {
    number: libc::c_long,
    name: &'static str,
    only: Only,
    reason: &'static str,
}

/// Which uses of a call.
#[derive(Clone, Copy, Debug)]
enum Only {
    /// All.
    All,
    /// Those where this argument has one of these values.
    Values(u8, &'static [u64]),
    /// Those where these bits of this argument are clear.
    Clear(u8, u64),
}

macro_rules! rows {
    ($($call:ident $name:literal $($only:ident($($value:expr),*))?: $reason:literal;)*) => {
        &[$(Row {
            number: libc::$call,
            name: $name,
            only: rows!(@only $($only($($value),*))?),
            reason: $reason,
        },)*]
    };
    (@only) => { Only::All };
    (@only $only:ident($($value:expr),*)) => { Only::$only($($value),*) };
}

/// AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: a resolver asks nscd or sssd, a name server, and which
/// addresses this host has.
const FAMILIES: &[u64] = &[1, 2, 10, 16];
/// FIONREAD, FIONBIO.
const IOCTLS: &[u64] = &[0x541b, 0x5421];
/// F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC.
const FCNTLS: &[u64] = &[0, 1, 2, 3, 4, 1030];
/// O_ACCMODE, O_CREAT, O_TRUNC.
const WRITING: u64 = 0o1103;
/// The table.
const CALLS: &[Row] = rows! {
    SYS_openat "openat" Clear(2, WRITING): "resolver and time zone read their files, nobody writes";
    SYS_close "close": "what was opened";
    SYS_read "read": "files of the resolver";
    SYS_pread64 "pread64": "modules of the resolver are loaded";
    SYS_readv "readv": "replies";
    SYS_write "write": "the conversation, and standard error";
    SYS_writev "writev": "the same";
    SYS_lseek "lseek": "files of the resolver";
    SYS_fstat "fstat": "files of the resolver";
    SYS_newfstatat "newfstatat": "files of the resolver";
    SYS_statx "statx": "files of the resolver";
    SYS_faccessat "faccessat": "modules of the resolver";
    SYS_readlinkat "readlinkat": "modules of the resolver";
    SYS_mmap "mmap": "memory, and modules of the resolver";
    SYS_munmap "munmap": "the same";
    SYS_mprotect "mprotect": "the same";
    SYS_mremap "mremap": "memory";
    SYS_madvise "madvise": "memory";
    SYS_brk "brk": "memory";
    SYS_socket "socket" Values(0, FAMILIES): "mail server, name server, resolver's helpers";
    SYS_connect "connect": "the same";
    SYS_bind "bind": "the resolver asks for the addresses of this host";
    SYS_getsockname "getsockname": "the resolver sorts what it found";
    SYS_getpeername "getpeername": "the resolver's helpers";
    SYS_getsockopt "getsockopt": "whether a connection came about";
    SYS_setsockopt "setsockopt": "time limits of the conversation";
    SYS_sendto "sendto": "questions and commands";
    SYS_sendmsg "sendmsg": "answers to the parent";
    SYS_sendmmsg "sendmmsg": "two questions at once";
    SYS_recvfrom "recvfrom": "replies";
    SYS_recvmsg "recvmsg": "the batch, and replies";
    SYS_shutdown "shutdown": "the end of the conversation";
    SYS_ppoll "ppoll": "waits";
    SYS_ioctl "ioctl" Values(1, IOCTLS): "how much can be read; not to wait";
    SYS_fcntl "fcntl" Values(1, FCNTLS): "not to wait; closed on exec";
    SYS_futex "futex": "locks of the C library";
    SYS_clock_gettime "clock_gettime": "time limits, where the vDSO has no clock";
    SYS_gettimeofday "gettimeofday": "the same";
    SYS_clock_nanosleep "clock_nanosleep": "pauses of the resolver";
    SYS_getpid "getpid": "numbers of messages";
    SYS_gettid "gettid": "locks of the C library";
    SYS_getuid "getuid": "the resolver's helpers";
    SYS_geteuid "geteuid": "whether the environment is to be trusted";
    SYS_getgid "getgid": "the same";
    SYS_getegid "getegid": "the same";
    SYS_getrandom "getrandom": "hash tables, numbers of questions";
    SYS_uname "uname": "the resolver wants the domain";
    SYS_sysinfo "sysinfo": "memory of the C library";
    SYS_prlimit64 "prlimit64" Values(2, &[0]): "reads limits, sets none";
    SYS_rt_sigaction "rt_sigaction": "the end of the process";
    SYS_rt_sigprocmask "rt_sigprocmask": "the same";
    SYS_rt_sigreturn "rt_sigreturn": "signals";
    SYS_sigaltstack "sigaltstack": "the end of the main thread";
    SYS_tgkill "tgkill": "abort, when memory has run out";
    SYS_restart_syscall "restart_syscall": "a wait that was stopped and goes on";
    SYS_exit "exit": "the end";
    SYS_exit_group "exit_group": "the end";
};

/// Calls that only this architecture has; the C library still uses them there.
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: &[Row] = rows! {
    SYS_poll "poll": "waits";
    SYS_access "access": "modules of the resolver";
    SYS_readlink "readlink": "modules of the resolver";
    SYS_time "time": "time limits, where the vDSO has no clock";
    SYS_arch_prctl "arch_prctl": "thread-local storage of modules";
};
#[cfg(not(target_arch = "x86_64"))]
const ARCHITECTURE: &[Row] = &[];

/// Everything else fails with EPERM: a module of the resolver that tries something strange gets an
/// error, and the next one is asked.
pub(crate) fn filter_calls() -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("cannot confine itself: {error}");
    let Some(program) = program().map_err(|error| failed(&error))? else {
        return Ok(());
    };
    seccompiler::apply_filter(&program).map_err(|error| failed(&error))
}

/// None where seccompiler does not know the architecture, which the parent tells at its start.
fn program() -> Result<Option<BpfProgram>, BackendError> {
    let Ok(architecture) = TargetArch::try_from(std::env::consts::ARCH) else {
        return Ok(None);
    };
    let mut allowed = BTreeMap::new();
    for row in CALLS.iter().chain(ARCHITECTURE) {
        allowed.insert(row.number, rules(row.only)?);
    }
    let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(allowed, refuse, SeccompAction::Allow, architecture)?;
    Ok(Some(filter.try_into()?))
}

fn rules(only: Only) -> Result<Vec<SeccompRule>, BackendError> {
    let rule = |argument, is, value| {
        SeccompRule::new(vec![Condition::new(argument, Length::Dword, is, value)?])
    };
    match only {
        Only::All => Ok(Vec::new()),
        Only::Values(argument, values) => values
            .iter()
            .map(|value| rule(argument, Is::Eq, *value))
            .collect(),
        Only::Clear(argument, bits) => Ok(vec![rule(argument, Is::MaskedEq(bits), 0)?]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_call_stands_once_in_the_table_and_has_a_reason() {
        let rows: Vec<&Row> = CALLS.iter().chain(ARCHITECTURE).collect();
        let numbers: BTreeSet<_> = rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers.len(), rows.len());
        for row in rows {
            assert!(row.reason.len() >= 5, "{}", row.name);
        }
    }

    #[test]
    fn the_filter_can_be_built() {
        let known = TargetArch::try_from(std::env::consts::ARCH).is_ok();
        assert_eq!(program().unwrap().is_some(), known);
    }
}

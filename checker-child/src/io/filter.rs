//! The seccomp filter of the checker and of every script that it runs.
//!
//! An allow-list is not possible: scripts inherit the filter and may be any program. So this is
//! the list of calls that no check needs and that an attacker would like: all that changes the
//! system as a whole, looks into other processes, becomes somebody else, or reaches rarely used,
//! often broken parts of the kernel. Most of them want a capability that nobody here has; the
//! filter keeps the code behind them out of reach as well.
//!
//! A forbidden call fails as it fails for an unprivileged user (mostly EPERM) instead of killing:
//! libraries probe for some of them, and a check must not fail for the asking. The one exception
//! is a call of another architecture (32-bit programs), which kills, since its numbers mean other
//! calls.

use nix::libc;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen as Length, SeccompCmpOp as Is,
    SeccompCondition as Condition, SeccompFilter, SeccompRule, TargetArch,
};
use std::collections::BTreeMap;

/// Which calls of one system call are forbidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// All.
    Always,
    /// Those where one of these groups of conditions holds completely.
    Any(&'static [&'static [Arg]]),
}

/// A condition on one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arg {
    /// The lower 32 bits are this.
    Is(u8, u32),
    /// The lower 32 bits are not this.
    Not(u8, u32),
    /// These bits have this value.
    Bits(u8, u32, u32),
    /// Not our own user number.
    NotOwnUser(u8),
    /// Not our own group number.
    NotOwnGroup(u8),
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// Name of the call.
    pub(crate) name: &'static str,
    /// Its number on this architecture.
    pub(crate) number: libc::c_long,
    /// Which calls.
    pub(crate) when: When,
    /// The error that they end with.
    pub(crate) errno: i32,
    /// Why.
    pub(crate) reason: &'static str,
}

/// Whose numbers setuid and the like may set: our own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own {
    /// User.
    pub(crate) uid: u32,
    /// Group.
    pub(crate) gid: u32,
}

macro_rules! row {
    ($name:ident, $errno:ident, $reason:expr) => {
        row!($name, When::Always, $errno, $reason)
    };
    ($name:ident, $when:expr, $errno:ident, $reason:expr) => {
        Row {
            name: stringify!($name),
            number: libc::$name,
            when: $when,
            errno: libc::$errno,
            reason: $reason,
        }
    };
}

/// Puts a bit pattern of the C headers where an unsigned number is wanted.
const fn bits(value: i32) -> u32 {
    u32::from_ne_bytes(value.to_ne_bytes())
}

const UNCHANGED: u32 = u32::MAX;
const IDENTITY: &str = "nobody becomes somebody else; setting the own number (ping does) is fine";
const OTHERS: &str = "looks into or controls other processes";
const MOUNTS: &str = "changes what is mounted where";
const MODULES: &str = "loads code into the kernel";
const NAMESPACES: &str = "a user namespace gives capabilities over much of the kernel";
const CLOCK: &str = "sets the clock; reading it by adjtimex stays";
const SYSTEM: &str = "acts on the whole machine";
const KEYS: &str = "no check needs the kernel's key rings";
const RINGS: &str = "io_uring does system calls that no filter sees";
const HANDLES: &str = "opens files past the permissions of their directories";
const PORTS: &str = "talks to the hardware";
const ATTACK: &str = "a large part of the kernel, known for its weaknesses, that no check needs";

/// socket(2): type without its flags.
const TYPE: u32 = 0xf;
/// `ioctl` TIOCLINUX, which libc does not have.
const TIOCLINUX: u32 = 0x541c;

/// The table. Rows with the same error become one filter.
pub(crate) const TABLE: &[Row] = &[
    row!(
        SYS_setuid,
        When::Any(&[&[Arg::NotOwnUser(0)]]),
        EPERM,
        IDENTITY
    ),
    row!(
        SYS_setgid,
        When::Any(&[&[Arg::NotOwnGroup(0)]]),
        EPERM,
        IDENTITY
    ),
    row!(
        SYS_setreuid,
        When::Any(&[
            &[Arg::NotOwnUser(0), Arg::Not(0, UNCHANGED)],
            &[Arg::NotOwnUser(1), Arg::Not(1, UNCHANGED)],
        ]),
        EPERM,
        IDENTITY
    ),
    row!(
        SYS_setregid,
        When::Any(&[
            &[Arg::NotOwnGroup(0), Arg::Not(0, UNCHANGED)],
            &[Arg::NotOwnGroup(1), Arg::Not(1, UNCHANGED)],
        ]),
        EPERM,
        IDENTITY
    ),
    row!(
        SYS_setresuid,
        When::Any(&[
            &[Arg::NotOwnUser(0), Arg::Not(0, UNCHANGED)],
            &[Arg::NotOwnUser(1), Arg::Not(1, UNCHANGED)],
            &[Arg::NotOwnUser(2), Arg::Not(2, UNCHANGED)],
        ]),
        EPERM,
        IDENTITY
    ),
    row!(
        SYS_setresgid,
        When::Any(&[
            &[Arg::NotOwnGroup(0), Arg::Not(0, UNCHANGED)],
            &[Arg::NotOwnGroup(1), Arg::Not(1, UNCHANGED)],
            &[Arg::NotOwnGroup(2), Arg::Not(2, UNCHANGED)],
        ]),
        EPERM,
        IDENTITY
    ),
    row!(
        SYS_setfsuid,
        When::Any(&[&[Arg::NotOwnUser(0), Arg::Not(0, UNCHANGED)]]),
        EPERM,
        IDENTITY
    ),
    row!(
        SYS_setfsgid,
        When::Any(&[&[Arg::NotOwnGroup(0), Arg::Not(0, UNCHANGED)]]),
        EPERM,
        IDENTITY
    ),
    row!(SYS_setgroups, EPERM, IDENTITY),
    row!(SYS_ptrace, EPERM, OTHERS),
    row!(SYS_process_vm_readv, EPERM, OTHERS),
    row!(SYS_process_vm_writev, EPERM, OTHERS),
    row!(SYS_process_madvise, EPERM, OTHERS),
    row!(SYS_pidfd_getfd, EPERM, OTHERS),
    row!(SYS_kcmp, EPERM, OTHERS),
    row!(SYS_mount, EPERM, MOUNTS),
    row!(SYS_umount2, EPERM, MOUNTS),
    row!(SYS_pivot_root, EPERM, MOUNTS),
    row!(SYS_chroot, EPERM, MOUNTS),
    row!(SYS_open_tree, EPERM, MOUNTS),
    row!(SYS_move_mount, EPERM, MOUNTS),
    row!(SYS_mount_setattr, EPERM, MOUNTS),
    row!(SYS_fsopen, EPERM, MOUNTS),
    row!(SYS_fsconfig, EPERM, MOUNTS),
    row!(SYS_fsmount, EPERM, MOUNTS),
    row!(SYS_fspick, EPERM, MOUNTS),
    row!(SYS_unshare, EPERM, NAMESPACES),
    row!(SYS_setns, EPERM, NAMESPACES),
    row!(
        SYS_clone,
        When::Any(&[
            &[Arg::Bits(
                0,
                bits(libc::CLONE_NEWUSER),
                bits(libc::CLONE_NEWUSER)
            )],
            &[Arg::Bits(
                0,
                bits(libc::CLONE_NEWNS),
                bits(libc::CLONE_NEWNS)
            )],
            &[Arg::Bits(
                0,
                bits(libc::CLONE_NEWNET),
                bits(libc::CLONE_NEWNET)
            )],
            &[Arg::Bits(
                0,
                bits(libc::CLONE_NEWPID),
                bits(libc::CLONE_NEWPID)
            )],
            &[Arg::Bits(
                0,
                bits(libc::CLONE_NEWIPC),
                bits(libc::CLONE_NEWIPC)
            )],
            &[Arg::Bits(
                0,
                bits(libc::CLONE_NEWUTS),
                bits(libc::CLONE_NEWUTS)
            )],
            &[Arg::Bits(
                0,
                bits(libc::CLONE_NEWCGROUP),
                bits(libc::CLONE_NEWCGROUP)
            )],
        ]),
        EPERM,
        NAMESPACES
    ),
    row!(
        SYS_clone3,
        ENOSYS,
        "its flags lie behind a pointer that no filter can follow; the C library falls back to clone"
    ),
    row!(SYS_init_module, EPERM, MODULES),
    row!(SYS_finit_module, EPERM, MODULES),
    row!(SYS_delete_module, EPERM, MODULES),
    row!(SYS_kexec_load, EPERM, MODULES),
    row!(SYS_kexec_file_load, EPERM, MODULES),
    row!(SYS_bpf, EPERM, ATTACK),
    row!(SYS_perf_event_open, EPERM, ATTACK),
    row!(SYS_userfaultfd, EPERM, ATTACK),
    row!(SYS_fanotify_init, EPERM, ATTACK),
    row!(SYS_lookup_dcookie, EPERM, ATTACK),
    row!(SYS_add_key, EPERM, KEYS),
    row!(SYS_request_key, EPERM, KEYS),
    row!(SYS_keyctl, EPERM, KEYS),
    row!(SYS_io_uring_setup, ENOSYS, RINGS),
    row!(SYS_io_uring_enter, ENOSYS, RINGS),
    row!(SYS_io_uring_register, ENOSYS, RINGS),
    row!(SYS_open_by_handle_at, EPERM, HANDLES),
    row!(SYS_settimeofday, EPERM, CLOCK),
    row!(SYS_clock_settime, EPERM, CLOCK),
    row!(SYS_reboot, EPERM, SYSTEM),
    row!(SYS_swapon, EPERM, SYSTEM),
    row!(SYS_swapoff, EPERM, SYSTEM),
    row!(SYS_acct, EPERM, SYSTEM),
    row!(SYS_quotactl, EPERM, SYSTEM),
    row!(SYS_sethostname, EPERM, SYSTEM),
    row!(SYS_setdomainname, EPERM, SYSTEM),
    row!(SYS_vhangup, EPERM, SYSTEM),
    #[cfg(target_arch = "x86_64")]
    row!(SYS_ioperm, EPERM, PORTS),
    #[cfg(target_arch = "x86_64")]
    row!(SYS_iopl, EPERM, PORTS),
    row!(
        SYS_ioctl,
        When::Any(&[&[Arg::Is(1, TIOCSTI)], &[Arg::Is(1, TIOCLINUX)]]),
        EPERM,
        "types into the terminal that the daemon was started from"
    ),
    row!(
        SYS_socket,
        When::Any(&[
            &[
                Arg::Is(0, bits(libc::AF_INET)),
                Arg::Bits(1, TYPE, bits(libc::SOCK_RAW)),
            ],
            &[
                Arg::Is(0, bits(libc::AF_INET6)),
                Arg::Bits(1, TYPE, bits(libc::SOCK_RAW)),
            ],
            &[
                Arg::Is(0, bits(libc::AF_NETLINK)),
                Arg::Not(2, bits(libc::NETLINK_ROUTE)),
            ],
        ]),
        EPERM,
        "raw packets; of netlink only routes and addresses may be asked for (getaddrinfo, ip)"
    ),
    row!(
        SYS_socket,
        When::Any(&[&[
            Arg::Not(0, bits(libc::AF_UNIX)),
            Arg::Not(0, bits(libc::AF_INET)),
            Arg::Not(0, bits(libc::AF_INET6)),
            Arg::Not(0, bits(libc::AF_NETLINK)),
        ]]),
        EAFNOSUPPORT,
        "packet sockets and the many families that no check needs"
    ),
];

/// `ioctl` TIOCSTI; the type of libc's constant differs between C libraries.
const TIOCSTI: u32 = 0x5412;

/// Numbers of the x32 interface, which passes the check of the architecture on x86_64.
#[cfg(target_arch = "x86_64")]
const X32: Option<i64> = Some(0x4000_0000);
#[cfg(not(target_arch = "x86_64"))]
const X32: Option<i64> = None;

/// A filter that cannot be made or installed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilterError {
    /// One line of the table is wrong.
    #[error("rule for {name} ({reason})")]
    Row {
        /// Of which call.
        name: &'static str,
        /// Why it is there.
        reason: &'static str,
        /// What is wrong.
        source: BackendError,
    },
    /// The whole is wrong, or the kernel refused it.
    #[error(transparent)]
    Whole(#[from] seccompiler::Error),
}

/// The filters, one for each error, or `None` where seccompiler does not know the architecture.
pub(crate) fn programs(own: Own) -> Result<Option<Vec<BpfProgram>>, FilterError> {
    let Ok(architecture) = TargetArch::try_from(std::env::consts::ARCH) else {
        return Ok(None);
    };
    let mut by_errno: BTreeMap<i32, BTreeMap<i64, Vec<SeccompRule>>> = BTreeMap::new();
    for row in TABLE {
        let rules = by_errno.entry(row.errno).or_default();
        for number in numbers(row) {
            rules.entry(number).or_default().extend(row.rules(own)?);
        }
    }
    let filters = by_errno.into_iter().map(|(errno, rules)| {
        let filter = SeccompFilter::new(
            rules,
            SeccompAction::Allow,
            SeccompAction::Errno(bits(errno)),
            architecture,
        );
        let program = filter.and_then(BpfProgram::try_from);
        program.map_err(|source| FilterError::Whole(source.into()))
    });
    filters.collect::<Result<_, _>>().map(Some)
}

/// Confines this thread, and what it starts from now on. False where there is no filter for this
/// architecture.
pub(crate) fn install(own: Own) -> Result<bool, FilterError> {
    let Some(programs) = programs(own)? else {
        return Ok(false);
    };
    for program in &programs {
        seccompiler::apply_filter(program)?;
    }
    Ok(true)
}

fn numbers(row: &Row) -> impl Iterator<Item = i64> {
    let number = row.number;
    std::iter::once(number).chain(X32.map(|bit| number | bit))
}

impl Row {
    fn rules(&self, own: Own) -> Result<Vec<SeccompRule>, FilterError> {
        let When::Any(groups) = self.when else {
            return Ok(Vec::new());
        };
        let rules = groups.iter().map(|group| {
            let conditions = group.iter().map(|arg| arg.condition(own));
            SeccompRule::new(conditions.collect::<Result<_, _>>()?)
        });
        rules
            .collect::<Result<_, BackendError>>()
            .map_err(|source| FilterError::Row {
                name: self.name,
                reason: self.reason,
                source,
            })
    }
}

impl Arg {
    fn condition(self, own: Own) -> Result<Condition, BackendError> {
        let (index, is, value) = match self {
            Self::Is(index, value) => (index, Is::Eq, value),
            Self::Not(index, value) => (index, Is::Ne, value),
            Self::Bits(index, mask, value) => (index, Is::MaskedEq(u64::from(mask)), value),
            Self::NotOwnUser(index) => (index, Is::Ne, own.uid),
            Self::NotOwnGroup(index) => (index, Is::Ne, own.gid),
        };
        Condition::new(index, Length::Dword, is, u64::from(value))
    }
}

//! The system calls that this process may make from its first byte of configuration on. A call or an
//! argument that no row allows kills the process, and the parent starts the next one.
//!
//! Tests take this file by its path, so it knows nothing of the rest of the binary.

use nix::libc;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};
use std::collections::BTreeMap;

/// What an argument has to be. Arguments are counted from 0; their lower 32 bits are compared, which
/// is all that the kernel looks at for those that occur here.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Condition {
    /// Exactly this.
    Is(u8, i32),
    /// These bits (mask, value); the others do not matter.
    Bits(u8, i32, i32),
}

/// One row: a call is allowed when all conditions of one of its rows hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// Number of the call.
    pub(crate) call: libc::c_long,
    /// Conditions on its arguments.
    pub(crate) conditions: &'static [Condition],
}

/// Each row says what it is needed for.
const fn row(call: libc::c_long, conditions: &'static [Condition], _reason: &'static str) -> Row {
    Row { call, conditions }
}

use Condition::{Bits, Is};

/// Bits of the second argument of `socket` that hold the type; others are flags.
const TYPE: i32 = 0xf;
const VRRP: i32 = 112;
const AH: i32 = 51;

/// Rows of all architectures.
const COMMON: &[Row] = &[
    row(
        libc::SYS_epoll_ctl,
        &[],
        "sockets come and go with interfaces and reloads",
    ),
    row(libc::SYS_timerfd_settime, &[], "deadline of the engine"),
    row(libc::SYS_read, &[], "signalfd"),
    row(
        libc::SYS_recvmsg,
        &[],
        "adverts, messages of the parent, getifaddrs",
    ),
    row(
        libc::SYS_sendmsg,
        &[Bits(2, libc::MSG_FASTOPEN, 0)],
        "adverts, messages to the parent, with the sockets of checks; connects nothing",
    ),
    row(libc::SYS_recvfrom, &[], "netlink"),
    row(
        libc::SYS_sendto,
        &[Bits(3, libc::MSG_FASTOPEN, 0)],
        "netlink, gratuitous ARP, getifaddrs; connects nothing",
    ),
    row(
        libc::SYS_close,
        &[],
        "sockets of interfaces that are gone, getifaddrs",
    ),
    row(
        libc::SYS_socket,
        &[
            Is(0, libc::AF_INET),
            Bits(1, TYPE, libc::SOCK_RAW),
            Is(2, VRRP),
        ],
        "VRRP over IPv4",
    ),
    row(
        libc::SYS_socket,
        &[
            Is(0, libc::AF_INET),
            Bits(1, TYPE, libc::SOCK_RAW),
            Is(2, AH),
        ],
        "VRRP behind an authentication header over IPv4",
    ),
    row(
        libc::SYS_socket,
        &[
            Is(0, libc::AF_INET6),
            Bits(1, TYPE, libc::SOCK_RAW),
            Is(2, VRRP),
        ],
        "VRRP over IPv6",
    ),
    row(
        libc::SYS_socket,
        &[
            Is(0, libc::AF_INET6),
            Bits(1, TYPE, libc::SOCK_RAW),
            Is(2, AH),
        ],
        "VRRP behind an authentication header over IPv6",
    ),
    row(
        libc::SYS_socket,
        &[
            Is(0, libc::AF_PACKET),
            Bits(1, TYPE, libc::SOCK_RAW),
            Is(2, 0),
        ],
        "gratuitous ARP; protocol 0 receives nothing",
    ),
    row(
        libc::SYS_socket,
        &[
            Is(0, libc::AF_NETLINK),
            Bits(1, TYPE, libc::SOCK_RAW),
            Is(2, libc::NETLINK_ROUTE),
        ],
        "getifaddrs",
    ),
    row(
        libc::SYS_socket,
        &[
            Is(0, libc::AF_INET),
            Bits(1, TYPE, libc::SOCK_STREAM),
            Is(2, libc::IPPROTO_TCP),
        ],
        "checks with a mark: only made here, never connected",
    ),
    row(
        libc::SYS_socket,
        &[
            Is(0, libc::AF_INET6),
            Bits(1, TYPE, libc::SOCK_STREAM),
            Is(2, libc::IPPROTO_TCP),
        ],
        "checks with a mark: only made here, never connected",
    ),
    row(
        libc::SYS_socket,
        &[
            Is(0, libc::AF_INET),
            Bits(1, TYPE, libc::SOCK_DGRAM),
            Is(2, libc::IPPROTO_UDP),
        ],
        "checks with a mark",
    ),
    row(
        libc::SYS_socket,
        &[
            Is(0, libc::AF_INET6),
            Bits(1, TYPE, libc::SOCK_DGRAM),
            Is(2, libc::IPPROTO_UDP),
        ],
        "checks with a mark",
    ),
    row(
        libc::SYS_socket,
        &[
            Is(0, libc::AF_INET),
            Bits(1, TYPE, libc::SOCK_DGRAM),
            Is(2, libc::IPPROTO_ICMP),
        ],
        "checks with a mark by ping",
    ),
    row(
        libc::SYS_socket,
        &[
            Is(0, libc::AF_INET6),
            Bits(1, TYPE, libc::SOCK_DGRAM),
            Is(2, libc::IPPROTO_ICMPV6),
        ],
        "checks with a mark by ping",
    ),
    row(libc::SYS_bind, &[], "getifaddrs"),
    row(libc::SYS_getsockname, &[], "getifaddrs"),
    row(
        libc::SYS_setsockopt,
        &[Is(1, libc::SOL_SOCKET), Is(2, libc::SO_ATTACH_FILTER)],
        "receiving sockets hear their interface, sending ones nothing",
    ),
    row(
        libc::SYS_setsockopt,
        &[Is(1, libc::SOL_SOCKET), Is(2, SO_BINDTOIFINDEX)],
        "receiving sockets hear their interface",
    ),
    row(
        libc::SYS_setsockopt,
        &[Is(1, libc::SOL_SOCKET), Is(2, libc::SO_MARK)],
        "checks with a mark",
    ),
    row(
        libc::SYS_setsockopt,
        &[Is(1, libc::SOL_SOCKET), Is(2, libc::SO_BINDTODEVICE)],
        "checks with a mark on an interface, which they name",
    ),
    row(
        libc::SYS_setsockopt,
        &[Is(1, libc::SOL_SOCKET), Is(2, libc::SO_PRIORITY)],
        "adverts go before other traffic",
    ),
    row(
        libc::SYS_setsockopt,
        &[Is(1, libc::SOL_SOCKET), Is(2, libc::SO_RCVBUFFORCE)],
        "bursts of adverts",
    ),
    row(
        libc::SYS_setsockopt,
        &[Is(1, libc::SOL_IP), Is(2, libc::IP_HDRINCL)],
        "adverts are sent with their IP header",
    ),
    row(
        libc::SYS_setsockopt,
        &[Is(1, libc::SOL_IP), Is(2, libc::IP_PKTINFO)],
        "interface and destination of received adverts",
    ),
    row(
        libc::SYS_setsockopt,
        &[Is(1, libc::SOL_IP), Is(2, libc::IP_MULTICAST_LOOP)],
        "own adverts do not come back",
    ),
    row(
        libc::SYS_setsockopt,
        &[Is(1, libc::SOL_IP), Is(2, libc::IP_MULTICAST_ALL)],
        "no groups that other programs joined",
    ),
    row(
        libc::SYS_setsockopt,
        &[Is(1, libc::SOL_IP), Is(2, libc::IP_ADD_MEMBERSHIP)],
        "the group of the adverts",
    ),
    row(
        libc::SYS_setsockopt,
        &[Is(1, libc::SOL_IP), Is(2, libc::IP_DROP_MEMBERSHIP)],
        "a group that a reload took away",
    ),
    row(
        libc::SYS_setsockopt,
        &[Is(1, libc::SOL_IPV6), Is(2, libc::IPV6_RECVPKTINFO)],
        "interface and destination of received adverts",
    ),
    row(
        libc::SYS_setsockopt,
        &[Is(1, libc::SOL_IPV6), Is(2, libc::IPV6_RECVHOPLIMIT)],
        "hop limit of received adverts",
    ),
    row(
        libc::SYS_setsockopt,
        &[Is(1, libc::SOL_IPV6), Is(2, libc::IPV6_MULTICAST_LOOP)],
        "own adverts do not come back",
    ),
    row(
        libc::SYS_setsockopt,
        &[Is(1, libc::SOL_IPV6), Is(2, libc::IPV6_TCLASS)],
        "adverts are marked as network control",
    ),
    row(
        libc::SYS_setsockopt,
        &[Is(1, libc::SOL_IPV6), Is(2, libc::IPV6_ADD_MEMBERSHIP)],
        "the group of the adverts",
    ),
    row(
        libc::SYS_setsockopt,
        &[Is(1, libc::SOL_IPV6), Is(2, libc::IPV6_DROP_MEMBERSHIP)],
        "a group that a reload took away",
    ),
    row(
        libc::SYS_restart_syscall,
        &[],
        "a wait goes on after SIGSTOP and SIGCONT",
    ),
    row(
        libc::SYS_clock_gettime,
        &[],
        "the clock where the kernel has no vDSO for it",
    ),
    row(libc::SYS_brk, &[], "memory"),
    row(
        libc::SYS_mmap,
        &[Bits(2, libc::PROT_EXEC, 0)],
        "memory, never code",
    ),
    row(libc::SYS_mremap, &[], "memory"),
    row(libc::SYS_munmap, &[], "memory"),
    row(
        libc::SYS_mprotect,
        &[Bits(2, libc::PROT_EXEC, 0)],
        "memory of the load balancer's thread, never code",
    ),
    row(
        libc::SYS_futex,
        &[Bits(1, libc::FUTEX_PRIVATE_FLAG, libc::FUTEX_PRIVATE_FLAG)],
        "the allocator's locks between both threads",
    ),
    row(
        libc::SYS_madvise,
        &[],
        "memory in huge pages, where glibc is tuned so",
    ),
    row(
        libc::SYS_getrandom,
        &[],
        "seeds of hash maps in the standard library",
    ),
    row(
        libc::SYS_write,
        &[Is(0, libc::STDERR_FILENO)],
        "message of a panic or a fatal error",
    ),
    row(libc::SYS_rt_sigprocmask, &[], "abort"),
    row(libc::SYS_gettid, &[], "abort"),
    row(libc::SYS_getpid, &[], "abort"),
    row(libc::SYS_tgkill, &[Is(2, libc::SIGABRT)], "abort"),
    row(
        libc::SYS_tgkill,
        &[Is(2, libc::SIGSEGV)],
        "die by a signal that was sent",
    ),
    row(
        libc::SYS_tgkill,
        &[Is(2, libc::SIGBUS)],
        "die by a signal that was sent",
    ),
    row(
        libc::SYS_rt_sigaction,
        &[Is(0, libc::SIGSEGV)],
        "die by a signal that was sent",
    ),
    row(
        libc::SYS_rt_sigaction,
        &[Is(0, libc::SIGBUS)],
        "die by a signal that was sent",
    ),
    row(libc::SYS_sigaltstack, &[], "end of the main thread"),
    row(libc::SYS_exit_group, &[], "end"),
];

/// asm-generic/socket.h; the same on all architectures of [`target`].
const SO_BINDTOIFINDEX: i32 = 62;

#[cfg(target_arch = "x86_64")]
const OF_THIS_ARCHITECTURE: &[Row] = &[
    row(libc::SYS_epoll_wait, &[], "the loop"),
    row(libc::SYS_poll, &[], "waiting for the configuration"),
];

#[cfg(not(target_arch = "x86_64"))]
const OF_THIS_ARCHITECTURE: &[Row] = &[
    row(libc::SYS_epoll_pwait, &[], "the loop"),
    row(libc::SYS_ppoll, &[], "waiting for the configuration"),
];

/// The standard library looks whether a descriptor is open before it closes it, in debug builds.
const OF_THIS_BUILD: &[Row] = if cfg!(debug_assertions) {
    &[row(libc::SYS_fcntl, &[Is(1, libc::F_GETFD)], "close")]
} else {
    &[]
};

/// All rows.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    COMMON
        .iter()
        .chain(OF_THIS_ARCHITECTURE)
        .chain(OF_THIS_BUILD)
}

/// The architecture, where seccompiler knows it.
pub(crate) fn target() -> Option<TargetArch> {
    TargetArch::try_from(std::env::consts::ARCH).ok()
}

/// The filter as the kernel takes it.
pub(crate) fn program<'a>(
    rows: impl Iterator<Item = &'a Row>,
    target: TargetArch,
) -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for row in rows {
        let alternatives = rules.entry(row.call).or_default();
        // A call without any rule is allowed whatever its arguments are.
        if !row.conditions.is_empty() {
            let conditions = row.conditions.iter().map(Condition::compile);
            alternatives.push(SeccompRule::new(conditions.collect::<Result<_, _>>()?)?);
        }
    }
    SeccompFilter::new(
        rules,
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        target,
    )?
    .try_into()
}

impl Condition {
    fn compile(&self) -> Result<SeccompCondition, BackendError> {
        let (argument, operator, value) = match *self {
            Is(argument, value) => (argument, SeccompCmpOp::Eq, value),
            Bits(argument, mask, value) => {
                let mask = u64::from(mask.cast_unsigned());
                (argument, SeccompCmpOp::MaskedEq(mask), value)
            }
        };
        let value = u64::from(value.cast_unsigned());
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
    }
}

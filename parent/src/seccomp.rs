//! System calls that the parent, its children and its scripts never need. They fail with EPERM: a
//! script gets an error and does not die. The children have filters of their own, far narrower.

use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};
use std::collections::BTreeMap;

/// One call, or one use of it, that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied {
    /// Its number.
    pub number: i64,
    /// Its name.
    pub name: &'static str,
    /// Which uses.
    pub uses: Uses,
    /// Why nobody here needs it.
    pub reason: &'static str,
}

/// Which uses of a call are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uses {
    /// All.
    All,
    /// Those with one of these bits in that argument.
    AnyBit {
        /// Number of the argument, from 0.
        argument: u8,
        /// The bits.
        bits: &'static [u64],
    },
}

macro_rules! denied {
    ($($call:ident $name:literal: $reason:literal;)*) => {
        &[$(Denied { number: libc::$call, name: $name, uses: Uses::All, reason: $reason },)*]
    };
}

/// Calls that are refused altogether.
const CALLS: &[Denied] = denied! {
    SYS_ptrace "ptrace": "nobody here debugs; it reads and steers other processes";
    SYS_process_vm_readv "process_vm_readv": "reads the memory of others, passwords included";
    SYS_process_vm_writev "process_vm_writev": "writes the memory of others";
    SYS_kcmp "kcmp": "compares what other processes have open";
    SYS_pidfd_getfd "pidfd_getfd": "takes the descriptors of others";
    SYS_kexec_load "kexec_load": "replaces the kernel";
    SYS_init_module "init_module": "the kernel loads modules on its own where it needs them";
    SYS_finit_module "finit_module": "as above";
    SYS_delete_module "delete_module": "no module is unloaded";
    SYS_bpf "bpf": "no program is loaded into the kernel";
    SYS_perf_event_open "perf_event_open": "nothing is traced; a large attack surface";
    SYS_userfaultfd "userfaultfd": "used to win races in the kernel, not by daemons";
    SYS_mount "mount": "nothing is mounted";
    SYS_umount2 "umount2": "nothing is unmounted";
    SYS_pivot_root "pivot_root": "the root stays";
    SYS_chroot "chroot": "the root stays";
    SYS_fsopen "fsopen": "nothing is mounted";
    SYS_fsconfig "fsconfig": "nothing is mounted";
    SYS_fsmount "fsmount": "nothing is mounted";
    SYS_fspick "fspick": "nothing is mounted";
    SYS_move_mount "move_mount": "nothing is mounted";
    SYS_open_tree "open_tree": "nothing is mounted";
    SYS_mount_setattr "mount_setattr": "nothing is mounted";
    SYS_swapon "swapon": "swap is none of our business";
    SYS_swapoff "swapoff": "swap is none of our business";
    SYS_reboot "reboot": "the machine stays up";
    SYS_settimeofday "settimeofday": "the clock is none of our business";
    SYS_clock_settime "clock_settime": "the clock is none of our business";
    SYS_adjtimex "adjtimex": "the clock is none of our business";
    SYS_clock_adjtime "clock_adjtime": "the clock is none of our business";
    SYS_add_key "add_key": "no kernel keys are used; a large attack surface";
    SYS_request_key "request_key": "as above";
    SYS_keyctl "keyctl": "as above";
    SYS_open_by_handle_at "open_by_handle_at": "opens files past every directory's permissions";
    SYS_name_to_handle_at "name_to_handle_at": "prepares the above";
    SYS_io_uring_setup "io_uring_setup": "does what a filter forbids, unseen by the filter";
    SYS_io_uring_enter "io_uring_enter": "as above";
    SYS_io_uring_register "io_uring_register": "as above";
    SYS_unshare "unshare": "no new namespaces, above all none of users";
    SYS_setns "setns": "nobody leaves the namespaces that he was started in";
    SYS_personality "personality": "switches protections of the memory off";
    SYS_acct "acct": "process accounting is none of our business";
    SYS_quotactl "quotactl": "quotas are none of our business";
    SYS_lookup_dcookie "lookup_dcookie": "a profiler's call";
    SYS_vhangup "vhangup": "terminals are none of our business";
    SYS_sethostname "sethostname": "the name of the host stays";
    SYS_setdomainname "setdomainname": "the name of the host stays";
    SYS_syslog "syslog": "reads and clears the kernel's log, which tells addresses of its memory";
    SYS_nfsservctl "nfsservctl": "gone from the kernel long ago";
    SYS_mbind "mbind": "placement of memory is not ours to choose; often attacked";
    SYS_migrate_pages "migrate_pages": "as above, for other processes";
    SYS_move_pages "move_pages": "as above, for other processes";
    SYS_fanotify_init "fanotify_init": "nobody watches the files of others";
};

/// Calls that not every architecture has, most of them older than the 64-bit ARM interface.
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: &[Denied] = denied! {
    SYS_kexec_file_load "kexec_file_load": "replaces the kernel";
    SYS_iopl "iopl": "no hardware is driven from here";
    SYS_ioperm "ioperm": "no hardware is driven from here";
    SYS_modify_ldt "modify_ldt": "segments are for emulators; often attacked";
    SYS_uselib "uselib": "libraries of the nineties";
    SYS_ustat "ustat": "replaced long ago";
    SYS_sysfs "sysfs": "replaced long ago";
    SYS__sysctl "_sysctl": "gone from the kernel";
};
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: &[Denied] = denied! {
    SYS_kexec_file_load "kexec_file_load": "replaces the kernel";
};
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const ARCHITECTURE: &[Denied] = &[];

/// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (sched.h).
const NEW_NAMESPACE: &[u64] = &[
    0x0002_0000,
    0x0200_0000,
    0x0400_0000,
    0x0800_0000,
    0x1000_0000,
    0x2000_0000,
    0x4000_0000,
];

/// Uses of calls that are needed otherwise.
const USES: &[Denied] = &[Denied {
    number: libc::SYS_clone,
    name: "clone",
    uses: Uses::AnyBit {
        argument: 0,
        bits: NEW_NAMESPACE,
    },
    reason: "no new namespaces, above all none of users",
}];

/// All rows.
pub fn rows() -> impl Iterator<Item = &'static Denied> {
    CALLS.iter().chain(ARCHITECTURE).chain(USES)
}

/// The flags of clone3 lie in memory, where a filter cannot look. Without it the C library uses
/// clone, whose flags can be seen.
pub const ABSENT: (i64, &str) = (libc::SYS_clone3, "clone3");

/// The filters; none where seccompiler does not know the architecture.
pub fn programs() -> Result<Option<[BpfProgram; 2]>, seccompiler::BackendError> {
    let Ok(architecture) = TargetArch::try_from(std::env::consts::ARCH) else {
        return Ok(None);
    };
    let errno = |code: i32| SeccompAction::Errno(code.unsigned_abs());
    let mut denied: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for row in rows() {
        for number in numbers(row.number) {
            denied.insert(number, conditions(row.uses)?);
        }
    }
    let filter = |rules, action| {
        SeccompFilter::new(rules, SeccompAction::Allow, action, architecture)?.try_into()
    };
    let absent = numbers(ABSENT.0)
        .into_iter()
        .map(|number| (number, Vec::new()))
        .collect();
    Ok(Some([
        filter(denied, errno(libc::EPERM))?,
        filter(absent, errno(libc::ENOSYS))?,
    ]))
}

/// A call and its twins in the x32 interface, which an x86_64 kernel may have: the same number with
/// a bit set, and for some calls a number of its own (asm/unistd_x32.h). A list of what is refused
/// would miss them otherwise.
fn numbers(number: i64) -> Vec<i64> {
    if !cfg!(target_arch = "x86_64") {
        return vec![number];
    }
    let own = X32_NUMBERS.iter().find(|(same, _)| *same == number);
    let twins = own.map(|(_, twin)| *twin).into_iter().chain([number]);
    std::iter::once(number)
        .chain(twins.map(|twin| twin | X32_BIT))
        .collect()
}

const X32_BIT: i64 = 0x4000_0000;
/// Refused calls that have another number in x32.
const X32_NUMBERS: &[(i64, i64)] = &[
    (libc::SYS_ptrace, 521),
    (libc::SYS_kexec_load, 528),
    (libc::SYS_move_pages, 533),
    (libc::SYS_process_vm_readv, 539),
    (libc::SYS_process_vm_writev, 540),
];

fn conditions(uses: Uses) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let Uses::AnyBit { argument, bits } = uses else {
        return Ok(Vec::new());
    };
    bits.iter()
        .map(|bit| {
            let operator = SeccompCmpOp::MaskedEq(*bit);
            let length = SeccompCmpArgLen::Qword;
            SeccompRule::new(vec![SeccompCondition::new(
                argument, length, operator, *bit,
            )?])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const ALLOW: u32 = 0x7fff_0000;
    const ERRNO: u32 = 0x0005_0000;

    /// What a filter says about a call: enough of a BPF machine for what seccompiler writes.
    fn verdict(program: &BpfProgram, number: i64, first: u64) -> u32 {
        let word = |offset: u32| match offset {
            0 => u32::try_from(number).unwrap(),
            4 if cfg!(target_arch = "x86_64") => 0xc000_003e,
            4 => 0xc000_00b7,
            16 => u32::try_from(first & 0xffff_ffff).unwrap(),
            20 => u32::try_from(first >> 32).unwrap(),
            _ => 0,
        };
        let mut accumulator = 0;
        let mut at = 0_usize;
        loop {
            let step = &program[at];
            let taken = match step.code {
                0x20 => {
                    accumulator = word(step.k);
                    0
                }
                0x54 => {
                    accumulator &= step.k;
                    0
                }
                0x05 => usize::try_from(step.k).unwrap(),
                0x15 if accumulator == step.k => usize::from(step.jt),
                0x25 if accumulator > step.k => usize::from(step.jt),
                0x35 if accumulator >= step.k => usize::from(step.jt),
                0x15 | 0x25 | 0x35 => usize::from(step.jf),
                0x06 => return step.k,
                other => panic!("instruction {other:#x}"),
            };
            at = at.saturating_add(taken).saturating_add(1);
        }
    }

    fn filters() -> Option<[BpfProgram; 2]> {
        let filters = programs().unwrap();
        let known = TargetArch::try_from(std::env::consts::ARCH).is_ok();
        assert_eq!(filters.is_some(), known);
        filters
    }

    #[test]
    fn every_call_stands_once_in_the_table_and_has_a_reason() {
        let numbers: BTreeSet<i64> = rows().map(|row| row.number).collect();
        assert_eq!(numbers.len(), rows().count());
        for row in rows() {
            assert!(row.reason.len() >= 8, "{}", row.name);
        }
    }

    #[test]
    fn every_row_is_refused_with_eperm_in_every_interface() {
        let Some([denied, _]) = filters() else { return };
        for row in rows() {
            let firsts = match row.uses {
                Uses::All => &[0][..],
                Uses::AnyBit { bits, .. } => bits,
            };
            for number in numbers(row.number) {
                for first in firsts {
                    let expected = ERRNO | libc::EPERM.unsigned_abs();
                    assert_eq!(verdict(&denied, number, *first), expected, "{}", row.name);
                    assert_eq!(verdict(&denied, number, *first | 0x11), expected);
                }
            }
        }
    }

    #[test]
    fn clone3_is_absent_so_that_clone_is_used() {
        let Some([denied, absent]) = filters() else {
            return;
        };
        let expected = ERRNO | libc::ENOSYS.unsigned_abs();
        assert_eq!(verdict(&absent, libc::SYS_clone3, 0), expected);
        assert_eq!(verdict(&denied, libc::SYS_clone3, 0), ALLOW);
    }

    #[test]
    fn what_daemons_and_scripts_need_is_allowed() {
        let Some([denied, absent]) = filters() else {
            return;
        };
        let vfork = 0x4111;
        let needed = [
            (libc::SYS_read, 0),
            (libc::SYS_execve, 0),
            (libc::SYS_socket, 16),
            (libc::SYS_clone, vfork),
            (libc::SYS_setresuid, 0),
            (libc::SYS_prctl, 0),
            (libc::SYS_seccomp, 0),
            (libc::SYS_kill, 0),
            (libc::SYS_landlock_create_ruleset, 0),
            (libc::SYS_mlockall, 0),
            (libc::SYS_sched_setscheduler, 0),
        ];
        for (number, first) in needed {
            assert_eq!(verdict(&denied, number, first), ALLOW, "{number}");
            assert_eq!(verdict(&absent, number, first), ALLOW, "{number}");
        }
    }
}

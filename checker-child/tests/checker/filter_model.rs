//! The compiled filters do what the table says: a small machine runs them, and a plain reading of
//! the table tells what has to come out.

use crate::filter::{Arg, Own, Row, TABLE, When, programs};
use nix::libc;
use proptest::prelude::*;
use seccompiler::BpfProgram;
use std::collections::BTreeSet;

pub(crate) const OWN: Own = Own {
    uid: 65534,
    gid: 65533,
};
const ALLOW: u32 = 0x7fff_0000;
const ERRNO: u32 = 0x0005_0000;
const KILL: u32 = 0x8000_0000;
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

/// What the kernel shows a filter (struct seccomp_data).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) number: i64,
    pub(crate) architecture: u32,
    pub(crate) arguments: [u64; 6],
}

impl Call {
    pub(crate) fn of(number: i64, arguments: [u64; 6]) -> Self {
        Self {
            number,
            architecture: ARCHITECTURE,
            arguments,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let number = u32::try_from(self.number).unwrap();
        let mut bytes = number.to_le_bytes().to_vec();
        bytes.extend_from_slice(&self.architecture.to_le_bytes());
        bytes.extend_from_slice(&[0; 8]);
        for argument in self.arguments {
            bytes.extend_from_slice(&argument.to_le_bytes());
        }
        bytes
    }
}

/// The instructions of classic BPF that seccompiler uses.
fn run(program: &BpfProgram, call: &Call) -> u32 {
    let data = call.bytes();
    let mut accumulator = 0;
    let mut at = 0;
    loop {
        let instruction = &program[at];
        at += 1;
        let jump = |taken: bool| {
            usize::from(if taken {
                instruction.jt
            } else {
                instruction.jf
            })
        };
        let k = instruction.k;
        match instruction.code {
            0x20 => {
                let from = usize::try_from(k).unwrap();
                let word = data[from..from + 4].try_into().unwrap();
                accumulator = u32::from_le_bytes(word);
            }
            0x54 => accumulator &= k,
            0x05 => at += usize::try_from(k).unwrap(),
            0x15 => at += jump(accumulator == k),
            0x25 => at += jump(accumulator > k),
            0x35 => at += jump(accumulator >= k),
            0x06 => return k,
            other => panic!("instruction {other:#x}"),
        }
    }
}

/// All filters together: the kernel takes the strictest answer.
fn answer(call: &Call) -> u32 {
    let programs = programs(OWN).unwrap().unwrap();
    let answers: Vec<_> = programs.iter().map(|program| run(program, call)).collect();
    for strict in [KILL, ERRNO] {
        if let Some(answer) = answers
            .iter()
            .rev()
            .find(|answer| *answer & 0xffff_0000 == strict)
        {
            return *answer;
        }
    }
    assert!(answers.iter().all(|answer| *answer == ALLOW));
    ALLOW
}

fn holds(arg: Arg, arguments: &[u64; 6]) -> bool {
    let low =
        |index: u8| u32::try_from(arguments[usize::from(index)] & u64::from(u32::MAX)).unwrap();
    match arg {
        Arg::Is(index, value) => low(index) == value,
        Arg::Not(index, value) => low(index) != value,
        Arg::Bits(index, mask, value) => low(index) & mask == value,
        Arg::NotOwnUser(index) => low(index) != OWN.uid,
        Arg::NotOwnGroup(index) => low(index) != OWN.gid,
    }
}

/// Errors that a plain reading of the table gives for a call; empty: it is allowed.
fn by_the_table(call: &Call) -> BTreeSet<i32> {
    let forbids = |row: &&Row| {
        row.number == call.number
            && match row.when {
                When::Always => true,
                When::Any(groups) => groups
                    .iter()
                    .any(|group| group.iter().all(|arg| holds(*arg, &call.arguments))),
            }
    };
    TABLE.iter().filter(forbids).map(|row| row.errno).collect()
}

fn check(call: &Call) {
    let answer = answer(call);
    let errors = by_the_table(call);
    let right = match errors.is_empty() {
        true => answer == ALLOW,
        false => errors
            .iter()
            .any(|errno| answer == ERRNO | u32::try_from(*errno).unwrap()),
    };
    assert!(right, "{call:?}: {answer:#x}, the table says {errors:?}");
}

/// Arguments that fulfil a group of conditions.
fn arguments_for(group: &[Arg]) -> [u64; 6] {
    let mut arguments = [0; 6];
    for index in 0..6_u8 {
        let about: Vec<_> = group
            .iter()
            .filter(|arg| match arg {
                Arg::Is(own, _)
                | Arg::Not(own, _)
                | Arg::Bits(own, ..)
                | Arg::NotOwnUser(own)
                | Arg::NotOwnGroup(own) => *own == index,
            })
            .collect();
        // Something fulfils them all; numbers of the constants and a large one are enough.
        arguments[usize::from(index)] = (0..64)
            .chain((0..32).map(|bit| 1 << bit))
            .chain([0x5412, 0x541c])
            .find(|candidate| {
                let mut all = [0; 6];
                all[usize::from(index)] = *candidate;
                about.iter().all(|arg| holds(**arg, &all))
            })
            .unwrap();
    }
    arguments
}

/// A forbidden call for each group of each row, with the row.
pub(crate) fn forbidden_calls() -> Vec<(&'static Row, Call)> {
    let calls = TABLE.iter().flat_map(|row| {
        let all: Vec<[u64; 6]> = match row.when {
            When::Always => vec![[0; 6]],
            When::Any(groups) => groups.iter().map(|group| arguments_for(group)).collect(),
        };
        all.into_iter()
            .map(move |arguments| (row, Call::of(row.number, arguments)))
    });
    calls.collect()
}

#[test]
fn every_row_forbids_what_it_names() {
    for (row, call) in forbidden_calls() {
        let expected = ERRNO | u32::try_from(row.errno).unwrap();
        assert_eq!(answer(&call), expected, "{} {call:?}", row.name);
    }
}

#[test]
fn every_row_has_a_reason_and_stands_once_per_error() {
    let mut seen = BTreeSet::new();
    for row in TABLE {
        assert!(row.reason.len() > 10, "{}", row.name);
        assert!(seen.insert((row.number, row.errno)), "{} twice", row.name);
    }
}

#[test]
fn a_call_of_another_architecture_kills() {
    let mut call = Call::of(libc::SYS_getpid, [0; 6]);
    call.architecture = 0x4000_0003;
    assert_eq!(answer(&call), KILL);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn the_x32_numbers_are_forbidden_as_well() {
    for (row, call) in forbidden_calls() {
        let x32 = Call::of(call.number | 0x4000_0000, call.arguments);
        let expected = ERRNO | u32::try_from(row.errno).unwrap();
        assert_eq!(answer(&x32), expected, "{}", row.name);
    }
}

#[test]
fn high_halves_of_arguments_do_not_open_a_hole() {
    for (row, mut call) in forbidden_calls() {
        for argument in &mut call.arguments {
            *argument |= 0xdead_beef_0000_0000;
        }
        let expected = ERRNO | u32::try_from(row.errno).unwrap();
        assert_eq!(answer(&call), expected, "{}", row.name);
    }
}

#[test]
fn what_programs_commonly_do_is_allowed() {
    let own = u64::from(OWN.uid);
    let unchanged = u64::from(u32::MAX);
    let rows = [
        (libc::SYS_setuid, [own, 0, 0, 0, 0, 0]),
        (libc::SYS_setresuid, [unchanged, own, unchanged, 0, 0, 0]),
        (libc::SYS_socket, [1, 1, 0, 0, 0, 0]),
        (libc::SYS_socket, [2, 1, 6, 0, 0, 0]),
        (libc::SYS_socket, [10, 2 | 0x80000, 17, 0, 0, 0]),
        (libc::SYS_socket, [2, 2, 1, 0, 0, 0]),
        (libc::SYS_socket, [16, 3 | 0x80000, 0, 0, 0, 0]),
        (libc::SYS_clone, [0x3d0f00, 0, 0, 0, 0, 0]),
        (libc::SYS_clone, [0x4111, 0, 0, 0, 0, 0]),
        (libc::SYS_ioctl, [0, 0x5413, 0, 0, 0, 0]),
        (libc::SYS_execve, [0; 6]),
        (libc::SYS_seccomp, [0; 6]),
        (libc::SYS_prctl, [0; 6]),
    ];
    for (number, arguments) in rows {
        assert_eq!(
            answer(&Call::of(number, arguments)),
            ALLOW,
            "{number} {arguments:?}"
        );
    }
}

fn argument() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        0_u64..20,
        Just(u64::from(OWN.uid)),
        Just(u64::from(OWN.gid)),
        Just(u64::from(u32::MAX)),
        (0_u32..32).prop_map(|bit| 1 << bit),
        Just(0x5412),
        Just(0x80003),
    ]
}

proptest! {
    #[test]
    fn any_call_is_answered_as_the_table_reads(
        row in prop::sample::select(TABLE),
        other in 0_i64..460,
        arguments in prop::array::uniform6(argument()),
    ) {
        check(&Call::of(row.number, arguments));
        check(&Call::of(other, arguments));
    }
}

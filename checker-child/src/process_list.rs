//! Reading what /proc says about processes. Names and arguments are chosen by whoever runs the
//! process, so every byte is possible.

use std::collections::BTreeSet;

/// Bytes of a name that the kernel keeps (TASK_COMM_LEN without the NUL).
const COMM_LENGTH: usize = 15;

/// The part of /proc/PID/stat that is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Name of the main thread, as the kernel keeps it.
    pub comm: Vec<u8>,
    /// State letter.
    pub state: u8,
    /// Its parent.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
}

impl Stat {
    /// False for a process that has ended and waits to be collected.
    pub const fn runs(&self) -> bool {
        !matches!(self.state, b'Z' | b'X' | b'x')
    }
}

/// Reads /proc/PID/stat: `PID (NAME) STATE PARENT GROUP …`, where the name may hold blanks, brackets and
/// line ends. The last closing bracket ends it, since only numbers follow the state letter.
pub fn parse_stat(bytes: &[u8]) -> Option<Stat> {
    let open = bytes.iter().position(|byte| *byte == b'(')?;
    let close = bytes.iter().rposition(|byte| *byte == b')')?;
    let comm = bytes.get(open.checked_add(1)?..close)?.to_vec();
    let mut fields = bytes
        .get(close.checked_add(1)?..)?
        .split(|byte| *byte == b' ')
        .filter(|field| !field.is_empty());
    let [state] = *fields.next()? else {
        return None;
    };
    let parent = number(fields.next()?)?;
    let group = number(fields.next()?)?;
    Some(Stat {
        comm,
        state,
        parent,
        group,
    })
}

fn number(field: &[u8]) -> Option<i32> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

/// The first argument in /proc/PID/cmdline; `None` for a kernel thread or a process that wiped it.
pub fn first_argument(cmdline: &[u8]) -> Option<&[u8]> {
    cmdline
        .split(|byte| *byte == 0)
        .next()
        .filter(|argument| !argument.is_empty())
}

/// What is known about one process when a name is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// From `stat`.
    pub comm: &'a [u8],
    /// The first argument, where there is one.
    pub argument: Option<&'a [u8]>,
    /// The program, where this user may know it.
    pub program: Option<&'a [u8]>,
}

/// True where `killall NAME` or `pidof NAME` would find this process.
///
/// `killall` compares the kernel's name, and behind its 15 bytes the first argument; `pidof`
/// compares the first argument. A name with a slash means the program itself, which only the
/// process's own user may know; for others its last part has to do.
pub fn is_named(candidate: &Candidate<'_>, wanted: &str) -> bool {
    if wanted.is_empty() {
        return false;
    }
    let wanted = wanted.as_bytes();
    if !wanted.contains(&b'/') {
        return has_name(candidate, wanted);
    }
    match candidate.program {
        Some(program) => program == wanted,
        None => candidate.argument == Some(wanted) || has_name(candidate, last_part(wanted)),
    }
}

fn has_name(candidate: &Candidate<'_>, wanted: &[u8]) -> bool {
    if wanted.is_empty() {
        return false;
    }
    let argument = candidate.argument.map(last_part);
    if argument == Some(wanted) {
        return true;
    }
    match wanted.get(..COMM_LENGTH) {
        None => candidate.comm == wanted,
        // The whole of a longer name is only in the first argument. One that begins otherwise (an
        // interpreter, a title) says nothing, and the 15 bytes have to do.
        Some(start) => {
            candidate.comm == start && !argument.is_some_and(|whole| whole.starts_with(start))
        }
    }
}

/// What stands behind the last slash.
fn last_part(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

/// Where a process comes from and belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kin {
    /// Its number.
    pub process: i32,
    /// Its parent.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
}

/// All processes that come from `root`, itself not included.
pub fn descendants(all: &[Kin], root: i32) -> Vec<Kin> {
    let mut found: Vec<Kin> = Vec::new();
    let mut wave = vec![root];
    while !wave.is_empty() {
        let next: Vec<Kin> = all
            .iter()
            .filter(|kin| wave.contains(&kin.parent) && kin.process != root)
            .filter(|kin| found.iter().all(|known| known.process != kin.process))
            .copied()
            .collect();
        wave = next.iter().map(|kin| kin.process).collect();
        found.extend(next);
    }
    found
}

/// What outlived a run that is told to end: children of `us` (we adopt what loses its parent) that
/// belonged to its family, or that were born into one of its groups since.
pub fn survivors(all: &[Kin], us: i32, family: &[Kin]) -> Vec<Kin> {
    let belonged = |kin: &&Kin| {
        family
            .iter()
            .any(|member| member.process == kin.process || member.group == kin.group)
    };
    let adopted = all.iter().filter(|kin| kin.parent == us).filter(belonged);
    adopted
        .flat_map(|kin| {
            let own = std::iter::once(*kin);
            own.chain(descendants(all, kin.process))
        })
        .collect()
}

/// Whom to signal for a family: whole groups, so that nothing slips away by a fork between two
/// signals; single processes where a group is not theirs alone (a script may have joined it).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// Process groups.
    pub groups: BTreeSet<i32>,
    /// Single processes.
    pub processes: BTreeSet<i32>,
}

/// Whom to signal, without touching the groups of others.
pub fn targets(family: &[Kin], others: &BTreeSet<i32>) -> Targets {
    let mut targets = Targets::default();
    for kin in family {
        // Group 0 is that of kernel threads, and 0 and 1 mean something else to kill(2).
        if others.contains(&kin.group) || kin.group <= 1 {
            targets.processes.insert(kin.process);
        } else {
            targets.groups.insert(kin.group);
        }
    }
    targets
        .processes
        .retain(|process| *process > 1 && !others.contains(process));
    targets
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stat(comm: &[u8], state: u8, parent: i32, group: i32) -> Option<Stat> {
        let comm = comm.to_vec();
        Some(Stat {
            comm,
            state,
            parent,
            group,
        })
    }

    #[test]
    fn a_plain_line_is_read() {
        assert_eq!(
            parse_stat(b"812 (nginx) S 1 812 812 0 -1 4194624 123"),
            stat(b"nginx", b'S', 1, 812)
        );
    }

    #[test]
    fn a_name_that_imitates_the_rest_of_the_line_does_not_deceive() {
        assert_eq!(
            parse_stat(b"812 (x) Z 1 (y) ) R 77 812 812"),
            stat(b"x) Z 1 (y) ", b'R', 77, 812)
        );
        assert_eq!(
            parse_stat(b"812 (a\n1 (b) S\xff) S 4 5"),
            stat(b"a\n1 (b) S\xff", b'S', 4, 5)
        );
    }

    #[test]
    fn half_a_line_is_no_process() {
        for text in [
            &b""[..],
            b"812",
            b"812 (nginx",
            b"812 nginx)",
            b")(",
            b"812 (nginx)",
            b"812 (nginx) S",
            b"812 (nginx) SS 1 2",
            b"812 (nginx) S x 2",
            b"812 (nginx) S 1",
            b"812 (nginx) S 1 99999999999",
        ] {
            assert_eq!(parse_stat(text), None, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn a_process_that_has_ended_does_not_run() {
        let runs = b"RSDTtIZXx".map(|state| stat(b"x", state, 1, 1).unwrap().runs());
        assert_eq!(
            runs,
            [true, true, true, true, true, true, false, false, false]
        );
    }

    #[test]
    fn the_first_argument_ends_at_the_nul() {
        assert_eq!(
            first_argument(b"/usr/sbin/nginx\0-g\0"),
            Some(&b"/usr/sbin/nginx"[..])
        );
        assert_eq!(first_argument(b"whole"), Some(&b"whole"[..]));
        assert_eq!(first_argument(b""), None);
        assert_eq!(first_argument(b"\0\0x"), None);
    }

    type Row = (
        &'static str,
        Option<&'static str>,
        Option<&'static str>,
        &'static str,
        bool,
    );

    /// As observed with psmisc 23 and sysvinit-utils 3: each row is (name in the kernel, first
    /// argument, program, wanted, found).
    #[test]
    fn names_are_found_as_killall_and_pidof_find_them() {
        let rows: [Row; 16] = [
            ("nginx", Some("nginx: master process"), None, "nginx", true),
            ("sleep", Some("barname"), None, "sleep", true),
            ("sleep", Some("barname"), None, "barname", true),
            ("haproxy", Some("/usr/sbin/haproxy"), None, "hapro", false),
            ("haproxy", None, None, "haproxy", true),
            (
                "averyveryverylo",
                Some("/x/averyveryverylongname"),
                None,
                "averyveryverylongname",
                true,
            ),
            (
                "averyveryverylo",
                Some("/x/averyveryverylongname"),
                None,
                "averyveryverylongnaXX",
                false,
            ),
            (
                "averyveryverylo",
                Some("/x/averyveryverylongname"),
                None,
                "averyveryverylo",
                false,
            ),
            (
                "averyveryverylo",
                Some("/bin/sh"),
                None,
                "averyveryverylongname",
                true,
            ),
            ("averyveryverylo", None, None, "averyveryverylongname", true),
            (
                "nginx",
                Some("nginx"),
                Some("/usr/sbin/nginx"),
                "/usr/sbin/nginx",
                true,
            ),
            (
                "nginx",
                Some("nginx"),
                Some("/tmp/nginx"),
                "/usr/sbin/nginx",
                false,
            ),
            (
                "nginx",
                Some("nginx: master"),
                None,
                "/usr/sbin/nginx",
                true,
            ),
            ("sh", Some("sh"), None, "/", false),
            ("sh", Some("/"), None, "", false),
            ("sh", Some("sh"), None, "SH", false),
        ];
        for (comm, argument, program, wanted, found) in rows {
            let candidate = Candidate {
                comm: comm.as_bytes(),
                argument: argument.map(str::as_bytes),
                program: program.map(str::as_bytes),
            };
            assert_eq!(is_named(&candidate, wanted), found, "{comm} {wanted}");
        }
    }

    fn kin(list: &[(i32, i32, i32)]) -> Vec<Kin> {
        let rows = list.iter().copied();
        rows.map(|(process, parent, group)| Kin {
            process,
            parent,
            group,
        })
        .collect()
    }

    fn numbers(list: &[Kin]) -> Vec<i32> {
        list.iter().map(|kin| kin.process).collect()
    }

    #[test]
    fn children_of_children_are_found_and_a_ring_ends() {
        let list = [(2, 1), (3, 2), (4, 3), (5, 1), (6, 5), (7, 8), (8, 7)];
        let list = kin(&list.map(|(process, parent)| (process, parent, process)));
        assert_eq!(numbers(&descendants(&list, 2)), [3, 4]);
        assert_eq!(numbers(&descendants(&list, 1)), [2, 5, 3, 6, 4]);
        assert_eq!(numbers(&descendants(&list, 7)), [8]);
        assert_eq!(numbers(&descendants(&list, 9)), Vec::<i32>::new());
    }

    #[test]
    fn what_outlived_a_run_is_found_by_number_or_by_group_and_nobody_else() {
        let family = kin(&[(21, 20, 21), (22, 21, 21)]);
        let now = kin(&[
            (20, 10, 20),
            (21, 10, 21),
            (25, 10, 21),
            (26, 25, 26),
            (30, 10, 30),
            (22, 99, 21),
        ]);
        assert_eq!(numbers(&survivors(&now, 10, &family)), [21, 25, 26]);
    }

    #[test]
    fn groups_of_others_are_never_signalled_as_a_whole() {
        let family = kin(&[
            (21, 20, 21),
            (22, 21, 21),
            (23, 21, 10),
            (24, 21, 1),
            (25, 21, 30),
        ]);
        assert_eq!(
            targets(&family, &BTreeSet::from([10, 30])),
            Targets {
                groups: BTreeSet::from([21]),
                processes: BTreeSet::from([23, 24, 25]),
            }
        );
    }

    proptest! {
        #[test]
        fn any_name_is_read_back(comm in prop::collection::vec(1_u8.., 0..16), parent in 0_i32..) {
            let mut line = b"7 (".to_vec();
            line.extend_from_slice(&comm);
            line.extend_from_slice(format!(") S {parent} 8 2 3 -1\n").as_bytes());
            prop_assert_eq!(parse_stat(&line), stat(&comm, b'S', parent, 8));
        }

        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200), name in ".{0,20}") {
            let _ = parse_stat(&bytes);
            let candidate = Candidate { comm: &bytes, argument: first_argument(&bytes), program: None };
            let _ = is_named(&candidate, &name);
        }
    }
}

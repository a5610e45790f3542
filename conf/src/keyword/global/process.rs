//! Names, scheduling and memory of the processes.

use super::super::{Keyword, Shape, idle};
use super::{FLAG, HERE};

const NAMES: &str = "processes keep the names of their executables";
const SCHEDULING: &str = "set it in the service unit, e.g. with `systemctl edit holdfast`";
const NO_BFD: &str = "this version has no BFD process";

/// linux/sched.h TASK_COMM_LEN without the final zero byte.
const NAME: Shape = Shape::Short(15);
const NICE: Shape = Shape::Int { min: -20, max: 19 };
const REALTIME: Shape = Shape::Int { min: 1, max: 99 };
/// keepalived reads 1 as 2.
const RTTIME: Shape = Shape::Int {
    min: 1,
    max: 4_294_967_295,
};

pub(super) const ROWS: &[Keyword] = &[
    idle("process_names", HERE, NAMES)
        .takes(FLAG)
        .about("Gives the processes names of their own in `ps` and `top`."),
    idle("process_name", HERE, NAMES)
        .takes(NAME)
        .about("Name of the parent process in `ps` and `top`, at most 15 characters.")
        .default("keepalived"),
    idle("vrrp_process_name", HERE, NAMES)
        .takes(NAME)
        .about("Name of the VRRP process in `ps` and `top`, at most 15 characters."),
    idle("checker_process_name", HERE, NAMES)
        .takes(NAME)
        .about("Name of the checker process in `ps` and `top`, at most 15 characters."),
    idle("lvs_process_name", HERE, NAMES)
        .takes(NAME)
        .about("Name of the checker process in `ps` and `top`, at most 15 characters.")
        .old("checker_process_name"),
    idle("bfd_process_name", HERE, NO_BFD)
        .takes(NAME)
        .about("Name of the BFD process in `ps` and `top`, at most 15 characters."),
    idle("max_auto_priority", HERE, SCHEDULING)
        .takes(Shape::OptInt {
            min: -1,
            max: 99,
            absent: 99,
        })
        .about(
            "Highest real-time priority that a process may give itself when its timers run late. \
             0 switches that off, -1 as well and without a message at the start; no value means 99.",
        )
        .default("0"),
    idle("min_auto_priority_delay", HERE, SCHEDULING)
        .takes(Shape::Int {
            min: 1,
            max: 10_000_000,
        })
        .about("How late a timer has to be, in microseconds, before the priority is raised.")
        .default("1000000"),
    idle("vrrp_priority", HERE, SCHEDULING)
        .takes(NICE)
        .about("Nice value of the VRRP process; a smaller one gets more of the processor.")
        .default("0"),
    idle("checker_priority", HERE, SCHEDULING)
        .takes(NICE)
        .about("Nice value of the checker process; a smaller one gets more of the processor.")
        .default("0"),
    idle("bfd_priority", HERE, NO_BFD)
        .takes(NICE)
        .about("Nice value of the BFD process; a smaller one gets more of the processor.")
        .default("0"),
    idle("vrrp_no_swap", HERE, SCHEDULING)
        .takes(FLAG)
        .about("Keeps the VRRP process in memory, so that an advert never waits for the disk."),
    idle("checker_no_swap", HERE, SCHEDULING)
        .takes(FLAG)
        .about("Keeps the checker process in memory, so that a check never waits for the disk."),
    idle("bfd_no_swap", HERE, NO_BFD)
        .takes(FLAG)
        .about("Keeps the BFD process in memory, so that a packet never waits for the disk."),
    idle("vrrp_rt_priority", HERE, SCHEDULING)
        .takes(REALTIME)
        .about("Runs the VRRP process with this real-time priority (SCHED_RR)."),
    idle("checker_rt_priority", HERE, SCHEDULING)
        .takes(REALTIME)
        .about("Runs the checker process with this real-time priority (SCHED_RR)."),
    idle("bfd_rt_priority", HERE, NO_BFD)
        .takes(REALTIME)
        .about("Runs the BFD process with this real-time priority (SCHED_RR)."),
    idle("vrrp_cpu_affinity", HERE, SCHEDULING)
        .takes(Shape::Cpus)
        .about("Processors, by number, that the VRRP process may run on.")
        .default("all"),
    idle("checker_cpu_affinity", HERE, SCHEDULING)
        .takes(Shape::Cpus)
        .about("Processors, by number, that the checker process may run on.")
        .default("all"),
    idle("bfd_cpu_affinity", HERE, NO_BFD)
        .takes(Shape::Cpus)
        .about("Processors, by number, that the BFD process may run on.")
        .default("all"),
    idle("vrrp_rlimit_rttime", HERE, SCHEDULING)
        .takes(RTTIME)
        .about(
            "Microseconds that the VRRP process may run in real time without a pause before the \
             kernel stops it.",
        )
        .default("10000"),
    idle("checker_rlimit_rttime", HERE, SCHEDULING)
        .takes(RTTIME)
        .about(
            "Microseconds that the checker process may run in real time without a pause before \
             the kernel stops it.",
        )
        .default("10000"),
    idle("bfd_rlimit_rttime", HERE, NO_BFD)
        .takes(RTTIME)
        .about(
            "Microseconds that the BFD process may run in real time without a pause before the \
             kernel stops it.",
        )
        .default("10000"),
    idle("vrrp_rlimit_rtime", HERE, SCHEDULING)
        .takes(RTTIME)
        .about("A misspelling of `vrrp_rlimit_rttime` that older releases had.")
        .old("vrrp_rlimit_rttime"),
    idle("checker_rlimit_rtime", HERE, SCHEDULING)
        .takes(RTTIME)
        .about("A misspelling of `checker_rlimit_rttime` that older releases had.")
        .old("checker_rlimit_rttime"),
    idle("bfd_rlimit_rtime", HERE, NO_BFD)
        .takes(RTTIME)
        .about("A misspelling of `bfd_rlimit_rttime` that older releases had.")
        .old("bfd_rlimit_rttime"),
    idle(
        "umask",
        HERE,
        "holdfast creates its files for its own user only",
    )
    .takes(Shape::Umask)
    .about(
        "Permissions that new files do not get: a number (octal with a leading 0, hexadecimal \
         with 0x) or names such as `IRWXG|IRWXO`.",
    )
    .default("0177"),
];

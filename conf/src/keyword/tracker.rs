//! Words of `vrrp_script`, `vrrp_track_process` and `track_file`.

use super::Section::{self, Script, TrackFile, TrackProcess};
use super::{Keyword, Shape, Word, used};

const SCRIPT: &[Section] = &[Script];
const PROCESS: &[Section] = &[TrackProcess];
const FILE: &[Section] = &[TrackFile];

const TIMES: Shape = Shape::Int {
    min: 1,
    max: 4_294_967_295,
};
/// A period of a script: from a millisecond.
const PERIOD: Shape = Shape::Time {
    min: 1_000,
    max: 4_294_000_000,
};
/// How long a change of the number of processes may be doubted: up to an hour.
const DOUBT: Shape = Shape::Time {
    min: 1,
    max: 3_600_000_000,
};

pub(super) const ROWS: &[Keyword] = &[
    used("script", Word::Script, SCRIPT, Shape::Script)
        .about("The command that is run, with its arguments, in double quotes; single quotes protect blanks. Status 0 means success. Write the absolute path of the program."),
    used("interval", Word::Interval, SCRIPT, PERIOD)
        .about("Seconds between the starts of two runs, with up to three decimals. A run that is still going is not doubled.")
        .default("1"),
    used("timeout", Word::Timeout, SCRIPT, PERIOD)
        .about("Seconds after which a run is ended (SIGTERM, two seconds later SIGKILL) and counts as a failure.")
        .default("interval"),
    used("weight", Word::Weight, SCRIPT, Shape::Weight(253))
        .about("What the script does to the priority of the instances that track it. A positive weight is added while the script succeeds, a negative one is taken off while it fails. 0 means that a failure is a FAULT: the node gives up the addresses. With `reverse` the sign is flipped.")
        .default("0"),
    used("rise", Word::Rise, SCRIPT, TIMES)
        .about("Successes in a row until a failed script counts as good again. The very first result decides at once.")
        .default("1"),
    used("fall", Word::Fall, SCRIPT, TIMES)
        .about("Failures in a row until a good script counts as failed. The very first result decides at once.")
        .default("1"),
    used("user", Word::User, SCRIPT, Shape::User)
        .about("User, and perhaps group, that the script runs as. A colon before the group asks for the user's other groups as well.")
        .default("script_user"),
    used("init_fail", Word::InitFail, SCRIPT, Shape::Flag)
        .about("The script counts as failed until it has succeeded `rise` times; without this word the first result decides."),
    // vrrp_track_process
    used("process", Word::Process, PROCESS, Shape::Words)
        .about("Name of the process, and perhaps arguments that it has to have. A name alone is compared with the 15 bytes that the kernel keeps; with arguments the command line is compared."),
    used(
        "param_match",
        Word::ParamMatch,
        PROCESS,
        Shape::OptChoice(&["initial", "partial"]),
    )
    .about("How arguments are compared: all of them without a word; `initial` allows further ones behind them; `partial` also takes the last one as the beginning of an argument. The command line is compared.")
    .default("all, where `process` has arguments; else none"),
    used("weight", Word::Weight, PROCESS, Shape::Weight(254))
        .about("What the process does to the priority of those that track it: a positive weight is added while enough processes run, a negative one is taken off while not. 0 means FAULT while not.")
        .default("0"),
    used(
        "quorum",
        Word::Quorum,
        PROCESS,
        Shape::Int {
            min: 1,
            max: 65_535,
        },
    )
    .about("Processes that have to run.")
    .default("1"),
    used(
        "quorum_max",
        Word::QuorumMax,
        PROCESS,
        Shape::Int {
            min: 0,
            max: 65_535,
        },
    )
    .about("Processes that may run at most; with more of them the tracker fails. 0 means that the process must not run.")
    .default("no limit"),
    used("delay", Word::Delay, PROCESS, DOUBT)
        .about("Sets `terminate_delay` and `fork_delay` together, in seconds."),
    used("terminate_delay", Word::TerminateDelay, PROCESS, DOUBT)
        .about("Seconds for which too few processes are tolerated, e.g. while a service restarts.")
        .default("0"),
    used("fork_delay", Word::ForkDelay, PROCESS, DOUBT)
        .about("Seconds for which enough processes have to run until it is believed.")
        .default("0"),
    used("full_command", Word::FullCommand, PROCESS, Shape::Flag)
        .about("Compares the whole command line instead of the name of 15 bytes."),
    // track_file
    used("file", Word::File, FILE, Shape::Text)
        .about("The file. It holds one whole number; a file that is missing, or that the checker's user may not read, counts as 0."),
    used("weight", Word::Weight, FILE, Shape::Weight(254))
        .about("The number in the file is multiplied with this and added to the priority, or to the weight of a real server. With weight 0 any number but 0 is a FAULT, or takes the server out.")
        .default("1"),
    used("init_file", Word::InitFile, FILE, Shape::InitFile)
        .about("Makes the file at the start of the daemon, with this number (0 if there is none), as the checker's user, who has to have the right to do so. A file that is there stays unless `overwrite` follows."),
];

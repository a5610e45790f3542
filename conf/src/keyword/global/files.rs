//! Reading, reloading, dumping.

use super::super::{Keyword, Shape, Word, always, idle, used};
use super::{BOOL, FLAG, HERE};

const DUMPS: &str = "this version writes no dump files";
const TABLES: &str = "routes and rules are not carried out by this version";

pub(super) const ROWS: &[Keyword] = &[
    idle("random_seed", HERE, "it has none in keepalived either")
        .takes(Shape::Int {
            min: 0,
            max: 4_294_967_295,
        })
        .about("Meant as the seed of `${_RANDOM}`."),
    always("reload_check_config", HERE)
        .takes(Shape::OptText)
        .about(
            "Checks a configuration before it replaces the running one. holdfast always does; \
             what is wrong is in its log, not in the file that may be named here.",
        )
        .default("on"),
    used(
        "reload_time_file",
        Word::ReloadTimeFile,
        HERE,
        Shape::AbsolutePath,
    )
    .about(
        "A file whose first line is a time, `HH:MM:SS` or a date before that, at which the \
         configuration is reloaded. It is deleted afterwards.",
    )
    .checked("no reload is made at that time"),
    used("reload_repeat", Word::ReloadRepeat, HERE, FLAG)
        .about("Keeps that file and reloads every day at its time.")
        .checked("no reload is made at that time"),
    used(
        "reload_file",
        Word::ReloadFile,
        HERE,
        Shape::OptAbsolutePath,
    )
    .about(
        "A file that is there while the configuration is being read, for programs that must \
             not change it then.",
    )
    .default("keepalived.reload beside the pid file")
    .checked("the file is not made: what waits for it would change files that are being read"),
    used(
        "include_check",
        Word::IncludeCheck,
        HERE,
        Shape::IncludeCheck,
    )
    .about(
        "What later `include` lines of this file have to fulfil: `readable`, `match`, \
         `wildcard_match`, `brace_match`, each with `+` or `-` to add or take away; nothing means \
         all of them.",
    ),
    idle("config_save_dir", HERE, DUMPS)
        .takes(Shape::Text)
        .about("A directory where configuration and state are kept around each reload."),
    idle(
        "tmp_config_directory",
        HERE,
        "children are handed their part in memory",
    )
    .takes(Shape::Text)
    .about("A directory for the copy of the configuration that the processes read."),
    idle("data_use_instance", HERE, DUMPS)
        .takes(BOOL)
        .about("Puts the names of instance and namespace into the names of dump files.")
        .default("off"),
    idle("json_version", HERE, DUMPS)
        .takes(Shape::Int { min: 1, max: 2 })
        .about("Layout of the JSON dump: 1 is a list of instances, 2 an object.")
        .default("1")
        .since("2.2.8"),
    idle("iproute_usr_dir", HERE, TABLES)
        .takes(Shape::Text)
        .about("Directory of iproute2's tables of names.")
        .default("/usr/share/iproute2")
        .since("2.3.2"),
    idle("iproute_etc_dir", HERE, TABLES)
        .takes(Shape::Text)
        .about("Directory of the tables that override those.")
        .default("/etc/iproute2")
        .since("2.3.2"),
    idle("state_dump_file", HERE, DUMPS)
        .takes(Shape::Text)
        .about("File for the dump of configuration and state (signal USR1).")
        .default("/tmp/keepalived.data")
        .since("2.3.3"),
    idle("stats_dump_file", HERE, DUMPS)
        .takes(Shape::Text)
        .about("File for the dump of counters (signal USR2).")
        .default("/tmp/keepalived.stats")
        .since("2.3.3"),
    idle("json_dump_file", HERE, DUMPS)
        .takes(Shape::Text)
        .about("File for the dump in JSON.")
        .default("/tmp/keepalived.json")
        .since("2.3.3"),
];

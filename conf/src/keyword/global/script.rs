//! Scripts: as whom they run, and those of the start and the stop.

use super::super::{Keyword, Shape, Word, idle, used};
use super::{BOOL, HERE};

const TIMEOUT: Shape = Shape::Int { min: 1, max: 1_000 };

pub(super) const ROWS: &[Keyword] = &[
    used("script_user", Word::ScriptUser, HERE, Shape::User)
        .about(
            "User, and perhaps group, that scripts run as where they name nobody themselves. \
             Without it they run as keepalived_script, else holdfast-check, else nobody; never as \
             root unless that is written.",
        )
        .default("keepalived_script, holdfast-check or nobody"),
    used("enable_script_security", Word::ScriptSecurity, HERE, BOOL)
        .about(
            "Refuses to run scripts that somebody else than root and their own user could \
             replace. holdfast does so unless this is switched off.",
        )
        .default("on"),
    idle(
        "use_symlink_paths",
        HERE,
        "holdfast runs scripts by the path as written",
    )
    .takes(BOOL)
    .about("Runs scripts by the path as written instead of the path behind its links.")
    .default("off")
    .since("2.3.0"),
    used(
        "set_supplementary_groups",
        Word::SupplementaryGroups,
        HERE,
        BOOL,
    )
    .about("Gives scripts all groups of their user, not only the first one.")
    .default("off")
    .since("2.4.4")
    .checked("scripts run without the other groups of their user"),
    used("startup_script", Word::StartupScript, HERE, Shape::Command)
        .about(
            "A command that the parent runs once at the start, before anything else is started. \
             User and group may follow it.",
        )
        .checked("the script is not run at the start"),
    used(
        "startup_script_timeout",
        Word::StartupScriptTimeout,
        HERE,
        TIMEOUT,
    )
    .about("Seconds after which the startup script is ended, 1 to 1000.")
    .default("10")
    .checked("the startup script is not run"),
    used(
        "shutdown_script",
        Word::ShutdownScript,
        HERE,
        Shape::Command,
    )
    .about(
        "A command that the parent runs once at the stop, after everything else has ended. \
             User and group may follow it.",
    )
    .checked("the script is not run at the stop"),
    used(
        "shutdown_script_timeout",
        Word::ShutdownScriptTimeout,
        HERE,
        TIMEOUT,
    )
    .about("Seconds after which the shutdown script is ended, 1 to 1000.")
    .default("10")
    .checked("the shutdown script is not run"),
];

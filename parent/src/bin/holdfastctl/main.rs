//! `holdfastctl`: tells about configurations. It needs no privilege and opens nothing but the files
//! that are named and what they include; for `genhash` it becomes the checker's executable.

// What reads and examines a configuration is the daemon's own.
#[path = "../../io/accounts.rs"]
mod accounts;
#[path = "../../io/config.rs"]
#[expect(dead_code, reason = "the daemon uses all of it")]
mod config;
#[path = "../../io/examine.rs"]
mod examine;
#[path = "../../io/executables.rs"]
mod executables;
#[path = "../../io/files.rs"]
mod files;
#[path = "../../io/genhash.rs"]
mod genhash;
#[path = "../../io/host.rs"]
#[expect(dead_code, reason = "the daemon uses all of it")]
mod host;
#[path = "../../io/pipe_place.rs"]
mod pipe_place;

#[cfg(test)]
#[path = "../../io/scratch.rs"]
mod scratch;

mod commands;
mod fmt;
mod replace;

use holdfast::ctl::{self, Command, FINE, Request, USAGE, When};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let (text, status) = match ctl::parse(std::env::args_os()) {
        Ok(request) => answer(request),
        Err(error) => {
            complain(&format!("holdfastctl: {error}\n"));
            return ExitCode::from(USAGE);
        }
    };
    // Whoever closed the other end (`holdfastctl … | head`) has seen enough.
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&format!("holdfastctl: cannot write the output: {error}\n"));
            ExitCode::from(ctl::FOUND)
        }
        Ok(()) | Err(_) => ExitCode::from(status),
    }
}

/// Says it on standard error. Where that is closed or full, the exit status has to do.
fn complain(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// What is printed, and the exit status.
fn answer(request: Request) -> (String, u8) {
    let colour = colour(request.colour);
    match &request.command {
        Command::Help(None) => (ctl::help(), FINE),
        Command::Help(Some(of)) => (ctl::help_of(of), FINE),
        Command::Version => (
            format!("holdfastctl v{}\n", env!("CARGO_PKG_VERSION")),
            FINE,
        ),
        Command::Check(check) => commands::check(check, &request, colour),
        Command::Diff { old, new, format } => commands::diff([old, new], *format, &request, colour),
        Command::Fmt { files, target } => {
            fmt::fmt(files, *target, errors_in_colour(request.colour))
        }
        Command::Dump { file, format } => commands::dump(file, *format, &request, colour),
        Command::Genhash(page) => {
            complain(&format!("holdfastctl: {}\n", genhash::exec(page)));
            (String::new(), ctl::FOUND)
        }
        Command::Explain(codes) => (ctl::explain(codes), FINE),
        Command::ListCodes => (ctl::list_codes(), FINE),
        Command::Words { place, format } => (commands::words(place, *format), FINE),
    }
}

/// The same for standard error.
fn errors_in_colour(when: When) -> bool {
    when.on(
        std::io::stderr().is_terminal(),
        std::env::var_os("NO_COLOR"),
    )
}

fn colour(when: When) -> bool {
    when.on(
        std::io::stdout().is_terminal(),
        std::env::var_os("NO_COLOR"),
    )
}

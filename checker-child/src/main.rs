//! `holdfast-checker`: runs the check scripts of one user without any privilege.
//!
//! Started by `holdfast`, with its socket as standard input; see the library for what it does.

use std::process::ExitCode;

mod io;

fn main() -> ExitCode {
    match io::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Standard error is a pipe that the parent reads and logs.
            eprintln!("{}", failure.with_causes());
            ExitCode::FAILURE
        }
    }
}

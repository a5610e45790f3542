//! `holdfast-checker`: runs the check scripts of one user without any privilege.
//!
//! Started by `holdfast`, with its socket as standard input; see the library for what it does.
//! `holdfastctl genhash` becomes it as well, for one page.

use holdfast_ipc::genhash::GENHASH;
use std::process::ExitCode;

mod io;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == GENHASH) {
        return io::genhash::run(arguments);
    }
    match io::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Standard error is a pipe that the parent reads and logs.
            eprintln!("{}", failure.with_causes());
            ExitCode::FAILURE
        }
    }
}

//! The VRRP child: sends and receives adverts, and moves the virtual addresses.
//!
//! The protocol is decided by the library; this binary carries out what it says. It is started by
//! `holdfast` with a socket as its standard input, already stripped of all privileges but
//! `CAP_NET_RAW` and `CAP_NET_ADMIN`.

mod io;

use std::fmt::Display;
use std::io::{Write, stderr};
use std::process::ExitCode;

fn main() -> ExitCode {
    // The default hook may look for a backtrace in files, which the filter answers by death.
    std::panic::set_hook(Box::new(|panic| complain(panic)));
    match io::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&io::describe(&error));
            ExitCode::FAILURE
        }
    }
}

/// To the pipe that the parent logs. If it is gone, there is nobody to tell.
fn complain(text: &dyn Display) {
    let _ = writeln!(stderr(), "{text}");
}

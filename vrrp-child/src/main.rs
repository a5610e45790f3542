//! The VRRP child: sends and receives adverts, and moves the virtual addresses.
//!
//! The protocol is decided by the library; this binary carries out what it says. It is started by
//! `holdfast` with a socket as its standard input, already stripped of all privileges but
//! `CAP_NET_RAW` and `CAP_NET_ADMIN`.

mod io;

use std::process::ExitCode;

fn main() -> ExitCode {
    // The default hook may look for a backtrace in files, which the filter answers by death.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    match io::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", io::describe(&error));
            ExitCode::FAILURE
        }
    }
}

//! The demonstration: two web servers share an address; their service, a whole node and one of
//! holdfast's own processes die, and a client that asks all the time shows what it costs.

mod play;
mod screen;
mod stage;
mod table;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

fn main() -> ExitCode {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        // Without it an interrupted demonstration would leave its namespaces behind.
        if let Err(error) = signal_hook::flag::register(signal, interrupted.clone()) {
            eprintln!("holdfast-demo: cannot handle signal {signal}: {error}");
            return ExitCode::FAILURE;
        }
    }
    let Some(results) = play::run(&interrupted) else {
        println!("Interrupted; everything is taken down.");
        return ExitCode::FAILURE;
    };
    print!("{}", table::render(&results));
    let good = results.iter().all(table::Row::is_as_expected);
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

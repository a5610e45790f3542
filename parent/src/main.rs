//! `holdfast`: the parent process, and the launcher between it and its children.

mod io;

use holdfast::cli::{self, Command};
use holdfast::launch::{BACKGROUND, LAUNCH, Launch};
use holdfast::signum;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let program = arguments.next().unwrap_or_default();
    let mut rest = arguments.peekable();
    if rest.next_if(|first| first == LAUNCH).is_some() {
        return io::launch::run(Launch::from_arguments(rest));
    }
    if let Err(error) = io::confine::close_inherited() {
        eprintln!("holdfast: cannot list the open files: {error}; is /proc there?");
        return ExitCode::from(1);
    }
    let background = rest.next_if(|first| first == BACKGROUND).is_some();
    // The process that waits passed all of its own arguments on, its name included.
    let own_name = (!background).then_some(program);
    match cli::parse(own_name.into_iter().chain(rest)) {
        Ok(Command::Help) => {
            print!("{}", cli::HELP);
            ExitCode::SUCCESS
        }
        Ok(Command::Version) => {
            println!("holdfast v{}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Ok(Command::SignalNumber(name)) => signal_number(&name),
        Ok(Command::Test(options)) => io::test::run(&options),
        Ok(Command::Run(options)) if options.foreground || background => {
            io::run::run(options, background)
        }
        Ok(Command::Run(_)) => io::ready::start_in_background(std::env::args_os()),
        Err(error) => {
            eprintln!("holdfast: {error}");
            ExitCode::from(1)
        }
    }
}

fn signal_number(name: &str) -> ExitCode {
    match signum::number(name) {
        Some(number) => {
            println!("{number}");
            ExitCode::SUCCESS
        }
        None => {
            eprintln!(
                "holdfast: there is no signal `{name}`; known: {}",
                signum::names()
            );
            ExitCode::from(1)
        }
    }
}

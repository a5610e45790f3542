//! `holdfast`: the parent process, and the launcher between it and its children.

mod io;

use holdfast::cli::{self, Command};
use holdfast::ctl;
use holdfast::launch::{BACKGROUND, LAUNCH, Launch};
use holdfast::signum;
use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let program = arguments.next().unwrap_or_default();
    let mut rest = arguments.peekable();
    if rest.next_if(|first| first == LAUNCH).is_some() {
        return io::launch::run(Launch::from_arguments(rest));
    }
    if rest
        .next_if(|first| GENHASH.iter().any(|word| first == word))
        .is_some()
    {
        return genhash(rest);
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

/// keepalived's names of what `holdfastctl genhash` does.
const GENHASH: [&str; 2] = ["-T", "--genhash"];

fn genhash(options: impl Iterator<Item = OsString>) -> ExitCode {
    let words = ["holdfastctl", "genhash"].map(OsString::from);
    let error = match ctl::parse(words.into_iter().chain(options)).map(|request| request.command) {
        Ok(ctl::Command::Genhash(page)) => io::genhash::exec(&page),
        Ok(ctl::Command::Help(Some(of))) => {
            print!("{}", ctl::help_of(of));
            return ExitCode::SUCCESS;
        }
        Ok(_) => {
            println!("holdfast v{}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Err(error) => error.to_string(),
    };
    eprintln!("holdfast: {error}");
    ExitCode::from(1)
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

//! `-t`: reads the configuration, holds it against this host, says what it found.

use super::{config, examine};
use holdfast::cli::TestOptions;
use holdfast::ctl::{Format, When};
use holdfast::verdict;
use nix::libc::{O_CLOEXEC, O_NOFOLLOW};
use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

/// The whole test.
pub(crate) fn run(options: &TestOptions) -> ExitCode {
    let path = config::choose(options.config.as_ref());
    let found = examine::examine(&path, &options.reading, true);
    let text = match options.format {
        Format::Json => verdict::test_document(&found),
        Format::Text => {
            let terminal = options.output.is_none() && std::io::stderr().is_terminal();
            let colour = When::Auto.on(terminal, std::env::var_os("NO_COLOR"));
            found.text("holdfast", " Nothing was started or changed.", colour)
        }
    };
    let written = match &options.output {
        Some(file) => create(file).and_then(|mut file| file.write_all(text.as_bytes())),
        None => std::io::stderr().write_all(text.as_bytes()),
    };
    if let Err(error) = written {
        eprintln!("holdfast: cannot write the diagnostics: {error}");
    }
    ExitCode::from(found.status())
}

/// No link is followed: root may test as well, with the output in a folder of everybody.
fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .custom_flags(O_NOFOLLOW | O_CLOEXEC)
        .open(path)
}

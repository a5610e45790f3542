//! `holdfast-mailer`: hands one batch of mail to a mail server, says what became of each, and ends.
//!
//! It is started for each batch, as an unprivileged user without any capability. It confines itself
//! before it reads its batch, and it is the only process that looks a name up or hears a mail server.
//! Whoever started it kills it when it takes too long.

mod confine;
mod delivery;
mod mailbox;
mod message;

use holdfast_ipc::channel::Channel;
use holdfast_ipc::mail::{Batch, MailerToParent};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Duration;

/// Largest batch: 32 mails with some thousand recipients each.
const MAX_BATCH: usize = 16 * 1024 * 1024;
/// The parent sends it at once.
const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let stdin = std::io::stdin().as_fd().try_clone_to_owned();
    let stdin = stdin.map_err(|error| format!("standard input: {error}"))?;
    confine::limit_resources()?;
    confine::filter_calls()?;
    let mut parent: Channel<MailerToParent, Batch> =
        Channel::new(stdin, MAX_BATCH).with_message_limit(MAX_BATCH);
    let batch = parent
        .receive_within(PATIENCE)
        .map_err(|error| format!("{error}: holdfast-mailer is started by holdfast, not by hand"))?;
    // A parent that is gone hears nothing; the mail is sent all the same.
    delivery::deliver(&batch, &mut |said| {
        let _ = parent.send(&said);
    });
    Ok(())
}

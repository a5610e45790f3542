//! Everything that touches the world.

mod check;
mod clock;
mod confine;
mod event_loop;
mod failure;
mod files;
mod filter;
pub(crate) mod genhash;
mod outbox;
mod output_pipe;
mod parent;
mod processes;
mod runs;
mod script_path;

use event_loop::watch;
pub(crate) use failure::Failure;

use holdfast_ipc::message::{CheckerToParent, Hello, ParentToChecker, Role};
use std::time::Duration;
use tokio::task::LocalSet;

/// How long the parent may take for its greeting. It sends it before it does anything else.
const GREETING: Duration = Duration::from_secs(10);

/// Life of this process: greet, confine, work.
pub(crate) fn run() -> Result<(), Failure> {
    confine::harden()?;
    let mut parent = parent::take_standard_input()?;
    let ParentToChecker::Hello(hello) = parent.channel.receive_within(GREETING)? else {
        return Err(Failure::Protocol(
            "the first message was not Hello".to_owned(),
        ));
    };
    hello.check(Role::Parent).map_err(Failure::Protocol)?;
    let answer = Hello::of(Role::Checker);
    parent.channel.send(&CheckerToParent::Hello(answer))?;
    let confinement = confine::confine()?;
    parent
        .channel
        .send(&CheckerToParent::Confined(confinement))?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Failure::System {
            what: "cannot start the event loop",
            source,
        })?
        .block_on(LocalSet::new().run_until(event_loop::run(parent)))
}

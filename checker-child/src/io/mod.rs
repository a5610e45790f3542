//! Everything that touches the world.

mod alarm;
mod check;
mod clock;
mod confine;
mod event_loop;
mod failure;
mod filter;
pub(crate) mod genhash;
mod outbox;
mod output_pipe;
mod parent;
mod processes;
mod runs;
mod script_path;

pub(crate) use failure::Failure;

use holdfast_ipc::message::{CheckerToParent, Hello, ParentToChecker, Role};
use std::time::Duration;

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
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::of("cannot start the event loop"))?;
    // As a task it is woken without a system call, which what `block_on` itself waits for is not.
    let work = runtime.spawn(event_loop::run(parent));
    match runtime.block_on(work) {
        Ok(result) => result,
        Err(error) => Err(Failure::Protocol(format!("the event loop ended: {error}"))),
    }
}

//! From the first instruction to the configuration: nothing of what the parent configured is read
//! before the process is confined.

use super::clock::Timer;
use super::confine;
use super::error::{Fatal, cannot, describe};
use super::ipvs::{Ipvs, Worker};
use super::netlink::{Notifications, Requests};
use super::parent::Parent;
use super::poller::Poller;
use super::signals::Signals;
use holdfast_ipc::channel::ChannelError;
use holdfast_ipc::message::{Hello, ParentToVrrp, Role, VrrpStart, VrrpToParent};
use holdfast_vrrp::ipvs::balancer::Balancer;
use nix::unistd::dup2_stdin;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// Descriptors from here on are closed first when the process dies, before the packet socket, whose
/// end takes milliseconds: the parent learns of the death at once.
const HIGH_DESCRIPTOR: i32 = 200;
/// A parent that says nothing for so long will not: it sends both messages without waiting.
const PATIENCE: Duration = Duration::from_secs(10);

/// Everything that exists before the configuration does.
pub(crate) struct Prepared {
    pub(crate) parent: Parent,
    pub(crate) signals: Signals,
    pub(crate) poller: Poller,
    pub(crate) timer: Timer,
    pub(crate) requests: Requests,
    pub(crate) notifications: Notifications,
    pub(crate) ipvs: Worker,
    pub(crate) balancer: Balancer,
    pub(crate) start: VrrpStart,
}

/// Takes the first configuration. None when the parent changed its mind.
pub(crate) fn prepare() -> Result<Option<Prepared>, Fatal> {
    let mut parent = Parent::new(take_socket().map_err(cannot("take the socket to the parent"))?);
    confine::at_start()?;
    let signals = Signals::take()?;
    greet(&mut parent)?;
    let poller = Poller::new()?;
    let timer = Timer::new()?;
    let requests = Requests::open()?;
    let notifications = Notifications::open()?;
    let ipvs = Ipvs::open();
    let mut balancer = Balancer::default();
    let (confinement, ipvs) = confine::confine(|| Worker::start(ipvs))?;
    parent.send(&VrrpToParent::Confined(confinement));
    let Some(start) = receive_start(&mut parent, &mut balancer)? else {
        return Ok(None);
    };
    Ok(Some(Prepared {
        parent,
        signals,
        poller,
        timer,
        requests,
        notifications,
        ipvs,
        balancer,
        start,
    }))
}

/// Moves the standard input away and leaves nothing to read there.
fn take_socket() -> io::Result<OwnedFd> {
    let socket = duplicate_high(io::stdin().as_fd())?;
    dup2_stdin(File::open("/dev/null")?)?;
    Ok(socket)
}

/// Where the limit of descriptors is lower, the highest possible one is taken.
fn duplicate_high(fd: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let mut low: Vec<OwnedFd> = Vec::new();
    loop {
        match fd.try_clone_to_owned() {
            Ok(copy) if copy.as_raw_fd() >= HIGH_DESCRIPTOR => return Ok(copy),
            Ok(copy) => low.push(copy),
            Err(error) => return low.pop().ok_or(error),
        }
    }
}

fn greet(parent: &mut Parent) -> Result<(), Fatal> {
    let message = parent.receive_within(PATIENCE)?;
    let ParentToVrrp::Hello(hello) = message else {
        return Err(out_of_turn("Hello", &message));
    };
    // Answered in any case: the parent compares as well, and its error reaches the log.
    parent.send(&VrrpToParent::Hello(Hello::of(Role::Vrrp)));
    hello.check(Role::Parent).map_err(Fatal::Conversation)
}

fn receive_start(parent: &mut Parent, balancer: &mut Balancer) -> Result<Option<VrrpStart>, Fatal> {
    loop {
        match parent.receive_within(PATIENCE) {
            Ok(ParentToVrrp::Start(start)) => return Ok(Some(start)),
            Ok(ParentToVrrp::Ping { sequence }) => parent.send(&VrrpToParent::Pong { sequence }),
            Ok(ParentToVrrp::Pools { generation, pools }) => {
                balancer.stage_pools(generation, pools);
            }
            Ok(ParentToVrrp::Standings {
                generation,
                standings,
            }) => balancer.stage_standings(generation, standings),
            Ok(ParentToVrrp::CheckVerdicts {
                generation,
                verdicts,
            }) => balancer.stage_verdicts(generation, verdicts),
            Ok(ParentToVrrp::Stop) => {
                parent.send(&VrrpToParent::Stopped);
                return Ok(None);
            }
            Err(ChannelError::Closed) => return Ok(None),
            Err(error) => return Err(Fatal::Conversation(describe(&error))),
            Ok(message) => return Err(out_of_turn("Start", &message)),
        }
    }
}

/// Names the message, not its content: a configuration holds passwords.
fn out_of_turn(expected: &str, found: &ParentToVrrp) -> Fatal {
    Fatal::Conversation(format!("expected {expected}, found {}", name(found)))
}

/// Name of a message.
pub(crate) fn name(message: &ParentToVrrp) -> &'static str {
    match message {
        ParentToVrrp::Abort { .. } => "Abort",
        ParentToVrrp::CheckVerdicts { .. } => "CheckVerdicts",
        ParentToVrrp::Commit { .. } => "Commit",
        ParentToVrrp::Go => "Go",
        ParentToVrrp::Hello(_) => "Hello",
        ParentToVrrp::Open { .. } => "Open",
        ParentToVrrp::Ping { .. } => "Ping",
        ParentToVrrp::Pools { .. } => "Pools",
        ParentToVrrp::Prepare { .. } => "Prepare",
        ParentToVrrp::Standings { .. } => "Standings",
        ParentToVrrp::Start(_) => "Start",
        ParentToVrrp::Stop => "Stop",
        ParentToVrrp::Verdict { .. } => "Verdict",
    }
}

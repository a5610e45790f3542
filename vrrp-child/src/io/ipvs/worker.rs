//! The thread of the load balancer. The kernel loads a scheduler's module within a request, which
//! takes some ten milliseconds or, from a slow disk, seconds; a long list takes milliseconds. Adverts
//! do not wait for either.

use super::{Ipvs, Wire};
use crate::io::error::{Fatal, cannot};
use holdfast_vrrp::ipvs::work::{Done, Work};
use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
use std::hint::black_box;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Room for the thread's calls, several times over; it may be locked into memory.
const STACK: usize = 256 * 1024;

/// Each too small for a mapping of its own (128 KiB), together enough to be given back (128 KiB).
const BLOCK: usize = 64 * 1024;
const BLOCKS: usize = 8;

/// What lies between the two, one piece at a time. Whoever was woken takes it, so that nobody ever
/// waits for the lock.
#[derive(Debug, Default)]
enum Desk {
    #[default]
    Empty,
    Asked(Work),
    Answered(Done),
}

impl Desk {
    fn lay(desk: &Mutex<Self>, what: Self) {
        *desk.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    fn take(desk: &Mutex<Self>) -> Self {
        std::mem::take(&mut *desk.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The loop's side of the thread.
#[derive(Debug)]
pub(crate) struct Worker {
    bell: OwnedFd,
    desk: Arc<Mutex<Desk>>,
}

impl Worker {
    /// Starts the thread, and waits until it has made all calls that only a start needs.
    pub(crate) fn start<W: Wire + Send + 'static>(ipvs: Ipvs<W>) -> Result<Self, Fatal> {
        let failed = "start the thread of the load balancer";
        let kind = (AddressFamily::Unix, SockType::SeqPacket);
        let (bell, other) =
            socketpair(kind.0, kind.1, None, SockFlag::SOCK_CLOEXEC).map_err(cannot(failed))?;
        let desk = Arc::new(Mutex::new(Desk::Empty));
        let theirs = Arc::clone(&desk);
        thread::Builder::new()
            .name("ipvs".to_owned())
            .stack_size(STACK)
            .spawn(move || serve(ipvs, &other, &theirs))
            .map_err(cannot(failed))?;
        let mut worker = Self { bell, desk };
        worker.answer()?;
        Ok(worker)
    }

    /// Has a piece of work done. The next one has to wait for its answer.
    pub(crate) fn ask(&mut self, work: Work) -> Result<(), Fatal> {
        Desk::lay(&self.desk, Desk::Asked(work));
        ring(&self.bell).map_err(cannot("ask the thread of the load balancer"))
    }

    /// What became of it, once the descriptor is readable.
    pub(crate) fn answer(&mut self) -> Result<Option<Done>, Fatal> {
        let failed = "hear the thread of the load balancer";
        match wait(&self.bell) {
            Ok(true) => {}
            Ok(false) => return Err(cannot(failed)(Errno::EPIPE)),
            Err(errno) => return Err(cannot(failed)(errno)),
        }
        Ok(match Desk::take(&self.desk) {
            Desk::Answered(done) => Some(done),
            Desk::Empty | Desk::Asked(_) => None,
        })
    }
}

impl AsFd for Worker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}

fn serve<W: Wire>(mut ipvs: Ipvs<W>, bell: &OwnedFd, desk: &Mutex<Desk>) {
    settle_the_allocator();
    // "Here I am."
    let mut goes_on = ring(bell).is_ok();
    while goes_on && wait(bell) == Ok(true) {
        if let Desk::Asked(work) = Desk::take(desk) {
            Desk::lay(desk, Desk::Answered(ipvs.carry_out(work)));
        }
        goes_on = ring(bell).is_ok();
    }
    // The process ends, and the thread with it: an end of its own would need more calls.
    loop {
        thread::park();
    }
}

/// The allocator has memory of its own for the thread. When it first takes and gives back some of it,
/// glibc asks for the number of processors and reads a file in /proc, which nobody may any more
/// behind the filter; it keeps both.
fn settle_the_allocator() {
    let blocks = [(); BLOCKS].map(|()| black_box(vec![0_u8; BLOCK]));
    drop(black_box(blocks));
}

fn ring(bell: &OwnedFd) -> nix::Result<()> {
    send(bell.as_raw_fd(), &[0], MsgFlags::MSG_NOSIGNAL).map(drop)
}

/// False where the other side is gone.
fn wait(bell: &OwnedFd) -> nix::Result<bool> {
    loop {
        match recv(bell.as_raw_fd(), &mut [0], MsgFlags::empty()) {
            Err(Errno::EINTR) => {}
            result => return result.map(|length| length > 0),
        }
    }
}

//! Sends forged frames to all nodes, out of the bridge itself: no node sent them, and the bridge
//! learns no address from them.

use crate::lab::Lab;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{LinkAddr, bind};
use socket2::{Domain, Socket, Type};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A sender that repeats a list of frames until it is dropped.
#[derive(Debug)]
pub struct Injection {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Injection {
    /// Sends one frame of the list after the other, with this much time between two. Without any
    /// time it is a flood, as fast as one thread can.
    pub fn start(lab: &Lab, frames: Vec<Vec<u8>>, pause: Duration) -> Self {
        let (stop, sent) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let shared = (stop.clone(), sent.clone());
        let thread = lab.bridge().thread("injector", move || {
            let socket = open();
            repeat(&frames, pause, &shared.0, |frame| {
                // A full queue is the kernel's business in a flood.
                if socket.send(frame).is_ok() {
                    shared.1.fetch_add(1, Ordering::Relaxed);
                }
            });
        });
        Self {
            stop,
            sent,
            thread: Some(thread),
        }
    }

    /// How many frames were sent.
    pub fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }
}

impl Drop for Injection {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _panicked = thread.join();
        }
    }
}

/// Sends one frame.
pub fn once(lab: &Lab, frame: Vec<u8>) {
    lab.bridge().run(move || {
        let sent = open().send(&frame).expect("the frame can be sent");
        assert_eq!(sent, frame.len());
    });
}

/// A packet socket on the bridge; receiving nothing, since it has no protocol.
fn open() -> Socket {
    let socket = Socket::new(Domain::PACKET, Type::RAW, None).expect("a packet socket");
    let address = link_address("br0");
    bind(socket.as_raw_fd(), &address).expect("the socket can be bound");
    socket
}

fn link_address(interface: &str) -> LinkAddr {
    getifaddrs()
        .expect("interfaces can be listed")
        .filter(|found| found.interface_name == interface)
        .find_map(|found| found.address?.as_link_addr().copied())
        .unwrap_or_else(|| panic!("{interface} has no link-layer address"))
}

fn repeat(frames: &[Vec<u8>], pause: Duration, stop: &AtomicBool, mut send: impl FnMut(&[u8])) {
    let begun = Instant::now();
    let mut due = Duration::ZERO;
    for frame in frames.iter().cycle() {
        loop {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let early = due.saturating_sub(begun.elapsed());
            if early.is_zero() {
                break;
            }
            std::thread::park_timeout(early);
        }
        send(frame);
        due += pause;
    }
}

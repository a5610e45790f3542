//! Captures what nodes send, at their ports of the bridge, with the kernel's time stamps.

use super::{Watcher, stop_pipe, wait_for_input};
use crate::decode;
use crate::netns::Netns;
use crate::timeline::Timeline;
use nix::sys::socket::{
    ControlMessageOwned, LinkAddr, MsgFlags, cmsg_space, recvmsg, setsockopt, sockopt,
};
use nix::sys::time::TimeSpec;
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use std::io::IoSliceMut;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, SystemTime};

/// Interface index of the port of node 0; the others follow.
pub const PORT_BASE: usize = 10;
/// Ports of the bridge that are observed; an intruder's port lies behind them.
const PORTS: u32 = 40;
const RECEIVE_BUFFER: usize = 4 << 20;
const LONGEST_FRAME: usize = 2048;

/// Watches the ports of a bridge namespace.
pub fn watch_wire(bridge: &Netns, timeline: Timeline) -> Watcher {
    let (stopped, stop) = stop_pipe();
    let socket = bridge.run(open);
    let thread = bridge.thread("wire", move || watch(&socket, &stopped, &timeline));
    Watcher::new(stop, thread)
}

fn open() -> Socket {
    let every_protocol = Protocol::from(i32::from(0x0003_u16.to_be()));
    let socket = Socket::new(Domain::PACKET, Type::RAW, Some(every_protocol))
        .expect("a packet socket can be opened (root is needed)");
    socket
        .attach_filter(&filter())
        .expect("a filter can be attached");
    setsockopt(&socket, sockopt::ReceiveTimestampns, &true).expect("time stamps can be had");
    setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BUFFER).expect("the buffer can be set");
    socket
}

/// Frames that came in at a node's port; what the bridge sends out again is not looked at.
fn filter() -> [SockFilter; 7] {
    const LOAD_WORD: u16 = 0x20;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const JUMP_IF_AT_LEAST: u16 = 0x35;
    const RETURN: u16 = 0x06;
    const PACKET_TYPE: u32 = 0xffff_f004;
    const INTERFACE: u32 = 0xffff_f008;
    const OUTGOING: u32 = 4;
    let first = u32::try_from(PORT_BASE).expect("a small number");
    [
        SockFilter::new(LOAD_WORD, 0, 0, PACKET_TYPE),
        SockFilter::new(JUMP_IF_EQUAL, 4, 0, OUTGOING),
        SockFilter::new(LOAD_WORD, 0, 0, INTERFACE),
        SockFilter::new(JUMP_IF_AT_LEAST, 0, 2, first),
        SockFilter::new(JUMP_IF_AT_LEAST, 1, 0, first + PORTS),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
        SockFilter::new(RETURN, 0, 0, 0),
    ]
}

fn watch(socket: &Socket, stopped: &OwnedFd, timeline: &Timeline) {
    let mut buffer = [0_u8; LONGEST_FRAME];
    while wait_for_input(socket.as_fd(), stopped.as_fd()) {
        if let Some((port, at, length)) = receive(socket, &mut buffer, timeline) {
            let node = port.checked_sub(PORT_BASE);
            if let (Some(node), Some(what)) = (node, decode::frame(&buffer[..length])) {
                timeline.add_at(at, node, what);
            }
        }
    }
}

fn receive(
    socket: &Socket,
    buffer: &mut [u8],
    timeline: &Timeline,
) -> Option<(usize, Duration, usize)> {
    let mut space = vec![0_u8; cmsg_space::<TimeSpec>()];
    let mut parts = [IoSliceMut::new(buffer)];
    let received = recvmsg::<LinkAddr>(
        socket.as_raw_fd(),
        &mut parts,
        Some(&mut space),
        MsgFlags::MSG_DONTWAIT,
    )
    .ok()?;
    let stamp = received.cmsgs().ok()?.find_map(|message| match message {
        ControlMessageOwned::ScmTimestampns(time) => Some(time),
        _ => None,
    });
    let at = stamp.map_or_else(
        || timeline.now(),
        |time| timeline.moment_of(SystemTime::UNIX_EPOCH + Duration::from(time)),
    );
    Some((received.address?.ifindex(), at, received.bytes))
}

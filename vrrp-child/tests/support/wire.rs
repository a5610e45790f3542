//! The other end of the cable: what arrives there, and what is sent from there.

use super::namespace::{LIMIT, THEIRS};
use nix::cmsg_space;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::if_nametoindex;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType,
    recvmsg, sendto, setsockopt, socket, sockopt,
};
use nix::sys::time::TimeSpec;
use std::io::IoSliceMut;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// Length of an Ethernet header.
pub(crate) const ETHERNET: usize = 14;

/// A socket on `hf1`.
pub(crate) struct Wire {
    socket: OwnedFd,
    index: usize,
}

/// A frame and when the kernel had it, so that a busy test does not see late adverts.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) at: Duration,
    pub(crate) bytes: Vec<u8>,
}

impl Wire {
    /// Listens from now on.
    pub(crate) fn open() -> Self {
        let socket = socket(
            AddressFamily::Packet,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            SockProtocol::EthAll,
        )
        .unwrap();
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true).unwrap();
        let index = if_nametoindex(THEIRS).unwrap().try_into().unwrap();
        Self { socket, index }
    }

    /// The next frame that came by the cable.
    pub(crate) fn next(&self, wait: Duration) -> Option<Frame> {
        let end = Instant::now() + wait;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let timeout = PollTimeout::try_from(left).unwrap();
            let mut waiting = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
            if poll(&mut waiting, timeout).unwrap() == 0 {
                return None;
            }
            let frame = self.read();
            if frame.is_some() {
                return frame;
            }
        }
    }

    /// One frame, if it came by the cable.
    fn read(&self) -> Option<Frame> {
        let mut bytes = vec![0; 9000];
        let mut parts = [IoSliceMut::new(&mut bytes)];
        let mut control = cmsg_space!(TimeSpec);
        let (fd, flags) = (self.socket.as_raw_fd(), MsgFlags::empty());
        let message = recvmsg::<LinkAddr>(fd, &mut parts, Some(&mut control), flags).unwrap();
        let at = message.cmsgs().unwrap().find_map(|item| match item {
            ControlMessageOwned::ScmTimestampns(at) => Some(Duration::from(at)),
            _ => None,
        });
        let (length, from) = (message.bytes, message.address.unwrap());
        bytes.truncate(length);
        (from.ifindex() == self.index).then(|| Frame {
            at: at.unwrap(),
            bytes,
        })
    }

    /// The next frame that is what is looked for.
    pub(crate) fn wait_for(&self, what: &str, mut find: impl FnMut(&Frame) -> bool) -> Frame {
        let end = Instant::now() + LIMIT;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let frame = self.next(left);
            let frame = frame.unwrap_or_else(|| panic!("{what}: no frame within {LIMIT:?}"));
            if find(&frame) {
                return frame;
            }
        }
    }

    /// Throws away what came up to now.
    pub(crate) fn forget(&self) {
        while self.next(Duration::ZERO).is_some() {}
    }

    /// Sends a frame to `hf0`.
    pub(crate) fn send(&self, frame: &[u8]) {
        let to = getifaddrs()
            .unwrap()
            .filter_map(|interface| interface.address?.as_link_addr().copied())
            .find(|address| address.ifindex() == self.index)
            .unwrap();
        sendto(self.socket.as_raw_fd(), frame, &to, MsgFlags::empty()).unwrap();
    }
}

impl Frame {
    fn ether_type(&self) -> u16 {
        u16::from_be_bytes([self.bytes[12], self.bytes[13]])
    }

    /// What is behind the IPv4 header, with the header's protocol.
    pub(crate) fn ipv4(&self) -> Option<(u8, &[u8])> {
        (self.ether_type() == 0x0800)
            .then(|| (self.bytes[ETHERNET + 9], &self.bytes[ETHERNET + 20..]))
    }

    /// What is behind the IPv6 header, with its next header.
    pub(crate) fn ipv6(&self) -> Option<(u8, &[u8])> {
        (self.ether_type() == 0x86dd)
            .then(|| (self.bytes[ETHERNET + 6], &self.bytes[ETHERNET + 40..]))
    }

    /// Priority of a VRRP advert of either family.
    pub(crate) fn priority(&self) -> Option<u8> {
        let (protocol, message) = self.ipv4().or_else(|| self.ipv6())?;
        match protocol {
            112 => Some(message[2]),
            51 => Some(message[24 + 2]),
            _ => None,
        }
    }

    /// True for a gratuitous ARP of this address.
    pub(crate) fn is_garp(&self, address: [u8; 4]) -> bool {
        self.ether_type() == 0x0806
            && self.bytes[ETHERNET + 14..ETHERNET + 18] == address
            && self.bytes[ETHERNET + 24..ETHERNET + 28] == address
    }

    /// True for an unsolicited neighbour advertisement.
    pub(crate) fn is_neighbour_advertisement(&self) -> bool {
        self.ipv6()
            .is_some_and(|(next, message)| next == 58 && message[0] == 136)
    }
}

//! Raw sockets that receive. Each hears one protocol on one interface.

use holdfast_ipc::config::model::Family;
use holdfast_vrrp::action::{IpProtocol, SocketSpec};
use holdfast_vrrp::event::IfIndex;
use holdfast_vrrp::packet::Datagram;
use nix::cmsg_space;
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
};
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, SockFilter, Socket, Type};
use std::collections::BTreeSet;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

/// Longest packet that can be right is below 4.5 KiB: IP header with options, authentication header,
/// 255 IPv6 addresses. A longer one is cut here and refused for its length by the decoder.
const PACKET_BUFFER: usize = 8 * 1024;
/// Room for a burst of adverts while the loop is busy: at 300 bytes each with the kernel's
/// accounting some 3,000, that is 10 ms of a flood on a gigabit link.
const RECEIVE_BUFFER: usize = 2 * 1024 * 1024;
/// Place of the TTL in an IPv4 header (RFC 791 section 3.1).
const TTL_OFFSET: usize = 8;
/// Instructions of classic BPF (linux/bpf_common.h): load a word, compare it, give back a verdict.
const BPF_LOAD_WORD: u16 = 0x20;
const BPF_JUMP_IF_EQUAL: u16 = 0x15;
const BPF_RETURN: u16 = 0x06;
/// Where such a program finds the interface of a packet (linux/filter.h SKF_AD_OFF and
/// SKF_AD_IFINDEX).
const BPF_INTERFACE: u32 = 0xffff_f008;

/// Buffers for one received packet, reused for all.
pub(crate) struct Buffers {
    packet: Vec<u8>,
    control: Vec<u8>,
}

impl Buffers {
    /// Makes them once, so that receiving allocates nothing.
    pub(crate) fn new() -> Self {
        Self {
            packet: vec![0; PACKET_BUFFER],
            control: cmsg_space!(libc::in6_pktinfo, libc::in_pktinfo, libc::c_int),
        }
    }
}

/// What identifies a socket; the groups of it may change.
pub(crate) type Key = (Option<IfIndex>, Family, IpProtocol);

/// The key of a wish.
pub(crate) fn key(spec: &SocketSpec) -> Key {
    (spec.index, spec.family, spec.protocol)
}

/// An open raw socket.
#[derive(Debug)]
pub(crate) struct Receiver {
    socket: Socket,
    index: Option<IfIndex>,
    family: Family,
    groups: BTreeSet<IpAddr>,
}

impl Receiver {
    /// Opens a socket without groups.
    pub(crate) fn open((index, family, protocol): Key) -> io::Result<Self> {
        let domain = match family {
            Family::V4 => Domain::IPV4,
            Family::V6 => Domain::IPV6,
        };
        let kind = Type::RAW.nonblocking();
        let socket = Socket::new(domain, kind, Some(Protocol::from(number(protocol))))?;
        if let Some(index) = index {
            bind_to_interface(&socket, index, family)?;
        }
        match family {
            Family::V4 => {
                // Otherwise the kernel hands over groups that other programs joined.
                socket.set_multicast_all_v4(false)?;
                setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
            }
            Family::V6 => {
                setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
                setsockopt(&socket, sockopt::Ipv6RecvHopLimit, &true)?;
            }
        }
        let _ = setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BUFFER);
        Ok(Self {
            socket,
            index,
            family,
            groups: BTreeSet::new(),
        })
    }

    /// Joins what is missing and leaves what is not wanted any more.
    pub(crate) fn set_groups(&mut self, wanted: &[IpAddr]) -> io::Result<()> {
        let wanted: BTreeSet<IpAddr> = wanted.iter().copied().collect();
        for group in self.groups.difference(&wanted) {
            // It is left at the latest with the socket.
            let _ = self.leave(*group);
        }
        self.groups.retain(|group| wanted.contains(group));
        for group in wanted {
            if !self.groups.contains(&group) {
                self.join(group)?;
                self.groups.insert(group);
            }
        }
        Ok(())
    }

    fn join(&self, group: IpAddr) -> io::Result<()> {
        let index = self.index.map_or(0, IfIndex::get);
        match group {
            IpAddr::V4(group) => self
                .socket
                .join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index)),
            IpAddr::V6(group) => self.socket.join_multicast_v6(&group, index),
        }
        .or_else(|error| match error.raw_os_error() {
            Some(libc::EADDRINUSE) => Ok(()),
            _ => Err(error),
        })
    }

    fn leave(&self, group: IpAddr) -> io::Result<()> {
        let index = self.index.map_or(0, IfIndex::get);
        match group {
            IpAddr::V4(group) => self
                .socket
                .leave_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index)),
            IpAddr::V6(group) => self.socket.leave_multicast_v6(&group, index),
        }
    }

    /// Takes one packet. The inner `None` is a packet that cannot be used; the outer one says that
    /// there is none.
    pub(crate) fn receive<'a>(
        &self,
        buffers: &'a mut Buffers,
    ) -> Result<Option<Option<Datagram<'a>>>, Errno> {
        let Some((length, envelope)) = self.receive_raw(buffers)? else {
            return Ok(None);
        };
        let bytes = buffers.packet.get(..length).unwrap_or_default();
        Ok(Some(self.datagram(envelope, bytes)))
    }

    fn receive_raw(&self, buffers: &mut Buffers) -> Result<Option<(usize, Envelope)>, Errno> {
        let mut parts = [IoSliceMut::new(&mut buffers.packet)];
        let control = Some(buffers.control.as_mut_slice());
        let flags = MsgFlags::MSG_DONTWAIT;
        let fd = self.socket.as_raw_fd();
        let message = match recvmsg::<SockaddrStorage>(fd, &mut parts, control, flags) {
            Ok(message) => message,
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
            Err(errno) => return Err(errno),
        };
        let mut envelope = Envelope {
            source: message.address.as_ref().and_then(source),
            ..Envelope::default()
        };
        for item in message.cmsgs().into_iter().flatten() {
            envelope.take(&item);
        }
        Ok(Some((message.bytes, envelope)))
    }

    fn datagram<'a>(&self, envelope: Envelope, bytes: &'a [u8]) -> Option<Datagram<'a>> {
        let index = envelope.index?;
        if self.index.is_some_and(|bound| bound != index) {
            return None;
        }
        let destination = envelope.destination?;
        // A raw IPv6 socket hears all groups of the machine, whatever its options are.
        if destination.is_multicast() && !self.groups.contains(&destination) {
            return None;
        }
        Some(Datagram {
            index,
            family: self.family,
            source: envelope.source?,
            destination,
            hop_limit: match self.family {
                Family::V4 => bytes.get(TTL_OFFSET).copied(),
                Family::V6 => envelope.hop_limit,
            },
            bytes,
        })
    }
}

impl AsFd for Receiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// What the kernel tells beside a packet.
#[derive(Debug, Default)]
struct Envelope {
    index: Option<IfIndex>,
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
    hop_limit: Option<u8>,
}

impl Envelope {
    fn take(&mut self, item: &ControlMessageOwned) {
        match item {
            ControlMessageOwned::Ipv4PacketInfo(info) => {
                self.index = u32::try_from(info.ipi_ifindex).ok().and_then(IfIndex::new);
                let address = u32::from_be(info.ipi_addr.s_addr);
                self.destination = Some(Ipv4Addr::from_bits(address).into());
            }
            ControlMessageOwned::Ipv6PacketInfo(info) => {
                self.index = IfIndex::new(info.ipi6_ifindex);
                self.destination = Some(info.ipi6_addr.s6_addr.into());
            }
            ControlMessageOwned::Ipv6HopLimit(limit) => {
                self.hop_limit = u8::try_from(*limit).ok();
            }
            _ => {}
        }
    }
}

fn source(address: &SockaddrStorage) -> Option<IpAddr> {
    match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
        (Some(v4), _) => Some(v4.ip().into()),
        (None, Some(v6)) => Some(v6.ip().into()),
        (None, None) => None,
    }
}

/// Number of a protocol (IANA: VRRP 112, authentication header 51).
pub(crate) const fn number(protocol: IpProtocol) -> i32 {
    match protocol {
        IpProtocol::Vrrp => 112,
        IpProtocol::Ah => 51,
    }
}

/// The filter comes first: between `socket` and the binding the socket hears all interfaces. It also
/// does the work alone on kernels before 5.1, which cannot bind to an index (by name would hit the
/// wrong interface when names change).
fn bind_to_interface(socket: &Socket, index: IfIndex, family: Family) -> io::Result<()> {
    socket.attach_filter(&[
        SockFilter::new(BPF_LOAD_WORD, 0, 0, BPF_INTERFACE),
        SockFilter::new(BPF_JUMP_IF_EQUAL, 0, 1, index.get()),
        SockFilter::new(BPF_RETURN, 0, 0, u32::MAX),
        SockFilter::new(BPF_RETURN, 0, 0, 0),
    ])?;
    let number = NonZeroU32::new(index.get());
    match family {
        Family::V4 => socket.bind_device_by_index_v4(number),
        Family::V6 => socket.bind_device_by_index_v6(number),
    }
    .or_else(|error| match error.raw_os_error() {
        Some(libc::ENOPROTOOPT) => Ok(()),
        _ => Err(error),
    })
}

/// A filter for sockets that only send.
pub(crate) fn hear_nothing(socket: &Socket) -> io::Result<()> {
    socket.attach_filter(&[SockFilter::new(BPF_RETURN, 0, 0, 0)])
}

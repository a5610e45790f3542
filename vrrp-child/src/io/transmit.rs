//! Sending: adverts through two raw sockets that hear nothing, Ethernet frames through a third.

use super::error::{Fatal, cannot};
use super::socket::{hear_nothing, number};
use holdfast_vrrp::action::{IpProtocol, Transmit};
use holdfast_vrrp::event::IfIndex;
use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::libc;
use nix::sys::socket::{
    ControlMessage, LinkAddr, MsgFlags, SockaddrIn, SockaddrIn6, sendmsg, sendto,
};
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::BTreeMap;
use std::io::{self, IoSlice};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;

/// DSCP class 6, network control (RFC 2474 section 4.2.2), as keepalived marks its adverts.
const TRAFFIC_CLASS: u32 = 0xc0;
/// Goes before other traffic in the queue of the interface (linux/pkt_sched.h TC_PRIO_CONTROL).
const QUEUE_PRIORITY: u32 = 7;

/// The sockets that send.
#[derive(Debug)]
pub(crate) struct Transmitter {
    v4: Socket,
    /// Missing where the kernel has no IPv6.
    v6: io::Result<Socket>,
    frames: Socket,
    interfaces: BTreeMap<IfIndex, LinkAddr>,
}

impl Transmitter {
    /// Opens all three.
    pub(crate) fn open() -> Result<Self, Fatal> {
        Ok(Self {
            v4: open_v4().map_err(cannot("open a raw IPv4 socket (is CAP_NET_RAW missing?)"))?,
            v6: open_v6(),
            frames: open_frames().map_err(cannot("open a packet socket"))?,
            interfaces: BTreeMap::new(),
        })
    }

    /// Sends an advert.
    pub(crate) fn send(&self, transmit: &Transmit) -> Result<(), Errno> {
        match (transmit.source, transmit.destination) {
            (_, IpAddr::V4(destination)) => self.send_v4(transmit, destination),
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                self.send_v6(transmit, source, destination)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) => Err(Errno::EAFNOSUPPORT),
        }
    }

    /// The header with addresses and TTL is in the packet; the socket message names the interface.
    fn send_v4(&self, transmit: &Transmit, destination: Ipv4Addr) -> Result<(), Errno> {
        let info = libc::in_pktinfo {
            ipi_ifindex: transmit.index.map_or(0, |index| index.get().cast_signed()),
            ipi_spec_dst: libc::in_addr { s_addr: 0 },
            ipi_addr: libc::in_addr { s_addr: 0 },
        };
        let to = SockaddrIn::from(SocketAddrV4::new(destination, 0));
        sendmsg(
            self.v4.as_raw_fd(),
            &[IoSlice::new(&transmit.bytes)],
            &[ControlMessage::Ipv4PacketInfo(&info)],
            MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL,
            Some(&to),
        )
        .map(drop)
    }

    fn send_v6(
        &self,
        transmit: &Transmit,
        source: Ipv6Addr,
        destination: Ipv6Addr,
    ) -> Result<(), Errno> {
        let Ok(socket) = &self.v6 else {
            return Err(Errno::EAFNOSUPPORT);
        };
        let index = transmit.index.map_or(0, IfIndex::get);
        let info = libc::in6_pktinfo {
            ipi6_addr: libc::in6_addr {
                s6_addr: source.octets(),
            },
            ipi6_ifindex: index,
        };
        let hops = libc::c_int::from(transmit.hop_limit);
        let to = SockaddrIn6::from(SocketAddrV6::new(destination, 0, 0, index));
        sendmsg(
            socket.as_raw_fd(),
            &[IoSlice::new(&transmit.bytes)],
            &[
                ControlMessage::Ipv6PacketInfo(&info),
                ControlMessage::Ipv6HopLimit(&hops),
            ],
            MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL,
            Some(&to),
        )
        .map(drop)
    }

    /// Sends an Ethernet frame.
    pub(crate) fn send_frame(&mut self, index: IfIndex, bytes: &[u8]) -> Result<(), Errno> {
        if !self.interfaces.contains_key(&index) {
            self.interfaces = link_addresses()?;
        }
        let to = self.interfaces.get(&index).ok_or(Errno::ENODEV)?;
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        sendto(self.frames.as_raw_fd(), bytes, to, flags).map(drop)
    }

    /// The interface is gone; its number may come back for another one.
    pub(crate) fn forget(&mut self, index: IfIndex) {
        self.interfaces.remove(&index);
    }

    /// Any interface may be gone.
    pub(crate) fn forget_all(&mut self) {
        self.interfaces.clear();
    }
}

fn open_v4() -> io::Result<Socket> {
    let socket = raw(Domain::IPV4)?;
    socket.set_header_included_v4(true)?;
    socket.set_multicast_loop_v4(false)?;
    socket.set_priority(QUEUE_PRIORITY)?;
    Ok(socket)
}

fn open_v6() -> io::Result<Socket> {
    let socket = raw(Domain::IPV6)?;
    socket.set_multicast_loop_v6(false)?;
    socket.set_tclass_v6(TRAFFIC_CLASS)?;
    // Behind the traffic class, which sets a priority of its own.
    socket.set_priority(QUEUE_PRIORITY)?;
    Ok(socket)
}

fn raw(domain: Domain) -> io::Result<Socket> {
    let protocol = Protocol::from(number(IpProtocol::Vrrp));
    let socket = Socket::new(domain, Type::RAW.nonblocking(), Some(protocol))?;
    hear_nothing(&socket)?;
    Ok(socket)
}

/// Protocol 0: it can send and receives nothing.
fn open_frames() -> io::Result<Socket> {
    let socket = Socket::new(Domain::PACKET, Type::RAW.nonblocking(), None)?;
    socket.set_priority(QUEUE_PRIORITY)?;
    Ok(socket)
}

/// The link-layer address structures of all interfaces, as the C library makes them: there is no
/// other way to get one without unsafe code. Of such a structure only the index is used here, so
/// another MAC of the same interface does not make it wrong.
fn link_addresses() -> Result<BTreeMap<IfIndex, LinkAddr>, Errno> {
    Ok(getifaddrs()?
        .filter_map(|interface| {
            let address = *interface.address?.as_link_addr()?;
            let index = IfIndex::new(u32::try_from(address.ifindex()).ok()?)?;
            Some((index, address))
        })
        .collect())
}

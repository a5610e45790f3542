//! Sockets that the child opens for checks and gives away: they are as the configuration says, and
//! adverts do not wait for them.

#[cfg(test)]
mod support;

use holdfast_ipc::config::model::{Family, IfName};
use holdfast_ipc::message::{ParentToVrrp, VrrpToParent};
use holdfast_ipc::opening::{CheckSocket, OpenStep, Refusal, Request, SocketKind};
use holdfast_ipc::state::VrrpState;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::{getsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};
use std::time::{Duration, Instant};
use support::child::{Child, fresh};
use support::config::{config, router};
use support::wire::Wire;
use support::{OURS, in_namespace};

const VIP: &str = "192.0.2.100/24";
/// How often adverts are sent, and how late one may be on a machine that runs other tests as well.
const INTERVAL: Duration = Duration::from_millis(100);
const SLACK: Duration = Duration::from_millis(50);

fn ready() -> Child {
    let mut child = Child::run(fresh(config([router(&[VIP])])));
    child.wait_for_state(VrrpState::Master);
    child
}

fn plain(kind: SocketKind, family: Family) -> CheckSocket {
    CheckSocket {
        kind,
        family,
        mark: 0,
        interface: None,
    }
}

#[track_caller]
fn refusal_in(message: &VrrpToParent) -> Refusal {
    let refusal = match message {
        VrrpToParent::Opened { opened, .. } => opened.err(),
        _other => None,
    };
    assert!(refusal.is_some(), "{message:?}");
    refusal.unwrap_or(Refusal::LOST)
}

/// What the child says to a wish.
fn open(child: &mut Child, socket: CheckSocket) -> Result<Socket, Refusal> {
    let request = Request::new(300);
    child.send(&ParentToVrrp::Open { request, socket });
    let (message, descriptor) = child.opened();
    match descriptor {
        Some(descriptor) => {
            let opened = Ok(());
            assert_eq!(message, VrrpToParent::Opened { request, opened });
            Ok(descriptor.into())
        }
        None => Err(refusal_in(&message)),
    }
}

#[test]
fn a_socket_has_the_mark_and_the_device_and_is_neither_bound_nor_connected() {
    in_namespace(|| {
        let wanted = CheckSocket {
            mark: 7,
            interface: Some(IfName::try_from(OURS).unwrap()),
            ..plain(SocketKind::Tcp, Family::V4)
        };
        let socket = open(&mut ready(), wanted).unwrap();
        assert_eq!(getsockopt(&socket, sockopt::Mark), Ok(7));
        assert_eq!(socket.device().unwrap().unwrap(), OURS.as_bytes());
        let status = OFlag::from_bits_retain(fcntl(&socket, FcntlArg::F_GETFL).unwrap());
        assert!(status.contains(OFlag::O_NONBLOCK));
        let own = socket.local_addr().unwrap().as_socket().unwrap();
        assert_eq!(own, "0.0.0.0:0".parse().unwrap());
        let errno = socket.peer_addr().unwrap_err().raw_os_error();
        assert_eq!(errno, Some(Errno::ENOTCONN as i32));
    });
}

#[test]
fn every_kind_is_opened_and_nothing_of_it_is_kept() {
    in_namespace(|| {
        std::fs::write("/proc/sys/net/ipv4/ping_group_range", "0 2147483647").unwrap();
        let mut child = ready();
        let before = child.descriptors();
        let kinds = [
            (SocketKind::Tcp, Type::STREAM, [Protocol::TCP; 2]),
            (SocketKind::Udp, Type::DGRAM, [Protocol::UDP; 2]),
            (
                SocketKind::Ping,
                Type::DGRAM,
                [Protocol::ICMPV4, Protocol::ICMPV6],
            ),
        ];
        for (kind, expected, [v4, v6]) in kinds {
            let families = [
                (Family::V4, Domain::IPV4, v4),
                (Family::V6, Domain::IPV6, v6),
            ];
            for (family, domain, protocol) in families {
                let socket = open(&mut child, plain(kind, family)).unwrap();
                assert_eq!(socket.domain().unwrap(), domain);
                assert_eq!(socket.r#type().unwrap(), expected);
                assert_eq!(socket.protocol().unwrap(), Some(protocol));
            }
        }
        assert_eq!(child.descriptors(), before);
    });
}

#[test]
fn what_the_kernel_refuses_is_told_with_its_reason() {
    in_namespace(|| {
        std::fs::write("/proc/sys/net/ipv4/ping_group_range", "1 0").unwrap();
        let mut child = ready();
        let gone = CheckSocket {
            interface: Some(IfName::try_from("gone0").unwrap()),
            ..plain(SocketKind::Udp, Family::V4)
        };
        let refused = |step, errno| Refusal {
            step,
            errno: errno as i32,
        };
        assert_eq!(
            open(&mut child, gone).unwrap_err(),
            refused(OpenStep::Device, Errno::ENODEV)
        );
        assert_eq!(
            open(&mut child, plain(SocketKind::Ping, Family::V4)).unwrap_err(),
            refused(OpenStep::PingSocket, Errno::EACCES)
        );
    });
}

#[test]
fn a_flood_of_requests_does_not_delay_adverts() {
    in_namespace(|| {
        let wire = Wire::open();
        let mut child = ready();
        let wanted = CheckSocket {
            mark: 7,
            ..plain(SocketKind::Tcp, Family::V4)
        };
        let mut last = wire
            .wait_for("advert", |frame| frame.priority() == Some(150))
            .at;
        let end = Instant::now() + Duration::from_secs(2);
        let mut opened = 0;
        while Instant::now() < end {
            for _ in 0..32 {
                let (request, socket) = (Request::new(opened), wanted.clone());
                child.send(&ParentToVrrp::Open { request, socket });
            }
            for _ in 0..32 {
                assert!(child.opened().1.is_some());
                opened += 1;
            }
            while let Some(frame) = wire.next(Duration::ZERO) {
                if frame.priority() == Some(150) {
                    let gap = frame.at - last;
                    assert!(gap < INTERVAL + SLACK, "{gap:?} between two adverts");
                    last = frame.at;
                }
            }
        }
        assert!(opened > 1_000, "{opened} in 2 s");
    });
}

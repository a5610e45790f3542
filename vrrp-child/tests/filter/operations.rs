//! For each row of the table, something that makes its call.

use crate::filter::{Condition, Row};
use nix::ifaddrs::getifaddrs;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, pthread_sigmask};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, recv, recvmsg, send, sendmsg, setsockopt,
    socketpair, sockopt,
};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use nix::time::{ClockId as Clock, clock_gettime};
use nix::unistd::{getpid, gettid, pipe};
use signal_hook::low_level::emulate_default_handler;
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, SockFilter, Socket, Type};
use std::hash::{BuildHasher, RandomState};
use std::hint::{black_box, spin_loop};
use std::io::{IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What is done under the filter.
pub(crate) type Act = Box<dyn FnOnce()>;

/// Everything that needs other calls, before the filter.
pub(crate) type Prepare = fn() -> Act;

/// How a row is shown to be right.
pub(crate) enum Evidence {
    /// The process goes on behind it.
    Works(Prepare),
    /// The same, but whether the allocator makes the call depends on where its memory lies.
    DependsOnTheLayout(Prepare),
    /// It ends by this signal, as it should.
    DiesBy(Signal, Prepare),
    /// It waits, and the test stops and continues it.
    Restarted(Prepare),
}

#[cfg(target_arch = "x86_64")]
pub(crate) const CALL_OF_THE_WAIT: libc::c_long = libc::SYS_poll;
#[cfg(not(target_arch = "x86_64"))]
pub(crate) const CALL_OF_THE_WAIT: libc::c_long = libc::SYS_ppoll;

#[cfg(target_arch = "x86_64")]
const CALL_OF_THE_LOOP: libc::c_long = libc::SYS_epoll_wait;
#[cfg(not(target_arch = "x86_64"))]
const CALL_OF_THE_LOOP: libc::c_long = libc::SYS_epoll_pwait;

/// Loopback, which every namespace has.
const INTERFACE: u32 = 1;
const GROUP4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
const GROUP6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);

/// What shows this row.
pub(crate) fn evidence(row: &Row) -> Evidence {
    match row.call {
        libc::SYS_socket => Evidence::Works(open_socket(argument(row, 0), argument(row, 2))),
        libc::SYS_setsockopt => Evidence::Works(set_option(argument(row, 1), argument(row, 2))),
        libc::SYS_tgkill => die(argument(row, 2)),
        libc::SYS_rt_sigaction => die(argument(row, 0)),
        libc::SYS_madvise => Evidence::DependsOnTheLayout(|| Box::new(many_blocks)),
        libc::SYS_restart_syscall => Evidence::Restarted(wait_long),
        call => Evidence::Works(other(call)),
    }
}

fn die(signal: i32) -> Evidence {
    match signal {
        libc::SIGABRT => Evidence::DiesBy(Signal::SIGABRT, || Box::new(|| std::process::abort())),
        libc::SIGSEGV => Evidence::DiesBy(Signal::SIGSEGV, || {
            Box::new(|| emulate_default_handler(libc::SIGSEGV).unwrap())
        }),
        libc::SIGBUS => Evidence::DiesBy(Signal::SIGBUS, || {
            Box::new(|| emulate_default_handler(libc::SIGBUS).unwrap())
        }),
        _ => panic!("no test for signal {signal}"),
    }
}

/// The value that a row wants of an argument.
fn argument(row: &Row, number: u8) -> i32 {
    row.conditions
        .iter()
        .find_map(|condition| match *condition {
            Condition::Is(argument, value) if argument == number => Some(value),
            Condition::Is(..) | Condition::Bits(..) => None,
        })
        .unwrap()
}

fn open_socket(family: i32, protocol: i32) -> Prepare {
    match (family, protocol) {
        (libc::AF_INET, 112) => || Box::new(|| drop(raw(Domain::IPV4, 112))),
        (libc::AF_INET, 51) => || Box::new(|| drop(raw(Domain::IPV4, 51))),
        (libc::AF_INET6, 112) => || Box::new(|| drop(raw(Domain::IPV6, 112))),
        (libc::AF_INET6, 51) => || Box::new(|| drop(raw(Domain::IPV6, 51))),
        (libc::AF_PACKET, 0) => || Box::new(|| drop(raw(Domain::PACKET, 0))),
        (libc::AF_NETLINK, 0) => || Box::new(|| drop(getifaddrs().unwrap())),
        (libc::AF_INET, libc::IPPROTO_TCP) => || of_a_check(Domain::IPV4, Protocol::TCP),
        (libc::AF_INET6, libc::IPPROTO_TCP) => || of_a_check(Domain::IPV6, Protocol::TCP),
        (libc::AF_INET, libc::IPPROTO_UDP) => || of_a_check(Domain::IPV4, Protocol::UDP),
        (libc::AF_INET6, libc::IPPROTO_UDP) => || of_a_check(Domain::IPV6, Protocol::UDP),
        (libc::AF_INET, libc::IPPROTO_ICMP) => || of_a_check(Domain::IPV4, Protocol::ICMPV4),
        (libc::AF_INET6, libc::IPPROTO_ICMPV6) => || of_a_check(Domain::IPV6, Protocol::ICMPV6),
        _ => panic!("no test for a socket of family {family}, protocol {protocol}"),
    }
}

fn raw(domain: Domain, protocol: i32) -> Socket {
    Socket::new(domain, Type::RAW, Some(Protocol::from(protocol))).unwrap()
}

/// A ping socket may be closed to the group of this process, which the filter has no part in.
fn of_a_check(domain: Domain, protocol: Protocol) -> Act {
    let kind = match protocol {
        Protocol::TCP => Type::STREAM,
        _ => Type::DGRAM,
    };
    Box::new(move || drop(Socket::new(domain, kind.nonblocking(), Some(protocol))))
}

fn on_v4(act: fn(&Socket)) -> Act {
    let socket = raw(Domain::IPV4, 112);
    Box::new(move || act(&socket))
}

fn on_v6(act: fn(&Socket)) -> Act {
    let socket = raw(Domain::IPV6, 112);
    Box::new(move || act(&socket))
}

fn set_option(level: i32, option: i32) -> Prepare {
    match level {
        libc::SOL_SOCKET => set_socket_option(option),
        libc::SOL_IP => set_v4_option(option),
        libc::SOL_IPV6 => set_v6_option(option),
        _ => panic!("no test for an option of level {level}"),
    }
}

fn set_socket_option(option: i32) -> Prepare {
    match option {
        libc::SO_ATTACH_FILTER => || {
            on_v4(|socket| {
                socket
                    .attach_filter(&[SockFilter::new(6, 0, 0, 0)])
                    .unwrap()
            })
        },
        62 => || {
            on_v4(|socket| {
                let index = NonZeroU32::new(INTERFACE);
                socket.bind_device_by_index_v4(index).unwrap();
            })
        },
        libc::SO_MARK => || on_v4(|socket| socket.set_mark(7).unwrap()),
        libc::SO_BINDTODEVICE => || on_v4(|socket| socket.bind_device(Some(b"lo")).unwrap()),
        libc::SO_PRIORITY => || on_v4(|socket| socket.set_priority(7).unwrap()),
        libc::SO_RCVBUFFORCE => {
            || on_v4(|socket| setsockopt(socket, sockopt::RcvBufForce, &65536).unwrap())
        }
        _ => panic!("no test for socket option {option}"),
    }
}

fn set_v4_option(option: i32) -> Prepare {
    match option {
        libc::IP_HDRINCL => || on_v4(|socket| socket.set_header_included_v4(true).unwrap()),
        libc::IP_PKTINFO => {
            || on_v4(|socket| setsockopt(socket, sockopt::Ipv4PacketInfo, &true).unwrap())
        }
        libc::IP_MULTICAST_LOOP => || on_v4(|socket| socket.set_multicast_loop_v4(false).unwrap()),
        libc::IP_MULTICAST_ALL => || on_v4(|socket| socket.set_multicast_all_v4(false).unwrap()),
        libc::IP_ADD_MEMBERSHIP => || {
            on_v4(|socket| {
                let interface = InterfaceIndexOrAddress::Index(INTERFACE);
                socket.join_multicast_v4_n(&GROUP4, &interface).unwrap();
            })
        },
        libc::IP_DROP_MEMBERSHIP => || {
            let socket = raw(Domain::IPV4, 112);
            let interface = InterfaceIndexOrAddress::Index(INTERFACE);
            socket.join_multicast_v4_n(&GROUP4, &interface).unwrap();
            Box::new(move || {
                let interface = InterfaceIndexOrAddress::Index(INTERFACE);
                socket.leave_multicast_v4_n(&GROUP4, &interface).unwrap();
            })
        },
        _ => panic!("no test for IPv4 option {option}"),
    }
}

fn set_v6_option(option: i32) -> Prepare {
    match option {
        libc::IPV6_RECVPKTINFO => {
            || on_v6(|socket| setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &true).unwrap())
        }
        libc::IPV6_RECVHOPLIMIT => {
            || on_v6(|socket| setsockopt(socket, sockopt::Ipv6RecvHopLimit, &true).unwrap())
        }
        libc::IPV6_MULTICAST_LOOP => {
            || on_v6(|socket| socket.set_multicast_loop_v6(false).unwrap())
        }
        libc::IPV6_TCLASS => || on_v6(|socket| socket.set_tclass_v6(0xc0).unwrap()),
        libc::IPV6_ADD_MEMBERSHIP => {
            || on_v6(|socket| socket.join_multicast_v6(&GROUP6, INTERFACE).unwrap())
        }
        libc::IPV6_DROP_MEMBERSHIP => || {
            let socket = raw(Domain::IPV6, 112);
            socket.join_multicast_v6(&GROUP6, INTERFACE).unwrap();
            Box::new(move || socket.leave_multicast_v6(&GROUP6, INTERFACE).unwrap())
        },
        _ => panic!("no test for IPv6 option {option}"),
    }
}

fn other(call: libc::c_long) -> Prepare {
    match call {
        libc::SYS_epoll_ctl => || {
            let (epoll, timer) = epoll_and_timer();
            Box::new(move || {
                epoll
                    .add(&timer, EpollEvent::new(EpollFlags::EPOLLIN, 1))
                    .unwrap()
            })
        },
        CALL_OF_THE_LOOP => || {
            let (epoll, _) = epoll_and_timer();
            Box::new(move || {
                let mut events = [EpollEvent::empty()];
                assert_eq!(epoll.wait(&mut events, EpollTimeout::ZERO), Ok(0));
            })
        },
        libc::SYS_timerfd_settime => || {
            let (_, timer) = epoll_and_timer();
            Box::new(move || {
                let soon = Expiration::OneShot(TimeSpec::new(1, 0));
                timer.set(soon, TimerSetTimeFlags::empty()).unwrap();
            })
        },
        libc::SYS_read => || {
            let (reader, writer) = pipe().unwrap();
            nix::unistd::write(&writer, b"x").unwrap();
            Box::new(move || assert_eq!(nix::unistd::read(&reader, &mut [0]), Ok(1)))
        },
        libc::SYS_recvmsg => || {
            let (one, other) = pair();
            send(one.as_raw_fd(), b"x", MsgFlags::empty()).unwrap();
            Box::new(move || {
                let mut byte = [0];
                let mut parts = [IoSliceMut::new(&mut byte)];
                let fd = other.as_raw_fd();
                let message = recvmsg::<()>(fd, &mut parts, None, MsgFlags::empty()).unwrap();
                assert_eq!(message.bytes, 1);
            })
        },
        libc::SYS_sendmsg => || {
            let (one, _other) = pair();
            Box::new(move || {
                let parts = [IoSlice::new(b"x")];
                let _ = sendmsg::<()>(one.as_raw_fd(), &parts, &[], MsgFlags::MSG_NOSIGNAL, None);
            })
        },
        libc::SYS_recvfrom => || {
            let (one, other) = pair();
            send(one.as_raw_fd(), b"x", MsgFlags::empty()).unwrap();
            Box::new(move || {
                assert_eq!(recv(other.as_raw_fd(), &mut [0], MsgFlags::empty()), Ok(1));
            })
        },
        libc::SYS_sendto => || {
            let (one, other) = pair();
            Box::new(move || {
                assert_eq!(send(one.as_raw_fd(), b"x", MsgFlags::empty()), Ok(1));
                drop(black_box(other));
            })
        },
        #[cfg(debug_assertions)]
        libc::SYS_fcntl => || {
            let (one, _) = pair();
            Box::new(move || drop(one))
        },
        libc::SYS_close => || {
            let (one, _) = pair();
            Box::new(move || drop(one))
        },
        libc::SYS_bind | libc::SYS_getsockname => || Box::new(|| drop(getifaddrs().unwrap())),
        CALL_OF_THE_WAIT => || Box::new(|| wait(PollTimeout::ZERO)),
        // The clock of the process is not in the vDSO.
        libc::SYS_clock_gettime => || {
            Box::new(|| {
                clock_gettime(Clock::CLOCK_PROCESS_CPUTIME_ID).unwrap();
            })
        },
        libc::SYS_write => {
            || Box::new(|| assert_eq!(nix::unistd::write(std::io::stderr(), b"x"), Ok(1)))
        }
        libc::SYS_rt_sigprocmask => || {
            Box::new(|| {
                let none = SigSet::empty();
                pthread_sigmask(SigmaskHow::SIG_BLOCK, Some(&none), None).unwrap();
            })
        },
        libc::SYS_gettid => || {
            Box::new(|| {
                black_box(gettid());
            })
        },
        libc::SYS_getpid => || {
            Box::new(|| {
                black_box(getpid());
            })
        },
        // What the standard library does when `main` returns.
        libc::SYS_exit_group | libc::SYS_sigaltstack => || Box::new(|| {}),
        call => memory(call),
    }
}

/// Memory: which call the allocator makes depends on the size and on the thread.
fn memory(call: libc::c_long) -> Prepare {
    match call {
        libc::SYS_brk => || Box::new(many_blocks),
        libc::SYS_mmap => || Box::new(|| drop(black_box(large_block()))),
        libc::SYS_munmap => || {
            let block = large_block();
            Box::new(move || drop(black_box(block)))
        },
        libc::SYS_mremap => || {
            let mut block = large_block();
            Box::new(move || block.reserve(2 * LARGE))
        },
        libc::SYS_mprotect => || {
            // As the thread of the load balancer does: what glibc reads but once comes before.
            std::thread::spawn(many_small_blocks).join().unwrap();
            in_a_second_thread(many_blocks)
        },
        libc::SYS_futex => || Box::new(|| std::thread::park_timeout(Duration::from_millis(1))),
        libc::SYS_getrandom => || {
            in_a_second_thread(|| {
                black_box(RandomState::new().hash_one(1));
            })
        },
        _ => panic!("no test for call {call}"),
    }
}

/// Above the allocator's limit for mappings of their own (128 KiB at first).
const LARGE: usize = 64 * 1024 * 1024;

fn large_block() -> Vec<u8> {
    Vec::with_capacity(LARGE)
}

/// Grows the heap by 16 MiB in blocks that do not get mappings of their own, and frees it.
fn many_blocks() {
    let blocks: Vec<Vec<u8>> = (0..512).map(|_| black_box(vec![1; 32 * 1024])).collect();
    drop(black_box(blocks));
}

/// Enough that some of it is given back.
fn many_small_blocks() {
    let blocks = [(); 8].map(|()| black_box(vec![1_u8; 64 * 1024]));
    drop(black_box(blocks));
}

/// Runs it in a thread that exists before the filter and has no seeds of its own yet.
fn in_a_second_thread(act: fn()) -> Act {
    let [ready, go, done] = [(); 3].map(|()| Arc::new(AtomicBool::new(false)));
    let thread = (Arc::clone(&ready), Arc::clone(&go), Arc::clone(&done));
    std::thread::spawn(move || {
        let (ready, go, done) = thread;
        ready.store(true, Ordering::Release);
        spin_until(&go);
        act();
        done.store(true, Ordering::Release);
        loop {
            spin_loop();
        }
    });
    spin_until(&ready);
    Box::new(move || {
        go.store(true, Ordering::Release);
        spin_until(&done);
    })
}

fn spin_until(flag: &AtomicBool) {
    while !flag.load(Ordering::Acquire) {
        spin_loop();
    }
}

fn epoll_and_timer() -> (Epoll, TimerFd) {
    let epoll = Epoll::new(EpollCreateFlags::empty()).unwrap();
    let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::empty()).unwrap();
    (epoll, timer)
}

fn pair() -> (OwnedFd, OwnedFd) {
    let kind = SockType::SeqPacket;
    socketpair(AddressFamily::Unix, kind, None, SockFlag::empty()).unwrap()
}

fn wait_long() -> Act {
    Box::new(|| wait(PollTimeout::from(500_u16)))
}

fn wait(limit: PollTimeout) {
    let stderr = std::io::stderr();
    let mut nothing = [PollFd::new(stderr.as_fd(), PollFlags::empty())];
    let _ = poll(&mut nothing, limit);
}

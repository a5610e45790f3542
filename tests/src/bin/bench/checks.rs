//! Thousands of checks a second: processor time a check and memory, of both daemons. keepalived
//! would end its checker where the kernel has no IPVS; a stand-in for that lets it go on.
//!
//! Processor time depends on the machine and on what else runs. The yardstick is what the kernel
//! takes for the same conversation with nothing around it, at the same moment.

use crate::answer::{self, Servers};
use crate::load::{self, Memory};
use holdfast_tests::{Config, Daemon, Kind, Lab, process};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::time::{ClockId, clock_gettime};
use socket2::{Domain, SockAddr, Socket, Type};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsFd;
use std::thread;
use std::time::{Duration, Instant};

/// Real servers, five in each virtual server.
const SERVERS: u16 = 5_000;
const POOL: u16 = 5;
/// All addresses of this network are here, without a list of them.
const NETWORK: &str = "198.18.0.0/15";
/// Start, warmup, and the first rounds.
const WARM: Duration = Duration::from_secs(60);
const PERIOD: Duration = Duration::from_secs(10);
/// Connections of the yardstick, before and behind the daemon.
pub(crate) const BARE: u16 = 10_000;
const MOMENT: Duration = Duration::from_millis(1);

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Check {
    Tcp,
    Http,
}

/// What was measured.
pub(crate) struct Checks {
    /// Checks that the servers saw, a second.
    pub(crate) rate: u32,
    /// Of the checker, a check.
    pub(crate) user: Duration,
    pub(crate) system: Duration,
    /// Of all other processes of the daemon, a second.
    pub(crate) others: Duration,
    /// Of a bare conversation.
    pub(crate) bare: Duration,
    /// Connections in a thousand that the servers saw reset.
    pub(crate) reset: u64,
    /// Of the checker.
    pub(crate) memory: Memory,
}

impl Checks {
    /// Of the checker, a check.
    pub(crate) fn each(&self) -> Duration {
        self.user + self.system
    }
}

/// Runs it once.
pub(crate) fn measure(kind: Kind, check: Check) -> Checks {
    let lab = Lab::new(1);
    let node = lab.node(0);
    node.ip(&format!("route add local {NETWORK} dev lo"));
    let child = node.netns().spawn(Servers::command());
    let mut servers = Servers::new(child.expect("the servers can be started"));
    let before = node.netns().run(move || bare(check, BARE));
    let daemon = lab.start(0, kind, &configuration(check));
    let already = done(check, &mut servers);
    process::poll(WARM, "two rounds of checks", || {
        let rounds = (done(check, &mut servers) - already) / u64::from(SERVERS);
        (rounds >= 2).then_some(())
    });
    let found = period(&lab, &daemon, &mut servers, check);
    drop(daemon);
    let behind = node.netns().run(move || bare(check, BARE));
    Checks {
        bare: (before + behind) / 2,
        ..found
    }
}

fn period(lab: &Lab, daemon: &Daemon, servers: &mut Servers, check: Check) -> Checks {
    let checker = daemon.checker_pid();
    let mut others = daemon.processes();
    others.retain(|pid| *pid != checker);
    let mut look = || Look {
        at: Instant::now(),
        done: done(check, servers),
        reset: servers.count().reset,
        used: load::processor_time(&[checker]),
        ticks: process::ticks_of(checker).expect("the checker runs"),
        others: load::processor_time(&others),
    };
    let first = look();
    lab.timeline().watch(PERIOD);
    let last = look();
    let count = u32::try_from(last.done - first.done).expect("some thousands");
    let seconds = u32::try_from((last.at - first.at).as_secs()).expect("a short time");
    let (user, system) = (last.ticks.0 - first.ticks.0, last.ticks.1 - first.ticks.1);
    let user = u32::try_from(user * 1000 / (user + system).max(1)).expect("a share");
    let each = (last.used - first.used) / count.max(1);
    Checks {
        rate: count / seconds,
        user: each * user / 1000,
        system: each * (1000 - user) / 1000,
        others: (last.others - first.others) / seconds,
        bare: Duration::ZERO,
        reset: (last.reset - first.reset) * 1000 / u64::from(count.max(1)),
        memory: load::memory(&[checker]),
    }
}

/// What the servers and the scheduler say at one moment.
struct Look {
    at: Instant,
    done: u64,
    reset: u64,
    /// Of the checker.
    used: Duration,
    /// The same, coarse: as a user, and within the kernel.
    ticks: (u64, u64),
    /// Of the other processes.
    others: Duration,
}

fn done(check: Check, servers: &mut Servers) -> u64 {
    let count = servers.count();
    match check {
        Check::Tcp => count.accepted,
        Check::Http => count.answered,
    }
}

/// Processor time of a connection that is made, waited for, used for a page where that is asked, and
/// closed, in the mean of so many. They come as checks come, a few each millisecond: what else runs
/// takes the caches in between.
pub(crate) fn bare(check: Check, count: u16) -> Duration {
    let used = || {
        let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID);
        Duration::from(time.expect("every thread has this clock"))
    };
    let before = used();
    for number in (0..count).step_by(POOL.into()) {
        let sockets: Vec<_> = (number..number + POOL)
            .map(|server| connect(address(server % SERVERS)))
            .collect();
        for socket in &sockets {
            wait(socket, PollFlags::POLLOUT);
        }
        if let Check::Http = check {
            sockets.iter().for_each(ask);
            sockets.iter().for_each(read);
        }
        drop(sockets);
        thread::sleep(MOMENT);
    }
    (used() - before) / u32::from(count)
}

fn connect(address: Ipv4Addr) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM.nonblocking(), None);
    let socket = socket.expect("a socket");
    let _in_progress = socket.connect(&SockAddr::from(SocketAddrV4::new(address, answer::PORT)));
    socket
}

fn wait(socket: &Socket, what: PollFlags) {
    let mut wanted = [PollFd::new(socket.as_fd(), what)];
    poll(&mut wanted, PollTimeout::NONE).expect("an answer of the server");
    let flags = wanted[0].revents().unwrap_or(PollFlags::empty());
    assert!(
        flags.contains(what),
        "the server does not answer: {flags:?}"
    );
}

fn ask(mut socket: &Socket) {
    let sent = socket.write(b"GET / HTTP/1.0\r\nHost: 198.18.0.1\r\n\r\n");
    sent.expect("the server takes the request");
}

fn read(mut socket: &Socket) {
    let mut buffer = [0; 1024];
    loop {
        wait(socket, PollFlags::POLLIN);
        if socket.read(&mut buffer).expect("the page") == 0 {
            return;
        }
    }
}

fn address(server: u16) -> Ipv4Addr {
    let low = u8::try_from(server % 250).expect("below 250");
    let high = u8::try_from(server / 250).expect("few servers");
    Ipv4Addr::new(198, 18, high, low + 1)
}

fn configuration(check: Check) -> String {
    let pools = (0..SERVERS / POOL).map(|pool| virtual_server(check, pool));
    pools.fold(Config::new(), Config::block).text()
}

fn virtual_server(check: Check, pool: u16) -> String {
    let [high, low] = pool.to_be_bytes();
    let mut text = format!(
        "virtual_server 198.19.{high}.{low} 80 {{\n    delay_loop 1\n    lvs_sched rr\n    \
         lvs_method NAT\n    protocol TCP\n"
    );
    let block = match check {
        Check::Tcp => "TCP_CHECK {",
        Check::Http => {
            "HTTP_GET {\n            url {\n                path /\n                \
             status_code 200\n            }"
        }
    };
    for server in pool * POOL..(pool + 1) * POOL {
        let _ = write!(
            text,
            "    real_server {} {} {{\n        weight 1\n        {block}\n            \
             connect_timeout 3\n        }}\n    }}\n",
            address(server),
            answer::PORT
        );
    }
    text.push_str("}\n");
    text
}

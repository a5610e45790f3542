//! The balancer and its netlink messages against a kernel that exists in the test alone.

use super::{Ipvs, Wire, Worker};
use crate::io::support::ipvs_kernel::ModelKernel;
use holdfast_ipc::balance::{CheckId, CheckVerdict, PoolCheck, PoolConfig, PoolId, PoolMember};
use holdfast_ipc::config::model::{
    Forward, LvsTimeouts, Persistence, Protocol, Scheduler, SchedulerFlags, Service, SyncDaemon,
    Tunnel, TunnelChecksum,
};
use holdfast_ipc::config::model::{IfName, Lvs};
use holdfast_ipc::config::{Generation, VrrpConfig};
use holdfast_ipc::time::Monotonic;
use holdfast_vrrp::ipvs::balancer::{Action, Balancer};
use holdfast_vrrp::ipvs::work::{Done, Work};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, channel};

impl Wire for ModelKernel {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        self.take(datagram);
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        // Somebody else's datagram, an interruption, and a late answer do not disturb.
        if std::mem::take(&mut self.disturb) {
            return Ok(None);
        }
        let Some(answer) = self.answers.pop_front() else {
            return Err(io::Error::from_raw_os_error(libc::EAGAIN));
        };
        buffer[..answer.len()].copy_from_slice(&answer);
        Ok(Some(answer.len()))
    }
}

const FIRST: Generation = Generation::new(1);
const SECOND: Generation = Generation::new(2);

fn member(address: IpAddr, forward: Forward, check: u32) -> PoolMember {
    PoolMember {
        address,
        port: 80,
        weight: 3,
        forward,
        upper_threshold: 20,
        lower_threshold: 10,
        inhibit_on_failure: false,
        checks: vec![PoolCheck {
            id: CheckId::new(check),
            alpha: false,
        }],
    }
}

/// A service of one family with a server through each method.
fn pool(id: u32, address: IpAddr) -> PoolConfig {
    let gue = Tunnel::Gue {
        port: 6080,
        checksum: TunnelChecksum::Remote,
    };
    let gre = Tunnel::Gre {
        checksum: TunnelChecksum::Full,
    };
    let forwards = [
        Forward::Nat,
        Forward::Direct,
        Forward::Tunnel(Tunnel::Ipip),
        Forward::Tunnel(gue),
        Forward::Tunnel(gre),
    ];
    let servers = forwards.into_iter().zip(1_u8..).map(|(forward, last)| {
        let server: IpAddr = if address.is_ipv4() {
            [10, 0, 0, last].into()
        } else {
            [0x2001, 0xdb8, 1, 0, 0, 0, 0, last.into()].into()
        };
        member(
            server,
            forward,
            id.saturating_mul(5).saturating_add(last.into()),
        )
    });
    PoolConfig {
        id: PoolId::new(id),
        service: Service::Address {
            address,
            port: 80,
            protocol: Protocol::Tcp,
        },
        scheduler: Scheduler::Mh,
        scheduler_flags: SchedulerFlags {
            first: true,
            second: false,
            third: false,
        },
        persistence: Some(Persistence {
            timeout_secs: 50,
            granularity: 24,
            engine: Some("sip".to_owned()),
        }),
        one_packet: false,
        ha_suspend: false,
        quorum: 1,
        hysteresis: 0,
        omega: false,
        sorry_server: None,
        members: servers.collect(),
    }
}

fn pools(count: u32) -> Vec<PoolConfig> {
    let pools = (0..count).map(|number| {
        let [_, _, high, low] = number.to_be_bytes();
        if number.is_multiple_of(2) {
            pool(number, [192, 0, high, low].into())
        } else {
            let last = u16::from_be_bytes([high, low]);
            pool(number, [0x2001, 0xdb8, 0, 0, 0, 0, 0, last].into())
        }
    });
    pools.collect()
}

struct Bench {
    balancer: Balancer,
    ipvs: Ipvs<ModelKernel>,
    said: Vec<Action>,
    pieces: Vec<Work>,
}

impl Bench {
    fn new(kernel: ModelKernel, pools: Vec<PoolConfig>, lvs: Lvs) -> Self {
        let mut bench = Self {
            balancer: Balancer::default(),
            ipvs: Ipvs::new(kernel),
            said: Vec::new(),
            pieces: Vec::new(),
        };
        bench.balancer.stage_pools(FIRST, pools);
        bench.balancer.start(FIRST, lvs, false);
        bench.work();
        bench
    }

    fn work(&mut self) {
        while self.balancer.is_moving() {
            self.balancer.move_on(&mut self.said);
        }
        while let Some(work) = self.balancer.next_work() {
            self.pieces.push(work.clone());
            let done = self.ipvs.carry_out(work);
            let now = Monotonic::from_micros(0);
            self.balancer.done(now, done, &mut self.said);
        }
    }

    fn kernel(&mut self) -> &mut ModelKernel {
        &mut self.ipvs.wire
    }

    fn errors(&self) -> Vec<&str> {
        let lines = self.said.iter().filter_map(|action| match action {
            Action::Log(record) => Some(record.text.as_str()),
            Action::Held { .. } | Action::Changed { .. } => None,
        });
        lines.filter(|line| !line.starts_with("Gained")).collect()
    }
}

#[test]
fn a_kernel_has_all_services_and_servers_and_a_successor_finds_them_as_wanted() {
    let mut bench = Bench::new(ModelKernel::default(), pools(150), Lvs::default());
    assert_eq!(bench.errors(), [""; 0]);
    let kernel = std::mem::take(bench.kernel());
    assert_eq!(kernel.services.len(), 150);
    assert!(
        kernel
            .services
            .values()
            .all(|service| service.servers.len() == 5)
    );
    assert_eq!(kernel.largest, 64);
    let kernel = ModelKernel {
        seen: Vec::new(),
        ..kernel
    };
    let mut successor = Bench::new(kernel, pools(150), Lvs::default());
    let seen = &successor.kernel().seen;
    assert!(
        seen.iter()
            .all(|command| matches!(command, 4 | 8 | 11 | 13)),
        "{seen:?}"
    );
}

#[test]
fn a_verdict_and_a_reload_change_only_what_differs() {
    let mut bench = Bench::new(ModelKernel::default(), pools(2), Lvs::default());
    bench.kernel().seen.clear();
    let verdict = CheckVerdict {
        check: CheckId::new(1),
        up: false,
        weight: 0,
        detail: String::new(),
    };
    bench
        .balancer
        .verdicts(FIRST, vec![verdict], &mut bench.said);
    bench.work();
    assert_eq!(bench.kernel().seen, [7]);
    let mut next = pools(2);
    next[1].scheduler = Scheduler::Rr;
    next[1].members[0].weight = 9;
    let config = VrrpConfig {
        pools: 2,
        ..VrrpConfig::default()
    };
    bench.kernel().seen.clear();
    bench.balancer.stage_pools(SECOND, next);
    bench.balancer.prepare(SECOND, &config).unwrap();
    bench.balancer.commit(SECOND, Lvs::default());
    bench.work();
    assert_eq!(bench.kernel().seen, [2, 6]);
}

#[test]
fn a_stop_takes_everything_away() {
    let mut bench = Bench::new(ModelKernel::default(), pools(70), Lvs::default());
    bench.balancer.stop(&mut bench.said);
    bench.work();
    assert!(bench.balancer.is_finished());
    assert_eq!(bench.kernel().services.len(), 0);
}

#[test]
fn timeouts_and_sync_daemons_are_set_and_given_back() {
    let lvs = Lvs {
        sync_daemon: Some(SyncDaemon {
            interface: IfName::try_from("eth0").unwrap(),
            instance: None,
            id: 5,
            max_len: Some(1400),
            port: Some(8850),
            ttl: Some(3),
            group: Some([224, 0, 0, 90].into()),
        }),
        timeouts: LvsTimeouts {
            tcp: Some(600),
            tcp_fin: None,
            udp: None,
        },
        ..Lvs::default()
    };
    let kernel = ModelKernel {
        timeouts: [900, 120, 300],
        ..ModelKernel::default()
    };
    let mut bench = Bench::new(kernel, Vec::new(), lvs.clone());
    assert_eq!(bench.kernel().timeouts, [600, 120, 300]);
    assert_eq!(bench.kernel().daemons.len(), 2);
    // A successor reads them as they are and starts none.
    let kernel = std::mem::take(bench.kernel());
    let kernel = ModelKernel {
        seen: Vec::new(),
        ..kernel
    };
    let mut successor = Bench::new(kernel, Vec::new(), lvs);
    assert_eq!(successor.kernel().seen, [13, 11]);
    successor.balancer.stop(&mut successor.said);
    successor.work();
    assert_eq!(successor.kernel().daemons.len(), 0);
}

#[test]
fn a_kernel_without_the_family_is_said_and_nothing_is_sent_to_it() {
    let kernel = ModelKernel {
        missing: true,
        ..ModelKernel::default()
    };
    let mut bench = Bench::new(kernel, pools(1), Lvs::default());
    let errors = bench.errors();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(
        errors[0].contains("(No such file or directory)"),
        "{errors:?}"
    );
    assert_eq!(bench.kernel().seen, [0_u8; 0]);
}

#[test]
fn a_scheduler_that_is_not_there_is_named_with_its_module() {
    let kernel = ModelKernel {
        no_scheduler: Some("mh"),
        ..ModelKernel::default()
    };
    let bench = Bench::new(kernel, pools(1), Lvs::default());
    let errors = bench.errors();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("`modprobe ip_vs_mh`"), "{errors:?}");
}

#[test]
fn an_answer_that_does_not_come_is_an_error_of_its_request_alone() {
    let mut ipvs = Ipvs::new(ModelKernel {
        deaf: true,
        ..ModelKernel::default()
    });
    let Done::Opened(Err(refusal)) = ipvs.carry_out(Work::Open) else {
        panic!("it was answered");
    };
    assert_eq!(refusal.errno, libc::EAGAIN);
    ipvs.wire.deaf = false;
    // What it answers now is late: it belongs to nobody, and the next request has its own answer.
    ipvs.wire.answers.push_back(vec![0; 3]);
    ipvs.wire.disturb = true;
    assert_eq!(ipvs.carry_out(Work::Open), Done::Opened(Ok(())));
}

#[test]
fn a_machine_without_generic_netlink_has_no_load_balancer_and_goes_on() {
    let mut ipvs = Ipvs::new(None);
    let Done::Opened(Err(refusal)) = ipvs.carry_out(Work::Open) else {
        panic!("it was found");
    };
    assert_eq!(refusal.errno, libc::EPROTONOSUPPORT);
}

/// On a machine whose kernel has IPVS this finds it, elsewhere it is told so.
#[test]
fn the_kernel_of_this_machine_answers_in_words() {
    let Done::Opened(outcome) = Ipvs::open().carry_out(Work::Open) else {
        panic!("another answer");
    };
    if let Err(refusal) = outcome {
        assert_eq!(refusal.errno, libc::ENOENT);
        assert_eq!(refusal.text, "No such file or directory");
    }
}

/// A kernel that loads a module until somebody lets it end.
struct Slow {
    kernel: ModelKernel,
    let_go: Receiver<()>,
}

impl Wire for Slow {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        self.let_go.recv().unwrap();
        self.kernel.send(datagram)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        self.kernel.receive(buffer)
    }
}

#[test]
fn a_kernel_that_takes_its_time_is_waited_for_by_the_thread_alone() {
    let (end, let_go) = channel();
    let kernel = ModelKernel::default();
    let mut worker = Worker::start(Ipvs::new(Slow { kernel, let_go })).unwrap();
    worker.ask(Work::Open).unwrap();
    let mut waiting = [PollFd::new(worker.as_fd(), PollFlags::POLLIN)];
    assert_eq!(poll(&mut waiting, PollTimeout::from(50_u8)), Ok(0));
    end.send(()).unwrap();
    assert_eq!(worker.answer().unwrap(), Some(Done::Opened(Ok(()))));
}

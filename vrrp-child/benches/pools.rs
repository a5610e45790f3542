//! 10,000 virtual servers with five real servers each: what one turn of the loop does at a start,
//! at a reload and with a verdict. Each figure is the longest single turn, which adverts wait for.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a benchmark may panic"
)]

use holdfast_ipc::balance::{
    CheckId, CheckVerdict, Kept, PoolCheck, PoolConfig, PoolId, PoolMember,
};
use holdfast_ipc::config::model::{Forward, Lvs, Protocol, Scheduler, SchedulerFlags, Service};
use holdfast_ipc::config::{Generation, VrrpConfig};
use holdfast_ipc::message::ParentToVrrp;
use holdfast_ipc::time::Monotonic;
use holdfast_ipc::wire;
use holdfast_vrrp::ipvs::balancer::Balancer;
use holdfast_vrrp::ipvs::work::{Done, Work};
use nix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::net::Ipv4Addr;
use std::time::Duration;

const POOLS: u32 = 10_000;
const PIECE: usize = 64;
const NOW: Monotonic = Monotonic::from_micros(1_000_000_000);

fn member(pool: u32, number: u32) -> PoolMember {
    PoolMember {
        address: Ipv4Addr::from(0x0a00_0001 + number).into(),
        port: 80,
        weight: 1,
        forward: Forward::Nat,
        upper_threshold: 0,
        lower_threshold: 0,
        inhibit_on_failure: false,
        checks: vec![PoolCheck {
            id: CheckId::new(pool * 5 + number),
            alpha: false,
        }],
    }
}

fn pool(number: u32) -> PoolConfig {
    PoolConfig {
        id: PoolId::new(number),
        service: Service::Address {
            address: Ipv4Addr::from(0xc612_0000 + number).into(),
            port: 80,
            protocol: Protocol::Tcp,
        },
        scheduler: Scheduler::Rr,
        scheduler_flags: SchedulerFlags::default(),
        persistence: None,
        one_packet: false,
        ha_suspend: false,
        quorum: 1,
        hysteresis: 0,
        omega: false,
        sorry_server: None,
        members: (0..5).map(|place| member(number, place)).collect(),
    }
}

fn verdict(check: u32) -> CheckVerdict {
    CheckVerdict {
        check: CheckId::new(check),
        up: true,
        weight: 0,
        detail: "connected after 1 ms".to_owned(),
    }
}

/// Of this thread: another process that has the processor is not counted.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();
    Duration::from(time)
}

/// Longest and whole processor time of many steps.
#[derive(Default)]
struct Turns {
    longest: Duration,
    whole: Duration,
    count: u32,
}

impl Turns {
    fn time<T>(&mut self, step: impl FnOnce() -> T) -> T {
        let begun = processor_time();
        let result = black_box(step());
        let took = processor_time().saturating_sub(begun);
        self.longest = self.longest.max(took);
        self.whole += took;
        self.count += 1;
        result
    }

    fn print(&self, what: &str) {
        let Self {
            longest,
            whole,
            count,
        } = self;
        println!("{what:<44} longest {longest:>10.1?}   {count:>5} turns {whole:>10.1?}");
    }
}

/// What the parent sends in front of `Start` or `Prepare`.
fn pieces(generation: Generation) -> Vec<Vec<u8>> {
    let pools: Vec<_> = (0..POOLS).map(pool).collect();
    let pools = pools.chunks(PIECE).map(|pools| {
        let pools = pools.to_vec();
        wire::encode(&ParentToVrrp::Pools { generation, pools }).unwrap()
    });
    let verdicts: Vec<_> = (0..POOLS * 5).map(verdict).collect();
    let verdicts = verdicts.chunks(PIECE).map(|verdicts| {
        let verdicts = verdicts.to_vec();
        wire::encode(&ParentToVrrp::CheckVerdicts {
            generation,
            verdicts,
        })
        .unwrap()
    });
    pools.chain(verdicts).collect()
}

fn stage(balancer: &mut Balancer, generation: Generation, what: &str) {
    let mut turns = Turns::default();
    for bytes in pieces(generation) {
        turns.time(|| match wire::decode(&bytes).unwrap() {
            ParentToVrrp::Pools { generation, pools } => balancer.stage_pools(generation, pools),
            ParentToVrrp::CheckVerdicts {
                generation,
                verdicts,
            } => balancer.stage_verdicts(generation, verdicts),
            _other => {}
        });
    }
    turns.print(&format!("{what}: a message of 64"));
    let config = VrrpConfig {
        pools: POOLS,
        ..VrrpConfig::default()
    };
    let mut turns = Turns::default();
    turns.time(|| balancer.prepare(generation, &config).unwrap());
    turns.print(&format!("{what}: the check of the whole"));
}

fn take_over(balancer: &mut Balancer, turns: &mut Turns, what: &str) {
    let mut said = Vec::new();
    while balancer.is_moving() {
        turns.time(|| balancer.move_on(&mut said));
        said.clear();
    }
    turns.print(&format!("{what}: taking over"));
}

/// A kernel that has nothing and agrees to everything at once.
fn program(balancer: &mut Balancer, what: &str) {
    let mut turns = Turns::default();
    let mut said = Vec::new();
    while let Some(work) = turns.time(|| balancer.next_work()) {
        let done = match work {
            Work::Open => Done::Opened(Ok(())),
            Work::ReadSettings => Done::Settings(Ok(Default::default())),
            Work::Read(keys) => Done::Found(keys.into_iter().map(|key| (key, Ok(None))).collect()),
            Work::Change(commands) => Done::Changed(
                commands
                    .into_iter()
                    .map(|command| (command, Ok(())))
                    .collect(),
            ),
        };
        turns.time(|| balancer.done(NOW, done, &mut said));
    }
    turns.print(&format!("{what}: planning for the kernel"));
}

/// All stay but each hundredth, which is told anew.
fn stage_hundredths(balancer: &mut Balancer, running: Generation, next: Generation) {
    let mut turns = Turns::default();
    for first in (0..POOLS).step_by(100) {
        turns.time(|| {
            let mut changed = pool(first);
            changed.scheduler = Scheduler::Wlc;
            balancer.stage_pools(next, vec![changed]);
            let kept = Kept {
                first: first + 1,
                count: 99,
                check: CheckId::new((first + 1) * 5),
            };
            balancer.stage_kept(next, running, kept);
        });
    }
    let config = VrrpConfig {
        pools: POOLS,
        ..VrrpConfig::default()
    };
    turns.time(|| balancer.prepare(next, &config).unwrap());
    turns.print("each hundredth differs: messages and check");
}

fn main() {
    let mut balancer = Balancer::default();
    let first = Generation::new(1);
    stage(&mut balancer, first, "start");
    let mut turns = Turns::default();
    turns.time(|| balancer.start(first, Lvs::default(), true));
    take_over(&mut balancer, &mut turns, "start");
    program(&mut balancer, "start");
    let second = Generation::new(2);
    let all = Kept {
        first: 0,
        count: POOLS,
        check: CheckId::new(0),
    };
    let mut turns = Turns::default();
    turns.time(|| {
        let config = VrrpConfig {
            pools: POOLS,
            ..VrrpConfig::default()
        };
        balancer.stage_kept(second, first, all);
        balancer.prepare(second, &config).unwrap();
        balancer.commit(second, Lvs::default());
    });
    take_over(&mut balancer, &mut turns, "unchanged reload");
    program(&mut balancer, "unchanged reload");
    let third = Generation::new(3);
    stage_hundredths(&mut balancer, second, third);
    let mut turns = Turns::default();
    turns.time(|| balancer.commit(third, Lvs::default()));
    take_over(&mut balancer, &mut turns, "each hundredth differs");
    program(&mut balancer, "each hundredth differs");
    let fourth = Generation::new(4);
    stage(&mut balancer, fourth, "all told anew");
    let mut turns = Turns::default();
    turns.time(|| balancer.commit(fourth, Lvs::default()));
    take_over(&mut balancer, &mut turns, "all told anew");
    program(&mut balancer, "all told anew");
    let mut turns = Turns::default();
    let mut said = Vec::new();
    for check in 0..1_000 {
        let down = CheckVerdict {
            up: false,
            ..verdict(check)
        };
        turns.time(|| balancer.verdicts(fourth, vec![down], &mut said));
    }
    turns.print("a verdict that takes a server out");
    let mut turns = Turns::default();
    turns
        .time(|| balancer.timer_due(NOW.after(holdfast_ipc::config::model::Micros::from_secs(60))));
    turns.print("the look at the whole table begins");
    let mut turns = Turns::default();
    turns.time(|| balancer.stop(&mut said));
    turns.print("stop");
}

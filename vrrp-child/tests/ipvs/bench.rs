//! A balancer with a kernel that is a model.

use crate::model::{Kernel, member, pool, verdict, web};
use holdfast_ipc::balance::{PoolConfig, PoolId};
use holdfast_ipc::config::model::{Lvs, Scheduler};
use holdfast_ipc::config::{Generation, VrrpConfig};
use holdfast_ipc::time::Monotonic;
use holdfast_vrrp::ipvs::balancer::{Action, Balancer};
use holdfast_vrrp::ipvs::command::Command;

pub(crate) const FIRST: Generation = Generation::new(1);
pub(crate) const SECOND: Generation = Generation::new(2);

/// A balancer with its kernel.
#[derive(Default)]
pub(crate) struct Bench {
    pub(crate) balancer: Balancer,
    pub(crate) kernel: Kernel,
    pub(crate) said: Vec<Action>,
    pub(crate) secs: u64,
}

impl Bench {
    pub(crate) fn new(pools: Vec<PoolConfig>) -> Self {
        Self::with(Kernel::default(), pools, Lvs::default(), true)
    }

    pub(crate) fn with(kernel: Kernel, pools: Vec<PoolConfig>, lvs: Lvs, fresh: bool) -> Self {
        let mut bench = Self {
            kernel,
            ..Self::default()
        };
        bench.stage(FIRST, pools);
        bench.balancer.start(FIRST, lvs, fresh);
        bench.work();
        bench
    }

    /// Two pools; the kernel does not have the scheduler of the first one.
    pub(crate) fn without_a_scheduler() -> Self {
        let kernel = Kernel {
            no_scheduler: Some("mh"),
            ..Kernel::default()
        };
        let mut pools = many(2);
        pools[0].scheduler = Scheduler::Mh;
        Self::with(kernel, pools, Lvs::default(), true)
    }

    pub(crate) fn stage(&mut self, generation: Generation, pools: Vec<PoolConfig>) {
        let config = VrrpConfig {
            pools: u32::try_from(pools.len()).unwrap(),
            ..VrrpConfig::default()
        };
        for piece in pools.chunks(64) {
            self.balancer.stage_pools(generation, piece.to_vec());
        }
        self.balancer.prepare(generation, &config).unwrap();
    }

    pub(crate) fn reload(&mut self, pools: Vec<PoolConfig>, lvs: Lvs) {
        self.kernel.commands.clear();
        self.said.clear();
        self.stage(SECOND, pools);
        self.balancer.commit(SECOND, lvs);
        self.work();
    }

    pub(crate) fn move_on(&mut self) {
        while self.balancer.is_moving() {
            assert_eq!(self.balancer.next_work(), None);
            self.balancer.move_on(&mut self.said);
        }
    }

    /// Until there is nothing to do.
    pub(crate) fn work(&mut self) {
        self.move_on();
        let now = Monotonic::from_micros(self.secs * 1_000_000);
        for _ in 0..10_000 {
            let Some(work) = self.balancer.next_work() else {
                assert!(!self.balancer.has_work());
                return;
            };
            let done = self.kernel.carry_out(work);
            self.balancer.done(now, done, &mut self.said);
        }
        panic!("it never ends");
    }

    pub(crate) fn verdict(&mut self, check: u32, up: bool) {
        self.balancer
            .verdicts(FIRST, vec![verdict(check, up)], &mut self.said);
        self.work();
    }

    pub(crate) fn wait(&mut self, secs: u64) {
        self.secs += secs;
        let now = Monotonic::from_micros(self.secs * 1_000_000);
        self.balancer.timer_due(now);
        self.work();
    }

    pub(crate) fn lines(&mut self) -> Vec<String> {
        let said = std::mem::take(&mut self.said);
        let texts = said.into_iter().filter_map(|action| match action {
            Action::Log(record) => Some(record.text),
            Action::Held { .. } | Action::Changed { .. } => None,
        });
        texts.collect()
    }

    pub(crate) fn commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.kernel.commands)
    }
}

/// Pools 192.0.2.1 and so on with five servers each.
pub(crate) fn many(count: u32) -> Vec<PoolConfig> {
    let pools = (0..count).map(|number| {
        let [_, a, b, c] = number.to_be_bytes();
        PoolConfig {
            id: PoolId::new(number),
            service: web([10, a, b, c].into()),
            ..pool((1..=5).map(member).collect())
        }
    });
    pools.collect()
}

//! A reload that tells only what differs.

use crate::bench::{Bench, FIRST, SECOND, many};
use crate::model::{member, pool, verdict};
use holdfast_ipc::balance::{CheckId, Kept, PoolChange, PoolConfig, PoolId};
use holdfast_ipc::config::model::{GroupMember, Lvs, Protocol, Scheduler, Service};
use holdfast_ipc::config::{Generation, VrrpConfig};
use holdfast_ipc::time::Monotonic;
use holdfast_vrrp::ipvs::balancer::Action;
use holdfast_vrrp::ipvs::command::Command;
use holdfast_vrrp::ipvs::work::Work;

/// The same with numbers of checks that are used once.
fn numbered(pools: Vec<PoolConfig>) -> Vec<PoolConfig> {
    let mut pools = pools;
    let mut next = 0;
    for (pool, id) in pools.iter_mut().zip(0..) {
        pool.id = PoolId::new(id);
        for check in pool
            .members
            .iter_mut()
            .flat_map(|member| &mut member.checks)
        {
            check.id = CheckId::new(next);
            next += 1;
        }
    }
    pools
}

fn kept(first: u32, count: u32, check: u32) -> Kept {
    Kept {
        first,
        count,
        check: CheckId::new(check),
    }
}

fn config_of(pools: u32) -> VrrpConfig {
    VrrpConfig {
        pools,
        ..VrrpConfig::default()
    }
}

#[test]
fn pools_that_all_stay_are_not_looked_at() {
    let mut bench = Bench::new(numbered(many(300)));
    bench.commands();
    bench.said.clear();
    bench.balancer.stage_kept(SECOND, FIRST, kept(0, 300, 0));
    bench.balancer.prepare(SECOND, &config_of(300)).unwrap();
    bench.balancer.commit(SECOND, Lvs::default());
    assert!(!bench.balancer.is_moving());
    assert!(!bench.balancer.has_work());
    bench
        .balancer
        .verdicts(SECOND, vec![verdict(1_499, false)], &mut bench.said);
    bench.work();
    let last = bench.kernel.table.values().next_back().unwrap();
    assert_eq!(last.servers.len(), 4);
    assert_eq!(bench.commands().len(), 1);
}

#[test]
fn pools_that_stay_keep_their_state_under_other_numbers_and_ask_the_kernel_nothing() {
    let mut bench = Bench::new(numbered(many(200)));
    // The last server of pool 100.
    bench.verdict(504, false);
    bench.commands();
    bench.said.clear();
    // Pool 0 has another scheduler, 1 is gone, a new one stands in front of the last 50.
    let mut changed = many(1);
    changed[0].scheduler = Scheduler::Wlc;
    let added = many(301).split_off(300);
    bench.balancer.stage_pools(SECOND, numbered(changed));
    bench.balancer.stage_kept(SECOND, FIRST, kept(2, 148, 5));
    let mut number = numbered(many(150)).split_off(149).swap_remove(0);
    number.service = added[0].service.clone();
    bench.balancer.stage_pools(SECOND, vec![number]);
    bench.balancer.stage_kept(SECOND, FIRST, kept(150, 50, 750));
    bench.balancer.prepare(SECOND, &config_of(200)).unwrap();
    bench.balancer.commit(SECOND, Lvs::default());
    bench.work();
    let commands = bench.commands();
    let programmed: Vec<_> = commands
        .iter()
        .map(|command| match command {
            Command::EditService(..) => "edit",
            Command::AddService(..) => "add",
            Command::AddServer(..) => "server",
            Command::RemoveService(_) => "remove",
            other => panic!("{other:?}"),
        })
        .collect();
    let mut expected = vec!["edit", "remove", "add"];
    expected.extend(["server"; 5]);
    let sorted = |mut words: Vec<&'static str>| {
        words.sort_unstable();
        words
    };
    assert_eq!(sorted(programmed), sorted(expected));
    // What was down is down, and is known by its new number.
    bench.said.clear();
    let up = vec![verdict(504 - 5, true)];
    bench.balancer.verdicts(SECOND, up, &mut bench.said);
    bench.work();
    assert!(matches!(bench.commands()[..], [Command::AddServer(..)]));
    let told = bench.said.iter().find_map(|action| match action {
        Action::Changed {
            change: PoolChange::Member { pool, .. },
            ..
        } => Some(*pool),
        Action::Changed { .. } | Action::Log(_) | Action::Held { .. } => None,
    });
    assert_eq!(told, Some(PoolId::new(99)));
}

#[test]
fn what_is_kept_has_to_be_here_and_once() {
    let mut bench = Bench::new(numbered(many(3)));
    let third = Generation::new(3);
    let mut refused = |generation, running, parts: &[Kept]| {
        for part in parts {
            bench.balancer.stage_kept(generation, running, *part);
        }
        let refused = bench.balancer.prepare(generation, &config_of(3));
        bench.balancer.abort(generation);
        refused.unwrap_err()
    };
    assert_eq!(
        refused(third, SECOND, &[kept(0, 3, 0)]),
        "it keeps pools of another configuration than the running one"
    );
    assert_eq!(
        refused(third, FIRST, &[kept(1, 3, 0)]),
        "it keeps pools that are not here"
    );
    assert_eq!(
        refused(third, FIRST, &[kept(u32::MAX, u32::MAX, 0)]),
        "it keeps pools that are not here"
    );
    assert_eq!(
        refused(third, FIRST, &[kept(0, 2, 0), kept(1, 1, 10)]),
        "it keeps a pool twice"
    );
    assert_eq!(
        refused(third, FIRST, &[kept(0, 2, 0)]),
        "3 virtual servers were announced, 2 came"
    );
}

#[test]
fn a_service_of_the_kernel_that_two_pools_name_goes_to_the_one_that_stays() {
    let first = pool(vec![member(1)]);
    let second = PoolConfig {
        scheduler: Scheduler::Wlc,
        service: group_of(&first),
        ..pool(vec![member(2)])
    };
    let mut bench = Bench::new(numbered(vec![first, second]));
    assert_eq!(bench.kernel.weights(), [(1, 1)]);
    bench.balancer.stage_kept(SECOND, FIRST, kept(1, 1, 0));
    bench.balancer.prepare(SECOND, &config_of(1)).unwrap();
    bench.balancer.commit(SECOND, Lvs::default());
    bench.work();
    assert_eq!(bench.kernel.weights(), [(2, 1)]);
}

/// A group with the address of that pool.
fn group_of(pool: &PoolConfig) -> Service {
    let Service::Address { address, port, .. } = pool.service else {
        panic!("no address");
    };
    Service::Group {
        name: "web".to_owned(),
        protocol: Protocol::Tcp,
        members: vec![GroupMember::Addresses {
            first: address,
            last: address,
            port,
        }],
    }
}

/// What is asked of the kernel until there is nothing to do: services that are read, and commands.
fn asked(bench: &mut Bench) -> (usize, Vec<Command>) {
    bench.move_on();
    bench.commands();
    let mut read = 0;
    while let Some(work) = bench.balancer.next_work() {
        if let Work::Read(keys) = &work {
            read += keys.len();
        }
        let done = bench.kernel.carry_out(work);
        let now = Monotonic::from_micros(0);
        bench.balancer.done(now, done, &mut bench.said);
    }
    (read, bench.commands())
}

#[test]
fn of_two_thousand_pools_only_those_that_differ_reach_the_kernel() {
    let mut bench = Bench::new(numbered(many(2_000)));
    let whole = bench.kernel.table.clone();
    // Each hundredth has a server of another weight.
    for first in (0..2_000).step_by(100) {
        let mut changed = numbered(many(first + 1)).pop().unwrap();
        changed.members[4].weight = 7;
        bench.balancer.stage_pools(SECOND, vec![changed]);
        let rest = kept(first + 1, 99, 5 * (first + 1));
        bench.balancer.stage_kept(SECOND, FIRST, rest);
    }
    bench.balancer.prepare(SECOND, &config_of(2_000)).unwrap();
    bench.balancer.commit(SECOND, Lvs::default());
    let (read, commands) = asked(&mut bench);
    assert_eq!((read, commands.len()), (0, 20));
    let edits = |command: &Command| matches!(command, Command::EditServer(..));
    assert!(commands.iter().all(edits), "{commands:?}");
    // A hundred go.
    let third = Generation::new(3);
    bench
        .balancer
        .stage_kept(third, SECOND, kept(100, 1_900, 0));
    bench.balancer.prepare(third, &config_of(1_900)).unwrap();
    bench.balancer.commit(third, Lvs::default());
    let (read, commands) = asked(&mut bench);
    assert_eq!((read, commands.len()), (0, 100));
    let removes = |command: &Command| matches!(command, Command::RemoveService(_));
    assert!(commands.iter().all(removes), "{commands:?}");
    // They come back, in front of the others.
    let fourth = Generation::new(4);
    bench.balancer.stage_pools(fourth, numbered(many(100)));
    bench
        .balancer
        .stage_kept(fourth, third, kept(0, 1_900, 500));
    bench.balancer.prepare(fourth, &config_of(2_000)).unwrap();
    bench.balancer.commit(fourth, Lvs::default());
    let (read, commands) = asked(&mut bench);
    assert_eq!((read, commands.len()), (100, 600));
    assert_eq!(bench.kernel.table.len(), whole.len());
}

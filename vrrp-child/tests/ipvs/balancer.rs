//! Start, reload, verdicts and stop.

use crate::bench::{Bench, FIRST, SECOND, many};
use crate::model::{Kernel, member, pool, sorry, verdict};
use holdfast_ipc::balance::{PoolChange, PoolConfig, PoolId, PoolStanding};
use holdfast_ipc::config::VrrpConfig;
use holdfast_ipc::config::model::{FlushOnStop, GroupMember, Lvs, Protocol, Scheduler, Service};
use holdfast_ipc::time::Monotonic;
use holdfast_vrrp::event::IfIndex;
use holdfast_vrrp::ipvs::balancer::{Action, Balancer};
use holdfast_vrrp::ipvs::command::Command;
use holdfast_vrrp::ipvs::work::Work;
use std::net::IpAddr;

#[test]
fn an_empty_kernel_gets_the_services_with_their_servers() {
    let bench = Bench::new(vec![pool(vec![member(1), member(2)])]);
    assert_eq!(bench.kernel.weights(), [(1, 1), (2, 1)]);
}

#[test]
fn what_a_predecessor_left_is_taken_over_and_only_the_difference_is_programmed() {
    let pools = vec![pool(vec![member(1), member(2)])];
    let left = Bench::new(pools.clone()).kernel;
    let left = Kernel {
        commands: Vec::new(),
        ..left
    };
    let mut same = Bench::with(left.clone(), pools, Lvs::default(), false);
    assert_eq!(same.commands(), []);
    let mut less = Bench::with(left, vec![pool(vec![member(2)])], Lvs::default(), false);
    assert!(matches!(less.commands()[..], [Command::RemoveServer(..)]));
}

#[test]
fn an_unchanged_reload_asks_the_kernel_nothing() {
    let pools = many(300);
    let mut bench = Bench::new(pools.clone());
    bench.stage(SECOND, pools);
    bench.kernel.commands.clear();
    bench.said.clear();
    bench.balancer.commit(SECOND, Lvs::default());
    bench.move_on();
    assert_eq!(bench.said, []);
    // What is in the queue is the same as before: there is no piece to carry out.
    assert_eq!(bench.balancer.next_work(), None);
}

#[test]
fn a_reload_changes_what_is_different_and_nothing_else() {
    let mut bench = Bench::new(many(3));
    let mut next = many(3);
    next.remove(2);
    next[1].scheduler = Scheduler::Wlc;
    next[0].members.pop();
    bench.reload(next, Lvs::default());
    let commands = bench.commands();
    assert!(
        matches!(
            commands[..],
            [
                Command::RemoveServer(..),
                Command::EditService(..),
                Command::RemoveService(_)
            ]
        ),
        "{commands:?}"
    );
    assert_eq!(bench.kernel.table.len(), 2);
}

#[test]
fn a_verdict_changes_one_server_of_one_service() {
    let mut bench = Bench::new(many(1));
    bench.commands();
    bench.verdict(3, false);
    assert!(matches!(bench.commands()[..], [Command::RemoveServer(..)]));
    bench.verdict(3, true);
    assert!(matches!(bench.commands()[..], [Command::AddServer(..)]));
}

#[test]
fn a_verdict_of_another_configuration_changes_nothing() {
    let mut bench = Bench::new(many(1));
    bench.reload(many(1), Lvs::default());
    bench.said.clear();
    bench.verdict(1, false);
    assert_eq!(bench.said, []);
    assert_eq!(bench.commands(), []);
}

#[test]
fn a_verdict_that_came_with_the_next_configuration_holds_from_there_on() {
    let mut bench = Bench::new(many(1));
    bench.stage(SECOND, many(1));
    let mut said = Vec::new();
    bench
        .balancer
        .verdicts(SECOND, vec![verdict(1, false)], &mut said);
    assert_eq!(said, []);
    bench.balancer.commit(SECOND, Lvs::default());
    bench.move_on();
    bench.work();
    assert_eq!(bench.kernel.weights(), [(2, 1), (3, 1), (4, 1), (5, 1)]);
}

#[test]
fn a_configuration_that_is_not_complete_is_refused() {
    let mut balancer = Balancer::default();
    balancer.stage_pools(FIRST, many(1));
    let config = VrrpConfig {
        pools: 2,
        ..VrrpConfig::default()
    };
    let refused = balancer.prepare(FIRST, &config).unwrap_err();
    assert_eq!(refused, "2 virtual servers were announced, 1 came");
}

#[test]
fn a_group_with_more_addresses_than_the_kernel_should_have_is_refused() {
    let mut balancer = Balancer::default();
    let service = Service::Group {
        name: "all".to_owned(),
        protocol: Protocol::Tcp,
        members: vec![GroupMember::Addresses {
            first: [10, 0, 0, 0].into(),
            last: [10, 255, 255, 255].into(),
            port: 80,
        }],
    };
    let large = PoolConfig {
        service,
        ..pool(vec![member(1)])
    };
    balancer.stage_pools(FIRST, vec![large]);
    let config = VrrpConfig {
        pools: 1,
        ..VrrpConfig::default()
    };
    let refused = balancer.prepare(FIRST, &config).unwrap_err();
    assert!(
        refused.starts_with("[all]:0: a range of the group"),
        "{refused}"
    );
}

#[test]
fn services_of_others_stay_at_start_reload_and_stop() {
    let mut kernel = Bench::new(many(1)).kernel;
    let foreign = kernel.table.clone();
    kernel.commands.clear();
    let ours = vec![pool(vec![member(1)])];
    let mut bench = Bench::with(kernel, ours, Lvs::default(), true);
    bench.reload(vec![pool(vec![member(2)])], Lvs::default());
    bench.balancer.stop(&mut bench.said);
    bench.work();
    assert!(bench.balancer.is_finished());
    assert_eq!(bench.kernel.table, foreign);
}

#[test]
fn lvs_flush_empties_the_table_at_the_start_but_not_behind_a_crash() {
    let left = Bench::new(many(3)).kernel;
    let lvs = Lvs {
        flush: true,
        ..Lvs::default()
    };
    for fresh in [true, false] {
        let mut kernel = left.clone();
        kernel.commands.clear();
        let mut bench = Bench::with(kernel, many(1), lvs.clone(), fresh);
        assert_eq!(bench.kernel.table.len(), if fresh { 1 } else { 3 });
        assert_eq!(bench.commands().contains(&Command::Flush), fresh);
    }
}

#[test]
fn lvs_flush_on_stop_takes_also_what_others_made() {
    let left = Bench::new(many(3)).kernel;
    for flush_on_stop in [FlushOnStop::Orderly, FlushOnStop::Own, FlushOnStop::All] {
        let lvs = Lvs {
            flush_on_stop,
            ..Lvs::default()
        };
        let mut bench = Bench::with(left.clone(), many(1), lvs, true);
        bench.balancer.stop(&mut bench.said);
        bench.work();
        assert!(bench.balancer.is_finished());
        let all = flush_on_stop == FlushOnStop::All;
        assert_eq!(bench.kernel.table.len(), if all { 0 } else { 2 });
    }
}

#[test]
fn a_kernel_without_ipvs_is_said_once_and_asked_again_every_10_s() {
    let missing = Kernel {
        missing: true,
        ..Kernel::default()
    };
    let pools = vec![PoolConfig {
        sorry_server: sorry(false),
        ..pool(vec![member(1)])
    }];
    let mut bench = Bench::with(missing, pools, Lvs::default(), true);
    assert_eq!(
        bench.lines(),
        [
            "Gained quorum 1+0=1 <= 1 for VS [192.0.2.1]:tcp:80",
            "IPVS is not in this kernel (error 2): virtual servers are checked, not programmed; \
             VRRP is not touched. load the module with `modprobe ip_vs` (and name it in \
             /etc/modules-load.d); it is tried again every 10 s"
        ]
    );
    assert!(!bench.balancer.is_programmed());
    assert_eq!(
        bench.balancer.next_deadline(),
        Some(Monotonic::from_micros(10_000_000))
    );
    bench.wait(10);
    assert_eq!(bench.lines(), [""; 0]);
    bench.verdict(1, false);
    assert_eq!(bench.lines().len(), 4);
    bench.kernel.missing = false;
    bench.wait(10);
    assert_eq!(
        bench.lines(),
        ["IPVS is in the kernel now: virtual servers are programmed"]
    );
    assert_eq!(bench.kernel.weights(), [(99, 1)]);
}

#[test]
fn a_missing_scheduler_costs_its_service_alone_and_is_tried_again() {
    let mut bench = Bench::without_a_scheduler();
    assert_eq!(bench.kernel.table.len(), 1);
    let lines = bench.lines();
    assert_eq!(
        lines.last().unwrap(),
        "VS [10.0.0.0]:tcp:80: adding it to the kernel failed: error 2; the scheduler is not in \
         this kernel: `modprobe ip_vs_mh`; it is tried again every 10 s"
    );
    assert_eq!(lines.len(), 3, "{lines:?}");
    bench.wait(10);
    assert_eq!(bench.lines(), [""; 0]);
    bench.kernel.no_scheduler = None;
    bench.wait(10);
    assert_eq!(bench.kernel.table.len(), 2);
}

#[test]
fn without_virtual_servers_the_kernel_is_not_asked_at_all() {
    let mut bench = Bench::new(Vec::new());
    assert_eq!(bench.balancer.next_work(), None);
    assert_eq!(bench.balancer.next_deadline(), None);
    bench.balancer.stop(&mut bench.said);
    assert!(bench.balancer.is_finished());
}

#[test]
fn a_release_without_start_is_finished() {
    assert!(Balancer::default().is_finished());
}

#[test]
fn the_addresses_that_pause_checks_are_told_when_they_come_and_leave() {
    let vip: IpAddr = [192, 0, 2, 1].into();
    let eth0 = IfIndex::new(2).unwrap();
    let eth1 = IfIndex::new(3).unwrap();
    let pools = vec![PoolConfig {
        ha_suspend: true,
        ..pool(vec![member(1)])
    }];
    let mut bench = Bench::new(pools);
    let mut said = Vec::new();
    bench
        .balancer
        .address(eth0, [192, 0, 2, 9].into(), true, &mut said);
    bench.balancer.address(eth0, vip, true, &mut said);
    bench.balancer.address(eth1, vip, true, &mut said);
    bench.balancer.address(eth0, vip, false, &mut said);
    bench.balancer.link_gone(eth1, &mut said);
    let told = |held| Action::Held { address: vip, held };
    assert_eq!(said, [told(true), told(false)]);
}

#[test]
fn changes_carry_the_number_of_the_configuration_that_they_are_about() {
    let mut bench = Bench::new(many(1));
    bench.reload(Vec::new(), Lvs::default());
    let told = bench.said.iter().filter_map(|action| match action {
        Action::Changed { generation, change } => Some((*generation, change)),
        Action::Log(_) | Action::Held { .. } => None,
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told.len(), 6);
    assert!(told.iter().all(|(generation, _)| *generation == FIRST));
    assert!(matches!(told[5].1, PoolChange::Quorum { up: false, .. }));
    assert_eq!(bench.kernel.table.len(), 0);
}

#[test]
fn two_pools_for_one_service_are_the_first_ones() {
    let first = pool(vec![member(1)]);
    let second = PoolConfig {
        id: PoolId::new(1),
        ..pool(vec![member(2)])
    };
    let mut bench = Bench::new(vec![first, second]);
    bench.verdict(2, false);
    bench.verdict(2, true);
    assert_eq!(bench.kernel.weights(), [(1, 1)]);
}

#[test]
fn a_successor_goes_on_with_what_was_said_about_each_pool() {
    let mut bench = Bench::default();
    let lenient = |pool: PoolConfig| PoolConfig {
        quorum: 4,
        hysteresis: 2,
        ..pool
    };
    bench.stage(FIRST, many(2).into_iter().map(lenient).collect());
    let standing = PoolStanding {
        pool: PoolId::new(1),
        quorum: Some(true),
        members: Vec::new(),
    };
    bench.balancer.stage_standings(FIRST, vec![standing]);
    bench.balancer.start(FIRST, Lvs::default(), false);
    bench.work();
    assert_eq!(
        bench.lines(),
        ["Starting with quorum down 4+2=6 > 5 for VS [10.0.0.0]:tcp:80"]
    );
}

#[test]
fn many_pools_are_taken_over_in_pieces_and_verdicts_wait_until_the_last() {
    let mut bench = Bench::new(many(300));
    bench.stage(SECOND, many(300));
    bench.balancer.commit(SECOND, Lvs::default());
    let mut pieces = 0;
    while bench.balancer.is_moving() {
        if pieces == 1 {
            bench
                .balancer
                .verdicts(SECOND, vec![verdict(1, false)], &mut bench.said);
        }
        bench.balancer.move_on(&mut bench.said);
        pieces += 1;
    }
    // Five times new ones, five times old ones, the services, and the end.
    assert_eq!(pieces, 11);
    bench.work();
    // All pools have the same checks here; a number counts for the last one.
    let last = bench.kernel.table.values().next_back().unwrap();
    assert_eq!(last.servers.len(), 4);
}

#[test]
fn a_stop_amid_a_reload_takes_away_old_and_new() {
    let mut bench = Bench::new(many(200));
    let rest = many(300).split_off(150);
    bench.stage(SECOND, rest);
    bench.balancer.commit(SECOND, Lvs::default());
    bench.balancer.move_on(&mut bench.said);
    bench.balancer.stop(&mut bench.said);
    bench.work();
    assert!(bench.balancer.is_finished());
    assert_eq!(bench.kernel.table.len(), 0);
}

#[test]
fn services_with_many_servers_are_read_a_few_at_a_time() {
    let large = |number: u32| PoolConfig {
        members: (1..=200).map(member).collect(),
        ..many(number + 1).swap_remove(usize::try_from(number).unwrap())
    };
    let mut bench = Bench::default();
    bench.stage(FIRST, (0..9).map(large).collect());
    bench.balancer.start(FIRST, Lvs::default(), true);
    bench.move_on();
    let now = Monotonic::from_micros(0);
    for _ in 0..2 {
        let work = bench.balancer.next_work().unwrap();
        let done = bench.kernel.carry_out(work);
        bench.balancer.done(now, done, &mut bench.said);
    }
    let Some(Work::Read(keys)) = bench.balancer.next_work() else {
        panic!("not read");
    };
    assert_eq!(keys.len(), 3);
}

/// The kernel may take its time, and the world goes on.
#[test]
fn while_a_piece_of_work_is_under_way_no_other_is_asked_for_and_nothing_is_lost() {
    let mut bench = Bench::new(many(1));
    bench.lines();
    let verdicts = |bench: &mut Bench, check, up| {
        let verdict = vec![verdict(check, up)];
        bench.balancer.verdicts(FIRST, verdict, &mut bench.said);
    };
    verdicts(&mut bench, 3, false);
    let work = bench.balancer.next_work().unwrap();
    // A server that comes back, another that goes, and the time of a look.
    verdicts(&mut bench, 3, true);
    verdicts(&mut bench, 4, false);
    bench.secs += 5;
    let now = Monotonic::from_micros(bench.secs * 1_000_000);
    bench.balancer.timer_due(now);
    assert_eq!(bench.balancer.next_work(), None);
    assert!(!bench.balancer.has_work());
    let done = bench.kernel.carry_out(work);
    bench.balancer.done(now, done, &mut bench.said);
    bench.work();
    assert_eq!(bench.kernel.weights(), [(1, 1), (2, 1), (3, 1), (5, 1)]);
    let lines = bench.lines();
    assert!(
        !lines.iter().any(|line| line.contains("somebody else")),
        "{lines:?}"
    );
}

#[test]
fn a_stop_waits_for_the_piece_of_work_that_is_under_way() {
    let mut bench = Bench::new(many(1));
    bench.balancer.stop(&mut bench.said);
    let work = bench.balancer.next_work().unwrap();
    assert!(!bench.balancer.is_finished());
    let done = bench.kernel.carry_out(work);
    let now = Monotonic::from_micros(1);
    bench.balancer.done(now, done, &mut bench.said);
    assert!(bench.balancer.is_finished());
    assert_eq!(bench.kernel.table.len(), 0);
}

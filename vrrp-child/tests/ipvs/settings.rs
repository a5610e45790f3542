use crate::bench::Bench;
use crate::model::{Kernel, member, pool};
use holdfast_ipc::config::model::{self, IfName, InstanceName, Lvs, LvsTimeouts};
use holdfast_ipc::state::VrrpState;
use holdfast_vrrp::ipvs::command::Command;
use holdfast_vrrp::ipvs::table::{SyncRole, Timeouts};

const DEFAULTS: Timeouts = Timeouts {
    tcp: 900,
    tcp_fin: 120,
    udp: 300,
};

fn kernel() -> Kernel {
    Kernel {
        timeouts: DEFAULTS,
        ..Kernel::default()
    }
}

fn following(instance: Option<&str>) -> Lvs {
    Lvs {
        sync_daemon: Some(model::SyncDaemon {
            interface: IfName::try_from("eth0").unwrap(),
            instance: instance.map(|name| InstanceName::try_from(name).unwrap()),
            id: 51,
            max_len: None,
            port: None,
            ttl: None,
            group: None,
        }),
        ..Lvs::default()
    }
}

fn roles(bench: &Bench) -> Vec<SyncRole> {
    let daemons = bench.kernel.daemons.iter();
    let mut roles: Vec<_> = daemons.map(|daemon| daemon.role).collect();
    roles.sort();
    roles
}

#[test]
fn the_sync_daemon_follows_its_instance() {
    let mut bench = Bench::with(kernel(), Vec::new(), following(Some("VI_1")), true);
    assert_eq!(roles(&bench), [SyncRole::Backup]);
    let name = InstanceName::try_from("VI_1").unwrap();
    let other = InstanceName::try_from("VI_2").unwrap();
    for (name, state, expected) in [
        (&name, VrrpState::Master, SyncRole::Master),
        (&other, VrrpState::Backup, SyncRole::Master),
        (&name, VrrpState::Fault, SyncRole::Backup),
    ] {
        bench.balancer.instance(name, state);
        bench.work();
        assert_eq!(roles(&bench), [expected]);
    }
}

#[test]
fn a_sync_daemon_that_follows_nobody_is_both() {
    let mut bench = Bench::with(kernel(), Vec::new(), following(None), true);
    assert_eq!(roles(&bench), [SyncRole::Master, SyncRole::Backup]);
    bench.balancer.stop(&mut bench.said);
    bench.work();
    assert!(bench.balancer.is_finished());
    assert_eq!(roles(&bench), []);
}

#[test]
fn a_sync_daemon_that_a_predecessor_left_is_taken_over() {
    let left = Bench::with(kernel(), Vec::new(), following(None), true).kernel;
    let mut left = Kernel {
        commands: Vec::new(),
        ..left
    };
    // What was left to the kernel it tells by its numbers.
    left.daemons[0].port = Some(8848);
    let bench = Bench::with(left.clone(), Vec::new(), following(None), false);
    assert_eq!(bench.kernel.commands, []);
    let mut other = following(None);
    other.sync_daemon.as_mut().unwrap().port = Some(8849);
    let bench = Bench::with(left, Vec::new(), other, false);
    assert_eq!(bench.kernel.commands.len(), 4);
    assert!(
        bench
            .kernel
            .daemons
            .iter()
            .all(|daemon| daemon.port == Some(8849))
    );
}

#[test]
fn sync_daemons_that_the_configuration_does_not_speak_of_are_not_touched() {
    let left = Bench::with(kernel(), Vec::new(), following(None), true).kernel;
    let pools = vec![pool(vec![member(1)])];
    let mut bench = Bench::with(left, pools, Lvs::default(), true);
    bench.balancer.stop(&mut bench.said);
    bench.work();
    assert_eq!(roles(&bench), [SyncRole::Master, SyncRole::Backup]);
}

#[test]
fn timeouts_are_set_where_they_are_configured_and_go_back_at_the_stop() {
    let lvs = Lvs {
        timeouts: LvsTimeouts {
            tcp: Some(600),
            tcp_fin: Some(0),
            udp: None,
        },
        ..Lvs::default()
    };
    let mut bench = Bench::with(kernel(), Vec::new(), lvs, true);
    let expected = Timeouts {
        tcp: 600,
        ..DEFAULTS
    };
    assert_eq!(bench.kernel.timeouts, expected);
    assert_eq!(bench.kernel.commands, [Command::SetTimeouts(expected)]);
    bench.balancer.stop(&mut bench.said);
    bench.work();
    assert_eq!(bench.kernel.timeouts, DEFAULTS);
}

#[test]
fn a_reload_without_timeouts_gives_the_kernel_its_own_back() {
    let lvs = Lvs {
        timeouts: LvsTimeouts {
            udp: Some(10),
            ..LvsTimeouts::default()
        },
        ..Lvs::default()
    };
    let pools = vec![pool(vec![member(1)])];
    let mut bench = Bench::with(kernel(), pools.clone(), lvs, true);
    bench.reload(pools, Lvs::default());
    assert_eq!(bench.kernel.commands, [Command::SetTimeouts(DEFAULTS)]);
}

#[test]
fn timeouts_and_daemons_that_somebody_changed_are_put_back_and_told() {
    let lvs = Lvs {
        timeouts: LvsTimeouts {
            tcp: Some(600),
            tcp_fin: None,
            udp: None,
        },
        ..following(None)
    };
    let mut bench = Bench::with(kernel(), Vec::new(), lvs, true);
    bench.lines();
    bench.wait(5);
    assert_eq!(bench.lines(), [""; 0]);
    bench.kernel.timeouts.tcp = 30;
    bench.kernel.daemons.clear();
    bench.wait(5);
    assert_eq!(bench.kernel.timeouts.tcp, 600);
    assert_eq!(roles(&bench), [SyncRole::Master, SyncRole::Backup]);
    assert_eq!(
        bench.lines(),
        ["IPVS: somebody else changed timeouts or sync daemons in the kernel; they are put back"]
    );
}

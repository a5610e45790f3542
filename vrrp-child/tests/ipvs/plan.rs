use crate::model::Kernel;
use holdfast_ipc::config::model::{Family, Protocol};
use holdfast_vrrp::ipvs::command::Command;
use holdfast_vrrp::ipvs::plan::plan;
use holdfast_vrrp::ipvs::table::{
    Entry, KernelTable, Method, ModuleName, Server, ServerKey, ServiceKey, ServiceOptions,
    TunnelOptions,
};
use proptest::collection::btree_map;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::num::NonZeroU32;

pub(crate) fn any_key() -> impl Strategy<Value = ServiceKey> {
    let protocol = prop_oneof![
        Just(Protocol::Tcp),
        Just(Protocol::Udp),
        Just(Protocol::Sctp)
    ];
    let family = prop_oneof![Just(Family::V4), Just(Family::V6)];
    let mark = (1_u32..6, family).prop_map(|(mark, family)| ServiceKey::Mark {
        family,
        mark: NonZeroU32::new(mark).unwrap(),
    });
    let address = prop_oneof![
        (0_u8..4).prop_map(|last| [192, 0, 2, last].into()),
        (0_u16..4).prop_map(|last| [0x2001, 0xdb8, 0, 0, 0, 0, 0, last].into()),
    ];
    let address =
        (address, 0_u16..3, protocol).prop_map(|(address, port, protocol)| ServiceKey::Address {
            address,
            port,
            protocol,
        });
    prop_oneof![address, mark]
}

pub(crate) fn any_options() -> impl Strategy<Value = ServiceOptions> {
    let scheduler = prop_oneof![Just("rr"), Just("wrr"), Just("mh")];
    let engine = prop_oneof![Just(None), Just(ModuleName::new("sip"))];
    (scheduler, 0_u32..64, any::<u32>(), any::<u32>(), engine).prop_map(
        |(scheduler, flags, timeout_secs, netmask, engine)| ServiceOptions {
            scheduler: ModuleName::new(scheduler),
            flags: flags & !ServiceOptions::HASHED,
            timeout_secs,
            netmask,
            engine,
        },
    )
}

pub(crate) fn any_server_key() -> impl Strategy<Value = ServerKey> {
    let address = prop_oneof![
        (0_u8..6).prop_map(|last| [10, 0, 0, last].into()),
        (0_u16..6).prop_map(|last| [0x2001, 0xdb8, 1, 0, 0, 0, 0, last].into()),
    ];
    (address, 0_u16..2).prop_map(|(address, port)| ServerKey { address, port })
}

pub(crate) fn any_server() -> impl Strategy<Value = Server> {
    let tunnel = (0_u8..3, any::<u16>(), 0_u16..3)
        .prop_map(|(kind, port, flags)| Method::Tunnel(TunnelOptions { kind, port, flags }));
    let method = prop_oneof![
        Just(Method::Masquerade),
        Just(Method::Direct),
        Just(Method::Local),
        tunnel
    ];
    (method, 0_u32..4, 0_u32..3, 0_u32..3).prop_map(|(method, weight, upper, lower)| Server {
        method,
        weight,
        upper_threshold: upper,
        lower_threshold: lower,
    })
}

pub(crate) fn any_table() -> impl Strategy<Value = KernelTable> {
    let servers = btree_map(any_server_key(), any_server(), 0..6);
    let entry = (any_options(), servers).prop_map(|(options, servers)| Entry { options, servers });
    btree_map(any_key(), entry, 0..12)
}

/// True where the kernel has all that was wanted.
fn is_fulfilled(wanted: &Entry, present: &Entry) -> bool {
    wanted.options == present.options
        && wanted.servers.keys().eq(present.servers.keys())
        && wanted
            .servers
            .iter()
            .all(|(key, server)| server.is_fulfilled_by(&present.servers[key]))
}

proptest! {
    #[test]
    fn a_plan_makes_the_table_that_is_wanted_and_then_there_is_nothing_to_do(
        present in any_table(),
        desired in any_table(),
        ours in proptest::collection::btree_set(any_key(), 0..12),
    ) {
        let mut kernel = Kernel { table: present.clone(), ..Kernel::default() };
        for command in plan(&present, &desired, &ours) {
            prop_assert_eq!(kernel.apply(&command), Ok(()), "{:?}", command);
        }
        for (key, wanted) in &desired {
            prop_assert!(is_fulfilled(wanted, &kernel.table[key]));
        }
        prop_assert_eq!(plan(&kernel.table, &desired, &ours), vec![]);
        let others = present.iter().filter(|(key, _)| !desired.contains_key(key));
        for (key, entry) in others {
            let left = kernel.table.get(key);
            prop_assert_eq!(left, if ours.contains(key) { None } else { Some(entry) });
        }
    }

    #[test]
    fn what_is_the_same_is_not_touched(table in any_table()) {
        let ours = table.keys().copied().collect();
        prop_assert_eq!(plan(&table, &table, &ours), vec![]);
    }

    #[test]
    fn nothing_goes_before_everything_new_of_its_service_is_there(
        present in any_table(),
        desired in any_table(),
    ) {
        let mut left = BTreeSet::new();
        for command in plan(&present, &desired, &BTreeSet::new()) {
            match command {
                Command::RemoveServer(key, _) => drop(left.insert(key)),
                other => prop_assert!(!left.contains(other.service().unwrap())),
            }
        }
    }
}

fn entry(scheduler: &str) -> Entry {
    Entry {
        options: ServiceOptions {
            scheduler: ModuleName::new(scheduler),
            flags: 0,
            timeout_secs: 0,
            netmask: u32::MAX,
            engine: None,
        },
        servers: [(key(1), DIRECT)].into(),
    }
}

const DIRECT: Server = Server {
    method: Method::Direct,
    weight: 1,
    upper_threshold: 0,
    lower_threshold: 0,
};

fn key(last: u8) -> ServerKey {
    ServerKey {
        address: [10, 0, 0, last].into(),
        port: 80,
    }
}

fn mark(number: u32) -> ServiceKey {
    ServiceKey::Mark {
        family: Family::V4,
        mark: NonZeroU32::new(number).unwrap(),
    }
}

#[test]
fn another_scheduler_is_set_in_place_so_that_connections_stay() {
    let present = [(mark(1), entry("rr"))].into();
    let desired = [(mark(1), entry("wlc"))].into();
    assert_eq!(
        plan(&present, &desired, &BTreeSet::new()),
        [Command::EditService(mark(1), entry("wlc").options)]
    );
}

#[test]
fn a_server_that_the_kernel_knows_as_this_machine_is_as_wanted() {
    let mut present = entry("rr");
    let local = Server {
        method: Method::Local,
        ..DIRECT
    };
    present.servers.insert(key(1), local);
    let present = [(mark(1), present)].into();
    let desired = [(mark(1), entry("rr"))].into();
    assert_eq!(plan(&present, &desired, &BTreeSet::new()), []);
}

#[test]
fn a_service_of_somebody_else_stays_and_one_of_ours_that_is_not_wanted_goes() {
    let present = [(mark(1), entry("rr")), (mark(2), entry("rr"))].into();
    let ours = [mark(2), mark(3)].into();
    assert_eq!(
        plan(&present, &KernelTable::new(), &ours),
        [Command::RemoveService(mark(2))]
    );
}

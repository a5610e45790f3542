//! What is printed and read again is the same: servers, their checks, static lines, global words.

#![expect(clippy::unwrap_used, reason = "tests assert by panicking")]
#![expect(
    clippy::arithmetic_side_effects,
    reason = "an overflow in a test is a failed test"
)]

#[path = "../common/mod.rs"]
mod common;
mod route;
mod server;

use common::Memory;
use holdfast_conf::model::*;
use holdfast_conf::{Secrets, print};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use route::{of_route, of_rule};
use server::virtual_server;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;

fn same_after_printing(config: &Config) {
    let text = print(config, Secrets::Shown);
    let loaded = Memory::one(text.clone()).look();
    assert_eq!(
        loaded.report.errors(),
        0,
        "{}{text}",
        loaded.report.render(false)
    );
    let again = loaded.config.unwrap();
    assert_eq!(&again, config, "{text}");
    assert_eq!(print(&again, Secrets::Shown), text);
}

fn micros(min: u64, max: u64) -> impl Strategy<Value = Micros> {
    prop_oneof![
        (min..=max).prop_map(Micros::new),
        (min.div_ceil(1_000_000)..=max / 1_000_000).prop_map(Micros::from_secs),
    ]
}

fn delay() -> impl Strategy<Value = Micros> {
    micros(0, 4_294_967_295)
}

fn period() -> impl Strategy<Value = Micros> {
    micros(1, 4_294_967_295)
}

/// A word of a line, with blanks and signs that need quotation marks.
fn name() -> impl Strategy<Value = String> {
    "[!#-~@ ]{0,6}[a-z]".prop_filter("a definition", |name| !name.contains('$'))
}

fn path() -> impl Strategy<Value = String> {
    "/[a-z0-9 ./_-]{0,9}"
}

fn user() -> impl Strategy<Value = UserSpec> {
    let name = "[a-z_][a-z0-9_-]{0,7}";
    (name, option::of(name), any::<bool>()).prop_map(|(user, group, all_groups)| UserSpec {
        user,
        group,
        all_groups,
    })
}

fn words() -> impl Strategy<Value = ShellWords> {
    ("/[^\u{0}]{1,12}", vec("[^\u{0}]{0,8}", 0..4)).prop_map(|(program, arguments)| {
        let words = std::iter::once(program).chain(arguments);
        ShellWords::try_from(words.collect::<Vec<_>>()).unwrap()
    })
}

fn command() -> impl Strategy<Value = ScriptCommand> {
    (words(), option::of(user())).prop_map(|(words, user)| ScriptCommand { words, user })
}

fn interface() -> impl Strategy<Value = IfName> {
    "[a-z]{1,8}[0-9.]{0,6}".prop_map(|name| IfName::try_from(name).unwrap())
}

fn family() -> impl Strategy<Value = Family> {
    select(vec![Family::V4, Family::V6])
}

/// An address whose last part makes it unique.
fn address(family: Family, number: u16) -> IpAddr {
    match family {
        Family::V4 => {
            let [high, low] = number.to_be_bytes();
            Ipv4Addr::new(10, 0, high, low).into()
        }
        Family::V6 => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, number).into(),
    }
}

fn some_address(family: Family) -> impl Strategy<Value = IpAddr> {
    any::<u16>().prop_map(move |number| address(family, number))
}

fn lines<T: std::fmt::Debug, S: Strategy<Value = T> + 'static>(
    line: fn(Family) -> S,
) -> impl Strategy<Value = Vec<T>> {
    vec(family().prop_flat_map(line).boxed(), 0..4)
}

prop_compose! {
    fn tls()(
        password in option::of("[!%-~]{1,9}"),
        ca in option::of(path()),
        own in option::of((path(), path())),
    ) -> TlsFiles {
        let (certificate, key) = own.unzip();
        TlsFiles {
            password: password.filter(|_| key.is_some()).map(Passphrase),
            ca, certificate, key,
        }
    }
}

prop_compose! {
    fn statics()(
        routes in lines(of_route),
        rules in lines(of_rule),
        garp in option::of((micros(1, 4_294_000_000), micros(0, 4_294_000_000), btree_set("[a-z]{1,8}", 1..4))),
        delays in btree_map("[a-z]{1,8}", (micros(0, 255_000_000), micros(0, 255_000_000)), 0..3),
        tls in tls(),
    ) -> Statics {
        let name = |name| IfName::try_from(name).unwrap();
        Statics {
            addresses: Vec::new(),
            routes, rules,
            track_groups: Vec::new(),
            garp_groups: garp.into_iter().map(|(interval, gna_interval, interfaces)| GarpGroup {
                interval, gna_interval,
                interfaces: interfaces.into_iter().map(name).collect(),
            }).collect(),
            link_delays: delays.into_iter().map(|(interface, (down, up))| LinkDelay {
                interface: name(interface), down, up,
            }).collect(),
            tls,
        }
    }
}

fn fifo() -> impl Strategy<Value = Option<Fifo>> {
    let fifo = (path(), option::of(user()), option::of(command()));
    option::of(fifo.prop_map(|(path, owner, script)| Fifo {
        path,
        owner,
        script,
    }))
}

fn fifos() -> impl Strategy<Value = Fifos> {
    (
        [fifo().boxed(), fifo().boxed(), fifo().boxed()],
        any::<[bool; 2]>(),
    )
        .prop_map(|([all, mut vrrp, mut lvs], flags)| {
            for (fifo, end) in [(&mut vrrp, "v"), (&mut lvs, "l")] {
                if let Some(fifo) = fifo {
                    fifo.path.push_str(end);
                    fifo.path.push_str(end);
                }
            }
            Fifos {
                all,
                vrrp,
                lvs,
                states_on_reload: flags[0],
                priority_changes: flags[1],
            }
        })
}

prop_compose! {
    fn lvs()(
        sync in option::of((interface(), any::<u8>(), option::of(1_u16..=65_507), option::of(1_u16..), option::of(1_u8..))),
        timeouts in [option::of(0_u32..=2_678_400), option::of(0_u32..=2_678_400), option::of(0_u32..=2_678_400)],
        flush: bool,
        flush_on_stop in select(vec![FlushOnStop::Orderly, FlushOnStop::Own, FlushOnStop::All]),
    ) -> Lvs {
        Lvs {
            sync_daemon: sync.map(|(interface, id, max_len, port, ttl)| SyncDaemon {
                interface, instance: None, id, max_len, port, ttl,
                group: Some("224.0.0.81".parse().unwrap()),
            }),
            timeouts: LvsTimeouts { tcp: timeouts[0], tcp_fin: timeouts[1], udp: timeouts[2] },
            flush, flush_on_stop,
        }
    }
}

prop_compose! {
    fn start_stop()(
        startup in option::of(command()),
        shutdown in option::of(command()),
        secs in (1_u16..=1_000, 1_u16..=1_000),
        delays in (option::of(micros(1_000, 4_294_967_295)), option::of(micros(1_000, 4_294_967_295))),
    ) -> StartStop {
        StartStop {
            startup,
            startup_secs: secs.0,
            shutdown,
            shutdown_secs: secs.1,
            delay: delays.0.unwrap_or(Micros::ZERO),
            after_boot: delays.1.unwrap_or(Micros::ZERO),
        }
    }
}

prop_compose! {
    fn global()(
        lvs in lvs(),
        flags in any::<[bool; 4]>(),
        garp_extra in option::of((any::<bool>(), 0_u64..=86_400)),
        surroundings in (option::of(name()), option::of(option::of(name())), option::of(name())),
        start_stop in start_stop().boxed(),
        fifos in fifos().boxed(),
        reload in (option::of(path()), option::of(option::of(path()))),
    ) -> Global {
        Global {
            lvs,
            all_groups: flags[0],
            rs_init_notifies: flags[1],
            garp_extra: garp_extra.map(|(all, secs)| ExtraGarp { all, interval: Micros::from_secs(secs) }),
            surroundings: Surroundings {
                namespace: surroundings.0,
                ipvs_namespace: match surroundings.1 {
                    None => IpvsNamespace::Same,
                    Some(None) => IpvsNamespace::Default,
                    Some(Some(name)) => IpvsNamespace::Named(name),
                },
                instance: surroundings.2,
                use_pid_dir: flags[2],
            },
            start_stop,
            fifos,
            reload: ReloadFiles {
                time_file: reload.0,
                repeat: flags[3],
                marker: reload.1.map(|path| path.map_or(ReloadMarker::Default, ReloadMarker::Path)),
            },
            ..Global::default()
        }
    }
}

prop_compose! {
    fn config()(
        global in global().boxed(),
        statics in statics().boxed(),
        servers in vec(virtual_server().boxed(), 0..3),
    ) -> Config {
        let mut names = std::collections::BTreeSet::new();
        let mut addresses = std::collections::BTreeSet::new();
        let alone = |server: &VirtualServer| match &server.service {
            Service::Group { members, .. } => members.iter().map(|member| format!("{member:?}")).collect(),
            other => vec![format!("{other:?}")],
        };
        let virtual_servers = servers.into_iter().filter(|server| {
            let name = match &server.service {
                Service::Group { name, .. } => name.clone(),
                other => other.to_string(),
            };
            names.insert(name) && alone(server).into_iter().all(|key| addresses.insert(key))
        }).collect();
        Config { global, statics, virtual_servers, ..Config::default() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn servers_and_static_lines_are_the_same_after_printing(config in config()) {
        same_after_printing(&config);
    }

    #[test]
    fn nothing_differs_from_itself_and_something_from_something_else(
        one in config(),
        other in config(),
    ) {
        prop_assert!(holdfast_conf::diff(&one, &one).is_empty());
        let differs = holdfast_conf::diff(&one, &other);
        prop_assert_eq!(one == other, differs.is_empty());
    }
}

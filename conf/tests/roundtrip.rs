//! What is printed and read again is the same configuration.

#![expect(clippy::unwrap_used, reason = "tests assert by panicking")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "an overflow in a test is a failed test"
)]

mod common;
mod generate;

use common::{Folder, LOOKING, Memory, STRICT, data};
use generate::{group, instance, pick, pick_all, targets, unweighted};
use holdfast_conf::model::*;
use holdfast_conf::{Options, Secrets, dump_with, format as format_text, load, print};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

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
    same_after_formatting(config, &text);
}

/// However carelessly it is written, it is formatted in one way, and that means the same.
fn same_after_formatting(config: &Config, text: &str) {
    let careless: String = text
        .lines()
        .map(|line| match line.trim_start().strip_suffix(" {") {
            // A name with `$` may be a parameter, which stays the last word of its line.
            Some(head) if !head.contains('$') => format!("\t{head}\r\n\n  {{\n"),
            Some(_) | None => format!("{}\t\r\n", line.trim_start()),
        })
        .collect();
    let formatted = format_text("a.conf", careless.into()).unwrap();
    assert_eq!(formatted.trim_end(), text.trim_end());
    let loaded = Memory::one(formatted).look();
    assert_eq!(loaded.config.as_ref(), Some(config), "{text}");
}

fn same_after_dump(config: &Config) {
    let options = Options {
        origins: true,
        ..LOOKING
    };
    let text = print(config, Secrets::Shown);
    let loaded = load(&Memory::one(text), Path::new("a.conf"), &options);
    let dumped = dump_with(&loaded, Secrets::Shown).unwrap();
    let again = Memory::one(dumped.clone()).look();
    assert_eq!(again.config.as_ref(), Some(config), "{dumped}");
}

#[test]
fn every_seed_is_the_same_after_printing() {
    let folder = data("seeds");
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "conf") {
            let name = path.file_name().unwrap();
            let loaded = load(&Folder(folder.clone()), Path::new(name), &STRICT);
            same_after_printing(&loaded.config.unwrap());
        }
    }
}

#[test]
fn every_accepted_case_is_the_same_after_printing() {
    let mut accepted = 0;
    for entry in std::fs::read_dir(data("corpus")).unwrap() {
        let files = Folder(entry.unwrap().path());
        if let Some(config) = load(&files, Path::new("in.conf"), &LOOKING).config {
            same_after_printing(&config);
            accepted += 1;
        }
    }
    assert!(accepted >= 15, "{accepted}");
}

#[test]
fn a_hidden_password_is_not_printed() {
    let text = "vrrp_instance A {\n interface eth0\n virtual_router_id 1\n authentication {\n auth_type PASS\n auth_pass s3cret\n }\n virtual_ipaddress {\n 192.0.2.1\n }\n}\n";
    let config = Memory::one(text).load().config.unwrap();
    assert!(print(&config, Secrets::Shown).contains("auth_pass s3cret\n"));
    let hidden = print(&config, Secrets::Hidden);
    assert!(hidden.contains("auth_pass ********\n"));
    assert!(!hidden.contains("s3cret"));
}

fn micros(max_secs: u64) -> impl Strategy<Value = Micros> {
    prop_oneof![
        (0..=max_secs).prop_map(Micros::from_secs),
        (0..=max_secs * 1_000_000).prop_map(Micros::new),
    ]
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
    (
        "/[^\u{0}]{1,12}",
        prop::collection::vec("[^\u{0}]{0,8}", 0..4),
    )
        .prop_map(|(program, arguments)| {
            let words = std::iter::once(program)
                .chain(arguments)
                .collect::<Vec<_>>();
            ShellWords::try_from(words).unwrap()
        })
}

fn command() -> impl Strategy<Value = ScriptCommand> {
    (words(), option::of(user())).prop_map(|(words, user)| ScriptCommand { words, user })
}

fn weight() -> impl Strategy<Value = Weight> {
    weight_up_to(253)
}

fn weight_up_to(most: i16) -> impl Strategy<Value = Weight> {
    (-most..=most).prop_map(|weight| Weight::try_from(weight).unwrap())
}

fn name() -> impl Strategy<Value = String> {
    // What a line cannot hold is left out: quotation marks, and blanks that are replaced.
    "[!#-~@$ ]{0,6}[a-z]"
}

prop_compose! {
    fn script()(
        action in prop_oneof![
            words().prop_map(ScriptAction::Run),
            prop::collection::vec("[a-z]{1,9}", 1..3).prop_map(ScriptAction::ProcessExists),
        ],
        interval in micros(4_294).prop_filter("a period", |time| time.get() >= 1_000),
        timeout in micros(4_294).prop_filter("a period", |time| time.get() >= 1_000),
        rise in 1_u32..,
        fall in 1_u32..,
        weight in weight(),
        reverse: bool,
        user in option::of(user()),
        init_fail: bool,
    ) -> VrrpScript {
        VrrpScript {
            name: ScriptName::try_from("x").unwrap(),
            action, interval, timeout, rise, fall, weight, reverse, user, init_fail,
        }
    }
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

prop_compose! {
    fn virtual_address(family: Family)(
        number: u16,
        prefix in 0_u8..=match family { Family::V4 => 32, Family::V6 => 128 },
        peer in option::of(any::<u16>()),
        dev in option::of("[a-z]{1,8}[0-9.]{0,7}"),
        scope: u8,
        label in option::of("[a-z0-9:# ]{1,15}"),
        broadcast in option::of(any::<u32>()),
        flags in any::<[bool; 7]>(),
        preferred_lft in option::of(any::<u32>()),
    ) -> VirtualAddress {
        let v4 = family == Family::V4;
        VirtualAddress {
            address: address(family, number),
            prefix: match peer { Some(_) => if v4 { 32 } else { 128 }, None => prefix },
            peer: peer.map(|peer| address(family, peer)),
            dev: dev.map(|dev| IfName::try_from(dev).unwrap()),
            scope: if v4 { scope } else { 0 },
            label: label.filter(|_| v4),
            broadcast: match broadcast {
                Some(bits) if v4 && peer.is_none() => Broadcast::Address(bits.into()),
                _ => Broadcast::None,
            },
            nodad: !v4 && flags[0],
            home: !v4 && flags[1],
            mngtmpaddr: !v4 && flags[2],
            noprefixroute: flags[3],
            autojoin: flags[4],
            preferred_lft: preferred_lft.filter(|_| !v4),
            no_track: flags[5],
            use_vmac: flags[6],
        }
    }
}

fn addresses(family: Family) -> impl Strategy<Value = Vec<VirtualAddress>> {
    prop::collection::vec(virtual_address(family), 1..5)
}

fn transport(family: Family) -> impl Strategy<Value = Transport> {
    let source = option::of(any::<u16>().prop_map(move |number| address(family, number)));
    let group = match family {
        Family::V4 => select(vec![
            Ipv4Addr::new(224, 0, 0, 18).into(),
            "224.0.0.111".parse().unwrap(),
        ]),
        Family::V6 => select(vec![
            "ff02::12".parse::<IpAddr>().unwrap(),
            "ff02::99".parse().unwrap(),
        ]),
    };
    let peer = (
        any::<u16>(),
        option::of(any::<u8>()),
        option::of(any::<u8>()),
    );
    let peers = prop::collection::btree_map(any::<u16>(), peer, 1..4).prop_map(move |peers| {
        peers
            .into_iter()
            .map(|(number, (_, min_ttl, max_ttl))| Peer {
                address: address(family, number),
                min_ttl: min_ttl.map(|min| min.min(max_ttl.unwrap_or(u8::MAX))),
                max_ttl,
            })
            .collect::<Vec<_>>()
    });
    prop_oneof![
        (group, source.clone()).prop_map(|(group, source)| Transport::Multicast { group, source }),
        (source, peers, option::of(any::<u8>()), any::<bool>()).prop_map(
            |(source, peers, ttl, check)| Transport::Unicast {
                source,
                check_source: check
                    || peers
                        .iter()
                        .any(|peer| peer.min_ttl.or(peer.max_ttl).is_some()),
                peers,
                ttl,
            }
        ),
    ]
}

fn auth() -> impl Strategy<Value = Auth> {
    let key = prop_oneof!["[!#-~]{1,8}", "[a-zé€ 😀]{1,4}", "[!#-~é😀]{1,8}"]
        .prop_filter("a text that is a definition", |text| !text.contains('$'))
        .prop_map(|text| AuthKey::new(text.as_bytes()));
    prop_oneof![
        Just(Auth::None),
        key.clone().prop_map(Auth::Pass),
        key.prop_map(Auth::Ah)
    ]
}

prop_compose! {
    fn garp()(
        master_delay in micros(4_294),
        master_repeat in 1_u32..,
        master_refresh in micros(4_294),
        master_refresh_repeat in 1_u32..,
        lower_prio_delay in micros(4_294),
        lower_prio_repeat: u32,
    ) -> GarpSettings {
        GarpSettings {
            master_delay, master_repeat, master_refresh, master_refresh_repeat,
            lower_prio_delay, lower_prio_repeat,
            interval: Micros::ZERO,
            gna_interval: Micros::ZERO,
        }
    }
}

fn family() -> impl Strategy<Value = Family> {
    select(vec![Family::V4, Family::V6])
}

prop_compose! {
    fn router(family: Family)(
        version in select(vec![Version::V2, Version::V3]),
        state in select(vec![InitialState::Master, InitialState::Backup]),
        priority in prop_oneof![1_u8..=255, Just(255)],
        advert in 1_u16..=4_095,
        transport in transport(family),
        auth in auth(),
        checksum in select(vec![ChecksumForm::PseudoHeader, ChecksumForm::MessageOnly, ChecksumForm::OldUnicast]),
        preempt_delay in micros(1_000),
        down_timer_adverts in 1_u8..=100,
        garp in garp(),
        flags in any::<[bool; 8]>(),
        strict in prop::bool::weighted(0.2),
        addresses in addresses(family),
        excluded in option::of(family_addresses()),
        interfaces in prop::collection::btree_map("[f-z]{1,8}[0-9]{1,3}", (weight(), any::<bool>()), 0..3),
    ) -> VirtualRouter {
        let version = if family == Family::V6 { Version::V3 } else { version };
        let centis = match version { Version::V2 => advert % 255 * 100 + 100, Version::V3 => advert };
        VirtualRouter {
            name: InstanceName::try_from("x").unwrap(),
            vrid: Vrid::try_from(1).unwrap(),
            version,
            family,
            interface: Some(IfName::try_from("eth0").unwrap()),
            initial_state: state,
            priority: Priority::try_from(priority).unwrap(),
            advert_int: AdvertInterval::new(version, centis).unwrap(),
            transport, auth, checksum,
            nopreempt: flags[0],
            preempt_delay,
            down_timer_adverts,
            garp,
            lower_prio_no_advert: flags[1],
            higher_prio_send_advert: flags[2],
            owner_ignore_adverts: flags[3],
            skip_check_adv_addr: flags[4],
            track_src_ip: flags[5],
            dont_track_primary: flags[6],
            strict,
            addresses,
            excluded: excluded.unwrap_or_default(),
            track_interfaces: interfaces.into_iter().map(|(name, (weight, reverse))| TrackInterface {
                interface: IfName::try_from(name).unwrap(), weight, reverse,
            }).collect(),
            track_scripts: Vec::new(),
        }
    }
}

fn family_addresses() -> impl Strategy<Value = Vec<VirtualAddress>> {
    family().prop_flat_map(addresses)
}

/// Takes away what contradicts itself, as the reader does.
fn consistent(mut router: VirtualRouter) -> VirtualRouter {
    let owner = router.priority.is_owner();
    let mut seen = std::collections::BTreeSet::new();
    router
        .addresses
        .retain(|address| seen.insert(address.address));
    router
        .excluded
        .retain(|address| seen.insert(address.address));
    if let Transport::Unicast { source, .. } = &mut router.transport
        && router.strict
    {
        router.interface = None;
        *source = source.or(Some(address(router.family, 1)));
    }
    if router.strict || router.version == Version::V3 {
        router.auth = Auth::None;
    }
    if router.strict {
        router.initial_state = if owner {
            InitialState::Master
        } else {
            InitialState::Backup
        };
        router.preempt_delay = Micros::ZERO;
        router.down_timer_adverts = 3;
        router.lower_prio_no_advert = true;
        router.higher_prio_send_advert = false;
        router.owner_ignore_adverts = true;
        router.garp.lower_prio_delay = Micros::ZERO;
        router.garp.lower_prio_repeat = 0;
    } else if matches!(router.auth, Auth::Ah(_)) && !owner {
        router.initial_state = InitialState::Backup;
    }
    router.owner_ignore_adverts &= owner || router.strict;
    if owner || router.initial_state == InitialState::Master {
        router.nopreempt = false;
    }
    if router.nopreempt || router.initial_state == InitialState::Master {
        router.preempt_delay = Micros::ZERO;
    }
    if !router.strict && router.version == Version::V2 && router.addresses.len() == 4 {
        router.addresses.clear();
        router.transport = Transport::Multicast {
            group: Ipv4Addr::new(224, 0, 0, 18).into(),
            source: None,
        };
    }
    router
}

prop_compose! {
    fn mail()(
        to in prop::collection::vec("[a-z]{1,5}@[a-z]{1,5}", 1..3),
        from in option::of("[a-z ]{1,5}@[a-z]{1,5}"),
        server in option::of(("[a-z0-9][a-z0-9.-]{0,9}", 1_u16..)),
        helo in option::of("[a-z.]{1,9}"),
        timeout in micros(4_294).prop_filter("not nothing", |time| !time.is_zero()),
    ) -> Mail {
        Mail {
            to, from,
            server: server.map(|(host, port)| MailServer { host, port }),
            helo, timeout,
            no_faults: false,
            no_checks: false,
        }
    }
}

prop_compose! {
    fn config()(
        router_id in option::of(name()),
        script_user in option::of(user()),
        script_security: bool,
        log_unknown_vrids: bool,
        mail in option::of(mail().boxed()),
        script_names in prop::collection::btree_set(name(), 0..4),
        scripts in prop::collection::vec(script().boxed(), 4),
        instance_names in prop::collection::btree_set(name(), 0..4),
        instances in prop::collection::vec(instance().boxed(), 4),
        targets in targets().boxed(),
        group in option::of(group().boxed()),
        picks in prop::collection::vec((any::<bool>(), weight(), any::<bool>()), 80),
        interval in micros(4_294),
        gna_interval in micros(4_294),
    ) -> Config {
        let scripts: Vec<_> = script_names.into_iter().zip(scripts).map(|(name, script)| VrrpScript {
            name: ScriptName::try_from(name).unwrap(),
            ..script
        }).collect();
        let mut picks = picks.into_iter();
        let mut instances: Vec<VrrpInstance> = instance_names.into_iter().zip(instances).zip(1_u8..).map(|((name, mut instance), vrid)| {
            let router = &mut instance.router;
            router.name = InstanceName::try_from(name).unwrap();
            router.vrid = Vrid::try_from(vrid).unwrap();
            router.garp.interval = interval;
            router.garp.gna_interval = gna_interval;
            let tracked = pick(scripts.iter().map(|script| script.name.clone()), &mut picks);
            router.track_scripts = tracked.into_iter().map(|tracked| TrackScript {
                script: tracked.name, weight: tracked.weight, reverse: tracked.reverse,
            }).collect();
            instance.trackers = pick_all(&targets, &mut picks);
            if router.priority.is_owner() {
                unweighted(&mut router.track_interfaces, &mut router.track_scripts, &mut instance.trackers);
            }
            if let Some(name) = instance.link.as_mut().and_then(|link| link.name.as_mut()) {
                *name = IfName::try_from(format!("own{vrid}")).unwrap();
            }
            instance
        }).collect();
        let mut sync_groups = Vec::new();
        if let Some(mut group) = group && !instances.is_empty() {
            group.trackers = pick_all(&targets, &mut picks);
            if !group.tracking_weight {
                unweighted(&mut group.track_interfaces, &mut group.track_scripts, &mut group.trackers);
            }
            for instance in &mut instances {
                let router = &mut instance.router;
                group.members.push(router.name.clone());
                if !group.tracking_weight {
                    unweighted(&mut router.track_interfaces, &mut router.track_scripts, &mut instance.trackers);
                }
            }
            sync_groups.push(group);
        }
        Config {
            track_processes: targets.processes,
            track_files: targets.files,
            bfd_instances: targets.bfds,
            sync_groups,
            statics: Statics::default(),
            global: Global { router_id, script_user, script_security, log_unknown_vrids, mail, ..Global::default() },
            scripts,
            instances,
            virtual_servers: Vec::new(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_configuration_is_the_same_after_printing(config in config()) {
        same_after_printing(&config);
        same_after_dump(&config);
    }

    #[test]
    fn nothing_differs_from_itself_and_something_from_something_else(
        one in config(),
        other in config(),
    ) {
        prop_assert!(holdfast_conf::diff(&one, &one).is_empty());
        let differs = holdfast_conf::diff(&one, &other);
        prop_assert_eq!(differs.lines().is_empty(), differs.is_empty());
        prop_assert_eq!(one == other, differs.is_empty());
    }
}

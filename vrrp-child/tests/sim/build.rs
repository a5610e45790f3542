//! Configurations and kernels for tests.

use holdfast_ipc::config::VrrpConfig;
use holdfast_ipc::config::model::{
    AdvertInterval, Auth, Broadcast, ChecksumForm, Family, GarpSettings, InitialState, Micros,
    Priority, TrackScript, Transport, Version, VirtualAddress, VirtualRouter, Vrid, Weight,
};
use holdfast_ipc::state::{ScriptState, Verdict};
use holdfast_vrrp::event::{IfIndex, KernelState, Link, MacAddress, PresentAddress};
use std::net::IpAddr;

pub(crate) const ETH0: IfIndex = IfIndex::new(2).unwrap();
pub(crate) const ETH1: IfIndex = IfIndex::new(3).unwrap();
pub(crate) const VIP: &str = "192.0.2.80";

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn v3(centis: u16) -> AdvertInterval {
    AdvertInterval::new(Version::V3, centis).unwrap()
}

pub(crate) fn priority(number: u8) -> Priority {
    Priority::try_from(number).unwrap()
}

pub(crate) fn vip(text: &str) -> VirtualAddress {
    let address = ip(text);
    VirtualAddress {
        address,
        prefix: if address.is_ipv4() { 32 } else { 128 },
        peer: None,
        dev: None,
        scope: 0,
        label: None,
        broadcast: Broadcast::None,
        nodad: true,
        home: false,
        mngtmpaddr: false,
        noprefixroute: false,
        autojoin: false,
        preferred_lft: None,
        no_track: false,
        use_vmac: false,
    }
}

/// `track_script`.
pub(crate) fn track(script: &str, weight: i16) -> TrackScript {
    TrackScript {
        script: script.try_into().unwrap(),
        weight: Weight::try_from(weight).unwrap(),
        reverse: false,
    }
}

/// A verdict.
pub(crate) fn failing(script: &str, fails: bool) -> Verdict {
    Verdict {
        script: script.try_into().unwrap(),
        state: if fails {
            ScriptState::Failed
        } else {
            ScriptState::Ok
        },
        detail: "exit 1 after 3 ms".to_owned(),
    }
}

pub(crate) fn garp() -> GarpSettings {
    GarpSettings {
        master_delay: Micros::from_secs(5),
        master_repeat: 5,
        master_refresh: Micros::ZERO,
        master_refresh_repeat: 1,
        lower_prio_delay: Micros::from_secs(5),
        lower_prio_repeat: 5,
        interval: Micros::ZERO,
        gna_interval: Micros::ZERO,
    }
}

/// `VI_1`, VRID 51 on eth0, version 3, one second, one address.
pub(crate) fn router(number: u8) -> VirtualRouter {
    VirtualRouter {
        name: "VI_1".try_into().unwrap(),
        vrid: Vrid::try_from(51).unwrap(),
        version: Version::V3,
        family: Family::V4,
        interface: Some("eth0".try_into().unwrap()),
        initial_state: InitialState::Backup,
        priority: priority(number),
        advert_int: AdvertInterval::DEFAULT,
        transport: Transport::Multicast {
            group: ip("224.0.0.18"),
            source: None,
        },
        auth: Auth::None,
        checksum: ChecksumForm::PseudoHeader,
        nopreempt: false,
        preempt_delay: Micros::ZERO,
        down_timer_adverts: 3,
        garp: garp(),
        lower_prio_no_advert: false,
        higher_prio_send_advert: false,
        owner_ignore_adverts: false,
        skip_check_adv_addr: false,
        track_src_ip: false,
        dont_track_primary: false,
        strict: false,
        addresses: vec![vip(VIP)],
        excluded: Vec::new(),
        track_interfaces: Vec::new(),
        track_scripts: Vec::new(),
    }
}

pub(crate) fn config(router: VirtualRouter) -> VrrpConfig {
    VrrpConfig {
        routers: vec![router],
        log_unknown_vrids: false,
        log_detail: false,
        ..VrrpConfig::default()
    }
}

pub(crate) fn link(index: IfIndex, name: &str) -> Link {
    Link {
        index,
        name: name.try_into().unwrap(),
        up: true,
        running: true,
        arp: true,
        loopback: false,
        mac: Some(MacAddress([2, 0, 0, 0, 0, 1])),
        mtu: 1_500,
    }
}

pub(crate) fn present(index: IfIndex, address: IpAddr, prefix: u8) -> PresentAddress {
    PresentAddress {
        index,
        address,
        prefix,
        tentative: false,
        dad_failed: false,
        secondary: false,
        scope: 0,
    }
}

/// The same address of the same interface.
pub(crate) fn same(a: &PresentAddress, b: &PresentAddress) -> bool {
    (a.index, a.address, a.prefix) == (b.index, b.address, b.prefix)
}

/// eth0 with 192.0.2.HOST/24 and fe80::HOST/64.
pub(crate) fn kernel(host: u8) -> KernelState {
    let v6 = format!("fe80::{host:x}");
    KernelState {
        links: vec![link(ETH0, "eth0")],
        addresses: vec![
            present(ETH0, IpAddr::from([192, 0, 2, host]), 24),
            present(ETH0, ip(&v6), 64),
        ],
        forwarding6: Vec::new(),
    }
}

//! Configurations.

use super::OURS;
use holdfast_ipc::config::VrrpConfig;
use holdfast_ipc::config::model::{
    AdvertInterval, Auth, Broadcast, ChecksumForm, Family, GarpSettings, IfName, InitialState,
    InstanceName, Micros, Priority, Transport, Version, VirtualAddress, VirtualRouter, Vrid,
};
use std::net::IpAddr;

/// VRID of all instances.
pub(crate) const VRID: u8 = 51;

/// A VRRPv3 instance on `hf0` that sends every 100 ms.
pub(crate) fn router(addresses: &[&str]) -> VirtualRouter {
    let addresses: Vec<_> = addresses.iter().map(|text| address(text)).collect();
    let family = Family::of(addresses[0].address);
    let group = match family {
        Family::V4 => "224.0.0.18",
        Family::V6 => "ff02::12",
    };
    VirtualRouter {
        name: InstanceName::try_from("VI_1").unwrap(),
        vrid: Vrid::try_from(VRID).unwrap(),
        version: Version::V3,
        family,
        interface: Some(IfName::try_from(OURS).unwrap()),
        initial_state: InitialState::Backup,
        priority: Priority::try_from(150).unwrap(),
        advert_int: AdvertInterval::new(Version::V3, 10).unwrap(),
        transport: Transport::Multicast {
            group: group.parse().unwrap(),
            source: None,
        },
        auth: Auth::None,
        checksum: ChecksumForm::PseudoHeader,
        nopreempt: false,
        preempt_delay: Micros::ZERO,
        down_timer_adverts: 3,
        garp: GarpSettings {
            master_delay: Micros::from_secs(5),
            master_repeat: 5,
            master_refresh: Micros::ZERO,
            master_refresh_repeat: 1,
            lower_prio_delay: Micros::from_secs(5),
            lower_prio_repeat: 5,
            interval: Micros::ZERO,
            gna_interval: Micros::ZERO,
        },
        lower_prio_no_advert: false,
        higher_prio_send_advert: false,
        owner_ignore_adverts: false,
        skip_check_adv_addr: false,
        track_src_ip: false,
        dont_track_primary: false,
        strict: false,
        addresses,
        excluded: Vec::new(),
        track_interfaces: Vec::new(),
        track_scripts: Vec::new(),
    }
}

/// A virtual address with its prefix.
pub(crate) fn address(text: &str) -> VirtualAddress {
    let (address, prefix) = text.split_once('/').unwrap();
    let address: IpAddr = address.parse().unwrap();
    VirtualAddress {
        address,
        prefix: prefix.parse().unwrap(),
        peer: None,
        dev: None,
        scope: 0,
        label: None,
        broadcast: Broadcast::None,
        nodad: address.is_ipv6(),
        home: false,
        mngtmpaddr: false,
        noprefixroute: false,
        autojoin: false,
        preferred_lft: None,
        no_track: false,
        use_vmac: false,
    }
}

/// A configuration of these routers.
pub(crate) fn config(routers: impl Into<Vec<VirtualRouter>>) -> VrrpConfig {
    VrrpConfig {
        routers: routers.into(),
        log_unknown_vrids: false,
        log_detail: true,
        ..VrrpConfig::default()
    }
}

//! Adverts of a peer 192.0.2.2, as they come by the cable.

use super::config::VRID;
use holdfast_ipc::config::model::{AdvertInterval, AuthKey, ChecksumForm, Version};
use holdfast_vrrp::packet::{Outgoing, OutgoingAuth, encode};
use std::net::IpAddr;

/// The peer.
pub(crate) const PEER: &str = "192.0.2.2";

const GROUP_MAC: [u8; 6] = [1, 0, 0x5e, 0, 0, 0x12];
const OUR_MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];

/// VRRPv3 to the group.
pub(crate) fn advert(priority: u8) -> Vec<u8> {
    let interval = AdvertInterval::new(Version::V3, 10).unwrap();
    frame(GROUP_MAC, |outgoing| {
        outgoing.priority = priority;
        outgoing.interval = interval;
    })
}

/// VRRPv3 to our address.
pub(crate) fn unicast(priority: u8) -> Vec<u8> {
    let interval = AdvertInterval::new(Version::V3, 10).unwrap();
    frame(OUR_MAC, |outgoing| {
        outgoing.priority = priority;
        outgoing.interval = interval;
        outgoing.destination = "192.0.2.1".parse().unwrap();
    })
}

/// VRRPv2 with an authentication header, to the group.
pub(crate) fn authenticated(priority: u8, key: AuthKey, sequence: u32) -> Vec<u8> {
    frame(GROUP_MAC, |outgoing| {
        outgoing.version = Version::V2;
        outgoing.priority = priority;
        outgoing.auth = OutgoingAuth::Ah {
            key,
            sequence,
            unicast: false,
        };
    })
}

fn frame(to: [u8; 6], change: impl FnOnce(&mut Outgoing<'_>)) -> Vec<u8> {
    let addresses: [IpAddr; 1] = ["192.0.2.100".parse().unwrap()];
    let mut outgoing = Outgoing {
        version: Version::V3,
        vrid: VRID,
        priority: 100,
        interval: AdvertInterval::DEFAULT,
        addresses: &addresses,
        source: PEER.parse().unwrap(),
        destination: "224.0.0.18".parse().unwrap(),
        hop_limit: 255,
        ip_id: 1,
        auth: OutgoingAuth::None,
        checksum: ChecksumForm::PseudoHeader,
    };
    change(&mut outgoing);
    let header = [to.as_slice(), &[2, 0, 0, 0, 0, 2, 8, 0]].concat();
    [header, encode(&outgoing)].concat()
}

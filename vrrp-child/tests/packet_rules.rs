//! One rule of the protocol after the other against packets made for it. The names in comments are
//! rows of the requirement ledger.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

use hmac::{Hmac, KeyInit, Mac};
use holdfast_ipc::config::model::{AdvertInterval, Auth, AuthKey, ChecksumForm, Family, Version};
use holdfast_vrrp::event::IfIndex;
use holdfast_vrrp::packet::{
    Datagram, Expectation, HopLimitRule, Outgoing, OutgoingAuth, Reject, WireInterval, encode,
    open, verify,
};
use md5::Md5;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const VIP: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 100));
const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18));
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
const LOCAL_VIP6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x100));
const GLOBAL_VIP6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x100));
const SOURCE6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0xa));
const GROUP6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12));

/// Where the VRRP message begins without and with an authentication header.
const PLAIN: usize = 20;
const BEHIND_AH: usize = 44;

fn key(password: &str) -> AuthKey {
    AuthKey::new(password.as_bytes())
}

fn outgoing(version: Version, addresses: &[IpAddr]) -> Outgoing<'_> {
    let six = addresses.first().is_some_and(IpAddr::is_ipv6);
    Outgoing {
        version,
        vrid: 51,
        priority: 150,
        interval: AdvertInterval::DEFAULT,
        addresses,
        source: if six { SOURCE6 } else { SOURCE },
        destination: if six { GROUP6 } else { GROUP },
        hop_limit: 255,
        ip_id: 1,
        auth: OutgoingAuth::None,
        checksum: ChecksumForm::PseudoHeader,
    }
}

fn with_ah(sequence: u32, unicast: bool) -> Outgoing<'static> {
    Outgoing {
        auth: OutgoingAuth::Ah {
            key: key("s3cretpw"),
            sequence,
            unicast,
        },
        ..outgoing(Version::V2, &[VIP])
    }
}

fn expectation(version: Version, auth: Auth) -> Expectation {
    Expectation {
        version,
        auth,
        ah_sequence: 0,
        interval: AdvertInterval::DEFAULT,
        hop_limit: HopLimitRule::MustBe255,
        unicast: false,
        strict: false,
    }
}

fn v3() -> Expectation {
    expectation(Version::V3, Auth::None)
}

fn v2() -> Expectation {
    expectation(Version::V2, Auth::None)
}

fn ah() -> Expectation {
    expectation(Version::V2, Auth::Ah(key("s3cretpw")))
}

fn datagram(bytes: &[u8]) -> Datagram<'_> {
    Datagram {
        index: IfIndex::new(2).unwrap(),
        family: Family::V4,
        source: SOURCE,
        destination: GROUP,
        hop_limit: Some(255),
        bytes,
    }
}

fn datagram6(bytes: &[u8]) -> Datagram<'_> {
    Datagram {
        family: Family::V6,
        source: SOURCE6,
        destination: GROUP6,
        ..datagram(bytes)
    }
}

/// What the codec makes of a datagram: the AH sequence number, or the cause of the drop.
fn judge(datagram: Datagram<'_>, expected: &Expectation) -> Result<Option<u32>, Reject> {
    let opened = open(&datagram)?;
    verify(&opened, expected).map(|verified| verified.ah_sequence)
}

fn judge4(bytes: &[u8], expected: &Expectation) -> Result<Option<u32>, Reject> {
    judge(datagram(bytes), expected)
}

/// Writes the sum over the message only, a form that versions 2 and 3 accept.
fn sign(packet: &mut [u8], message_at: usize) {
    let message = &mut packet[message_at..];
    message[6..8].fill(0);
    let mut sum = 0_u32;
    for pair in message.chunks(2) {
        sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    message[6..8].copy_from_slice(&(!u16::try_from(sum).unwrap()).to_be_bytes());
}

/// Writes the integrity check value of a multicast packet: mutable fields as zero, TTL as it is.
fn authenticate(packet: &mut [u8]) {
    let icv_at = usize::from(packet[0] & 0x0f) * 4 + 12;
    let mut covered = packet.to_vec();
    for at in [1, 6, 7, 10, 11].into_iter().chain(icv_at..icv_at + 12) {
        covered[at] = 0;
    }
    let mac = Hmac::<Md5>::new_from_slice(b"s3cretpw").unwrap();
    let icv = mac.chain_update(&covered).finalize().into_bytes();
    packet[icv_at..icv_at + 12].copy_from_slice(&icv[..12]);
}

fn set_total_length(packet: &mut [u8]) {
    let total = u16::try_from(packet.len()).unwrap();
    packet[2..4].copy_from_slice(&total.to_be_bytes());
}

// 9568-7.1-03, 3768-5.3.1-01
#[test]
fn another_version_is_dropped_although_all_else_fits() {
    for found in [2, 4, 0, 15] {
        let mut packet = encode(&outgoing(Version::V3, &[VIP]));
        packet[PLAIN] = found << 4 | 1;
        sign(&mut packet, PLAIN);
        assert_eq!(judge4(&packet, &v3()), Err(Reject::Version(found)));
    }
    let packet = encode(&outgoing(Version::V3, &[VIP]));
    assert_eq!(judge4(&packet, &v2()), Err(Reject::Version(3)));
}

// 9568-5.2.2-01, 9568-7.1-04
#[test]
fn another_type_is_dropped_although_all_else_fits() {
    for found in (0..16).filter(|found| *found != 1) {
        let mut packet = encode(&outgoing(Version::V3, &[VIP]));
        packet[PLAIN] = 3 << 4 | found;
        sign(&mut packet, PLAIN);
        assert_eq!(judge4(&packet, &v3()), Err(Reject::Type(found)));
    }
}

// 9568-5.2.5-01, 3768-5.3.5-01
#[test]
fn no_address_is_dropped_in_version_3_and_taken_in_version_2() {
    let packet = encode(&outgoing(Version::V3, &[]));
    assert_eq!(packet.len(), PLAIN + 8);
    assert_eq!(judge4(&packet, &v3()), Err(Reject::CountZero));
    let packet = encode(&outgoing(Version::V2, &[]));
    assert_eq!(judge4(&packet, &v2()), Ok(None));
}

// 9568-5.1.1.3-02, 9568-5.1.2.3-02, 9568-7.1-01, 9568-7.1-02
#[test]
fn a_hop_limit_other_than_255_is_dropped_from_whatever_source_it_is_known() {
    let six = encode(&outgoing(Version::V3, &[LOCAL_VIP6]));
    let with = |hop_limit| Datagram {
        hop_limit,
        ..datagram6(&six)
    };
    assert_eq!(judge(with(Some(255)), &v3()), Ok(None));
    for wrong in [None, Some(254), Some(64), Some(0)] {
        assert_eq!(judge(with(wrong), &v3()), Err(Reject::HopLimit(wrong)));
    }
    let mut four = encode(&outgoing(Version::V3, &[VIP]));
    let unknown = Datagram {
        hop_limit: None,
        ..datagram(&four)
    };
    assert_eq!(judge(unknown, &v3()), Ok(None));
    four[8] = 254;
    let refused = Err(Reject::HopLimit(Some(254)));
    assert_eq!(judge4(&four, &v3()), refused);
    let unknown = Datagram {
        hop_limit: None,
        ..datagram(&four)
    };
    assert_eq!(judge(unknown, &v3()), refused);
}

// 9568-5.1.1.3-02: `min_ttl`, `max_ttl`
#[test]
fn a_unicast_hop_limit_is_compared_with_its_bounds_only() {
    let between = Expectation {
        hop_limit: HopLimitRule::Between(60, 64),
        unicast: true,
        ..v3()
    };
    let any = Expectation {
        hop_limit: HopLimitRule::Any,
        ..between
    };
    for ttl in [0, 59, 60, 64, 65, 255] {
        let packet = encode(&Outgoing {
            hop_limit: ttl,
            ..outgoing(Version::V3, &[VIP])
        });
        let received = Datagram {
            hop_limit: Some(ttl),
            ..datagram(&packet)
        };
        let wanted = match ttl {
            60..=64 => Ok(None),
            _ => Err(Reject::HopLimit(Some(ttl))),
        };
        assert_eq!(judge(received, &between), wanted);
        assert_eq!(judge(received, &any), Ok(None));
    }
}

// 9568-5.2.8-02
#[test]
fn the_form_with_the_group_address_is_taken_in_unicast_only() {
    let packet = encode(&Outgoing {
        destination: PEER,
        checksum: ChecksumForm::OldUnicast,
        ..outgoing(Version::V3, &[VIP])
    });
    let unicast = Expectation {
        unicast: true,
        ..v3()
    };
    assert_eq!(judge4(&packet, &unicast), Ok(None));
    assert_eq!(judge4(&packet, &v3()), Err(Reject::Checksum));
}

// 5798-5.2.8-01
#[test]
fn a_pseudo_header_sum_does_not_fit_another_destination() {
    let mut packet = encode(&outgoing(Version::V3, &[VIP]));
    packet[19] = 19;
    assert_eq!(judge4(&packet, &v3()), Err(Reject::Checksum));
}

// 9568-5.2.8-02: bytes behind the last address are not covered
#[test]
fn surplus_bytes_are_dropped_for_their_length() {
    for version in [Version::V2, Version::V3] {
        for surplus in [1, 4, 28, 1400] {
            let mut packet = encode(&outgoing(version, &[VIP]));
            packet.resize(packet.len() + surplus, 0xaa);
            set_total_length(&mut packet);
            let expected = expectation(version, Auth::None);
            assert_eq!(judge4(&packet, &expected), Err(Reject::Length));
        }
    }
}

// 3768-5.1-01
#[test]
fn version_2_without_authentication_data_is_too_short() {
    let mut packet = encode(&outgoing(Version::V2, &[VIP]));
    packet.truncate(PLAIN + 12);
    set_total_length(&mut packet);
    sign(&mut packet, PLAIN);
    assert_eq!(judge4(&packet, &v2()), Err(Reject::Length));
}

// 3768-5.3.6.1-02, 3768-5.3.10-01
#[test]
fn data_of_authentication_type_0_is_ignored() {
    let mut packet = encode(&outgoing(Version::V2, &[VIP]));
    packet[PLAIN + 12..].copy_from_slice(b"rubbish!");
    sign(&mut packet, PLAIN);
    assert_eq!(judge4(&packet, &v2()), Ok(None));
}

// 2338-5.3.6.2-02, 2338-5.3.6.2-03, 2338-5.3.10-02
#[test]
fn a_password_is_compared_over_all_8_bytes() {
    let sent = encode(&Outgoing {
        auth: OutgoingAuth::Pass(key("s3cretpw")),
        ..outgoing(Version::V2, &[VIP])
    });
    let judge = |password| judge4(&sent, &expectation(Version::V2, Auth::Pass(key(password))));
    assert_eq!(judge("s3cretpw"), Ok(None));
    for other in ["S3cretpw", "s3cretpW", "s3cretp", "s", ""] {
        assert_eq!(judge(other), Err(Reject::AuthPassword), "{other}");
    }
}

// 3768-5.3.6-01
#[test]
fn each_type_of_authentication_is_dropped_by_an_instance_of_another() {
    let pass = Auth::Pass(key("s3cretpw"));
    let sent = [
        (0, encode(&outgoing(Version::V2, &[VIP])), Auth::None),
        (
            1,
            encode(&Outgoing {
                auth: OutgoingAuth::Pass(key("s3cretpw")),
                ..outgoing(Version::V2, &[VIP])
            }),
            pass,
        ),
        (2, encode(&with_ah(1, false)), ah().auth),
    ];
    for (found, packet, own) in &sent {
        for auth in [Auth::None, pass, ah().auth] {
            let judged = judge4(packet, &expectation(Version::V2, auth));
            if auth == *own {
                assert!(judged.is_ok());
            } else {
                assert_eq!(judged, Err(Reject::AuthType(*found)));
            }
        }
    }
}

// 2338-5.3.6.3-02
#[test]
fn a_missing_or_unexpected_authentication_header_is_dropped() {
    let mut missing = encode(&outgoing(Version::V2, &[VIP]));
    missing[PLAIN + 4] = 2;
    sign(&mut missing, PLAIN);
    assert_eq!(judge4(&missing, &ah()), Err(Reject::AhMissing));

    let mut unexpected = encode(&with_ah(1, false));
    unexpected[BEHIND_AH + 4] = 0;
    sign(&mut unexpected, BEHIND_AH);
    assert_eq!(judge4(&unexpected, &v2()), Err(Reject::AhMissing));

    let mut v3_behind_ah = encode(&with_ah(1, false));
    v3_behind_ah.truncate(BEHIND_AH);
    v3_behind_ah.extend_from_slice(&encode(&outgoing(Version::V3, &[VIP]))[PLAIN..]);
    set_total_length(&mut v3_behind_ah);
    assert_eq!(judge4(&v3_behind_ah, &v3()), Err(Reject::AhMissing));
}

#[test]
fn a_malformed_authentication_header_is_dropped() {
    for (at, value) in [(PLAIN, 6), (PLAIN + 1, 3), (PLAIN + 1, 5)] {
        let mut packet = encode(&with_ah(1, false));
        packet[at] = value;
        authenticate(&mut packet);
        assert_eq!(judge4(&packet, &ah()), Err(Reject::AhMissing));
    }
    let mut packet = encode(&with_ah(1, false));
    packet.truncate(BEHIND_AH - 1);
    set_total_length(&mut packet);
    assert_eq!(judge4(&packet, &ah()), Err(Reject::AhMissing));
}

// 2402-2.4-01
#[test]
fn another_spi_is_dropped_although_the_check_value_fits() {
    let mut packet = encode(&with_ah(1, false));
    packet[27] = 9;
    assert_eq!(judge4(&packet, &ah()), Err(Reject::AhIcv));
    authenticate(&mut packet);
    assert_eq!(judge4(&packet, &ah()), Err(Reject::AhSpi));
}

// 2402-2.3-01: covered, but not looked at
#[test]
fn the_reserved_field_of_the_authentication_header_is_covered() {
    let mut packet = encode(&with_ah(1, false));
    packet[22] = 1;
    assert_eq!(judge4(&packet, &ah()), Err(Reject::AhIcv));
    authenticate(&mut packet);
    assert_eq!(judge4(&packet, &ah()), Ok(Some(1)));
}

// 2402-3.4.3-01
#[test]
fn a_sequence_number_has_to_be_above_the_last_one() {
    let packet = encode(&with_ah(7, false));
    for (last, wanted) in [
        (0, Ok(Some(7))),
        (6, Ok(Some(7))),
        (7, Err(Reject::AhReplay)),
        (8, Err(Reject::AhReplay)),
        (u32::MAX, Err(Reject::AhReplay)),
    ] {
        let expected = Expectation {
            ah_sequence: last,
            ..ah()
        };
        assert_eq!(judge4(&packet, &expected), wanted);
    }
    let last = encode(&with_ah(u32::MAX, false));
    assert_eq!(judge4(&last, &ah()), Ok(Some(u32::MAX)));
}

// 2402-3.4.3-02, 2402-3.4.3-03: a forged number is never reported as valid, nor as a replay
#[test]
fn a_wrong_check_value_is_the_cause_whatever_the_sequence_number() {
    for sequence in [0, u32::MAX] {
        let mut packet = encode(&with_ah(sequence, false));
        packet[32] ^= 1;
        let expected = Expectation {
            ah_sequence: 5,
            ..ah()
        };
        assert_eq!(judge4(&packet, &expected), Err(Reject::AhIcv));
    }
}

// 2402-3.3.3.1-01
#[test]
fn the_check_value_covers_the_ttl_in_multicast_only() {
    for (unicast, wanted) in [(true, Ok(Some(1))), (false, Err(Reject::AhIcv))] {
        let mut packet = encode(&with_ah(1, unicast));
        let expected = Expectation {
            hop_limit: HopLimitRule::Any,
            unicast,
            ..ah()
        };
        assert_eq!(judge4(&packet, &expected), Ok(Some(1)));
        packet[8] = 64;
        assert_eq!(judge4(&packet, &expected), wanted);
        let other_kind = Expectation {
            unicast: !unicast,
            ..expected
        };
        assert_eq!(judge4(&packet, &other_kind), Err(Reject::AhIcv));
    }
}

// 9568-7.1-10, 9568-5.2.9-02
#[test]
fn a_first_address_beyond_the_link_is_dropped_in_strict_mode_only() {
    let strict = Expectation {
        strict: true,
        ..v3()
    };
    let refused = Err(Reject::FirstAddressNotLinkLocal);
    for (addresses, wanted) in [
        ([LOCAL_VIP6, GLOBAL_VIP6], Ok(None)),
        ([GLOBAL_VIP6, LOCAL_VIP6], refused),
    ] {
        let packet = encode(&outgoing(Version::V3, &addresses));
        assert_eq!(judge(datagram6(&packet), &strict), wanted);
        assert_eq!(judge(datagram6(&packet), &v3()), Ok(None));
    }
    let four = encode(&outgoing(Version::V3, &[VIP]));
    assert_eq!(judge4(&four, &strict), Ok(None));
}

// 2402-3.4.1-01
#[test]
fn a_fragment_is_dropped() {
    for flags in [0x20_00_u16, 0x00_01, 0x1f_ff, 0x3f_ff] {
        let mut packet = encode(&outgoing(Version::V3, &[VIP]));
        packet[6..8].copy_from_slice(&flags.to_be_bytes());
        assert_eq!(judge4(&packet, &v3()), Err(Reject::IpHeader));
    }
    let mut whole = encode(&outgoing(Version::V3, &[VIP]));
    whole[6] = 0x40;
    assert_eq!(judge4(&whole, &v3()), Ok(None));
}

#[test]
fn a_header_with_options_is_skipped() {
    let mut packet = encode(&outgoing(Version::V3, &[VIP]));
    packet.splice(PLAIN..PLAIN, [1, 1, 1, 0]);
    packet[0] = 0x46;
    set_total_length(&mut packet);
    let opened = datagram(&packet);
    let opened = open(&opened).unwrap();
    assert_eq!(opened.ip_header.len(), 24);
    assert_eq!(verify(&opened, &v3()).unwrap().advert.vrid, 51);
}

#[test]
fn options_are_covered_by_the_check_value() {
    let mut packet = encode(&with_ah(1, false));
    packet.splice(PLAIN..PLAIN, [1, 1, 1, 0]);
    packet[0] = 0x46;
    set_total_length(&mut packet);
    authenticate(&mut packet);
    assert_eq!(judge4(&packet, &ah()), Ok(Some(1)));
    packet[PLAIN] = 0;
    assert_eq!(judge4(&packet, &ah()), Err(Reject::AhIcv));
}

#[test]
fn a_header_that_is_no_ipv4_header_is_dropped() {
    for (at, value) in [(0, 0x65), (0, 0x44), (0, 0x40), (0, 0x4f), (9, 6), (9, 0)] {
        let mut packet = encode(&outgoing(Version::V3, &[VIP]));
        packet[at] = value;
        assert_eq!(judge4(&packet, &v3()), Err(Reject::IpHeader));
    }
    assert_eq!(judge4(&[], &v3()), Err(Reject::IpHeader));
}

#[test]
fn padding_behind_the_total_length_is_cut_off() {
    for outgoing in [outgoing(Version::V3, &[VIP]), with_ah(1, false)] {
        let mut packet = encode(&outgoing);
        let length = packet.len();
        packet.resize(length + 26, 0xee);
        let opened = datagram(&packet);
        let opened = open(&opened).unwrap();
        let header = opened.ip_header.len() + opened.ah.map_or(0, <[u8]>::len);
        assert_eq!(header + opened.message.len(), length);
        let expected = match outgoing.version {
            Version::V2 => ah(),
            Version::V3 => v3(),
        };
        assert!(verify(&opened, &expected).is_ok());
    }
}

#[test]
fn source_and_destination_are_taken_from_the_ip_header() {
    let packet = encode(&outgoing(Version::V3, &[VIP]));
    let elsewhere = Datagram {
        source: PEER,
        destination: PEER,
        ..datagram(&packet)
    };
    let opened = open(&elsewhere).unwrap();
    assert_eq!(opened.datagram, datagram(&packet));
}

#[test]
fn an_ipv6_datagram_with_ipv4_addresses_is_dropped() {
    let packet = encode(&outgoing(Version::V3, &[LOCAL_VIP6]));
    let odd = Datagram {
        source: SOURCE,
        ..datagram6(&packet)
    };
    assert_eq!(judge(odd, &v3()), Err(Reject::IpHeader));
}

// 9568-5.2.9-01, 9568-7.1-18
#[test]
fn the_order_of_addresses_is_no_difference_but_number_and_content_are() {
    let (a, b, c) = (
        IpAddr::from([10, 0, 0, 1]),
        IpAddr::from([10, 0, 0, 2]),
        IpAddr::from([10, 0, 0, 3]),
    );
    let packet = encode(&outgoing(Version::V3, &[a, b, b]));
    let received = datagram(&packet);
    let opened = open(&received).unwrap();
    let list = verify(&opened, &v3()).unwrap().advert.addresses;
    assert_eq!(list.iter().collect::<Vec<_>>(), [a, b, b]);
    assert_eq!((list.len(), list.is_empty()), (3, false));
    for same in [[a, b, b], [b, a, b], [b, b, a]] {
        assert!(list.same_set(&same));
    }
    for other in [[a, b, c], [a, a, b], [a, b, LOCAL_VIP6]] {
        assert!(!list.same_set(&other));
    }
    assert!(!list.same_set(&[a, b]));
    assert!(!list.same_set(&[]));
}

// 9568-5.2.6-01, 9568-5.2.7-01, 3768-5.3.7-01
#[test]
fn an_interval_of_the_other_version_never_spills_into_other_fields() {
    let of = |version, centis| {
        let packet = encode(&Outgoing {
            interval: AdvertInterval::new(version, centis).unwrap(),
            ..outgoing(
                match version {
                    Version::V2 => Version::V3,
                    Version::V3 => Version::V2,
                },
                &[VIP],
            )
        });
        [packet[PLAIN + 4], packet[PLAIN + 5]]
    };
    assert_eq!(of(Version::V3, 1), [0, 1]);
    assert_eq!(of(Version::V3, 4095), [0, 40]);
    assert_eq!(of(Version::V2, 25_500), [0x0f, 0xff]);
}

// 3768-7.1-07
#[test]
fn intervals_are_compared_in_version_2_and_reported_in_version_3() {
    let ten = AdvertInterval::new(Version::V3, 1_000).unwrap();
    let sent = |version| {
        encode(&Outgoing {
            interval: ten,
            ..outgoing(version, &[VIP])
        })
    };
    let (two, three) = (sent(Version::V2), sent(Version::V3));
    assert_eq!(judge4(&two, &v2()), Err(Reject::Interval(10)));
    let same = Expectation {
        interval: ten,
        ..v2()
    };
    assert_eq!(judge4(&two, &same), Ok(None));
    let received = datagram(&three);
    let opened = open(&received).unwrap();
    let found = verify(&opened, &v3()).unwrap().advert.interval;
    assert_eq!(found, WireInterval::Centis(ten));
}

// 9568-5.2.9-03, 9568-5.2.5-02
#[test]
fn addresses_of_another_family_and_behind_the_255th_are_left_out() {
    let mut many = vec![LOCAL_VIP6, VIP];
    many.resize(300, VIP);
    let packet = encode(&Outgoing {
        source: SOURCE,
        destination: GROUP,
        ..outgoing(Version::V3, &many)
    });
    assert_eq!(packet.len(), PLAIN + 8 + 255 * 4);
    assert_eq!(packet[PLAIN + 3], 255);
    assert_eq!(judge4(&packet, &v3()), Ok(None));
}

#[test]
fn nothing_is_built_between_two_families() {
    let odd = Outgoing {
        destination: GROUP6,
        ..outgoing(Version::V3, &[VIP])
    };
    assert_eq!(encode(&odd), [0_u8; 0]);
}

// 3768-5-01: over IPv6 there is no place for a password
#[test]
fn version_2_over_ipv6_has_no_authentication() {
    let packet = encode(&Outgoing {
        auth: OutgoingAuth::Pass(key("s3cretpw")),
        ..outgoing(Version::V2, &[LOCAL_VIP6])
    });
    assert_eq!(packet.len(), 8 + 16);
    assert_eq!(judge(datagram6(&packet), &v2()), Ok(None));
    for (auth, wanted) in [
        (Auth::Pass(key("s3cretpw")), Reject::AuthType(0)),
        (Auth::Ah(key("s3cretpw")), Reject::AuthType(0)),
    ] {
        let expected = expectation(Version::V2, auth);
        assert_eq!(judge(datagram6(&packet), &expected), Err(wanted));
    }
}

use crate::plan::{any_key, any_options, any_server, any_server_key};
use crate::vectors::{bytes, vectors};
use holdfast_ipc::config::model::{Family, IfName};
use holdfast_vrrp::ipvs::codec::{self, FamilyId, Part};
use holdfast_vrrp::ipvs::command::Command;
use holdfast_vrrp::ipvs::table::{SyncDaemon, SyncRole, Timeouts};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// Everything that reads, on anything: the outcome does not matter, only that there is one.
fn read_all(bytes: &[u8]) -> usize {
    let mut readable = 0;
    for part in codec::parts(bytes) {
        readable += usize::from(codec::read_service(&part).is_ok());
        readable += usize::from(codec::read_server(&part, Family::V6).is_ok());
        readable += usize::from(codec::read_daemon(&part).is_ok());
        let _ = codec::read_timeouts(&part);
        let _ = codec::read_info(&part);
        let _ = codec::read_family(&part);
        let _ = codec::read_errno(&part);
    }
    readable
}

fn written(command: &Command) -> Vec<u8> {
    let mut datagram = Vec::new();
    codec::command(command, FamilyId::new(32), 7, &mut datagram);
    datagram
}

fn only(datagram: &[u8]) -> Part<'_> {
    let parts: Vec<_> = codec::parts(datagram).collect();
    assert_eq!(parts.len(), 1);
    assert_eq!(parts[0].whole, datagram);
    parts[0]
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(bytes in vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }

    #[test]
    fn a_damaged_answer_is_read_without_harm(
        which in any::<Index>(),
        place in any::<Index>(),
        value in any::<u8>(),
        length in any::<Index>(),
    ) {
        let vectors = vectors();
        let all: Vec<_> = vectors
            .iter()
            .flat_map(|vector| vector["answers_hex"].as_array().unwrap())
            .collect();
        let mut answer = bytes(all[which.index(all.len())]);
        let place = place.index(answer.len());
        answer[place] = value;
        answer.truncate(length.index(answer.len() + 1));
        read_all(&answer);
    }

    #[test]
    fn a_service_is_read_as_it_was_written(key in any_key(), options in any_options()) {
        let datagram = written(&Command::AddService(key, options));
        let found = codec::read_service(&only(&datagram)).unwrap();
        prop_assert_eq!((found.key, found.options), (key, options));
    }

    #[test]
    fn a_server_is_read_as_it_was_written(
        service in any_key(),
        key in any_server_key(),
        server in any_server(),
    ) {
        let datagram = written(&Command::AddServer(service, key, server));
        let found = codec::read_server(&only(&datagram), service.family()).unwrap();
        prop_assert_eq!((found.key, found.server), (key, server));
    }

    #[test]
    fn a_sync_daemon_is_read_as_it_was_written(
        master in any::<bool>(),
        id in any::<u8>(),
        max_len in any::<Option<u16>>(),
        group in any::<Option<std::net::IpAddr>>(),
        port in any::<Option<u16>>(),
        ttl in any::<Option<u8>>(),
    ) {
        let daemon = SyncDaemon {
            role: if master { SyncRole::Master } else { SyncRole::Backup },
            interface: IfName::try_from("eth0").unwrap(),
            id,
            max_len,
            group,
            port,
            ttl,
        };
        let datagram = written(&Command::StartDaemon(daemon.clone()));
        prop_assert_eq!(codec::read_daemon(&only(&datagram)).unwrap(), daemon);
    }

    #[test]
    fn timeouts_are_read_as_they_were_written(tcp: u32, tcp_fin: u32, udp: u32) {
        let timeouts = Timeouts { tcp, tcp_fin, udp };
        let datagram = written(&Command::SetTimeouts(timeouts));
        prop_assert_eq!(codec::read_timeouts(&only(&datagram)), timeouts);
    }

    #[test]
    fn a_datagram_holds_its_messages_in_their_order(keys in vec(any_key(), 0..70)) {
        let mut datagram = Vec::new();
        for (key, sequence) in keys.iter().zip(0..) {
            let command = Command::RemoveService(*key);
            codec::command(&command, FamilyId::new(32), sequence, &mut datagram);
        }
        let found: Vec<_> = codec::parts(&datagram).map(|part| part.sequence).collect();
        let expected: Vec<u32> = (0..u32::try_from(keys.len()).unwrap()).collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn an_answer_cut_anywhere_is_refused_or_read_in_part() {
    for vector in vectors() {
        for answer in vector["answers_hex"].as_array().unwrap() {
            let answer = bytes(answer);
            for length in 0..answer.len() {
                assert_eq!(read_all(&answer[..length]), 0, "{}", vector["name"]);
            }
        }
    }
}

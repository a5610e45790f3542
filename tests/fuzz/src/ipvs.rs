//! Answers of the kernel's load balancer: what can be read can be written and read again.

use holdfast_ipc::config::model::Family;
use holdfast_vrrp::ipvs::codec::{self, FamilyId, Part};
use holdfast_vrrp::ipvs::command::Command;
use serde_json::Value;

/// Panics where something that was read is not what is written of it.
pub fn run(input: &[u8]) {
    for part in codec::parts(input) {
        service(&part);
        server(&part);
        daemon(&part);
        codec::read_timeouts(&part);
        codec::read_info(&part);
        codec::read_family(&part);
        codec::read_errno(&part);
    }
}

fn service(part: &Part<'_>) {
    if let Ok(found) = codec::read_service(part) {
        let written = written(&Command::AddService(found.key, found.options));
        let again = codec::read_service(&only(&written)).expect("it was written so");
        assert_eq!((again.key, again.options), (found.key, found.options));
        if let Ok(server) = codec::read_server(part, found.key.family()) {
            let command = Command::AddServer(found.key, server.key, server.server);
            let written = self::written(&command);
            let again = codec::read_server(&only(&written), Family::V4).expect("it was written so");
            assert_eq!((again.key, again.server), (server.key, server.server));
        }
    }
}

fn server(part: &Part<'_>) {
    for family in [Family::V4, Family::V6] {
        let _ = codec::read_server(part, family);
    }
}

fn daemon(part: &Part<'_>) {
    if let Ok(found) = codec::read_daemon(part) {
        let written = written(&Command::StartDaemon(found.clone()));
        let again = codec::read_daemon(&only(&written)).expect("it was written so");
        assert_eq!(again, found);
    }
}

fn written(command: &Command) -> Vec<u8> {
    let mut datagram = Vec::new();
    codec::command(command, FamilyId::new(32), 7, &mut datagram);
    datagram
}

fn only(datagram: &[u8]) -> Part<'_> {
    let mut parts = codec::parts(datagram);
    let part = parts.next().expect("a message was written");
    assert_eq!(parts.next(), None);
    part
}

/// Requests and answers as they were captured, without the rest of their dumps.
pub fn seeds(vectors: &Value) -> Vec<(String, Vec<u8>)> {
    let all = vectors["vectors"].as_array().expect("a list of vectors");
    let mut seeds = Vec::new();
    for vector in all {
        let name = vector["name"].as_str().expect("a name");
        seeds.push((name.to_owned(), bytes(&vector["request_hex"])));
        let answers = vector["answers_hex"].as_array().expect("a list of answers");
        for (answer, number) in answers.iter().zip(1..) {
            seeds.push((format!("{name}-{number}"), bytes(answer)));
        }
    }
    seeds
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().expect("hexadecimal text").as_bytes();
    let pairs = hex.chunks_exact(2);
    pairs
        .map(|pair| {
            let text = std::str::from_utf8(pair).expect("hexadecimal text");
            u8::from_str_radix(text, 16).expect("hexadecimal text")
        })
        .collect()
}

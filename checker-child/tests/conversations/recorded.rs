//! What real servers said, in `tests/vectors/checks.json`.

use crate::http::{page, url};
use crate::player::{End, Played, Server, endpoint, plan, play_every_cut};
use holdfast_ipc::config::model::{DnsType, Probe};
use serde_json::Value;

fn record(protocol: &str) -> Vec<Value> {
    let record = include_str!("../../../tests/vectors/checks.json");
    let record: Value = serde_json::from_str(record).unwrap();
    record[protocol].as_array().unwrap().clone()
}

/// Characters up to U+00FF are bytes.
fn bytes(text: &Value) -> Vec<u8> {
    let chars = text.as_str().unwrap().chars();
    chars
        .map(|character| u8::try_from(u32::from(character)).unwrap())
        .collect()
}

fn ends_as_recorded(vector: &Value, played: &Played) {
    let (text, wanted) = (played.text(), vector["outcome"].as_str().unwrap());
    assert!(
        text.starts_with(wanted),
        "{} ({}): {text}",
        vector["name"],
        vector["from"]
    );
}

#[test]
fn answers_of_web_servers_are_judged_the_same_wherever_they_are_cut() {
    for vector in record("http") {
        let end = match vector["end"].as_str().unwrap() {
            "closes" => End::Closes,
            "silent" => End::IsSilent,
            other => panic!("{other}"),
        };
        let server = Server::answers(bytes(&vector["answer"]), end);
        ends_as_recorded(&vector, &play_every_cut(&page(url("/")), &server));
    }
}

#[test]
fn mail_servers_are_judged_the_same_wherever_they_are_cut() {
    let (endpoint, helo) = (endpoint("192.0.2.25", 25), "lb.example.org".to_owned());
    let check = plan(&Probe::Smtp { endpoint, helo });
    for vector in record("smtp") {
        let says = vector["says"]
            .as_array()
            .unwrap()
            .iter()
            .map(bytes)
            .collect();
        let end = End::IsSilent;
        ends_as_recorded(&vector, &play_every_cut(&check, &Server { says, end }));
    }
}

#[test]
fn datagrams_of_dns_servers_are_judged_as_they_were_made() {
    let (endpoint, name) = (endpoint("192.0.2.53", 53), "example.org".to_owned());
    let check = plan(&Probe::Dns {
        endpoint,
        kind: DnsType::Soa,
        name,
    });
    for vector in record("dns") {
        let hex = vector["hex"].as_str().unwrap();
        let pairs = (0..hex.len()).step_by(2).map(|at| &hex[at..at + 2]);
        let datagram: Vec<_> = pairs
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect();
        let server = Server {
            says: vec![datagram],
            end: End::IsSilent,
        };
        ends_as_recorded(&vector, &crate::player::play(&check, &server));
    }
}

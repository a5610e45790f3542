//! Messages captured from ipvsadm and keepalived. Ours are the same byte for byte, but for this:
//! a command that only names a service or a server carries no options of it (both tools send a full
//! description that the kernel does not look at there), keepalived leaves out tunnel options that
//! are 0, and ipvsadm says an empty interface to stop a daemon and leaves chance bytes behind an
//! IPv4 address.

use holdfast_ipc::config::model::{Family, IfName, Protocol};
use holdfast_vrrp::ipvs::codec::{self, FamilyId};
use holdfast_vrrp::ipvs::command::{Command, Query};
use holdfast_vrrp::ipvs::table::{
    Method, ModuleName, Server, ServerKey, ServiceKey, ServiceOptions, SyncDaemon, SyncRole,
    Timeouts, TunnelOptions,
};
use serde_json::Value;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../../tests/vectors/ipvs.json");

pub(crate) fn vectors() -> &'static [Value] {
    static VECTORS: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(TEXT).unwrap());
    VECTORS["vectors"].as_array().unwrap()
}

pub(crate) fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap().as_bytes();
    let pairs = hex.chunks_exact(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// Decoded attributes by name.
struct Fields<'a>(&'a Value);

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        let all = self.0.as_array()?;
        all.iter().find(|field| field["attr"] == name)
    }

    fn nested(&self, name: &str) -> Self {
        Self(self.get(name).map_or(&Value::Null, |field| &field["value"]))
    }

    fn number(&self, name: &str) -> Option<u32> {
        let value = self.get(name)?["value"].as_u64()?;
        Some(u32::try_from(value).unwrap())
    }

    fn small<T: TryFrom<u32>>(&self, name: &str) -> Option<T> {
        T::try_from(self.number(name)?).ok()
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name)?["value"].as_str()
    }

    fn address(&self, name: &str) -> Option<IpAddr> {
        let field = self.get(name)?;
        let shown = field.get("address").or_else(|| field.get("value"));
        Some(shown?.as_str().unwrap().parse().unwrap())
    }
}

fn key(service: &Fields<'_>) -> ServiceKey {
    let family = match service.number("af").unwrap() {
        2 => Family::V4,
        10 => Family::V6,
        other => panic!("family {other}"),
    };
    match service.number("fwmark") {
        Some(mark) => ServiceKey::Mark {
            family,
            mark: NonZeroU32::new(mark).unwrap(),
        },
        None => ServiceKey::Address {
            address: service.address("addr").unwrap(),
            port: service.small("port").unwrap(),
            protocol: match service.number("protocol").unwrap() {
                6 => Protocol::Tcp,
                17 => Protocol::Udp,
                132 => Protocol::Sctp,
                other => panic!("protocol {other}"),
            },
        },
    }
}

fn options(service: &Fields<'_>) -> ServiceOptions {
    let flags = &service.get("flags").unwrap()["value"]["flags"];
    let flags = flags.as_str().unwrap().trim_start_matches("0x");
    let netmask = &service.get("netmask").unwrap()["mask"];
    ServiceOptions {
        scheduler: ModuleName::new(service.text("sched_name").unwrap()),
        flags: u32::from_str_radix(flags, 16).unwrap() & !ServiceOptions::HASHED,
        timeout_secs: service.number("timeout").unwrap(),
        netmask: match netmask.as_u64() {
            Some(prefix) => u32::try_from(prefix).unwrap(),
            None => {
                let mask: std::net::Ipv4Addr = netmask.as_str().unwrap().parse().unwrap();
                mask.into()
            }
        },
        engine: service.text("pe_name").and_then(ModuleName::new),
    }
}

fn server_key(dest: &Fields<'_>) -> ServerKey {
    ServerKey {
        address: dest.address("addr").unwrap(),
        port: dest.small("port").unwrap(),
    }
}

fn server(dest: &Fields<'_>) -> Server {
    Server {
        method: match dest.number("fwd_method").unwrap() {
            0 => Method::Masquerade,
            1 => Method::Local,
            2 => Method::Tunnel(TunnelOptions {
                kind: dest.small("tun_type").unwrap_or_default(),
                port: dest.small("tun_port").unwrap_or_default(),
                flags: dest.small("tun_flags").unwrap_or_default(),
            }),
            3 => Method::Direct,
            other => panic!("method {other}"),
        },
        weight: dest.number("weight").unwrap(),
        upper_threshold: dest.number("u_thresh").unwrap(),
        lower_threshold: dest.number("l_thresh").unwrap(),
    }
}

fn daemon(fields: &Fields<'_>) -> SyncDaemon {
    let named = fields.text("mcast_ifn").filter(|name| !name.is_empty());
    SyncDaemon {
        role: match fields.number("state").unwrap() {
            1 => SyncRole::Master,
            2 => SyncRole::Backup,
            other => panic!("state {other}"),
        },
        interface: IfName::try_from(named.unwrap_or("unknown")).unwrap(),
        id: fields.small("sync_id").unwrap(),
        max_len: fields.small("sync_maxlen"),
        group: fields
            .address("mcast_group")
            .or_else(|| fields.address("mcast_group6")),
        port: fields.small("mcast_port"),
        ttl: fields.small("mcast_ttl"),
    }
}

fn timeouts(fields: &Fields<'_>) -> Timeouts {
    Timeouts {
        tcp: fields.number("timeout_tcp").unwrap(),
        tcp_fin: fields.number("timeout_tcp_fin").unwrap(),
        udp: fields.number("timeout_udp").unwrap(),
    }
}

enum Asked {
    Command(Command),
    Query(Query),
}

fn asked(request: &Value) -> Asked {
    let top = Fields(&request["attributes"]);
    let service = top.nested("service");
    let dest = top.nested("dest");
    let is_dump = request["flags"]
        .as_array()
        .unwrap()
        .contains(&"DUMP".into());
    Asked::Command(match request["cmd"].as_str().unwrap() {
        "NEW_SERVICE" => Command::AddService(key(&service), options(&service)),
        "SET_SERVICE" => Command::EditService(key(&service), options(&service)),
        "DEL_SERVICE" => Command::RemoveService(key(&service)),
        "NEW_DEST" => Command::AddServer(key(&service), server_key(&dest), server(&dest)),
        "SET_DEST" => Command::EditServer(key(&service), server_key(&dest), server(&dest)),
        "DEL_DEST" => Command::RemoveServer(key(&service), server_key(&dest)),
        "SET_CONFIG" => Command::SetTimeouts(timeouts(&top)),
        "NEW_DAEMON" => Command::StartDaemon(daemon(&top.nested("daemon"))),
        "DEL_DAEMON" => Command::StopDaemon(daemon(&top.nested("daemon"))),
        "ZERO" => Command::Zero(top.get("service").map(|_| key(&service))),
        "FLUSH" => Command::Flush,
        "GET_SERVICE" if is_dump => return Asked::Query(Query::Services),
        "GET_SERVICE" => return Asked::Query(Query::Service(key(&service))),
        "GET_DEST" => return Asked::Query(Query::Servers(key(&service))),
        "GET_DAEMON" => return Asked::Query(Query::Daemons),
        "GET_CONFIG" => return Asked::Query(Query::Timeouts),
        "GET_INFO" => return Asked::Query(Query::Info),
        other => panic!("command {other}"),
    })
}

/// An attribute as it stands on the wire.
struct Raw {
    kind: u16,
    value: Vec<u8>,
}

fn split(mut rest: &[u8]) -> Vec<Raw> {
    let mut found = Vec::new();
    while rest.len() >= 4 {
        let length = usize::from(u16::from_ne_bytes([rest[0], rest[1]]));
        found.push(Raw {
            kind: u16::from_ne_bytes([rest[2], rest[3]]),
            value: rest[4..length].to_vec(),
        });
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

fn join(attributes: impl IntoIterator<Item = Raw>) -> Vec<u8> {
    let mut out = Vec::new();
    for Raw { kind, value } in attributes {
        out.extend(u16::try_from(value.len() + 4).unwrap().to_ne_bytes());
        out.extend(kind.to_ne_bytes());
        out.extend(value);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

const NESTED: u16 = 0x8000;
const SERVICE: u16 = 1 | NESTED;
const DEST: u16 = 2 | NESTED;
const DAEMON: u16 = 3 | NESTED;

/// The captured request without what the head of this file says that we leave out or put in.
fn as_ours(tool: &str, captured: &[u8]) -> Vec<u8> {
    let command = captured[16];
    let attributes = split(&captured[20..]).into_iter().map(|mut attribute| {
        let names_only = match attribute.kind {
            SERVICE => !matches!(command, 1 | 2),
            DEST => command == 7,
            _ => false,
        };
        let mut inner = match attribute.kind {
            SERVICE | DEST | DAEMON => split(&attribute.value),
            _ => return attribute,
        };
        match attribute.kind {
            SERVICE if names_only => inner.retain(|raw| raw.kind <= 5),
            DEST if names_only => inner.retain(|raw| matches!(raw.kind, 1 | 2 | 11)),
            DEST if tool == "keepalived" => fill_tunnel(&mut inner),
            DAEMON if command == 10 => inner.retain(|raw| raw.kind != 2),
            _ => {}
        }
        if attribute.kind == DEST {
            clear_behind_ipv4(&mut inner);
        }
        attribute.value = join(inner);
        attribute
    });
    let mut ours = captured[..20].to_vec();
    ours.extend(join(attributes));
    let length = u32::try_from(ours.len()).unwrap().to_ne_bytes();
    ours[..4].copy_from_slice(&length);
    ours
}

fn clear_behind_ipv4(inner: &mut [Raw]) {
    let v4 = inner
        .iter()
        .any(|raw| raw.kind == 11 && raw.value == 2_u16.to_ne_bytes());
    for raw in inner.iter_mut().filter(|raw| v4 && raw.kind == 1) {
        raw.value[4..].fill(0);
    }
}

fn fill_tunnel(inner: &mut Vec<Raw>) {
    for (kind, length) in [(13, 1), (14, 2), (15, 2)] {
        let place = inner.iter().position(|raw| raw.kind == kind);
        let value = place.map_or_else(|| vec![0; length], |place| inner.remove(place).value);
        let end = inner.iter().position(|raw| raw.kind == 5).unwrap();
        inner.insert(end, Raw { kind, value });
    }
}

/// Family number, sequence number and port differ in every run.
fn masked(mut message: Vec<u8>) -> Vec<u8> {
    message[4..6].fill(0);
    message[8..16].fill(0);
    message
}

#[test]
fn every_request_is_byte_for_byte_what_ipvsadm_and_keepalived_send() {
    let mut compared = 0;
    for vector in vectors() {
        let request = &vector["decoded"]["request"];
        if request["kind"] != "ipvs" {
            continue;
        }
        let mut ours = Vec::new();
        match asked(request) {
            Asked::Command(command) => codec::command(&command, FamilyId::new(32), 7, &mut ours),
            Asked::Query(query) => codec::query(&query, FamilyId::new(32), 7, &mut ours),
        }
        let tool = vector["tool"].as_str().unwrap();
        let theirs = as_ours(tool, &bytes(&vector["request_hex"]));
        assert_eq!(masked(ours), masked(theirs), "{}", vector["name"]);
        compared += 1;
    }
    assert!(compared > 200, "{compared}");
}

#[test]
fn the_number_of_the_family_is_asked_for_as_ipvsadm_does() {
    let vectors = vectors();
    let vector = vectors
        .iter()
        .find(|vector| vector["name"] == "get-info-1-ctrl-3");
    let vector = vector.unwrap();
    let mut theirs = masked(bytes(&vector["request_hex"]));
    // The version of the message, which the kernel does not look at; and type 16 is no family's.
    theirs[17] = 2;
    assert_eq!(masked(codec::family_query(1)), theirs);
    let answer = bytes(&vector["answers_hex"][0]);
    let part = codec::parts(&answer).next().unwrap();
    assert_eq!(codec::read_family(&part), Some(FamilyId::new(32)));
}

#[test]
fn every_answer_of_the_kernel_is_read_as_it_was_captured() {
    let mut compared = 0;
    for vector in vectors() {
        let answers = vector["answers_hex"].as_array().unwrap();
        let decoded = vector["decoded"]["answers"].as_array().unwrap();
        for (answer, decoded) in answers.iter().zip(decoded) {
            let answer = bytes(answer);
            let part = codec::parts(&answer).next().unwrap();
            compare(&part, decoded, &vector["name"]);
            compared += 1;
        }
    }
    assert!(compared > 238, "{compared}");
}

fn compare(part: &codec::Part<'_>, decoded: &Value, name: &Value) {
    let top = Fields(&decoded["attributes"]);
    match decoded["cmd"].as_str() {
        Some("NEW_SERVICE") => {
            let expected = top.nested("service");
            let found = codec::read_service(part).unwrap();
            assert_eq!(found.key, key(&expected), "{name}");
            assert_eq!(found.options, options(&expected), "{name}");
        }
        Some("NEW_DEST") => {
            let expected = top.nested("dest");
            let found = codec::read_server(part, Family::V4).unwrap();
            assert_eq!(found.key, server_key(&expected), "{name}");
            assert_eq!(found.server, server(&expected), "{name}");
        }
        Some("NEW_DAEMON") => {
            let found = codec::read_daemon(part).unwrap();
            assert_eq!(found, daemon(&top.nested("daemon")), "{name}");
        }
        Some("SET_CONFIG") => assert_eq!(codec::read_timeouts(part), timeouts(&top), "{name}"),
        Some("SET_INFO") => {
            let found = codec::read_info(part);
            assert_eq!(Some(found.version), top.number("version"), "{name}");
            assert_eq!(
                Some(found.connection_rows),
                top.number("conn_tab_size"),
                "{name}"
            );
        }
        Some(_) => assert_eq!(decoded["kind"], "control", "{name}"),
        None => {
            let errno = decoded["errno"].as_i64().unwrap();
            let expected = i32::try_from(errno.abs()).unwrap();
            assert_eq!(codec::read_errno(part), Some(expected), "{name}");
        }
    }
}

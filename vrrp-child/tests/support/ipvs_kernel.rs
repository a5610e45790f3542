//! A load balancer of a kernel that exists in the test alone. It knows netlink's frame and which
//! attributes name a service or a server; all others it keeps as bytes and gives back as they came.

use std::collections::{BTreeMap, VecDeque};

pub(crate) const FAMILY: u16 = 32;
const CONTROL: u16 = 16;
const ERROR: u16 = 2;
const DONE: u16 = 3;
const DUMP: u16 = 0x300;

/// Kind, flags and value.
pub(crate) type Attribute = (u16, Vec<u8>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) options: Vec<Attribute>,
    pub(crate) servers: BTreeMap<Vec<Attribute>, Vec<Attribute>>,
}

#[derive(Debug, Default)]
pub(crate) struct ModelKernel {
    pub(crate) services: BTreeMap<Vec<Attribute>, Service>,
    pub(crate) daemons: Vec<Vec<Attribute>>,
    pub(crate) timeouts: [u32; 3],
    /// Command numbers of all requests of the family.
    pub(crate) seen: Vec<u8>,
    /// Most requests that came in one datagram.
    pub(crate) largest: usize,
    /// The family is not there.
    pub(crate) missing: bool,
    /// Schedulers that are not there.
    pub(crate) no_scheduler: Option<&'static str>,
    /// It answers nothing.
    pub(crate) deaf: bool,
    /// The next datagram is somebody else's.
    pub(crate) disturb: bool,
    pub(crate) answers: VecDeque<Vec<u8>>,
}

pub(crate) fn attributes(mut rest: &[u8]) -> Vec<Attribute> {
    let mut found = Vec::new();
    while rest.len() >= 4 {
        let length = usize::from(u16::from_ne_bytes([rest[0], rest[1]]));
        let kind = u16::from_ne_bytes([rest[2], rest[3]]) & 0x3fff;
        found.push((kind, rest[4..length].to_vec()));
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

fn bytes(attributes: &[Attribute]) -> Vec<u8> {
    let mut out = Vec::new();
    for (kind, value) in attributes {
        out.extend(u16::try_from(value.len() + 4).unwrap().to_ne_bytes());
        out.extend(kind.to_ne_bytes());
        out.extend(value);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

fn message(kind: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + payload.len()).unwrap();
    let mut out = length.to_ne_bytes().to_vec();
    out.extend(kind.to_ne_bytes());
    out.extend(0_u16.to_ne_bytes());
    out.extend(sequence.to_ne_bytes());
    out.extend([0; 4]);
    out.extend(payload);
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

fn is_name_of_service(attribute: &Attribute) -> bool {
    attribute.0 <= 5
}

fn is_name_of_server(attribute: &Attribute) -> bool {
    matches!(attribute.0, 1 | 2 | 11)
}

fn split(all: Vec<Attribute>, name: fn(&Attribute) -> bool) -> (Vec<Attribute>, Vec<Attribute>) {
    all.into_iter().partition(name)
}

impl ModelKernel {
    /// Takes a datagram and has its answers ready.
    pub(crate) fn take(&mut self, mut rest: &[u8]) {
        if self.deaf {
            return;
        }
        let mut count = 0;
        while rest.len() >= 16 {
            let length = u32::from_ne_bytes(rest[..4].try_into().unwrap());
            let length = usize::try_from(length).unwrap();
            self.take_one(&rest[..length]);
            rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
            count += 1;
        }
        self.largest = self.largest.max(count);
    }

    fn take_one(&mut self, request: &[u8]) {
        let kind = u16::from_ne_bytes([request[4], request[5]]);
        let flags = u16::from_ne_bytes([request[6], request[7]]);
        let sequence = u32::from_ne_bytes(request[8..12].try_into().unwrap());
        let command = request[16];
        let result = match kind {
            _ if self.missing => Err(2),
            CONTROL => Ok(vec![bytes(&[(1, FAMILY.to_ne_bytes().to_vec())])]),
            FAMILY => {
                self.seen.push(command);
                self.carry_out(command, attributes(&request[20..]), flags & DUMP != 0)
            }
            _ => Err(95),
        };
        let errno = result.as_ref().err().copied().unwrap_or_default();
        for data in result.unwrap_or_default() {
            let mut payload = vec![command, 1, 0, 0];
            payload.extend(data);
            self.answers.push_back(message(kind, sequence, &payload));
        }
        let end = if flags & DUMP != 0 && errno == 0 {
            DONE
        } else {
            ERROR
        };
        let code = (-errno).to_ne_bytes();
        self.answers.push_back(message(end, sequence, &code));
    }

    fn carry_out(
        &mut self,
        command: u8,
        top: Vec<Attribute>,
        dump: bool,
    ) -> Result<Vec<Vec<u8>>, i32> {
        let find = |wanted: u16| {
            let found = top.iter().find(|(kind, _)| *kind == wanted);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let (name, options) = split(attributes(&find(1)), is_name_of_service);
        let (server, server_options) = split(attributes(&find(2)), is_name_of_server);
        let nothing = Ok(Vec::new());
        match command {
            1 | 2 => {
                if (command == 1) == self.services.contains_key(&name) {
                    return Err(if command == 1 { 17 } else { 3 });
                }
                let scheduler = options.iter().find(|(kind, _)| *kind == 6).unwrap();
                let scheduler = String::from_utf8_lossy(&scheduler.1);
                if self.no_scheduler == Some(scheduler.trim_end_matches('\0')) {
                    return Err(2);
                }
                self.services.entry(name).or_default().options = options;
            }
            3 => drop(self.services.remove(&name).ok_or(3)?),
            4 if dump => panic!("all services are never asked for"),
            4 => {
                let service = self.services.get(&name).ok_or(3)?;
                let all: Vec<_> = name.iter().chain(&service.options).cloned().collect();
                return Ok(vec![bytes(&[(1, bytes(&all))])]);
            }
            5..=7 => {
                let servers = &mut self.services.get_mut(&name).ok_or(3)?.servers;
                if (command == 5) == servers.contains_key(&server) {
                    return Err(if command == 5 { 17 } else { 2 });
                }
                if command == 7 {
                    servers.remove(&server);
                } else {
                    servers.insert(server, server_options);
                }
            }
            8 => {
                let servers = self.services.get(&name).map(|service| &service.servers);
                let all = servers.into_iter().flatten().map(|(name, options)| {
                    let all: Vec<_> = name.iter().chain(options).cloned().collect();
                    bytes(&[(2, bytes(&all))])
                });
                return Ok(all.collect());
            }
            9 => self.daemons.push(attributes(&find(3))),
            10 => {
                let role = attributes(&find(3)).remove(0);
                self.daemons.retain(|daemon| daemon[0] != role);
            }
            11 => {
                let all = self
                    .daemons
                    .iter()
                    .map(|daemon| bytes(&[(3, bytes(daemon))]));
                return Ok(all.collect());
            }
            12 => {
                for (place, kind) in [4, 5, 6].into_iter().enumerate() {
                    self.timeouts[place] = u32::from_ne_bytes(find(kind).try_into().unwrap());
                }
            }
            13 => {
                let kinds = [4_u16, 5, 6].into_iter().zip(self.timeouts);
                let all: Vec<_> = kinds
                    .map(|(kind, value)| (kind, value.to_ne_bytes().to_vec()))
                    .collect();
                return Ok(vec![bytes(&all)]);
            }
            17 => self.services.clear(),
            other => panic!("command {other}"),
        }
        nothing
    }
}

//! 5,000 checks at delay_loop 1: what the engine costs without sockets, and what it keeps of them.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a benchmark may panic"
)]

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use holdfast_checker::check::engine::TalkId;
use holdfast_checker::check::{Excerpt, Finding, Outcome, Success};
use holdfast_checker::{Action, Engine, Event};
use holdfast_ipc::balance::{CheckConfig, CheckId, CheckedServer, MAX_BATCH};
use holdfast_ipc::config::model::{
    Check, CheckTiming, Endpoint, HttpProbe, HttpVersion, Micros, Probe, Protocol, Service, Url,
};
use holdfast_ipc::config::{CheckerConfig, Generation};
use holdfast_ipc::message::{CheckerStart, ParentToChecker};
use holdfast_ipc::time::Monotonic;
use std::net::{IpAddr, Ipv4Addr};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const SERVERS: u32 = 5_000;
const SECOND: Micros = Micros::from_secs(1);
const START: Monotonic = Monotonic::from_micros(1_000_000_000);
/// From the begin of a conversation to its end.
const TALK: Micros = Micros::from_millis(1);

fn main() {
    divan::main();
}

fn address(number: u32) -> IpAddr {
    Ipv4Addr::from(0xc612_0000 + number).into()
}

fn endpoint(number: u32) -> Endpoint {
    Endpoint {
        timeout: SECOND,
        ..Endpoint::new(address(number), 80)
    }
}

fn tcp(number: u32) -> Probe {
    Probe::Tcp(endpoint(number))
}

fn http(number: u32) -> Probe {
    Probe::Http(HttpProbe {
        endpoint: endpoint(number),
        tls: None,
        protocol: HttpVersion::V1_0,
        fast_recovery: false,
        urls: vec![Url {
            path: "/".to_owned(),
            host: None,
            digest: None,
            status: vec![(200, 200)],
            regex: None,
            tls_compliant: false,
        }],
    })
}

fn server(number: u32, probe: Probe) -> CheckedServer {
    let timing = CheckTiming {
        delay_loop: SECOND,
        retry: 1,
        delay_before_retry: SECOND,
        warmup: SECOND,
        alpha: false,
        log_all_failures: false,
    };
    CheckedServer {
        service: Service::Address {
            address: address(number / 5),
            port: 80,
            protocol: Protocol::Tcp,
        },
        address: address(number),
        port: 80,
        weight: 1,
        only_with: None,
        checks: vec![CheckConfig {
            id: CheckId::new(number),
            check: Check { timing, probe },
            asks: false,
        }],
    }
}

fn generation() -> Generation {
    Generation::default().next()
}

/// The messages with which the parent starts it.
fn messages(probe: MakeProbe) -> Vec<ParentToChecker> {
    let all: Vec<_> = (0..SERVERS)
        .map(|number| server(number, probe(number)))
        .collect();
    let pieces = all.chunks(MAX_BATCH).map(|piece| ParentToChecker::Servers {
        generation: generation(),
        servers: piece.to_vec(),
    });
    let config = CheckerConfig {
        servers: SERVERS,
        ..CheckerConfig::default()
    };
    let start = CheckerStart {
        generation: generation(),
        config,
        fresh: true,
        verdicts: Vec::new(),
    };
    let start = ParentToChecker::Start(start);
    pieces.chain([start, ParentToChecker::Go]).collect()
}

struct World {
    engine: Engine,
    now: Monotonic,
    going: Vec<TalkId>,
}

impl World {
    fn new(messages: Vec<ParentToChecker>) -> Self {
        let mut world = Self {
            engine: Engine::new(7, 4_096),
            now: START,
            going: Vec::new(),
        };
        for message in messages {
            world.handle(Event::Message(message));
        }
        world
    }

    fn handle(&mut self, event: Event) {
        for action in self.engine.handle(self.now, event) {
            if let Action::Converse { talk, question } = action {
                drop(question);
                self.going.push(talk);
            }
        }
    }

    /// As the event loop does: what is due begins, and a moment later it is over.
    fn turn(&mut self) -> usize {
        self.now = self.engine.next_deadline().unwrap();
        self.handle(Event::Due);
        self.now = self.now.after(TALK);
        let over = std::mem::take(&mut self.going);
        let count = over.len();
        for talk in over {
            let finding = Finding {
                outcome: Outcome::Passed(Success::Connected),
                took: TALK,
                last: Excerpt::default(),
            };
            self.handle(Event::Finished { talk, finding });
        }
        let _news = self.engine.end_turn();
        count
    }

    /// So many checks.
    fn round(&mut self) {
        let mut done = 0;
        while done < usize::try_from(SERVERS).unwrap() {
            done += self.turn();
        }
    }
}

/// The check of a server.
type MakeProbe = fn(u32) -> Probe;

const PROBES: [(&str, MakeProbe); 2] = [("tcp", tcp), ("http", http)];

fn probe(name: &str) -> MakeProbe {
    PROBES.iter().find(|(each, _)| *each == name).unwrap().1
}

/// A check of an engine in the middle of its life.
#[divan::bench(args = ["tcp", "http"])]
fn round(bencher: Bencher<'_, '_>, kind: &str) {
    let mut world = World::new(messages(probe(kind)));
    world.round();
    bencher
        .counter(ItemsCount::new(SERVERS))
        .bench_local(|| world.round());
}

/// From the messages to the first wait; what is allocated is what the configuration takes.
#[divan::bench(args = ["tcp", "http"])]
fn load(bencher: Bencher<'_, '_>, kind: &str) {
    bencher
        .counter(ItemsCount::new(SERVERS))
        .with_inputs(|| messages(probe(kind)))
        .bench_local_values(World::new);
}

mod reload;

use super::super::cause::{Cause, Doing, NetError};
use super::super::conversation::Success;
use super::super::excerpt::Excerpt;
use super::super::server::{CheckedServer, Item};
use super::*;
use crate::event;
use holdfast_ipc::balance;
use holdfast_ipc::config::model::{
    BodyPattern, Check, CheckTiming, Endpoint, HttpProbe, HttpVersion, Micros, Probe, Protocol,
    Service, ShellWords, Url,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

const LOOP: Micros = Micros::from_secs(10);
const RETRY: Micros = Micros::from_secs(2);
const MS: Micros = Micros::from_millis(1);
const START: Monotonic = Monotonic::from_micros(1_000_000);

fn timing() -> CheckTiming {
    CheckTiming {
        delay_loop: LOOP,
        retry: 1,
        delay_before_retry: RETRY,
        warmup: Micros::ZERO,
        alpha: false,
        log_all_failures: false,
    }
}

fn endpoint(port: u16) -> Endpoint {
    Endpoint::new(Ipv4Addr::new(192, 0, 2, 10).into(), port)
}

/// Asks this port, so that checks can be told apart.
fn tcp(port: u16) -> Check {
    let probe = Probe::Tcp(endpoint(port));
    Check {
        timing: timing(),
        probe,
    }
}

fn misc(dynamic: bool) -> Check {
    let command = ShellWords::try_from(vec!["/bin/load".to_owned(), "-v".to_owned()]).unwrap();
    let timeout = LOOP;
    let probe = Probe::Misc {
        command,
        user: None,
        timeout,
        dynamic,
    };
    Check {
        timing: timing(),
        probe,
    }
}

fn service(last: u8) -> Arc<Service> {
    Arc::new(Service::Address {
        address: IpAddr::V4(Ipv4Addr::new(198, 51, 100, last)),
        port: 80,
        protocol: Protocol::Tcp,
    })
}

fn key(number: u32) -> Arc<ServerKey> {
    let address = IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number));
    Arc::new(ServerKey {
        service: service(1),
        address,
        port: 80,
    })
}

fn server(number: u32, checks: Vec<Check>) -> CheckedServer {
    let count = u32::try_from(checks.len()).unwrap();
    CheckedServer {
        key: key(number),
        weight: 10,
        only_with: None,
        checks,
        numbers: (0..count)
            .map(|place| Number::new(100 * number + place))
            .collect(),
    }
}

fn address() -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1))
}

fn good() -> Finding {
    finding(Outcome::Passed(Success::Connected))
}

fn bad() -> Finding {
    let (doing, error) = (Doing::Connection, NetError::Refused);
    finding(Outcome::Failed(Cause::Net { doing, error }))
}

fn finding(outcome: Outcome) -> Finding {
    Finding {
        outcome,
        took: MS,
        last: Excerpt::default(),
    }
}

/// An engine and what it asked for.
struct World {
    engine: Engine,
    now: Monotonic,
    going: Vec<TalkId>,
    cancelled: Vec<TalkId>,
    servers: Vec<ServerVerdict>,
    checks: Vec<CheckVerdict>,
    lines: Vec<String>,
}

impl World {
    fn new(servers: Vec<CheckedServer>) -> Self {
        Self::with(IN_FLIGHT, servers, &[])
    }

    fn with(
        in_flight: usize,
        servers: Vec<CheckedServer>,
        known: &[balance::CheckVerdict],
    ) -> Self {
        let mut world = Self {
            engine: Engine::new(7, in_flight),
            now: START,
            going: Vec::new(),
            cancelled: Vec::new(),
            servers: Vec::new(),
            checks: Vec::new(),
            lines: Vec::new(),
        };
        world.load_knowing(servers, known);
        world
    }

    fn load(&mut self, servers: Vec<CheckedServer>) {
        self.load_knowing(servers, &[]);
    }

    fn load_knowing(&mut self, servers: Vec<CheckedServer>, known: &[balance::CheckVerdict]) {
        let prepared = self.engine.prepare(servers).unwrap();
        let actions = self.engine.commit(self.now, prepared, known);
        self.carry_out(actions);
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Begin {
                    talk,
                    task: Task::Talk(_) | Task::Run(_),
                } => self.going.push(talk),
                Action::Cancel { talk } => {
                    self.going.retain(|other| *other != talk);
                    self.cancelled.push(talk);
                }
                Action::Check(verdict) => self.checks.push(verdict),
                Action::Server(verdict) => self.servers.push(verdict),
                Action::Log(record) => self.lines.push(record.text),
            }
        }
    }

    fn handle(&mut self, event: Event) {
        let actions = self.engine.handle(self.now, event);
        self.carry_out(actions);
    }

    /// Goes on in time until something begins; how long that took.
    fn wait(&mut self) -> Micros {
        let from = self.now;
        while self.going.is_empty() {
            self.now = self
                .engine
                .next_deadline()
                .expect("something is going to happen");
            self.handle(Event::Due);
        }
        self.now.since(from)
    }

    /// Ends the oldest conversation.
    fn end(&mut self, finding: Finding) {
        let talk = self.going.remove(0);
        self.handle(Event::Finished { talk, finding });
    }

    /// Waits for the next conversation and ends it: the time in between.
    fn turn(&mut self, finding: Finding) -> Micros {
        let waited = self.wait();
        self.end(finding);
        waited
    }

    fn is_up(&self, number: u32) -> bool {
        self.engine.verdict(&key(number)).unwrap().up
    }
}

#[test]
fn a_server_goes_and_comes_back_with_its_lines_and_verdicts() {
    let mut world = World::new(vec![server(1, vec![tcp(80)])]);
    let waits: Vec<_> = [good(), bad(), bad(), bad(), good()]
        .map(|result| world.turn(result))
        .into();
    assert_eq!(waits, [Micros::from_secs(1), LOOP, RETRY, LOOP, LOOP]);
    assert_eq!(
        world.lines,
        [
            "TCP connection to [10.0.0.1]:tcp:80 success.",
            "TCP_CHECK on service [10.0.0.1]:tcp:80 failed after 1 retries: connection refused after 1 ms",
            "TCP connection to [10.0.0.1]:tcp:80 success.",
        ]
    );
    let verdict = |up, cause: &str| ServerVerdict {
        server: key(1),
        up,
        weight: None,
        cause: cause.to_owned(),
    };
    let down = verdict(false, "TCP_CHECK connection refused after 1 ms");
    assert_eq!(world.servers, [down, verdict(true, "")]);
    let check = |up, finding| CheckVerdict {
        server: key(1),
        check: Number::new(100),
        name: "TCP_CHECK",
        up,
        weight: 0,
        finding,
    };
    assert_eq!(
        world.checks,
        [
            check(true, good()),
            check(false, bad()),
            check(true, good())
        ]
    );
    assert_eq!(
        world.checks[1].message().detail,
        "TCP_CHECK connection refused after 1 ms"
    );
}

#[test]
fn at_the_start_a_single_failure_takes_a_server_out() {
    let mut world = World::new(vec![server(1, vec![tcp(80)])]);
    world.turn(bad());
    assert!(!world.is_up(1));
    assert_eq!(
        world.lines,
        ["TCP_CHECK on service [10.0.0.1]:tcp:80 failed: connection refused after 1 ms"]
    );
}

#[test]
fn every_failure_gets_a_line_where_that_is_asked_for() {
    let mut check = tcp(80);
    check.timing.log_all_failures = true;
    let mut world = World::new(vec![server(1, vec![check])]);
    world.turn(good());
    world.turn(bad());
    let line =
        "TCP_CHECK on service [10.0.0.1]:tcp:80 failed (try 1 of 2): connection refused after 1 ms";
    assert_eq!(world.lines.last().map(String::as_str), Some(line));
    assert!(world.is_up(1));
}

#[test]
fn a_server_is_up_while_all_its_checks_are() {
    let mut world = World::new(vec![server(1, vec![tcp(80), tcp(81)])]);
    let mut results = Vec::new();
    world.wait();
    let first = world.going[0].check;
    for _ in 0..4 {
        world.wait();
        let is_first = world.going[0].check == first;
        let result = if is_first && results.len() < 2 {
            bad()
        } else {
            good()
        };
        world.end(result);
        results.push(world.is_up(1));
    }
    assert_eq!(results.last(), Some(&true));
    assert_eq!(
        world
            .servers
            .iter()
            .map(|verdict| verdict.up)
            .collect::<Vec<_>>(),
        [false, true]
    );
}

#[test]
fn a_check_with_alpha_has_to_show_itself_first_and_nobody_has_to_be_told() {
    let mut check = tcp(80);
    check.timing.alpha = true;
    let config = server(1, vec![check]);
    assert!(!config.is_up_at_first());
    let mut world = World::new(vec![config]);
    assert_eq!(
        world.engine.verdict(&key(1)).unwrap().cause,
        "TCP_CHECK has not succeeded yet (alpha)"
    );
    assert_eq!(world.servers, []);
    world.turn(good());
    assert!(world.is_up(1));
    assert_eq!(world.servers.len(), 1);
}

#[test]
fn what_a_predecessor_knew_is_told_and_gone_on_from() {
    let known = [balance::CheckVerdict {
        check: Number::new(100),
        up: false,
        weight: 0,
        detail: String::new(),
    }];
    let mut world = World::with(IN_FLIGHT, vec![server(1, vec![tcp(80)])], &known);
    assert!(!world.is_up(1));
    assert_eq!(world.servers.len(), 1);
    assert!(world.turn(good()) < LOOP);
    assert!(world.is_up(1));
}

#[test]
fn misc_dynamic_moves_the_weight_and_exit_0_leaves_it_there() {
    let mut world = World::new(vec![server(1, vec![misc(true)])]);
    let plan = MiscPlan::of(&misc(true).probe).unwrap();
    let mut weights = Vec::new();
    for status in [0, 52, 0, 255, 2] {
        let exit = event::Outcome::Exited {
            status,
            output: String::new(),
        };
        world.turn(plan.judge(Some(&exit), MS));
        weights.push(world.engine.verdict(&key(1)).unwrap().weight);
    }
    assert_eq!(weights, [None, Some(50), Some(50), Some(253), Some(0)]);
    let told: Vec<_> = world.servers.iter().map(|verdict| verdict.weight).collect();
    assert_eq!(told, [Some(50), Some(253), Some(0)]);
}

#[test]
fn a_machine_that_cannot_ask_says_so_once_a_minute_and_changes_no_verdict() {
    let mut world = World::new(vec![server(1, vec![tcp(80)])]);
    let (doing, error) = (
        Doing::Connection,
        NetError::NoResources("descriptors".to_owned()),
    );
    let short = finding(Outcome::NotTried(Cause::Net { doing, error }));
    world.turn(short.clone());
    assert_eq!(world.turn(short), RETRY);
    assert!(world.is_up(1));
    assert_eq!(
        world.lines,
        [
            "TCP_CHECK on service [10.0.0.1]:tcp:80 was not tried: this machine is short of \
             descriptors after 1 ms"
        ]
    );
}

#[test]
fn a_thousand_servers_are_not_asked_in_one_moment_and_each_has_its_turn() {
    const SERVERS: u32 = 1_000;
    const LIMIT: usize = 300;
    let config = (0..SERVERS)
        .map(|number| server(number, vec![tcp(80)]))
        .collect();
    let mut world = World::with(LIMIT, config, &[]);
    let mut begun = BTreeMap::new();
    let mut most = 0;
    while begun.len() < SERVERS as usize {
        let before = world.going.len();
        world.now = world
            .engine
            .next_deadline()
            .unwrap_or_else(|| world.now.after(MS));
        world.handle(Event::Due);
        most = most.max(world.going.len() - before);
        assert!(world.going.len() <= LIMIT);
        // The oldest hundred answer when nothing more may begin.
        if world.going.len() == LIMIT || world.going.len() == before {
            for _ in 0..100.min(world.going.len()) {
                *begun.entry(world.going[0].check).or_insert(0) += 1;
                let talk = world.going.remove(0);
                let actions = world.engine.handle(
                    world.now,
                    Event::Finished {
                        talk,
                        finding: good(),
                    },
                );
                world.carry_out(actions);
            }
        }
    }
    assert!(most <= 128, "{most} began in one moment");
    assert!(
        begun.values().all(|count| *count == 1),
        "nobody is asked twice before all are asked"
    );
}

#[test]
fn thousands_of_checks_begin_in_few_moments_and_each_keeps_its_pace() {
    const SERVERS: u32 = 2_000;
    const ROUNDS: usize = 6;
    // No multiple of a moment.
    let pace = Micros::from_millis(1_001);
    let second = Micros::from_secs(1);
    let mut check = tcp(80);
    check.timing.delay_loop = pace;
    check.timing.warmup = second;
    let config = (0..SERVERS).map(|number| server(number, vec![check.clone()]));
    let mut world = World::new(config.collect());
    let mut begun: BTreeMap<CheckId, Vec<Monotonic>> = BTreeMap::new();
    let mut moments = 0;
    while world.now < START.after(second.times(8)) {
        world.wait();
        moments += 1;
        for talk in std::mem::take(&mut world.going) {
            begun.entry(talk.check).or_default().push(world.now);
            let finding = good();
            world.handle(Event::Finished { talk, finding });
        }
    }
    assert!(moments <= 7 * 300, "{moments} moments in seven seconds");
    for times in begun.values() {
        let whole = times[ROUNDS - 1].since(times[0]).get();
        let late = whole.abs_diff(pace.times(5).get());
        assert!(late <= 4_000, "five rounds took {whole} us");
    }
    assert_eq!(begun.len(), SERVERS as usize);
}

#[test]
fn checks_with_a_warmup_are_spread_over_it() {
    const SERVERS: u32 = 2_000;
    let mut check = tcp(80);
    check.timing.warmup = Micros::from_secs(60);
    let config = (0..SERVERS)
        .map(|number| server(number, vec![check.clone()]))
        .collect();
    let mut world = World::new(config);
    let mut in_each = [0_u32; 6];
    for _ in 0..SERVERS {
        world.wait();
        let second = (world.now.since(START).get() - 1_000_000) / 10_000_000;
        in_each[usize::try_from(second).unwrap()] += 1;
        world.going.clear();
    }
    assert!(
        in_each.iter().all(|count| (233..433).contains(count)),
        "{in_each:?}"
    );
}

#[test]
fn suspending_again_and_again_does_not_let_the_queue_grow() {
    let mut config = server(1, vec![tcp(80)]);
    config.only_with = Some(address());
    let mut world = World::new(vec![config]);
    for round in 0..1_000 {
        world.handle(Event::Held {
            address: address(),
            held: round % 2 == 0,
        });
    }
    assert!(world.engine.queue.waiting() <= 3);
}

/// The verdict that a schedule alone reaches.
fn reference(results: &[bool]) -> bool {
    let rules = super::super::schedule::Rules {
        timing: timing(),
        pages: 1,
        fast_recovery: false,
    };
    let mut schedule = super::super::schedule::Schedule::new(rules, None);
    for good in results {
        if *good {
            schedule.passed()
        } else {
            schedule.failed()
        };
    }
    schedule.is_up()
}

proptest! {
    /// Whatever is loaded and answered in whatever order: verdicts are those of the results, what
    /// is told is what holds, and time goes on.
    #[test]
    fn any_life_of_the_engine_keeps_its_promises(
        steps in prop::collection::vec((0_u8..8, 0_u32..4, any::<bool>()), 1..120),
    ) {
        let config = |present: [bool; 4]| -> Vec<_> {
            let numbers = (0..4).filter(|number| present[*number as usize]);
            numbers.map(|number| server(number, vec![tcp(80), tcp(81)])).collect()
        };
        let mut present = [true; 4];
        let mut world = World::with(3, config(present), &[]);
        let mut results: BTreeMap<CheckId, Vec<bool>> = BTreeMap::new();
        for (what, number, flag) in steps {
            match what {
                0 => {
                    present[number as usize] = flag;
                    world.load(config(present));
                }
                1..4 => {
                    let before = world.now;
                    if let Some(deadline) = world.engine.next_deadline() {
                        world.now = deadline.max(before);
                        world.handle(Event::Due);
                        prop_assert!(world.engine.next_deadline().is_none_or(|next| next > world.now));
                    }
                }
                _ if !world.going.is_empty() => {
                    let at = number as usize % world.going.len();
                    let talk = world.going.remove(at);
                    results.entry(talk.check).or_default().push(flag);
                    let finding = if flag { good() } else { bad() };
                    world.handle(Event::Finished { talk, finding });
                }
                _ => {}
            }
            prop_assert!(world.going.len() <= 3);
            let slots = world.engine.servers.iter().flatten().flat_map(|server| &server.checks);
            for slot in slots {
                let expected = reference(results.get(&slot.id).map_or(&[][..], Vec::as_slice));
                prop_assert_eq!(slot.schedule.is_up(), expected);
            }
        }
        let mut told: BTreeMap<_, _> = BTreeMap::new();
        for verdict in &world.servers {
            told.insert(Arc::clone(&verdict.server), verdict.up);
        }
        for verdict in world.engine.verdicts() {
            let server = Arc::clone(&verdict.server);
            // A server that was away begins anew, as everybody assumes: up.
            if !verdict.up {
                prop_assert_eq!(told.get(&server), Some(&false));
            }
        }
    }
}

//! Checks of real servers, as far as the phases and generations of the whole checker go.

use super::tests::{at, config, send};
use super::*;
use crate::action::Question;
use crate::check::engine::TalkId;
use crate::check::{Cause, Excerpt, Finding, Outcome as Result_, Success};
use crate::event::Outcome;
use holdfast_ipc::balance::{CheckConfig, CheckId, CheckVerdict, CheckedServer, MAX_BATCH};
use holdfast_ipc::config::model::{
    Check, CheckTiming, Endpoint, Probe, Protocol, Service, ShellWords,
};

pub(super) const ONE: Generation = Generation::new(1);
pub(super) const TWO: Generation = Generation::new(2);

fn check(probe: Probe) -> Check {
    let timing = CheckTiming {
        delay_loop: Micros::from_secs(10),
        retry: 0,
        delay_before_retry: Micros::from_secs(1),
        warmup: Micros::ZERO,
        alpha: false,
        log_all_failures: false,
    };
    Check { timing, probe }
}

pub(super) fn tcp(port: u16) -> Check {
    check(Probe::Tcp(Endpoint {
        address: IpAddr::from([10, 0, 0, 1]),
        port,
        source: None,
        source_port: None,
        interface: None,
        timeout: Micros::from_secs(5),
        mark: 0,
    }))
}

fn misc() -> Check {
    check(Probe::Misc {
        command: ShellWords::try_from(vec!["/bin/check".to_owned()]).unwrap(),
        user: None,
        timeout: Micros::from_secs(3),
        dynamic: true,
    })
}

/// Servers with one check each, numbered from there.
pub(super) fn servers(first: u32, checks: impl IntoIterator<Item = Check>) -> Vec<CheckedServer> {
    let numbered = (first..).zip(checks);
    numbered
        .map(|(number, check)| CheckedServer {
            service: Service::Address {
                address: IpAddr::from([192, 0, 2, 1]),
                port: 80,
                protocol: Protocol::Tcp,
            },
            address: IpAddr::from([10, 0, 0, 1]),
            port: u16::try_from(number).unwrap(),
            weight: 10,
            only_with: None,
            checks: vec![CheckConfig {
                id: CheckId::new(number),
                check,
                asks: false,
            }],
        })
        .collect()
}

fn configured(count: usize) -> CheckerConfig {
    CheckerConfig {
        servers: u32::try_from(count).unwrap(),
        ..config([])
    }
}

pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) now: Monotonic,
    pub(super) going: Vec<TalkId>,
    runs: Vec<RunId>,
    /// All else.
    pub(super) others: Vec<Action>,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            engine: Engine::new(0, 1_000),
            now: at(0),
            going: Vec::new(),
            runs: Vec::new(),
            others: Vec::new(),
        }
    }

    pub(super) fn started(servers: &[CheckedServer]) -> Self {
        let mut world = Self::new();
        world.start(servers);
        world
    }

    pub(super) fn start(&mut self, servers: &[CheckedServer]) {
        self.pieces(ONE, servers);
        self.say(ParentToChecker::Start(CheckerStart {
            generation: ONE,
            config: configured(servers.len()),
            verdicts: Vec::new(),
        }));
        self.say(ParentToChecker::Go);
        self.others.clear();
    }

    pub(super) fn event(&mut self, event: Event) {
        for action in self.engine.handle(self.now, event) {
            match action {
                Action::Converse { talk, .. } => self.going.push(talk),
                Action::Run { run, .. } => self.runs.push(run),
                other => self.others.push(other),
            }
        }
    }

    pub(super) fn say(&mut self, message: ParentToChecker) {
        self.event(send(message));
    }

    fn pieces(&mut self, generation: Generation, servers: &[CheckedServer]) {
        for piece in servers.chunks(MAX_BATCH) {
            let servers = piece.to_vec();
            self.say(ParentToChecker::Servers {
                generation,
                servers,
            });
        }
    }

    pub(super) fn prepare(&mut self, servers: &[CheckedServer]) {
        self.pieces(TWO, servers);
        self.say(ParentToChecker::Prepare {
            generation: TWO,
            config: configured(servers.len()),
        });
    }

    pub(super) fn commit(&mut self) {
        self.say(ParentToChecker::Commit { generation: TWO });
    }

    /// Goes on in time until something begins.
    fn wait(&mut self) {
        while self.going.is_empty() && self.runs.is_empty() {
            self.now = self.engine.next_deadline().expect("something is due");
            self.event(Event::Due);
        }
    }

    /// All conversations end alike.
    pub(super) fn end_all(&mut self, up: bool) {
        for talk in std::mem::take(&mut self.going) {
            let outcome = match up {
                true => Result_::Passed(Success::Connected),
                false => Result_::Failed(Cause::BfdDown),
            };
            let finding = finding(outcome);
            self.event(Event::Finished { talk, finding });
        }
    }

    /// What the end of the turn says: generation and verdicts of each message.
    pub(super) fn news(&mut self) -> Vec<(Generation, Vec<CheckVerdict>)> {
        news(&self.engine.end_turn())
    }
}

fn finding(outcome: Result_) -> Finding {
    Finding {
        outcome,
        took: Micros::from_millis(1),
        last: Excerpt::default(),
    }
}

fn news(actions: &[Action]) -> Vec<(Generation, Vec<CheckVerdict>)> {
    let news = actions.iter().filter_map(|action| match action {
        Action::Send(CheckerToParent::CheckVerdicts {
            generation,
            verdicts,
        }) => Some((*generation, verdicts.clone())),
        _ => None,
    });
    news.collect()
}

fn refusals(actions: &[Action]) -> Vec<&str> {
    let reasons = actions.iter().filter_map(|action| match action {
        Action::Send(CheckerToParent::Refused { reason, .. }) => Some(reason.as_str()),
        Action::Fail(reason) => Some(reason.as_str()),
        _ => None,
    });
    reasons.collect()
}

fn passed(number: u32) -> CheckVerdict {
    CheckVerdict {
        check: CheckId::new(number),
        up: true,
        weight: 0,
        detail: "TCP_CHECK connected after 1 ms".to_owned(),
    }
}

#[test]
fn verdicts_of_a_turn_go_in_full_messages_at_its_end() {
    let count = MAX_BATCH + 6;
    let mut world = World::started(&servers(0, (0..count).map(|_| tcp(80))));
    world.wait();
    while world.going.len() < count {
        world.now = world.engine.next_deadline().unwrap();
        world.event(Event::Due);
    }
    world.end_all(true);
    assert_eq!(news(&world.others), []);
    let told = world.news();
    let lengths: Vec<_> = told.iter().map(|(_, verdicts)| verdicts.len()).collect();
    assert_eq!(lengths, [MAX_BATCH, 6]);
    assert_eq!(told[1].1[0], passed(64));
    assert_eq!(world.news(), []);
}

#[test]
fn of_two_verdicts_of_a_turn_the_newer_one_is_told() {
    let mut world = World::started(&servers(0, [tcp(80)]));
    for up in [true, false] {
        world.wait();
        world.end_all(up);
    }
    let told = world.news();
    assert_eq!(told.len(), 1);
    assert!(!told[0].1[0].up, "{told:?}");
}

#[test]
fn verdicts_in_front_of_a_commit_have_the_old_numbers_and_come_first() {
    let mut world = World::started(&servers(0, [tcp(80)]));
    world.wait();
    let mut next = servers(0, [tcp(80)]);
    next[0].checks[0].id = CheckId::new(9);
    world.prepare(&next);
    world.end_all(false);
    world.others.clear();
    world.commit();
    assert_eq!(news(&world.others[..1])[0].0, ONE);
    assert_eq!(
        world.others[1],
        Action::Send(CheckerToParent::Committed { generation: TWO })
    );
    // The parent may not know it any more.
    let told = world.news();
    let (generation, verdicts) = &told[0];
    assert_eq!((*generation, verdicts[0].check), (TWO, CheckId::new(9)));
    assert_eq!(
        verdicts[0].detail,
        "TCP_CHECK the BFD session is down after 1 ms"
    );
}

#[test]
fn a_reload_does_not_repeat_what_goes_without_saying() {
    let mut world = World::started(&servers(0, [tcp(80)]));
    world.wait();
    world.end_all(true);
    assert_eq!(world.news().len(), 1);
    world.prepare(&servers(0, [tcp(80)]));
    world.commit();
    assert_eq!(world.news(), []);
    assert!(world.going.is_empty());
}

#[test]
fn a_list_that_is_not_the_announced_one_is_refused_and_changes_nothing() {
    let mut world = World::started(&servers(0, [tcp(80)]));
    world.pieces(TWO, &servers(0, [tcp(81)]));
    world.say(ParentToChecker::Prepare {
        generation: TWO,
        config: configured(2),
    });
    assert_eq!(
        refusals(&world.others),
        ["1 servers came, 2 were announced"]
    );
    world.wait();
    assert_eq!(world.going.len(), 1);
}

#[test]
fn what_came_for_an_aborted_reload_is_forgotten() {
    let mut world = World::started(&[]);
    world.pieces(TWO, &servers(0, [tcp(80)]));
    world.say(ParentToChecker::Abort { generation: TWO });
    world.say(ParentToChecker::Prepare {
        generation: TWO,
        config: configured(1),
    });
    assert_eq!(
        refusals(&world.others),
        ["0 servers came, 1 were announced"]
    );
}

#[test]
fn pieces_of_an_older_configuration_are_of_no_use() {
    let three = Generation::new(3);
    let mut world = World::started(&[]);
    world.pieces(three, &servers(0, [tcp(80)]));
    world.pieces(TWO, &servers(1, [tcp(81)]));
    world.say(ParentToChecker::Prepare {
        generation: three,
        config: configured(1),
    });
    let prepared = CheckerToParent::Prepared { generation: three };
    assert_eq!(world.others, [Action::Send(prepared)]);
}

#[test]
fn longer_pieces_than_allowed_break_the_protocol() {
    let mut world = World::new();
    let servers = servers(0, (0..=MAX_BATCH).map(|_| tcp(80)));
    world.say(ParentToChecker::Servers {
        generation: ONE,
        servers,
    });
    world.say(ParentToChecker::CheckVerdicts {
        generation: ONE,
        verdicts: vec![passed(0)],
    });
    assert_eq!(
        refusals(&world.others),
        [
            "the parent broke the protocol: too many servers",
            "the parent broke the protocol: more verdicts than checks"
        ]
    );
}

#[test]
fn a_check_that_a_reload_takes_away_is_broken_off_and_its_late_end_is_harmless() {
    let mut world = World::started(&servers(0, [tcp(80)]));
    world.wait();
    let talk = world.going[0];
    world.prepare(&[]);
    world.commit();
    assert!(world.others.contains(&Action::BreakOff { talk }));
    world.end_all(true);
    assert_eq!(world.news(), []);
}

#[test]
fn a_program_is_run_for_misc_check_and_its_exit_status_moves_the_weight() {
    let mut world = World::started(&servers(0, [misc()]));
    world.wait();
    let run = world.runs.remove(0);
    let output = String::new();
    let outcome = Outcome::Exited { status: 7, output };
    world.event(Event::Ended { run, outcome });
    let told = world.news();
    let verdict = &told[0].1[0];
    assert_eq!((verdict.up, verdict.weight), (true, -5));
}

/// 10 s after the timeout the next run would be due.
#[test]
fn a_program_that_does_not_end_fails_again_without_a_second_run() {
    let mut world = World::started(&servers(0, [misc()]));
    world.wait();
    let run = world.runs.remove(0);
    let mut signals = Vec::new();
    let end = world.now.after(Micros::from_secs(20));
    while world.now < end {
        world.now = world.engine.next_deadline().unwrap();
        world.event(Event::Due);
        for action in world.others.drain(..) {
            if let Action::Signal { run: to, force } = action {
                assert_eq!(to, run);
                signals.push(force);
            }
        }
    }
    use crate::action::Force::{Kill, Terminate};
    assert_eq!(signals, [Terminate, Kill]);
    assert_eq!(world.runs, []);
    let told = world.news();
    assert_eq!(told[0].1[0].detail, "MISC_CHECK timed out after 3 s");
    let outcome = Outcome::Signaled {
        signal: 9,
        output: String::new(),
    };
    world.event(Event::Ended { run, outcome });
    world.wait();
    assert_eq!(world.runs.len(), 1);
}

#[test]
fn the_end_waits_for_programs_and_starts_nothing() {
    let mut world = World::started(&servers(0, [misc(), tcp(80)]));
    while world.runs.is_empty() || world.going.is_empty() {
        world.now = world.engine.next_deadline().unwrap();
        world.event(Event::Due);
    }
    world.say(ParentToChecker::Stop);
    world.end_all(true);
    assert!(!world.others.contains(&Action::End), "{:?}", world.others);
    let run = world.runs[0];
    let outcome = Outcome::Signaled {
        signal: 15,
        output: String::new(),
    };
    world.event(Event::Ended { run, outcome });
    assert_eq!(world.others.last(), Some(&Action::End));
    assert_eq!(world.news(), []);
}

#[test]
fn an_address_that_was_here_before_the_start_counts() {
    let here = IpAddr::from([192, 0, 2, 1]);
    let mut list = servers(0, [tcp(80)]);
    list[0].only_with = Some(here);
    let mut world = World::new();
    world.pieces(ONE, &list);
    world.say(ParentToChecker::Held {
        address: here,
        held: true,
    });
    world.say(ParentToChecker::Start(CheckerStart {
        generation: ONE,
        config: configured(1),
        verdicts: Vec::new(),
    }));
    world.say(ParentToChecker::Go);
    world.wait();
    assert_eq!(world.going.len(), 1);
    let away = World::started(&list);
    assert_eq!(away.engine.next_deadline(), None);
}

#[test]
fn two_questions_are_equal_when_they_ask_the_same_place() {
    let question = |check: Check| {
        let mut world = World::started(&servers(0, [check]));
        loop {
            world.now = world.engine.next_deadline().unwrap();
            for action in world.engine.handle(world.now, Event::Due) {
                if let Action::Converse { question, .. } = action {
                    return question;
                }
            }
        }
    };
    let same: [Question; 2] = [question(tcp(80)), question(tcp(80))];
    assert_eq!(same[0], same[1]);
    assert_ne!(same[0], question(tcp(81)));
}

//! Checks whose sockets the parent is asked for.

use super::server_tests::{ONE, TWO, World, servers, tcp};
use super::tests::at;
use super::*;
use holdfast_ipc::balance::CheckedServer;
use holdfast_ipc::opening::{MAX_REQUESTS, OpenStep, Refusal};

/// Servers whose checks ask, numbered from there.
fn asking(first: u32, count: u16) -> Vec<CheckedServer> {
    let mut all = servers(first, (0..count).map(|_| tcp(80)));
    for server in &mut all {
        server.checks[0].asks = true;
    }
    all
}

impl World {
    /// Goes on in time until something is asked for; gives all of it.
    fn wait_for_requests(&mut self) -> Vec<(Generation, u32, Request)> {
        loop {
            let asked = self.requests();
            if !asked.is_empty() {
                return asked;
            }
            self.now = self.engine.next_deadline().expect("something is due");
            self.event(Event::Due);
        }
    }

    /// Goes on until as much is asked for as may be, and everything else waits.
    fn wait_for_full_house(&mut self) -> Vec<(Generation, u32, Request)> {
        let mut asked = self.wait_for_requests();
        while asked.len() < MAX_REQUESTS {
            asked.extend(self.wait_for_requests());
        }
        self.now = self.now.after(Micros::from_millis(900));
        self.event(Event::Due);
        asked
    }

    /// What was asked for since.
    fn requests(&mut self) -> Vec<(Generation, u32, Request)> {
        let mut asked = Vec::new();
        self.others.retain(|action| match action {
            Action::Send(CheckerToParent::Open {
                generation,
                check,
                request,
            }) => {
                asked.push((*generation, check.get(), *request));
                false
            }
            _ => true,
        });
        asked
    }

    fn answer(&mut self, request: Request, opened: Result<(), NotOpened>) {
        self.say(ParentToChecker::Opened { request, opened });
    }

    /// Conversations over sockets that came: since when they count, and what came.
    fn begun(&mut self) -> Vec<(Monotonic, Result<Request, Refusal>)> {
        let mut begun = Vec::new();
        for action in std::mem::take(&mut self.others) {
            match action {
                Action::ConverseOver {
                    talk,
                    since,
                    opened,
                    ..
                } => {
                    self.going.push(talk);
                    begun.push((since, opened));
                }
                other => self.others.push(other),
            }
        }
        begun
    }

    fn lines(&mut self) -> Vec<String> {
        let others = std::mem::take(&mut self.others).into_iter();
        let lines = others.filter_map(|action| match action {
            Action::Send(CheckerToParent::Log(record)) => Some(record.text),
            _ => None,
        });
        lines.collect()
    }
}

fn died() -> NotOpened {
    NotOpened::NotTried("the VRRP child died".to_owned())
}

#[test]
fn a_conversation_begins_when_its_socket_comes_and_the_wait_counts() {
    let mut world = World::started(&asking(7, 1));
    let asked = world.wait_for_requests();
    let request = Request::new(1);
    assert_eq!(asked, [(ONE, 7, request)]);
    assert_eq!(world.going, []);
    let since = world.now;
    world.now = since.after(Micros::from_millis(300));
    world.answer(request, Ok(()));
    assert_eq!(world.begun(), [(since, Ok(request))]);
    world.end_all(true);
    assert_eq!(world.news().len(), 1);
}

#[test]
fn what_the_kernel_refused_is_told_by_the_conversation() {
    let mut world = World::started(&asking(0, 1));
    world.wait_for_requests();
    let refusal = Refusal {
        step: OpenStep::Mark,
        errno: 1,
    };
    world.answer(Request::new(1), Err(NotOpened::Refused(refusal)));
    assert_eq!(world.begun(), [(world.now, Err(refusal))]);
}

#[test]
fn a_socket_that_nobody_could_open_changes_nothing_and_is_asked_for_again() {
    let mut world = World::started(&asking(0, 1));
    world.wait_for_requests();
    let before = world.now;
    world.answer(Request::new(1), Err(died()));
    let line = "TCP_CHECK on service [10.0.0.1]:tcp:0 was not tried: no socket (the VRRP child \
                died) after less than 1 ms";
    assert_eq!(world.lines(), [line]);
    assert_eq!(world.news(), []);
    assert_eq!(world.wait_for_requests(), [(ONE, 0, Request::new(2))]);
    assert_eq!(world.now.since(before), Micros::from_secs(1));
}

#[test]
fn a_socket_is_waited_for_as_long_as_connecting_may_take_and_is_not_used_later() {
    let mut world = World::started(&asking(0, 1));
    world.wait_for_requests();
    let asked = world.now;
    while world.now.since(asked) < Micros::from_secs(5) {
        world.now = world.engine.next_deadline().unwrap();
        world.event(Event::Due);
    }
    assert_eq!(world.now.since(asked), Micros::from_secs(5));
    let line = "TCP_CHECK on service [10.0.0.1]:tcp:0 was not tried: no socket (none came in \
                time) after 5000 ms";
    assert_eq!(world.lines(), [line]);
    world.answer(Request::new(1), Ok(()));
    assert_eq!(world.others, []);
    assert_eq!(world.wait_for_requests(), [(ONE, 0, Request::new(2))]);
}

#[test]
fn so_many_sockets_are_asked_for_at_once_and_each_answer_lets_one_more() {
    let mut world = World::started(&asking(0, 40));
    let asked = world.wait_for_full_house();
    assert_eq!(world.requests(), []);
    // Whatever the answer is.
    world.answer(asked[0].2, Ok(()));
    world.answer(asked[1].2, Err(died()));
    assert_eq!(world.requests().len(), 2);
}

#[test]
fn checks_that_ask_leave_half_of_the_places_to_the_others() {
    let mut world = World::new();
    world.engine = Engine::new(0, 4);
    let mut all = asking(0, 20);
    all.extend(servers(100, [tcp(80), tcp(80)]));
    world.start(&all);
    let mut asked = Vec::new();
    while let Some(due) = world.engine.next_deadline().filter(|due| *due < at(3_000)) {
        world.now = due;
        world.event(Event::Due);
        asked.extend(world.requests());
    }
    assert_eq!(asked.len(), 2, "more wait than may");
    assert_eq!(world.going.len(), 2, "the others have begun");
}

#[test]
fn behind_a_reload_checks_are_named_by_their_new_numbers() {
    let mut world = World::started(&asking(7, 1));
    world.wait_for_requests();
    let mut renumbered = asking(9, 1);
    renumbered[0].port = 7;
    world.prepare(&renumbered);
    world.commit();
    let since = world.now;
    // The answer to the old question is still good.
    world.answer(Request::new(1), Ok(()));
    assert_eq!(world.begun(), [(since, Ok(Request::new(1)))]);
    world.end_all(true);
    assert_eq!(world.wait_for_requests(), [(TWO, 9, Request::new(2))]);
}

#[test]
fn a_check_that_a_reload_takes_away_begins_nothing_when_its_socket_comes() {
    let mut world = World::started(&asking(7, 1));
    world.wait_for_requests();
    world.prepare(&[]);
    world.others.clear();
    world.commit();
    let committed = Action::Send(CheckerToParent::Committed { generation: TWO });
    assert_eq!(world.others, [committed]);
    world.others.clear();
    world.answer(Request::new(1), Ok(()));
    assert_eq!(world.others, []);
}

#[test]
fn a_check_that_needs_no_socket_of_others_any_more_opens_its_own() {
    let mut world = World::started(&asking(0, 40));
    let asked = world.wait_for_full_house();
    let own = servers(0, (0..40).map(|_| tcp(80)));
    world.prepare(&own);
    world.commit();
    world.answer(asked[0].2, Ok(()));
    assert_eq!(world.requests(), []);
    assert_eq!(world.going.len(), 40 - MAX_REQUESTS);
}

#[test]
fn a_socket_that_nobody_asked_for_is_a_fault_of_the_parent() {
    let mut world = World::started(&asking(0, 1));
    world.answer(Request::new(1), Ok(()));
    let [Action::Fail(reason)] = world.others.as_slice() else {
        panic!("{:?}", world.others);
    };
    assert!(reason.contains("Opened for nothing"), "{reason}");
}

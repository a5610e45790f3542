use crate::player::{RANDOM, TIMEOUT, endpoint, plan};
use holdfast_checker::check::{
    Cause, Channel, Conversation, Doing, Input, NetError, Outcome, Step, Success,
};
use holdfast_ipc::config::model::{Micros, Probe};
use holdfast_ipc::time::Monotonic;

fn after(millis: u64) -> Monotonic {
    Monotonic::from_micros(0).after(Micros::from_millis(millis))
}

fn begun() -> Conversation {
    let plan = plan(&Probe::Tcp(endpoint("192.0.2.10", 80)));
    let mut conversation = Conversation::new(&plan, 0);
    let until = Monotonic::from_micros(0).after(TIMEOUT);
    assert_eq!(conversation.channel(), Channel::Tcp);
    assert_eq!(
        conversation.start(after(0), RANDOM),
        Step::Connect { until }
    );
    conversation
}

fn ended(step: &Step) -> (Outcome, String) {
    match step {
        Step::Done {
            finding,
            close_notify: false,
        } => (finding.outcome.clone(), finding.to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_connection_is_enough() {
    let step = begun().handle(after(3), Input::Connected);
    let outcome = Outcome::Passed(Success::Connected);
    assert_eq!(ended(&step), (outcome, "connected after 3 ms".to_owned()));
}

#[test]
fn a_refused_connection_is_a_failure_with_its_cause_and_duration() {
    let step = begun().handle(after(1), Input::Failed(NetError::Refused));
    let cause = Cause::Net {
        doing: Doing::Connection,
        error: NetError::Refused,
    };
    assert_eq!(
        ended(&step),
        (
            Outcome::Failed(cause),
            "connection refused after 1 ms".to_owned()
        )
    );
}

#[test]
fn silence_for_connect_timeout_is_a_failure() {
    let step = begun().handle(after(5000), Input::TimedOut);
    let cause = Cause::TimedOut {
        doing: Doing::Connection,
        after: TIMEOUT,
    };
    assert_eq!(
        ended(&step),
        (
            Outcome::Failed(cause),
            "no connection within 5 s".to_owned()
        )
    );
}

#[test]
fn a_machine_without_descriptors_says_nothing_about_the_server() {
    let error = NetError::NoResources("file descriptors".to_owned());
    let step = begun().handle(after(0), Input::Failed(error.clone()));
    let cause = Cause::Net {
        doing: Doing::Connection,
        error,
    };
    let text = "this machine is short of file descriptors after less than 1 ms".to_owned();
    assert_eq!(ended(&step), (Outcome::NotTried(cause), text));
}

#[test]
fn inputs_that_do_not_fit_are_harmless() {
    let mut conversation = begun();
    let waiting = conversation.handle(after(1), Input::Bytes(b"x"));
    assert!(matches!(waiting, Step::Connect { .. }));
    let done = conversation.handle(after(2), Input::Connected);
    assert_eq!(
        conversation.handle(after(9), Input::Failed(NetError::Reset)),
        done
    );
}

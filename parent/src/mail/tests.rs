//! Mail that waits: what goes when, how often, and what is said about it.

use super::*;
use proptest::prelude::*;

fn at(millis: u64) -> Monotonic {
    Monotonic::from_micros(0).after(Micros::from_millis(millis))
}

fn letter(number: usize) -> Letter {
    Letter {
        subject: format!("s{number}"),
        body: "b\n".to_owned(),
    }
}

fn to(count: usize) -> Rc<[String]> {
    (0..count).map(|n| format!("r{n}@example.com")).collect()
}

fn push(queue: &mut Queue, number: usize, recipients: usize, now: Monotonic) -> Option<Note> {
    queue.push(letter(number), to(recipients), 7, now)
}

fn subjects(mails: Option<Vec<Mail>>) -> Vec<String> {
    let mails = mails.unwrap_or_default().into_iter();
    mails.map(|mail| mail.subject).collect()
}

fn texts(notes: &[Note]) -> Vec<&str> {
    notes.iter().map(|note| note.text.as_str()).collect()
}

#[test]
fn what_comes_close_together_goes_in_one_batch_and_the_next_one_waits_for_it() {
    let mut queue = Queue::default();
    assert_eq!(push(&mut queue, 0, 1, at(0)), None);
    assert_eq!(push(&mut queue, 1, 1, at(150)), None);
    assert_eq!(queue.next_batch(at(199)), None);
    assert_eq!(queue.deadline(), Some(at(200)));
    assert_eq!(subjects(queue.next_batch(at(200))), ["s0", "s1"]);
    assert_eq!(push(&mut queue, 2, 1, at(300)), None);
    assert_eq!((queue.deadline(), queue.next_batch(at(900))), (None, None));
    queue.heard(0, 0, Fate::Delivered, "ok");
    queue.heard(1, 0, Fate::Refused, "no");
    let notes = queue.ended("gone", at(1_000));
    assert_eq!(
        texts(&notes),
        [
            "SMTP alert successfully sent: \"s0\" to 1 recipient",
            "SMTP alert \"s1\" to r0@example.com is refused: no",
        ]
    );
    assert_eq!(subjects(queue.next_batch(at(1_000))), ["s2"]);
}

#[test]
fn a_mail_that_is_not_taken_is_tried_again_with_longer_pauses_and_then_given_up() {
    let mut queue = Queue::default();
    let mut now = at(0);
    let _ = push(&mut queue, 0, 1, now);
    for pause in ["5 s", "30 s", "120 s", "600 s", "1800 s"] {
        now = queue.deadline().unwrap();
        assert_eq!(subjects(queue.next_batch(now)), ["s0"]);
        queue.heard(0, 0, Fate::Deferred, "451 later");
        let notes = queue.ended("", now);
        let text = format!("1 SMTP alert not delivered yet, tried again in {pause}: 451 later");
        assert_eq!(texts(&notes), [text]);
    }
    now = queue.deadline().unwrap();
    assert_eq!(subjects(queue.next_batch(now)), ["s0"]);
    let notes = queue.ended("it was killed", now);
    let text = "SMTP alert \"s0\" is given up after 6 attempts: it was killed";
    assert_eq!(texts(&notes), [text]);
    assert!(queue.is_idle());
}

#[test]
fn only_those_who_do_not_have_it_yet_are_sent_it_again() {
    let mut queue = Queue::default();
    let _ = push(&mut queue, 0, 3, at(0));
    let mails = queue.next_batch(at(200)).unwrap();
    assert_eq!(mails[0].left, [0, 1, 2]);
    queue.heard(0, 0, Fate::Delivered, "250");
    queue.heard(0, 1, Fate::Refused, "550 no\nsuch user");
    queue.heard(0, 2, Fate::Deferred, "450 later");
    let notes = queue.ended("", at(300));
    assert_eq!(
        texts(&notes),
        [
            "SMTP alert successfully sent: \"s0\" to 1 recipient",
            "SMTP alert \"s0\" to r1@example.com is refused: 550 no\\nsuch user",
            "1 SMTP alert not delivered yet, tried again in 5 s: 450 later",
        ]
    );
    let mails = queue.next_batch(at(5_300)).unwrap();
    assert_eq!((mails[0].to.len(), mails[0].left.clone()), (3, vec![2]));
}

#[test]
fn too_many_lose_the_oldest_which_is_said_once_and_counted_at_the_end() {
    let mut queue = Queue::default();
    let notes: Vec<Note> = (0..260)
        .filter_map(|n| push(&mut queue, n, 1, at(0)))
        .collect();
    assert_eq!(
        texts(&notes),
        ["more than 256 mails wait for the mail server: the oldest are dropped"]
    );
    let first = subjects(queue.next_batch(at(200)));
    assert_eq!((first.len(), first[0].as_str()), (MAX_MAILS, "s4"));
    let mut last = Vec::new();
    for _ in 0..8 {
        for number in 0..260 {
            queue.heard(number, 0, Fate::Delivered, "");
        }
        last = queue.ended("", at(300));
        let _ = queue.next_batch(at(300));
    }
    let text = "4 mails dropped while too many waited for the mail server";
    assert_eq!(texts(&last).last(), Some(&text));
}

#[test]
fn a_stop_sends_what_waits_at_once_and_tries_nothing_again() {
    let mut queue = Queue::default();
    let _ = push(&mut queue, 0, 1, at(0));
    queue.hurry(at(10));
    let _ = push(&mut queue, 1, 1, at(10));
    assert_eq!(subjects(queue.next_batch(at(10))), ["s0", "s1"]);
    let mails = queue.abandoned().unwrap();
    assert_eq!(
        mails.text,
        "2 mails not delivered: a stop takes one second at most"
    );
    queue.heard(0, 0, Fate::Delivered, "");
    let notes = queue.ended("nothing came", at(20));
    assert_eq!(notes.len(), 2);
    assert_eq!(
        notes[1].text,
        "SMTP alert \"s1\" is given up after 1 attempt: nothing came"
    );
    assert_eq!((queue.is_idle(), queue.abandoned()), (true, None));
}

proptest! {
    /// Whatever a mailer says, and whatever servers answer: nothing is forgotten or told twice, no
    /// text has a line end or is long, and in the end nothing is left.
    #[test]
    fn every_mail_comes_to_an_end(
        counts in prop::collection::vec(1_usize..4, 1..40),
        said in prop::collection::vec(
            (0_u32..50, 0_u32..5, prop_oneof![Just(Fate::Delivered), Just(Fate::Deferred), Just(Fate::Refused)], ".{0,400}"),
            0..200,
        ),
    ) {
        let mut queue = Queue::default();
        for (number, count) in counts.iter().enumerate() {
            let _ = push(&mut queue, number, *count, at(0));
        }
        let mut said = said.into_iter();
        while let Some(due) = queue.deadline() {
            let batch = queue.next_batch(due).unwrap();
            prop_assert!(!batch.is_empty() && batch.len() <= MAX_MAILS);
            for (number, recipient, fate, words) in said.by_ref().take(20) {
                queue.heard(number, recipient, fate, &words);
            }
            for note in queue.ended("gone", due) {
                prop_assert!(note.text.len() < 2_000 && !note.text.contains(['\r', '\n']));
            }
        }
        prop_assert!(queue.is_idle());
    }
}

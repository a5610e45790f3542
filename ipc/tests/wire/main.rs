//! Layout of the messages: every value comes back, the bytes are those on record, and nothing else
//! is taken for a message.
//!
//! The record is `tests/vectors/ipc.json`. Parent and children are installed together, so the layout
//! may change; `HOLDFAST_WRITE_RECORD=1 cargo test -p holdfast-ipc --test wire` writes it anew.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod balance;
mod mail;
mod opening;
mod samples;
mod strategies;

use holdfast_ipc::config::model::ScriptAction;
use holdfast_ipc::mail::{Batch, MailerToParent};
use holdfast_ipc::message::{
    CheckerToParent, PROTOCOL, ParentToChecker, ParentToVrrp, VrrpToParent,
};
use holdfast_ipc::wire::{self, MAX_MESSAGE, WireError};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Debug;
use std::path::Path;

/// Runs a check for each of the five directions with more than one message.
macro_rules! for_each_direction {
    ($check:ident) => {
        $check::<ParentToVrrp>(samples::parent_to_vrrp());
        $check::<VrrpToParent>(samples::vrrp_to_parent());
        $check::<ParentToChecker>(samples::parent_to_checker());
        $check::<CheckerToParent>(samples::checker_to_parent());
        $check::<MailerToParent>(mail::mailer_to_parent());
    };
}

fn round_trip<T>(message: &T) -> Result<(), TestCaseError>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let bytes = wire::encode(message).unwrap();
    prop_assert_eq!(&wire::decode::<T>(&bytes).unwrap(), message);
    Ok(())
}

proptest! {
    #[test]
    fn a_message_to_the_vrrp_child_comes_back(message in strategies::parent_to_vrrp()) {
        round_trip(&message)?;
    }

    #[test]
    fn a_message_of_the_vrrp_child_comes_back(message in strategies::vrrp_to_parent()) {
        round_trip(&message)?;
    }

    #[test]
    fn a_message_to_the_checker_child_comes_back(message in strategies::parent_to_checker()) {
        round_trip(&message)?;
    }

    #[test]
    fn a_message_of_the_checker_child_comes_back(message in strategies::checker_to_parent()) {
        round_trip(&message)?;
    }

    #[test]
    fn a_batch_of_mail_comes_back(batch in mail::batch()) {
        round_trip(&batch)?;
    }

    #[test]
    fn a_message_of_the_mailer_comes_back(message in mail::answer()) {
        round_trip(&message)?;
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), kind in 0_u8..12) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = kind;
        }
        let _ = wire::decode::<ParentToVrrp>(&bytes);
        let _ = wire::decode::<VrrpToParent>(&bytes);
        let _ = wire::decode::<ParentToChecker>(&bytes);
        let _ = wire::decode::<CheckerToParent>(&bytes);
        let _ = wire::decode::<Batch>(&bytes);
        let _ = wire::decode::<MailerToParent>(&bytes);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Name of the variant and bytes of each sample.
fn recorded<T: Serialize + Debug>(messages: &[T]) -> Value {
    let record = |message: &T| {
        let shown = format!("{message:?}");
        let name = shown.split(|c: char| !c.is_alphanumeric()).next().unwrap();
        json!({ "name": name, "hex": hex(&wire::encode(message).unwrap()) })
    };
    messages.iter().map(record).collect()
}

#[test]
fn the_bytes_of_each_sample_are_those_on_record() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/ipc.json");
    let now = json!({
        "protocol": PROTOCOL,
        "ParentToVrrp": recorded(&samples::parent_to_vrrp()),
        "VrrpToParent": recorded(&samples::vrrp_to_parent()),
        "ParentToChecker": recorded(&samples::parent_to_checker()),
        "CheckerToParent": recorded(&samples::checker_to_parent()),
        "ParentToMailer": recorded(&mail::batches()),
        "MailerToParent": recorded(&mail::mailer_to_parent()),
    });
    if std::env::var_os("HOLDFAST_WRITE_RECORD").is_some() {
        let text = serde_json::to_string_pretty(&now).unwrap();
        std::fs::write(&path, text + "\n").unwrap();
    }
    let record: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(
        now, record,
        "the layout changed: write the record anew if that is meant"
    );
}

fn every_variant_has_a_sample<T: Serialize + DeserializeOwned + Debug>(messages: Vec<T>) {
    let first = |message: &T| wire::encode(message).unwrap()[0];
    let sampled: Vec<u8> = messages.iter().map(first).collect();
    for number in 0..=250 {
        let is_variant = match wire::decode::<T>(&[number]) {
            Ok(_) => true,
            Err(error) => !chain(&error).contains("variant index"),
        };
        assert_eq!(is_variant, sampled.contains(&number), "variant {number}");
    }
}

/// An error with all its sources in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let source = error.source().map(chain);
    format!("{error}: {}", source.unwrap_or_default())
}

#[test]
fn the_record_has_every_variant() {
    for_each_direction!(every_variant_has_a_sample);
    every_variant_has_a_sample(samples::causes());
}

fn bytes_behind_are_refused<T: Serialize + DeserializeOwned + Debug>(messages: Vec<T>) {
    for message in messages {
        for more in [1, 9] {
            let mut bytes = wire::encode(&message).unwrap();
            bytes.resize(bytes.len() + more, 0);
            let refused = wire::decode::<T>(&bytes).unwrap_err();
            assert!(matches!(refused, WireError::LeftOver(left) if left == more));
        }
    }
}

#[test]
fn bytes_behind_a_message_are_refused() {
    for_each_direction!(bytes_behind_are_refused);
}

fn cut_messages_are_refused<T: Serialize + DeserializeOwned + Debug>(messages: Vec<T>) {
    for message in messages {
        let bytes = wire::encode(&message).unwrap();
        for length in 0..bytes.len() {
            let refused = wire::decode::<T>(&bytes[..length]).unwrap_err();
            let expected =
                matches!(refused, WireError::Decode { length: shown, .. } if shown == length);
            assert!(expected, "{message:?} cut to {length} bytes: {refused:?}");
        }
    }
}

#[test]
fn a_cut_message_is_refused_at_every_length() {
    for_each_direction!(cut_messages_are_refused);
}

#[test]
fn a_value_outside_the_range_of_its_type_is_refused() {
    let start = samples::parent_to_vrrp().swap_remove(5);
    let bytes = wire::encode(&start).unwrap();
    let at = bytes
        .windows(5)
        .position(|five| five == b"\x04VI_1")
        .unwrap()
        + 5;
    assert_eq!(bytes[at], 51);
    let with = |vrid| {
        let mut bytes = bytes.clone();
        bytes[at] = vrid;
        wire::decode::<ParentToVrrp>(&bytes)
    };
    assert!(with(52).is_ok());
    let refused = chain(&with(0).unwrap_err());
    assert!(refused.contains("between 1 and 255, not 0"), "{refused}");
}

#[test]
fn a_message_above_the_limit_is_not_encoded() {
    let reason = "x".repeat(MAX_MESSAGE);
    let message = VrrpToParent::Refused {
        generation: holdfast_ipc::config::Generation::new(1),
        reason,
    };
    let refused = wire::encode(&message).unwrap_err();
    assert!(matches!(refused, WireError::TooLong(length) if length > MAX_MESSAGE));
}

/// Each takes a byte on the wire and eight in bincode's counting.
#[test]
fn a_short_message_of_many_empty_texts_is_read() {
    let mut message = samples::parent_to_checker().swap_remove(5);
    let ParentToChecker::Prepare { config, .. } = &mut message else {
        panic!("{message:?}");
    };
    config.scripts[1].action = ScriptAction::ProcessExists(vec![String::new(); 32_000]);
    let bytes = wire::encode(&message).unwrap();
    assert_eq!(wire::decode::<ParentToChecker>(&bytes).unwrap(), message);
}

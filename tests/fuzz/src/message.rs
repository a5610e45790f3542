//! Messages between the processes: the first byte says in which direction.

use holdfast_ipc::mail::{Batch, MailerToParent};
use holdfast_ipc::message::{CheckerToParent, ParentToChecker, ParentToVrrp, VrrpToParent};
use holdfast_ipc::wire;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Debug;

type Check = fn(&[u8]) -> bool;

/// In the order of the first byte.
const DIRECTIONS: [(&str, Check); 6] = [
    ("ParentToVrrp", comes_back::<ParentToVrrp>),
    ("VrrpToParent", comes_back::<VrrpToParent>),
    ("ParentToChecker", comes_back::<ParentToChecker>),
    ("CheckerToParent", comes_back::<CheckerToParent>),
    ("ParentToMailer", comes_back::<Batch>),
    ("MailerToParent", comes_back::<MailerToParent>),
];

/// True where the input is a message. Panics where a message does not survive its own encoding.
pub fn run(input: &[u8]) -> bool {
    let Some((first, bytes)) = input.split_first() else {
        return false;
    };
    let (_, check) = DIRECTIONS[usize::from(*first) % DIRECTIONS.len()];
    check(bytes)
}

/// The bytes themselves may differ: a number can be written longer than needed.
fn comes_back<T>(bytes: &[u8]) -> bool
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let Ok(message) = wire::decode::<T>(bytes) else {
        return false;
    };
    let encoded = wire::encode(&message).expect("a decoded message can be encoded");
    let again = wire::decode::<T>(&encoded).expect("an encoded message can be decoded");
    assert_eq!(message, again);
    true
}

/// Inputs from the record of messages, with their names.
pub fn seeds(record: &Value) -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (number, (direction, _)) in (0_u8..).zip(DIRECTIONS) {
        let messages = record[direction].as_array().expect("a list of messages");
        for (position, message) in messages.iter().enumerate() {
            let mut input = vec![number];
            input.extend(crate::packet::bytes_of_hex(&message["hex"]));
            seeds.push((format!("{direction}-{position}"), input));
        }
    }
    seeds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_is_a_message() {
        let record = include_str!("../../vectors/ipc.json");
        let seeds = seeds(&serde_json::from_str(record).unwrap());
        assert!(seeds.len() > 40);
        for (name, input) in seeds {
            assert!(run(&input), "{name}");
        }
    }
}

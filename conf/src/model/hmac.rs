//! `auth_hmac`: keepalived's authentication of adverts by a trailer.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Where the bytes of a key come from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HmacSecret {
    /// Written in the configuration, 32..=64 bytes.
    Bytes(Vec<u8>),
    /// Read from a file.
    File(String),
}

impl HmacSecret {
    /// Bytes that a key may have.
    pub const LEN: std::ops::RangeInclusive<usize> = 32..=64;
}

/// Never shows the bytes.
impl fmt::Debug for HmacSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(_) => f.write_str("Bytes(…)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// One line `key ID VALUE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HmacKey {
    /// Its number in the trailer, 1..=255.
    pub id: u8,
    /// Its bytes.
    pub secret: HmacSecret,
}

/// What tells a new advert from one that is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AntiReplay {
    /// The clock: an advert may be older than the own time by so many seconds, 1..=300.
    Time(u16),
    /// A counter that only rises.
    Monotonic,
}

/// What becomes of adverts without a trailer, and whether one is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HmacMode {
    /// They are dropped.
    Enforce,
    /// They are accepted.
    Permissive,
    /// They are accepted, and none is sent.
    ReceiveOnly,
}

/// `auth_hmac { … }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthHmac {
    /// At least one; the numbers are unique.
    pub keys: Vec<HmacKey>,
    /// Number of the key that signs; it is one of `keys`.
    pub active: u8,
    /// How old adverts are found.
    pub anti_replay: AntiReplay,
    /// How strict it is.
    pub mode: HmacMode,
}

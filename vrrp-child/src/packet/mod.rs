//! Codecs: bytes to checked structures and back. Total functions, no I/O, no clock.

mod ah;
pub mod arp;
pub mod checksum;
mod layout;
pub mod ndp;
pub mod receive;
pub mod reject;
pub mod send;

pub use receive::{
    AddressList, Advert, Datagram, Expectation, HopLimitRule, Opened, Verified, WireInterval, open,
    verify,
};
pub use reject::Reject;
pub use send::{Outgoing, OutgoingAuth, encode, encode_into};

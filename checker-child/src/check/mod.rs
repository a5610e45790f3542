//! Checks of real servers.
//!
//! A [`Plan`] is what one check of the configuration asks, made ready once. A [`Conversation`] asks
//! it once: it knows no socket and no clock. It says the next [`Step`] for a socket, takes what
//! came of it as [`Input`], and ends with a [`Finding`]. What follows from findings, and when the
//! next conversation begins, is the business of [`engine::Engine`].

mod cause;
mod conversation;
mod dns;
pub mod engine;
mod excerpt;
mod external;
mod file;
mod http;
mod lines;
mod ping;
mod plan;
pub mod schedule;
pub mod server;
mod smtp;
mod tcp;
mod udp;

pub use cause::{Cause, Doing, HttpFault, NetError};
pub use conversation::{
    Channel, Conversation, DATAGRAM_SIZE, Finding, Input, Outcome, READ_SIZE, Step, Success,
};
pub use dns::Rcode;
pub use excerpt::Excerpt;
pub use external::{MiscPlan, judge_bfd};
pub(crate) use file::number;
pub use file::{FilePath, FilePlan, Reading};
pub use http::{BODY_LIMIT, Digest, PATTERN_WINDOW};
pub use plan::{Plan, Work};
pub use smtp::REPLY_LIMIT;

//! The words between the processes: which messages exist, how they are laid out, and the socket
//! that carries them.
//!
//! One enum per direction, so that a message in the wrong direction does not compile. bincode is
//! seen in this crate alone.

pub mod balance;
pub mod channel;
pub mod config;
pub mod genhash;
pub mod log;
pub mod mail;
pub mod message;
pub mod opening;
pub mod script_path;
pub mod state;
pub mod time;
pub mod wire;

pub use channel::Channel;

//! The VRRP protocol as pure logic: it takes `now` and events, and gives actions and the next
//! deadline. It reads no clock, opens no socket or file, draws no random number and writes no log;
//! the binary target does that.

pub mod action;
mod addresses;
pub mod engine;
pub mod event;
mod garp;
mod instance;
mod interfaces;
pub mod ipvs;
mod limit;
pub mod packet;
mod priority;
mod text;
mod timing;
mod track;
